//! Everything one run of the simulation shares: the network, the server in its lives, the clock, and the history.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_proto::event::Listed;
use chat_proto::{AccountId, Event, EventBody, FeedId, MessageKey, RoomId, Seq, Style, Timestamp};
use chat_server::core::State;
use chat_server::core::account::Account;
use chat_server::environment::Environment;
use chat_server::server::{self, Parts, Settings};
use chat_server::store::{Row, Store};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::checker::{Cut, Dump, Line, Marker, Row as LogRow, What};
use super::disk::{Disk, Mounted};
use super::net::{FNV_START, Net, fnv};
use super::tls;

/// One run.
#[derive(Debug)]
pub struct World {
    pub net: Arc<Net>,
    pub disk: Arc<Disk>,
    pub seed: u64,
    started: Instant,
    lines: Mutex<Vec<Line>>,
    troubles: Mutex<Vec<String>>,
    server: Mutex<Option<Running>>,
    lives: AtomicU64,
}

/// A server that runs.
#[derive(Debug)]
struct Running {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    mounted: Arc<Mounted>,
}

impl World {
    pub fn new(seed: u64, net: Arc<Net>, disk: Arc<Disk>) -> Arc<Self> {
        Arc::new(Self {
            net,
            disk,
            seed,
            started: Instant::now(),
            lines: Mutex::default(),
            troubles: Mutex::default(),
            server: Mutex::default(),
            lives: AtomicU64::new(0),
        })
    }

    /// Randomness for one purpose, told by its name.
    pub fn random(&self, purpose: &str) -> StdRng {
        seeded(self.seed, purpose)
    }

    /// Microseconds since the run began.
    pub fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap()
    }

    /// The time of day, for display.
    pub fn wall_clock(self: &Arc<Self>) -> impl Fn() -> Timestamp + Send + Sync + use<> {
        let world = Arc::clone(self);
        move || Timestamp(WALL_START_US + i64::try_from(world.now()).unwrap())
    }

    pub fn record(&self, device: &str, what: What) {
        let line = Line { t: self.now(), device: device.to_owned(), what };
        guard(&self.lines).push(line);
    }

    pub fn lines(&self) -> Vec<Line> {
        guard(&self.lines).clone()
    }

    /// Something went wrong that no line can tell.
    pub fn trouble(&self, text: String) {
        guard(&self.troubles).push(text);
    }

    pub fn troubles(&self) -> Vec<String> {
        guard(&self.troubles).clone()
    }

    /// Starts the server, with the same keys as ever.
    pub fn start_server(self: &Arc<Self>) {
        let life = self.lives.fetch_add(1, Ordering::Relaxed);
        let identity = tls::identity();
        let config = chat_server::endpoint::endpoint_config(&RESET_KEY);
        let endpoint = self.net.endpoint(SERVER, config, Some(tls::server())).unwrap();
        let random = Mutex::new(self.random(&format!("server {life}")));
        let mounted = self.disk.mount();
        let parts = Parts {
            endpoint,
            server_key: Arc::new(move || identity.spki_sha256()),
            store: Arc::<Mounted>::clone(&mounted),
            environment: Environment::new(self.wall_clock(), move |bytes| guard(&random).fill_bytes(bytes)),
            settings: Settings::default(),
        };
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let world = Arc::clone(self);
        let task = tokio::spawn(async move {
            if let Err(error) = server::serve(parts, stop).await {
                world.trouble(format!("the server cannot start: {error}"));
            }
        });
        *guard(&self.server) = Some(Running { shutdown, task, mounted });
    }

    /// The server goes down in order.
    pub async fn stop_server(&self) {
        let running = guard(&self.server).take();
        let Some(Running { shutdown, task, mounted }) = running else { return };
        shutdown.cancel();
        if let Err(error) = task.await {
            self.trouble(format!("the server panicked: {error}"));
        }
        mounted.unmount();
        self.disk.restart();
    }

    /// The server's machine fails.
    pub fn crash_server(&self) {
        let Some(Running { shutdown, mounted, .. }) = guard(&self.server).take() else { return };
        mounted.unmount();
        self.net.unplug(SERVER.ip());
        self.disk.crash();
        // Its tasks find neither network nor disk any more, and end.
        shutdown.cancel();
    }

    /// What the disk holds, for the checker.
    pub async fn dump(&self) -> Dump {
        let mut dump = Dump::default();
        let disk = self.disk.examine();
        let registry = disk.registry().await.unwrap();
        for room in &registry.rooms {
            for Row { event, .. } in disk.read(FeedId::Room(room.id), Seq(1), usize::MAX).await.unwrap() {
                let (room, seq, key) = (room.id.0, event.seq.0, key_of(&event));
                dump.log.push(LogRow { room, seq, key, digest: digest(&event) });
            }
        }
        let cuts = self.cuts().await;
        for account in &registry.accounts {
            let name = account.name.as_str();
            let of_his = cuts.iter().filter(|((who, _), _)| *who == account.id);
            dump.cuts.extend(of_his.map(|((_, room), after)| Cut {
                account: name.to_owned(),
                room: room.0,
                after: after.0,
            }));
            for (room, seq) in self.marks(account.id).await {
                let account = account.name.as_str().to_owned();
                dump.marks.push(Marker { account, room: room.0, seq: seq.0 });
            }
        }
        dump
    }

    /// Who was put out of which room, and the last event that was for him: what told the others.
    pub async fn cuts(&self) -> BTreeMap<(AccountId, RoomId), Seq> {
        let mut cuts = BTreeMap::new();
        let disk = self.disk.examine();
        for room in disk.registry().await.unwrap().rooms {
            let rows = disk.read(FeedId::Room(room.id), Seq(1), usize::MAX).await.unwrap();
            for (at, Row { event, .. }) in rows.iter().enumerate() {
                let EventBody::Listed(Listed { who, .. }) = &event.body else { continue };
                let evicted = rows.get(at + 1).filter(|next| matches!(next.event.body, EventBody::Evicted(_)));
                cuts.entry((who.account, room.id)).or_insert(evicted.map_or(event.seq, |next| next.event.seq));
            }
        }
        cuts
    }

    /// How far every room is.
    pub async fn heads(&self) -> BTreeMap<RoomId, Seq> {
        let mut heads = BTreeMap::new();
        for room in self.disk.data.registry().await.unwrap().rooms {
            let loaded = self.disk.data.load(FeedId::Room(room.id)).await.unwrap();
            heads.insert(room.id, loaded.map_or(Seq::ZERO, |loaded| loaded.meta.head));
        }
        heads
    }

    /// The account of a name, once there is one.
    pub async fn account(&self, name: &str) -> Option<AccountId> {
        let registry = self.disk.data.registry().await.unwrap();
        registry.accounts.iter().find(|account| account.name.as_str() == name).map(|account| account.id)
    }

    /// An account's read markers, as they are stored.
    pub async fn marks(&self, account: AccountId) -> BTreeMap<RoomId, Seq> {
        self.stored(account).await.joined().map(|joined| (joined.room, joined.read.seq)).collect()
    }

    /// An account's unread mentions, as they are stored.
    pub async fn mentions(&self, account: AccountId) -> BTreeMap<RoomId, Vec<Seq>> {
        self.stored(account).await.joined().map(|joined| (joined.room, joined.mentions)).collect()
    }

    async fn stored(&self, account: AccountId) -> Account {
        let (disk, feed) = (self.disk.examine(), FeedId::Account(account));
        let (mut state, mut next) = (Account::default(), Seq(1));
        if let Some(snapshot) = disk.load(feed).await.unwrap().and_then(|loaded| loaded.snapshot) {
            state.restore(&snapshot.bytes[8..]).unwrap();
            next = snapshot.seq.next();
        }
        for row in disk.read(feed, next, usize::MAX).await.unwrap() {
            state.apply(&row.event);
        }
        state
    }
}

/// Randomness for one purpose of a run.
pub fn seeded(seed: u64, purpose: &str) -> StdRng {
    StdRng::seed_from_u64(fnv(fnv(FNV_START, &seed.to_le_bytes()), purpose.as_bytes()))
}

/// The name of a message. What follows from another event has none.
pub fn key_of(event: &Event) -> String {
    if event.key == MessageKey::default() { String::new() } else { event.key.to_string() }
}

/// Equal for events that a reader takes for the same. A message's is known before it is sent.
pub fn digest(event: &Event) -> u64 {
    let EventBody::Posted(posted) = &event.body else {
        return fnv(fnv(FNV_START, &event.by.0.to_le_bytes()), format!("{:?}", event.body).as_bytes());
    };
    digest_of_text(posted.style, &posted.text)
}

/// The digest of a message.
pub fn digest_of_text(style: Style, text: &str) -> u64 {
    fnv(FNV_START, format!("{style:?} {text}").as_bytes())
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who behaves badly, and is put out by the others.
pub const TROLL: &str = "dan";

/// Where the server listens.
pub const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 4433);

/// What the data directory keeps for restarted servers.
const RESET_KEY: [u8; 32] = [7; 32];

/// When every run begins, microseconds since 1970: 2026-01-01.
const WALL_START_US: i64 = 1_767_225_600_000_000;
