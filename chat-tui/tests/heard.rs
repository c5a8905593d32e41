//! What is told line by line to who has no screen.

#![allow(clippy::unwrap_used)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::event::{Edited, PostedWith, Style};
use chat_proto::{Attached, FileHash};
use chat_tui::client::{ClientEvent, LinkState};
use chat_tui::tui::core::heard::Heard;
use harness::{ALICE, BOB, CAROL, DEV, GENERAL, History, Screen, events, status_of};
use std::time::Duration;

/// A screen too low for anything, as whoever prints lines has it.
fn screen(history: &[chat_proto::Event]) -> Screen {
    let head = history.len() as u64;
    let mut screen = Screen::online(80, 3, status_of(GENERAL, "general", history, head));
    screen.serve(history);
    screen
}

#[test]
fn a_room_is_told_with_its_last_messages_and_then_what_is_new() {
    let history = History::default()
        .created(ALICE, "alice", "Release 0.3")
        .joined(BOB, "bob")
        .said(BOB, "bob", "hello\nall")
        .events;
    let mut screen = screen(&history);
    let mut heard = Heard::default();
    let told = heard.news(&screen.model);
    let expected = [
        "-- connected to chat.example.org",
        "-- #general: Release 0.3",
        "11:50 * alice created the room",
        "11:50 * bob joined",
        "11:50 bob: hello\n  all",
        "-- #dev: 2 new",
    ];
    assert_eq!(told, expected);
    assert_eq!(heard.news(&screen.model), Vec::<String>::new());
    let mut next = History::default();
    next.events = history;
    let next = next.after(1).did(CAROL, "carol", "waves");
    let edited = Edited {
        name: "bob".into(),
        target: chat_proto::Seq(3),
        text: "hello everybody".into(),
        mentions: vec![],
        visible_to: None,
    };
    let next = next.push(BOB, edited.into()).events.split_off(3);
    screen.net(events(GENERAL, next));
    assert_eq!(heard.news(&screen.model), ["11:51 * carol waves", "11:51 * bob changed a message to: hello everybody"]);
}

#[test]
fn only_the_last_messages_of_a_long_history_are_told() {
    let mut history = History::default();
    for n in 0..40 {
        history = history.said(BOB, "bob", &format!("number {n}"));
    }
    let screen = screen(&history.events);
    let told = Heard::default().news(&screen.model);
    let messages: Vec<&String> = told.iter().filter(|line| line.contains("number")).collect();
    assert_eq!(messages.len(), 10);
    assert!(messages[0].ends_with("number 30") && messages[9].ends_with("number 39"), "{told:?}");
}

#[test]
fn other_rooms_help_and_a_lost_connection_are_told_once() {
    let history = History::default().said(BOB, "bob", "hello").events;
    let mut screen = screen(&history);
    let mut heard = Heard::default();
    heard.news(&screen.model);
    let mut dev = History::default()
        .said(BOB, "bob", "x")
        .said(BOB, "bob", "x")
        .said(BOB, "bob", "x")
        .said(BOB, "bob", "hi alice");
    screen.net(events(DEV, dev.events.split_off(3)));
    assert_eq!(heard.news(&screen.model), ["-- #dev: 3 new, 1 for you"]);
    screen.keys("/nonsense<enter>");
    assert!(heard.news(&screen.model)[0].starts_with("-- "));
    screen.keys("<ctrl-u>/help join<enter>");
    let help = heard.news(&screen.model);
    assert!(help[0] == "-- /join:" && help[1].starts_with("   /join"), "{help:?}");
    screen.keys("<esc>");
    let mut told = Vec::new();
    for _ in 0..3 {
        let waiting = LinkState::Waiting { retry_in: Duration::from_secs(1), reason: "no answer".to_owned() };
        for state in [waiting, LinkState::Connecting] {
            screen.net(ClientEvent::Link(state));
            told.extend(heard.news(&screen.model));
        }
    }
    assert_eq!(told, ["-- offline: no answer"]);
    screen.net(ClientEvent::Link(LinkState::Online));
    assert_eq!(heard.news(&screen.model), ["-- connected to chat.example.org"]);
}

#[test]
fn what_was_read_out_is_in_front_no_more_and_nothing_stays_scrolled_away() {
    let mut screen = screen(&harness::long_history(60));
    assert_eq!(Heard::behind(&screen.model), None);
    screen.keys("<f1>");
    let close = Heard::behind(&screen.model).unwrap();
    screen.msg(close);
    assert!(screen.model.overlay.is_none());
    screen.keys("<pageup><pageup><pageup><pageup><pageup><pageup>");
    let follows = |screen: &Screen| screen.model.room().unwrap().timeline.follows();
    assert!(!follows(&screen));
    for _ in 0..100 {
        let Some(msg) = Heard::behind(&screen.model) else { break };
        screen.msg(msg);
    }
    assert!(follows(&screen));
    assert_eq!(Heard::behind(&screen.model), None);
}

#[test]
fn what_there_is_to_choose_from_and_what_is_chosen_is_told() {
    let history = History::default().said(BOB, "bob", "one").said(CAROL, "carol", "two\nlines").events;
    let mut screen = screen(&history);
    let mut heard = Heard::default();
    let mut told = |screen: &mut Screen, keys: &str| {
        screen.keys(keys);
        let told = heard.news(&screen.model);
        while let Some(msg) = Heard::behind(&screen.model) {
            screen.msg(msg);
        }
        told
    };
    told(&mut screen, "");
    let opened = told(&mut screen, "<ctrl-k>");
    assert_eq!((opened.len(), opened[0].as_str()), (2, "-- go to:"));
    assert!(opened[1].starts_with("   #dev  2 new (1 of "), "{opened:?}");
    let next = told(&mut screen, "<down>");
    assert!(next.len() == 1 && next[0].starts_with("   #random (2 of "), "{next:?}");
    let typed = told(&mut screen, "#zzz");
    assert_eq!(typed, ["   nothing fits"]);
    assert_eq!(told(&mut screen, "<esc>"), Vec::<String>::new());
    assert_eq!(told(&mut screen, "<ctrl-k>")[0], "-- go to:");
    told(&mut screen, "<esc>");
    assert_eq!(told(&mut screen, "<shift-up>"), ["-- chosen: 11:50 carol: two\n  lines"]);
    assert_eq!(told(&mut screen, "<up>"), ["-- chosen: 11:50 bob: one"]);
    assert_eq!(told(&mut screen, "<esc>"), Vec::<String>::new());
}

#[test]
fn a_file_is_told_with_the_words_of_its_message() {
    let file = Attached {
        name: "flame.svg".to_owned(),
        media_type: "image/svg+xml".to_owned(),
        size: 421_888,
        hash: FileHash([1; 32]),
    };
    let (name, text) = ("bob".to_owned(), "the profile".to_owned());
    let body = PostedWith { name, style: Style::Text, text, mentions: Vec::new(), extras: vec![file.into()] };
    let history = History::default().created(ALICE, "alice", "").push(BOB, body.into()).events;
    let told = Heard::default().news(&screen(&history).model);
    assert!(told.iter().any(|line| line.ends_with("bob: the profile [file: flame.svg 412 KB]")), "{told:#?}");
}
