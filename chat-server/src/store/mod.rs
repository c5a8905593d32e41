//! Where feeds are kept. Engines pass one contract (`contract.rs`); nothing above this layer knows which one it is.

pub mod dir;
pub mod files;
pub mod keep;
pub mod memory;
pub mod registry;
pub mod search;
pub mod sqlite;
pub mod verify;

#[cfg(test)]
mod contract;

use std::fmt::{self, Debug};
use std::ops::RangeInclusive;
use std::str::FromStr;

use chat_proto::{AccountId, Chain, Epoch, Event, FeedId, FileHash, MessageKey, Ordinal, Seq, Timestamp};
use futures_util::future::BoxFuture;
use thiserror::Error;

use crate::core::search::Find;
use crate::digest::{chain_next, digest};

pub use dir::{DataDir, DirError};
pub use files::{FileClaim, FileStanding};
pub use keep::Keep;
pub use memory::MemoryStore;
pub use registry::{AccountRecord, DeviceRecord, Registration, Registry, RoomRecord};
pub use search::{Match, Matches};
pub use sqlite::{OpenError, Settings, SqliteStore};
pub use verify::verify;

/// Why the store did not do it. Nothing of a failed operation is kept; only after [`StoreError::Io`] can it come to light
/// with the next start that a write was kept after all.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The feed's head, or the registry, is not what the caller thought: reload and decide again.
    #[error("somebody else wrote first")]
    Conflict,
    /// No space. Reads go on; a later write may succeed.
    #[error("the disk is full")]
    Full,
    /// What is stored contradicts itself.
    #[error("the stored data is damaged: {0}")]
    Corrupt(String),
    /// Anything else the disk or the engine said.
    #[error("the store failed: {0}")]
    Io(String),
}

/// What an acknowledged write survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Durability {
    /// Nothing: it is kept in memory.
    Memory,
    /// The end of the process, but not of the operating system.
    Os,
    /// Power loss, on hardware that honours a flush.
    #[default]
    Fsync,
}

impl Durability {
    /// Every value, weakest first.
    pub const ALL: [Self; 3] = [Self::Memory, Self::Os, Self::Fsync];

    /// As it is written in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Os => "os",
            Self::Fsync => "fsync",
        }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A durability nobody has heard of.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no durability; use memory, os, or fsync")]
pub struct UnknownDurability(String);

impl FromStr for Durability {
    type Err = UnknownDurability;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|each| each.as_str() == text).ok_or_else(|| UnknownDurability(text.to_owned()))
    }
}

/// What every operation returns.
pub type StoreResult<T> = Result<T, StoreError>;

/// One event as it is kept: with what proves that nobody changed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The event.
    pub event: Event,
    /// Random; without it the digest of a redacted body would tell a guessed one.
    pub salt: [u8; 16],
    /// SHA-256 of the salt and the body; see [`crate::digest`].
    pub digest: [u8; 32],
    /// The chain value up to and including this event; see [`crate::digest`].
    pub chain: Chain,
}

impl Row {
    /// The row of an event that follows the one with the chain value `prev`. The salt is 16 random bytes.
    #[must_use]
    pub fn seal(prev: &Chain, event: Event, salt: [u8; 16]) -> Self {
        let digest = digest(&salt, event.body.kind(), &event.body.payload());
        let chain = chain_next(prev, &event, &digest);
        Self { event, salt, digest, chain }
    }
}

/// Where a feed ends, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedMeta {
    /// The history its numbers belong to.
    pub epoch: Epoch,
    /// The newest event; 0 for an empty feed.
    pub head: Seq,
    /// The chain value of the newest event, or of the empty feed.
    pub chain: Chain,
    /// The messages up to the newest event.
    pub ordinal: Ordinal,
    /// When the newest event was decided.
    pub at: Timestamp,
    /// The oldest event that is kept; `head + 1` where none is.
    pub oldest: Seq,
}

/// The state of a feed at a seq, so that loading needs only the events behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Events up to here are in it.
    pub seq: Seq,
    /// The version of the encoding of `bytes`.
    pub version: u16,
    /// The state, in the encoding of its owner.
    pub bytes: Vec<u8>,
}

/// What is needed to bring a feed back into memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Its ends.
    pub meta: FeedMeta,
    /// Its newest snapshot, if one was ever saved.
    pub snapshot: Option<Snapshot>,
}

/// Rows to be added to one feed, in the order of their seqs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Which feed.
    pub feed: FeedId,
    /// Its head as the caller knows it; the first row's seq is one more.
    pub expected_head: Seq,
    /// The rows, at least one.
    pub rows: Vec<Row>,
    /// What changes of the registry in the same breath: that the room, or the server, begins whose first event this is; that
    /// it is called something else, or ends.
    pub registrations: Vec<Registration>,
    /// Messages of this feed whose words are removed for good, and with them those of their edits: bodies and salts go, and
    /// everything else stays. One that is not kept any more is passed over.
    pub erase: Vec<Seq>,
    /// Edits among the rows before which no words of their messages stay: those of the message itself go, and those of its
    /// earlier edits.
    pub replace: Vec<Seq>,
}

impl Append {
    /// Whether the rows are at least one and follow the expected head and one another.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]: storing them would make the feed contradict itself.
    fn check(&self) -> StoreResult<()> {
        let mut seq = self.expected_head;
        for row in &self.rows {
            seq = seq.next();
            if row.event.seq != seq {
                return Err(StoreError::Corrupt(format!("{}: seq {} in place of {seq}", self.feed, row.event.seq)));
            }
        }
        if self.rows.is_empty() {
            return Err(StoreError::Corrupt(format!("{}: an append without rows", self.feed)));
        }
        Ok(())
    }
}

/// What a key was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The event.
    pub seq: Seq,
    /// The room's messages up to it.
    pub ordinal: Ordinal,
    /// When it was decided.
    pub at: Timestamp,
}

/// An engine. Every future may be dropped at any time; the operation is then done or not done, never half.
pub trait Store: Debug + Send + Sync + 'static {
    /// Adds rows if the feed's head is the expected one. When it returns, the rows are as durable as the engine was asked
    /// to make them.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for another head, or a key, name, or number that is taken.
    fn append(&self, append: Append) -> BoxFuture<'_, StoreResult<()>>;

    /// Changes the registry. As durable as an append.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for a name, key, or number that is taken, and for what there is not.
    fn register(&self, registration: Registration) -> BoxFuture<'_, StoreResult<()>>;

    /// The whole registry.
    fn registry(&self) -> BoxFuture<'_, StoreResult<Registry>>;

    /// The epoch of feeds that begin today.
    fn epoch(&self) -> Epoch;

    /// A feed's ends and newest snapshot; `None` for a feed that was never begun.
    fn load(&self, feed: FeedId) -> BoxFuture<'_, StoreResult<Option<Loaded>>>;

    /// Up to `limit` kept rows from `from` on, oldest first. Fewer than `limit` only at the head.
    fn read(&self, feed: FeedId, from: Seq, limit: usize) -> BoxFuture<'_, StoreResult<Vec<Row>>>;

    /// The last `limit` kept rows with a seq less than `before`, oldest first.
    fn read_back(&self, feed: FeedId, before: Seq, limit: usize) -> BoxFuture<'_, StoreResult<Vec<Row>>>;

    /// What each key was used for in a feed, in the order asked. Zero keys are never found. Keys of trimmed rows are found
    /// for [`KEY_KEPT_DAYS`] more.
    fn find(&self, feed: FeedId, keys: Vec<(AccountId, MessageKey)>) -> BoxFuture<'_, StoreResult<Vec<Option<Found>>>>;

    /// Up to `limit` rows behind `after` that are about an event of a range, in order.
    fn annotations(
        &self,
        feed: FeedId,
        targets: RangeInclusive<Seq>,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>>;

    /// The last `limit` messages of an author with a seq less than `before` whose words are still there, newest first.
    fn by_author(
        &self,
        feed: FeedId,
        author: AccountId,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Seq>>>;

    /// The last `limit` rows of a room of some kinds, none of them messages, with a seq less than `before`, newest first.
    fn of_kinds(
        &self,
        feed: FeedId,
        kinds: Vec<u16>,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>>;

    /// The oldest event to be kept so that a feed holds no more than it should; `head + 1` where that is nothing. Looks at a
    /// few rows, however many there are.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for a feed that was never begun.
    fn cut(&self, feed: FeedId, keep: Keep, now: Timestamp) -> BoxFuture<'_, StoreResult<Seq>>;

    /// Replaces a feed's snapshot.
    fn save_snapshot(&self, feed: FeedId, snapshot: Snapshot) -> BoxFuture<'_, StoreResult<()>>;

    /// Forgets a feed's rows before `oldest`. The caller has saved a snapshot at or behind it; never beyond `head + 1`.
    fn trim(&self, feed: FeedId, oldest: Seq, now: Timestamp) -> BoxFuture<'_, StoreResult<()>>;

    /// Takes up to `limit` events of rooms, in the order they were committed, into the index of messages, and remembers how
    /// far that is in the same breath. Returns how many events are still behind that. Messages that are erased or trimmed
    /// leave the index with the write that does it, indexed or not.
    fn index(&self, limit: usize) -> BoxFuture<'_, StoreResult<u64>>;

    /// Up to `limit` of the indexed messages that somebody looks for before a place, newest first; `u64::MAX` is behind all.
    /// Looks at no more than [`search::LOOKS_MAX`] messages, so it may find fewer and still not be at the end.
    fn search(&self, find: Find, before: u64, limit: usize) -> BoxFuture<'_, StoreResult<Matches>>;

    /// How a file stands for an account that wants to send it.
    fn file_standing(&self, account: AccountId, hash: FileHash) -> BoxFuture<'_, StoreResult<FileStanding>>;

    /// Those of some files that are kept for nobody: no message carries them, and nobody has sent them lately.
    fn unkept_files(&self, hashes: Vec<FileHash>) -> BoxFuture<'_, StoreResult<Vec<FileHash>>>;
}

/// How long the keys of trimmed rows are found, days.
pub const KEY_KEPT_DAYS: i64 = 30;

/// [`KEY_KEPT_DAYS`], microseconds.
const KEY_KEPT_US: i64 = KEY_KEPT_DAYS * 24 * 60 * 60 * 1_000_000;
