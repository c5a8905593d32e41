//! A UDP network in virtual time: what quinn sends is lost, doubled, delayed and cut off as one seed says.
//!
//! Every decision about a datagram depends on the seed, on who sends to whom, and on how many datagrams went that way before:
//! two flows never disturb each other's luck, however the tasks behind them are scheduled.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use quinn::{AsyncUdpSocket, Endpoint, EndpointConfig, ServerConfig, TokioRuntime, UdpPoller};
use quinn_udp::{RecvMeta, Transmit};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// How badly every path behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Faults {
    /// Share of datagrams that never arrive.
    pub loss: f64,
    /// Share of datagrams that arrive twice.
    pub duplication: f64,
    /// One-way delay of every datagram.
    pub delay: Duration,
    /// Random delay on top, so that datagrams overtake one another.
    pub jitter: Duration,
}

impl Faults {
    /// A good network: every datagram arrives once, in order, after 5 ms.
    pub const NONE: Self =
        Self { loss: 0.0, duplication: 0.0, delay: Duration::from_millis(5), jitter: Duration::ZERO };
}

/// What became of the datagrams so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Handed over by an endpoint.
    pub sent: u64,
    /// Lost by chance.
    pub lost: u64,
    /// Lost because the way was cut.
    pub cut: u64,
    /// Arrived a second time.
    pub doubled: u64,
    /// Arrived where nobody listens.
    pub unwanted: u64,
    /// Arrived.
    pub delivered: u64,
    /// Bytes handed over by endpoints.
    pub bytes: u64,
    /// A hash over who sent how many bytes to whom and when, in the order of arrival.
    pub trace: u64,
}

/// The network. It lives as long as somebody holds it or has a socket on it.
#[derive(Debug)]
pub struct Net {
    state: Mutex<State>,
    /// Something earlier than what the courier waits for was sent.
    bell: Arc<Notify>,
    seed: u64,
    started: Instant,
}

#[derive(Debug)]
struct State {
    faults: Faults,
    inboxes: BTreeMap<SocketAddr, Inbox>,
    flows: BTreeMap<(SocketAddr, SocketAddr), Flow>,
    flying: BinaryHeap<Reverse<Flying>>,
    cuts: BTreeMap<(IpAddr, IpAddr), u32>,
    counts: Counts,
    sockets: u64,
}

#[derive(Debug, Default)]
struct Inbox {
    /// Which of the sockets that had this address.
    owner: u64,
    queue: VecDeque<(SocketAddr, Vec<u8>)>,
    waker: Option<Waker>,
}

#[derive(Debug)]
struct Flow {
    random: StdRng,
    sent: u64,
}

/// A datagram under way, in the order of arrival.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Flying {
    at: Instant,
    from: SocketAddr,
    to: SocketAddr,
    nth: u64,
    copy: u8,
    bytes: Vec<u8>,
}

impl Net {
    /// A network without anybody on it. Must be called in a runtime with a paused clock.
    pub fn new(seed: u64, faults: Faults) -> Arc<Self> {
        let state = State {
            faults,
            inboxes: BTreeMap::new(),
            flows: BTreeMap::new(),
            flying: BinaryHeap::new(),
            cuts: BTreeMap::new(),
            counts: Counts { trace: FNV_START, ..Counts::default() },
            sockets: 0,
        };
        let bell = Arc::new(Notify::new());
        let net = Arc::new(Self { state: Mutex::new(state), bell: Arc::clone(&bell), seed, started: Instant::now() });
        tokio::spawn(carry(Arc::downgrade(&net), bell));
        net
    }

    /// An endpoint of quinn's at an address, which it takes over from whoever had it. Its connection ids follow the seed.
    pub fn endpoint(
        self: &Arc<Self>,
        address: SocketAddr,
        mut config: EndpointConfig,
        server: Option<ServerConfig>,
    ) -> io::Result<Endpoint> {
        let socket = self.socket(address);
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&socket.id.to_le_bytes());
        config.rng_seed(Some(seed));
        Endpoint::new_with_abstract_socket(config, server, socket, Arc::new(TokioRuntime))
    }

    /// A socket at an address, which it takes over from whoever had it: the other one sends and receives nothing any more.
    pub fn socket(self: &Arc<Self>, address: SocketAddr) -> Arc<NetSocket> {
        let mut state = self.state();
        state.sockets += 1;
        let id = state.sockets;
        state.inboxes.insert(address, Inbox { owner: id, ..Inbox::default() });
        Arc::new(NetSocket { net: Arc::clone(self), address, id })
    }

    /// Nothing gets from one host to another, until as many heals as cuts were made.
    pub fn cut(&self, from: IpAddr, to: IpAddr) {
        *self.state().cuts.entry((from, to)).or_default() += 1;
    }

    /// Undoes one [`cut`](Self::cut).
    pub fn heal(&self, from: IpAddr, to: IpAddr) {
        let mut state = self.state();
        if let Some(cuts) = state.cuts.get_mut(&(from, to)) {
            *cuts -= 1;
            if *cuts == 0 {
                state.cuts.remove(&(from, to));
            }
        }
    }

    /// Undoes every cut, and behaves like this from here on.
    pub fn set_faults(&self, faults: Faults) {
        let mut state = self.state();
        state.faults = faults;
        state.cuts.clear();
    }

    /// Whoever is at a host sends and receives nothing any more: his process died, and he doesn't know.
    pub fn unplug(&self, host: IpAddr) {
        self.state().inboxes.retain(|address, _| address.ip() != host);
    }

    /// What became of the datagrams so far.
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, socket: &NetSocket, to: SocketAddr, bytes: &[u8]) {
        let mut guard = self.state();
        let state = &mut *guard;
        if state.inboxes.get(&socket.address).is_none_or(|inbox| inbox.owner != socket.id) {
            return;
        }
        let (from, faults) = (socket.address, state.faults);
        let flow = state.flows.entry((from, to)).or_insert_with(|| Flow::new(self.seed, from, to));
        flow.sent += 1;
        let nth = flow.sent;
        state.counts.sent += 1;
        state.counts.bytes += bytes.len() as u64;
        // The luck of a datagram is drawn whether or not it is needed: a cut changes nobody's luck but that of the cut.
        let lost = flow.random.random_bool(faults.loss);
        let doubled = flow.random.random_bool(faults.duplication);
        let delays: [Duration; 2] =
            std::array::from_fn(|_| faults.delay + flow.random.random_range(Duration::ZERO..=faults.jitter));
        if state.cuts.contains_key(&(from.ip(), to.ip())) {
            state.counts.cut += 1;
            return;
        }
        if lost {
            state.counts.lost += 1;
            return;
        }
        state.counts.doubled += u64::from(doubled);
        for (copy, delay) in (0u8..).zip(delays).take(1 + usize::from(doubled)) {
            let at = Instant::now() + delay;
            state.flying.push(Reverse(Flying { at, from, to, nth, copy, bytes: bytes.to_vec() }));
        }
        drop(guard);
        self.bell.notify_one();
    }

    /// Delivers what is due, and says when the next is.
    fn deliver(&self, now: Instant) -> Option<Instant> {
        let mut guard = self.state();
        let state = &mut *guard;
        while let Some(Reverse(next)) = state.flying.peek() {
            if next.at > now {
                return Some(next.at);
            }
            let Some(Reverse(Flying { from, to, bytes, .. })) = state.flying.pop() else { break };
            // A cut stops what is under way too.
            if state.cuts.contains_key(&(from.ip(), to.ip())) {
                state.counts.cut += 1;
                continue;
            }
            let Some(inbox) = state.inboxes.get_mut(&to) else {
                state.counts.unwanted += 1;
                continue;
            };
            state.counts.delivered += 1;
            let elapsed = now.duration_since(self.started).as_millis();
            let line = format!("{elapsed} {from} {to} {}", bytes.len());
            state.counts.trace = fnv(state.counts.trace, line.as_bytes());
            inbox.queue.push_back((from, bytes));
            if let Some(waker) = inbox.waker.take() {
                waker.wake();
            }
        }
        None
    }
}

impl Flow {
    fn new(seed: u64, from: SocketAddr, to: SocketAddr) -> Self {
        let path = fnv(FNV_START, format!("{seed} {from} {to}").as_bytes());
        Self { random: StdRng::seed_from_u64(path), sent: 0 }
    }
}

/// Brings every datagram when it is due.
async fn carry(net: Weak<Net>, bell: Arc<Notify>) {
    loop {
        let Some(next) = net.upgrade().map(|net| net.deliver(Instant::now())) else { return };
        tokio::select! {
            biased;
            () = bell.notified() => {}
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
        }
    }
}

/// One end of the network, at one address.
#[derive(Debug)]
pub struct NetSocket {
    net: Arc<Net>,
    address: SocketAddr,
    id: u64,
}

impl Drop for NetSocket {
    fn drop(&mut self) {
        let mut state = self.net.state();
        if state.inboxes.get(&self.address).is_some_and(|inbox| inbox.owner == self.id) {
            state.inboxes.remove(&self.address);
        }
    }
}

/// A simulated socket never has to wait before it sends.
#[derive(Debug)]
struct Ready;

impl UdpPoller for Ready {
    fn poll_writable(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncUdpSocket for NetSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Ready)
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.net.send(self, transmit.destination, transmit.contents);
        Ok(())
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.net.state();
        let Some(inbox) = state.inboxes.get_mut(&self.address).filter(|inbox| inbox.owner == self.id) else {
            return Poll::Pending;
        };
        let mut filled = 0;
        for (buffer, meta) in buffers.iter_mut().zip(meta) {
            let Some((from, bytes)) = inbox.queue.pop_front() else { break };
            let len = bytes.len().min(buffer.len());
            buffer[..len].copy_from_slice(&bytes[..len]);
            *meta = RecvMeta { addr: from, len, stride: len, ..RecvMeta::default() };
            filled += 1;
        }
        if filled == 0 {
            inbox.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(filled))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }

    fn may_fragment(&self) -> bool {
        false
    }
}

/// Goes on with a hash (FNV-1a, 64 bits).
pub fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Where a hash begins.
pub const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
