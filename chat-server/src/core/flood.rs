//! How much one may ask for: buckets of messages and bytes, a wait for who is a little too fast, and a longer refusal for who
//! is so again and again.

use std::time::Duration;

/// What one connection may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Messages a second in the long run, at least 1.
    pub messages_per_second: u32,
    /// Messages at once, at least 1.
    pub messages_burst: u32,
    /// Bytes a second in the long run, at least 1; ten times as many at once.
    pub bytes_per_second: u32,
}

impl Rates {
    /// So many times as much.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        Self {
            messages_per_second: self.messages_per_second.saturating_mul(factor),
            messages_burst: self.messages_burst.saturating_mul(factor),
            bytes_per_second: self.bytes_per_second.saturating_mul(factor),
        }
    }
}

/// What a request takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Messages; a text of many lines is one.
    pub messages: u32,
    /// Bytes of text.
    pub bytes: u32,
}

impl Cost {
    /// So many times as much.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        Self { messages: self.messages.saturating_mul(factor), bytes: self.bytes.saturating_mul(factor) }
    }
}

/// What is to be done with a request. The later variant is the stricter one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is done.
    Pass,
    /// It is done, and nothing further is read for so long.
    Delay(Duration),
    /// It is refused; so is everything for so long.
    SlowDown(Duration),
}

/// One bucket, as the time at which it would be full again (GCRA, the generic cell rate algorithm).
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    every: Duration,
    depth: Duration,
    full_at: Duration,
}

impl Bucket {
    /// A full bucket: so much a second, so much at once; both at least 1.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Self {
        let every = Duration::from_secs(1) / per_second.max(1);
        Self { every, depth: every.saturating_mul(burst.max(1)), full_at: Duration::ZERO }
    }

    /// How long until so much is in it. A full bucket gives anything at once. `now` is any clock that only moves forward.
    #[must_use]
    pub fn owed(&self, now: Duration, amount: u32) -> Duration {
        if self.is_full(now) {
            return Duration::ZERO;
        }
        self.after(now, amount).saturating_sub(now + self.depth)
    }

    /// Takes so much out of it.
    pub fn take(&mut self, now: Duration, amount: u32) {
        self.full_at = self.after(now, amount);
    }

    /// Whether nothing was taken that did not flow in again.
    #[must_use]
    pub fn is_full(&self, now: Duration) -> bool {
        self.full_at <= now
    }

    fn after(&self, now: Duration, amount: u32) -> Duration {
        self.full_at.max(now).saturating_add(self.every.saturating_mul(amount))
    }
}

/// What one connection, or one account, has asked for.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    messages: Bucket,
    bytes: Bucket,
    offences: u32,
    offended_at: Duration,
    shut_until: Duration,
}

impl Meter {
    /// Nothing was asked for.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self {
            messages: Bucket::new(rates.messages_per_second, rates.messages_burst),
            bytes: Bucket::new(rates.bytes_per_second, rates.bytes_per_second.saturating_mul(BYTES_BURST_SECONDS)),
            offences: 0,
            offended_at: Duration::ZERO,
            shut_until: Duration::ZERO,
        }
    }

    /// Something is asked for. What is refused takes nothing. `now` is any clock that only moves forward.
    pub fn ask(&mut self, now: Duration, cost: Cost) -> Verdict {
        if let Some(rest) = self.shut_until.checked_sub(now).filter(|rest| !rest.is_zero()) {
            return Verdict::SlowDown(rest);
        }
        let owed = self.messages.owed(now, cost.messages).max(self.bytes.owed(now, cost.bytes));
        if owed > DELAY_MAX {
            self.offences = self.offences_left(now).saturating_add(1);
            self.offended_at = now;
            let longer = 1 << (self.offences - 1).min(DOUBLINGS_MAX);
            let shut = owed.saturating_mul(longer).min(SHUT_MAX);
            self.shut_until = now + shut;
            return Verdict::SlowDown(shut);
        }
        self.messages.take(now, cost.messages);
        self.bytes.take(now, cost.bytes);
        if owed.is_zero() { Verdict::Pass } else { Verdict::Delay(owed) }
    }

    /// Whether it may be forgotten, because a new one would say the same.
    #[must_use]
    pub fn is_rested(&self, now: Duration) -> bool {
        self.messages.is_full(now) && self.bytes.is_full(now) && self.shut_until <= now && self.offences_left(now) == 0
    }

    fn offences_left(&self, now: Duration) -> u32 {
        let forgiven = now.saturating_sub(self.offended_at).as_secs() / FORGIVEN_AFTER.as_secs();
        self.offences.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX))
    }
}

/// Seconds whose bytes may come at once.
const BYTES_BURST_SECONDS: u32 = 10;

/// The longest wait before the next request is read; who would have to wait longer is refused.
const DELAY_MAX: Duration = Duration::from_secs(2);

/// The longest refusal.
const SHUT_MAX: Duration = Duration::from_secs(60);

/// How often a refusal can be doubled.
const DOUBLINGS_MAX: u32 = 5;

/// How long one is to keep within the rates for one refusal to be forgotten.
const FORGIVEN_AFTER: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: Rates = Rates { messages_per_second: 10, messages_burst: 5, bytes_per_second: 1_000 };
    const ONE: Cost = Cost { messages: 1, bytes: 10 };

    fn millis(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_burst_passes_then_reading_waits_and_then_it_is_refused() {
        let mut meter = Meter::new(RATES);
        for _ in 0..5 {
            assert_eq!(meter.ask(Duration::ZERO, ONE), Verdict::Pass);
        }
        assert_eq!(meter.ask(Duration::ZERO, ONE), Verdict::Delay(millis(100)));
        // Who does not wait owes more and more, up to the bound.
        let verdicts: Vec<Verdict> = (0..20).map(|_| meter.ask(Duration::ZERO, ONE)).collect();
        assert_eq!(verdicts[18], Verdict::Delay(millis(2_000)));
        assert_eq!(verdicts[19], Verdict::SlowDown(millis(2_100)));
    }

    #[test]
    fn who_waits_as_told_gets_exactly_the_rate() {
        let mut meter = Meter::new(RATES);
        let (mut now, mut done) = (Duration::ZERO, 0);
        while now < Duration::from_secs(10) {
            match meter.ask(now, ONE) {
                Verdict::Pass => {}
                Verdict::Delay(wait) => now += wait,
                Verdict::SlowDown(_) => panic!("refused at {now:?}"),
            }
            done += 1;
        }
        assert_eq!(done, 10 * 10 + 5);
    }

    #[test]
    fn bytes_count_as_messages_do_and_a_long_text_passes_where_nothing_was_taken() {
        let mut meter = Meter::new(RATES);
        let long = Cost { messages: 1, bytes: 60_000 };
        assert_eq!(meter.ask(Duration::ZERO, long), Verdict::Pass);
        assert!(matches!(meter.ask(Duration::ZERO, long), Verdict::SlowDown(_)));
        assert_eq!(meter.ask(Duration::from_secs(111), long), Verdict::Pass);
    }

    #[test]
    fn refusals_grow_are_bounded_and_are_forgotten() {
        let mut meter = Meter::new(RATES);
        let batch = Cost { messages: 100, bytes: 0 };
        assert_eq!(meter.ask(Duration::ZERO, batch), Verdict::Pass);
        let Verdict::SlowDown(first) = meter.ask(Duration::ZERO, batch) else { panic!() };
        let Verdict::SlowDown(same) = meter.ask(Duration::ZERO, batch) else { panic!() };
        assert_eq!(first, same, "asking while it is shut is no further offence");
        let mut shut = vec![first];
        let mut now = first;
        for _ in 0..4 {
            assert!(!matches!(meter.ask(now, batch), Verdict::SlowDown(_)), "who waited as told goes on");
            let Verdict::SlowDown(wait) = meter.ask(now, batch) else { panic!() };
            shut.push(wait);
            now += wait;
        }
        assert!(shut[1] > shut[0] && shut[2] > shut[1], "{shut:?}");
        assert_eq!(shut[4], SHUT_MAX);
        assert!(!meter.is_rested(now));
        assert!(meter.is_rested(now + Duration::from_secs(600)));
    }
}
