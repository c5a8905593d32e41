mod erase;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tempfile::TempDir;

use super::schema::{MIGRATIONS, migrate};
use super::*;
use crate::store::{DirError, contract};

fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(DataDir::lock(dir).unwrap(), Settings::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds() {
    let dirs = Mutex::new(Vec::new());
    contract::all(|| {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        dirs.lock().unwrap().push(dir);
        async { store }
    })
    .await;
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (meta, rows) = contract::filled(&store, 1, 20).await;
    store.register(contract::account(1, "alice")).await.unwrap();
    let snapshot = Snapshot { seq: Seq(4), version: 1, bytes: vec![1, 2, 3] };
    store.save_snapshot(contract::feed(1), snapshot.clone()).await.unwrap();
    let registry = store.registry().await.unwrap();
    store.close().await;
    drop(store);
    let store = open(dir.path());
    let loaded = store.load(contract::feed(1)).await.unwrap().unwrap();
    assert_eq!(loaded, Loaded { meta, snapshot: Some(snapshot) });
    assert_eq!(store.read(contract::feed(1), Seq(1), 100).await.unwrap(), rows);
    assert_eq!(store.registry().await.unwrap(), registry);
    assert_eq!(store.epoch(), Epoch(1));
}

#[tokio::test]
async fn after_closing_every_operation_is_answered_with_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.close().await;
    assert_eq!(store.register(contract::room(1, "lobby")).await, Err(stopped()));
    assert_eq!(store.registry().await, Err(stopped()));
}

/// A directory with a closed database of one room with 50 events.
async fn kept() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    contract::filled(&store, 1, 50).await;
    store.close().await;
    dir
}

fn refused(dir: &Path) -> OpenError {
    let before = contents(dir);
    let error = SqliteStore::open(DataDir::lock(dir).unwrap(), Settings::default()).unwrap_err();
    assert!(contents(dir) == before, "something changed: {error}");
    assert!(error.to_string().contains("chat.db"), "{error}");
    error
}

/// Every file but the lock, by name.
fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(dir).unwrap().map(|each| each.unwrap().path());
    let read = |path: PathBuf| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap());
    files.map(read).filter(|(name, _)| name != "lock").collect()
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(DATABASE_FILE);
    for garbage in [&b"hello"[..], &[0; 8192], &b"SQLite format 2\0 and more"[..], &[0xff; 100]] {
        fs::write(&path, garbage).unwrap();
        assert!(matches!(refused(dir.path()), OpenError::Foreign(_)), "{garbage:?}");
    }
    fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA journal_mode = wal; CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)").unwrap();
    drop(other);
    assert!(matches!(refused(dir.path()), OpenError::Foreign(_)));
}

#[tokio::test]
async fn a_truncated_empty_or_missing_database_is_refused_and_left_alone() {
    let dir = kept().await;
    let path = dir.path().join(DATABASE_FILE);
    let whole = fs::read(&path).unwrap();
    for len in [whole.len() - 1, whole.len() / 2, 4096, 512, 99, 1, 0] {
        fs::write(&path, &whole[..len]).unwrap();
        assert!(matches!(refused(dir.path()), OpenError::Damaged { .. }), "{len} bytes");
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(refused(dir.path()), OpenError::Damaged { .. }));
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_alone() {
    let dir = kept().await;
    let db = Connection::open(dir.path().join(DATABASE_FILE)).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let error = refused(dir.path());
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("99"), "{error}");
}

#[tokio::test]
async fn an_older_database_is_copied_and_then_brought_forward_in_one_step() {
    let dir = kept().await;
    let path = dir.path().join(DATABASE_FILE);
    let mut db = Connection::open(&path).unwrap();
    let followed_by = |steps: [&'static str; 2]| [&MIGRATIONS[..], &steps].concat();
    let broken = followed_by(["CREATE TABLE extra (x) STRICT", "nonsense"]);
    assert!(migrate(&mut db, &path, &broken).is_err());
    let version = |db: &Connection| db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap();
    let known = i64::try_from(MIGRATIONS.len()).unwrap();
    assert_eq!(version(&db), known);
    let next = followed_by(["CREATE TABLE extra (x INTEGER) STRICT", "INSERT INTO extra VALUES (7)"]);
    migrate(&mut db, &path, &next).unwrap();
    assert_eq!((version(&db), db.query_row("SELECT x FROM extra", [], |row| row.get(0))), (known + 2, Ok(7)));
    migrate(&mut db, &path, &next).unwrap();

    let copy = tempfile::tempdir().unwrap();
    fs::copy(dir.path().join(format!("chat.db.before-{}", MIGRATIONS.len() + 1)), copy.path().join(DATABASE_FILE))
        .unwrap();
    fs::copy(dir.path().join("head"), copy.path().join("head")).unwrap();
    let report = crate::store::verify(copy.path()).unwrap();
    assert_eq!((report.is_ok(), report.events), (true, 50), "{report}");
    let store = open(copy.path());
    assert_eq!(store.read(contract::feed(1), Seq(1), 100).await.unwrap().len(), 50);
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_forward_with_everything_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (meta, rows) = contract::filled(&store, 1, 50).await;
    store.register(contract::account(1, "alice")).await.unwrap();
    let registry = store.registry().await.unwrap();
    store.close().await;
    drop(store);
    let (path, newest) = (dir.path().join(DATABASE_FILE), dir.path().join("newest"));
    fs::rename(&path, &newest).unwrap();
    let mut first = Connection::open(&path).unwrap();
    migrate(&mut first, &path, &MIGRATIONS[..1]).unwrap();
    first.execute("ATTACH ?1 AS newest", [newest.to_string_lossy()]).unwrap();
    first.execute_batch("DELETE FROM meta").unwrap();
    for (table, columns) in [
        ("meta", "id, epoch, commits"),
        ("feed", "id, began, head, chain, ordinal, at, oldest, base_chain, base_ordinal"),
        ("event", "feed, seq, ordinal, at, by, device, key, kind, payload, salt, digest, chain"),
        ("room", "id, name, look, folded, digest"),
        ("account", "id, name, look, folded, since, digest"),
        ("device", "id, key, account, since, digest"),
    ] {
        let sql = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM newest.{table}");
        assert!(first.execute(&sql, []).unwrap() > 0, "{table}");
    }
    drop(first);
    let store = open(dir.path());
    assert_eq!(store.load(contract::feed(1)).await.unwrap().unwrap().meta, meta);
    assert_eq!(store.read(contract::feed(1), Seq(1), 100).await.unwrap(), rows);
    assert_eq!(store.registry().await.unwrap(), registry);
    store.close().await;
    drop(store);
    let report = crate::store::verify(dir.path()).unwrap();
    assert!(report.is_ok(), "{report}");
}

#[tokio::test]
async fn a_copy_put_back_begins_a_new_epoch() {
    let dir = kept().await;
    let (path, old) = (dir.path().join(DATABASE_FILE), dir.path().join("old"));
    fs::copy(&path, &old).unwrap();
    let store = open(dir.path());
    let mut meta = store.load(contract::feed(1)).await.unwrap().unwrap().meta;
    let lost = contract::rows(&mut meta, 3);
    store.append(contract::append(1, Seq(50), lost)).await.unwrap();
    assert_eq!(store.epoch(), Epoch(1));
    store.close().await;
    drop(store);

    fs::copy(&old, &path).unwrap();
    let store = open(dir.path());
    let meta = store.load(contract::feed(1)).await.unwrap().unwrap().meta;
    assert_eq!((store.epoch(), meta.epoch, meta.head), (Epoch(2), Epoch(2), Seq(50)));
    store.close().await;
    drop(store);

    fs::remove_file(dir.path().join("head")).unwrap();
    let store = open(dir.path());
    assert_eq!(store.epoch(), Epoch(3));
    store.close().await;
    drop(store);

    fs::write(dir.path().join("head"), "epoch 3 comm").unwrap();
    let store = open(dir.path());
    assert_eq!(store.epoch(), Epoch(4));
    store.close().await;
    drop(store);
    assert_eq!(open(dir.path()).epoch(), Epoch(4));
}

#[tokio::test]
async fn a_second_server_on_the_directory_is_refused_until_the_first_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert!(matches!(DataDir::lock(dir.path()), Err(DirError::InUse(_))));
    store.close().await;
    drop(store);
    open(dir.path());
}

#[cfg(unix)]
#[tokio::test]
async fn every_file_is_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    contract::filled(&store, 1, 5).await;
    let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|each| each.unwrap()).collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn a_damaged_row_is_not_handed_out() {
    let dir = kept().await;
    let db = Connection::open(dir.path().join(DATABASE_FILE)).unwrap();
    db.execute("UPDATE event SET at = at + 1 WHERE seq = 20", []).unwrap();
    db.execute("UPDATE event SET payload = x'00' WHERE seq = 40", []).unwrap();
    drop(db);
    let store = open(dir.path());
    for (from, limit, is_fine) in [(1, 19, true), (1, 20, false), (21, 19, true), (21, 20, false), (41, 10, true)] {
        let read = store.read(contract::feed(1), Seq(from), limit).await;
        assert_eq!(read.is_ok(), is_fine, "{from} {limit}");
        let back = store.read_back(contract::feed(1), Seq(from + limit as u64), limit).await;
        assert_eq!(back.is_ok(), is_fine, "{from} {limit}");
        assert!(is_fine || matches!(read, Err(StoreError::Corrupt(_))));
    }
}

#[tokio::test]
async fn a_reader_that_stays_delays_nobody_and_the_log_begins_anew_when_it_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings { checkpoint_pages: 20, ..Settings::default() };
    let store = SqliteStore::open(DataDir::lock(dir.path()).unwrap(), settings).unwrap();
    let (mut meta, _) = contract::filled(&store, 1, 1).await;
    let reader = Connection::open(dir.path().join(DATABASE_FILE)).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM meta").unwrap();
    let mut append_some = async |count: u64| {
        for _ in 0..count {
            let head = meta.head;
            store.append(contract::append(1, head, contract::rows(&mut meta, 1))).await.unwrap();
        }
        fs::metadata(dir.path().join("chat.db-wal")).unwrap().len()
    };
    let begin = tokio::time::Instant::now();
    let first = append_some(60).await;
    let second = append_some(20).await;
    assert!(second > first, "the reader should keep the log from beginning anew");
    assert!(begin.elapsed() < open::BUSY_TIMEOUT, "{:?}", begin.elapsed());
    drop(reader);
    let third = append_some(20).await;
    assert_eq!(append_some(100).await, third);
}

#[tokio::test]
async fn an_append_that_nobody_waits_for_is_made_or_not_made_but_never_half() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(open(dir.path()));
    contract::filled(store.as_ref(), 1, 1).await;
    for wait in 0..30 {
        let mut meta = store.load(contract::feed(1)).await.unwrap().unwrap().meta;
        let append = contract::append(1, meta.head, contract::rows(&mut meta, 3));
        let shared = store.clone();
        let task = tokio::spawn(async move { shared.append(append).await });
        for _ in 0..wait {
            tokio::task::yield_now().await;
        }
        task.abort();
        // Either end is fine; a conflict below would mean that the load came between.
        let _ = task.await;
        let barrier = Snapshot { seq: Seq(1), version: 1, bytes: Vec::new() };
        store.save_snapshot(contract::feed(1), barrier).await.unwrap();
        let head = store.load(contract::feed(1)).await.unwrap().unwrap().meta.head;
        assert_eq!(head.0 % 3, 1);
        assert_eq!(store.read(contract::feed(1), Seq(1), 1_000).await.unwrap().len() as u64, head.0);
    }
}
