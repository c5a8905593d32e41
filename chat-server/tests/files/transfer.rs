//! Bytes up and down: all of them, from where they broke off, several at once.

use std::path::PathBuf;
use std::sync::Arc;

use chat_proto::file::{Download, UploadFrom};
use chat_proto::request::History;
use chat_proto::{Anchor, Attached, FileHash, RejectCode, Reply, Seq};
use chat_server::config::Files;
use chat_server::digest::sha256;
use chat_server::store::{self, DataDir, MemoryStore, SqliteStore, Store};

use crate::support::files::{
    alone, answer, bytes, carrying, fetch, fetch_from, file, incoming, keeping, kept_at, post_file, rejected, send,
    send_as, until, upload_of,
};
use crate::support::{Device, RawClient, TestServer};
use crate::{code, receipt, stage, stage_with};

#[tokio::test]
async fn bytes_come_down_as_they_went_up_whatever_their_number() {
    let data = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(DataDir::lock(data.path()).unwrap(), store::Settings::default()).unwrap();
    for store in [Arc::new(MemoryStore::new()) as Arc<dyn Store>, Arc::new(sqlite)] {
        let mut stage = stage_with(store, Files::default()).await;
        for (number, len) in [(1, 0), (2, 1), (3, 65_536), (4, 65_537), (5, 5_000_000)] {
            let content = bytes(number, len);
            let seq = post_file(&mut stage.alice, stage.room, "flame.svg", &content).await;
            let (found, came) = fetch(&stage.bob, stage.room, seq).await.unwrap();
            assert_eq!((found, came == content), (file("flame.svg", &content), true), "{len} bytes");
            assert_eq!(std::fs::read(kept_at(stage.kept.path(), &content)).unwrap(), content);
        }
        assert_eq!(incoming(stage.kept.path()), [] as [PathBuf; 0]);
    }
}

#[tokio::test]
async fn an_upload_goes_on_after_a_cut_and_after_a_restart_and_another_connection_takes_it_over() {
    let kept = tempfile::tempdir().unwrap();
    let server = TestServer::start_with(Arc::new(MemoryStore::new()), keeping(kept.path(), Files::default()));
    let device = Device::new();
    let mut alice = RawClient::login(&server, &device, "alice").await;
    let room = alice.join("dev").await.room;
    let content = bytes(1, 3_000_000);
    let upload = upload_of(room, &file("x", &content));
    let arrived = || incoming(kept.path()).first().map_or(0, |part| std::fs::metadata(part).unwrap().len());
    let (mut send, _, reply) = alone(&alice, upload.clone()).await;
    assert!(matches!(reply, Some(Reply::UploadFrom(UploadFrom { offset: 0 }))));
    send.write_all(&content[..1_000_000]).await.unwrap();
    until("the first part has come", || arrived() == 1_000_000).await;
    alice.connection.close(0_u32.into(), b"");

    let server = server.restart().await;
    let left_open = RawClient::login(&server, &device, "alice").await;
    let (mut send, mut replies, reply) = alone(&left_open, upload.clone()).await;
    assert!(matches!(reply, Some(Reply::UploadFrom(UploadFrom { offset: 1_000_000 }))), "{reply:?}");
    send.write_all(&content[1_000_000..2_000_000]).await.unwrap();
    until("the second part has come", || arrived() == 2_000_000).await;

    let mut alice = RawClient::login(&server, &device, "alice").await;
    assert_eq!(send_as(&alice, upload.clone(), &content).await, Ok(1_000_000));
    assert_eq!(rejected(answer(&mut replies).await).code, RejectCode::Conflict, "the one that is left open ends");
    assert_eq!(send_as(&alice, upload, &content).await, Ok(0), "it is there");
    let seq = receipt(&mut alice, carrying(room, "x", file("x", &content))).await;
    assert!(fetch(&alice, room, seq).await.unwrap().1 == content);
}

#[tokio::test]
async fn a_download_goes_on_from_any_byte() {
    let mut stage = stage().await;
    let content = bytes(1, 200_000);
    let seq = post_file(&mut stage.alice, stage.room, "x", &content).await;
    for offset in [0, 1, 100_000, 199_999, 200_000] {
        let (_, came) = fetch_from(&stage.bob, stage.room, seq, offset).await.unwrap();
        assert!(came == content[usize::try_from(offset).unwrap()..], "from {offset}");
    }
    assert_eq!(code(fetch_from(&stage.bob, stage.room, seq, 200_001).await), RejectCode::BadRequest);
    assert_eq!(code(fetch_from(&stage.bob, stage.room, seq, u64::MAX).await), RejectCode::BadRequest);
}

#[tokio::test]
async fn several_at_once_and_no_more_than_may_be() {
    let mut stage = stage_with(Arc::new(MemoryStore::new()), Files { at_once: 2, ..Files::default() }).await;
    let contents: Vec<Vec<u8>> = (1..=3).map(|number| bytes(number, 1_000_000)).collect();
    let begin = async |content: &[u8]| alone(&stage.alice, upload_of(stage.room, &file("x", content))).await;
    let mut open = Vec::new();
    for content in &contents[..2] {
        open.push(begin(content).await);
    }
    let (_, _, third) = begin(&contents[2]).await;
    let refused = rejected(third);
    assert!(refused.code == RejectCode::SlowDown && refused.retry_after_ms > 0, "{refused:?}");
    for piece in 0..10 {
        for (content, (send, ..)) in contents.iter().zip(&mut open) {
            send.write_all(&content[piece * 100_000..][..100_000]).await.unwrap();
        }
    }
    for (mut send, mut replies, _) in open {
        send.finish().unwrap();
        assert!(matches!(answer(&mut replies).await, Some(Reply::Done(_))));
    }
    for content in &contents[..2] {
        let seq = receipt(&mut stage.alice, carrying(stage.room, "x", file("x", content))).await;
        assert!(fetch(&stage.bob, stage.room, seq).await.unwrap().1 == *content);
    }
    assert_eq!(send(&stage.alice, stage.room, &contents[2]).await, Ok(1_000_000), "the places are free again");
}

#[tokio::test]
async fn whoever_has_begun_an_upload_can_still_ask_for_anything_else() {
    let mut stage = stage_with(Arc::new(MemoryStore::new()), Files { at_once: 6, ..Files::default() }).await;
    let mut open = Vec::new();
    for number in 0..6 {
        open.push(alone(&stage.alice, upload_of(stage.room, &file("x", &bytes(number, 10)))).await);
    }
    let history = History { room: stage.room, anchor: Anchor::Before(Seq::MAX), limit: 5 };
    assert!(matches!(alone(&stage.alice, history).await.2, Some(Reply::Page(_))));
    stage.alice.post(stage.room, "still here").await;
}

#[tokio::test]
async fn bytes_that_are_not_those_announced_are_refused_and_forgotten() {
    let mut stage = stage().await;
    let (content, other) = (bytes(1, 100_000), bytes(2, 100_000));
    let upload = upload_of(stage.room, &file("x", &content));
    let wrong = send_as(&stage.alice, upload.clone(), &other).await.unwrap_err();
    assert_eq!(wrong.code, RejectCode::BadRequest);
    assert!(wrong.message.contains(&FileHash(sha256(&other)).to_string()), "{wrong}");
    let more = [content.clone(), vec![0]].concat();
    assert_eq!(code(send_as(&stage.alice, upload.clone(), &more).await), RejectCode::BadRequest);
    assert_eq!(incoming(stage.kept.path()).len(), 0);
    let fewer = send_as(&stage.alice, upload.clone(), &content[..40_000]).await;
    assert_eq!(code(fewer), RejectCode::BadRequest);
    assert_eq!(send_as(&stage.alice, upload.clone(), &content).await, Ok(60_000), "what came is kept");
    assert!(!kept_at(stage.kept.path(), &other).exists() && kept_at(stage.kept.path(), &content).exists());
    let longer = Attached { size: 100_001, ..file("x", &content) };
    assert_eq!(stage.alice.refused(carrying(stage.room, "x", longer)).await.code, RejectCode::NoSuchFile);
}

#[tokio::test]
async fn files_are_not_asked_for_on_the_control_stream() {
    let mut stage = stage().await;
    let seq = post_file(&mut stage.alice, stage.room, "x", b"hello").await;
    let download = Download { room: stage.room, seq, offset: 0 };
    assert_eq!(stage.alice.refused(download).await.code, RejectCode::BadRequest);
    let upload = upload_of(stage.room, &file("x", b"hello"));
    assert_eq!(stage.alice.refused(upload).await.code, RejectCode::BadRequest);
}
