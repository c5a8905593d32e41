//! What the server says of itself, and who is there, over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;

use chat_proto::delivery::Greeting;
use chat_proto::{Delivery, FeedId};
use chat_server::hub::HubSettings;
use chat_server::server::Settings;
use chat_server::store::MemoryStore;
use support::{Device, RawClient, TestServer};

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
