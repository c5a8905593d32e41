//! Drafts that follow the person: what is begun here is kept for his other devices, and what is begun there appears here.
//!
//! Never: a change of what is being typed.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_proto::choice::{DraftSet, SetDraft};
use chat_proto::{Event, EventBody, MessageKey, RoomId, Seq};

use crate::tui::core::draft::{DRAFT_AFTER, worth};
use crate::tui::core::effect::{Effects, Tag};
use crate::tui::core::model::Model;
use crate::tui::core::room_state::RoomState;
use crate::tui::core::server::{RoomKey, Server, ServerId};

/// Looks, after a batch of messages, at what is to be kept and what is to appear.
pub(super) fn settle(model: &mut Model, effects: &mut Effects) {
    let (now, current) = (model.now.mono, model.current());
    for (at, server) in (0..).map(ServerId).zip(&mut model.servers) {
        if std::mem::take(&mut server.drafts_changed) {
            effects.dirty |= appear(server);
        }
        for (room, state) in &mut server.rooms {
            let open = current == Some(RoomKey::new(at, *room));
            written(state, open, now);
        }
        if server.is_online() && !model.prefs.explore {
            keep(at, server, now, effects);
        }
    }
}

/// Keeps everything at once: the program ends, or the server is left.
pub(super) fn flush(model: &mut Model, effects: &mut Effects) {
    for room in model.servers.iter_mut().flat_map(|server| server.rooms.values_mut()) {
        room.draft.due = Some(Duration::ZERO);
        room.draft.asked = false;
    }
    settle(model, effects);
}

/// Events of the account: drafts that were asked for here are there, and others are to be looked at.
pub(super) fn heard(server: &mut Server, events: &[Event]) {
    for event in events {
        let EventBody::DraftSet(DraftSet { room, text }) = &event.body else { continue };
        server.drafts_changed = true;
        let asked = |state: &&mut RoomState| state.draft.asked && state.draft.base == *text;
        if let Some(state) = server.rooms.get_mut(room).filter(asked) {
            (state.draft.asked, state.draft.seen) = (false, event.seq);
        }
    }
}

/// A new connection: what was under way on the one before may never be told of.
pub(super) fn come_back(server: &mut Server) {
    server.drafts_changed = true;
    server.rooms.values_mut().for_each(|room| room.draft.asked = false);
}

/// A draft was refused: nobody asked for it to be kept, and the same would be refused again.
pub(super) fn refused(server: &mut Server, room: RoomId) {
    if let Some(state) = server.rooms.get_mut(&room) {
        state.draft.asked = false;
    }
}

/// The connection broke before it was known whether a draft is kept; it is asked for again.
pub(super) fn lost(model: &mut Model, at: ServerId, room: RoomId) {
    let due = model.now.mono + DRAFT_AFTER;
    let server = model.at_mut(at);
    if let Some(state) = server.rooms.get_mut(&room) {
        server.account.choices.draft(room).clone_into(&mut state.draft.base);
        (state.draft.asked, state.draft.due) = (false, Some(due));
    }
}

/// What was begun on other devices takes the place of what is unchanged since. Returns whether something did.
fn appear(server: &mut Server) -> bool {
    let Server { account, rooms, .. } = server;
    let mut drafts: BTreeMap<RoomId, Seq> = BTreeMap::new();
    for event in account.choices.events() {
        if let EventBody::DraftSet(set) = &event.body {
            drafts.insert(set.room, event.seq);
        }
    }
    let mut appeared = false;
    for (room, seq) in drafts.into_iter().filter(|(room, _)| account.rooms.contains_key(room)) {
        let text = account.choices.draft(room);
        let state = rooms.entry(room).or_default();
        let written = worth(state);
        if state.draft.seen == seq || state.draft.asked {
            continue;
        }
        let unchanged = written == Some(state.draft.base.as_str());
        let free = written.is_some() && (state.composer.is_empty() || unchanged && text_alone(state));
        if free && state.composer.text() != text {
            state.composer.set(text);
            text.clone_into(&mut state.draft.last);
            (state.draft.due, appeared) = (None, true);
        }
        (state.draft.base, state.draft.seen) = (text.to_owned(), seq);
    }
    appeared
}

/// Whether the line is what is kept of it, and not a command.
fn text_alone(state: &RoomState) -> bool {
    worth(state) == Some(state.composer.text())
}

/// Notes that something was written, or that the room was left.
fn written(state: &mut RoomState, open: bool, now: Duration) {
    let left = std::mem::replace(&mut state.draft.open, open) && !open;
    let Some(text) = worth(state) else { return };
    if text != state.draft.last {
        let wait = if text.is_empty() { Duration::ZERO } else { DRAFT_AFTER };
        state.draft.last = text.to_owned();
        state.draft.due = Some(now + wait);
    }
    if left {
        state.draft.due = state.draft.due.map(|due| due.min(now));
    }
}

/// Asks for what is due.
fn keep(at: ServerId, server: &mut Server, now: Duration, effects: &mut Effects) {
    for (room, state) in &mut server.rooms {
        let due = state.draft.due.is_some_and(|due| due <= now) && !state.draft.asked;
        let Some(text) = worth(state).filter(|_| due).map(str::to_owned) else { continue };
        state.draft.due = None;
        if text != state.draft.base {
            state.draft.base.clone_from(&text);
            state.draft.asked = true;
            effects.ask(at, Tag::Draft(*room), SetDraft { key: MessageKey::default(), room: *room, text });
        }
    }
}
