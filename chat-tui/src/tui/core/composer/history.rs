//! What was sent from a room, to be sent again or changed.

use std::collections::VecDeque;

/// Entries kept per room.
const HISTORY_MAX: usize = 100;

/// Sent lines, oldest first.
#[derive(Clone, Debug, Default)]
pub struct History {
    entries: VecDeque<String>,
    /// Which entry is shown, and what was being written.
    browsing: Option<(usize, String)>,
}

impl History {
    /// Remembers what was sent; the same as the entry before is remembered once.
    pub fn push(&mut self, text: &str) {
        self.browsing = None;
        if text.trim().is_empty() || self.entries.back().is_some_and(|last| last == text) {
            return;
        }
        if self.entries.len() == HISTORY_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(text.to_owned());
    }

    /// The entry before the one shown.
    pub(super) fn older(&mut self, writing: &str) -> Option<String> {
        let at = self.browsing.as_ref().map_or(self.entries.len(), |(at, _)| *at).checked_sub(1)?;
        let entry = self.entries.get(at)?.clone();
        match &mut self.browsing {
            Some((shown, _)) => *shown = at,
            None => self.browsing = Some((at, writing.to_owned())),
        }
        Some(entry)
    }

    /// The entry behind the one shown; behind the newest comes what was being written.
    pub(super) fn newer(&mut self) -> Option<String> {
        let (at, _) = self.browsing.as_mut()?;
        *at += 1;
        match self.entries.get(*at) {
            Some(entry) => Some(entry.clone()),
            None => self.browsing.take().map(|(_, writing)| writing),
        }
    }

    /// The newest entry before one of this number that has these words in it, in any case, and its number.
    #[must_use]
    pub fn find(&self, words: &str, before: usize) -> Option<(usize, &str)> {
        let words = words.to_lowercase();
        let entries = self.entries.iter().enumerate().take(before);
        entries.rev().find(|(_, entry)| entry.to_lowercase().contains(&words)).map(|(at, entry)| (at, entry.as_str()))
    }

    /// Goes back to the end, unless what is written is the entry shown.
    pub(super) fn leave_unless(&mut self, writing: &str) {
        let shown = self.browsing.as_ref().and_then(|(at, _)| self.entries.get(*at));
        if shown.is_none_or(|shown| shown != writing) {
            self.browsing = None;
        }
    }

    /// An edit makes the entry shown a line of its own.
    pub(super) fn leave(&mut self) {
        self.browsing = None;
    }
}
