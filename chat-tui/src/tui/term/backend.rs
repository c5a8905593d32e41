//! Cells into bytes: the least that makes the terminal show a frame, written at once.
//!
//! Terminals disagree about how wide some clusters are (emoji presentation, joined emoji, skin tones, flags). Such a
//! cluster is drawn on cleared columns, the cursor is put where the layout expects it, and columns it may have run over
//! are drawn again, so a row never shifts. A joined emoji shows whole where the terminal can, else as its first part.
//!
//! Links are beside the cells, not in them ([`Links`]), so a frame is written by [`TermBackend::finish`], which knows both.
//!
//! Never: a control sequence other than cursor position (`H`, `G`), SGR, clear (`2J`), cursor visibility (`?25`) and
//! synchronized update (`?2026`), or a command other than a link (OSC 8), closed before the frame ends; whatever symbol a cell holds, none of its control characters is written.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use super::caps::Colors;
use super::glyph::Glyph;
use super::links::{LinkTable, Links, NONE};
use super::sgr::{Pen, push_number};

/// Draws into a terminal at the other end of `W`, which should pass each write on as it is.
#[derive(Debug)]
pub struct TermBackend<W> {
    out: W,
    size: Size,
    colors: Colors,
    /// What the terminal shows.
    shown: Vec<Cell>,
    /// The frame in the making; empty if nothing changed.
    frame: Vec<u8>,
    /// Cells of the frame, in order; kept for its memory.
    changed: Vec<Position>,
    /// Where the cells lead.
    links: LinkTable,
    /// The link the next character would be part of.
    link: u16,
    /// Columns after a cluster that the terminal may have drawn wider than it was meant.
    spill: Spill,
    /// What the next character will be drawn with, if known.
    pen: Option<Pen>,
    /// Where the cursor is, if known.
    at: Option<Position>,
    cursor: Cursor,
    bytes: u64,
}

#[derive(Debug, Default)]
struct Cursor {
    shown: Option<bool>,
    wanted: bool,
    position: Position,
}

#[derive(Clone, Copy, Debug, Default)]
struct Spill {
    y: u16,
    next: u16,
    end: u16,
}

impl<W: Write> TermBackend<W> {
    /// A backend for a terminal of this size, of which nothing else is known.
    pub fn new(out: W, size: Size, colors: Colors) -> Self {
        let mut backend = Self {
            out,
            size,
            colors,
            shown: Vec::new(),
            frame: Vec::new(),
            changed: Vec::new(),
            links: LinkTable::default(),
            link: NONE,
            spill: Spill::default(),
            pen: None,
            at: None,
            cursor: Cursor::default(),
            bytes: 0,
        };
        backend.resize(size);
        backend
    }

    /// The terminal has another size; the next frame clears it.
    pub fn resize(&mut self, size: Size) {
        self.size = size;
        self.shown.clear();
        self.shown.resize(usize::from(size.width) * usize::from(size.height), Cell::EMPTY);
        self.links.resize(size.width, self.shown.len());
        self.at = None;
    }

    /// Somebody else wrote to the terminal: nothing is known of its cursor and attributes.
    pub fn forget(&mut self) {
        self.pen = None;
        self.at = None;
        self.cursor.shown = None;
    }

    /// Bytes written to the terminal since the start.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.bytes
    }

    /// Where the bytes go.
    #[must_use]
    pub fn output(&self) -> &W {
        &self.out
    }

    /// Where the bytes go, to write something else there; then [`TermBackend::forget`] what was known.
    pub fn output_mut(&mut self) -> &mut W {
        &mut self.out
    }

    fn begin(&mut self) {
        if self.frame.is_empty() {
            self.frame.extend_from_slice(SYNC_BEGIN);
        }
    }

    fn index(&self, x: u16, y: u16) -> Option<usize> {
        (x < self.size.width && y < self.size.height)
            .then(|| usize::from(y) * usize::from(self.size.width) + usize::from(x))
    }

    fn move_to(&mut self, to: Position) {
        if self.at == Some(to) {
            return;
        }
        self.frame.extend_from_slice(b"\x1b[");
        if self.at.is_none_or(|at| at.y != to.y) {
            push_number(&mut self.frame, to.y + 1);
            self.frame.push(b';');
            push_number(&mut self.frame, to.x + 1);
            self.frame.push(b'H');
        } else {
            push_number(&mut self.frame, to.x + 1);
            self.frame.push(b'G');
        }
        self.at = Some(to);
    }

    /// Draws the cell that `shown` has at a place; returns the columns it takes.
    fn paint(&mut self, at: Position) -> u16 {
        let Some(index) = self.index(at.x, at.y) else {
            return 1;
        };
        self.move_to(at);
        let cell = &self.shown[index];
        let pen = Pen::of(cell, self.colors);
        match self.pen {
            Some(before) => before.change_to(pen, &mut self.frame),
            None => {
                self.frame.extend_from_slice(b"\x1b[m");
                Pen::default().change_to(pen, &mut self.frame);
            }
        }
        self.pen = Some(pen);
        self.lead(self.links.at(index));
        let cell = &self.shown[index];
        let room = self.size.width - at.x;
        let Glyph { text, columns, reach } = Glyph::of(cell.symbol(), room);
        if let Some(reach) = reach {
            self.frame.extend(std::iter::repeat_n(b' ', columns.into()));
            self.frame.extend_from_slice(b"\x1b[");
            push_number(&mut self.frame, at.x + 1);
            self.frame.push(b'G');
            self.frame.extend_from_slice(text.as_bytes());
            self.at = None;
            let end = at.x + reach.min(room);
            let joins = self.spill.y == at.y && self.spill.next <= at.x + columns;
            let far = if joins { self.spill.end.max(end) } else { end };
            self.spill = Spill { y: at.y, next: at.x + columns, end: far };
        } else {
            self.frame.extend_from_slice(text.as_bytes());
            // In the last column the cursor waits to wrap, each terminal in its own way.
            self.at = (columns < room).then(|| Position::new(at.x + columns, at.y));
        }
        columns
    }

    /// Lets the next characters lead somewhere, or nowhere.
    fn lead(&mut self, link: u16) {
        if self.link != link {
            self.links.begin(link, &mut self.frame);
            self.link = link;
        }
    }

    /// Adds the clusters that lead elsewhere than before to those that are drawn.
    fn relink(&mut self, links: &Links) {
        if !self.links.set(links) {
            return;
        }
        let before = self.changed.len();
        for y in 0..self.size.height {
            let mut x = 0;
            while let Some(index) = self.index(x, y) {
                if self.links.changed(index) {
                    self.changed.push(Position::new(x, y));
                }
                x += Glyph::of(self.shown[index].symbol(), self.size.width - x).columns;
            }
        }
        if self.changed.len() > before {
            self.changed.sort_unstable_by_key(|at| (at.y, at.x));
            self.changed.dedup();
        }
    }

    fn paint_changed(&mut self) {
        let changed = std::mem::take(&mut self.changed);
        if !changed.is_empty() {
            self.begin();
        }
        for at in &changed {
            self.mend(if at.y == self.spill.y { at.x } else { u16::MAX });
            let covered = at.y == self.spill.y && at.x < self.spill.next && self.spill.next <= self.spill.end;
            if !covered {
                let columns = self.paint(*at);
                if self.spill.y == at.y {
                    self.spill.next = self.spill.next.max(at.x + columns);
                }
            }
        }
        self.mend(u16::MAX);
        self.spill = Spill::default();
        self.changed = changed;
        self.changed.clear();
    }

    /// Writes the frame that was drawn, whose cells lead where `links` says: in one write, none if nothing changed.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(&mut self, links: &Links) -> io::Result<()> {
        self.relink(links);
        self.paint_changed();
        self.lead(NONE);
        let framed = !self.frame.is_empty();
        if self.cursor.wanted {
            self.move_to(self.cursor.position);
        }
        if self.cursor.shown != Some(self.cursor.wanted) {
            self.frame.extend_from_slice(if self.cursor.wanted { b"\x1b[?25h" } else { b"\x1b[?25l" });
            self.cursor.shown = Some(self.cursor.wanted);
        }
        if framed {
            self.frame.extend_from_slice(SYNC_END);
        }
        if self.frame.is_empty() {
            return Ok(());
        }
        self.bytes += self.frame.len() as u64;
        let written = self.out.write_all(&self.frame).and_then(|()| self.out.flush());
        self.frame.clear();
        written
    }

    /// Draws again what a cluster may have run over, up to a column.
    fn mend(&mut self, limit: u16) {
        while self.spill.next < self.spill.end.min(limit) {
            let at = Position::new(self.spill.next, self.spill.y);
            let columns = self.paint(at);
            self.spill.next = at.x + columns;
        }
    }
}

impl<W: Write> Backend for TermBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        for (x, y, cell) in content {
            if let Some(index) = self.index(x, y) {
                self.shown[index].clone_from(cell);
                self.changed.push(Position::new(x, y));
            }
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.cursor.wanted = false;
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.cursor.wanted = true;
        Ok(())
    }

    /// Where the cursor was last put: the terminal is never asked, its answer would mix with what is typed.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor.position)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        let last = (self.size.width.saturating_sub(1), self.size.height.saturating_sub(1));
        self.cursor.position = Position::new(position.x.min(last.0), position.y.min(last.1));
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.begin();
        // A resize clears once for each of its reasons.
        if !self.frame.ends_with(CLEAR) {
            self.frame.extend_from_slice(CLEAR);
        }
        self.pen = Some(Pen::default());
        self.shown.fill(Cell::EMPTY);
        self.links.clear();
        Ok(())
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        if region == ClearType::All { self.clear() } else { Err(io::ErrorKind::Unsupported.into()) }
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::ZERO })
    }

    /// Nothing yet: [`TermBackend::finish`] writes.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn scroll_region_up(&mut self, _: std::ops::Range<u16>, _: u16) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn scroll_region_down(&mut self, _: std::ops::Range<u16>, _: u16) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

const CLEAR: &[u8] = b"\x1b[m\x1b[2J";
const SYNC_BEGIN: &[u8] = b"\x1b[?2026h";
const SYNC_END: &[u8] = b"\x1b[?2026l";
