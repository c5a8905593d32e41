//! Who asks for too much is read later, then refused, and nothing he was told is stored is lost; over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use chat_proto::codec::encode_frame;
use chat_proto::limits::{REQUEST_FRAME_BYTES_MAX, SERVER_FRAME_BYTES_MAX};
use chat_proto::request::{History, Ping};
use chat_proto::{ALPN, Anchor, FrameBuffer, RejectCode, Reply, ReplyFrame, Request, RequestFrame, RequestId, Seq};
use chat_server::config::{Flood, Limits};
use chat_server::core::flood::Rates;
use chat_server::hub::HubSettings;
use chat_server::server::Settings;
use chat_server::store::MemoryStore;
use quinn::{Connection, ConnectionError};
use support::{Device, PATIENCE, RawClient, TestServer, post};
use tokio::task::JoinSet;
use tokio::time::Instant;

fn server(rates: Rates) -> TestServer {
    let hub = HubSettings { flood: Some(rates), ..HubSettings::default() };
    TestServer::start_with(Arc::new(MemoryStore::default()), Settings { hub, ..Settings::default() })
}

/// One request on a stream of its own.
async fn alone(connection: Connection, request: Request) -> Reply {
    let (mut send, mut recv) = connection.open_bi().await.unwrap();
    let frame = RequestFrame { id: RequestId(0), request };
    send.write_all(&encode_frame(&frame, REQUEST_FRAME_BYTES_MAX).unwrap()).await.unwrap();
    send.finish().unwrap();
    let mut buffer = FrameBuffer::new(SERVER_FRAME_BYTES_MAX);
    buffer.extend(&recv.read_to_end(SERVER_FRAME_BYTES_MAX).await.unwrap());
    buffer.pop::<ReplyFrame>().unwrap().unwrap().reply
}

#[tokio::test]
async fn who_is_a_little_too_fast_waits_and_loses_nothing() {
    let server = server(Rates { messages_per_second: 20, messages_burst: 5, bytes_per_second: 1_000_000 });
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = alice.join("dev").await.room;
    let begun = Instant::now();
    for number in 0..15 {
        alice.begin(post(room, &format!("message {number}\nof two lines"))).await;
    }
    for _ in 0..15 {
        let frame: ReplyFrame = tokio::time::timeout(PATIENCE, alice.replies.next()).await.unwrap().unwrap();
        assert!(matches!(frame.reply, Reply::Receipt(_)), "{frame:?}");
    }
    // The joining and four messages are the burst; the others come one every 50 ms.
    assert!(begun.elapsed() >= Duration::from_millis(400), "{:?}", begun.elapsed());
    let begun = Instant::now();
    for token in 0..200 {
        alice.ask(Ping { token }).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "who asks for nothing others see does not wait");
}

#[tokio::test]
async fn s5_who_goes_round_the_wait_is_told_to_slow_down_and_nothing_is_dropped() {
    let server = server(Rates { messages_per_second: 1, messages_burst: 2, bytes_per_second: 1_000_000 });
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let room = alice.join("dev").await.room;
    let mut posts = JoinSet::new();
    for number in 0..7 {
        posts.spawn(alone(alice.connection.clone(), post(room, &format!("message {number}")).into()));
    }
    let (mut stored, mut refused) = (0, 0);
    while let Some(reply) = posts.join_next().await {
        match reply.unwrap() {
            Reply::Receipt(_) => stored += 1,
            Reply::Reject(reject) => {
                assert_eq!(reject.code, RejectCode::SlowDown);
                assert!(reject.retry_after_ms > 1_000, "{reject:?}");
                refused += 1;
            }
            reply => panic!("{reply:?}"),
        }
    }
    assert!(stored >= 2 && refused >= 1, "{stored} stored, {refused} refused");
    let Reply::Page(page) = alice.ask(History { room, anchor: Anchor::After(Seq(0)), limit: 50 }).await else {
        panic!()
    };
    let messages = page.events.iter().filter(|event| event.body.is_message()).count();
    assert_eq!(messages, stored, "what was acknowledged is there, and what was refused is not");
    let asked = Instant::now();
    bob.join("dev").await;
    assert!(asked.elapsed() < Duration::from_secs(1), "nobody else waits");
}

#[tokio::test]
async fn a_second_connection_is_no_way_round() {
    let server = server(Rates { messages_per_second: 1, messages_burst: 1, bytes_per_second: 1_000_000 });
    let device = Device::new();
    let room = RawClient::login(&server, &device, "alice").await.join("dev").await.room;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(RawClient::login(&server, &device, "alice").await);
    }
    let mut refused = 0;
    for client in &mut clients {
        if let Reply::Reject(reject) = client.ask(post(room, "hello")).await {
            assert_eq!(reject.code, RejectCode::SlowDown);
            refused += 1;
        }
    }
    assert!(refused > 0, "an account may ask for four times what one connection may");
}

#[tokio::test]
async fn newcomers_from_an_address_nobody_logged_in_from_are_bounded() {
    let usual = Settings::default();
    let limits = Limits { handshakes_per_second: 1, ..usual.limits };
    let server =
        TestServer::start_with(Arc::new(MemoryStore::default()), Settings { limits, flood: Flood::On, ..usual });
    let mut held = Vec::new();
    let error = loop {
        assert!(held.len() < 30, "no end");
        match support::client_endpoint(&[ALPN]).connect(server.address, "localhost").unwrap().await {
            Ok(connection) => held.push(connection),
            Err(error) => break error,
        }
    };
    assert!(held.len() >= 5, "{}", held.len());
    assert!(matches!(error, ConnectionError::ConnectionClosed(_)), "{error:?}");
    // One of those let in logs in, and from then on everybody from there may come.
    let connection = held.pop().unwrap();
    let auth = Device::new();
    let auth = auth.prove(&connection, &server.key, "alice").into();
    let hello = chat_proto::request::Hello {
        version_min: 1,
        version_max: 1,
        client: "raw".to_owned(),
        auth,
        resume: Vec::new(),
    };
    assert!(matches!(support::say_hello(&connection, hello).await.2, Reply::Welcome(_)));
    for _ in 0..30 {
        held.push(support::dial(&server).await);
    }
}
