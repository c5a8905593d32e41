//! A server that sends what no server should: the client says so, hangs up or goes on, and never falls over.
#![allow(clippy::unwrap_used, clippy::panic)]

mod impostor;
mod support;

use std::sync::Arc;
use std::time::Duration;

use chat_proto::delivery::{Background, Began, Events, Focused, Moved, StreamHeader};
use chat_proto::event::Withheld;
use chat_proto::reply::{Done, Welcome};
use chat_proto::{
    AccountId, Chain, CloseCode, ConnId, Delivery, DeviceId, Epoch, Event, FeedId, FeedStatus, MessageKey, Ordinal,
    Reply, ReplyFrame, RequestId, RoomId, Seq, Timestamp,
};
use chat_tui::client::{ClientEvent, LinkState, ServerAddress, StopReason};
use impostor::frame;
use quinn::{Connection, Endpoint};
use support::{Person, settings};

const ROOM: RoomId = RoomId(5);

/// A server that does one thing to whoever comes, again and again.
fn server<F>(alpn: &[u8], act: impl Fn(Connection) -> F + Send + 'static) -> (Endpoint, ServerAddress)
where
    F: Future<Output = ()> + Send + 'static,
{
    let endpoint = impostor::listen(alpn);
    let address = ServerAddress::new("127.0.0.1", endpoint.local_addr().unwrap().port());
    let acceptor = endpoint.clone();
    tokio::spawn(async move {
        while let Some(incoming) = acceptor.accept().await {
            if let Ok(connection) = incoming.await {
                tokio::spawn(act(connection));
            }
        }
    });
    (endpoint, address)
}

fn status() -> FeedStatus {
    impostor::status(FeedId::Room(ROOM), "ops")
}

fn welcome_with(feeds: Vec<FeedStatus>) -> Vec<u8> {
    let welcome = Welcome {
        version: 1,
        server: "hostile".to_owned(),
        account: AccountId(1),
        name: "ann".to_owned(),
        device: DeviceId(1),
        conn: ConnId(1),
        registered: false,
        now: Timestamp(0),
        feeds,
    };
    frame(&ReplyFrame { id: RequestId(0), reply: welcome.into() })
}

fn welcome() -> Vec<u8> {
    welcome_with(vec![status()])
}

fn events(seqs: &[u64]) -> Vec<u8> {
    let event = |seq: &u64| Event {
        seq: Seq(*seq),
        ordinal: Ordinal(0),
        at: Timestamp(0),
        by: AccountId(2),
        device: DeviceId(2),
        key: MessageKey::default(),
        body: Withheld {}.into(),
    };
    let events = seqs.iter().map(event).collect();
    frame(&Delivery::from(Events { feed: FeedId::Room(ROOM), epoch: Epoch(1), events, chain: Chain::default() }))
}

/// Answers the login with bytes, then sends more of them on streams of its own, and stays.
async fn send(connection: Connection, reply: Vec<u8>, streams: Vec<Vec<u8>>) {
    let Ok((mut tx, _rx)) = connection.accept_bi().await else { return };
    let _ = tx.write_all(&reply).await;
    for bytes in streams {
        let Ok(mut stream) = connection.open_uni().await else { return };
        let _ = stream.write_all(&bytes).await;
        let _ = stream.finish();
    }
    connection.closed().await;
}

fn meets(reply: Vec<u8>, streams: Vec<Vec<u8>>) -> (Person, tempfile::TempDir, Endpoint) {
    let (endpoint, address) =
        server(chat_proto::ALPN, move |connection| send(connection, reply.clone(), streams.clone()));
    let data = tempfile::tempdir().unwrap();
    let person = Person::start(settings(address, "ann", data.path()));
    (person, data, endpoint)
}

fn background() -> Vec<u8> {
    frame(&StreamHeader { purpose: Background {}.into() })
}

#[tokio::test]
async fn a_login_answered_with_garbage_is_tried_again_later() {
    let replies: [&[u8]; 4] = [&[0xff; 64], &u32::MAX.to_le_bytes(), &[9, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9], &[]];
    for reply in replies.iter().filter(|reply| !reply.is_empty()) {
        let (mut ann, _data, _endpoint) = meets(reply.to_vec(), vec![]);
        ann.waits().await;
        assert!(!ann.heard.iter().any(|event| matches!(event, ClientEvent::Welcome(_))));
    }
}

#[tokio::test]
async fn a_stream_that_makes_no_sense_ends_the_connection() {
    let header = background();
    let unusable = [
        vec![0xff; 64],
        [header.clone(), u32::MAX.to_le_bytes().to_vec()].concat(),
        [header.clone(), vec![3, 0, 0, 0, 1, 200, 200]].concat(),
        [header.clone(), events(&[2, 1])].concat(),
        [header.clone(), events(&[1, 3])].concat(),
        [header, events(&[0])].concat(),
    ];
    for stream in unusable {
        let (mut ann, _data, _endpoint) = meets(welcome(), vec![stream]);
        ann.welcomed().await;
        ann.waits().await;
        assert_eq!(ann.log, []);
    }
}

#[tokio::test]
async fn an_answer_to_nothing_ends_the_connection() {
    let stray = frame(&ReplyFrame { id: RequestId(77), reply: Done {}.into() });
    let (mut ann, _data, _endpoint) = meets([welcome(), stray].concat(), vec![]);
    ann.welcomed().await;
    ann.waits().await;
}

#[tokio::test]
async fn what_a_newer_server_adds_is_passed_over() {
    let unknown = Delivery::Unknown { kind: 999, bytes: vec![1, 2, 3] };
    let newer =
        frame(&StreamHeader { purpose: chat_proto::delivery::StreamPurpose::Unknown { kind: 99, bytes: vec![] } });
    let flood = [newer, vec![0xff; 100_000]].concat();
    let stream = [background(), frame(&unknown), events(&[1, 2]), events(&[1, 2, 3])].concat();
    let stray = frame(&ReplyFrame { id: RequestId(0), reply: Reply::Unknown { kind: 99, bytes: vec![] } });
    let (mut ann, _data, _endpoint) = meets(welcome(), vec![flood, stream]);
    ann.until(|ann| ann.log.len() == 3).await;
    ann.check_log();
    let (mut other, _data, _endpoint) = meets(stray, vec![]);
    assert!(other.waits().await.contains("kind 99"));
}

#[tokio::test]
async fn events_that_leave_something_out_are_asked_for_and_not_shown() {
    let stream = [background(), events(&[1]), events(&[3])].concat();
    let (mut ann, _data, _endpoint) = meets(welcome(), vec![stream]);
    ann.until(|ann| ann.log.len() == 1).await;
    let more = tokio::time::timeout(Duration::from_millis(300), ann.until(|ann| ann.log.len() > 1)).await;
    assert!(more.is_err());
}

fn focus(next: u64) -> Vec<u8> {
    frame(&StreamHeader { purpose: Focused { feed: FeedId::Room(ROOM), next: Seq(next) }.into() })
}

/// Sends something on a stream of its own, and waits until it is there.
async fn arrives(connection: &Connection, bytes: Vec<u8>) -> Option<()> {
    let mut stream = connection.open_uni().await.ok()?;
    stream.write_all(&bytes).await.ok()?;
    stream.finish().ok()?;
    stream.stopped().await.ok().map(|_| ())
}

#[tokio::test]
async fn a_focus_stream_may_come_before_the_word_that_its_feed_begins() {
    let (_endpoint, address) = server(chat_proto::ALPN, |connection| async move {
        let Ok((mut tx, _rx)) = connection.accept_bi().await else { return };
        let _ = tx.write_all(&welcome_with(vec![])).await;
        let began = Began { status: status() };
        let moved = Moved { feed: FeedId::Room(ROOM), next: Seq(1) };
        let background = [background(), frame(&Delivery::from(began)), frame(&Delivery::from(moved))].concat();
        arrives(&connection, [focus(1), events(&[1, 2]), events(&[3])].concat()).await;
        arrives(&connection, background).await;
        connection.closed().await;
    });
    let data = tempfile::tempdir().unwrap();
    let mut ann = Person::start(settings(address, "ann", data.path()));
    ann.until(|ann| ann.log.len() == 3).await;
    ann.check_log();
}

#[tokio::test]
async fn what_never_comes_on_a_connection_is_asked_for_on_another_one() {
    let connections = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (_endpoint, address) = server(chat_proto::ALPN, move |connection| {
        let first = connections.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        let focused = [focus(1), events(&[2])].concat();
        let whole = [background(), events(&[1, 2, 3])].concat();
        send(connection, welcome(), vec![if first { focused } else { whole }])
    });
    let data = tempfile::tempdir().unwrap();
    let mut ann = Person::start(settings(address, "ann", data.path()));
    ann.until(|ann| ann.log.len() == 3).await;
    ann.check_log();
}

#[tokio::test]
async fn another_protocol_is_said_and_not_tried_again() {
    let (_endpoint, address) = server(b"chat/99", |connection| async move {
        connection.closed().await;
    });
    let data = tempfile::tempdir().unwrap();
    let mut ann = Person::start(settings(address, "ann", data.path()));
    let reason = ann.stopped().await;
    assert!(matches!(&reason, StopReason::Version(text) if text.contains("chat/1")), "{reason:?}");
    let (_endpoint, address) = server(chat_proto::ALPN, |connection| async move {
        connection.close(CloseCode::Version.number().into(), b"only \x1b[31m2");
    });
    let mut ann = Person::start(settings(address, "ann", data.path()));
    let reason = ann.stopped().await;
    assert!(matches!(&reason, StopReason::Version(text) if text.contains("only  [31m2")), "{reason:?}");
}

#[tokio::test]
async fn a_server_that_never_answers_the_login_is_given_up() {
    let (_endpoint, address) = server(chat_proto::ALPN, |connection| async move {
        connection.closed().await;
    });
    let data = tempfile::tempdir().unwrap();
    let mut ann = Person::start(settings(address, "ann", data.path()));
    let reason = ann.waits().await;
    assert!(reason.contains("login"), "{reason}");
    assert!(!ann.heard.iter().any(|event| matches!(event, ClientEvent::Link(LinkState::Online))));
}
