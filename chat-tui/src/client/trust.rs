//! Which servers are trusted, and by what: fingerprints, and the file that remembers them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::ServerAddress;

/// The SHA-256 of a server's public key (its SubjectPublicKeyInfo, RFC 5280), shown as ssh does: `SHA256:` and unpadded
/// base64. A certificate may be renewed under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Of the DER bytes of a public key.
    #[must_use]
    pub fn of(public_key: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, public_key).as_ref());
        Self(bytes)
    }

    /// The fingerprint of the key in a certificate; none for what is no certificate.
    #[must_use]
    pub fn of_certificate(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
        Some(Self::of(parsed.public_key().raw))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        f.write_str("SHA256:")?;
        for chunk in self.0.chunks(3) {
            let group = chunk.iter().fold(0, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
            for digit in 0..=chunk.len() {
                let index = group >> (18 - 6 * digit) & 63;
                write!(f, "{}", char::from(ALPHABET[index as usize]))?;
            }
        }
        Ok(())
    }
}

/// Why a server is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Trust {
    /// It must show the key of this fingerprint.
    Key(String),
    /// A certificate authority vouches for it, and must go on doing so. The fingerprint is the one last seen.
    Webpki(String),
}

/// Why the file of known servers cannot be used.
#[derive(Debug, Error)]
pub enum TrustError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no such file.
    #[error("{path} is damaged: {message}; nothing is trusted before it is mended or deleted")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        message: String,
    },
}

/// The servers this person's client has met, in `known_servers.toml`; a server is named `host:port`.
#[derive(Clone, Debug)]
pub struct KnownServers {
    path: PathBuf,
}

type Entries = BTreeMap<String, Trust>;

impl KnownServers {
    /// Those of a data directory.
    #[must_use]
    pub fn in_dir(data: &Path) -> Self {
        Self { path: data.join("known_servers.toml") }
    }

    /// All of them.
    ///
    /// # Errors
    /// The file is there and cannot be used.
    pub fn all(&self) -> Result<BTreeMap<String, Trust>, TrustError> {
        match fs::read_to_string(&self.path) {
            Ok(text) => toml::from_str(&text).map_err(|e| self.damaged(&e)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Entries::new()),
            Err(e) => Err(self.io(e)),
        }
    }

    /// What is known of one.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub fn find(&self, server: &ServerAddress) -> Result<Option<Trust>, TrustError> {
        Ok(self.all()?.remove(&server.authority()))
    }

    /// Remembers one, in place of what was known of it.
    ///
    /// # Errors
    /// The file cannot be read or written; what it held stays.
    pub fn remember(&self, server: &ServerAddress, trust: Trust) -> Result<(), TrustError> {
        self.change(|entries| {
            entries.insert(server.authority(), trust);
        })
    }

    /// Forgets one; false if it was not known.
    ///
    /// # Errors
    /// As [`Self::remember`].
    pub fn forget(&self, server: &ServerAddress) -> Result<bool, TrustError> {
        let mut known = false;
        self.change(|entries| known = entries.remove(&server.authority()).is_some())?;
        Ok(known)
    }

    /// Replaces the file in one step, with other processes kept out meanwhile.
    fn change(&self, change: impl FnOnce(&mut Entries)) -> Result<(), TrustError> {
        let lock_path = self.path.with_extension("lock");
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(lock_path);
        let lock = lock.map_err(|e| self.io(e))?;
        lock.lock().map_err(|e| self.io(e))?;
        let mut entries = self.all()?;
        change(&mut entries);
        let text = toml::to_string(&entries).map_err(|e| self.damaged(&e))?;
        self.replace(&text).map_err(|e| self.io(e))
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        self.path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    }

    fn io(&self, source: io::Error) -> TrustError {
        TrustError::Io { path: self.path.clone(), source }
    }

    fn damaged(&self, error: &dyn fmt::Display) -> TrustError {
        TrustError::Damaged { path: self.path.clone(), message: error.to_string() }
    }
}

/// Whether a host is this very machine.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// What a person is told when a known server shows another key.
pub(super) fn changed_key(server: &ServerAddress, known: &str, shown: Fingerprint) -> String {
    format!(
        "THE KEY OF {server} HAS CHANGED. Somebody may be between you and the server, or it was set up anew.\n\
         Known: {known}\nShown: {shown}\n\
         Nothing was sent. Ask whoever runs the server; if the new key is right, run \
         `chat-tui trust {server} --forget` and connect again."
    )
}

/// What a person is told when a pin does not fit.
pub(super) fn wrong_pin(server: &ServerAddress, pin: &str, shown: Fingerprint) -> String {
    format!(
        "{server} does not have the pinned key. Nothing was sent.\nPinned: {pin}\nShown: {shown}\n\
         Ask whoever gave you the address or the pin."
    )
}

/// What a person is told when a certificate authority no longer vouches for a server it used to vouch for.
pub(super) fn no_longer_vouched(server: &ServerAddress, shown: Fingerprint, why: &str) -> String {
    format!(
        "THE CERTIFICATE OF {server} IS NO LONGER VALID: {why}. It used to be vouched for by a certificate authority.\n\
         Shown: {shown}\n\
         Nothing was sent. Ask whoever runs the server; if this key is right, run \
         `chat-tui trust {server} --forget` and connect again."
    )
}

/// What a person is told who cannot be asked.
pub(super) fn unknown_server(server: &ServerAddress, shown: Fingerprint) -> String {
    format!(
        "{server} is not known, and no certificate authority vouches for it. Its key is {shown}.\n\
         Nothing was sent. If that is the right key, connect with `--pin {shown}`, or once with `--accept-new`."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_fingerprint_looks_as_in_ssh() {
        // The SHA-256 of nothing, in base64 (RFC 4648).
        assert_eq!(Fingerprint::of(b"").to_string(), "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
        assert!(super::super::is_fingerprint(&Fingerprint::of(b"x").to_string()));
    }

    #[test]
    fn servers_are_remembered_until_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let known = KnownServers::in_dir(dir.path());
        let (one, other) = (ServerAddress::new("::1", 4433), ServerAddress::new("chat.example.org", 1));
        assert_eq!(known.find(&one).unwrap(), None);
        known.remember(&one, Trust::Key("SHA256:a".to_owned())).unwrap();
        known.remember(&other, Trust::Webpki("SHA256:b".to_owned())).unwrap();
        assert_eq!(known.find(&one).unwrap(), Some(Trust::Key("SHA256:a".to_owned())));
        assert_eq!(known.find(&ServerAddress::new("::1", 4434)).unwrap(), None);
        assert!(known.forget(&one).unwrap());
        assert!(!known.forget(&one).unwrap());
        assert_eq!(known.all().unwrap().len(), 1);
        let file = dir.path().join("known_servers.toml");
        assert_eq!(fs::metadata(file).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_refused_and_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let known = KnownServers::in_dir(dir.path());
        let file = dir.path().join("known_servers.toml");
        for bad in ["nonsense", "[\"h:1\"]\nkey = 5", "\"h:1\" = \"key\""] {
            fs::write(&file, bad).unwrap();
            assert!(matches!(known.find(&ServerAddress::new("h", 1)), Err(TrustError::Damaged { .. })), "{bad}");
            assert!(known.remember(&ServerAddress::new("h", 1), Trust::Key(String::new())).is_err());
            assert_eq!(fs::read_to_string(&file).unwrap(), bad);
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example.org", "192.168.0.1", "::2", "127.0.0.1.example.org"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
