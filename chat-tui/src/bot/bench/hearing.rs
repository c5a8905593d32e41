//! Connections that hear: each counts what comes to it, and looks at the order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chat_proto::delivery::Events;
use chat_proto::{FeedId, RoomId, Seq};
use tokio::time::Instant;

use super::histogram::Histogram;
use crate::bot::door::Door;
use crate::client::ClientEvent;

/// What a message begins with, before the time it was said at: 16 hexadecimal digits of microseconds.
const MARK: &str = "~T";

/// Bytes of mark and time.
pub(super) const STAMP_BYTES: usize = 18;

/// What all connections heard.
#[derive(Debug)]
pub(super) struct Tally {
    began: Instant,
    counts: AtomicBool,
    heard: AtomicU64,
    of_rooms: Vec<AtomicU64>,
    disordered: AtomicU64,
    times: Histogram,
}

impl Tally {
    pub(super) fn new(rooms: usize) -> Self {
        Self {
            began: Instant::now(),
            counts: AtomicBool::new(false),
            heard: AtomicU64::new(0),
            of_rooms: (0..rooms).map(|_| AtomicU64::new(0)).collect(),
            disordered: AtomicU64::new(0),
            times: Histogram::new(),
        }
    }

    /// A message of so many bytes, with the time it is said at.
    pub(super) fn message(&self, size: usize) -> String {
        let mut text = format!("{MARK}{:016x}", self.now());
        text.extend(std::iter::repeat_n('x', size.saturating_sub(text.len())));
        text
    }

    /// From now on times count, or no more.
    pub(super) fn count(&self, on: bool) {
        self.counts.store(on, Ordering::Relaxed);
    }

    /// Deliveries so far.
    pub(super) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Deliveries so far in a room.
    pub(super) fn heard_in(&self, room: usize) -> u64 {
        self.of_rooms.get(room).map_or(0, |room| room.load(Ordering::Relaxed))
    }

    /// Deliveries that came twice or out of order.
    pub(super) fn disordered(&self) -> u64 {
        self.disordered.load(Ordering::Relaxed)
    }

    /// Milliseconds that so many of a hundred counted deliveries took at most.
    pub(super) fn percentile(&self, percent: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "microseconds of a run")]
        let micros = self.times.percentile(percent) as f64;
        (micros / 10.0).round() / 100.0
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn take(&self, room: usize, events: &Events, last: &mut Seq) {
        let now = self.now();
        let counts = self.counts.load(Ordering::Relaxed);
        let mut heard = 0;
        for event in &events.events {
            if event.seq <= *last {
                self.disordered.fetch_add(1, Ordering::Relaxed);
            }
            *last = event.seq.max(*last);
            let said = event.body.message().and_then(|message| message.text.strip_prefix(MARK)?.get(..16));
            let Some(said) = said.and_then(|digits| u64::from_str_radix(digits, 16).ok()) else { continue };
            heard += 1;
            if counts {
                self.times.add(now.saturating_sub(said));
            }
        }
        self.heard.fetch_add(heard, Ordering::Relaxed);
        if let Some(room) = self.of_rooms.get(room) {
            room.fetch_add(heard, Ordering::Relaxed);
        }
    }
}

/// A connection that hears one room.
#[derive(Debug)]
pub(super) struct Receiver {
    door: Door,
    room: RoomId,
    /// Which of the rooms.
    at: usize,
}

impl Receiver {
    pub(super) fn new(door: Door, room: RoomId, at: usize) -> Self {
        Self { door, room, at }
    }

    /// Hears until the session is over.
    pub(super) async fn hear(mut self, tally: Arc<Tally>) {
        let mut last = Seq::ZERO;
        while let Some(event) = self.door.events.recv().await {
            if let ClientEvent::Events(events) = event
                && events.feed == FeedId::Room(self.room)
            {
                tally.take(self.at, &events, &mut last);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_size_and_at_least_a_stamp() {
        let tally = Tally::new(1);
        assert_eq!((tally.message(100).len(), tally.message(0).len()), (100, STAMP_BYTES));
    }
}
