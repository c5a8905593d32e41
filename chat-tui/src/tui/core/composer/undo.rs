//! Earlier states of the line.

use std::collections::VecDeque;

/// Earlier states kept.
const UNDO_MAX: usize = 100;

/// The line as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) text: String,
    pub(super) cursor: usize,
}

/// Earlier states, and those gone back from.
#[derive(Clone, Debug, Default)]
pub(super) struct Undo {
    past: VecDeque<Snapshot>,
    future: Vec<Snapshot>,
}

impl Undo {
    /// Remembers the state before an edit; one that joins the edit before is not a step of its own.
    pub(super) fn before_edit(&mut self, now: Snapshot, joins: bool) {
        self.future.clear();
        if joins && !self.past.is_empty() {
            return;
        }
        if self.past.len() == UNDO_MAX {
            self.past.pop_front();
        }
        self.past.push_back(now);
    }

    pub(super) fn back(&mut self, now: Snapshot) -> Option<Snapshot> {
        let before = self.past.pop_back()?;
        self.future.push(now);
        Some(before)
    }

    pub(super) fn forth(&mut self, now: Snapshot) -> Option<Snapshot> {
        let after = self.future.pop()?;
        self.past.push_back(now);
        Some(after)
    }
}
