//! Who is banned, muted or invited: by account, each with an end, a reason and whoever decided it.

use std::collections::BTreeMap;

use chat_proto::event::{Listed, Unlisted};
use chat_proto::{AccountId, Event, List, Timestamp};

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// His name when he was put there.
    pub name: String,
    /// Until when it holds; none for until it is taken back.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Who put him there.
    pub by: AccountId,
    /// When.
    pub since: Timestamp,
}

/// The lists of a room. An entry that has ended stays until it is replaced or taken back, and says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    entries: BTreeMap<(List, AccountId), Entry>,
}

impl Lists {
    /// Somebody's entry on a list, whether or not it has ended.
    #[must_use]
    pub fn entry(&self, list: List, account: AccountId) -> Option<&Entry> {
        self.entries.get(&(list, account))
    }

    /// Whether somebody is on a list at a time.
    #[must_use]
    pub fn holds(&self, list: List, account: AccountId, now: Timestamp) -> bool {
        self.entry(list, account).is_some_and(|entry| entry.until.is_none_or(|until| now < until))
    }

    /// How many entries a list has.
    #[must_use]
    pub fn count(&self, list: List) -> usize {
        self.of(list, AccountId(0)).count()
    }

    /// The entries of a list behind an account, by account.
    pub fn of(&self, list: List, after: AccountId) -> impl Iterator<Item = (AccountId, &Entry)> {
        let (from, to) = ((list, AccountId(after.0.saturating_add(1))), (list, AccountId(u64::MAX)));
        self.entries.range(from..=to).map(|((_, account), entry)| (*account, entry))
    }

    /// Every entry.
    pub fn iter(&self) -> impl Iterator<Item = (List, AccountId, &Entry)> {
        self.entries.iter().map(|((list, account), entry)| (*list, *account, entry))
    }

    /// Puts an entry back as it was.
    pub fn restore(&mut self, list: List, account: AccountId, entry: Entry) {
        self.entries.insert((list, account), entry);
    }

    pub(super) fn add(&mut self, event: &Event, listed: &Listed) {
        let Listed { who, list, until, reason, .. } = listed;
        let entry =
            Entry { name: who.name.clone(), until: *until, reason: reason.clone(), by: event.by, since: event.at };
        self.entries.insert((*list, who.account), entry);
        // A ban ends an invitation: who is let in again later is invited again.
        if *list == List::Banned {
            self.entries.remove(&(List::Invited, who.account));
        }
    }

    pub(super) fn remove(&mut self, unlisted: &Unlisted) {
        self.entries.remove(&(unlisted.list, unlisted.who.account));
    }
}
