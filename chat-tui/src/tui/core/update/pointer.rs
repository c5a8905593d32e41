//! What the mouse does.

use chat_proto::request::Whois;

use super::{chord, room};
use crate::tui::core::composer::Rows;
use crate::tui::core::effect::{Effects, Tag};
use crate::tui::core::members::member_groups;
use crate::tui::core::model::{Model, Scrolled};
use crate::tui::core::pointer::{Gesture, Spot};
use crate::tui::core::rooms::{first_room_row, room_list};
use crate::tui::core::timeline::Scroll;
use crate::tui::term::key::{Key, KeyCode};

/// Rows one notch of the wheel is worth.
const WHEEL_ROWS: u16 = 3;

pub(super) fn point(model: &mut Model, gesture: Gesture, spot: Spot, effects: &mut Effects) {
    effects.dirty = true;
    match gesture {
        Gesture::Click => click(model, spot, effects),
        Gesture::WheelUp => wheel(model, true, &spot, effects),
        Gesture::WheelDown => wheel(model, false, &spot, effects),
    }
}

fn click(model: &mut Model, spot: Spot, effects: &mut Effects) {
    match spot {
        Spot::Room(key) => {
            model.overlay = None;
            room::go(model, key, effects);
        }
        Spot::Member(name) => effects.ask(model.server, Tag::Whois(name.clone()), Whois { name }),
        Spot::Composer { row, column } => {
            let width = model.composer_columns().1;
            let (composer, _) = model.composer_mut();
            let offset = Rows::of(composer.text(), width).offset(composer.text(), row, column);
            composer.place(offset);
        }
        Spot::Rooms | Spot::Members | Spot::Timeline => {}
    }
}

fn wheel(model: &mut Model, back: bool, spot: &Spot, effects: &mut Effects) {
    let step = usize::from(WHEEL_ROWS);
    let turn = |first: usize, lines: usize, rows: usize| {
        let to = if back { first.saturating_sub(step) } else { first.saturating_add(step) };
        to.min(lines.saturating_sub(rows))
    };
    let g = model.geometry();
    match spot {
        Spot::Room(_) | Spot::Rooms => {
            let rows = usize::from(g.rooms.map_or(0, |area| area.height));
            let list = room_list(model);
            let first = turn(first_room_row(model, &list, rows), list.len(), rows);
            model.scrolled = Scrolled { room: model.current, rooms: Some(first), ..model.scrolled };
        }
        Spot::Member(_) | Spot::Members => {
            let rows = usize::from(g.members.map_or(0, |area| area.height));
            let groups = model.room_view().map(member_groups).unwrap_or_default();
            let lines: usize = groups.iter().map(|group| group.members.len() + 1).sum();
            // The last row may say how many more there are.
            let first = turn(model.members_scrolled(), lines + 1, rows);
            model.scrolled = Scrolled { room: model.current, members: first, ..model.scrolled };
        }
        Spot::Timeline | Spot::Composer { .. } if model.overlay.is_some() || model.picker.is_some() => {
            let key = Key::plain(if back { KeyCode::Up } else { KeyCode::Down });
            (0..WHEEL_ROWS).for_each(|_| chord::key(model, key, effects));
        }
        Spot::Timeline | Spot::Composer { .. } => {
            let to = if back { Scroll::Up(WHEEL_ROWS) } else { Scroll::Down(WHEEL_ROWS) };
            room::scroll(model, to, effects);
        }
    }
}
