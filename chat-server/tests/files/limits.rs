//! What is not taken: too much, too many, of a wrong kind, under a wrong name.

use std::sync::Arc;

use chat_proto::request::{PostWith, Redact};
use chat_proto::{Attached, RejectCode};
use chat_server::config::{Files, MediaPattern, TakeFiles};
use chat_server::store::MemoryStore;

use crate::support::files::{
    alone, bytes, carrying, fetch, file, incoming, keeping, post_file, rejected, send, send_as, upload_of,
};
use crate::support::{Device, RawClient, TestServer, fresh_key};
use crate::{code, receipt, stage, stage_with};

#[tokio::test]
async fn limits_are_refused_before_anything_is_sent() {
    let rules = Files {
        bytes_per_file: 50_000,
        bytes_per_account: 100_000,
        bytes_total: 120_000,
        media_types: vec![
            MediaPattern::parse("image/*").unwrap(),
            MediaPattern::parse("application/octet-stream").unwrap(),
        ],
        ..Files::default()
    };
    let mut stage = stage_with(Arc::new(MemoryStore::new()), rules).await;
    let huge = file("x", &[]);
    for size in [50_001, 1 << 40, u64::MAX] {
        let (_, _, reply) = alone(&stage.alice, upload_of(stage.room, &Attached { size, ..huge.clone() })).await;
        let refused = rejected(reply);
        assert!(refused.code == RejectCode::TooLarge && refused.message.contains("50000"), "{refused:?}");
    }
    for (media_type, expected) in [
        ("text/html", RejectCode::FileTypeRefused),
        ("imagex/png", RejectCode::FileTypeRefused),
        ("no type", RejectCode::BadRequest),
    ] {
        let media_type = media_type.to_owned();
        let (_, _, reply) = alone(&stage.alice, upload_of(stage.room, &Attached { media_type, ..huge.clone() })).await;
        assert_eq!(rejected(reply).code, expected);
    }
    let disguised = Attached { media_type: "text/html".to_owned(), ..file("x", &bytes(1, 50_000)) };
    let first = post_file(&mut stage.alice, stage.room, "a", &bytes(1, 50_000)).await;
    assert_eq!(stage.alice.refused(carrying(stage.room, "x", disguised)).await.code, RejectCode::FileTypeRefused);
    post_file(&mut stage.alice, stage.room, "b", &bytes(2, 48_000)).await;
    let refused = send(&stage.alice, stage.room, &bytes(3, 3_000)).await.unwrap_err();
    assert!(refused.code == RejectCode::LimitExceeded && refused.message.contains("100000"), "{refused:?}");
    assert_eq!(code(send(&stage.bob, stage.room, &bytes(3, 30_000)).await), RejectCode::LimitExceeded, "of all");
    assert_eq!(send(&stage.bob, stage.room, &bytes(3, 10_000)).await, Ok(10_000));
    receipt(&mut stage.alice, Redact { key: fresh_key(), room: stage.room, target: first, reason: String::new() })
        .await;
    assert_eq!(send(&stage.alice, stage.room, &bytes(3, 3_000)).await, Ok(3_000), "what is removed makes room");
    assert_eq!(incoming(stage.kept.path()).len(), 0);
}

#[tokio::test]
async fn what_broke_off_makes_room_for_what_comes() {
    let rules = Files { bytes_per_account: 100_000, ..Files::default() };
    let stage = stage_with(Arc::new(MemoryStore::new()), rules).await;
    for number in 1..=3 {
        let upload = upload_of(stage.room, &file("x", &bytes(number, 60_000)));
        assert_eq!(code(send_as(&stage.alice, upload, &[7; 10]).await), RejectCode::BadRequest);
    }
    assert_eq!(incoming(stage.kept.path()).len(), 1, "only what there is room for");
    let (first, _, _open) = alone(&stage.alice, upload_of(stage.room, &file("x", &bytes(4, 60_000)))).await;
    let refused = send(&stage.alice, stage.room, &bytes(5, 60_000)).await;
    assert_eq!(code(refused), RejectCode::LimitExceeded, "what is under way is not thrown away");
    drop(first);
}

#[tokio::test]
async fn a_server_may_take_no_files_and_give_those_it_has() {
    let mut stage = stage().await;
    let content = bytes(1, 1_000);
    let seq = post_file(&mut stage.alice, stage.room, "x", &content).await;
    let rules = Files { enabled: TakeFiles::Off, ..Files::default() };
    let (_directory, _, store, _) = stage.server.stop().await;
    let server = TestServer::start_with(store, keeping(stage.kept.path(), rules));
    let bob = RawClient::login(&server, &Device::new(), "carol").await;
    assert!(fetch(&bob, stage.room, seq).await.unwrap().1 == content);
    assert_eq!(code(send(&bob, stage.room, &content).await), RejectCode::FilesOff);
    let none = TestServer::start();
    let mut alice = RawClient::login(&none, &Device::new(), "alice").await;
    let room = alice.join("dev").await.room;
    assert_eq!(code(send(&alice, room, &content).await), RejectCode::FilesOff);
    assert_eq!(alice.refused(carrying(room, "x", file("x", &content))).await.code, RejectCode::FilesOff);
}

#[tokio::test]
async fn hostile_names_and_kinds_are_refused() {
    let mut stage = stage().await;
    let content = bytes(1, 10);
    send(&stage.alice, stage.room, &content).await.unwrap();
    for name in ["", ".", "..", "../x", "/etc/passwd", "C:\\x", "a\0b", "a\u{1b}[2J", ".bashrc", "CON", "x\u{202e}y"] {
        let refused = stage.alice.refused(carrying(stage.room, "x", file(name, &content))).await;
        assert_eq!(refused.code, RejectCode::InvalidName, "{name:?}");
        assert!(!refused.message.contains(|c: char| c.is_control()), "{refused}");
    }
    let long = "x".repeat(201);
    assert_eq!(
        stage.alice.refused(carrying(stage.room, "x", file(&long, &content))).await.code,
        RejectCode::InvalidName
    );
    let twice =
        PostWith { extras: vec![file("x", &content).into(); 2], ..carrying(stage.room, "x", file("x", &content)) };
    assert_eq!(stage.alice.refused(twice).await.code, RejectCode::BadRequest);
    receipt(&mut stage.alice, carrying(stage.room, "x", file("Über uns.tar.gz", &content))).await;
}
