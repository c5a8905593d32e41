//! What is done with messages: answering, editing, removing, reacting, pinning, copying on.

use std::time::Duration;

use chat_proto::request::{Edit, Forward, Pin, React, Redact};
use chat_proto::text::{Line, Text};
use chat_proto::{Event, MessageKey, Seq, Style};

use super::{notice, room};
use crate::tui::core::command::Target;
use crate::tui::core::effect::{Effects, Errand, Tag};
use crate::tui::core::emoji;
use crate::tui::core::model::Model;
use crate::tui::core::picker::{Free, Goal, Item, Picker};
use crate::tui::core::room_state::Intent;
use crate::tui::core::server::RoomKey;
use crate::tui::core::timeline::Scroll;

/// Whose message is meant where none is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// One's own newest.
    Own,
    /// The newest of all.
    Newest,
}

/// The room and the message a command is about.
pub(super) fn target(model: &Model, target: Target, meant: Meant) -> Result<(RoomKey, Seq), String> {
    let (key, room) = model.current.zip(model.room()).ok_or("no room is open")?;
    let me = model.here().account.me.account;
    let seq = match target {
        Target::Seq(seq) => seq,
        Target::Here => {
            let message = |event: &&Event| event.body.message().is_some();
            let newest = room.timeline.events().rev().filter(message).find(|event| match meant {
                Meant::Own => event.by == me,
                Meant::Newest => true,
            });
            let newest = newest.map(|event| event.seq);
            model.selected.or(newest).ok_or("there is no message here to do that with")?
        }
    };
    Ok((key, seq))
}

/// Says what is written, as it is meant to be said.
pub(super) fn say(
    model: &mut Model,
    style: Style,
    text: &str,
    intent: Intent,
    effects: &mut Effects,
) -> Result<Option<RoomKey>, String> {
    let key = model.current.ok_or("no room is open; /join #room")?;
    let RoomKey { server, room } = key;
    let text = Text::parse(text.trim_end()).map_err(|e| format!("not sent: {e}"))?.into_string();
    match intent {
        Intent::Say => effects.send(server, Errand::Send { room, style, text, reply_to: None }),
        Intent::Reply(seq) => effects.send(server, Errand::Send { room, style, text, reply_to: Some(seq) }),
        Intent::Edit(target) => edit(key, target, &text, effects)?,
    }
    super::keys::typing_stops(model, effects);
    if let Some(room) = model.state_mut(key) {
        room.intent = Intent::Say;
        room.ruler = None;
    }
    model.selected = None;
    match intent {
        Intent::Say | Intent::Reply(_) => room::scroll(model, Scroll::Bottom, effects),
        Intent::Edit(_) => {}
    }
    Ok(Some(key))
}

/// What is written next answers a message.
pub(super) fn answer(model: &mut Model, seq: Seq) {
    model.selected = None;
    if let Some(room) = model.room_mut() {
        room.intent = Intent::Reply(seq);
    }
}

/// Puts the words of an own message into the line, to be changed.
pub(super) fn begin_edit(model: &mut Model, seq: Seq) -> Result<(), String> {
    let me = model.here().account.me.account;
    let Some(room) = model.room_mut() else { return Err(NO_ROOM.to_owned()) };
    let own = room.timeline.event(seq).is_some_and(|event| event.by == me);
    let words = room.timeline.words(seq).filter(|_| own).map(str::to_owned);
    let words = words.ok_or("only words of your own can be edited")?;
    room.composer.set(&words);
    room.intent = Intent::Edit(seq);
    model.selected = None;
    Ok(())
}

/// Replaces words in one's newest message.
pub(super) fn substitute(model: &Model, old: &str, new: &str, effects: &mut Effects) -> Result<(), String> {
    let (key, seq) = own_newest(model)?;
    let words = model.room().and_then(|room| room.timeline.words(seq)).unwrap_or_default();
    if !words.contains(old) {
        return Err(format!("your last message has no {old:?}"));
    }
    edit(key, seq, &words.replacen(old, new, 1), effects)
}

/// Changes the words of a message.
pub(super) fn edit(at: RoomKey, target: Seq, text: &str, effects: &mut Effects) -> Result<(), String> {
    let text = Text::parse(text.trim_end()).map_err(|e| format!("not changed: {e}"))?.into_string();
    let edit = Edit { key: MessageKey::default(), room: at.room, target, text: text.clone() };
    effects.ask(at.server, Tag::Edit(at.room, target, text), edit);
    Ok(())
}

fn own_newest(model: &Model) -> Result<(RoomKey, Seq), String> {
    let unchosen = Target::Here;
    let (key, room) = model.current.zip(model.room()).ok_or(NO_ROOM)?;
    let me = model.here().account.me.account;
    let newest = room.timeline.events().rev().find(|event| event.by == me && event.body.message().is_some());
    match newest {
        Some(event) => Ok((key, event.seq)),
        None => target(model, unchosen, Meant::Own),
    }
}

/// Removes a message.
pub(super) fn remove(at: RoomKey, target: Seq, reason: &str, effects: &mut Effects) -> Result<(), String> {
    let reason = Line::parse(reason).map_err(|e| format!("the reason: {e}"))?.into_string();
    let redact = Redact { key: MessageKey::default(), room: at.room, target, reason };
    effects.ask(at.server, Tag::Done("the message was removed"), redact);
    Ok(())
}

/// Removes the chosen message, once it was asked for twice.
pub(super) fn remove_chosen(model: &mut Model, effects: &mut Effects) {
    let Some((key, seq)) = model.current.zip(model.selected) else { return };
    let armed = model.doomed.take().is_some_and(|(doomed, until)| doomed == seq && until > model.now.mono);
    if armed {
        // A reason is never asked for here, so none can be wrong.
        let _ = remove(key, seq, "", effects);
    } else {
        model.doomed = Some((seq, model.now.mono + DOOMED));
        notice(model, effects, false, "press d again to remove this message for good");
    }
}

/// Reacts to a message, or takes it back if that is so already.
pub(super) fn react(model: &Model, at: RoomKey, target: Seq, emoji: &str, effects: &mut Effects) {
    let me = model.here().account.me.account;
    let stand = model.state(at).and_then(|room| room.timeline.stand(target));
    let holds = stand.is_some_and(|stand| stand.reactions(me).any(|(known, _, mine)| mine && known == emoji));
    let react = React { key: MessageKey::default(), room: at.room, target, emoji: emoji.to_owned(), on: !holds };
    effects.ask(at.server, Tag::Done(""), react);
}

/// Pins a message, or takes it down.
pub(super) fn pin(at: RoomKey, target: Seq, on: bool, effects: &mut Effects) {
    let pin = Pin { key: MessageKey::default(), room: at.room, target, on };
    effects.ask(at.server, Tag::Done(""), pin);
}

/// Copies a message to another room.
pub(super) fn forward(model: &Model, at: RoomKey, target: Seq, to: &str, effects: &mut Effects) -> Result<(), String> {
    let to = to.trim_start_matches('#');
    let (to, _) = model.at(at.server).account.room_named(to).ok_or_else(|| format!("you are not in #{to}"))?;
    let forward = Forward { key: MessageKey::default(), room: at.room, target, to };
    effects.ask(at.server, Tag::Done("the message was copied"), forward);
    Ok(())
}

/// Reactions to choose from, or to type another one.
pub(super) fn pick_reaction(model: &mut Model) {
    let Some((key, seq)) = model.current.zip(model.selected) else { return };
    let items = emoji::named().map(|(emoji, name)| Item {
        name: format!("{emoji} {name}"),
        detail: String::new(),
        goal: Goal::React(key, seq, emoji.to_owned()),
    });
    let items = items.collect();
    model.picker = Some(Picker::new("react", items, Some(Free::React(key, seq))));
}

const NO_ROOM: &str = "no room is open";

/// How long the removal of a message waits for the key again.
const DOOMED: Duration = Duration::from_secs(5);
