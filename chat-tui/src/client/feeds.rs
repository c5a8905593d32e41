//! Where each feed stands: what was delivered, what comes next, and whether a frame fits. Pure.
//!
//! A feed moves between the background stream and a focus stream, and streams arrive in any order; the numbers of the events
//! say which frame is next. A frame that is early is held, with its stream, until the other stream has brought what lies
//! before it.

use std::collections::BTreeMap;

use chat_proto::delivery::{Ended, Events, Moved, Trimmed};
use chat_proto::limits::POSITIONS_MAX;
use chat_proto::{Chain, Epoch, FeedId, FeedState, FeedStatus, Position, Seq};

/// What to do with a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict<T> {
    /// It is next; repeated events have been cut off.
    Deliver(T),
    /// It brings nothing new, or belongs to a feed that was not begun.
    Drop,
    /// It is early: what lies before it comes on another stream.
    Hold(T),
    /// What lies before it was never sent: subscribe again at the position held.
    Gap,
    /// It contradicts itself.
    Nonsense,
}

/// Where a frame came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Background,
    Focus,
}

/// One feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Feed {
    epoch: Epoch,
    /// The newest event delivered, or the one before the first that will come.
    seq: Seq,
    /// The chain value given with it; zero if it was skipped.
    chain: Chain,
    /// How often the background stream said that the feed moved away, less how often a focus stream of it ended.
    away: i32,
    /// Focus streams of it that are open.
    focused: u32,
    /// Subscriptions asked for and not answered.
    asked: u32,
    /// Whether it began again while a focus stream of its former life is still open.
    anew: bool,
    /// Whether the server ever said where it stands; until then it is only a question, or a focus stream that came before the
    /// word that it begins.
    begun: bool,
}

/// All feeds of a session.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    feeds: BTreeMap<FeedId, Feed>,
    /// Rooms joined that did not begin yet: were the connection to break now, they would be resumed from the joining on.
    joined: BTreeMap<FeedId, (Epoch, Seq)>,
    backlog_max: u32,
}

impl Feeds {
    /// Feeds held from an earlier life.
    pub(super) fn new(held: impl IntoIterator<Item = Position>, backlog_max: u32) -> Self {
        let mut feeds = BTreeMap::new();
        for Position { feed, epoch, seq, chain, .. } in held {
            feeds.insert(feed, Feed { epoch, seq, chain, begun: true, ..Feed::default() });
        }
        Self { feeds, joined: BTreeMap::new(), backlog_max }
    }

    /// What to claim on resuming: accounts' feeds first, because of what follows from them.
    pub(super) fn positions(&self) -> Vec<Position> {
        let accounts = self.feeds.keys().filter(|feed| matches!(feed, FeedId::Account(_)));
        let rooms = self.feeds.keys().filter(|feed| matches!(feed, FeedId::Room(_)));
        let held = accounts.chain(rooms).filter_map(|feed| self.position(*feed));
        let joined = self.joined.iter().map(|(feed, (epoch, seq))| {
            let (feed, epoch, seq) = (*feed, *epoch, seq.prev());
            Position { feed, epoch, seq, chain: Chain::default(), backlog_max: self.backlog_max }
        });
        held.chain(joined).take(POSITIONS_MAX).collect()
    }

    /// A room was joined at a seq; it begins in a moment.
    pub(super) fn joined(&mut self, feed: FeedId, epoch: Epoch, seq: Seq) {
        if !self.feeds.get(&feed).is_some_and(|held| held.begun) {
            self.joined.insert(feed, (epoch, seq));
        }
    }

    /// What is held of one feed.
    pub(super) fn position(&self, feed: FeedId) -> Option<Position> {
        let held = self.feeds.get(&feed).filter(|held| held.begun)?;
        // What follows a person's devices is never skipped.
        let backlog_max = match feed {
            FeedId::Room(_) => self.backlog_max,
            FeedId::Account(_) => u32::MAX,
        };
        Some(Position { feed, epoch: held.epoch, seq: held.seq, chain: held.chain, backlog_max })
    }

    /// A feed stands as the server says. True if what is held of it must be forgotten: it is another history, or events of the
    /// room are left out, and they may have removed words of those held.
    pub(super) fn begin(&mut self, status: &FeedStatus) -> bool {
        self.joined.remove(&status.feed);
        let before = status.next.prev();
        let fresh = Feed { epoch: status.epoch, seq: before, begun: true, ..Feed::default() };
        let set_back = match status.state {
            FeedState::NoAccess => {
                self.feeds.remove(&status.feed);
                return false;
            }
            FeedState::Regressed | FeedState::Diverged => true,
            FeedState::Live | FeedState::Trimmed => false,
        };
        let held = self.feeds.entry(status.feed).or_default();
        if !held.begun {
            *held = Feed { away: held.away, focused: held.focused, ..fresh };
            return set_back;
        }
        held.asked = 0;
        held.anew = held.focused > 0;
        if set_back || held.epoch != status.epoch {
            *held = Feed { away: held.away, focused: held.focused, anew: held.anew, ..fresh };
            return true;
        }
        if before > held.seq {
            held.seq = before;
            held.chain = Chain::default();
            return matches!(status.feed, FeedId::Room(_));
        }
        false
    }

    /// The connection is gone, and with it every stream and question.
    pub(super) fn disconnected(&mut self) {
        self.feeds.retain(|_, held| held.begun);
        for feed in self.feeds.values_mut() {
            (feed.away, feed.focused, feed.asked, feed.anew) = (0, 0, 0, false);
        }
    }

    /// A subscription was asked for: what comes before its answer is held.
    pub(super) fn asked(&mut self, feed: FeedId) {
        self.feeds.entry(feed).or_default().asked += 1;
    }

    /// A subscription was refused.
    pub(super) fn refused(&mut self, feed: FeedId) {
        if let Some(held) = self.feeds.get_mut(&feed) {
            held.asked = held.asked.saturating_sub(1);
        }
        self.clear(feed);
    }

    /// A feed is read no more.
    pub(super) fn end(&mut self, feed: FeedId) {
        self.feeds.remove(&feed);
    }

    /// A frame of a feed has waited for longer than any move between streams takes. True if what lies before it will not come
    /// on this connection.
    pub(super) fn is_broken(&mut self, feed: FeedId) -> bool {
        let Some(held) = self.feeds.get(&feed) else { return false };
        if held.asked == 0 && !held.begun {
            // A stream of a feed that ended before it was heard of: nothing was to come.
            self.feeds.remove(&feed);
            return false;
        }
        held.asked == 0
    }

    /// Forgets a feed that did not begin and of which nothing is under way.
    fn clear(&mut self, feed: FeedId) {
        if self.feeds.get(&feed).is_some_and(|held| !held.begun && held.asked == 0 && held.focused == 0) {
            self.feeds.remove(&feed);
        }
    }

    /// Forgets every feed the server did not name.
    pub(super) fn retain(&mut self, named: impl Fn(FeedId) -> bool) {
        self.feeds.retain(|feed, _| named(*feed));
        self.joined.clear();
    }

    /// A focus stream began. It may come before the background stream says that the feed does.
    pub(super) fn focus_began(&mut self, feed: FeedId) {
        let held = self.feeds.entry(feed).or_default();
        held.focused = held.focused.saturating_add(1);
    }

    /// A focus stream ended.
    pub(super) fn focus_ended(&mut self, feed: FeedId) {
        if let Some(held) = self.feeds.get_mut(&feed) {
            held.focused = held.focused.saturating_sub(1);
            held.away = held.away.saturating_sub(1);
            held.anew &= held.focused > 0;
        }
        self.clear(feed);
    }

    /// Whether events fit; if they do, they count as delivered.
    pub(super) fn admit(&mut self, mut events: Events, source: Source) -> Verdict<Events> {
        let dense = matches!(events.feed, FeedId::Room(_));
        let ascending = |pair: &[chat_proto::Event]| match pair {
            [a, b] => a.seq.next() == b.seq || !dense && a.seq < b.seq,
            _ => true,
        };
        let (Some(first), Some(last)) = (events.events.first(), events.events.last()) else { return Verdict::Drop };
        let (first, last) = (first.seq, last.seq);
        if first == Seq::ZERO || last == Seq::MAX || !events.events.windows(2).all(ascending) {
            return Verdict::Nonsense;
        }
        let Some(held) = self.feeds.get_mut(&events.feed) else { return Verdict::Drop };
        if held.asked > 0 || !held.begun {
            return held.unplaced(events, source);
        }
        if events.epoch != held.epoch {
            return Verdict::Gap;
        }
        if last <= held.seq {
            return Verdict::Drop;
        }
        if dense && first > held.seq.next() {
            return held.early(events, source);
        }
        events.events.retain(|event| event.seq > held.seq);
        held.seq = last;
        held.chain = events.chain;
        Verdict::Deliver(events)
    }

    /// Whether a notice of events no longer kept fits; if it does, they count as delivered.
    pub(super) fn admit_trimmed(&mut self, trimmed: Trimmed, source: Source) -> Verdict<Trimmed> {
        let Some(held) = self.feeds.get_mut(&trimmed.feed) else { return Verdict::Drop };
        if trimmed.range.to < trimmed.range.from || trimmed.range.to == Seq::MAX {
            return Verdict::Nonsense;
        }
        if held.asked > 0 || !held.begun {
            return held.unplaced(trimmed, source);
        }
        if trimmed.range.to <= held.seq {
            return Verdict::Drop;
        }
        if trimmed.range.from > held.seq.next() {
            return held.early(trimmed, source);
        }
        held.seq = trimmed.range.to;
        held.chain = Chain::default();
        Verdict::Deliver(trimmed)
    }

    /// A stream said that a feed goes on elsewhere. What the background says of that counts; a focus stream ends with it.
    pub(super) fn admit_moved(&mut self, moved: Moved, source: Source) -> Verdict<Moved> {
        let Some(held) = self.feeds.get_mut(&moved.feed) else { return Verdict::Drop };
        if !held.begun {
            return held.unplaced(moved, source);
        }
        if source == Source::Background {
            held.away = held.away.saturating_add(1);
        }
        Verdict::Deliver(moved)
    }

    /// Whether the word that a feed comes no more is to be taken; if it is, the feed is gone. What is said of a former life of
    /// it is not.
    pub(super) fn admit_end(&mut self, ended: Ended, source: Source) -> Verdict<Ended> {
        let Some(held) = self.feeds.get(&ended.feed).filter(|held| !(held.anew && source == Source::Focus)) else {
            return Verdict::Drop;
        };
        if held.asked == 0 && !held.begun {
            return held.unplaced(ended, source);
        }
        self.feeds.remove(&ended.feed);
        Verdict::Deliver(ended)
    }
}

impl Feed {
    /// A frame of a feed of which is still to be said where it stands.
    fn unplaced<T>(&self, frame: T, source: Source) -> Verdict<T> {
        // In the background that a feed begins stands before its frames, so what comes without is of a former life of it.
        let is_former = self.asked == 0 && source == Source::Background;
        if is_former { Verdict::Drop } else { Verdict::Hold(frame) }
    }

    /// A frame whose predecessors are not here yet.
    fn early<T>(&self, frame: T, source: Source) -> Verdict<T> {
        let comes = match source {
            Source::Focus => true,
            Source::Background => self.away > 0 || self.focused > 0,
        };
        if comes { Verdict::Hold(frame) } else { Verdict::Gap }
    }
}

#[cfg(test)]
mod tests;
