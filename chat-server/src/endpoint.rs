//! The QUIC endpoint: socket, TLS, and what a peer may cost before and after it is logged in.
//!
//! Never: 0-RTT, resumed sessions, TLS below 1.3, a certificate the identity did not choose.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, Endpoint, EndpointConfig, IdleTimeout, ServerConfig, TokioRuntime, TransportConfig, VarInt};
use quinn_proto::HashedConnectionIdGenerator;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use socket2::{Domain, Protocol, Socket, Type};
use thiserror::Error;
use tracing::{info, warn};

use chat_proto::limits::{BIDI_STREAMS_MAX, IDLE_TIMEOUT_MS, KEEP_ALIVE_MS};

use crate::cert::ServerIdentity;
use crate::config::Config;
use crate::data_dir;

/// Why the server cannot listen. Every message says what to do.
#[derive(Debug, Error)]
pub enum EndpointError {
    /// Somebody else has the port.
    #[error("UDP port {port} is in use ({address}): stop the program that has it, or choose another with --listen ADDRESS:PORT",
        port = .address.port())]
    Busy {
        /// The address.
        address: SocketAddr,
    },
    /// The process may not have the port.
    #[error(
        "not allowed to listen on {address}: ports below 1024 need a privilege; choose another with --listen ADDRESS:PORT"
    )]
    Denied {
        /// The address.
        address: SocketAddr,
    },
    /// No interface has the address.
    #[error("this machine has no address {}: choose one it has with --listen ADDRESS:PORT", .address.ip())]
    NoSuchAddress {
        /// The address.
        address: SocketAddr,
    },
    /// The socket fails in another way.
    #[error("cannot listen on {address}: {reason}")]
    Socket {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        reason: io::Error,
    },
    /// The key that lets clients notice a restart cannot be kept.
    #[error("cannot read or write {path}: {reason}")]
    ResetKey {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The key that lets clients notice a restart is not one.
    #[error("{path} is not a reset key of {RESET_KEY_BYTES} bytes: remove it, and a new one is made")]
    ResetKeyLength {
        /// The file.
        path: PathBuf,
    },
    /// The TLS library refuses its settings.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

/// The server's endpoint on the configured address. The data directory exists.
///
/// Where `[::]` is asked for and the machine has no IPv6, `0.0.0.0` with the same port is taken.
///
/// # Errors
/// Why it cannot listen.
pub fn open(config: &Config, identity: &ServerIdentity) -> Result<Endpoint, EndpointError> {
    let server = server_config(Arc::clone(&identity.resolver))?;
    let endpoint = endpoint_config(&reset_key(config)?);
    let socket = bind_or_fall_back(config.listen)?;
    let failed = |reason| EndpointError::Socket { address: config.listen, reason };
    Endpoint::new(endpoint, Some(server), socket, Arc::new(TokioRuntime)).map_err(failed)
}

/// What the server says in the handshake, and what a peer may cost until it is logged in.
///
/// # Errors
/// [`EndpointError::Tls`] where the crypto library lacks TLS 1.3.
pub fn server_config(resolver: Arc<dyn ResolvesServerCert>) -> Result<ServerConfig, EndpointError> {
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| EndpointError::Tls(error.to_string()))?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    tls.alpn_protocols = vec![chat_proto::ALPN.to_vec()];
    // Early data could be replayed by anybody who recorded it.
    tls.max_early_data_size = 0;
    // A resumed session would go on with the key it began with, which is not the one a login is checked against after the
    // key was replaced; and without early data, resuming saves no round trip.
    tls.send_tls13_tickets = 0;
    tls.session_storage = Arc::new(NoServerSessionStorage {});
    let quic = QuicServerConfig::try_from(tls).map_err(|error| EndpointError::Tls(error.to_string()))?;
    let mut config = ServerConfig::with_crypto(Arc::new(quic));
    config
        .transport_config(Arc::new(transport()))
        .max_incoming(INCOMING_MAX)
        .incoming_buffer_size(INCOMING_BYTES_MAX)
        .incoming_buffer_size_total(INCOMING_BYTES_TOTAL_MAX);
    Ok(config)
}

/// Streams, windows and timeouts of a connection that is not logged in.
#[must_use]
pub fn transport() -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(BIDI_STREAMS_BEFORE_LOGIN))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(RECEIVE_WINDOW_BEFORE_LOGIN_BYTES))
        .send_window(SEND_WINDOW_BEFORE_LOGIN_BYTES)
        .datagram_receive_buffer_size(Some(DATAGRAM_BUFFER_BYTES))
        .datagram_send_buffer_size(DATAGRAM_BUFFER_BYTES)
        .keep_alive_interval(Some(Duration::from_millis(KEEP_ALIVE_MS)))
        .max_idle_timeout(VarInt::from_u64(IDLE_TIMEOUT_MS).ok().map(IdleTimeout::from));
    transport
}

/// Gives a connection that has just logged in the room it needs to work.
pub fn after_login(connection: &Connection) {
    connection.set_max_concurrent_bi_streams(VarInt::from_u32(BIDI_STREAMS_MAX));
    connection.set_receive_window(VarInt::from_u32(RECEIVE_WINDOW_BYTES));
    connection.set_send_window(SEND_WINDOW_BYTES);
}

/// Settings of the endpoint that must outlive the process: with the same key, a restarted server tells clients of the one
/// before, at their next packet, that their connection is gone; with another they wait for their idle timeout.
#[must_use]
pub fn endpoint_config(reset_key: &[u8; RESET_KEY_BYTES]) -> EndpointConfig {
    let key = hmac::Key::new(hmac::HMAC_SHA256, reset_key);
    // A packet is answered with a reset only if its connection id could have been ours, so those need a lasting key too.
    let mut id_key = [0; 8];
    id_key.copy_from_slice(&hmac::sign(&key, b"connection id").as_ref()[..8]);
    let id_key = u64::from_le_bytes(id_key);
    let mut config = EndpointConfig::new(Arc::new(key));
    config.cid_generator(move || Box::new(HashedConnectionIdGenerator::from_key(id_key)));
    config
}

/// The key of the data directory, made on first use.
fn reset_key(config: &Config) -> Result<[u8; RESET_KEY_BYTES], EndpointError> {
    let path = config.data.join("reset.key");
    match std::fs::read(&path) {
        Ok(bytes) => bytes.try_into().map_err(|_| EndpointError::ResetKeyLength { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut key = [0; RESET_KEY_BYTES];
            getrandom::fill(&mut key)
                .map_err(io::Error::other)
                .and_then(|()| data_dir::write_new(&path, &key))
                .map_err(|reason| EndpointError::ResetKey { path, reason })?;
            Ok(key)
        }
        Err(reason) => Err(EndpointError::ResetKey { path, reason }),
    }
}

fn bind_or_fall_back(address: SocketAddr) -> Result<UdpSocket, EndpointError> {
    match bind(address) {
        Err(reason) if address.ip() == Ipv6Addr::UNSPECIFIED && no_ipv6(&reason) => {
            info!("no IPv6 here: listening on 0.0.0.0");
            let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
            bind(address).map_err(|reason| explain(address, reason))
        }
        bound => bound.map_err(|reason| explain(address, reason)),
    }
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        socket.set_only_v6(false)?;
    }
    socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES)?;
    socket.set_send_buffer_size(SOCKET_BUFFER_BYTES)?;
    // Linux reports twice what it grants, so a smaller figure means that less than half was.
    let granted = socket.recv_buffer_size()?.min(socket.send_buffer_size()?);
    if granted < SOCKET_BUFFER_BYTES {
        warn!(
            granted_bytes = granted,
            wanted_bytes = SOCKET_BUFFER_BYTES,
            "small socket buffers lose packets in bursts: raise the sysctls net.core.rmem_max and net.core.wmem_max"
        );
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// A kernel without IPv6 has no such family; one with IPv6 switched off has no such address.
fn no_ipv6(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
        || error.kind() == io::ErrorKind::AddrNotAvailable
}

fn explain(address: SocketAddr, reason: io::Error) -> EndpointError {
    let kind = reason.kind();
    if kind == io::ErrorKind::AddrInUse {
        EndpointError::Busy { address }
    } else if kind == io::ErrorKind::PermissionDenied {
        EndpointError::Denied { address }
    } else if kind == io::ErrorKind::AddrNotAvailable {
        EndpointError::NoSuchAddress { address }
    } else {
        EndpointError::Socket { address, reason }
    }
}

/// Bytes of the key in the data directory that reset tokens and connection ids are made from.
pub const RESET_KEY_BYTES: usize = 32;

/// The control stream, and nothing else.
const BIDI_STREAMS_BEFORE_LOGIN: u32 = 1;

/// What one stream may send ahead of being read, bytes; fixed for a connection's life. Twice the longest request frame.
const STREAM_WINDOW_BYTES: u32 = 128 * 1024;

/// What a connection that is not logged in may send ahead of being read, bytes.
const RECEIVE_WINDOW_BEFORE_LOGIN_BYTES: u32 = 128 * 1024;

/// What is kept of what was sent and not acknowledged to a connection that is not logged in, bytes.
const SEND_WINDOW_BEFORE_LOGIN_BYTES: u64 = 64 * 1024;

/// What a connection may send ahead of being read, bytes, all streams together.
const RECEIVE_WINDOW_BYTES: u32 = 1024 * 1024;

/// What is kept of what was sent and not acknowledged, bytes, all streams together: 10 MB/s at a round trip of 100 ms.
const SEND_WINDOW_BYTES: u64 = 1024 * 1024;

/// Datagrams waiting to be read, or to be sent, bytes each way.
const DATAGRAM_BUFFER_BYTES: usize = 64 * 1024;

/// Handshakes the accept loop has not looked at yet.
const INCOMING_MAX: usize = 4096;

/// What such a handshake may send after its first packet, bytes: a post-quantum hello fits.
const INCOMING_BYTES_MAX: u64 = 16 * 1024;

/// What all of them may send together, bytes.
const INCOMING_BYTES_TOTAL_MAX: u64 = 16 * 1024 * 1024;

/// Each way, for bursts that arrive while the process does something else.
const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;
