//! What is done to messages afterwards, over real QUIC: edits, reactions and removals as everybody sees them.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use chat_proto::event::VisibleTo;
use chat_proto::request::{
    AuditRoom, BanAndPurge, ChangeRoom, Edit, History, Kick, ListFolds, Pin, PostWith, Purge, React, Redact, UserRef,
};
use chat_proto::setting::EditsKept;
use chat_proto::{Anchor, Chain, Delivery, EventBody, FeedId, Position, RejectCode, Reply, RoomId, Seq, Style};
use chat_server::server::Settings;
use chat_server::store::verify::VerifyError;
use chat_server::store::{self, DataDir, SqliteStore};
use support::{Device, RawClient, TestServer, fresh_key};

async fn done(client: &mut RawClient, request: impl Into<chat_proto::Request>) -> Seq {
    match client.ask(request).await {
        Reply::Receipt(receipt) => receipt.seq,
        reply => panic!("{reply:?}"),
    }
}

fn react(room: RoomId, target: Seq, on: bool) -> React {
    React { key: fresh_key(), room, target, emoji: "👍".to_owned(), on }
}

async fn bodies(client: &mut RawClient, room: RoomId) -> Vec<(Seq, EventBody)> {
    let history = History { room, anchor: Anchor::Before(Seq::MAX), limit: 200 };
    let Reply::Page(page) = client.ask(history).await else { panic!() };
    page.events.into_iter().map(|event| (event.seq, event.body)).collect()
}

#[tokio::test]
async fn edits_and_reactions_have_their_own_seq_and_are_folded_for_who_reads_later() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    let said = alice.post(room, "helo").await.seq;
    let edited = done(&mut alice, Edit { key: fresh_key(), room, target: said, text: "hello".to_owned() }).await;
    assert!(edited > said);
    let heard = bob.expect(|delivery| match delivery {
        Delivery::Events(events) if events.feed == FeedId::Room(room) => {
            events.events.iter().find(|event| matches!(event.body, EventBody::Edited(_))).map(|event| event.seq)
        }
        _ => None,
    });
    assert_eq!(heard.await, edited);
    done(&mut bob, react(room, said, true)).await;
    let before = alice.join("dev").await.head;
    done(&mut bob, react(room, said, true)).await;
    assert_eq!(alice.join("dev").await.head, before, "what holds already is no event");
    done(&mut alice, react(room, said, true)).await;
    done(&mut alice, Pin { key: fresh_key(), room, target: said, on: true }).await;
    let folds = ListFolds { room, from: Seq(1), to: Seq(100) };
    let Reply::FoldList(list) = bob.ask(folds.clone()).await else { panic!() };
    let [fold] = list.folds.as_slice() else { panic!("{list:?}") };
    assert_eq!((fold.target, fold.text.as_deref(), fold.revision, fold.pinned), (said, Some("hello"), 1, true));
    assert_eq!((fold.reactions.len(), fold.reactions[0].count), (1, 2));
    done(&mut alice, react(room, said, false)).await;
    let Reply::FoldList(list) = bob.ask(folds).await else { panic!() };
    assert_eq!(list.folds[0].reactions[0].count, 1);
    let wrong = bob.refused(Edit { key: fresh_key(), room, target: said, text: "mine".to_owned() }).await;
    assert_eq!(wrong.code, RejectCode::Forbidden);
    let nothing = bob.refused(react(room, edited, true)).await;
    assert_eq!(nothing.code, RejectCode::NoSuchMessage);
}

#[tokio::test]
async fn where_earlier_words_do_not_stay_only_the_newest_are_anywhere() {
    let data = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(DataDir::lock(data.path()).unwrap(), store::Settings::default()).unwrap();
    let server = TestServer::start_with(Arc::new(store), Settings::default());
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    let edit = |target: Seq, text: &str| Edit { key: fresh_key(), room, target, text: text.to_owned() };
    let before = alice.post(room, "alpha").await.seq;
    done(&mut alice, edit(before, "beta")).await;
    done(&mut alice, ChangeRoom { key: fresh_key(), room, changes: vec![EditsKept { on: false }.into()] }).await;
    let said = alice.post(room, "gamma").await.seq;
    for text in ["delta", "epsilon"] {
        done(&mut alice, edit(said, text)).await;
    }
    let told = format!("{:?}", bodies(&mut bob, room).await);
    for (word, stays) in [("alpha", true), ("beta", true), ("gamma", false), ("delta", false), ("epsilon", true)] {
        assert_eq!(told.contains(word), stays, "{word}: {told}");
    }
    // Who reads behind it gets it from the store, not as it was published.
    let position = Position {
        feed: FeedId::Room(room),
        epoch: alice.welcome.feeds[0].epoch,
        seq: Seq::ZERO,
        chain: Chain::default(),
        backlog_max: u32::MAX,
    };
    let mut late = RawClient::resume(&server, &Device::new(), "carol", vec![position]).await;
    let mut all = String::new();
    while !all.contains("epsilon") {
        all += &format!("{:?}", late.events(room).await);
    }
    assert!(all.contains("alpha") && !all.contains("gamma") && !all.contains("delta"), "{all}");
    let folds = bob.ask(ListFolds { room, from: said, to: said }).await;
    let Reply::FoldList(list) = folds else { panic!("{folds:?}") };
    assert_eq!(list.folds[0].text.as_deref(), Some("epsilon"));
    drop((alice, bob, late));
    drop(server.stop().await);
    // Its last reader may still be at work.
    let report = loop {
        match store::verify(data.path()) {
            Err(VerifyError::InUse(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
            report => break report.unwrap(),
        }
    };
    assert_eq!((report.is_ok(), report.erased), (true, 1), "{report}");
    let db = std::fs::read(data.path().join("chat.db")).unwrap();
    let holds = |word: &str| db.windows(word.len()).any(|window| window == word.as_bytes());
    assert!(holds("epsilon") && !holds("gamma") && !holds("delta"));
}

#[tokio::test]
async fn a5_removed_words_are_gone_from_every_answer_and_their_place_stays() {
    let server = TestServer::start();
    let (device, other) = (Device::new(), Device::new());
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let mut bob = RawClient::login(&server, &other, "bob").await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    let secret = bob.post(room, "the password is hunter2").await.seq;
    done(&mut bob, Edit { key: fresh_key(), room, target: secret, text: "password: hunter3".to_owned() }).await;
    let redact = Redact { key: fresh_key(), room, target: secret, reason: "oops".to_owned() };
    done(&mut bob, redact.clone()).await;
    let after = bob.post(room, "sorry").await;
    assert_eq!(after.ordinal.0, 2, "what was removed still counts as a message");
    let seen = bodies(&mut alice, room).await;
    assert!(seen.iter().any(|(seq, body)| *seq == secret && matches!(body, EventBody::Erased(_))), "{seen:?}");
    assert!(!format!("{seen:?}").contains("hunter"));
    let again = Redact { key: fresh_key(), ..redact };
    let head = alice.join("dev").await.head;
    done(&mut alice, again).await;
    assert_eq!(alice.join("dev").await.head, head, "removing it again is no event");
    assert_eq!(alice.refused(react(room, secret, true)).await.code, RejectCode::NoSuchMessage);
    let server = server.restart().await;
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let seen = bodies(&mut alice, room).await;
    assert!(!format!("{seen:?}").contains("hunter"));
    assert!(seen.windows(2).all(|pair| pair[0].0.next() == pair[1].0), "{seen:?}");
}

#[tokio::test]
async fn a_purge_removes_all_of_a_persons_messages_and_the_audit_says_who_and_why() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    for number in 0..20 {
        bob.post(room, &format!("spam {number}")).await;
    }
    alice.post(room, "stop it").await;
    let bob_is = || UserRef::Name("bob".to_owned());
    let purge = |by_whom| Purge { key: fresh_key(), room, user: by_whom, reason: "spam".to_owned() };
    assert_eq!(bob.refused(purge(UserRef::Name("alice".to_owned()))).await.code, RejectCode::Forbidden);
    done(&mut alice, purge(bob_is())).await;
    done(&mut alice, Kick { key: fresh_key(), room, user: bob_is(), reason: "spam".to_owned() }).await;
    let seen = bodies(&mut alice, room).await;
    assert!(!format!("{seen:?}").contains("spam 1"));
    assert_eq!(seen.iter().filter(|(_, body)| matches!(body, EventBody::Erased(_))).count(), 20);
    let Reply::Page(page) = alice.ask(AuditRoom { room, before: Seq::MAX, limit: 10 }).await else { panic!() };
    let kinds: Vec<u16> = page.events.iter().map(|event| event.body.kind()).collect();
    assert_eq!(kinds, [18, 16]);
    assert!(page.events.iter().all(|event| event.by == alice.welcome.account));
}

#[tokio::test]
async fn that_a_message_for_some_was_removed_is_told_to_them_and_to_nobody_else() {
    let server = TestServer::start();
    let device = Device::new();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let mut carol = RawClient::login(&server, &device, "carol").await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    carol.join("dev").await;
    let mut said = Vec::new();
    for text in ["psst", "again"] {
        let extras = vec![VisibleTo { accounts: vec![alice.welcome.account] }.into()];
        let (key, style, text) = (fresh_key(), Style::Text, text.to_owned());
        let Reply::Receipt(receipt) = bob.ask(PostWith { key, room, style, text, extras }).await else { panic!() };
        let edit = Edit { key: fresh_key(), room, target: receipt.seq, text: "other".to_owned() };
        let Reply::Receipt(edited) = bob.ask(edit).await else { panic!() };
        said.extend([receipt.seq, edited.seq]);
    }
    let removed = done(&mut bob, Redact { key: fresh_key(), room, target: said[0], reason: "oops".to_owned() }).await;
    for (reader, kind) in [(&mut alice, 22), (&mut bob, 22), (&mut carol, 0)] {
        let kinds = bodies(reader, room).await.into_iter().filter(|(seq, _)| *seq == removed);
        assert_eq!(kinds.map(|(_, body)| body.kind()).collect::<Vec<_>>(), [kind], "that it was, and why");
    }
    let user = UserRef::Name("bob".to_owned());
    done(&mut alice, Purge { key: fresh_key(), room, user, reason: String::new() }).await;
    let at = |seen: &[(Seq, EventBody)]| -> Vec<u16> {
        seen.iter().filter(|(seq, _)| said.contains(seq)).map(|(_, body)| body.kind()).collect()
    };
    let (withheld, erased) = (vec![0; 4], vec![20; 4]);
    assert_eq!(at(&bodies(&mut carol, room).await), withheld);
    for reader in [&mut alice, &mut bob] {
        assert_eq!(at(&bodies(reader, room).await), erased);
    }
    assert_eq!(carol.refused(react(room, said[0], true)).await.code, RejectCode::NoSuchMessage);
    let server = server.restart().await;
    let mut carol = RawClient::login(&server, &device, "carol").await;
    assert_eq!(at(&bodies(&mut carol, room).await), withheld);
}

#[tokio::test]
async fn a_ban_may_take_what_he_wrote_along() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    bob.post(room, "spam").await;
    alice.post(room, "stop it").await;
    let ban = |user: &str| {
        let (user, reason) = (UserRef::Name(user.to_owned()), "spam".to_owned());
        BanAndPurge { key: fresh_key(), room, user, until: None, reason }
    };
    assert_eq!(bob.refused(ban("alice")).await.code, RejectCode::Forbidden);
    let repeated = ban("bob");
    let first = done(&mut alice, repeated.clone()).await;
    assert_eq!(done(&mut alice, repeated).await, first, "the same key is one event");
    let kinds: Vec<u16> = bodies(&mut alice, room).await.iter().map(|(_, body)| body.kind()).collect();
    assert_eq!(kinds, [1, 2, 20, 4, 14, 18, 17], "removed, kept; banned, purged, put out");
    assert_eq!(bob.refused(support::post(room, "more")).await.code, RejectCode::Banned);
}
