//! Going from room to room.

use chat_proto::limits::PAGE_EVENTS_MAX;
use chat_proto::{Anchor, Seq};

use crate::tui::core::effect::{Effects, Errand};
use crate::tui::core::model::Model;
use crate::tui::core::room_state::Jump;
use crate::tui::core::rooms::{hotlist, room_lines};
use crate::tui::core::server::RoomKey;
use crate::tui::core::timeline::{Pane, Scope, Scroll, Timeline, Wraps};
use crate::tui::core::windows::Windows;

/// The line of the pane the first unread message is put on, below the day and the ruler.
const UNREAD_LINE: u16 = 3;

/// Looks at a room: where it was left, or at its first unread message.
pub(super) fn open(model: &mut Model, key: RoomKey, effects: &mut Effects) {
    turn(model, effects, |windows| windows.show(key));
}

/// Changes what the windows show, and does what goes with it: the room that is looked at is told to its server, rooms that come
/// are shown where reading begins, and those that go have no ruler any more.
pub(super) fn turn<T>(model: &mut Model, effects: &mut Effects, change: impl FnOnce(&mut Windows) -> T) -> T {
    let (before, seen_before) = (model.current(), model.seen());
    let changed = change(&mut model.windows);
    let (current, seen) = (model.current(), model.seen());
    for key in seen_before.iter().filter(|key| !seen.contains(key)) {
        if let Some(room) = model.state_mut(*key) {
            (room.ruler, room.jump) = (None, None);
        }
    }
    if current != before {
        super::keys::typing_stops(model, effects);
        (model.selected, model.reading.range) = (None, None);
        model.last = before.or(model.last);
        focus(model, before, current, effects);
    }
    for key in seen.into_iter().filter(|key| !seen_before.contains(key)) {
        come_to(model, key, effects);
    }
    effects.dirty = true;
    changed
}

/// Tells the servers which room is looked at.
fn focus(model: &mut Model, before: Option<RoomKey>, current: Option<RoomKey>, effects: &mut Effects) {
    if let Some(before) = before.filter(|before| current.is_none_or(|key| key.server != before.server)) {
        effects.send(before.server, Errand::Focus(None));
    }
    if let Some(key) = current {
        model.server = key.server;
        model.openings += 1;
        model.reading.trail.visit(key);
        effects.send(key.server, Errand::Focus(Some(key.room)));
    }
}

/// A room comes to be seen.
fn come_to(model: &mut Model, key: RoomKey, effects: &mut Effects) {
    let (opened, now) = (model.openings, model.now.mono);
    let server = model.at_mut(key.server);
    let Some(view) = server.account.rooms.get(&key.room) else { return };
    let unread = view.unread() > 0;
    let read = view.read;
    let room = server.rooms.entry(key.room).or_default();
    (room.opened, room.arrived) = (opened, now);
    room.set_bounds(view);
    room.ruler = room.held.take().or(unread.then_some(read));
    let unread = room.ruler.is_some();
    let follows = room.timeline.anchor() == crate::tui::core::timeline::Anchor::Follow;
    if unread && follows && model.pane_of(key).is_some_and(|pane| pane.height > UNREAD_LINE) {
        first_unread_of(model, key, effects);
    }
}

/// Puts the first unread message of the room being looked at on the screen, once it is there.
pub(super) fn first_unread(model: &mut Model, effects: &mut Effects) {
    if let Some(key) = model.current() {
        first_unread_of(model, key, effects);
    }
}

fn first_unread_of(model: &mut Model, key: RoomKey, effects: &mut Effects) {
    let Some(target) = model.state(key).and_then(|room| room.ruler).map(Seq::next) else { return };
    if top(model, key, target) == Some(false) {
        fetch_around(model, key, Jump::Read(target), effects);
    }
    effects.dirty = true;
}

/// Goes to an event of the room being looked at, once it is there, and chooses it.
pub(super) fn goto(model: &mut Model, target: Seq, effects: &mut Effects) {
    let Some(key) = model.current() else { return };
    if model.room().is_some_and(|room| room.timeline.event(target).is_some()) {
        show(model, target);
    } else {
        fetch_around(model, key, Jump::Choose(target), effects);
    }
    effects.dirty = true;
}

/// Asks for the page around a place to go to.
fn fetch_around(model: &mut Model, key: RoomKey, jump: Jump, effects: &mut Effects) {
    let (Jump::Read(target) | Jump::Choose(target)) = jump;
    let Some(room) = model.state_mut(key) else { return };
    room.jump = Some(jump);
    let at = Anchor::Around(target);
    room.timeline.fetch_begun(at);
    effects.send(key.server, Errand::Fetch { room: key.room, at, limit: PAGE_EVENTS_MAX });
}

/// Goes to a room that was waited for, and in it where a link led.
pub(super) fn enter(model: &mut Model, key: RoomKey, effects: &mut Effects) {
    go(model, key, effects);
    if let Some(seq) = model.at_mut(key.server).leads_to.take() {
        goto(model, seq, effects);
    }
}

/// Finishes a jump that waited for its page: the one that came from there, or any that holds its target.
pub(super) fn arrive(model: &mut Model, key: RoomKey, came: Anchor) {
    if !model.shows(key) {
        return;
    }
    let Some(jump) = model.state(key).and_then(|room| room.jump) else { return };
    let (Jump::Read(target) | Jump::Choose(target)) = jump;
    let there = model.state(key).is_some_and(|room| room.timeline.event(target).is_some());
    if !there && came != Anchor::Around(target) {
        return;
    }
    if let Some(room) = model.state_mut(key) {
        room.jump = None;
    }
    let nearest = model.state(key).and_then(|room| room.timeline.events().map(|e| e.seq).find(|seq| *seq >= target));
    match (jump, nearest) {
        (Jump::Choose(_), Some(nearest)) if model.current() == Some(key) => show(model, nearest),
        (Jump::Read(_) | Jump::Choose(_), Some(nearest)) => _ = top(model, key, nearest),
        (Jump::Read(_) | Jump::Choose(_), None) => {}
    }
}

/// Chooses a loaded message, or shows an event that is none.
fn show(model: &mut Model, seq: Seq) {
    let Some(key) = model.current() else { return };
    if let Some(room) = model.room_mut() {
        room.timeline.unhide(seq);
    }
    top(model, key, seq);
    let event = model.room().and_then(|room| room.timeline.event(seq));
    if event.is_some_and(|event| event.body.message().is_some()) {
        super::select::choose(model, seq);
    }
}

/// Puts an event near the top of its window. False if it isn't loaded.
fn top(model: &mut Model, key: RoomKey, seq: Seq) -> Option<bool> {
    with_timeline_of(model, key, |timeline, pane, scope, wraps| timeline.jump(seq, UNREAD_LINE, pane, scope, wraps))
}

/// The next room, or the one before, around the ends.
pub(super) fn step(model: &mut Model, back: bool, effects: &mut Effects) {
    let rooms: Vec<RoomKey> = room_lines(model).iter().map(|line| line.key).collect();
    if rooms.is_empty() {
        return;
    }
    let at = rooms.iter().position(|key| model.current() == Some(*key));
    let to = match (at, back) {
        (Some(at), false) => (at + 1) % rooms.len(),
        (Some(at), true) => (at + rooms.len() - 1) % rooms.len(),
        (None, false) => 0,
        (None, true) => rooms.len() - 1,
    };
    go(model, rooms[to], effects);
}

/// The room of a number.
pub(super) fn number(model: &mut Model, number: usize, effects: &mut Effects) {
    let found = room_lines(model).get(number.saturating_sub(1)).map(|line| line.key);
    if let Some(key) = found {
        go(model, key, effects);
    }
}

/// The room before this one.
pub(super) fn last(model: &mut Model, effects: &mut Effects) {
    if let Some(key) = model.last.filter(|key| model.is_member(*key)) {
        go(model, key, effects);
    }
}

/// The next room with something new: mentions first; at the end back to where it began.
pub(super) fn next_active(model: &mut Model, effects: &mut Effects) {
    let next = hotlist(model).first().map(|line| line.key);
    if let Some(key) = next {
        let origin = model.origin.or(model.current());
        open(model, key, effects);
        model.origin = origin;
    } else if let Some(origin) = model.origin.take() {
        open(model, origin, effects);
    }
}

/// Scrolls the room being looked at.
pub(super) fn scroll(model: &mut Model, to: Scroll, effects: &mut Effects) {
    scroll_of(model, model.current(), to, effects);
}

/// Scrolls a room that is seen.
pub(super) fn scroll_of(model: &mut Model, key: Option<RoomKey>, to: Scroll, effects: &mut Effects) {
    let Some(key) = key else { return };
    let head = model.view(key).map(|room| room.head).unwrap_or_default();
    match to {
        Scroll::Bottom => {
            if let Some(room) = model.state_mut(key).filter(|room| !room.timeline.at_head()) {
                room.timeline.forget(head);
            }
        }
        Scroll::Top | Scroll::Up(_) | Scroll::Down(_) => {}
    }
    with_timeline_of(model, key, |timeline, pane, scope, wraps| timeline.scroll(to, pane, scope, wraps));
    let now = model.now.mono;
    if let Some(room) = model.state_mut(key).filter(|room| room.timeline.follows()) {
        room.arrived = room.arrived.max(now);
    }
    effects.dirty = true;
}

/// Goes to a room for another reason than something being new there.
pub(super) fn go(model: &mut Model, key: RoomKey, effects: &mut Effects) {
    model.origin = None;
    open(model, key, effects);
}

/// Keeps what is read of a room where it is, on a pane of another size.
pub(super) fn fit(model: &mut Model, key: RoomKey) {
    with_timeline_of(model, key, |timeline, pane, scope, wraps| timeline.fit(pane, scope, wraps));
}

/// Works on the timeline of the room being looked at.
pub(super) fn with_timeline<T>(
    model: &mut Model,
    work: impl FnOnce(&mut Timeline, Pane, Scope<'_>, &mut Wraps) -> T,
) -> Option<T> {
    with_timeline_of(model, model.current()?, work)
}

fn with_timeline_of<T>(
    model: &mut Model,
    key: RoomKey,
    work: impl FnOnce(&mut Timeline, Pane, Scope<'_>, &mut Wraps) -> T,
) -> Option<T> {
    let pane = model.pane_of(key)?;
    let Model { servers, zone, wraps, .. } = model;
    let server = &mut servers[key.server.index()];
    let me = server.account.me.account;
    let room = server.rooms.get_mut(&key.room)?;
    let scope = Scope { zone, ruler: room.ruler, me };
    Some(work(&mut room.timeline, pane, scope, wraps))
}
