//! Messages that a filter hides: which, and by which filter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chat_proto::{AccountId, Event, EventBody, Seq};

use super::Timeline;
use crate::tui::core::filter::Filters;

/// What is hidden of a timeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Hidden {
    filters: Option<Arc<Filters>>,
    me: AccountId,
    /// Loaded messages that are hidden, with the filter's name.
    by: BTreeMap<Seq, String>,
    /// What was gone to is shown, whatever a filter says.
    shown: BTreeSet<Seq>,
}

impl Hidden {
    /// The same filters with nothing hidden.
    pub(super) fn anew(self) -> Self {
        Self { filters: self.filters, me: self.me, ..Self::default() }
    }

    /// A message is hidden no more: it was removed, or is not loaded.
    pub(super) fn show(&mut self, message: Seq) {
        self.by.remove(&message);
    }
}

impl Timeline {
    /// From now on these filters hold, or none. True if others held before.
    pub fn filter(&mut self, filters: Option<&Arc<Filters>>, me: AccountId) -> bool {
        let same = match (&self.hidden.filters, filters) {
            (None, None) => true,
            (Some(now), Some(next)) => self.hidden.me == me && (Arc::ptr_eq(now, next) || now == next),
            (None, Some(_)) | (Some(_), None) => false,
        };
        if same {
            return false;
        }
        self.hidden = Hidden {
            filters: filters.cloned(),
            me,
            shown: std::mem::take(&mut self.hidden.shown),
            ..Hidden::default()
        };
        let all: Vec<Seq> = self.events().map(|event| event.seq).collect();
        self.look_through(all);
        self.changes += 1;
        true
    }

    /// The name of the filter that hides a message.
    #[must_use]
    pub fn hidden_by(&self, message: Seq) -> Option<&str> {
        self.hidden.by.get(&message).map(String::as_str)
    }

    /// Shows a message whatever a filter says.
    pub fn unhide(&mut self, message: Seq) {
        if self.hidden.by.remove(&message).is_some() {
            self.hidden.shown.insert(message);
            self.changes += 1;
        }
    }

    /// Hides of these what a filter hides, and nothing else of them.
    pub(super) fn look_through(&mut self, messages: impl IntoIterator<Item = Seq>) {
        let Some(filters) = self.hidden.filters.clone() else { return };
        for seq in messages {
            let name = self.event(seq).zip(self.words(seq)).and_then(|(event, words)| {
                let filter = filters.hides(event, words, self.hidden.me)?;
                Some(filter.name.clone())
            });
            match name.filter(|_| !self.hidden.shown.contains(&seq)) {
                Some(name) => _ = self.hidden.by.insert(seq, name),
                None => _ = self.hidden.by.remove(&seq),
            }
        }
    }
}

/// The message whose words an event is about: its own, or the one it edits.
pub(super) fn concerned(event: &Event) -> Seq {
    if let EventBody::Edited(edited) = &event.body { edited.target } else { event.seq }
}
