//! Rows by what they are about, who wrote them and what they are; and how far back a feed is kept.

use std::ops::RangeInclusive;

use chat_proto::{AccountId, FeedId, Ordinal, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::error::store_error;
use super::feed_key;
use super::read::{EVENT_COLUMNS, decode, number};
use crate::store::keep::Standing;
use crate::store::{Keep, Row, StoreError, StoreResult};

/// Rows about events of a range.
pub(super) fn annotations(
    db: &Connection,
    feed: FeedId,
    targets: &RangeInclusive<Seq>,
    after: Seq,
    limit: usize,
) -> StoreResult<Vec<Row>> {
    let sql = format!(
        "SELECT {EVENT_COLUMNS} FROM event WHERE feed = ?1 AND seq IN
             (SELECT seq FROM annotation WHERE feed = ?1 AND target BETWEEN ?2 AND ?3 AND seq > ?4)
         ORDER BY seq LIMIT ?5"
    );
    rows(db, &sql, feed, [targets.start().0, targets.end().0, after.0, limit as u64])
}

/// Messages of an author whose words are there, newest first.
pub(super) fn by_author(
    db: &Connection,
    feed: FeedId,
    author: AccountId,
    before: Seq,
    limit: usize,
) -> StoreResult<Vec<Seq>> {
    let sql = "SELECT seq FROM event INDEXED BY event_key
               WHERE feed = ?1 AND by = ?2 AND key <> x'00000000000000000000000000000000' AND seq < ?3
               AND kind IN (4, 5) AND length(payload) > 0 ORDER BY seq DESC LIMIT ?4";
    let bounds = params![feed_key(feed)?, author.0.cast_signed(), bound(before.0), bound(limit as u64)];
    let seqs = db
        .prepare_cached(sql)
        .and_then(|mut query| query.query_map(bounds, |row| number(row, 0).map(Seq))?.collect::<rusqlite::Result<_>>());
    seqs.map_err(|error| store_error(&error))
}

/// Rows of kinds that are no messages, newest first.
pub(super) fn of_kinds(
    db: &Connection,
    feed: FeedId,
    kinds: &[u16],
    before: Seq,
    limit: usize,
) -> StoreResult<Vec<Row>> {
    let listed: Vec<String> = kinds.iter().map(u16::to_string).collect();
    let sql = format!(
        "SELECT {EVENT_COLUMNS} FROM event WHERE feed = ?1 AND kind IN ({}) AND kind NOT IN (4, 5) AND kind < 100
         AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
        listed.join(", ")
    );
    rows(db, &sql, feed, [before.0, limit as u64])
}

/// Rows that need not follow one another.
fn rows<const N: usize>(db: &Connection, sql: &str, feed: FeedId, bounds: [u64; N]) -> StoreResult<Vec<Row>> {
    let failed = |error: rusqlite::Error| store_error(&error);
    let mut query = db.prepare_cached(sql).map_err(failed)?;
    let bounds = [feed_key(feed)?].into_iter().chain(bounds.map(bound));
    let mut found = query.query(params_from_iter(bounds)).map_err(failed)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(failed)? {
        rows.push(decode(feed, row)?);
    }
    Ok(rows)
}

fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The oldest event to be kept: what is kept is never older than what is not, so halving finds where it begins.
pub(super) fn cut(db: &Connection, id: FeedId, keep: Keep, now: Timestamp) -> StoreResult<Seq> {
    let failed = |error: rusqlite::Error| store_error(&error);
    let feed = feed_key(id)?;
    let ends = db.prepare_cached("SELECT head, oldest FROM feed WHERE id = ?1").and_then(|mut query| {
        query.query_row([feed], |row| Ok((Seq(number(row, 0)?), Seq(number(row, 1)?)))).optional()
    });
    let Some((head, oldest)) = ends.map_err(failed)? else { return Err(StoreError::Conflict) };
    let standing = |seq: Seq| standing(db, feed, seq).map_err(failed);
    let Some(newest) = standing(head)? else { return Ok(head.next()) };
    let (mut low, mut high) = (oldest, head.next());
    while low < high {
        let middle = Seq(low.0.midpoint(high.0));
        let Some(event) = standing(middle)? else {
            return Err(StoreError::Corrupt(format!("{id} seq {middle}: it is missing")));
        };
        (low, high) = if keep.keeps(event, newest, now) { (low, middle) } else { (middle.next(), high) };
    }
    Ok(low)
}

fn standing(db: &Connection, feed: i64, seq: Seq) -> rusqlite::Result<Option<Standing>> {
    let sql = "SELECT ordinal, at, length(payload), total FROM event WHERE feed = ?1 AND seq = ?2";
    let standing = db.prepare_cached(sql)?.query_row([feed, seq.0.cast_signed()], |row| {
        let (ordinal, at) = (Ordinal(number(row, 0)?), Timestamp(row.get(1)?));
        Ok(Standing { ordinal, at, bytes: number(row, 2)?, total: number(row, 3)? })
    });
    standing.optional()
}
