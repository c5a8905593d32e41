//! Connections that say: at a rate, or with so many messages under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use chat_proto::request::{Post, Unsubscribe};
use chat_proto::{FeedId, Reply, RoomId, Style};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::hearing::Tally;
use super::{Bench, Load};
use crate::bot::door::Door;
use crate::bot::{Exit, Failure};
use crate::client::{Client, Environment};

/// Messages of one connection that wait for their answers; a faster rate than they come at is not held.
const UNDER_WAY_MAX: usize = 256;

/// How often it is looked whether the window has room again.
const LOOK_EVERY: Duration = Duration::from_micros(200);

/// A connection that says something into one room, and hears nothing of it.
#[derive(Debug)]
pub(super) struct Sender {
    client: Client,
    environment: Environment,
    room: RoomId,
    /// Which of the rooms.
    at: usize,
}

/// What was said.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    /// Stored messages.
    pub(super) stored: u64,
    /// Refused ones.
    pub(super) refused: u64,
    /// Deliveries that are due for what was stored.
    pub(super) due: u64,
}

/// Senders at work.
#[derive(Debug)]
pub(super) struct Saying {
    stop: Arc<AtomicBool>,
    senders: Vec<JoinHandle<Said>>,
}

impl Sender {
    /// What is said in the room is not sent to who says it: deliveries are counted where they are heard.
    pub(super) async fn new(door: Door, room: RoomId, at: usize) -> Result<Self, Failure> {
        let unsubscribe = Unsubscribe { feed: FeedId::Room(room) };
        let Door { client, mut events, environment, .. } = door;
        // What is told is of no interest, but who does not read stops his session.
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        client.request(unsubscribe).await.map_err(|e| Failure::new(Exit::Failed, e.to_string()))?;
        Ok(Self { client, environment, room, at })
    }
}

/// Sets all senders to work.
pub(super) fn begin(what: &Bench, senders: Vec<Sender>, tally: &Arc<Tally>, hearers: &[u64]) -> Saying {
    let stop = Arc::new(AtomicBool::new(false));
    let count = senders.len().max(1);
    // Messages under way, by room: those sent and not yet heard by all.
    let sent: Arc<Vec<AtomicU64>> = Arc::new(hearers.iter().map(|_| AtomicU64::new(0)).collect());
    let work = senders.into_iter().enumerate().map(|(nth, sender)| {
        let hearers = hearers.get(sender.at).copied().unwrap_or(0);
        let one = One {
            sender,
            tally: Arc::clone(tally),
            stop: Arc::clone(&stop),
            sent: Arc::clone(&sent),
            hearers,
            size: what.size,
        };
        match what.load {
            #[expect(clippy::cast_precision_loss, reason = "a few connections")]
            Load::Rate(rate) => {
                let gap = Duration::from_secs_f64(count as f64 / rate);
                tokio::spawn(one.at_rate(gap, gap.mul_f64(nth as f64 / count as f64)))
            }
            Load::Window(window) => tokio::spawn(one.in_window((window / hearers_rooms(what)).max(1))),
        }
    });
    Saying { senders: work.collect(), stop }
}

/// Rooms that share a window.
fn hearers_rooms(what: &Bench) -> u64 {
    u64::try_from(what.rooms.min(what.senders).max(1)).unwrap_or(1)
}

impl Saying {
    /// Stops them and waits for what they have under way.
    pub(super) async fn stop(self) -> Said {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Said::default();
        for sender in self.senders {
            if let Ok(said) = sender.await {
                all.stored += said.stored;
                all.refused += said.refused;
                all.due += said.due;
            }
        }
        all
    }
}

struct One {
    sender: Sender,
    tally: Arc<Tally>,
    stop: Arc<AtomicBool>,
    sent: Arc<Vec<AtomicU64>>,
    hearers: u64,
    size: usize,
}

impl One {
    async fn at_rate(self, gap: Duration, after: Duration) -> Said {
        let mut ticks = interval_at(Instant::now() + after, gap.max(Duration::from_nanos(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut under_way = FuturesUnordered::new();
        let mut said = Said::default();
        while !self.stop.load(Ordering::Relaxed) {
            tokio::select! {
                biased;
                Some(stored) = under_way.next(), if !under_way.is_empty() => self.answered(stored, &mut said),
                _ = ticks.tick(), if under_way.len() < UNDER_WAY_MAX => under_way.push(self.say()),
            }
        }
        while let Some(stored) = under_way.next().await {
            self.answered(stored, &mut said);
        }
        said
    }

    async fn in_window(self, window: u64) -> Said {
        let mut under_way = FuturesUnordered::new();
        let mut said = Said::default();
        let Some(sent) = self.sent.get(self.sender.at) else { return said };
        while !self.stop.load(Ordering::Relaxed) {
            let done = self.tally.heard_in(self.sender.at) / self.hearers.max(1);
            let free = sent.load(Ordering::Relaxed).saturating_sub(done) < window && under_way.len() < UNDER_WAY_MAX;
            if free {
                sent.fetch_add(1, Ordering::Relaxed);
                under_way.push(self.say());
            }
            tokio::select! {
                biased;
                Some(stored) = under_way.next(), if !under_way.is_empty() => self.answered(stored, &mut said),
                () = sleep(LOOK_EVERY), if !free => {}
                () = std::future::ready(()), if free => {}
            }
        }
        while let Some(stored) = under_way.next().await {
            self.answered(stored, &mut said);
        }
        said
    }

    fn answered(&self, stored: bool, said: &mut Said) {
        if stored {
            said.stored += 1;
            said.due += self.hearers;
        } else {
            said.refused += 1;
            // It will not be heard, so the window has its place back.
            if let Some(sent) = self.sent.get(self.sender.at) {
                let _ = sent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |sent| sent.checked_sub(1));
            }
        }
    }

    /// Says one message. Whether it was stored.
    async fn say(&self) -> bool {
        let Ok(key) = self.sender.environment.random.message_key() else { return false };
        let text = self.tally.message(self.size);
        let post = Post { key, room: self.sender.room, style: Style::Text, text };
        matches!(self.sender.client.request(post).await, Ok(Reply::Receipt(_)))
    }
}
