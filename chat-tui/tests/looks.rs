//! How messages look: markup and links, whole frames as pictures and as the letters of their styles.

#![allow(clippy::unwrap_used)]
#![cfg(feature = "tui")]

mod harness;

use chat_tui::tui::term::caps::Colors;
use harness::{ALICE, BOB, CAROL, GENERAL, History, Screen, members, status_of};

/// Every kind of markup, and much that looks like some.
fn marked(columns: u16, rows: u16) -> Screen {
    let history = History::default()
        .created(ALICE, "alice", "Release 0.3")
        .said(
            BOB,
            "bob",
            "**Staging** runs *0.3-rc2*, ~~not 0.2~~; see `p99` at https://grafana.local/d/edge_node?x=1_2.",
        )
        .after(1)
        .said(CAROL, "carol", "> two entries have no expiry\nThat is 2*3*4 of snake_case_name and __init__.")
        .after(9)
        .said(
            ALICE,
            "alice",
            "```rust\nfn backoff(n: u32) -> Duration { // doubles\n    Duration::from_millis(50 << n.min(6))\n}\n```",
        )
        .after(9)
        .said(BOB, "bob", "## Open\n- the ban list (mailto:ops@example.org)\n- `chat-tui` docs")
        .did(CAROL, "carol", "reads *all* of it")
        .events;
    let head = history.len() as u64;
    let mut screen = Screen::online(columns, rows, status_of(GENERAL, "general", &history, head));
    screen.serve(&history).msg(members(GENERAL));
    screen
}

#[test]
fn markup_stays_as_it_was_written() {
    for (columns, rows) in [(120, 40), (80, 24), (50, 15), (20, 3)] {
        insta::assert_snapshot!(format!("markup_{columns}x{rows}"), marked(columns, rows).text());
    }
}

#[test]
fn markup_has_the_colours_of_the_palette() {
    insta::assert_snapshot!(marked(80, 24).styles(Colors::Ansi16));
}

#[test]
fn without_colours_markup_is_told_by_attributes() {
    insta::assert_snapshot!(marked(80, 24).styles(Colors::None));
}

#[test]
fn markup_in_ascii_is_the_same_words() {
    insta::assert_snapshot!(marked(80, 24).text_ascii());
}
