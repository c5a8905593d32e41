//! What every engine says of files that are kept: they come with the rows of messages and go with their words.

use chat_proto::event::{Forwarded, PostedWith};
use chat_proto::limits::FILE_COUNTED_BYTES_MIN;
use chat_proto::{AccountId, Attached, EventBody, Extra, FileHash, RoomId, Seq, Style, Timestamp};

use super::{append, begun, feed, next_body, room};
use crate::store::{Append, FeedMeta, FileClaim, FileStanding, Registration, Store};

/// Runs the whole suite, each part against a store of its own.
pub(super) async fn all<S: Store, F: Future<Output = S>>(make: &impl Fn() -> F) {
    what_was_sent_is_kept_until_a_message_takes_it_or_nobody_did(&make().await).await;
    what_messages_carry_goes_with_their_words(&make().await).await;
    a_file_counts_once_for_each_account(&make().await).await;
    a_copy_keeps_a_file_and_is_no_proof_of_having_sent_it(&make().await).await;
}

const ALICE: AccountId = AccountId(1);
const BOB: AccountId = AccountId(2);
const SIZE: u64 = 10_000;

fn hash(number: u8) -> FileHash {
    FileHash([number; 32])
}

fn carrying(number: u8, others: Vec<Extra>) -> EventBody {
    let (name, media_type) = ("a.txt".to_owned(), "text/plain".to_owned());
    let file = Attached { name, media_type, size: SIZE, hash: hash(number) };
    let extras = others.into_iter().chain([file.into()]).collect();
    let (name, text) = ("alice".to_owned(), "look".to_owned());
    PostedWith { name, style: Style::Text, text, mentions: Vec::new(), extras }.into()
}

fn claim(account: AccountId, number: u8, at: i64) -> Registration {
    Registration::ClaimFile(FileClaim { account, hash: hash(number), size: SIZE, at: Timestamp(at) })
}

/// Appends messages of some authors to the first room.
async fn tell(store: &impl Store, meta: &mut FeedMeta, bodies: Vec<(AccountId, EventBody)>) {
    let before = meta.head;
    let rows = bodies.into_iter().map(|(by, body)| next_body(meta, by, body)).collect();
    store.append(append(1, before, rows)).await.unwrap();
}

async fn empty_room(store: &impl Store) -> FeedMeta {
    store.register(room(1, "lobby")).await.unwrap();
    begun(feed(1), store.epoch())
}

async fn standing(store: &impl Store, account: AccountId, number: u8) -> (Option<u64>, u64, u64) {
    let FileStanding { held, account_bytes, total_bytes } = store.file_standing(account, hash(number)).await.unwrap();
    (held, account_bytes, total_bytes)
}

async fn is_kept(store: &impl Store, number: u8) -> bool {
    store.unkept_files(vec![hash(number)]).await.unwrap().is_empty()
}

async fn what_was_sent_is_kept_until_a_message_takes_it_or_nobody_did(store: &impl Store) {
    let mut meta = empty_room(store).await;
    assert_eq!(standing(store, ALICE, 1).await, (None, 0, 0));
    assert_eq!(store.unkept_files(vec![hash(2), hash(1)]).await.unwrap(), [hash(2), hash(1)]);
    for at in [5, 7] {
        store.register(claim(ALICE, 1, at)).await.unwrap();
    }
    store.register(claim(ALICE, 2, 5)).await.unwrap();
    store.register(claim(BOB, 1, 5)).await.unwrap();
    assert_eq!(standing(store, ALICE, 1).await, (Some(SIZE), 2 * SIZE, 3 * SIZE));
    store.register(Registration::DropFileClaims(Timestamp(7))).await.unwrap();
    assert_eq!(standing(store, ALICE, 1).await, (Some(SIZE), SIZE, SIZE));
    assert_eq!(standing(store, BOB, 1).await, (None, 0, SIZE));
    assert!(is_kept(store, 1).await && !is_kept(store, 2).await);
    tell(store, &mut meta, vec![(ALICE, carrying(1, Vec::new()))]).await;
    store.register(Registration::DropFileClaims(Timestamp(i64::MAX))).await.unwrap();
    assert_eq!(standing(store, ALICE, 1).await, (Some(SIZE), SIZE, SIZE), "a message carries it now");
    assert!(is_kept(store, 1).await);
}

async fn what_messages_carry_goes_with_their_words(store: &impl Store) {
    let mut meta = empty_room(store).await;
    let bodies = (1..=5).map(|number| (ALICE, carrying(number, Vec::new()))).collect();
    tell(store, &mut meta, bodies).await;
    let row = next_body(&mut meta, ALICE, carrying(6, Vec::new()));
    let erasing = Append { erase: vec![Seq(4), Seq(6)], ..append(1, Seq(5), vec![row]) };
    store.append(erasing).await.unwrap();
    store.trim(feed(1), Seq(3), Timestamp(0)).await.unwrap();
    let all: Vec<FileHash> = (1..=6).map(hash).collect();
    assert_eq!(store.unkept_files(all.clone()).await.unwrap(), [hash(1), hash(2), hash(4), hash(6)]);
    assert_eq!(standing(store, ALICE, 4).await, (None, 2 * SIZE, 2 * SIZE));
    store.trim(feed(1), Seq(7), Timestamp(0)).await.unwrap();
    assert_eq!(store.unkept_files(all.clone()).await.unwrap(), all);
}

async fn a_file_counts_once_for_each_account(store: &impl Store) {
    let mut meta = empty_room(store).await;
    let twice = carrying(1, Vec::new());
    tell(store, &mut meta, vec![(ALICE, twice.clone()), (ALICE, twice.clone()), (BOB, twice)]).await;
    store.register(claim(ALICE, 1, 5)).await.unwrap();
    assert_eq!(standing(store, ALICE, 1).await, (Some(SIZE), SIZE, 2 * SIZE));
    let small = FileClaim { account: ALICE, hash: hash(2), size: 0, at: Timestamp(5) };
    store.register(Registration::ClaimFile(small)).await.unwrap();
    let least = FILE_COUNTED_BYTES_MIN;
    assert_eq!(standing(store, ALICE, 2).await, (Some(0), SIZE + least, 2 * SIZE + least));
    store.append(erasing(&mut meta, [1, 3])).await.unwrap();
    assert!(is_kept(store, 1).await, "another message carries it");
    store.append(erasing(&mut meta, [2, 2])).await.unwrap();
    assert_eq!(standing(store, ALICE, 1).await.0, Some(SIZE), "it was sent once more");
}

fn erasing(meta: &mut FeedMeta, seqs: [u64; 2]) -> Append {
    let before = meta.head;
    let row = next_body(meta, ALICE, chat_proto::event::Joined { name: "alice".to_owned() }.into());
    Append { erase: seqs.map(Seq).to_vec(), ..append(1, before, vec![row]) }
}

async fn a_copy_keeps_a_file_and_is_no_proof_of_having_sent_it(store: &impl Store) {
    let mut meta = empty_room(store).await;
    let (room_name, name) = ("ops".to_owned(), "alice".to_owned());
    let from = Forwarded { room: RoomId(9), room_name, seq: Seq(1), by: ALICE, name };
    tell(store, &mut meta, vec![(BOB, carrying(1, vec![from.into()]))]).await;
    assert!(is_kept(store, 1).await);
    assert_eq!(standing(store, BOB, 1).await, (None, SIZE, SIZE));
}
