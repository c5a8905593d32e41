//! What the server says of itself, and who is there, over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use chat_proto::connection::ListSessions;
use chat_proto::delivery::Greeting;
use chat_proto::request::{Ping, Whois};
use chat_proto::{Delivery, FeedId, Presence, Reply};
use chat_server::hub::HubSettings;
use chat_server::server::Settings;
use chat_server::store::MemoryStore;
use support::{Device, RawClient, TestServer, post};

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
