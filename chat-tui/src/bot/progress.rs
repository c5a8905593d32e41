//! How far a reader of one room has come, and what he has to fetch before he can go on. Pure.
//!
//! A reader wants every event from a place on, in order, each once. What comes live goes straight through if it is next;
//! if something is missing before it, the live events are let go, and all of it is read as pages until the reader is back
//! at the head. So nothing is kept in memory for a reader who is far behind, and there is one way to be behind, whether
//! he began there, was away, or fell behind.

use chat_proto::delivery::Events;
use chat_proto::limits::PAGE_EVENTS_MAX;
use chat_proto::reply::{Page, SeqRange};
use chat_proto::request::History;
use chat_proto::{Anchor, Epoch, Event, FeedState, FeedStatus, RoomId, Seq};

/// A reader's place in one room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    room: RoomId,
    epoch: Epoch,
    /// The next event wanted.
    wanted: Seq,
    /// The newest event known of that is to be fetched; less than `wanted` for a reader at the head.
    target: Seq,
    /// Up to here it is catching up.
    head: Seq,
}

/// What an answer brings a reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The room began anew at the server: what was read before is of another history.
    pub reset: bool,
    /// Events that are no longer kept, before the others.
    pub gap: Option<SeqRange>,
    /// What is next, in order.
    pub events: Vec<Event>,
    /// Nothing came although something is missing: ask again in a moment.
    pub stuck: bool,
}

impl Progress {
    /// A reader who wants everything from `wanted` on, of a room that stands at `head`. In a room of another epoch than
    /// `epoch` he begins at the beginning.
    #[must_use]
    pub fn new(room: RoomId, epoch: Epoch, wanted: Seq, head: Seq) -> Self {
        Self { room, epoch, wanted, target: head, head }
    }

    /// The next event wanted.
    #[must_use]
    pub fn wanted(&self) -> Seq {
        self.wanted
    }

    /// The history the numbers belong to.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether an event counts as catching up.
    #[must_use]
    pub fn is_replay(&self, seq: Seq) -> bool {
        seq <= self.head
    }

    /// The page to read next, if something is missing.
    #[must_use]
    pub fn missing(&self) -> Option<History> {
        let anchor = Anchor::After(self.wanted.prev());
        (self.wanted <= self.target).then_some(History { room: self.room, anchor, limit: PAGE_EVENTS_MAX })
    }

    /// The room stands so after a login or a subscription: what came meanwhile is fetched.
    pub fn stands(&mut self, status: &FeedStatus) -> News {
        let set_back = match status.state {
            FeedState::Regressed | FeedState::Diverged => true,
            FeedState::Live | FeedState::Trimmed | FeedState::NoAccess => false,
        };
        let reset = set_back || status.epoch != self.epoch;
        if reset {
            (self.epoch, self.wanted, self.target) = (status.epoch, Seq::ZERO.next(), status.next.prev());
        } else {
            self.target = self.target.max(status.next.prev());
        }
        self.head = status.head;
        News { reset, ..News::default() }
    }

    /// Events came live.
    pub fn live(&mut self, events: Events) -> News {
        let (Some(first), Some(last)) = (events.events.first(), events.events.last()) else { return News::default() };
        let (first, last) = (first.seq, last.seq);
        if self.missing().is_some() || first > self.wanted {
            self.target = self.target.max(last);
            return News::default();
        }
        self.take(events.events)
    }

    /// Events are no longer kept, the server says instead of sending them.
    pub fn trimmed(&mut self, range: SeqRange) -> News {
        if self.missing().is_some() || range.from > self.wanted {
            self.target = self.target.max(range.to);
            return News::default();
        }
        News { gap: self.skip(range.to), ..News::default() }
    }

    /// A page came.
    pub fn page(&mut self, page: Page) -> News {
        let reset = page.epoch != self.epoch;
        if reset {
            (self.epoch, self.wanted, self.target) = (page.epoch, Seq::ZERO.next(), page.last);
            return News { reset, ..News::default() };
        }
        let gap = self.skip(page.oldest.prev());
        let before = self.wanted;
        let mut news = News { gap, ..self.take(page.events) };
        if page.last < self.wanted {
            self.target = self.wanted.prev();
        }
        news.stuck = self.wanted == before && news.gap.is_none() && self.missing().is_some();
        news
    }

    /// Goes on behind `last`, if that is ahead.
    fn skip(&mut self, last: Seq) -> Option<SeqRange> {
        let from = self.wanted;
        if last < from {
            return None;
        }
        self.wanted = last.next();
        Some(SeqRange { from, to: last })
    }

    /// The events that are next, each following on the one before.
    fn take(&mut self, events: Vec<Event>) -> News {
        let mut next = Vec::with_capacity(events.len());
        for event in events {
            if event.seq == self.wanted {
                self.wanted = self.wanted.next();
                next.push(event);
            }
        }
        News { events: next, ..News::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_proto::event::Withheld;
    use chat_proto::{AccountId, Chain, DeviceId, FeedId, MessageKey, Ordinal, Timestamp};
    use proptest::prelude::*;

    const ROOM: RoomId = RoomId(1);
    const EPOCH: Epoch = Epoch(3);

    fn event(seq: u64) -> Event {
        Event {
            seq: Seq(seq),
            ordinal: Ordinal(0),
            at: Timestamp(0),
            by: AccountId(1),
            device: DeviceId(1),
            key: MessageKey::default(),
            body: Withheld {}.into(),
        }
    }

    fn live(seqs: impl IntoIterator<Item = u64>) -> Events {
        let events = seqs.into_iter().map(event).collect();
        Events { feed: FeedId::Room(ROOM), epoch: EPOCH, events, chain: Chain::default() }
    }

    fn page(seqs: impl IntoIterator<Item = u64>, oldest: u64, last: u64) -> Page {
        Page {
            room: ROOM,
            epoch: EPOCH,
            events: seqs.into_iter().map(event).collect(),
            oldest: Seq(oldest),
            last: Seq(last),
            more_before: false,
            more_after: false,
            trimmed: None,
        }
    }

    fn seqs(news: &News) -> Vec<u64> {
        news.events.iter().map(|event| event.seq.0).collect()
    }

    #[test]
    fn a_reader_at_the_head_takes_what_comes() {
        let mut reader = Progress::new(ROOM, EPOCH, Seq(6), Seq(5));
        assert_eq!(reader.missing(), None);
        assert_eq!(seqs(&reader.live(live([6, 7]))), [6, 7]);
        assert_eq!(seqs(&reader.live(live([7, 8]))), [8]);
        assert!(reader.is_replay(Seq(5)) && !reader.is_replay(Seq(6)));
    }

    #[test]
    fn a_reader_behind_lets_live_events_go_and_reads_them_as_pages() {
        let mut reader = Progress::new(ROOM, EPOCH, Seq(3), Seq(5));
        assert_eq!(seqs(&reader.live(live([6, 7]))), [] as [u64; 0]);
        assert_eq!(reader.missing().unwrap().anchor, Anchor::After(Seq(2)));
        assert_eq!(seqs(&reader.page(page([3, 4], 1, 7))), [3, 4]);
        assert_eq!(seqs(&reader.page(page([5, 6, 7], 1, 7))), [5, 6, 7]);
        assert_eq!(reader.missing(), None);
        assert_eq!(seqs(&reader.live(live([8]))), [8]);
    }

    #[test]
    fn what_is_no_longer_kept_is_said_once() {
        let mut reader = Progress::new(ROOM, EPOCH, Seq(1), Seq(1_000));
        let news = reader.page(page([901, 902], 901, 1_000));
        assert_eq!(news.gap, Some(SeqRange { from: Seq(1), to: Seq(900) }));
        assert_eq!(seqs(&news), [901, 902]);
        assert_eq!(reader.page(page([903], 901, 903)).gap, None);
        assert_eq!(reader.missing(), None);
        assert_eq!(reader.trimmed(SeqRange { from: Seq(904), to: Seq(910) }).gap.unwrap().to, Seq(910));
        assert_eq!(reader.wanted(), Seq(911));
    }

    #[test]
    fn another_history_is_read_from_its_beginning() {
        let mut reader = Progress::new(ROOM, Epoch(1), Seq(50), Seq(60));
        assert!(reader.page(page([1, 2], 1, 2)).reset);
        assert_eq!(reader.missing().unwrap().anchor, Anchor::After(Seq::ZERO));
        assert_eq!(seqs(&reader.page(page([1, 2], 1, 2))), [1, 2]);
    }

    #[test]
    fn an_answer_that_brings_nothing_is_not_asked_for_in_a_circle() {
        let mut reader = Progress::new(ROOM, EPOCH, Seq(3), Seq(5));
        assert!(reader.page(page([], 1, 5)).stuck);
        assert!(!reader.page(page([], 1, 2)).stuck);
        assert_eq!(reader.missing(), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_in_whatever_order_is_told_once_and_in_order(
            start in 1_u64..20,
            steps in prop::collection::vec((any::<bool>(), 1_u64..30, 1_u64..6), 1..60),
        ) {
            let mut reader = Progress::new(ROOM, EPOCH, Seq(start), Seq(20));
            let mut told = Vec::new();
            for (is_live, from, len) in steps {
                if is_live {
                    told.extend(seqs(&reader.live(live(from..from + len))));
                } else if let Some(History { anchor: Anchor::After(after), .. }) = reader.missing() {
                    told.extend(seqs(&reader.page(page(after.0 + 1..=after.0 + len, 1, 40))));
                }
            }
            prop_assert!(told.iter().zip(start..).all(|(told, expected)| *told == expected), "{told:?}");
        }
    }
}
