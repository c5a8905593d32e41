//! Who may send and fetch a file, and what a message with one is.

use std::sync::Arc;

use chat_proto::bots::{BotAuth, MakeBotToken};
use chat_proto::event::VisibleTo;
use chat_proto::file::UploadFrom;
use chat_proto::request::{ChangeRoom, Edit, Forward, LeaveRoom, PostWith, PutOnList, Redact, UserRef};
use chat_proto::setting::{HistoryFrom, HistoryShown, Listing, Reading, Who};
use chat_proto::{Delivery, List, RejectCode, Reply, RoomId, RoomRef, Seq, Style};
use chat_server::config::Files;
use chat_server::server::Settings;
use chat_server::store::MemoryStore;

use crate::support::files::{alone, bytes, carrying, fetch, file, keeping, post_file, send, send_as, upload_of};
use crate::support::{Device, RawClient, TestServer, dial, fresh_key};
use crate::{code, receipt, stage};

#[tokio::test]
async fn a_message_with_a_file_is_a_message_like_any_other() {
    let mut stage = stage().await;
    let content = bytes(1, 100);
    send(&stage.alice, stage.room, &content).await.unwrap();
    let request = carrying(stage.room, "@bob the profile", file("flame.svg", &content));
    let first = stage.alice.ask(request.clone()).await;
    let Reply::Receipt(stored) = &first else { panic!("{first:?}") };
    let events = stage.bob.expect(|delivery| match delivery {
        Delivery::Events(events) => events
            .events
            .iter()
            .find(|event| event.body.message().is_some_and(|message| message.file().is_some()))
            .cloned(),
        _ => None,
    });
    let event = events.await;
    let message = event.body.message().unwrap();
    assert_eq!((event.ordinal, message.mentions.len(), message.text), (stored.ordinal, 1, "@bob the profile"));
    assert_eq!(message.file(), Some(&file("flame.svg", &content)));
    let Reply::Receipt(again) = stage.alice.ask(request).await else { panic!() };
    assert!(
        again.duplicate && again.seq == stored.seq,
        "a repetition gives the first result, though the bytes are taken"
    );
    let (room, target) = (stage.room, stored.seq);
    receipt(&mut stage.alice, Edit { key: fresh_key(), room, target, text: "where time goes".to_owned() }).await;
    for query in ["flame svg", "where time goes", "has:file time"] {
        let search = chat_proto::search::Search { query: query.to_owned(), room: None, after: 0, limit: 10 };
        loop {
            let Reply::SearchHits(hits) = stage.bob.ask(search.clone()).await else { panic!() };
            if hits.behind == 0 {
                assert_eq!(hits.hits.iter().map(|hit| hit.event.seq).collect::<Vec<_>>(), [target], "{query}");
                break;
            }
        }
    }
    assert!(fetch(&stage.bob, room, target).await.is_ok());
    let ops = stage.bob.join("ops").await.room;
    let copy = receipt(&mut stage.bob, Forward { key: fresh_key(), room, target, to: ops }).await;
    receipt(&mut stage.alice, Redact { key: fresh_key(), room, target, reason: String::new() }).await;
    assert_eq!(fetch(&stage.bob, ops, copy).await.unwrap().1, content, "the copy goes on carrying it");
    assert_eq!(code(fetch(&stage.bob, room, target).await), RejectCode::NoSuchMessage);
}

#[tokio::test]
async fn whoever_may_not_read_the_message_gets_no_file() {
    let mut stage = stage().await;
    let (room, content) = (stage.room, bytes(1, 1_000));
    let early = post_file(&mut stage.alice, room, "x", &content).await;
    let shown = HistoryShown { from: HistoryFrom::Joining }.into();
    let changes = vec![Reading { who: Who::Members }.into(), shown];
    receipt(&mut stage.alice, ChangeRoom { key: fresh_key(), room, changes }).await;
    let mut carol = RawClient::login(&stage.server, &Device::new(), "carol").await;
    assert_eq!(code(fetch(&carol, room, early).await), RejectCode::NotMember);
    assert_eq!(code(send(&carol, room, &content).await), RejectCode::NotMember);
    carol.join("dev").await;
    assert_eq!(code(fetch(&carol, room, early).await), RejectCode::NoSuchMessage, "before she came");
    send(&stage.alice, room, &content).await.unwrap();
    let accounts = vec![stage.bob.welcome.account];
    let extras = vec![VisibleTo { accounts }.into(), file("x", &content).into()];
    let (key, style, text) = (fresh_key(), Style::Text, "psst".to_owned());
    let private = receipt(&mut stage.alice, PostWith { key, room, style, text, extras }).await;
    assert!(fetch(&stage.bob, room, private).await.is_ok());
    assert_eq!(code(fetch(&carol, room, private).await), RejectCode::NoSuchMessage);
    let banned = UserRef::Id(stage.bob.welcome.account);
    let (list, until, reason) = (List::Banned, None, String::new());
    receipt(&mut stage.alice, PutOnList { key: fresh_key(), room, user: banned, list, until, reason }).await;
    assert_eq!(code(fetch(&stage.bob, room, early).await), RejectCode::Banned);
    carol.ask(LeaveRoom { key: fresh_key(), room, reason: String::new() }).await;
    let words = stage.alice.post(room, "words").await.seq;
    assert_eq!(code(fetch(&stage.alice, room, words).await), RejectCode::NoSuchFile);
    assert_eq!(code(fetch(&stage.alice, room, Seq(1)).await), RejectCode::NoSuchMessage, "no message");
    assert_eq!(code(fetch(&stage.alice, room, Seq(10_000)).await), RejectCode::NoSuchMessage);
    assert_eq!(code(fetch(&stage.alice, RoomId(99), early).await), RejectCode::NoSuchRoom);
}

#[tokio::test]
async fn knowing_a_hash_gives_nothing() {
    let mut stage = stage().await;
    let content = bytes(1, 100_000);
    post_file(&mut stage.alice, stage.room, "secret.txt", &content).await;
    let mut mallory = RawClient::login(&stage.server, &Device::new(), "mallory").await;
    let own = mallory.join("own").await.room;
    let claimed = mallory.refused(carrying(own, "mine", file("mine.txt", &content))).await;
    assert_eq!(claimed.code, RejectCode::NoSuchFile);
    let upload = upload_of(own, &file("x", &content));
    let (send, _, reply) = alone(&mallory, upload.clone()).await;
    assert!(matches!(reply, Some(Reply::UploadFrom(UploadFrom { offset: 0 }))), "{reply:?}");
    drop(send);
    assert_eq!(code(send_as(&mallory, upload.clone(), &content[..99_999]).await), RejectCode::BadRequest);
    assert_eq!(mallory.refused(carrying(own, "mine", file("mine.txt", &content))).await.code, RejectCode::NoSuchFile);
    assert_eq!(send_as(&mallory, upload, &content).await, Ok(1), "of his own bytes only");
    receipt(&mut mallory, carrying(own, "mine", file("mine.txt", &content))).await;
}

#[tokio::test]
async fn a_bot_may_send_files_where_it_may_write_and_a_guest_may_only_fetch() {
    let kept = tempfile::tempdir().unwrap();
    let mut settings: Settings = keeping(kept.path(), Files::default());
    settings.hub.guests = 10;
    let server = TestServer::start_with(Arc::new(MemoryStore::new()), settings);
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let room = alice.join("dev").await.room;
    let content = bytes(1, 1_000);
    let seq = post_file(&mut alice, room, "x", &content).await;
    let connection = dial(&server).await;
    let auth = Device::new().prove_guest(&connection, &server.key, "eve").into();
    let mut guest = RawClient::enter(connection, auth, Vec::new()).await.unwrap();
    let (find, read) = (Listing { who: Who::Everyone }, Reading { who: Who::Everyone });
    receipt(&mut alice, ChangeRoom { key: fresh_key(), room, changes: vec![find.into(), read.into()] }).await;
    assert!(fetch(&guest, room, seq).await.unwrap().1 == content);
    assert_eq!(code(send(&guest, room, &content).await), RejectCode::Forbidden);
    assert_eq!(guest.refused(carrying(room, "x", file("x", &content))).await.code, RejectCode::NoSuchFile);
    let other = alice.create("other").await.room;
    let make = MakeBotToken { name: "ci".to_owned(), rooms: vec![RoomRef::Id(room)], for_s: None };
    let Reply::BotTokenMade(made) = alice.ask(make).await else { panic!() };
    let auth = BotAuth { token: made.token }.into();
    let mut bot = RawClient::enter(dial(&server).await, auth, Vec::new()).await.unwrap();
    bot.join("dev").await;
    let built = post_file(&mut bot, room, "built.log", &content).await;
    assert!(fetch(&alice, room, built).await.unwrap().1 == content);
    let elsewhere = post_file(&mut alice, other, "x", &content).await;
    assert_eq!(code(fetch(&bot, other, elsewhere).await), RejectCode::NoSuchRoom);
    assert_eq!(code(send(&bot, other, &content).await), RejectCode::NoSuchRoom);
}
