//! Files over real QUIC: bytes up and down, who may, and where they are gone.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod ends;
mod limits;
mod rights;
#[path = "../support/mod.rs"]
mod support;
mod transfer;

use std::sync::Arc;

use chat_proto::{RejectCode, Reply, RoomId, Seq};
use chat_server::config::Files;
use chat_server::store::{MemoryStore, Store};
use support::files::keeping;
use support::{Device, RawClient, TestServer};
use tempfile::TempDir;

/// A server, where it keeps files, and two members of a room.
struct Stage {
    server: TestServer,
    kept: TempDir,
    alice: RawClient,
    bob: RawClient,
    room: RoomId,
}

async fn stage() -> Stage {
    stage_with(Arc::new(MemoryStore::new()), Files::default()).await
}

async fn stage_with(store: Arc<dyn Store>, rules: Files) -> Stage {
    let kept = tempfile::tempdir().unwrap();
    let server = TestServer::start_with(store, keeping(kept.path(), rules));
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    Stage { server, kept, alice, bob, room }
}

fn code<T: std::fmt::Debug>(result: Result<T, chat_proto::Reject>) -> RejectCode {
    result.unwrap_err().code
}

async fn receipt(client: &mut RawClient, request: impl Into<chat_proto::Request>) -> Seq {
    match client.ask(request).await {
        Reply::Receipt(receipt) => receipt.seq,
        reply => panic!("{reply:?}"),
    }
}
