//! What the server says of itself, and who is there, over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use chat_proto::connection::ListSessions;
use chat_proto::delivery::Greeting;
use chat_proto::reach::{Block, OpenDirect};
use chat_proto::request::{Ping, Whois};
use chat_proto::seen::{AskSeen, LastSeen, SetSeenPolicy};
use chat_proto::{Delivery, FeedId, Presence, RejectCode, Reply, SeenPolicy, UserRef};
use chat_server::hub::HubSettings;
use chat_server::server::Settings;
use chat_server::store::MemoryStore;
use support::{Device, RawClient, TestServer, fresh_key, post};

fn server(hub: HubSettings) -> TestServer {
    TestServer::start_with(Arc::new(MemoryStore::new()), Settings { hub, ..Settings::default() })
}

/// Greetings that come before the events of a room joined now.
async fn greetings(client: &mut RawClient, room: &str) -> Vec<Greeting> {
    let joined = client.join(room).await.room;
    let mut all = Vec::new();
    client
        .expect(|delivery| match delivery {
            Delivery::Greeting(greeting) => {
                all.push(greeting.clone());
                None
            }
            Delivery::Events(events) => (events.feed == FeedId::Room(joined)).then_some(()),
            _ => None,
        })
        .await;
    all
}

#[tokio::test]
async fn every_connection_is_greeted_once_and_only_where_there_is_something_to_say() {
    let greeting = Greeting { name: "Example Chat".to_owned(), motd: "Be kind.\nBackups on Sunday.".to_owned() };
    let greets = server(HubSettings { greeting: greeting.clone(), ..HubSettings::default() });
    let device = Device::new();
    for room in ["one", "two"] {
        let mut alice = RawClient::login(&greets, &device, "alice").await;
        let greets = |delivery: &Delivery| matches!(delivery, Delivery::Greeting(_)).then(|| delivery.clone());
        assert_eq!(alice.expect(greets).await, greeting.clone().into());
        assert_eq!(greetings(&mut alice, room).await, []);
    }
    let silent = server(HubSettings::default());
    let mut alice = RawClient::login(&silent, &device, "alice").await;
    assert_eq!(greetings(&mut alice, "one").await, []);
}

/// Waits until somebody is told to stand so.
async fn becomes(client: &mut RawClient, name: &str, presence: Presence) {
    client
        .expect(|delivery| match delivery {
            Delivery::RoomPresence(told) => {
                told.changed.iter().any(|it| it.name == name && it.presence == presence).then_some(())
            }
            _ => None,
        })
        .await;
}

/// How somebody stands, for whoever asks.
async fn presence(client: &mut RawClient, name: &str) -> Presence {
    let Reply::Person(person) = client.ask(Whois { name: name.to_owned() }).await else { panic!() };
    person.presence
}

#[tokio::test]
async fn who_asks_nothing_on_any_connection_is_away_until_he_asks_something() {
    let away_after = Duration::from_millis(800);
    let server = server(HubSettings { away_after: Some(away_after), ..HubSettings::default() });
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let room = alice.join("r").await.room;
    bob.join("r").await;
    alice.ask(ListSessions {}).await;

    becomes(&mut bob, "alice", Presence::Away).await;
    alice.ask(Ping { token: 1 }).await;
    assert_eq!(presence(&mut bob, "alice").await, Presence::Away, "a ping is no sign of life");
    alice.ask(ListSessions {}).await;
    becomes(&mut bob, "alice", Presence::Online).await;

    // One connection that is in use is enough, whichever it is.
    let mut other = RawClient::login(&server, &device, "alice").await;
    loop {
        let Reply::SessionList(list) = other.ask(ListSessions {}).await else { panic!() };
        assert_eq!(presence(&mut bob, "alice").await, Presence::Online);
        if list.sessions.iter().any(|it| it.conn == alice.welcome.conn && u128::from(it.idle_ms) > 1_000) {
            break;
        }
    }
    becomes(&mut bob, "alice", Presence::Away).await;
    other.begin(post(room, "hello")).await;
    becomes(&mut bob, "alice", Presence::Online).await;
    // A connection that begins is a sign of life as well.
    becomes(&mut bob, "alice", Presence::Away).await;
    let _third = RawClient::login(&server, &device, "alice").await;
    becomes(&mut bob, "alice", Presence::Online).await;
}

async fn ask_seen(client: &mut RawClient, name: &str) -> Result<LastSeen, RejectCode> {
    match client.ask(AskSeen { user: UserRef::Name(name.to_owned()) }).await {
        Reply::LastSeen(seen) => Ok(seen),
        Reply::Reject(reject) => Err(reject.code),
        reply => panic!("{reply:?}"),
    }
}

async fn set_policy(client: &mut RawClient, policy: SeenPolicy) {
    let reply = client.ask(SetSeenPolicy { key: fresh_key(), policy }).await;
    assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
}

#[tokio::test]
async fn when_somebody_was_last_there_is_told_to_whom_he_lets_know() {
    let server = server(HubSettings::default());
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let mut carol = RawClient::login(&server, &Device::new(), "carol").await;
    alice.join("r").await;
    bob.join("r").await;
    let seen = ask_seen(&mut bob, "alice").await.unwrap();
    assert_eq!((seen.presence, seen.account, seen.at.is_some()), (Presence::Online, alice.welcome.account, true));
    assert_eq!(ask_seen(&mut carol, "alice").await, Err(RejectCode::NotShown));
    // A conversation is no room shared: anybody may begin one.
    let with = vec![UserRef::Name("alice".to_owned())];
    assert!(matches!(carol.ask(OpenDirect { key: fresh_key(), with }).await, Reply::RoomInfo(_)));
    assert_eq!(ask_seen(&mut carol, "alice").await, Err(RejectCode::NotShown));
    set_policy(&mut alice, SeenPolicy::Everyone).await;
    assert!(ask_seen(&mut carol, "alice").await.is_ok());
    let block = Block { key: fresh_key(), account: carol.welcome.account, on: true };
    assert!(matches!(alice.ask(block).await, Reply::Done(_)));
    assert_eq!(ask_seen(&mut carol, "alice").await, Err(RejectCode::NotShown));
    set_policy(&mut alice, SeenPolicy::Nobody).await;
    assert_eq!(ask_seen(&mut bob, "alice").await, Err(RejectCode::NotShown));
    assert!(ask_seen(&mut alice, "alice").await.is_ok(), "to oneself nothing is hidden");
    assert_eq!(ask_seen(&mut bob, "nobody").await, Err(RejectCode::NoSuchUser));
}

#[tokio::test]
async fn it_is_the_last_request_and_not_the_end_and_holds_over_restarts() {
    let grace = Duration::from_millis(50);
    let server = server(HubSettings { presence_grace: grace, ..HubSettings::default() });
    let (device, watcher) = (Device::new(), Device::new());
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let mut bob = RawClient::login(&server, &watcher, "bob").await;
    alice.join("r").await;
    bob.join("r").await;
    alice.ask(ListSessions {}).await;
    let last = ask_seen(&mut bob, "alice").await.unwrap().at.unwrap();
    // A ping is no sign of life, whatever the clock says by then.
    while ask_seen(&mut bob, "bob").await.unwrap().at.unwrap().0 < last.0 + 200_000 {}
    alice.ask(Ping { token: 1 }).await;
    alice.connection.close(0_u32.into(), b"bye");
    becomes(&mut bob, "alice", Presence::Offline).await;
    let gone = ask_seen(&mut bob, "alice").await.unwrap();
    assert_eq!(gone.presence, Presence::Offline);
    let at = gone.at.unwrap();
    assert!(at.0.abs_diff(last.0) < 100_000, "{at:?} {last:?}");

    // Whoever is there when the server goes down was seen as well.
    let asked = ask_seen(&mut bob, "bob").await.unwrap().at.unwrap();
    let server = server.restart().await;
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let bob_seen = ask_seen(&mut alice, "bob").await.unwrap();
    assert_eq!(bob_seen.presence, Presence::Offline);
    assert!(bob_seen.at.unwrap().0.abs_diff(asked.0) < 500_000, "{bob_seen:?} {asked:?}");
    let mut bob = RawClient::login(&server, &watcher, "bob").await;
    alice.connection.close(0_u32.into(), b"bye");
    becomes(&mut bob, "alice", Presence::Offline).await;
    let again = ask_seen(&mut bob, "alice").await.unwrap().at.unwrap();
    assert!(again > at, "{again:?} {at:?}");
}
