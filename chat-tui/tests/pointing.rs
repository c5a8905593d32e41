//! What the mouse does, and the view without anything beside the text.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::{RoomId, Seq};
use chat_tui::tui::core::pointer::{Gesture, Spot};
use chat_tui::tui::core::{Effect, Errand, Intent, Msg, Tag};
use harness::{BOB, DEV, GENERAL, History, RANDOM, SERVER, Screen, events, long_history, members, status, status_of};

fn screen(columns: u16, rows: u16) -> Screen {
    let history = long_history(200);
    let mut screen = Screen::online(columns, rows, status_of(GENERAL, "general", &history, 200));
    screen.serve(&history).msg(members(GENERAL));
    screen.net(events(
        DEV,
        History::default()
            .said(BOB, "bob", "x")
            .said(BOB, "bob", "x")
            .said(BOB, "bob", "x")
            .said(BOB, "bob", "hi alice")
            .events
            .split_off(3),
    ));
    screen
}

/// Where a text stands on the screen.
fn find(screen: &Screen, wanted: &str, from_row: usize) -> (u16, u16) {
    let text = screen.text();
    let (row, line) = text.lines().enumerate().skip(from_row).find(|(_, line)| line.contains(wanted)).unwrap();
    let column = line[..line.find(wanted).unwrap()].chars().count();
    (u16::try_from(column).unwrap(), u16::try_from(row).unwrap())
}

fn point(screen: &mut Screen, gesture: Gesture, (x, y): (u16, u16)) {
    if let Some(spot) = screen.hits().at(x, y) {
        screen.msg(Msg::Point(gesture, spot));
    }
}

#[test]
fn a_click_on_a_room_goes_there_in_the_list_and_below_the_messages() {
    let mut screen = screen(120, 40);
    let at = find(&screen, "#random", 1);
    point(&mut screen, Gesture::Click, at);
    assert_eq!(screen.current(), Some(RANDOM));
    let at = find(&screen, "1:#dev", 30);
    point(&mut screen, Gesture::Click, at);
    assert_eq!(screen.current(), Some(DEV));
}

#[test]
fn a_click_on_a_message_chooses_it_and_another_one_lets_it_go() {
    let mut screen = screen(120, 40);
    let at = find(&screen, "message 190", 1);
    point(&mut screen, Gesture::Click, at);
    assert_eq!(screen.model.selected, Some(Seq(190)));
    screen.keys("r");
    assert!(matches!(screen.model.room().unwrap().intent, Intent::Reply(Seq(190))));
    screen.keys("<esc>");
    let at = find(&screen, "message 190", 1);
    point(&mut screen, Gesture::Click, at);
    point(&mut screen, Gesture::Click, at);
    assert_eq!(screen.model.selected, None);
    screen.keys("<f1>");
    point(&mut screen, Gesture::Click, at);
    assert!(screen.model.overlay.is_none());
}

#[test]
fn a_click_on_a_member_asks_who_he_is() {
    let mut screen = screen(120, 40);
    let at = find(&screen, "◐ carol", 1);
    screen.taken();
    point(&mut screen, Gesture::Click, at);
    let asked = screen
        .taken()
        .into_iter()
        .any(|effect| matches!(effect, Effect::At(SERVER, Errand::Request(Tag::Whois(name), _)) if name == "carol"));
    assert!(asked);
}

#[test]
fn a_click_in_the_line_moves_the_cursor_there_and_not_beyond_it() {
    let mut screen = screen(80, 24);
    screen.keys("hello wörld and more");
    let (x, y) = find(&screen, "wörld", 20);
    point(&mut screen, Gesture::Click, (x, y));
    screen.keys("X");
    assert_eq!(screen.model.composer().text(), "hello Xwörld and more");
    point(&mut screen, Gesture::Click, (79, y));
    screen.keys("Y");
    assert_eq!(screen.model.composer().text(), "hello Xwörld and moreY");
    point(&mut screen, Gesture::Click, (1, y));
    screen.keys("Z");
    assert_eq!(screen.model.composer().text(), "Zhello Xwörld and moreY");
}

#[test]
fn the_wheel_scrolls_what_it_is_over() {
    let mut screen = screen(120, 8);
    let before = screen.text();
    point(&mut screen, Gesture::WheelUp, (60, 3));
    assert_ne!(screen.text(), before);
    point(&mut screen, Gesture::WheelDown, (60, 3));
    assert_eq!(screen.text(), before);

    let many = (10..40).map(|n| status(RoomId(n), &format!("room{n}"), 1, 1));
    screen.welcome([status(GENERAL, "general", 200, 200)].into_iter().chain(many).collect());
    assert!(screen.text().contains("#room10") && !screen.text().contains("#room39"));
    for _ in 0..20 {
        point(&mut screen, Gesture::WheelDown, (3, 3));
    }
    assert!(screen.text().contains("#room39") && !screen.text().contains("#room10"), "{}", screen.text());
    for _ in 0..3 {
        point(&mut screen, Gesture::WheelDown, (110, 3));
    }
    assert!(screen.text().contains("dave") && !screen.text().contains("owner 1"), "{}", screen.text());

    screen.keys("<f1>");
    let help = screen.text();
    point(&mut screen, Gesture::WheelDown, (60, 3));
    assert_ne!(screen.text(), help);
    point(&mut screen, Gesture::WheelUp, (60, 3));
    assert_eq!(screen.text(), help);
}

#[test]
fn the_mouse_is_the_terminals_on_demand_and_in_the_bare_view() {
    let mut screen = screen(120, 40);
    let asked = |screen: &mut Screen| {
        let asked = screen.taken().into_iter().filter_map(|effect| match effect {
            Effect::Mouse(on) => Some(on),
            _ => None,
        });
        asked.collect::<Vec<bool>>()
    };
    assert_eq!(asked(&mut screen), [false; 0]);
    screen.keys("<alt-m>");
    assert_eq!(asked(&mut screen), [false]);
    screen.keys("<alt-l>");
    assert_eq!(asked(&mut screen), [false; 0]);
    screen.keys("<alt-m>");
    assert_eq!(asked(&mut screen), [false; 0], "not while there is nothing to point at");
    screen.keys("<alt-l>");
    assert_eq!(asked(&mut screen), [true]);
}

#[test]
fn the_bare_view_has_nothing_beside_the_text_at_any_size() {
    for (columns, rows) in [(120, 40), (80, 24), (50, 15), (20, 3)] {
        let mut screen = screen(columns, rows);
        screen.keys("<alt-l>");
        let text = screen.text();
        assert!(!text.contains(['│', '▾']), "{text}");
        screen.keys("<alt-l>");
    }
    let mut screen = screen(80, 24);
    let framed = screen.text();
    screen.keys("<alt-l>");
    insta::assert_snapshot!(screen.text());
    screen.keys("<alt-l>");
    assert_eq!(screen.text(), framed);
}

#[test]
fn every_cell_of_every_size_can_be_pointed_at() {
    for (columns, rows) in [(120, 40), (80, 24), (50, 15), (20, 3), (1, 1)] {
        let screen = screen(columns, rows);
        let hits = screen.hits();
        for (x, y) in (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y))) {
            let spot = hits.at(x, y);
            let below = matches!(spot, Some(Spot::Composer { .. }));
            assert!(y + 1 < rows || below || rows >= 18, "{columns}x{rows}: {x},{y} {spot:?}");
        }
        assert_eq!(hits.at(columns, rows), None);
    }
}
