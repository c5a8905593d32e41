//! The simulated server's disk: it survives crashes and loses what was being written, and a mutant of it breaks a promise.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_proto::event::{Posted, ReadMarked};
use chat_proto::{AccountId, Epoch, EventBody, FeedId, FileHash, MessageKey, Seq, Timestamp};
use chat_server::core::search::Find;
use chat_server::store::{
    Append, FileStanding, Found, Keep, Loaded, Matches, MemoryStore, Registration, Registry, Row, Snapshot, Store,
    StoreError, StoreResult,
};
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::sleep;

use super::mutant::Mutant;

/// What outlives the servers.
#[derive(Debug)]
pub struct Disk {
    pub data: MemoryStore,
    pub mutant: Option<Mutant>,
    write_time: Duration,
    /// Whether feeds cannot be read.
    blind: AtomicBool,
    keys: Mutex<BTreeMap<(FeedId, Seq), MessageKey>>,
    leaked: watch::Sender<BTreeMap<(FeedId, Seq), Row>>,
    writes: watch::Sender<u64>,
    kept: AtomicU64,
}

impl Disk {
    /// An empty disk on which every write takes some time.
    pub fn new(write_time: Duration, mutant: Option<Mutant>) -> Arc<Self> {
        let data = MemoryStore::new();
        data.set_write_time(write_time);
        data.mark();
        let disk = Arc::new(Self {
            data,
            mutant,
            write_time,
            blind: AtomicBool::new(false),
            keys: Mutex::default(),
            leaked: watch::channel(BTreeMap::new()).0,
            writes: watch::channel(0).0,
            kept: AtomicU64::new(0),
        });
        let flush_every = match mutant {
            Some(Mutant::AckBeforeCommit) => Some(Duration::from_millis(1_500)),
            Some(Mutant::SeqReuse) => Some(Duration::from_secs(3)),
            Some(_) | None => None,
        };
        if let Some(pause) = flush_every {
            let data = disk.data.clone();
            tokio::spawn(async move {
                loop {
                    sleep(pause).await;
                    data.mark();
                }
            });
        }
        disk
    }

    /// The disk as one life of the server sees it.
    pub fn mount(self: &Arc<Self>) -> Arc<Mounted> {
        Arc::new(Mounted { disk: Arc::clone(self), gone: AtomicBool::new(false), sees_all: false })
    }

    /// The disk in good hands: everything that is on it can be read.
    pub fn examine(self: &Arc<Self>) -> Arc<Mounted> {
        Arc::new(Mounted { disk: Arc::clone(self), gone: AtomicBool::new(false), sees_all: true })
    }

    /// The power fails: what is being written is not kept.
    pub fn crash(&self) {
        match self.mutant {
            Some(Mutant::AckBeforeCommit | Mutant::NoFlush) => self.data.set_back(false),
            Some(_) | None => self.data.crash(),
        }
    }

    /// The server went down in order.
    pub fn restart(&self) {
        if self.is(Mutant::SeqReuse) {
            self.data.set_back(false);
        }
        if self.is(Mutant::NoFlush) {
            self.data.mark();
        }
    }

    /// A write was acknowledged.
    fn wrote(&self) {
        if self.is(Mutant::NoFlush) && self.kept.fetch_add(1, Ordering::Relaxed).is_multiple_of(CHECKPOINT_WRITES) {
            self.data.mark();
        }
    }

    /// Writes fail like this, until `None` is given. A disk that is only full can be read.
    pub fn fail(&self, error: Option<StoreError>) {
        self.blind.store(matches!(error, Some(StoreError::Io(_))), Ordering::Relaxed);
        self.data.fail_all(error);
    }

    /// Waits until something is being written, and then into the middle of it.
    pub async fn mid_write(&self, part: f64) {
        let mut writes = self.writes.subscribe();
        writes.mark_unchanged();
        if writes.changed().await.is_ok() {
            sleep(self.write_time.mul_f64(part)).await;
        }
    }

    /// What readers see too early, for one that changes.
    pub fn leaks(&self) -> watch::Receiver<BTreeMap<(FeedId, Seq), Row>> {
        self.leaked.subscribe()
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    fn keys(&self) -> MutexGuard<'_, BTreeMap<(FeedId, Seq), MessageKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a mutant does to rows on their way in.
    fn mutate_in(&self, append: &mut Append) {
        self.writes.send_modify(|writes| *writes += 1);
        if self.is(Mutant::NoDedup) {
            let mut keys = self.keys();
            for row in &mut append.rows {
                keys.insert((append.feed, row.event.seq), std::mem::take(&mut row.event.key));
            }
        }
        if self.is(Mutant::BroadcastBeforeCommit) && matches!(append.feed, FeedId::Room(_)) {
            self.leaked.send_modify(|leaked| {
                leaked.extend(append.rows.iter().map(|row| ((append.feed, row.event.seq), row.clone())));
            });
        }
    }

    /// What a mutant does to a room's rows on their way to the server.
    fn mutate_room(&self, rows: &mut Vec<Row>) {
        let is_message = |row: &Row| matches!(row.event.body, EventBody::Posted(_));
        match self.mutant {
            Some(Mutant::NeighboursSwapped) => {
                if let Some(at) = rows.windows(2).position(|pair| pair.iter().all(is_message)) {
                    let (first, second) = (rows[at].event.seq, rows[at + 1].event.seq);
                    rows.swap(at, at + 1);
                    (rows[at].event.seq, rows[at + 1].event.seq) = (first, second);
                }
            }
            Some(Mutant::OtherWords) => {
                for row in rows.iter_mut().filter(|row| row.event.seq.0 % 3 == 0) {
                    if let EventBody::Posted(Posted { text, .. }) = &mut row.event.body {
                        text.push('!');
                    }
                }
            }
            Some(Mutant::LeftOut) => {
                if let Some(at) = rows.iter().skip(1).position(is_message) {
                    rows.remove(at + 1);
                }
            }
            Some(Mutant::BanForgotten) => {
                for row in rows {
                    if let EventBody::Listed(listed) = &mut row.event.body {
                        listed.who.account = AccountId(u64::MAX);
                    }
                    if let EventBody::Evicted(evicted) = &mut row.event.body {
                        evicted.members.clear();
                    }
                }
            }
            Some(_) | None => {}
        }
    }

    /// What a mutant does to rows on their way out.
    fn mutate_out(&self, feed: FeedId, mut rows: Vec<Row>, sees_all: bool) -> Vec<Row> {
        if !sees_all && matches!(feed, FeedId::Room(_)) {
            self.mutate_room(&mut rows);
        }
        let keys = self.keys();
        for row in &mut rows {
            if self.is(Mutant::NoDedup) {
                row.event.key = keys.get(&(feed, row.event.seq)).copied().unwrap_or_default();
            }
            if self.is(Mutant::MarkerRegress)
                && let EventBody::ReadMarked(ReadMarked { seq, .. }) = &mut row.event.body
            {
                seq.0 /= 2;
            }
        }
        rows
    }

    /// Whether snapshots of a feed are lost, so that its rows count.
    fn forgets_snapshots(&self, feed: FeedId) -> bool {
        match feed {
            FeedId::Account(_) => self.is(Mutant::MarkerRegress),
            FeedId::Room(_) => self.is(Mutant::BanForgotten),
        }
    }
}

/// The disk, until the server whose it is dies.
#[derive(Debug)]
pub struct Mounted {
    disk: Arc<Disk>,
    gone: AtomicBool,
    sees_all: bool,
}

impl Mounted {
    /// Nothing of this server's gets to the disk any more.
    pub fn unmount(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    fn data(&self) -> StoreResult<&MemoryStore> {
        if self.gone.load(Ordering::Relaxed) {
            return Err(StoreError::Io("this server is dead".to_owned()));
        }
        Ok(&self.disk.data)
    }

    fn readable(&self) -> StoreResult<&MemoryStore> {
        if self.disk.blind.load(Ordering::Relaxed) && !self.sees_all {
            return Err(StoreError::Io("the disk cannot be read".to_owned()));
        }
        self.data()
    }

    /// The data a feed is read from. The server's own is read before it starts, like the registry; what can't be read then is a
    /// server that doesn't start, and no trouble of a running one.
    fn feed(&self, feed: FeedId) -> StoreResult<&MemoryStore> {
        if feed == FeedId::Account(AccountId::SERVER) { self.data() } else { self.readable() }
    }
}

impl Store for Mounted {
    fn append(&self, mut append: Append) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            let data = self.data()?;
            self.disk.mutate_in(&mut append);
            data.append(append).await.inspect(|()| self.disk.wrote())
        })
    }

    fn register(&self, registration: Registration) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move { self.data()?.register(registration).await })
    }

    fn registry(&self) -> BoxFuture<'_, StoreResult<Registry>> {
        Box::pin(async move { self.data()?.registry().await })
    }

    fn epoch(&self) -> Epoch {
        self.disk.data.epoch()
    }

    fn load(&self, feed: FeedId) -> BoxFuture<'_, StoreResult<Option<Loaded>>> {
        Box::pin(async move { self.feed(feed)?.load(feed).await })
    }

    fn read(&self, feed: FeedId, from: Seq, limit: usize) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(async move {
            let rows = self.feed(feed)?.read(feed, from, limit).await?;
            Ok(self.disk.mutate_out(feed, rows, self.sees_all))
        })
    }

    fn read_back(&self, feed: FeedId, before: Seq, limit: usize) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(async move {
            let rows = self.feed(feed)?.read_back(feed, before, limit).await?;
            Ok(self.disk.mutate_out(feed, rows, self.sees_all))
        })
    }

    fn find(&self, feed: FeedId, keys: Vec<(AccountId, MessageKey)>) -> BoxFuture<'_, StoreResult<Vec<Option<Found>>>> {
        Box::pin(async move { self.feed(feed)?.find(feed, keys).await })
    }

    fn annotations(
        &self,
        feed: FeedId,
        targets: RangeInclusive<Seq>,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(async move { self.feed(feed)?.annotations(feed, targets, after, limit).await })
    }

    fn by_author(
        &self,
        feed: FeedId,
        author: AccountId,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Seq>>> {
        Box::pin(async move { self.feed(feed)?.by_author(feed, author, before, limit).await })
    }

    fn of_kinds(
        &self,
        feed: FeedId,
        kinds: Vec<u16>,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(async move { self.feed(feed)?.of_kinds(feed, kinds, before, limit).await })
    }

    fn cut(&self, feed: FeedId, keep: Keep, now: Timestamp) -> BoxFuture<'_, StoreResult<Seq>> {
        Box::pin(async move { self.feed(feed)?.cut(feed, keep, now).await })
    }

    fn save_snapshot(&self, feed: FeedId, snapshot: Snapshot) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            let data = self.data()?;
            if self.disk.forgets_snapshots(feed) { Ok(()) } else { data.save_snapshot(feed, snapshot).await }
        })
    }

    fn trim(&self, feed: FeedId, oldest: Seq, now: Timestamp) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            let data = self.data()?;
            if self.disk.forgets_snapshots(feed) { Ok(()) } else { data.trim(feed, oldest, now).await }
        })
    }

    fn index(&self, limit: usize) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move { self.readable()?.index(limit).await })
    }

    fn search(&self, find: Find, before: u64, limit: usize) -> BoxFuture<'_, StoreResult<Matches>> {
        Box::pin(async move { self.readable()?.search(find, before, limit).await })
    }

    fn file_standing(&self, account: AccountId, hash: FileHash) -> BoxFuture<'_, StoreResult<FileStanding>> {
        Box::pin(async move { self.readable()?.file_standing(account, hash).await })
    }

    fn unkept_files(&self, hashes: Vec<FileHash>) -> BoxFuture<'_, StoreResult<Vec<FileHash>>> {
        Box::pin(async move { self.readable()?.unkept_files(hashes).await })
    }
}

/// Writes between two flushes of a disk that does not flush every one.
const CHECKPOINT_WRITES: u64 = 40;
