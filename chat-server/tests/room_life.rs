//! What a room lives through, over real QUIC: names, ends, and what the server does by itself.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;

use chat_proto::reach::OpenDirect;
use chat_proto::request::{
    CreateRoomWith, DeleteRoom, JoinRoom, LeaveRoom, LookUpRoom, RenameRoom, TransferRoom, UserRef,
};
use chat_proto::setting::{JoinPolicy, Joining};
use chat_proto::{Event, EventBody, FeedId, Line, RejectCode, Reply, Retry, RoomId, RoomName, RoomRef};
use chat_server::core::command::Create;
use chat_server::environment::Environment;
use chat_server::hub::{Hub, HubSettings};
use chat_server::server::Settings;
use chat_server::store::{self, DataDir, MemoryStore, SqliteStore};
use support::owned::{Owned, owned};
use support::{Device, RawClient, TestServer, fresh_key};

async fn login<const N: usize>(server: &TestServer, names: [&str; N]) -> [RawClient; N] {
    let mut clients = Vec::new();
    for name in names {
        clients.push(RawClient::login(server, &Device::new(), name).await);
    }
    clients.try_into().map_err(|_| ()).unwrap()
}

/// The next event of a room that is looked for.
async fn event(client: &mut RawClient, room: RoomId, look: impl Fn(&Event) -> bool) -> Event {
    loop {
        if let Some(found) = client.events(room).await.into_iter().find(&look) {
            return found;
        }
    }
}

fn rename(room: RoomId, name: &str) -> RenameRoom {
    RenameRoom { key: fresh_key(), room, name: name.to_owned() }
}

/// The room of a name, and what it is called.
async fn found(client: &mut RawClient, name: &str) -> (RoomId, String) {
    match client.ask(LookUpRoom { room: RoomRef::Name(name.to_owned()) }).await {
        Reply::RoomInfo(info) => (info.room, info.name),
        reply => panic!("{reply:?}"),
    }
}

#[tokio::test]
async fn a_renamed_room_keeps_its_names_across_a_restart_and_the_same_key_renames_once() {
    let server = TestServer::start();
    let (device, [mut bob]) = (Device::new(), login(&server, ["bob"]).await);
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    assert_eq!(bob.refused(rename(room, "mine")).await.code, RejectCode::Forbidden);
    bob.create("mine").await;
    let first = rename(room, "code");
    let Reply::Receipt(receipt) = alice.ask(first.clone()).await else { panic!() };
    let renamed = event(&mut bob, room, |event| matches!(event.body, EventBody::Renamed(_))).await;
    let EventBody::Renamed(it) = renamed.body else { unreachable!() };
    assert_eq!((renamed.seq, it.old.as_str(), it.new.as_str()), (receipt.seq, "dev", "code"));
    alice.ask(rename(room, "third")).await;
    let Reply::Receipt(again) = alice.ask(first).await else { panic!() };
    assert_eq!((again.seq, again.duplicate), (receipt.seq, true));
    drop((alice, bob));
    let server = server.restart().await;
    let mut alice = RawClient::login(&server, &device, "alice").await;
    assert_eq!(alice.welcome.feeds.iter().find(|feed| feed.member).unwrap().name, "third");
    for name in ["dev", "code", "third", "CODE"] {
        assert_eq!(found(&mut alice, name).await, (room, "third".to_owned()), "{name}");
    }
    let taken = CreateRoomWith { key: fresh_key(), name: "Dev".to_owned(), settings: Vec::new() };
    assert_eq!(alice.refused(taken).await.code, RejectCode::RoomExists);
    let Reply::Receipt(_) = alice.ask(rename(room, "dev")).await else { panic!() };
    assert_eq!(found(&mut alice, "code").await, (room, "dev".to_owned()));
}

#[tokio::test]
async fn a_server_begins_no_more_rooms_than_it_may_and_a_deleted_one_makes_place() {
    let hub = HubSettings { rooms: 2, create: true, create_on_join: true, ..HubSettings::default() };
    let settings = Settings { hub, ..Settings::default() };
    let server = TestServer::start_with(Arc::new(MemoryStore::default()), settings);
    let [mut alice, mut bob] = login(&server, ["alice", "bob"]).await;
    let dev = alice.create("dev").await.room;
    alice.create("ops").await;
    let one_more = |name: &str| JoinRoom { key: fresh_key(), room: RoomRef::Name(name.to_owned()), create: true };
    let refused = bob.refused(one_more("third")).await;
    assert_eq!(refused.code, RejectCode::LimitExceeded);
    assert!(refused.message.contains("limits.rooms"), "{}", refused.message);
    let with = vec![UserRef::Name("alice".to_owned())];
    assert_eq!(bob.refused(OpenDirect { key: fresh_key(), with }).await.code, RejectCode::LimitExceeded);
    assert!(matches!(bob.ask(one_more("dev")).await, Reply::RoomInfo(_)), "what is there can be joined");
    let delete = DeleteRoom { key: fresh_key(), room: dev, if_empty: false, reason: String::new() };
    assert!(matches!(alice.ask(delete).await, Reply::Receipt(_)));
    assert!(matches!(bob.ask(one_more("third")).await, Reply::RoomInfo(_)));
}

#[tokio::test]
async fn a_room_is_not_given_to_somebody_who_is_no_member_by_the_servers_owner_either() {
    let Owned { server, mut owner, .. } = owned().await;
    let [mut bob] = login(&server, ["bob"]).await;
    let room = bob.create("dev").await.room;
    let transfer = |name: &str| TransferRoom { key: fresh_key(), room, user: UserRef::Name(name.to_owned()) };
    let name = owner.welcome.name.clone();
    assert_eq!(owner.refused(transfer(&name)).await.code, RejectCode::NotMember);
    owner.join("dev").await;
    assert!(matches!(owner.ask(transfer(&name)).await, Reply::Receipt(_)));
}

#[tokio::test]
async fn a_room_whose_beginning_is_dropped_halfway_begins_all_the_same() {
    let data = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(DataDir::lock(data.path()).unwrap(), store::Settings::default()).unwrap();
    let hub = Hub::start(Arc::new(store), Environment::real(), HubSettings::default()).await.unwrap();
    let alice = hub.identify(Device::new().key(), "alice", "127.0.0.1".parse().unwrap()).await.unwrap().actor;
    let create = || Create::plain(RoomName::parse("dev").unwrap(), Line::default());
    {
        let mut begins = std::pin::pin!(hub.create_room(&alice, fresh_key(), create()));
        while hub.find_room(&RoomRef::Name("dev".to_owned())).is_err() {
            assert!(futures_util::poll!(begins.as_mut()).is_pending(), "nothing is dropped halfway");
            tokio::task::yield_now().await;
        }
    }
    let listed = tokio::time::timeout(support::PATIENCE, async {
        while hub.list_rooms(alice.reader(), RoomId(0), 1).await.unwrap().rooms.is_empty() {
            tokio::task::yield_now().await;
        }
    });
    listed.await.expect("the room is stuck");
    assert_eq!(hub.create_room(&alice, fresh_key(), create()).await.unwrap_err().code, RejectCode::RoomExists);
    hub.close().await;
}

#[tokio::test]
async fn whoever_comes_for_the_first_time_is_in_the_rooms_everybody_begins_in_and_need_not_stay() {
    let auto_join = ["lobby", "news", "closed"].map(|name| RoomName::parse(name).unwrap()).to_vec();
    let hub = HubSettings { auto_join, ..HubSettings::default() };
    let server = TestServer::start_with(Arc::new(MemoryStore::default()), Settings { hub, ..Settings::default() });
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    assert!(alice.welcome.feeds.iter().all(|feed| !feed.member), "none of them is there");
    for name in ["lobby", "news"] {
        alice.create(name).await;
    }
    let settings = vec![Joining { policy: JoinPolicy::Invited }.into()];
    let closed = CreateRoomWith { key: fresh_key(), name: "closed".to_owned(), settings };
    assert!(matches!(alice.ask(closed).await, Reply::RoomInfo(_)));
    let device = Device::new();
    let bob = RawClient::login(&server, &device, "bob").await;
    let rooms = |client: &RawClient| {
        let feeds = client.welcome.feeds.iter().filter(|feed| feed.member);
        feeds.map(|feed| (feed.feed, feed.name.clone())).collect::<Vec<_>>()
    };
    let names: Vec<String> = rooms(&bob).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["lobby", "news"]);
    let mut bob = bob;
    for (feed, _) in rooms(&bob) {
        let FeedId::Room(room) = feed else { panic!() };
        let leave = LeaveRoom { key: fresh_key(), room, reason: String::new() };
        assert!(matches!(bob.ask(leave).await, Reply::Done(_)));
    }
    let bob = RawClient::login(&server, &device, "bob").await;
    assert_eq!(rooms(&bob), [], "who left is not fetched back");
}

#[tokio::test]
async fn a_room_has_no_more_members_than_the_server_lets_it_also_of_many_who_come_at_once() {
    let hub = HubSettings { members_per_room: 3, ..HubSettings::default() };
    let server = TestServer::start_with(Arc::new(MemoryStore::default()), Settings { hub, ..Settings::default() });
    let [mut alice, mut bob, mut carol, mut dave, mut erin] =
        login(&server, ["alice", "bob", "carol", "dave", "erin"]).await;
    alice.create("dev").await;
    let join = || JoinRoom { key: fresh_key(), room: RoomRef::Name("dev".to_owned()), create: false };
    let answers =
        futures_util::future::join4(bob.ask(join()), carol.ask(join()), dave.ask(join()), erin.ask(join())).await;
    let answers = [answers.0, answers.1, answers.2, answers.3];
    let full = |reply: &&Reply| matches!(reply, Reply::Reject(reject) if reject.code == RejectCode::LimitExceeded);
    assert_eq!(answers.iter().filter(full).count(), 2, "{answers:?}");
    assert!(matches!(alice.ask(join()).await, Reply::RoomInfo(_)), "who is in stays in");
}

#[tokio::test]
async fn one_person_is_in_so_many_rooms_and_begins_so_many_in_an_hour() {
    let hub = HubSettings { rooms_per_account: 3, new_rooms_per_account: 4, ..HubSettings::default() };
    let server = TestServer::start_with(Arc::new(MemoryStore::default()), Settings { hub, ..Settings::default() });
    let [mut alice, mut bob] = login(&server, ["alice", "bob"]).await;
    let one_more = |name: &str| JoinRoom { key: fresh_key(), room: RoomRef::Name(name.to_owned()), create: true };
    let mut rooms = Vec::new();
    for name in ["one", "two", "three"] {
        rooms.push(alice.create(name).await.room);
    }
    assert_eq!(alice.refused(one_more("four")).await.code, RejectCode::LimitExceeded);
    bob.create("bobs").await;
    let full = alice.refused(one_more("bobs")).await;
    assert_eq!((full.code, full.message.contains("/part")), (RejectCode::LimitExceeded, true));
    let with = vec![UserRef::Name("alice".to_owned())];
    assert_eq!(bob.refused(OpenDirect { key: fresh_key(), with }).await.code, RejectCode::NotReachable);
    for room in rooms {
        let leave = LeaveRoom { key: fresh_key(), room, reason: String::new() };
        assert!(matches!(alice.ask(leave).await, Reply::Done(_)));
    }
    assert!(matches!(alice.ask(one_more("four")).await, Reply::RoomInfo(_)));
    assert!(matches!(alice.ask(one_more("one")).await, Reply::RoomInfo(_)), "what is there costs nothing");
    let fast = alice.refused(one_more("five")).await;
    assert_eq!((fast.code, fast.retry), (RejectCode::LimitExceeded, Retry::Later));
    assert!(fast.retry_after_ms > 3_500_000, "{fast:?}");
    let with = vec![UserRef::Name("bob".to_owned())];
    assert_eq!(alice.refused(OpenDirect { key: fresh_key(), with }).await.retry, Retry::Later);
    assert!(matches!(bob.ask(one_more("five")).await, Reply::RoomInfo(_)), "others are counted by themselves");
}
