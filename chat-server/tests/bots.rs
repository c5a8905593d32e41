//! Bots over real QUIC: what a token lets in, where to, and how it ends.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_proto::bots::{BotAuth, BotTokenInfo, ListBotTokens, MakeBotToken, RevokeBotToken};
use chat_proto::identity::{MakeLinkCode, MakeRecoveryCode, RevokeDevice};
use chat_proto::invite::MakeInvite;
use chat_proto::limits::GUESSES_MAX;
use chat_proto::request::{
    CreateRoom, DescribeRoom, History, JoinRoom, ListRooms, LookUpRoom, SetRole, Subscribe, Whois,
};
use chat_proto::token::{BOT_TOKEN_RANDOM, BotToken};
use chat_proto::{
    Anchor, Chain, CloseCode, Epoch, EventBody, Extra, FeedId, FeedState, Position, Reject, RejectCode, Reply, Role,
    RoomId, RoomRef, Seq, UserRef,
};
use chat_server::store::MemoryStore;
use quinn::ConnectionError;
use support::{Device, RawClient, TestServer, fresh_key, post};

async fn come(server: &TestServer, token: &str) -> Result<RawClient, Reject> {
    let auth = BotAuth { token: token.to_owned() }.into();
    RawClient::enter(support::dial(server).await, auth, Vec::new()).await
}

async fn refused(server: &TestServer, token: &str) -> RejectCode {
    match come(server, token).await {
        Ok(_) => panic!("let in"),
        Err(reject) => reject.code,
    }
}

async fn make(client: &mut RawClient, name: &str, room: RoomId) -> String {
    make_for(client, name, room, None).await
}

async fn make_for(client: &mut RawClient, name: &str, room: RoomId, for_s: Option<u32>) -> String {
    match client.ask(MakeBotToken { name: name.to_owned(), rooms: vec![RoomRef::Id(room)], for_s }).await {
        Reply::BotTokenMade(made) => made.token,
        reply => panic!("{reply:?}"),
    }
}

async fn tokens(client: &mut RawClient, name: &str) -> Vec<BotTokenInfo> {
    match client.ask(ListBotTokens { name: name.to_owned() }).await {
        Reply::BotTokenList(list) => list.tokens,
        reply => panic!("{reply:?}"),
    }
}

fn id(token: &str) -> String {
    BotToken::parse(token).unwrap().id().to_owned()
}

fn by_id(room: RoomId) -> JoinRoom {
    JoinRoom { key: fresh_key(), room: RoomRef::Id(room), create: false }
}

#[tokio::test]
async fn a_token_lets_a_bot_into_its_rooms_and_there_are_no_others_for_it() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let (ops, other) = (alice.create("ops").await.room, alice.create("other").await.room);
    let token = make(&mut alice, "ci", ops).await;
    let mut bot = come(&server, &token).await.unwrap();
    assert_eq!((bot.welcome.name.as_str(), bot.welcome.registered), ("ci", false));
    assert!(matches!(bot.ask(by_id(ops)).await, Reply::RoomInfo(_)));
    bot.post(ops, "built").await;
    let bodies = loop {
        let events = alice.events(ops).await;
        if let Some(event) = events.into_iter().find(|event| event.body.message().is_some()) {
            break event.body;
        }
    };
    let EventBody::PostedWith(posted) = bodies else { panic!("{bodies:?}") };
    assert!(posted.extras.iter().any(|extra| matches!(extra, Extra::ByBot(_))));
    assert_eq!(bot.refused(by_id(other)).await.code, RejectCode::NoSuchRoom);
    assert_eq!(bot.refused(post(other, "x")).await.code, RejectCode::NoSuchRoom);
    let history = History { room: other, anchor: Anchor::Before(Seq::MAX), limit: 10 };
    assert_eq!(bot.refused(history).await.code, RejectCode::NoSuchRoom);
    assert_eq!(bot.refused(DescribeRoom { room: other }).await.code, RejectCode::NoSuchRoom);
    assert_eq!(bot.refused(LookUpRoom { room: RoomRef::Name("other".to_owned()) }).await.code, RejectCode::NoSuchRoom);
    let from = Position {
        feed: FeedId::Room(other),
        epoch: Epoch(1),
        seq: Seq::ZERO,
        chain: Chain::default(),
        backlog_max: u32::MAX,
    };
    assert!(
        matches!(bot.ask(Subscribe { from }).await, Reply::FeedStatus(status) if status.state == FeedState::NoAccess)
    );
    match bot.ask(ListRooms { after: RoomId(0), limit: 10 }).await {
        Reply::RoomList(list) => assert_eq!(list.rooms.iter().map(|room| room.room).collect::<Vec<_>>(), [ops]),
        reply => panic!("{reply:?}"),
    }
    // A token for the other room leads there, and what one token reads the other does not.
    let elsewhere = make(&mut alice, "ci", other).await;
    let mut second = come(&server, &elsewhere).await.unwrap();
    assert!(matches!(second.ask(by_id(other)).await, Reply::RoomInfo(_)));
    assert_eq!(second.refused(post(ops, "x")).await.code, RejectCode::NoSuchRoom);
    assert_eq!(bot.refused(post(other, "x")).await.code, RejectCode::NoSuchRoom);
    drop(bot);
    let bot = come(&server, &token).await.unwrap();
    let readable = bot.welcome.feeds.iter().filter(|feed| feed.state != FeedState::NoAccess).map(|feed| feed.feed);
    assert_eq!(readable.collect::<Vec<_>>(), [FeedId::Account(bot.welcome.account), FeedId::Room(ops)]);
}

#[tokio::test]
async fn a_token_is_replaced_while_the_old_one_holds_and_revoked_with_its_connections() {
    let server = TestServer::start();
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let ops = alice.create("ops").await.room;
    let old = make(&mut alice, "ci", ops).await;
    let bot = come(&server, &old).await.unwrap();
    let new = make(&mut alice, "ci", ops).await;
    let next = come(&server, &new).await.unwrap();
    assert_eq!(next.welcome.account, bot.welcome.account);
    let listed = tokens(&mut alice, "").await;
    let shown: Vec<_> = listed.iter().map(|info| (info.id.clone(), info.online, info.rooms[0].name.as_str())).collect();
    assert_eq!(shown, [(id(&old), true, "ops"), (id(&new), true, "ops")]);
    assert_eq!((listed[0].owner.name.as_str(), listed[0].bot.name.as_str()), ("alice", "ci"));
    let begun = Instant::now();
    assert!(matches!(alice.ask(RevokeBotToken { id: id(&old) }).await, Reply::Done(_)));
    let closed = bot.connection.closed().await;
    assert!(begun.elapsed() < Duration::from_secs(1));
    let ConnectionError::ApplicationClosed(close) = closed else { panic!("{closed:?}") };
    assert_eq!(CloseCode::from_number(close.error_code.into_inner()), Some(CloseCode::Revoked));
    assert!(next.connection.close_reason().is_none());
    assert_eq!(alice.refused(RevokeBotToken { id: id(&old) }).await.code, RejectCode::NoSuchGrant);
    // It is so after a restart, with the newest one revoked too.
    assert!(matches!(alice.ask(RevokeBotToken { id: id(&new) }).await, Reply::Done(_)));
    let server = server.restart().await;
    for token in [&old, &new] {
        assert_eq!(refused(&server, token).await, RejectCode::InvalidToken);
    }
    let mut alice = RawClient::login(&server, &device, "alice").await;
    assert!(tokens(&mut alice, "ci").await.is_empty());
    let again = make(&mut alice, "ci", ops).await;
    assert_eq!(come(&server, &again).await.unwrap().welcome.account, next.welcome.account);
}

#[tokio::test]
async fn a_bot_administers_nothing_and_nobody_gives_it_a_role() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let ops = alice.create("ops").await.room;
    let token = make(&mut alice, "ci", ops).await;
    let mut bot = come(&server, &token).await.unwrap();
    assert!(matches!(bot.ask(by_id(ops)).await, Reply::RoomInfo(_)));
    assert_eq!(bot.refused(MakeLinkCode {}).await.code, RejectCode::Forbidden);
    assert_eq!(bot.refused(MakeRecoveryCode {}).await.code, RejectCode::Forbidden);
    let invite = MakeInvite { room: Some(RoomRef::Id(ops)), uses: 1, for_s: 60 };
    assert_eq!(bot.refused(invite).await.code, RejectCode::Forbidden);
    let own = MakeBotToken { name: "ci".to_owned(), rooms: vec![RoomRef::Id(ops)], for_s: None };
    assert_eq!(bot.refused(own).await.code, RejectCode::Forbidden);
    assert_eq!(bot.refused(RevokeBotToken { id: id(&token) }).await.code, RejectCode::NoSuchGrant);
    let second = come(&server, &make(&mut alice, "ci", ops).await).await.unwrap();
    let revoke = RevokeDevice { device: second.welcome.device };
    assert_eq!(bot.refused(revoke).await.code, RejectCode::Forbidden);
    let create = CreateRoom { key: fresh_key(), name: "mine".to_owned(), topic: String::new() };
    assert_eq!(bot.refused(create).await.code, RejectCode::Forbidden);
    for role in [Role::Moderator, Role::Admin] {
        let user = UserRef::Name("ci".to_owned());
        let give = SetRole { key: fresh_key(), room: ops, user, role };
        assert_eq!(alice.refused(give).await.code, RejectCode::Forbidden);
    }
    bot.post(ops, "still here").await;
}

#[tokio::test]
async fn what_is_no_token_is_told_and_changes_nothing() {
    let server = TestServer::start_with(Arc::new(MemoryStore::default()), chat_server::server::Settings::default());
    let (alice, bob) = (Device::new(), Device::new());
    let mut alice = RawClient::login(&server, &alice, "alice").await;
    let mut bob = RawClient::login(&server, &bob, "bob").await;
    let ops = alice.create("ops").await.room;
    let make_of = |name: &str, rooms: Vec<RoomRef>| MakeBotToken { name: name.to_owned(), rooms, for_s: None };
    let here = || vec![RoomRef::Id(ops)];
    assert_eq!(alice.refused(make_of("bob", here())).await.code, RejectCode::NameTaken);
    assert_eq!(alice.refused(make_of("c i", here())).await.code, RejectCode::InvalidName);
    assert_eq!(alice.refused(make_of("ci", Vec::new())).await.code, RejectCode::BadRequest);
    assert_eq!(alice.refused(make_of("ci", vec![RoomRef::Id(RoomId(99))])).await.code, RejectCode::NoSuchRoom);
    assert_eq!(alice.refused(Whois { name: "ci".to_owned() }).await.code, RejectCode::NoSuchUser);
    let token = make(&mut alice, "ci", ops).await;
    assert_eq!(bob.refused(make_of("ci", here())).await.code, RejectCode::Forbidden);
    assert_eq!(bob.refused(ListBotTokens { name: "ci".to_owned() }).await.code, RejectCode::NoSuchUser);
    assert_eq!(bob.refused(RevokeBotToken { id: id(&token) }).await.code, RejectCode::NoSuchGrant);
    assert_eq!(tokens(&mut alice, "ci").await.len(), 1);
    // Its time ends the connection, and then it opens nothing.
    let brief = make_for(&mut alice, "ci", ops, Some(1)).await;
    let bot = come(&server, &brief).await.unwrap();
    let ConnectionError::ApplicationClosed(close) = bot.connection.closed().await else { panic!("no reason") };
    assert_eq!(CloseCode::from_number(close.error_code.into_inner()), Some(CloseCode::Expired));
    assert_eq!(refused(&server, &brief).await, RejectCode::ExpiredToken);
    let changed = format!("{}x", &token[..token.len() - 1]);
    assert_eq!(refused(&server, &changed).await, RejectCode::InvalidToken);
    for guess in 1..GUESSES_MAX {
        let nobodys = BotToken::of_random(&[u8::try_from(guess).unwrap(); BOT_TOKEN_RANDOM]);
        assert_eq!(refused(&server, nobodys.as_str()).await, RejectCode::InvalidToken);
    }
    assert_eq!(refused(&server, &token).await, RejectCode::CodeBlocked);
}
