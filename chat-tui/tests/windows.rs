//! Windows and tabs: several rooms seen at once, each read at its own place, and divisions of the screen that are kept.

#![allow(clippy::unwrap_used, clippy::panic)]
#![cfg(feature = "tui")]

mod harness;

use std::collections::BTreeMap;

use chat_proto::{Event, Ordinal, RoomId, Seq};
use chat_tui::tui::core::pointer::{Gesture, Spot};
use chat_tui::tui::core::{Change, Effect, Errand, Msg, Prefs};
use harness::{BOB, DEV, GENERAL, History, RANDOM, SERVER, Screen, events, key, long_history, status_of};

fn history(words: &str) -> Vec<Event> {
    let mut events = long_history(40);
    events.push(said(41, words));
    events
}

/// The message of a number, by bob.
fn said(number: u64, words: &str) -> Event {
    let mut said = History::default().said(BOB, "bob", words).events.remove(0);
    (said.seq, said.ordinal) = (Seq(number), Ordinal(number));
    said
}

/// Three rooms with a history, the first in front, all read.
fn three(columns: u16, rows: u16) -> (Screen, BTreeMap<RoomId, Vec<Event>>) {
    let rooms = [(GENERAL, "general"), (DEV, "dev"), (RANDOM, "random")];
    let histories: BTreeMap<_, _> =
        rooms.iter().map(|(room, name)| (*room, history(&format!("end of {name}")))).collect();
    let mut screen = Screen::new(columns, rows);
    screen.welcome(rooms.iter().map(|(room, name)| status_of(*room, name, &histories[room], 41)).collect());
    serve(&mut screen, &histories);
    (screen, histories)
}

/// Answers what every room that is seen asks for.
fn serve(screen: &mut Screen, histories: &BTreeMap<RoomId, Vec<Event>>) {
    loop {
        let fetches = screen.fetches();
        if fetches.is_empty() {
            return;
        }
        for (room, at) in fetches {
            screen.msg(Msg::Page(key(room), at, Ok(harness::page(room, &histories[&room], at, 200))));
        }
    }
}

fn shown(screen: &Screen) -> Vec<RoomId> {
    screen.model.frames().iter().filter_map(|frame| frame.room).map(|key| key.room).collect()
}

#[test]
fn two_rooms_stand_side_by_side_and_each_stays_where_it_is_read() {
    let (mut screen, histories) = three(120, 30);
    screen.keys("<alt-w>v");
    serve(&mut screen, &histories);
    assert_eq!((shown(&screen), screen.current()), (vec![GENERAL, DEV], Some(DEV)));
    let text = screen.text();
    assert!(text.contains("end of general") && text.contains("end of dev"), "{text}");
    screen.keys("<pageup>");
    let text = screen.text();
    assert!(text.contains("end of general") && !text.contains("end of dev"), "{text}");
    screen.keys("<alt-w><left>");
    assert_eq!(screen.current(), Some(GENERAL));
    screen.keys("hello<enter>");
    let sent = |effect: &Effect| matches!(effect, Effect::At(SERVER, Errand::Send { room: GENERAL, .. }));
    assert!(screen.taken().iter().any(sent));
    assert!(!screen.text().contains("end of dev"), "what the other one shows stays");
    screen.keys("<alt-w>s");
    serve(&mut screen, &histories);
    assert_eq!(shown(&screen), [GENERAL, RANDOM, DEV]);
    screen.keys("<alt-1>");
    assert_eq!((screen.current(), shown(&screen)), (Some(DEV), vec![GENERAL, RANDOM, DEV]), "it is there already");
    screen.keys("<alt-z>");
    assert_eq!(shown(&screen), [DEV]);
    screen.keys("<alt-z><alt-w>q");
    assert_eq!((shown(&screen), screen.current()), (vec![GENERAL, RANDOM], Some(RANDOM)));
}

#[test]
fn what_is_seen_in_any_window_counts_as_read_and_what_is_hidden_does_not() {
    let (mut screen, histories) = three(120, 30);
    screen.keys("<alt-w>v");
    serve(&mut screen, &histories);
    screen.wait(2_000).taken();
    let read = |screen: &mut Screen| -> Vec<RoomId> {
        let mark = |effect| if let Effect::At(_, Errand::MarkRead { room, .. }) = effect { Some(room) } else { None };
        screen.taken().into_iter().filter_map(mark).collect()
    };
    screen.net(events(GENERAL, vec![said(42, "news")])).net(events(RANDOM, vec![said(42, "news")]));
    screen.wait(2_000);
    assert_eq!(read(&mut screen), [GENERAL], "it is beside the one in front");
    screen.keys("<alt-z>");
    screen.net(events(GENERAL, vec![said(43, "more")]));
    screen.wait(2_000);
    assert_eq!(read(&mut screen), [], "it is behind the one in front");
    screen.keys("<alt-z>").wait(2_000);
    assert_eq!(read(&mut screen), [GENERAL]);
}

#[test]
fn tabs_keep_their_windows_and_tell_what_is_new_in_them() {
    let (mut screen, histories) = three(100, 24);
    screen.keys("<alt-w>t");
    serve(&mut screen, &histories);
    assert_eq!((screen.model.windows().tabs(), screen.current()), ((2, 1), Some(DEV)));
    assert!(screen.text().contains("1:#general  2:#dev"), "{}", screen.text());
    screen.keys("<ctrl-pageup>");
    assert_eq!(screen.current(), Some(GENERAL));
    screen.msg(Msg::Point(Gesture::Click, Spot::Tab(1)));
    assert_eq!(screen.current(), Some(DEV));
    screen.keys("/tab 9<enter>");
    assert!(screen.text().contains("there is no tab 9"));
    screen.keys("<ctrl-u>/tab close<enter>");
    assert_eq!((screen.model.windows().tabs(), screen.current()), ((1, 0), Some(GENERAL)));
}

#[test]
fn a_narrow_screen_shows_the_window_in_front_and_the_rest_comes_back() {
    let (mut screen, histories) = three(120, 30);
    screen.keys("<alt-w>v");
    serve(&mut screen, &histories);
    for (columns, rows) in [(120, 30), (80, 24), (50, 15), (20, 3), (1, 1), (300, 100)] {
        screen.msg(Msg::Resize(columns, rows));
        serve(&mut screen, &histories);
        let _ = (screen.text(), screen.text_ascii());
        assert_eq!(shown(&screen).len(), if columns >= 50 { 2 } else { 1 }, "{columns}x{rows}");
    }
}

#[test]
fn the_mouse_goes_to_a_window_and_turns_the_one_it_is_over() {
    let (mut screen, histories) = three(120, 30);
    screen.keys("<alt-w>v");
    serve(&mut screen, &histories);
    let spot = |screen: &Screen, window: usize| {
        let area = screen.model.frames()[window].area;
        screen.hits().at(area.x + 1, area.y + 1).unwrap()
    };
    let left = spot(&screen, 0);
    assert!(matches!(left, Spot::Message { window: 0, .. }), "{left:?}");
    screen.msg(Msg::Point(Gesture::WheelUp, left.clone()));
    assert_eq!(screen.current(), Some(DEV));
    assert!(!screen.text().contains("end of general") && screen.text().contains("end of dev"), "{}", screen.text());
    screen.msg(Msg::Point(Gesture::Click, left));
    assert_eq!(screen.current(), Some(GENERAL));
}

#[test]
fn a_layout_is_kept_in_words_and_comes_back_when_its_rooms_are_known() {
    let (mut screen, histories) = three(120, 30);
    screen.keys("<alt-w>v<alt-w>+<alt-w>s");
    serve(&mut screen, &histories);
    screen.taken();
    screen.keys("/layout save work<enter>");
    let text = "#general |45 (#dev / #random)";
    let kept = Change::Layout { name: "work".to_owned(), text: Some(text.to_owned()) };
    assert!(screen.taken().contains(&Effect::Configure(kept)));

    let rooms = [(GENERAL, "general"), (DEV, "dev"), (RANDOM, "random")];
    let layouts = BTreeMap::from([("work".to_owned(), text.to_owned())]);
    let prefs = Prefs { layouts, layout_name: "work".to_owned(), ..Prefs::default() };
    let mut screen = Screen::at(chat_tui::tui::core::Server::new("host", "alice", []), 120, 30);
    screen.msg(Msg::Prefs(Box::new(prefs)));
    assert_eq!(shown(&screen), []);
    let feeds = |range: std::ops::Range<usize>| {
        rooms[range].iter().map(|(room, name)| status_of(*room, name, &histories[room], 41)).collect()
    };
    screen.welcome(feeds(0..2));
    assert_eq!((shown(&screen), screen.current()), (vec![GENERAL, DEV], Some(GENERAL)));
    screen.taken();
    screen.welcome(feeds(0..3));
    serve(&mut screen, &histories);
    assert_eq!(shown(&screen), [GENERAL, DEV, RANDOM]);
    screen.keys("/layout load nothing<enter>");
    assert!(screen.text().contains("no layout is called nothing"), "{}", screen.text());
    assert_eq!(shown(&screen), [GENERAL, DEV, RANDOM]);
}

#[test]
fn windows_look_like_this() {
    let (mut screen, histories) = three(120, 24);
    screen.keys("<alt-w>v<alt-w>s<alt-w>t<alt-1><ctrl-pageup>");
    serve(&mut screen, &histories);
    screen.net(events(RANDOM, vec![said(42, "alice: news")]));
    insta::assert_snapshot!("windows_120x24", screen.text());
    insta::assert_snapshot!("windows_120x24_ascii", screen.text_ascii());
    screen.msg(Msg::Resize(80, 24));
    insta::assert_snapshot!("windows_80x24", screen.text());
}
