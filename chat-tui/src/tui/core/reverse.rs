//! A line sent before that is looked for.

/// What is looked for among the lines sent before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reverse {
    /// Words in it.
    pub words: String,
    /// The number of the line found last; beyond all of them before the first.
    pub(super) at: usize,
    /// What was being written.
    pub(super) writing: String,
    /// Whether there is such a line.
    pub found: bool,
}
