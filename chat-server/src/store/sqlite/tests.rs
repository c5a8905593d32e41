use std::path::Path;
use std::sync::Mutex;

use super::*;
use crate::store::contract;

fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(DataDir::lock(dir).unwrap(), Settings::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds() {
    let dirs = Mutex::new(Vec::new());
    contract::all(|| {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        dirs.lock().unwrap().push(dir);
        async { store }
    })
    .await;
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (meta, rows) = contract::filled(&store, 1, 20).await;
    store.register(contract::account(1, "alice")).await.unwrap();
    let snapshot = Snapshot { seq: Seq(4), version: 1, bytes: vec![1, 2, 3] };
    store.save_snapshot(contract::feed(1), snapshot.clone()).await.unwrap();
    let registry = store.registry().await.unwrap();
    store.close().await;
    drop(store);
    let store = open(dir.path());
    let loaded = store.load(contract::feed(1)).await.unwrap().unwrap();
    assert_eq!(loaded, Loaded { meta, snapshot: Some(snapshot) });
    assert_eq!(store.read(contract::feed(1), Seq(1), 100).await.unwrap(), rows);
    assert_eq!(store.registry().await.unwrap(), registry);
    assert_eq!(store.epoch(), Epoch(1));
}

#[tokio::test]
async fn after_closing_every_operation_is_answered_with_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.close().await;
    assert_eq!(store.register(contract::room(1, "lobby")).await, Err(stopped()));
    assert_eq!(store.registry().await, Err(stopped()));
}
