//! Going through a timeline block by block: a message, a line about the room, a run of joins and parts, a message on its way.

use chat_proto::{AccountId, Anchor as FetchAt, Event, EventBody, Fact, RoomFact, Seq, Style};
use jiff::civil::Date;

use super::segment::Segment;
use super::{Anchor, Place, Timeline};
use crate::tui::core::time::Zone;

/// Consecutive messages of one sender are shown as one group while they are less than this apart, microseconds.
const GROUP_MICROS: i64 = 5 * 60 * 1_000_000;

/// What the timeline doesn't know itself but is cut by.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The zone days begin in.
    pub zone: &'a Zone,
    /// The newest event that was read when the room was opened; the ruler is drawn behind it.
    pub ruler: Option<Seq>,
    /// Who reads.
    pub me: AccountId,
}

/// Something with rows of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// One event.
    Event {
        /// Index of its segment.
        segment: usize,
        /// Index in there.
        index: usize,
    },
    /// Joins, parts and messages that a filter hides in a row, condensed to one line; both ends included.
    Run {
        /// Index of their segment.
        segment: usize,
        /// Index of the first.
        from: usize,
        /// Index of the last.
        to: usize,
    },
    /// An own message on its way, by its index.
    Pending(usize),
    /// Newer events there are, but not loaded.
    Newer,
}

/// A line above a block that is not part of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decor {
    /// Older events there are, but not loaded.
    Gap,
    /// Older events there were; they are no longer kept.
    Trimmed,
    /// A day begins.
    Day(Date),
    /// Everything from here on was new when the room was opened.
    Ruler,
}

/// How an event is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hidden,
    Quiet,
    Loud,
}

fn kind(event: &Event) -> Kind {
    match event.body.fact() {
        Fact::Room(RoomFact::Joined(_) | RoomFact::Left(_)) => Kind::Quiet,
        // An edit that was removed goes with its message.
        Fact::Room(RoomFact::Erased(_) | RoomFact::ErasedFor(_)) if !event.body.was_message() => Kind::Hidden,
        Fact::Room(
            RoomFact::Edited(_)
            | RoomFact::Redacted(_)
            | RoomFact::RedactedFor(_)
            | RoomFact::Reacted(_)
            | RoomFact::Purged(_)
            | RoomFact::DirectCreated(_),
        ) => Kind::Hidden,
        Fact::Room(
            RoomFact::Created(_)
            | RoomFact::Posted(_)
            | RoomFact::PostedWith(_)
            | RoomFact::Pinned(_)
            | RoomFact::RoomChanged(_)
            | RoomFact::Renamed(_)
            | RoomFact::RoleSet(_)
            | RoomFact::OwnerChanged(_)
            | RoomFact::Listed(_)
            | RoomFact::Unlisted(_)
            | RoomFact::Kicked(_)
            | RoomFact::Evicted(_)
            | RoomFact::Deleted(_)
            | RoomFact::Erased(_)
            | RoomFact::ErasedFor(_),
        ) => Kind::Loud,
        Fact::Opaque if !matches!(event.body, EventBody::Withheld(_)) => Kind::Loud,
        Fact::Opaque | Fact::Account(_) | Fact::Choice(_) | Fact::Server(_) => Kind::Hidden,
    }
}

impl Timeline {
    fn kind(&self, event: &Event) -> Kind {
        if self.hidden_by(event.seq).is_some() { Kind::Quiet } else { kind(event) }
    }

    /// The message a block shows; none of several events in a line.
    #[must_use]
    pub fn message(&self, block: Block) -> Option<&Event> {
        match block {
            Block::Event { .. } => self.block_events(block).next().filter(|event| event.body.message().is_some()),
            Block::Run { .. } | Block::Pending(_) | Block::Newer => None,
        }
    }

    /// The loaded message before or behind another one, or the first event of a line that several of them are condensed to.
    #[must_use]
    pub fn neighbour(&self, seq: Seq, back: bool, scope: Scope<'_>) -> Option<Seq> {
        let mut block = self.block_of(Place::Event(seq), scope)?;
        loop {
            block = if back { self.prev(block, scope) } else { self.next(block, scope) }?;
            let chosen = self.message(block).or_else(|| self.condensed(block).next());
            if let Some(event) = chosen {
                return Some(event.seq);
            }
        }
    }

    /// The events that are condensed to one line with an event; none of one that has a line of its own.
    pub fn condensed_with(&self, seq: Seq, scope: Scope<'_>) -> impl Iterator<Item = &Event> {
        let block = self.locate(seq).and_then(|_| self.block_of(Place::Event(seq), scope));
        block.into_iter().flat_map(|block| self.condensed(block))
    }

    fn condensed(&self, block: Block) -> impl Iterator<Item = &Event> {
        let is_run = matches!(block, Block::Run { .. });
        self.block_events(block).filter(move |_| is_run)
    }

    /// The newest block.
    pub(super) fn last_block(&self, scope: Scope<'_>) -> Option<Block> {
        if !self.at_head() {
            return Some(Block::Newer);
        }
        match self.pending.len() {
            0 => self.newest_event_block(scope),
            count => Some(Block::Pending(count - 1)),
        }
    }

    /// The oldest block.
    pub(super) fn first_block(&self, scope: Scope<'_>) -> Option<Block> {
        self.block_after(0, None, scope).or_else(|| self.behind_events())
    }

    /// The block a place belongs to.
    pub(super) fn block_of(&self, place: Place, scope: Scope<'_>) -> Option<Block> {
        match place {
            Place::Event(seq) => {
                let (segment, index) = self.locate(seq)?;
                match self.kind(&self.segments[segment].events[index]) {
                    Kind::Hidden => self.block_after(segment, Some(index), scope),
                    Kind::Quiet | Kind::Loud => Some(self.block_around(segment, index, scope)),
                }
            }
            Place::Pending(key) => self.pending.iter().position(|message| message.key == key).map(Block::Pending),
        }
    }

    /// The place a block is found again by.
    #[must_use]
    pub fn place(&self, block: Block) -> Option<Place> {
        match block {
            Block::Event { segment, index } | Block::Run { segment, from: index, .. } => {
                Some(Place::Event(self.segments[segment].events[index].seq))
            }
            Block::Pending(index) => Some(Place::Pending(self.pending[index].key)),
            Block::Newer => None,
        }
    }

    /// The events of a block; none of one that is on its way or not loaded.
    pub fn block_events(&self, block: Block) -> impl DoubleEndedIterator<Item = &Event> {
        let (segment, range) = match block {
            Block::Event { segment, index } => (segment, index..index + 1),
            Block::Run { segment, from, to } => (segment, from..to + 1),
            Block::Pending(_) | Block::Newer => (usize::MAX, 0..0),
        };
        self.segments.get(segment).into_iter().flat_map(move |s| s.events.range(range.clone()))
    }

    /// The block behind a block.
    pub(super) fn next(&self, block: Block, scope: Scope<'_>) -> Option<Block> {
        match block {
            Block::Event { segment, index } | Block::Run { segment, to: index, .. } => {
                self.block_after(segment, Some(index), scope).or_else(|| self.behind_events())
            }
            Block::Pending(index) => (index + 1 < self.pending.len()).then_some(Block::Pending(index + 1)),
            Block::Newer => None,
        }
    }

    /// The block before a block.
    pub(super) fn prev(&self, block: Block, scope: Scope<'_>) -> Option<Block> {
        match block {
            Block::Event { segment, index } | Block::Run { segment, from: index, .. } => {
                self.block_before(segment, index, scope)
            }
            Block::Pending(index) if index > 0 => Some(Block::Pending(index - 1)),
            Block::Pending(_) | Block::Newer => self.newest_event_block(scope),
        }
    }

    /// The lines above a block, from the top.
    pub(super) fn decors(&self, block: Block, scope: Scope<'_>) -> Vec<Decor> {
        let Some((segment, first)) = self.first_event(block) else { return Vec::new() };
        let before = self.prev(block, scope);
        let opens = before.is_none_or(|before| self.first_event(before).is_none_or(|(other, _)| other != segment));
        let start = self.segments[segment].first();
        let mut decors = Vec::new();
        if opens && start > self.oldest {
            decors.push(Decor::Gap);
        } else if opens && segment == 0 && self.oldest > Seq(1) {
            decors.push(Decor::Trimmed);
        }
        let last = before.and_then(|before| self.block_events(before).next_back());
        let day = scope.zone.day(first.at);
        if last.is_none_or(|last| scope.zone.day(last.at) != day) {
            decors.push(Decor::Day(day));
        }
        let begins_new = scope.ruler.is_some_and(|read| {
            first.seq > read && last.is_none_or(|last| last.seq <= read) && (!opens || start <= read.next())
        });
        if begins_new {
            decors.push(Decor::Ruler);
        }
        decors
    }

    /// Whether a message begins a group, and so is shown with its time and sender.
    #[must_use]
    pub fn heads_group(&self, block: Block, scope: Scope<'_>) -> bool {
        let messages = self.message(block).zip(self.prev(block, scope).and_then(|before| self.message(before)));
        let Some((event, before)) = messages else { return true };
        let said = |event: &Event| event.body.message().is_some_and(|message| message.style == Style::Text);
        let together = said(event)
            && said(before)
            && event.by == before.by
            && event.at.0.saturating_sub(before.at.0) < GROUP_MICROS;
        !together || !self.decors(block, scope).is_empty()
    }

    /// The fetches the place being read calls for: up to `near` blocks above it and below it should be loaded.
    pub(super) fn missing(&self, near: usize, scope: Scope<'_>) -> [Option<FetchAt>; 2] {
        if self.segments.is_empty() {
            return [(self.head > Seq::ZERO).then_some(FetchAt::Before(Seq::MAX)), None];
        }
        let start = match self.anchor {
            Anchor::Follow if !self.at_head() => return [Some(FetchAt::Before(Seq::MAX)), None],
            Anchor::Follow => self.last_block(scope),
            Anchor::Pinned { place, .. } => self.block_of(place, scope),
        };
        let Some(start) = start else { return [None, None] };
        [self.gap_above(start, near, scope), self.gap_below(start, near, scope)]
    }

    fn gap_above(&self, start: Block, near: usize, scope: Scope<'_>) -> Option<FetchAt> {
        let mut block = start;
        for _ in 0..near {
            let before = self.prev(block, scope);
            if let Some((segment, _)) = self.first_event(block) {
                let first = self.segments[segment].first();
                let opens = before.is_none_or(|b| self.first_event(b).is_none_or(|(other, _)| other != segment));
                if opens && first > self.oldest {
                    return Some(FetchAt::Before(first));
                }
            }
            block = before?;
        }
        None
    }

    fn gap_below(&self, start: Block, near: usize, scope: Scope<'_>) -> Option<FetchAt> {
        let mut block = start;
        for _ in 0..near {
            let behind = self.next(block, scope)?;
            let here = self.first_event(block).map(|(segment, _)| segment);
            let leaves = self.first_event(behind).is_none_or(|(segment, _)| Some(segment) != here);
            if let Some(segment) = here.filter(|_| leaves && !matches!(behind, Block::Pending(_))) {
                return Some(FetchAt::After(self.segments[segment].last()));
            }
            block = behind;
        }
        None
    }

    fn first_event(&self, block: Block) -> Option<(usize, &Event)> {
        match block {
            Block::Event { segment, index } | Block::Run { segment, from: index, .. } => {
                Some((segment, &self.segments[segment].events[index]))
            }
            Block::Pending(_) | Block::Newer => None,
        }
    }

    fn behind_events(&self) -> Option<Block> {
        if !self.at_head() {
            return Some(Block::Newer);
        }
        (!self.pending.is_empty()).then_some(Block::Pending(0))
    }

    fn newest_event_block(&self, scope: Scope<'_>) -> Option<Block> {
        self.block_before(self.segments.len(), 0, scope)
    }

    /// The first block behind `index` of a segment (from its beginning without one), in it or a later one.
    fn block_after(&self, segment: usize, index: Option<usize>, scope: Scope<'_>) -> Option<Block> {
        let mut from = index.map_or(0, |index| index + 1);
        for (number, events) in self.segments.iter().enumerate().skip(segment) {
            let found = events.events.range(from..).position(|event| self.kind(event) != Kind::Hidden);
            if let Some(offset) = found {
                return Some(self.block_around(number, from + offset, scope));
            }
            from = 0;
        }
        None
    }

    /// The last block before `index` of a segment, in it or an earlier one.
    fn block_before(&self, segment: usize, index: usize, scope: Scope<'_>) -> Option<Block> {
        let mut to = Some(index);
        for number in (0..=segment.min(self.segments.len())).rev() {
            let Some(events) = self.segments.get(number) else {
                to = None;
                continue;
            };
            let to = to.take().unwrap_or(events.events.len());
            if let Some(found) = events.events.range(..to).rposition(|event| self.kind(event) != Kind::Hidden) {
                return Some(self.block_around(number, found, scope));
            }
        }
        None
    }

    fn block_around(&self, segment: usize, index: usize, scope: Scope<'_>) -> Block {
        let events = &self.segments[segment];
        let event = &events.events[index];
        if self.kind(event) != Kind::Quiet {
            return Block::Event { segment, index };
        }
        let cut = Cut::of(event, scope);
        let end = |back| self.run_end(events, index, back, cut, scope);
        let (from, to) = (end(true), end(false));
        Block::Run { segment, from, to }
    }

    /// The farthest quiet event of the run around `index`, going back or on; hidden ones in between don't end it.
    fn run_end(&self, segment: &Segment, index: usize, back: bool, cut: Cut, scope: Scope<'_>) -> usize {
        let mut end = index;
        let mut next = index;
        loop {
            let step = if back { next.checked_sub(1) } else { next.checked_add(1) };
            let Some((at, event)) = step.and_then(|at| Some((at, segment.events.get(at)?))) else { return end };
            match self.kind(event) {
                Kind::Hidden => {}
                Kind::Quiet if Cut::of(event, scope) == cut => end = at,
                Kind::Quiet | Kind::Loud => return end,
            }
            next = at;
        }
    }
}

/// What two events of a run have in common.
#[derive(Clone, Copy, PartialEq)]
struct Cut {
    day: Date,
    new: bool,
}

impl Cut {
    fn of(event: &Event, scope: Scope<'_>) -> Self {
        Self { day: scope.zone.day(event.at), new: scope.ruler.is_some_and(|read| event.seq > read) }
    }
}
