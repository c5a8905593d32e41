//! A screen whose bytes a terminal emulator reads, and whoever compares what both show.

#![allow(dead_code, clippy::unwrap_used)]

use std::collections::HashMap;

use chat_tui::tui::term::caps::Colors;
use chat_tui::tui::term::links::Links;
use chat_tui::tui::term::screen::{Screen, settle};
use ratatui::Frame;
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier};

#[path = "../pty/sequences.rs"]
pub(crate) mod sequences;

/// A screen whose bytes an emulator reads.
pub(crate) struct Judge {
    pub(crate) screen: Screen<Vec<u8>>,
    pub(crate) emulator: vt100::Parser,
    pub(crate) read: usize,
    pub(crate) drawn: Buffer,
    /// Where the frame's cells lead.
    links: Links,
    /// Where those of the emulator do.
    led: HashMap<(u16, u16), String>,
}

impl Judge {
    pub(crate) fn new(width: u16, height: u16) -> Self {
        let size = Size::new(width, height);
        Self {
            screen: Screen::new(Vec::new(), size, Colors::True).unwrap(),
            emulator: vt100::Parser::new(height.try_into().unwrap(), width.try_into().unwrap(), 0),
            read: 0,
            drawn: Buffer::default(),
            links: Links::default(),
            led: HashMap::new(),
        }
    }

    /// Draws a frame and returns the bytes it took.
    pub(crate) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>) -> Links) -> Vec<u8> {
        let mut drawn = Buffer::default();
        let mut links = Links::default();
        self.screen
            .draw_linked(|frame| {
                links = view(frame);
                drawn = frame.buffer_mut().clone();
                links.clone()
            })
            .unwrap();
        self.links = links;
        settle(&mut drawn);
        self.drawn = drawn;
        let bytes = self.screen.backend().output()[self.read..].to_vec();
        self.read += bytes.len();
        let mut link = None;
        for piece in sequences::pieces(&bytes) {
            let fine = match &piece {
                sequences::Piece::Text(text) => {
                    self.print(text, link.as_deref());
                    true
                }
                sequences::Piece::Csi(csi) => {
                    self.emulator.process(format!("\x1b[{csi}").as_bytes());
                    if csi == "2J" {
                        self.led.clear();
                    }
                    sequences::is_frame_sequence(csi)
                }
                sequences::Piece::Osc(osc) => {
                    let target = osc.splitn(3, ';').nth(2).unwrap_or_default();
                    link = Some(target.to_owned()).filter(|target| !target.is_empty());
                    sequences::is_frame_command(osc)
                }
                sequences::Piece::Control(_) | sequences::Piece::Other(_) => false,
            };
            assert!(fine, "{piece:?}");
        }
        assert_eq!(link, None, "a link goes on behind the frame");
        bytes
    }

    /// Where a cell of the emulator leads.
    pub(crate) fn leads(&self, x: u16, y: u16) -> Option<&str> {
        self.led.get(&(x, y)).map(String::as_str)
    }

    /// Lets the emulator print, and notes where what it prints leads.
    fn print(&mut self, text: &str, link: Option<&str>) {
        for c in text.chars() {
            let (y, x) = self.emulator.screen().cursor_position();
            self.emulator.process(c.encode_utf8(&mut [0; 4]).as_bytes());
            let columns = u16::try_from(unicode_width::UnicodeWidthChar::width(c).unwrap_or(0)).unwrap();
            for x in x..x + columns {
                match link {
                    Some(link) => self.led.insert((x, y), link.to_owned()),
                    None => self.led.remove(&(x, y)),
                };
            }
        }
    }

    /// Panics unless the emulator shows the frame.
    pub(crate) fn assert_same(&self) {
        let screen = self.emulator.screen();
        for y in 0..self.drawn.area.height {
            let mut x = 0;
            while x < self.drawn.area.width {
                let cell = &self.drawn[(x, y)];
                let columns = match cell.diff_option {
                    CellDiffOption::ForcedWidth(columns) => columns.get(),
                    CellDiffOption::None | CellDiffOption::Skip | CellDiffOption::AlwaysUpdate => 1,
                };
                let at = |x: u16| screen.cell(y, x).unwrap();
                let shown: String = (x..x + columns).map(|x| at(x).contents()).collect();
                let shown = if shown.is_empty() { " " } else { shown.as_str() };
                // The emulator knows no clusters, so of a joined emoji it keeps the first part in the columns of the whole.
                let first = cell.symbol().chars().next().unwrap();
                // It leaves out the replacement character.
                let first = if first == '\u{fffd}' { ' ' } else { first };
                let same = cell.symbol().starts_with(shown.trim_end()) && shown.starts_with(first);
                assert!(same, "{:?} instead of {:?} at {x},{y}\n{}", shown, cell.symbol(), screen.contents());
                let first = at(x);
                let has = |modifier| cell.modifier.contains(modifier);
                assert_eq!(first.fgcolor(), color(cell.fg), "{x},{y} {cell:?}");
                assert_eq!(first.bgcolor(), color(cell.bg), "{x},{y} {cell:?}");
                // The emulator has one intensity.
                if !has(Modifier::BOLD | Modifier::DIM) {
                    assert_eq!(first.bold(), has(Modifier::BOLD), "{x},{y} {cell:?}");
                    assert_eq!(first.dim(), has(Modifier::DIM), "{x},{y} {cell:?}");
                }
                assert_eq!(first.italic(), has(Modifier::ITALIC), "{x},{y} {cell:?}");
                assert_eq!(first.underline(), has(Modifier::UNDERLINED), "{x},{y} {cell:?}");
                assert_eq!(self.led.get(&(x, y)).map(String::as_str), self.links.at(x, y), "{x},{y} {cell:?}");
                assert_eq!(first.inverse(), has(Modifier::REVERSED), "{x},{y} {cell:?}");
                x += columns;
            }
        }
    }
}

fn color(color: Color) -> vt100::Color {
    if let Color::Rgb(r, g, b) = color {
        vt100::Color::Rgb(r, g, b)
    } else if let Color::Indexed(index) = color {
        vt100::Color::Idx(index)
    } else {
        let index = PALETTE.iter().position(|known| *known == color);
        index.map_or(vt100::Color::Default, |index| vt100::Color::Idx(u8::try_from(index).unwrap()))
    }
}

const PALETTE: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];
