//! The texts of blocks: what stands before a message's words, its words, and what was done to it afterwards.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chat_proto::{EventBody, Style};

use super::Timeline;
use super::layout::Pane;
use super::told::told;
use super::walk::{Block, Scope};
use crate::clean;
use crate::client::folds::Stand;
use crate::files;
use crate::tui::view::width::fit;

/// Names spelled out in a condensed line of joins or parts.
const RUN_NAMES_MAX: usize = 8;

/// Kinds of reactions shown with a message.
const REACTIONS_SHOWN_MAX: usize = 16;

/// What stands before the words of a block.
#[derive(Default)]
pub(super) struct Head {
    pub(super) before: String,
    /// How much of it says when and who.
    pub(super) prefix: usize,
    /// Whether there may be markup in the words.
    pub(super) marks: bool,
}

/// What a message answers, or where it was written, clean, on a row of its own.
pub(super) fn lead(timeline: &Timeline, block: Block, width: u16) -> String {
    let Some(message) = timeline.message(block).and_then(|event| event.body.message()) else {
        return String::new();
    };
    let said = match (message.forwarded(), message.reply_to()) {
        (Some(from), _) => format!("from #{}, {}:", clean::line(&from.room_name), clean::line(&from.name)),
        (None, Some(target)) => match timeline.event(target) {
            Some(event) => match (event.body.message(), timeline.words(target)) {
                (Some(answered), Some(words)) => format!("> {}: {}", clean::line(answered.name), clean::line(words)),
                _ => "> a message that was removed".to_owned(),
            },
            None => format!("> message #{target}"),
        },
        (None, None) => return String::new(),
    };
    let said = clean::line(&said);
    let (fitted, _) = fit(&said, width.max(4));
    [fitted.as_ref(), "\n"].concat()
}

/// What stands behind the words of a message, clean: marks of what was done to it, a row with its file, and one of reactions.
pub(super) fn afterwards(timeline: &Timeline, block: Block, scope: Scope<'_>) -> String {
    let Some(event) = timeline.message(block) else { return String::new() };
    let Some(message) = event.body.message() else { return String::new() };
    let mut tail = String::new();
    match timeline.answers(event.seq) {
        0 => {}
        1 => tail.push_str(" (1 reply)"),
        many => _ = write!(tail, " ({many} replies)"),
    }
    let stand = timeline.stand(event.seq);
    let words = stand.and_then(Stand::text);
    if words.is_some() {
        tail.push_str(" (edited)");
    }
    if stand.is_some_and(Stand::is_pinned) {
        tail.push_str(" (pinned)");
    }
    if let Some(file) = message.file().filter(|file| files::is_caption(file, words.unwrap_or(message.text))) {
        tail.push('\n');
        tail.push_str(&files::line(file));
    }
    let Some(stand) = stand else { return tail };
    let reactions = stand.reactions(scope.me).take(REACTIONS_SHOWN_MAX).map(|(emoji, count, mine)| {
        let reaction = format!("{} {count}", clean::line(emoji).as_str());
        if mine { format!("[{reaction}]") } else { reaction }
    });
    let reactions: Vec<String> = reactions.collect();
    if !reactions.is_empty() {
        tail.push('\n');
        tail.push_str(&reactions.join("  "));
    }
    tail
}

/// What comes before an event's words, and the words.
pub(super) fn event_text(timeline: &Timeline, block: Block, pane: Pane, scope: Scope<'_>) -> (Head, String) {
    let Some(event) = timeline.block_events(block).next() else { return <(Head, String)>::default() };
    let time = if pane.compact { format!("{} ", scope.zone.minute(event.at)) } else { String::new() };
    let Some(message) = event.body.message() else {
        return (Head { prefix: time.len(), before: time, marks: false }, told(event));
    };
    let words = timeline.stand(event.seq).and_then(Stand::text).unwrap_or(message.text);
    // Without a caption the words are the file's name, and it is said once.
    let (words, marks) = match message.file() {
        Some(file) if !files::is_caption(file, words) => (files::line(file), false),
        Some(_) | None => (words.to_owned(), true),
    };
    let name = clean::line(message.name);
    let before = match message.style {
        Style::Text if pane.compact => format!("{time}{name}: "),
        Style::Text => String::new(),
        Style::Action => format!("{time}{}{name} ", if pane.compact { "* " } else { "" }),
    };
    let prefix = if message.style == Style::Action { time.len() } else { before.len() };
    (Head { before, prefix, marks }, words)
}

/// `3 joined (ken, laura, mike), 1 left (nina), 2 hidden by filter bots`.
pub(super) fn run_text(timeline: &Timeline, block: Block) -> String {
    let mut joined = Tally::default();
    let mut left = Tally::default();
    let mut hidden: BTreeMap<&str, usize> = BTreeMap::new();
    for event in timeline.block_events(block) {
        if let EventBody::Joined(body) = &event.body {
            joined.add(&body.name, "");
        } else if let EventBody::Left(body) = &event.body {
            left.add(&body.name, &body.reason);
        } else if let Some(filter) = timeline.hidden_by(event.seq) {
            *hidden.entry(filter).or_default() += 1;
        }
    }
    let alone = hidden.is_empty();
    let mut parts = Vec::new();
    match (joined.count, left.count) {
        (1, 0) if alone => parts.push(format!("{} joined", joined.names)),
        (0, 1) if alone => parts.push(format!("{} left{}", left.first.0, left.first.1)),
        (_, _) => {
            parts.extend((joined.count > 0).then(|| joined.told("joined")));
            parts.extend((left.count > 0).then(|| left.told("left")));
        }
    }
    parts.extend(hidden.iter().map(|(name, count)| format!("{count} hidden by filter {}", clean::line(name).as_str())));
    parts.join(", ")
}

#[derive(Default)]
struct Tally {
    count: usize,
    names: String,
    /// The first name, and why in brackets.
    first: (String, String),
}

impl Tally {
    fn add(&mut self, name: &str, reason: &str) {
        self.count += 1;
        if self.count > RUN_NAMES_MAX {
            return;
        }
        if self.count > 1 {
            self.names.push_str(", ");
        }
        let (name, reason) = (clean::line(name), clean::line(reason));
        self.names.push_str(name.as_str());
        let mut why = String::new();
        if !reason.is_empty() {
            let _ = write!(self.names, ": {}", reason.as_str());
            why = format!(" ({})", reason.as_str());
        }
        if self.count == 1 {
            self.first = (name.into_string(), why);
        }
    }

    fn told(&self, verb: &str) -> String {
        let more = if self.count > RUN_NAMES_MAX { ", …" } else { "" };
        format!("{} {verb} ({}{more})", self.count, self.names)
    }
}
