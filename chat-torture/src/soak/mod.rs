//! Many people for a long time, who come and go: memory and files of the server stay as they are, and nobody misses anything.

mod person;
mod sockets;
mod verdict;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use chat_tui::client::{Environment, Settings, TrustPolicy};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::server::Server;
use person::{Person, Phase, Record, Seen};
use sockets::Sockets;

pub use verdict::{Verdict, slope_per_hour};

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Soak {
    /// The server's program.
    pub server: std::path::PathBuf,
    /// Connections.
    pub connections: usize,
    /// Rooms; connections are dealt out to them in turn.
    pub rooms: usize,
    /// Connections that end and come back, a second.
    pub churn: f64,
    /// Messages a second of all together.
    pub rate: f64,
    /// How long.
    pub time: Duration,
    /// Where the luck comes from.
    pub seed: u64,
}

/// The server at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Since everybody was there.
    pub at: Duration,
    /// Memory it occupies, kilobytes; none where the system doesn't tell.
    pub kilobytes: Option<u64>,
    /// Files and sockets it has open; none where the system doesn't tell.
    pub descriptors: Option<usize>,
    /// People who are logged in.
    pub online: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// The server, over time.
    pub samples: Vec<Sample>,
    /// What people counted, against the log.
    pub verdict: Verdict,
    /// Logins.
    pub logins: u64,
    /// Whether the server lived to the end.
    pub is_alive: bool,
}

struct Crowd {
    people: Vec<JoinHandle<Record>>,
    seen: Vec<Arc<Seen>>,
    churn: Vec<mpsc::Sender<Duration>>,
    phase: watch::Sender<Phase>,
}

impl Soak {
    /// Does it, on a server in a new directory that is gone afterwards, telling how it stands now and then.
    ///
    /// # Errors
    /// The server does not start, or people do not come, or do not come to rest.
    pub async fn run(&self, mut tell: impl FnMut(&Sample)) -> anyhow::Result<Outcome> {
        let directory = tempfile::tempdir()?;
        let (path, data) = (directory.path(), directory.path().join("server"));
        let config = path.join("server.toml");
        std::fs::write(&config, format!("[limits]\nconnections_per_address = {}\n", self.connections * 2))?;
        let config = config.to_str().context("a temporary directory has a plain name")?;
        let mut server = Server::start(&self.server, &data, &["--flood", "off", "--config", config])?;
        let crowd = self.gather(path, &server).await?;
        let samples = self.watch(&server, &crowd, &mut tell).await;
        crowd.rest().await?;
        let is_alive = server.is_alive();
        let logins = crowd.sum(|seen| &seen.logins);
        let records = crowd.go().await?;
        server.kill();
        let verdict = verdict::judge(&records, &data).await?;
        Ok(Outcome { samples, verdict, logins, is_alive })
    }

    /// Everybody comes.
    async fn gather(&self, path: &Path, server: &Server) -> anyhow::Result<Crowd> {
        let environment = Environment { network: Arc::new(Sockets::open()?), ..Environment::default() };
        let (phase, told) = watch::channel(Phase::Talk);
        let mut crowd = Crowd { people: Vec::new(), seen: Vec::new(), churn: Vec::new(), phase };
        let every = Duration::from_secs_f64(self.connections as f64 / self.rate);
        for nth in 0..self.connections {
            let address = server.address.to_string().parse()?;
            let mut settings = Settings::new(address, format!("person{nth}"), path.join("people"));
            settings.trust = TrustPolicy::Pin(server.fingerprint.clone());
            let (go, churn) = mpsc::channel(1);
            let seen = Arc::new(Seen::default());
            let person = Person {
                settings,
                environment: environment.clone(),
                room: format!("room{}", nth % self.rooms),
                every,
                after: every.mul_f64(nth as f64 / self.connections as f64),
                phase: told.clone(),
                churn,
                seen: Arc::clone(&seen),
            };
            crowd.people.push(tokio::spawn(person.live()));
            crowd.seen.push(seen);
            crowd.churn.push(go);
            if nth % LOGINS_AT_ONCE == LOGINS_AT_ONCE - 1 || nth + 1 == self.connections {
                crowd.until(|crowd| crowd.online() == crowd.seen.len() as u64, "are not all there").await?;
            }
        }
        Ok(crowd)
    }

    /// Has people come and go, and looks at the server.
    async fn watch(&self, server: &Server, crowd: &Crowd, tell: &mut impl FnMut(&Sample)) -> Vec<Sample> {
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut samples = Vec::new();
        let began = Instant::now();
        let mut churn = interval(Duration::from_secs_f64(1.0 / self.churn.max(0.001)));
        churn.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut look = interval((self.time / SAMPLES).max(LOOK_MIN));
        while began.elapsed() < self.time {
            tokio::select! {
                biased;
                _ = look.tick() => {
                    let (kilobytes, descriptors) = (server.kilobytes(), server.descriptors());
                    let sample = Sample { at: began.elapsed(), kilobytes, descriptors, online: crowd.online() };
                    tell(&sample);
                    samples.push(sample);
                }
                _ = churn.tick() => {
                    let pause = PAUSE_MAX.mul_f64(random.random());
                    let who = random.random_range(0..crowd.churn.len());
                    // Who is away already does not go once more.
                    let _ = crowd.churn.get(who).map(|who| who.try_send(pause));
                }
            }
        }
        samples
    }
}

impl Crowd {
    fn sum(&self, of: impl Fn(&Seen) -> &AtomicU64) -> u64 {
        self.seen.iter().map(|seen| of(seen).load(Ordering::Relaxed)).sum()
    }

    fn online(&self) -> u64 {
        self.sum(|seen| &seen.online)
    }

    async fn until(&self, is: impl Fn(&Self) -> bool, what: &str) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        while !is(self) {
            let (online, all) = (self.online(), self.seen.len());
            anyhow::ensure!(Instant::now() < end, "{online} of {all} people are there: they {what} after {PATIENCE:?}");
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Nobody says anything new; everybody hears the rest.
    async fn rest(&self) -> anyhow::Result<()> {
        self.phase.send_replace(Phase::Calm);
        self.until(|crowd| crowd.online() == crowd.seen.len() as u64, "are not all back").await?;
        let is_said = |crowd: &Self| crowd.sum(|seen| &seen.said) == crowd.sum(|seen| &seen.acked);
        self.until(is_said, "have no answer to all they said").await?;
        // Whether everybody heard everything is for the verdict to say: it is enough that nothing comes any more.
        let mut last = self.sum(|seen| &seen.shown);
        loop {
            sleep(QUIET).await;
            let shown = self.sum(|seen| &seen.shown);
            if std::mem::replace(&mut last, shown) == shown {
                return Ok(());
            }
        }
    }

    async fn go(self) -> anyhow::Result<Vec<Record>> {
        self.phase.send_replace(Phase::End);
        let mut records = Vec::new();
        for person in self.people {
            records.push(person.await?);
        }
        Ok(records)
    }
}

/// People who log in at once in the beginning.
const LOGINS_AT_ONCE: usize = 32;

/// How long somebody is away at most.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Times the server is looked at.
const SAMPLES: u32 = 720;

/// How often it is looked at, at most.
const LOOK_MIN: Duration = Duration::from_millis(250);

/// How long people may take to come, or to come to rest.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long nothing comes until it is quiet.
const QUIET: Duration = Duration::from_secs(2);
