//! The engine that keeps everything in memory, for `durability = memory` and for tests.
//!
//! Inline: no thread and no task, so it is deterministic in virtual time. A clone is another handle on the same data, so the
//! data outlives the server that used it, and a test can make operations fail, take time, or be lost by a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_proto::name::NameKeys;
use chat_proto::{AccountId, DeviceId, DeviceKey, Epoch, FeedId, MessageKey, Ordinal, Seq, Timestamp};
use futures_util::future::BoxFuture;

use super::{
    Append, FeedMeta, Found, KEY_KEPT_US, Loaded, Registration, Registry, Row, Snapshot, Store, StoreError, StoreResult,
};
use crate::digest::chain_start;

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

#[derive(Clone, Debug, Default)]
struct Data {
    epoch: Epoch,
    registry: Registry,
    /// The keys of every name, and the device keys: what must be unique.
    taken: BTreeSet<Taken>,
    feeds: BTreeMap<FeedId, Feed>,
}

#[derive(Clone, Debug)]
struct Feed {
    meta: FeedMeta,
    snapshot: Option<Snapshot>,
    rows: BTreeMap<Seq, Row>,
    keys: BTreeMap<(AccountId, MessageKey), Key>,
}

#[derive(Clone, Copy, Debug)]
struct Key {
    found: Found,
    trimmed_at: Option<Timestamp>,
}

impl Data {
    /// All or nothing: everything is checked before anything is changed.
    fn append(&mut self, append: Append) -> StoreResult<()> {
        append.check()?;
        let begins = match &append.registration {
            Some(registration) => {
                self.check_free(registration)?;
                feed_of(registration) == append.feed
            }
            None => false,
        };
        match self.feeds.get(&append.feed) {
            Some(feed) => feed.check(&append)?,
            None if begins && append.expected_head == Seq::ZERO && !has_double_key(&append.rows) => {}
            None => return Err(StoreError::Conflict),
        }
        if let Some(registration) = append.registration {
            self.insert(registration);
        }
        if let Some(feed) = self.feeds.get_mut(&append.feed) {
            append.rows.into_iter().for_each(|row| feed.push(row));
        }
        Ok(())
    }

    fn register(&mut self, registration: Registration) -> StoreResult<()> {
        self.check_free(&registration)?;
        self.insert(registration);
        Ok(())
    }

    fn check_free(&self, registration: &Registration) -> StoreResult<()> {
        let is_free = taken_by(registration).iter().all(|each| !self.taken.contains(each));
        if is_free { Ok(()) } else { Err(StoreError::Conflict) }
    }

    fn insert(&mut self, registration: Registration) {
        let id = feed_of(&registration);
        self.taken.extend(taken_by(&registration));
        self.feeds.insert(id, Feed::begin(id, self.epoch));
        match registration {
            Registration::Room(room) => {
                self.registry.rooms.push(room);
                self.registry.rooms.sort_by_key(|each| each.id);
            }
            Registration::Account(account, device) => {
                self.registry.accounts.push(account);
                self.registry.accounts.sort_by_key(|each| each.id);
                self.registry.devices.push(device);
                self.registry.devices.sort_by_key(|each| each.id);
            }
        }
    }

    fn trim(&mut self, id: FeedId, oldest: Seq, now: Timestamp) -> StoreResult<()> {
        let feed = self.feeds.get_mut(&id).ok_or(StoreError::Conflict)?;
        if oldest > feed.meta.head.next() {
            return Err(StoreError::Conflict);
        }
        if oldest > feed.meta.oldest {
            feed.meta.oldest = oldest;
            feed.rows = feed.rows.split_off(&oldest);
            for key in feed.keys.values_mut().filter(|key| key.found.seq < oldest) {
                key.trimmed_at.get_or_insert(now);
            }
        }
        for feed in self.feeds.values_mut() {
            feed.keys.retain(|_, key| key.trimmed_at.is_none_or(|at| now.0.saturating_sub(at.0) <= KEY_KEPT_US));
        }
        Ok(())
    }
}

impl Feed {
    fn begin(id: FeedId, epoch: Epoch) -> Self {
        let meta = FeedMeta {
            epoch,
            head: Seq::ZERO,
            chain: chain_start(id, epoch),
            ordinal: Ordinal(0),
            at: Timestamp(0),
            oldest: Seq(1),
        };
        Self { meta, snapshot: None, rows: BTreeMap::new(), keys: BTreeMap::new() }
    }

    fn check(&self, append: &Append) -> StoreResult<()> {
        let is_taken = |row: &Row| row.event.key != ZERO && self.keys.contains_key(&(row.event.by, row.event.key));
        let conflict =
            self.meta.head != append.expected_head || has_double_key(&append.rows) || append.rows.iter().any(is_taken);
        if conflict { Err(StoreError::Conflict) } else { Ok(()) }
    }

    fn push(&mut self, row: Row) {
        let event = &row.event;
        self.meta = FeedMeta { head: event.seq, chain: row.chain, ordinal: event.ordinal, at: event.at, ..self.meta };
        if event.key != ZERO {
            let found = Found { seq: event.seq, ordinal: event.ordinal, at: event.at };
            self.keys.insert((event.by, event.key), Key { found, trimmed_at: None });
        }
        self.rows.insert(event.seq, row);
    }
}

fn has_double_key(rows: &[Row]) -> bool {
    let keyed = || rows.iter().filter(|row| row.event.key != ZERO);
    let distinct: BTreeSet<_> = keyed().map(|row| (row.event.by, row.event.key)).collect();
    distinct.len() != keyed().count()
}

fn feed_of(registration: &Registration) -> FeedId {
    match registration {
        Registration::Room(room) => FeedId::Room(room.id),
        Registration::Account(account, _) => FeedId::Account(account.id),
    }
}

/// Something of which there can be one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Taken {
    Feed(FeedId),
    RoomLook(String),
    RoomFolded(String),
    AccountLook(String),
    AccountFolded(String),
    Device(DeviceId),
    DeviceKey(DeviceKey),
}

fn taken_by(registration: &Registration) -> Vec<Taken> {
    let feed = Taken::Feed(feed_of(registration));
    match registration {
        Registration::Room(room) => {
            let NameKeys { look, folded } = room.name.keys();
            vec![feed, Taken::RoomLook(look), Taken::RoomFolded(folded)]
        }
        Registration::Account(account, device) => {
            let NameKeys { look, folded } = account.name.keys();
            let (number, key) = (Taken::Device(device.id), Taken::DeviceKey(device.key));
            vec![feed, Taken::AccountLook(look), Taken::AccountFolded(folded), number, key]
        }
    }
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

    fn save_snapshot(&self, feed: FeedId, snapshot: Snapshot) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.write(move |data| {
            data.feeds.get_mut(&feed).ok_or(StoreError::Conflict)?.snapshot = Some(snapshot);
            Ok(())
        }))
    }

    fn trim(&self, feed: FeedId, oldest: Seq, now: Timestamp) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.write(move |data| data.trim(feed, oldest, now)))
    }
}

/// The epoch of a store that was never set back.
pub(crate) const EPOCH_FIRST: Epoch = Epoch(1);

/// The key of what the server itself does.
const ZERO: MessageKey = MessageKey([0; 16]);

#[cfg(test)]
mod tests;
