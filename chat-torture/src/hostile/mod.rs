//! Peers that break every rule there is, beside people who talk: what the one do is bounded, and the others hardly notice.
//!
//! Never: a server that this program did not start itself.

mod frames;
mod inside;
mod outside;
mod raw;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::time::{Instant, interval, sleep, sleep_until};

use crate::checker::{self, Line, Violation, What};
use crate::device::{self, Device};
use crate::dump;
use crate::relay::cell::{Programs, now_micros, percentile};
use crate::server::Server;
use crate::talker::Talk;
use raw::{Inside, OURS, endpoint};

/// How the attackers are let loose.
#[derive(Clone, Debug)]
pub struct Hostile {
    /// Which programs.
    pub programs: Programs,
    /// How long people are left alone, and attacked, each time.
    pub time: Duration,
    /// How often, one after the other.
    pub turns: u32,
    /// Where the luck comes from.
    pub seed: u64,
}

/// What an attack came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Which.
    pub name: &'static str,
    /// How often it was done to its end.
    pub rounds: u32,
    /// What it did: connections, streams, frames.
    pub did: u64,
    /// Where the server did not do what it should.
    pub surprises: Vec<String>,
    /// What was seen the last time.
    pub note: String,
}

impl Tally {
    fn done(&mut self, more: u64) {
        self.did += more;
    }

    fn note(&mut self, note: String) {
        self.note = note;
    }
}

/// Who is attacked, and what one attacker knows.
#[derive(Debug)]
struct Target {
    server: SocketAddr,
    random: StdRng,
    /// Which attacker.
    nth: usize,
    /// Names it has taken.
    names: u64,
}

type Attack = for<'a> fn(&'a mut Target, &'a mut Tally) -> BoxFuture<'a, anyhow::Result<()>>;

const ATTACKS: [(&str, Attack); 15] = [
    ("half-open handshakes", |target, tally| Box::pin(outside::half_open(target, tally))),
    ("handshake flood", |target, tally| Box::pin(outside::handshakes(target, tally))),
    ("silence", |target, tally| Box::pin(outside::silence(target, tally))),
    ("streams filled", |target, tally| Box::pin(outside::fill(target, tally))),
    ("a byte a second", |target, tally| Box::pin(outside::drip(target, tally))),
    ("garbage", |target, tally| Box::pin(outside::garbage(target, tally))),
    ("datagrams", |target, tally| Box::pin(outside::datagrams(target, tally))),
    ("other protocols", |target, tally| Box::pin(outside::protocols(target, tally))),
    ("inside: a byte a second", |target, tally| Box::pin(inside::drip(target, tally))),
    ("inside: resets", |target, tally| Box::pin(inside::resets(target, tally))),
    ("inside: request streams", |target, tally| Box::pin(inside::requests(target, tally))),
    ("inside: garbage", |target, tally| Box::pin(inside::garbage(target, tally))),
    ("inside: hello again", |target, tally| Box::pin(inside::again(target, tally))),
    ("inside: datagrams", |target, tally| Box::pin(inside::datagrams(target, tally))),
    ("inside: flood", |target, tally| Box::pin(inside::flood(target, tally))),
];

/// What good people noticed in one kind of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noticed {
    /// From saying to showing, microseconds, sorted.
    pub shown: Vec<u64>,
    /// What logins took, microseconds, sorted.
    pub logins: Vec<u64>,
    /// Logins that failed.
    pub failed: usize,
}

impl Noticed {
    /// Of what was shown, what ninety-nine of a hundred took at most.
    #[must_use]
    pub fn p99(&self) -> Duration {
        percentile(&self.shown, 99)
    }

    /// The same of logins.
    #[must_use]
    pub fn login_p99(&self) -> Duration {
        percentile(&self.logins, 99)
    }
}

/// What came of it all.
#[derive(Debug)]
pub struct Outcome {
    /// Attack by attack.
    pub tallies: Vec<Tally>,
    /// What good people noticed while they were left alone.
    pub calm: Noticed,
    /// What they noticed under attack.
    pub storm: Noticed,
    /// The server's memory at the end of each time that people were left alone, and at its greatest under the attack that
    /// followed, kilobytes, where the system tells.
    pub kilobytes: Vec<(u64, u64)>,
    /// Whether the server is still there.
    pub is_alive: bool,
    /// Promises to good people that were broken.
    pub violations: Vec<Violation>,
}

impl Hostile {
    /// Lets them loose, on a server in a new directory that is gone afterwards.
    ///
    /// # Errors
    /// A program does not start, or good people do not come to rest.
    pub async fn run(&self) -> anyhow::Result<Outcome> {
        let directory = tempfile::tempdir()?;
        let (path, data) = (directory.path(), directory.path().join("server"));
        let mut server = Server::start(&self.programs.server, &data, &[])?;
        let mut devices = self.people(path, server.address)?;
        sleep(WARM_UP).await;
        let mut times = Vec::new();
        let (mut calm, mut storm) = (Noticed::default(), Noticed::default());
        let mut tallies: Vec<Tally> = ATTACKS.iter().map(|(name, _)| Tally { name, ..Tally::default() }).collect();
        let mut kilobytes = Vec::new();
        for turn in 0..self.turns {
            let began = now_micros();
            log_in(server.address, Instant::now() + self.time, turn * 2, &mut calm).await;
            times.push((began..now_micros(), false));
            let before = server.kilobytes();
            let mut greatest = before;
            let end = Instant::now() + self.time;
            let began = now_micros();
            let attacks = ATTACKS.iter().zip(&mut tallies).enumerate().map(|(nth, ((_, attack), tally))| {
                let random =
                    StdRng::seed_from_u64(self.seed.wrapping_add(u64::from(turn) << 8).wrapping_add(nth as u64));
                let names = u64::from(turn) * 1_000_000;
                attack_until(*attack, Target { server: server.address, random, nth, names }, tally, end)
            });
            let attacked = async {
                tokio::join!(join_all(attacks), log_in(server.address, end, turn * 2 + 1, &mut storm)).0.len()
            };
            tokio::pin!(attacked);
            let mut look = interval(LOOK_EVERY);
            loop {
                tokio::select! {
                    _ = &mut attacked => break,
                    _ = look.tick() => greatest = greatest.max(server.kilobytes()),
                }
            }
            kilobytes.extend(before.zip(greatest));
            times.push((began..now_micros(), true));
        }
        let is_alive = server.is_alive();
        device::rest(&mut devices, REST).await?;
        server.kill();
        let lines = device::histories(&devices)?;
        let mut dump = dump::read(&data).await?;
        // Attackers wrote no histories, and what they did to rooms of their own is nobody's loss.
        let rooms: BTreeSet<u64> = lines.iter().filter_map(room_of).collect();
        dump.log.retain(|row| rooms.contains(&row.room));
        let violations = checker::check(&lines, &dump, true);
        for (shown, is_storm) in shown(&lines, &times) {
            if is_storm { &mut storm } else { &mut calm }.shown.push(shown);
        }
        for noticed in [&mut calm, &mut storm] {
            noticed.shown.sort_unstable();
            noticed.logins.sort_unstable();
        }
        Ok(Outcome { tallies, calm, storm, kilobytes, is_alive, violations })
    }
}

impl Hostile {
    fn people(&self, path: &Path, server: SocketAddr) -> anyhow::Result<Vec<Device>> {
        let talk = |nth: usize| Talk {
            server: server.to_string(),
            name: format!("person{nth}"),
            data: path.join(format!("device{nth}")),
            history: path.join(format!("device{nth}.jsonl")),
            every_ms: EVERY_MS,
            mark_every_ms: EVERY_MS * 10,
        };
        (0..PEOPLE).map(|nth| Device::start(&self.programs.torture, talk(nth))).collect()
    }
}

/// Attacks again and again; what was begun is brought to its end.
async fn attack_until(attack: Attack, mut target: Target, tally: &mut Tally, end: Instant) {
    while Instant::now() < end && tally.surprises.len() < SURPRISES_MAX {
        match attack(&mut target, tally).await {
            Ok(()) => tally.rounds += 1,
            Err(error) => tally.surprises.push(format!("{error:#}")),
        }
    }
}

/// Good people log in for the first time, now and then.
async fn log_in(server: SocketAddr, end: Instant, turn: u32, noticed: &mut Noticed) {
    let mut nth = 0;
    while Instant::now() < end {
        nth += 1;
        let began = Instant::now();
        let entered = async {
            let endpoint = endpoint(Ipv4Addr::LOCALHOST.into(), OURS)?;
            Inside::enter(&endpoint, server, &format!("visitor{turn}x{nth}")).await
        };
        match entered.await {
            Ok(_) => noticed.logins.push(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)),
            Err(_) => noticed.failed += 1,
        }
        sleep_until((began + LOG_IN_EVERY).min(end)).await;
    }
}

/// The room somebody began to read.
fn room_of(line: &Line) -> Option<u64> {
    if let What::Resume { room, .. } = &line.what { Some(*room) } else { None }
}

/// How long messages took to be shown that were said at some times, and in which kind of time.
fn shown(lines: &[Line], times: &[(std::ops::Range<u64>, bool)]) -> Vec<(u64, bool)> {
    let mut said: BTreeMap<&str, (u64, bool)> = BTreeMap::new();
    let mut shown = Vec::new();
    for Line { t, what, .. } in lines {
        if let What::Send { key, .. } = what {
            let time = times.iter().find(|(time, _)| time.contains(t));
            time.map(|(_, is_storm)| said.insert(key, (*t, *is_storm)));
        } else if let What::Show { key, .. } = what {
            shown.extend(said.get(key.as_str()).map(|(at, is_storm)| (t - at, *is_storm)));
        }
    }
    shown
}

/// Good people who talk all the time.
const PEOPLE: usize = 3;

/// How often each says something, milliseconds.
const EVERY_MS: u64 = 100;

/// How often somebody logs in.
const LOG_IN_EVERY: Duration = Duration::from_millis(500);

/// How often the server's memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Until everybody is there.
const WARM_UP: Duration = Duration::from_secs(2);

/// How long good people may take to come to rest.
const REST: Duration = Duration::from_secs(60);

/// After so many surprises an attack is not tried again.
const SURPRISES_MAX: usize = 5;
