//! Putting a message on the clipboard, as it was written.

use chat_proto::Seq;

use super::{notice, room};
use crate::client::folds::Stand;
use crate::tui::core::effect::{Effect, Effects};
use crate::tui::core::model::Model;

/// Characters of what was copied that the person is told.
const TOLD_MAX: usize = 24;

/// Copies the newest message that is on the screen.
pub(super) fn newest_shown(model: &mut Model, effects: &mut Effects) {
    let shown = room::with_timeline(model, |timeline, pane, scope, wraps| {
        let layout = timeline.layout(pane, scope, wraps);
        layout.lines.iter().rev().find_map(|line| {
            let event = timeline.block_events(line.block).next()?;
            let message = event.body.message()?;
            Some(timeline.stand(event.seq).and_then(Stand::text).unwrap_or(message.text).to_owned())
        })
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

/// Copies a text, and says so.
pub(super) fn copy(model: &mut Model, text: String, effects: &mut Effects) {
    let mut begin: String = text.chars().take(TOLD_MAX).collect();
    if begin.len() < text.len() {
        begin.push('…');
    }
    notice(model, effects, false, format!("copied: {begin}"));
    effects.push(Effect::Copy(text));
}
