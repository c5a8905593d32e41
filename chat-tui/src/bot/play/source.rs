//! Where a step stands: file, line and column, and how what is wrong there is told.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// A file of a scenario.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// As it was named.
    pub(super) path: String,
    pub(super) text: String,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    source: Arc<Source>,
    line: usize,
    column: usize,
}

impl Place {
    /// A line and a column in characters, both from 1 on.
    pub(super) fn new(source: &Arc<Source>, line: usize, column: usize) -> Self {
        Self { source: Arc::clone(source), line, column }
    }

    /// The file, as it was named.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.source.path
    }

    /// The line's number, from 1 on.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The line itself.
    #[must_use]
    pub fn quoted(&self) -> &str {
        self.source.text.lines().nth(self.line - 1).unwrap_or_default().trim()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source.path, self.line, self.column)
    }
}

/// What is wrong with a scenario before it is played.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScriptError {
    /// Something in it is not the language.
    #[error("{place}: {message}\n    {}", place.quoted())]
    Wrong {
        /// Where.
        place: Place,
        /// What, and what to write.
        message: String,
    },
    /// A file cannot be read.
    #[error("{path}: {message}")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        message: String,
    },
}

impl ScriptError {
    /// Something wrong at a place.
    pub(super) fn at(place: &Place, message: impl Into<String>) -> Self {
        Self::Wrong { place: place.clone(), message: message.into() }
    }
}
