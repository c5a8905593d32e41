//! What happens to rooms though nobody does anything, in virtual time: they end when nobody was a member for long, and forget
//! what is too old, asleep or not, also when the server was stopped or killed meanwhile.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use chat_proto::setting::{Lifetime, Retention};
use chat_proto::{
    DeviceKey, FeedId, Line, MessageKey, RejectCode, RoomId, RoomName, RoomRef, RoomSetting, Style, Text, Timestamp,
};
use chat_server::core::Actor;
use chat_server::core::command::{Create, Leave, Post};
use chat_server::environment::Environment;
use chat_server::hub::{Hub, HubSettings};
use chat_server::store::{MemoryStore, Store};
use tokio::time::{Instant, sleep};

/// A server without connections, whose clock is the virtual one.
struct Stage {
    hub: Arc<Hub>,
    store: Arc<MemoryStore>,
    begun: Instant,
    keys: u128,
}

async fn start(store: &Arc<MemoryStore>, begun: Instant) -> Arc<Hub> {
    let now = move || Timestamp(1_000_000_000 + i64::try_from(begun.elapsed().as_micros()).unwrap());
    let environment = Environment::new(now, |bytes| bytes.fill(7));
    Hub::start(Arc::clone(store) as Arc<dyn Store>, environment, HubSettings::default()).await.unwrap()
}

impl Stage {
    async fn new() -> Self {
        let (store, begun) = (Arc::new(MemoryStore::new()), Instant::now());
        Self { hub: start(&store, begun).await, store, begun, keys: 0 }
    }

    /// The server comes back on what it kept; after a kill, it saved nothing at the end.
    async fn restart(&mut self, killed: bool) {
        if !killed {
            self.hub.close().await;
        }
        self.hub = start(&self.store, self.begun).await;
    }

    fn key(&mut self) -> MessageKey {
        self.keys += 1;
        MessageKey(self.keys.to_le_bytes())
    }

    async fn person(&self, name: &str) -> Actor {
        let key = DeviceKey([name.as_bytes()[0]; 32]);
        self.hub.identify(key, name, "127.0.0.1".parse().unwrap()).await.unwrap().actor
    }

    async fn create(&mut self, by: &Actor, name: &str, setting: impl Into<RoomSetting>) -> RoomId {
        let plain = Create::plain(RoomName::parse(name).unwrap(), Line::default());
        let create = Create { settings: vec![setting.into()], ..plain };
        let key = self.key();
        self.hub.create_room(by, key, create).await.unwrap().room
    }

    async fn post(&mut self, by: &Actor, room: RoomId, text: &str) {
        let post = Post::plain(Style::Text, Text::parse(text).unwrap());
        let key = self.key();
        self.hub.post(by, key, room, post).await.unwrap().outcome().await.unwrap();
    }

    async fn leave(&mut self, by: &Actor, room: RoomId) {
        let key = self.key();
        self.hub.leave_room(by, key, room, Leave::default()).await.unwrap();
    }

    fn find(&self, name: &str) -> Option<RoomId> {
        let found = self.hub.find_room(&RoomRef::Name(name.to_owned()));
        assert!(found.as_ref().err().is_none_or(|reject| reject.code == RejectCode::NoSuchRoom), "{found:?}");
        found.ok()
    }

    /// What is kept of a room, in debug form.
    async fn kept(&self, room: RoomId) -> String {
        format!("{:?}", self.store.read(FeedId::Room(room), chat_proto::Seq(1), 1_000).await.unwrap())
    }
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

const TEN_MINUTES: Lifetime = Lifetime { empty_for_s: Some(600) };

#[tokio::test(start_paused = true)]
async fn a_room_ends_when_nobody_was_a_member_for_long_and_not_if_somebody_came_back() {
    let mut stage = Stage::new().await;
    let [alice, bob] = [stage.person("alice").await, stage.person("bob").await];
    let room = stage.create(&alice, "dev", TEN_MINUTES).await;
    stage.post(&alice, room, "remember me").await;
    sleep(minutes(60)).await;
    stage.leave(&alice, room).await;
    sleep(minutes(9)).await;
    let key = stage.key();
    stage.hub.join_room(&bob, key, &RoomRef::Id(room), false).await.unwrap();
    sleep(minutes(60)).await;
    assert_eq!(stage.find("dev"), Some(room));
    stage.leave(&bob, room).await;
    sleep(minutes(9)).await;
    assert_eq!(stage.find("dev"), Some(room));
    assert!(stage.kept(room).await.contains("remember me"));
    sleep(minutes(2)).await;
    assert_eq!(stage.find("dev"), None);
    assert!(!stage.kept(room).await.contains("remember me"));
    let another = stage.create(&bob, "dev", TEN_MINUTES).await;
    assert_ne!(another, room);
}

#[tokio::test(start_paused = true)]
async fn a_room_whose_time_came_while_the_server_was_down_ends_with_the_next_start() {
    for killed in [false, true] {
        let mut stage = Stage::new().await;
        let alice = stage.person("alice").await;
        let room = stage.create(&alice, "dev", TEN_MINUTES).await;
        stage.leave(&alice, room).await;
        sleep(minutes(5)).await;
        stage.restart(killed).await;
        sleep(minutes(4)).await;
        assert_eq!(stage.find("dev"), Some(room), "killed: {killed}");
        sleep(minutes(2)).await;
        assert_eq!(stage.find("dev"), None, "killed: {killed}");
        stage.restart(killed).await;
        assert_eq!(stage.find("dev"), None, "killed: {killed}");
        assert_ne!(stage.create(&alice, "dev", TEN_MINUTES).await, room);
        stage.hub.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_is_forgotten_though_nobody_writes_or_reads() {
    let an_hour = Retention { messages: None, age_s: Some(3_600), bytes: None };
    for killed in [None, Some(false), Some(true)] {
        let mut stage = Stage::new().await;
        let alice = stage.person("alice").await;
        let room = stage.create(&alice, "dev", an_hour.clone()).await;
        stage.post(&alice, room, "the first").await;
        sleep(minutes(30)).await;
        stage.post(&alice, room, "the second").await;
        sleep(minutes(20)).await;
        if let Some(killed) = killed {
            stage.restart(killed).await;
        }
        assert!(stage.kept(room).await.contains("the first"));
        // A twentieth of the hour later, at most.
        sleep(minutes(14)).await;
        let kept = stage.kept(room).await;
        assert!(!kept.contains("the first") && kept.contains("the second"), "{killed:?}: {kept}");
        sleep(minutes(30)).await;
        assert_eq!(stage.kept(room).await, "[]", "{killed:?}");
        assert_eq!(stage.find("dev"), Some(room));
        stage.hub.close().await;
    }
}
