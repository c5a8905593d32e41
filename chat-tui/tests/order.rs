//! In which order rooms are listed, and what of them counts as new.

#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::choice::{NotifySet, RoomPinned, SetSetting, SettingSet};
use chat_proto::{Event, Notify, Ordinal, Request, Seq};
use chat_tui::tui::core::{Effect, Errand, Msg, Order, Prefs, Tag, hotlist, room_lines};
use harness::{BOB, DEV, GENERAL, History, RANDOM, SERVER, Screen, events, status};

fn screen(order: Order) -> Screen {
    let mut screen = Screen::new(120, 24);
    screen.msg(Msg::Prefs(Box::new(Prefs { order, ..Prefs::default() })));
    screen.welcome(vec![status(GENERAL, "general", 1, 1), status(DEV, "dev", 2, 2), status(RANDOM, "random", 2, 2)]);
    screen
}

fn names(screen: &Screen) -> Vec<String> {
    room_lines(&screen.model).into_iter().map(|line| line.name.to_owned()).collect()
}

fn said(number: u64, words: &str) -> Vec<Event> {
    let mut said = History::default().said(BOB, "bob", words).events;
    (said[0].seq, said[0].ordinal) = (Seq(number), Ordinal(number));
    said
}

#[test]
fn favourites_come_first_and_then_what_the_order_says() {
    let mut screen = screen(Order::Name);
    assert_eq!(names(&screen), ["dev", "general", "random"]);
    screen.choose(RoomPinned { room: RANDOM, on: true });
    assert_eq!(names(&screen), ["random", "dev", "general"]);
    screen.choose(RoomPinned { room: RANDOM, on: false });
    screen.msg(Msg::Prefs(Box::new(Prefs { order: Order::Activity, ..Prefs::default() })));
    screen.net(events(RANDOM, said(3, "hello")));
    assert_eq!(names(&screen), ["random", "dev", "general"]);
    screen.net(events(DEV, said(3, "hello")));
    assert_eq!(names(&screen), ["dev", "random", "general"]);
    screen.net(events(RANDOM, said(4, "alice: hello")));
    assert_eq!(names(&screen), ["random", "dev", "general"], "mentions first");
}

#[test]
fn a_muted_room_counts_what_is_new_and_asks_for_nothing() {
    let mut screen = screen(Order::Activity);
    screen.choose(NotifySet { room: RANDOM, rule: Notify::Nothing });
    assert!(screen.text().contains("#random     muted"), "{}", screen.text());
    screen.net(events(RANDOM, said(3, "alice: hello"))).net(events(DEV, said(3, "hello")));
    let hot: Vec<&str> = hotlist(&screen.model).iter().map(|line| line.name).collect();
    assert_eq!(hot, ["dev"]);
    assert!(screen.text().contains("#random      @1 1"), "{}", screen.text());
    let title =
        screen.taken().into_iter().rev().find_map(|it| if let Effect::Title(title) = it { Some(title) } else { None });
    assert_eq!(title.unwrap(), "(1) #general — chat");
}

#[test]
fn rooms_stay_where_the_person_puts_them_on_every_device() {
    let mut screen = screen(Order::Name);
    screen.keys("/move up<enter>");
    assert!(screen.text().contains("/set ui.order hand lets you put them"), "{}", screen.text());
    screen.keys("<ctrl-u>").msg(Msg::Prefs(Box::new(Prefs { order: Order::Hand, ..Prefs::default() }))).taken();
    let put = |screen: &mut Screen| {
        screen.taken().into_iter().find_map(|effect| match effect {
            Effect::At(SERVER, Errand::Request(Tag::Done(_), Request::SetSetting(SetSetting { name, value, .. }))) => {
                Some((name, value))
            }
            _ => None,
        })
    };
    screen.keys("<alt-shift-down>");
    let (name, value) = put(&mut screen).unwrap();
    assert_eq!((name.as_str(), value.as_str()), ("rooms.order", "2 3 1"), "dev, random, general");
    screen.choose(SettingSet { name, value });
    assert_eq!(names(&screen), ["dev", "random", "general"]);
    screen.keys("/move top<enter>");
    assert_eq!(put(&mut screen).unwrap().1, "1 2 3");
    screen.choose(SettingSet { name: "rooms.order".to_owned(), value: "3 nonsense 99 1".to_owned() });
    assert_eq!(names(&screen), ["random", "general", "dev"], "what it doesn't name stands behind");
}
