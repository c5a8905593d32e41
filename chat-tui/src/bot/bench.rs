//! A load generator: connections that hear, connections that say, every delivery counted and timed.
//!
//! Open loop at a rate, or closed loop with so many messages under way. What is said before the warm-up ends is not counted.

mod hearing;
mod histogram;
mod process;
mod saying;
mod sockets;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use serde::Serialize;
use tokio::time::{Instant, sleep, sleep_until};

use super::door::Door;
use super::{Exit, Failure};
use crate::client::{Environment, Settings};
use hearing::{Receiver, Tally};
use process::Process;
use saying::Sender;
use sockets::Sockets;

/// Connections of one kind at most.
pub const CONNECTIONS_MAX: usize = 100_000;

/// Rooms at most.
pub const ROOMS_MAX: usize = 10_000;

/// Bytes of a message at least: a stamp fits in.
pub const SIZE_MIN: usize = hearing::STAMP_BYTES;

/// Logins under way at once.
const LOGINS_AT_ONCE: usize = 64;

/// How long one login may take.
const LOGIN_MAX: Duration = Duration::from_secs(60);

/// How long is waited at the end for what is still under way, while anything comes.
const DRAIN_QUIET: Duration = Duration::from_secs(2);

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// How fast is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Load {
    /// So many messages a second over all senders, whatever becomes of them.
    Rate(f64),
    /// So many messages under way at once.
    Window(u64),
}

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Bench {
    /// Rooms; connections and senders are dealt out to them in turn.
    pub rooms: usize,
    /// Connections that hear.
    pub connections: usize,
    /// Connections that say.
    pub senders: usize,
    /// How fast.
    pub load: Load,
    /// How long what is said counts.
    pub time: Duration,
    /// How long it is said before that.
    pub warm_up: Duration,
    /// Bytes of a message.
    pub size: usize,
    /// Only connect, and stay so long.
    pub idle: Option<Duration>,
    /// The server's process on this machine, whose time and memory are looked at.
    pub process: Option<u32>,
}

/// What came of it. Times of the server are of its own process; what is not known is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// Connections that heard.
    pub conns: usize,
    /// Connections that said.
    pub senders: usize,
    /// Rooms.
    pub rooms: usize,
    /// Messages that the server stored, all of the run.
    pub sent: u64,
    /// Messages that it refused, all of the run.
    pub refused: u64,
    /// Deliveries, all of the run.
    pub delivered: u64,
    /// Deliveries that were due and never came.
    pub lost: u64,
    /// Deliveries that came twice or out of order.
    pub disordered: u64,
    /// Deliveries a second.
    pub deliv_s: f64,
    /// Processor time of the server per delivery, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub srv_cpu_us: Option<f64>,
    /// From saying to hearing, milliseconds: half of the deliveries took at most that.
    pub p50_ms: f64,
    /// Ninety-nine of a hundred took at most that.
    pub p99_ms: f64,
    /// Memory of the server per connection, kilobytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kb_per_conn: Option<f64>,
    /// Processor time of the server per login, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_cpu_us: Option<f64>,
}

/// Does it, telling how far it is.
///
/// The connections are those of `NAME-r1`, `NAME-r2`, … and `NAME-s1`, …, whose keys stay in the data directory, so that the next
/// run is theirs too. The rooms are `NAME-1`, `NAME-2`, ….
///
/// # Errors
/// A login or a join that failed; [`Exit::Failed`] if deliveries were lost or came twice or out of order is told by the outcome
/// and not here.
pub async fn bench(
    settings: Settings,
    environment: Environment,
    what: Bench,
    mut tell: impl FnMut(&str),
) -> Result<Outcome, Failure> {
    let process = what.process.map(Process::find).transpose()?;
    let environment = Environment { network: Arc::new(Sockets::open()?), ..environment };
    let tally = Arc::new(Tally::new(what.rooms));
    let before = process.as_ref().map(Process::look).transpose()?;
    let opened = open(&settings, &environment, &what, &mut tell).await?;
    let after = process.as_ref().map(Process::look).transpose()?;
    let mut outcome =
        Outcome { conns: what.connections, senders: what.senders, rooms: what.rooms, ..Outcome::default() };
    let logins = (what.connections + what.senders).max(1) as f64;
    if let Some((before, after)) = before.zip(after) {
        outcome.connect_cpu_us = Some(tenths(micros(after.time.saturating_sub(before.time)) / logins));
    }
    let Opened { receivers, senders } = opened;
    let hearing: Vec<_> =
        receivers.into_iter().map(|receiver| tokio::spawn(receiver.hear(Arc::clone(&tally)))).collect();
    if let Some(idle) = what.idle {
        tell(&format!("connected; idle for {} s", idle.as_secs()));
        sleep(idle).await;
    } else {
        measure(&what, senders, &tally, process.as_ref(), &mut outcome, &mut tell).await?;
    }
    let last = process.as_ref().map(Process::look).transpose()?;
    if let Some((before, last)) = before.zip(last) {
        outcome.kb_per_conn = Some(tenths(last.kilobytes.saturating_sub(before.kilobytes) as f64 / logins));
    }
    hearing.iter().for_each(tokio::task::JoinHandle::abort);
    Ok(outcome)
}

struct Opened {
    receivers: Vec<Receiver>,
    senders: Vec<Sender>,
}

/// Logs everybody in, and has them be members of their rooms.
async fn open(
    settings: &Settings,
    environment: &Environment,
    what: &Bench,
    tell: &mut impl FnMut(&str),
) -> Result<Opened, Failure> {
    let mut opened = Opened { receivers: Vec::new(), senders: Vec::new() };
    // The first of a room begins it.
    for range in [0..what.rooms.min(what.connections), what.rooms.min(what.connections)..what.connections] {
        let mut logins = FuturesUnordered::new();
        let mut waiting = range.into_iter();
        loop {
            while logins.len() < LOGINS_AT_ONCE
                && let Some(nth) = waiting.next()
            {
                let name = format!("{}-r{}", settings.name, nth + 1);
                logins.push(login(settings, environment, name, room(settings, what, nth), nth % what.rooms));
            }
            let Some(done) = logins.next().await else { break };
            let (door, id, at) = done?;
            opened.receivers.push(Receiver::new(door, id, at));
            if opened.receivers.len().is_multiple_of(TELL_LOGINS) {
                tell(&format!("{} of {} connections", opened.receivers.len(), what.connections));
            }
        }
    }
    for nth in 0..what.senders {
        let name = format!("{}-s{}", settings.name, nth + 1);
        let (door, id, at) = login(settings, environment, name, room(settings, what, nth), nth % what.rooms).await?;
        opened.senders.push(Sender::new(door, id, at).await?);
    }
    Ok(opened)
}

fn room(settings: &Settings, what: &Bench, nth: usize) -> String {
    format!("{}-{}", settings.name, nth % what.rooms + 1)
}

async fn login(
    settings: &Settings,
    environment: &Environment,
    name: String,
    room: String,
    at: usize,
) -> Result<(Door, chat_proto::RoomId, usize), Failure> {
    let settings = Settings { name, ..settings.clone() };
    let deadline = Instant::now() + LOGIN_MAX;
    let door = Door::open(settings, environment.clone(), deadline, Some(LOGIN_MAX)).await?;
    let room = chat_proto::RoomName::parse(&room).map_err(|e| Failure::new(Exit::Usage, format!("{room}: {e}")))?;
    let info = door.join(&room, deadline).await?;
    Ok((door, info.room, at))
}

async fn measure(
    what: &Bench,
    senders: Vec<Sender>,
    tally: &Arc<Tally>,
    process: Option<&Process>,
    outcome: &mut Outcome,
    tell: &mut impl FnMut(&str),
) -> Result<(), Failure> {
    let hearers: Vec<u64> = (0..what.rooms)
        .map(|room| u64::try_from((0..what.connections).filter(|nth| nth % what.rooms == room).count()).unwrap_or(0))
        .collect();
    let saying = saying::begin(what, senders, tally, &hearers);
    sleep(what.warm_up).await;
    let began = Instant::now();
    let from = process.map(Process::look).transpose()?;
    let heard_from = tally.heard();
    tally.count(true);
    let end = began + what.time;
    let mut before = heard_from;
    while Instant::now() < end {
        sleep_until(end.min(Instant::now() + TELL_EVERY)).await;
        let now = tally.heard();
        let left = end.saturating_duration_since(Instant::now()).as_secs();
        tell(&format!("{} deliveries, {left} s to go", now - before));
        before = now;
    }
    tally.count(false);
    let (heard, took) = (tally.heard() - heard_from, began.elapsed());
    let to = process.map(Process::look).transpose()?;
    let said = saying.stop().await;
    drain(tally, said.due).await;
    outcome.deliv_s = tenths(heard as f64 / took.as_secs_f64());
    if let Some((from, to)) = from.zip(to).filter(|_| heard > 0) {
        outcome.srv_cpu_us = Some(hundredths(micros(to.time.saturating_sub(from.time)) / heard as f64));
    }
    (outcome.sent, outcome.refused) = (said.stored, said.refused);
    outcome.delivered = tally.heard();
    outcome.lost = said.due.saturating_sub(tally.heard());
    outcome.disordered = tally.disordered();
    (outcome.p50_ms, outcome.p99_ms) = (tally.percentile(50.0), tally.percentile(99.0));
    Ok(())
}

/// Waits until all that is due was heard, or nothing more comes.
async fn drain(tally: &Tally, due: u64) {
    let mut last = (tally.heard(), Instant::now());
    while tally.heard() < due && last.1.elapsed() < DRAIN_QUIET {
        sleep(Duration::from_millis(20)).await;
        if tally.heard() > last.0 {
            last = (tally.heard(), Instant::now());
        }
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Logins between two words about them.
const TELL_LOGINS: usize = 100;

/// Where the keys of a load generator are kept unless it is said otherwise, below the directory of a person's own.
#[must_use]
pub fn data_dir(own: &std::path::Path) -> PathBuf {
    own.join("bench")
}
