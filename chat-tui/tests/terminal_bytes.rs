//! What is on the terminal is what was drawn, after every frame, judged by a terminal emulator from the bytes written.
#![cfg(feature = "tui")]
#![allow(clippy::unwrap_used)]

use chat_tui::clean;
use chat_tui::tui::term::caps::Colors;
use chat_tui::tui::term::links::Links;
use chat_tui::tui::term::screen::Screen;
use chat_tui::tui::view::width::{grapheme_width, width};
use proptest::prelude::*;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier, Style};

mod corpus;
mod judge;

use judge::{Judge, sequences};

const WIDTH: u16 = 24;
const HEIGHT: u16 = 4;

/// A piece of text drawn somewhere.
#[derive(Clone, Debug)]
struct Stroke {
    x: u16,
    y: u16,
    text: String,
    style: Style,
    link: Option<&'static str>,
}

/// Draws strokes as a frame and returns the bytes it took.
fn frame(judge: &mut Judge, strokes: &[Stroke], cursor: Option<Position>) -> Vec<u8> {
    judge.draw(|frame| {
        let area = frame.area();
        let mut links = Links::default();
        for Stroke { x, y, text, style, link } in strokes {
            if *x < area.width && *y < area.height {
                frame.buffer_mut().set_string(*x, *y, text, *style);
            }
            if let Some(link) = link {
                links.add(*x, *y, width(text), link);
            }
        }
        if let Some(cursor) = cursor {
            frame.set_cursor_position(cursor);
        }
        links
    })
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
        let mut judge = Judge::new(WIDTH, HEIGHT);
        for strokes in &frames {
            frame(&mut judge, strokes, None);
            judge.assert_same();
            prop_assert_eq!(frame(&mut judge, strokes, None), b"");
        }
    }
}

#[test]
fn a_row_with_difficult_text_keeps_its_right_end_where_it_is() {
    let mut judge = Judge::new(WIDTH, HEIGHT);
    for text in corpus::DIFFICULT {
        frame(&mut judge, &[plain(0, 1, text), plain(20, 1, "|end")], None);
        judge.assert_same();
        let right: String = (20..24).map(|x| judge.emulator.screen().cell(1, x).unwrap().contents()).collect();
        assert_eq!(right, "|end", "after {text:?}");
    }
}

#[test]
fn difficult_text_at_the_right_edge_stays_in_its_row() {
    for text in corpus::DIFFICULT {
        for x in WIDTH - 6..WIDTH {
            let mut judge = Judge::new(WIDTH, HEIGHT);
            frame(&mut judge, &[plain(0, 2, "the row below"), plain(x, HEIGHT - 1, text), plain(x, 1, text)], None);
            judge.assert_same();
        }
    }
}

#[test]
fn a_payload_without_clean_is_no_command_either() {
    let mut judge = Judge::new(WIDTH, HEIGHT);
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
    let mut judge = Judge::new(WIDTH, HEIGHT);
    let strokes = |typed: &str| vec![plain(0, 0, "日本語 ❤️ text"), plain(0, 3, typed)];
    frame(&mut judge, &strokes("> hell"), Some(Position::new(6, 3)));
    judge.assert_same();
    assert_eq!(frame(&mut judge, &strokes("> hell"), Some(Position::new(6, 3))), b"");
    let bytes = frame(&mut judge, &strokes("> hello"), Some(Position::new(7, 3)));
    assert!(bytes.len() <= 60, "{} bytes: {:?}", bytes.len(), String::from_utf8_lossy(&bytes));
    judge.assert_same();
    assert_eq!(judge.emulator.screen().cursor_position(), (3, 7));
    let bytes = frame(&mut judge, &strokes("> hello"), Some(Position::new(2, 3)));
    assert_eq!(bytes, b"\x1b[3G");
    assert!(!judge.emulator.screen().hide_cursor());
    assert_eq!(frame(&mut judge, &strokes("> hello"), None), b"\x1b[?25l");
}

#[test]
fn a_link_over_two_rows_is_one_link_and_costs_nothing_while_it_stays() {
    let mut judge = Judge::new(WIDTH, HEIGHT);
    let link = Some("https://a.example/long");
    let strokes = [
        Stroke { link, ..plain(0, 0, "https://a.") },
        Stroke { link, ..plain(0, 1, "example/long") },
        plain(0, 2, "https://a."),
    ];
    let bytes = String::from_utf8(frame(&mut judge, &strokes, None)).unwrap();
    judge.assert_same();
    let names: Vec<&str> = bytes.matches("id=").collect();
    assert_eq!(names.len(), 1, "the parts follow each other: {bytes:?}");
    assert_eq!(frame(&mut judge, &strokes, None), b"");
    let elsewhere =
        [Stroke { link: Some("https://b.example"), ..strokes[0].clone() }, strokes[1].clone(), strokes[2].clone()];
    let bytes = String::from_utf8(frame(&mut judge, &elsewhere, None)).unwrap();
    judge.assert_same();
    assert!(bytes.contains("https://b.example") && !bytes.contains("example/long"), "{bytes:?}");
    frame(&mut judge, &[plain(0, 0, "https://a."), plain(0, 1, "example/long")], None);
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
    let mut judge = Judge::new(WIDTH, HEIGHT);
    let strokes = [plain(0, 0, "🇩🇪 flags"), plain(10, 3, "corner")];
    frame(&mut judge, &strokes, None);
    judge.emulator.process(b"\x1b[2;2H\x1b[7mnoise\x1b[31m");
    judge.screen.invalidate();
    frame(&mut judge, &strokes, None);
    judge.assert_same();
    judge.screen.resize(Size::new(12, 2)).unwrap();
    judge.emulator.screen_mut().set_size(2.try_into().unwrap(), 12.try_into().unwrap());
    let bytes = frame(&mut judge, &strokes, None);
    assert_eq!(bytes.windows(4).filter(|window| window == b"\x1b[2J").count(), 1);
    judge.assert_same();
    judge.screen.resize(Size::new(30, 6)).unwrap();
    judge.emulator.screen_mut().set_size(6.try_into().unwrap(), 30.try_into().unwrap());
    frame(&mut judge, &strokes, None);
    judge.assert_same();
    assert_eq!(grapheme_width("🇩🇪"), 2);
}
