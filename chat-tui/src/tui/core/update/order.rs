//! Rooms in the order the person puts them, which is the same on all his devices.

use chat_proto::choice::SetSetting;
use chat_proto::limits::SETTING_BYTES_MAX;
use chat_proto::{MessageKey, RoomId};

use super::notice;
use crate::tui::core::command::Way;
use crate::tui::core::effect::{Effects, Tag};
use crate::tui::core::model::Model;
use crate::tui::core::rooms::{ORDER, Order, room_lines};

/// Puts the room being looked at elsewhere.
pub(super) fn act(model: &mut Model, way: Way, effects: &mut Effects) {
    if let Err(why) = try_to(model, way, effects) {
        notice(model, effects, true, why);
    }
}

/// Puts the room being looked at elsewhere among the rooms it stands with.
pub(super) fn try_to(model: &Model, way: Way, effects: &mut Effects) -> Result<(), String> {
    let key = model.current().ok_or("no room is open")?;
    match model.prefs.order {
        Order::Hand => {}
        Order::Name | Order::Activity => {
            return Err("the rooms are in another order; /set ui.order hand lets you put them".to_owned());
        }
    }
    let lines = room_lines(model);
    let here = lines.iter().filter(|line| line.key.server == key.server);
    let (direct, rooms): (Vec<_>, Vec<_>) = here.partition(|line| line.direct);
    let ids = |lines: &[&crate::tui::core::RoomLine<'_>]| lines.iter().map(|line| line.key.room).collect::<Vec<_>>();
    let (mut rooms, mut direct) = (ids(&rooms), ids(&direct));
    shift(&mut rooms, key.room, way);
    shift(&mut direct, key.room, way);
    let mut value = String::new();
    for room in rooms.into_iter().chain(direct) {
        let number = room.0.to_string();
        if value.len() + 1 + number.len() > SETTING_BYTES_MAX {
            break;
        }
        if !value.is_empty() {
            value.push(' ');
        }
        value.push_str(&number);
    }
    let set = SetSetting { key: MessageKey::default(), name: ORDER.to_owned(), value };
    effects.ask(key.server, Tag::Done(""), set);
    Ok(())
}

/// Moves a room among others, if it is one of them.
fn shift(rooms: &mut Vec<RoomId>, room: RoomId, way: Way) {
    let Some(at) = rooms.iter().position(|known| *known == room) else { return };
    let last = rooms.len() - 1;
    let to = match way {
        Way::Up => at.saturating_sub(1),
        Way::Down => (at + 1).min(last),
        Way::Top => 0,
        Way::Bottom => last,
    };
    let moved = rooms.remove(at);
    rooms.insert(to, moved);
}
