//! What people are called beside their names, over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;

use chat_proto::nick::{GetNicks, NickChanged, Nicks, SetNick};
use chat_proto::reply::ReplyFrame;
use chat_proto::request::{JoinRoom, LeaveRoom};
use chat_proto::{Delivery, NickPolicy, RejectCode, Reply, RoomId, RoomRef};
use chat_server::hub::HubSettings;
use chat_server::server::Settings;
use chat_server::store::MemoryStore;
use support::{Device, PATIENCE, RawClient, TestServer, fresh_key};

fn server(nick_policy: NickPolicy) -> TestServer {
    let hub = HubSettings { nick_policy, ..HubSettings::default() };
    TestServer::start_with(Arc::new(MemoryStore::new()), Settings { hub, ..Settings::default() })
}

fn nick(nick: &str) -> SetNick {
    SetNick { nick: nick.to_owned() }
}

fn outcome(reply: Reply) -> Result<String, RejectCode> {
    match reply {
        Reply::Nicks(Nicks { nicks, .. }) => Ok(nicks.into_iter().next().map(|it| it.nick).unwrap_or_default()),
        Reply::Reject(reject) => Err(reject.code),
        reply => panic!("{reply:?}"),
    }
}

async fn call(client: &mut RawClient, wanted: &str) -> Result<String, RejectCode> {
    outcome(client.ask(nick(wanted)).await)
}

async fn called(client: &mut RawClient, whom: &RawClient) -> String {
    outcome(client.ask(GetNicks { accounts: vec![whom.welcome.account] }).await).unwrap()
}

async fn login(server: &TestServer, name: &str) -> Result<(), RejectCode> {
    let (connection, hello) = RawClient::hello(server, &Device::new(), name, Vec::new()).await;
    match support::say_hello(&connection, hello).await.2 {
        Reply::Welcome(_) => Ok(()),
        Reply::Reject(reject) => Err(reject.code),
        reply => panic!("{reply:?}"),
    }
}

fn changed(delivery: &Delivery) -> Option<NickChanged> {
    if let Delivery::NickChanged(changed) = delivery { Some(changed.clone()) } else { None }
}

/// The answer to the request that was begun last.
async fn answer(client: &mut RawClient) -> Reply {
    tokio::time::timeout(PATIENCE, client.replies.next::<ReplyFrame>()).await.unwrap().unwrap().reply
}

fn join(room: &str) -> JoinRoom {
    JoinRoom { key: fresh_key(), room: RoomRef::Name(room.to_owned()), create: true }
}

#[tokio::test]
async fn a_nick_is_one_persons_on_the_whole_server_and_those_who_share_a_room_are_told() {
    let server = server(NickPolicy::Server);
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let mut second = RawClient::login(&server, &device, "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let mut carol = RawClient::login(&server, &Device::new(), "carol").await;
    alice.join("dev").await;
    bob.join("dev").await;
    carol.join("other").await;
    for wrong in ["a b", "x\u{1b}", "fox#2", "admin"] {
        assert_eq!(call(&mut alice, wrong).await, Err(RejectCode::InvalidName), "{wrong}");
    }
    assert_eq!(call(&mut alice, "Fox").await, Ok("Fox".to_owned()));
    let (account, name) = (alice.welcome.account, "alice".to_owned());
    let told = NickChanged { account, name, nick: "Fox".to_owned() };
    for client in [&mut second, &mut bob] {
        assert_eq!(client.expect(changed).await, told);
    }
    for taken in ["fox", "FOX", "alice", "carol"] {
        assert_eq!(call(&mut bob, taken).await, Err(RejectCode::NameTaken), "{taken}");
    }
    assert_eq!(call(&mut alice, "ALICE").await, Ok("ALICE".to_owned()), "what looks like one's own name is one's own");
    assert_eq!(call(&mut alice, "fox").await, Ok("fox".to_owned()));
    assert_eq!(login(&server, "FOX").await, Err(RejectCode::NameTaken), "a new name can't be taken for a nick");
    assert_eq!(called(&mut carol, &alice).await, "fox");
    assert_eq!(called(&mut carol, &bob).await, "");

    let server = server.restart().await;
    let mut bob = RawClient::login(&server, &Device::new(), "dave").await;
    let mut alice = RawClient::login(&server, &device, "alice").await;
    assert_eq!(called(&mut bob, &alice).await, "fox");
    assert_eq!(call(&mut bob, "fox").await, Err(RejectCode::NameTaken));
    for none in ["", "alice"] {
        assert_eq!(call(&mut alice, none).await, Ok(String::new()));
    }
    assert_eq!(call(&mut bob, "fox").await, Ok("fox".to_owned()));
}

#[tokio::test]
async fn among_the_members_of_a_room_one_is_called_so_and_of_several_at_once_one() {
    let server = server(NickPolicy::Room);
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    alice.join("one").await;
    bob.join("two").await;
    assert_eq!(call(&mut alice, "bob").await, Err(RejectCode::NameTaken), "names are nobody else's anywhere");
    for client in [&mut alice, &mut bob] {
        assert_eq!(call(client, "fox").await, Ok("fox".to_owned()));
    }
    assert_eq!(bob.refused(join("one")).await.code, RejectCode::NameTaken);
    assert_eq!(call(&mut bob, "bear").await, Ok("bear".to_owned()));
    bob.join("one").await;
    assert_eq!(call(&mut bob, "Fox").await, Err(RejectCode::NameTaken));
    assert_eq!(called(&mut alice, &bob).await, "bear", "what was refused changed nothing");

    for round in 0..20 {
        // Both are in the same room, and want to be called the same.
        let wanted = format!("wolf{round}");
        for client in [&mut alice, &mut bob] {
            client.begin(nick(&wanted)).await;
        }
        let outcomes = [outcome(answer(&mut alice).await), outcome(answer(&mut bob).await)];
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.is_ok());
        assert_eq!((won.len(), lost), (1, vec![&Err(RejectCode::NameTaken)]), "{outcomes:?}");
    }
    let leave = |room: RoomId| LeaveRoom { key: fresh_key(), room, reason: String::new() };
    let one = bob.join("one").await.room;
    bob.ask(leave(one)).await;
    for client in [&mut alice, &mut bob] {
        assert_eq!(call(client, "lynx").await, Ok("lynx".to_owned()));
    }
    let mut carol = RawClient::login(&server, &Device::new(), "carol").await;
    for round in 0..20 {
        // Both are called the same, and want to be in the same room.
        let room = carol.join(&format!("r{round}")).await;
        for client in [&mut alice, &mut bob] {
            client.begin(join(&room.name)).await;
        }
        let in_it = [answer(&mut alice).await, answer(&mut bob).await].map(|reply| match reply {
            Reply::RoomInfo(_) => true,
            Reply::Reject(reject) => reject.code != RejectCode::NameTaken,
            reply => panic!("{reply:?}"),
        });
        assert_eq!(in_it.iter().filter(|is_in| **is_in).count(), 1, "{in_it:?}");
    }
}

#[tokio::test]
async fn where_everybody_is_called_what_he_likes_the_number_tells_them_apart() {
    let server = server(NickPolicy::Free);
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    alice.join("dev").await;
    bob.join("dev").await;
    for client in [&mut alice, &mut bob] {
        let shown = format!("fox#{}", client.welcome.account);
        assert_eq!(call(client, "fox").await, Ok(shown));
    }
    assert_eq!(call(&mut bob, "alice").await, Ok(format!("alice#{}", bob.welcome.account)), "no name has a # in it");
    assert_eq!(login(&server, "fox").await, Ok(()));
}
