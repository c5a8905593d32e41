//! What one connection of a person knows of the others, and how they end, over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::time::Duration;

use chat_proto::connection::{EndSession, ListSessions, SessionInfo};
use chat_proto::request::Ping;
use chat_proto::{CloseCode, ConnId, RejectCode, Reply};
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
