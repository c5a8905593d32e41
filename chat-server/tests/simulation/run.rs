//! One seed: people talk through a storm of faults, the storm ends, everything comes to rest, and the checker looks.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use chat_proto::{MessageKey, Seq};
use chat_server::store::StoreError;
use rand::RngExt;
use rand::rngs::StdRng;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use super::actor::Part;
use super::checker::{Dump, Line, Rule, check, format};
use super::device::{Device, Order};
use super::disk::Disk;
use super::mutant::Mutant;
use super::net::{Counts, FNV_START, Faults, Net, fnv};
use super::world::{SERVER, TROLL, World};

/// Which kinds of trouble a storm brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storm {
    /// Loss, duplication and jitter.
    pub weather: bool,
    /// Ways that are cut, in one direction or both.
    pub partitions: bool,
    /// Servers that go down in order or crash.
    pub server: bool,
    /// Clients that quit or are killed.
    pub clients: bool,
    /// A disk that is full for a while, or fails.
    pub disk: bool,
}

impl Storm {
    /// Good weather.
    pub const NONE: Self = Self { weather: false, partitions: false, server: false, clients: false, disk: false };

    /// All faults together.
    pub const ALL: Self = Self { weather: true, partitions: true, server: true, clients: true, disk: true };
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    pub seed: u64,
    /// What is wrong, for people; empty if all is well.
    pub wrong: Vec<String>,
    /// The promises that are broken, each once.
    pub broken: BTreeSet<Rule>,
    pub counts: Counts,
    /// A hash of everything every device did and saw, and when.
    pub hash: u64,
    pub messages: usize,
    pub logins: u32,
    pub partitions: u32,
    pub server_restarts: u32,
    pub client_restarts: u32,
    pub disk_failures: u32,
    /// How often somebody was put out of a room.
    pub cuts: usize,
    /// How long it took in the simulated world.
    pub took: Duration,
    pub lines: Vec<Line>,
    pub dump: Dump,
}

/// Runs a seed.
pub fn run(seed: u64, storm: Storm, mutant: Option<Mutant>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let begun = Instant::now();
        let mut run = Run::begin(seed, storm, mutant);
        run.storm().await;
        let rested = run.rest().await;
        run.finish(rested, begun.elapsed()).await
    })
}

/// A run under way.
struct Run {
    world: Arc<World>,
    storm: Storm,
    random: StdRng,
    devices: Vec<Handle>,
    calm: watch::Sender<bool>,
    partitions: u32,
    server_restarts: u32,
    client_restarts: u32,
    disk_failures: u32,
    _files: tempfile::TempDir,
}

/// A device of a run.
struct Handle {
    account: String,
    name: String,
    host: IpAddr,
    orders: mpsc::Sender<Order>,
    seen: Arc<std::sync::Mutex<super::device::Seen>>,
}

impl Run {
    fn begin(seed: u64, storm: Storm, mutant: Option<Mutant>) -> Self {
        let mut random = super::world::seeded(seed, "plan");
        let good = Faults { delay: Duration::from_millis(random.random_range(2..30)), ..Faults::NONE };
        let bad =
            Faults { loss: 0.3, duplication: 0.05, jitter: Duration::from_millis(random.random_range(5..60)), ..good };
        let net = Net::new(seed, if storm.weather { bad } else { good });
        let disk = Disk::new(Duration::from_millis(random.random_range(1..60)), mutant);
        let world = World::new(seed, net, disk);
        world.start_server();
        let files = scratch();
        let (calm, calming) = watch::channel(false);
        let rooms: Vec<String> = (0..random.random_range(1..=2)).map(|room| format!("room-{room}")).collect();
        let mut run = Self {
            world,
            storm,
            random,
            devices: Vec::new(),
            calm,
            partitions: 0,
            server_restarts: 0,
            client_restarts: 0,
            disk_failures: 0,
            _files: files,
        };
        // Two people always, the first with two devices; a third device of the second, or of a third person, or both.
        let more = run.random.random_range(0..3);
        // Sometimes somebody who will be put out.
        let troll = run.random.random_bool(0.4).then_some(TROLL);
        let devices = [("ann", 1), ("ann", 2), ("ben", 1), ("ben", 2), ("cyd", 1)];
        for (account, number) in devices.into_iter().filter(|device| match device {
            ("ben", 2) => more != 0,
            ("cyd", _) => more != 1,
            _ => true,
        }) {
            run.add(account, number, &rooms, &calming, troll);
        }
        if let Some(troll) = troll {
            run.add(troll, 1, &rooms, &calming, Some(troll));
        }
        run
    }

    fn add(
        &mut self,
        account: &str,
        number: u8,
        rooms: &[String],
        calm: &watch::Receiver<bool>,
        troll: Option<&'static str>,
    ) {
        let name = format!("{account}-{number}");
        let host = IpAddr::V4(Ipv4Addr::new(10, 0, 1, u8::try_from(self.devices.len()).unwrap() + 1));
        let (orders, inbox) = mpsc::channel(4);
        let device = Device {
            name: name.clone(),
            account: account.to_owned(),
            host,
            data: self._files.path().join(&name),
            cached: self.random.random_bool(0.5),
            world: Arc::clone(&self.world),
            seen: Arc::default(),
        };
        let part = Part {
            device: name.clone(),
            world: Arc::clone(&self.world),
            rooms: rooms.to_vec(),
            messages: self.random.random_range(8..=14) * if account == TROLL { 2 } else { 1 },
            pace: Duration::from_millis(self.random.random_range(1_500..6_000)),
            calm: calm.clone(),
            keys: rooms.iter().map(|_| MessageKey(self.random.random())).collect(),
            troll,
            entered: std::sync::Mutex::default(),
        };
        let seen = Arc::clone(&device.seen);
        self.devices.push(Handle { account: account.to_owned(), name, host, orders, seen });
        tokio::spawn(device.run(inbox, Arc::new(part)));
    }

    /// Trouble after trouble.
    async fn storm(&mut self) {
        let end = Instant::now() + Duration::from_secs(self.random.random_range(40..70));
        while Instant::now() < end {
            sleep(Duration::from_millis(self.random.random_range(500..6_000))).await;
            match self.random.random_range(0..7) {
                0..3 if self.storm.partitions => self.partition(),
                3 if self.storm.server => self.restart_server().await,
                4 if self.storm.server => self.crash_server().await,
                5 if self.storm.clients => self.restart_client().await,
                6 if self.storm.disk => self.fail_disk(),
                _ => {}
            }
        }
        let quiet = Faults { delay: Duration::from_millis(20), ..Faults::NONE };
        self.world.net.set_faults(quiet);
        self.world.disk.fail(None);
        self.calm.send_replace(true);
    }

    /// Cuts a device off for a while, or makes it deaf or mute.
    fn partition(&mut self) {
        self.partitions += 1;
        let host = self.devices[self.random.random_range(0..self.devices.len())].host;
        let (deaf, mute) = [(true, true), (true, false), (false, true)][self.random.random_range(0..3)];
        let lasts = Duration::from_millis(self.random.random_range(1_000..25_000));
        let net = Arc::clone(&self.world.net);
        let ways: Vec<(IpAddr, IpAddr)> = [(deaf, (SERVER.ip(), host)), (mute, (host, SERVER.ip()))]
            .iter()
            .filter(|way| way.0)
            .map(|way| way.1)
            .collect();
        ways.iter().for_each(|(from, to)| net.cut(*from, *to));
        tokio::spawn(async move {
            sleep(lasts).await;
            ways.iter().for_each(|(from, to)| net.heal(*from, *to));
        });
    }

    async fn restart_server(&mut self) {
        self.server_restarts += 1;
        self.world.stop_server().await;
        sleep(Duration::from_millis(self.random.random_range(0..3_000))).await;
        self.world.start_server();
    }

    /// Crashes the server, preferably when it hurts.
    async fn crash_server(&mut self) {
        self.server_restarts += 1;
        let (ambush, part) = (self.random.random_bool(0.8), self.random.random());
        if ambush {
            // Nobody may be writing for a long time.
            let _ = timeout(Duration::from_secs(5), self.world.disk.mid_write(part)).await;
        }
        self.world.crash_server();
        sleep(Duration::from_millis(self.random.random_range(0..3_000))).await;
        self.world.start_server();
    }

    /// Every write fails for a while; a disk that is not just full cannot be read either.
    fn fail_disk(&mut self) {
        self.disk_failures += 1;
        let full = self.random.random_bool(0.7);
        let error = if full { StoreError::Full } else { StoreError::Io("the disk fails".to_owned()) };
        let lasts = Duration::from_millis(self.random.random_range(100..8_000));
        let disk = Arc::clone(&self.world.disk);
        disk.fail(Some(error));
        tokio::spawn(async move {
            sleep(lasts).await;
            disk.fail(None);
        });
    }

    async fn restart_client(&mut self) {
        self.client_restarts += 1;
        let pause = Duration::from_millis(self.random.random_range(0..4_000));
        let order = if self.random.random_bool(0.6) { Order::Kill(pause) } else { Order::Quit(pause) };
        let device = &self.devices[self.random.random_range(0..self.devices.len())];
        let _ = device.orders.send(order).await;
    }

    /// Waits until everybody has everything; false if that never happens.
    async fn rest(&self) -> bool {
        let mut still = 0;
        for _ in 0..REST_TRIES {
            sleep(REST_STEP).await;
            still = if self.is_settled().await { still + 1 } else { 0 };
            if still == REST_STILL {
                return true;
            }
        }
        false
    }

    async fn is_settled(&self) -> bool {
        let (heads, cuts) = (self.world.heads().await, self.world.cuts().await);
        for device in &self.devices {
            let Some(account) = self.world.account(&device.account).await else { return false };
            let marks = self.world.marks(account).await;
            let seen = device.seen.lock().unwrap();
            let complete = heads.iter().all(|(room, head)| {
                if cuts.contains_key(&(account, *room)) {
                    return !seen.view.rooms.get(room).is_some_and(|view| view.member);
                }
                seen.shown.get(room).is_some_and(|place| place.seq == *head)
                    && seen.marks.get(room).copied().unwrap_or(Seq::ZERO)
                        == marks.get(room).copied().unwrap_or(Seq::ZERO)
            });
            if !seen.online || !seen.calm || seen.waiting > 0 || !complete {
                return false;
            }
        }
        true
    }

    async fn finish(self, rested: bool, took: Duration) -> Outcome {
        self.world.stop_server().await;
        let (lines, dump) = (self.world.lines(), self.world.dump().await);
        let mut wrong = self.world.troubles();
        if !rested {
            wrong.push("it never came to rest".to_owned());
            wrong.extend(self.devices.iter().map(Handle::describe));
        }
        let violations = check(&lines, &dump, true);
        wrong.extend(violations.iter().map(ToString::to_string));
        let seen = |count: fn(&super::device::Seen) -> u32| -> u32 {
            self.devices.iter().map(|device| count(&device.seen.lock().unwrap())).sum()
        };
        Outcome {
            seed: self.world.seed,
            wrong,
            broken: violations.iter().map(|violation| violation.rule).collect(),
            counts: self.world.net.counts(),
            hash: fnv(FNV_START, format(&lines).as_bytes()),
            messages: usize::try_from(seen(|seen| seen.sent)).unwrap(),
            logins: seen(|seen| seen.logins),
            partitions: self.partitions,
            server_restarts: self.server_restarts,
            client_restarts: self.client_restarts,
            disk_failures: self.disk_failures,
            cuts: dump.cuts.len(),
            took,
            lines,
            dump,
        }
    }
}

impl Handle {
    fn describe(&self) -> String {
        let seen = self.seen.lock().unwrap();
        let shown: Vec<String> = seen.shown.iter().map(|(room, place)| format!("{room}: {}", place.seq)).collect();
        format!(
            "{}: online {}, waiting {}, shown {}, marks {:?}",
            self.name,
            seen.online,
            seen.waiting,
            shown.join(" "),
            seen.marks
        )
    }
}

/// A directory for the clients' files, in memory where there is such a place: they are synced for every message.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// How often it is looked whether everything came to rest, and how often at most: three minutes.
const REST_STEP: Duration = Duration::from_millis(500);
const REST_TRIES: u32 = 360;

/// How often in a row everything must have been at rest.
const REST_STILL: u32 = 4;
