//! Several servers on one screen: told apart, gone through together, left and gone back to.

#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub)]
#![cfg(all(unix, feature = "tui"))]

mod harness;
mod pty;
mod support;

use chat_proto::{Anchor, RoomId, Seq, Style};
use chat_tui::client::{ClientEvent, LinkState, Question, StopReason};
use chat_tui::tui::core::{Effect, Errand, Msg, RoomKey, ServerId};
use harness::{BOB, GENERAL, History, SERVER, Screen, events, key, page, status};
use pty::{Pty, assert_only_allowed_sequences, program};
use support::TestServer;
use tempfile::TempDir;

const OTHER: ServerId = ServerId(1);
const OPS: RoomId = RoomId(1);

/// A screen at two servers; the room of the second has the number of a room of the first.
fn two() -> Screen {
    let mut screen = Screen::online(100, 24, status(GENERAL, "general", 1, 1));
    screen.taken();
    screen.keys("/connect al@lab.local/ops<enter>");
    let asked = screen.taken();
    let connect =
        |effect: &Effect| matches!(effect, Effect::Connect { server: OTHER, name: Some(name), .. } if name == "al");
    assert!(asked.iter().any(connect), "{asked:?} {}", screen.text());
    screen.welcome_at(OTHER, vec![status(OPS, "ops", 4, 4)]);
    screen
}

fn errands(screen: &mut Screen) -> Vec<(ServerId, Errand)> {
    let at = |effect| if let Effect::At(server, errand) = effect { Some((server, errand)) } else { None };
    screen.taken().into_iter().filter_map(at).collect()
}

#[test]
fn each_servers_rooms_stand_below_its_name_and_what_is_done_goes_where_it_belongs() {
    let mut screen = two();
    assert_eq!(screen.model.current(), Some(RoomKey::new(OTHER, OPS)), "it was asked for");
    let asked = errands(&mut screen);
    assert!(asked.contains(&(SERVER, Errand::Focus(None))) && asked.contains(&(OTHER, Errand::Focus(Some(OPS)))));
    let text = screen.text();
    let place = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words} in {text}"));
    assert!(
        place("chat.exam") < place("1 #dev")
            && place("2 #general") < place("lab.local")
            && place("lab.local") < place("4 #ops")
    );
    screen.keys("hello<enter>");
    let sent = Errand::Send { room: OPS, style: Style::Text, text: "hello".to_owned(), reply_to: None };
    let asked = errands(&mut screen);
    assert!(asked.contains(&(OTHER, sent)), "{asked:?}");
    assert!(asked.iter().all(|(server, _)| *server == OTHER));
    let said = History::default().after(1).said(BOB, "bob", "look here").events;
    screen.net(events(GENERAL, said.clone()));
    assert!(!screen.text().contains("look here"), "the rooms have the same number");
    screen.taken();
    screen.keys("<alt-2>");
    assert!(screen.fetches().iter().all(|(room, _)| *room == GENERAL));
    screen.msg(Msg::Page(
        key(GENERAL),
        Anchor::Before(Seq::MAX),
        Ok(page(GENERAL, &said, Anchor::Before(Seq::MAX), 200)),
    ));
    assert_eq!(screen.model.current(), Some(key(GENERAL)));
    assert!(screen.text().contains("look here"));
    screen.keys("<alt-/>");
    assert_eq!(screen.model.current(), Some(RoomKey::new(OTHER, OPS)));
}

#[test]
fn one_that_goes_leaves_the_others_and_the_last_one_ends_the_screen() {
    let mut screen = two();
    screen.taken();
    screen.keys("/disconnect lab<enter>");
    assert_eq!(screen.taken(), [Effect::Disconnect(OTHER)]);
    screen.msg(Msg::Net(OTHER, ClientEvent::Stopped(StopReason::Quit)));
    assert!(!screen.taken().contains(&Effect::Quit));
    let text = screen.text();
    assert!(text.contains("▾ lab.… offline") && !text.contains("retrying"), "{text}");
    screen.keys("/disconnect chat<enter>");
    assert!(!screen.taken().contains(&Effect::Disconnect(SERVER)));
    assert!(screen.text().contains("this is the only server there is"));
    screen.keys("<ctrl-u>/reconnect<enter>");
    assert!(screen.taken().contains(&Effect::Reconnect(OTHER)));
    assert_eq!(screen.model.at(OTHER).ended, None);
    screen.keys("/reconnect nowhere<enter>");
    assert!(screen.text().contains("no server here is called nowhere"));
    for server in [OTHER, SERVER] {
        screen.msg(Msg::Net(server, ClientEvent::Stopped(StopReason::Failed("gone".to_owned()))));
    }
    assert!(screen.taken().contains(&Effect::Quit));
}

#[test]
fn a_key_nobody_vouches_for_is_trusted_by_the_person_or_not_at_all() {
    let question = || Question {
        server: "lab.local:4433".to_owned(),
        address: "192.0.2.7:4433".parse().unwrap(),
        fingerprint: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU".to_owned(),
    };
    for (keys, trusted) in [("<esc>", false), ("<enter>", false), ("<down><enter>", true), ("<ctrl-c>", false)] {
        let mut screen = two();
        screen.taken();
        screen.keys("<ctrl-space>");
        screen.msg(Msg::Unknown(OTHER, question()));
        assert!(!screen.text().contains("SHA256"), "what is in front stays");
        screen.keys("<esc>");
        assert!(screen.text().contains("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"), "{}", screen.text());
        screen.keys(keys);
        assert_eq!(screen.taken(), [Effect::Trust(OTHER, trusted)], "{keys}");
        assert!(!screen.text().contains("SHA256"));
    }
}

#[test]
fn a_server_that_is_known_is_no_second_one_and_there_is_an_end_to_them() {
    let mut screen = two();
    screen.msg(Msg::Net(OTHER, ClientEvent::Link(LinkState::Connecting))).taken();
    screen.keys("/connect lab.local<enter>");
    assert_eq!((screen.taken(), screen.model.servers.len()), (vec![Effect::Reconnect(OTHER)], 2));
    screen.keys("/connect a b@c<enter>");
    for place in ["-host", "x y z", "h@ost:0", "\u{202e}@host"] {
        screen.keys(&format!("<ctrl-u>/connect {place}<enter>"));
    }
    let before = screen.model.servers.len();
    for nth in before..40 {
        screen.keys(&format!("<ctrl-u>/connect h{nth}<enter>"));
    }
    assert_eq!(screen.model.servers.len(), 16);
    assert!(screen.text().contains("at most 16 servers"), "{}", screen.text());
    screen.keys("<ctrl-u>/servers<enter>");
    assert!(screen.text().contains("as alice, 3 rooms, online"), "{}", screen.text());
}

#[test]
fn rooms_of_two_servers_stand_on_one_screen_and_a_message_reaches_the_right_one() {
    let servers = [TestServer::start(), TestServer::start()];
    let homes = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let start = |at: usize, name: &str, room: &str, home: &TempDir| {
        let mut command = program(env!("CARGO_BIN_EXE_chat-tui"));
        let address = servers[at].address.to_string();
        command.args(["connect", &address, room, "--name", name, "--accept-new"]);
        command.env("CHAT_CLIENT_DATA", home.path());
        command.env("TZ", "UTC");
        command.env("CHAT_CLIENT_NOTIFY", "off");
        Pty::spawn(command, 100, 24)
    };
    let mut alice = start(0, "alice", "general", &homes[0]);
    alice.wait_for_text("alice created the room");
    let mut bob = start(1, "bob", "lab", &homes[1]);
    bob.wait_for_text("bob created the room");
    alice.type_keys(&format!("/connect al@{} lab\r", servers[1].address));
    alice.wait_for_text("2 #lab");
    bob.wait_for_text("al joined");
    alice.wait_for_text("#lab] al>");
    alice.type_keys("hello from elsewhere\r");
    bob.wait_for_text("hello from elsewhere");
    alice.type_keys("\x1b1");
    alice.wait_for_text("#general] alice>");
    bob.type_keys("al: and back\r");
    alice.wait_for_text("act 2:#lab @1,1");
    alice.type_keys("\x1ba");
    alice.wait_for_text("and back");
    alice.type_keys("/disconnect\r");
    bob.type_keys("anybody there?\r");
    alice.wait_for_text("disconnected; /reconnect goes back");
    bob.wait_for_text("anybody there?");
    alice.type_keys("/reconnect\r");
    alice.wait_for_text("anybody there?");
    alice.type_keys("\x11");
    assert!(alice.wait_for_exit().success());
    alice.assert_restored();
    assert_only_allowed_sequences(&alice.raw());
}
