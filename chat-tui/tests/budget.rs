//! What a frame costs. Times are held to their budget in release builds; what is counted, in every build.

#![allow(clippy::unwrap_used)]
#![cfg(feature = "tui")]

mod harness;

use std::time::{Duration, Instant};

use allocation_counter::measure;
use chat_tui::tui::term::caps::{Colors, Symbols};
use chat_tui::tui::term::screen::Screen as Display;
use chat_tui::tui::view::{Theme, ViewCache, draw};
use harness::{GENERAL, Screen, long_history, members, status_of};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;

/// The median of a frame of 120x40, in a release build.
const FRAME_MAX: Duration = Duration::from_micros(250);

/// What a key writes.
const KEY_BYTES_MAX: usize = 60;

/// Allocations of a key and its frame of 240x70, which has the most of them: one for each block of text and each name in the panes.
const KEY_ALLOCATIONS_MAX: u64 = 260;

const FRAMES: usize = 400;

fn busy(columns: u16, rows: u16) -> Screen {
    with_history(columns, rows, 1_500)
}

fn with_history(columns: u16, rows: u16, messages: u64) -> Screen {
    let history = long_history(messages);
    let mut screen = Screen::online(columns, rows, status_of(GENERAL, "general", &history, messages));
    screen.serve(&history).msg(members(GENERAL)).keys("a line being written");
    screen
}

fn medians(columns: u16, rows: u16) -> (Duration, Duration) {
    let mut screen = busy(columns, rows);
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let mut cache = ViewCache::new(Theme::new(Colors::Ansi16, Symbols::Unicode));
    let mut typing = Vec::with_capacity(FRAMES);
    let mut paging = Vec::with_capacity(FRAMES);
    for frame in 0..FRAMES {
        screen.keys("x");
        let start = Instant::now();
        terminal.draw(|frame| drop(draw(&screen.model, &mut cache, frame))).unwrap();
        typing.push(start.elapsed());
        screen.keys(if frame % 40 < 20 { "<pageup>" } else { "<pagedown>" });
        let start = Instant::now();
        terminal.draw(|frame| drop(draw(&screen.model, &mut cache, frame))).unwrap();
        paging.push(start.elapsed());
    }
    typing.sort_unstable();
    paging.sort_unstable();
    (typing[FRAMES / 2], paging[FRAMES / 2])
}

#[test]
fn a_frame_stays_within_its_budget() {
    for (columns, rows) in [(80, 24), (120, 40), (240, 70)] {
        let (typing, paging) = medians(columns, rows);
        println!("{columns}x{rows}: typing {typing:?}, paging {paging:?} (median, without encoding)");
        let held = (columns, rows) == (120, 40) && !cfg!(debug_assertions);
        assert!(!held || typing.max(paging) <= FRAME_MAX, "{typing:?} {paging:?}");
    }
}

/// What a key and its frame take: bytes written, and allocations made.
fn keystroke(screen: &mut Screen, display: &mut Display<Vec<u8>>, cache: &mut ViewCache, key: &str) -> (usize, u64) {
    let before = display.backend().output().len();
    let made = measure(|| {
        screen.keys(key);
        display.draw_linked(|frame| draw(&screen.model, cache, frame).links).unwrap();
    });
    (display.backend().output().len() - before, made.count_total)
}

#[test]
fn a_key_takes_few_bytes_and_allocations_however_long_the_history_is() {
    for (columns, rows) in [(80, 24), (120, 40), (240, 70)] {
        let costs = [100, 1_500].map(|messages| {
            let mut screen = with_history(columns, rows, messages);
            let size = Size::new(columns, rows);
            // The output has room, so that its growth is not counted.
            let mut display = Display::new(Vec::with_capacity(1_000_000), size, Colors::Ansi256).unwrap();
            let mut cache = ViewCache::new(Theme::new(Colors::Ansi256, Symbols::Unicode));
            keystroke(&mut screen, &mut display, &mut cache, "x");
            let costs: Vec<(usize, u64)> =
                (0..20).map(|_| keystroke(&mut screen, &mut display, &mut cache, "x")).collect();
            let nothing = display.backend().output().len();
            display.draw_linked(|frame| draw(&screen.model, &mut cache, frame).links).unwrap();
            assert_eq!(display.backend().output().len(), nothing, "a frame like the one before");
            costs.into_iter().max().unwrap()
        });
        println!("{columns}x{rows}: bytes and allocations of a key, with 100 and 1500 messages: {costs:?}");
        let (bytes, allocations) = costs[1];
        assert!(bytes <= KEY_BYTES_MAX, "{bytes} bytes");
        assert!(allocations <= KEY_ALLOCATIONS_MAX, "{allocations} allocations");
        assert!(allocations <= costs[0].1 + 5, "{costs:?}");
    }
}
