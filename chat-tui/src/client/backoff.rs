//! How long to wait before dialling again: exponential with full jitter, so that a thousand clients of a server that was
//! restarted do not all come at once.

use std::time::Duration;

use super::Random;

/// The tries since the last connection that held.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// A connection held for a while: the next trouble is a new one.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }

    /// A connection was there, but not for long: the server answers, so the next wait is a short one, and not none, in case
    /// it falls over us each time.
    pub(super) fn ease(&mut self) {
        self.tries = self.tries.min(EASED_DOUBLINGS);
    }

    /// How long to wait before the next try: anything up to a bound that doubles each time.
    pub(super) fn next(&mut self, random: &Random) -> Duration {
        let bound = BASE.saturating_mul(1 << self.tries.min(DOUBLINGS_MAX)).min(BOUND_MAX);
        self.tries = self.tries.saturating_add(1);
        // Without randomness all wait as long as they may.
        let dice = random.bytes().map_or(u32::MAX, u32::from_le_bytes);
        bound.mul_f64(f64::from(dice) / f64::from(u32::MAX))
    }
}

/// The bound of the first wait.
const BASE: Duration = Duration::from_millis(250);

/// The bound of every later wait.
const BOUND_MAX: Duration = Duration::from_secs(30);

/// Doublings that reach [`BOUND_MAX`].
const DOUBLINGS_MAX: u32 = 7;

/// Doublings that are left after a login: waits of at most a second.
const EASED_DOUBLINGS: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_bound_and_are_spread_below_it() {
        let random = Random::seeded(1);
        let mut longest = [Duration::ZERO; 12];
        for _ in 0..400 {
            let mut backoff = Backoff::default();
            for longest in &mut longest {
                *longest = backoff.next(&random).max(*longest);
            }
        }
        assert!(longest[0] <= BASE && longest[0] > BASE / 2);
        assert!(longest[3] > BASE * 4 && longest[3] <= BASE * 8);
        assert!(longest[11] <= BOUND_MAX && longest[11] > BOUND_MAX / 2);
        let mut backoff = Backoff::default();
        for _ in 0..u16::MAX {
            backoff.next(&random);
        }
        backoff.ease();
        assert!(backoff.next(&random) <= Duration::from_secs(1));
        backoff.reset();
        assert!(backoff.next(&random) <= BASE);
    }
}
