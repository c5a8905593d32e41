//! What every engine's index of messages must do.

use chat_proto::event::{Edited, Pinned, Posted, PostedWith, Redacted};
use chat_proto::{AccountId, EventBody, RoomId, Seq, Style, Timestamp};

use super::{append, begun, feed, next_body, room};
use crate::core::search::{Clause, Find, Mark, words};
use crate::store::{FeedMeta, MemoryStore, Store, StoreError};

/// Runs the whole suite, each part against a store of its own.
pub(super) async fn all<S: Store, F: Future<Output = S>>(make: &impl Fn() -> F) {
    messages_are_found_newest_first_and_each_once(&make().await).await;
    words_phrases_marks_and_times_bound_what_is_found(&make().await).await;
    what_is_changed_afterwards_changes_what_is_found(&make().await).await;
    what_is_trimmed_is_found_no_more_indexed_or_not(&make().await).await;
    an_index_finds_what_looking_at_every_message_finds(&make().await).await;
}

/// A room that is written to.
struct Talk {
    number: u64,
    meta: FeedMeta,
}

impl Talk {
    async fn begin(store: &impl Store, number: u64) -> Self {
        store.register(room(number, &format!("room{number}"))).await.unwrap();
        Self { number, meta: begun(feed(number), store.epoch()) }
    }

    async fn add(&mut self, store: &impl Store, body: impl Into<EventBody>) -> Seq {
        let head = self.meta.head;
        let row = next_body(&mut self.meta, AccountId(1), body.into());
        store.append(append(self.number, head, vec![row])).await.unwrap();
        self.meta.head
    }

    async fn say(&mut self, store: &impl Store, text: &str) -> Seq {
        self.add(store, posted(text)).await
    }
}

fn posted(text: &str) -> Posted {
    Posted { name: "alice".to_owned(), style: Style::Text, text: text.to_owned(), mentions: Vec::new() }
}

fn run(text: &str) -> Clause {
    Clause::Words(words(text))
}

fn all_of(clauses: impl IntoIterator<Item = Clause>) -> Find {
    Find {
        all: clauses.into_iter().collect(),
        none: Vec::new(),
        since: Timestamp(i64::MIN),
        until: Timestamp(i64::MAX),
    }
}

async fn index_all(store: &impl Store) {
    while store.index(7).await.unwrap() > 0 {}
}

/// Every message found, by room and seq, with pages of two.
async fn found(store: &impl Store, find: Find) -> Vec<(u64, u64)> {
    let (mut found, mut before) = (Vec::new(), u64::MAX);
    loop {
        let page = store.search(find.clone(), before, 2).await.unwrap();
        found.extend(page.found.iter().map(|each| (each.room.0, each.event.seq.0)));
        match page.next {
            Some(next) => before = next,
            None => return found,
        }
    }
}

async fn messages_are_found_newest_first_and_each_once(store: &impl Store) {
    assert_eq!(store.index(10).await, Ok(0));
    let (mut one, mut other) = (Talk::begin(store, 1).await, Talk::begin(store, 2).await);
    let mut said = Vec::new();
    for number in 0..10 {
        let talk = if number % 3 == 0 { &mut other } else { &mut one };
        let seq = talk.say(store, &format!("message {number} here")).await;
        said.push((talk.number, seq.0));
    }
    let behind = store.search(all_of([run("here")]), u64::MAX, 5).await.unwrap();
    assert_eq!((behind.found.len(), behind.behind, behind.next), (0, 10, None));
    assert_eq!(store.index(4).await, Ok(6));
    assert_eq!(found(store, all_of([run("here")])).await, said[..4].iter().rev().copied().collect::<Vec<_>>());
    index_all(store).await;
    let newest_first: Vec<_> = said.iter().rev().copied().collect();
    assert_eq!(found(store, all_of([run("here")])).await, newest_first);
    assert_eq!(found(store, all_of([])).await, newest_first);
    let page = store.search(all_of([run("here")]), u64::MAX, 3).await.unwrap();
    let more = one.say(store, "one more here").await;
    index_all(store).await;
    let rest = store.search(all_of([run("here")]), page.next.unwrap(), 100).await.unwrap();
    let seen: Vec<_> = page.found.iter().chain(&rest.found).map(|each| (each.room.0, each.event.seq.0)).collect();
    assert_eq!(seen, newest_first);
    let newest = store.search(all_of([run("here")]), u64::MAX, 1).await.unwrap();
    assert_eq!((newest.found[0].event.seq, newest.behind), (more, 0));
}

async fn words_phrases_marks_and_times_bound_what_is_found(store: &impl Store) {
    let (mut one, mut other) = (Talk::begin(store, 1).await, Talk::begin(store, 2).await);
    let full = one.say(store, "The disk is FULL, see https://example.org/a_b").await.0;
    let empty = one.say(store, "is the disk full? \"no\" OR NOT words : x*").await.0;
    let mentions = vec![AccountId(42)];
    let waves =
        other.add(store, Posted { style: Style::Action, mentions, ..posted("waves at the 東京タワー") }).await.0;
    index_all(store).await;
    let hits = async |clauses: &[Clause]| found(store, all_of(clauses.to_vec())).await;
    assert_eq!(hits(&[run("full disk")]).await, []);
    assert_eq!(hits(&[run("disk"), run("full")]).await, [(1, empty), (1, full)]);
    assert_eq!(hits(&[run("disk is full")]).await, [(1, full)]);
    assert_eq!(hits(&[run("NOT")]).await, [(1, empty)]);
    assert_eq!(hits(&[run("タワー")]).await, [(2, waves)]);
    assert_eq!(hits(&[run("京東")]).await, []);
    assert_eq!(hits(&[run("wave")]).await, []);
    assert_eq!(hits(&[Clause::Mark(Mark::Link)]).await, [(1, full)]);
    assert_eq!(hits(&[Clause::Mark(Mark::Names(AccountId(42)))]).await, [(2, waves)]);
    assert_eq!(hits(&[Clause::Mark(Mark::Names(AccountId(4)))]).await, []);
    assert_eq!(hits(&[Clause::Mark(Mark::In(RoomId(2))), Clause::Mark(Mark::Action)]).await, [(2, waves)]);
    assert_eq!(hits(&[run("link")]).await, []);
    let no_link = Find { none: vec![Clause::Mark(Mark::Link), run("tokyo")], ..all_of([run("the")]) };
    assert_eq!(found(store, no_link).await, [(2, waves), (1, empty)]);
    let only_not = Find { none: vec![run("disk")], ..all_of([]) };
    assert_eq!(found(store, only_not).await, [(2, waves)]);
    let at = |seq: u64| Timestamp(super::FIRST_AT + i64::try_from(seq).unwrap());
    let early = Find { until: at(empty), ..all_of([run("disk")]) };
    assert_eq!(found(store, early).await, [(1, full)]);
    let late = Find { since: at(empty), ..all_of([run("disk")]) };
    assert_eq!(found(store, late).await, [(1, empty)]);
}

async fn what_is_changed_afterwards_changes_what_is_found(store: &impl Store) {
    let mut talk = Talk::begin(store, 1).await;
    let (name, target) = ("alice".to_owned(), talk.say(store, "teh secret plan").await);
    index_all(store).await;
    let edit = |text: &str, target| Edited {
        name: name.clone(),
        target,
        text: text.to_owned(),
        mentions: Vec::new(),
        visible_to: None,
    };
    let edited = talk.add(store, edit("the open plan", target)).await;
    let pinned = |on| Pinned { name: name.clone(), target, on };
    talk.add(store, pinned(true)).await;
    index_all(store).await;
    assert_eq!(found(store, all_of([run("secret")])).await, []);
    let hits = store.search(all_of([run("open plan"), Clause::Mark(Mark::Edited)]), u64::MAX, 9).await.unwrap();
    let hit = &hits.found[0];
    assert_eq!((hit.event.seq, hit.reworded.as_ref().map(|event| event.seq)), (target, Some(edited)));
    assert_eq!(found(store, all_of([Clause::Mark(Mark::Pinned)])).await, [(1, target.0)]);
    talk.add(store, pinned(false)).await;
    // About nothing that is there.
    talk.add(store, edit("nonsense", Seq(99))).await;
    index_all(store).await;
    assert_eq!(found(store, all_of([Clause::Mark(Mark::Pinned)])).await, []);
    assert_eq!(found(store, all_of([run("nonsense")])).await, []);
    talk.add(store, Redacted { name: name.clone(), target, reason: String::new() }).await;
    talk.add(store, edit("back again", target)).await;
    index_all(store).await;
    assert_eq!(found(store, all_of([])).await, []);
    let extras = vec![chat_proto::event::ReplyTo { target }.into()];
    let Posted { name, style, text, mentions } = posted("an answer");
    let reply = talk.add(store, PostedWith { name, style, text, mentions, extras }).await;
    index_all(store).await;
    assert_eq!(found(store, all_of([Clause::Mark(Mark::Reply)])).await, [(1, reply.0)]);
}

async fn what_is_trimmed_is_found_no_more_indexed_or_not(store: &impl Store) {
    let (mut one, mut other) = (Talk::begin(store, 1).await, Talk::begin(store, 2).await);
    for _ in 0..6 {
        one.say(store, "trimmed away").await;
    }
    other.say(store, "not trimmed").await;
    store.index(2).await.unwrap();
    store.trim(feed(1), Seq(5), Timestamp(0)).await.unwrap();
    assert_eq!(found(store, all_of([])).await, []);
    index_all(store).await;
    assert_eq!(found(store, all_of([run("trimmed")])).await, [(2, 1), (1, 6), (1, 5)]);
    store.trim(feed(1), Seq(7), Timestamp(0)).await.unwrap();
    assert_eq!(found(store, all_of([run("trimmed")])).await, [(2, 1)]);
    assert_eq!(store.trim(feed(2), Seq(3), Timestamp(0)).await, Err(StoreError::Conflict));
}

/// The same messages and the same queries: as the engine in memory, which looks at every message.
async fn an_index_finds_what_looking_at_every_message_finds(store: &impl Store) {
    let plain = MemoryStore::new();
    let (mut talk, mut same) = (Talk::begin(store, 1).await, Talk::begin(&plain, 1).await);
    let texts = [
        "Straße STRASSE strasse",
        "naïve café",
        "हिन्दी में लिखा",
        "ไทย ภาษา",
        "a-b_c",
        "ΣΊΣΥΦΟΣ",
        "İstanbul",
        "x\u{301}y",
        "10:30 v1.2.3",
        "ǅungla",
        "q1w2",
        "\u{1f600} smile",
        "ﬁne",
        "ªº²",
        "ﷺ",
        "ₐₑ",
    ];
    for text in texts {
        talk.say(store, text).await;
        same.say(&plain, text).await;
    }
    index_all(store).await;
    index_all(&plain).await;
    for query in texts.into_iter().flat_map(|text| [text].into_iter().chain(text.split_whitespace())) {
        if !words(query).is_empty() {
            let expected = found(&plain, all_of([run(query)])).await;
            assert!(!expected.is_empty(), "{query}");
            assert_eq!(found(store, all_of([run(query)])).await, expected, "{query}");
        }
    }
}
