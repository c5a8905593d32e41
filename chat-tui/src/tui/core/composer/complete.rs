//! Tab: the word before the cursor becomes a name, a room or a command, each further Tab the next one that fits.

use std::ops::Range;

use super::Composer;

/// A completion being cycled through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is replaced in the text as it is now.
    range: Range<usize>,
    /// What fits, best first; the last one is what was typed.
    candidates: Vec<String>,
    /// Which of them stands in the text.
    index: usize,
}

impl Completion {
    /// What fits, with the one in the text marked.
    pub fn candidates(&self) -> impl Iterator<Item = (&str, bool)> {
        let count = self.candidates.len().saturating_sub(1);
        self.candidates.iter().take(count).enumerate().map(|(i, text)| (text.as_str(), i == self.index))
    }
}

/// What the word before the cursor may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// A command, at the beginning of the line.
    Command(&'a str),
    /// An argument of a command.
    Argument {
        /// The line before it.
        before: &'a str,
        /// What was typed of it.
        typed: &'a str,
    },
    /// An emoji by its name.
    Emoji(&'a str),
    /// A room.
    Room(&'a str),
    /// A person; `first` if nothing comes before, `at` if an `@` was typed.
    Name {
        /// What was typed of it.
        typed: &'a str,
        /// Whether nothing comes before.
        first: bool,
        /// Whether an `@` was typed before it.
        at: bool,
    },
}

/// Completes the word before the cursor, or goes on to the next candidate (`back`: to the one before).
///
/// `candidates` says what fits, whole words with what belongs behind them.
pub fn complete(composer: &mut Composer, back: bool, candidates: impl FnOnce(Wanted<'_>) -> Vec<String>) {
    let mut completion = match composer.completion.take() {
        Some(mut going) => {
            let count = going.candidates.len();
            going.index = (going.index + if back { count - 1 } else { 1 }) % count;
            going
        }
        None => {
            let start = word_start(composer);
            let typed = &composer.text()[start..composer.cursor()];
            let before = &composer.text()[..start];
            let mut candidates = candidates(wanted(before, typed));
            if candidates.is_empty() {
                return;
            }
            let index = if back { candidates.len() - 1 } else { 0 };
            candidates.push(typed.to_owned());
            Completion { range: start..composer.cursor(), candidates, index }
        }
    };
    let text = completion.candidates[completion.index].clone();
    composer.replace(completion.range.clone(), &text);
    completion.range.end = composer.cursor();
    composer.completion = (completion.candidates.len() > 2).then_some(completion);
}

fn word_start(composer: &Composer) -> usize {
    let before = &composer.text()[..composer.cursor()];
    before.rfind(char::is_whitespace).map_or(0, |at| at + super::blank_len(&before[at..]))
}

fn wanted<'a>(before: &'a str, typed: &'a str) -> Wanted<'a> {
    if before.starts_with('/') && !before.contains('\n') {
        Wanted::Argument { before, typed }
    } else {
        said(typed, before.is_empty())
    }
}

/// What the word before the cursor may become in something that is said.
#[must_use]
pub fn said(typed: &str, first: bool) -> Wanted<'_> {
    if first && let Some(command) = typed.strip_prefix('/') {
        Wanted::Command(command)
    } else if let Some(name) = typed.strip_prefix(':').filter(|name| !name.is_empty()) {
        Wanted::Emoji(name)
    } else if let Some(room) = typed.strip_prefix('#') {
        Wanted::Room(room)
    } else if let Some(name) = typed.strip_prefix('@') {
        Wanted::Name { typed: name, first, at: true }
    } else {
        Wanted::Name { typed, first, at: false }
    }
}
