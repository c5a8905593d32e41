//! What stands around windows: their titles, what parts them, and the tabs.

use ratatui::buffer::Buffer;

use super::paint::{Pen, columns};
use super::theme::Sign;
use super::{Hits, Theme};
use crate::clean;
use crate::client::view::RoomView;
use crate::tui::core::geometry::Area;
use crate::tui::core::pointer::Spot;
use crate::tui::core::windows::Frame;
use crate::tui::core::{Model, RoomKey};

/// Draws the title of a window and what parts it from its neighbour.
pub(super) fn chrome(model: &Model, frame: &Frame, theme: &Theme, buffer: &mut Buffer, hits: &mut Hits) {
    if let Some(area) = frame.edge {
        for row in 0..area.height {
            Pen::new(buffer, area, row).own(theme.sign(Sign::Down), theme.border);
        }
    }
    let Some(area) = frame.title else { return };
    let area = Area { width: area.width.saturating_sub(u16::from(frame.edge.is_some())), ..area };
    hits.add(area, Spot::Window(frame.window));
    Pen::new(buffer, area, 0).fill(theme.sign(Sign::Across), theme.border);
    let style = if frame.front { theme.selection } else { theme.dim };
    let Some(key) = frame.room else { return };
    let mut pen = Pen::new(buffer, area, 0);
    pen.own(theme.sign(Sign::Across), theme.border);
    let news = clean::line(&news(model, key)).into_owned();
    let name = format!(" {} ", called(model, key));
    let space = pen.left().saturating_sub(columns(&news) + 1);
    pen.fitted(&clean::line(&name), space, style);
    let wide = columns(&news);
    if wide > 0 && pen.left() > wide + 1 {
        pen.until_left(wide + 1);
        pen.foreign(&news, theme.activity);
    }
}

/// Draws the tabs: the number of each, its rooms, and whether something is new in them.
pub(super) fn tabs(model: &Model, theme: &Theme, area: Area, buffer: &mut Buffer, hits: &mut Hits) {
    let (count, seen) = model.windows().tabs();
    let mut pen = Pen::new(buffer, area, 0);
    for tab in 0..count {
        let rooms = model.windows().rooms_of(tab);
        let names: Vec<String> = rooms.iter().filter_map(|key| model.view(*key)).map(RoomView::label).collect();
        let words = format!(" {}:{} ", tab + 1, if names.is_empty() { "-".to_owned() } else { names.join("+") });
        let words = clean::line(&words);
        let fresh = |count: fn(&RoomView) -> bool| rooms.iter().filter_map(|key| model.view(*key)).any(count);
        let style = if tab == seen {
            theme.selection
        } else if fresh(|room| room.mention_count() > 0) {
            theme.mention
        } else if fresh(|room| room.unread() > 0) {
            theme.unread
        } else {
            theme.dim
        };
        let wide = columns(&words).min(pen.left());
        hits.add_from(&pen, wide, Spot::Tab(tab));
        pen.fitted(&words, wide, style);
    }
}

/// A room as it is called, with its server where there are several.
fn called(model: &Model, key: RoomKey) -> String {
    let label = model.view(key).map_or_else(String::new, RoomView::label);
    if model.servers.len() > 1 && key.server != model.server() {
        format!("{label} {}", model.at(key.server).name())
    } else {
        label
    }
}

/// How much is new in a room, shortly.
fn news(model: &Model, key: RoomKey) -> String {
    let Some(room) = model.view(key) else { return String::new() };
    match (room.mention_count(), room.unread()) {
        (0, 0) => String::new(),
        (0, unread) => format!(" {unread} "),
        (mentions, unread) => format!(" @{mentions} {unread} "),
    }
}
