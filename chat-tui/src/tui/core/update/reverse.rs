//! Looking for a line that was sent before, by words in it.

use crate::tui::core::composer::Span;
use crate::tui::core::keymap::Action;
use crate::tui::core::model::Model;
use crate::tui::core::reverse::Reverse;
use crate::tui::term::key::Key;

/// Begins to look, from the newest line back.
pub(super) fn begin(model: &mut Model) {
    let writing = model.composer().text().to_owned();
    model.reverse = Some(Reverse { words: String::new(), at: usize::MAX, writing, found: true });
}

/// Shows what was sent before from any room, or behind that.
pub(super) fn browse(model: &mut Model, newer: bool) {
    let mut sent = std::mem::take(&mut model.sent);
    model.composer_mut().0.browse(&mut sent, newer);
    model.sent = sent;
}

/// A key while looking. Returns whether it was one for that; any other takes the line found and does what it does.
pub(super) fn press(model: &mut Model, key: Key, action: Option<Action>) -> bool {
    match (action, key.typed()) {
        (Some(Action::SearchSent), _) => look(model, |_| {}, false),
        (Some(Action::Delete(Span::Back)), _) => {
            look(model, |words| words.truncate(words.char_indices().next_back().map_or(0, |(at, _)| at)), true)
        }
        (Some(Action::Escape | Action::Interrupt), _) => {
            if let Some(Reverse { writing, .. }) = model.reverse.take() {
                model.composer_mut().0.show(writing);
            }
        }
        (Some(Action::Enter), _) => model.reverse = None,
        (None, Some(c)) => look(model, |words| words.push(c), true),
        (Some(_), _) | (None, None) => {
            model.reverse = None;
            return false;
        }
    }
    true
}

/// Looks for the line with the words as they are changed: from the newest on, or before the one found.
fn look(model: &mut Model, change: impl FnOnce(&mut String), anew: bool) {
    let Some(reverse) = &mut model.reverse else { return };
    change(&mut reverse.words);
    let before = if anew { usize::MAX } else { reverse.at };
    let found = model.sent.find(&reverse.words, before).map(|(at, line)| (at, line.to_owned()));
    reverse.found = found.is_some();
    if let Some((at, line)) = found.filter(|_| !reverse.words.is_empty()) {
        reverse.at = at;
        model.composer_mut().0.show(line);
    }
}
