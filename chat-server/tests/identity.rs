//! Who somebody is to a server, and how he shows it, over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::path::Path;
use std::sync::Arc;

use chat_proto::identity::{AuditPage, ClaimServer, ListAudit};
use chat_proto::{Reject, RejectCode, Reply, Seq};
use chat_server::server::Settings;
use chat_server::store::MemoryStore;
use support::{Device, RawClient, TestServer};

/// Waits until something is so.
async fn until(mut is_so: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(support::PATIENCE, async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    });
    waited.await.unwrap();
}

fn server_with(settings: Settings) -> TestServer {
    TestServer::start_with(Arc::new(MemoryStore::default()), settings)
}

async fn written_in(path: &Path) -> String {
    until(|| path.exists()).await;
    std::fs::read_to_string(path).unwrap()
}

async fn audit(client: &mut RawClient, before: Seq, limit: u16) -> Result<AuditPage, Reject> {
    match client.ask(ListAudit { before, limit }).await {
        Reply::AuditPage(page) => Ok(page),
        Reply::Reject(reject) => Err(reject),
        reply => panic!("{reply:?}"),
    }
}

#[tokio::test]
async fn whoever_shows_the_code_owns_the_server_and_nobody_after_him() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("owner-claim");
    let server = server_with(Settings { claim: Some(path.clone()), ..Settings::default() });
    let (alice, bob) = (Device::new(), Device::new());
    let code = written_in(&path).await;
    let mut bob = RawClient::login(&server, &bob, "bob").await;
    for wrong in ["", "0000-0000-0000", "not a code"] {
        let reject = bob.refused(ClaimServer { code: wrong.to_owned() }).await;
        assert_eq!(reject.code, RejectCode::WrongCode, "{wrong:?}");
    }
    assert_eq!(audit(&mut bob, Seq::MAX, 10).await.unwrap_err().code, RejectCode::Forbidden);
    let mut client = RawClient::login(&server, &alice, "alice").await;
    assert!(matches!(client.ask(ClaimServer { code: code.to_lowercase() }).await, Reply::Done(_)));
    until(|| !path.exists()).await;
    assert_eq!(bob.refused(ClaimServer { code: code.clone() }).await.code, RejectCode::WrongCode);
    let page = audit(&mut client, Seq::MAX, 1).await.unwrap();
    assert_eq!((page.entries[0].name.as_str(), page.more), ("alice", true));
    let older = audit(&mut client, page.entries[0].seq, 10).await.unwrap();
    assert_eq!((older.entries.len(), older.entries[0].name.as_str(), older.more), (1, "server", false));
    // The rank outlives the server, and there is nothing to claim any more.
    let server = server.restart().await;
    let mut client = RawClient::login(&server, &alice, "alice").await;
    assert_eq!(audit(&mut client, Seq::MAX, 10).await.unwrap().entries.len(), 2);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_code_outlives_a_restart_and_a_file_that_is_left_over_goes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("owner-claim");
    let server = server_with(Settings { claim: Some(path.clone()), ..Settings::default() });
    let code = written_in(&path).await;
    let server = server.restart().await;
    assert_eq!(written_in(&path).await, code);
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    assert!(matches!(alice.ask(ClaimServer { code: code.clone() }).await, Reply::Done(_)));
    let (_, _, store, settings) = server.stop().await;
    std::fs::write(&path, &code).unwrap();
    let _server = TestServer::start_with(store, settings);
    until(|| !path.exists()).await;
}

#[tokio::test]
async fn nobody_subscribes_to_the_servers_own_feed() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let from = chat_proto::Position {
        feed: chat_proto::FeedId::Account(chat_proto::AccountId::SERVER),
        epoch: chat_proto::Epoch(1),
        seq: Seq::ZERO,
        chain: chat_proto::Chain::default(),
        backlog_max: u32::MAX,
    };
    match alice.ask(chat_proto::request::Subscribe { from }).await {
        Reply::FeedStatus(status) => assert_eq!(status.state, chat_proto::FeedState::NoAccess),
        reply => panic!("{reply:?}"),
    }
}
