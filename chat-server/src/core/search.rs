//! Searching: what of a room's events can be found, by which words and marks, and whether a message is what somebody looks for.
//!
//! Words are cut and folded here, for the index and for the query alike, so that every engine finds the same.

pub mod date;
pub mod query;

use std::collections::BTreeSet;

use chat_proto::event::{Edited, Pinned, Reacted, Redacted, RedactedFor};
use chat_proto::{AccountId, Event, RoomFact, RoomId, Seq, Style, Timestamp};

/// A word longer than this is found by its beginning, bytes.
const WORD_BYTES_MAX: usize = 64;

/// Stands before the words of a file's name: no word, for it is neither a letter nor a digit, and one to the index.
const NAME: &str = "\u{e000}";

/// What can be found of a message: the words of its text in order, and what else holds of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doc {
    /// Its words, folded. Those of the name of the file it carries stand behind `NAME`.
    pub words: Vec<String>,
    /// What holds of it, each written as one word of small letters and digits.
    pub marks: BTreeSet<String>,
}

/// What an event means for the index of its room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A message that can be found from now on.
    Add(Doc),
    /// A message has other words.
    Reword {
        /// Which message.
        target: Seq,
        /// Its words, and the marks that follow from them.
        doc: Doc,
    },
    /// Something holds of a message, or no more.
    Mark {
        /// Which message.
        target: Seq,
        /// What.
        mark: Mark,
        /// Whether it holds.
        on: bool,
    },
    /// A message can't be found any more.
    Remove(Seq),
}

/// What can hold of a message beside its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// It is one: holds of every message.
    Message,
    /// It is in this room.
    In(RoomId),
    /// This account wrote it.
    From(AccountId),
    /// It names this account.
    Names(AccountId),
    /// It names anybody.
    Mention,
    /// It has a link.
    Link,
    /// It carries a file.
    File,
    /// It is something done.
    Action,
    /// It answers another message.
    Reply,
    /// Its words were changed.
    Edited,
    /// It is pinned.
    Pinned,
    /// Somebody reacted to it once; whether that holds, and for whom, is for the fold to say.
    Reacted,
}

impl Mark {
    /// The mark as a word of small letters and digits.
    #[must_use]
    pub fn word(self) -> String {
        match self {
            Self::Message => "message".to_owned(),
            Self::In(RoomId(room)) => format!("in{room}"),
            Self::From(AccountId(account)) => format!("from{account}"),
            Self::Names(AccountId(account)) => format!("names{account}"),
            Self::Mention => "mention".to_owned(),
            Self::Link => "link".to_owned(),
            Self::File => "file".to_owned(),
            Self::Action => "action".to_owned(),
            Self::Reply => "reply".to_owned(),
            Self::Edited => "edited".to_owned(),
            Self::Pinned => "pinned".to_owned(),
            Self::Reacted => "reacted".to_owned(),
        }
    }
}

/// What somebody looks for, in numbers: everything of `all`, nothing of `none`, and decided in a span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Find {
    /// What has to hold.
    pub all: Vec<Clause>,
    /// What must not hold.
    pub none: Vec<Clause>,
    /// The earliest time.
    pub since: Timestamp,
    /// The first time that is too late.
    pub until: Timestamp,
}

/// One thing that holds of a message or doesn't.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// These words stand in its text, one behind the other; at least one.
    Words(Vec<String>),
    /// A mark.
    Mark(Mark),
}

impl Find {
    /// Whether a message is looked for, its time left aside.
    #[must_use]
    pub fn matches(&self, doc: &Doc) -> bool {
        self.all.iter().all(|clause| clause.holds_of(doc)) && !self.none.iter().any(|clause| clause.holds_of(doc))
    }

    /// Whether a time is in the span looked at.
    #[must_use]
    pub fn is_in_time(&self, at: Timestamp) -> bool {
        self.since <= at && at < self.until
    }
}

impl Clause {
    fn holds_of(&self, doc: &Doc) -> bool {
        match self {
            Self::Words(words) => doc.words.windows(words.len().max(1)).any(|run| run == words),
            Self::Mark(mark) => doc.marks.contains(&mark.word()),
        }
    }
}

/// The words of a text, folded: runs of letters and digits, and each letter alone where a script sets no spaces.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() && !is_unspaced(c) {
            // Folded as names are: `ß` and `ss` become equal, and final and medial sigma.
            word.extend(c.to_uppercase().flat_map(char::to_lowercase));
            continue;
        }
        if !word.is_empty() {
            words.push(shortened(std::mem::take(&mut word)));
        }
        if is_unspaced(c) {
            words.push(c.to_string());
        }
    }
    if !word.is_empty() {
        words.push(shortened(word));
    }
    words
}

fn shortened(mut word: String) -> String {
    word.truncate(word.floor_char_boundary(WORD_BYTES_MAX));
    word
}

/// Whether a letter belongs to a script that writes words without spaces: Thai, Lao, Burmese, Khmer, kana, Han.
fn is_unspaced(c: char) -> bool {
    let ranges = [
        '\u{0e00}'..='\u{0eff}',
        '\u{1000}'..='\u{109f}',
        '\u{1780}'..='\u{17ff}',
        '\u{3040}'..='\u{30ff}',
        '\u{3400}'..='\u{4dbf}',
        '\u{4e00}'..='\u{9fff}',
        '\u{f900}'..='\u{faff}',
        '\u{20000}'..='\u{3ffff}',
    ];
    c.is_alphanumeric() && ranges.iter().any(|range| range.contains(&c))
}

/// Whether a text has something in it that can be opened.
fn has_link(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let scheme_and_rest = word.find("://").map(|at| (&word[..at], &word[at + 3..]));
        scheme_and_rest.is_some_and(|(scheme, rest)| {
            scheme.ends_with(|c: char| c.is_ascii_alphabetic()) && rest.starts_with(char::is_alphanumeric)
        })
    })
}

/// The words of a text, and the marks that follow from it.
fn doc(text: &str, mentions: &[AccountId]) -> Doc {
    let mut marks: BTreeSet<Mark> = mentions.iter().map(|account| Mark::Names(*account)).collect();
    if !mentions.is_empty() {
        marks.insert(Mark::Mention);
    }
    if has_link(text) {
        marks.insert(Mark::Link);
    }
    Doc { words: words(text), marks: marks.into_iter().map(Mark::word).collect() }
}

/// What an event means for the index of its room; nothing for most.
#[must_use]
pub fn change(room: RoomId, event: &Event) -> Option<Change> {
    if let Some(message) = event.body.message() {
        let mut doc = doc(message.text, message.mentions);
        if let Some(file) = message.file() {
            doc.words.push(NAME.to_owned());
            doc.words.extend(words(&file.name));
        }
        let marks = [
            Some(Mark::Message),
            Some(Mark::In(room)),
            Some(Mark::From(event.by)),
            (message.style == Style::Action).then_some(Mark::Action),
            message.reply_to().map(|_| Mark::Reply),
            message.file().map(|_| Mark::File),
        ];
        doc.marks.extend(marks.into_iter().flatten().map(Mark::word));
        return Some(Change::Add(doc));
    }
    match event.body.room_fact()? {
        RoomFact::Edited(Edited { target, text, mentions, .. }) => {
            Some(Change::Reword { target: *target, doc: doc(text, mentions) })
        }
        RoomFact::Redacted(Redacted { target, .. }) | RoomFact::RedactedFor(RedactedFor { target, .. }) => {
            Some(Change::Remove(*target))
        }
        RoomFact::Pinned(Pinned { target, on, .. }) => {
            Some(Change::Mark { target: *target, mark: Mark::Pinned, on: *on })
        }
        RoomFact::Reacted(Reacted { target, on, .. }) => {
            on.then_some(Change::Mark { target: *target, mark: Mark::Reacted, on: true })
        }
        RoomFact::Posted(_)
        | RoomFact::PostedWith(_)
        | RoomFact::Created(_)
        | RoomFact::Joined(_)
        | RoomFact::Left(_)
        | RoomFact::RoomChanged(_)
        | RoomFact::Renamed(_)
        | RoomFact::RoleSet(_)
        | RoomFact::OwnerChanged(_)
        | RoomFact::Listed(_)
        | RoomFact::Unlisted(_)
        | RoomFact::Kicked(_)
        | RoomFact::Evicted(_)
        | RoomFact::Purged(_)
        | RoomFact::Deleted(_)
        | RoomFact::Erased(_)
        | RoomFact::ErasedFor(_)
        | RoomFact::DirectCreated(_) => None,
    }
}

impl Doc {
    /// The message with other words: marks that follow from the words are those of the new ones. A file keeps its name.
    pub fn reword(&mut self, new: Self) {
        let follows = |mark: &String| {
            let of_words = [Mark::Mention.word(), Mark::Link.word()];
            of_words.contains(mark) || mark.starts_with("names")
        };
        let text = self.words.iter().position(|word| word == NAME).unwrap_or(self.words.len());
        self.words.splice(..text, new.words);
        self.marks.retain(|mark| !follows(mark));
        self.marks.extend(new.marks);
        self.marks.insert(Mark::Edited.word());
    }

    /// Something holds of the message, or no more.
    pub fn mark(&mut self, mark: Mark, on: bool) {
        if on {
            self.marks.insert(mark.word());
        } else {
            self.marks.remove(&mark.word());
        }
    }
}

#[cfg(test)]
mod tests;
