//! What every engine must do. Each engine's tests call [`all`] with a way to make an empty store.

#![allow(clippy::cognitive_complexity, reason = "a list of assertions is not hard to read")]

mod files;
mod look;
mod registry;
mod search;

use std::collections::BTreeMap;

use chat_proto::event::{Joined, Posted};
use chat_proto::{
    AccountId, DeviceId, DeviceKey, Epoch, Event, EventBody, FeedId, Line, MessageKey, Ordinal, RoomId, RoomName, Seq,
    Style, Timestamp, UserName,
};

use super::{
    AccountRecord, Append, DeviceRecord, FeedMeta, Found, KEY_KEPT_US, Registration, RoomRecord, Row, Snapshot, Store,
    StoreError,
};
use crate::digest::chain_start;

/// Runs the whole suite, each part against a store of its own.
pub(crate) async fn all<S: Store, F: Future<Output = S>>(make: impl Fn() -> F) {
    appended_rows_are_read_as_they_were_given(&make().await).await;
    an_append_at_another_head_conflicts_and_keeps_nothing(&make().await).await;
    rows_that_do_not_follow_one_another_are_refused(&make().await).await;
    a_key_is_taken_once_per_feed_and_author(&make().await).await;
    keys_are_found_in_the_order_asked(&make().await).await;
    pages_begin_and_end_where_asked(&make().await).await;
    a_snapshot_replaces_the_one_before(&make().await).await;
    trimming_keeps_the_keys_for_a_while(&make().await).await;
    of_many_writers_with_one_idea_of_the_head_one_wins(make().await).await;
    feeds_do_not_disturb_each_other(make().await).await;
    registry::all(&make).await;
    search::all(&make).await;
    look::all(&make).await;
    files::all(&make).await;
}

/// The feed of a room.
pub(crate) fn feed(number: u64) -> FeedId {
    FeedId::Room(RoomId(number))
}

/// A room to be registered.
pub(crate) fn room(number: u64, name: &str) -> Registration {
    Registration::Room(RoomRecord { id: RoomId(number), name: RoomName::parse(name).unwrap() })
}

/// An account to be registered; its device has its number too.
pub(crate) fn account(number: u64, name: &str) -> Registration {
    let (id, name, since) = (AccountId(number), UserName::parse(name).unwrap(), Timestamp(7));
    let key = DeviceKey([u8::try_from(number % 251).unwrap(); 32]);
    let device = device(number, key, id);
    Registration::Account(AccountRecord { id, name, since }, device)
}

/// A device of an account.
pub(crate) fn device(number: u64, key: DeviceKey, account: AccountId) -> DeviceRecord {
    let (since, label) = (Timestamp(7), Line::default());
    DeviceRecord { id: DeviceId(number), key, account, since, label, revoked: false }
}

/// A key that differs from those of other numbers.
pub(crate) fn key(number: u64) -> MessageKey {
    let mut key = MessageKey([1; 16]);
    key.0[..8].copy_from_slice(&number.to_le_bytes());
    key
}

/// How a feed begins.
pub(crate) fn begun(feed: FeedId, epoch: Epoch) -> FeedMeta {
    let chain = chain_start(feed, epoch);
    FeedMeta { epoch, head: Seq::ZERO, chain, ordinal: Ordinal(0), at: Timestamp(0), oldest: Seq(1) }
}

/// `count` rows that follow `meta`, which becomes what it will be behind them: a join first, then messages with keys.
pub(crate) fn rows(meta: &mut FeedMeta, count: u64) -> Vec<Row> {
    (0..count).map(|_| next_row(meta, AccountId(1), key(meta.head.0 + 1))).collect()
}

/// When the event before the first one would be.
const FIRST_AT: i64 = 1_700_000_000_000_000;

/// The row that follows `meta`, which becomes what it will be behind it.
pub(crate) fn next_row(meta: &mut FeedMeta, by: AccountId, key: MessageKey) -> Row {
    let seq = meta.head.next();
    let body: EventBody = if seq == Seq(1) {
        Joined { name: "alice".to_owned() }.into()
    } else {
        let text = format!("message {seq} of a feed, long enough to be found in a file again");
        Posted { name: "alice".to_owned(), style: Style::Text, text, mentions: vec![AccountId(2)] }.into()
    };
    keyed(meta, by, key, body)
}

/// The row of an event that follows `meta`, as [`next_row`], with a key that fits its place.
pub(crate) fn next_body(meta: &mut FeedMeta, by: AccountId, body: EventBody) -> Row {
    keyed(meta, by, key(meta.head.0 + 1), body)
}

fn keyed(meta: &mut FeedMeta, by: AccountId, key: MessageKey, body: EventBody) -> Row {
    let seq = meta.head.next();
    let ordinal = if body.is_message() { meta.ordinal.next() } else { meta.ordinal };
    let at = Timestamp(FIRST_AT + i64::try_from(seq.0).unwrap());
    let event = Event { seq, ordinal, at, by, device: DeviceId(2), key, body };
    let row = Row::seal(&meta.chain, event, [u8::try_from(seq.0 % 256).unwrap(); 16]);
    *meta = FeedMeta { head: seq, chain: row.chain, ordinal, at, ..*meta };
    row
}

/// Registers room `number` and appends `count` rows to it.
pub(crate) async fn filled(store: &impl Store, number: u64, count: u64) -> (FeedMeta, Vec<Row>) {
    store.register(room(number, &format!("room{number}"))).await.unwrap();
    let mut meta = begun(feed(number), store.epoch());
    let rows = rows(&mut meta, count);
    store.append(append(number, Seq::ZERO, rows.clone())).await.unwrap();
    (meta, rows)
}

/// An append to the feed of a room.
pub(crate) fn append(number: u64, expected_head: Seq, rows: Vec<Row>) -> Append {
    Append {
        feed: feed(number),
        expected_head,
        rows,
        registrations: Vec::new(),
        erase: Vec::new(),
        replace: Vec::new(),
    }
}

async fn appended_rows_are_read_as_they_were_given(store: &impl Store) {
    assert_eq!(store.load(feed(1)).await, Ok(None));
    store.register(room(1, "lobby")).await.unwrap();
    let mut meta = begun(feed(1), store.epoch());
    let loaded = store.load(feed(1)).await.unwrap().unwrap();
    assert_eq!((loaded.meta, loaded.snapshot), (meta, None));
    let rows = rows(&mut meta, 5);
    store.append(append(1, Seq(0), rows[..2].to_vec())).await.unwrap();
    store.append(append(1, Seq(2), rows[2..].to_vec())).await.unwrap();
    assert_eq!(store.load(feed(1)).await.unwrap().unwrap().meta, meta);
    assert_eq!(store.read(feed(1), Seq(1), 100).await.unwrap(), rows);
    let body = EventBody::Unknown { kind: 9_999, bytes: vec![0, 255] };
    let event = Event { seq: Seq(6), key: MessageKey::default(), body, ..rows[4].event.clone() };
    let newer = Row::seal(&meta.chain, event, [3; 16]);
    store.append(append(1, Seq(5), vec![newer.clone()])).await.unwrap();
    assert_eq!(store.read(feed(1), Seq(6), 1).await.unwrap(), [newer]);
}

async fn an_append_at_another_head_conflicts_and_keeps_nothing(store: &impl Store) {
    let (meta, stored) = filled(store, 1, 3).await;
    for head in [0, 2, 4] {
        let mut other = FeedMeta { head: Seq(head), ..meta };
        let late = rows(&mut other, 1);
        assert_eq!(store.append(append(1, Seq(head), late)).await, Err(StoreError::Conflict), "head {head}");
    }
    let unknown = rows(&mut begun(feed(2), store.epoch()), 1);
    assert_eq!(store.append(append(2, Seq(0), unknown)).await, Err(StoreError::Conflict));
    assert_eq!(store.load(feed(2)).await, Ok(None));
    assert_eq!(store.load(feed(1)).await.unwrap().unwrap().meta, meta);
    assert_eq!(store.read(feed(1), Seq(0), 100).await.unwrap(), stored);
}

async fn rows_that_do_not_follow_one_another_are_refused(store: &impl Store) {
    let (mut meta, stored) = filled(store, 1, 2).await;
    let mut gap = rows(&mut meta, 3);
    gap.remove(1);
    assert!(matches!(store.append(append(1, Seq(2), gap)).await, Err(StoreError::Corrupt(_))));
    assert!(matches!(store.append(append(1, Seq(2), Vec::new())).await, Err(StoreError::Corrupt(_))));
    assert!(matches!(store.append(append(1, Seq(2), stored[..1].to_vec())).await, Err(StoreError::Corrupt(_))));
    assert_eq!(store.read(feed(1), Seq(0), 100).await.unwrap(), stored);
}

async fn a_key_is_taken_once_per_feed_and_author(store: &impl Store) {
    let (meta, stored) = filled(store, 1, 2).await;
    let mut other = meta;
    let fresh = next_row(&mut other, AccountId(1), key(50));
    let again = next_row(&mut other, AccountId(1), key(2));
    assert_eq!(store.append(append(1, Seq(2), vec![fresh, again])).await, Err(StoreError::Conflict));
    let mut other = meta;
    let double = vec![next_row(&mut other, AccountId(1), key(60)), next_row(&mut other, AccountId(1), key(60))];
    assert_eq!(store.append(append(1, Seq(2), double)).await, Err(StoreError::Conflict));
    assert_eq!(store.read(feed(1), Seq(0), 100).await.unwrap(), stored);
    assert_eq!(store.find(feed(1), vec![(AccountId(1), key(50))]).await, Ok(vec![None]));

    let mut meta = meta;
    let author = next_row(&mut meta, AccountId(2), key(2));
    let zeros = [
        next_row(&mut meta, AccountId(1), MessageKey::default()),
        next_row(&mut meta, AccountId(1), MessageKey::default()),
    ];
    store.append(append(1, Seq(2), vec![author])).await.unwrap();
    store.append(append(1, Seq(3), zeros.to_vec())).await.unwrap();
    filled(store, 2, 2).await;
}

async fn keys_are_found_in_the_order_asked(store: &impl Store) {
    let (_, rows) = filled(store, 1, 4).await;
    filled(store, 2, 9).await;
    let found = |row: &Row| Some(Found { seq: row.event.seq, ordinal: row.event.ordinal, at: row.event.at });
    let (me, zero) = (AccountId(1), MessageKey::default());
    let asked = vec![(me, key(3)), (me, zero), (AccountId(2), key(3)), (me, key(1)), (me, key(9)), (me, key(3))];
    let expected = vec![found(&rows[2]), None, None, found(&rows[0]), None, found(&rows[2])];
    assert_eq!(store.find(feed(1), asked).await.unwrap(), expected);
    assert_eq!(store.find(feed(1), Vec::new()).await, Ok(Vec::new()));
    assert_eq!(store.find(feed(3), vec![(me, key(3))]).await, Ok(vec![None]));
}

async fn pages_begin_and_end_where_asked(store: &impl Store) {
    let (_, rows) = filled(store, 1, 10).await;
    filled(store, 2, 3).await;
    let forward = |from, limit| store.read(feed(1), Seq(from), limit);
    assert_eq!(forward(0, 3).await.unwrap(), rows[..3]);
    assert_eq!(forward(1, 3).await.unwrap(), rows[..3]);
    assert_eq!(forward(4, 1).await.unwrap(), rows[3..4]);
    assert_eq!(forward(9, 100).await.unwrap(), rows[8..]);
    assert_eq!(forward(11, 100).await.unwrap(), []);
    assert_eq!(forward(u64::MAX, 100).await.unwrap(), []);
    assert_eq!(forward(1, 0).await.unwrap(), []);
    assert_eq!(forward(1, usize::MAX).await.unwrap(), rows);
    let back = |before, limit| store.read_back(feed(1), Seq(before), limit);
    assert_eq!(back(u64::MAX, 3).await.unwrap(), rows[7..]);
    assert_eq!(back(11, 3).await.unwrap(), rows[7..]);
    assert_eq!(back(10, 3).await.unwrap(), rows[6..9]);
    assert_eq!(back(3, 100).await.unwrap(), rows[..2]);
    assert_eq!(back(1, 100).await.unwrap(), []);
    assert_eq!(back(0, 100).await.unwrap(), []);
    assert_eq!(store.read(feed(3), Seq(1), 10).await.unwrap(), []);
    assert_eq!(store.read_back(feed(3), Seq::MAX, 10).await.unwrap(), []);
}

async fn a_snapshot_replaces_the_one_before(store: &impl Store) {
    let (meta, _) = filled(store, 1, 3).await;
    let snapshot = |seq, bytes: &[u8]| Snapshot { seq: Seq(seq), version: 2, bytes: bytes.to_vec() };
    store.save_snapshot(feed(1), snapshot(2, b"old")).await.unwrap();
    store.save_snapshot(feed(1), snapshot(3, b"new")).await.unwrap();
    let loaded = store.load(feed(1)).await.unwrap().unwrap();
    assert_eq!((loaded.meta, loaded.snapshot), (meta, Some(snapshot(3, b"new"))));
    assert_eq!(store.save_snapshot(feed(2), snapshot(1, b"")).await, Err(StoreError::Conflict));
}

async fn trimming_keeps_the_keys_for_a_while(store: &impl Store) {
    let (mut meta, mut stored) = filled(store, 1, 6).await;
    let (_, others) = filled(store, 2, 3).await;
    let now = Timestamp(1_800_000_000_000_000);
    store.trim(feed(1), Seq(5), now).await.unwrap();
    store.trim(feed(1), Seq(3), now).await.unwrap();
    assert_eq!(store.trim(feed(1), Seq(8), now).await, Err(StoreError::Conflict));
    assert_eq!(store.trim(feed(3), Seq(1), now).await, Err(StoreError::Conflict));
    assert_eq!(store.load(feed(1)).await.unwrap().unwrap().meta, FeedMeta { oldest: Seq(5), ..meta });
    assert_eq!(store.read(feed(1), Seq(1), 100).await.unwrap(), stored[4..]);
    assert_eq!(store.read_back(feed(1), Seq::MAX, 100).await.unwrap(), stored[4..]);
    assert_eq!(store.read(feed(2), Seq(1), 100).await.unwrap(), others);

    let found = |seq| async move {
        let found = store.find(feed(1), vec![(AccountId(1), key(seq))]).await.unwrap();
        found[0].map(|found| found.seq)
    };
    assert_eq!((found(2).await, found(5).await), (Some(Seq(2)), Some(Seq(5))));
    let again = next_row(&mut meta.clone(), AccountId(1), key(2));
    assert_eq!(store.append(append(1, Seq(6), vec![again])).await, Err(StoreError::Conflict));

    stored.extend(rows(&mut meta, 2));
    store.append(append(1, Seq(6), stored[6..].to_vec())).await.unwrap();
    store.trim(feed(1), Seq(9), now).await.unwrap();
    assert_eq!(store.load(feed(1)).await.unwrap().unwrap().meta, FeedMeta { oldest: Seq(9), ..meta });
    assert_eq!(store.read(feed(1), Seq(1), 100).await.unwrap(), []);

    store.trim(feed(2), Seq(1), Timestamp(now.0 + KEY_KEPT_US)).await.unwrap();
    assert_eq!(found(2).await, Some(Seq(2)));
    store.trim(feed(2), Seq(1), Timestamp(now.0 + KEY_KEPT_US + 1)).await.unwrap();
    assert_eq!(found(2).await, None);
    let last = rows(&mut meta, 1);
    store.append(append(1, Seq(8), last.clone())).await.unwrap();
    assert_eq!(store.read(feed(1), Seq(1), 100).await.unwrap(), last);
}

async fn of_many_writers_with_one_idea_of_the_head_one_wins<S: Store>(store: S) {
    let (meta, _) = filled(&store, 1, 1).await;
    let store = std::sync::Arc::new(store);
    let tries: Vec<_> = (0..20)
        .map(|number| {
            let (store, mut meta) = (store.clone(), meta);
            let row = next_row(&mut meta, AccountId(number), key(number));
            tokio::spawn(async move { store.append(append(1, Seq(1), vec![row])).await })
        })
        .collect();
    let mut won = 0;
    for each in tries {
        match each.await.unwrap() {
            Ok(()) => won += 1,
            Err(error) => assert_eq!(error, StoreError::Conflict),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(store.load(feed(1)).await.unwrap().unwrap().meta.head, Seq(2));
}

async fn feeds_do_not_disturb_each_other<S: Store>(store: S) {
    let store = std::sync::Arc::new(store);
    let writers: Vec<_> = (1..=20)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let (mut meta, mut stored) = filled(store.as_ref(), number, 1).await;
                for _ in 0..10 {
                    let head = meta.head;
                    let used = vec![next_row(&mut meta.clone(), AccountId(1), key(1))];
                    assert_eq!(store.append(append(number, head, used)).await, Err(StoreError::Conflict));
                    let more = rows(&mut meta, 3);
                    stored.extend(more.clone());
                    store.append(append(number, head, more)).await.unwrap();
                }
                (number, stored)
            })
        })
        .collect();
    let mut all = BTreeMap::new();
    for each in writers {
        let (number, stored) = each.await.unwrap();
        all.insert(number, stored);
    }
    for (number, stored) in all {
        assert_eq!(store.read(feed(number), Seq(1), 100).await.unwrap(), stored);
    }
}
