//! Cells from text: the only file that puts text of others into a frame, and it takes nothing but what is clean.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use crate::clean::{self, Clean};
use crate::tui::core::geometry::Area;
use crate::tui::core::timeline::Wrapped;
use crate::tui::term::links::Links;
use crate::tui::view::width::{fit, width};

/// Cells, and where they lead.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub(super) buffer: &'a mut Buffer,
    pub(super) links: &'a mut Links,
}

/// Draws on one row, from left to right.
#[derive(Debug)]
pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl<'a> Pen<'a> {
    /// A pen at the beginning of a row of an area; one below the area draws nothing.
    pub(super) fn new(buffer: &'a mut Buffer, area: Area, row: u16) -> Self {
        let inside = row < area.height;
        let end = if inside { area.x + area.width } else { area.x };
        Self { buffer, x: area.x, y: area.y + row, end }
    }

    /// Where the pen is: column and row.
    pub(super) fn at(&self) -> (u16, u16) {
        (self.x, self.y)
    }

    /// Columns left.
    pub(super) fn left(&self) -> u16 {
        self.end.saturating_sub(self.x)
    }

    /// Leaves columns out.
    pub(super) fn skip(&mut self, columns: u16) {
        self.x = self.x.saturating_add(columns).min(self.end);
    }

    /// Goes to where so many columns are left.
    pub(super) fn until_left(&mut self, columns: u16) {
        self.x = self.x.max(self.end.saturating_sub(columns));
    }

    /// Draws our own words.
    pub(super) fn own(&mut self, text: &str, style: Style) {
        self.put(text, style);
    }

    /// Draws what somebody else wrote.
    pub(super) fn foreign(&mut self, text: &Clean<'_>, style: Style) {
        self.put(text.as_str(), style);
    }

    /// Draws what somebody else wrote, cut to so many columns.
    pub(super) fn fitted(&mut self, text: &Clean<'_>, columns: u16, style: Style) {
        let (text, _) = fit(text, columns.min(self.left()));
        self.put(&text, style);
    }

    /// Draws what somebody else wrote, cut to so many columns, at their right end.
    pub(super) fn right_in(&mut self, text: &Clean<'_>, columns: u16, style: Style) {
        let columns = columns.min(self.left());
        let (text, used) = fit(text, columns);
        self.skip(columns - used);
        self.put(&text, style);
    }

    /// Draws part of a wrapped text.
    pub(super) fn wrapped(&mut self, text: &Wrapped, part: std::ops::Range<usize>, style: Style) {
        self.put(text.text.get(part).unwrap_or_default(), style);
    }

    /// Fills what is left.
    pub(super) fn fill(&mut self, symbol: &str, style: Style) {
        self.repeat(symbol, self.left(), style);
    }

    /// Draws a sign so many times.
    pub(super) fn repeat(&mut self, symbol: &str, times: u16, style: Style) {
        for _ in 0..times.min(self.left()) {
            self.put(symbol, style);
        }
    }

    /// Draws our own words in the middle of a line.
    pub(super) fn centered(&mut self, words: &str, line: &str, style: Style) {
        let words = format!(" {words} ");
        let wide = width(&words).min(self.left());
        let left = self.left();
        self.repeat(line, (left - wide) / 2, style);
        self.fitted(&clean::line(&words), wide, style);
        self.fill(line, style);
    }

    fn put(&mut self, text: &str, style: Style) {
        let left = usize::from(self.left());
        if left == 0 || self.y >= self.buffer.area.bottom() {
            return;
        }
        let (x, _) = self.buffer.set_stringn(self.x, self.y, text, left, style);
        self.x = x.min(self.end);
    }
}

/// Columns of a clean text, at most 65,535.
pub(super) fn columns(text: &Clean<'_>) -> u16 {
    width(text.as_str())
}
