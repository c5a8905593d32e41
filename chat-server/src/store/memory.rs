//! The engine that keeps everything in memory, for `durability = memory` and for tests.
//!
//! Inline: no thread and no task, so it is deterministic in virtual time. A clone is another handle on the same data, so the
//! data outlives the server that used it, and a test can make operations fail, take time, or be lost by a restart.

mod data;
mod files;
mod look;
mod registry;
mod search;

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_proto::{AccountId, Epoch, FeedId, FileHash, MessageKey, Seq, Timestamp};
use futures_util::future::BoxFuture;

use self::data::{Data, Feed};
use super::{
    Append, FileStanding, Found, Keep, Loaded, Matches, Registration, Registry, Row, Snapshot, Store, StoreError,
    StoreResult,
};
use crate::core::search::Find;

/// A handle on data in memory.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    shared: Arc<Mutex<Shared>>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        let data = Data { epoch: EPOCH_FIRST, ..Data::default() };
        Self { shared: Arc::new(Mutex::new(Shared { data, ..Shared::default() })) }
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the next write fail.
    pub fn fail_next(&self, error: StoreError) {
        self.lock().fail_next = Some(error);
    }

    /// Makes every write fail, until `None` is given.
    pub fn fail_all(&self, error: Option<StoreError>) {
        self.lock().fail_all = error;
    }

    /// Makes each write take this long: it is kept in the middle of the time, and acknowledged at its end.
    pub fn set_write_time(&self, time: Duration) {
        self.lock().write_time = time;
    }

    /// What a crash of the machine does: writes under way that are not kept yet never will be.
    pub fn crash(&self) {
        let mut shared = self.lock();
        shared.life += 1;
        shared.fail_next = None;
    }

    /// Remembers how everything stands, for [`set_back`](Self::set_back).
    pub fn mark(&self) {
        let mut shared = self.lock();
        shared.mark = Some(shared.data.clone());
    }

    /// Everything is as it was when [`mark`](Self::mark) was called, or empty: what a restored copy does, or a disk that lost
    /// what it said it had. Where that is `noticed`, a new epoch begins.
    pub fn set_back(&self, noticed: bool) {
        self.crash();
        let mut shared = self.lock();
        let newest = shared.data.epoch;
        shared.data = shared.mark.clone().unwrap_or_else(|| Data { epoch: EPOCH_FIRST, ..Data::default() });
        if noticed {
            let epoch = Epoch(newest.0 + 1);
            shared.data.epoch = epoch;
            shared.data.feeds.values_mut().for_each(|feed| feed.meta.epoch = epoch);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every write goes through here.
    async fn write(&self, change: impl FnOnce(&mut Data) -> StoreResult<()> + Send) -> StoreResult<()> {
        let (life, time) = {
            let mut shared = self.lock();
            if let Some(error) = shared.fail_next.take().or_else(|| shared.fail_all.clone()) {
                return Err(error);
            }
            (shared.life, shared.write_time)
        };
        if !time.is_zero() {
            tokio::time::sleep(time / 2).await;
        }
        {
            let mut shared = self.lock();
            if shared.life != life {
                return Err(StoreError::Io("the machine crashed".to_owned()));
            }
            change(&mut shared.data)?;
        }
        if !time.is_zero() {
            tokio::time::sleep(time / 2).await;
        }
        Ok(())
    }

    /// Something of a feed; what is empty, if there is none.
    fn look<T: Default>(
        &self,
        feed: FeedId,
        look: impl FnOnce(&Feed) -> T + Send + 'static,
    ) -> BoxFuture<'_, StoreResult<T>> {
        Box::pin(async move { Ok(self.read_data(|data| data.feeds.get(&feed).map(look).unwrap_or_default())) })
    }

    fn read_data<T>(&self, look: impl FnOnce(&Data) -> T) -> T {
        look(&self.lock().data)
    }
}

#[derive(Debug, Default)]
struct Shared {
    data: Data,
    mark: Option<Data>,
    fail_next: Option<StoreError>,
    fail_all: Option<StoreError>,
    write_time: Duration,
    life: u64,
}

impl Store for MemoryStore {
    fn append(&self, append: Append) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.write(move |data| data.append(append)))
    }

    fn register(&self, registration: Registration) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.write(move |data| data.register(registration)))
    }

    fn registry(&self) -> BoxFuture<'_, StoreResult<Registry>> {
        Box::pin(async move { Ok(self.read_data(|data| data.registry.clone())) })
    }

    fn epoch(&self) -> Epoch {
        self.read_data(|data| data.epoch)
    }

    fn load(&self, feed: FeedId) -> BoxFuture<'_, StoreResult<Option<Loaded>>> {
        let loaded = |feed: &Feed| Loaded { meta: feed.meta, snapshot: feed.snapshot.clone() };
        Box::pin(async move { Ok(self.read_data(|data| data.feeds.get(&feed).map(loaded))) })
    }

    fn read(&self, feed: FeedId, from: Seq, limit: usize) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        let page = move |feed: &Feed| feed.rows.range(from..).take(limit).map(|(_, row)| row.clone()).collect();
        Box::pin(async move { Ok(self.read_data(|data| data.feeds.get(&feed).map(page).unwrap_or_default())) })
    }

    fn read_back(&self, feed: FeedId, before: Seq, limit: usize) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        let page = move |feed: &Feed| {
            let mut rows: Vec<Row> = feed.rows.range(..before).rev().take(limit).map(|(_, row)| row.clone()).collect();
            rows.reverse();
            rows
        };
        Box::pin(async move { Ok(self.read_data(|data| data.feeds.get(&feed).map(page).unwrap_or_default())) })
    }

    fn find(&self, feed: FeedId, keys: Vec<(AccountId, MessageKey)>) -> BoxFuture<'_, StoreResult<Vec<Option<Found>>>> {
        Box::pin(async move {
            Ok(self.read_data(|data| {
                let feed = data.feeds.get(&feed);
                keys.iter().map(|key| feed.and_then(|feed| feed.keys.get(key)).map(|key| key.found)).collect()
            }))
        })
    }

    fn annotations(
        &self,
        feed: FeedId,
        targets: RangeInclusive<Seq>,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.look(feed, move |feed| feed.annotations(&targets, after, limit))
    }

    fn by_author(
        &self,
        feed: FeedId,
        author: AccountId,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Seq>>> {
        self.look(feed, move |feed| feed.by_author(author, before, limit))
    }

    fn of_kinds(
        &self,
        feed: FeedId,
        kinds: Vec<u16>,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.look(feed, move |feed| feed.of_kinds(&kinds, before, limit))
    }

    fn cut(&self, feed: FeedId, keep: Keep, now: Timestamp) -> BoxFuture<'_, StoreResult<Seq>> {
        let cut = move |feed: &Feed| feed.cut(keep, now);
        Box::pin(async move { self.read_data(|data| data.feeds.get(&feed).map(cut).ok_or(StoreError::Conflict)) })
    }

    fn save_snapshot(&self, feed: FeedId, snapshot: Snapshot) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.write(move |data| {
            data.feeds.get_mut(&feed).ok_or(StoreError::Conflict)?.snapshot = Some(snapshot);
            Ok(())
        }))
    }

    fn trim(&self, feed: FeedId, oldest: Seq, now: Timestamp) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.write(move |data| data.trim(feed, oldest, now)))
    }

    /// Takes no time and is no write that [`MemoryStore::fail_next`] means: nobody waits for it.
    fn index(&self, limit: usize) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move {
            let mut shared = self.lock();
            match &shared.fail_all {
                Some(error) => Err(error.clone()),
                None => Ok(shared.data.index(limit)),
            }
        })
    }

    fn search(&self, find: Find, before: u64, limit: usize) -> BoxFuture<'_, StoreResult<Matches>> {
        Box::pin(async move { Ok(self.read_data(|data| data.search(&find, before, limit))) })
    }

    fn file_standing(&self, account: AccountId, hash: FileHash) -> BoxFuture<'_, StoreResult<FileStanding>> {
        Box::pin(async move { Ok(self.read_data(|data| data.files.standing(account, hash))) })
    }

    fn unkept_files(&self, hashes: Vec<FileHash>) -> BoxFuture<'_, StoreResult<Vec<FileHash>>> {
        Box::pin(async move { Ok(self.read_data(|data| data.files.unkept(hashes))) })
    }
}

/// The epoch of a store that was never set back.
pub(crate) const EPOCH_FIRST: Epoch = Epoch(1);

#[cfg(test)]
mod tests;
