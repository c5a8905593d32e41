//! The engine that keeps everything in one SQLite file in the data directory.
//!
//! One task writes; changes that wait share a commit and its flush. A few connections read, each call on a thread that may
//! block. `docs/decisions/0006-sqlite.md` says why.

mod error;
mod files;
pub(crate) mod head;
mod look;
mod open;
pub(crate) mod read;
pub(crate) mod registry;
mod schema;
mod seal;
mod search;
mod write;
mod writer;

use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use chat_proto::{AccountId, Epoch, FeedId, FileHash, MessageKey, Seq, Timestamp};
use futures_util::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::{Semaphore, mpsc, oneshot};

pub use self::error::OpenError;
use self::open::READERS;
pub(crate) use self::open::{DATABASE_FILE, harden, identify, log_path};
use self::write::Change;
use self::writer::{Job, Order, QUEUE_MAX, Writer};
use super::{
    Append, DataDir, Durability, FileStanding, Found, Keep, Loaded, Matches, Registration, Registry, Row, Snapshot,
    Store, StoreError, StoreResult,
};
use crate::core::search::Find;

/// How the engine keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What an acknowledged write survives; [`Durability::Memory`] is as [`Durability::Os`] here.
    pub durability: Durability,
    /// Pages of 4 KiB the log may have before it is moved into the database.
    pub checkpoint_pages: i32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { durability: Durability::Fsync, checkpoint_pages: 1000 }
    }
}

/// A handle on an open database.
#[derive(Debug)]
pub struct SqliteStore {
    orders: mpsc::Sender<Order>,
    readers: Arc<Readers>,
    epoch: Epoch,
    _dir: Arc<DataDir>,
}

#[derive(Debug)]
struct Readers {
    /// As many as there are connections.
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl SqliteStore {
    /// Opens the database of a data directory, and makes it if there never was one. Starts the task that writes, so it must be
    /// called within a tokio runtime; it blocks for as long as the disk takes.
    ///
    /// # Errors
    /// [`OpenError`]; the files are then as they were.
    pub fn open(dir: DataDir, settings: Settings) -> Result<Self, OpenError> {
        let opened = open::open(&dir, settings.durability)?;
        let dir = Arc::new(dir);
        let path = dir.path().join(DATABASE_FILE);
        let writer = Writer::new(opened.writer, dir.clone(), settings, (opened.head, opened.recorded));
        let writer = writer.map_err(|source| OpenError::Sqlite { path, source })?;
        let (orders, waiting) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(writer::run(writer, waiting));
        let readers = Readers { permits: Arc::new(Semaphore::new(READERS)), idle: Mutex::new(opened.readers) };
        Ok(Self { orders, readers: Arc::new(readers), epoch: opened.head.epoch, _dir: dir })
    }

    /// Ends everything in order: what waits is written, and the files are closed. What is asked afterwards fails.
    /// The directory is free when the store is dropped too.
    pub async fn close(&self) {
        self.readers.permits.close();
        self.readers.idle().clear();
        let (done, closed) = oneshot::channel();
        if self.orders.send(Order::Close(done)).await.is_ok() {
            // An error means that the task has ended already.
            let _ = closed.await;
        }
    }

    fn change(&self, change: Change) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            let (done, answer) = oneshot::channel();
            self.orders.send(Order::Do(Job { change, done })).await.map_err(|_| stopped())?;
            answer.await.unwrap_or_else(|_| Err(stopped()))
        })
    }

    fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> BoxFuture<'_, StoreResult<T>> {
        Box::pin(async move {
            let permit = self.readers.permits.clone().acquire_owned().await.map_err(|_| stopped())?;
            let readers = self.readers.clone();
            let work = tokio::task::spawn_blocking(move || {
                let lent = Lent { db: Some(readers.idle().pop().ok_or_else(stopped)?), readers: &readers };
                let found = lent.db.as_ref().map_or_else(|| Err(stopped()), query);
                drop(lent);
                drop(permit);
                found
            });
            work.await.unwrap_or_else(|_| Err(stopped()))
        })
    }
}

/// A connection that goes back when it is dropped, whatever the query did.
struct Lent<'a> {
    db: Option<Connection>,
    readers: &'a Readers,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if !self.readers.permits.is_closed() {
            self.readers.idle().extend(self.db.take());
        }
    }
}

impl Readers {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for SqliteStore {
    fn append(&self, append: Append) -> BoxFuture<'_, StoreResult<()>> {
        self.change(Change::Append(append))
    }

    fn register(&self, registration: Registration) -> BoxFuture<'_, StoreResult<()>> {
        self.change(Change::Register(registration))
    }

    fn registry(&self) -> BoxFuture<'_, StoreResult<Registry>> {
        self.query(registry::registry)
    }

    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn load(&self, feed: FeedId) -> BoxFuture<'_, StoreResult<Option<Loaded>>> {
        let epoch = self.epoch;
        self.query(move |db| read::load(db, epoch, feed))
    }

    fn read(&self, feed: FeedId, from: Seq, limit: usize) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.query(move |db| read::read(db, feed, from, limit))
    }

    fn read_back(&self, feed: FeedId, before: Seq, limit: usize) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.query(move |db| read::read_back(db, feed, before, limit))
    }

    fn find(&self, feed: FeedId, keys: Vec<(AccountId, MessageKey)>) -> BoxFuture<'_, StoreResult<Vec<Option<Found>>>> {
        self.query(move |db| read::find(db, feed, &keys))
    }

    fn annotations(
        &self,
        feed: FeedId,
        targets: RangeInclusive<Seq>,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.query(move |db| look::annotations(db, feed, &targets, after, limit))
    }

    fn by_author(
        &self,
        feed: FeedId,
        author: AccountId,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Seq>>> {
        self.query(move |db| look::by_author(db, feed, author, before, limit))
    }

    fn of_kinds(
        &self,
        feed: FeedId,
        kinds: Vec<u16>,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.query(move |db| look::of_kinds(db, feed, &kinds, before, limit))
    }

    fn cut(&self, feed: FeedId, keep: Keep, now: Timestamp) -> BoxFuture<'_, StoreResult<Seq>> {
        self.query(move |db| look::cut(db, feed, keep, now))
    }

    fn save_snapshot(&self, feed: FeedId, snapshot: Snapshot) -> BoxFuture<'_, StoreResult<()>> {
        self.change(Change::SaveSnapshot(feed, snapshot))
    }

    fn trim(&self, feed: FeedId, oldest: Seq, now: Timestamp) -> BoxFuture<'_, StoreResult<()>> {
        self.change(Change::Trim(feed, oldest, now))
    }

    fn index(&self, limit: usize) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move {
            let Some(indexing) = self.query(move |db| search::prepare(db, limit)).await? else { return Ok(0) };
            let behind = indexing.behind;
            self.change(Change::Index(indexing)).await?;
            Ok(behind)
        })
    }

    fn search(&self, find: Find, before: u64, limit: usize) -> BoxFuture<'_, StoreResult<Matches>> {
        self.query(move |db| search::search(db, &find, before, limit))
    }

    fn file_standing(&self, account: AccountId, hash: FileHash) -> BoxFuture<'_, StoreResult<FileStanding>> {
        self.query(move |db| files::standing(db, account, hash))
    }

    fn unkept_files(&self, hashes: Vec<FileHash>) -> BoxFuture<'_, StoreResult<Vec<FileHash>>> {
        self.query(move |db| files::unkept(db, hashes))
    }
}

/// The row of a feed in its table: twice its number, and one more for an account.
pub(crate) fn feed_key(feed: FeedId) -> StoreResult<i64> {
    let (number, what) = match feed {
        FeedId::Room(id) => (id.0, 0),
        FeedId::Account(id) => (id.0, 1),
    };
    let key = i64::try_from(number).ok().and_then(|number| number.checked_mul(2));
    key.map(|key| key + what).ok_or_else(|| StoreError::Io(format!("{feed}: the number is too large")))
}

/// What is said when nobody writes or reads any more.
fn stopped() -> StoreError {
    StoreError::Io("the store has stopped".to_owned())
}

#[cfg(test)]
mod tests;
