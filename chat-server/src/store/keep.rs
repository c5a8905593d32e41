//! How much of a feed is kept.

use chat_proto::{Ordinal, Timestamp};

/// How much of a feed is kept. What is left out bounds nothing; 0 keeps nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Messages, and what came between them.
    pub count: Option<u64>,
    /// Events no older than this, microseconds.
    pub age_us: Option<i64>,
    /// Bodies of so many bytes, as they were when they were stored.
    pub bytes: Option<u64>,
}

impl Keep {
    /// Whether an event is kept, given the feed's newest one.
    pub(super) fn keeps(&self, event: Standing, newest: Standing, now: Timestamp) -> bool {
        let messages_behind = newest.ordinal.0.saturating_sub(event.ordinal.0);
        let bytes_behind = newest.total.saturating_sub(event.total);
        self.count.is_none_or(|count| messages_behind < count)
            && self.age_us.is_none_or(|age| age > 0 && now.0.saturating_sub(event.at.0) <= age)
            && self.bytes.is_none_or(|bytes| bytes > 0 && bytes_behind.saturating_add(event.bytes) <= bytes)
    }
}

/// What of an event says whether it is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// The room's messages up to it.
    pub(super) ordinal: Ordinal,
    /// When it was decided.
    pub(super) at: Timestamp,
    /// Bytes of its body.
    pub(super) bytes: u64,
    /// Bytes of all bodies up to and including it.
    pub(super) total: u64,
}
