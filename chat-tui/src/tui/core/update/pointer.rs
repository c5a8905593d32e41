//! What the mouse does.

use chat_proto::Seq;

use super::{card, chord, picker, room, select};
use crate::tui::core::composer::Rows;
use crate::tui::core::effect::Effects;
use crate::tui::core::members::member_groups;
use crate::tui::core::model::{Model, Scrolled};
use crate::tui::core::picker::Picker;
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
            (model.overlay, model.picker) = (None, model.picker.take().filter(Picker::must_be_answered));
            room::go(model, key, effects);
        }
        Spot::Member(name) => card::ask(model.server, &name, effects),
        Spot::Item(place) => picker::click(model, place, effects),
        Spot::Header => picker::ask_form(model, effects),
        Spot::Composer { row, column } => {
            let width = model.composer_columns().1;
            let (composer, _) = model.composer_mut();
            let offset = Rows::of(composer.text(), width).offset(composer.text(), row, column);
            composer.place(offset);
        }
        Spot::Window(window) => room::turn(model, effects, |windows| windows.focus(window)),
        Spot::Message { window, seq } => message(model, window, seq, effects),
        Spot::Tab(tab) => _ = room::turn(model, effects, |windows| windows.see_tab(tab)),
        Spot::Timeline => model.overlay = None,
        Spot::Rooms | Spot::Members => {}
    }
}

/// Chooses a message of the window in front, or takes the choice back; another window comes to the front first.
fn message(model: &mut Model, window: usize, seq: Seq, effects: &mut Effects) {
    if model.front().window != window {
        return room::turn(model, effects, |windows| windows.focus(window));
    }
    if model.selected.take() != Some(seq) {
        select::choose(model, seq);
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
            model.scrolled = Scrolled { room: model.current(), rooms: Some(first), ..model.scrolled };
        }
        Spot::Member(_) | Spot::Members => {
            let rows = usize::from(g.members.map_or(0, |area| area.height));
            let groups = model.room_view().map(member_groups).unwrap_or_default();
            let lines: usize = groups.iter().map(|group| group.members.len() + 1).sum();
            // The last row may say how many more there are.
            let first = turn(model.members_scrolled(), lines + 1, rows);
            model.scrolled = Scrolled { room: model.current(), members: first, ..model.scrolled };
        }
        Spot::Timeline | Spot::Window(_) | Spot::Message { .. } | Spot::Item(_) | Spot::Composer { .. }
            if model.overlay.is_some() || model.picker.is_some() =>
        {
            let key = Key::plain(if back { KeyCode::Up } else { KeyCode::Down });
            (0..WHEEL_ROWS).for_each(|_| chord::key(model, key, effects));
        }
        Spot::Tab(_) => room::turn(model, effects, |windows| windows.step_tab(back)),
        Spot::Timeline
        | Spot::Window(_)
        | Spot::Message { .. }
        | Spot::Item(_)
        | Spot::Header
        | Spot::Composer { .. } => {
            let to = if back { Scroll::Up(WHEEL_ROWS) } else { Scroll::Down(WHEEL_ROWS) };
            let pointed =
                if let Spot::Window(window) | Spot::Message { window, .. } = spot { Some(*window) } else { None };
            let frames = model.frames();
            let key =
                frames.iter().find(|frame| Some(frame.window) == pointed).map_or(model.current(), |frame| frame.room);
            room::scroll_of(model, key, to, effects);
        }
    }
}
