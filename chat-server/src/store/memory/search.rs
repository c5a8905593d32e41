//! The index of messages in memory: every message by its place among all commits, looked through from the newest on.

use std::collections::BTreeMap;

use chat_proto::{FeedId, RoomId, Seq};

use super::data::Data;
use crate::core::search::{Change, Doc, Find, change};
use crate::store::search::{LOOKS_MAX, Match, Matches};

/// The index, and what is not in it yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// The greatest place that was given.
    last: u64,
    /// Events of rooms that are not indexed yet.
    pending: BTreeMap<u64, (RoomId, Seq)>,
    docs: BTreeMap<u64, Kept>,
    /// Where each indexed message is.
    places: BTreeMap<(RoomId, Seq), u64>,
}

/// An indexed message.
#[derive(Clone, Debug)]
struct Kept {
    room: RoomId,
    seq: Seq,
    doc: Doc,
    reworded: Option<Seq>,
}

impl Index {
    /// An event was committed.
    pub(super) fn committed(&mut self, feed: FeedId, seq: Seq) {
        self.last += 1;
        if let FeedId::Room(room) = feed {
            self.pending.insert(self.last, (room, seq));
        }
    }

    /// The words of a message were removed.
    pub(super) fn erase(&mut self, feed: FeedId, seq: Seq) {
        if let FeedId::Room(room) = feed {
            self.remove(room, seq);
        }
    }

    /// A message can't be found any more.
    fn remove(&mut self, room: RoomId, seq: Seq) {
        if let Some(place) = self.places.remove(&(room, seq)) {
            self.docs.remove(&place);
        }
    }

    /// The messages of a feed before a seq can't be found any more.
    pub(super) fn trim(&mut self, feed: FeedId, oldest: Seq) {
        let FeedId::Room(room) = feed else { return };
        let gone: Vec<Seq> = self.places.range((room, Seq::ZERO)..(room, oldest)).map(|((_, seq), _)| *seq).collect();
        gone.into_iter().for_each(|seq| self.remove(room, seq));
        self.pending.retain(|_, (of, seq)| *of != room || *seq >= oldest);
    }

    fn apply(&mut self, place: u64, room: RoomId, seq: Seq, change: Change) {
        match change {
            Change::Add(doc) => {
                self.docs.insert(place, Kept { room, seq, doc, reworded: None });
                self.places.insert((room, seq), place);
            }
            Change::Reword { target, doc } => self.alter(room, target, |kept| {
                kept.doc.reword(doc);
                kept.reworded = Some(seq);
            }),
            Change::Mark { target, mark, on } => self.alter(room, target, |kept| kept.doc.mark(mark, on)),
            Change::Remove(target) => self.remove(room, target),
        }
    }

    fn alter(&mut self, room: RoomId, target: Seq, alter: impl FnOnce(&mut Kept)) {
        let place = self.places.get(&(room, target));
        if let Some(kept) = place.and_then(|place| self.docs.get_mut(place)) {
            alter(kept);
        }
    }
}

impl Data {
    /// Indexes what waits, and says how much still does.
    pub(super) fn index(&mut self, limit: usize) -> u64 {
        for _ in 0..limit {
            let Some((place, (room, seq))) = self.index.pending.pop_first() else { break };
            let row = self.feeds.get(&FeedId::Room(room)).and_then(|feed| feed.rows.get(&seq));
            if let Some(change) = row.and_then(|row| change(room, &row.event)) {
                self.index.apply(place, room, seq, change);
            }
        }
        self.index.pending.len() as u64
    }

    pub(super) fn search(&self, find: &Find, before: u64, limit: usize) -> Matches {
        let mut matches = Matches { behind: self.index.pending.len() as u64, ..Matches::default() };
        for (looked, (place, kept)) in self.index.docs.range(..before).rev().enumerate() {
            if looked == LOOKS_MAX || matches.found.len() == limit {
                return matches;
            }
            matches.next = Some(*place);
            let rows = self.feeds.get(&FeedId::Room(kept.room)).map(|feed| &feed.rows);
            let event_of = |seq: Seq| rows.and_then(|rows| rows.get(&seq)).map(|row| row.event.clone());
            let Some(event) = event_of(kept.seq).filter(|event| find.is_in_time(event.at)) else { continue };
            if find.matches(&kept.doc) {
                let reworded = kept.reworded.and_then(event_of);
                matches.found.push(Match { place: *place, room: kept.room, event, reworded });
            }
        }
        matches.next = None;
        matches
    }
}
