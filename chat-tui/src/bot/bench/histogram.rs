//! How many deliveries took how long, in a few kilobytes however many there are.

use std::sync::atomic::{AtomicU64, Ordering};

/// Steps between two powers of two: no time is told more than 1.6 % too long.
const STEPS: u64 = 64;

/// Powers of two of microseconds: up to more than an hour.
const POWERS: u64 = 32;

/// Counts of times.
#[derive(Debug)]
pub(super) struct Histogram(Vec<AtomicU64>);

impl Histogram {
    pub(super) fn new() -> Self {
        Self((0..STEPS * POWERS).map(|_| AtomicU64::new(0)).collect())
    }

    /// Counts a time in microseconds.
    pub(super) fn add(&self, micros: u64) {
        let count = self.0.get(place(micros)).or(self.0.last());
        count.map(|count| count.fetch_add(1, Ordering::Relaxed));
    }

    /// The time in microseconds that so many of a hundred took at most; 0 if there are none.
    pub(super) fn percentile(&self, percent: f64) -> u64 {
        let counts: Vec<u64> = self.0.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let all: u64 = counts.iter().sum();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank"
        )]
        let rank = ((all as f64 * percent / 100.0).ceil() as u64).clamp(1, all.max(1));
        let mut before = 0;
        for (place, count) in (0..).zip(counts) {
            before += count;
            if before >= rank {
                return upper(place);
            }
        }
        0
    }
}

fn place(micros: u64) -> usize {
    let power = (micros / STEPS).checked_ilog2().map_or(0, |power| u64::from(power) + 1);
    let within = if power == 0 { micros } else { micros >> (power - 1) } % STEPS;
    usize::try_from(power * STEPS + within).unwrap_or(usize::MAX)
}

/// The longest time that is counted at a place.
fn upper(place: u64) -> u64 {
    let (power, within) = (place / STEPS, place % STEPS);
    if power == 0 { within } else { ((STEPS + within + 1) << (power - 1)) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_told_a_little_too_long_at_most() {
        for micros in (0..5_000).chain((0..40).map(|power| (1_u64 << (power / 2)) * 1_003 + power)) {
            let told = upper(u64::try_from(place(micros)).unwrap());
            assert!(told >= micros && told <= micros + micros / 60 + 1, "{micros} as {told}");
        }
    }

    #[test]
    fn percentiles_are_ranks() {
        let histogram = Histogram::new();
        assert_eq!(histogram.percentile(50.0), 0);
        (1..=50).for_each(|micros| histogram.add(micros));
        assert_eq!((histogram.percentile(50.0), histogram.percentile(99.0), histogram.percentile(100.0)), (25, 50, 50));
        histogram.add(u64::MAX);
        assert!(histogram.percentile(100.0) > 1_000_000_000);
    }
}
