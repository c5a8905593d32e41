//! PEM files into a certified key, with an error for each way they can be wrong.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use aws_lc_rs::digest;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::parse_x509_certificate;

use super::CertError;

/// A certificate chain with its key, proven to belong together.
pub(super) struct Pair {
    pub(super) certified: Arc<CertifiedKey>,
    pub(super) spki_sha256: [u8; 32],
}

/// What changes when a file changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self { modified: metadata.modified().ok(), bytes: metadata.len(), inode: metadata.ino() })
    }
}

impl Pair {
    pub(super) fn read(cert: &Path, key: &Path) -> Result<Self, CertError> {
        let chain = read_chain(cert)?;
        let private = read_key(key)?;
        let unusable = |reason: String| CertError::Unusable { cert: cert.to_owned(), key: key.to_owned(), reason };
        let spki_sha256 = match chain.first().map(|leaf| parse_x509_certificate(leaf)) {
            Some(Ok((_, leaf))) => sha256(leaf.tbs_certificate.subject_pki.raw),
            Some(Err(error)) => return Err(unusable(error.to_string())),
            None => return Err(CertError::NoCertificate { path: cert.to_owned() }),
        };
        let certified = CertifiedKey::from_der(chain, private, &default_provider()).map_err(|error| {
            let foreign = matches!(error, rustls::Error::InconsistentKeys(_));
            unusable(if foreign { "they do not belong together".to_owned() } else { error.to_string() })
        })?;
        Ok(Self { certified: Arc::new(certified), spki_sha256 })
    }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertError> {
    let text = read(path)?;
    CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| CertError::Garbage { path: path.to_owned(), reason: error.to_string() })
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, CertError> {
    let text = read(path)?;
    if [b"ENCRYPTED PRIVATE KEY".as_slice(), b"Proc-Type: 4,ENCRYPTED"].iter().any(|mark| contains(&text, mark)) {
        return Err(CertError::Encrypted { path: path.to_owned() });
    }
    let key = match PrivateKeyDer::from_pem_slice(&text) {
        Ok(key) => key,
        Err(pem::Error::NoItemsFound) => return Err(CertError::NoKey { path: path.to_owned() }),
        Err(error) => return Err(CertError::Garbage { path: path.to_owned(), reason: error.to_string() }),
    };
    let metadata = fs::metadata(path).map_err(|reason| CertError::Read { path: path.to_owned(), reason })?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(CertError::Exposed { path: path.to_owned(), mode });
    }
    Ok(key)
}

fn read(path: &Path) -> Result<Vec<u8>, CertError> {
    fs::read(path).map_err(|reason| CertError::Read { path: path.to_owned(), reason })
}

fn contains(text: &[u8], mark: &[u8]) -> bool {
    text.windows(mark.len()).any(|window| window == mark)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}
