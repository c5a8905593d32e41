//! Putting a message on the clipboard, as it was written.

use chat_proto::{Seq, Style};

use super::{notice, room};
use crate::tui::core::effect::{Effect, Effects};
use crate::tui::core::model::Model;

/// Characters of what was copied that the person is told.
const TOLD_MAX: usize = 24;

/// Copies the newest message that is on the screen.
pub(super) fn newest_shown(model: &mut Model, effects: &mut Effects) {
    let shown = room::with_timeline(model, |timeline, pane, scope, wraps| {
        let layout = timeline.layout(pane, scope, wraps);
        layout.lines.iter().rev().find_map(|line| Some(timeline.words(timeline.message(line.block)?.seq)?.to_owned()))
    });
    match shown.flatten() {
        Some(text) => copy(model, text, effects),
        None => notice(model, effects, true, "there is no message here to copy"),
    }
}

/// Copies the words of a loaded message as they are now.
pub(super) fn message(model: &mut Model, seq: Seq, effects: &mut Effects) {
    let words = model.room().and_then(|room| room.timeline.words(seq)).map(str::to_owned);
    if let Some(text) = words {
        copy(model, text, effects);
    }
}

/// Copies the loaded messages from one to another, each with its time and who wrote it; those that a filter hides are left out.
pub(super) fn messages(model: &mut Model, from: Seq, to: Seq, effects: &mut Effects) {
    let zone = &model.zone;
    let lines = model.room().into_iter().flat_map(|room| {
        let within = room.timeline.events().filter(|event| (from..=to).contains(&event.seq));
        within.filter(|event| room.timeline.hidden_by(event.seq).is_none()).filter_map(|event| {
            let (message, words) = (event.body.message()?, room.timeline.words(event.seq)?);
            let sender = match message.style {
                Style::Text => format!("{}:", message.name),
                Style::Action => format!("* {}", message.name),
            };
            Some(format!("{} {sender} {words}", zone.minute(event.at)))
        })
    });
    let lines: Vec<String> = lines.collect();
    let told = format!("copied {} messages", lines.len());
    effects.push(Effect::Copy(lines.join("\n")));
    notice(model, effects, false, told);
}

/// Copies a text, and says so.
pub(super) fn copy(model: &mut Model, text: String, effects: &mut Effects) {
    let mut begin: String = text.chars().take(TOLD_MAX).collect();
    if begin.len() < text.len() {
        begin.push('…');
    }
    notice(model, effects, false, format!("copied: {begin}"));
    effects.push(Effect::Copy(text));
}
