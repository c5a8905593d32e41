//! One message in, the model changed, effects out.

mod answer;
mod card;
mod chord;
mod command;
mod complete;
mod copy;
mod draft;
mod explore;
mod files;
mod filters;
mod find;
mod here;
mod input;
mod keys;
mod link;
mod message;
mod net;
mod order;
mod outbox;
mod picker;
mod pointer;
mod reverse;
mod room;
mod secret;
mod select;
mod servers;
mod thread;
mod travel;
mod windows;

use std::time::Duration;

use chat_proto::Notify;
use chat_proto::limits::{LIST_PAGE_MAX, PAGE_EVENTS_MAX};
use chat_proto::request::{ListFolds, ListMembers};

use super::call;
use super::effect::{Effect, Effects, Errand, Tag};
use super::find::Source;
use super::model::{Model, Notice, Overlay};
use super::msg::Msg;
use super::room_state::MembersKnown;
use super::server::{RoomKey, Server};
use super::time::Now;
use crate::client::LinkState;

/// How long a notice stays.
const NOTICE_SHOWN: Duration = Duration::from_secs(8);

/// How long is shown what may be an alarm, at most: whoever was away for a moment is to find it.
const ALARM_SHOWN: Duration = Duration::from_secs(3_600);

/// Rooms whose history is kept loaded; the one not looked at for longest goes first.
const ROOMS_LOADED_MAX: usize = 32;

/// Takes one message in.
pub fn update(model: &mut Model, now: Now, msg: Msg, effects: &mut Effects) {
    model.now = now;
    match msg {
        Msg::Key(key) => chord::key(model, key, effects),
        Msg::Paste(text) => keys::paste(model, &text, effects),
        Msg::Point(gesture, spot) => pointer::point(model, gesture, spot, effects),
        Msg::Resize(columns, rows) => {
            model.size = (columns.max(1), rows.max(1));
            effects.dirty = true;
        }
        Msg::Focus(focused) => {
            model.focused = focused;
            effects.dirty = true;
        }
        Msg::Remembered(server, state) => net::remembered(model, server, state, effects),
        Msg::Net(server, event) => net::event(model, server, event, effects),
        Msg::Answer(server, tag, result) => answer::answer(model, server, tag, result, effects),
        Msg::Page(room, at, result) => net::page(model, room, at, result, effects),
        Msg::Cached(room, at, events) => net::cached(model, room, at, events, effects),
        Msg::Moving(number, progress) => files::moving(model, number, progress, effects),
        Msg::Picture(number, outcome) => files::picture(model, number, outcome, effects),
        Msg::Moved(number, outcome) => files::moved(model, number, outcome, effects),
        Msg::Connect(words) => {
            if let Err(why) = servers::connect(model, &words, effects) {
                notice(model, effects, true, why);
            }
        }
        Msg::Unknown(server, question) => {
            model.at_mut(server).unknown = Some(question);
            effects.dirty = true;
        }
        Msg::Edited(text) => keys::edited(model, &text, effects),
        Msg::Prefs(prefs) => {
            model.zone.clock = prefs.clock;
            if prefs.mouse != model.prefs.mouse {
                model.mouse = prefs.mouse;
            }
            model.prefs = *prefs;
            windows::begin(model, effects);
            effects.dirty = true;
        }
        Msg::Ran(ran) => here::ran(model, ran, effects),
        Msg::Notice(text, error) => notice(model, effects, error, text),
        Msg::Show(title, lines) => {
            model.overlay = Some(Overlay { title, lines, ..Overlay::default() });
            effects.dirty = true;
        }
        Msg::Tick => tick(model, effects),
    }
    if model.prefs.explore {
        explore::hold_back(model, effects);
    }
}

/// Looks, after a batch of messages, at what the place being read calls for.
pub fn settle(model: &mut Model, effects: &mut Effects) {
    servers::ask(model, effects);
    windows::resolve(model, effects);
    outbox::renew(model, effects);
    filters::settle(model, effects);
    follow(model, effects);
    let seen: Vec<(RoomKey, u16)> =
        model.frames().iter().filter_map(|frame| Some((frame.room?, frame.area.height))).collect();
    for (key, height) in &seen {
        room::fit(model, *key);
        fetch(model, *key, *height, effects);
        fold(model, *key, effects);
        mark_read(model, *key, effects);
    }
    members(model, effects);
    draft::settle(model, effects);
    unload(model);
    title(model, effects);
    call::make(model, effects);
    mouse(model, effects);
    if model.prefs.explore {
        explore::hold_back(model, effects);
    }
}

/// Takes a line of a program as if the person had typed it.
///
/// # Errors
/// What is wrong with it, for people; nothing of it is done.
pub fn input(model: &mut Model, now: Now, text: &str, effects: &mut Effects) -> Result<(), String> {
    model.now = now;
    let taken = input::input(model, text, effects);
    if model.prefs.explore && explore::hold_back(model, effects) {
        return Err(explore::ONLY_LOOKING.to_owned());
    }
    taken
}

/// What is to be done before the program ends.
pub fn last_words(model: &mut Model, effects: &mut Effects) {
    draft::flush(model, effects);
}

pub(super) fn notice(model: &mut Model, effects: &mut Effects, error: bool, text: impl Into<String>) {
    let now = model.now.mono;
    model.notice = Some(Notice { text: text.into(), error, holds: now, until: now + NOTICE_SHOWN });
    effects.dirty = true;
}

/// A notice that is not to be missed: whoever is typing sees it too.
fn alarm(model: &mut Model, effects: &mut Effects, text: String) {
    let now = model.now.mono;
    model.notice = Some(Notice { text, error: true, holds: now + NOTICE_SHOWN, until: now + ALARM_SHOWN });
    effects.dirty = true;
}

/// Why something could not be done, with what it is about unless it says so itself.
fn about(subject: &str, why: &str) -> String {
    if why.contains(subject) { why.to_owned() } else { format!("{subject}: {why}") }
}

fn tick(model: &mut Model, effects: &mut Effects) {
    let now = model.now.mono;
    if model.notice.as_ref().is_some_and(|notice| notice.until <= now) {
        model.notice = None;
        effects.dirty = true;
    }
    for server in &mut model.servers {
        if server.typists.next().is_some_and(|until| until <= now) {
            server.typists.expire(now);
            effects.dirty = true;
        }
        match server.link.state {
            LinkState::Waiting { .. } => effects.dirty = true,
            LinkState::Connecting | LinkState::Online => {}
        }
    }
    chord::tick(model, effects);
    find::tick(model, effects);
}

/// Brings a list in front up to date with what came.
fn follow(model: &mut Model, effects: &mut Effects) {
    let Some(picker) = model.picker.as_ref() else { return };
    let stamp = model.room().map(|room| room.timeline.stamp());
    match &picker.source {
        Some(Source::Find(_)) if picker.seen != stamp => find::refresh(model),
        Some(Source::Thread(_)) if picker.seen != stamp => thread::refresh(model, effects),
        Some(Source::Find(_) | Source::Thread(_)) | None => return,
    }
    effects.dirty = true;
}

/// Asks for what lies within two screens of what is being read.
fn fetch(model: &mut Model, RoomKey { server, room: id }: RoomKey, height: u16, effects: &mut Effects) {
    let near = 2 * usize::from(height).max(1);
    let Model { servers, zone, now, .. } = model;
    let there = &mut servers[server.index()];
    let (me, online) = (there.account.me.account, there.is_online());
    let Some(room) = there.rooms.get_mut(&id) else { return };
    if room.fetch_after > now.mono || room.jump.is_some() {
        return;
    }
    if online && std::mem::take(&mut room.stale) {
        for at in room.timeline.pages(PAGE_EVENTS_MAX) {
            room.timeline.fetch_begun(at);
            effects.send(server, Errand::Fetch { room: id, at, limit: PAGE_EVENTS_MAX });
        }
    }
    let scope = super::timeline::Scope { zone, ruler: room.ruler, me };
    while let Some(at) = room.timeline.wants(near, scope) {
        effects.send(server, Errand::Fetch { room: id, at, limit: PAGE_EVENTS_MAX });
    }
}

/// Asks what was done to messages that were loaded.
fn fold(model: &mut Model, key: RoomKey, effects: &mut Effects) {
    let RoomKey { server, room } = key;
    let online = model.at(server).is_online();
    let Some(state) = model.state_mut(key).filter(|_| online) else { return };
    for (from, to) in state.unfolded.drain(..) {
        effects.ask(server, Tag::Folds(room, from, to), ListFolds { room, from, to });
    }
}

fn members(model: &mut Model, effects: &mut Effects) {
    let Some(key) = model.current().filter(|key| model.at(key.server).is_online() && model.is_member(*key)) else {
        return;
    };
    let Some(state) = model.state_mut(key).filter(|room| room.members == MembersKnown::Unasked) else { return };
    state.members = MembersKnown::Asked;
    let first = ListMembers { room: key.room, after: chat_proto::AccountId::SERVER, limit: LIST_PAGE_MAX };
    effects.ask(key.server, Tag::Members(key.room), first);
}

fn mark_read(model: &mut Model, key: RoomKey, effects: &mut Effects) {
    if model.read_due(key).is_none_or(|due| due > model.now.mono) {
        return;
    }
    let seq = model.view(key).map_or(chat_proto::Seq::ZERO, |room| room.head);
    if let Some(room) = model.state_mut(key) {
        room.marked = seq;
        effects.send(key.server, Errand::MarkRead { room: key.room, seq });
    }
}

fn unload(model: &mut Model) {
    let rooms = model.numbered().flat_map(|(id, server)| server.rooms.iter().map(move |room| (id, room)));
    let mut loaded: Vec<_> = rooms
        .filter(|(_, (_, room))| !room.timeline.is_empty())
        .map(|(server, (id, room))| (room.opened, RoomKey::new(server, *id)))
        .collect();
    let excess = loaded.len().saturating_sub(ROOMS_LOADED_MAX);
    if excess == 0 {
        return;
    }
    loaded.sort_unstable();
    let seen = model.seen();
    for (_, key) in loaded.into_iter().take(excess).filter(|(_, key)| !seen.contains(key)) {
        let head = model.view(key).map_or(chat_proto::Seq::ZERO, |room| room.head);
        if let Some(room) = model.state_mut(key) {
            room.timeline.forget(head);
        }
    }
}

/// Asks for the mouse where there is something to point at; where there isn't, the terminal selects text with it.
fn mouse(model: &mut Model, effects: &mut Effects) {
    let wanted = model.mouse && !model.panes.bare;
    if std::mem::replace(&mut model.mouse_asked, wanted) != wanted {
        effects.push(Effect::Mouse(wanted));
    }
}

fn title(model: &mut Model, effects: &mut Effects) {
    let quiet = |server: &Server, room| server.account.choices.notify_set(room) == Some(Notify::Nothing);
    let rooms = model.servers.iter().flat_map(|server| server.account.rooms.iter().map(move |room| (server, room)));
    let news = rooms.filter(|(server, (id, room))| room.member && room.unread() > 0 && !quiet(server, **id));
    let unread: u64 = news.map(|(_, (_, room))| room.unread()).sum();
    let count = if unread > 0 { format!("({unread}) ") } else { String::new() };
    let room = model.room_label();
    let title = if room.is_empty() { format!("{count}chat") } else { format!("{count}{room} — chat") };
    if title != model.title {
        model.title.clone_from(&title);
        effects.push(Effect::Title(title));
    }
}
