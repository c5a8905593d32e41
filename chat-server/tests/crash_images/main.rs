//! Power failures: the system calls of a writing store are recorded, and after each of them the disk is rebuilt as a power
//! failure could leave it. What was acknowledged before must be there, and nothing may be damaged.
//!
//! `CHAT_ROUNDS=100 cargo test -p chat-server --test crash_images` looks at a hundred times as many images.
#![allow(clippy::unwrap_used)]

mod disk;
mod trace;
#[path = "../writer/mod.rs"]
mod writer;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use chat_proto::{Epoch, FeedId, RoomId, Seq};
use chat_server::store::verify::VerifyError;
use chat_server::store::{DataDir, Durability, Settings, SqliteStore, Store, verify};
use rand::SeedableRng;
use rand::rngs::StdRng;

use disk::{Disk, MODELS, Model};
use trace::Call;

/// Not a test: the process that the tests watch.
#[test]
#[ignore = "run by the other tests"]
fn writer() {
    writer::run_if_asked();
}

#[test]
fn d1_what_was_acknowledged_after_a_flush_survives_every_power_failure() {
    if !writer::has_strace() {
        return;
    }
    let mut sum = Sum::default();
    for round in 0..rounds() {
        let calls = record(Durability::Fsync, 120 + round % 7 * 40);
        sum.add(&look(&calls, round, &MODELS, true));
    }
    report("fsync", &sum);
    assert!(sum.images > 1_000, "{} images are too few to say anything", sum.images);
    assert_eq!((sum.losing, sum.corrupt), (0, 0));
}

#[test]
fn d1_without_a_flush_a_power_failure_loses_what_was_acknowledged_and_this_test_sees_it() {
    if !writer::has_strace() {
        return;
    }
    let calls = record(Durability::Os, 80);
    let sum = look(&calls, 0, &[Model::Dropped, Model::Reordered], false);
    report("os", &sum);
    assert!(sum.losing > sum.images / 4, "only {} of {} images lost something", sum.losing, sum.images);
    assert_eq!(sum.corrupt, 0);
}

#[derive(Debug, Default)]
struct Sum {
    images: u32,
    losing: u32,
    corrupt: u32,
}

impl Sum {
    fn add(&mut self, other: &Self) {
        self.images += other.images;
        self.losing += other.losing;
        self.corrupt += other.corrupt;
    }
}

fn report(what: &str, sum: &Sum) {
    let Sum { images, losing, corrupt } = sum;
    let mut out = std::io::stderr().lock();
    writeln!(out, "{what}: {images} images, {losing} losing acknowledged messages, {corrupt} corrupt").unwrap();
}

fn rounds() -> u64 {
    std::env::var("CHAT_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap())
}

/// Lets the writer work under strace.
fn record(durability: Durability, messages: u64) -> Vec<Call> {
    let dir = tempfile::tempdir().unwrap();
    let (data, trace) = (dir.path().canonicalize().unwrap().join("data"), dir.path().join("trace"));
    let (command, (name, task)) = writer::command(&data, durability, messages);
    let traced = "trace=openat,write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat";
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-xx", "-s", "1000000", "-e", traced, "-o"]).arg(&trace).args(command).env(name, task);
    let output = strace.output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("\ndone\n"), "{output:?}");
    trace::calls(&std::fs::read_to_string(&trace).unwrap(), data.to_str().unwrap())
}

/// Looks at what a power failure after each call leaves.
fn look(calls: &[Call], seed: u64, models: &[Model], flushed: bool) -> Sum {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut disk, mut acknowledged, mut sum) = (Disk::default(), BTreeMap::new(), Sum::default());
    for call in calls {
        if let Call::Say(line) = call {
            acknowledged.extend(acknowledgement(line));
        }
        if !disk.follow(call) {
            continue;
        }
        for model in models {
            let image = image_dir();
            disk.write_image(*model, &mut random, image.path());
            let found = check(image.path(), &acknowledged);
            let place = || format!("{model:?}, seed {seed}, image {}, {acknowledged:?}", sum.images);
            if let Err(reason) = &found {
                writeln!(std::io::stderr().lock(), "{}: corrupt: {reason}", place()).unwrap();
            }
            if flushed && found == Ok(false) {
                writeln!(std::io::stderr().lock(), "{}: lost", place()).unwrap();
            }
            sum.corrupt += u32::from(found.is_err());
            sum.losing += u32::from(found == Ok(false));
            if flushed && found == Ok(true) && sum.images.is_multiple_of(50) {
                start(image.path(), &acknowledged);
            }
            sum.images += 1;
        }
    }
    sum
}

/// In memory where that is possible: what is examined is dead already.
fn image_dir() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// The room and seq of `ack ROOM SEQ`.
fn acknowledgement(line: &str) -> Option<(u64, u64)> {
    let (room, seq) = line.strip_prefix("ack ")?.split_once(' ')?;
    Some((room.parse().ok()?, seq.parse().ok()?))
}

/// Whether everything acknowledged is there; an error for damage.
fn check(image: &Path, acknowledged: &BTreeMap<u64, u64>) -> Result<bool, String> {
    match verify(image) {
        Err(VerifyError::Missing(_)) => return Ok(acknowledged.is_empty()),
        Err(error) => return Err(error.to_string()),
        Ok(report) => {
            let is_lost = |what: &str| what.ends_with("the database was set back");
            if let Some(damage) = report.damage.iter().find(|each| !is_lost(&each.what)) {
                return Err(damage.to_string());
            }
        }
    }
    let db = rusqlite::Connection::open(image.join("chat.db")).map_err(|error| error.to_string())?;
    let heads = |db: &rusqlite::Connection| {
        let mut query = db.prepare("SELECT id / 2, head FROM feed")?;
        let rows = query.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
        rows.collect::<rusqlite::Result<BTreeMap<_, _>>>()
    };
    let heads = heads(&db).map_err(|error| error.to_string())?;
    let is_there =
        |(room, seq): (&u64, &u64)| heads.get(&room.cast_signed()).is_some_and(|head| head.cast_unsigned() >= *seq);
    Ok(acknowledged.iter().all(is_there))
}

/// The server itself starts from the image, in the same epoch, with everything acknowledged.
fn start(image: &Path, acknowledged: &BTreeMap<u64, u64>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(DataDir::lock(image).unwrap(), Settings::default()).unwrap();
        assert_eq!(store.epoch(), Epoch(1));
        for (room, seq) in acknowledged {
            let loaded = store.load(FeedId::Room(RoomId(*room))).await.unwrap().unwrap();
            assert!(loaded.meta.head >= Seq(*seq), "room {room}: {loaded:?}");
        }
        store.close().await;
    });
}
