//! A process that writes to a SQLite store and says what was acknowledged, to be watched or to be made to fail.
//!
//! It is the test binary itself, run again for the one ignored test that calls [`run_if_asked`]. Each line on standard output that
//! matters is `ack ROOM SEQ`, written behind the acknowledgement of that event and all before it, `refused ROOM SEQ REASON`,
//! or `done`.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::event::Posted;
use chat_proto::{
    AccountId, Chain, DeviceId, Event, FeedId, MessageKey, Ordinal, RoomId, RoomName, Seq, Style, Timestamp,
};
use chat_server::digest::chain_start;
use chat_server::store::{
    Append, DataDir, Durability, OpenError, Registration, RoomRecord, Row, Settings, Snapshot, SqliteStore, Store,
    StoreError,
};

/// Rooms that are written to at the same time.
const ROOMS: u64 = 4;

/// Small, so that the log is moved into the database often.
const CHECKPOINT_PAGES: i32 = 40;

/// How often a refused append is tried again.
const TRIES: u32 = 5;

/// What the process is told: directory, durability, and number of messages, separated by newlines.
const TASK: &str = "CHAT_TEST_WRITER";

/// The command that runs the writer, to be run alone or behind the name and arguments of another program.
pub(crate) fn command(dir: &Path, durability: Durability, messages: u64) -> (Vec<OsString>, (&'static str, OsString)) {
    let program = std::env::current_exe().unwrap().into_os_string();
    let arguments = ["--exact", "writer", "--ignored", "--nocapture", "--test-threads=1"];
    let command = std::iter::once(program).chain(arguments.map(OsString::from)).collect();
    let mut task = dir.as_os_str().to_owned();
    task.push(format!("\n{durability}\n{messages}"));
    (command, (TASK, task))
}

/// Whether strace is there and may watch a process. Where it must be, and where it lacks, says so.
pub(crate) fn has_strace() -> bool {
    let watched = std::process::Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    let has = watched.is_ok_and(|output| output.status.success());
    assert!(has || std::env::var_os("CHAT_REQUIRE_TOOLS").is_none(), "strace is required and cannot be run");
    if !has {
        let line = "SKIPPED: strace cannot be run, so no power failure and no failing disk was looked at";
        writeln!(std::io::stderr().lock(), "{line}").unwrap();
    }
    has
}

/// Is the writer, if this process was started as one.
pub(crate) fn run_if_asked() {
    let Some(task) = std::env::var_os(TASK) else { return };
    let task = task.into_string().unwrap();
    let parts: Vec<&str> = task.split('\n').collect();
    let [dir, durability, messages] = parts[..] else { panic!("{TASK} has {} parts", parts.len()) };
    let (durability, messages) = (Durability::from_str(durability).unwrap(), messages.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(write_all(Path::new(dir), durability, messages));
}

async fn write_all(dir: &Path, durability: Durability, messages: u64) {
    let settings = Settings { durability, checkpoint_pages: CHECKPOINT_PAGES };
    let store = match DataDir::lock(dir).map_err(OpenError::from).and_then(|dir| SqliteStore::open(dir, settings)) {
        Ok(store) => Arc::new(store),
        Err(error) => return say(&format!("refused 0 0 {error}")),
    };
    let writers: Vec<_> =
        (1..=ROOMS).map(|room| tokio::spawn(write(store.clone(), RoomId(room), messages / ROOMS))).collect();
    for writer in writers {
        writer.await.unwrap();
    }
    store.close().await;
    say("done");
}

/// Appends to one room, a few messages at a time, with a snapshot and some trimming in between.
async fn write(store: Arc<SqliteStore>, room: RoomId, messages: u64) {
    let feed = FeedId::Room(room);
    let name = RoomName::parse(&format!("room{room}")).unwrap();
    let mut registration = Some(Registration::Room(RoomRecord { id: room, name }));
    let mut last = (Seq::ZERO, chain_start(feed, store.epoch()));
    while last.0 < Seq(messages) {
        let rows = rows(room, last, 1 + (last.0.0 + room.0) % 3);
        let next = rows.last().map_or(last, |row| (row.event.seq, row.chain));
        let append = Append {
            feed,
            expected_head: last.0,
            rows,
            registrations: registration.take().into_iter().collect(),
            erase: Vec::new(),
            replace: Vec::new(),
        };
        if let Err(error) = append_with_patience(&store, room, &append).await {
            return say(&format!("refused {room} {} {error}", next.0));
        }
        last = next;
        say(&format!("ack {room} {}", last.0));
        if last.0.0.is_multiple_of(10) {
            let snapshot = Snapshot { seq: last.0, version: 1, bytes: vec![1; 300] };
            let saved = store.save_snapshot(feed, snapshot).await.is_ok();
            if saved && last.0.0.is_multiple_of(20) {
                // A refusal is no matter: it is tried again with the next snapshot.
                let _ = store.trim(feed, Seq(last.0.0 / 2), Timestamp(0)).await;
            }
        }
    }
}

async fn append_with_patience(store: &SqliteStore, room: RoomId, append: &Append) -> Result<(), StoreError> {
    let mut tries = 0;
    loop {
        match store.append(append.clone()).await {
            Ok(()) => return Ok(()),
            Err(error) if tries == TRIES => return Err(error),
            Err(error) => {
                say(&format!("refused {room} {} {error}", append.expected_head.next()));
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        tries += 1;
    }
}

fn rows(room: RoomId, last: (Seq, Chain), count: u64) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for number in 0..count {
        let seq = Seq(last.0.0 + number + 1);
        let text =
            format!("message {seq} of room {room} {}", "x".repeat(usize::try_from(seq.0 * 37 % 200).unwrap_or(0)));
        let mut key = MessageKey([7; 16]);
        key.0[..8].copy_from_slice(&seq.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        let event = Event {
            seq,
            ordinal: Ordinal(seq.0),
            at: Timestamp(1_700_000_000_000_000),
            by: AccountId(1),
            device: DeviceId(1),
            key,
            body: Posted { name: "alice".to_owned(), style: Style::Text, text, mentions: Vec::new() }.into(),
        };
        let chain = rows.last().map_or(last.1, |row| row.chain);
        rows.push(Row::seal(&chain, event, [u8::try_from(seq.0 % 256).unwrap_or(0); 16]));
    }
    rows
}

/// One line in one system call.
fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(format!("{line}\n").as_bytes()).unwrap();
    stdout.flush().unwrap();
}
