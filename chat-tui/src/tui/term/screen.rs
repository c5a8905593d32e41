//! The screen: frames drawn by a closure, brought to the terminal cell by cell.

use std::io::{self, Write};

use ratatui::buffer::{Buffer, Cell, CellDiffOption};
use ratatui::layout::{Rect, Size};
use ratatui::{Frame, Terminal};

use super::backend::TermBackend;
use super::caps::Colors;
use super::links::Links;
use super::title;
use crate::clean::Clean;
use crate::tui::view::width::grapheme_width;

/// A terminal to draw frames on.
#[derive(Debug)]
pub struct Screen<W: Write> {
    terminal: Terminal<TermBackend<W>>,
    /// The terminal shows something else than the last frame.
    stale: bool,
    /// The window's title, once set.
    title: String,
}

impl<W: Write> Screen<W> {
    /// A screen of this size, to be cleared by the first frame.
    ///
    /// # Errors
    /// None of its own; those of the output.
    pub fn new(out: W, size: Size, colors: Colors) -> io::Result<Self> {
        Ok(Self { terminal: Terminal::new(TermBackend::new(out, size, colors))?, stale: true, title: String::new() })
    }

    /// Draws a frame: one write, none if it looks like the last one.
    ///
    /// # Errors
    /// Those of the output.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.draw_linked(|frame| {
            view(frame);
            Links::default()
        })
    }

    /// The same for a frame whose cells lead somewhere.
    ///
    /// # Errors
    /// Those of the output.
    pub fn draw_linked(&mut self, view: impl FnOnce(&mut Frame<'_>) -> Links) -> io::Result<()> {
        if self.stale {
            self.terminal.backend_mut().forget();
            self.terminal.clear()?;
            self.stale = false;
        }
        let mut links = Links::default();
        self.terminal.draw(|frame| {
            links = view(frame);
            settle(frame.buffer_mut());
        })?;
        self.terminal.backend_mut().finish(&links)
    }

    /// The terminal has another size: the next frame is drawn whole.
    ///
    /// # Errors
    /// Those of the output.
    pub fn resize(&mut self, size: Size) -> io::Result<()> {
        self.terminal.backend_mut().resize(size);
        self.stale = true;
        self.terminal.resize(Rect::from((ratatui::layout::Position::ORIGIN, size)))
    }

    /// Somebody else wrote to the terminal: the next frame is drawn whole.
    pub fn invalidate(&mut self) {
        self.stale = true;
    }

    /// Sets the window's title; writes nothing if it is the same.
    ///
    /// # Errors
    /// Those of the output.
    pub fn set_title(&mut self, title: &Clean<'_>) -> io::Result<()> {
        if self.title == title.as_str() {
            return Ok(());
        }
        title.as_str().clone_into(&mut self.title);
        self.terminal.backend_mut().output_mut().write_all(&title::title(title))
    }

    /// What brings the cells to the terminal.
    #[must_use]
    pub fn backend(&self) -> &TermBackend<W> {
        self.terminal.backend()
    }

    /// The same, to change it.
    pub fn backend_mut(&mut self) -> &mut TermBackend<W> {
        self.terminal.backend_mut()
    }
}

/// Makes a frame say exactly which columns show what, so that comparing two frames cell by cell finds every change: what a
/// wide symbol covers holds nothing of its own, and what cannot be shown in its columns holds a blank.
pub fn settle(buffer: &mut Buffer) {
    let (width, area) = (usize::from(buffer.area.width), buffer.area);
    if area.is_empty() {
        return;
    }
    for row in buffer.content.chunks_mut(width) {
        let mut x = 0;
        while let Some(cell) = row.get_mut(x) {
            let symbol = cell.symbol();
            if symbol.len() == 1 && !symbol.as_bytes()[0].is_ascii_control() {
                x += 1;
                continue;
            }
            if symbol.contains(char::is_control) {
                cell.set_char(char::REPLACEMENT_CHARACTER);
            }
            let columns = usize::from(grapheme_width(cell.symbol()));
            if columns == 0 || x + columns > width {
                cell.set_char(' ');
                x += 1;
                continue;
            }
            if columns > 1 {
                let forced = u16::try_from(columns).ok().and_then(std::num::NonZeroU16::new);
                cell.set_diff_option(forced.map_or(CellDiffOption::None, CellDiffOption::ForcedWidth));
                row[x + 1..x + columns].fill(COVERED);
            }
            x += columns;
        }
    }
}

/// A column that shows the rest of the symbol before it.
const COVERED: Cell = {
    let mut cell = Cell::EMPTY;
    cell.diff_option = CellDiffOption::Skip;
    cell
};
