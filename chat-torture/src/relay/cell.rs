//! One cell of the matrix: a server, devices that talk through a bad network, the sky clears, and everybody must agree.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, sleep, sleep_until};

use super::{Counts, Cut, Relay, Weather};
use crate::checker::{self, Dump, Line, Violation, What};
use crate::device::{self, Device};
use crate::dump;
use crate::server::Server;
use crate::talker::Talk;

/// The programs that are tried.
#[derive(Clone, Debug)]
pub struct Programs {
    /// `chat-server`.
    pub server: PathBuf,
    /// `torture`, whose `talk` is a device.
    pub torture: PathBuf,
}

/// What happens to a server and its clients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// How the network is.
    pub weather: Weather,
    /// Which way is cut, and for how long.
    pub cut: Option<(Cut, Duration)>,
    /// Whether the weather's greatest length comes only when connections have found out that longer ones get through.
    pub shrinks: bool,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.weather)?;
        if let Some((cut, time)) = self.cut {
            write!(f, "  cut {:<4} {:>5} s", format!("{cut:?}").to_lowercase(), time.as_secs_f64())?;
        }
        Ok(())
    }
}

/// What came of a cell.
#[derive(Debug)]
pub struct Outcome {
    /// What everybody did and saw.
    pub lines: Vec<Line>,
    /// What the server was left with.
    pub dump: Dump,
    /// What was promised and not kept.
    pub violations: Vec<Violation>,
    /// What the relay did.
    pub counts: std::sync::Arc<Counts>,
    /// Figures.
    pub figures: Figures,
}

/// Figures of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Messages that were said.
    pub sent: usize,
    /// Times a message appeared on a screen.
    pub shown: usize,
    /// From saying to showing: half took at most that.
    pub p50: Duration,
    /// Ninety-nine of a hundred took at most that.
    pub p99: Duration,
    /// Until the last one was logged in for the first time.
    pub entered: Duration,
    /// Connections that broke before the sky cleared.
    pub broken: usize,
    /// From the clearing of the sky to the last thing anybody was told.
    pub healed: Duration,
}

/// How a cell is run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Which programs.
    pub programs: Programs,
    /// How long people talk in the weather, at least.
    pub time: Duration,
    /// Where the luck comes from.
    pub seed: u64,
    /// People.
    pub people: usize,
    /// How often each says something.
    pub every: Duration,
}

impl Cell {
    /// How long people talk in the weather.
    #[must_use]
    pub fn time(&self, least: Duration) -> Duration {
        self.cut.map_or(least, |(_, cut)| least.max(BEFORE_CUT + cut))
    }

    /// Runs it in a new directory, which is gone afterwards.
    ///
    /// # Errors
    /// A program does not start, or somebody does not come to rest.
    pub async fn run(&self, how: &Run) -> anyhow::Result<Outcome> {
        let directory = tempfile::tempdir()?;
        let (path, data) = (directory.path(), directory.path().join("server"));
        let server = Server::start(&how.programs.server, &data, &["--flood", "off"])?;
        let relay = Relay::open(server.address, self.at_first(), how.seed).await?;
        let mut devices = start(path, &relay, how)?;
        self.storm(&relay, how.time).await;
        relay.set_weather(Weather::CLEAR);
        let cleared = now_micros();
        device::rest(&mut devices, PATIENCE).await?;
        server.kill();
        let lines = device::histories(&devices)?;
        let dump = dump::read(&data).await?;
        let violations = checker::check(&lines, &dump, true);
        let figures = Figures::of(&lines, cleared);
        Ok(Outcome { lines, dump, violations, counts: std::sync::Arc::clone(&relay.counts), figures })
    }

    fn at_first(&self) -> Weather {
        Weather { mtu: self.weather.mtu.filter(|_| !self.shrinks), ..self.weather }
    }

    async fn storm(&self, relay: &Relay, least: Duration) {
        let end = Instant::now() + self.time(least);
        if self.shrinks {
            sleep(self.time(least) / 2).await;
            relay.set_weather(self.weather);
        }
        if let Some((cut, time)) = self.cut {
            sleep_until(end - time).await;
            relay.set_cut(Some(cut));
        }
        sleep_until(end).await;
        relay.set_cut(None);
    }
}

fn start(path: &Path, relay: &Relay, how: &Run) -> anyhow::Result<Vec<Device>> {
    let every_ms = u64::try_from(how.every.as_millis())?;
    let talk = |nth: usize| Talk {
        server: relay.address.to_string(),
        name: format!("person{nth}"),
        data: path.join(format!("device{nth}")),
        history: path.join(format!("device{nth}.jsonl")),
        every_ms,
        mark_every_ms: every_ms * MARK_EVERY_MESSAGES,
    };
    (0..how.people).map(|nth| Device::start(&how.programs.torture, talk(nth))).collect()
}

impl Figures {
    /// Reads them from a history whose sky cleared at that time.
    #[must_use]
    pub fn of(lines: &[Line], cleared: u64) -> Self {
        let mut said: HashMap<&str, u64> = HashMap::new();
        let (mut took, mut broken, mut last) = (Vec::new(), 0, 0);
        let mut waiting: HashMap<&str, u64> = HashMap::new();
        let mut entered = 0;
        for Line { t, device, what } in lines {
            match what {
                What::Send { key, .. } => {
                    said.insert(key, *t);
                }
                What::Show { key, .. } => {
                    took.extend(said.get(key.as_str()).map(|said| t - said));
                    last = *t;
                }
                What::Conn => {
                    last = *t;
                    entered = waiting.remove(device.as_str()).map_or(0, |since| t - since).max(entered);
                }
                What::Ack { .. } => last = *t,
                What::Disc => broken += usize::from(*t < cleared),
                What::Start { .. } => {
                    waiting.insert(device, *t);
                }
                What::Resume { .. } | What::Queued { .. } => {}
                What::Err { .. } | What::Mark { .. } => {}
            }
        }
        took.sort_unstable();
        Self {
            sent: said.len(),
            shown: took.len(),
            p50: percentile(&took, 50),
            p99: percentile(&took, 99),
            entered: Duration::from_micros(entered),
            broken,
            healed: Duration::from_micros(last.saturating_sub(cleared)),
        }
    }
}

/// Of sorted microseconds, what so many of a hundred are at most.
#[must_use]
pub fn percentile(sorted: &[u64], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    Duration::from_micros(sorted.get(rank).copied().unwrap_or(0))
}

/// The one clock of all histories, microseconds.
#[must_use]
pub fn now_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// How long people talk before the way is cut, at least; it is mended when the sky clears.
const BEFORE_CUT: Duration = Duration::from_secs(5);

/// How long somebody may take to come to rest once the sky is clear; what it took is told, so this only ends what hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Messages of one's own between two read markers.
const MARK_EVERY_MESSAGES: u64 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_rank() {
        assert_eq!(percentile(&[], 50), Duration::ZERO);
        let micros: Vec<u64> = (1..=200).collect();
        assert_eq!([50, 99, 100].map(|percent| percentile(&micros, percent).as_micros()), [100, 198, 200]);
        assert_eq!(percentile(&[7], 1).as_micros(), 7);
    }
}
