//! The line being written as rows of a width, and where the cursor is on them.

use std::borrow::Cow;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::clean;
use crate::tui::view::width::width;

/// What a cluster of the line looks like.
pub type Shown<'a> = Cow<'a, str>;

/// Rows of a text, as ranges of bytes that together are the whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows(Vec<Range<usize>>);

/// A cluster made safe to draw; a line feed is nothing.
#[must_use]
pub fn shown(grapheme: &str) -> Shown<'_> {
    if grapheme == "\n" {
        return Cow::Borrowed("");
    }
    clean::line(grapheme).into_cow()
}

impl Rows {
    /// Breaks a text: behind line feeds, and where it is too wide for `columns`, behind a space if there is one.
    ///
    /// A cell is kept free at the end of each row, so that the cursor behind the last cluster is on the row.
    #[must_use]
    pub fn of(text: &str, columns: u16) -> Self {
        let columns = columns.saturating_sub(1).max(1);
        let mut rows = Vec::new();
        let (mut start, mut used, mut blank) = (0, 0_u16, None);
        for (at, grapheme) in text.grapheme_indices(true) {
            let end = at + grapheme.len();
            if grapheme == "\n" {
                rows.push(start..end);
                (start, used, blank) = (end, 0, None);
                continue;
            }
            let wide = width(&shown(grapheme));
            if used.saturating_add(wide) > columns && at > start {
                let (cut, rest) = blank.take().unwrap_or((at, used));
                rows.push(start..cut);
                start = cut;
                used -= rest;
            }
            used = used.saturating_add(wide);
            if grapheme == " " {
                blank = Some((end, used));
            }
        }
        rows.push(start..text.len());
        Self(rows)
    }

    /// How many; at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The rows.
    #[must_use]
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.0
    }

    /// Row and column of an offset.
    #[must_use]
    pub fn position(&self, text: &str, cursor: usize) -> (usize, u16) {
        let row = self.0.partition_point(|row| row.start <= cursor).saturating_sub(1);
        let before = &text[self.0[row].start..cursor];
        (row, before.graphemes(true).map(|grapheme| width(&shown(grapheme))).sum())
    }

    /// The offset in a row nearest to a column, not beyond the row.
    #[must_use]
    pub fn offset(&self, text: &str, row: usize, column: u16) -> usize {
        let Some(range) = self.0.get(row) else { return text.len() };
        let last = row + 1 == self.0.len();
        let mut used = 0;
        let mut offset = range.start;
        for (at, grapheme) in text[range.clone()].grapheme_indices(true) {
            let wide = width(&shown(grapheme));
            let end = range.start + at + grapheme.len();
            if grapheme == "\n" || used + wide > column || (end == range.end && !last) {
                break;
            }
            used += wide;
            offset = end;
        }
        offset
    }
}
