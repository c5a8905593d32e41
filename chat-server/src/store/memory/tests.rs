use super::super::contract;
use super::*;

#[tokio::test]
async fn the_contract_holds() {
    contract::all(|| async { MemoryStore::new() }).await;
}

#[tokio::test]
async fn a_failure_asked_for_happens_once_and_keeps_nothing() {
    let store = MemoryStore::new();
    store.fail_next(StoreError::Full);
    assert_eq!(store.register(contract::room(1, "lobby")).await, Err(StoreError::Full));
    assert_eq!(store.load(contract::feed(1)).await, Ok(None));
    store.register(contract::room(1, "lobby")).await.unwrap();
    store.fail_all(Some(StoreError::Full));
    assert_eq!(store.register(contract::room(2, "other")).await, Err(StoreError::Full));
    store.fail_all(None);
    store.register(contract::room(2, "other")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_crash_loses_what_is_not_kept_yet_and_nothing_else() {
    let store = MemoryStore::new();
    store.set_write_time(Duration::from_millis(10));
    store.register(contract::room(1, "lobby")).await.unwrap();
    let (early, late) = (store.clone(), store.clone());
    let early = tokio::spawn(async move { early.register(contract::room(2, "early")).await });
    tokio::time::sleep(Duration::from_millis(7)).await;
    let late = tokio::spawn(async move { late.register(contract::room(3, "late")).await });
    tokio::time::sleep(Duration::from_millis(1)).await;
    store.crash();
    assert_eq!(early.await.unwrap(), Ok(()));
    assert!(matches!(late.await.unwrap(), Err(StoreError::Io(_))));
    assert_eq!(store.registry().await.unwrap().rooms.len(), 2);
}

#[tokio::test]
async fn setting_back_forgets_what_came_behind_the_mark_and_can_begin_an_epoch() {
    let store = MemoryStore::new();
    store.register(contract::room(1, "lobby")).await.unwrap();
    store.mark();
    store.register(contract::room(2, "other")).await.unwrap();
    store.set_back(false);
    assert_eq!((store.epoch(), store.registry().await.unwrap().rooms.len()), (Epoch(1), 1));
    store.set_back(true);
    let meta = store.load(contract::feed(1)).await.unwrap().unwrap().meta;
    assert_eq!((store.epoch(), meta.epoch), (Epoch(2), Epoch(2)));
}
