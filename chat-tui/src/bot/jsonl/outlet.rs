//! Where the lines of a session go: to standard output, or to somebody in this process.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::bot::cursor::Place;
use crate::bot::queue::{Closed, Passed, Queue};

/// A line for a reader in this process.
#[derive(Debug)]
pub(in crate::bot) struct Heard {
    /// The line, as a program would read it.
    pub(in crate::bot) line: String,
    /// For an event of a room, what the room is called and where the event stands.
    pub(in crate::bot) mark: Option<(String, Place)>,
}

/// Where lines go.
#[derive(Debug)]
pub(super) enum Outlet {
    /// Standard output, behind its queue.
    Pipe(Arc<Queue<(String, Place)>>),
    /// A reader in this process, who reads everything.
    Near(mpsc::Sender<Heard>),
}

impl Outlet {
    /// Puts a line in line, and waits for a place in it.
    pub(super) async fn push(&self, line: String, mark: Option<(String, Place)>) -> Result<(), Closed> {
        match self {
            Self::Pipe(queue) => queue.push(line, mark).await,
            Self::Near(lines) => lines.send(Heard { line, mark }).await.map_err(|_| Closed),
        }
    }

    /// Puts a line in line that only the newest of its kind matters of, if there is a place.
    pub(super) fn pass(&self, kind: &str, line: &str) -> Result<Passed, Closed> {
        match self {
            Self::Pipe(queue) => queue.pass(kind, line),
            Self::Near(lines) => match lines.try_send(Heard { line: line.to_owned(), mark: None }) {
                Ok(()) => Ok(Passed::Queued),
                Err(TrySendError::Full(_)) => Ok(Passed::Full),
                Err(TrySendError::Closed(_)) => Err(Closed),
            },
        }
    }

    /// Waits until there is a place in line.
    pub(super) async fn room(&self) -> Result<(), Closed> {
        match self {
            Self::Pipe(queue) => queue.room().await,
            Self::Near(lines) => lines.reserve().await.map(drop).map_err(|_| Closed),
        }
    }

    /// Whether every place is taken.
    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::Pipe(queue) => queue.is_full(),
            Self::Near(lines) => lines.capacity() == 0,
        }
    }

    /// Waits until every line is written.
    pub(super) async fn drained(&self) -> Result<(), Closed> {
        match self {
            Self::Pipe(queue) => queue.drained().await,
            // Nobody ends before he has read what was handed to him.
            Self::Near(_) => Ok(()),
        }
    }
}
