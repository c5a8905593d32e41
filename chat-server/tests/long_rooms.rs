//! What long rooms and restarts cost: rows read, never proportional to the history.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;

use chat_proto::event::{Created, Posted};
use chat_proto::request::{History, MarkRead};
use chat_proto::{
    AccountId, Anchor, Delivery, DeviceId, Event, EventBody, FeedId, MessageKey, Ordinal, Reply, RoomId, RoomName, Seq,
    Style, Timestamp,
};
use chat_server::core::State;
use chat_server::core::room::Room;
use chat_server::digest::chain_start;
use chat_server::server::Settings;
use chat_server::store::{Append, MemoryStore, Registration, RoomRecord, Row, Snapshot, Store};
use support::counting::CountingStore;
use support::{Device, RawClient, TestServer};

const ROOM: RoomId = RoomId(1);

/// A room of so many messages, as a server would have left it.
async fn long_room(store: &CountingStore, messages: u64) {
    let feed = FeedId::Room(ROOM);
    let mut chain = chain_start(feed, store.epoch());
    let mut room = Room::default();
    let event = |seq: u64, body: EventBody| Event {
        seq: Seq(seq),
        ordinal: Ordinal(seq - 1),
        at: Timestamp(i64::try_from(seq).unwrap()),
        by: AccountId(999),
        device: DeviceId(1),
        key: MessageKey(u128::from(seq).to_le_bytes()),
        body,
    };
    let created = Created { room: "long".to_owned(), name: "ghost".to_owned(), topic: String::new() };
    let mut registration = Some(Registration::Room(RoomRecord { id: ROOM, name: RoomName::parse("long").unwrap() }));
    let mut rows = Vec::new();
    let mut head = Seq::ZERO;
    for seq in 1..=messages + 1 {
        let text = Posted { name: "ghost".to_owned(), style: Style::Text, text: format!("m{seq}"), mentions: vec![] };
        let body = if seq == 1 { created.clone().into() } else { text.into() };
        let event = event(seq, body);
        if seq == 1 {
            room.apply(&event);
        }
        let row = Row::seal(&chain, event, [0; 16]);
        chain = row.chain;
        rows.push(row);
        if rows.len() == 10_000 || seq == messages + 1 {
            let append = Append {
                feed,
                expected_head: head,
                rows: std::mem::take(&mut rows),
                registrations: registration.take().into_iter().collect(),
                erase: Vec::new(),
                replace: Vec::new(),
            };
            store.append(append).await.unwrap();
            head = Seq(seq);
        }
    }
    let bytes = [head.0.to_le_bytes().to_vec(), room.snapshot()].concat();
    store.save_snapshot(feed, Snapshot { seq: head, version: Room::SNAPSHOT_VERSION, bytes }).await.unwrap();
}

#[tokio::test]
async fn opening_a_room_of_a_million_messages_reads_what_the_screen_needs() {
    const MESSAGES: u64 = 1_000_000;
    let store = CountingStore::default();
    long_room(&store, MESSAGES).await;
    let server = TestServer::start_with(Arc::new(store.clone()), Settings::default());
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let info = alice.join("long").await;
    assert_eq!(info.head_ordinal, Ordinal(MESSAGES));
    assert!(store.take() <= 2, "joining reads the head");
    drop(alice);
    let mut alice = RawClient::login(&server, &device, "alice").await;
    alice.ask(MarkRead { room: ROOM, seq: Seq(500_000) }).await;
    let status = alice.welcome.feeds.iter().find(|status| status.feed == FeedId::Room(ROOM)).unwrap().clone();
    assert_eq!(status.next, status.head.next(), "nothing of the backlog is sent unasked");
    let Reply::Page(page) = alice.ask(History { room: ROOM, anchor: Anchor::Around(Seq(500_000)), limit: 100 }).await
    else {
        panic!()
    };
    assert_eq!(page.events.len(), 100);
    assert!(page.events.iter().any(|event| event.seq == Seq(500_000)));
    let rows = store.take();
    assert!(rows <= 110, "{rows} rows for a page of 100");
}

#[tokio::test]
async fn a_restart_reads_snapshots_and_not_the_log() {
    let store = CountingStore::default();
    let server = TestServer::start_with(Arc::new(store.clone()), Settings::default());
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let room = alice.join("dev").await.room;
    let mut last = Seq::ZERO;
    for number in 0..300 {
        last = alice.post(room, &format!("message {number}")).await.seq;
    }
    store.take();
    let server = server.restart().await;
    let mut alice = RawClient::login(&server, &device, "alice").await;
    assert_eq!(alice.post(room, "and on").await.seq, last.next());
    let rows = store.take();
    assert!(rows <= 5, "{rows} rows read to go on after 300 messages");
}

/// What is read at a start does not grow with the rooms there are: a room is read when somebody enters it.
#[tokio::test]
async fn a_restart_with_ten_thousand_rooms_brings_back_those_somebody_enters() {
    const ROOMS: u64 = 10_000;
    let store = CountingStore::default();
    for number in 1..=ROOMS {
        let (feed, name) = (FeedId::Room(RoomId(number)), format!("room{number}"));
        let created = Created { room: name.clone(), name: "ghost".to_owned(), topic: String::new() };
        let event = Event {
            seq: Seq(1),
            ordinal: Ordinal(0),
            at: Timestamp(1),
            by: AccountId(999_999),
            device: DeviceId(1),
            key: MessageKey([1; 16]),
            body: created.into(),
        };
        let rows = vec![Row::seal(&chain_start(feed, store.epoch()), event, [0; 16])];
        let record = RoomRecord { id: RoomId(number), name: RoomName::parse(&name).unwrap() };
        let registrations = vec![Registration::Room(record)];
        store
            .append(Append {
                feed,
                expected_head: Seq::ZERO,
                rows,
                registrations,
                erase: Vec::new(),
                replace: Vec::new(),
            })
            .await
            .unwrap();
    }
    let server = TestServer::start_with(Arc::new(store.clone()), Settings::default());
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let room = alice.join("room7777").await.room;
    alice.post(room, "anybody here?").await;
    assert_read(&store, "at the first start");
    let server = server.restart().await;
    let mut alice = RawClient::login(&server, &device, "alice").await;
    alice.post(room, "still nobody").await;
    assert_read(&store, "after a restart");
}

/// One room and one account were read, and whose room it is; nothing of the others.
fn assert_read(store: &CountingStore, when: &str) {
    let (loads, rows) = (store.take_loads(), store.take());
    assert!((1..=6).contains(&loads) && rows <= 20, "{when} {loads} feeds and {rows} rows are read");
}

/// What a crash leaves between a room's feed and the feeds of the accounts it concerns: the room's event is there, the notes
/// are not. They are made when the room is next loaded.
#[tokio::test]
async fn what_a_crash_left_unnoted_is_noted_when_the_room_is_loaded() {
    let store = MemoryStore::new();
    let server = TestServer::start_with(Arc::new(store.clone()), Settings::default());
    let (alices, bobs) = (Device::new(), Device::new());
    let mut alice = RawClient::login(&server, &alices, "alice").await;
    let mut bob = RawClient::login(&server, &bobs, "bob").await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    let feed = FeedId::Room(room);
    let server = server.restart().await;
    // A message that names bob, put into the log as if the server had died right behind its commit.
    let loaded = store.load(feed).await.unwrap().unwrap();
    let body = Posted {
        name: "alice".to_owned(),
        style: Style::Text,
        text: "@bob".to_owned(),
        mentions: vec![bob.welcome.account],
    };
    let event = Event {
        seq: loaded.meta.head.next(),
        ordinal: loaded.meta.ordinal.next(),
        at: loaded.meta.at,
        by: alice.welcome.account,
        device: alice.welcome.device,
        key: MessageKey([5; 16]),
        body: body.into(),
    };
    let seq = event.seq;
    let rows = vec![Row::seal(&loaded.meta.chain, event, [1; 16])];
    store
        .append(Append {
            feed,
            expected_head: loaded.meta.head,
            rows,
            registrations: Vec::new(),
            erase: Vec::new(),
            replace: Vec::new(),
        })
        .await
        .unwrap();
    let mut bob = RawClient::login(&server, &bobs, "bob").await;
    let mentioned = |delivery: &Delivery| match delivery {
        Delivery::Events(events) => events.events.iter().find_map(|event| match &event.body {
            EventBody::Mentioned(mentioned) => Some(mentioned.seq),
            _ => None,
        }),
        _ => None,
    };
    assert_eq!(bob.expect(mentioned).await, seq);
}
