//! The endpoint over loopback, against a client that accepts any certificate.
#![allow(clippy::unwrap_used)]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chat_server::cert::{self, ServerIdentity};
use chat_server::config::Config;
use chat_server::endpoint;
use futures_util::FutureExt;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, ConnectionError, Endpoint, VarInt};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// Long enough for a busy machine, shorter than the idle timeout that would hide a missing reset.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Debug)]
struct TrustAnybody;

impl ServerCertVerifier for TrustAnybody {
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

fn dialer(alpn: &[u8]) -> Endpoint {
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(TrustAnybody))
        .with_no_client_auth();
    tls.alpn_protocols = vec![alpn.to_vec()];
    tls.enable_early_data = true;
    let mut dialer = Endpoint::client(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    dialer.set_default_client_config(ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap())));
    dialer
}

fn listen(data: &Path, listen: &str) -> Result<Endpoint, endpoint::EndpointError> {
    let config = config(data, listen);
    endpoint::open(&config, &identity(&config))
}

fn config(data: &Path, listen: &str) -> Config {
    Config { listen: listen.parse().unwrap(), ..Config::new(data.to_owned()) }
}

fn identity(config: &Config) -> ServerIdentity {
    ServerIdentity::open(config, SystemTime::now()).unwrap()
}

async fn pair(dialer: &Endpoint, server: &Endpoint) -> (Connection, Connection) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, server.local_addr().unwrap().port()));
    let accept = async { server.accept().await.unwrap().await.unwrap() };
    let dial = async { dialer.connect(address, "localhost").unwrap().await.unwrap() };
    tokio::join!(dial, accept)
}

#[tokio::test]
async fn a_stranger_gets_one_small_stream_and_a_user_gets_more() {
    let data = tempfile::tempdir().unwrap();
    let (dialer, server) = (dialer(chat_proto::ALPN), listen(data.path(), "127.0.0.1:0").unwrap());
    let (client, served) = pair(&dialer, &server).await;

    let (mut control, _replies) = client.open_bi().await.unwrap();
    assert!(client.open_uni().now_or_never().is_none(), "a stranger opened a unidirectional stream");
    assert!(client.open_bi().now_or_never().is_none(), "a stranger opened a second stream");
    let mut taken = 0;
    while let Some(written) = control.write(&[0; 4096]).now_or_never() {
        taken += written.unwrap();
    }
    assert_eq!(taken, 128 * 1024, "what a stranger may send to somebody who does not read");

    endpoint::after_login(&served);
    timeout(PATIENCE, client.open_bi()).await.unwrap().unwrap();
    assert!(client.open_uni().now_or_never().is_none(), "streams of the client are bidirectional");
}

#[tokio::test]
async fn a_client_of_another_protocol_is_refused_by_name() {
    let data = tempfile::tempdir().unwrap();
    let (dialer, server) = (dialer(b"h3"), listen(data.path(), "127.0.0.1:0").unwrap());
    let dial = dialer.connect(server.local_addr().unwrap(), "localhost").unwrap();
    let (dialled, accepted) = tokio::join!(dial, async { server.accept().await.unwrap().await });
    assert!(accepted.is_err());
    // RFC 9001, 4.8: 0x0100 and the TLS alert no_application_protocol, 120.
    let ConnectionError::ConnectionClosed(close) = dialled.unwrap_err() else { panic!("not closed by the server") };
    assert_eq!(u64::from(close.error_code), 0x0100 + 120);
}

#[tokio::test]
async fn a_returning_client_cannot_send_early_data() {
    let data = tempfile::tempdir().unwrap();
    let (dialer, server) = (dialer(chat_proto::ALPN), listen(data.path(), "127.0.0.1:0").unwrap());
    let (client, served) = pair(&dialer, &server).await;
    // A session ticket would travel ahead of what is sent after the handshake.
    served.open_uni().await.unwrap().finish().unwrap();
    let mut first = timeout(PATIENCE, client.accept_uni()).await.unwrap().unwrap();
    first.read_to_end(16).await.unwrap();
    let again = dialer.connect(server.local_addr().unwrap(), "localhost").unwrap();
    assert!(again.into_0rtt().is_err(), "the server offers early data");
}

#[test]
fn a_client_of_a_killed_server_learns_it_at_its_next_packet() {
    let data = tempfile::tempdir().unwrap();
    let before = Runtime::new().unwrap();
    let after = Runtime::new().unwrap();
    let server = before.block_on(async { listen(data.path(), "127.0.0.1:0").unwrap() });
    let address = server.local_addr().unwrap();
    let (client, served) = after.block_on(async {
        let dialer = dialer(chat_proto::ALPN);
        let dial = dialer.connect(address, "localhost").unwrap();
        let accept = before.spawn(async move { server.accept().await.unwrap().await.unwrap() });
        let (client, served) = tokio::join!(dial, accept);
        (client.unwrap(), served.unwrap())
    });
    // As a kill does: nobody is left to say goodbye.
    before.shutdown_timeout(PATIENCE);
    drop(served);
    after.block_on(async {
        let _restarted = listen(data.path(), &address.to_string()).unwrap();
        // A packet that was still under way may have brought the reset already.
        if let Ok((mut control, _replies)) = client.open_bi().await {
            control.write_all(b"is anybody there").await.unwrap();
        }
        let reason = timeout(PATIENCE, client.closed()).await.expect("no reset came");
        assert_eq!(reason, ConnectionError::Reset);
    });
}

#[tokio::test]
async fn a_renewed_certificate_reaches_newcomers_without_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let (dialer, server) = (dialer(chat_proto::ALPN), listen(data.path(), "127.0.0.1:0").unwrap());
    let renewed = cert::make(&data.path().join("renewed"), &["localhost".to_owned()], SystemTime::now()).unwrap();
    let expected = CertificateDer::from_pem_file(&renewed.cert).unwrap();
    std::fs::rename(&renewed.key, data.path().join("server.key")).unwrap();
    std::fs::rename(&renewed.cert, data.path().join("server.crt")).unwrap();
    let shown = async {
        loop {
            let (client, served) = pair(&dialer, &server).await;
            // What comes on a stream comes after a session ticket, with which the next connection would resume this one.
            served.open_uni().await.unwrap().finish().unwrap();
            client.accept_uni().await.unwrap().read_to_end(0).await.unwrap();
            let chain = client.peer_identity().unwrap().downcast::<Vec<CertificateDer<'_>>>().unwrap();
            if chain[0] == expected {
                break;
            }
        }
    };
    timeout(PATIENCE, shown).await.expect("the old certificate is still shown");
}

#[tokio::test]
async fn a_busy_port_is_named_with_what_to_do() {
    let data = tempfile::tempdir().unwrap();
    let first = listen(data.path(), "127.0.0.1:0").unwrap();
    let address = first.local_addr().unwrap();
    let error = listen(data.path(), &address.to_string()).unwrap_err().to_string();
    assert!(error.contains(&format!("UDP port {} is in use", address.port())), "{error}");
    assert!(error.contains("--listen"), "{error}");
}

#[tokio::test]
async fn an_address_the_machine_does_not_have_is_named() {
    let data = tempfile::tempdir().unwrap();
    let error = listen(data.path(), "192.0.2.1:0").unwrap_err().to_string();
    assert!(error.contains("no address 192.0.2.1"), "{error}");
}

#[tokio::test]
async fn the_default_address_serves_ipv4_with_and_without_ipv6() {
    let data = tempfile::tempdir().unwrap();
    let (dialer, server) = (dialer(chat_proto::ALPN), listen(data.path(), "[::]:0").unwrap());
    let (client, _served) = pair(&dialer, &server).await;
    client.close(VarInt::from_u32(0), b"");
}

#[tokio::test]
async fn a_reset_key_that_is_none_is_refused_and_left_alone() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("reset.key");
    std::fs::write(&path, b"short").unwrap();
    let error = listen(data.path(), "127.0.0.1:0").unwrap_err().to_string();
    assert!(error.contains("reset.key is not a reset key"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"short");
}
