//! What is on the terminal is what was drawn, after every frame, judged by a terminal emulator from the bytes written.
#![cfg(feature = "tui")]
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use chat_tui::clean;
use chat_tui::tui::term::caps::Colors;
use chat_tui::tui::term::links::Links;
use chat_tui::tui::term::screen::{Screen, settle};
use chat_tui::tui::view::width::{grapheme_width, width};
use proptest::prelude::*;
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier, Style};

mod corpus;
#[path = "pty/sequences.rs"]
#[allow(dead_code)]
mod sequences;

const WIDTH: u16 = 24;
const HEIGHT: u16 = 4;

/// A screen whose bytes an emulator reads.
struct Judge {
    screen: Screen<Vec<u8>>,
    emulator: vt100::Parser,
    read: usize,
    drawn: Buffer,
    /// Where the frame's cells lead.
    links: Links,
    /// Where those of the emulator do.
    led: HashMap<(u16, u16), String>,
}

/// A piece of text drawn somewhere.
#[derive(Clone, Debug)]
struct Stroke {
    x: u16,
    y: u16,
    text: String,
    style: Style,
    link: Option<&'static str>,
}

impl Judge {
    fn new() -> Self {
        let size = Size::new(WIDTH, HEIGHT);
        Self {
            screen: Screen::new(Vec::new(), size, Colors::True).unwrap(),
            emulator: vt100::Parser::new(HEIGHT.try_into().unwrap(), WIDTH.try_into().unwrap(), 0),
            read: 0,
            drawn: Buffer::default(),
            links: Links::default(),
            led: HashMap::new(),
        }
    }

    /// Draws a frame and returns the bytes it took.
    fn frame(&mut self, strokes: &[Stroke], cursor: Option<Position>) -> Vec<u8> {
        let mut drawn = Buffer::default();
        let mut links = Links::default();
        for stroke in strokes {
            if let Some(link) = &stroke.link {
                links.add(stroke.x, stroke.y, width(&stroke.text), link);
            }
        }
        self.links = links.clone();
        self.screen
            .draw_linked(|frame| {
                let area = frame.area();
                for stroke in strokes {
                    if stroke.x < area.width && stroke.y < area.height {
                        frame.buffer_mut().set_string(stroke.x, stroke.y, &stroke.text, stroke.style);
                    }
                }
                if let Some(cursor) = cursor {
                    frame.set_cursor_position(cursor);
                }
                drawn = frame.buffer_mut().clone();
                links
            })
            .unwrap();
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

    fn assert_same(&self) {
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
    let named = [(Color::Red, 1), (Color::LightBlue, 12)];
    if let Color::Rgb(r, g, b) = color {
        vt100::Color::Rgb(r, g, b)
    } else if let Color::Indexed(index) = color {
        vt100::Color::Idx(index)
    } else {
        let index = named.iter().find(|(known, _)| *known == color);
        index.map_or(vt100::Color::Default, |(_, index)| vt100::Color::Idx(*index))
    }
}

fn plain(x: u16, y: u16, text: &str) -> Stroke {
    Stroke { x, y, text: clean::line(text).into_string(), style: Style::new(), link: None }
}

fn styles() -> impl Strategy<Value = Style> {
    let colors = || {
        prop::sample::select(vec![Color::Reset, Color::Red, Color::LightBlue, Color::Indexed(200), Color::Rgb(1, 2, 3)])
    };
    let modifiers = prop::bits::u16::masked(
        (Modifier::BOLD | Modifier::DIM | Modifier::ITALIC | Modifier::UNDERLINED | Modifier::REVERSED).bits(),
    );
    (colors(), colors(), modifiers)
        .prop_map(|(fg, bg, modifier)| Style::new().fg(fg).bg(bg).add_modifier(Modifier::from_bits_truncate(modifier)))
}

fn texts() -> impl Strategy<Value = String> {
    let payloads: Vec<&str> = corpus::INJECTIONS.iter().map(|(_, payload)| *payload).collect();
    prop_oneof![
        6 => prop::sample::select(corpus::DIFFICULT).prop_map(str::to_owned),
        2 => prop::sample::select(payloads).prop_map(str::to_owned),
        2 => "[a-z ]{1,12}",
        1 => "\\PC{1,6}",
    ]
}

fn links() -> impl Strategy<Value = Option<&'static str>> {
    let links = [
        "https://a.example/x_y",
        "mailto:a@b.example",
        "chat://c.example/日本",
        "javascript:alert(1)",
        "https://\x1b]0;x\x07",
    ];
    prop_oneof![3 => Just(None), 1 => prop::sample::select(links.to_vec()).prop_map(Some)]
}

fn frames() -> impl Strategy<Value = Vec<Vec<Stroke>>> {
    let stroke = (0..WIDTH, 0..HEIGHT, texts(), prop_oneof![Just(Style::new()), styles()], links())
        .prop_map(|(x, y, text, style, link)| Stroke { x, y, text: clean::line(&text).into_string(), style, link });
    prop::collection::vec(prop::collection::vec(stroke, 0..8), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_terminal_shows_every_frame_as_it_was_drawn(frames in frames()) {
        let mut judge = Judge::new();
        for frame in &frames {
            judge.frame(frame, None);
            judge.assert_same();
            prop_assert_eq!(judge.frame(frame, None), b"");
        }
    }
}

#[test]
fn a_row_with_difficult_text_keeps_its_right_end_where_it_is() {
    let mut judge = Judge::new();
    for text in corpus::DIFFICULT {
        judge.frame(&[plain(0, 1, text), plain(20, 1, "|end")], None);
        judge.assert_same();
        let right: String = (20..24).map(|x| judge.emulator.screen().cell(1, x).unwrap().contents()).collect();
        assert_eq!(right, "|end", "after {text:?}");
    }
}

#[test]
fn difficult_text_at_the_right_edge_stays_in_its_row() {
    for text in corpus::DIFFICULT {
        for x in WIDTH - 6..WIDTH {
            let mut judge = Judge::new();
            judge.frame(&[plain(0, 2, "the row below"), plain(x, HEIGHT - 1, text), plain(x, 1, text)], None);
            judge.assert_same();
        }
    }
}

#[test]
fn a_payload_without_clean_is_no_command_either() {
    let mut judge = Judge::new();
    for (name, payload) in corpus::INJECTIONS {
        judge
            .screen
            .draw(|frame| {
                frame.buffer_mut()[(0, 0)].set_symbol(payload);
                frame.buffer_mut()[(3, 0)].set_symbol("\x1b");
            })
            .unwrap();
        let bytes = &judge.screen.backend().output()[judge.read..];
        for piece in sequences::pieces(bytes) {
            let fine = matches!(&piece, sequences::Piece::Text(_))
                || matches!(&piece, sequences::Piece::Csi(csi) if sequences::is_frame_sequence(csi));
            assert!(fine, "{name}: {piece:?}");
        }
        judge.read += bytes.len();
    }
}

#[test]
fn an_unchanged_frame_takes_no_bytes_and_a_typed_character_few() {
    let mut judge = Judge::new();
    let strokes = |typed: &str| vec![plain(0, 0, "日本語 ❤️ text"), plain(0, 3, typed)];
    judge.frame(&strokes("> hell"), Some(Position::new(6, 3)));
    judge.assert_same();
    assert_eq!(judge.frame(&strokes("> hell"), Some(Position::new(6, 3))), b"");
    let bytes = judge.frame(&strokes("> hello"), Some(Position::new(7, 3)));
    assert!(bytes.len() <= 60, "{} bytes: {:?}", bytes.len(), String::from_utf8_lossy(&bytes));
    judge.assert_same();
    assert_eq!(judge.emulator.screen().cursor_position(), (3, 7));
    let bytes = judge.frame(&strokes("> hello"), Some(Position::new(2, 3)));
    assert_eq!(bytes, b"\x1b[3G");
    assert!(!judge.emulator.screen().hide_cursor());
    assert_eq!(judge.frame(&strokes("> hello"), None), b"\x1b[?25l");
}

#[test]
fn a_link_over_two_rows_is_one_link_and_costs_nothing_while_it_stays() {
    let mut judge = Judge::new();
    let link = Some("https://a.example/long");
    let strokes = [
        Stroke { link, ..plain(0, 0, "https://a.") },
        Stroke { link, ..plain(0, 1, "example/long") },
        plain(0, 2, "https://a."),
    ];
    let bytes = String::from_utf8(judge.frame(&strokes, None)).unwrap();
    judge.assert_same();
    let names: Vec<&str> = bytes.matches("id=").collect();
    assert_eq!(names.len(), 1, "the parts follow each other: {bytes:?}");
    assert_eq!(judge.frame(&strokes, None), b"");
    let elsewhere =
        [Stroke { link: Some("https://b.example"), ..strokes[0].clone() }, strokes[1].clone(), strokes[2].clone()];
    let bytes = String::from_utf8(judge.frame(&elsewhere, None)).unwrap();
    judge.assert_same();
    assert!(bytes.contains("https://b.example") && !bytes.contains("example/long"), "{bytes:?}");
    judge.frame(&[plain(0, 0, "https://a."), plain(0, 1, "example/long")], None);
    judge.assert_same();
}

#[test]
fn a_frame_is_one_synchronized_update_in_one_write() {
    #[derive(Debug)]
    struct Writes(Vec<Vec<u8>>);
    impl std::io::Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut screen = Screen::new(Writes(Vec::new()), Size::new(WIDTH, HEIGHT), Colors::True).unwrap();
    for text in ["one", "two"] {
        screen.draw(|frame| frame.buffer_mut().set_string(0, 0, text, Style::new())).unwrap();
    }
    let writes = &screen.backend().output().0;
    assert_eq!(writes.len(), 2);
    for write in writes {
        assert!(write.starts_with(b"\x1b[?2026h") && write.ends_with(b"\x1b[?2026l"), "{write:?}");
    }
    assert_eq!(screen.backend().bytes_written(), writes.iter().map(|w| w.len() as u64).sum::<u64>());
}

#[test]
fn after_a_resize_or_a_foreign_write_the_frame_is_drawn_whole() {
    let mut judge = Judge::new();
    let strokes = [plain(0, 0, "🇩🇪 flags"), plain(10, 3, "corner")];
    judge.frame(&strokes, None);
    judge.emulator.process(b"\x1b[2;2H\x1b[7mnoise\x1b[31m");
    judge.screen.invalidate();
    judge.frame(&strokes, None);
    judge.assert_same();
    judge.screen.resize(Size::new(12, 2)).unwrap();
    judge.emulator.screen_mut().set_size(2.try_into().unwrap(), 12.try_into().unwrap());
    let bytes = judge.frame(&strokes, None);
    assert_eq!(bytes.windows(4).filter(|window| window == b"\x1b[2J").count(), 1);
    judge.assert_same();
    judge.screen.resize(Size::new(30, 6)).unwrap();
    judge.emulator.screen_mut().set_size(6.try_into().unwrap(), 30.try_into().unwrap());
    judge.frame(&strokes, None);
    judge.assert_same();
    assert_eq!(grapheme_width("🇩🇪"), 2);
}
