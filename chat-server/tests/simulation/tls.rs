//! The one certificate of all simulated servers: an Ed25519 one, because its signatures always have the same length.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use chat_server::cert::ServerIdentity;
use rcgen::{CertificateParams, KeyPair, PKCS_ED25519};
use rustls::crypto::aws_lc_rs::default_provider;

struct Files {
    cert: PathBuf,
    key: PathBuf,
    certificate: rustls::pki_types::CertificateDer<'static>,
    _directory: tempfile::TempDir,
}

fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let certificate = CertificateParams::new([HOST.to_owned()]).unwrap().self_signed(&pair).unwrap();
        let (cert, key) = (directory.path().join("server.crt"), directory.path().join("server.key"));
        std::fs::write(&cert, certificate.pem()).unwrap();
        chat_server::data_dir::write_new(&key, pair.serialize_pem().as_bytes()).unwrap();
        Files { cert, key, certificate: certificate.der().clone(), _directory: directory }
    })
}

/// Who the server is.
pub fn identity() -> ServerIdentity {
    let files = files();
    ServerIdentity::from_files(files.cert.clone(), files.key.clone()).unwrap()
}

/// The server's half of a handshake.
pub fn server() -> quinn::ServerConfig {
    chat_server::endpoint::server_config(identity().resolver).unwrap()
}

/// A client's half, without a client.
pub fn client() -> quinn::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(files().certificate.clone()).unwrap();
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![chat_proto::ALPN.to_vec()];
    quinn::ClientConfig::new(Arc::new(quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap()))
}

/// The name the server is known under.
pub const HOST: &str = "chat.example.org";
