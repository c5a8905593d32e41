//! One change to the database, within the transaction of its batch.

use chat_proto::{Epoch, EventBody, FeedId, MessageKey, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::{is_fatal, store_error};
use super::registry::register;
use super::search::{self, Indexing};
use super::{feed_key, files, seal};
use crate::store::{Append, KEY_KEPT_US, Registration, Row, Snapshot, StoreError};

/// What is to be changed.
#[derive(Debug)]
pub(super) enum Change {
    Append(Append),
    Register(Registration),
    SaveSnapshot(FeedId, Snapshot),
    Trim(FeedId, Seq, Timestamp),
    Index(Indexing),
}

impl Change {
    /// Whether it removes something for good.
    pub(super) fn removes(&self) -> bool {
        match self {
            Self::Append(append) => !append.erase.is_empty() || !append.replace.is_empty(),
            Self::Trim(..) => true,
            Self::Index(indexing) => indexing.removes(),
            Self::Register(_) | Self::SaveSnapshot(..) => false,
        }
    }
}

/// What a change needs beside the tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    /// The epoch of feeds that begin today.
    pub(super) epoch: Epoch,
    /// The greatest number an event was given.
    pub(super) events: u64,
}

/// Why a change was not made.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was refused before anything was written.
    Clean(StoreError),
    /// It was refused when some of it may have been written.
    Dirty(StoreError),
    /// No change can be made in this transaction any more.
    Engine(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        if is_fatal(&error) {
            return Self::Engine(error);
        }
        match store_error(&error) {
            StoreError::Full => Self::Engine(error),
            refused @ (StoreError::Conflict | StoreError::Corrupt(_) | StoreError::Io(_)) => Self::Dirty(refused),
        }
    }
}

/// Makes a change.
pub(super) fn apply(db: &Connection, numbers: &mut Numbers, change: &Change) -> Result<(), Failure> {
    match change {
        Change::Append(change) => append(db, numbers, change),
        Change::Register(change) => register(db, numbers.epoch, change),
        Change::SaveSnapshot(feed, snapshot) => save_snapshot(db, *feed, snapshot),
        Change::Trim(feed, oldest, now) => trim(db, *feed, *oldest, *now),
        Change::Index(indexing) => search::apply(db, indexing),
    }
}

fn append(db: &Connection, numbers: &mut Numbers, append: &Append) -> Result<(), Failure> {
    append.check().map_err(Failure::Clean)?;
    let feed = feed_key(append.feed).map_err(Failure::Clean)?;
    append.registrations.iter().try_for_each(|each| register(db, numbers.epoch, each))?;
    let (Some((head, oldest)), Some(last)) = (ends(db, feed)?, append.rows.last()) else {
        return Err(Failure::Dirty(StoreError::Conflict));
    };
    if head != append.expected_head {
        return Err(Failure::Dirty(StoreError::Conflict));
    }
    let event = &last.event;
    let sql = "UPDATE feed SET head = ?2, chain = ?3, ordinal = ?4, at = ?5 WHERE id = ?1";
    let ordinal = event.ordinal.0.cast_signed();
    db.prepare_cached(sql)?.execute(params![feed, event.seq.0.cast_signed(), last.chain.0, ordinal, event.at.0])?;
    let mut total = total_at(db, feed, head)?;
    for row in &append.rows {
        if oldest > Seq(1) && is_trimmed_key(db, feed, row)? {
            return Err(Failure::Dirty(StoreError::Conflict));
        }
        numbers.events += 1;
        total += insert(db, numbers.events, feed, row, total)?;
    }
    append.replace.iter().try_for_each(|seq| replace(db, feed, *seq))?;
    append.erase.iter().try_for_each(|seq| erase(db, feed, *seq))
}

/// The head and the oldest kept event of a feed.
fn ends(db: &Connection, feed: i64) -> rusqlite::Result<Option<(Seq, Seq)>> {
    let mut query = db.prepare_cached("SELECT head, oldest FROM feed WHERE id = ?1")?;
    let ends = query.query_row([feed], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).optional()?;
    Ok(ends.map(|(head, oldest)| (Seq(head.cast_unsigned()), Seq(oldest.cast_unsigned()))))
}

fn is_trimmed_key(db: &Connection, feed: i64, row: &Row) -> rusqlite::Result<bool> {
    if row.event.key == MessageKey::default() {
        return Ok(false);
    }
    let sql = "SELECT 1 FROM trimmed_key WHERE feed = ?1 AND by = ?2 AND key = ?3";
    db.prepare_cached(sql)?.exists(params![feed, row.event.by.0.cast_signed(), row.event.key.0])
}

/// Adds a row behind rows whose bodies have `before` bytes together, and says how many its own has.
fn insert(db: &Connection, id: u64, feed: i64, row: &Row, before: i64) -> rusqlite::Result<i64> {
    let event = &row.event;
    let sql =
        "INSERT INTO event (id, feed, seq, ordinal, at, by, device, key, kind, payload, salt, digest, chain, total)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    let payload = event.body.payload();
    let bytes = i64::try_from(payload.len()).unwrap_or(i64::MAX);
    db.prepare_cached(sql)?.execute(params![
        id.cast_signed(),
        feed,
        event.seq.0.cast_signed(),
        event.ordinal.0.cast_signed(),
        event.at.0,
        event.by.0.cast_signed(),
        event.device.0.cast_signed(),
        event.key.0,
        event.body.kind(),
        payload,
        row.salt,
        row.digest,
        row.chain.0,
        before + bytes,
    ])?;
    if let Some(target) = event.body.target() {
        let sql = "INSERT INTO annotation (feed, target, seq) VALUES (?1, ?2, ?3)";
        db.prepare_cached(sql)?.execute([feed, target.0.cast_signed(), event.seq.0.cast_signed()])?;
    }
    files::insert(db, feed, event)?;
    Ok(bytes)
}

/// Bytes of the bodies up to and including a row; 0 where it is not kept, for only kept rows are compared.
fn total_at(db: &Connection, feed: i64, seq: Seq) -> rusqlite::Result<i64> {
    let mut query = db.prepare_cached("SELECT total FROM event WHERE feed = ?1 AND seq = ?2")?;
    Ok(query.query_row([feed, seq.0.cast_signed()], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Removes the words of a message and of its edits: from their rows, and from the index. It carries no file any more.
fn erase(db: &Connection, feed: i64, seq: Seq) -> Result<(), Failure> {
    let sql = "SELECT id, kind, payload FROM event WHERE feed = ?1 AND seq = ?2 UNION ALL
               SELECT id, kind, payload FROM event WHERE feed = ?1 AND kind = ?3
               AND seq IN (SELECT seq FROM annotation WHERE feed = ?1 AND target = ?2)";
    let mut query = db.prepare_cached(sql)?;
    let found = query.query_map(params![feed, seq.0.cast_signed(), EventBody::EDITED], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, u16>(1)?, row.get::<_, Vec<u8>>(2)?))
    })?;
    for found in found {
        let (id, kind, payload) = found?;
        if !EventBody::may_be_erased(kind) {
            let refused = format!("feed {feed} seq {seq}: an event of kind {kind} has no words to remove");
            return Err(Failure::Dirty(StoreError::Corrupt(refused)));
        }
        if payload.is_empty() {
            continue;
        }
        let body = EventBody::from_payload(kind, &payload);
        let body = body.map_err(|e| Failure::Dirty(StoreError::Corrupt(format!("feed {feed} seq {seq}: {e}"))))?;
        let sql = "UPDATE event SET payload = x'', salt = ?2 WHERE id = ?1";
        db.prepare_cached(sql)?.execute(params![id, super::read::erased_salt(&body)])?;
        search::remove(db, id)?;
    }
    Ok(files::erase(db, feed, seq)?)
}

/// Removes the words that an edit replaces: those of its message, and those of the edits of it before. The index follows the edit.
fn replace(db: &Connection, feed: i64, edit: Seq) -> Result<(), Failure> {
    let edit = edit.0.cast_signed();
    let sql = "SELECT target FROM annotation WHERE feed = ?1 AND seq = ?2";
    let target: i64 = db.prepare_cached(sql)?.query_row([feed, edit], |row| row.get(0))?;
    let sql = "SELECT id, kind, payload FROM event WHERE feed = ?1 AND length(payload) > 0 AND (seq = ?2 OR kind = ?4
               AND seq IN (SELECT seq FROM annotation WHERE feed = ?1 AND target = ?2 AND seq < ?3))";
    let mut query = db.prepare_cached(sql)?;
    let found = query.query_map(params![feed, target, edit, EventBody::EDITED], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, u16>(1)?, row.get::<_, Vec<u8>>(2)?))
    })?;
    for found in found {
        let (id, kind, payload) = found?;
        let body = EventBody::from_payload(kind, &payload);
        let body = body.map_err(|e| Failure::Dirty(StoreError::Corrupt(format!("feed {feed} seq {target}: {e}"))))?;
        let (payload, salt) = if EventBody::is_message_kind(kind) {
            let payload = body.emptied().payload();
            let salt = super::read::emptied_salt(&payload);
            (payload, salt)
        } else {
            (Vec::new(), super::read::erased_salt(&body))
        };
        let sql = "UPDATE event SET payload = ?2, salt = ?3 WHERE id = ?1";
        db.prepare_cached(sql)?.execute(params![id, payload, salt])?;
    }
    Ok(())
}

fn save_snapshot(db: &Connection, feed: FeedId, snapshot: &Snapshot) -> Result<(), Failure> {
    let feed = feed_key(feed).map_err(Failure::Clean)?;
    let sql =
        "INSERT INTO snapshot (feed, seq, version, bytes, digest) SELECT id, ?2, ?3, ?4, ?5 FROM feed WHERE id = ?1
               ON CONFLICT (feed) DO UPDATE SET
               seq = excluded.seq, version = excluded.version, bytes = excluded.bytes, digest = excluded.digest";
    let (seq, digest) = (snapshot.seq.0.cast_signed(), seal::snapshot(feed, snapshot));
    match db.prepare_cached(sql)?.execute(params![feed, seq, snapshot.version, snapshot.bytes, digest])? {
        0 => Err(Failure::Clean(StoreError::Conflict)),
        _ => Ok(()),
    }
}

fn trim(db: &Connection, id: FeedId, oldest: Seq, now: Timestamp) -> Result<(), Failure> {
    let feed = feed_key(id).map_err(Failure::Clean)?;
    let Some((head, kept)) = ends(db, feed)? else {
        return Err(Failure::Clean(StoreError::Conflict));
    };
    if oldest > head.next() {
        return Err(Failure::Clean(StoreError::Conflict));
    }
    if oldest > kept {
        let bounds = params![feed, oldest.0.cast_signed()];
        let sql = "INSERT INTO trimmed_key (feed, by, key, seq, ordinal, at, trimmed_at)
                   SELECT feed, by, key, seq, ordinal, at, ?3 FROM event
                   WHERE feed = ?1 AND seq < ?2 AND key <> x'00000000000000000000000000000000'";
        db.prepare_cached(sql)?.execute(params![feed, oldest.0.cast_signed(), now.0])?;
        let sql = "UPDATE feed SET oldest = ?2, base_chain = base.chain, base_ordinal = base.ordinal
                   FROM (SELECT chain, ordinal FROM event WHERE feed = ?1 AND seq = ?2 - 1) AS base WHERE id = ?1";
        if db.prepare_cached(sql)?.execute(bounds)? == 0 {
            let missing = format!("feed {feed}: no row at seq {}", oldest.prev());
            return Err(Failure::Dirty(StoreError::Corrupt(missing)));
        }
        search::trim(db, id, oldest)?;
        files::trim(db, feed, oldest)?;
        db.prepare_cached("DELETE FROM annotation WHERE feed = ?1 AND target < ?2")?.execute(bounds)?;
        db.prepare_cached("DELETE FROM event WHERE feed = ?1 AND seq < ?2")?.execute(bounds)?;
    }
    let expired = now.0.saturating_sub(KEY_KEPT_US);
    db.prepare_cached("DELETE FROM trimmed_key WHERE trimmed_at < ?1")?.execute([expired])?;
    Ok(())
}
