//! Keys in, screen out: whole frames as pictures.

#![allow(clippy::unwrap_used)]
#![cfg(feature = "tui")]

mod harness;

use std::time::Duration;

use chat_proto::delivery::{Greeting, PresenceEntry, RoomPresence, Typing};
use chat_proto::nick::{Nick, NickChanged, Nicks};
use chat_proto::profile::{Status, UserState};
use chat_proto::{MessageKey, NickPolicy, Presence, Reject, RejectCode, Reply, RoomId, Style, Timestamp};
use chat_tui::client::{ClientEvent, LinkState, Outgoing};
use chat_tui::tui::core::time::Now;
use chat_tui::tui::core::{Effects, Msg, Tag, update};
use chat_tui::tui::term::caps::{Colors, Symbols};
use harness::{ALICE, BOB, CAROL, DEV, GENERAL, History, MORNING, SERVER, Screen, events, members, status, status_of};

/// A morning in `#general`: yesterday's end, a condensed line, a ruler, mentions, an own message on its way, one refused.
fn conversation(columns: u16, rows: u16) -> Screen {
    let history = History::default()
        .after(-18 * 60)
        .created(ALICE, "alice", "Release 0.3 ships Friday")
        .said(BOB, "bob", "Staging runs 0.3-rc2 since this morning; the 99th percentile fell from 41 to 9 ms.")
        .said(BOB, "bob", "Dashboards: https://grafana.local/d/edge")
        .after(18 * 60)
        .joined(CAROL, "carol")
        .joined(CAROL, "ken")
        .left(CAROL, "nina")
        .after(8)
        .said(BOB, "bob", "alice: can you check the ban list before we open?\nTwo entries have no expiry.")
        .after(5)
        .said(CAROL, "carol", "Notes are in #release, please read the breaking changes. 日本語 too ❤️")
        .after(1)
        .did(CAROL, "carol", "waves at \u{1b}[31mall\u{202e} of you")
        .events;
    let mut screen = Screen::online(columns, rows, status_of(GENERAL, "general", &history, 3));
    screen.serve(&history).msg(members(GENERAL));
    screen.net(ClientEvent::RoundTrip(Duration::from_millis(4)));
    for (n, refused) in [(1, None), (2, Some(Reject::new(RejectCode::StorageFull, "the disk is full")))] {
        let text = if n == 1 { "Will do, reading the list now." } else { "And the second half." }.to_owned();
        let key = MessageKey([n; 16]);
        screen.net(ClientEvent::Queued(Outgoing {
            key,
            room: GENERAL,
            style: Style::Text,
            text,
            reply_to: None,
            refused,
        }));
    }
    screen.net(ClientEvent::Typing(Typing { room: GENERAL, account: BOB, name: "bob".to_owned(), active: true }));
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
        .keys("Two entries have no expiry because they were imported from the old list; shall I set 90 days for both?");
    screen
}

#[test]
fn why_somebody_left_stands_behind_what_he_did() {
    let history = History::default()
        .left_because(CAROL, "nina", "gone")
        .said(BOB, "bob", "bye")
        .joined(CAROL, "ken")
        .left_because(CAROL, "mike", "so\u{1b}[31m");
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history.events, 3));
    let text = screen.serve(&history.events).text();
    assert!(text.contains("nina left (gone)") && text.contains("1 joined (ken), 1 left (mike: so␛[31m)"), "{text}");
}

#[test]
fn conversations_stand_behind_the_rooms_under_the_names_of_their_people() {
    let (one, few, unknown) = (RoomId(7), RoomId(8), RoomId(9));
    let mut screen = Screen::new(80, 12);
    let feeds = [(one, "dm-1-2", 5), (few, "dm-1-2-3", 1), (unknown, "dm-1-4", 1), (GENERAL, "general", 3)];
    screen.welcome(feeds.map(|(room, name, head)| status(room, name, head, 1)).to_vec());
    let others = |room, others: &[&str]| ClientEvent::Others {
        room,
        others: others.iter().map(|name| (*name).to_owned()).collect(),
    };
    screen.net(others(one, &["bob"])).net(others(few, &["bob", "carol\u{1b}[31m"]));
    screen.msg(members(one)).keys("<Alt-2>");
    insta::assert_snapshot!(screen.text());
    // A lamp goes out though the conversation is not looked at.
    screen.dirty = false;
    let changed = vec![PresenceEntry { account: BOB, name: "bob".to_owned(), presence: Presence::Offline }];
    screen.net(ClientEvent::Presence(RoomPresence { room: one, online: 1, changed }));
    assert!(screen.dirty && screen.text().contains("○ bob"), "{}", screen.text());
    // What is completed is what can be typed.
    screen.keys("#d<tab>");
    assert!(!screen.text().contains("#dm-1-2"), "{}", screen.text());
    screen.keys("<Ctrl-U><Ctrl-K>@bob");
    assert!(screen.text().contains("@bob, carol"), "{}", screen.text());
}

/// A way to look at a screen.
type Look = (&'static str, fn(&Screen) -> String);

const SIZES: [(u16, u16); 4] = [(120, 40), (80, 24), (50, 15), (20, 3)];

/// What is shown, the same in ASCII, its colours, and what is left of them without any.
const LOOKS: [Look; 4] = [
    ("text", |screen| screen.text()),
    ("ascii", |screen| screen.text_ascii()),
    ("ansi", |screen| screen.styles(Colors::Ansi16)),
    ("mono", |screen| screen.styles(Colors::None)),
];

fn pictures(name: &str, screen: impl Fn(u16, u16) -> Screen) {
    for (columns, rows) in SIZES {
        let screen = screen(columns, rows);
        for (look, show) in LOOKS {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}_{look}"), show(&screen));
        }
    }
}

#[test]
fn a_conversation_at_every_size_in_every_look() {
    pictures("conversation", conversation);
}

#[test]
fn the_switcher_at_every_size_in_every_look() {
    pictures("switcher", |columns, rows| {
        let mut screen = conversation(columns, rows);
        screen.keys("<ctrl-u><ctrl-k>e");
        screen
    });
}

#[test]
fn choosing_a_message_at_every_size_in_every_look() {
    pictures("selection", |columns, rows| {
        let mut screen = conversation(columns, rows);
        screen.keys("<ctrl-u><esc><up>");
        screen
    });
}

/// Every width and every height up to the largest, with whatever can be in front.
#[test]
fn no_size_is_too_small_or_too_large_for_what_is_shown() {
    let fronts = ["", "<f1>", "<ctrl-u><ctrl-k>", "<ctrl-u><esc>", "<alt-l>", "<f7><f8>", "<alt-enter><alt-enter>"];
    let widths = (1..=300).flat_map(|columns| [1, 2, 5, 24, 100].map(|rows| (columns, rows)));
    let heights = (1..=100).flat_map(|rows| [1, 2, 20, 59, 110, 300].map(|columns| (columns, rows)));
    let mut screens = fronts.map(|keys| {
        let mut screen = conversation(80, 24);
        screen.keys(keys);
        screen
    });
    for ((columns, rows), number) in widths.chain(heights).zip(0..) {
        let screen = &mut screens[number % fronts.len()];
        let frame = screen.msg(Msg::Resize(columns, rows)).frame(Colors::Ansi16, Symbols::Unicode);
        assert_eq!((frame.area.width, frame.area.height), (columns, rows));
    }
}

#[test]
fn the_help_is_in_front_until_it_is_closed() {
    let mut screen = conversation(80, 24);
    let before = screen.text();
    screen.keys("<f1>");
    insta::assert_snapshot!(screen.text());
    screen.keys("<pagedown><esc>");
    assert_eq!(screen.text(), before);
}

#[test]
fn a_lost_connection_is_told_with_the_reason_and_the_time_left() {
    let mut screen = conversation(80, 24);
    let waiting = LinkState::Waiting { retry_in: Duration::from_secs(4), reason: "no answer on UDP port 4433".into() };
    screen.net(ClientEvent::Link(waiting));
    assert!(screen.text().contains("offline, retry 4s"), "{}", screen.text());
    screen.wait(2_000);
    assert!(screen.text().contains("offline, retry 2s"), "{}", screen.text());
    screen.keys("<ctrl-c>").wait(10_000);
    assert!(screen.text().contains("✗ 1 not sent"), "{}", screen.text());
}

#[test]
fn without_a_room_the_whole_reason_is_told_on_as_many_rows_as_it_takes() {
    let reason = "no answer from chat.example.org on UDP port 4433; check the name and the port, and the firewall";
    let mut screen = Screen::new(50, 15);
    screen.net(ClientEvent::Link(LinkState::Waiting { retry_in: Duration::from_secs(4), reason: reason.to_owned() }));
    let told: Vec<String> = screen.text().split_whitespace().map(str::to_owned).collect();
    assert!(told.join(" ").contains(reason), "{}", screen.text());
}

#[test]
fn the_server_is_shown_under_its_own_name_and_its_message_of_the_day_is_put_in_front_once() {
    let mut screen = conversation(120, 40);
    let greeting = |motd: &str| Greeting { name: "Example\u{1b}[2J Chat".to_owned(), motd: motd.to_owned() };
    let greet = |screen: &mut Screen, motd: &str| {
        screen.net(ClientEvent::Greeting(greeting(motd)));
    };
    greet(&mut screen, "Be kind.\n\u{202e}Backups on Sunday.");
    let text = screen.text();
    for shown in ["Example␛[2J Chat", "Be kind.", "Backups on Sunday."] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'));
    screen.keys("<esc>");
    greet(&mut screen, "Be kind.\n\u{202e}Backups on Sunday.");
    assert!(!screen.text().contains("Be kind."), "{}", screen.text());
    greet(&mut screen, "Be quick.");
    assert!(screen.text().contains("Be quick."), "{}", screen.text());
}

#[test]
fn who_is_called_something_is_shown_so_with_his_name_at_hand() {
    let mut screen = conversation(120, 40);
    let change = |nick: &str| {
        let (account, name, nick) = (BOB, "bob".to_owned(), nick.to_owned());
        ClientEvent::Nick(NickChanged { account, name, nick })
    };
    screen.net(change("Fox\u{1b}[2J"));
    let text = screen.text();
    assert!(text.contains("Fox␛[2J (bob)") && text.contains("bob is called Fox␛[2J"), "{text}");
    screen.net(change(""));
    assert!(!screen.text().contains("Fox"), "{}", screen.text());
    let nick = Nick { account: CAROL, name: "carol".to_owned(), nick: "Owl".to_owned() };
    let nicks = Nicks { policy: NickPolicy::Server, nicks: vec![nick] };
    screen.msg(Msg::Answer(SERVER, Tag::Nicks, Ok(Reply::Nicks(nicks))));
    assert!(screen.text().contains("Owl (carol)"), "{}", screen.text());
}

#[test]
fn before_the_first_connection_the_screen_says_what_it_does() {
    insta::assert_snapshot!(Screen::new(80, 10).text());
}

#[test]
fn what_is_to_be_drawn_is_not_forgotten_for_what_comes_with_it_and_is_not() {
    let mut screen = conversation(80, 24);
    let mut effects = Effects::default();
    let now = Now { wall: Timestamp(MORNING), mono: Duration::from_secs(200) };
    let said = events(DEV, History::default().said(BOB, "bob", "x").events);
    let elsewhere = Typing { room: DEV, account: CAROL, name: "carol".to_owned(), active: true };
    let away = RoomPresence { room: DEV, online: 1, changed: vec![] };
    let (status, state) = (Status::default(), Vec::new());
    let state = UserState { account: CAROL, name: "carol".to_owned(), status, state };
    for news in [said, ClientEvent::Typing(elsewhere), ClientEvent::Presence(away), ClientEvent::UserState(state)] {
        update(&mut screen.model, now, Msg::Net(SERVER, news), &mut effects);
        assert!(effects.dirty);
    }
}
