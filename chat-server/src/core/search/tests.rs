use chat_proto::event::{Posted, PostedWith};
use chat_proto::{Attached, DeviceId, FileHash, MessageKey, Ordinal};
use proptest::prelude::*;

use super::*;

fn posted(text: &str, style: Style, mentions: &[u64]) -> Doc {
    let mentions = mentions.iter().map(|id| AccountId(*id)).collect();
    let body = Posted { name: "bob".to_owned(), style, text: text.to_owned(), mentions }.into();
    let (at, by, device, key) = (Timestamp(0), AccountId(7), DeviceId(0), MessageKey::default());
    let event = Event { seq: Seq(2), ordinal: Ordinal(1), at, by, device, key, body };
    let Some(Change::Add(doc)) = change(RoomId(3), &event) else { panic!("{event:?}") };
    doc
}

fn marks(doc: &Doc) -> Vec<&str> {
    doc.marks.iter().map(String::as_str).collect()
}

#[test]
fn words_are_runs_of_letters_and_digits_folded() {
    assert_eq!(words("Don't PANIC, 42 times!"), ["don", "t", "panic", "42", "times"]);
    assert_eq!(words("Straße STRASSE Σίσυφος"), ["strasse", "strasse", "σίσυφοσ"]);
    assert_eq!(words("a_b-c"), ["a", "b", "c"]);
    assert_eq!(words("東京タワーx"), ["東", "京", "タ", "ワ", "ー", "x"]);
    assert_eq!(words(" \u{1f600}\n"), Vec::<String>::new());
    assert_eq!(words(&"é".repeat(100))[0].len(), WORD_BYTES_MAX);
}

#[test]
fn a_message_is_marked_with_what_holds_of_it() {
    let said = posted("see https://example.org, @alice", Style::Text, &[9]);
    assert_eq!(marks(&said), ["from7", "in3", "link", "mention", "message", "names9"]);
    let done = posted("waves at a://b: c", Style::Action, &[]);
    assert_eq!(marks(&done), ["action", "from7", "in3", "link", "message"]);
    assert_eq!(marks(&posted("no :// link ://x 1://y", Style::Text, &[])), ["from7", "in3", "message"]);
}

#[test]
fn all_clauses_have_to_hold_and_no_negated_one() {
    let doc = posted("the disk is full again", Style::Text, &[]);
    let run = |text: &str| Clause::Words(words(text));
    let find = |all: &[Clause], none: &[Clause]| {
        Find { all: all.to_vec(), none: none.to_vec(), since: Timestamp(0), until: Timestamp(1) }.matches(&doc)
    };
    assert!(find(&[run("full"), run("disk is"), Clause::Mark(Mark::In(RoomId(3)))], &[run("is disk")]));
    assert!(!find(&[run("is disk")], &[]));
    assert!(!find(&[Clause::Mark(Mark::In(RoomId(33)))], &[]));
    assert!(!find(&[], &[run("again")]));
}

#[test]
fn other_words_bring_their_own_marks_and_keep_the_rest() {
    let mut doc = posted("see https://example.org, @alice", Style::Action, &[9]);
    doc.mark(Mark::Pinned, true);
    doc.reword(super::doc("bob, look", &[AccountId(4)]));
    assert_eq!(doc.words, ["bob", "look"]);
    assert_eq!(marks(&doc), ["action", "edited", "from7", "in3", "mention", "message", "names4", "pinned"]);
    doc.mark(Mark::Pinned, false);
    assert!(!doc.marks.contains("pinned"));
}

#[test]
fn a_file_is_found_by_its_name_whatever_becomes_of_the_caption() {
    let file = Attached {
        name: "flame graph.svg".to_owned(),
        media_type: "image/svg+xml".to_owned(),
        size: 1,
        hash: FileHash([1; 32]),
    };
    let (name, style, text, mentions) = ("bob".to_owned(), Style::Text, "the profile".to_owned(), Vec::new());
    let body = PostedWith { name, style, text, mentions, extras: vec![file.into()] }.into();
    let (at, by, device, key) = (Timestamp(0), AccountId(7), DeviceId(0), MessageKey::default());
    let event = Event { seq: Seq(2), ordinal: Ordinal(1), at, by, device, key, body };
    let Some(Change::Add(mut doc)) = change(RoomId(3), &event) else { panic!("{event:?}") };
    let finds = |doc: &Doc, text: &str| Clause::Words(words(text)).holds_of(doc);
    assert!(finds(&doc, "the profile") && finds(&doc, "flame graph svg") && doc.marks.contains("file"));
    assert!(!finds(&doc, "profile flame"), "the caption and the name are not one text");
    doc.reword(super::doc("where the time goes", &[]));
    assert!(finds(&doc, "where the time goes") && finds(&doc, "flame graph svg") && doc.marks.contains("file"));
    assert!(!finds(&doc, "the profile"));
}

proptest! {
    /// What an index gets are words without anything that could mean something to it.
    #[test]
    fn a_word_has_no_ascii_but_small_letters_and_digits(text in any::<String>()) {
        for word in words(&text) {
            prop_assert!(!word.is_empty() && word.len() <= WORD_BYTES_MAX);
            prop_assert!(word.chars().all(|c| !c.is_ascii() || c.is_ascii_lowercase() || c.is_ascii_digit()), "{word:?}");
        }
    }
}
