//! What is begun and not sent follows the person from device to device.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, unreachable_pub)]
#![cfg(all(unix, feature = "tui"))]

mod harness;
mod pty;
mod support;

use std::time::Duration;

use chat_proto::choice::{DraftSet, SetDraft};
use chat_proto::delivery::Events;
use chat_proto::reply::{Done, Reject, RejectCode};
use chat_proto::{Chain, DeviceId, Epoch, Event, FeedId, MessageKey, Ordinal, Reply, Request, RoomId, Seq, Timestamp};
use chat_tui::client::{ClientEvent, LinkState};
use chat_tui::tui::core::{Effect, Effects, Errand, Msg, Prefs, Tag, last_words};
use harness::{ALICE, DEV, GENERAL, MORNING, SERVER, Screen, key, status};
use pty::{Pty, program};
use support::TestServer;

fn screen() -> Screen {
    let mut screen = Screen::online(100, 24, status(GENERAL, "general", 1, 1));
    screen.wait(1_000).taken();
    screen
}

fn set(room: RoomId, text: &str) -> Request {
    SetDraft { key: MessageKey::default(), room, text: text.to_owned() }.into()
}

/// The drafts asked for since the last look.
fn kept(screen: &mut Screen) -> Vec<Request> {
    let asked = screen.taken().into_iter().filter_map(|effect| match effect {
        Effect::At(SERVER, Errand::Request(Tag::Draft(_), request)) => Some(request),
        _ => None,
    });
    asked.collect()
}

/// A draft of the account, as its feed tells of it.
fn told(screen: &mut Screen, seq: u64, room: RoomId, text: &str) {
    let event = Event {
        seq: Seq(seq),
        ordinal: Ordinal(0),
        at: Timestamp(MORNING),
        by: ALICE,
        device: DeviceId(7),
        key: MessageKey::default(),
        body: DraftSet { room, text: text.to_owned() }.into(),
    };
    let feed = FeedId::Account(ALICE);
    screen.net(ClientEvent::Events(Events { feed, epoch: Epoch(1), events: vec![event], chain: Chain::default() }));
}

fn done(screen: &mut Screen, room: RoomId) {
    screen.msg(Msg::Answer(SERVER, Tag::Draft(room), Ok(Reply::Done(Done {}))));
}

fn line(screen: &Screen) -> &str {
    screen.model.composer().text()
}

#[test]
fn what_is_written_is_kept_after_the_last_key_and_at_once_when_the_room_is_left_or_the_line_is_empty() {
    let mut screen = screen();
    screen.keys("wel").wait(1_500).keys("l, I").wait(1_900);
    assert_eq!(kept(&mut screen), [], "two seconds since the last key are not over");
    screen.wait(200);
    assert_eq!(kept(&mut screen), [set(GENERAL, "well, I")]);
    screen.wait(60_000);
    assert_eq!(kept(&mut screen), [], "once");
    done(&mut screen, GENERAL);
    told(&mut screen, 1, GENERAL, "well, I");
    screen.keys(" mean<alt-1>");
    assert_eq!(screen.current(), Some(DEV));
    assert_eq!(kept(&mut screen), [set(GENERAL, "well, I mean")]);
    assert!(screen.text().contains("✎"), "{}", screen.text());
    assert!(screen.text_ascii().contains(" ~"), "{}", screen.text_ascii());
    told(&mut screen, 2, GENERAL, "well, I mean");
    screen.keys("<alt-2>");
    assert!(!screen.text().contains("✎"), "it stands in the line");
    screen.keys("<enter>");
    assert_eq!(kept(&mut screen), [set(GENERAL, "")], "it is sent, so it is no draft");
}

#[test]
fn commands_secrets_and_words_of_old_messages_are_no_drafts() {
    let mut screen = screen();
    screen.keys("/msg bob hel").wait(5_000).keys("<ctrl-u>s/a/b/").wait(5_000);
    screen.keys("<ctrl-u>/password<enter>correct horse").wait(5_000).keys("<esc>");
    assert_eq!(kept(&mut screen), []);
    screen.keys("//shrug").wait(5_000);
    assert_eq!(kept(&mut screen), [set(GENERAL, "//shrug")], "that is said");
}

#[test]
fn a_draft_of_another_device_appears_and_never_in_what_is_being_typed() {
    let mut screen = screen();
    told(&mut screen, 1, GENERAL, "begun elsewhere");
    assert_eq!(line(&screen), "begun elsewhere");
    screen.wait(5_000);
    assert_eq!(kept(&mut screen), [], "it is kept already");
    told(&mut screen, 2, GENERAL, "begun elsewhere, and more");
    assert_eq!(line(&screen), "begun elsewhere, and more", "it is unchanged here");
    told(&mut screen, 3, DEV, "for later");
    assert!(screen.text().contains("#dev") && screen.text().contains("✎"), "{}", screen.text());
    screen.keys(" mine");
    told(&mut screen, 4, GENERAL, "theirs");
    assert_eq!(line(&screen), "begun elsewhere, and more mine");
    screen.wait(2_000);
    assert_eq!(kept(&mut screen), [set(GENERAL, "begun elsewhere, and more mine")], "the newest wins");
    // What was under way there before this one comes before its event.
    told(&mut screen, 5, GENERAL, "theirs again");
    assert_eq!(line(&screen), "begun elsewhere, and more mine");
    told(&mut screen, 6, GENERAL, "begun elsewhere, and more mine");
    told(&mut screen, 7, GENERAL, "");
    assert_eq!(line(&screen), "", "it was sent from there");
    screen.keys("/jo");
    told(&mut screen, 8, GENERAL, "a draft");
    assert_eq!(line(&screen), "/jo", "a command is typed too");
    screen.keys("<alt-1>");
    assert_eq!(line(&screen), "for later", "it is there when its room is opened");
}

#[test]
fn without_a_connection_it_is_kept_when_there_is_one_and_a_refusal_is_no_noise() {
    let mut screen = screen();
    let away = LinkState::Waiting { retry_in: Duration::from_secs(9), reason: "away".to_owned() };
    screen.net(ClientEvent::Link(away.clone()));
    screen.keys("written offline").wait(30_000);
    assert_eq!(kept(&mut screen), []);
    let feeds = || vec![status(GENERAL, "general", 1, 1), status(DEV, "dev", 3, 1)];
    screen.welcome(feeds());
    assert_eq!(kept(&mut screen), [set(GENERAL, "written offline")]);
    // The connection breaks before the answer.
    screen.net(ClientEvent::Link(away));
    screen.msg(Msg::Answer(SERVER, Tag::Draft(GENERAL), Err("not connected".to_owned())));
    screen.welcome(feeds());
    screen.wait(3_000);
    assert_eq!(kept(&mut screen), [set(GENERAL, "written offline")]);
    let full = Reject::new(RejectCode::TooLarge, "at most 100 drafts");
    screen.msg(Msg::Answer(SERVER, Tag::Draft(GENERAL), Ok(Reply::Reject(full))));
    screen.wait(60_000);
    assert_eq!((kept(&mut screen), screen.model.notice.clone()), (vec![], None));
    screen.keys("!").wait(2_000);
    assert_eq!(kept(&mut screen), [set(GENERAL, "written offline!")]);
}

#[test]
fn leaving_keeps_what_is_begun_and_who_only_looks_keeps_nothing() {
    let mut screen = screen();
    screen.keys("half a th");
    let mut effects = Effects::default();
    last_words(&mut screen.model, &mut effects);
    let last = Effect::At(SERVER, Errand::Request(Tag::Draft(GENERAL), set(GENERAL, "half a th")));
    assert_eq!(effects.list, [last]);
    let prefs = Prefs { explore: true, ..Prefs::default() };
    screen.msg(Msg::Prefs(Box::new(prefs))).taken();
    screen.keys("<ctrl-u>ought").wait(9_000).keys("<alt-1>");
    assert_eq!((kept(&mut screen), screen.model.notice.clone()), (vec![], None));
    let mut effects = Effects::default();
    last_words(&mut screen.model, &mut effects);
    assert_eq!(effects.list, []);
    assert_eq!(screen.model.state(key(GENERAL)).unwrap().composer.text(), "ought");
}

#[test]
fn a_draft_is_on_the_other_device_while_both_run_and_after_the_first_has_left() {
    let server = TestServer::start();
    let home = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = program(env!("CARGO_BIN_EXE_chat-tui"));
        let address = server.address.to_string();
        command.args(["connect", &address, "general", "--name", "alice", "--accept-new"]);
        command.env("CHAT_CLIENT_DATA", home.path());
        command.env("CHAT_CLIENT_NOTIFY", "off");
        Pty::spawn(command, 100, 24)
    };
    let mut desk = start();
    desk.wait_for_text("alice created the room");
    let mut phone = start();
    phone.wait_for_text("#general] alice>");
    phone.wait_for_text("alice created the room");
    desk.type_keys("begun at the desk");
    phone.wait_for_text("alice> begun at the desk");
    desk.type_keys("\r");
    phone.wait_for("the draft is gone and the message there", |screen| {
        let contents = screen.contents();
        contents.contains("begun at the desk") && !contents.contains("alice> begun")
    });
    // Left within the two seconds.
    desk.type_keys("and one more th");
    desk.wait_for_text("alice> and one more th");
    desk.type_keys("\x11");
    assert!(desk.wait_for_exit().success());
    phone.wait_for_text("alice> and one more th");
    phone.type_keys("ing\r");
    phone.wait_for("it is sent", |screen| {
        screen.contents().contains("and one more thing") && !screen.contents().contains("alice> and")
    });
}
