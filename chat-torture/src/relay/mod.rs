//! A bad network between real programs: a relay for datagrams, in user space, so that it needs no rights and no kernel module.
//!
//! Clients send to the relay; each is given a socket of its own towards the server, as a home router does.

pub mod cell;
pub mod matrix;
mod weather;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, sleep_until};

pub use weather::{Cut, Fate, Pipe, Weather};

/// What a relay did, datagrams.
#[derive(Debug, Default)]
pub struct Counts {
    /// That came, either way.
    pub came: AtomicU64,
    /// That were lost by the dice, or because a slow link had too much before it.
    pub lost: AtomicU64,
    /// That fell into a cut.
    pub cut: AtomicU64,
    /// That were too long.
    pub too_long: AtomicU64,
    /// That were sent twice.
    pub twice: AtomicU64,
    /// That arrived before one that was sent earlier.
    pub overtook: AtomicU64,
    /// That asked a client to prove his address (RFC 9000, 17.2.5).
    pub retries: AtomicU64,
    /// How often a client appeared at another address.
    pub rebinds: AtomicU64,
}

impl Counts {
    /// One of the figures.
    #[must_use]
    pub fn of(count: &AtomicU64) -> u64 {
        count.load(Ordering::Relaxed)
    }
}

/// What may change while a relay runs.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sky {
    weather: Weather,
    cut: Option<Cut>,
}

/// A running relay; it ends when this is dropped.
#[derive(Debug)]
pub struct Relay {
    /// Where clients find it.
    pub address: SocketAddr,
    /// What it did.
    pub counts: Arc<Counts>,
    sky: watch::Sender<Sky>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Opens a relay to a server of this machine.
    ///
    /// # Errors
    /// No socket.
    pub async fn open(server: SocketAddr, weather: Weather, seed: u64) -> std::io::Result<Self> {
        let door = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?);
        let address = door.local_addr()?;
        let (sky, seen) = watch::channel(Sky { weather, cut: None });
        let counts = Arc::new(Counts::default());
        let work = Work {
            door,
            server,
            seed,
            sky: seen,
            counts: Arc::clone(&counts),
            began: Instant::now(),
            ways: BTreeMap::new(),
            parcels: BTreeMap::new(),
            sent: 0,
        };
        Ok(Self { address, counts, sky, task: tokio::spawn(work.run()) })
    }

    /// Another weather, for everybody at once.
    pub fn set_weather(&self, weather: Weather) {
        self.sky.send_modify(|sky| sky.weather = weather);
    }

    /// Cuts everybody's way, or mends it.
    pub fn set_cut(&self, cut: Option<Cut>) {
        self.sky.send_modify(|sky| sky.cut = cut);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A client's way.
#[derive(Debug)]
struct Way {
    number: u64,
    socket: Arc<UdpSocket>,
    /// Reads what the server sends.
    reader: AbortHandle,
    up: Pipe,
    down: Pipe,
    bound: Instant,
}

impl Drop for Way {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// A datagram on its way.
#[derive(Debug)]
struct Parcel {
    client: SocketAddr,
    up: bool,
    nth: u64,
    bytes: Vec<u8>,
}

/// What the server sent to a client.
type Answer = (SocketAddr, Vec<u8>);

struct Work {
    door: Arc<UdpSocket>,
    server: SocketAddr,
    seed: u64,
    sky: watch::Receiver<Sky>,
    counts: Arc<Counts>,
    began: Instant,
    ways: BTreeMap<SocketAddr, Way>,
    /// By when they arrive, and in the order they came in at one time.
    parcels: BTreeMap<(Duration, u64), Parcel>,
    sent: u64,
}

impl Work {
    async fn run(mut self) {
        let (answers, mut answered) = mpsc::channel::<Answer>(ANSWERS_MAX);
        let mut newest = BTreeMap::new();
        let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
        let door = Arc::clone(&self.door);
        loop {
            let next = self.parcels.keys().next().map_or(FAR, |(at, _)| *at);
            tokio::select! {
                biased;
                () = sleep_until(self.began + next) => self.deliver(&mut newest).await,
                came = door.recv_from(&mut buffer) => {
                    // An error is about something that was sent earlier: the other end is gone.
                    let Ok((bytes, client)) = came else { continue };
                    if self.know(client, &answers).await.is_ok() {
                        self.enter(client, true, buffer.get(..bytes).unwrap_or_default());
                    }
                }
                Some((client, bytes)) = answered.recv() => self.enter(client, false, &bytes),
            }
        }
    }

    /// Gives a client a socket, and another one when it is time.
    async fn know(&mut self, client: SocketAddr, answers: &mpsc::Sender<Answer>) -> std::io::Result<()> {
        let now = Instant::now();
        let due = self.sky.borrow().weather.rebind;
        let old = self.ways.get(&client);
        let is_due = |way: &Way| due.is_some_and(|due| now.duration_since(way.bound) >= due);
        if old.is_some_and(|way| !is_due(way)) {
            return Ok(());
        }
        let socket = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?);
        socket.connect(self.server).await?;
        let reader = tokio::spawn(read(Arc::clone(&socket), client, answers.clone())).abort_handle();
        let Some(way) = self.ways.get_mut(&client) else {
            let number = u64::try_from(self.ways.len()).unwrap_or(u64::MAX);
            let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(number * 2);
            let (up, down) = (Pipe::new(seed), Pipe::new(seed + 1));
            self.ways.insert(client, Way { number, socket, reader, up, down, bound: now });
            return Ok(());
        };
        way.reader.abort();
        (way.socket, way.reader, way.bound) = (socket, reader, now);
        add(&self.counts.rebinds, 1);
        Ok(())
    }

    /// A datagram enters the network.
    fn enter(&mut self, client: SocketAddr, up: bool, bytes: &[u8]) {
        let Some(way) = self.ways.get_mut(&client) else { return };
        let sky = *self.sky.borrow();
        let counts = &self.counts;
        add(&counts.came, 1);
        if !up && bytes.first().is_some_and(|first| first & RETRY == RETRY) {
            add(&counts.retries, 1);
        }
        let pipe = if up { &mut way.up } else { &mut way.down };
        let fate = pipe.fate(&sky.weather, bytes.len(), self.began.elapsed());
        if sky.cut.is_some_and(|cut| cut.stops(up)) {
            return add(&counts.cut, 1);
        }
        let (first, second) = match fate {
            Fate::Lost => return add(&counts.lost, 1),
            Fate::TooLong => return add(&counts.too_long, 1),
            Fate::Arrives(first, second) => (first, second),
        };
        add(&counts.twice, u64::from(second.is_some()));
        for at in [Some(first), second].into_iter().flatten() {
            self.sent += 1;
            self.parcels.insert((at, self.sent), Parcel { client, up, nth: self.sent, bytes: bytes.to_vec() });
        }
    }

    /// Hands over everything that is due.
    async fn deliver(&mut self, newest: &mut BTreeMap<(u64, bool), u64>) {
        let now = self.began.elapsed();
        while let Some(entry) = self.parcels.first_entry().filter(|entry| entry.key().0 <= now) {
            let Parcel { client, up, nth, bytes } = entry.remove();
            let Some(way) = self.ways.get(&client) else { continue };
            let newest = newest.entry((way.number, up)).or_default();
            add(&self.counts.overtook, u64::from(*newest > nth));
            *newest = nth.max(*newest);
            // Who is gone gets nothing; that is what networks are like.
            let _ = if up { way.socket.send(&bytes).await } else { self.door.send_to(&bytes, client).await };
        }
    }
}

async fn read(socket: Arc<UdpSocket>, client: SocketAddr, answers: mpsc::Sender<Answer>) {
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        match socket.recv(&mut buffer).await {
            Ok(bytes) => {
                let datagram = buffer.get(..bytes).unwrap_or_default().to_vec();
                if answers.send((client, datagram)).await.is_err() {
                    return;
                }
            }
            // Nobody listens there for the moment.
            Err(_) => tokio::time::sleep(UNREACHABLE_PAUSE).await,
        }
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

/// Longer than any datagram.
const DATAGRAM_BYTES_MAX: usize = 65_536;

/// Datagrams of the server that were read and not looked at.
const ANSWERS_MAX: usize = 4_096;

/// How long is waited after a socket's error.
const UNREACHABLE_PAUSE: Duration = Duration::from_millis(1);

/// Later than any run ends.
const FAR: Duration = Duration::from_secs(1 << 30);

/// The bits of a first byte that make it a Retry's: long, fixed, type 3 (RFC 9000, 17.2.5).
const RETRY: u8 = 0b1111_0000;
