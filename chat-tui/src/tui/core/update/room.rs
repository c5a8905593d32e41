//! Going from room to room.

use chat_proto::limits::PAGE_EVENTS_MAX;
use chat_proto::{Anchor, Seq};

use crate::tui::core::effect::{Effects, Errand};
use crate::tui::core::model::Model;
use crate::tui::core::room_state::Jump;
use crate::tui::core::rooms::{hotlist, room_lines};
use crate::tui::core::server::RoomKey;
use crate::tui::core::timeline::{Pane, Scope, Scroll, Timeline, Wraps};

/// The line of the pane the first unread message is put on, below the day and the ruler.
const UNREAD_LINE: u16 = 3;

/// Looks at a room: where it was left, or at its first unread message.
pub(super) fn open(model: &mut Model, key: RoomKey, effects: &mut Effects) {
    if model.current == Some(key) {
        return;
    }
    super::keys::typing_stops(model, effects);
    leave(model);
    model.last = model.current.or(model.last);
    if model.server != key.server && model.current.is_some() {
        effects.send(model.server, Errand::Focus(None));
    }
    (model.current, model.server) = (Some(key), key.server);
    model.openings += 1;
    model.reading.trail.visit(key);
    effects.dirty = true;
    effects.send(key.server, Errand::Focus(Some(key.room)));
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
    if unread && follows && model.geometry().timeline.height > UNREAD_LINE {
        first_unread(model, effects);
    }
}

/// Puts the first unread message on the screen, once it is there.
pub(super) fn first_unread(model: &mut Model, effects: &mut Effects) {
    let Some((key, ruler)) = model.current.zip(model.room().and_then(|room| room.ruler)) else { return };
    let target = ruler.next();
    let found =
        with_timeline(model, |timeline, pane, scope, wraps| timeline.jump(target, UNREAD_LINE, pane, scope, wraps));
    if found == Some(false) {
        fetch_around(model, key, Jump::Read(target), effects);
    }
    effects.dirty = true;
}

/// Goes to an event of the room being looked at, once it is there, and chooses it.
pub(super) fn goto(model: &mut Model, target: Seq, effects: &mut Effects) {
    let Some(key) = model.current else { return };
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
    if model.current != Some(key) {
        return;
    }
    let Some(jump) = model.room().and_then(|room| room.jump) else { return };
    let (Jump::Read(target) | Jump::Choose(target)) = jump;
    let there = model.room().is_some_and(|room| room.timeline.event(target).is_some());
    if !there && came != Anchor::Around(target) {
        return;
    }
    if let Some(room) = model.room_mut() {
        room.jump = None;
    }
    let nearest = model.room().and_then(|room| room.timeline.events().map(|e| e.seq).find(|seq| *seq >= target));
    match (jump, nearest) {
        (Jump::Read(_), Some(nearest)) => top(model, nearest),
        (Jump::Choose(_), Some(nearest)) => show(model, nearest),
        (Jump::Read(_) | Jump::Choose(_), None) => {}
    }
}

/// Chooses a loaded message, or shows an event that is none.
fn show(model: &mut Model, seq: Seq) {
    if let Some(room) = model.room_mut() {
        room.timeline.unhide(seq);
    }
    top(model, seq);
    let event = model.room().and_then(|room| room.timeline.event(seq));
    if event.is_some_and(|event| event.body.message().is_some()) {
        super::select::choose(model, seq);
    }
}

fn top(model: &mut Model, seq: Seq) {
    with_timeline(model, |timeline, pane, scope, wraps| timeline.jump(seq, UNREAD_LINE, pane, scope, wraps));
}

/// The next room, or the one before, around the ends.
pub(super) fn step(model: &mut Model, back: bool, effects: &mut Effects) {
    let rooms: Vec<RoomKey> = room_lines(model).iter().map(|line| line.key).collect();
    if rooms.is_empty() {
        return;
    }
    let at = rooms.iter().position(|key| model.current == Some(*key));
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
        let origin = model.origin.or(model.current);
        open(model, key, effects);
        model.origin = origin;
    } else if let Some(origin) = model.origin.take() {
        open(model, origin, effects);
    }
}

/// Scrolls the timeline.
pub(super) fn scroll(model: &mut Model, to: Scroll, effects: &mut Effects) {
    let to = match to {
        Scroll::Bottom if model.room().is_some_and(|room| !room.timeline.at_head()) => {
            let head = model.room_view().map(|room| room.head);
            if let Some(room) = model.room_mut() {
                room.timeline.forget(head.unwrap_or_default());
            }
            to
        }
        Scroll::Bottom | Scroll::Top | Scroll::Up(_) | Scroll::Down(_) => to,
    };
    with_timeline(model, |timeline, pane, scope, wraps| timeline.scroll(to, pane, scope, wraps));
    let now = model.now.mono;
    if let Some(room) = model.room_mut().filter(|room| room.timeline.follows()) {
        room.arrived = room.arrived.max(now);
    }
    effects.dirty = true;
}

/// Goes to a room for another reason than something being new there.
pub(super) fn go(model: &mut Model, key: RoomKey, effects: &mut Effects) {
    model.origin = None;
    open(model, key, effects);
}

/// The room being looked at is left; its ruler has done its work.
fn leave(model: &mut Model) {
    if let Some(room) = model.room_mut() {
        room.ruler = None;
        room.jump = None;
    }
    (model.selected, model.reading.range) = (None, None);
}

pub(super) fn with_timeline<T>(
    model: &mut Model,
    work: impl FnOnce(&mut Timeline, Pane, Scope<'_>, &mut Wraps) -> T,
) -> Option<T> {
    let pane = model.pane()?;
    let Model { servers, zone, wraps, .. } = model;
    let server = &mut servers[pane.room.server.index()];
    let me = server.account.me.account;
    let room = server.rooms.get_mut(&pane.room.room)?;
    let scope = Scope { zone, ruler: room.ruler, me };
    Some(work(&mut room.timeline, pane, scope, wraps))
}
