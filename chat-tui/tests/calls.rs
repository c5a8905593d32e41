//! Whom a message calls who isn't looking: rules, ignored people, history, and how often.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::choice::{Ignored, NotifySet};
use chat_proto::{AccountId, Event, Notify, RoomId};
use chat_tui::client::ClientEvent;
use chat_tui::tui::core::{CALL_EVERY, Call, Effect, Msg};
use harness::{ALICE, BOB, CAROL, DEV, GENERAL, History, Screen, events, status, status_of};

/// Somebody who looks at `#general`, of which everything is read; `#dev` has read 1 of 3.
fn screen() -> Screen {
    let history = History::default().said(BOB, "bob", "hello").events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 1));
    screen.serve(&history).taken();
    screen
}

/// The event behind `before` others of a room, by somebody.
fn said(by: AccountId, name: &str, text: &str, before: usize) -> Vec<Event> {
    let mut history = History::default();
    for _ in 0..before {
        history = history.said(BOB, "bob", "before");
    }
    history.said(by, name, text).events.split_off(before)
}

fn calls(screen: &mut Screen) -> Vec<Call> {
    let calls = screen.taken().into_iter().filter_map(|effect| match effect {
        Effect::Call(call) => Some(call),
        _ => None,
    });
    calls.collect()
}

#[test]
fn a_mention_in_another_room_calls_and_other_messages_do_not() {
    let mut screen = screen();
    screen.net(events(DEV, said(BOB, "bob", "nothing special", 3)));
    assert_eq!(calls(&mut screen), []);
    screen.net(events(DEV, said(BOB, "bob", "alice: look\u{1b}]0;x\u{7}", 4)));
    assert_eq!(calls(&mut screen), [Call { title: "bob in #dev".into(), text: "alice: look\u{1b}]0;x\u{7}".into() }]);
    screen.wait(5_000).net(events(DEV, said(ALICE, "alice", "alice talks of alice", 5)));
    assert_eq!(calls(&mut screen), [], "oneself");
}

#[test]
fn the_room_being_looked_at_calls_only_without_attention_or_while_scrolled_away() {
    let mut screen = screen();
    screen.net(events(GENERAL, said(BOB, "bob", "alice: one", 1)));
    assert_eq!(calls(&mut screen), []);
    screen.msg(Msg::Focus(false)).net(events(GENERAL, said(BOB, "bob", "alice: two", 2)));
    assert_eq!(calls(&mut screen).len(), 1);
}

#[test]
fn a_conversation_between_two_calls_with_every_message_and_without_the_name_of_its_room() {
    let mut screen = screen();
    let room = RoomId(9);
    screen.net(ClientEvent::Began(status(room, "dm-1-2", 3, 3)));
    screen.net(events(room, said(BOB, "bob", "are you there?", 3)));
    assert_eq!(calls(&mut screen), [Call { title: "bob".into(), text: "are you there?".into() }]);
}

#[test]
fn what_the_account_chose_for_a_room_counts_and_ignored_people_are_silent() {
    for (rule, plain, named) in [(Notify::All, 1, 1), (Notify::Mentions, 0, 1), (Notify::Nothing, 0, 0)] {
        let mut screen = screen();
        screen.choose(NotifySet { room: DEV, rule });
        screen.net(events(DEV, said(BOB, "bob", "nothing special", 3)));
        assert_eq!(calls(&mut screen).len(), plain, "{rule:?}");
        screen.wait(5_000).net(events(DEV, said(BOB, "bob", "alice: look", 4)));
        assert_eq!(calls(&mut screen).len(), named, "{rule:?}");
    }
    let mut screen = screen();
    screen.choose(Ignored { account: CAROL, name: "carol".to_owned(), on: true });
    screen.net(events(DEV, said(CAROL, "carol", "alice: look", 3)));
    assert_eq!(calls(&mut screen), []);
}

#[test]
fn what_was_said_before_the_session_or_was_read_elsewhere_calls_nobody() {
    let mut screen = screen();
    let mut old = said(BOB, "bob", "alice: yesterday", 3);
    old[0].at.0 -= 3_600_000_000;
    screen.net(events(DEV, old));
    assert_eq!(calls(&mut screen), [], "history");
    screen.welcome(vec![status(GENERAL, "general", 1, 1), status(DEV, "dev", 5, 5)]);
    screen.net(events(DEV, said(BOB, "bob", "alice: read on another device", 4)));
    assert_eq!(calls(&mut screen), [], "read");
    screen.net(events(DEV, said(BOB, "bob", "alice: missed while away", 5)));
    assert_eq!(calls(&mut screen).len(), 1, "coming back begins no other session");
}

#[test]
fn many_messages_make_few_calls_and_none_about_what_was_seen_meanwhile() {
    let mut screen = screen();
    for n in 3..9 {
        screen.net(events(DEV, said(BOB, "bob", "alice: look", n)));
    }
    assert_eq!(calls(&mut screen).len(), 1);
    let every = u64::try_from(CALL_EVERY.as_millis()).unwrap();
    screen.wait(every + 1);
    let later: Vec<String> = calls(&mut screen).into_iter().map(|call| call.text).collect();
    assert_eq!(later, ["alice: look (and 4 more)"]);
    screen.net(events(DEV, said(BOB, "bob", "alice: look", 9)));
    screen.keys("<alt-1>").wait(2 * every);
    assert_eq!(calls(&mut screen), [], "the room is looked at");
}

#[test]
fn a_call_says_no_more_than_a_line() {
    let mut screen = screen();
    screen.net(events(DEV, said(BOB, "bob", &format!("alice: {}", "x".repeat(9_000)), 3)));
    assert!(calls(&mut screen)[0].text.len() <= 200);
}
