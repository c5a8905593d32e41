//! Removed words are in no file of the data directory.

use std::collections::BTreeSet;
use std::time::Duration;

use chat_proto::event::{Posted, Redacted};
use chat_proto::{AccountId, EventBody, Style};

use super::*;
use crate::store::FeedMeta;

const MESSAGES: u64 = 3_000;

/// The end of a word, bytes.
const TAIL_BYTES: usize = 12;

/// A word of its own for each message, which differs from its neighbours in an index from its first letters on.
fn word(number: u64) -> String {
    format!("{:016x}z", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// How many of the words are somewhere in the files, by their last letters: an index leaves out beginnings that repeat.
fn copies(dir: &Path, numbers: impl IntoIterator<Item = u64>) -> usize {
    let files: Vec<Vec<u8>> = contents(dir).into_values().collect();
    let windows = files.iter().flat_map(|file| file.windows(TAIL_BYTES)).filter(|window| window.ends_with(b"z"));
    let found: BTreeSet<&[u8]> = windows.collect();
    let is_there = |number: &u64| found.contains(&word(*number).as_bytes()[17 - TAIL_BYTES..]);
    numbers.into_iter().filter(is_there).count()
}

fn erased() -> impl Iterator<Item = u64> + Clone {
    (1..=MESSAGES).step_by(7)
}

/// A room with a message for each number, indexed.
async fn filled(store: &SqliteStore) -> FeedMeta {
    store.register(contract::room(1, "lobby")).await.unwrap();
    let mut meta = contract::begun(contract::feed(1), store.epoch());
    for numbers in (1..=MESSAGES).collect::<Vec<_>>().chunks(300) {
        let body = |number: &u64| -> EventBody {
            let (name, mentions) = ("alice".to_owned(), Vec::new());
            Posted { name, style: Style::Text, text: format!("it says {}", word(*number)), mentions }.into()
        };
        let head = meta.head;
        let rows = numbers.iter().map(|number| contract::next_body(&mut meta, AccountId(1), body(number))).collect();
        store.append(contract::append(1, head, rows)).await.unwrap();
    }
    while store.index(500).await.unwrap() > 0 {}
    meta
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_what_was_erased_is_in_no_file_a_moment_later_and_the_rest_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut meta = filled(&store).await;
    assert_eq!(copies(dir.path(), erased()), erased().count());
    let body = Redacted { name: "alice".to_owned(), target: Seq(1), reason: String::new() };
    let row = contract::next_body(&mut meta, AccountId(1), body.into());
    let erase = erased().map(Seq).collect();
    store.append(Append { erase, ..contract::append(1, Seq(MESSAGES), vec![row]) }).await.unwrap();
    assert!(copies(dir.path(), erased()) > 0, "the log has not been emptied, and still nothing was found in it");
    let begun = tokio::time::Instant::now();
    while copies(dir.path(), erased()) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "{} are still there", copies(dir.path(), erased()));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let kept = (1..=MESSAGES).filter(|number| number % 7 != 1);
    assert_eq!(copies(dir.path(), kept.clone()), kept.count());
    store.close().await;
    drop(store);
    assert_eq!(copies(dir.path(), erased()), 0);
    let report = crate::store::verify(dir.path()).unwrap();
    assert_eq!((report.is_ok(), report.erased), (true, erased().count() as u64), "{report}");
}

/// What the test above would find, were SQLite not told to overwrite what it frees.
#[tokio::test]
async fn without_overwriting_the_words_stay_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    filled(&store).await;
    store.close().await;
    drop(store);
    let db = Connection::open(dir.path().join(DATABASE_FILE)).unwrap();
    db.execute_batch(
        "PRAGMA secure_delete = off; UPDATE event SET payload = x'', salt = zeroblob(16) WHERE seq % 7 = 1",
    )
    .unwrap();
    db.execute_batch("DELETE FROM search WHERE rowid % 7 = 1; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(db);
    assert!(copies(dir.path(), erased()) > 0);
}
