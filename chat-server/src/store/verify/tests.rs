use std::time::Duration;

use chat_proto::{EventBody, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

use super::*;
use crate::store::{DataDir, Row, Settings, Snapshot, SqliteStore, Store, StoreResult, contract};

/// A closed database with two rooms, one of them trimmed, an account, and a snapshot.
async fn kept() -> (TempDir, Vec<Vec<Row>>) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(DataDir::lock(dir.path()).unwrap(), Settings::default()).unwrap();
    let rows = fill(&store).await;
    store.close().await;
    (dir, rows)
}

async fn fill(store: &SqliteStore) -> Vec<Vec<Row>> {
    let (_, first) = contract::filled(store, 1, 300).await;
    let (_, second) = contract::filled(store, 2, 300).await;
    store.register(contract::account(1, "alice")).await.unwrap();
    store.save_snapshot(contract::feed(2), Snapshot { seq: Seq(200), version: 1, bytes: vec![7; 500] }).await.unwrap();
    store.trim(contract::feed(2), Seq(101), Timestamp(0)).await.unwrap();
    vec![first, second[100..].to_vec()]
}

fn database(dir: &TempDir) -> Connection {
    Connection::open(dir.path().join(DATABASE_FILE)).unwrap()
}

/// What a server would hand out of a database that was found to be fine.
#[allow(clippy::unwrap_in_result)]
fn handed_out(dir: &Path) -> StoreResult<Vec<Vec<Row>>> {
    let db = open(&dir.join(DATABASE_FILE)).unwrap();
    [1, 2].map(|number| read::read(&db, contract::feed(number), Seq(0), usize::MAX)).into_iter().collect()
}

#[tokio::test]
async fn an_untouched_database_is_fine_and_stays_untouched() {
    let (dir, rows) = kept().await;
    let before = fs::read(dir.path().join(DATABASE_FILE)).unwrap();
    let report = verify(dir.path()).unwrap();
    assert!(report.is_ok(), "{report}");
    assert_eq!(report.to_string(), "ok: 500 events in 3 feeds");
    assert_eq!(handed_out(dir.path()).unwrap(), rows);
    assert_eq!(fs::read(dir.path().join(DATABASE_FILE)).unwrap(), before);
    let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|each| each.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["chat.db", "head", "lock"]);
}

#[tokio::test]
async fn a_database_in_use_or_not_there_is_not_verified() {
    let (dir, _) = kept().await;
    let lock = DataDir::lock(dir.path()).unwrap();
    assert!(matches!(verify(dir.path()), Err(VerifyError::InUse(_))));
    drop(lock);
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(verify(empty.path()), Err(VerifyError::Missing(_))));
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn s4_a_change_to_any_column_is_found_where_it_is() {
    let (dir, _) = kept().await;
    let path = dir.path().join(DATABASE_FILE);
    let whole = fs::read(&path).unwrap();
    let other_key = "key = x'00112233445566778899aabbccddeeff'";
    for change in [
        "payload = x'0011'",
        "ordinal = ordinal + 1",
        "at = at + 1",
        "by = 9",
        "device = 9",
        other_key,
        "kind = 9999",
        "kind = 70000",
        "salt = zeroblob(16)",
        "salt = x''",
        "digest = zeroblob(32)",
        "chain = zeroblob(16)",
    ] {
        for (feed, seq) in [(1, 1), (1, 150), (2, 101), (2, 300)] {
            fs::write(&path, &whole).unwrap();
            let sql = format!("UPDATE event SET {change} WHERE feed = {feed} * 2 AND seq = {seq}");
            assert_eq!(database(&dir).execute(&sql, []).unwrap(), 1);
            let report = verify(dir.path()).unwrap();
            let place = (Some(contract::feed(feed)), Some(Seq(seq)));
            assert!(!report.is_ok(), "{sql}");
            assert!(report.damage.iter().all(|each| (each.feed, each.seq) == place), "{sql}: {report}");
        }
    }
}

#[tokio::test]
async fn s4_missing_and_reordered_rows_and_wrong_ends_are_found() {
    let (dir, _) = kept().await;
    let path = dir.path().join(DATABASE_FILE);
    let whole = fs::read(&path).unwrap();
    let swap =
        "UPDATE event SET seq = -1 WHERE feed = 2 AND seq = 7; UPDATE event SET seq = 7 WHERE feed = 2 AND seq = 8;
                UPDATE event SET seq = 8 WHERE feed = 2 AND seq = -1";
    for sql in [
        swap,
        "DELETE FROM event WHERE feed = 2 AND seq = 7",
        "DELETE FROM event WHERE feed = 2 AND seq = 1",
        "DELETE FROM event WHERE feed = 4 AND seq = 101",
        "DELETE FROM event WHERE feed = 2 AND seq = 300",
        "DELETE FROM event WHERE feed = 2",
        "DELETE FROM feed WHERE id = 2",
        "DELETE FROM feed WHERE id = 3",
        "UPDATE feed SET head = 299 WHERE id = 2",
        "UPDATE feed SET chain = base_chain WHERE id = 2",
        "UPDATE feed SET ordinal = ordinal + 1 WHERE id = 2",
        "UPDATE feed SET base_chain = chain WHERE id = 2",
        "UPDATE feed SET base_ordinal = 1 WHERE id = 2",
        "UPDATE feed SET oldest = 2 WHERE id = 2",
        "UPDATE feed SET oldest = 102 WHERE id = 4",
        "UPDATE feed SET began = 2 WHERE id = 2",
        "UPDATE snapshot SET bytes = x'01'",
        "UPDATE snapshot SET seq = 250",
        "UPDATE room SET name = 'other' WHERE id = 1",
        "UPDATE account SET since = 9",
        "UPDATE device SET account = 2",
        "UPDATE meta SET commits = 1",
        "DROP TABLE event",
    ] {
        fs::write(&path, &whole).unwrap();
        database(&dir).execute_batch(sql).unwrap();
        let report = verify(dir.path()).unwrap();
        assert!(!report.is_ok(), "{sql}");
        assert!(report.to_string().lines().last().unwrap().starts_with("damaged: "), "{report}");
    }
}

/// Flips one bit of a file in each round; the database must then be refused, or be found damaged, or hand out what was kept.
fn flip_bits(dir: &Path, file: &str, kept: &[Vec<Row>], rounds: u32) -> u32 {
    let path = dir.join(file);
    let whole = fs::read(&path).unwrap();
    let mut random = StdRng::seed_from_u64(7);
    let mut found = 0;
    for _ in 0..rounds {
        let mut bytes = whole.clone();
        let place = random.random_range(0..bytes.len() * 8);
        bytes[place / 8] ^= 1 << (place % 8);
        fs::write(&path, &bytes).unwrap();
        if verify(dir).is_ok_and(|report| report.is_ok()) {
            assert_eq!(handed_out(dir).unwrap(), kept, "bit {place} of {file}");
        } else {
            found += 1;
        }
    }
    fs::write(&path, &whole).unwrap();
    found
}

#[tokio::test]
async fn s4_a_flipped_bit_in_the_database_is_found_or_hurts_nothing() {
    let (dir, rows) = kept().await;
    let found = flip_bits(dir.path(), DATABASE_FILE, &rows, 600);
    assert!(found > 225, "only {found} of 600 flips mattered: the test looks at the wrong thing");
}

/// The files of a store that was not closed, when the file head is up to date.
async fn unclosed() -> (TempDir, Vec<Vec<Row>>) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(DataDir::lock(dir.path()).unwrap(), Settings::default()).unwrap();
    let rows = fill(&store).await;
    let commits = || {
        let commits = database(&dir).query_row("SELECT commits FROM meta", [], |row| row.get::<_, i64>(0));
        commits.unwrap().cast_unsigned()
    };
    while head::read(dir.path()).unwrap() != Recorded::Head(head::Head { epoch: Epoch(1), commits: commits() }) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let copy = tempfile::tempdir().unwrap();
    for file in ["chat.db", "chat.db-wal", "head"] {
        fs::copy(dir.path().join(file), copy.path().join(file)).unwrap();
    }
    (copy, rows)
}

#[tokio::test]
async fn s4_a_flipped_bit_in_the_log_is_found_or_hurts_nothing() {
    let (dir, rows) = unclosed().await;
    let log = fs::read(dir.path().join("chat.db-wal")).unwrap();
    let report = verify(dir.path()).unwrap();
    assert!(report.is_ok(), "{report}");
    assert_eq!(fs::read(dir.path().join("chat.db-wal")).unwrap(), log, "looking changed the log");
    let found = flip_bits(dir.path(), "chat.db-wal", &rows, 400);
    assert!(found > 300, "only {found} of 400 flips mattered: the test looks at the wrong thing");
}

#[tokio::test]
async fn a_log_cut_short_begins_a_new_epoch_and_goes_on_with_the_chain() {
    let (dir, rows) = unclosed().await;
    let log = dir.path().join("chat.db-wal");
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 1]).unwrap();
    assert!(!verify(dir.path()).unwrap().is_ok());
    let store = SqliteStore::open(DataDir::lock(dir.path()).unwrap(), Settings::default()).unwrap();
    assert_eq!(store.epoch(), Epoch(2));
    let mut meta = store.load(contract::feed(1)).await.unwrap().unwrap().meta;
    assert_eq!((meta.epoch, meta.chain), (Epoch(2), rows[0].last().unwrap().chain));
    let more = contract::rows(&mut meta, 1);
    store.append(contract::append(1, Seq(300), more)).await.unwrap();
    store.register(contract::room(9, "later")).await.unwrap();
    assert_eq!(store.load(contract::feed(9)).await.unwrap().unwrap().meta.epoch, Epoch(2));
    store.close().await;
    drop(store);
    let report = verify(dir.path()).unwrap();
    assert!(report.is_ok(), "{report}");
    let store = SqliteStore::open(DataDir::lock(dir.path()).unwrap(), Settings::default()).unwrap();
    assert_eq!(store.epoch(), Epoch(2));
}

#[tokio::test]
async fn an_event_of_a_kind_from_the_future_is_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(DataDir::lock(dir.path()).unwrap(), Settings::default()).unwrap();
    let (meta, _) = contract::filled(&store, 1, 3).await;
    let mut event = contract::rows(&mut meta.clone(), 1).remove(0).event;
    event.body = EventBody::Unknown { kind: 9_999, bytes: vec![1, 2, 3] };
    let row = Row::seal(&meta.chain, event, [5; 16]);
    store.append(contract::append(1, Seq(3), vec![row])).await.unwrap();
    store.close().await;
    drop(store);
    let report = verify(dir.path()).unwrap();
    assert_eq!((report.is_ok(), report.events), (true, 4), "{report}");
}
