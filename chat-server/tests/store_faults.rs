//! Disks that are full, fail, or cannot be written to.
#![allow(clippy::unwrap_used)]

#[path = "writer/mod.rs"]
mod writer;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use chat_proto::event::Posted;
use chat_proto::{AccountId, DeviceId, Event, FeedId, MessageKey, Ordinal, RoomId, RoomName, Seq, Style, Timestamp};
use chat_server::digest::chain_start;
use chat_server::store::{
    Append, DataDir, DirError, Durability, Registration, RoomRecord, Row, Settings, SqliteStore, Store, StoreError,
    verify,
};

const ROOM: RoomId = RoomId(1);
const FEED: FeedId = FeedId::Room(ROOM);

/// Not a test: the process whose system calls are made to fail.
#[test]
#[ignore = "run by the other tests"]
fn writer() {
    writer::run_if_asked();
}

#[test]
fn after_a_failed_flush_nothing_is_acknowledged_any_more() {
    let Some((dir, lines)) = write_with_fault("chat.db-wal", "fsync:error=EIO:when=12") else { return };
    let failed = lines.iter().position(|line| line.starts_with("refused ")).unwrap();
    assert!(lines[..failed].iter().any(|line| line.starts_with("ack ")), "{lines:?}");
    assert!(!lines[failed..].iter().any(|line| line.starts_with("ack ")), "{lines:?}");
    assert!(lines[failed..].iter().filter(|line| line.starts_with("refused ")).count() >= 4, "{lines:?}");
    assert!(lines[failed].contains("the store failed"), "{lines:?}");
    assert_kept(dir.path(), &lines);
}

#[test]
fn a_log_that_could_not_be_moved_safely_ends_acknowledging_too() {
    let Some((dir, lines)) = write_with_fault("chat.db", "fsync:error=EIO:when=3") else { return };
    let failed = lines.iter().position(|line| line.starts_with("refused ")).unwrap();
    assert!(lines[..failed].iter().any(|line| line.starts_with("ack ")), "{lines:?}");
    assert!(!lines[failed..].iter().any(|line| line.starts_with("ack ")), "{lines:?}");
    assert_kept(dir.path(), &lines);
}

#[test]
fn a_full_disk_refuses_and_works_again_when_there_is_space() {
    let Some((dir, lines)) = write_with_fault("chat.db-wal", "pwrite64:error=ENOSPC:when=100..103") else { return };
    let refused = lines.iter().position(|line| line.ends_with("the disk is full"));
    let refused = refused.unwrap_or_else(|| panic!("nothing was refused: {lines:?}"));
    assert!(lines[refused..].iter().any(|line| line.starts_with("ack ")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("the store failed")), "{lines:?}");
    assert_kept(dir.path(), &lines);
}

/// What the writer said while some of its system calls on a file failed; none without strace.
fn write_with_fault(file: &str, fault: &str) -> Option<(tempfile::TempDir, Vec<String>)> {
    if !writer::has_strace() {
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().canonicalize().unwrap();
    let (command, (name, task)) = writer::command(&data, Durability::Fsync, 400);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("inject={fault}"), "-P"]).arg(data.join(file));
    let output = strace.args(command).env(name, task).output().unwrap();
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(said.contains("\ndone\n"), "{output:?}");
    Some((dir, said.lines().map(str::to_owned).collect()))
}

/// Everything acknowledged is there after a restart, and nothing is damaged.
fn assert_kept(data: &Path, lines: &[String]) {
    let report = verify(data).unwrap();
    assert!(report.is_ok(), "{report}");
    let acks = lines.iter().filter_map(|line| line.strip_prefix("ack ")?.split_once(' '));
    let acks: BTreeMap<u64, u64> = acks.map(|(room, seq)| (room.parse().unwrap(), seq.parse().unwrap())).collect();
    assert!(!acks.is_empty());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = open(data);
        for (room, seq) in acks {
            let loaded = store.load(FeedId::Room(RoomId(room))).await.unwrap().unwrap();
            assert!(loaded.meta.head >= Seq(seq), "room {room}: {seq} was acknowledged, {loaded:?}");
        }
    });
}

fn open(data: &Path) -> SqliteStore {
    SqliteStore::open(DataDir::lock(data).unwrap(), Settings::default()).unwrap()
}

/// A small file system in memory, for as long as the value lives.
struct Mount(tempfile::TempDir);

impl Mount {
    /// None, and a loud line, where this user may not mount.
    fn new(options: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(dir.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(dir));
        }
        writeln!(std::io::stderr().lock(), "SKIPPED: this user cannot mount a small file system").unwrap();
        None
    }

    fn remount(&self, options: &str) {
        let status = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(self.0.path()).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily, because a store may not be closed yet; if it fails there is nobody to tell.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Appends one message that follows `last`.
async fn append(store: &SqliteStore, last: &mut Option<Row>) -> Result<(), StoreError> {
    let prev = last.as_ref().map_or(chain_start(FEED, store.epoch()), |row| row.chain);
    let expected_head = last.as_ref().map_or(Seq::ZERO, |row| row.event.seq);
    let seq = expected_head.next();
    let posted = Posted { name: "alice".to_owned(), style: Style::Text, text: "x".repeat(4_000), mentions: Vec::new() };
    let event = Event {
        seq,
        ordinal: Ordinal(seq.0),
        at: Timestamp(1),
        by: AccountId(1),
        device: DeviceId(1),
        key: MessageKey([u8::try_from(seq.0 % 250 + 1).unwrap(); 16]),
        body: posted.into(),
    };
    let row = Row::seal(&prev, event, [1; 16]);
    store
        .append(Append {
            feed: FEED,
            expected_head,
            rows: vec![row.clone()],
            registrations: Vec::new(),
            erase: Vec::new(),
            replace: Vec::new(),
        })
        .await?;
    *last = Some(row);
    Ok(())
}

#[tokio::test]
async fn with_a_full_file_system_reads_go_on_and_writes_do_when_space_returns() {
    let Some(mount) = Mount::new("size=1m") else { return };
    let data = mount.0.path().join("data");
    fs::create_dir(&data).unwrap();
    let store = open(&data);
    let name = RoomName::parse("lobby").unwrap();
    store.register(Registration::Room(RoomRecord { id: ROOM, name })).await.unwrap();
    let mut last = None;
    let ballast = mount.0.path().join("ballast");
    let free_space = 300 * 1024;
    fs::write(&ballast, vec![1; free_space]).unwrap();
    for _ in 0..3 {
        let refused = loop {
            if let Err(error) = append(&store, &mut last).await {
                break error;
            }
            assert!(last.as_ref().unwrap().event.seq < Seq(240), "the disk is never full");
        };
        assert_eq!(refused, StoreError::Full);
        assert_eq!(append(&store, &mut last).await, Err(StoreError::Full));
        let kept = store.read_back(FEED, Seq::MAX, 1).await.unwrap();
        assert_eq!(kept.first(), last.as_ref());
        let len = fs::metadata(&ballast).unwrap().len();
        fs::File::options().write(true).open(&ballast).unwrap().set_len(len - 100 * 1024).unwrap();
        append(&store, &mut last).await.unwrap();
    }
    store.close().await;
    drop(store);
    let report = verify(&data).unwrap();
    assert!(report.is_ok(), "{report}");
    let store = open(&data);
    let rows = store.read(FEED, Seq(1), usize::MAX).await.unwrap();
    assert_eq!(rows.last(), last.as_ref());
    assert_eq!(rows.len(), usize::try_from(last.unwrap().event.seq.0).unwrap());
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_to_is_refused_by_name() {
    let Some(mount) = Mount::new("size=1m") else { return };
    let data = mount.0.path().join("data");
    let store = open(&data);
    store.close().await;
    drop(store);
    mount.remount("ro");
    let refused = DataDir::lock(&data).unwrap_err();
    assert!(matches!(refused, DirError::Unusable { .. }), "{refused:?}");
    assert!(refused.to_string().contains(data.to_str().unwrap()), "{refused}");
    assert!(verify(&data).unwrap().is_ok());
    assert!(DataDir::lock(&mount.0.path().join("other")).is_err());
}
