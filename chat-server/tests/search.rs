//! Searching, over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chat_proto::event::VisibleTo;
use chat_proto::request::{History, Post, PostWith, React};
use chat_proto::search::{Search, SearchHits};
use chat_proto::{Anchor, RejectCode, Reply, RoomId, Seq, Style};
use chat_server::environment::Environment;
use chat_server::hub::{Hub, HubSettings};
use chat_server::server::Settings;
use chat_server::store::MemoryStore;
use support::counting::CountingStore;
use support::{Device, RawClient, TestServer, fresh_key};

fn asked(query: &str, room: Option<RoomId>, after: u64, limit: u16) -> Search {
    Search { query: query.to_owned(), room, after, limit }
}

async fn page(client: &mut RawClient, search: Search) -> SearchHits {
    match client.ask(search).await {
        Reply::SearchHits(hits) => hits,
        reply => panic!("{reply:?}"),
    }
}

/// Every message found, with pages of two, once the index is not behind.
async fn found(client: &mut RawClient, query: &str) -> Vec<(RoomId, Seq)> {
    while page(client, asked(query, None, 0, 1)).await.behind > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = page(client, asked(query, None, after, 2)).await;
        found.extend(page.hits.iter().map(|hit| (hit.room, hit.event.seq)));
        match page.next {
            Some(next) => after = next,
            None => return found,
        }
    }
}

#[tokio::test]
async fn what_was_said_is_found_by_anybody_who_may_read_it_and_leads_to_its_place() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let dev = alice.join("dev").await.room;
    let ops = bob.join("ops").await.room;
    alice.join("ops").await;
    let disk = alice.post(dev, "the disk is full").await.seq;
    let bobs = bob.post(ops, "@alice: is the disk full?").await.seq;
    let other = bob.post(ops, "no, half full").await.seq;
    assert_eq!(found(&mut bob, "full").await, [(ops, other), (ops, bobs), (dev, disk)]);
    assert_eq!(found(&mut bob, "DISK \"is full\"").await, [(dev, disk)]);
    assert_eq!(found(&mut bob, "full -disk").await, [(ops, other)]);
    assert_eq!(found(&mut bob, "from:me in:#ops full").await, [(ops, other), (ops, bobs)]);
    assert_eq!(found(&mut bob, "from:alice").await, [(dev, disk)]);
    assert_eq!(found(&mut alice, "is:mention after:1d").await, [(ops, bobs)]);
    assert_eq!(found(&mut alice, "full before:1d").await, []);
    let hits = page(&mut bob, asked("full", Some(dev), 0, 50)).await;
    assert_eq!((hits.hits.len(), hits.hits[0].room_name.as_str(), &hits.hits[0].text), (1, "dev", &None));
    let around = bob.ask(History { room: dev, anchor: Anchor::Around(hits.hits[0].event.seq), limit: 3 }).await;
    let Reply::Page(around) = around else { panic!("{around:?}") };
    assert!(around.events.contains(&hits.hits[0].event));
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_refused_with_what_to_write() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    for (query, code, said) in [
        ("", RejectCode::BadQuery, "nothing to look for"),
        ("size:10", RejectCode::BadQuery, "from: in: before:"),
        ("from:nobody", RejectCode::NoSuchUser, "nobody is called nobody"),
        ("in:#nowhere x", RejectCode::NoSuchRoom, "no such room"),
        ("from:a!b", RejectCode::InvalidName, "from:"),
        (&"x".repeat(600), RejectCode::TooLarge, "512"),
    ] {
        let reject = alice.refused(asked(query, None, 0, 10)).await;
        assert!(reject.code == code && reject.message.contains(said), "{query}: {reject}");
    }
    let nowhere = alice.refused(asked("x", Some(RoomId(99)), 0, 10)).await;
    assert_eq!(nowhere.code, RejectCode::NoSuchRoom);
}

#[tokio::test]
async fn an_index_goes_on_where_it_was_and_a_server_without_one_says_so() {
    let off = Settings { hub: HubSettings { search: false, ..HubSettings::default() }, ..Settings::default() };
    let store = Arc::new(MemoryStore::new());
    let server = TestServer::start_with(store.clone(), off);
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let room = alice.join("dev").await.room;
    let early = alice.post(room, "early word").await.seq;
    assert_eq!(alice.refused(asked("word", None, 0, 10)).await.code, RejectCode::SearchOff);
    server.stop().await;
    let server = TestServer::start_with(store, Settings::default());
    let mut alice = RawClient::login(&server, &device, "alice").await;
    assert_eq!(found(&mut alice, "word").await, [(room, early)]);
    let late = Post { key: fresh_key(), room, style: Style::Action, text: "has the last word".to_owned() };
    let Reply::Receipt(late) = alice.ask(late).await else { panic!("not stored") };
    assert_eq!(found(&mut alice, "word").await, [(room, late.seq), (room, early)]);
    assert_eq!(found(&mut alice, "word is:action").await, [(room, late.seq)]);
}

#[tokio::test]
async fn a_reaction_counts_as_long_as_it_holds_and_for_whom_it_is() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let mut carol = RawClient::login(&server, &Device::new(), "carol").await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    carol.join("dev").await;
    let liked = alice.post(room, "word one").await.seq;
    let plain = alice.post(room, "word two").await.seq;
    let unliked = alice.post(room, "word three").await.seq;
    let react = async |client: &mut RawClient, target: Seq, on: bool| {
        let react = React { key: fresh_key(), room, target, emoji: "+1".to_owned(), on };
        assert!(matches!(client.ask(react).await, Reply::Receipt(_)));
    };
    for (target, on) in [(liked, true), (unliked, true), (unliked, false)] {
        react(&mut bob, target, on).await;
    }
    let extras = vec![VisibleTo { accounts: vec![bob.welcome.account] }.into()];
    let private = PostWith { key: fresh_key(), room, style: Style::Text, text: "word four".to_owned(), extras };
    let Reply::Receipt(private) = alice.ask(private).await else { panic!() };
    react(&mut bob, private.seq, true).await;
    assert_eq!(found(&mut alice, "word has:reaction").await, [(room, private.seq), (room, liked)]);
    assert_eq!(found(&mut carol, "word has:reaction").await, [(room, liked)]);
    assert_eq!(found(&mut carol, "word -has:reaction").await, [(room, unliked), (room, plain)]);
    assert_eq!(found(&mut carol, "has:reaction -has:reaction").await, []);
    // A second reaction after all were taken back is one again.
    react(&mut carol, unliked, true).await;
    assert_eq!(found(&mut carol, "has:reaction").await, [(room, unliked), (room, liked)]);
}

/// However much there is to be indexed, most of the time the disk is for those who write.
#[tokio::test(start_paused = true)]
async fn indexing_takes_a_sixteenth_of_the_time_at_most() {
    let takes = Duration::from_millis(40);
    let store = CountingStore::indexing(takes);
    let hub = Hub::start(Arc::new(store.clone()), Environment::real(), HubSettings::default()).await.unwrap();
    let watched = Duration::from_secs(64);
    tokio::time::sleep(watched).await;
    let busy = takes * u32::try_from(store.indexings.load(Ordering::SeqCst)).unwrap();
    assert!(busy <= watched / 16 + takes && busy >= watched / 20, "{busy:?}");
    hub.close().await;
}
