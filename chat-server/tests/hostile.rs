//! Peers that break the rules, and disks that do: each gets a clear answer, and nobody else notices.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use chat_proto::codec::encode_frame;
use chat_proto::limits::{HELLO_FRAME_BYTES_MAX, REQUEST_FRAME_BYTES_MAX};
use chat_proto::request::{CreateRoom, History, JoinRoom, LeaveRoom, ListRooms, LookUpRoom, Ping, Whois};
use chat_proto::{
    ALPN, Anchor, CloseCode, Delivery, FeedId, FeedState, RejectCode, Reply, Request, RequestFrame, RequestId, RoomId,
    RoomRef, Seq,
};
use chat_server::config::Limits;
use chat_server::server::Settings;
use chat_server::store::{MemoryStore, StoreError};
use quinn::{Connection, ConnectionError, VarInt};
use support::{Device, RawClient, TestServer, post};

async fn closed(connection: &Connection) -> CloseCode {
    let error = tokio::time::timeout(support::PATIENCE, connection.closed()).await.expect("closed in time");
    match error {
        ConnectionError::ApplicationClosed(close) => CloseCode::from_number(close.error_code.into_inner()).unwrap(),
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn another_application_protocol_is_refused_in_the_handshake() {
    let server = TestServer::start();
    let refused = support::client_endpoint(&[b"chat/99", b"h3"]).connect(server.address, "localhost").unwrap().await;
    assert!(matches!(refused, Err(ConnectionError::ConnectionClosed(_))), "{refused:?}");
    assert!(support::client_endpoint(&[ALPN]).connect(server.address, "localhost").unwrap().await.is_ok());
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let server = TestServer::start();
    assert_eq!(closed(&support::dial(&server).await).await, CloseCode::Login);
}

#[tokio::test]
async fn undecodable_and_oversized_frames_close_the_connection_before_and_after_login() {
    let server = TestServer::start();
    let garbage = [8_u32.to_le_bytes().as_slice(), &[0xff; 8]].concat();
    let oversized = |max: usize| u32::try_from(max + 1).unwrap().to_le_bytes().to_vec();
    for bytes in [&garbage, &oversized(HELLO_FRAME_BYTES_MAX)] {
        let connection = support::dial(&server).await;
        let (mut send, _recv) = connection.open_bi().await.unwrap();
        send.write_all(bytes).await.unwrap();
        assert_eq!(closed(&connection).await, CloseCode::Malformed);
    }
    for bytes in [&garbage, &oversized(REQUEST_FRAME_BYTES_MAX)] {
        let mut alice = RawClient::login(&server, &Device::new(), &format!("alice{}", bytes.len())).await;
        alice.send.write_all(bytes).await.unwrap();
        assert_eq!(closed(&alice.connection).await, CloseCode::Malformed);
    }
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    assert!(matches!(bob.ask(Ping { token: 1 }).await, Reply::Pong(_)));
}

#[tokio::test]
async fn another_version_is_told_which_versions_there_are() {
    let server = TestServer::start();
    let (connection, mut hello) = RawClient::hello(&server, &Device::new(), "alice", Vec::new()).await;
    (hello.version_min, hello.version_max) = (7, 9);
    let (_send, _replies, reply) = support::say_hello(&connection, hello).await;
    let Reply::Reject(reject) = reply else { panic!("{reply:?}") };
    assert_eq!(reject.code, RejectCode::VersionMismatch);
    assert!(reject.message.contains("7 to 9"), "{reject:?}");
    assert_eq!(closed(&connection).await, CloseCode::Version);
}

#[tokio::test]
async fn requests_before_login_are_refused_and_few() {
    let server = TestServer::start();
    let connection = support::dial(&server).await;
    let (mut send, recv) = connection.open_bi().await.unwrap();
    let mut replies = support::Frames::new(recv);
    for number in 1..=3 {
        let frame = RequestFrame { id: RequestId(number), request: Ping { token: 1 }.into() };
        send.write_all(&encode_frame(&frame, REQUEST_FRAME_BYTES_MAX).unwrap()).await.unwrap();
        let reply: chat_proto::ReplyFrame = replies.next().await.unwrap();
        let Reply::Reject(reject) = reply.reply else { panic!("{reply:?}") };
        assert_eq!((reply.id, reject.code), (RequestId(number), RejectCode::Unauthenticated));
    }
    assert_eq!(closed(&connection).await, CloseCode::Login);
}

#[tokio::test]
async fn s1_a_connection_before_login_gets_one_stream_and_no_more() {
    let server = TestServer::start();
    let connection = support::dial(&server).await;
    let _control = connection.open_bi().await.unwrap();
    let opened = tokio::select! {
        biased;
        Ok(_) = connection.open_bi() => "a second bidirectional stream",
        Ok(_) = connection.open_uni() => "a unidirectional stream",
        error = connection.closed() => match error {
            ConnectionError::ApplicationClosed(close) if close.error_code == VarInt::from_u32(3) => "nothing",
            error => panic!("{error:?}"),
        },
    };
    assert_eq!(opened, "nothing");
}

#[tokio::test]
async fn limits_of_connections_refuse_the_next_one() {
    let usual = Settings::default();
    let limits = Limits { connections: 10, connections_per_address: 2, ..usual.limits };
    let settings = Settings { limits, ..usual };
    let server = TestServer::start_with(Arc::new(MemoryStore::new()), settings);
    let (one, _two) = (support::dial(&server).await, support::dial(&server).await);
    let refused = support::client_endpoint(&[ALPN]).connect(server.address, "localhost").unwrap().await;
    assert!(refused.is_err());
    one.close(VarInt::from_u32(0), b"");
    // The place is free as soon as the server has heard of it.
    let again = async {
        while support::client_endpoint(&[ALPN]).connect(server.address, "localhost").unwrap().await.is_err() {}
    };
    tokio::time::timeout(support::PATIENCE, again).await.expect("a place in the end");
}

#[tokio::test]
async fn s3_a_full_disk_refuses_messages_and_nothing_else_and_heals_by_itself() {
    let store = MemoryStore::new();
    let server = TestServer::start_with(Arc::new(store.clone()), Settings::default());
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = alice.join("dev").await.room;
    let kept = alice.post(room, "kept").await;
    store.fail_all(Some(StoreError::Full));
    let refused = post(room, "refused");
    for _ in 0..3 {
        let reject = alice.refused(refused.clone()).await;
        assert_eq!(reject.code, RejectCode::StorageFull);
        assert!(reject.retry_after_ms > 0);
    }
    let Reply::Page(page) = alice.ask(History { room, anchor: Anchor::Before(Seq::MAX), limit: 10 }).await else {
        panic!()
    };
    assert_eq!(page.last, kept.seq);
    store.fail_all(None);
    let Reply::Receipt(receipt) = alice.ask(refused).await else { panic!() };
    assert_eq!((receipt.seq, receipt.duplicate), (kept.seq.next(), false));
}

#[tokio::test]
async fn a_failed_append_is_answered_and_the_feed_goes_on_from_what_is_stored() {
    let store = MemoryStore::new();
    let server = TestServer::start_with(Arc::new(store.clone()), Settings::default());
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = alice.join("dev").await.room;
    for error in [StoreError::Io("broken".to_owned()), StoreError::Conflict] {
        store.fail_next(error);
        let message = post(room, "again");
        let reject = alice.refused(message.clone()).await;
        assert!(matches!(reject.code, RejectCode::Unavailable | RejectCode::Conflict), "{reject:?}");
        assert!(!reject.message.contains("broken"), "{reject:?}");
        let Reply::Receipt(receipt) = alice.ask(message).await else { panic!() };
        assert!(!receipt.duplicate);
    }
    let mut seen = Vec::new();
    while seen.len() < 3 {
        seen.extend(alice.events(room).await.into_iter().map(|event| event.seq.0));
    }
    assert_eq!(seen, [1, 2, 3]);
}

#[tokio::test]
async fn going_down_is_announced_and_what_was_acknowledged_is_delivered_first() {
    let server = TestServer::start();
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let room = alice.join("dev").await.room;
    let receipt = alice.post(room, "last words").await;
    let connection = alice.connection.clone();
    let stop = tokio::spawn(server.stop());
    let mut newest = Seq::ZERO;
    loop {
        match alice.delivery().await {
            Delivery::Events(events) if events.feed == FeedId::Room(room) => newest = events.events.last().unwrap().seq,
            Delivery::GoingAway(_) => break,
            _ => {}
        }
    }
    assert_eq!(newest, receipt.seq);
    assert_eq!(closed(&connection).await, CloseCode::Shutdown);
    stop.await.unwrap();
}

/// Resident memory of this process, bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s2_a_reader_that_stops_costs_the_others_nothing_and_catches_up() {
    const MESSAGES: u64 = 10_000;
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = alice.join("dev").await.room;
    let mut slow = RawClient::login(&server, &Device::new(), "slow").await;
    slow.join("dev").await;
    let mut quick = RawClient::login(&server, &Device::new(), "quick").await;
    quick.join("dev").await;
    let mut before = 0;
    let (mut sent, mut seen, mut answered) = (0, 0, 0);
    while seen < MESSAGES {
        while sent < MESSAGES && sent - answered < 200 {
            alice.begin(post(room, &format!("message {sent}: {}", "x".repeat(100)))).await;
            sent += 1;
        }
        if answered < sent {
            let reply: chat_proto::ReplyFrame = alice.replies.next().await.unwrap();
            assert!(matches!(reply.reply, Reply::Receipt(_)), "{reply:?}");
            answered += 1;
            // Everybody but the slow one reads along.
            while alice.pending.len() > 64 {
                alice.pending.pop_front();
            }
        }
        if answered % 50 == 0 || answered == sent {
            let events = quick.events(room).await;
            seen += events.iter().filter(|event| event.body.is_message()).count() as u64;
        }
        if answered == 1_000 && before == 0 {
            before = resident();
        }
    }
    let grown = resident().saturating_sub(before);
    // 9,000 messages in the memory store, and no queue for the slow one on top of it.
    assert!(grown < 48 * 1024 * 1024, "grew by {grown} bytes");
    let mut next = None;
    let mut caught = 0;
    while caught < MESSAGES {
        for event in slow.events(room).await {
            assert_eq!(event.seq, next.unwrap_or(event.seq), "no gap");
            next = Some(event.seq.next());
            caught += u64::from(event.body.is_message());
        }
    }
}

#[tokio::test]
async fn a_stranger_reads_an_open_room_but_not_somebody_elses_account() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut mallory = RawClient::login(&server, &Device::new(), "mallory").await;
    alice.join("dev").await;
    let from = chat_proto::Position {
        feed: FeedId::Account(alice.welcome.account),
        epoch: chat_proto::Epoch(1),
        seq: Seq::ZERO,
        chain: chat_proto::Chain::default(),
        backlog_max: 10,
    };
    let subscribe: Request = chat_proto::request::Subscribe { from }.into();
    let Reply::FeedStatus(status) = mallory.ask(subscribe).await else { panic!() };
    assert_eq!(status.state, FeedState::NoAccess);
    let quiet = tokio::time::timeout(Duration::from_millis(50), mallory.background.next::<Delivery>()).await;
    assert!(
        !matches!(quiet, Ok(Some(Delivery::Events(events))) if events.feed == FeedId::Account(alice.welcome.account))
    );
}

#[tokio::test]
async fn a4_no_text_field_takes_an_escape_sequence() {
    const EVIL: &str = "x\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}31m";
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = alice.join("dev").await.room;
    let create = |name: &str, topic: &str| CreateRoom {
        key: support::fresh_key(),
        name: name.to_owned(),
        topic: topic.to_owned(),
    };
    let named = || RoomRef::Name(EVIL.to_owned());
    let requests: Vec<Request> = vec![
        create(EVIL, "").into(),
        create("clean", EVIL).into(),
        JoinRoom { key: support::fresh_key(), room: named(), create: true }.into(),
        LookUpRoom { room: named() }.into(),
        LeaveRoom { key: support::fresh_key(), room, reason: EVIL.to_owned() }.into(),
        Whois { name: EVIL.to_owned() }.into(),
        post(room, EVIL).into(),
    ];
    for request in requests {
        let reject = alice.refused(request.clone()).await;
        assert!(matches!(reject.code, RejectCode::InvalidName | RejectCode::InvalidText), "{request:?}: {reject:?}");
        assert!(!reject.message.chars().any(char::is_control), "what is refused is not echoed raw: {reject:?}");
    }
    let Reply::RoomList(list) = alice.ask(ListRooms { after: RoomId(0), limit: 100 }).await else { panic!() };
    assert_eq!(list.rooms.iter().map(|room| room.name.as_str()).collect::<Vec<_>>(), ["dev"]);
}

#[tokio::test]
async fn a_message_of_a_megabyte_ends_the_connection_that_sends_it_and_no_other() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let room = alice.join("dev").await.room;
    let frame = RequestFrame { id: RequestId(9), request: post(room, &"x".repeat(1_000_000)).into() };
    let bytes = encode_frame(&frame, usize::MAX).unwrap();
    // The server closes before it has read it all.
    let _ = alice.send.write_all(&bytes).await;
    assert_eq!(closed(&alice.connection).await, CloseCode::Malformed);
    assert_eq!(bob.join("dev").await.head_ordinal, chat_proto::Ordinal(0));
}
