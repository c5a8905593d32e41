//! What a network does to datagrams, and one direction of one path that does it: pure, and the same for the same seed.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// What a network does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weather {
    /// Datagrams lost, of a hundred, each way.
    pub loss: f64,
    /// Datagrams that arrive twice, of a hundred.
    pub twice: f64,
    /// From one end to the other and back.
    pub round_trip: Duration,
    /// What is added to the way of each datagram at most: those that follow each other closely change places.
    pub jitter: Duration,
    /// Bits a second each way of each client; none for as many as come.
    pub rate: Option<u64>,
    /// Bytes of a datagram that gets through; longer ones vanish without a word.
    pub mtu: Option<usize>,
    /// How often each client appears at another address.
    pub rebind: Option<Duration>,
}

impl Weather {
    /// A network that does nothing to anybody.
    pub const CLEAR: Self = Self {
        loss: 0.0,
        twice: 0.0,
        round_trip: Duration::ZERO,
        jitter: Duration::ZERO,
        rate: None,
        mtu: None,
        rebind: None,
    };
}

impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loss {:>2} %  rtt {:>3} ms  rate ", self.loss, self.round_trip.as_millis())?;
        match self.rate {
            Some(rate) => write!(f, "{:>4} kbit", rate / 1_000)?,
            None => f.write_str("     none")?,
        }
        if let Some(mtu) = self.mtu {
            write!(f, "  mtu {mtu}")?;
        }
        if let Some(every) = self.rebind {
            write!(f, "  rebind every {} s", every.as_secs_f64())?;
        }
        Ok(())
    }
}

/// Which way is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// What clients send.
    Up,
    /// What the server sends.
    Down,
    /// Both.
    Both,
}

impl Cut {
    /// Whether it stops what goes up or down.
    #[must_use]
    pub fn stops(self, up: bool) -> bool {
        match self {
            Self::Up => up,
            Self::Down => !up,
            Self::Both => true,
        }
    }
}

/// One direction of the way between a client and the server.
#[derive(Debug)]
pub struct Pipe {
    random: StdRng,
    /// When the last bit of what is on its way will have left, since the beginning of time.
    busy_until: Duration,
}

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is gone.
    Lost,
    /// It is too long.
    TooLong,
    /// It arrives then, and perhaps once more.
    Arrives(Duration, Option<Duration>),
}

impl Pipe {
    /// A pipe that decides by a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), busy_until: Duration::ZERO }
    }

    /// What becomes of a datagram of so many bytes that enters now. The dice are thrown whatever the weather, so that the
    /// n-th datagram of a pipe has the same luck in every weather.
    pub fn fate(&mut self, weather: &Weather, bytes: usize, now: Duration) -> Fate {
        let [loss, twice, late, later]: [f64; 4] = self.random.random();
        if weather.mtu.is_some_and(|mtu| bytes > mtu) {
            return Fate::TooLong;
        }
        if loss * 100.0 < weather.loss {
            return Fate::Lost;
        }
        let Some(left) = self.leave(weather, bytes, now) else { return Fate::Lost };
        let arrives = |dice: f64| left + weather.round_trip / 2 + weather.jitter.mul_f64(dice);
        Fate::Arrives(arrives(late), (twice * 100.0 < weather.twice).then(|| arrives(later)))
    }

    /// When its last bit has left; none if as many wait as may wait.
    fn leave(&mut self, weather: &Weather, bytes: usize, now: Duration) -> Option<Duration> {
        let Some(rate) = weather.rate else { return Some(now) };
        if self.busy_until > now + QUEUE_MAX {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a few thousand bytes")]
        let takes = Duration::from_secs_f64((bytes + HEADERS_BYTES) as f64 * 8.0 / rate.max(1) as f64);
        self.busy_until = self.busy_until.max(now) + takes;
        Some(self.busy_until)
    }
}

/// What waits before a slow link at most: a second of it, as modems have it.
const QUEUE_MAX: Duration = Duration::from_secs(1);

/// Bytes of the IP and UDP headers of a datagram, which take their time as well.
const HEADERS_BYTES: usize = 28;

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn fates(weather: &Weather, seed: u64) -> Vec<Fate> {
        let mut pipe = Pipe::new(seed);
        (0..10_000).map(|nth| pipe.fate(weather, 100, MS * nth)).collect()
    }

    fn count(fates: &[Fate], is: impl Fn(&Fate) -> bool) -> usize {
        fates.iter().filter(|fate| is(fate)).count()
    }

    #[test]
    fn as_many_are_lost_and_doubled_as_was_said_and_the_same_for_the_same_seed() {
        let weather = Weather { loss: 30.0, twice: 5.0, ..Weather::CLEAR };
        let once = fates(&weather, 7);
        assert_eq!(once, fates(&weather, 7));
        assert_ne!(once, fates(&weather, 8));
        assert!((2_850..3_150).contains(&count(&once, |fate| *fate == Fate::Lost)));
        assert!((290..410).contains(&count(&once, |fate| matches!(fate, Fate::Arrives(_, Some(_))))));
        let clear = fates(&Weather::CLEAR, 7);
        assert!(clear.iter().zip(0..).all(|(fate, nth)| *fate == Fate::Arrives(MS * nth, None)));
    }

    #[test]
    fn jitter_makes_datagrams_overtake_each_other() {
        let weather = Weather { round_trip: MS * 50, jitter: MS * 10, ..Weather::CLEAR };
        let times: Vec<Duration> = fates(&weather, 1)
            .into_iter()
            .map(|fate| match fate {
                Fate::Arrives(at, _) => at,
                Fate::Lost | Fate::TooLong => panic!("{fate:?}"),
            })
            .collect();
        assert!(times.iter().zip(0..).all(|(at, nth)| (MS * (nth + 25)..MS * (nth + 35)).contains(at)));
        assert!(times.windows(2).any(|pair| pair[0] > pair[1]));
    }

    #[test]
    fn a_slow_link_lets_through_its_rate_and_keeps_a_second_of_it() {
        let weather = Weather { rate: Some(64_000), ..Weather::CLEAR };
        let mut pipe = Pipe::new(1);
        // 972 bytes and their headers are an eighth of a second.
        let first = pipe.fate(&weather, 972, Duration::ZERO);
        assert_eq!(first, Fate::Arrives(MS * 125, None));
        let burst: Vec<Fate> = (0..20).map(|_| pipe.fate(&weather, 972, Duration::ZERO)).collect();
        assert_eq!(count(&burst, |fate| *fate != Fate::Lost), 8);
        assert_eq!(pipe.fate(&weather, 972, MS * 10_000), Fate::Arrives(MS * 10_125, None));
    }

    #[test]
    fn what_is_too_long_vanishes() {
        let weather = Weather { mtu: Some(1_200), ..Weather::CLEAR };
        assert_eq!(Pipe::new(1).fate(&weather, 1_201, MS), Fate::TooLong);
        assert_eq!(Pipe::new(1).fate(&weather, 1_200, MS), Fate::Arrives(MS, None));
    }

    #[test]
    fn a_cut_stops_what_it_says() {
        assert_eq!(
            [Cut::Up, Cut::Down, Cut::Both].map(|cut| (cut.stops(true), cut.stops(false))),
            [(true, false), (false, true), (true, true)]
        );
    }
}
