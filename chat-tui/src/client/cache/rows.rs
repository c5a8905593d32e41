//! Rows of the cache: how each change is written, and how each row is read.

use std::collections::BTreeSet;

use chat_proto::{Epoch, Event, FeedId, Ordinal, Position, RoomId, Seq, codec};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{Change, KIND_ACCOUNT, KIND_ROOM, META_ACCOUNT, META_FOCUS, META_NAME};
use crate::client::folds::Erasure;
use crate::client::view::RoomView;

pub(super) fn apply(
    transaction: &Transaction<'_>,
    change: &Change,
    grown: &mut BTreeSet<RoomId>,
) -> Result<(), rusqlite::Error> {
    match change {
        Change::Me(me) => {
            set_meta(transaction, META_ACCOUNT, &me.account.0.to_le_bytes())?;
            set_meta(transaction, META_NAME, me.name.as_bytes())
        }
        Change::Focus(room) => set_meta(transaction, META_FOCUS, &room.0.to_le_bytes()),
        Change::Room(room, view) => write_room(transaction, *room, view),
        Change::NoRoom(room) => {
            transaction.prepare_cached("DELETE FROM room WHERE room = ?1")?.execute([id(*room)])?;
            forget(transaction, FeedId::Room(*room))
        }
        Change::Position(position) => write_position(transaction, position),
        Change::Forget(feed) => forget(transaction, *feed),
        Change::Events(events) => match events.feed {
            FeedId::Room(room) => {
                grown.insert(room);
                write_events(transaction, room, &events.events)?;
                events.events.iter().filter_map(Erasure::of).try_for_each(|erasure| strike(transaction, room, erasure))
            }
            FeedId::Account(_) => write_choices(transaction, &events.events),
        },
        Change::Page(page) => {
            let current: Option<i64> = transaction
                .prepare_cached("SELECT epoch FROM room WHERE room = ?1")?
                .query_row([id(page.room)], |row| row.get(0))
                .optional()?;
            if current == Some(page.epoch.0.cast_signed()) {
                write_events(transaction, page.room, &page.events)?;
                grown.insert(page.room);
            }
            Ok(())
        }
    }
}

pub(super) fn set_meta(transaction: &Transaction<'_>, key: i64, value: &[u8]) -> Result<(), rusqlite::Error> {
    let mut statement = transaction.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?;
    statement.execute(params![key, value]).map(|_| ())
}

pub(super) fn write_events(
    transaction: &Transaction<'_>,
    room: RoomId,
    events: &[Event],
) -> Result<(), rusqlite::Error> {
    let mut statement =
        transaction.prepare_cached("INSERT OR REPLACE INTO event (room, seq, bytes) VALUES (?1, ?2, ?3)")?;
    for event in events {
        statement.execute(params![id(room), event.seq.0.cast_signed(), codec::encode(event)])?;
    }
    Ok(())
}

/// Removes the words of what is kept that were removed for good.
fn strike(transaction: &Transaction<'_>, room: RoomId, erasure: Erasure) -> Result<(), rusqlite::Error> {
    let (from, to) = erasure.within();
    let mut struck = Vec::new();
    let mut statement =
        transaction.prepare_cached("SELECT seq, bytes FROM event WHERE room = ?1 AND seq BETWEEN ?2 AND ?3")?;
    let mut rows = statement.query(params![id(room), from.0.cast_signed(), i64::try_from(to.0).unwrap_or(i64::MAX)])?;
    while let Some(row) = rows.next()? {
        struck.extend(event_of_row(row)?.and_then(|mut event| erasure.strike(&mut event).then_some(event)));
    }
    write_events(transaction, room, &struck)
}

/// Keeps what a person set for himself. The newest of each key counts: another process may be ahead.
fn write_choices(transaction: &Transaction<'_>, events: &[Event]) -> Result<(), rusqlite::Error> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO choice (key, seq, bytes) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET seq = excluded.seq, bytes = excluded.bytes WHERE excluded.seq > seq",
    )?;
    for event in events.iter().filter(|event| event.body.choice_fact().is_some()) {
        if let Some(key) = event.body.compaction_key() {
            statement.execute(params![codec::encode(&key), event.seq.0.cast_signed(), codec::encode(event)])?;
        }
    }
    Ok(())
}

pub(super) fn write_room(transaction: &Transaction<'_>, room: RoomId, view: &RoomView) -> Result<(), rusqlite::Error> {
    let mentions: Vec<u8> = view.mentions.iter().flat_map(|seq| seq.0.to_le_bytes()).collect();
    let numbers = [view.epoch.0, view.head.0, view.head_ordinal.0, view.oldest.0, view.read.0, view.read_ordinal.0]
        .map(u64::cast_signed);
    transaction
        .prepare_cached("INSERT OR REPLACE INTO room VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?
        .execute(params![
            id(room),
            view.name,
            view.member,
            numbers[0],
            numbers[1],
            numbers[2],
            numbers[3],
            numbers[4],
            numbers[5],
            mentions,
            view.others.join("\n"),
        ])
        .map(|_| ())
}

pub(super) fn room_of_row(row: &Row<'_>) -> Result<(RoomId, RoomView), rusqlite::Error> {
    let number = |column: usize| row.get(column).map(i64::cast_unsigned);
    let (mentions, others): (Vec<u8>, String) = (row.get(9)?, row.get(10)?);
    let view = RoomView {
        name: row.get(1)?,
        member: row.get(2)?,
        epoch: Epoch(number(3)?),
        head: Seq(number(4)?),
        head_ordinal: Ordinal(number(5)?),
        oldest: Seq(number(6)?),
        read: Seq(number(7)?),
        read_ordinal: Ordinal(number(8)?),
        mentions: mentions.as_chunks::<8>().0.iter().map(|bytes| Seq(u64::from_le_bytes(*bytes))).collect(),
        others: others.lines().map(str::to_owned).collect(),
        ..RoomView::default()
    };
    Ok((RoomId(number(0)?), view))
}

/// A position never goes back within an epoch: another process may be ahead.
pub(super) fn write_position(transaction: &Transaction<'_>, position: &Position) -> Result<(), rusqlite::Error> {
    let (kind, feed) = feed_key(position.feed);
    transaction
        .prepare_cached(
            "INSERT INTO position (kind, id, epoch, seq, chain) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (kind, id) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, chain = excluded.chain
             WHERE excluded.epoch <> epoch OR excluded.seq > seq",
        )?
        .execute(params![kind, feed, position.epoch.0.cast_signed(), position.seq.0.cast_signed(), position.chain.0])
        .map(|_| ())
}

pub(super) fn forget(transaction: &Transaction<'_>, feed: FeedId) -> Result<(), rusqlite::Error> {
    let (kind, number) = feed_key(feed);
    transaction.prepare_cached("DELETE FROM position WHERE kind = ?1 AND id = ?2")?.execute([kind, number])?;
    match feed {
        FeedId::Room(room) => transaction.prepare_cached("DELETE FROM event WHERE room = ?1")?.execute([id(room)]),
        FeedId::Account(_) => transaction.prepare_cached("DELETE FROM choice")?.execute([]),
    }
    .map(|_| ())
}

pub(super) fn event_of_row(row: &Row<'_>) -> Result<Option<Event>, rusqlite::Error> {
    let seq: i64 = row.get(0)?;
    let bytes = row.get_ref(1)?.as_blob()?;
    Ok(codec::decode(bytes).ok().filter(|event: &Event| event.seq.0 == seq.cast_unsigned()))
}

pub(super) fn feed_key(feed: FeedId) -> (i64, i64) {
    match feed {
        FeedId::Room(room) => (KIND_ROOM, id(room)),
        FeedId::Account(account) => (KIND_ACCOUNT, account.0.cast_signed()),
    }
}

pub(super) fn id(room: RoomId) -> i64 {
    room.0.cast_signed()
}

pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
