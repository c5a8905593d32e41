//! Files that are kept: a row for each message that carries one, and for each that was sent and is not carried yet.

use chat_proto::limits::FILE_COUNTED_BYTES_MIN;
use chat_proto::{AccountId, Event, FileHash, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::store_error;
use super::read::number;
use crate::store::files::{FileClaim, FileStanding, carried};
use crate::store::{StoreError, StoreResult};

/// Notes the file a message carries. What its author had sent for it is taken by that.
pub(super) fn insert(db: &Connection, feed: i64, event: &Event) -> rusqlite::Result<()> {
    let Some((file, own)) = carried(event) else { return Ok(()) };
    let (seq, account, size) = (event.seq.0.cast_signed(), event.by.0.cast_signed(), file.size.cast_signed());
    let sql = "INSERT INTO file_use (feed, seq, account, hash, size, own) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    db.prepare_cached(sql)?.execute(params![feed, seq, account, file.hash.0, size, own])?;
    let sql = "DELETE FROM file_claim WHERE account = ?1 AND hash = ?2";
    db.prepare_cached(sql)?.execute(params![account, file.hash.0]).map(drop)
}

/// A message carries its file no more.
pub(super) fn erase(db: &Connection, feed: i64, seq: Seq) -> rusqlite::Result<()> {
    let sql = "DELETE FROM file_use WHERE feed = ?1 AND seq = ?2";
    db.prepare_cached(sql)?.execute([feed, seq.0.cast_signed()]).map(drop)
}

/// The messages of a feed before a seq carry their files no more.
pub(super) fn trim(db: &Connection, feed: i64, oldest: Seq) -> rusqlite::Result<()> {
    let sql = "DELETE FROM file_use WHERE feed = ?1 AND seq < ?2";
    db.prepare_cached(sql)?.execute([feed, oldest.0.cast_signed()]).map(drop)
}

/// Keeps a file for an account, until a message carries it.
pub(super) fn claim(db: &Connection, claim: &FileClaim) -> rusqlite::Result<()> {
    let sql = "INSERT INTO file_claim (account, hash, size, at) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (account, hash) DO UPDATE SET at = excluded.at";
    let (account, size) = (claim.account.0.cast_signed(), claim.size.cast_signed());
    db.prepare_cached(sql)?.execute(params![account, claim.hash.0, size, claim.at.0]).map(drop)
}

/// Keeps no file any more that was sent before a time and that no message carries.
pub(super) fn drop_claims(db: &Connection, before: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM file_claim WHERE at < ?1")?.execute([before.0]).map(drop)
}

/// How a file stands for an account.
pub(super) fn standing(db: &Connection, account: AccountId, hash: FileHash) -> StoreResult<FileStanding> {
    let read = || {
        let account = account.0.cast_signed();
        let sql = "SELECT size FROM file_claim WHERE account = ?1 AND hash = ?2
                   UNION ALL SELECT size FROM file_use WHERE account = ?1 AND hash = ?2 AND own";
        let mut held = db.prepare_cached(sql)?;
        let held = held.query_row(params![account, hash.0], |row| number(row, 0)).optional()?;
        let sql = "SELECT coalesce(sum(counted), 0), coalesce(sum(counted) FILTER (WHERE account = ?1), 0) FROM
                       (SELECT account, hash, max(size, ?2) AS counted FROM file_use
                        UNION SELECT account, hash, max(size, ?2) FROM file_claim)";
        let least = FILE_COUNTED_BYTES_MIN.cast_signed();
        let mut sums = db.prepare_cached(sql)?;
        let sums = sums.query_row(params![account, least], |row| Ok((number(row, 0)?, number(row, 1)?)))?;
        Ok(FileStanding { held, total_bytes: sums.0, account_bytes: sums.1 })
    };
    read().map_err(|error: rusqlite::Error| store_error(&error))
}

/// Those of some files that are kept for nobody.
pub(super) fn unkept(db: &Connection, hashes: Vec<FileHash>) -> StoreResult<Vec<FileHash>> {
    let sql = "SELECT 1 FROM file_use WHERE hash = ?1 UNION ALL SELECT 1 FROM file_claim WHERE hash = ?1";
    let failed = |error: rusqlite::Error| -> StoreError { store_error(&error) };
    let mut query = db.prepare_cached(sql).map_err(failed)?;
    let mut unkept = Vec::new();
    for hash in hashes {
        if !query.exists([hash.0]).map_err(failed)? {
            unkept.push(hash);
        }
    }
    Ok(unkept)
}
