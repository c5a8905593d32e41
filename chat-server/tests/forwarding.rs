//! Rooms whose messages are copied to others, over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "tests")]

mod support;

use chat_proto::event::{Forwarded, VisibleTo};
use chat_proto::limits::FORWARDS_PER_ROOM_MAX;
use chat_proto::request::{ChangeRoom, CreateRoomWith, History, Kick, PostWith, UserRef};
use chat_proto::setting::{ForwardTo, Listing, Who};
use chat_proto::{Anchor, FeedId, RejectCode, Reply, RoomId, Seq, Style};
use support::{Device, RawClient, TestServer, fresh_key};

async fn login<const N: usize>(server: &TestServer, names: [&str; N]) -> [RawClient; N] {
    let mut clients = Vec::new();
    for name in names {
        clients.push(RawClient::login(server, &Device::new(), name).await);
    }
    clients.try_into().map_err(|_| ()).unwrap()
}

fn forward(room: RoomId, to: &[RoomId]) -> ChangeRoom {
    ChangeRoom { key: fresh_key(), room, changes: vec![ForwardTo { rooms: to.to_vec() }.into()] }
}

async fn done(client: &mut RawClient, request: impl Into<chat_proto::Request>) {
    let reply = client.ask(request).await;
    assert!(matches!(reply, Reply::Receipt(_)), "{reply:?}");
}

/// The messages of a room: who posted each, its words, and where it comes from.
async fn messages(client: &mut RawClient, room: RoomId) -> Vec<(u64, String, Option<Forwarded>)> {
    let history = History { room, anchor: Anchor::Before(Seq::MAX), limit: 200 };
    let Reply::Page(page) = client.ask(history).await else { panic!() };
    let message = |event: chat_proto::Event| {
        let message = event.body.message()?;
        Some((event.by.0, message.text.to_owned(), message.forwarded().cloned()))
    };
    page.events.into_iter().filter_map(message).collect()
}

/// The same, once there are so many.
async fn so_many(client: &mut RawClient, room: RoomId, count: usize) -> Vec<(u64, String, Option<Forwarded>)> {
    loop {
        let messages = messages(client, room).await;
        if messages.len() >= count {
            return messages;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn messages_for_everybody_are_copied_in_order_and_neither_what_was_before_nor_in_circles() {
    let server = TestServer::start();
    let [mut alice, mut bob] = login(&server, ["alice", "bob"]).await;
    let news = alice.create("news").await.room;
    let (team, other) = (alice.create("team").await.room, alice.create("other").await.room);
    bob.join("news").await;
    bob.post(news, "before").await;
    done(&mut alice, forward(news, &[team, other])).await;
    done(&mut alice, forward(team, &[news])).await;
    let said = bob.post(news, "one").await.seq;
    let extras = vec![VisibleTo { accounts: vec![alice.welcome.account] }.into()];
    let private = PostWith { key: fresh_key(), room: news, style: Style::Text, text: "psst".to_owned(), extras };
    done(&mut bob, private).await;
    bob.post(news, "two").await;
    alice.post(team, "from here").await;
    for room in [team, other] {
        let count = if room == team { 3 } else { 2 };
        let copies: Vec<_> = so_many(&mut alice, room, count).await;
        let copies: Vec<_> = copies.into_iter().filter_map(|(by, text, from)| Some((by, text, from?))).collect();
        let words: Vec<&str> = copies.iter().map(|(_, text, _)| text.as_str()).collect();
        assert_eq!(words, ["one", "two"]);
        let (by, _, from) = &copies[0];
        assert_eq!(*by, alice.welcome.account.0, "in the name of who set it so");
        let origin = (from.room, from.room_name.as_str(), from.seq, from.by, from.name.as_str());
        assert_eq!(origin, (news, "news", said, bob.welcome.account, "bob"));
    }
    let back = so_many(&mut alice, news, 5).await;
    let words: Vec<&str> = back.iter().map(|(_, text, _)| text.as_str()).collect();
    assert_eq!(words, ["before", "one", "psst", "two", "from here"]);
    done(&mut alice, forward(news, &[])).await;
    bob.post(news, "three").await;
    alice.post(team, "the end").await;
    assert_eq!(so_many(&mut alice, news, 7).await.len(), 7);
    assert!(messages(&mut alice, team).await.iter().all(|(_, text, _)| text != "three"));
}

#[tokio::test]
async fn what_somebody_may_not_write_he_has_not_copied_and_what_he_may_no_more_is_not() {
    let server = TestServer::start();
    let [mut alice, mut bob] = login(&server, ["alice", "bob"]).await;
    let (news, team) = (alice.create("news").await.room, bob.create("team").await.room);
    let settings = vec![Listing { who: Who::Members }.into()];
    let hidden = CreateRoomWith { key: fresh_key(), name: "hidden".to_owned(), settings };
    let Reply::RoomInfo(hidden) = bob.ask(hidden).await else { panic!() };
    for (to, code) in [
        (vec![news], RejectCode::BadRequest),
        (vec![team], RejectCode::NotMember),
        (vec![hidden.room], RejectCode::NoSuchRoom),
        (vec![RoomId(99)], RejectCode::NoSuchRoom),
        (vec![team; FORWARDS_PER_ROOM_MAX + 1], RejectCode::NotMember),
    ] {
        assert_eq!(alice.refused(forward(news, &to)).await.code, code, "{to:?}");
    }
    let settings = vec![ForwardTo { rooms: vec![team] }.into()];
    let made = CreateRoomWith { key: fresh_key(), name: "made".to_owned(), settings };
    assert_eq!(alice.refused(made).await.code, RejectCode::NotMember);
    alice.join("team").await;
    assert_eq!(alice.refused(forward(news, &[team; FORWARDS_PER_ROOM_MAX + 1])).await.code, RejectCode::LimitExceeded);
    let other = alice.create("other").await.room;
    done(&mut alice, forward(news, &[team, other])).await;
    alice.post(news, "one").await;
    so_many(&mut bob, team, 1).await;
    let kick = Kick { key: fresh_key(), room: team, user: UserRef::Name("alice".to_owned()), reason: String::new() };
    done(&mut bob, kick).await;
    alice.post(news, "two").await;
    // When it is there, it was refused in the team's room.
    so_many(&mut alice, other, 2).await;
    alice.join("team").await;
    alice.post(news, "three").await;
    let words: Vec<String> = so_many(&mut bob, team, 2).await.into_iter().map(|(_, text, _)| text).collect();
    assert_eq!(words, ["one", "three"]);
}

#[tokio::test]
async fn a_copy_in_ones_name_is_not_read_by_oneself() {
    let server = TestServer::start();
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let [mut bob] = login(&server, ["bob"]).await;
    let (news, team) = (alice.create("news").await.room, alice.create("team").await.room);
    bob.join("news").await;
    done(&mut alice, forward(news, &[team])).await;
    bob.post(news, "one").await;
    so_many(&mut alice, team, 1).await;
    // What her own message says, it says behind whatever the copy might have said.
    alice.post(news, "two").await;
    so_many(&mut alice, team, 2).await;
    drop(alice);
    let server = server.restart().await;
    let alice = RawClient::login(&server, &device, "alice").await;
    let feed = alice.welcome.feeds.iter().find(|status| status.feed == FeedId::Room(team)).unwrap();
    assert_eq!((feed.head_ordinal.0, feed.read_ordinal.0), (2, 0), "two copies, none of them read: {feed:?}");
}
