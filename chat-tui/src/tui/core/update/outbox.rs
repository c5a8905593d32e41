//! What is on its way: shown, taken back, thrown away, sent again.

use chat_proto::{MessageKey, Style};

use super::notice;
use crate::client::Outgoing;
use crate::tui::core::effect::{Effects, Errand, Tag};
use crate::tui::core::model::Model;
use crate::tui::core::picker::{Goal, Handling, Item, Picker, Subject};
use crate::tui::core::room_state::Intent;
use crate::tui::core::server::{RoomKey, ServerId};

/// Shows what is on its way at the server being looked at.
pub(super) fn show(model: &mut Model, effects: &mut Effects) {
    if unsent(model, model.server).count() == 0 {
        return notice(model, effects, false, "nothing is on its way");
    }
    model.overlay = None;
    model.picker = Some(list(model, model.server));
}

/// Shows it as it is now, if it is in front; nothing once all of it is gone.
pub(super) fn renew(model: &mut Model, effects: &mut Effects) {
    let Some(before) = model.picker.take() else { return };
    let Subject::Outbox(at) = before.subject else {
        model.picker = Some(before);
        return;
    };
    let now = list(model, at).in_place_of(&before);
    effects.dirty |= now != before;
    if unsent(model, at).count() > 0 {
        model.picker = Some(now);
    } else {
        notice(model, effects, false, "nothing is on its way any more");
    }
}

/// Messages that are not acknowledged yet.
pub(super) fn unsent(model: &Model, at: ServerId) -> impl Iterator<Item = (RoomKey, &Outgoing)> {
    let rooms = model.at(at).rooms.iter();
    rooms.flat_map(move |(room, state)| state.timeline.pending().iter().map(move |it| (RoomKey::new(at, *room), it)))
}

/// How many messages of all servers are on their way, and how many were refused.
pub(super) fn unsent_everywhere(model: &Model) -> (usize, usize) {
    let all = model.numbered().flat_map(|(at, _)| unsent(model, at));
    all.fold((0, 0), |(waiting, refused), (_, message)| match message.refused {
        None => (waiting + 1, refused),
        Some(_) => (waiting, refused + 1),
    })
}

fn list(model: &Model, at: ServerId) -> Picker {
    let mut items = Vec::new();
    let mut letters = Vec::new();
    for (key, message) in unsent(model, at) {
        let goal = |handling| Goal::Outgoing(key, message.key, handling);
        let label = model.view(key).map_or_else(|| format!("room {}", key.room), crate::client::view::RoomView::label);
        let state = match (&message.refused, model.at(at).is_online()) {
            (Some(reject), _) => format!("refused: {}", reject.message),
            (None, true) => "being sent".to_owned(),
            (None, false) => "waits for the connection".to_owned(),
        };
        let since = model.at(at).queued.get(&message.key);
        let since = since.map_or(String::new(), |since| format!(", since {}", model.zone.minute(*since)));
        let again = match message.refused {
            Some(_) => goal(Handling::Retry),
            None => Goal::Denied("it was not refused; it goes out by itself".to_owned()),
        };
        letters.extend([('d', items.len(), goal(Handling::Drop)), ('r', items.len(), again)]);
        items.push(Item {
            name: format!("{label}  {}", message.text.replace('\n', " ")),
            detail: format!("{state}{since}"),
            goal: goal(Handling::Edit),
        });
    }
    let head = "Enter takes one back into its room's line, d throws it away, r sends a refused one again".to_owned();
    let title = format!("{} not sent yet", items.len());
    Picker::lettered(title, items, letters).about(Subject::Outbox(at), vec![head])
}

/// Does something with one of them.
pub(super) fn handle(
    model: &Model,
    key: RoomKey,
    message: MessageKey,
    handling: Handling,
    effects: &mut Effects,
) -> Result<(), String> {
    match handling {
        Handling::Retry => effects.send(key.server, Errand::Retry(message)),
        Handling::Drop => effects.send(key.server, Errand::TakeBack(Tag::TakeBack(key.room, message, false))),
        Handling::Edit => {
            if model.state(key).is_some_and(|room| !room.composer.is_empty()) {
                let label = model.view(key).map(crate::client::view::RoomView::label).unwrap_or_default();
                return Err(format!("something is being written in {label}; send or clear it first"));
            }
            effects.send(key.server, Errand::TakeBack(Tag::TakeBack(key.room, message, true)));
        }
    }
    Ok(())
}

/// One was taken back: nobody will send it any more.
pub(super) fn taken(model: &mut Model, key: RoomKey, message: MessageKey, edit: bool, effects: &mut Effects) {
    model.at_mut(key.server).queued.remove(&message);
    let Some(room) = model.state_mut(key) else { return };
    let Some(taken) = room.timeline.pending().iter().find(|known| known.key == message).cloned() else { return };
    room.timeline.unqueue(message, None);
    if !edit {
        return notice(model, effects, false, "it is thrown away");
    }
    // Whoever began to write in the meantime loses nothing: what was taken back comes before it.
    let begun = room.composer.text().to_owned();
    let space = if begun.is_empty() { "" } else { "\n" };
    room.composer.set(&format!("{}{space}{begun}", rewritten(&taken)));
    room.intent = taken.reply_to.map_or(Intent::Say, Intent::Reply);
    model.picker = model.picker.take().filter(|picker| !matches!(picker.subject, Subject::Outbox(_)));
    super::room::go(model, key, effects);
}

/// The line that sends a message as it was meant.
pub(super) fn rewritten(message: &Outgoing) -> String {
    match message.style {
        Style::Text if message.text.starts_with('/') => ["/", &message.text].concat(),
        Style::Text => message.text.clone(),
        Style::Action => ["/me ", &message.text].concat(),
    }
}
