//! What happens to rooms though nobody does anything, in virtual time: they end when nobody was a member for long, and forget
//! what is too old, asleep or not, and messages are copied to other rooms, also when the server was stopped or killed meanwhile.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "tests")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use chat_proto::setting::{ForwardTo, Lifetime, Retention, Topic};
use chat_proto::{
    DeviceKey, FeedId, Line, MessageKey, RejectCode, RoomId, RoomName, RoomRef, RoomSetting, Style, Text, Timestamp,
};
use chat_server::core::Actor;
use chat_server::core::command::{Create, Leave, Post};
use chat_server::environment::Environment;
use chat_server::hub::{Hub, HubSettings};
use chat_server::store::Store;
use support::counting::CountingStore;
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep};

/// A server without connections, whose clock is the virtual one.
struct Stage {
    hub: Arc<Hub>,
    store: CountingStore,
    keys: u128,
}

/// How a life of the server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It saves what it has to.
    Closed,
    /// It does nothing any more.
    Killed,
}

/// Lets a server live on what earlier ones kept. `clock` is what is on it, and goes on.
fn live<T>(store: &CountingStore, clock: &mut Duration, end: End, life: impl AsyncFnOnce(&mut Stage) -> T) -> T {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let before = *clock;
    // With the runtime every task of the server's ends where it stands.
    runtime.block_on(async {
        let begun = Instant::now();
        let now = move || Timestamp(1_000_000_000 + i64::try_from((before + begun.elapsed()).as_micros()).unwrap());
        let environment = Environment::new(now, |bytes| getrandom::fill(bytes).unwrap());
        let hub = Hub::start(Arc::new(store.clone()), environment, HubSettings::default()).await.unwrap();
        let mut stage = Stage { hub, store: store.clone(), keys: before.as_micros() };
        let lived = life(&mut stage).await;
        if end == End::Closed {
            stage.hub.close().await;
        }
        *clock += begun.elapsed();
        lived
    })
}

impl Stage {
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
        format!("{:?}", self.store.read(FeedId::Room(room), chat_proto::Seq(1), 10_000).await.unwrap())
    }
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

const TEN_MINUTES: Lifetime = Lifetime { empty_for_s: Some(600) };

#[test]
fn a_room_ends_when_nobody_was_a_member_for_long_and_not_if_somebody_came_back() {
    live(&CountingStore::default(), &mut Duration::default(), End::Closed, async |stage| {
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
    });
}

#[test]
fn a_room_whose_time_came_while_the_server_was_down_ends_with_the_next_start() {
    for end in [End::Closed, End::Killed] {
        let (store, mut clock) = (CountingStore::default(), Duration::ZERO);
        let room = live(&store, &mut clock, end, async |stage| {
            let alice = stage.person("alice").await;
            let room = stage.create(&alice, "dev", TEN_MINUTES).await;
            stage.leave(&alice, room).await;
            sleep(minutes(5)).await;
            room
        });
        live(&store, &mut clock, end, async |stage| {
            sleep(minutes(4)).await;
            assert_eq!(stage.find("dev"), Some(room), "{end:?}");
        });
        clock += minutes(600);
        live(&store, &mut clock, end, async |stage| {
            sleep(minutes(1)).await;
            assert_eq!(stage.find("dev"), None, "{end:?}");
        });
        live(&store, &mut clock, end, async |stage| {
            let alice = stage.person("alice").await;
            assert_eq!(stage.find("dev"), None, "{end:?}");
            assert_ne!(stage.create(&alice, "dev", TEN_MINUTES).await, room);
        });
    }
}

#[test]
fn what_is_too_old_is_forgotten_though_nobody_writes_or_reads() {
    let an_hour = Retention { messages: None, age_s: Some(3_600), bytes: None };
    let begin = async |stage: &mut Stage| {
        let alice = stage.person("alice").await;
        let room = stage.create(&alice, "dev", an_hour.clone()).await;
        stage.post(&alice, room, "the first").await;
        sleep(minutes(30)).await;
        stage.post(&alice, room, "the second").await;
        sleep(minutes(20)).await;
        room
    };
    let go_on = async |stage: &mut Stage, room: RoomId| {
        assert!(stage.kept(room).await.contains("the first"));
        // A twentieth of the hour later, at most.
        sleep(minutes(14)).await;
        let kept = stage.kept(room).await;
        assert!(!kept.contains("the first") && kept.contains("the second"), "{kept}");
        sleep(minutes(30)).await;
        assert_eq!(stage.kept(room).await, "[]");
        assert_eq!(stage.find("dev"), Some(room));
    };
    live(&CountingStore::default(), &mut Duration::default(), End::Closed, async |stage| {
        let room = begin(stage).await;
        go_on(stage, room).await;
    });
    for end in [End::Closed, End::Killed] {
        let (store, mut clock) = (CountingStore::default(), Duration::ZERO);
        let room = live(&store, &mut clock, end, begin);
        live(&store, &mut clock, end, async |stage| go_on(stage, room).await);
    }
}

#[test]
fn a_message_is_copied_once_whatever_happens_in_between() {
    for end in [End::Closed, End::Killed] {
        let (store, mut clock) = (CountingStore::default(), Duration::ZERO);
        let [news, team] = live(&store, &mut clock, end, async |stage| {
            let alice = stage.person("alice").await;
            let team = stage.create(&alice, "team", Topic { text: String::new() }).await;
            let news = stage.create(&alice, "news", ForwardTo { rooms: vec![team] }).await;
            let mut pending = Vec::new();
            for number in 0..300 {
                let post = Post::plain(Style::Text, Text::parse(&format!("number {number}.")).unwrap());
                let key = stage.key();
                pending.push(stage.hub.post(&alice, key, news, post).await.unwrap());
            }
            for pending in pending {
                pending.outcome().await.unwrap();
            }
            // No time for the copies: of a server that is killed, none is there.
            assert!(end == End::Closed || !stage.kept(team).await.contains("number 299."));
            [news, team]
        });
        for _ in 0..2 {
            live(&store, &mut clock, end, async |stage| {
                sleep(minutes(1)).await;
                let kept = stage.kept(team).await;
                let places: Vec<_> = (0..300).map(|number| kept.find(&format!("number {number}."))).collect();
                assert!(places.is_sorted() && places.iter().all(Option::is_some), "{end:?}: {places:?}");
                assert_eq!(kept.matches("number 7.").count(), 1, "{end:?}");
                assert_eq!(stage.kept(news).await.matches("number 7.").count(), 1);
            });
        }
    }
}

#[test]
fn copies_there_was_no_space_for_are_made_when_there_is() {
    for end in [End::Closed, End::Killed] {
        let (store, mut clock) = (CountingStore::default(), Duration::ZERO);
        let full = Arc::clone(&store.full_for);
        let team = live(&store, &mut clock, end, async |stage| {
            let alice = stage.person("alice").await;
            let team = stage.create(&alice, "team", Topic { text: String::new() }).await;
            let news = stage.create(&alice, "news", ForwardTo { rooms: vec![team] }).await;
            stage.post(&alice, news, "the first").await;
            sleep(minutes(1)).await;
            *full.lock().unwrap() = Some(FeedId::Room(team));
            // More than goes without a snapshot of the room, which says what is done with already.
            for _ in 0..1_100 {
                stage.post(&alice, news, "and more").await;
            }
            sleep(minutes(1)).await;
            stage.post(&alice, news, "the last").await;
            sleep(minutes(1)).await;
            team
        });
        *full.lock().unwrap() = None;
        live(&store, &mut clock, end, async |stage| {
            sleep(minutes(1)).await;
            let kept = stage.kept(team).await;
            let count = |text: &str| kept.matches(text).count();
            assert_eq!((count("the first"), count("and more"), count("the last")), (1, 1_100, 1), "{end:?}");
        });
    }
}
