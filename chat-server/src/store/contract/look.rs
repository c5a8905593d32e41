//! What every engine says of rows by what they are about, who wrote them and what they are, how far back it keeps a feed, and
//! how it removes words.

use chat_proto::event::{Edited, Erased, Pinned, Posted, Reacted};
use chat_proto::{AccountId, EventBody, Seq, Style, Timestamp};

use super::{FIRST_AT, append, begun, feed, filled, next_body, room};
use crate::core::search::{Clause, Find, words};
use crate::digest::chain_next;
use crate::store::{Append, FeedMeta, Keep, Matches, Row, Store, StoreError};

/// Runs the whole suite, each part against a store of its own.
pub(super) async fn all<S: Store, F: Future<Output = S>>(make: &impl Fn() -> F) {
    rows_are_found_by_what_they_are_about(&make().await).await;
    rows_are_found_by_author_and_by_kind(&make().await).await;
    a_feed_is_cut_where_it_holds_as_much_as_it_should(&make().await).await;
    erased_words_are_gone_and_everything_else_stays(&make().await).await;
    what_has_no_words_is_not_erased(&make().await).await;
    an_edit_that_replaces_leaves_nothing_of_the_words_before(&make().await).await;
}

fn posted(text: &str) -> EventBody {
    let (name, text) = ("alice".to_owned(), text.to_owned());
    Posted { name, style: Style::Text, text, mentions: Vec::new() }.into()
}

fn edited(target: u64, text: &str) -> EventBody {
    let (name, text) = ("alice".to_owned(), text.to_owned());
    Edited { name, target: Seq(target), text, mentions: Vec::new(), visible_to: None }.into()
}

fn reacted(target: u64) -> EventBody {
    Reacted { name: "bob".to_owned(), target: Seq(target), emoji: "+1".to_owned(), on: true, visible_to: None }.into()
}

/// A room with these events, by one author and another in turn.
async fn told(store: &impl Store, bodies: impl IntoIterator<Item = EventBody>) -> (FeedMeta, Vec<Row>) {
    store.register(room(1, "lobby")).await.unwrap();
    let mut meta = begun(feed(1), store.epoch());
    let row = |(number, body): (u64, EventBody)| next_body(&mut meta, AccountId(1 + number % 2), body);
    let rows: Vec<Row> = (0..).zip(bodies).map(row).collect();
    store.append(append(1, Seq::ZERO, rows.clone())).await.unwrap();
    (meta, rows)
}

fn seqs(rows: &[Row]) -> Vec<u64> {
    rows.iter().map(|row| row.event.seq.0).collect()
}

async fn rows_are_found_by_what_they_are_about(store: &impl Store) {
    let bodies = [posted("one"), posted("two"), reacted(2), edited(1, "uno"), reacted(1), posted("three"), reacted(6)];
    let (_, rows) = told(store, bodies).await;
    let about = async |from, to, after, limit| {
        store.annotations(feed(1), Seq(from)..=Seq(to), Seq(after), limit).await.unwrap()
    };
    assert_eq!(about(1, 2, 0, 10).await, rows[2..5]);
    assert_eq!(seqs(&about(1, 1, 0, 10).await), [4, 5]);
    assert_eq!(seqs(&about(1, u64::MAX, 3, 2).await), [4, 5]);
    assert_eq!(seqs(&about(3, 5, 0, 10).await), [] as [u64; 0]);
    store.trim(feed(1), Seq(3), Timestamp(0)).await.unwrap();
    assert_eq!(seqs(&about(3, 9, 0, 10).await), [7]);
    assert_eq!(store.annotations(feed(2), Seq(1)..=Seq(9), Seq(0), 9).await, Ok(Vec::new()));
}

async fn rows_are_found_by_author_and_by_kind(store: &impl Store) {
    let pinned = |target, on| Pinned { name: "alice".to_owned(), target: Seq(target), on }.into();
    let bodies = [posted("a"), posted("b"), posted("c"), reacted(1), posted("d"), pinned(3, true), pinned(3, false)];
    told(store, bodies).await;
    let by =
        async |author, before, limit| store.by_author(feed(1), AccountId(author), Seq(before), limit).await.unwrap();
    assert_eq!(by(1, u64::MAX, 10).await, [Seq(5), Seq(3), Seq(1)]);
    assert_eq!(by(1, 5, 1).await, [Seq(3)]);
    assert_eq!(by(2, u64::MAX, 10).await, [Seq(2)]);
    assert_eq!(by(3, u64::MAX, 10).await, []);
    let of = async |kinds: &[u16], before, limit| {
        seqs(&store.of_kinds(feed(1), kinds.to_vec(), Seq(before), limit).await.unwrap())
    };
    let (pins, reactions) = (pinned(1, true).kind(), reacted(1).kind());
    assert_eq!(of(&[pins, reactions], u64::MAX, 10).await, [7, 6, 4]);
    assert_eq!(of(&[pins], 7, 10).await, [6]);
    assert_eq!(of(&[pins, reactions], u64::MAX, 2).await, [7, 6]);
    assert_eq!(of(&[], u64::MAX, 2).await, [] as [u64; 0]);
}

async fn a_feed_is_cut_where_it_holds_as_much_as_it_should(store: &impl Store) {
    assert_eq!(store.cut(feed(1), Keep::default(), Timestamp(0)).await, Err(StoreError::Conflict));
    let bodies = (1..=20).map(|number| if number % 4 == 0 { reacted(1) } else { posted("ten chars.") });
    let (_, rows) = told(store, bodies).await;
    let now = Timestamp(FIRST_AT + 20);
    let cut = async |keep: Keep| store.cut(feed(1), keep, now).await.unwrap().0;
    let count = |count| Keep { count: Some(count), ..Keep::default() };
    assert_eq!(cut(Keep::default()).await, 1);
    // The newest three messages are 17, 18 and 19; 20 is a reaction.
    assert_eq!((cut(count(3)).await, cut(count(1)).await, cut(count(0)).await), (17, 19, 21));
    assert_eq!(cut(count(15)).await, 1);
    let age = |age| Keep { age_us: Some(age), ..Keep::default() };
    assert_eq!((cut(age(5)).await, cut(age(100)).await, cut(age(0)).await), (15, 1, 21));
    let bytes = |from: usize| rows[from..].iter().map(|row| row.event.body.payload().len() as u64).sum::<u64>();
    let size = |bytes| Keep { bytes: Some(bytes), ..Keep::default() };
    assert_eq!((cut(size(bytes(9))).await, cut(size(bytes(9) - 1)).await, cut(size(0)).await), (10, 11, 21));
    assert_eq!(cut(Keep { count: Some(3), age_us: Some(5), bytes: Some(bytes(18)) }).await, 19);
    store.trim(feed(1), Seq(12), now).await.unwrap();
    assert_eq!((cut(size(bytes(9))).await, cut(count(3)).await), (12, 17));
    store.trim(feed(1), Seq(21), now).await.unwrap();
    assert_eq!(cut(count(3)).await, 21);
}

async fn erased_words_are_gone_and_everything_else_stays(store: &impl Store) {
    let EventBody::Edited(private) = edited(2, "secret two") else { unreachable!() };
    let private = Edited { visible_to: Some(vec![AccountId(7)]), ..private }.into();
    let bodies = [posted("keep me"), posted("secret one"), private, edited(1, "kept edit")];
    let (mut meta, rows) = told(store, bodies).await;
    store.index(2).await.unwrap();
    let reaction = next_body(&mut meta, AccountId(1), reacted(1));
    let last = reaction.clone();
    let erase = |erase: Vec<Seq>, row: Row| Append { erase, ..append(1, row.event.seq.prev(), vec![row]) };
    let stale = next_body(&mut meta.clone(), AccountId(1), reacted(1));
    assert_eq!(store.append(erase(vec![Seq(2)], stale)).await, Err(StoreError::Conflict));
    assert_eq!(store.read(feed(1), Seq(1), 9).await.unwrap(), rows, "a refused append removes nothing");
    store.append(erase(vec![Seq(2), Seq(99)], reaction)).await.unwrap();
    while store.index(10).await.unwrap() > 0 {}

    let kept = store.read(feed(1), Seq(1), 9).await.unwrap();
    let unchanged = [&rows[0], &rows[3], &last];
    assert_eq!([&kept[0], &kept[3], &kept[4]], unchanged);
    for (before, after) in rows.iter().zip(&kept).skip(1).take(2) {
        let body = before.event.body.erased();
        let event = chat_proto::Event { body, ..before.event.clone() };
        assert_eq!(*after, Row { event, salt: [0; 16], ..before.clone() });
    }
    assert_eq!(kept[1].event.body, Erased { kind: 4 }.into());
    assert_eq!(kept[2].event.body.visible_to(), Some(&[AccountId(7)][..]), "who could see it is kept");
    let follows = |pair: &[Row]| chain_next(&pair[0].chain, &pair[1].event, &pair[1].digest) == pair[1].chain;
    assert!(kept.windows(2).all(follows));
    let found = async |text: &str| {
        let (all, none) = (vec![Clause::Words(words(text))], Vec::new());
        let find = Find { all, none, since: Timestamp(i64::MIN), until: Timestamp(i64::MAX) };
        store.search(find, u64::MAX, 9).await.unwrap().found.len()
    };
    assert_eq!((found("secret").await, found("kept edit").await), (0, 1));
    assert_eq!(store.by_author(feed(1), AccountId(2), Seq::MAX, 9).await, Ok(Vec::new()));
    assert_eq!(seqs(&store.annotations(feed(1), Seq(2)..=Seq(2), Seq(0), 9).await.unwrap()), [3]);
    assert_eq!(store.load(feed(1)).await.unwrap().unwrap().meta, meta);
    let again = next_body(&mut meta, AccountId(1), reacted(1));
    store.append(erase(vec![Seq(2)], again)).await.unwrap();
    assert_eq!(store.read(feed(1), Seq(1), 3).await.unwrap(), kept[..3]);
}

async fn an_edit_that_replaces_leaves_nothing_of_the_words_before(store: &impl Store) {
    let (mut meta, rows) = told(store, [posted("first words"), edited(1, "second words"), posted("other words")]).await;
    while store.index(10).await.unwrap() > 0 {}
    let replace = |row: Row| {
        let replace = vec![row.event.seq];
        Append { replace, ..append(1, row.event.seq.prev(), vec![row]) }
    };
    let third = next_body(&mut meta, AccountId(1), edited(1, "third words"));
    store.append(replace(third.clone())).await.unwrap();
    while store.index(10).await.unwrap() > 0 {}
    let kept = store.read(feed(1), Seq(1), 9).await.unwrap();
    let without = |row: &Row, body: EventBody| Row {
        event: chat_proto::Event { body, ..row.event.clone() },
        salt: [0; 16],
        ..row.clone()
    };
    let (first, second) = (without(&rows[0], posted("")), without(&rows[1], Erased { kind: EventBody::EDITED }.into()));
    assert_eq!(kept, [first.clone(), second, rows[2].clone(), third]);
    let found = async |text: &str| {
        let (all, none) = (vec![Clause::Words(words(text))], Vec::new());
        let find = Find { all, none, since: Timestamp(i64::MIN), until: Timestamp(i64::MAX) };
        seqs_found(&store.search(find, u64::MAX, 9).await.unwrap())
    };
    assert_eq!((found("first").await, found("second").await), (vec![], vec![]));
    assert_eq!((found("third").await, found("words").await), (vec![(1, Some(4))], vec![(3, None), (1, Some(4))]));
    let fourth = next_body(&mut meta, AccountId(1), edited(1, "fourth words"));
    store.append(replace(fourth)).await.unwrap();
    let kept = store.read(feed(1), Seq(1), 9).await.unwrap();
    assert_eq!((&kept[0], kept[3].event.body.is_erased(), kept[4].event.body.is_erased()), (&first, true, false));
    let erased = next_body(&mut meta, AccountId(1), reacted(3));
    let erase = Append { erase: vec![Seq(1)], ..append(1, Seq(5), vec![erased]) };
    store.append(erase).await.unwrap();
    let kept = store.read(feed(1), Seq(1), 9).await.unwrap();
    assert!(kept[0].event.body.is_erased() && kept[4].event.body.is_erased());
    assert_eq!(store.load(feed(1)).await.unwrap().unwrap().meta, meta);
}

fn seqs_found(matches: &Matches) -> Vec<(u64, Option<u64>)> {
    let seq = |event: &chat_proto::Event| event.seq.0;
    matches.found.iter().map(|found| (seq(&found.event), found.reworded.as_ref().map(seq))).collect()
}

async fn what_has_no_words_is_not_erased(store: &impl Store) {
    let (mut meta, rows) = filled(store, 1, 3).await;
    let next = next_body(&mut meta, AccountId(1), posted("next"));
    let refused = Append { erase: vec![Seq(2), Seq(1)], ..append(1, Seq(3), vec![next]) };
    assert!(matches!(store.append(refused).await, Err(StoreError::Corrupt(_))));
    assert_eq!(store.read(feed(1), Seq(1), 9).await.unwrap(), rows);
}
