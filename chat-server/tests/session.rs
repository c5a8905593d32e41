//! What a session promises, over real QUIC, spoken by a client that holds no state of its own.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use chat_proto::delivery::{Events, RoomPresence};
use chat_proto::limits::ROOMS_PER_ACCOUNT_MAX;
use chat_proto::request::{
    CreateRoom, Focus, History, LeaveRoom, ListMembers, LookUpRoom, MarkRead, Ping, Subscribe, Whois,
};
use chat_proto::{
    Anchor, Chain, Delivery, Epoch, EventBody, FeedId, FeedState, Ordinal, Position, Presence, RejectCode, Reply,
    RoomRef, Seq,
};
use chat_server::server::Settings;
use chat_server::store::{MemoryStore, StoreError};
use support::{Device, RawClient, TestServer, fresh_key, post};

#[tokio::test]
async fn d3_two_people_talk_and_both_see_one_order() {
    let server = TestServer::start();
    let (alice, bob) = (Device::new(), Device::new());
    let mut alice = RawClient::login(&server, &alice, "alice").await;
    let mut bob = RawClient::login(&server, &bob, "bob").await;
    assert!(alice.welcome.registered);
    let room = alice.join("dev").await;
    assert!(room.created && room.member);
    assert!(!bob.join("dev").await.created);
    let first = alice.post(room.room, "hello @bob").await;
    let second = bob.post(room.room, "hi").await;
    assert_eq!((first.ordinal, second.ordinal), (Ordinal(1), Ordinal(2)));
    let mut seen = Vec::new();
    while seen.len() < 4 {
        seen.extend(alice.events(room.room).await);
    }
    let seqs: Vec<u64> = seen.iter().map(|event| event.seq.0).collect();
    assert_eq!(seqs, [1, 2, 3, 4]);
    let EventBody::Posted(posted) = &seen[2].body else { panic!("{seen:?}") };
    assert_eq!((posted.text.as_str(), posted.mentions.as_slice()), ("hello @bob", &[bob.welcome.account][..]));
}

#[tokio::test]
async fn d2_the_same_key_answers_with_the_first_seq_also_after_a_restart() {
    let server = TestServer::start();
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let room = alice.join("dev").await.room;
    let message = post(room, "once");
    let Reply::Receipt(first) = alice.ask(message.clone()).await else { panic!() };
    let Reply::Receipt(again) = alice.ask(message.clone()).await else { panic!() };
    assert!(!first.duplicate && again.duplicate);
    assert_eq!(first.seq, again.seq);
    let server = server.restart().await;
    let mut alice = RawClient::login(&server, &device, "alice").await;
    assert!(!alice.welcome.registered);
    let Reply::Receipt(later) = alice.ask(message).await else { panic!() };
    assert_eq!((later.seq, later.duplicate), (first.seq, true));
    assert_eq!(alice.post(room, "next").await.seq, first.seq.next());
}

#[tokio::test]
async fn a_name_belongs_to_the_key_that_took_it() {
    let server = TestServer::start();
    let (alice, mallory) = (Device::new(), Device::new());
    drop(RawClient::login(&server, &alice, "alice").await);
    for name in ["alice", "ALICE", "аlice", "ali\u{1b}[31mce", ""] {
        let (connection, hello) = RawClient::hello(&server, &mallory, name, Vec::new()).await;
        let (_, _, reply) = support::say_hello(&connection, hello).await;
        let Reply::Reject(reject) = reply else { panic!("{reply:?}") };
        assert!(matches!(reject.code, RejectCode::NameTaken | RejectCode::InvalidName), "{reject:?}");
        assert!(!reject.message.chars().any(char::is_control), "{reject:?}");
    }
    let (connection, hello) = RawClient::hello(&server, &alice, "bob", Vec::new()).await;
    let (_, _, reply) = support::say_hello(&connection, hello).await;
    let Reply::Reject(reject) = reply else { panic!("{reply:?}") };
    assert_eq!(reject.code, RejectCode::Unauthenticated);
}

#[tokio::test]
async fn a_proof_of_another_connection_is_refused() {
    let server = TestServer::start();
    let device = Device::new();
    let (_one, stolen) = RawClient::hello(&server, &device, "alice", Vec::new()).await;
    let other = support::dial(&server).await;
    let (_, _, reply) = support::say_hello(&other, stolen).await;
    let Reply::Reject(reject) = reply else { panic!("{reply:?}") };
    assert_eq!(reject.code, RejectCode::Unauthenticated);
}

#[tokio::test]
async fn d6_what_is_written_after_an_acknowledgement_stands_behind_it() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let mut carol = RawClient::login(&server, &Device::new(), "carol").await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    carol.join("dev").await;
    let mut last = Seq::ZERO;
    let mut placed = Vec::new();
    for round in 0..20 {
        for writer in [&mut alice, &mut bob] {
            // Others write all the time, and are committed together with whoever comes next.
            for _ in 0..2 {
                carol.begin(post(room, "in between")).await;
            }
            let text = format!("round {round}, behind {last}");
            let seq = writer.post(room, &text).await.seq;
            assert!(seq > last, "{text} is at {seq}");
            last = seq;
            placed.push((seq, text));
        }
    }
    let Reply::Page(page) = bob.ask(History { room, anchor: Anchor::Before(Seq::MAX), limit: 200 }).await else {
        panic!()
    };
    for (seq, text) in placed {
        let event = page.events.iter().find(|event| event.seq == seq).unwrap();
        assert!(matches!(&event.body, EventBody::Posted(posted) if posted.text == text), "{text}: {event:?}");
    }
}

#[tokio::test]
async fn d8_rooms_and_read_markers_follow_a_person_to_every_device() {
    let server = TestServer::start();
    let device = Device::new();
    let mut one = RawClient::login(&server, &device, "alice").await;
    let mut other = RawClient::login(&server, &device, "alice").await;
    let room = one.join("dev").await.room;
    let began = other.expect(|delivery| match delivery {
        Delivery::Began(began) => Some(began.status.clone()),
        _ => None,
    });
    assert_eq!(began.await.feed, FeedId::Room(room));
    let receipt = one.post(room, "hello").await;
    let events = other.events(room).await;
    assert_eq!(events[0].seq, Seq(1));
    one.ask(MarkRead { room, seq: receipt.seq }).await;
    let marked = |delivery: &Delivery| match delivery {
        Delivery::Events(Events { events, .. }) => events.iter().find_map(|event| match &event.body {
            EventBody::ReadMarked(marked) => Some((marked.seq, marked.ordinal)),
            _ => None,
        }),
        _ => None,
    };
    assert_eq!(other.expect(marked).await, (receipt.seq, receipt.ordinal));
    // A marker never goes back, whoever asks for it.
    one.ask(MarkRead { room, seq: Seq(1) }).await;
    let third = RawClient::login(&server, &device, "alice").await;
    let status = third.welcome.feeds.iter().find(|status| status.feed == FeedId::Room(room)).unwrap();
    assert_eq!(status.read, receipt.seq);
    one.ask(LeaveRoom { key: fresh_key(), room, reason: "done".to_owned() }).await;
    other.expect(|delivery| matches!(delivery, Delivery::Ended(_)).then_some(())).await;
}

#[tokio::test]
async fn a_resumed_position_gets_exactly_what_came_since() {
    let server = TestServer::start();
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let room = alice.join("dev").await.room;
    alice.post(room, "one").await;
    let (epoch, chain, seq) = loop {
        let found = alice.expect(|delivery| match delivery {
            Delivery::Events(Events { feed, epoch, chain, events }) if *feed == FeedId::Room(room) => {
                Some((*epoch, *chain, events.last().unwrap().seq))
            }
            _ => None,
        });
        let found = found.await;
        if found.2 == Seq(2) {
            break found;
        }
    };
    drop(alice);
    let mut alice = RawClient::login(&server, &device, "alice").await;
    for text in ["two", "three"] {
        alice.post(room, text).await;
    }
    drop(alice);
    let position = |seq: Seq, chain: Chain, epoch: Epoch, backlog_max: u32| Position {
        feed: FeedId::Room(room),
        epoch,
        seq,
        chain,
        backlog_max,
    };
    let mut alice = RawClient::resume(&server, &device, "alice", vec![position(seq, chain, epoch, u32::MAX)]).await;
    let status = alice.welcome.feeds.iter().find(|status| status.feed == FeedId::Room(room)).unwrap();
    assert_eq!((status.state, status.next), (FeedState::Live, Seq(3)));
    let mut seen = Vec::new();
    while seen.len() < 2 {
        seen.extend(alice.events(room).await.into_iter().map(|event| event.seq.0));
    }
    assert_eq!(seen, [3, 4]);
    for (asked, state) in [
        (position(seq, Chain([9; 16]), epoch, u32::MAX), FeedState::Diverged),
        (position(Seq(99), chain, epoch, u32::MAX), FeedState::Regressed),
        (position(seq, chain, Epoch(epoch.0 + 1), u32::MAX), FeedState::Regressed),
        (position(seq, chain, epoch, 1), FeedState::Live),
    ] {
        let Reply::FeedStatus(status) = alice.ask(Subscribe { from: asked }).await else { panic!() };
        assert_eq!((status.state, status.next), (state, Seq(5)));
    }
    let nowhere = Position { feed: FeedId::Room(chat_proto::RoomId(99)), ..position(seq, chain, epoch, 0) };
    let Reply::FeedStatus(status) = alice.ask(Subscribe { from: nowhere }).await else { panic!() };
    assert_eq!(status.state, FeedState::NoAccess);
}

#[tokio::test]
async fn history_pages_say_what_lies_around_them() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = alice.join("dev").await.room;
    for number in 1..=9 {
        alice.post(room, &format!("message {number}")).await;
    }
    for (anchor, seqs, before, after) in [
        (Anchor::Before(Seq::MAX), vec![7, 8, 9, 10], true, false),
        (Anchor::Before(Seq(3)), vec![1, 2], false, true),
        (Anchor::After(Seq(8)), vec![9, 10], true, false),
        (Anchor::Around(Seq(5)), vec![3, 4, 5, 6], true, true),
        (Anchor::After(Seq(99)), vec![], true, false),
    ] {
        let Reply::Page(page) = alice.ask(History { room, anchor, limit: 4 }).await else { panic!() };
        let found: Vec<u64> = page.events.iter().map(|event| event.seq.0).collect();
        assert_eq!((found, page.more_before, page.more_after), (seqs, before, after), "{anchor:?}");
        assert_eq!((page.oldest, page.last, page.trimmed), (Seq(1), Seq(10), None));
    }
}

#[tokio::test]
async fn a_room_in_focus_moves_to_its_own_stream_and_back_without_a_gap() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = alice.join("dev").await.room;
    alice.post(room, "before").await;
    while alice.events(room).await.last().unwrap().seq < Seq(2) {}
    assert!(matches!(alice.ask(Focus { room: Some(room) }).await, Reply::Done(_)));
    let moved = |delivery: &Delivery| match delivery {
        Delivery::Moved(moved) => Some(moved.next),
        _ => None,
    };
    assert_eq!(alice.expect(moved).await, Seq(3));
    let mut focus = support::Frames::new(alice.connection.accept_uni().await.unwrap());
    focus.next::<chat_proto::StreamHeader>().await.unwrap();
    alice.post(room, "inside").await;
    let delivery: Delivery = focus.next().await.unwrap();
    let Delivery::Events(events) = delivery else { panic!("{delivery:?}") };
    assert_eq!(events.events[0].seq, Seq(3));
    alice.ask(Focus { room: None }).await;
    let Some(Delivery::Moved(moved)) = focus.next().await else { panic!() };
    assert_eq!(moved.next, Seq(4));
    alice.post(room, "after").await;
    assert_eq!(alice.events(room).await[0].seq, Seq(4));
}

#[tokio::test]
async fn presence_has_a_grace_period_and_typing_reaches_the_others() {
    let settings = Settings {
        hub: chat_server::hub::HubSettings {
            presence_grace: Duration::from_millis(50),
            ..chat_server::hub::HubSettings::default()
        },
        ..Settings::default()
    };
    let server = TestServer::start_with(Arc::new(MemoryStore::default()), settings);
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = alice.join("dev").await.room;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    bob.join("dev").await;
    let bobs = bob.welcome.account;
    let presence = |delivery: &Delivery| match delivery {
        Delivery::RoomPresence(RoomPresence { changed, online, .. }) => {
            changed.iter().find(|entry| entry.account == bobs).map(|entry| (entry.presence, *online))
        }
        _ => None,
    };
    assert_eq!(alice.expect(presence).await, (Presence::Online, 2));
    let signal = chat_proto::ClientSignal::TypingIn(chat_proto::delivery::TypingIn { room, active: true });
    bob.connection.send_datagram(chat_proto::codec::encode(&signal).into()).unwrap();
    let datagram = alice.connection.read_datagram().await.unwrap();
    let Delivery::Typing(typing) = chat_proto::codec::decode(&datagram).unwrap() else { panic!() };
    assert_eq!((typing.account, typing.active), (bobs, true));
    let Reply::MemberList(members) = alice.ask(ListMembers { room, after: chat_proto::AccountId(0), limit: 10 }).await
    else {
        panic!()
    };
    assert_eq!(members.total, 2);
    drop(bob);
    assert_eq!(alice.expect(presence).await, (Presence::Offline, 1));
    let Reply::Person(person) = alice.ask(Whois { name: "Bob".to_owned() }).await else { panic!() };
    assert_eq!((person.account, person.presence), (bobs, Presence::Offline));
    assert_eq!(person.shared_rooms, ["dev"]);
}

#[tokio::test]
async fn rejects_say_what_to_do_and_never_close_the_connection() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let room = alice.create("dev").await.room;
    assert_eq!(bob.refused(post(room, "hi")).await.code, RejectCode::NotMember);
    assert_eq!(bob.refused(MarkRead { room, seq: Seq(1) }).await.code, RejectCode::NotMember);
    let lookup = LookUpRoom { room: RoomRef::Name("nowhere".to_owned()) };
    assert_eq!(bob.refused(lookup).await.code, RejectCode::NoSuchRoom);
    assert_eq!(bob.refused(Whois { name: "nobody".to_owned() }).await.code, RejectCode::NoSuchUser);
    assert_eq!(alice.refused(post(room, "a\u{1b}[2J")).await.code, RejectCode::InvalidText);
    assert_eq!(alice.refused(post(room, &"x".repeat(9_000))).await.code, RejectCode::TooLarge);
    assert_eq!(alice.refused(post(room, "  ")).await.code, RejectCode::InvalidText);
    let unknown = chat_proto::Request::Unknown { kind: 999, bytes: vec![1, 2, 3] };
    assert_eq!(alice.refused(unknown).await.code, RejectCode::Unsupported);
    let mut zero = post(room, "x");
    zero.key = chat_proto::MessageKey::default();
    assert_eq!(alice.refused(zero).await.code, RejectCode::BadRequest);
    assert!(matches!(alice.ask(Ping { token: 7 }).await, Reply::Pong(pong) if pong.token == 7));
}

#[tokio::test]
async fn a_server_whose_store_fails_still_goes_down() {
    let store = MemoryStore::new();
    let server = TestServer::start_with(Arc::new(store.clone()), Settings::default());
    let mut ann = RawClient::login(&server, &Device::new(), "ann").await;
    let room = ann.join("lobby").await.room;
    // Slow enough for the note of the second message not to be written yet when that message is answered.
    store.set_write_time(Duration::from_millis(200));
    ann.post(room, "one").await;
    ann.post(room, "two").await;
    store.fail_all(Some(StoreError::Io("gone".to_owned())));
    server.stop().await;
}

#[tokio::test]
async fn an_author_who_stood_at_the_head_stays_there_however_fast_he_writes() {
    let server = TestServer::start();
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let room = alice.join("dev").await.room;
    let mut last = Seq::ZERO;
    for number in 0..300 {
        last = alice.post(room, &format!("message {number}")).await.seq;
    }
    let marked = |delivery: &Delivery| match delivery {
        Delivery::Events(Events { events, .. }) => events.iter().find_map(|event| match &event.body {
            EventBody::ReadMarked(marked) if marked.seq == last => Some(marked.ordinal),
            _ => None,
        }),
        _ => None,
    };
    assert_eq!(alice.expect(marked).await, Ordinal(300));
    let other = RawClient::login(&server, &device, "alice").await;
    let status = other.welcome.feeds.iter().find(|status| status.feed == FeedId::Room(room)).unwrap();
    assert_eq!((status.read, status.read_ordinal), (last, Ordinal(300)));
}

#[tokio::test]
async fn a_repeated_command_finds_its_result_also_at_a_limit_and_undoes_nothing_newer() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let create = |number: usize| CreateRoom { key: fresh_key(), name: format!("room{number}"), topic: String::new() };
    for number in 1..ROOMS_PER_ACCOUNT_MAX {
        assert!(matches!(alice.ask(create(number)).await, Reply::RoomInfo(_)));
    }
    let last = create(ROOMS_PER_ACCOUNT_MAX);
    let Reply::RoomInfo(first) = alice.ask(last.clone()).await else { panic!() };
    let Reply::RoomInfo(again) = alice.ask(last).await else { panic!("the room is there") };
    assert_eq!(first.room, again.room);
    assert_eq!(alice.refused(create(0)).await.code, RejectCode::LimitExceeded);
    let room = first.room;
    let leave = LeaveRoom { key: fresh_key(), room, reason: String::new() };
    alice.ask(leave.clone()).await;
    alice.join("room900").await;
    alice.ask(leave).await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    assert_eq!(bob.join("room900").await.members, 2);
    let online = |delivery: &Delivery| match delivery {
        Delivery::RoomPresence(RoomPresence { room: told, online, .. }) if *told == room => Some(*online),
        _ => None,
    };
    assert_eq!(alice.expect(online).await, 2);
}
