//! Who is to be woken when a feed has news, and how often: at once while the feed is quiet, and in ticks while it is busy, so
//! that one packet carries what was said in the meantime.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use chat_proto::FeedId;
use tokio::time::{Instant, sleep_until};

use super::gate::Gate;
use super::shared::{Wake, lock};

/// A reader of a feed: the bell of his connection, and his gate.
#[derive(Debug)]
struct Watcher {
    wake: Weak<Wake>,
    gate: Arc<Gate>,
}

/// The bells of a feed's readers.
#[derive(Debug)]
pub(super) struct Bells {
    feed: FeedId,
    watchers: Mutex<Vec<Watcher>>,
    pace: Mutex<Pace>,
}

impl Bells {
    pub(super) fn new(feed: FeedId) -> Arc<Self> {
        Arc::new(Self { feed, watchers: Mutex::default(), pace: Mutex::new(Pace::default()) })
    }

    /// Rings a bell at every change from now on.
    pub(super) fn watch(&self, wake: &Arc<Wake>, gate: &Arc<Gate>) {
        lock(&self.watchers).push(Watcher { wake: Arc::downgrade(wake), gate: Arc::clone(gate) });
    }

    /// Rings a bell no more.
    pub(super) fn unwatch(&self, gate: &Arc<Gate>) {
        lock(&self.watchers).retain(|known| !Arc::ptr_eq(&known.gate, gate));
    }

    /// Looks at every reader's gate.
    pub(super) fn each_gate(&self, mut look: impl FnMut(&Gate)) {
        lock(&self.watchers).iter().for_each(|watcher| look(&watcher.gate));
    }

    /// Whether anybody watches.
    pub(super) fn is_watched(&self) -> bool {
        lock(&self.watchers).iter().any(|watcher| watcher.wake.strong_count() > 0)
    }

    /// There is news, of so many events: rings now, or with the next tick.
    pub(super) fn ring(self: &Arc<Self>, events: usize) {
        if lock(&self.watchers).len() < READERS_MIN {
            return self.ring_now();
        }
        let when = lock(&self.pace).news(Instant::now(), events);
        match when {
            When::Now => self.ring_now(),
            When::Soon => {}
            When::At(tick) => {
                let bells = Arc::clone(self);
                tokio::spawn(async move {
                    sleep_until(tick).await;
                    lock(&bells.pace).ticked(Instant::now());
                    bells.ring_now();
                });
            }
        }
    }

    fn ring_now(&self) {
        lock(&self.watchers).retain(|watcher| {
            let Some(wake) = watcher.wake.upgrade() else { return false };
            wake.ring(self.feed);
            true
        });
    }
}

/// When the bells ring for news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Now,
    /// A tick that is waited for already brings it.
    Soon,
    At(Instant),
}

/// How busy a feed is. Ticks grow while each of them brings several events, and shrink while they bring one.
#[derive(Debug)]
struct Pace {
    /// When the bells rang last.
    rang: Option<Instant>,
    /// The least time between two rings.
    tick: Duration,
    /// Events the next tick brings, if one is waited for.
    waiting: Option<usize>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rang: None, tick: TICK_MIN, waiting: None }
    }
}

impl Pace {
    fn news(&mut self, now: Instant, events: usize) -> When {
        if let Some(waiting) = &mut self.waiting {
            *waiting += events;
            return When::Soon;
        }
        match self.rang {
            Some(rang) if now < rang + self.tick => {
                self.waiting = Some(events);
                When::At(rang + self.tick)
            }
            Some(_) | None => {
                self.rings(now, events);
                When::Now
            }
        }
    }

    fn ticked(&mut self, now: Instant) {
        let events = self.waiting.take().unwrap_or_default();
        self.rings(now, events);
    }

    fn rings(&mut self, now: Instant, events: usize) {
        self.rang = Some(now);
        self.tick = if events > 1 { (self.tick * 2).min(TICK_MAX) } else { (self.tick / 2).max(TICK_MIN) };
    }
}

/// Readers from which on ticks are worth their delay.
const READERS_MIN: usize = 8;

/// The least time between two rings of a feed with [`READERS_MIN`] readers: what follows faster than this goes together.
const TICK_MIN: Duration = Duration::from_millis(2);

/// The most that news of a busy feed waits.
const TICK_MAX: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::AccountKind;
    use crate::hub::gate::Reader;

    const READER: Reader =
        Reader { account: chat_proto::AccountId(1), kind: AccountKind::User, device: chat_proto::DeviceId(1) };

    /// Events that come this far apart, and how long each waited.
    fn waits(apart: Duration, count: u32) -> (usize, Duration) {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        let (mut rings, mut longest, mut tick) = (0, Duration::ZERO, None);
        for n in 0..count {
            let now = begun + apart * n;
            if let Some(at) = tick.filter(|at| *at <= now) {
                pace.ticked(at);
                (tick, rings) = (None, rings + 1);
            }
            match pace.news(now, 1) {
                When::Now => rings += 1,
                When::At(at) => {
                    longest = longest.max(at - now);
                    tick = Some(at);
                }
                When::Soon => {}
            }
        }
        (rings, longest)
    }

    #[test]
    fn a_quiet_feed_rings_at_once_and_a_busy_one_in_ticks() {
        assert_eq!(waits(Duration::from_millis(5), 100), (100, Duration::ZERO));
        assert_eq!(waits(Duration::from_secs(1), 100), (100, Duration::ZERO));
        let (rings, longest) = waits(Duration::from_millis(1), 1_000);
        assert!((90..=130).contains(&rings) && longest <= TICK_MAX, "{rings} rings, {longest:?}");
        let (rings, longest) = waits(Duration::from_micros(10), 100_000);
        assert!((90..=130).contains(&rings) && longest <= TICK_MAX, "{rings} rings, {longest:?}");
    }

    #[test]
    fn a_feed_that_was_busy_is_quiet_again_soon() {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        (0..10).for_each(|n| pace.rings(begun + TICK_MAX * n, 9));
        assert_eq!(pace.tick, TICK_MAX);
        let later = begun + Duration::from_secs(1);
        for n in 0..5 {
            assert_eq!(pace.news(later + Duration::from_millis(50) * n, 1), When::Now);
        }
        assert_eq!(pace.tick, TICK_MIN);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_said_in_a_tick_rings_once_and_is_not_forgotten() {
        let feed = FeedId::Room(chat_proto::RoomId(1));
        let (bells, gate) = (Bells::new(feed), Arc::new(Gate::new(READER)));
        let readers: Vec<Arc<Wake>> = (0..READERS_MIN).map(|_| Arc::new(Wake::default())).collect();
        readers.iter().for_each(|wake| bells.watch(wake, &gate));
        let rung = || readers.iter().filter(|wake| !wake.take().is_empty()).count();
        bells.ring(1);
        assert_eq!(rung(), READERS_MIN);
        bells.ring(1);
        bells.ring(1);
        assert_eq!(rung(), 0);
        tokio::time::sleep(TICK_MIN).await;
        tokio::task::yield_now().await;
        assert_eq!(rung(), READERS_MIN);
        tokio::time::sleep(TICK_MAX).await;
        assert_eq!(rung(), 0);
    }
}
