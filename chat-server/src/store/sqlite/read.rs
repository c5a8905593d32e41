//! Queries. What contradicts its own digest or chain is reported, never handed out.

use chat_proto::codec::{decode as decode_bytes, encode};
use chat_proto::event::{Erased, ErasedFor};
use chat_proto::{AccountId, Chain, DeviceId, Epoch, Event, EventBody, FeedId, MessageKey, Ordinal, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};

use super::error::store_error;
use super::{feed_key, seal};
use crate::digest::{chain_next, digest};
use crate::store::{FeedMeta, Found, Loaded, Row, Snapshot, StoreError, StoreResult};

/// What an event is read from.
pub(crate) const EVENT_COLUMNS: &str = "seq, ordinal, at, by, device, key, kind, payload, salt, digest, chain";

/// The ends and the newest snapshot of a feed.
///
/// # Errors
/// [`StoreError::Corrupt`] where they contradict the newest event or their checksum. A damaged snapshot that can be made
/// again, because every event is kept, is left out instead.
pub(crate) fn load(db: &Connection, epoch: Epoch, feed: FeedId) -> StoreResult<Option<Loaded>> {
    let sql = "SELECT head, feed.chain, feed.ordinal, feed.at, oldest, base_chain, base_ordinal,
                      event.chain, event.ordinal, event.at
               FROM feed LEFT JOIN event ON event.feed = feed.id AND event.seq = feed.head WHERE feed.id = ?1";
    let key = feed_key(feed)?;
    let damaged = |what: &str| StoreError::Corrupt(format!("{feed}: {what}"));
    let ends = |row: &SqlRow<'_>| {
        let meta = FeedMeta {
            epoch,
            head: Seq(number(row, 0)?),
            chain: Chain(row.get(1)?),
            ordinal: Ordinal(number(row, 2)?),
            at: Timestamp(row.get(3)?),
            oldest: Seq(number(row, 4)?),
        };
        let is_right = if meta.head < meta.oldest {
            row.get::<_, [u8; 16]>(5)? == meta.chain.0 && number(row, 6)? == meta.ordinal.0
        } else {
            row.get::<_, Option<[u8; 16]>>(7)? == Some(meta.chain.0)
                && row.get::<_, Option<i64>>(8)? == Some(meta.ordinal.0.cast_signed())
                && row.get::<_, Option<i64>>(9)? == Some(meta.at.0)
        };
        Ok((meta, is_right))
    };
    let ends = db.prepare_cached(sql).and_then(|mut query| query.query_row([key], ends).optional());
    let Some((meta, is_right)) = ends.map_err(|error| store_error(&error))? else {
        return Ok(None);
    };
    if !is_right {
        return Err(damaged("its head is not its newest event"));
    }
    let snapshot = match snapshot(db, key).map_err(|error| store_error(&error))? {
        Some((_, false)) if meta.oldest > Seq(1) => return Err(damaged("its snapshot is not the one that was saved")),
        Some((_, false)) => {
            tracing::warn!(feed = key, "a damaged snapshot is not used");
            None
        }
        Some((snapshot, true)) => Some(snapshot),
        None => None,
    };
    Ok(Some(Loaded { meta, snapshot }))
}

/// The snapshot of a feed, and whether it is as it was saved.
pub(crate) fn snapshot(db: &Connection, feed: i64) -> rusqlite::Result<Option<(Snapshot, bool)>> {
    let mut query = db.prepare_cached("SELECT seq, version, bytes, digest FROM snapshot WHERE feed = ?1")?;
    let snapshot = query.query_row([feed], |row| {
        let snapshot = Snapshot { seq: Seq(number(row, 0)?), version: row.get(1)?, bytes: row.get(2)? };
        let is_right = seal::snapshot(feed, &snapshot) == row.get::<_, [u8; 16]>(3)?;
        Ok((snapshot, is_right))
    });
    snapshot.optional()
}

/// Up to `limit` rows from `from` on.
pub(crate) fn read(db: &Connection, feed: FeedId, from: Seq, limit: usize) -> StoreResult<Vec<Row>> {
    let sql = format!("SELECT {EVENT_COLUMNS} FROM event WHERE feed = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3");
    let rows = page(db, &sql, feed, from, limit)?;
    check_chain(feed, &rows)?;
    Ok(rows)
}

/// The last `limit` rows before `before`.
pub(super) fn read_back(db: &Connection, feed: FeedId, before: Seq, limit: usize) -> StoreResult<Vec<Row>> {
    let sql = format!("SELECT {EVENT_COLUMNS} FROM event WHERE feed = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3");
    let mut rows = page(db, &sql, feed, before, limit)?;
    rows.reverse();
    check_chain(feed, &rows)?;
    Ok(rows)
}

fn page(db: &Connection, sql: &str, feed: FeedId, bound: Seq, limit: usize) -> StoreResult<Vec<Row>> {
    let failed = |error: rusqlite::Error| store_error(&error);
    let mut query = db.prepare_cached(sql).map_err(failed)?;
    let bound = i64::try_from(bound.0).unwrap_or(i64::MAX);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut found = query.query(params![feed_key(feed)?, bound, limit]).map_err(failed)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(failed)? {
        rows.push(decode(feed, row)?);
    }
    Ok(rows)
}

/// The row of a query that begins with [`EVENT_COLUMNS`].
///
/// # Errors
/// [`StoreError::Corrupt`] for what does not have the digest it should have, or is no event.
pub(super) fn decode(feed: FeedId, row: &SqlRow<'_>) -> StoreResult<Row> {
    let seq = Seq(number(row, 0).map_err(|error| store_error(&error))?);
    let at = |error: StoreError| match error {
        StoreError::Corrupt(reason) => StoreError::Corrupt(format!("{feed} seq {seq}: {reason}")),
        other @ (StoreError::Conflict | StoreError::Full | StoreError::Io(_)) => other,
    };
    let (row, payload_digest) = columns(seq, row).map_err(at)?;
    if row.digest != payload_digest {
        return Err(at(StoreError::Corrupt("the body is not the one that was stored".to_owned())));
    }
    Ok(row)
}

/// The row of a query as [`decode`] takes it, and the digest that its body has; for one that was erased, the digest it had.
///
/// # Errors
/// [`StoreError::Corrupt`] for what is no event.
pub(crate) fn columns(seq: Seq, row: &SqlRow<'_>) -> StoreResult<(Row, [u8; 32])> {
    let failed = |error: rusqlite::Error| store_error(&error);
    let kind: u16 = row.get(6).map_err(failed)?;
    let salt = row.get_ref(8).map_err(failed)?;
    let salt = salt.as_blob().map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let (salt, behind) =
        salt.split_first_chunk::<16>().ok_or_else(|| StoreError::Corrupt("the salt is too short".to_owned()))?;
    let salt = *salt;
    let payload = row.get_ref(7).map_err(failed)?;
    let payload = payload.as_blob().map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let digest_kept: [u8; 32] = row.get(9).map_err(failed)?;
    let is_erased = payload.is_empty() && salt == [0; 16] && EventBody::may_be_erased(kind);
    let (body, digest) = if is_erased {
        (erased(kind, behind)?, digest_kept)
    } else {
        let body = EventBody::from_payload(kind, payload).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let digest = match behind {
            [] => digest(&salt, kind, payload),
            sum if salt == [0; 16] && *sum == seal::emptied(payload) => digest_kept,
            _ => return Err(StoreError::Corrupt("the body is not the one that was stored".to_owned())),
        };
        (body, digest)
    };
    let event = Event {
        seq,
        ordinal: Ordinal(number(row, 1).map_err(failed)?),
        at: Timestamp(row.get(2).map_err(failed)?),
        by: AccountId(number(row, 3).map_err(failed)?),
        device: DeviceId(number(row, 4).map_err(failed)?),
        key: MessageKey(row.get(5).map_err(failed)?),
        body,
    };
    let chain = Chain(row.get(10).map_err(failed)?);
    Ok((Row { event, salt, digest: digest_kept, chain }, digest))
}

/// What is kept in the place of the salt of a body that is removed: zeros, and behind them who could see it if that were only
/// some.
pub(super) fn erased_salt(body: &EventBody) -> Vec<u8> {
    let mut kept = vec![0; 16];
    kept.extend(body.visible_to().map(|accounts| encode(&accounts.to_vec())).unwrap_or_default());
    kept
}

/// What is kept in the place of the salt of a message whose words were replaced: zeros, and behind them a checksum of what is
/// left, for the digest is that of the words.
pub(super) fn emptied_salt(payload: &[u8]) -> Vec<u8> {
    [[0; 16], seal::emptied(payload)].concat()
}

/// The body of a row whose words were removed, from what [`erased_salt`] put behind its salt.
fn erased(kind: u16, audience: &[u8]) -> StoreResult<EventBody> {
    if audience.is_empty() {
        return Ok(Erased { kind }.into());
    }
    let visible_to = decode_bytes(audience).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(ErasedFor { kind, visible_to }.into())
}

/// Whether rows follow one another.
fn check_chain(feed: FeedId, rows: &[Row]) -> StoreResult<()> {
    for (before, row) in rows.iter().zip(rows.iter().skip(1)) {
        let follows =
            row.event.seq == before.event.seq.next() && row.chain == chain_next(&before.chain, &row.event, &row.digest);
        if !follows {
            let reason = format!("{feed} seq {}: it does not follow seq {}", row.event.seq, before.event.seq);
            return Err(StoreError::Corrupt(reason));
        }
    }
    Ok(())
}

/// What keys were used for, in the order asked.
pub(super) fn find(db: &Connection, feed: FeedId, keys: &[(AccountId, MessageKey)]) -> StoreResult<Vec<Option<Found>>> {
    let feed = feed_key(feed)?;
    let found = |(by, key): &(AccountId, MessageKey)| {
        if *key == MessageKey::default() {
            return Ok(None);
        }
        let kept = "SELECT seq, ordinal, at FROM event
                    WHERE feed = ?1 AND by = ?2 AND key = ?3 AND key <> x'00000000000000000000000000000000'";
        let trimmed = "SELECT seq, ordinal, at FROM trimmed_key WHERE feed = ?1 AND by = ?2 AND key = ?3";
        for sql in [kept, trimmed] {
            let mut query = db.prepare_cached(sql)?;
            let found = query.query_row(params![feed, by.0.cast_signed(), key.0], |row| {
                Ok(Found { seq: Seq(number(row, 0)?), ordinal: Ordinal(number(row, 1)?), at: Timestamp(row.get(2)?) })
            });
            if let Some(found) = found.optional()? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    };
    keys.iter().map(found).collect::<rusqlite::Result<_>>().map_err(|error| store_error(&error))
}

pub(super) fn number(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}
