//! What is counted per guesser: a few wrong guesses from one place at one name in a while, and then none until it is over. New
//! accounts of one place are counted the same way.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_proto::limits::{GUESSES_COUNT_MS, GUESSES_MAX};

/// Who guesses at what is remembered for this many; beyond that the oldest are forgotten.
const REMEMBERED_MAX: usize = 10_000;

/// The guesses of everybody, by whatever tells one guesser from another.
#[derive(Clone, Debug)]
pub struct Guesses<K> {
    tried: BTreeMap<K, Tried>,
    most: u32,
    within: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Tried {
    guesses: u32,
    since: Duration,
}

impl<K> Default for Guesses<K> {
    fn default() -> Self {
        Self::new(GUESSES_MAX, Duration::from_millis(GUESSES_COUNT_MS))
    }
}

impl<K> Guesses<K> {
    /// At most so many within a time that begins with the first.
    #[must_use]
    pub fn new(most: u32, within: Duration) -> Self {
        Self { tried: BTreeMap::new(), most, within }
    }
}

impl<K: Ord + Clone> Guesses<K> {
    /// Counts a guess before it is looked at, so that many at once are no way around. `now` is a time that moves only forward.
    ///
    /// # Errors
    /// How long to wait, where there were too many already.
    pub fn begin(&mut self, who: &K, now: Duration) -> Result<(), Duration> {
        let within = self.within;
        self.tried.retain(|_, tried| now < tried.since + within);
        if !self.tried.contains_key(who) && self.tried.len() >= REMEMBERED_MAX {
            self.forget_oldest();
        }
        let tried = self.tried.entry(who.clone()).or_insert(Tried { guesses: 0, since: now });
        if tried.guesses >= self.most {
            return Err((tried.since + within).saturating_sub(now));
        }
        tried.guesses += 1;
        Ok(())
    }

    /// The guess was right: nothing counts against who made it.
    pub fn right(&mut self, who: &K) {
        self.tried.remove(who);
    }

    fn forget_oldest(&mut self) {
        let oldest = self.tried.iter().min_by_key(|(_, tried)| tried.since).map(|(who, _)| who.clone());
        if let Some(oldest) = oldest {
            self.tried.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: Duration = Duration::from_millis(GUESSES_COUNT_MS);

    #[test]
    fn after_five_wrong_guesses_there_are_none_until_ten_minutes_are_over() {
        let mut guesses = Guesses::default();
        let start = Duration::from_secs(7);
        for _ in 0..GUESSES_MAX {
            guesses.begin(&"a", start).unwrap();
        }
        assert_eq!(guesses.begin(&"a", start + Duration::from_secs(1)), Err(COUNTS - Duration::from_secs(1)));
        assert_eq!(guesses.begin(&"b", start), Ok(()));
        assert_eq!(guesses.begin(&"a", start + COUNTS), Ok(()));
        guesses.right(&"b");
        assert_eq!(guesses.tried.len(), 1);
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let mut guesses = Guesses::default();
        for who in 0..REMEMBERED_MAX + 10 {
            guesses.begin(&who, Duration::from_nanos(who as u64)).unwrap();
        }
        assert_eq!(guesses.tried.len(), REMEMBERED_MAX);
        assert!(!guesses.tried.contains_key(&9) && guesses.tried.contains_key(&10));
    }
}
