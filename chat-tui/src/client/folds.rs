//! How messages stand after what was done to them: their newest words, the reactions that hold, whether they are pinned. Pure;
//! what is told may come in any order, and more than once.

use std::collections::BTreeMap;

use chat_proto::event::{Edited, Erased, Pinned, Reacted, Redacted, RedactedFor};
use chat_proto::reply::{Fold, FoldList};
use chat_proto::{AccountId, Event, EventBody, RoomFact, Seq};

/// Messages remembered for what was done to them; beyond that the oldest are forgotten, and shown as they were written.
pub const FOLDS_MAX: usize = 4_096;

/// How the messages of one room stand, those left out to which nothing was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folds {
    known: BTreeMap<Seq, Stand>,
}

/// How one message stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stand {
    words: Option<Words>,
    reactions: Vec<Reaction>,
    /// Whether it is pinned, as of an event.
    pinned: (Seq, bool),
    /// What the server answered counts everything up to this event.
    as_of: Seq,
}

/// The newest words of a message that was edited.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Words {
    seq: Seq,
    text: String,
}

/// One kind of reaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Reaction {
    emoji: String,
    by: BTreeMap<AccountId, (Seq, bool)>,
    /// People the server counted without saying who.
    unnamed: u32,
}

impl Stand {
    /// Its newest words, if it was edited.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.words.as_ref().map(|words| words.text.as_str())
    }

    /// Whether it is pinned.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.pinned.1
    }

    /// The reactions that hold, in the order they were first seen: with what, how many, and whether `me` is among them.
    pub fn reactions(&self, me: AccountId) -> impl Iterator<Item = (&str, u32, bool)> {
        self.reactions.iter().filter_map(move |reaction| {
            let named = reaction.by.values().filter(|(_, on)| *on).count();
            let count = u32::try_from(named).unwrap_or(u32::MAX).saturating_add(reaction.unnamed);
            let mine = reaction.by.get(&me).is_some_and(|(_, on)| *on);
            (count > 0).then_some((reaction.emoji.as_str(), count, mine))
        })
    }

    fn edit(&mut self, seq: Seq, text: &str) {
        if seq > self.as_of && self.words.as_ref().is_none_or(|words| words.seq < seq) {
            self.words = Some(Words { seq, text: text.to_owned() });
        }
    }

    fn react(&mut self, seq: Seq, by: AccountId, emoji: &str, on: bool) {
        if seq <= self.as_of {
            return;
        }
        let reaction = self.reaction(emoji);
        if reaction.by.get(&by).is_none_or(|(known, _)| *known < seq) {
            let counted = !reaction.by.contains_key(&by) && !on && reaction.unnamed > 0;
            reaction.unnamed -= u32::from(counted);
            reaction.by.insert(by, (seq, on));
        }
    }

    fn pin(&mut self, seq: Seq, on: bool) {
        if seq >= self.pinned.0 {
            self.pinned = (seq, on);
        }
    }

    fn reaction(&mut self, emoji: &str) -> &mut Reaction {
        let at = self.reactions.iter().position(|known| known.emoji == emoji).unwrap_or_else(|| {
            self.reactions.push(Reaction { emoji: emoji.to_owned(), ..Reaction::default() });
            self.reactions.len() - 1
        });
        &mut self.reactions[at]
    }

    /// What the server says counts for all that came up to its newest event; what came since counts on top of it.
    fn take(&mut self, fold: &Fold) {
        self.pin(Seq::ZERO, fold.pinned);
        if fold.seq <= self.as_of {
            return;
        }
        self.as_of = fold.seq;
        if self.words.as_ref().is_none_or(|words| words.seq <= fold.seq) {
            self.words = fold.text.clone().map(|text| Words { seq: fold.seq, text });
        }
        for reaction in &mut self.reactions {
            reaction.by.retain(|_, (seq, _)| *seq > fold.seq);
            reaction.unnamed = 0;
        }
        for told in &fold.reactions {
            let reaction = self.reaction(&told.emoji);
            for by in &told.by {
                reaction.by.entry(*by).or_insert((fold.seq, true));
            }
            reaction.unnamed = told.count.saturating_sub(u32::try_from(told.by.len()).unwrap_or(u32::MAX));
        }
    }
}

impl Folds {
    /// How a message stands; none if nothing was done to it.
    #[must_use]
    pub fn of(&self, message: Seq) -> Option<&Stand> {
        self.known.get(&message)
    }

    /// Takes an event in. True if a message stands otherwise since.
    pub fn apply(&mut self, event: &Event) -> bool {
        match event.body.room_fact() {
            Some(RoomFact::Edited(Edited { target, text, .. })) => {
                self.change(*target, |stand| stand.edit(event.seq, text))
            }
            Some(RoomFact::Reacted(Reacted { target, emoji, on, .. })) => {
                self.change(*target, |stand| stand.react(event.seq, event.by, emoji, *on))
            }
            Some(RoomFact::Pinned(Pinned { target, on, .. })) => {
                self.change(*target, |stand| stand.pin(event.seq, *on))
            }
            // What was removed is gone from the event itself.
            Some(RoomFact::Redacted(Redacted { target, .. }) | RoomFact::RedactedFor(RedactedFor { target, .. })) => {
                self.known.remove(target).is_some()
            }
            Some(_) | None => false,
        }
    }

    /// Takes in how the server says messages stand. True if one stands otherwise since.
    pub fn take(&mut self, list: &FoldList) -> bool {
        let mut changed = false;
        for fold in &list.folds {
            changed |= self.change(fold.target, |stand| stand.take(fold));
        }
        changed
    }

    fn change(&mut self, target: Seq, change: impl FnOnce(&mut Stand)) -> bool {
        let stand = self.known.entry(target).or_default();
        let before = stand.clone();
        change(stand);
        let changed = *stand != before;
        while self.known.len() > FOLDS_MAX {
            self.known.pop_first();
        }
        changed
    }
}

/// Messages whose words an event removed for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// One message, with the edits of it.
    Message(Seq),
    /// All of a person's, up to an event.
    Person(AccountId, Seq),
}

impl Erasure {
    /// What an event removed, if it did.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        match event.body.room_fact() {
            Some(RoomFact::Redacted(Redacted { target, .. }) | RoomFact::RedactedFor(RedactedFor { target, .. })) => {
                Some(Self::Message(*target))
            }
            Some(RoomFact::Purged(purged)) => Some(Self::Person(purged.who.account, purged.up_to)),
            Some(_) | None => None,
        }
    }

    /// Where what it removed lies, both ends included.
    #[must_use]
    pub fn within(self) -> (Seq, Seq) {
        match self {
            Self::Message(target) => (target, Seq::MAX),
            Self::Person(_, up_to) => (Seq::ZERO, up_to),
        }
    }

    /// Removes the words of an event if they are among those. True if it did.
    pub fn strike(self, event: &mut Event) -> bool {
        if !EventBody::may_be_erased(event.body.kind()) {
            return false;
        }
        let struck = match self {
            Self::Message(target) => event.seq == target || edits(event) == Some(target),
            Self::Person(who, up_to) => event.by == who && event.seq <= up_to,
        };
        if struck {
            event.body = Erased { kind: event.body.kind() }.into();
        }
        struck
    }
}

fn edits(event: &Event) -> Option<Seq> {
    if let EventBody::Edited(edited) = &event.body { Some(edited.target) } else { None }
}

#[cfg(test)]
mod tests;
