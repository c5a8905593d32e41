//! The key and certificate the server shows: given as PEM files and read again when they change, or self-signed and kept.
//!
//! Clients pin the public key, never the certificate, so the fingerprint is of the SubjectPublicKeyInfo (RFC 5280, 4.1).

mod pem;
mod self_signed;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::config::Config;
use pem::{Pair, Stamp};
pub use self_signed::{Made, make};

/// Why there is no usable key and certificate. Every message names the file and what to do.
#[derive(Debug, Error)]
pub enum CertError {
    /// A file cannot be read.
    #[error("cannot read {path}: {reason}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {reason}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// A file that must not be replaced.
    #[error("{path} exists already and is not overwritten: move it away, or choose another directory")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Others than the owner may read the private key.
    #[error("others may read the private key in {path} (mode {mode:04o}): run chmod 600 {path}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The key needs a passphrase.
    #[error("the private key in {path} is encrypted: give it without a passphrase (openssl pkey -in KEY -out PLAIN)")]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// No certificate in the file.
    #[error("{path} holds no PEM certificate (BEGIN CERTIFICATE)")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// No key in the file.
    #[error("{path} holds no PEM private key (BEGIN PRIVATE KEY); name the file that does with --key FILE")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// Something else than PEM, or broken PEM.
    #[error("{path} is not valid PEM: {reason}")]
    Garbage {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Certificate and key don't belong together, or are of a kind that cannot be used.
    #[error("the certificate in {cert} and the private key in {key} cannot be used together: {reason}")]
    Unusable {
        /// The file of the certificate.
        cert: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Making a pair failed.
    #[error("cannot make a self-signed certificate: {0}")]
    Make(String),
}

/// Who the server is to its clients.
#[derive(Clone, Debug)]
pub struct ServerIdentity {
    /// What the TLS layer asks for the certificate to show.
    pub resolver: Arc<dyn ResolvesServerCert>,
    files: Arc<Files>,
}

impl ServerIdentity {
    /// The pair the configuration names, or the self-signed one of the data directory, made now if there is none. The
    /// data directory exists.
    ///
    /// # Errors
    /// What is wrong with the files, or why none could be made.
    pub fn open(config: &Config, now: SystemTime) -> Result<Self, CertError> {
        let (cert, key) = match &config.cert {
            Some(cert) => (cert.clone(), config.key.clone().unwrap_or_else(|| cert.clone())),
            None => {
                let made = self_signed::keep(&config.data, now)?;
                (made.cert, made.key)
            }
        };
        Self::from_files(cert, key)
    }

    /// The pair in these PEM files, which may be one and the same.
    ///
    /// # Errors
    /// What is wrong with the files.
    pub fn from_files(cert: PathBuf, key: PathBuf) -> Result<Self, CertError> {
        let stamps = stamps(&cert, &key);
        let current = Arc::new(Pair::read(&cert, &key)?);
        let state = State { current, stamps, checked: Instant::now() };
        let files = Arc::new(Files { cert, key, state: Mutex::new(state) });
        Ok(Self { resolver: Arc::clone(&files) as Arc<dyn ResolvesServerCert>, files })
    }

    /// SHA-256 of the SubjectPublicKeyInfo of the certificate in use.
    #[must_use]
    pub fn spki_sha256(&self) -> [u8; 32] {
        self.files.state(|state| state.current.spki_sha256)
    }

    /// [`Self::spki_sha256`] as people see it: `SHA256:` and unpadded base64, as ssh shows keys.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.spki_sha256())
    }
}

/// A key's digest as people see it.
#[must_use]
pub fn fingerprint(spki_sha256: &[u8; 32]) -> String {
    format!("SHA256:{}", base64_unpadded(spki_sha256))
}

/// How often the files may be looked at, at most: a handshake costs two `stat` calls, not more.
pub const RELOAD_INTERVAL: Duration = Duration::from_secs(1);

/// The files and what was last read from them.
struct Files {
    cert: PathBuf,
    key: PathBuf,
    state: Mutex<State>,
}

struct State {
    current: Arc<Pair>,
    stamps: [Option<Stamp>; 2],
    checked: Instant,
}

impl Files {
    /// Nothing panics or waits while the state is held, except for reading two small files after they changed.
    fn state<T>(&self, use_it: impl FnOnce(&mut State) -> T) -> T {
        use_it(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The pair to show. Files that changed and cannot be used leave the old pair in place, until they change again.
    fn current(&self, now: Instant) -> Arc<Pair> {
        self.state(|state| {
            if now.saturating_duration_since(state.checked) >= RELOAD_INTERVAL {
                state.checked = now;
                let stamps = stamps(&self.cert, &self.key);
                if stamps != state.stamps {
                    state.stamps = stamps;
                    self.reload(state);
                }
            }
            Arc::clone(&state.current)
        })
    }

    fn reload(&self, state: &mut State) {
        match Pair::read(&self.cert, &self.key) {
            Ok(pair) => {
                announce(&pair, &state.current);
                state.current = Arc::new(pair);
            }
            Err(error) => {
                warn!(error = error.to_string(), "the certificate changed and cannot be used; the old one stays")
            }
        }
    }
}

fn announce(new: &Pair, old: &Pair) {
    if new.spki_sha256 == old.spki_sha256 {
        info!("the certificate changed; its key is the same");
    } else {
        let fingerprint = fingerprint(&new.spki_sha256);
        warn!(fingerprint, "the server's key changed: clients that pinned the old one will refuse");
    }
}

impl ResolvesServerCert for Files {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current(Instant::now()).certified))
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("cert", &self.cert).field("key", &self.key).finish_non_exhaustive()
    }
}

fn stamps(cert: &Path, key: &Path) -> [Option<Stamp>; 2] {
    [cert, key].map(Stamp::of)
}

/// RFC 4648, 4, without the padding.
fn base64_unpadded(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits =
            group.iter().enumerate().fold(0_u32, |bits, (index, byte)| bits | u32::from(*byte) << (16 - 8 * index));
        for index in 0..=group.len() {
            text.push(char::from(BASE64[(bits >> (18 - 6 * index) & 63) as usize]));
        }
    }
    text
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
#[path = "cert/tests.rs"]
mod tests;
