//! Where files end: with their messages, at the start after a crash, and when nobody wanted them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chat_proto::request::{ChangeRoom, DeleteRoom, History, Ping, Purge, Redact, UserRef};
use chat_proto::setting::Retention;
use chat_proto::{Anchor, EventBody, RejectCode, Reply, ReplyFrame, RoomId, Seq};
use chat_server::config::Files;
use chat_server::contents::FILES_DIR;
use chat_server::store::{self, DataDir, MemoryStore, SqliteStore, Store};

use crate::support::files::{
    bytes, carrying, fetch, file, incoming, keeping, kept_at, post_file, send, send_as, until, upload_of,
};
use crate::support::{Device, RawClient, TestServer, fresh_key};
use crate::{code, receipt, stage, stage_with};

/// Puts a file into a room, does something to it, and looks whether it is gone for everybody and from the disk.
async fn is_gone_after(store: Arc<dyn Store>, act: impl AsyncFnOnce(&mut RawClient, RoomId, Seq)) {
    let mut stage = stage_with(store, Files::default()).await;
    let (gone, stays) = (bytes(1, 10_000), bytes(2, 10_000));
    let seq = post_file(&mut stage.alice, stage.room, "gone", &gone).await;
    let other = stage.bob.join("other").await.room;
    let kept = post_file(&mut stage.bob, other, "stays", &stays).await;
    act(&mut stage.alice, stage.room, seq).await;
    for client in [&stage.alice, &stage.bob] {
        let refused = code(fetch(client, stage.room, seq).await);
        assert!(matches!(refused, RejectCode::NoSuchMessage | RejectCode::NoSuchRoom), "{refused:?}");
    }
    let path = kept_at(stage.kept.path(), &gone);
    until("the content is removed", || !path.exists()).await;
    assert!(fetch(&stage.bob, other, kept).await.unwrap().1 == stays);
}

#[tokio::test]
async fn a_file_is_gone_with_its_message_from_the_disk_too() {
    let memory = || Arc::new(MemoryStore::new());
    let data = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(DataDir::lock(data.path()).unwrap(), store::Settings::default()).unwrap();
    let redact = async |alice: &mut RawClient, room: RoomId, target: Seq| {
        receipt(alice, Redact { key: fresh_key(), room, target, reason: String::new() }).await;
    };
    is_gone_after(memory(), redact).await;
    is_gone_after(Arc::new(sqlite), redact).await;
    is_gone_after(memory(), async |alice, room, _| {
        receipt(alice, DeleteRoom { key: fresh_key(), room, if_empty: false, reason: String::new() }).await;
    })
    .await;
    is_gone_after(memory(), async |alice, room, _| {
        let retention = Retention { messages: Some(1), age_s: None, bytes: None };
        receipt(alice, ChangeRoom { key: fresh_key(), room, changes: vec![retention.into()] }).await;
        alice.post(room, "newer").await;
        alice.post(room, "newest").await;
    })
    .await;
}

#[tokio::test]
async fn what_a_purge_removes_takes_its_files_along() {
    let mut stage = stage().await;
    let (room, content) = (stage.room, bytes(1, 10_000));
    let seq = post_file(&mut stage.bob, room, "x", &content).await;
    let (user, reason) = (UserRef::Id(stage.bob.welcome.account), String::new());
    receipt(&mut stage.alice, Purge { key: fresh_key(), room, user, reason }).await;
    assert_eq!(code(fetch(&stage.alice, room, seq).await), RejectCode::NoSuchMessage);
    let path = kept_at(stage.kept.path(), &content);
    until("the content is removed", || !path.exists()).await;
}

#[tokio::test]
async fn a_file_two_sent_stays_until_the_last_message_with_it_is_gone() {
    let mut stage = stage().await;
    let (room, content) = (stage.room, bytes(1, 10_000));
    let first = post_file(&mut stage.alice, room, "a", &content).await;
    let second = post_file(&mut stage.bob, room, "b", &content).await;
    let path = kept_at(stage.kept.path(), &content);
    let other = bytes(2, 10);
    let redact = |target| Redact { key: fresh_key(), room, target, reason: String::new() };
    receipt(&mut stage.alice, redact(first)).await;
    let third = post_file(&mut stage.alice, room, "c", &other).await;
    receipt(&mut stage.alice, redact(third)).await;
    let swept = kept_at(stage.kept.path(), &other);
    until("it is swept", || !swept.exists()).await;
    assert!(path.exists() && fetch(&stage.bob, room, second).await.unwrap().1 == content);
    receipt(&mut stage.bob, redact(second)).await;
    until("the content is removed", || !path.exists()).await;
}

#[tokio::test]
async fn a_crash_leaves_nothing_that_is_not_carried_and_nothing_missing() {
    let mut stage = stage().await;
    let (room, taken, sent) = (stage.room, bytes(1, 10_000), bytes(2, 10_000));
    let seq = post_file(&mut stage.alice, room, "x", &taken).await;
    send(&stage.alice, room, &sent).await.unwrap();
    // As if the server had been killed between putting a file in its place and noting for whom it is kept.
    let unnoted = bytes(3, 10_000);
    let path = kept_at(stage.kept.path(), &unnoted);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, &unnoted).unwrap();
    let server = stage.server.restart().await;
    until("it is swept at the start", || !path.exists()).await;
    let mut carol = RawClient::login(&server, &Device::new(), "carol").await;
    assert!(fetch(&carol, room, seq).await.unwrap().1 == taken);
    assert!(kept_at(stage.kept.path(), &sent).exists(), "it is kept for whoever sent it");
    carol.join("dev").await;
    assert_eq!(carol.refused(carrying(room, "x", file("x", &sent))).await.code, RejectCode::NoSuchFile);
}

#[tokio::test]
async fn what_no_message_took_within_a_day_is_forgotten() {
    let kept = tempfile::tempdir().unwrap();
    let ahead = Arc::<AtomicI64>::default();
    let settings = keeping(kept.path(), Files::default());
    let server = TestServer::start_ahead(Arc::new(MemoryStore::new()), settings, Arc::clone(&ahead));
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let room = alice.join("dev").await.room;
    let (sent, begun, carried) = (bytes(1, 10_000), bytes(2, 10_000), bytes(3, 10_000));
    let seq = post_file(&mut alice, room, "x", &carried).await;
    send(&alice, room, &sent).await.unwrap();
    let fewer = send_as(&alice, upload_of(room, &file("x", &begun)), &begun[..5_000]).await;
    assert_eq!(code(fewer), RejectCode::BadRequest);
    let hours = |hours: i64| hours * 3_600_000_000;
    ahead.store(hours(23), Ordering::SeqCst);
    let server = server.restart().await;
    let alice = RawClient::login(&server, &device, "alice").await;
    assert_eq!(
        send_as(&alice, upload_of(room, &file("x", &begun)), &[]).await.unwrap_err().code,
        RejectCode::BadRequest
    );
    ahead.store(hours(25), Ordering::SeqCst);
    let server = server.restart().await;
    let path = kept_at(kept.path(), &sent);
    until("both are forgotten", || !path.exists() && incoming(kept.path()).is_empty()).await;
    let mut alice = RawClient::login(&server, &device, "alice").await;
    assert_eq!(alice.refused(carrying(room, "x", file("x", &sent))).await.code, RejectCode::NoSuchFile);
    assert!(fetch(&alice, room, seq).await.unwrap().1 == carried);
}

#[tokio::test]
async fn the_event_of_a_removed_file_says_nothing_of_it() {
    let mut stage = stage().await;
    let (room, target) = (stage.room, post_file(&mut stage.alice, stage.room, "secret-name.txt", b"hello").await);
    receipt(&mut stage.alice, Redact { key: fresh_key(), room, target, reason: String::new() }).await;
    let history = History { room, anchor: Anchor::Around(target), limit: 1 };
    let Reply::Page(page) = stage.bob.ask(history).await else { panic!() };
    assert!(matches!(page.events[0].body, EventBody::Erased(_)), "{page:?}");
}

#[tokio::test]
async fn verifying_finds_files_that_are_missing_or_changed_or_not_noted() {
    let data = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(DataDir::lock(data.path()).unwrap(), store::Settings::default()).unwrap();
    let sqlite = Arc::new(sqlite);
    let files = data.path().join(FILES_DIR);
    let server = TestServer::start_with(Arc::<SqliteStore>::clone(&sqlite), keeping(&files, Files::default()));
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = alice.join("dev").await.room;
    let contents: Vec<Vec<u8>> = (1..=3).map(|number| bytes(number, 1_000)).collect();
    for content in &contents {
        post_file(&mut alice, room, "x", content).await;
    }
    server.stop().await;
    sqlite.close().await;
    drop(sqlite);
    let report = store::verify(data.path()).unwrap();
    assert!(report.is_ok() && report.to_string().ends_with(", 3 files"), "{report}");
    let path = |number: usize| kept_at(&files, &contents[number]);
    let mut changed = contents[0].clone();
    changed[500] ^= 1;
    std::fs::write(path(0), changed).unwrap();
    std::fs::remove_file(path(1)).unwrap();
    let report = store::verify(data.path()).unwrap().to_string();
    assert!(
        report.contains("is damaged") && report.contains("is missing") && report.contains("2 findings"),
        "{report}"
    );
    std::fs::write(path(0), &contents[0]).unwrap();
    std::fs::write(path(1), &contents[1]).unwrap();
    let database = rusqlite::Connection::open(data.path().join("chat.db")).unwrap();
    database.execute("DELETE FROM file_use WHERE rowid = (SELECT min(rowid) FROM file_use)", []).unwrap();
    drop(database);
    let report = store::verify(data.path()).unwrap().to_string();
    assert!(report.contains("is not noted for it") && report.contains("1 findings"), "{report}");
}

#[tokio::test]
async fn a_file_stays_while_a_message_that_is_to_carry_it_is_being_stored() {
    let store = MemoryStore::new();
    let mut stage = stage_with(Arc::new(store.clone()), Files::default()).await;
    let (room, content, other) = (stage.room, bytes(1, 10_000), bytes(2, 10_000));
    let target = post_file(&mut stage.alice, room, "x", &content).await;
    let swept = post_file(&mut stage.bob, room, "y", &other).await;
    let copies = stage.alice.join("copies").await.room;
    store.set_write_time(Duration::from_secs(8));
    let posted = stage.alice.begin(carrying(copies, "again", file("x", &content))).await;
    // Who is answered knows that what he asked before stands in its room's line.
    assert!(matches!(stage.alice.ask(Ping { token: 1 }).await, Reply::Pong(_)));
    store.set_write_time(Duration::ZERO);
    for (client, target) in [(&mut stage.alice, target), (&mut stage.bob, swept)] {
        receipt(client, Redact { key: fresh_key(), room, target, reason: String::new() }).await;
    }
    let path = kept_at(stage.kept.path(), &other);
    until("what was removed before is swept", || !path.exists()).await;
    let reply: ReplyFrame = stage.alice.replies.next().await.unwrap();
    let Reply::Receipt(stored) = reply.reply else { panic!("{reply:?}") };
    assert_eq!(reply.id, posted);
    assert!(fetch(&stage.alice, copies, stored.seq).await.unwrap().1 == content);
}
