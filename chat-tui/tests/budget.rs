//! What a frame costs. Times are held to their budget in release builds; what is counted, in every build.

#![allow(clippy::unwrap_used)]
#![cfg(feature = "tui")]

mod harness;

use std::time::{Duration, Instant};

use chat_tui::tui::term::caps::{Colors, Symbols};
use chat_tui::tui::view::{Theme, ViewCache, draw};
use harness::{GENERAL, Screen, long_history, members, status_of};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// The median of a frame of 120x40, in a release build.
const FRAME_MAX: Duration = Duration::from_micros(250);

const FRAMES: usize = 400;

fn busy(columns: u16, rows: u16) -> Screen {
    let history = long_history(1_500);
    let mut screen = Screen::online(columns, rows, status_of(GENERAL, "general", &history, 1_500));
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
