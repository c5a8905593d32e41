//! What keys do: sending, commands, rooms, completion, leaving.

#![allow(clippy::unwrap_used)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::delivery::{EndReason, Ended, RoomPresence, Typing};
use chat_proto::event::Mentioned;
use chat_proto::reply::{Reject, RejectCode, RoomInfo};
use chat_proto::request::{CreateRoom, JoinRoom, LeaveRoom};
use chat_proto::seen::LastSeen;
use chat_proto::{
    AccountId, Epoch, EventBody, FeedId, MessageKey, Ordinal, Presence, PresenceEntry, Reply, Request, RoomId, RoomRef,
    Seq, Style, Timestamp,
};
use chat_tui::client::{ClientEvent, Outgoing};
use chat_tui::tui::core::{Effect, Errand, Msg, Tag};
use harness::{ALICE, BOB, CAROL, DEV, GENERAL, History, RANDOM, SERVER, Screen, events, members, status, status_of};

fn quiet() -> Screen {
    let history = History::default().said(BOB, "bob", "hello").events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 1));
    screen.serve(&history).msg(members(GENERAL));
    screen.wait(1_000).taken();
    screen
}

fn line(screen: &Screen) -> &str {
    screen.model.composer().text()
}

fn asked(tag: Tag, request: impl Into<Request>) -> Effect {
    Effect::At(SERVER, Errand::Request(tag, request.into()))
}

fn sends(screen: &mut Screen) -> Vec<(Style, String)> {
    let send = |effect: Effect| {
        if let Effect::At(SERVER, Errand::Send { style, text, .. }) = effect { Some((style, text)) } else { None }
    };
    screen.taken().into_iter().filter_map(send).collect()
}

#[test]
fn a_line_is_sent_as_said_as_done_or_with_its_slash() {
    let mut screen = quiet();
    screen.keys("hello<alt-enter>there<enter>/me waves<enter>//etc<enter>");
    let sent = [(Style::Text, "hello\nthere"), (Style::Action, "waves"), (Style::Text, "/etc")];
    assert_eq!(sends(&mut screen), sent.map(|(style, text)| (style, text.to_owned())));
    assert_eq!(line(&screen), "");
    screen.keys("<up><up>");
    assert_eq!(line(&screen), "/me waves");
}

#[test]
fn a_command_that_is_none_stays_in_the_line_and_is_never_sent() {
    let mut screen = quiet();
    screen.keys("/jion #dev<enter>");
    assert_eq!(sends(&mut screen), []);
    assert_eq!(line(&screen), "/jion #dev");
    assert!(screen.text().contains("there is no command /jion"), "{}", screen.text());
    screen.keys("<ctrl-c>");
    assert_eq!(line(&screen), "");
    screen.keys("<ctrl-y>");
    assert_eq!(line(&screen), "/jion #dev", "what was cleared can be put back");
}

#[test]
fn joining_goes_to_the_room_once_the_server_agrees() {
    let mut screen = quiet();
    screen.keys("/join #new<enter>");
    let join = JoinRoom { key: MessageKey::default(), room: RoomRef::Name("new".to_owned()), create: false };
    assert_eq!(screen.taken(), [asked(Tag::Join("new".to_owned()), join)]);
    let info = RoomInfo {
        room: RoomId(9),
        epoch: Epoch(1),
        name: "new".to_owned(),
        topic: "fresh".to_owned(),
        member: true,
        created: false,
        members: 2,
        head: Seq(2),
        head_ordinal: Ordinal(0),
        oldest: Seq(1),
        read: Seq(2),
        read_ordinal: Ordinal(0),
    };
    screen.msg(Msg::Answer(SERVER, Tag::Join("new".to_owned()), Ok(Reply::RoomInfo(info))));
    assert_eq!(screen.current(), Some(RoomId(9)));
    assert!(screen.text().contains("#new  fresh"), "{}", screen.text());
    screen.keys("/join #nowhere<enter>");
    let reject = Reject::new(RejectCode::NoSuchRoom, "there is no room of this name");
    screen.msg(Msg::Answer(SERVER, Tag::Join("nowhere".to_owned()), Ok(Reply::Reject(reject))));
    assert!(screen.text().contains("#nowhere: there is no room of this name"), "{}", screen.text());
    let reject = Reject::new(RejectCode::NoSuchRoom, "there is no room #nowhere");
    screen.msg(Msg::Answer(SERVER, Tag::Join("nowhere".to_owned()), Ok(Reply::Reject(reject))));
    assert!(screen.text().contains("\n there is no room #nowhere"), "{}", screen.text());
}

#[test]
fn a_room_is_begun_with_its_topic_and_a_topic_that_is_no_line_stays_to_be_corrected() {
    let mut screen = quiet();
    screen.keys("/create #ops on call, and releases<enter>");
    let topic = "on call, and releases".to_owned();
    let create = CreateRoom { key: MessageKey::default(), name: "ops".to_owned(), topic };
    let create = asked(Tag::Join("ops".to_owned()), create);
    assert_eq!(screen.taken(), [create]);
    assert_eq!(line(&screen), "");
    screen.keys("/create #ops two<alt-enter>lines<enter>");
    assert_eq!(screen.taken(), []);
    assert_eq!(line(&screen), "/create #ops two\nlines");
    assert!(screen.text().contains("the topic: "), "{}", screen.text());
}

#[test]
fn parting_leaves_for_the_room_before_when_the_server_says_so() {
    let mut screen = quiet();
    screen.keys("<alt-1>/part good bye<enter>");
    let leave = LeaveRoom { key: MessageKey::default(), room: DEV, reason: "good bye".to_owned() };
    assert!(screen.taken().contains(&asked(Tag::Leave(DEV), leave)));
    assert_eq!(screen.current(), Some(DEV));
    screen.net(ClientEvent::Ended(Ended { feed: FeedId::Room(DEV), reason: EndReason::Left }));
    assert_eq!(screen.current(), Some(GENERAL));
}

#[test]
fn rooms_are_gone_to_by_number_and_in_turn_and_each_keeps_its_draft() {
    let mut screen = quiet();
    screen.keys("draft<ctrl-n>");
    assert_eq!((screen.current(), line(&screen)), (Some(RANDOM), ""));
    screen.keys("<ctrl-n>");
    assert_eq!(screen.current(), Some(DEV));
    screen.keys("<ctrl-p><ctrl-p>");
    assert_eq!((screen.current(), line(&screen)), (Some(GENERAL), "draft"));
    screen.keys("<alt-3>");
    assert_eq!(screen.current(), Some(RANDOM));
    screen.keys("<alt-/>");
    assert_eq!(screen.current(), Some(GENERAL));
    screen.keys("<alt-9>");
    assert_eq!(screen.current(), Some(GENERAL), "there is no room 9");
}

#[test]
fn alt_a_visits_mentions_then_others_then_returns() {
    let mut screen = quiet();
    let random = History::default().said(BOB, "bob", "1").said(BOB, "bob", "2").said(BOB, "bob", "alice!").events;
    screen.net(events(RANDOM, random[2..].to_vec()));
    assert!(screen.text().contains("act 3:@1,1 1:2"), "{}", screen.text());
    let visit = |screen: &mut Screen, room, history: &[chat_proto::Event]| {
        screen.keys("<alt-a>").serve(history).wait(1_000);
        assert_eq!(screen.current(), Some(room));
        let view = screen.model.servers[0].account.rooms.get_mut(&room).unwrap();
        (view.read, view.read_ordinal) = (view.head, view.head_ordinal);
        view.mentions.clear();
    };
    visit(&mut screen, RANDOM, &random);
    visit(&mut screen, DEV, &History::default().said(BOB, "bob", "1").said(BOB, "bob", "2").said(BOB, "b", "3").events);
    screen.keys("<alt-a>");
    assert_eq!(screen.current(), Some(GENERAL), "back where it began");
}

#[test]
fn tab_completes_names_rooms_and_commands() {
    let mut screen = quiet();
    screen.keys("<tab>");
    assert_eq!(line(&screen), "bob: ", "who spoke last");
    screen.keys("<ctrl-u>ca<tab>");
    assert_eq!(line(&screen), "carol: ");
    screen.keys("hi @d<tab>");
    assert_eq!(line(&screen), "carol: hi @dave ");
    screen.keys("#r<tab>");
    assert_eq!(line(&screen), "carol: hi @dave #random ");
    screen.keys("<ctrl-u>/wh<tab>");
    assert_eq!(line(&screen), "/whois ");
}

#[test]
fn a_refused_message_is_sent_again_with_enter_and_taken_back_with_esc() {
    let mut screen = quiet();
    let key = MessageKey([7; 16]);
    let refused = Some(Reject::new(RejectCode::StorageFull, "the disk is full"));
    let message =
        Outgoing { key, room: GENERAL, style: Style::Action, text: "waves".to_owned(), reply_to: None, refused };
    screen.net(ClientEvent::Refused(message));
    assert!(screen.text().contains("✗ failed"), "{}", screen.text());
    screen.keys("<enter>");
    assert!(screen.taken().contains(&Effect::At(SERVER, Errand::Retry(key))));
    screen.keys("<esc>");
    assert!(screen.taken().contains(&Effect::At(SERVER, Errand::Discard(key))));
    assert_eq!(line(&screen), "/me waves");
    assert!(!screen.text().contains("failed"), "{}", screen.text());
}

#[test]
fn leaving_takes_two_ctrl_c_in_a_row_or_one_ctrl_q() {
    let mut screen = quiet();
    screen.keys("<ctrl-c>x<backspace><ctrl-c>");
    assert!(!screen.taken().contains(&Effect::Quit), "a key came between");
    screen.wait(4_000).keys("<ctrl-c>");
    assert!(!screen.taken().contains(&Effect::Quit), "too late");
    screen.keys("<ctrl-c>");
    assert!(screen.taken().contains(&Effect::Quit));
    assert!(quiet().keys("<ctrl-q>").taken().contains(&Effect::Quit));
    assert!(quiet().keys("/quit<enter>").taken().contains(&Effect::Quit));
}

#[test]
fn writing_is_told_at_most_every_two_seconds_and_when_it_ends() {
    let mut screen = quiet();
    let typing = |screen: &mut Screen| {
        let told = |effect: Effect| {
            if let Effect::At(SERVER, Errand::Typing { active, .. }) = effect { Some(active) } else { None }
        };
        screen.taken().into_iter().filter_map(told).collect::<Vec<_>>()
    };
    screen.keys("abc");
    assert_eq!(typing(&mut screen), [true]);
    screen.wait(2_100).keys("d");
    assert_eq!(typing(&mut screen), [true]);
    screen.keys("<enter>");
    assert_eq!(typing(&mut screen), [false]);
    screen.keys("/join #x");
    assert!(typing(&mut screen).is_empty(), "a command is nobody's business");
}

#[test]
fn who_writes_is_shown_until_he_stops_or_speaks() {
    let mut screen = quiet();
    let typing = |active| ClientEvent::Typing(Typing { room: GENERAL, account: BOB, name: "bob".to_owned(), active });
    screen.net(typing(true));
    assert!(screen.text().contains("bob is typing"), "{}", screen.text());
    screen.wait(6_100);
    assert!(!screen.text().contains("typing"), "{}", screen.text());
    screen
        .net(typing(true))
        .net(events(GENERAL, vec![History::default().said(BOB, "bob", "x").said(BOB, "bob", "y").events[1].clone()]));
    assert!(!screen.text().contains("typing"), "{}", screen.text());
}

#[test]
fn whois_asks_and_names_answers_from_what_is_known() {
    let mut screen = quiet();
    screen.keys("/whois bob<enter>");
    let asked = screen.taken();
    assert!(
        matches!(&asked[..], [Effect::At(SERVER, Errand::Request(Tag::Whois(name), Request::GetProfile(_)))] if name == "bob"),
        "{asked:?}"
    );
    screen.keys("/names<enter>");
    let text = screen.text();
    assert!(text.contains("owner 1: alice") && text.contains("online 2: bob carol"), "{text}");
    screen.keys("x");
    assert!(!screen.text().contains("owner 1: alice"), "typing closes what is in front");
    assert_eq!(line(&screen), "x");
}

#[test]
fn seen_and_nick_ask_and_what_comes_is_told() {
    let mut screen = quiet();
    screen.keys("/seen @bob<enter>/nick Fox<enter>/nick<enter>");
    let asked = screen.taken();
    let nick = |effect: &Effect| {
        let Effect::At(SERVER, Errand::Request(Tag::Nick, Request::SetNick(set))) = effect else { return None };
        Some(set.nick.clone())
    };
    let nicks: Vec<String> = asked.iter().filter_map(nick).collect();
    assert!(
        matches!(&asked[0], Effect::At(SERVER, Errand::Request(Tag::Seen(name), Request::AskSeen(_))) if name == "bob"),
        "{asked:?}"
    );
    assert_eq!(nicks, ["Fox", ""]);
    let seen = |presence, at| LastSeen { account: BOB, name: "bob".to_owned(), presence, at };
    let yesterday = Timestamp(harness::MORNING - 86_400_000_000);
    for (presence, at, told) in [
        (Presence::Offline, Some(yesterday), "bob was last there Thu 19 Nov 2026 11:50"),
        (Presence::Offline, None, "nobody knows when bob was last there"),
        (Presence::Away, Some(yesterday), "bob is away since Thu 19 Nov 2026 11:50"),
        (Presence::Online, Some(yesterday), "bob is there"),
    ] {
        let answer = Reply::LastSeen(seen(presence, at));
        screen.msg(Msg::Answer(SERVER, Tag::Seen("bob".to_owned()), Ok(answer)));
        assert!(screen.text().contains(told), "{told}: {}", screen.text());
    }
    screen.keys("/seen<enter>");
    assert!(screen.text().contains("usage: /seen name"), "{}", screen.text());
}

#[test]
fn members_come_and_go_without_being_asked_for_again() {
    let mut screen = quiet();
    let count = |screen: &Screen| screen.model.room().unwrap().members_total;
    assert_eq!(count(&screen), 7);
    let history = History::default()
        .said(BOB, "bob", "hello")
        .joined(AccountId(8), "eve")
        .joined(CAROL, "carol")
        .left(BOB, "bob")
        .events;
    screen.net(events(GENERAL, history[1..2].to_vec()));
    assert_eq!(count(&screen), 8);
    screen.net(events(GENERAL, history[2..3].to_vec()));
    assert_eq!(count(&screen), 8, "carol was there already");
    screen.net(events(GENERAL, history[3..].to_vec()));
    assert_eq!(count(&screen), 7);
    let entry = PresenceEntry { account: CAROL, name: "carol".to_owned(), presence: Presence::Offline };
    screen.net(ClientEvent::Presence(RoomPresence { room: GENERAL, online: 2, changed: vec![entry] }));
    screen.msg(Msg::Resize(120, 40));
    assert!(screen.text().contains("○ carol"), "{}", screen.text());
}

#[test]
fn a_mention_heard_on_another_device_and_its_reading_are_counted_here() {
    let mut screen = quiet();
    let mut mention = History::default().push(ALICE, EventBody::Mentioned(Mentioned { room: DEV, seq: Seq(3) })).events;
    mention[0].seq = Seq(50);
    let account = chat_proto::delivery::Events {
        feed: FeedId::Account(ALICE),
        epoch: Epoch(1),
        events: mention,
        chain: chat_proto::Chain::default(),
    };
    screen.net(ClientEvent::Events(account));
    assert!(screen.text().contains("#dev   @1 2"), "{}", screen.text());
    let mut read = status(DEV, "dev", 3, 3);
    read.mentions.clear();
    screen.net(ClientEvent::Began(read));
    assert!(!screen.text().contains("@1"), "{}", screen.text());
}

#[test]
fn the_newest_message_shown_is_copied_as_it_was_written() {
    let history = History::default()
        .said(BOB, "bob", "first")
        .said(BOB, "bob", "**second** `x`\n    with\ttabs")
        .joined(CAROL, "carol")
        .events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 3));
    screen.serve(&history).taken();
    screen.keys("<alt-c>");
    assert!(screen.taken().contains(&Effect::Copy("**second** `x`\n    with\ttabs".to_owned())));
    assert!(screen.text().contains("copied: **second**"), "{}", screen.text());
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &[], 0));
    screen.keys("<alt-c>");
    assert!(!screen.taken().iter().any(|effect| matches!(effect, Effect::Copy(_))));
}
