//! News of the session, and pages.

use std::time::Duration;

use chat_proto::delivery::{Events, Greeting};
use chat_proto::nick::NickChanged;
use chat_proto::reply::Page;
use chat_proto::{Anchor, Event, EventBody, FeedId, RoomId, RoomSetting, Seq};

use super::{alarm, draft, notice, room};
use crate::client::cache::CachedState;
use crate::client::view::RoomView;
use crate::client::{ClientEvent, LinkState, Outgoing, StopReason};
use crate::tui::core::call;
use crate::tui::core::effect::{Effect, Effects, Errand};
use crate::tui::core::identity;
use crate::tui::core::model::{Model, Overlay};
use crate::tui::core::room_state::MembersKnown;
use crate::tui::core::server::{RoomKey, Server, ServerId};

/// No page is asked for again so soon after one could not be had.
const FETCH_PAUSE: Duration = Duration::from_secs(3);

/// Without a connection the cache has no more tomorrow than today; the next login ends the pause.
const OFFLINE_PAUSE: Duration = Duration::from_secs(24 * 3_600);

pub(super) fn event(model: &mut Model, at: ServerId, event: ClientEvent, effects: &mut Effects) {
    // What came before it in the same turn is to be drawn all the same.
    let was_dirty = std::mem::replace(&mut effects.dirty, true);
    let now = model.now.mono;
    let server = model.at_mut(at);
    match event {
        ClientEvent::Link(state) => link(model, at, state),
        ClientEvent::Welcome(welcome) => {
            for status in &welcome.feeds {
                began(server, status);
            }
            server.account.apply_welcome(&welcome);
            server.device = welcome.device;
            // Coming back begins no other session.
            server.since.get_or_insert(welcome.now);
            let rooms: Vec<RoomId> = server.rooms.keys().copied().collect();
            rooms.into_iter().for_each(|id| server.set_bounds(id));
            come_back(model, at, effects);
        }
        ClientEvent::RoundTrip(time) => server.round_trip = Some(time),
        ClientEvent::Began(status) => {
            began(server, &status);
            server.account.apply_began(&status);
            if let FeedId::Room(id) = status.feed {
                server.set_bounds(id);
            }
            open_wanted(model, at, effects);
        }
        ClientEvent::Events(events) => live(model, at, events, effects),
        ClientEvent::Trimmed(trimmed) => {
            server.account.apply_trimmed(&trimmed);
            if let FeedId::Room(id) = trimmed.feed {
                server.set_bounds(id);
            }
        }
        ClientEvent::Ended(ended) => {
            server.account.apply_ended(&ended);
            close_left(model, at, effects);
        }
        ClientEvent::Presence(presence) => {
            // Conversations have their lamps in the list of rooms.
            let has_lamp = server.account.rooms.get(&presence.room).is_some_and(RoomView::is_conversation);
            server.account.apply_presence(&presence);
            effects.dirty = was_dirty || model.shows(RoomKey::new(at, presence.room)) || has_lamp;
        }
        ClientEvent::UserState(state) => {
            effects.dirty = was_dirty;
            server.account.apply_user_state(state);
        }
        ClientEvent::Typing(typing) => {
            let room = RoomKey::new(at, typing.room);
            if typing.account != server.account.me.account {
                server.typists.apply(typing, now);
            }
            effects.dirty = was_dirty || model.shows(room);
        }
        ClientEvent::Announced(said) => {
            if model.shows(RoomKey::new(at, said.room)) {
                notice(model, effects, false, format!("{}: {} (not kept)", said.name, said.text));
            }
        }
        ClientEvent::Queued(message) | ClientEvent::Refused(message) => queued(model, at, message, effects),
        ClientEvent::Sent { key, room, receipt } => {
            server.queued.remove(&key);
            if let Some(state) = server.rooms.get_mut(&room) {
                state.timeline.unqueue(key, Some(receipt.seq));
            }
        }
        ClientEvent::Nick(changed) => called(model, at, changed, effects),
        ClientEvent::Greeting(greeting) => greeted(model, at, greeting),
        ClientEvent::Others { room, others } => server.account.apply_others(room, others),
        ClientEvent::Company(_) => {}
        ClientEvent::Stopped(reason) => stopped(model, at, &reason, effects),
    }
}

/// Somebody is called something else.
fn called(model: &mut Model, at: ServerId, NickChanged { name, nick, .. }: NickChanged, effects: &mut Effects) {
    let text = if nick.is_empty() { format!("{name} goes by that name") } else { format!("{name} is called {nick}") };
    notice(model, effects, false, text);
    model.at_mut(at).set_nick(name, nick);
}

/// The server says what it is called, and its message of the day, which is put in front once.
fn greeted(model: &mut Model, at: ServerId, greeting: Greeting) {
    let server = model.at_mut(at);
    let before = std::mem::replace(&mut server.greeting, greeting);
    let motd = &server.greeting.motd;
    if !motd.is_empty() && *motd != before.motd {
        let (title, lines) = (server.name().to_owned(), motd.lines().map(str::to_owned).collect());
        model.overlay = Some(Overlay { title, lines, ..Overlay::default() });
    }
}

pub(super) fn remembered(model: &mut Model, at: ServerId, state: CachedState, effects: &mut Effects) {
    let server = model.at_mut(at);
    let name = std::mem::take(&mut server.account.me.name);
    server.account = state.account;
    server.account.me.name = name;
    server.drafts_changed = true;
    if let Some(id) = state.last_room {
        let room = server.rooms.entry(id).or_default();
        state.newest.iter().for_each(|event| note_topic(&mut room.topic, event));
        room.live_next = state.newest.last().map_or(Seq::ZERO, |newest| newest.seq.next());
        room.timeline.insert(state.newest);
        server.set_bounds(id);
    }
    let unbidden = server.wanted.is_none() && model.current().is_none() && model.windows.awaited().is_none();
    let last = state.last_room.map(|id| RoomKey::new(at, id)).filter(|key| unbidden && model.is_member(*key));
    if let Some(key) = last {
        room::go(model, key, effects);
    }
    open_wanted(model, at, effects);
}

pub(super) fn cached(model: &mut Model, key: RoomKey, at: Anchor, events: Vec<Event>, effects: &mut Effects) {
    let pause = model.now.mono + if model.at(key.server).is_online() { FETCH_PAUSE } else { OFFLINE_PAUSE };
    let Some(state) = model.state_mut(key) else { return };
    state.timeline.fetched(at);
    if events.is_empty() {
        (state.fetch_after, state.jump) = (pause, None);
    }
    state.unfolded.extend(ends(&events));
    state.timeline.insert(events);
    effects.dirty = true;
    room::arrive(model, key, at);
}

pub(super) fn queued(model: &mut Model, at: ServerId, message: Outgoing, effects: &mut Effects) {
    if let Some(reject) = &message.refused {
        let words = format!("not sent: {reject}");
        notice(model, effects, true, words);
    }
    let now = model.now.wall;
    let server = model.at_mut(at);
    // What was left by an earlier run comes before the first login.
    if server.since.is_some() {
        server.queued.entry(message.key).or_insert(now);
    }
    server.rooms.entry(message.room).or_default().timeline.queue(message);
    effects.dirty = true;
}

pub(super) fn page(model: &mut Model, key: RoomKey, at: Anchor, result: Result<Page, String>, effects: &mut Effects) {
    effects.dirty |= model.shows(key);
    match result {
        Ok(page) => {
            take_page(model.at_mut(key.server), key.room, at, page);
            room::arrive(model, key, at);
        }
        Err(why) => {
            let pause = model.now.mono + FETCH_PAUSE;
            if let Some(state) = model.state_mut(key) {
                state.timeline.fetched(at);
                (state.fetch_after, state.jump) = (pause, None);
            }
            if model.at(key.server).is_online() {
                notice(model, effects, true, format!("history could not be read: {why}"));
            }
        }
    }
}

fn take_page(server: &mut Server, id: RoomId, at: Anchor, page: Page) {
    let state = server.rooms.entry(id).or_default();
    state.timeline.fetched(at);
    let Some(view) = server.account.rooms.get_mut(&id).filter(|room| room.epoch == page.epoch) else { return };
    view.oldest = match (at, page.events.is_empty()) {
        (Anchor::Before(first), true) if first != Seq::MAX => view.oldest.max(page.oldest).max(first),
        (Anchor::Before(_) | Anchor::After(_) | Anchor::Around(_), _) => view.oldest.max(page.oldest),
    };
    page.events.iter().for_each(|event| note_topic(&mut state.topic, event));
    state.unfolded.extend(ends(&page.events));
    state.timeline.insert(page.events);
    state.set_bounds(view);
}

/// The first and the last of some events.
fn ends(events: &[Event]) -> Option<(Seq, Seq)> {
    Some((events.first()?.seq, events.last()?.seq))
}

fn link(model: &mut Model, at: ServerId, state: LinkState) {
    let now = model.now.mono;
    let server = model.at_mut(at);
    match &state {
        LinkState::Waiting { retry_in, .. } => {
            server.link.retry_at = now + *retry_in;
            server.round_trip = None;
        }
        LinkState::Connecting | LinkState::Online => {}
    }
    server.link.state = state;
}

fn began(server: &mut Server, status: &chat_proto::FeedStatus) {
    let FeedId::Room(id) = status.feed else { return };
    let other = server.account.rooms.get(&id).is_some_and(|room| room.epoch != status.epoch);
    let set_back = match status.state {
        chat_proto::FeedState::Regressed | chat_proto::FeedState::Diverged => true,
        chat_proto::FeedState::Live | chat_proto::FeedState::Trimmed | chat_proto::FeedState::NoAccess => other,
    };
    let state = server.rooms.entry(id).or_default();
    if set_back {
        state.timeline.forget(Seq::ZERO);
        (state.ruler, state.jump, state.marked) = (None, None, Seq::ZERO);
        (state.unfolded, state.stale, state.held) = (Vec::new(), false, None);
    }
    state.stale |= status.next > state.live_next && !state.timeline.is_empty();
    state.live_next = status.next;
    state.members = MembersKnown::Unasked;
}

/// Logged in again: what could not be had may be had now.
fn come_back(model: &mut Model, at: ServerId, effects: &mut Effects) {
    for state in model.at_mut(at).rooms.values_mut() {
        state.fetch_after = Duration::ZERO;
        state.marked = Seq::ZERO;
        state.members = MembersKnown::Unasked;
    }
    draft::come_back(model.at_mut(at));
    if let Some(key) = model.current().filter(|key| key.server == at) {
        effects.send(at, Errand::Focus(Some(key.room)));
    }
    open_wanted(model, at, effects);
    let server = model.at_mut(at);
    let missing: Vec<String> = server.also.iter().filter(|name| server.joined_as(name).is_none()).cloned().collect();
    server.also.clone_from(&missing);
    for name in server.wanted.iter().cloned().chain(missing) {
        super::command::join(at, name, true, effects);
    }
    close_left(model, at, effects);
}

/// Opens the room asked for when the server was connected to if it is there, else shows any.
fn open_wanted(model: &mut Model, at: ServerId, effects: &mut Effects) {
    let server = model.at_mut(at);
    if let Some(name) = &server.wanted {
        if let Some(room) = server.joined_as(name) {
            server.wanted = None;
            room::enter(model, RoomKey::new(at, room), effects);
        }
    } else if model.current().is_none() && model.windows.awaited().is_none() {
        room::step(model, false, effects);
    }
}

/// Goes on to another room if the one being looked at is one's own no more.
fn close_left(model: &mut Model, at: ServerId, effects: &mut Effects) {
    let left: Vec<RoomKey> =
        model.windows.rooms().into_iter().filter(|key| key.server == at && !model.is_member(*key)).collect();
    for key in &left {
        room::turn(model, effects, |windows| windows.forget(*key));
        model.at_mut(at).rooms.remove(&key.room);
    }
    if left.is_empty() || model.current().is_some() {
        return;
    }
    match model.last.filter(|last| model.is_member(*last)) {
        Some(last) => room::go(model, last, effects),
        None => room::step(model, false, effects),
    }
}

fn live(model: &mut Model, at: ServerId, events: Events, effects: &mut Effects) {
    let server = model.at_mut(at);
    let before = known_members(server, events.feed);
    server.account.apply_events(&events);
    let after = known_members(server, events.feed);
    let FeedId::Room(id) = events.feed else {
        draft::heard(model.at_mut(at), &events.events);
        opened(model, at, &events.events, effects);
        open_wanted(model, at, effects);
        return close_left(model, at, effects);
    };
    let key = RoomKey::new(at, id);
    call::hear(model, key, &events.events);
    let watching = model.shows(key);
    let (now, focused) = (model.now.mono, model.focused);
    let server = model.at_mut(at);
    let me = server.account.me.account;
    let read = server.account.rooms.get(&id).map_or(Seq::ZERO, |room| room.read);
    let state = server.rooms.entry(id).or_default();
    state.members_total = (state.members_total + after).saturating_sub(before);
    for event in &events.events {
        server.typists.stop(id, event.by);
        note_topic(&mut state.topic, event);
        if event.body.message().is_some() && event.by != me {
            let unseen = !focused || !state.timeline.follows();
            if watching && unseen && state.ruler.is_none() {
                state.ruler = Some(read);
            }
            state.arrived = now;
        }
    }
    let loaded = watching || !state.timeline.is_empty();
    if let Some(last) = events.events.last() {
        state.live_next = last.seq.next();
    }
    if loaded {
        state.timeline.insert(events.events);
    }
    server.set_bounds(id);
}

/// Tells the newest of what changed of what opens the account, and how much else did.
fn opened(model: &mut Model, at: ServerId, events: &[Event], effects: &mut Effects) {
    let mut news = identity::news(events, model.at(at).device);
    let Some(newest) = news.pop() else { return };
    let text = match news.len() {
        0 => newest,
        more => format!("{newest} ({more} more changed; /devices shows what opens it)"),
    };
    alarm(model, effects, text);
}

/// Members known by name; who is listed already and joins again counts once.
fn known_members(server: &Server, feed: FeedId) -> u32 {
    let FeedId::Room(id) = feed else { return 0 };
    let known = server.account.rooms.get(&id).map_or(0, |room| room.members.len());
    u32::try_from(known).unwrap_or(u32::MAX)
}

fn note_topic(topic: &mut String, event: &Event) {
    if let EventBody::Created(created) = &event.body {
        topic.clone_from(&created.topic);
    }
    if let EventBody::RoomChanged(changed) = &event.body {
        for change in &changed.changes {
            if let RoomSetting::Topic(now) = change {
                topic.clone_from(&now.text);
            }
        }
    }
}

/// A session is over. With the last of them the screen ends.
fn stopped(model: &mut Model, at: ServerId, reason: &StopReason, effects: &mut Effects) {
    let server = model.at_mut(at);
    let words = ended(reason);
    server.link.state = LinkState::Waiting { retry_in: Duration::ZERO, reason: words.clone() };
    (server.ended, server.unknown, server.round_trip) = (Some(reason.clone()), None, None);
    let told = format!("{}: {words}", server.name());
    if model.servers.iter().all(|server| server.ended.is_some()) {
        effects.push(Effect::Quit);
    } else {
        notice(model, effects, *reason != StopReason::Quit, told);
    }
}

/// Why a session is over, for people.
fn ended(reason: &StopReason) -> String {
    match reason {
        StopReason::Quit => "disconnected; /reconnect goes back".to_owned(),
        StopReason::Refused(reject) => reject.message.clone(),
        StopReason::Untrusted(why) | StopReason::Version(why) | StopReason::Ended(why) | StopReason::Failed(why) => {
            why.clone()
        }
    }
}
