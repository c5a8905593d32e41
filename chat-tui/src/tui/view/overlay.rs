//! What is in front of the timeline: help, a person, a list of members; something to choose from.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::Modifier;

use super::Theme;
use super::paint::{Pen, columns};
use super::theme::Sign;
use crate::clean;
use crate::tui::core::Overlay;
use crate::tui::core::geometry::Area;
use crate::tui::core::picker::Picker;
use crate::tui::view::wrap::wrap;

pub(super) fn draw(overlay: &Overlay, theme: &Theme, area: Area, buffer: &mut Buffer) {
    let title = clean::line(&overlay.title);
    Pen::new(buffer, area, 0).centered(title.as_str(), theme.sign(Sign::Across), theme.strong);
    let mut row = 1;
    for line in overlay.lines.iter().skip(overlay.scroll) {
        let line = clean::line(line);
        for range in wrap(line.as_str(), area.width.saturating_sub(2)) {
            if row + 1 >= area.height {
                break;
            }
            let mut pen = Pen::new(buffer, area, row);
            pen.skip(1);
            pen.foreign(&clean::line(&line.as_str()[range]), theme.text);
            row += 1;
        }
    }
    if area.height > 1 {
        Pen::new(buffer, area, area.height - 1).centered("Esc closes", theme.sign(Sign::Across), theme.dim);
    }
}

/// Draws something to choose from, and says where the cursor of what is typed is.
pub(super) fn picker(picker: &Picker, keys: &str, theme: &Theme, area: Area, buffer: &mut Buffer) -> Position {
    Pen::new(buffer, area, 0).centered(clean::line(&picker.title).as_str(), theme.sign(Sign::Across), theme.strong);
    let mut pen = Pen::new(buffer, area, 1);
    pen.own(" > ", theme.strong);
    let typed = clean::line(&picker.typed);
    let left = pen.left().saturating_sub(1);
    pen.fitted(&typed, left, theme.text);
    let cursor = area.x + 3 + columns(&typed).min(left);
    let rows = usize::from(area.height.saturating_sub(3));
    let first = (picker.chosen() + 1).saturating_sub(rows);
    for (row, (item, chosen)) in (2..area.height.saturating_sub(1)).zip(picker.shown().skip(first)) {
        let style = if chosen { theme.selection } else { theme.text };
        let mut pen = Pen::new(buffer, area, row);
        if chosen {
            pen.fill(" ", style);
        }
        let mut pen = Pen::new(buffer, area, row);
        pen.skip(1);
        let detail = clean::line(&item.detail);
        let name = clean::line(&item.name);
        // What there is to say stands at the right: what the name leaves, and of a long name a third of the row.
        let free = pen.left().saturating_sub(columns(&name) + 3).max(pen.left() / 3);
        let beside = columns(&detail).min(free);
        let left = pen.left().saturating_sub(beside + 3);
        let end = pen.left().saturating_sub(left);
        let text = name.as_str();
        let marked = picker.find().and_then(|find| find.marked(text)).unwrap_or(text.len()..text.len());
        let found = style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        for (part, style) in [(0..marked.start, style), (marked.clone(), found), (marked.end..text.len(), style)] {
            let left = pen.left().saturating_sub(end);
            pen.fitted(&clean::line(&text[part]), left, style);
        }
        pen.until_left(beside + 1);
        pen.fitted(&detail, beside, if chosen { style } else { theme.dim });
    }
    if area.height > 1 {
        Pen::new(buffer, area, area.height - 1).centered(keys, theme.sign(Sign::Across), theme.dim);
    }
    let last = (buffer.area.width.saturating_sub(1), buffer.area.height.saturating_sub(1));
    Position { x: cursor.min(last.0), y: (area.y + 1).min(last.1) }
}
