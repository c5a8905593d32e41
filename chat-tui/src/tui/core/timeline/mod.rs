//! What is loaded of a room's history: runs of events with gaps between them, own messages on their way behind the head, and
//! the place the person reads at.
//!
//! Never: two segments that overlap or touch; more than [`EVENTS_MAX`] events; an anchor on something that isn't loaded.

mod answers;
mod hidden;
mod layout;
mod scroll;
mod segment;
mod text;
mod told;
mod walk;

use std::collections::{BTreeSet, VecDeque};

use chat_proto::reply::FoldList;
use chat_proto::{Anchor as FetchAt, Event, Seq};

use crate::client::Outgoing;
use crate::client::folds::{Erasure, Folds, Stand};

use answers::{Answers, answered};
use hidden::{Hidden, concerned};
use segment::{Segment, merge};

pub use layout::{Layout, Line, Pane, Part, Wrapped, Wraps};
pub use scroll::Scroll;
pub(super) use told::told;
pub use walk::{Block, Decor, Scope};

/// Events kept of one loaded room; those farthest from the place being read go first.
pub const EVENTS_MAX: usize = 2_000;

/// Removals remembered for pages that were read before them and come after them.
const ERASURES_MAX: usize = 256;

/// A place in a timeline that stays the same thing when history is added or evicted around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// An event.
    Event(Seq),
    /// An own message on its way.
    Pending(chat_proto::MessageKey),
}

/// What keeps its place on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The newest row, at the bottom.
    Follow,
    /// Row `row` of the text at `place`, on line `line` of the pane.
    Pinned {
        /// Which text.
        place: Place,
        /// Which of its rows, from 0.
        row: u16,
        /// Where on the pane, from its top.
        line: u16,
    },
}

/// The loaded part of a room's history.
#[derive(Clone, Debug)]
pub struct Timeline {
    segments: Vec<Segment>,
    pub(super) pending: Vec<Outgoing>,
    pub(super) head: Seq,
    pub(super) oldest: Seq,
    anchor: Anchor,
    /// The pane that the anchor was fitted to.
    fitted: Option<Pane>,
    fetching: Vec<FetchAt>,
    folds: Folds,
    erasures: VecDeque<Erasure>,
    /// How often a message came to stand otherwise, or what it answers was loaded.
    changes: u64,
    /// Messages that are answered, but not loaded.
    awaited: BTreeSet<Seq>,
    answers: Answers,
    hidden: Hidden,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            segments: Vec::new(),
            pending: Vec::new(),
            head: Seq::ZERO,
            oldest: Seq(1),
            anchor: Anchor::Follow,
            fitted: None,
            fetching: Vec::new(),
            folds: Folds::default(),
            erasures: VecDeque::new(),
            changes: 0,
            awaited: BTreeSet::new(),
            answers: Answers::default(),
            hidden: Hidden::default(),
        }
    }
}

impl Timeline {
    /// What keeps its place.
    #[must_use]
    pub fn anchor(&self) -> Anchor {
        self.anchor
    }

    /// Whether the newest row is at the bottom, and will be.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.anchor == Anchor::Follow && self.at_head()
    }

    /// Whether what is loaded reaches the room's head.
    #[must_use]
    pub fn at_head(&self) -> bool {
        self.segments.last().map_or(self.head == Seq::ZERO, |segment| segment.last() >= self.head)
    }

    /// Whether nothing of the history is loaded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Loaded events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.segments.iter().map(|segment| segment.events.len()).sum()
    }

    /// Loaded events, oldest first.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.segments.iter().flat_map(|segment| &segment.events)
    }

    /// The newest loaded event.
    #[must_use]
    pub fn newest(&self) -> Option<&Event> {
        self.segments.last()?.events.back()
    }

    /// A loaded event.
    #[must_use]
    pub fn event(&self, seq: Seq) -> Option<&Event> {
        let (segment, index) = self.locate(seq)?;
        self.segments[segment].events.get(index)
    }

    /// The words of a loaded message as they are now.
    #[must_use]
    pub fn words(&self, seq: Seq) -> Option<&str> {
        let message = self.event(seq)?.body.message()?;
        Some(self.stand(seq).and_then(Stand::text).unwrap_or(message.text))
    }

    /// Own messages on their way, oldest first.
    #[must_use]
    pub fn pending(&self) -> &[Outgoing] {
        &self.pending
    }

    /// Sets how far the room goes: its newest event, and the oldest that is kept.
    pub fn set_bounds(&mut self, head: Seq, oldest: Seq) {
        self.head = self.head.max(head);
        self.oldest = oldest.max(Seq(1));
    }

    /// Forgets everything but what is on its way: another epoch began, or memory is needed elsewhere.
    pub fn forget(&mut self, head: Seq) {
        let pending = std::mem::take(&mut self.pending);
        let hidden = std::mem::take(&mut self.hidden).anew();
        *self = Self { pending, hidden, head, oldest: self.oldest, changes: self.changes + 1, ..Self::default() };
    }

    /// Takes a contiguous run of events in, oldest first, in place of what is loaded of them.
    pub fn insert(&mut self, mut run: Vec<Event>) {
        let (Some(first), Some(last)) = (run.first().map(|e| e.seq), run.last().map(|e| e.seq)) else { return };
        self.head = self.head.max(last);
        for event in &run {
            self.settle(event);
            self.changes += u64::from(self.folds.apply(event));
            self.awaited.extend(answered(event).filter(|target| self.event(*target).is_none()));
        }
        let came = |target: &Seq| (first..=last).contains(target);
        self.changes += u64::from(self.awaited.iter().any(came));
        self.awaited.retain(|target| !came(target));
        self.strike(&mut run);
        for event in &run {
            self.changes += u64::from(self.answers.set(event.seq, answered(event)));
        }
        let concerned: Vec<Seq> = run.iter().map(concerned).collect();
        let from = self.segments.partition_point(|segment| segment.last().next() < first);
        let to = self.segments.partition_point(|segment| segment.first() <= last.next());
        let touched: Vec<Segment> = self.segments.drain(from..to.max(from)).collect();
        let merged = merge(touched, run);
        self.segments.insert(from, Segment { events: merged });
        self.look_through(concerned);
        self.evict();
    }

    /// How a loaded message stands; none if nothing was done to it.
    #[must_use]
    pub fn stand(&self, message: Seq) -> Option<&Stand> {
        self.folds.of(message)
    }

    /// Takes in how the server says messages stand.
    pub fn fold(&mut self, list: &FoldList) {
        self.changes += u64::from(self.folds.take(list));
        self.look_through(list.folds.iter().map(|fold| fold.target));
    }

    /// Changes whenever what is loaded or how a message stands does.
    #[must_use]
    pub fn stamp(&self) -> (u64, usize, Seq) {
        (self.changes, self.len(), self.newest().map_or(Seq::ZERO, |event| event.seq))
    }

    /// Loaded runs of at most `limit` events each, by where they are fetched.
    #[must_use]
    pub fn pages(&self, limit: u16) -> Vec<FetchAt> {
        let firsts = self.segments.iter().flat_map(|segment| segment.events.iter().step_by(usize::from(limit.max(1))));
        firsts.map(|event| FetchAt::After(event.seq.prev())).collect()
    }

    /// An own message entered the outbox, or was refused: it is shown behind the head. One that is loaded already stays as it is.
    pub fn queue(&mut self, message: Outgoing) {
        if let Some(known) = self.pending.iter_mut().find(|known| known.key == message.key) {
            *known = message;
        } else if !self.recent().any(|event| event.key == message.key && is_post(event)) {
            self.pending.push(message);
        }
    }

    /// An own message left the outbox. `seq` is where it is stored; without one it was thrown away.
    ///
    /// A stored one stays visible until its event comes, which on the way to a slow screen can be later.
    pub fn unqueue(&mut self, key: chat_proto::MessageKey, seq: Option<Seq>) {
        let awaited = seq.is_some_and(|seq| self.at_head() && seq > self.head);
        if awaited {
            return;
        }
        self.pending.retain(|message| message.key != key);
        self.unpin(Place::Pending(key), seq);
    }

    /// The fetch the place being read calls for, if any, with `near` blocks as near: marked as under way.
    pub fn wants(&mut self, near: usize, scope: Scope<'_>) -> Option<FetchAt> {
        let at = self.missing(near, scope).into_iter().flatten().find(|at| !self.fetching.contains(at))?;
        self.fetching.push(at);
        Some(at)
    }

    /// Marks a fetch as under way that the person's jump, not his reading, calls for.
    pub fn fetch_begun(&mut self, at: FetchAt) {
        self.fetching.push(at);
    }

    /// A fetch came back, with or without its page.
    pub fn fetched(&mut self, at: FetchAt) {
        self.fetching.retain(|known| *known != at);
    }

    /// Whether a fetch is under way.
    #[must_use]
    pub fn is_fetching(&self) -> bool {
        !self.fetching.is_empty()
    }

    pub(super) fn set_anchor(&mut self, anchor: Anchor) {
        self.anchor = anchor;
    }

    pub(super) fn locate(&self, seq: Seq) -> Option<(usize, usize)> {
        let segment = self.segments.partition_point(|segment| segment.last() < seq);
        Some((segment, self.segments.get(segment)?.index(seq)?))
    }

    /// Removes the words that events of a run removed, in the run and in what is loaded, and in the run those removed before.
    fn strike(&mut self, run: &mut [Event]) {
        for erasure in run.iter().filter_map(Erasure::of) {
            if !self.erasures.contains(&erasure) {
                self.erasures.push_back(erasure);
                let loaded = self.segments.iter_mut().flat_map(|segment| &mut segment.events);
                let struck: Vec<Seq> = loaded.filter_map(|event| erasure.strike(event).then_some(event.seq)).collect();
                self.changes += u64::from(!struck.is_empty());
                for seq in struck {
                    self.answers.set(seq, None);
                    self.hidden.show(seq);
                }
            }
        }
        for event in run {
            for erasure in &self.erasures {
                erasure.strike(event);
            }
        }
        let excess = self.erasures.len().saturating_sub(ERASURES_MAX);
        self.erasures.drain(..excess);
    }

    /// The pending message an event makes solid goes, and a place on it becomes a place on the event.
    fn settle(&mut self, event: &Event) {
        if self.pending.is_empty() || !is_post(event) {
            return;
        }
        if self.pending.iter().any(|message| message.key == event.key) {
            self.pending.retain(|message| message.key != event.key);
            self.unpin(Place::Pending(event.key), Some(event.seq));
        }
    }

    fn unpin(&mut self, gone: Place, instead: Option<Seq>) {
        if let Anchor::Pinned { place, row, line } = self.anchor
            && place == gone
        {
            self.anchor = match instead {
                Some(seq) => Anchor::Pinned { place: Place::Event(seq), row, line },
                None => Anchor::Follow,
            };
        }
    }

    fn recent(&self) -> impl Iterator<Item = &Event> {
        self.events().rev().take(EVENTS_MAX)
    }

    fn evict(&mut self) {
        let mut excess = self.len().saturating_sub(EVENTS_MAX);
        while excess > 0 {
            let (before, after) = self.around_anchor();
            let Some(segment) = (if before >= after { self.segments.first_mut() } else { self.segments.last_mut() })
            else {
                return;
            };
            let count = excess.min(segment.events.len()).min(before.abs_diff(after).max(2).div_ceil(2));
            let gone = if before >= after {
                segment.events.drain(..count)
            } else {
                let keep = segment.events.len() - count;
                segment.events.drain(keep..)
            };
            for event in gone {
                self.changes += u64::from(self.answers.set(event.seq, None));
                self.hidden.show(event.seq);
            }
            excess -= count;
            self.segments.retain(|segment| !segment.events.is_empty());
        }
    }

    /// Loaded events before and behind the place being read.
    fn around_anchor(&self) -> (usize, usize) {
        let total = self.len();
        let Anchor::Pinned { place: Place::Event(seq), .. } = self.anchor else { return (total, 0) };
        let before: usize = self.segments.iter().map(|segment| segment.events.partition_point(|e| e.seq < seq)).sum();
        (before, total - before)
    }
}

pub(super) fn is_post(event: &Event) -> bool {
    event.body.message().is_some()
}
