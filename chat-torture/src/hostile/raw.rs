//! A client that does what it is told and nothing else: bare QUIC, from any address of this machine.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use chat_proto::auth::{EXPORTER_BYTES, EXPORTER_LABEL, transcript};
use chat_proto::codec::{Decode, encode_frame};
use chat_proto::limits::{REQUEST_FRAME_BYTES_MAX, SERVER_FRAME_BYTES_MAX};
use chat_proto::request::{DeviceAuth, Hello, Ping};
use chat_proto::{
    ALPN, CloseCode, DeviceKey, FrameBuffer, Reply, ReplyFrame, Request, RequestFrame, RequestId, VERSION,
};
use chat_tui::client::trust::Fingerprint;
use quinn::{Connection, ConnectionError, Endpoint, RecvStream, SendStream};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::time::timeout;

/// Longer than the server waits for anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

/// An endpoint that trusts anybody and offers these application protocols.
pub(super) fn endpoint(from: IpAddr, alpn: &[&[u8]]) -> anyhow::Result<Endpoint> {
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    tls.alpn_protocols = alpn.iter().map(|alpn| alpn.to_vec()).collect();
    let quic = quinn::crypto::rustls::QuicClientConfig::try_from(tls)?;
    let mut endpoint = Endpoint::client((from, 0).into())?;
    endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(quic)));
    Ok(endpoint)
}

/// A connection that has said nothing yet.
pub(super) async fn dial(endpoint: &Endpoint, server: SocketAddr) -> anyhow::Result<Connection> {
    let connecting = endpoint.connect(server, "localhost")?;
    Ok(timeout(PATIENCE, connecting).await.context("no handshake in time")??)
}

/// Waits until the server closes a connection: with which code, and none if it was not by one of them.
pub(super) async fn closed(connection: &Connection) -> anyhow::Result<Option<CloseCode>> {
    let error = timeout(PATIENCE, connection.closed()).await.context("never closed")?;
    Ok(match error {
        ConnectionError::ApplicationClosed(close) => CloseCode::from_number(close.error_code.into_inner()),
        ConnectionError::VersionMismatch
        | ConnectionError::TransportError(_)
        | ConnectionError::ConnectionClosed(_)
        | ConnectionError::Reset
        | ConnectionError::TimedOut
        | ConnectionError::LocallyClosed
        | ConnectionError::CidsExhausted => None,
    })
}

/// The first frame of a login, in a name and with a fresh key.
pub(super) fn hello(connection: &Connection, name: &str) -> anyhow::Result<Vec<u8>> {
    let chain = connection.peer_identity().and_then(|it| it.downcast::<Vec<CertificateDer<'static>>>().ok());
    let key = chain.and_then(|chain| Fingerprint::of_certificate(chain.first()?)).context("no certificate")?;
    let mut exporter = [0; EXPORTER_BYTES];
    let exported = connection.export_keying_material(&mut exporter, EXPORTER_LABEL, b"");
    exported.map_err(|e| anyhow::anyhow!("nothing to sign: {e:?}"))?;
    let pair = Ed25519KeyPair::generate()?;
    let device = DeviceKey(pair.public_key().as_ref().try_into()?);
    let signature = pair.sign(&transcript(&exporter, &key.0, &device, name)).as_ref().try_into()?;
    let auth = DeviceAuth { device, name: name.to_owned(), signature }.into();
    let hello =
        Hello { version_min: VERSION, version_max: VERSION, client: "torture".to_owned(), auth, resume: Vec::new() };
    frame(1, hello)
}

/// A request as it is sent.
pub(super) fn frame(id: u64, request: impl Into<Request>) -> anyhow::Result<Vec<u8>> {
    let frame = RequestFrame { id: RequestId(id), request: request.into() };
    Ok(encode_frame(&frame, REQUEST_FRAME_BYTES_MAX)?)
}

/// A connection that is logged in.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) connection: Connection,
    pub(super) control: Talk,
    last: u64,
}

impl Inside {
    /// Logs in under a name nobody has.
    pub(super) async fn enter(endpoint: &Endpoint, server: SocketAddr, name: &str) -> anyhow::Result<Self> {
        let connection = dial(endpoint, server).await?;
        let mut control = Talk::open(&connection).await?;
        control.send.write_all(&hello(&connection, name)?).await?;
        let reply = control.reply().await?;
        ensure!(matches!(reply, Reply::Welcome(_)), "{name} is not let in: {reply:?}");
        Ok(Self { connection, control, last: 1 })
    }

    /// Asks on the control stream.
    pub(super) async fn ask(&mut self, request: impl Into<Request>) -> anyhow::Result<Reply> {
        self.last += 1;
        self.control.send.write_all(&frame(self.last, request)?).await?;
        self.control.reply().await
    }

    /// Whether it is still served.
    pub(super) async fn ping(&mut self) -> anyhow::Result<()> {
        let reply = self.ask(Ping { token: 7 }).await?;
        ensure!(matches!(reply, Reply::Pong(_)), "a ping was answered by {reply:?}");
        Ok(())
    }
}

/// A bidirectional stream.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) send: SendStream,
    receive: RecvStream,
    buffer: FrameBuffer,
}

impl Talk {
    pub(super) async fn open(connection: &Connection) -> anyhow::Result<Self> {
        let (send, receive) = timeout(PATIENCE, connection.open_bi()).await.context("no stream in time")??;
        Ok(Self { send, receive, buffer: FrameBuffer::new(SERVER_FRAME_BYTES_MAX) })
    }

    pub(super) async fn reply(&mut self) -> anyhow::Result<Reply> {
        let reply = timeout(PATIENCE, self.next::<ReplyFrame>()).await.context("no answer in time")??;
        Ok(reply.context("the stream ended")?.reply)
    }

    async fn next<T: Decode<()>>(&mut self) -> anyhow::Result<Option<T>> {
        loop {
            if let Some(frame) = self.buffer.pop()? {
                return Ok(Some(frame));
            }
            let Some(chunk) = self.receive.read_chunk(usize::MAX, true).await? else { return Ok(None) };
            self.buffer.extend(&chunk.bytes);
        }
    }
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

/// What an attacker begins with.
pub(super) const OURS: &[&[u8]] = &[ALPN];
