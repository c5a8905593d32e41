//! What is in front of the timeline: help, a person, a list of members.

use ratatui::buffer::Buffer;

use super::Theme;
use super::paint::Pen;
use super::theme::Sign;
use crate::clean;
use crate::tui::core::Overlay;
use crate::tui::core::geometry::Area;
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
