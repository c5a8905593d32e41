//! How long messages take from the request to every connection that hears them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

type Message = (String, u64);

/// Times from sending to delivery.
#[derive(Debug, Default)]
pub(super) struct Latency(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When a message was asked to be sent.
    asked: BTreeMap<Message, Instant>,
    /// When messages were heard whose answer is still on its way.
    heard: BTreeMap<Message, Vec<Instant>>,
    samples: Vec<Duration>,
}

impl Latency {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message was stored under this number.
    pub(super) fn sent(&self, room: &str, seq: u64, asked: Instant) {
        let mut state = self.lock();
        let message = (room.to_owned(), seq);
        for heard in state.heard.remove(&message).unwrap_or_default() {
            state.sample(heard.duration_since(asked));
        }
        state.asked.insert(message, asked);
        if state.asked.len() > MESSAGES_MAX {
            state.asked.pop_first();
        }
    }

    /// A connection heard it.
    pub(super) fn heard(&self, room: &str, seq: u64, at: Instant) {
        let mut state = self.lock();
        let message = (room.to_owned(), seq);
        if let Some(asked) = state.asked.get(&message).copied() {
            return state.sample(at.duration_since(asked));
        }
        state.heard.entry(message).or_default().push(at);
        if state.heard.len() > MESSAGES_MAX {
            state.heard.pop_first();
        }
    }

    /// The time that so many of a hundred deliveries took at most, and how many there were.
    pub(super) fn percentile(&self, percent: f64) -> Option<(Duration, usize)> {
        let mut state = self.lock();
        state.samples.sort_unstable();
        let count = state.samples.len();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank"
        )]
        let rank = (count as f64 * percent / 100.0).ceil() as usize;
        state.samples.get(rank.clamp(1, count.max(1)) - 1).map(|sample| (*sample, count))
    }
}

impl State {
    fn sample(&mut self, sample: Duration) {
        if self.samples.len() < SAMPLES_MAX {
            self.samples.push(sample);
        }
    }
}

/// Messages that are remembered for what is still to be heard of them.
const MESSAGES_MAX: usize = 100_000;

/// Times that are kept.
const SAMPLES_MAX: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_deliveries_meet_in_either_order() {
        let latency = Latency::default();
        assert_eq!(latency.percentile(50.0), None);
        let asked = Instant::now();
        for n in 1..=100 {
            let at = asked + Duration::from_millis(n);
            if n % 2 == 0 {
                latency.heard("#a", n, at);
                latency.sent("#a", n, asked);
            } else {
                latency.sent("#a", n, asked);
                latency.heard("#a", n, at);
            }
        }
        for (percent, ms) in [(0.0, 1), (50.0, 50), (99.0, 99), (100.0, 100)] {
            assert_eq!(latency.percentile(percent), Some((Duration::from_millis(ms), 100)), "p{percent}");
        }
    }
}
