//! One connection, from a name to a login: resolve, dial, check the key, prove who is here.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chat_proto::auth::{EXPORTER_BYTES, EXPORTER_LABEL};
use chat_proto::limits::{HELLO_FRAME_BYTES_MAX, LOGIN_TIMEOUT_MS, SERVER_FRAME_BYTES_MAX};
use chat_proto::reply::Welcome;
use chat_proto::request::Hello;
use chat_proto::{
    ALPN, CloseCode, FrameBuffer, Position, Reject, Reply, ReplyFrame, RequestFrame, RequestId, Retry, VERSION,
    VERSION_MIN, codec,
};
use futures_util::future::select_ok;
use quinn::{ConnectionError, TransportErrorCode, VarInt};
use rustls::crypto::CryptoProvider;
use tokio::time::{sleep, timeout};

use super::identity::Identity;
use super::transport::transport;
use super::trust::{self, Fingerprint, KnownServers, Trust};
use super::verify::{Authorities, CertificateClock, Check, Expected, Found};
use super::{Environment, Login, Question, Settings, StopReason, TrustAnswer, TrustPolicy};

/// A connection that is logged in.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) connection: quinn::Connection,
    pub(super) requests: quinn::SendStream,
    pub(super) replies: quinn::RecvStream,
    /// What was read of the control stream behind the welcome.
    pub(super) buffer: FrameBuffer,
    pub(super) welcome: Welcome,
}

/// Why there is no link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DialError {
    /// It may work later.
    Later { reason: String, wait: Duration },
    /// It would fail the same way.
    Stop(StopReason),
}

fn later(reason: impl fmt::Display) -> DialError {
    DialError::Later { reason: reason.to_string(), wait: Duration::ZERO }
}

/// What is needed to dial again and again.
#[derive(Debug)]
pub(super) struct Dialer {
    pub(super) settings: Settings,
    /// Whether what is shown once was shown, and let this device in.
    pub(super) admitted: AtomicBool,
    pub(super) environment: Environment,
    pub(super) identity: Identity,
    pub(super) endpoint: quinn::Endpoint,
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) authorities: Arc<Authorities>,
}

impl Dialer {
    /// Dials and logs in.
    pub(super) async fn dial(self: Arc<Self>, resume: Vec<Position>) -> Result<Link, DialError> {
        let (connection, key) = self.connect().await?;
        let login = timeout(Duration::from_millis(LOGIN_TIMEOUT_MS), self.log_in(&connection, key, resume));
        let result =
            login.await.unwrap_or_else(|_| Err(later(format_args!("{} does not answer the login", self.server()))));
        if let Err(error) = &result {
            let (code, reason) = match error {
                DialError::Later { reason, .. } => (CloseCode::Bye, reason.as_str()),
                DialError::Stop(_) => (CloseCode::Bye, "login refused"),
            };
            connection.close(VarInt::from_u32(code.number()), reason.as_bytes());
        }
        result
    }

    fn server(&self) -> String {
        self.settings.server.authority()
    }

    fn known(&self) -> KnownServers {
        KnownServers::in_dir(&self.settings.data)
    }

    fn pin(&self) -> Option<&str> {
        let link = self.settings.server.pin.as_deref();
        match &self.settings.trust {
            // An invitation is for the server of its link, whatever else is trusted.
            TrustPolicy::Pin(_) if self.settings.server.invite.is_some() => link,
            TrustPolicy::Pin(pin) => Some(pin),
            TrustPolicy::Ask(_) | TrustPolicy::AcceptNew | TrustPolicy::RefuseUnknown => link,
        }
    }

    /// A connection to a server that is trusted, and the fingerprint of its key.
    async fn connect(&self) -> Result<(quinn::Connection, Fingerprint), DialError> {
        let server = &self.settings.server;
        let failed = |e: trust::TrustError| DialError::Stop(StopReason::Failed(e.to_string()));
        let known = self.known().find(server).map_err(failed)?;
        let expected = match (self.pin(), &known) {
            (Some(pin), _) => Expected::Key(pin.to_owned()),
            (None, Some(Trust::Key(key))) => Expected::Key(key.clone()),
            (None, Some(Trust::Webpki(_))) => Expected::Vouched,
            (None, None) => Expected::Nothing,
        };
        let (connection, found) = self.reach(expected).await?;
        let remember = |trust| if known.is_none() { self.known().remember(server, trust) } else { Ok(()) };
        match found {
            Found::Expected(key) => {
                remember(Trust::Key(key.to_string())).map_err(failed)?;
                Ok((connection, key))
            }
            Found::Vouched(key) => {
                remember(Trust::Webpki(key.to_string())).map_err(failed)?;
                Ok((connection, key))
            }
            Found::Unknown(key) => {
                if trust::is_loopback(&server.host) {
                    tracing::info!(server = server.authority(), "trusting a server of this machine");
                } else if !matches!(self.settings.trust, TrustPolicy::AcceptNew) {
                    return self.ask(connection, key).await;
                }
                remember(Trust::Key(key.to_string())).map_err(failed)?;
                Ok((connection, key))
            }
            // The handshake fails on these; a connection with them does not exist.
            Found::Other(_) | Found::NotVouched(..) => Err(later("the server's key was refused")),
        }
    }

    /// Hangs up on an unknown server, asks, and dials again for the very key that was asked about.
    async fn ask(
        &self,
        connection: quinn::Connection,
        key: Fingerprint,
    ) -> Result<(quinn::Connection, Fingerprint), DialError> {
        let server = &self.settings.server;
        let remote = connection.remote_address();
        // A dual-stack socket writes IPv4 addresses as IPv6.
        let address = SocketAddr::new(remote.ip().to_canonical(), remote.port());
        connection.close(VarInt::from_u32(CloseCode::Untrusted.number()), b"unknown key");
        drop(connection);
        let untrusted = |text| Err(DialError::Stop(StopReason::Untrusted(text)));
        let TrustPolicy::Ask(asker) = &self.settings.trust else {
            return untrusted(trust::unknown_server(server, key));
        };
        let question = Question { server: server.authority(), address, fingerprint: key.to_string() };
        match asker.ask(question).await {
            TrustAnswer::Yes => {}
            TrustAnswer::Fingerprint(text) if text.trim() == key.to_string() => {}
            TrustAnswer::Fingerprint(text) => return untrusted(trust::wrong_pin(server, text.trim(), key)),
            TrustAnswer::No => return untrusted(format!("{server} was not trusted; nothing was sent")),
        }
        let trust = Trust::Key(key.to_string());
        self.known().remember(server, trust).map_err(|e| DialError::Stop(StopReason::Failed(e.to_string())))?;
        let (connection, _) = self.reach(Expected::Key(key.to_string())).await?;
        Ok((connection, key))
    }

    /// A connection to whichever address of the server answers first.
    async fn reach(&self, expected: Expected) -> Result<(quinn::Connection, Found), DialError> {
        let server = &self.settings.server;
        let attempt = async {
            let addresses = self.environment.network.resolve(&server.host, server.port).await;
            let addresses = addresses.map_err(|e| later(format_args!("cannot find {}: {e}", server.host)))?;
            let tries = addresses.into_iter().take(ADDRESSES_MAX).zip(0u32..).map(|(address, nth)| {
                let expected = expected.clone();
                Box::pin(async move {
                    sleep(ADDRESS_STAGGER * nth).await;
                    match self.reach_address(address, expected).await {
                        // An answer, though not a welcome one: no other address is asked.
                        Err(stop @ DialError::Stop(_)) => Ok(Err(stop)),
                        Err(later @ DialError::Later { .. }) => Err(later),
                        Ok(reached) => Ok(Ok(reached)),
                    }
                })
            });
            let tries: Vec<_> = tries.collect();
            if tries.is_empty() {
                return Err(later(format_args!("{} has no address", server.host)));
            }
            select_ok(tries).await.and_then(|(reached, _)| reached)
        };
        timeout(CONNECT_TIMEOUT, attempt).await.unwrap_or_else(|_| Err(later(self.no_answer())))
    }

    fn no_answer(&self) -> String {
        let server = &self.settings.server;
        format!(
            "no answer from {} on UDP port {}; check the name and the port, that the server runs, and that no firewall \
             on the way blocks UDP",
            server.host, server.port
        )
    }

    async fn reach_address(
        &self,
        address: SocketAddr,
        expected: Expected,
    ) -> Result<(quinn::Connection, Found), DialError> {
        let check = Arc::new(Check::new(expected.clone(), Arc::clone(&self.authorities)));
        let config = self.tls(&check).map_err(|e| DialError::Stop(StopReason::Failed(e)))?;
        let connecting = self
            .endpoint
            .connect_with(config, address, &self.settings.server.host)
            .map_err(|e| later(format_args!("cannot dial {address}: {e}")))?;
        match connecting.await {
            Ok(connection) => match check.found() {
                Some(found) => Ok((connection, found)),
                None => Err(later("the server showed no certificate")),
            },
            Err(error) => Err(self.refused(&error, check.found(), &expected)),
        }
    }

    fn tls(&self, check: &Arc<Check>) -> Result<quinn::ClientConfig, String> {
        let clock = Arc::new(CertificateClock(self.environment.clock.clone()));
        let mut tls = rustls::ClientConfig::builder_with_details(Arc::clone(&self.provider), clock)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|e| e.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::<Check>::clone(check))
            .with_no_client_auth();
        tls.alpn_protocols = vec![ALPN.to_vec()];
        // A resumed handshake shows no certificate, and the key is to be seen every time.
        tls.resumption = rustls::client::Resumption::disabled();
        let crypto = quinn::crypto::rustls::QuicClientConfig::try_from(tls).map_err(|e| e.to_string())?;
        let mut config = quinn::ClientConfig::new(Arc::new(crypto));
        config.transport_config(Arc::new(transport()));
        Ok(config)
    }

    /// Why a handshake failed, for people.
    fn refused(&self, error: &ConnectionError, found: Option<Found>, expected: &Expected) -> DialError {
        let server = &self.settings.server;
        let untrusted = |text| DialError::Stop(StopReason::Untrusted(text));
        match (found, expected) {
            (Some(Found::Other(shown)), Expected::Key(key)) if self.pin() == Some(key) => {
                return untrusted(trust::wrong_pin(server, key, shown));
            }
            (Some(Found::Other(shown)), Expected::Key(key)) => {
                return untrusted(trust::changed_key(server, key, shown));
            }
            (Some(Found::NotVouched(shown, why)), _) => {
                return untrusted(trust::no_longer_vouched(server, shown, &why));
            }
            (Some(_) | None, _) => {}
        }
        closed(error, &self.server()).unwrap_or_else(|| {
            if *error == ConnectionError::TimedOut {
                later(self.no_answer())
            } else {
                later(format_args!("{server} cannot be reached: {error}"))
            }
        })
    }

    async fn log_in(
        &self,
        connection: &quinn::Connection,
        key: Fingerprint,
        resume: Vec<Position>,
    ) -> Result<Link, DialError> {
        let lost = |e: ConnectionError| self.lost(&e);
        let mut exporter = [0; EXPORTER_BYTES];
        connection
            .export_keying_material(&mut exporter, EXPORTER_LABEL, b"")
            .map_err(|_| later("the handshake gives no value to sign"))?;
        let admitted = self.admitted.load(Ordering::Relaxed);
        let login = if admitted { &Login::Device } else { &self.settings.login };
        let auth = login.prove(&self.identity, &exporter, &key.0, &self.settings.name);
        let hello = Hello {
            version_min: VERSION_MIN,
            version_max: VERSION,
            client: self.settings.program.clone(),
            auth,
            resume,
        };
        let frame = RequestFrame { id: RequestId(0), request: hello.into() };
        let frame = codec::encode_frame(&frame, HELLO_FRAME_BYTES_MAX).map_err(later)?;
        let (mut requests, mut replies) = connection.open_bi().await.map_err(lost)?;
        let broken = || connection.close_reason().map_or_else(|| later("the control stream broke"), |e| self.lost(&e));
        requests.write_all(&frame).await.map_err(|_| broken())?;
        let mut buffer = FrameBuffer::new(SERVER_FRAME_BYTES_MAX);
        let reply = loop {
            if let Some(ReplyFrame { reply, .. }) = buffer.pop().map_err(later)? {
                break reply;
            }
            match replies.read_chunk(READ_BYTES, true).await {
                Ok(Some(chunk)) => buffer.extend(&chunk.bytes),
                Ok(None) | Err(_) => return Err(broken()),
            }
        };
        let kind = reply.kind();
        if let Reply::Reject(reject) = reply {
            return Err(rejected(reject));
        }
        let Reply::Welcome(welcome) = reply else {
            return Err(later(format_args!("the server answered the login with a reply of kind {kind}")));
        };
        if self.settings.login.is_once() {
            self.admitted.store(true, Ordering::Relaxed);
        }
        Ok(Link { connection: connection.clone(), requests, replies, buffer, welcome })
    }

    fn lost(&self, error: &ConnectionError) -> DialError {
        closed(error, &self.server()).unwrap_or_else(|| later(format_args!("connection lost: {error}")))
    }
}

fn rejected(reject: Reject) -> DialError {
    match reject.retry {
        Retry::Later => {
            let wait = Duration::from_millis(reject.retry_after_ms.into());
            DialError::Later { reason: reject.to_string(), wait }
        }
        Retry::Never | Retry::AfterChange => DialError::Stop(StopReason::Refused(reject)),
    }
}

/// What a close during dialling means, if the server said anything about it.
fn closed(error: &ConnectionError, server: &str) -> Option<DialError> {
    let wrong_version = |text| Some(DialError::Stop(StopReason::Version(text)));
    match error {
        ConnectionError::ApplicationClosed(close) => {
            let said = super::clean_reason(&close.reason);
            match CloseCode::from_number(close.error_code.into_inner()) {
                Some(CloseCode::Version) => wrong_version(format!("{server} speaks another version: {said}")),
                Some(code) if code.is_final() => Some(DialError::Stop(StopReason::Ended(said))),
                Some(code) => Some(later(format_args!("{server} hung up ({code:?}): {said}"))),
                None => Some(later(format_args!("{server} hung up: {said}"))),
            }
        }
        ConnectionError::ConnectionClosed(close)
            if close.error_code == TransportErrorCode::crypto(NO_APPLICATION_PROTOCOL) =>
        {
            wrong_version(format!("{server} does not speak chat/1"))
        }
        ConnectionError::VersionMismatch => wrong_version(format!("{server} speaks another version of QUIC")),
        ConnectionError::ConnectionClosed(_)
        | ConnectionError::TransportError(_)
        | ConnectionError::Reset
        | ConnectionError::TimedOut
        | ConnectionError::LocallyClosed
        | ConnectionError::CidsExhausted => None,
    }
}

/// From a name to a connection whose key is known, at most: the promise is an answer within 5 s, whichever it is.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(4_500);

/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;

/// How long after one address the next is tried as well (RFC 8305, 5).
const ADDRESS_STAGGER: Duration = Duration::from_millis(250);

/// What one read of a stream takes at most, bytes.
pub(super) const READ_BYTES: usize = 64 * 1024;

/// The TLS alert of a server that speaks none of the protocols offered (RFC 7301, 3.2).
const NO_APPLICATION_PROTOCOL: u8 = 120;
