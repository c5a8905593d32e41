//! News of the session, and pages.

use std::time::Duration;

use chat_proto::delivery::{Events, Greeting};
use chat_proto::nick::NickChanged;
use chat_proto::reply::Page;
use chat_proto::{Anchor, Event, EventBody, FeedId, RoomId, RoomSetting, Seq};

use super::{alarm, notice, room};
use crate::client::cache::CachedState;
use crate::client::view::RoomView;
use crate::client::{ClientEvent, LinkState, Outgoing, StopReason};
use crate::tui::core::call;
use crate::tui::core::effect::{Effect, Effects};
use crate::tui::core::identity;
use crate::tui::core::model::{Model, Overlay};
use crate::tui::core::room_state::MembersKnown;

/// No page is asked for again so soon after one could not be had.
const FETCH_PAUSE: Duration = Duration::from_secs(3);

/// Without a connection the cache has no more tomorrow than today; the next login ends the pause.
const OFFLINE_PAUSE: Duration = Duration::from_secs(24 * 3_600);

pub(super) fn event(model: &mut Model, event: ClientEvent, effects: &mut Effects) {
    // What came before it in the same turn is to be drawn all the same.
    let was_dirty = std::mem::replace(&mut effects.dirty, true);
    match event {
        ClientEvent::Link(state) => link(model, state),
        ClientEvent::Welcome(welcome) => {
            for status in &welcome.feeds {
                began(model, status);
            }
            model.account.apply_welcome(&welcome);
            model.device = welcome.device;
            model.calls.begin(welcome.now);
            let rooms: Vec<RoomId> = model.rooms.keys().copied().collect();
            rooms.into_iter().for_each(|id| set_bounds(model, id));
            come_back(model, effects);
        }
        ClientEvent::RoundTrip(time) => model.round_trip = Some(time),
        ClientEvent::Began(status) => {
            began(model, &status);
            model.account.apply_began(&status);
            if let FeedId::Room(id) = status.feed {
                set_bounds(model, id);
            }
            open_wanted(model, effects);
        }
        ClientEvent::Events(events) => live(model, events, effects),
        ClientEvent::Trimmed(trimmed) => {
            model.account.apply_trimmed(&trimmed);
            if let FeedId::Room(id) = trimmed.feed {
                set_bounds(model, id);
            }
        }
        ClientEvent::Ended(ended) => {
            model.account.apply_ended(&ended);
            close_left(model, effects);
        }
        ClientEvent::Presence(presence) => {
            // Conversations have their lamps in the list of rooms.
            let has_lamp = model.account.rooms.get(&presence.room).is_some_and(RoomView::is_conversation);
            effects.dirty = was_dirty || model.current == Some(presence.room) || has_lamp;
            model.account.apply_presence(&presence);
        }
        ClientEvent::UserState(state) => {
            effects.dirty = was_dirty;
            model.account.apply_user_state(state);
        }
        ClientEvent::Typing(typing) => {
            effects.dirty = was_dirty || model.current == Some(typing.room);
            if typing.account != model.account.me.account {
                model.typists.apply(typing, model.now.mono);
            }
        }
        ClientEvent::Announced(said) => {
            if model.current == Some(said.room) {
                notice(model, effects, false, format!("{}: {} (not kept)", said.name, said.text));
            }
        }
        ClientEvent::Queued(message) | ClientEvent::Refused(message) => queued(model, message, effects),
        ClientEvent::Sent { key, room, receipt } => {
            if let Some(state) = model.rooms.get_mut(&room) {
                state.timeline.unqueue(key, Some(receipt.seq));
            }
        }
        ClientEvent::Nick(changed) => called(model, changed, effects),
        ClientEvent::Greeting(greeting) => greeted(model, greeting),
        ClientEvent::Others { room, others } => model.account.apply_others(room, others),
        ClientEvent::Company(_) => {}
        ClientEvent::Stopped(reason) => stopped(model, &reason, effects),
    }
}

/// Somebody is called something else.
fn called(model: &mut Model, NickChanged { name, nick, .. }: NickChanged, effects: &mut Effects) {
    let text = if nick.is_empty() { format!("{name} goes by that name") } else { format!("{name} is called {nick}") };
    notice(model, effects, false, text);
    model.set_nick(name, nick);
}

/// The server says what it is called, and its message of the day, which is put in front once.
fn greeted(model: &mut Model, greeting: Greeting) {
    if !greeting.motd.is_empty() && greeting.motd != model.greeting.motd {
        let title = if greeting.name.is_empty() { model.server.clone() } else { greeting.name.clone() };
        let lines = greeting.motd.lines().map(str::to_owned).collect();
        model.overlay = Some(Overlay { title, lines, scroll: 0 });
    }
    model.greeting = greeting;
}

pub(super) fn remembered(model: &mut Model, state: CachedState, effects: &mut Effects) {
    let name = std::mem::take(&mut model.account.me.name);
    model.account = state.account;
    model.account.me.name = name;
    if let Some(id) = state.last_room {
        let room = model.rooms.entry(id).or_default();
        state.newest.iter().for_each(|event| note_topic(&mut room.topic, event));
        room.live_next = state.newest.last().map_or(Seq::ZERO, |newest| newest.seq.next());
        room.timeline.insert(state.newest);
        set_bounds(model, id);
    }
    if let Some(id) = state.last_room.filter(|id| model.wanted.is_none() && is_member(model, *id)) {
        room::go(model, id, effects);
    }
    open_wanted(model, effects);
}

pub(super) fn cached(model: &mut Model, id: RoomId, at: Anchor, events: Vec<Event>, effects: &mut Effects) {
    let online = model.link.state == LinkState::Online;
    let pause = model.now.mono + if online { FETCH_PAUSE } else { OFFLINE_PAUSE };
    let Some(state) = model.rooms.get_mut(&id) else { return };
    state.timeline.fetched(at);
    if events.is_empty() {
        (state.fetch_after, state.jump) = (pause, None);
    }
    state.unfolded.extend(ends(&events));
    state.timeline.insert(events);
    effects.dirty = true;
    if model.current == Some(id) {
        room::arrive(model);
    }
}

pub(super) fn queued(model: &mut Model, message: Outgoing, effects: &mut Effects) {
    if let Some(reject) = &message.refused {
        let words = format!("not sent: {reject}");
        notice(model, effects, true, words);
    }
    model.rooms.entry(message.room).or_default().timeline.queue(message);
    effects.dirty = true;
}

pub(super) fn page(model: &mut Model, id: RoomId, at: Anchor, result: Result<Page, String>, effects: &mut Effects) {
    effects.dirty |= model.current == Some(id);
    match result {
        Ok(page) => {
            take_page(model, id, at, page);
            if model.current == Some(id) {
                room::arrive(model);
            }
        }
        Err(why) => {
            let pause = model.now.mono + FETCH_PAUSE;
            if let Some(state) = model.rooms.get_mut(&id) {
                state.timeline.fetched(at);
                (state.fetch_after, state.jump) = (pause, None);
            }
            if model.link.state == LinkState::Online {
                notice(model, effects, true, format!("history could not be read: {why}"));
            }
        }
    }
}

fn take_page(model: &mut Model, id: RoomId, at: Anchor, page: Page) {
    let state = model.rooms.entry(id).or_default();
    state.timeline.fetched(at);
    let Some(view) = model.account.rooms.get_mut(&id).filter(|room| room.epoch == page.epoch) else { return };
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

fn link(model: &mut Model, state: LinkState) {
    match &state {
        LinkState::Waiting { retry_in, .. } => {
            model.link.retry_at = model.now.mono + *retry_in;
            model.round_trip = None;
        }
        LinkState::Connecting | LinkState::Online => {}
    }
    model.link.state = state;
}

fn began(model: &mut Model, status: &chat_proto::FeedStatus) {
    let FeedId::Room(id) = status.feed else { return };
    let other = model.account.rooms.get(&id).is_some_and(|room| room.epoch != status.epoch);
    let set_back = match status.state {
        chat_proto::FeedState::Regressed | chat_proto::FeedState::Diverged => true,
        chat_proto::FeedState::Live | chat_proto::FeedState::Trimmed | chat_proto::FeedState::NoAccess => other,
    };
    let state = model.rooms.entry(id).or_default();
    if set_back {
        state.timeline.forget(Seq::ZERO);
        (state.ruler, state.jump, state.marked) = (None, None, Seq::ZERO);
        (state.unfolded, state.stale) = (Vec::new(), false);
    }
    state.stale |= status.next > state.live_next && !state.timeline.is_empty();
    state.live_next = status.next;
    state.members = MembersKnown::Unasked;
}

/// Logged in again: what could not be had may be had now.
fn come_back(model: &mut Model, effects: &mut Effects) {
    for state in model.rooms.values_mut() {
        state.fetch_after = Duration::ZERO;
        state.marked = Seq::ZERO;
        state.members = MembersKnown::Unasked;
    }
    if model.current.is_some() {
        effects.push(Effect::Focus(model.current));
    }
    open_wanted(model, effects);
    if let Some(name) = model.wanted.clone() {
        effects.push(super::command::join(name, true));
    }
    let known = |name: &String| model.account.room_named(name).is_some_and(|(_, room)| room.member);
    let missing: Vec<String> = model.also.iter().filter(|name| !known(name)).cloned().collect();
    effects.list.extend(missing.iter().map(|name| super::command::join(name.clone(), true)));
    model.also = missing;
    close_left(model, effects);
}

/// Opens the room asked for on the command line if it is there, else shows any.
fn open_wanted(model: &mut Model, effects: &mut Effects) {
    if let Some(name) = &model.wanted {
        let found = model.account.room_named(name).filter(|(_, room)| room.member).map(|(id, _)| id);
        if let Some(id) = found {
            model.wanted = None;
            room::go(model, id, effects);
        }
    } else if model.current.is_none() {
        room::step(model, false, effects);
    }
}

/// Goes on to another room if the one being looked at is one's own no more.
fn close_left(model: &mut Model, effects: &mut Effects) {
    let Some(id) = model.current else { return };
    if is_member(model, id) {
        return;
    }
    let last = model.last.filter(|last| is_member(model, *last));
    model.current = None;
    model.rooms.remove(&id);
    match last {
        Some(last) => room::go(model, last, effects),
        None => room::step(model, false, effects),
    }
    if model.current.is_none() {
        effects.push(Effect::Focus(None));
    }
}

fn live(model: &mut Model, events: Events, effects: &mut Effects) {
    let before = known_members(model, events.feed);
    model.account.apply_events(&events);
    let after = known_members(model, events.feed);
    let FeedId::Room(id) = events.feed else {
        opened(model, &events.events, effects);
        open_wanted(model, effects);
        return close_left(model, effects);
    };
    call::hear(model, id, &events.events);
    let me = model.account.me.account;
    let now = model.now.mono;
    let watching = model.current == Some(id);
    let read = model.account.rooms.get(&id).map_or(Seq::ZERO, |room| room.read);
    let state = model.rooms.entry(id).or_default();
    state.members_total = (state.members_total + after).saturating_sub(before);
    for event in &events.events {
        model.typists.stop(id, event.by);
        note_topic(&mut state.topic, event);
        if event.body.message().is_some() && event.by != me {
            let unseen = !model.focused || !state.timeline.follows();
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
    set_bounds(model, id);
}

/// Tells the newest of what changed of what opens the account, and how much else did.
fn opened(model: &mut Model, events: &[Event], effects: &mut Effects) {
    let mut news = identity::news(events, model.device);
    let Some(newest) = news.pop() else { return };
    let text = match news.len() {
        0 => newest,
        more => format!("{newest} ({more} more changed; /devices shows what opens it)"),
    };
    alarm(model, effects, text);
}

pub(super) fn set_bounds(model: &mut Model, id: RoomId) {
    if let (Some(view), Some(state)) = (model.account.rooms.get(&id), model.rooms.get_mut(&id)) {
        state.set_bounds(view);
    }
}

/// Members known by name; who is listed already and joins again counts once.
fn known_members(model: &Model, feed: FeedId) -> u32 {
    let FeedId::Room(id) = feed else { return 0 };
    let known = model.account.rooms.get(&id).map_or(0, |room| room.members.len());
    u32::try_from(known).unwrap_or(u32::MAX)
}

fn is_member(model: &Model, id: RoomId) -> bool {
    model.account.rooms.get(&id).is_some_and(|room| room.member)
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

fn stopped(model: &mut Model, reason: &StopReason, effects: &mut Effects) {
    if *reason != StopReason::Quit {
        let waiting = LinkState::Waiting { retry_in: Duration::ZERO, reason: "the session has ended".to_owned() };
        model.link.state = waiting;
    }
    effects.push(Effect::Quit);
}
