//! A server in this process, and a client that speaks the bare protocol: it holds no state a test doesn't give it.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::unwrap_in_result
)]

pub mod counting;
pub mod files;
pub mod owned;
pub mod proofs;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use chat_proto::auth::{EXPORTER_BYTES, EXPORTER_LABEL, transcript};
use chat_proto::codec::{Decode, encode_frame};
use chat_proto::delivery::{Events, StreamHeader};
use chat_proto::guest::GuestAuth;
use chat_proto::limits::{REQUEST_FRAME_BYTES_MAX, SERVER_FRAME_BYTES_MAX};
use chat_proto::reply::{Receipt, Welcome};
use chat_proto::request::{CreateRoom, DeviceAuth, Hello, JoinRoom, Post};
use chat_proto::{
    ALPN, Auth, Delivery, DeviceKey, Event, FrameBuffer, MessageKey, Position, Reject, Reply, ReplyFrame, Request,
    RequestFrame, RequestId, RoomId, RoomInfo, RoomRef, Style, VERSION,
};
use chat_server::cert::ServerIdentity;
use chat_server::config::Config;
use chat_server::endpoint;
use chat_server::environment::Environment;
use chat_server::server::{self, Parts, Settings};
use chat_server::store::{MemoryStore, Store};
use quinn::{Connection, Endpoint, RecvStream, SendStream, WriteError};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longer than anything a test waits for takes; a test that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A server in this process.
pub struct TestServer {
    pub address: SocketAddr,
    pub key: [u8; 32],
    pub store: Arc<dyn Store>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    directory: TempDir,
    settings: Settings,
    /// How far its clock is ahead of the machine's, microseconds.
    ahead: Arc<AtomicI64>,
}

impl TestServer {
    pub fn start() -> Self {
        Self::start_with(Arc::new(MemoryStore::default()), Settings::default())
    }

    pub fn start_with(store: Arc<dyn Store>, settings: Settings) -> Self {
        Self::start_ahead(store, settings, Arc::default())
    }

    /// One whose clock is ahead of the machine's by what the number says at any time, microseconds.
    pub fn start_ahead(store: Arc<dyn Store>, settings: Settings, ahead: Arc<AtomicI64>) -> Self {
        Self::open(tempfile::tempdir().unwrap(), "127.0.0.1:0".parse().unwrap(), store, settings, ahead)
    }

    fn open(
        directory: TempDir,
        listen: SocketAddr,
        store: Arc<dyn Store>,
        settings: Settings,
        ahead: Arc<AtomicI64>,
    ) -> Self {
        let mut config = Config::new(directory.path().to_owned());
        config.listen = listen;
        let identity = Arc::new(ServerIdentity::open(&config, SystemTime::now()).unwrap());
        let endpoint = endpoint::open(&config, &identity).unwrap();
        let address = endpoint.local_addr().unwrap();
        let key = identity.spki_sha256();
        let shutdown = CancellationToken::new();
        let parts = Parts {
            endpoint,
            server_key: Arc::new(move || identity.spki_sha256()),
            store: Arc::clone(&store),
            environment: clock_ahead(Arc::clone(&ahead)),
            settings: settings.clone(),
        };
        let stop = shutdown.clone();
        let task = tokio::spawn(async move { server::serve(parts, stop).await.unwrap() });
        Self { address, key, store, shutdown, task, directory, settings, ahead }
    }

    /// Goes down in order.
    pub async fn stop(self) -> (TempDir, SocketAddr, Arc<dyn Store>, Settings) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap();
        (self.directory, self.address, self.store, self.settings)
    }

    /// Goes down in order and comes back on the same port with the same key and store.
    pub async fn restart(self) -> Self {
        let ahead = Arc::clone(&self.ahead);
        let (directory, address, store, settings) = self.stop().await;
        Self::open(directory, address, store, settings, ahead)
    }
}

fn clock_ahead(ahead: Arc<AtomicI64>) -> Environment {
    let now = move || chat_proto::Timestamp(Environment::real().now().0 + ahead.load(Ordering::SeqCst));
    Environment::new(now, |bytes| getrandom::fill(bytes).unwrap())
}

#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// The way of a client that trusts anybody and offers these application protocols.
pub fn client_config(alpn: &[&[u8]]) -> quinn::ClientConfig {
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    tls.alpn_protocols = alpn.iter().map(|alpn| alpn.to_vec()).collect();
    let quic = quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap();
    quinn::ClientConfig::new(Arc::new(quic))
}

/// An endpoint of such a client.
pub fn client_endpoint(alpn: &[&[u8]]) -> Endpoint {
    let mut endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    endpoint.set_default_client_config(client_config(alpn));
    endpoint
}

/// A connection that has said nothing yet.
pub async fn dial(server: &TestServer) -> Connection {
    client_endpoint(&[ALPN]).connect(server.address, "localhost").unwrap().await.unwrap()
}

/// A device's key.
pub struct Device {
    pair: Ed25519KeyPair,
}

impl Device {
    pub fn new() -> Self {
        Self { pair: Ed25519KeyPair::generate().unwrap() }
    }

    pub fn key(&self) -> DeviceKey {
        DeviceKey(self.pair.public_key().as_ref().try_into().unwrap())
    }

    /// The proof of a guest.
    pub fn prove_guest(&self, connection: &Connection, server_key: &[u8; 32], name: &str) -> GuestAuth {
        let DeviceAuth { device, name, signature } = self.prove(connection, server_key, name);
        GuestAuth { device, name, signature }
    }

    /// The proof for a connection to a server, in a name.
    pub fn prove(&self, connection: &Connection, server_key: &[u8; 32], name: &str) -> DeviceAuth {
        let mut exporter = [0; EXPORTER_BYTES];
        connection.export_keying_material(&mut exporter, EXPORTER_LABEL, b"").unwrap();
        let signed = transcript(&exporter, server_key, &self.key(), name);
        let signature = self.pair.sign(&signed).as_ref().try_into().unwrap();
        DeviceAuth { device: self.key(), name: name.to_owned(), signature }
    }
}

/// Frames from a stream.
pub struct Frames {
    stream: RecvStream,
    buffer: FrameBuffer,
}

impl Frames {
    pub fn new(stream: RecvStream) -> Self {
        Self { stream, buffer: FrameBuffer::new(SERVER_FRAME_BYTES_MAX) }
    }

    /// What is behind the frames, to the end of the stream; nothing if that broke off.
    pub async fn rest(mut self) -> Option<Vec<u8>> {
        let mut rest = self.buffer.into_rest();
        while let Some(chunk) = self.stream.read_chunk(usize::MAX, true).await.ok()? {
            rest.extend_from_slice(&chunk.bytes);
        }
        Some(rest)
    }

    pub async fn next<T: Decode<()>>(&mut self) -> Option<T> {
        loop {
            if let Some(frame) = self.buffer.pop().unwrap() {
                return Some(frame);
            }
            let chunk = self.stream.read_chunk(usize::MAX, true).await.ok()??;
            self.buffer.extend(&chunk.bytes);
        }
    }
}

static LAST_KEY: AtomicU64 = AtomicU64::new(1);

/// A key nobody used.
pub fn fresh_key() -> MessageKey {
    let mut key = [7; 16];
    key[..8].copy_from_slice(&LAST_KEY.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    MessageKey(key)
}

/// A logged-in connection.
pub struct RawClient {
    pub connection: Connection,
    pub welcome: Welcome,
    pub send: SendStream,
    pub replies: Frames,
    pub background: Frames,
    /// Deliveries that were read and not asked for yet.
    pub pending: VecDeque<Delivery>,
    last: u64,
}

impl RawClient {
    pub async fn login(server: &TestServer, device: &Device, name: &str) -> Self {
        Self::resume(server, device, name, Vec::new()).await
    }

    pub async fn resume(server: &TestServer, device: &Device, name: &str, resume: Vec<Position>) -> Self {
        let (connection, hello) = Self::hello(server, device, name, resume).await;
        let (send, mut replies, reply) = say_hello(&connection, hello).await;
        let Reply::Welcome(welcome) = reply else { panic!("{reply:?}") };
        let mut background = Frames::new(connection.accept_uni().await.unwrap());
        background.next::<StreamHeader>().await.unwrap();
        let _ = &mut replies;
        Self { connection, welcome, send, replies, background, pending: VecDeque::new(), last: 1 }
    }

    /// A connection that logs in in some other way than by a device's key.
    pub async fn enter(connection: Connection, auth: Auth, resume: Vec<Position>) -> Result<Self, Reject> {
        let hello = Hello { version_min: VERSION, version_max: VERSION, client: "raw".to_owned(), auth, resume };
        let (send, replies, reply) = say_hello(&connection, hello).await;
        let welcome = match reply {
            Reply::Welcome(welcome) => welcome,
            Reply::Reject(reject) => return Err(reject),
            reply => panic!("{reply:?}"),
        };
        let mut background = Frames::new(connection.accept_uni().await.unwrap());
        background.next::<StreamHeader>().await.unwrap();
        Ok(Self { connection, welcome, send, replies, background, pending: VecDeque::new(), last: 1 })
    }

    pub async fn hello(server: &TestServer, device: &Device, name: &str, resume: Vec<Position>) -> (Connection, Hello) {
        let connection = dial(server).await;
        let auth = device.prove(&connection, &server.key, name).into();
        let hello = Hello { version_min: VERSION, version_max: VERSION, client: "raw".to_owned(), auth, resume };
        (connection, hello)
    }

    pub async fn begin(&mut self, request: impl Into<Request>) -> RequestId {
        self.try_begin(request).await.unwrap()
    }

    /// Sends a request, if the connection is still open.
    pub async fn try_begin(&mut self, request: impl Into<Request>) -> Result<RequestId, WriteError> {
        self.last += 1;
        let id = RequestId(self.last);
        let frame = RequestFrame { id, request: request.into() };
        self.send.write_all(&encode_frame(&frame, REQUEST_FRAME_BYTES_MAX).unwrap()).await.map(|()| id)
    }

    pub async fn ask(&mut self, request: impl Into<Request>) -> Reply {
        let id = self.begin(request).await;
        let reply = tokio::time::timeout(PATIENCE, self.replies.next::<ReplyFrame>()).await.unwrap().unwrap();
        assert_eq!(reply.id, id);
        reply.reply
    }

    pub async fn refused(&mut self, request: impl Into<Request>) -> Reject {
        match self.ask(request).await {
            Reply::Reject(reject) => reject,
            reply => panic!("{reply:?}"),
        }
    }

    pub async fn join(&mut self, room: &str) -> RoomInfo {
        let join = JoinRoom { key: fresh_key(), room: RoomRef::Name(room.to_owned()), create: true };
        match self.ask(join).await {
            Reply::RoomInfo(info) => info,
            reply => panic!("{reply:?}"),
        }
    }

    pub async fn create(&mut self, room: &str) -> RoomInfo {
        let create = CreateRoom { key: fresh_key(), name: room.to_owned(), topic: String::new() };
        match self.ask(create).await {
            Reply::RoomInfo(info) => info,
            reply => panic!("{reply:?}"),
        }
    }

    pub async fn post(&mut self, room: RoomId, text: &str) -> Receipt {
        match self.ask(post(room, text)).await {
            Reply::Receipt(receipt) => receipt,
            reply => panic!("{reply:?}"),
        }
    }

    pub async fn delivery(&mut self) -> Delivery {
        if let Some(delivery) = self.pending.pop_front() {
            return delivery;
        }
        let frame = tokio::time::timeout(PATIENCE, self.background.next::<Delivery>()).await;
        frame.expect("a delivery in time").expect("an open stream")
    }

    /// Deliveries up to the first one that is looked for.
    pub async fn expect<T>(&mut self, mut look: impl FnMut(&Delivery) -> Option<T>) -> T {
        loop {
            let delivery = self.delivery().await;
            if let Some(found) = look(&delivery) {
                return found;
            }
        }
    }

    /// The next events of a room.
    pub async fn events(&mut self, room: RoomId) -> Vec<Event> {
        self.expect(|delivery| match delivery {
            Delivery::Events(Events { feed, events, .. }) if *feed == chat_proto::FeedId::Room(room) => {
                Some(events.clone())
            }
            _ => None,
        })
        .await
    }
}

/// Says hello and takes the answer.
pub async fn say_hello(connection: &Connection, hello: Hello) -> (SendStream, Frames, Reply) {
    let (mut send, recv) = connection.open_bi().await.unwrap();
    let frame = RequestFrame { id: RequestId(1), request: hello.into() };
    send.write_all(&encode_frame(&frame, REQUEST_FRAME_BYTES_MAX).unwrap()).await.unwrap();
    let mut replies = Frames::new(recv);
    let reply = tokio::time::timeout(PATIENCE, replies.next::<ReplyFrame>()).await.unwrap().unwrap();
    (send, replies, reply.reply)
}

pub fn post(room: RoomId, text: &str) -> Post {
    Post { key: fresh_key(), room, style: Style::Text, text: text.to_owned() }
}
