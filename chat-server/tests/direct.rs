//! Conversations between few: the same people always find the same one, nobody else finds it, and who may not write does not.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use chat_proto::limits::DIRECT_MEMBERS_MAX;
use chat_proto::reach::{Block, ListReadMarks, OpenDirect, ReadMarkList, SetContact, SetDirectPolicy};
use chat_proto::request::{ChangeRoom, CreateRoom, History, JoinRoom, LeaveRoom, ListMembers, ListRooms, MarkRead};
use chat_proto::setting::ReadReceipts;
use chat_proto::{
    AccountId, Anchor, Delivery, DirectPolicy, RejectCode, Reply, Request, RoomId, RoomInfo, RoomRef, Seq, UserRef,
};
use support::{Device, RawClient, TestServer, fresh_key, post};

fn open(with: &[&str]) -> OpenDirect {
    let with = with.iter().map(|name| UserRef::Name((*name).to_owned())).collect();
    OpenDirect { key: fresh_key(), with }
}

async fn direct(client: &mut RawClient, with: &[&str]) -> RoomInfo {
    match client.ask(open(with)).await {
        Reply::RoomInfo(info) => info,
        reply => panic!("{reply:?}"),
    }
}

async fn person(server: &TestServer, name: &str) -> RawClient {
    RawClient::login(server, &Device::new(), name).await
}

async fn done(client: &mut RawClient, request: impl Into<Request>) {
    let reply = client.ask(request).await;
    assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
}

fn said(delivery: &Delivery, room: RoomId) -> Option<String> {
    match delivery {
        Delivery::Events(events) if events.feed == chat_proto::FeedId::Room(room) => {
            events.events.iter().find_map(|event| event.body.message().map(|message| message.text.to_owned()))
        }
        _ => None,
    }
}

#[tokio::test]
async fn the_same_people_have_one_conversation_and_nobody_else_finds_it() {
    let server = TestServer::start();
    let bobs = Device::new();
    let mut alice = person(&server, "alice").await;
    let mut bob = RawClient::login(&server, &bobs, "bob").await;
    let mut eve = person(&server, "eve").await;
    let room = direct(&mut alice, &["bob"]).await;
    assert!(room.member && room.members == 2);
    alice.post(room.room, "psst").await;
    assert_eq!(bob.expect(|delivery| said(delivery, room.room)).await, "psst");
    assert_eq!(direct(&mut bob, &["Alice"]).await.room, room.room);
    assert_eq!(direct(&mut alice, &["bob", "alice", "bob"]).await.room, room.room);
    let many = direct(&mut alice, &["bob", "eve"]).await;
    assert_ne!(many.room, room.room);
    assert_eq!(direct(&mut eve, &["bob", "alice"]).await.room, many.room);
    for request in [
        Request::from(History { room: room.room, anchor: Anchor::Before(Seq::MAX), limit: 5 }),
        JoinRoom { key: fresh_key(), room: RoomRef::Id(room.room), create: false }.into(),
        JoinRoom { key: fresh_key(), room: RoomRef::Name(room.name.clone()), create: true }.into(),
        ListMembers { room: room.room, after: AccountId(0), limit: 5 }.into(),
        post(room.room, "let me in").into(),
    ] {
        assert_eq!(eve.refused(request.clone()).await.code, RejectCode::NoSuchRoom, "{request:?}");
    }
    for client in [&mut alice, &mut eve] {
        let Reply::RoomList(list) = client.ask(ListRooms { after: RoomId(0), limit: 50 }).await else { panic!() };
        assert!(list.rooms.is_empty(), "{list:?}");
    }
    let name = |name: &str| CreateRoom { key: fresh_key(), name: name.to_owned(), topic: String::new() };
    assert_eq!(eve.refused(name("dm-1-9")).await.code, RejectCode::InvalidName);
    assert_eq!(eve.refused(name("DM-x")).await.code, RejectCode::InvalidName);
    drop(bob);
    alice.post(room.room, "while you are away").await;
    let server = server.restart().await;
    let mut bob = RawClient::login(&server, &bobs, "bob").await;
    assert_eq!(direct(&mut bob, &["alice"]).await.room, room.room);
    let history = History { room: room.room, anchor: Anchor::Before(Seq::MAX), limit: 1 };
    let Reply::Page(page) = bob.ask(history).await else { panic!() };
    assert_eq!(page.events[0].body.message().unwrap().text, "while you are away");
}

#[tokio::test]
async fn who_left_a_conversation_comes_back_to_it_by_opening_it() {
    let server = TestServer::start();
    let mut alice = person(&server, "alice").await;
    let mut bob = person(&server, "bob").await;
    let room = direct(&mut alice, &["bob"]).await.room;
    done(&mut bob, LeaveRoom { key: fresh_key(), room, reason: String::new() }).await;
    assert_eq!(bob.refused(post(room, "still here?")).await.code, RejectCode::NotMember);
    let again = direct(&mut bob, &["alice"]).await;
    assert_eq!((again.room, again.members), (room, 2));
    bob.post(room, "back").await;
}

#[tokio::test]
async fn blocks_and_policies_hold_when_it_begins_and_at_every_message() {
    let server = TestServer::start();
    let mut alice = person(&server, "alice").await;
    let mut bob = person(&server, "bob").await;
    let bobs = bob.welcome.account;
    let policy = |policy| SetDirectPolicy { key: fresh_key(), policy };
    let block = |account, on| Block { key: fresh_key(), account, on };
    let mut refusals = Vec::new();
    done(&mut alice, block(bobs, true)).await;
    refusals.push(bob.refused(open(&["alice"])).await);
    done(&mut alice, block(bobs, false)).await;
    for refusing in [DirectPolicy::Nobody, DirectPolicy::Contacts, DirectPolicy::SharedRooms] {
        done(&mut alice, policy(refusing)).await;
        refusals.push(bob.refused(open(&["alice"])).await);
    }
    assert!(refusals.iter().all(|reject| reject == &refusals[0]), "{refusals:?}");
    assert_eq!(refusals[0].code, RejectCode::NotReachable);
    alice.join("dev").await;
    bob.join("dev").await;
    let room = direct(&mut bob, &["alice"]).await.room;
    bob.post(room, "hello").await;
    done(&mut alice, policy(DirectPolicy::Contacts)).await;
    assert_eq!(bob.refused(post(room, "again")).await.code, RejectCode::NotReachable);
    done(&mut alice, SetContact { key: fresh_key(), account: bobs, on: true }).await;
    bob.post(room, "as a contact").await;
    done(&mut alice, block(bobs, true)).await;
    let refused = bob.refused(post(room, "and now")).await;
    assert_eq!((refused.code, &refused.message), (RejectCode::NotReachable, &refusals[0].message));
    alice.post(room, "I can still write").await;
}

#[tokio::test]
async fn a_conversation_is_with_somebody_and_not_with_everybody() {
    let server = TestServer::start();
    let mut alice = person(&server, "alice").await;
    assert_eq!(alice.refused(open(&[])).await.code, RejectCode::BadRequest);
    assert_eq!(alice.refused(open(&["alice"])).await.code, RejectCode::BadRequest);
    assert_eq!(alice.refused(open(&["nobody"])).await.code, RejectCode::NoSuchUser);
    assert_eq!(alice.refused(open(&["a b"])).await.code, RejectCode::InvalidName);
    let mut with = Vec::new();
    for number in 0..DIRECT_MEMBERS_MAX {
        with.push(UserRef::Id(person(&server, &format!("p{number}")).await.welcome.account));
    }
    let too_many = OpenDirect { key: fresh_key(), with: with.clone() };
    assert_eq!(alice.refused(too_many).await.code, RejectCode::LimitExceeded);
    with.pop();
    let Reply::RoomInfo(info) = alice.ask(OpenDirect { key: fresh_key(), with }).await else { panic!() };
    assert_eq!(info.members as usize, DIRECT_MEMBERS_MAX);
}

#[tokio::test]
async fn how_far_members_have_read_is_shown_where_the_room_shows_it_and_to_members() {
    let server = TestServer::start();
    let mut alice = person(&server, "alice").await;
    let mut bob = person(&server, "bob").await;
    let mut eve = person(&server, "eve").await;
    let room = alice.create("dev").await.room;
    bob.join("dev").await;
    let seq = alice.post(room, "read this").await.seq;
    done(&mut bob, MarkRead { room, seq }).await;
    let list = |limit| ListReadMarks { room, after: AccountId(0), limit };
    assert_eq!(alice.refused(list(10)).await.code, RejectCode::Forbidden);
    let on = ChangeRoom { key: fresh_key(), room, changes: vec![ReadReceipts { on: true }.into()] };
    alice.ask(on).await;
    assert_eq!(eve.refused(list(10)).await.code, RejectCode::NotMember);
    let Reply::ReadMarkList(ReadMarkList { marks, more }) = alice.ask(list(10)).await else { panic!() };
    let found: Vec<_> = marks.iter().map(|mark| (mark.name.as_str(), mark.seq)).collect();
    assert_eq!((found.len(), found[1], more), (2, ("bob", seq), false));
    let Reply::ReadMarkList(page) = bob.ask(list(1)).await else { panic!() };
    assert_eq!((page.marks[0].name.as_str(), page.more), ("alice", true));
}
