//! What the person set for the screen, as far as the core goes by it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::filter::Filters;
use super::geometry::{Layout, Panes, TEXT_COLUMNS_MAX};
use super::keymap::Keymap;
use super::rooms::Order;
use super::time::Clock;

/// What the person set for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefs {
    /// Which key does what.
    pub keys: Keymap,
    /// Whether nothing is told to the server but what is asked of it.
    pub explore: bool,
    /// Whether programs may be run from within.
    pub exec: bool,
    /// Whether others are told while something is being written.
    pub typing: bool,
    /// Words that stand out like one's own name, in lower case.
    pub highlight: Vec<String>,
    /// Messages that are not shown.
    pub filters: Arc<Filters>,
    /// Whether a line of keys is shown.
    pub hints: bool,
    /// Whether lines part the panes.
    pub borders: bool,
    /// Columns of a message's text at most.
    pub max_width: u16,
    /// Whether the mouse points here, rather than selecting text in the terminal.
    pub mouse: bool,
    /// Lines that are sent without a question when they were pasted in one piece.
    pub paste_lines: usize,
    /// The themes there are, by name.
    pub themes: Vec<&'static str>,
    /// What is shown until it is switched.
    pub panes: Panes,
    /// How times are written.
    pub clock: Clock,
    /// Where files are put that are fetched; none for where the system puts them.
    pub downloads: Option<String>,
    /// In which order rooms are listed.
    pub order: Order,
    /// Layouts that are kept, by name.
    pub layouts: BTreeMap<String, String>,
    /// The layout to begin with; empty for one window.
    pub layout_name: String,
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            keys: Keymap::default(),
            explore: false,
            exec: false,
            typing: true,
            highlight: Vec::new(),
            filters: Arc::default(),
            hints: true,
            borders: true,
            max_width: TEXT_COLUMNS_MAX,
            mouse: true,
            paste_lines: 5,
            themes: Vec::new(),
            panes: Panes::default(),
            clock: Clock::default(),
            downloads: None,
            order: Order::default(),
            layouts: BTreeMap::new(),
            layout_name: String::new(),
        }
    }
}

impl Prefs {
    /// Whether one of the person's words is in a text, as a whole word.
    #[must_use]
    pub fn stands_out(&self, text: &str) -> bool {
        stands_out(&self.highlight, text)
    }

    /// How the screen is divided, with what was switched since.
    #[must_use]
    pub fn layout(&self, switched: Panes) -> Layout {
        let panes = Panes {
            rooms: switched.rooms.or(self.panes.rooms),
            members: switched.members.or(self.panes.members),
            bare: switched.bare,
        };
        Layout { panes, hint: self.hints, rule: self.borders, text_max: self.max_width, tabs: false }
    }
}

/// Whether one of some words, in lower case, is in a text, as a whole word.
pub(super) fn stands_out(words: &[String], text: &str) -> bool {
    if words.is_empty() {
        return false;
    }
    let text = text.to_lowercase();
    let ends = |at: usize, behind: usize| {
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        edge(text[..at].chars().next_back()) && edge(text[behind..].chars().next())
    };
    let is_there = |word: &String| text.match_indices(word.as_str()).any(|(at, word)| ends(at, at + word.len()));
    words.iter().filter(|word| !word.is_empty()).any(is_there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_out_in_any_case_but_not_within_another() {
        let prefs = Prefs { highlight: vec!["deploy".to_owned(), "c++".to_owned(), String::new()], ..Prefs::default() };
        for text in ["deploy", "The DEPLOY!", "re-deploy", "who knows C++?"] {
            assert!(prefs.stands_out(text), "{text}");
        }
        for text in ["deployed", "redeploy", "c+", ""] {
            assert!(!prefs.stands_out(text), "{text}");
        }
        assert!(!Prefs::default().stands_out("deploy"));
    }
}
