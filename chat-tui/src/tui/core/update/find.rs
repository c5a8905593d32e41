//! Looking for words in what is loaded of a room.

use super::{notice, room, select};
use crate::tui::core::effect::Effects;
use crate::tui::core::model::Model;
use crate::tui::core::picker::{Goal, Item, Picker};
use crate::tui::core::time::day_title;

/// Shows the loaded messages with some words, newest first, to choose from; a single one is gone to.
pub(super) fn begin(model: &mut Model, words: &str, effects: &mut Effects) -> Result<(), String> {
    let (key, room) = model.current().zip(model.room()).ok_or("no room is open")?;
    let wanted = words.to_lowercase();
    let mut items = Vec::new();
    for event in room.timeline.events().rev() {
        let Some(message) = event.body.message() else { continue };
        let text = room.timeline.words(event.seq).unwrap_or(message.text);
        if text.to_lowercase().contains(&wanted) && items.len() < FOUND_MAX {
            items.push(Item {
                name: format!("{}: {}", message.name, text.replace('\n', " ")),
                detail: format!("{} {}", day_title(model.zone.day(event.at)), model.zone.minute(event.at)),
                goal: Goal::Message(key, event.seq),
            });
        }
    }
    match items.as_slice() {
        [] => return Err(format!("nothing loaded here has {words:?}; /search {words} asks the server")),
        [only] => {
            if let Goal::Message(_, seq) = only.goal {
                room::goto(model, seq, effects);
                select::choose(model, seq);
            }
        }
        several => {
            let title = format!("{} with {words:?}", several.len());
            model.picker = Some(Picker::new(title, items, None));
        }
    }
    notice_loaded(model, effects);
    Ok(())
}

/// Says so where there is history that was not looked at.
fn notice_loaded(model: &mut Model, effects: &mut Effects) {
    let whole = model.room().zip(model.room_view()).is_some_and(|(room, view)| {
        let first = room.timeline.events().next().map(|event| event.seq);
        first.is_none_or(|first| first <= view.oldest.max(chat_proto::Seq(1)))
    });
    if !whole {
        notice(model, effects, false, "looked at what is loaded here; /search asks the server");
    }
}

/// Messages listed at once.
const FOUND_MAX: usize = 200;
