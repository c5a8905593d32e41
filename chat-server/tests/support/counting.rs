//! A store that counts the rows others read from it, and may have no space.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::{AccountId, Epoch, FeedId, FileHash, MessageKey, Seq, Timestamp};
use chat_server::core::search::Find;
use chat_server::store::{
    Append, FileStanding, Found, Keep, Loaded, Matches, MemoryStore, Registration, Registry, Row, Snapshot, Store,
    StoreError, StoreResult,
};
use futures_util::future::BoxFuture;

/// A memory store and a count of the rows that were read.
#[derive(Clone, Debug, Default)]
pub struct CountingStore {
    pub inner: MemoryStore,
    rows: Arc<AtomicUsize>,
    loads: Arc<AtomicUsize>,
    /// Writes to the index.
    pub indexings: Arc<AtomicUsize>,
    index_takes: Option<Duration>,
    /// A feed there is no space for.
    pub full_for: Arc<Mutex<Option<FeedId>>>,
}

impl CountingStore {
    /// One that always has more to be indexed, and takes so long for each write to the index.
    pub fn indexing(time: Duration) -> Self {
        Self { index_takes: Some(time), ..Self::default() }
    }

    /// The rows read since the last call.
    pub fn take(&self) -> usize {
        self.rows.swap(0, Ordering::SeqCst)
    }

    /// The feeds brought back since the last call.
    pub fn take_loads(&self) -> usize {
        self.loads.swap(0, Ordering::SeqCst)
    }

    fn count<'a>(&'a self, read: BoxFuture<'a, StoreResult<Vec<Row>>>) -> BoxFuture<'a, StoreResult<Vec<Row>>> {
        Box::pin(async move {
            let rows = read.await?;
            self.rows.fetch_add(rows.len(), Ordering::SeqCst);
            Ok(rows)
        })
    }
}

impl Store for CountingStore {
    fn append(&self, append: Append) -> BoxFuture<'_, StoreResult<()>> {
        if *self.full_for.lock().unwrap() == Some(append.feed) {
            return Box::pin(async { Err(StoreError::Full) });
        }
        self.inner.append(append)
    }
    fn register(&self, registration: Registration) -> BoxFuture<'_, StoreResult<()>> {
        self.inner.register(registration)
    }
    fn registry(&self) -> BoxFuture<'_, StoreResult<Registry>> {
        self.inner.registry()
    }
    fn epoch(&self) -> Epoch {
        self.inner.epoch()
    }
    fn load(&self, feed: FeedId) -> BoxFuture<'_, StoreResult<Option<Loaded>>> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        self.inner.load(feed)
    }
    fn read(&self, feed: FeedId, from: Seq, limit: usize) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.count(self.inner.read(feed, from, limit))
    }
    fn read_back(&self, feed: FeedId, before: Seq, limit: usize) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.count(self.inner.read_back(feed, before, limit))
    }
    fn find(&self, feed: FeedId, keys: Vec<(AccountId, MessageKey)>) -> BoxFuture<'_, StoreResult<Vec<Option<Found>>>> {
        self.inner.find(feed, keys)
    }
    fn annotations(
        &self,
        feed: FeedId,
        targets: RangeInclusive<Seq>,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.count(self.inner.annotations(feed, targets, after, limit))
    }
    fn by_author(
        &self,
        feed: FeedId,
        author: AccountId,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Seq>>> {
        self.inner.by_author(feed, author, before, limit)
    }
    fn of_kinds(
        &self,
        feed: FeedId,
        kinds: Vec<u16>,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.count(self.inner.of_kinds(feed, kinds, before, limit))
    }
    fn cut(&self, feed: FeedId, keep: Keep, now: Timestamp) -> BoxFuture<'_, StoreResult<Seq>> {
        self.inner.cut(feed, keep, now)
    }
    fn save_snapshot(&self, feed: FeedId, snapshot: Snapshot) -> BoxFuture<'_, StoreResult<()>> {
        self.inner.save_snapshot(feed, snapshot)
    }
    fn trim(&self, feed: FeedId, oldest: Seq, now: Timestamp) -> BoxFuture<'_, StoreResult<()>> {
        self.inner.trim(feed, oldest, now)
    }
    fn index(&self, limit: usize) -> BoxFuture<'_, StoreResult<u64>> {
        self.indexings.fetch_add(1, Ordering::SeqCst);
        match self.index_takes {
            Some(time) => Box::pin(async move {
                tokio::time::sleep(time).await;
                Ok(u64::MAX)
            }),
            None => self.inner.index(limit),
        }
    }
    fn search(&self, find: Find, before: u64, limit: usize) -> BoxFuture<'_, StoreResult<Matches>> {
        self.inner.search(find, before, limit)
    }
    fn file_standing(&self, account: AccountId, hash: FileHash) -> BoxFuture<'_, StoreResult<FileStanding>> {
        self.inner.file_standing(account, hash)
    }
    fn unkept_files(&self, hashes: Vec<FileHash>) -> BoxFuture<'_, StoreResult<Vec<FileHash>>> {
        self.inner.unkept_files(hashes)
    }
}
