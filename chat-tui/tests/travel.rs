//! Going by what is new: marks set by hand, mentions, unread and visited rooms, rooms by number.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::{Anchor, RoomId, Seq};
use chat_tui::tui::core::{Effect, Errand, Msg};
use harness::{BOB, CAROL, DEV, GENERAL, History, SERVER, Screen, events, key, page, status, status_of};

fn talk() -> History {
    History::default()
        .said(CAROL, "carol", "hello")
        .said(BOB, "bob", "the disk is full")
        .said(CAROL, "carol", "which Disk? sda or sdb9")
        .said(BOB, "bob", "nothing to see")
        .said(CAROL, "carol", "sdb12 it is")
}

#[test]
fn a_mark_set_by_hand_holds_until_one_comes_back() {
    let mut history = talk();
    let mut screen = Screen::reading(&history.events);
    screen.keys("<esc>kkm");
    assert!(screen.text().contains("new since") && screen.model.selected.is_none(), "{}", screen.text());
    history = history.said(BOB, "bob", "and more");
    screen.net(events(GENERAL, history.events[5..].to_vec())).wait(5_000);
    let marks = |screen: &mut Screen| {
        let mark = |effect: &Effect| matches!(effect, Effect::At(SERVER, Errand::MarkRead { room: GENERAL, .. }));
        screen.taken().iter().filter(|effect| mark(effect)).count()
    };
    assert_eq!(marks(&mut screen), 0, "nothing is marked as read meanwhile");
    screen.keys("<alt-1>").wait(5_000);
    assert_eq!(marks(&mut screen), 0);
    screen.keys("<alt-2>");
    assert_eq!(screen.current(), Some(GENERAL));
    let text = screen.text();
    let at = |words: &str| text.lines().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{text}"));
    assert!(at("new since") < at("which Disk?") && at("new since") > at("the disk is full"), "{text}");
    screen.wait(5_000);
    assert_eq!(marks(&mut screen), 1);
}

#[test]
fn mentions_are_gone_through_also_where_they_are_not_loaded() {
    let mut history = History::default();
    for n in 1..=600 {
        let named = [50, 590, 595].contains(&n);
        history = history.said(BOB, "bob", &if named { format!("alice, look {n}") } else { format!("words {n}") });
    }
    let history = history.events;
    let mut general = status_of(GENERAL, "general", &history, 600);
    general.mentions = vec![Seq(50)];
    (general.read, general.read_ordinal) = (Seq(40), chat_proto::Ordinal(40));
    let mut screen = Screen::online(80, 24, general);
    let (first, newest) = (Anchor::Around(Seq(41)), Anchor::Before(Seq::MAX));
    screen.msg(Msg::Page(key(GENERAL), first, Ok(page(GENERAL, &history, first, 200)))).keys("<alt-end>");
    screen.msg(Msg::Page(key(GENERAL), newest, Ok(page(GENERAL, &history, newest, 200))));
    screen.taken();
    let chosen = |screen: &Screen| screen.model.selected.map_or(0, |seq| seq.0);
    screen.keys("<alt-p>");
    assert_eq!(chosen(&screen), 595);
    screen.keys("<alt-p>");
    assert_eq!(chosen(&screen), 590);
    screen.keys("<alt-p>");
    assert!(screen.fetches().contains(&(GENERAL, Anchor::Around(Seq(50)))));
    let around = Anchor::Around(Seq(50));
    screen.msg(Msg::Page(key(GENERAL), around, Ok(page(GENERAL, &history, around, 60))));
    assert_eq!(chosen(&screen), 50);
    screen.keys("<alt-p>");
    assert!(screen.notice().contains("in what is loaded names you"), "{}", screen.notice());
    screen.keys("]]]");
    assert_eq!((chosen(&screen), screen.notice()), (595, "no message further on names you"));
}

#[test]
fn unread_and_visited_rooms_are_gone_through_and_any_by_two_digits() {
    let history = talk().events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 5));
    let mut feeds = vec![status_of(GENERAL, "general", &history, 5)];
    feeds.extend((2..=14).map(|n| status(RoomId(n), &format!("room{n:02}"), 3, if n == 5 || n == 9 { 1 } else { 3 })));
    screen.welcome(feeds);
    assert_eq!(screen.current(), Some(GENERAL));
    let room = |screen: &Screen| screen.current().unwrap().0;
    screen.keys("<shift-right>");
    assert_eq!(room(&screen), 5);
    screen.keys("<shift-right>");
    assert_eq!(room(&screen), 9);
    screen.keys("<shift-left>");
    assert_eq!(room(&screen), 5);
    screen.keys("<alt-j>12");
    assert_eq!(room(&screen), 12);
    screen.keys("<alt-j>3<enter>");
    assert_eq!(room(&screen), 3);
    screen.keys("<alt-j>99");
    assert_eq!((room(&screen), screen.notice()), (3, "there is no room 99"));
    screen.keys("<alt-j>1x");
    assert_eq!((room(&screen), screen.model.composer().text()), (3, "x"), "another key ends it");
    for before in [12, 5, 9, 5, 1] {
        screen.keys("<alt-<>");
        assert_eq!(room(&screen), before);
    }
    screen.keys("<alt-<>");
    assert_eq!(screen.notice(), "no room was looked at before");
    screen.msg(Msg::Key("alt->".parse().unwrap()));
    assert_eq!(room(&screen), 5);
}

#[test]
fn everything_counts_as_read_at_once_unless_one_only_looks() {
    let history = talk().events;
    let mut screen = Screen::reading(&history);
    screen.keys("<alt-U>");
    let marks: Vec<_> = screen
        .taken()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::At(SERVER, Errand::MarkRead { room, seq }) => Some((room, seq)),
            _ => None,
        })
        .collect();
    assert_eq!(marks, [(DEV, Seq(3))]);
    assert_eq!(screen.notice(), "1 room was marked as read");
    let prefs = chat_tui::tui::core::Prefs { explore: true, ..Default::default() };
    screen.msg(Msg::Prefs(Box::new(prefs))).keys("<alt-U>");
    assert_eq!(screen.taken(), []);
    assert!(screen.notice().contains("only looking"), "{}", screen.notice());
}
