//! What a session takes from the world around it: sockets, the wall clock, randomness. The simulator brings its own.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest;
use chat_proto::{MessageKey, Timestamp};
use futures_util::future::BoxFuture;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::task::{JoinHandle, spawn_blocking};

/// Where datagrams go.
pub trait Network: fmt::Debug + Send + Sync {
    /// Every address of a host.
    ///
    /// # Errors
    /// What the resolver said.
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

    /// A UDP endpoint to dial from.
    ///
    /// # Errors
    /// No socket could be bound.
    fn endpoint(&self) -> io::Result<quinn::Endpoint>;

    /// Moves an endpoint to a new local address; its connections live on.
    ///
    /// # Errors
    /// No socket could be bound; the endpoint keeps the one it has.
    fn rebind(&self, endpoint: &quinn::Endpoint) -> io::Result<()>;
}

/// What a session takes from the world around it.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Where datagrams go.
    pub network: Arc<dyn Network>,
    /// What time it is, for display and for the validity of certificates; nothing is ordered by it.
    pub clock: Clock,
    /// Where keys and jitter come from.
    pub random: Random,
    /// Where the writing of files is done.
    pub writing: Writing,
}

impl Default for Environment {
    /// The real network, clock and randomness.
    fn default() -> Self {
        Self {
            network: Arc::new(RealNetwork),
            clock: Clock::system(),
            random: Random::system(),
            writing: Writing::Threads,
        }
    }
}

/// Where the writing of files is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Writing {
    /// On tokio's threads for blocking work: nobody else waits for a disk.
    #[default]
    Threads,
    /// On the spot. Only for simulations, where it makes what happens at one moment happen in one order.
    Inline,
}

impl Writing {
    /// Does a piece of work that waits for a disk.
    pub(super) fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        match self {
            Self::Threads => spawn_blocking(work),
            Self::Inline => {
                let done = work();
                tokio::spawn(async move { done })
            }
        }
    }
}

/// The wall clock.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The system's.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|| {
            let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
            Timestamp(i64::try_from(micros).unwrap_or(i64::MAX))
        })
    }

    /// Any other.
    #[must_use]
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Where randomness comes from.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<(u64, u64)>>),
}

impl Random {
    /// The system's.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// The same bytes for the same seed: only for simulations, where it also makes the keys.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new((seed, 0)))))
    }

    /// `N` random bytes.
    ///
    /// # Errors
    /// The system has none.
    pub fn bytes<const N: usize>(&self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        match &self.0 {
            Source::System => getrandom::fill(&mut bytes).map_err(io::Error::other)?,
            Source::Seeded(state) => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                for chunk in bytes.chunks_mut(digest::SHA256_OUTPUT_LEN) {
                    let block = [state.0.to_le_bytes(), state.1.to_le_bytes()].concat();
                    state.1 += 1;
                    chunk.copy_from_slice(&digest::digest(&digest::SHA256, &block).as_ref()[..chunk.len()]);
                }
            }
        }
        Ok(bytes)
    }

    /// A key nobody else chooses.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub fn message_key(&self) -> io::Result<MessageKey> {
        self.bytes().map(MessageKey)
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}

/// Real sockets and the system's resolver.
#[derive(Clone, Copy, Debug)]
pub struct RealNetwork;

impl Network for RealNetwork {
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let host = host.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }

    fn endpoint(&self) -> io::Result<quinn::Endpoint> {
        quinn::Endpoint::new(quinn::EndpointConfig::default(), None, bind()?, Arc::new(quinn::TokioRuntime))
    }

    fn rebind(&self, endpoint: &quinn::Endpoint) -> io::Result<()> {
        endpoint.rebind(bind()?)
    }
}

/// A socket for both families where the system has IPv6, else for IPv4.
pub(crate) fn bind() -> io::Result<std::net::UdpSocket> {
    let dual = || {
        let socket = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_only_v6(false)?;
        socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)).into())?;
        Ok(socket)
    };
    let single = |_: io::Error| {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into())?;
        Ok(socket)
    };
    let socket: Socket = dual().or_else(single).map_err(|e: io::Error| e)?;
    // A system may grant less than is asked for; that costs speed under load and nothing else.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
    Ok(socket.into())
}

/// Send and receive buffer of a socket, bytes each.
const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_randomness_repeats_and_never_stands_still() {
        let (one, other) = (Random::seeded(7), Random::seeded(7));
        let first: [u8; 40] = one.bytes().unwrap();
        assert_eq!(first, other.bytes::<40>().unwrap());
        assert_ne!(first, one.bytes::<40>().unwrap());
        assert_ne!(first, Random::seeded(8).bytes::<40>().unwrap());
    }
}
