//! A clock that jumps: order, numbers, repetition and pages do not follow it, and nothing ends earlier than by the jump.
#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chat_proto::event::List;
use chat_proto::request::{ChangeRoom, History, PutOnList, UserRef};
use chat_proto::setting::SlowMode;
use chat_proto::{Anchor, RejectCode, Reply, RoomId, Seq, Timestamp};
use chat_server::server::Settings;
use chat_server::store::memory::MemoryStore;
use support::{Device, RawClient, TestServer, fresh_key, post};

const SECOND: i64 = 1_000_000;
const YEARS: i64 = 10 * 365 * 24 * 3_600 * SECOND;

struct Stage {
    server: TestServer,
    ahead: Arc<AtomicI64>,
}

impl Stage {
    fn new() -> Self {
        let ahead = Arc::new(AtomicI64::new(0));
        let server = TestServer::start_ahead(Arc::new(MemoryStore::default()), Settings::default(), Arc::clone(&ahead));
        Self { server, ahead }
    }

    fn jump_to(&self, ahead: i64) {
        self.ahead.store(ahead, Ordering::SeqCst);
    }
}

async fn seqs(client: &mut RawClient, room: RoomId, anchor: Anchor) -> Vec<u64> {
    let Reply::Page(page) = client.ask(History { room, anchor, limit: 50 }).await else { panic!() };
    page.events.iter().map(|event| event.seq.0).collect()
}

/// Back and forth by ten years, and then on by a second each.
const JUMPS: [i64; 6] = [0, YEARS, -YEARS, -YEARS + SECOND, 2 * YEARS, 0];

#[tokio::test]
async fn d7_order_repetition_and_pages_do_not_follow_the_clock() {
    let stage = Stage::new();
    let mut alice = RawClient::login(&stage.server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&stage.server, &Device::new(), "bob").await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    let mut posts = Vec::new();
    for (n, jump) in JUMPS.into_iter().enumerate() {
        stage.jump_to(jump);
        let post = post(room, &format!("message {n}"));
        let Reply::Receipt(receipt) = alice.ask(post.clone()).await else { panic!("{jump}") };
        assert_eq!(receipt.seq, Seq(3 + n as u64));
        posts.push((post, receipt.seq));
    }
    for (jump, (post, seq)) in JUMPS.into_iter().rev().zip(&posts) {
        stage.jump_to(jump);
        let Reply::Receipt(again) = alice.ask(post.clone()).await else { panic!("{jump}") };
        assert_eq!((again.seq, again.duplicate), (*seq, true));
    }
    let all: Vec<u64> = (1..=8).collect();
    assert_eq!(seqs(&mut bob, room, Anchor::Before(Seq::MAX)).await, all);
    assert_eq!(seqs(&mut bob, room, Anchor::After(Seq(4))).await, all[4..]);
    let server = stage.server.restart().await;
    let mut carol = RawClient::login(&server, &Device::new(), "carol").await;
    assert_eq!(seqs(&mut carol, room, Anchor::Before(Seq::MAX)).await, all);
}

#[tokio::test]
async fn d7_a_ban_ends_no_earlier_than_by_the_jump_and_nobody_is_slowed_for_years() {
    let stage = Stage::new();
    let mut alice = RawClient::login(&stage.server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&stage.server, &Device::new(), "bob").await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    let slow = ChangeRoom { key: fresh_key(), room, changes: vec![SlowMode { seconds: 600 }.into()] };
    assert!(matches!(alice.ask(slow).await, Reply::Receipt(_)));
    bob.post(room, "first").await;
    assert_eq!(bob.refused(post(room, "at once")).await.code, RejectCode::SlowDown);
    // What he wrote last lies ten years ahead now. Until the clock is there again nobody is slowed, rather than everybody.
    stage.jump_to(-YEARS);
    bob.post(room, "ten years earlier").await;
    stage.jump_to(-YEARS + 601 * SECOND);
    bob.post(room, "ten minutes later").await;
    stage.jump_to(0);
    assert_eq!(bob.refused(post(room, "now")).await.code, RejectCode::SlowDown);

    let until = Some(Timestamp(chat_server::environment::Environment::real().now().0 + 3_600 * SECOND));
    let (user, reason) = (UserRef::Name("bob".to_owned()), String::new());
    let ban = PutOnList { key: fresh_key(), room, user, list: List::Banned, until, reason };
    assert!(matches!(alice.ask(ban).await, Reply::Receipt(_)));
    for jump in [0, 3_000 * SECOND, -YEARS] {
        stage.jump_to(jump);
        assert_eq!(bob.refused(post(room, "let me")).await.code, RejectCode::Banned, "{jump}");
    }
    stage.jump_to(3_700 * SECOND);
    assert_ne!(bob.refused(post(room, "let me")).await.code, RejectCode::Banned);
}
