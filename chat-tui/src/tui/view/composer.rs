//! The line being written, with its cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use unicode_segmentation::UnicodeSegmentation;

use super::hits::Writing;
use super::paint::Pen;
use super::{Hits, Theme};
use crate::clean;
use crate::tui::core::composer::Rows;
use crate::tui::core::geometry::Area;
use crate::tui::core::{Model, ghost};
use crate::tui::view::width::width;

/// Draws the line being written and says where its cursor is.
pub(super) fn draw(model: &Model, theme: &Theme, area: Area, buffer: &mut Buffer, hits: &mut Hits) -> Position {
    let (prompt_columns, columns) = model.composer_columns();
    let composer = model.composer();
    let rows = Rows::of(composer.text(), columns);
    let (row, column) = rows.position(composer.text(), composer.cursor());
    let height = usize::from(area.height).max(1);
    let first = (row + 1).saturating_sub(height);
    let inside = Area { x: area.x + prompt_columns, width: area.width.saturating_sub(prompt_columns), ..area };
    hits.set_composer(Writing { area: inside, first });
    let prompt = model.prompt();
    let full = width(&prompt) <= prompt_columns;
    for (line, range) in (0..area.height).zip(rows.ranges().iter().skip(first)) {
        let mut pen = Pen::new(buffer, area, line);
        if line == 0 && first == 0 && full {
            pen.fitted(&clean::line(&prompt), prompt_columns, theme.prompt);
        } else if line == 0 && first == 0 {
            pen.own(if prompt_columns >= 2 { "> " } else { "" }, theme.prompt);
        }
        let mut pen = Pen::new(buffer, area, line);
        pen.skip(prompt_columns);
        for grapheme in composer.text()[range.clone()].graphemes(true).filter(|grapheme| *grapheme != "\n") {
            pen.foreign(&clean::line(grapheme), theme.input);
        }
        if range.end == composer.text().len()
            && composer.cursor() == range.end
            && let Some(rest) = ghost(composer.text())
        {
            let left = pen.left();
            pen.fitted(&clean::line(&rest), left, theme.hint);
        }
    }
    let y = area.y + u16::try_from(row - first).unwrap_or(0).min(area.height.saturating_sub(1));
    let x = (area.x + prompt_columns + column).min((area.x + area.width).saturating_sub(1));
    Position { x, y }
}
