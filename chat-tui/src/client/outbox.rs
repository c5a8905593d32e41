//! Messages not yet acknowledged, in the order they were given. Pure: what is on disk is the journal's business.
//!
//! One message of a room is under way at a time: were the first of two refused for a moment and the second stored, they
//! would stand in the wrong order for ever.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use chat_proto::event::ReplyTo;
use chat_proto::request::{Post, PostWith};
use chat_proto::{MessageKey, Reject, RejectCode, Request, Retry, RoomId};
use thiserror::Error;
use tokio::time::Instant;

use super::Outgoing;

/// What became of a reject.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nothing of that key was under way.
    Stale,
    /// It is sent again when its room's pause is over.
    Later,
    /// It is kept until its author decides.
    Final(Outgoing),
}

/// Why a message cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Kept {
    /// There is none of that key: it is stored, or was thrown away.
    #[error("it is not waiting any more")]
    Gone,
    /// It is being sent this moment.
    #[error("it is being sent this moment")]
    UnderWay,
    /// It was sent, and the connection broke before the answer: the server may have it.
    #[error(
        "the server may have it already: the connection broke before the answer. It goes out once when there is one again"
    )]
    Unsure,
}

/// What is to be sent, per room in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    next: u64,
    entries: BTreeMap<u64, Outgoing>,
    keys: BTreeMap<MessageKey, u64>,
    rooms: BTreeMap<RoomId, Lane>,
    /// Those that the server may have: they were sent once, and it never said that it has not taken them.
    unsure: BTreeSet<u64>,
}

/// One room's messages that are not refused.
#[derive(Debug, Default)]
struct Lane {
    queue: VecDeque<u64>,
    under_way: bool,
    paused_until: Option<Instant>,
}

impl Outbox {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether nothing waits but what its author has to decide about.
    pub(super) fn is_settled(&self) -> bool {
        self.rooms.is_empty()
    }

    pub(super) fn contains(&self, key: MessageKey) -> bool {
        self.keys.contains_key(&key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Outgoing> {
        self.entries.values()
    }

    /// Adds a message behind all others; false if its key is there already.
    pub(super) fn push(&mut self, outgoing: Outgoing) -> bool {
        if self.contains(outgoing.key) {
            return false;
        }
        let number = self.next;
        self.next += 1;
        self.keys.insert(outgoing.key, number);
        if outgoing.refused.is_none() {
            self.rooms.entry(outgoing.room).or_default().queue.push_back(number);
        }
        self.entries.insert(number, outgoing);
        true
    }

    /// Adds a message of a former life, of which nobody knows whether it was sent; false if its key is there already.
    pub(super) fn adopt(&mut self, outgoing: Outgoing) -> bool {
        let (number, waits) = (self.next, outgoing.refused.is_none());
        let added = self.push(outgoing);
        if added && waits {
            self.unsure.insert(number);
        }
        added
    }

    /// The messages that may go now; they count as under way from here on.
    pub(super) fn take_ready(&mut self, now: Instant) -> Vec<(MessageKey, Request)> {
        let mut ready = Vec::new();
        for lane in self.rooms.values_mut() {
            let paused = lane.paused_until.is_some_and(|until| until > now);
            let Some(number) = lane.queue.front().filter(|_| !lane.under_way && !paused) else { continue };
            lane.under_way = true;
            lane.paused_until = None;
            self.unsure.insert(*number);
            if let Some(outgoing) = self.entries.get(number) {
                ready.push((outgoing.key, request(outgoing)));
            }
        }
        ready
    }

    /// When the next pause is over.
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        self.rooms.values().filter(|lane| !lane.under_way).filter_map(|lane| lane.paused_until).min()
    }

    /// A message is stored. None if it was not in here.
    pub(super) fn acknowledge(&mut self, key: MessageKey) -> Option<Outgoing> {
        self.remove(key)
    }

    /// The server did not take a message.
    pub(super) fn refuse(&mut self, key: MessageKey, reject: &Reject, now: Instant) -> Refusal {
        let Some(number) = self.keys.get(&key).copied() else { return Refusal::Stale };
        let Some(entry) = self.entries.get_mut(&number) else { return Refusal::Stale };
        let Some(lane) = self.rooms.get_mut(&entry.room).filter(|lane| lane.queue.front() == Some(&number)) else {
            return Refusal::Stale;
        };
        lane.under_way = false;
        // A server in trouble may have stored it and not know.
        if reject.retry != Retry::Later || reject.code == RejectCode::SlowDown {
            self.unsure.remove(&number);
        }
        match reject.retry {
            Retry::Later => {
                let pause = Duration::from_millis(reject.retry_after_ms.into()).clamp(PAUSE_MIN, PAUSE_MAX);
                lane.paused_until = Some(now + pause);
                Refusal::Later
            }
            Retry::Never | Retry::AfterChange => {
                lane.queue.pop_front();
                if lane.queue.is_empty() {
                    self.rooms.remove(&entry.room);
                }
                entry.refused = Some(reject.clone());
                Refusal::Final(entry.clone())
            }
        }
    }

    /// The connection broke: what was under way goes again, first.
    pub(super) fn disconnected(&mut self) {
        for lane in self.rooms.values_mut() {
            lane.under_way = false;
            lane.paused_until = None;
        }
    }

    /// A refused message goes again, behind the others of its room.
    pub(super) fn retry(&mut self, key: MessageKey) -> Option<Outgoing> {
        let number = self.keys.get(&key)?;
        let entry = self.entries.get_mut(number)?;
        entry.refused.take()?;
        self.rooms.entry(entry.room).or_default().queue.push_back(*number);
        Some(entry.clone())
    }

    /// Throws a message away unless it is under way.
    pub(super) fn discard(&mut self, key: MessageKey) -> bool {
        let Some(number) = self.keys.get(&key) else { return false };
        let Some(entry) = self.entries.get(number) else { return false };
        let lane = self.rooms.get(&entry.room);
        if lane.is_some_and(|lane| lane.under_way && lane.queue.front() == Some(number)) {
            return false;
        }
        self.remove(key).is_some()
    }

    /// Takes a message back that the server surely has not, so that its words can be sent once more.
    pub(super) fn take_back(&mut self, key: MessageKey) -> Result<Outgoing, Kept> {
        let number = self.keys.get(&key).ok_or(Kept::Gone)?;
        let entry = self.entries.get(number).ok_or(Kept::Gone)?;
        let lane = self.rooms.get(&entry.room);
        if lane.is_some_and(|lane| lane.under_way && lane.queue.front() == Some(number)) {
            return Err(Kept::UnderWay);
        }
        if self.unsure.contains(number) {
            return Err(Kept::Unsure);
        }
        self.remove(key).ok_or(Kept::Gone)
    }

    fn remove(&mut self, key: MessageKey) -> Option<Outgoing> {
        let number = self.keys.remove(&key)?;
        let entry = self.entries.remove(&number)?;
        self.unsure.remove(&number);
        if let Some(lane) = self.rooms.get_mut(&entry.room) {
            if lane.queue.front() == Some(&number) {
                lane.under_way = false;
                lane.paused_until = None;
            }
            lane.queue.retain(|other| *other != number);
            if lane.queue.is_empty() {
                self.rooms.remove(&entry.room);
            }
        }
        Some(entry)
    }
}

/// Messages an outbox may hold.
pub(super) const OUTBOX_MESSAGES_MAX: usize = 4_096;

/// Shortest pause of a room after a reject that may pass.
const PAUSE_MIN: Duration = Duration::from_millis(50);

fn request(outgoing: &Outgoing) -> Request {
    let Outgoing { key, room, style, text, reply_to, refused: _ } = outgoing.clone();
    match reply_to {
        None => Post { key, room, style, text }.into(),
        Some(target) => PostWith { key, room, style, text, extras: vec![ReplyTo { target }.into()] }.into(),
    }
}

/// Longest pause of a room, whatever the server says.
const PAUSE_MAX: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use chat_proto::{RejectCode, Style};
    use proptest::prelude::*;

    fn message(key: u8, room: u64) -> Outgoing {
        Outgoing {
            key: MessageKey([key; 16]),
            room: RoomId(room),
            style: Style::Text,
            text: key.to_string(),
            reply_to: None,
            refused: None,
        }
    }

    fn room_of(post: &Request) -> RoomId {
        if let Request::Post(post) = post {
            post.room
        } else if let Request::PostWith(post) = post {
            post.room
        } else {
            panic!("the outbox sends nothing else: {post:?}")
        }
    }

    fn keys(posts: &[(MessageKey, Request)]) -> Vec<u8> {
        posts.iter().map(|(key, _)| key.0[0]).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn d5_a_room_has_one_message_under_way_and_keeps_its_order() {
        let now = Instant::now();
        let mut outbox = Outbox::default();
        for (key, room) in [(1, 1), (2, 1), (3, 2)] {
            assert!(outbox.push(message(key, room)));
        }
        assert!(!outbox.push(message(1, 1)));
        assert_eq!(keys(&outbox.take_ready(now)), [1, 3]);
        assert_eq!(keys(&outbox.take_ready(now)), [0; 0]);
        outbox.acknowledge(MessageKey([1; 16]));
        assert_eq!(keys(&outbox.take_ready(now)), [2]);
        outbox.disconnected();
        assert_eq!(keys(&outbox.take_ready(now)), [2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reject_that_may_pass_pauses_its_room_alone() {
        let now = Instant::now();
        let mut outbox = Outbox::default();
        outbox.push(message(1, 1));
        outbox.push(message(2, 1));
        outbox.push(message(3, 2));
        outbox.take_ready(now);
        let slow = Reject { retry_after_ms: 700, ..Reject::new(RejectCode::SlowDown, "slow") };
        assert_eq!(outbox.refuse(MessageKey([1; 16]), &slow, now), Refusal::Later);
        outbox.acknowledge(MessageKey([3; 16]));
        assert_eq!(outbox.take_ready(now).len(), 0);
        let later = now + Duration::from_millis(700);
        assert_eq!(outbox.wakes_at(), Some(later));
        assert_eq!(keys(&outbox.take_ready(later)), [1]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_final_reject_lets_the_next_pass_and_waits_for_its_author() {
        let now = Instant::now();
        let mut outbox = Outbox::default();
        outbox.push(message(1, 1));
        outbox.push(message(2, 1));
        outbox.take_ready(now);
        let no = Reject::new(RejectCode::NotMember, "join first");
        assert!(matches!(outbox.refuse(MessageKey([1; 16]), &no, now), Refusal::Final(_)));
        assert_eq!(keys(&outbox.take_ready(now)), [2]);
        assert!(!outbox.discard(MessageKey([2; 16])));
        assert!(outbox.retry(MessageKey([1; 16])).is_some());
        assert!(outbox.retry(MessageKey([1; 16])).is_none());
        outbox.acknowledge(MessageKey([2; 16]));
        assert_eq!(keys(&outbox.take_ready(now)), [1]);
        outbox.acknowledge(MessageKey([1; 16]));
        assert!(outbox.is_empty() && outbox.is_settled());
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_server_may_have_is_not_taken_back() {
        let now = Instant::now();
        let key = |key: u8| MessageKey([key; 16]);
        let mut outbox = Outbox::default();
        for (key, room) in [(1, 1), (2, 1), (3, 2)] {
            outbox.push(message(key, room));
        }
        outbox.adopt(message(4, 3));
        outbox.adopt(Outgoing { refused: Some(Reject::new(RejectCode::NotMember, "")), ..message(5, 3) });
        assert_eq!(outbox.take_back(key(4)), Err(Kept::Unsure), "it may have been sent by whoever had it before");
        assert_eq!(outbox.take_back(key(5)).map(|it| it.text), Ok("5".to_owned()), "it was surely refused");
        outbox.take_ready(now);
        assert_eq!(outbox.take_back(key(1)), Err(Kept::UnderWay));
        assert_eq!(outbox.take_back(key(2)).map(|it| it.text), Ok("2".to_owned()), "it never left");
        outbox.disconnected();
        assert_eq!(outbox.take_back(key(1)), Err(Kept::Unsure), "the answer was lost");
        outbox.take_ready(now);
        let slow = Reject { retry_after_ms: 700, ..Reject::new(RejectCode::SlowDown, "slow") };
        outbox.refuse(key(1), &slow, now);
        assert!(outbox.take_back(key(1)).is_ok(), "the server said that it has not taken it");
        outbox.refuse(key(3), &Reject::new(RejectCode::Unavailable, ""), now);
        assert_eq!(outbox.take_back(key(3)), Err(Kept::Unsure), "it doesn't know itself");
        assert_eq!(outbox.take_back(key(9)), Err(Kept::Gone));
    }

    proptest! {
        /// Against a server that takes, refuses for a moment, or loses the connection at will.
        #[test]
        fn every_message_is_stored_once_and_in_its_rooms_order(
            rooms in proptest::collection::vec(0u64..4, 1..40),
            fate in proptest::collection::vec(0u8..4, 0..200),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let start = runtime.block_on(async { Instant::now() });
            let mut now = start;
            let mut outbox = Outbox::default();
            for (key, room) in rooms.iter().enumerate() {
                outbox.push(message(u8::try_from(key).unwrap(), *room));
            }
            let mut stored: BTreeMap<RoomId, Vec<u8>> = BTreeMap::new();
            let mut fate = fate.into_iter();
            while !outbox.is_empty() {
                now += PAUSE_MAX;
                for (key, post) in outbox.take_ready(now) {
                    let log = stored.entry(room_of(&post)).or_default();
                    let byte = key.0[0];
                    match fate.next().unwrap_or(0) {
                        0 => {
                            if !log.contains(&byte) { log.push(byte) }
                            outbox.acknowledge(key);
                        }
                        1 => { outbox.refuse(key, &Reject::new(RejectCode::Unavailable, ""), now); }
                        2 => outbox.disconnected(),
                        // Stored, and the answer lost.
                        _ => {
                            if !log.contains(&byte) { log.push(byte) }
                            outbox.disconnected();
                        }
                    }
                }
            }
            let mut expected: BTreeMap<RoomId, Vec<u8>> = BTreeMap::new();
            for (key, room) in rooms.iter().enumerate() {
                expected.entry(RoomId(*room)).or_default().push(u8::try_from(key).unwrap());
            }
            prop_assert_eq!(stored, expected);
        }
    }
}
