//! What one connection of a person knows of the others, and how they end, over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use chat_proto::connection::{
    DeviceMessage, DeviceTold, EndSession, ListSessions, SessionDown, SessionInfo, SessionUp,
};
use chat_proto::limits::DEVICE_MESSAGE_BYTES_MAX;
use chat_proto::request::Ping;
use chat_proto::{CloseCode, ConnId, Delivery, Reject, RejectCode, Reply, Retry};
use chat_server::config::MultiConn;
use chat_server::hub::HubSettings;
use chat_server::server::Settings;
use chat_server::store::MemoryStore;
use quinn::{Connection, ConnectionError};
use support::{Device, PATIENCE, RawClient, TestServer};

/// Why the server closed a connection.
async fn closed(connection: &Connection) -> CloseCode {
    let error = tokio::time::timeout(PATIENCE, connection.closed()).await.unwrap();
    let ConnectionError::ApplicationClosed(close) = error else { panic!("{error:?}") };
    CloseCode::from_number(close.error_code.into_inner()).unwrap()
}

async fn sessions(client: &mut RawClient) -> Vec<SessionInfo> {
    match client.ask(ListSessions {}).await {
        Reply::SessionList(list) => list.sessions,
        reply => panic!("{reply:?}"),
    }
}

#[tokio::test]
async fn a_person_sees_his_own_connections_and_ends_one() {
    let server = TestServer::start();
    let device = Device::new();
    let mut one = RawClient::login(&server, &device, "alice").await;
    let other = RawClient::login(&server, &device, "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let seen = sessions(&mut one).await;
    let conns: Vec<ConnId> = seen.iter().map(|session| session.conn).collect();
    assert_eq!(conns, [one.welcome.conn, other.welcome.conn]);
    assert!(seen.iter().all(|it| it.device == one.welcome.device && it.address == "127.0.0.1" && it.client == "raw"));
    assert_eq!(sessions(&mut bob).await.len(), 1);

    assert_eq!(bob.refused(EndSession { conn: other.welcome.conn }).await.code, RejectCode::NoSuchSession);
    assert_eq!(sessions(&mut one).await.len(), 2, "nobody ends another person's connection");

    assert!(matches!(one.ask(EndSession { conn: other.welcome.conn }).await, Reply::Done(_)));
    assert_eq!(sessions(&mut one).await.len(), 1, "it is gone before the answer");
    assert_eq!(closed(&other.connection).await, CloseCode::Ended);
    let again = one.refused(EndSession { conn: other.welcome.conn }).await;
    assert_eq!(again.code, RejectCode::NoSuchSession);

    one.begin(EndSession { conn: one.welcome.conn }).await;
    assert_eq!(closed(&one.connection).await, CloseCode::Ended);
}

#[tokio::test]
async fn a_connection_that_reads_nothing_ends_as_fast() {
    let server = TestServer::start();
    let device = Device::new();
    let mut one = RawClient::login(&server, &device, "alice").await;
    let mut stuck = RawClient::login(&server, &device, "alice").await;
    let room = one.join("dev").await.room;
    for _ in 0..64 {
        // Its answers stay unread, and so fill its window.
        stuck
            .begin(chat_proto::request::History {
                room,
                anchor: chat_proto::Anchor::After(chat_proto::Seq(0)),
                limit: 50,
            })
            .await;
        one.post(room, &"x".repeat(8_000)).await;
    }
    let asked = tokio::time::Instant::now();
    assert!(matches!(one.ask(EndSession { conn: stuck.welcome.conn }).await, Reply::Done(_)));
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(sessions(&mut one).await.len(), 1);
}

#[tokio::test]
async fn a_ping_keeps_nobody_busy() {
    let server = TestServer::start();
    let device = Device::new();
    let mut one = RawClient::login(&server, &device, "alice").await;
    let mut other = RawClient::login(&server, &device, "alice").await;
    let idle = Duration::from_millis(300);
    let idle_of = |seen: &[SessionInfo], conn: ConnId| seen.iter().find(|it| it.conn == conn).unwrap().idle_ms;
    loop {
        other.ask(Ping { token: 1 }).await;
        let seen = sessions(&mut one).await;
        assert!(idle_of(&seen, one.welcome.conn) < 300, "asking for the list is asking: {seen:?}");
        if u128::from(idle_of(&seen, other.welcome.conn)) > idle.as_millis() {
            break;
        }
    }
}

fn company(delivery: &Delivery) -> Option<Delivery> {
    match delivery {
        Delivery::SessionUp(_) | Delivery::SessionDown(_) | Delivery::DeviceTold(_) => Some(delivery.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn connections_of_a_person_hear_of_each_other_and_nobody_else_does() {
    let server = TestServer::start();
    let device = Device::new();
    let mut one = RawClient::login(&server, &device, "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let mut other = RawClient::login(&server, &device, "alice").await;
    let (conn, device) = (other.welcome.conn, other.welcome.device);
    let up = SessionUp { conn, device, client: "raw".to_owned(), sessions: 2 };
    assert_eq!(one.expect(company).await, up.into());

    let bytes = b"draft:17".to_vec();
    let Reply::DeviceMessagePassed(passed) = other.ask(DeviceMessage { bytes: bytes.clone() }).await else { panic!() };
    assert_eq!((passed.connections, passed.missed), (1, 0));
    assert_eq!(one.expect(company).await, DeviceTold { conn, device, bytes }.into());
    let long = DeviceMessage { bytes: vec![0; DEVICE_MESSAGE_BYTES_MAX + 1] };
    assert_eq!(other.refused(long).await.code, RejectCode::TooLarge);

    other.connection.close(0_u32.into(), b"bye");
    assert_eq!(one.expect(company).await, SessionDown { conn, device, sessions: 1 }.into());
    let Reply::DeviceMessagePassed(passed) = one.ask(DeviceMessage { bytes: vec![1] }).await else { panic!() };
    assert_eq!((passed.connections, passed.missed), (0, 0));

    // What comes to bob comes in order: his own second connection is the first he hears of.
    let second = RawClient::login(&server, &Device::new(), "carol").await;
    drop(second);
    bob.ask(Ping { token: 1 }).await;
    let joined = bob.join("dev").await;
    let heard = bob.expect(|delivery| {
        company(delivery).or_else(|| matches!(delivery, Delivery::Began(_)).then(|| delivery.clone()))
    });
    let Delivery::Began(began) = heard.await else { panic!("news of other people's connections") };
    assert_eq!(began.status.feed, chat_proto::FeedId::Room(joined.room));
}

#[tokio::test]
async fn one_that_does_not_read_misses_what_it_was_told_and_the_teller_knows() {
    let server = TestServer::start();
    let device = Device::new();
    let mut one = RawClient::login(&server, &device, "alice").await;
    let _stuck = RawClient::login(&server, &device, "alice").await;
    let mut told = 0;
    loop {
        let message = DeviceMessage { bytes: vec![7; DEVICE_MESSAGE_BYTES_MAX] };
        let Reply::DeviceMessagePassed(passed) = one.ask(message).await else { panic!() };
        told += passed.connections;
        assert!(told < 2_000, "what waits for one that does not read has a bound");
        if passed.missed == 1 {
            break;
        }
    }
}

fn settings(multi_conn: MultiConn) -> Settings {
    let hub = HubSettings { multi_conn, connections_per_account: 2, ..HubSettings::default() };
    Settings { hub, ..Settings::default() }
}

async fn refused(server: &TestServer, device: &Device, name: &str) -> Reject {
    let (connection, hello) = RawClient::hello(server, device, name, Vec::new()).await;
    match support::say_hello(&connection, hello).await.2 {
        Reply::Reject(reject) => reject,
        reply => panic!("{reply:?}"),
    }
}

/// Tries until a place is free.
async fn logs_in_at_last(server: &TestServer, device: &Device, name: &str) {
    loop {
        let (connection, hello) = RawClient::hello(server, device, name, Vec::new()).await;
        match support::say_hello(&connection, hello).await.2 {
            Reply::Welcome(_) => return,
            Reply::Reject(reject) => assert_eq!(reject.retry, Retry::Later),
            reply => panic!("{reply:?}"),
        }
    }
}

#[tokio::test]
async fn a_second_connection_shares_replaces_or_is_refused() {
    let store = || Arc::new(MemoryStore::default());
    let device = Device::new();
    let server = TestServer::start_with(store(), settings(MultiConn::Share));
    let _one = RawClient::login(&server, &device, "alice").await;
    let two = RawClient::login(&server, &device, "alice").await;
    let reject = refused(&server, &device, "alice").await;
    assert_eq!((reject.code, reject.retry), (RejectCode::LimitExceeded, Retry::Later));
    two.connection.close(0_u32.into(), b"bye");
    logs_in_at_last(&server, &device, "alice").await;

    let server = TestServer::start_with(store(), settings(MultiConn::Replace));
    let old = RawClient::login(&server, &device, "alice").await;
    let mut new = RawClient::login(&server, &device, "alice").await;
    assert_eq!(closed(&old.connection).await, CloseCode::Replaced);
    while sessions(&mut new).await.len() > 1 {}

    let server = TestServer::start_with(store(), settings(MultiConn::Reject));
    let old = RawClient::login(&server, &device, "alice").await;
    let reject = refused(&server, &device, "alice").await;
    assert_eq!((reject.code, reject.retry), (RejectCode::AlreadyConnected, Retry::Later));
    RawClient::login(&server, &Device::new(), "bob").await;
    old.connection.close(0_u32.into(), b"bye");
    logs_in_at_last(&server, &device, "alice").await;
}

#[tokio::test]
async fn who_asks_nothing_is_closed_where_the_server_says_so_and_pings_do_not_count() {
    let hub = HubSettings { idle_out: Some(Duration::from_millis(400)), ..HubSettings::default() };
    let server = TestServer::start_with(Arc::new(MemoryStore::default()), Settings { hub, ..Settings::default() });
    let mut busy = RawClient::login(&server, &Device::new(), "alice").await;
    let mut idle = RawClient::login(&server, &Device::new(), "bob").await;
    while idle.connection.close_reason().is_none() {
        sessions(&mut busy).await;
        // May find the stream closed, which is what is waited for.
        let _ = idle.try_begin(Ping { token: 1 }).await;
    }
    assert_eq!(closed(&idle.connection).await, CloseCode::Idle);
    sessions(&mut busy).await;
}
