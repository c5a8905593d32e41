//! What a feed has published: where it ends, and its last frames, encoded once for everybody.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use chat_proto::codec::encode_frame;
use chat_proto::delivery::Events;
use chat_proto::limits::SERVER_FRAME_BYTES_MAX;
use chat_proto::{AccountId, Chain, Delivery, Epoch, Event, FeedId, Seq};

use crate::core::audience::{is_for, seen_by};
use crate::store::{FeedMeta, Row};

/// Bytes of frames a tail keeps. A reader further behind reads the store.
pub const TAIL_BYTES_MAX: usize = 256 * 1024;

/// A frame is closed when its events come to about this many bytes.
pub const FRAME_BYTES: usize = 32 * 1024;

/// Bytes an event takes beside its payload, at most.
const EVENT_HEAD_BYTES: usize = 96;

/// A run of events of one feed, encoded as a delivery behind its length prefix.
#[derive(Debug)]
pub struct Frame {
    /// The first event's seq.
    pub first: Seq,
    /// The last event's seq.
    pub last: Seq,
    /// The frame as it goes on a stream.
    pub bytes: Bytes,
    /// The events, where the server itself reads them: in accounts' feeds, and where not all of them are for everybody.
    pub events: Option<Arc<[Event]>>,
    head: (FeedId, Epoch, Chain),
}

impl Frame {
    /// The frame as one reader gets it.
    #[must_use]
    pub fn bytes_for(&self, reader: AccountId) -> Bytes {
        let Some(events) = self.events.as_ref().filter(|events| !events.iter().all(|event| is_for(event, reader)))
        else {
            return self.bytes.clone();
        };
        let (feed, epoch, chain) = self.head;
        let events = events.iter().cloned().map(|event| seen_by(event, reader)).collect();
        // What is withheld is shorter than what it stands for.
        encode_frame(&Delivery::Events(Events { feed, epoch, events, chain }), SERVER_FRAME_BYTES_MAX)
            .map_or_else(|_| Bytes::new(), Bytes::from)
    }
}

/// Cuts rows into frames.
#[must_use]
pub fn frames(feed: FeedId, epoch: Epoch, rows: Vec<(Event, Chain)>) -> Vec<Arc<Frame>> {
    let mut frames = Vec::new();
    let mut events = Vec::new();
    let mut size = 0;
    let mut rows = rows.into_iter().peekable();
    while let Some((event, chain)) = rows.next() {
        size += event.body.payload().len() + EVENT_HEAD_BYTES;
        events.push(event);
        if size >= FRAME_BYTES || rows.peek().is_none() {
            frames.extend(frame(feed, epoch, std::mem::take(&mut events), chain));
            size = 0;
        }
    }
    frames
}

/// The rows of a store, ready for [`frames`].
#[must_use]
pub fn chained(rows: Vec<Row>) -> Vec<(Event, Chain)> {
    rows.into_iter().map(|row| (row.event, row.chain)).collect()
}

fn frame(feed: FeedId, epoch: Epoch, events: Vec<Event>, chain: Chain) -> Option<Arc<Frame>> {
    let (first, last) = (events.first()?.seq, events.last()?.seq);
    let needed = matches!(feed, FeedId::Account(_)) || events.iter().any(|event| event.body.visible_to().is_some());
    let kept = needed.then(|| Arc::from(events.clone()));
    let delivery = Delivery::Events(Events { feed, epoch, events, chain });
    match encode_frame(&delivery, SERVER_FRAME_BYTES_MAX) {
        Ok(bytes) => {
            Some(Arc::new(Frame { first, last, bytes: bytes.into(), events: kept, head: (feed, epoch, chain) }))
        }
        Err(error) => {
            debug_assert!(false, "a frame is closed long before its limit");
            tracing::error!(?error, %first, "events too large for a frame");
            None
        }
    }
}

/// What lies behind a cursor.
#[derive(Debug)]
pub enum Behind {
    /// Nothing: the cursor stands at the head.
    Nothing,
    /// These frames, the first of which begins just behind the cursor.
    Frames(Vec<Arc<Frame>>),
    /// Events the tail doesn't hold or not at a frame's beginning: read the store, up to this seq.
    Stored(Seq),
}

/// Where a feed ends, and its last frames.
#[derive(Debug)]
pub struct Tail {
    meta: FeedMeta,
    frames: VecDeque<Arc<Frame>>,
    bytes: usize,
}

impl Tail {
    /// An empty tail behind the events a feed has.
    #[must_use]
    pub fn new(meta: FeedMeta) -> Self {
        Self { meta, frames: VecDeque::new(), bytes: 0 }
    }

    /// Where the feed ends.
    #[must_use]
    pub fn meta(&self) -> FeedMeta {
        self.meta
    }

    /// Adds frames that were committed, and where the feed ends with them.
    pub fn publish(&mut self, frames: Vec<Arc<Frame>>, meta: FeedMeta) {
        self.meta = meta;
        for frame in frames {
            self.bytes += frame.bytes.len();
            self.frames.push_back(frame);
        }
        while self.bytes > TAIL_BYTES_MAX
            && let Some(frame) = self.frames.pop_front()
        {
            self.bytes -= frame.bytes.len();
        }
    }

    /// Where the feed ends after something else than [`Tail::publish`] moved it. The frames held may have a hole before it.
    pub fn reset(&mut self, meta: FeedMeta) {
        if self.meta.head != meta.head || self.meta.epoch != meta.epoch {
            self.frames.clear();
            self.bytes = 0;
        }
        self.meta = meta;
    }

    /// Drops what is held, because words in it were removed. Who needs it reads the store.
    pub fn forget(&mut self) {
        self.frames.clear();
        self.bytes = 0;
    }

    /// What lies behind a cursor, up to about `bytes_max` bytes but at least one frame.
    #[must_use]
    pub fn behind(&self, cursor: Seq, bytes_max: usize) -> Behind {
        if cursor >= self.meta.head {
            return Behind::Nothing;
        }
        let start = self.frames.partition_point(|frame| frame.first <= cursor);
        match self.frames.get(start) {
            Some(frame) if frame.first == cursor.next() => {
                let mut size = 0;
                let fits = |frame: &&Arc<Frame>| {
                    let before = size;
                    size += frame.bytes.len();
                    before < bytes_max
                };
                Behind::Frames(self.frames.iter().skip(start).take_while(fits).cloned().collect())
            }
            Some(frame) => Behind::Stored(frame.first.prev()),
            None => Behind::Stored(self.meta.head),
        }
    }
}
