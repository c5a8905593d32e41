//! Invitations over real QUIC: who is let in, where to, how often, and that nothing changes for whoever is not.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;

use chat_proto::identity::{ClaimServer, ListDevices};
use chat_proto::invite::{Invite, InviteAuth, InviteList, ListInvites, MakeInvite, RevokeInvite};
use chat_proto::limits::GUESSES_MAX;
use chat_proto::reply::Welcome;
use chat_proto::request::{ChangeRoom, DeviceAuth, Hello, ListRooms, PutOnList, SetRole};
use chat_proto::setting::{JoinPolicy, Joining, MembersMax};
use chat_proto::{FeedId, InviteId, List, Reject, RejectCode, Reply, Role, RoomId, RoomRef, UserRef, VERSION};
use chat_server::config::Registration;
use chat_server::hub::HubSettings;
use chat_server::server::Settings;
use chat_server::store::MemoryStore;
use support::{Device, RawClient, TestServer, fresh_key};

fn server_that(registration: Registration) -> TestServer {
    let hub = HubSettings { registration, ..HubSettings::default() };
    TestServer::start_with(Arc::new(MemoryStore::default()), Settings { hub, ..Settings::default() })
}

/// Comes with an invitation, on a connection of its own.
async fn come(server: &TestServer, device: &Device, name: &str, secret: &str, room: &str) -> Result<Welcome, Reject> {
    let connection = support::dial(server).await;
    let DeviceAuth { device, name, signature } = device.prove(&connection, &server.key, name);
    let auth = InviteAuth { device, name, signature, secret: secret.to_owned(), room: room.to_owned() }.into();
    let hello =
        Hello { version_min: VERSION, version_max: VERSION, client: "raw".to_owned(), auth, resume: Vec::new() };
    match support::say_hello(&connection, hello).await.2 {
        Reply::Welcome(welcome) => Ok(welcome),
        Reply::Reject(reject) => Err(reject),
        reply => panic!("{reply:?}"),
    }
}

async fn refused(server: &TestServer, name: &str, secret: &str, room: &str) -> RejectCode {
    come(server, &Device::new(), name, secret, room).await.unwrap_err().code
}

async fn make(client: &mut RawClient, room: Option<RoomId>, uses: u32) -> Invite {
    match client.ask(MakeInvite { room: room.map(RoomRef::Id), uses, for_s: 60 }).await {
        Reply::Invite(invite) => invite,
        reply => panic!("{reply:?}"),
    }
}

async fn invites(client: &mut RawClient) -> InviteList {
    match client.ask(ListInvites {}).await {
        Reply::InviteList(list) => list,
        reply => panic!("{reply:?}"),
    }
}

fn is_in(welcome: &Welcome, room: RoomId) -> bool {
    welcome.feeds.iter().any(|feed| feed.feed == FeedId::Room(room) && feed.member)
}

/// Nobody but alice has an account.
async fn is_alone(alice: &mut RawClient) -> bool {
    let others = ["bob", "carol", "dave"];
    for name in others {
        match alice.ask(chat_proto::request::Whois { name: name.to_owned() }).await {
            Reply::Reject(reject) if reject.code == RejectCode::NoSuchUser => {}
            _ => return false,
        }
    }
    true
}

/// A server that takes new accounts by invitation only, and alice in a room of hers that takes the invited.
async fn stage() -> (TestServer, RawClient, Device, RoomId) {
    let server = server_that(Registration::Open);
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let room = alice.create("ops").await.room;
    let changes = vec![Joining { policy: JoinPolicy::Invited }.into()];
    assert!(matches!(alice.ask(ChangeRoom { key: fresh_key(), room, changes }).await, Reply::Receipt(_)));
    let (_, _, store, _) = server.stop().await;
    let hub = HubSettings { registration: Registration::Invite, ..HubSettings::default() };
    let server = TestServer::start_with(store, Settings { hub, ..Settings::default() });
    let alice = RawClient::login(&server, &device, "alice").await;
    (server, alice, device, room)
}

#[tokio::test]
async fn an_invitation_makes_the_account_and_leads_into_its_room_once_for_everybody() {
    let (server, mut alice, device, room) = stage().await;
    let (bob, carol) = (Device::new(), Device::new());
    let (connection, hello) = RawClient::hello(&server, &bob, "bob", Vec::new()).await;
    let Reply::Reject(reject) = support::say_hello(&connection, hello).await.2 else { panic!("let in") };
    assert_eq!(reject.code, RejectCode::InviteNeeded);
    let invite = make(&mut alice, Some(room), 2).await;
    assert_eq!(invite.room, "ops");
    let welcome = come(&server, &bob, "bob", &invite.secret.to_lowercase(), "#Ops").await.unwrap();
    assert!(welcome.registered && is_in(&welcome, room));
    // The answer may have been lost: the same again is a login, and nothing more is used.
    assert!(!come(&server, &bob, "bob", &invite.secret, "ops").await.unwrap().registered);
    let listed = invites(&mut alice).await.invites;
    assert_eq!((listed[0].uses, listed[0].used, listed[0].by.name.as_str()), (2, 1, "alice"));
    // What was used outlives a restart.
    let server = server.restart().await;
    let mut alice = RawClient::login(&server, &device, "alice").await;
    assert!(is_in(&come(&server, &carol, "carol", &invite.secret, "").await.unwrap(), room));
    assert!(invites(&mut alice).await.invites.is_empty());
    assert_eq!(refused(&server, "dave", &invite.secret, "ops").await, RejectCode::SpentInvite);
    let mut bob = RawClient::login(&server, &bob, "bob").await;
    assert!(is_in(&bob.welcome, room));
    assert!(matches!(bob.ask(ListDevices {}).await, Reply::DeviceList(list) if list.devices.len() == 1));
}

#[tokio::test]
async fn what_opens_nothing_is_told_and_changes_nothing() {
    let (server, mut alice, _, room) = stage().await;
    let other = alice.create("other").await.room;
    let foreign = make(&mut alice, Some(other), 1).await;
    assert_eq!(refused(&server, "bob", &foreign.secret, "ops").await, RejectCode::InvalidInvite);
    assert_eq!(refused(&server, "bob", &foreign.secret, "nowhere").await, RejectCode::InvalidInvite);
    assert_eq!(refused(&server, "alice", &foreign.secret, "other").await, RejectCode::NameTaken);
    let taken_back = make(&mut alice, Some(room), 1).await;
    assert!(matches!(alice.ask(RevokeInvite { invite: taken_back.invite }).await, Reply::Done(_)));
    assert_eq!(refused(&server, "bob", &taken_back.secret, "ops").await, RejectCode::InvalidInvite);
    let old = match alice.ask(MakeInvite { room: Some(RoomRef::Id(room)), uses: 1, for_s: 1 }).await {
        Reply::Invite(invite) => invite,
        reply => panic!("{reply:?}"),
    };
    while invites(&mut alice).await.invites.iter().any(|info| info.invite == old.invite) {
        tokio::task::yield_now().await;
    }
    assert_eq!(refused(&server, "bob", &old.secret, "ops").await, RejectCode::SpentInvite);
    let full = make(&mut alice, Some(room), 1).await;
    let changes = vec![MembersMax { count: 1 }.into()];
    assert!(matches!(alice.ask(ChangeRoom { key: fresh_key(), room, changes }).await, Reply::Receipt(_)));
    assert_eq!(refused(&server, "bob", &full.secret, "ops").await, RejectCode::LimitExceeded);
    assert!(is_alone(&mut alice).await);
    let used: u32 = invites(&mut alice).await.invites.iter().map(|info| info.used).sum();
    assert_eq!(used, 0);
}

#[tokio::test]
async fn five_guesses_are_all_and_the_right_secret_is_refused_then_too() {
    let (server, mut alice, _, room) = stage().await;
    let invite = make(&mut alice, Some(room), 1).await;
    for guess in 0..GUESSES_MAX {
        let secret = format!("{guess:026}");
        assert_eq!(refused(&server, &format!("name{guess}"), &secret, "").await, RejectCode::InvalidInvite);
    }
    assert_eq!(refused(&server, "bob", &invite.secret, "ops").await, RejectCode::CodeBlocked);
    assert!(is_alone(&mut alice).await);
}

#[tokio::test]
async fn who_may_invite_to_a_room_makes_links_to_it_and_only_owners_to_the_server() {
    let (server, mut alice, device, room) = stage().await;
    let invite = make(&mut alice, Some(room), 5).await;
    let bob = Device::new();
    come(&server, &bob, "bob", &invite.secret, "ops").await.unwrap();
    let mut bob = RawClient::login(&server, &bob, "bob").await;
    let to_room = MakeInvite { room: Some(RoomRef::Id(room)), uses: 1, for_s: 60 };
    let to_server = MakeInvite { room: None, uses: 1, for_s: 60 };
    assert_eq!(bob.refused(to_room.clone()).await.code, RejectCode::Forbidden);
    assert_eq!(bob.refused(to_server.clone()).await.code, RejectCode::Forbidden);
    assert_eq!(bob.refused(RevokeInvite { invite: invite.invite }).await.code, RejectCode::NoSuchGrant);
    assert_eq!(bob.refused(RevokeInvite { invite: InviteId(999) }).await.code, RejectCode::NoSuchGrant);
    assert!(invites(&mut bob).await.invites.is_empty());
    let user = UserRef::Name("bob".to_owned());
    let role = |role| SetRole { key: fresh_key(), room, user: user.clone(), role };
    assert!(matches!(alice.ask(role(Role::Moderator)).await, Reply::Receipt(_)));
    let of_bob = make(&mut bob, Some(room), 2).await;
    come(&server, &Device::new(), "carol", &of_bob.secret, "ops").await.unwrap();
    // His links are worth what he may do now.
    assert!(matches!(alice.ask(role(Role::Member)).await, Reply::Receipt(_)));
    assert_eq!(refused(&server, "dave", &of_bob.secret, "ops").await, RejectCode::InvalidInvite);
    let _ = device;
}

#[tokio::test]
async fn somebody_with_an_account_is_led_into_the_room_unless_he_is_banned_there() {
    let server = server_that(Registration::Open);
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = alice.create("ops").await.room;
    let (bob, carol) = (Device::new(), Device::new());
    drop(RawClient::login(&server, &bob, "bob").await);
    drop(RawClient::login(&server, &carol, "carol").await);
    let ban = PutOnList {
        key: fresh_key(),
        room,
        user: UserRef::Name("carol".to_owned()),
        list: List::Banned,
        until: None,
        reason: String::new(),
    };
    assert!(matches!(alice.ask(ban).await, Reply::Receipt(_)));
    let invite = make(&mut alice, Some(room), 5).await;
    let welcome = come(&server, &bob, "bob", &invite.secret, "ops").await.unwrap();
    assert!(!welcome.registered && is_in(&welcome, room));
    assert_eq!(come(&server, &carol, "carol", &invite.secret, "ops").await.unwrap_err().code, RejectCode::Banned);
    assert_eq!(invites(&mut alice).await.invites[0].used, 1);
    assert!(matches!(alice.ask(ListRooms { after: RoomId(0), limit: 10 }).await, Reply::RoomList(_)));
}

#[tokio::test]
async fn a_closed_server_takes_nobody_and_its_owner_invites_to_one_that_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("owner-claim");
    let server = TestServer::start_with(
        Arc::new(MemoryStore::default()),
        Settings { claim: Some(path.clone()), ..Settings::default() },
    );
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let code = tokio::time::timeout(support::PATIENCE, async {
        loop {
            match std::fs::read_to_string(&path) {
                Ok(code) if code.ends_with('\n') => return code,
                _ => tokio::task::yield_now().await,
            }
        }
    });
    let code = code.await.unwrap();
    assert!(matches!(alice.ask(ClaimServer { code }).await, Reply::Done(_)));
    let invite = make(&mut alice, None, 1).await;
    let (_, _, store, _) = server.stop().await;
    let with =
        |registration| Settings { hub: HubSettings { registration, ..HubSettings::default() }, ..Settings::default() };
    let server = TestServer::start_with(Arc::clone(&store), with(Registration::Closed));
    assert_eq!(refused(&server, "bob", &invite.secret, "").await, RejectCode::RegistrationClosed);
    server.stop().await;
    let server = TestServer::start_with(store, with(Registration::Invite));
    assert!(come(&server, &Device::new(), "bob", &invite.secret, "").await.unwrap().registered);
    assert_eq!(refused(&server, "carol", &invite.secret, "").await, RejectCode::SpentInvite);
}
