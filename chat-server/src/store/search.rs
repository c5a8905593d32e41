//! What a search finds.

use chat_proto::{Event, RoomId};

/// Messages one search looks at before it gives what it has.
pub const LOOKS_MAX: usize = 10_000;

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Its place among all that can be found, newest last.
    pub place: u64,
    /// The room it is in.
    pub room: RoomId,
    /// The message.
    pub event: Event,
    /// The event with its newest words, if they were changed.
    pub reworded: Option<Event>,
}

/// A page of messages that were found, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// The messages.
    pub found: Vec<Match>,
    /// Before which place to look on; none where there is nothing more.
    pub next: Option<u64>,
    /// Events that are not indexed yet.
    pub behind: u64,
}
