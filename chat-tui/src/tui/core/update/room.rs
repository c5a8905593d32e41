//! Going from room to room.

use chat_proto::limits::PAGE_EVENTS_MAX;
use chat_proto::{Anchor, RoomId, Seq};

use crate::tui::core::effect::{Effect, Effects};
use crate::tui::core::model::Model;
use crate::tui::core::room_state::Jump;
use crate::tui::core::rooms::{hotlist, room_lines};
use crate::tui::core::timeline::{Pane, Scope, Scroll, Timeline, Wraps};

/// The line of the pane the first unread message is put on, below the day and the ruler.
const UNREAD_LINE: u16 = 3;

/// Looks at a room: where it was left, or at its first unread message.
pub(super) fn open(model: &mut Model, id: RoomId, effects: &mut Effects) {
    if model.current == Some(id) {
        return;
    }
    super::keys::typing_stops(model, effects);
    leave(model);
    model.last = model.current.or(model.last);
    model.current = Some(id);
    model.openings += 1;
    effects.dirty = true;
    effects.push(Effect::Focus(Some(id)));
    let (opened, now) = (model.openings, model.now.mono);
    let Some(view) = model.account.rooms.get(&id) else { return };
    let unread = view.unread() > 0;
    let read = view.read;
    let room = model.rooms.entry(id).or_default();
    (room.opened, room.arrived) = (opened, now);
    room.set_bounds(view);
    room.ruler = unread.then_some(read);
    let follows = room.timeline.anchor() == crate::tui::core::timeline::Anchor::Follow;
    if unread && follows && model.geometry().timeline.height > UNREAD_LINE {
        first_unread(model, effects);
    }
}

/// Puts the first unread message on the screen, once it is there.
pub(super) fn first_unread(model: &mut Model, effects: &mut Effects) {
    let Some((id, ruler)) = model.current.zip(model.room().and_then(|room| room.ruler)) else { return };
    let target = ruler.next();
    let found =
        with_timeline(model, |timeline, pane, scope, wraps| timeline.jump(target, UNREAD_LINE, pane, scope, wraps));
    if found == Some(false)
        && let Some(room) = model.rooms.get_mut(&id)
    {
        room.jump = Some(Jump::Read(target));
        let at = Anchor::Around(target);
        room.timeline.fetch_begun(at);
        effects.push(Effect::Fetch { room: id, at, limit: PAGE_EVENTS_MAX });
    }
    effects.dirty = true;
}

/// Goes to an event of the room being looked at, once it is there, and chooses it.
pub(super) fn goto(model: &mut Model, target: Seq, effects: &mut Effects) {
    let Some(id) = model.current else { return };
    if model.room().is_some_and(|room| room.timeline.event(target).is_some()) {
        show(model, target);
    } else if let Some(room) = model.rooms.get_mut(&id) {
        room.jump = Some(Jump::Choose(target));
        let at = Anchor::Around(target);
        room.timeline.fetch_begun(at);
        effects.push(Effect::Fetch { room: id, at, limit: PAGE_EVENTS_MAX });
    }
    effects.dirty = true;
}

/// Finishes a jump that waited for its page.
pub(super) fn arrive(model: &mut Model) {
    let Some(jump) = model.current.and_then(|id| model.rooms.get_mut(&id)).and_then(|room| room.jump.take()) else {
        return;
    };
    let (Jump::Read(target) | Jump::Choose(target)) = jump;
    let nearest = model.room().and_then(|room| room.timeline.events().map(|e| e.seq).find(|seq| *seq >= target));
    match (jump, nearest) {
        (Jump::Read(_), Some(nearest)) => top(model, nearest),
        (Jump::Choose(_), Some(nearest)) => show(model, nearest),
        (Jump::Read(_) | Jump::Choose(_), None) => {}
    }
}

/// Chooses a loaded message, or shows an event that is none.
fn show(model: &mut Model, seq: Seq) {
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
    let rooms: Vec<RoomId> = room_lines(model).iter().map(|line| line.id).collect();
    if rooms.is_empty() {
        return;
    }
    let at = rooms.iter().position(|id| model.current == Some(*id));
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
    let found = room_lines(model).get(number.saturating_sub(1)).map(|line| line.id);
    if let Some(id) = found {
        go(model, id, effects);
    }
}

/// The room before this one.
pub(super) fn last(model: &mut Model, effects: &mut Effects) {
    if let Some(id) = model.last.filter(|id| model.account.rooms.get(id).is_some_and(|room| room.member)) {
        go(model, id, effects);
    }
}

/// The next room with something new: mentions first; at the end back to where it began.
pub(super) fn next_active(model: &mut Model, effects: &mut Effects) {
    let next = hotlist(model).first().map(|line| line.id);
    if let Some(id) = next {
        let origin = model.origin.or(model.current);
        open(model, id, effects);
        model.origin = origin;
    } else if let Some(origin) = model.origin.take() {
        open(model, origin, effects);
    }
}

/// Scrolls the timeline.
pub(super) fn scroll(model: &mut Model, to: Scroll, effects: &mut Effects) {
    let to = match to {
        Scroll::Bottom if model.room().is_some_and(|room| !room.timeline.at_head()) => {
            if let Some(room) = model.current.and_then(|id| model.rooms.get_mut(&id)) {
                let head = model.account.rooms.get(&model.current.unwrap_or_default()).map(|room| room.head);
                room.timeline.forget(head.unwrap_or_default());
            }
            to
        }
        Scroll::Bottom | Scroll::Top | Scroll::Up(_) | Scroll::Down(_) => to,
    };
    with_timeline(model, |timeline, pane, scope, wraps| timeline.scroll(to, pane, scope, wraps));
    if let Some(room) = model.current.and_then(|id| model.rooms.get_mut(&id)).filter(|room| room.timeline.follows()) {
        room.arrived = room.arrived.max(model.now.mono);
    }
    effects.dirty = true;
}

/// Goes to a room for another reason than something being new there.
pub(super) fn go(model: &mut Model, id: RoomId, effects: &mut Effects) {
    model.origin = None;
    open(model, id, effects);
}

/// The room being looked at is left; its ruler has done its work.
fn leave(model: &mut Model) {
    if let Some(room) = model.current.and_then(|id| model.rooms.get_mut(&id)) {
        room.ruler = None;
        room.jump = None;
    }
    model.selected = None;
}

pub(super) fn with_timeline<T>(
    model: &mut Model,
    work: impl FnOnce(&mut Timeline, Pane, Scope<'_>, &mut Wraps) -> T,
) -> Option<T> {
    let pane = model.pane()?;
    let me = model.account.me.account;
    let Model { rooms, zone, wraps, .. } = model;
    let room = rooms.get_mut(&pane.room)?;
    let scope = Scope { zone, ruler: room.ruler, me };
    Some(work(&mut room.timeline, pane, scope, wraps))
}
