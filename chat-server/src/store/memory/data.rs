//! The data of the memory engine: feeds, their rows and keys.

use std::collections::{BTreeMap, BTreeSet};

use chat_proto::{AccountId, Epoch, FeedId, MessageKey, Ordinal, Seq, Timestamp};

use super::files::Files;
use super::registry::{Taken, begun_by};
use super::search::Index;
use crate::digest::chain_start;
use crate::store::{Append, FeedMeta, Found, KEY_KEPT_US, Registry, Row, Snapshot, StoreError, StoreResult};

/// Everything that is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Data {
    pub(super) epoch: Epoch,
    pub(super) registry: Registry,
    /// The keys of every name, and the device keys: what must be unique.
    pub(super) taken: BTreeSet<Taken>,
    pub(super) feeds: BTreeMap<FeedId, Feed>,
    /// What of them can be found by words.
    pub(super) index: Index,
    /// Which files are kept.
    pub(super) files: Files,
}

/// One feed.
#[derive(Clone, Debug)]
pub(super) struct Feed {
    pub(super) meta: FeedMeta,
    pub(super) snapshot: Option<Snapshot>,
    pub(super) rows: BTreeMap<Seq, Row>,
    pub(super) keys: BTreeMap<(AccountId, MessageKey), Key>,
    /// What the edits whose words were removed are about.
    pub(super) erased_edits: BTreeMap<Seq, Seq>,
}

/// What a key was used for, and when its row was trimmed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) found: Found,
    trimmed_at: Option<Timestamp>,
}

impl Data {
    /// All or nothing: everything is checked before anything is changed.
    pub(super) fn append(&mut self, append: Append) -> StoreResult<()> {
        append.check()?;
        self.check(&append.registrations)?;
        let begins = append.registrations.iter().any(|each| begun_by(each) == Some(append.feed));
        match self.feeds.get(&append.feed) {
            Some(feed) => feed.check(&append)?,
            None if begins && append.expected_head == Seq::ZERO && !has_double_key(&append.rows) => {}
            None => return Err(StoreError::Conflict),
        }
        append.registrations.into_iter().for_each(|each| self.insert(each));
        if let Some(feed) = self.feeds.get_mut(&append.feed) {
            for row in append.rows {
                self.index.committed(append.feed, row.event.seq);
                self.files.insert(append.feed, &row.event);
                feed.push(row);
            }
            for seq in append.replace {
                feed.replace(seq);
            }
            for seq in append.erase {
                feed.erase(seq);
                self.index.erase(append.feed, seq);
                self.files.erase(append.feed, seq);
            }
        }
        Ok(())
    }

    pub(super) fn trim(&mut self, id: FeedId, oldest: Seq, now: Timestamp) -> StoreResult<()> {
        let feed = self.feeds.get_mut(&id).ok_or(StoreError::Conflict)?;
        if oldest > feed.meta.head.next() {
            return Err(StoreError::Conflict);
        }
        if oldest > feed.meta.oldest {
            feed.meta.oldest = oldest;
            feed.rows = feed.rows.split_off(&oldest);
            feed.erased_edits = feed.erased_edits.split_off(&oldest);
            self.index.trim(id, oldest);
            self.files.trim(id, oldest);
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
    pub(super) fn begin(id: FeedId, epoch: Epoch) -> Self {
        let meta = FeedMeta {
            epoch,
            head: Seq::ZERO,
            chain: chain_start(id, epoch),
            ordinal: Ordinal(0),
            at: Timestamp(0),
            oldest: Seq(1),
        };
        Self { meta, snapshot: None, rows: BTreeMap::new(), keys: BTreeMap::new(), erased_edits: BTreeMap::new() }
    }

    fn check(&self, append: &Append) -> StoreResult<()> {
        let is_taken = |row: &Row| row.event.key != ZERO && self.keys.contains_key(&(row.event.by, row.event.key));
        let conflict =
            self.meta.head != append.expected_head || has_double_key(&append.rows) || append.rows.iter().any(is_taken);
        if conflict {
            return Err(StoreError::Conflict);
        }
        append.erase.iter().try_for_each(|seq| self.check_erasable(*seq))
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

/// The key of what the server itself does.
const ZERO: MessageKey = MessageKey([0; 16]);
