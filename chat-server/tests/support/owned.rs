//! A server that somebody owns.

use std::path::Path;
use std::sync::Arc;

use chat_proto::Reply;
use chat_proto::identity::ClaimServer;
use chat_server::server::Settings;
use chat_server::store::MemoryStore;
use tempfile::TempDir;

use super::{Device, PATIENCE, RawClient, TestServer};

pub struct Owned {
    pub server: TestServer,
    pub owner: RawClient,
    pub device: Device,
    pub _directory: TempDir,
}

async fn written_in(path: &Path) -> String {
    let written = async {
        loop {
            match std::fs::read_to_string(path) {
                Ok(text) if text.contains('-') => return text.lines().next().unwrap_or_default().to_owned(),
                _ => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, written).await.unwrap()
}

/// A server whose owner, olivia, is there.
pub async fn owned() -> Owned {
    owned_with(Settings::default()).await
}

/// The same, with settings of its own.
pub async fn owned_with(settings: Settings) -> Owned {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("owner-claim");
    let settings = Settings { claim: Some(path.clone()), ..settings };
    let server = TestServer::start_with(Arc::new(MemoryStore::default()), settings);
    let code = written_in(&path).await;
    let device = Device::new();
    let mut owner = RawClient::login(&server, &device, "olivia").await;
    assert!(matches!(owner.ask(ClaimServer { code }).await, Reply::Done(_)));
    Owned { server, owner, device, _directory: directory }
}
