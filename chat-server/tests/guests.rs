//! Guests over real QUIC: who is let in, how long he stays, what he may do, and that nothing of him stays behind.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_proto::ban::{BanFromServer, BanTarget};
use chat_proto::bots::{ListBotTokens, MakeBotToken};
use chat_proto::connection::ListSessions;
use chat_proto::delivery::Events;
use chat_proto::event::List;
use chat_proto::identity::{ClaimServer, ListDevices, MakeLinkCode, MakeRecoveryCode, RevokeDevice};
use chat_proto::invite::{ListInvites, MakeInvite};
use chat_proto::limits::POSITIONS_MAX;
use chat_proto::nick::SetNick;
use chat_proto::profile::{SetStatus, Status};
use chat_proto::reach::{OpenDirect, SetContact};
use chat_proto::request::{
    ChangeRoom, CreateRoom, History, JoinRoom, ListMembers, Purge, PutOnList, Redact, SetRole, Whois,
};
use chat_proto::setting::{JoinPolicy, Joining, Listing, Posting, Reading, Who};
use chat_proto::{
    AccountId, Anchor, Chain, CloseCode, DefenceLevel, Delivery, Epoch, Event, EventBody, FeedId, FeedState, Position,
    Presence, Reject, RejectCode, Reply, Request, Retry, Role, RoomId, RoomRef, Seq, UserRef,
};
use chat_server::hub::HubSettings;
use chat_server::server::Settings;
use chat_server::store::{MemoryStore, StoreError};
use futures_util::future::join_all;
use quinn::ConnectionError;
use support::counting::CountingStore;
use support::owned::owned_with;
use support::{Device, PATIENCE, RawClient, TestServer, fresh_key, post};

/// So long that nobody is gone within a test.
const EVER: Duration = Duration::from_secs(600);

/// So short that a test can wait until somebody is gone.
const MOMENT: Duration = Duration::from_millis(100);

fn settings(guests: u32, presence_grace: Duration) -> Settings {
    Settings { hub: HubSettings { guests, presence_grace, ..HubSettings::default() }, ..Settings::default() }
}

fn server(guests: u32, presence_grace: Duration) -> TestServer {
    TestServer::start_with(Arc::new(MemoryStore::new()), settings(guests, presence_grace))
}

async fn come(server: &TestServer, key: &Device, name: &str) -> Result<RawClient, Reject> {
    resume(server, key, name, Vec::new()).await
}

async fn resume(server: &TestServer, key: &Device, name: &str, at: Vec<Position>) -> Result<RawClient, Reject> {
    let connection = support::dial(server).await;
    let auth = key.prove_guest(&connection, &server.key, name).into();
    RawClient::enter(connection, auth, at).await
}

async fn refused(server: &TestServer, key: &Device, name: &str) -> Reject {
    come(server, key, name).await.map(|_| "let in").unwrap_err()
}

/// Comes in as soon as that is possible.
async fn come_in_time(server: &TestServer, key: &Device, name: &str) -> RawClient {
    let came = async {
        loop {
            match come(server, key, name).await {
                Ok(guest) => return guest,
                Err(reject) => assert_eq!(reject.retry, Retry::Later, "{reject}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, came).await.expect("a place in time")
}

/// A room that guests find, enter and read.
async fn open_room(owner: &mut RawClient, name: &str) -> RoomId {
    let room = owner.create(name).await.room;
    let changes = vec![
        Listing { who: Who::Everyone }.into(),
        Reading { who: Who::Everyone }.into(),
        Joining { policy: JoinPolicy::Anyone }.into(),
    ];
    assert!(!matches!(owner.ask(ChangeRoom { key: fresh_key(), room, changes }).await, Reply::Reject(_)));
    room
}

fn by_id(room: RoomId) -> JoinRoom {
    JoinRoom { key: fresh_key(), room: RoomRef::Id(room), create: false }
}

async fn enter(guest: &mut RawClient, room: RoomId) {
    let reply = guest.ask(by_id(room)).await;
    assert!(matches!(reply, Reply::RoomInfo(_)), "{reply:?}");
}

async fn members(client: &mut RawClient, room: RoomId) -> Vec<String> {
    match client.ask(ListMembers { room, after: AccountId(0), limit: 100 }).await {
        Reply::MemberList(list) => list.members.into_iter().map(|member| member.name).collect(),
        reply => panic!("{reply:?}"),
    }
}

async fn history(client: &mut RawClient, room: RoomId) -> Vec<Event> {
    match client.ask(History { room, anchor: Anchor::Before(Seq::MAX), limit: 100 }).await {
        Reply::Page(page) => page.events,
        reply => panic!("{reply:?}"),
    }
}

/// Who left by an event, what he was called, and why.
fn left(event: &Event) -> Option<(AccountId, String, String)> {
    let EventBody::Left(left) = &event.body else { return None };
    Some((event.by, left.name.clone(), left.reason.clone()))
}

/// The next departure from a room.
async fn departure(client: &mut RawClient, room: RoomId) -> (AccountId, String, String) {
    loop {
        if let Some(left) = client.events(room).await.iter().find_map(left) {
            return left;
        }
    }
}

/// Closes a connection, with a goodbye or without.
fn close(guest: &RawClient, code: CloseCode) {
    guest.connection.close(quinn::VarInt::from_u32(code.number()), b"");
}

#[tokio::test]
async fn guests_are_let_in_only_where_that_is_set_and_only_so_many_at_once() {
    let closed = server(0, EVER);
    let reject = refused(&closed, &Device::new(), "eve").await;
    assert_eq!((reject.code, reject.retry), (RejectCode::RegistrationClosed, Retry::AfterChange));
    assert!(reject.message.contains("take a name"), "{reject}");
    let server = server(2, MOMENT);
    let keys = [(); 3].map(|()| Device::new());
    let first = come(&server, &keys[0], "one").await.unwrap();
    let second = come(&server, &keys[1], "two").await.unwrap();
    assert_eq!((first.welcome.name.as_str(), first.welcome.registered), ("~one", false));
    assert_ne!(first.welcome.account, second.welcome.account);
    let reject = refused(&server, &keys[2], "three").await;
    assert_eq!((reject.code, reject.retry), (RejectCode::LimitExceeded, Retry::Later));
    // Another connection of one who is there takes no place.
    let mut again = come(&server, &keys[0], "one").await.unwrap();
    assert_eq!(again.welcome.account, first.welcome.account);
    let Reply::SessionList(list) = again.ask(ListSessions {}).await else { panic!() };
    assert_eq!(list.sessions.len(), 2);
    drop(second);
    assert_eq!(come_in_time(&server, &keys[2], "three").await.welcome.name, "~three");
}

#[tokio::test]
async fn a_login_that_comes_to_nothing_holds_no_place_for_long() {
    let server = server(1, MOMENT);
    let position = |number| Position {
        feed: FeedId::Room(RoomId(number)),
        epoch: Epoch(1),
        seq: Seq(1),
        chain: Chain::default(),
        backlog_max: 0,
    };
    let too_many = (1..=POSITIONS_MAX as u64).map(position).collect();
    let came = resume(&server, &Device::new(), "eve", too_many).await;
    assert_eq!(came.map(|_| ()).unwrap_err().code, RejectCode::LimitExceeded, "proved, and not let in");
    assert_eq!(refused(&server, &Device::new(), "mallory").await.code, RejectCode::LimitExceeded);
    assert_eq!(come_in_time(&server, &Device::new(), "eve").await.welcome.name, "~eve");
}

#[tokio::test]
async fn a_guest_is_called_by_the_rules_of_names_and_like_nobody_with_an_account() {
    let server = server(10, EVER);
    let key = Device::new();
    for name in ["", "~eve", "e v e", "admin", "Server", "раypal", &"a".repeat(32)] {
        assert_eq!(refused(&server, &key, name).await.code, RejectCode::InvalidName, "{name}");
    }
    let (connection, hello) = RawClient::hello(&server, &key, "~eve", Vec::new()).await;
    let (_, _, reply) = support::say_hello(&connection, hello).await;
    assert!(matches!(reply, Reply::Reject(reject) if reject.code == RejectCode::InvalidName), "~ is for guests");
    let mut eve = RawClient::login(&server, &Device::new(), "eve").await;
    let mut guest = come(&server, &key, "eve").await.unwrap();
    let of = async |client: &mut RawClient, name: &str| match client.ask(Whois { name: name.to_owned() }).await {
        Reply::Person(person) => (person.account, person.name, person.presence),
        reply => panic!("{reply:?}"),
    };
    let (own, guests) = (eve.welcome.account, guest.welcome.account);
    assert_eq!(of(&mut guest, "eve").await, (own, "eve".to_owned(), Presence::Online));
    assert_eq!(of(&mut eve, "@~EVE").await, (guests, "~eve".to_owned(), Presence::Online));
    let reject = refused(&server, &Device::new(), "EVE").await;
    assert_eq!((reject.code, reject.retry), (RejectCode::NameTaken, Retry::AfterChange));
    assert_eq!(refused(&server, &key, "eva").await.code, RejectCode::Unauthenticated);
}

#[tokio::test]
async fn of_many_who_want_one_name_at_once_exactly_one_gets_it() {
    let server = server(100, EVER);
    let keys: Vec<Device> = (0..8).map(|_| Device::new()).collect();
    let came = join_all(keys.iter().map(|key| come(&server, key, "eve"))).await;
    let (within, without): (Vec<_>, Vec<_>) = came.into_iter().partition(Result::is_ok);
    assert_eq!(within.len(), 1);
    for reject in without.into_iter().filter_map(Result::err) {
        assert!(matches!(reject.code, RejectCode::NameTaken), "{reject}");
    }
    // And of one key that comes twice at once both are the same guest.
    let key = Device::new();
    let came = join_all([come(&server, &key, "twin"), come(&server, &key, "twin")]).await;
    let accounts: Vec<_> = came.into_iter().map(|came| came.unwrap().welcome.account).collect();
    assert_eq!(accounts[0], accounts[1]);
}

#[tokio::test]
async fn a_proof_holds_for_its_connection_and_its_name_and_an_accounts_key_is_no_guests() {
    let server = server(10, EVER);
    let key = Device::new();
    let (first, second) = (support::dial(&server).await, support::dial(&server).await);
    let proof = key.prove_guest(&first, &server.key, "eve");
    let replayed = RawClient::enter(second, proof.clone().into(), Vec::new()).await;
    assert_eq!(replayed.map(|_| ()).unwrap_err().code, RejectCode::Unauthenticated);
    let third = support::dial(&server).await;
    let mut renamed = key.prove_guest(&third, &server.key, "eve");
    renamed.name = "mallory".to_owned();
    let renamed = RawClient::enter(third, renamed.into(), Vec::new()).await;
    assert_eq!(renamed.map(|_| ()).unwrap_err().code, RejectCode::Unauthenticated);
    RawClient::enter(first, proof.into(), Vec::new()).await.unwrap();
    let device = Device::new();
    let _alice = RawClient::login(&server, &device, "alice").await;
    assert_eq!(refused(&server, &device, "alice").await.code, RejectCode::Unauthenticated);
}

#[tokio::test]
async fn a_guest_who_loses_the_network_comes_back_as_himself_and_misses_nothing() {
    let server = server(10, EVER);
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = open_room(&mut alice, "lobby").await;
    let key = Device::new();
    let mut guest = come(&server, &key, "eve").await.unwrap();
    enter(&mut guest, room).await;
    guest.post(room, "hello").await;
    let (mut position, mut own) = (None, None);
    while position.is_none() || own.is_none() {
        let Delivery::Events(Events { feed, epoch, events, chain }) = guest.delivery().await else { continue };
        let seq = events.last().unwrap().seq;
        let at = Position { feed, epoch, seq, chain, backlog_max: u32::MAX };
        let said = events.iter().any(|event| event.body.message().is_some());
        match feed {
            FeedId::Room(_) if said => position = Some(at),
            FeedId::Account(_) => own = Some(at),
            FeedId::Room(_) => {}
        }
    }
    close(&guest, CloseCode::Internal);
    assert_eq!(members(&mut alice, room).await, ["alice", "~eve"]);
    alice.post(room, "@~eve where are you?").await;
    let account = guest.welcome.account;
    let mut guest = resume(&server, &key, "eve", vec![position.unwrap(), own.unwrap()]).await.unwrap();
    assert_eq!(guest.welcome.account, account);
    let status = guest.welcome.feeds.iter().find(|status| status.feed == FeedId::Room(room)).unwrap();
    assert_eq!((status.member, status.state), (true, FeedState::Live));
    let own = guest.welcome.feeds.iter().find(|status| status.feed == FeedId::Account(account)).unwrap();
    assert_eq!(own.state, FeedState::Live, "his own feed goes on as well");
    let texts: Vec<String> = guest.events(room).await.iter().filter_map(text).collect();
    assert_eq!(texts, ["@~eve where are you?"]);
    let mentioned = guest.expect(|delivery| match delivery {
        Delivery::Events(events) => events.events.iter().find_map(|event| match &event.body {
            EventBody::Mentioned(mentioned) => Some(mentioned.room),
            _ => None,
        }),
        _ => None,
    });
    assert_eq!(mentioned.await, room);
}

#[tokio::test]
async fn a_goodbye_is_one_unless_another_connection_is_left() {
    let server = server(1, EVER);
    let key = Device::new();
    let (first, second) = (come(&server, &key, "eve").await.unwrap(), come(&server, &key, "eve").await.unwrap());
    close(&first, CloseCode::Bye);
    let mut third = come(&server, &key, "eve").await.unwrap();
    assert_eq!(third.welcome.account, second.welcome.account);
    while !matches!(third.ask(ListSessions {}).await, Reply::SessionList(list) if list.sessions.len() == 2) {}
    close(&second, CloseCode::Bye);
    close(&third, CloseCode::Bye);
    let next = come_in_time(&server, &Device::new(), "eve").await;
    assert!(next.welcome.account > second.welcome.account);
}

fn text(event: &Event) -> Option<String> {
    event.body.message().map(|message| message.text.to_owned())
}

#[tokio::test]
async fn who_is_gone_leaves_his_rooms_and_his_name_and_nothing_in_the_store_but_what_he_said() {
    let server = server(10, MOMENT);
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let rooms = [open_room(&mut alice, "lobby").await, open_room(&mut alice, "hall").await];
    let key = Device::new();
    let mut guest = come(&server, &key, "eve").await.unwrap();
    for room in rooms {
        enter(&mut guest, room).await;
        guest.post(room, "hello").await;
    }
    let account = guest.welcome.account;
    close(&guest, CloseCode::Internal);
    for room in rooms {
        assert_eq!(departure(&mut alice, room).await, (account, "~eve".to_owned(), "gone".to_owned()));
        assert_eq!(members(&mut alice, room).await, ["alice"]);
    }
    let registry = server.store.registry().await.unwrap();
    assert_eq!((registry.accounts.len(), registry.devices.len()), (1, 1), "nobody but alice is registered");
    assert_eq!(server.store.load(FeedId::Account(account)).await.unwrap(), None);
    // The name is another one's to take, and the key a new guest's, who inherits nothing.
    let mut next = come_in_time(&server, &key, "eve").await;
    assert!(next.welcome.account > account);
    assert_eq!(next.welcome.feeds.len(), 1, "his own feed and no rooms: {:?}", next.welcome.feeds);
    enter(&mut next, rooms[0]).await;
    let events = history(&mut next, rooms[0]).await;
    let said = events.iter().find(|event| text(event).as_deref() == Some("hello")).unwrap();
    let edit = Redact { key: fresh_key(), room: rooms[0], target: said.seq, reason: String::new() };
    assert_eq!(next.refused(edit).await.code, RejectCode::Forbidden, "what the other one said is not his");
    // What he said can still be removed by who may, by his number.
    let purge = Purge { key: fresh_key(), room: rooms[0], user: UserRef::Id(account), reason: String::new() };
    let reply = alice.ask(purge).await;
    assert!(!matches!(reply, Reply::Reject(_)), "{reply:?}");
    assert!(history(&mut alice, rooms[0]).await.iter().all(|event| text(event).as_deref() != Some("hello")));
}

/// A server that dies, as far as its store can tell: another one begins on what the first has written.
#[tokio::test]
async fn after_a_crash_no_ghost_is_left_and_rooms_nobody_enters_are_not_read() {
    const ROOMS: usize = 30;
    let store = CountingStore::default();
    let dead = TestServer::start_with(Arc::new(store.clone()), settings(10, EVER));
    let alices = Device::new();
    let mut alice = RawClient::login(&dead, &alices, "alice").await;
    let mut rooms = Vec::new();
    let key = Device::new();
    let mut guest = come(&dead, &key, "eve").await.unwrap();
    for number in 0..ROOMS {
        let room = open_room(&mut alice, &format!("room{number}")).await;
        enter(&mut guest, room).await;
        rooms.push(room);
    }
    assert_eq!(members(&mut alice, rooms[0]).await, ["alice", "~eve"]);
    let live = TestServer::start_with(Arc::new(store.clone()), settings(10, EVER));
    store.take_loads();
    let mut bob = RawClient::login(&live, &Device::new(), "bob").await;
    assert_eq!(members(&mut bob, rooms[7]).await, ["alice"]);
    let left = history(&mut bob, rooms[7]).await.iter().find_map(left);
    assert_eq!(left, Some((guest.welcome.account, "~eve".to_owned(), "gone".to_owned())));
    let loads = store.take_loads();
    // The server's, the room's, and those of the two people it concerns, each by who waits for it and by its task.
    assert!((1..=8).contains(&loads), "{loads} feeds are read to enter one room of {ROOMS}");
    // The same key is a new guest, who is in no room.
    let next = come(&live, &key, "eve").await.unwrap();
    assert!(next.welcome.account > guest.welcome.account);
    assert_eq!(next.welcome.feeds.len(), 1);
    // In order or not: what a server that went down left is seen out as well.
    let live = live.restart().await;
    let mut alice = RawClient::login(&live, &alices, "alice").await;
    for room in rooms {
        assert_eq!(members(&mut alice, room).await, ["alice"]);
    }
}

#[tokio::test]
async fn a_full_disk_keeps_a_guest_in_his_rooms_no_longer_than_it_is_full() {
    let store = MemoryStore::new();
    let server = TestServer::start_with(Arc::new(store.clone()), settings(10, MOMENT));
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = open_room(&mut alice, "lobby").await;
    let key = Device::new();
    let mut guest = come(&server, &key, "eve").await.unwrap();
    enter(&mut guest, room).await;
    store.fail_all(Some(StoreError::Full));
    drop(guest);
    // His name is not free before he has left, however often that is tried.
    let other = Device::new();
    let mut on_his_way_out = None::<Instant>;
    while on_his_way_out.is_none_or(|since| since.elapsed() < Duration::from_millis(1_500)) {
        let reject = refused(&server, &other, "eve").await;
        assert_eq!(reject.code, RejectCode::NameTaken);
        if reject.retry == Retry::Later {
            on_his_way_out.get_or_insert_with(Instant::now);
        }
    }
    assert_eq!(members(&mut alice, room).await, ["alice", "~eve"]);
    store.fail_all(None);
    assert_eq!(departure(&mut alice, room).await.1, "~eve");
    assert_eq!(come_in_time(&server, &other, "eve").await.welcome.name, "~eve");
}

/// Who is gone while a room takes him in is seen out of it again.
#[tokio::test]
async fn a_room_that_takes_a_guest_in_too_late_lets_him_go() {
    let store = MemoryStore::new();
    let server = TestServer::start_with(Arc::new(store.clone()), settings(100, Duration::ZERO));
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = open_room(&mut alice, "lobby").await;
    store.set_write_time(Duration::from_millis(200));
    for number in 0..3 {
        let mut guest = come(&server, &Device::new(), &format!("eve{number}")).await.unwrap();
        guest.begin(by_id(room)).await;
        // The request is there when the answer to the next one is.
        guest.begin(chat_proto::request::Ping { token: 1 }).await;
        let answered = tokio::time::timeout(PATIENCE, guest.replies.next::<chat_proto::ReplyFrame>()).await;
        assert!(matches!(answered.unwrap().unwrap().reply, Reply::Pong(_)), "the room takes its time");
        drop(guest);
        assert_eq!(departure(&mut alice, room).await.1, format!("~eve{number}"));
    }
    store.set_write_time(Duration::ZERO);
    assert_eq!(members(&mut alice, room).await, ["alice"]);
}

#[tokio::test]
async fn a_guest_owns_nothing_and_is_told_so() {
    let server = server(10, EVER);
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = open_room(&mut alice, "lobby").await;
    let closed = alice.create("closed").await.room;
    let mut guest = come(&server, &Device::new(), "eve").await.unwrap();
    enter(&mut guest, room).await;
    let (key, account) = (fresh_key(), guest.welcome.account);
    let never: Vec<Request> = vec![
        CreateRoom { key, name: "mine".to_owned(), topic: String::new() }.into(),
        OpenDirect { key, with: vec![UserRef::Name("alice".to_owned())] }.into(),
        MakeInvite { room: Some(RoomRef::Id(room)), uses: 1, for_s: 60 }.into(),
        ListInvites {}.into(),
        MakeBotToken { name: "ci".to_owned(), rooms: vec![RoomRef::Id(room)], for_s: None }.into(),
        ListBotTokens { name: String::new() }.into(),
        MakeLinkCode {}.into(),
        MakeRecoveryCode {}.into(),
        ListDevices {}.into(),
        RevokeDevice { device: guest.welcome.device }.into(),
        ClaimServer { code: "0000-0000-0000".to_owned() }.into(),
        SetNick { nick: "Fox".to_owned() }.into(),
        SetStatus { key, status: Status { text: "here".to_owned(), away: false, until: None } }.into(),
        SetContact { key, account: alice.welcome.account, on: true }.into(),
    ];
    for request in never {
        let asked = format!("{request:?}");
        let reject = guest.refused(request).await;
        assert_eq!(reject.code, RejectCode::Forbidden, "{asked}");
        assert!(reject.message.contains("guests") && reject.message.contains("take a name"), "{asked}: {reject}");
    }
    // A room that is not there, or not for him, looks the same, and is not made.
    for name in ["closed", "nowhere"] {
        let join = JoinRoom { key: fresh_key(), room: RoomRef::Name(name.to_owned()), create: true };
        assert_eq!(guest.refused(join).await.code, RejectCode::NoSuchRoom, "{name}");
    }
    assert_eq!(guest.refused(post(closed, "x")).await.code, RejectCode::NoSuchRoom);
    // Nor is anything given to him.
    let eve = || UserRef::Name("~eve".to_owned());
    for role in [Role::Moderator, Role::Admin] {
        let give = SetRole { key: fresh_key(), room, user: eve(), role };
        assert_eq!(alice.refused(give).await.code, RejectCode::Forbidden);
    }
    for with in [eve(), UserRef::Id(account), UserRef::Id(AccountId(account.0 + 9))] {
        let reject = alice.refused(OpenDirect { key: fresh_key(), with: vec![with] }).await;
        assert_eq!(reject.code, RejectCode::Forbidden);
    }
    // What the room gives to guests he has, and no more than that.
    guest.post(room, "hello").await;
    let changes = vec![Joining { policy: JoinPolicy::Users }.into(), Posting { who: Who::Users }.into()];
    assert!(!matches!(alice.ask(ChangeRoom { key: fresh_key(), room, changes }).await, Reply::Reject(_)));
    assert_eq!(members(&mut alice, room).await, ["alice"], "guests are members here no more");
    assert_eq!(guest.refused(by_id(room)).await.code, RejectCode::Forbidden);
    assert_eq!(guest.refused(post(room, "x")).await.code, RejectCode::NotMember);
    assert!(!history(&mut guest, room).await.is_empty(), "and still read");
}

#[tokio::test]
async fn bans_hold_for_guests_and_a_server_under_attack_sends_them_away() {
    let mut it = owned_with(settings(10, EVER)).await;
    let room = open_room(&mut it.owner, "lobby").await;
    let key = Device::new();
    let mut guest = come(&it.server, &key, "eve").await.unwrap();
    enter(&mut guest, room).await;
    let user = UserRef::Name("~eve".to_owned());
    let (list, until, reason) = (List::Banned, None, "spam".to_owned());
    let put = PutOnList { key: fresh_key(), room, user, list, until, reason: reason.clone() };
    assert!(!matches!(it.owner.ask(put).await, Reply::Reject(_)));
    assert_eq!(members(&mut it.owner, room).await, ["olivia"]);
    assert_eq!(guest.refused(by_id(room)).await.code, RejectCode::Banned);
    let ban = |target| BanFromServer { target, for_s: None, reason: reason.clone() };
    let reply = it.owner.ask(ban(BanTarget::Account(guest.welcome.account))).await;
    assert!(!matches!(reply, Reply::Reject(_)), "{reply:?}");
    assert_eq!(closed_with(&guest).await, Some(CloseCode::Banned));
    assert_eq!(refused(&it.server, &key, "eve").await.code, RejectCode::BannedFromServer);
    // Another key is another guest, unless the place he comes from is kept out.
    let elsewhere = quinn::Endpoint::client("127.0.0.9:0".parse().unwrap()).unwrap();
    let dial = async || {
        let config = support::client_config(&[chat_proto::ALPN]);
        elsewhere.connect_with(config, it.server.address, "localhost").unwrap().await
    };
    let connection = dial().await.unwrap();
    let auth = Device::new().prove_guest(&connection, &it.server.key, "mallory").into();
    let mallory = RawClient::enter(connection, auth, Vec::new()).await.unwrap();
    let reply = it.owner.ask(ban(BanTarget::Network("127.0.0.9/32".to_owned()))).await;
    assert!(!matches!(reply, Reply::Reject(_)), "{reply:?}");
    assert_eq!(closed_with(&mallory).await, Some(CloseCode::Banned));
    assert!(dial().await.is_err());
    let last = come(&it.server, &Device::new(), "carol").await.unwrap();
    let set = chat_proto::defence::SetDefence { level: DefenceLevel::High, reason: String::new() };
    assert!(!matches!(it.owner.ask(set).await, Reply::Reject(_)));
    assert_eq!(closed_with(&last).await, Some(CloseCode::Ended));
    assert_eq!(refused(&it.server, &Device::new(), "dave").await.code, RejectCode::UnderDefence);
}

async fn closed_with(client: &RawClient) -> Option<CloseCode> {
    match tokio::time::timeout(PATIENCE, client.connection.closed()).await.unwrap() {
        ConnectionError::ApplicationClosed(close) => CloseCode::from_number(close.error_code.into_inner()),
        other => panic!("{other:?}"),
    }
}
