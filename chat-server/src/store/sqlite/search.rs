//! The index of messages: an FTS5 table with a row for each, under the number of its event, which grows with every event
//! that is committed. So the order of the rows is the order of commits, and one watermark is enough for all rooms.
//!
//! The table keeps the folded words it was given. With them FTS5 can take a row out of the index at once; an index without
//! content would only note that it is gone.

use std::collections::BTreeSet;

use chat_proto::{FeedId, RoomId, Seq};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};

use super::error::store_error;
use super::feed_key;
use super::read::{self, EVENT_COLUMNS, number};
use super::write::Failure;
use crate::core::search::{Change, Clause, Doc, Find, Mark, change};
use crate::store::search::{LOOKS_MAX, Match, Matches};
use crate::store::{Row, StoreError, StoreResult};

/// What a run of events means for the index.
#[derive(Debug)]
pub(super) struct Indexing {
    /// The watermark it was read behind.
    from: i64,
    /// The watermark when it is done.
    to: i64,
    /// Events behind that.
    pub(super) behind: u64,
    changes: Vec<Indexed>,
}

impl Indexing {
    /// Whether words leave the index by it.
    pub(super) fn removes(&self) -> bool {
        self.changes.iter().any(|each| matches!(each.change, Change::Reword { .. } | Change::Remove(_)))
    }
}

/// What one event means for the index.
#[derive(Debug)]
struct Indexed {
    event: i64,
    feed: i64,
    seq: Seq,
    change: Change,
}

/// Reads what follows the watermark; nothing if nothing does.
pub(super) fn prepare(db: &Connection, limit: usize) -> StoreResult<Option<Indexing>> {
    let failed = |error: rusqlite::Error| store_error(&error);
    let ends = db
        .prepare_cached("SELECT indexed, events FROM meta")
        .and_then(|mut query| query.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))));
    let (from, last) = ends.map_err(failed)?;
    if from >= last {
        return Ok(None);
    }
    let sql = format!(
        "SELECT {EVENT_COLUMNS}, id, feed FROM event WHERE id > ?1 AND id <= ?2 AND feed % 2 = 0 ORDER BY id LIMIT ?3"
    );
    let mut query = db.prepare_cached(&sql).map_err(failed)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = query.query(params![from, last, limit]).map_err(failed)?;
    let (mut changes, mut seen, mut to) = (Vec::new(), 0, from);
    while let Some(row) = rows.next().map_err(failed)? {
        let (event, feed): (i64, i64) = (row.get(11).map_err(failed)?, row.get(12).map_err(failed)?);
        (seen, to) = (seen + 1, event);
        changes.extend(meaning(event, feed, row)?);
    }
    if seen < limit {
        to = last;
    }
    Ok(Some(Indexing { from, to, behind: (last - to).cast_unsigned(), changes }))
}

/// What an event means. One that is damaged is left out: reading the room says so, and the others can still be found.
fn meaning(event: i64, feed: i64, row: &SqlRow<'_>) -> StoreResult<Option<Indexed>> {
    let room = RoomId((feed / 2).cast_unsigned());
    match read::decode(FeedId::Room(room), row) {
        Ok(Row { event: body, .. }) => {
            Ok(change(room, &body).map(|change| Indexed { event, feed, seq: body.seq, change }))
        }
        Err(StoreError::Corrupt(reason)) => {
            tracing::warn!(reason, "a damaged event is not indexed");
            Ok(None)
        }
        Err(other @ (StoreError::Conflict | StoreError::Full | StoreError::Io(_))) => Err(other),
    }
}

/// Brings the index to where a run of events ends. What was erased since it was read is not indexed.
pub(super) fn apply(db: &Connection, indexing: &Indexing) -> Result<(), Failure> {
    let sql = "UPDATE meta SET indexed = ?2 WHERE indexed = ?1";
    if db.prepare_cached(sql)?.execute([indexing.from, indexing.to])? == 0 {
        return Err(Failure::Clean(StoreError::Conflict));
    }
    for Indexed { event, feed, seq, change } in &indexing.changes {
        match change {
            Change::Add(doc) if is_kept(db, *event)? => add(db, *event, doc)?,
            Change::Add(_) => {}
            Change::Reword { target, doc } if is_kept(db, *event)? => {
                alter(db, *feed, *target, |found| {
                    found.doc.reword(doc.clone());
                    found.reworded = Some(*seq);
                })?;
            }
            Change::Reword { .. } => {}
            Change::Mark { target, mark, on } => alter(db, *feed, *target, |found| found.doc.mark(*mark, *on))?,
            Change::Remove(target) => {
                if let Some(event) = event_at(db, *feed, *target)? {
                    remove(db, event)?;
                }
            }
        }
    }
    Ok(())
}

/// Whether an event is there with its body.
fn is_kept(db: &Connection, event: i64) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM event WHERE id = ?1 AND length(payload) > 0")?.exists([event])
}

fn event_at(db: &Connection, feed: i64, seq: Seq) -> rusqlite::Result<Option<i64>> {
    let mut query = db.prepare_cached("SELECT id FROM event WHERE feed = ?1 AND seq = ?2")?;
    query.query_row([feed, seq.0.cast_signed()], |row| row.get(0)).optional()
}

fn add(db: &Connection, event: i64, doc: &Doc) -> rusqlite::Result<()> {
    let sql = "INSERT INTO search (rowid, words, marks, reworded) VALUES (?1, ?2, ?3, NULL)";
    let marks: Vec<&str> = doc.marks.iter().map(String::as_str).collect();
    db.prepare_cached(sql)?.execute(params![event, doc.words.join(" "), marks.join(" ")])?;
    Ok(())
}

/// Takes a message out of the index.
pub(super) fn remove(db: &Connection, event: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([event]).map(drop)
}

/// A message as it stands in the index.
#[derive(Debug)]
struct Found {
    doc: Doc,
    reworded: Option<Seq>,
}

/// Changes a message that is in the index.
fn alter(db: &Connection, feed: i64, target: Seq, alter: impl FnOnce(&mut Found)) -> rusqlite::Result<()> {
    let Some(event) = event_at(db, feed, target)? else { return Ok(()) };
    let words_of = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut query = db.prepare_cached("SELECT words, marks, reworded FROM search WHERE rowid = ?1")?;
    let found = query.query_row([event], |row| {
        let marks: BTreeSet<String> = words_of(row.get(1)?).into_iter().collect();
        let reworded = row.get::<_, Option<i64>>(2)?.map(|seq| Seq(seq.cast_unsigned()));
        Ok(Found { doc: Doc { words: words_of(row.get(0)?), marks }, reworded })
    });
    let Some(mut found) = found.optional()? else { return Ok(()) };
    alter(&mut found);
    let marks: Vec<&str> = found.doc.marks.iter().map(String::as_str).collect();
    let reworded = found.reworded.map(|seq| seq.0.cast_signed());
    let sql = "UPDATE search SET words = ?2, marks = ?3, reworded = ?4 WHERE rowid = ?1";
    db.prepare_cached(sql)?.execute(params![event, found.doc.words.join(" "), marks.join(" "), reworded])?;
    Ok(())
}

/// Messages before a place, newest first.
pub(super) fn search(db: &Connection, find: &Find, before: u64, limit: usize) -> StoreResult<Matches> {
    let failed = |error: rusqlite::Error| store_error(&error);
    let behind = db
        .prepare_cached("SELECT events - indexed FROM meta")
        .and_then(|mut query| query.query_row([], |row| number(row, 0)))
        .map_err(failed)?;
    let sql = "SELECT search.rowid, event.feed, event.seq, event.at, search.reworded
               FROM search CROSS JOIN event ON event.id = search.rowid
               WHERE search MATCH ?1 AND search.rowid < ?2 ORDER BY search.rowid DESC";
    let mut query = db.prepare_cached(sql).map_err(failed)?;
    let before = i64::try_from(before).unwrap_or(i64::MAX);
    let mut rows = query.query(params![expression(find), before]).map_err(failed)?;
    let mut matches = Matches { behind, ..Matches::default() };
    for _ in 0..LOOKS_MAX {
        if matches.found.len() == limit {
            return Ok(matches);
        }
        let Some(row) = rows.next().map_err(failed)? else {
            matches.next = None;
            return Ok(matches);
        };
        let place = number(row, 0).map_err(failed)?;
        matches.next = Some(place);
        if find.is_in_time(chat_proto::Timestamp(row.get(3).map_err(failed)?)) {
            let room = RoomId(number(row, 1).map_err(failed)? / 2);
            let (seq, reworded) = (Seq(number(row, 2).map_err(failed)?), row.get::<_, Option<i64>>(4).map_err(failed)?);
            let event_of = |seq: Seq| read::read(db, FeedId::Room(room), seq, 1).map(|rows| rows.into_iter().next());
            if let Some(Row { event, .. }) = event_of(seq)? {
                let reworded = reworded.map(|seq| event_of(Seq(seq.cast_unsigned()))).transpose()?.flatten();
                matches.found.push(Match { place, room, event, reworded: reworded.map(|row| row.event) });
            }
        }
    }
    Ok(matches)
}

/// A query in the language of FTS5 (<https://www.sqlite.org/fts5.html>, 3). Whatever came from outside is in quotes.
fn expression(find: &Find) -> String {
    let clause = |clause: &Clause| match clause {
        Clause::Words(words) => format!("words : {}", quoted(&words.join(" "))),
        Clause::Mark(mark) => format!("marks : {}", quoted(&mark.word())),
    };
    let mut all: Vec<String> = find.all.iter().map(clause).collect();
    if all.is_empty() {
        all.push(format!("marks : {}", quoted(&Mark::Message.word())));
    }
    let none: Vec<String> = find.none.iter().map(clause).collect();
    let all = all.join(" AND ");
    if none.is_empty() { all } else { format!("({all}) NOT ({})", none.join(" OR ")) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Takes the messages of a feed before a seq out of the index.
pub(super) fn trim(db: &Connection, feed: FeedId, oldest: Seq) -> Result<(), Failure> {
    let FeedId::Room(_) = feed else { return Ok(()) };
    let feed = feed_key(feed).map_err(Failure::Clean)?;
    let sql = "DELETE FROM search WHERE rowid IN (SELECT id FROM event WHERE feed = ?1 AND seq < ?2)";
    db.prepare_cached(sql)?.execute([feed, oldest.0.cast_signed()])?;
    Ok(())
}
