//! Keys of a sequence that has only begun.

use std::time::Duration;

use super::keymap::{Action, titles};
use super::model::Model;
use crate::tui::term::key::Key;

/// How long the keys typed so far wait for the next one before it is shown what that may be.
pub(super) const SHOWN_AFTER: Duration = Duration::from_millis(400);

/// How long characters that begin a sequence wait before they are text after all.
pub(super) const TEXT_AFTER: Duration = Duration::from_millis(1_000);

/// What may follow the beginning of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhichKey {
    /// The beginning, as people are shown keys.
    pub typed: String,
    /// What may follow, and what it does then.
    pub next: Vec<(String, Action)>,
}

/// The beginning of a sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chord {
    pub(super) keys: Vec<Key>,
    /// When the last of them was pressed.
    pub(super) at: Duration,
    /// Whether it is shown what may follow.
    pub(super) shown: bool,
}

impl Chord {
    /// Whether all of them are characters, which would be text if nothing followed.
    pub(super) fn is_text(&self) -> bool {
        self.keys.iter().all(|key| key.typed().is_some())
    }

    /// When something becomes of it although no key is pressed.
    pub(super) fn due(&self) -> Option<Duration> {
        let shown = (!self.shown).then_some(self.at + SHOWN_AFTER);
        let text = self.is_text().then_some(self.at + TEXT_AFTER);
        shown.into_iter().chain(text).min().filter(|_| !self.keys.is_empty())
    }
}

impl Model {
    /// What may follow the keys typed so far, once the next one takes the person long.
    #[must_use]
    pub fn which_key(&self) -> Option<WhichKey> {
        // Asked with every frame, and nearly always in vain.
        if !self.chord.shown {
            return None;
        }
        let typed = self.chord.keys.as_slice();
        let mut next: Vec<(String, Action)> = self.prefs.keys.following(self.contexts(), typed).collect();
        next.sort_by_key(|(keys, _)| (keys.len(), keys.clone()));
        Some(WhichKey { typed: titles(typed), next })
    }
}
