//! Files up and down with the real client against a real server: whole, several at once, over broken connections, cancelled.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use chat_proto::{Attached, Event, RejectCode, RoomId, Seq};
use chat_server::config::Files;
use chat_server::hub::HubSettings;
use chat_server::hub::files::FileSettings;
use chat_server::server::Settings as ServerSettings;
use chat_tui::client::{FileToSend, Progress, Stage, Target, Transfer, TransferError};
use support::{PATIENCE, Person, TestServer, settings};
use tempfile::TempDir;

/// A server, where it keeps files, and a place of somebody's own.
struct Scene {
    server: TestServer,
    kept: TempDir,
    own: TempDir,
}

fn stage(rules: Files) -> Scene {
    let kept = tempfile::tempdir().unwrap();
    let files = Some(FileSettings { directory: kept.path().to_owned(), rules });
    let hub = HubSettings { files, ..HubSettings::default() };
    let server = TestServer::start_with(ServerSettings { hub, ..ServerSettings::default() });
    Scene { server, kept, own: tempfile::tempdir().unwrap() }
}

impl Scene {
    async fn person(&self, name: &str) -> Person {
        Person::connect(settings(self.server.named(), name, &self.own.path().join(name))).await
    }

    /// A file of somebody's.
    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.own.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// An empty directory.
    fn directory(&self, name: &str) -> PathBuf {
        let path = self.own.path().join(name);
        fs::create_dir(&path).unwrap();
        path
    }
}

/// Bytes that do not repeat.
fn bytes(number: u64, len: usize) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(len).collect()
}

async fn outcome<T: Send + 'static>(transfer: Transfer<T>) -> Result<T, TransferError> {
    tokio::time::timeout(PATIENCE, transfer.outcome()).await.expect("an end in time")
}

/// Waits until a transfer is somewhere.
async fn reaches<T: Send + 'static>(transfer: &Transfer<T>, is_there: impl Fn(&Progress) -> bool) {
    let mut progress = transfer.progress();
    let there = tokio::time::timeout(PATIENCE, progress.wait_for(|progress| is_there(progress)));
    drop(there.await.expect("it gets there").unwrap());
}

fn names(directory: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = fs::read_dir(directory).unwrap().map(name).collect();
    names.sort();
    names
}

async fn sent(person: &Person, room: RoomId, path: PathBuf) -> Seq {
    outcome(person.client.upload(FileToSend::new(room, path))).await.unwrap().receipt.seq
}

/// The message of a room, once it is heard.
async fn heard(person: &mut Person, room: RoomId, seq: Seq) -> Event {
    let found = |person: &Person| person.log.iter().find(|(at, event)| *at == room && event.seq == seq).cloned();
    person.until(|person| found(person).is_some()).await;
    found(person).unwrap().1
}

#[tokio::test]
async fn a_file_comes_down_as_it_went_up_and_never_over_another_one() {
    let stage = stage(Files::default());
    let (mut alice, mut bob) = (stage.person("alice").await, stage.person("bob").await);
    let room = alice.join("dev").await;
    bob.join("dev").await;
    let downloads = stage.directory("downloads");
    for (number, len) in [(1, 0), (2, 1), (3, 65_537), (4, 5_000_000)] {
        let content = bytes(number, len);
        let file = FileToSend {
            caption: "the profile".to_owned(),
            ..FileToSend::new(room, stage.file("flame.svg", &content))
        };
        let sent = outcome(alice.client.upload(file)).await.unwrap();
        assert_eq!((sent.moved, sent.file.media_type.as_str()), (len as u64, "image/svg+xml"));
        let event = heard(&mut bob, room, sent.receipt.seq).await;
        let message = event.body.message().unwrap();
        assert_eq!((message.text, message.file()), ("the profile", Some(&sent.file)));
        let target = Target::Directory(downloads.clone());
        let fetched = outcome(bob.client.download(room, sent.receipt.seq, target)).await.unwrap();
        assert_eq!((fetched.file, fetched.moved), (sent.file, len as u64));
        assert!(fs::read(fetched.path.unwrap()).unwrap() == content, "{len} bytes");
    }
    assert_eq!(names(&downloads), ["flame (1).svg", "flame (2).svg", "flame (3).svg", "flame.svg"]);
}

#[tokio::test]
async fn without_a_caption_a_message_says_the_name_and_it_may_answer_another_one() {
    let stage = stage(Files::default());
    let mut alice = stage.person("alice").await;
    let room = alice.join("dev").await;
    let path = stage.file("notes.txt", b"hello");
    let first = sent(&alice, room, path.clone()).await;
    let file = FileToSend {
        name: Some("../../e\u{301}vil\u{1b}.txt".to_owned()),
        reply_to: Some(first),
        ..FileToSend::new(room, path)
    };
    let second = outcome(alice.client.upload(file)).await.unwrap().receipt.seq;
    let event = heard(&mut alice, room, first).await;
    assert_eq!(event.body.message().unwrap().text, "notes.txt");
    let event = heard(&mut alice, room, second).await;
    let message = event.body.message().unwrap();
    assert_eq!((message.reply_to(), message.file().unwrap().name.as_str()), (Some(first), "\u{e9}vil_.txt"));
}

#[tokio::test]
async fn what_is_sent_and_fetched_goes_on_where_it_was_when_the_server_comes_back() {
    const LEN: usize = 24_000_000;
    const SLACK: u64 = 1_500_000;
    let mut stage = stage(Files::default());
    let (mut alice, mut bob) = (stage.person("alice").await, stage.person("bob").await);
    let room = alice.join("dev").await;
    bob.join("dev").await;
    let content = bytes(1, LEN);
    let upload = alice.client.upload(FileToSend::new(room, stage.file("big.bin", &content)));
    reaches(&upload, |progress| progress.stage == Stage::Moving && progress.done > 8_000_000).await;
    stage.server = stage.server.kill().start();
    let sent = outcome(upload).await.unwrap();
    assert!(sent.moved <= LEN as u64 + SLACK, "{} bytes went up", sent.moved);

    let downloads = stage.directory("downloads");
    let target = Target::Directory(downloads.clone());
    let download = bob.client.download(room, sent.receipt.seq, target);
    reaches(&download, |progress| progress.stage == Stage::Moving && progress.done > 8_000_000).await;
    assert_eq!(names(&downloads), ["big.bin.part"]);
    stage.server = stage.server.kill().start();
    let fetched = outcome(download).await.unwrap();
    assert_eq!(fetched.moved, LEN as u64, "no byte is asked for twice");
    assert!(fs::read(fetched.path.unwrap()).unwrap() == content);
    assert_eq!(names(&downloads), ["big.bin"]);
}

#[tokio::test]
async fn several_go_at_once_and_the_others_wait_for_a_place() {
    let stage = stage(Files { at_once: 2, ..Files::default() });
    let mut alice = stage.person("alice").await;
    let room = alice.join("dev").await;
    let contents: Vec<Vec<u8>> = (0..6).map(|number| bytes(number, 2_000_000)).collect();
    let begin = |(number, content): (usize, &Vec<u8>)| {
        let path = stage.file(&format!("{number}.bin"), content);
        alice.client.upload(FileToSend::new(room, path))
    };
    let uploads: Vec<_> = contents.iter().enumerate().map(begin).collect();
    let mut seqs = Vec::new();
    for upload in uploads {
        seqs.push(outcome(upload).await.unwrap().receipt.seq);
    }
    let downloads = stage.directory("downloads");
    let fetch = |seq: &Seq| alice.client.download(room, *seq, Target::Directory(downloads.clone()));
    let transfers: Vec<_> = seqs.iter().map(fetch).collect();
    for (transfer, content) in transfers.into_iter().zip(&contents) {
        assert!(fs::read(outcome(transfer).await.unwrap().path.unwrap()).unwrap() == *content);
    }
}

#[tokio::test]
async fn dropping_a_transfer_ends_it_and_leaves_nothing() {
    let stage = stage(Files::default());
    let mut alice = stage.person("alice").await;
    let room = alice.join("dev").await;
    let content = bytes(1, 30_000_000);
    let path = stage.file("big.bin", &content);
    let upload = alice.client.upload(FileToSend::new(room, path.clone()));
    reaches(&upload, |progress| progress.stage == Stage::Moving && progress.done > 1_000_000).await;
    drop(upload);
    let again = outcome(alice.client.upload(FileToSend::new(room, path))).await.unwrap();
    assert!(again.moved < content.len() as u64, "what came before it was dropped is gone on with");
    let downloads = stage.directory("downloads");
    let download = alice.client.download(room, again.receipt.seq, Target::Directory(downloads.clone()));
    reaches(&download, |progress| progress.stage == Stage::Moving && progress.done > 1_000_000).await;
    assert_eq!(names(&downloads), ["big.bin.part"]);
    let mut progress = download.progress();
    drop(download);
    // The task ends on its own: then nobody tells how far it is any more.
    let ended = async { while progress.changed().await.is_ok() {} };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
    assert_eq!(names(&downloads), [] as [&str; 0]);
    let messages = alice.log.iter().filter(|(_, event)| event.body.message().is_some()).count();
    assert!(messages <= 1, "one message, not two");
}

#[tokio::test]
async fn what_cannot_be_sent_or_fetched_says_why() {
    let stage = stage(Files { bytes_per_file: 1_000, ..Files::default() });
    let mut alice = stage.person("alice").await;
    let room = alice.join("dev").await;
    let upload = |path: PathBuf| outcome(alice.client.upload(FileToSend::new(room, path)));
    let code = |error: TransferError| {
        let TransferError::Rejected(reject) = error else { panic!("{error}") };
        reject.code
    };
    assert_eq!(code(upload(stage.file("long", &[0; 1_001])).await.unwrap_err()), RejectCode::TooLarge);
    let missing = upload(stage.own.path().join("missing")).await.unwrap_err();
    assert!(matches!(missing, TransferError::File { .. }) && missing.to_string().contains("missing"), "{missing}");
    let directory = upload(stage.directory("directory")).await.unwrap_err();
    assert!(matches!(directory, TransferError::NotAFile(_)), "{directory}");
    let caption = FileToSend { caption: "a\u{1b}b".to_owned(), ..FileToSend::new(room, stage.file("x", b"x")) };
    assert!(matches!(outcome(alice.client.upload(caption)).await, Err(TransferError::Caption(_))));
    let downloads = stage.directory("downloads");
    let fetch = |seq| outcome(alice.client.download(room, seq, Target::Directory(downloads.clone())));
    assert_eq!(code(fetch(Seq(999)).await.unwrap_err()), RejectCode::NoSuchMessage);
    let seq = sent(&alice, room, stage.file("x", b"hello")).await;
    let nowhere = Target::Directory(downloads.join("nowhere"));
    assert!(matches!(outcome(alice.client.download(room, seq, nowhere)).await, Err(TransferError::File { .. })));
    assert_eq!(names(&downloads), [] as [&str; 0]);
}

#[tokio::test]
async fn what_is_not_what_its_hash_says_is_not_kept() {
    let stage = stage(Files::default());
    let mut alice = stage.person("alice").await;
    let room = alice.join("dev").await;
    let upload = FileToSend::new(room, stage.file("x", b"hello"));
    let sent = outcome(alice.client.upload(upload)).await.unwrap();
    let Attached { hash, .. } = sent.file;
    let hash = hash.to_string();
    fs::write(stage.kept.path().join(&hash[..2]).join(&hash), b"jello").unwrap();
    let downloads = stage.directory("downloads");
    let fetch = alice.client.download(room, sent.receipt.seq, Target::Directory(downloads.clone()));
    assert!(matches!(outcome(fetch).await, Err(TransferError::Damaged)));
    assert_eq!(names(&downloads), [] as [&str; 0]);
}

#[tokio::test]
async fn a_file_may_go_to_whoever_reads() {
    let stage = stage(Files::default());
    let mut alice = stage.person("alice").await;
    let room = alice.join("dev").await;
    let content = bytes(1, 300_000);
    let seq = sent(&alice, room, stage.file("x", &content)).await;
    let (near, mut far) = tokio::io::duplex(1_000);
    let fetch = alice.client.download(room, seq, Target::Writer(Box::new(near)));
    let mut came = Vec::new();
    let read = tokio::io::AsyncReadExt::read_to_end(&mut far, &mut came);
    let (fetched, read) = tokio::join!(outcome(fetch), read);
    assert_eq!((fetched.unwrap().path, read.unwrap()), (None, content.len()));
    assert!(came == content);
}
