//! Self-signed pairs: the one a server without `--cert` keeps, and those `cert make` writes.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd};

use super::CertError;
use crate::data_dir;

/// The files of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The certificate.
    pub cert: PathBuf,
    /// The private key, mode 0600.
    pub key: PathBuf,
}

impl Made {
    fn in_directory(directory: &Path) -> Self {
        Self { cert: directory.join("server.crt"), key: directory.join("server.key") }
    }
}

/// Writes a new pair for these host names and addresses into a directory, which is made if need be.
///
/// # Errors
/// A name that cannot stand in a certificate, a directory that cannot be written, files that exist.
pub fn make(directory: &Path, names: &[String], now: SystemTime) -> Result<Made, CertError> {
    let made = Made::in_directory(directory);
    data_dir::create(directory).map_err(|reason| CertError::Write { path: directory.to_owned(), reason })?;
    for path in [&made.key, &made.cert] {
        if fs::symlink_metadata(path).is_ok() {
            return Err(CertError::Exists { path: path.clone() });
        }
    }
    let key = KeyPair::generate().map_err(|error| CertError::Make(error.to_string()))?;
    let cert = sign(&key, names, now)?;
    write(&made.key, &key.serialize_pem())?;
    write(&made.cert, &cert)?;
    Ok(made)
}

/// The pair of a data directory, made on first use. A key without its certificate gets a new certificate: clients pinned
/// the key. A certificate without its key is somebody's loss to look into, not to paper over.
pub(super) fn keep(directory: &Path, now: SystemTime) -> Result<Made, CertError> {
    let made = Made::in_directory(directory);
    let key = match (made.key.exists(), made.cert.exists()) {
        (true, true) => return Ok(made),
        (true, false) => {
            let pem =
                fs::read_to_string(&made.key).map_err(|reason| CertError::Read { path: made.key.clone(), reason })?;
            KeyPair::from_pem(&pem)
                .map_err(|error| CertError::Garbage { path: made.key.clone(), reason: error.to_string() })?
        }
        (false, true) => {
            return Err(CertError::Read { path: made.key, reason: ErrorKind::NotFound.into() });
        }
        (false, false) => {
            let key = KeyPair::generate().map_err(|error| CertError::Make(error.to_string()))?;
            write(&made.key, &key.serialize_pem())?;
            key
        }
    };
    let names: Vec<String> =
        ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into_iter().chain(host_name()).collect();
    write(&made.cert, &sign(&key, &names, now)?)?;
    Ok(made)
}

fn sign(key: &KeyPair, names: &[String], now: SystemTime) -> Result<String, CertError> {
    let failed = |error: rcgen::Error| CertError::Make(error.to_string());
    let mut params = CertificateParams::new(names).map_err(failed)?;
    let now = date_time_ymd(1970, 1, 1) + now.duration_since(UNIX_EPOCH).unwrap_or_default();
    params.not_before = now - CLOCK_SKEW;
    params.not_after = now + VALID_FOR;
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, "chat-server");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params.self_signed(key).map_err(failed)?.pem())
}

fn write(path: &Path, pem: &str) -> Result<(), CertError> {
    data_dir::write_new(path, pem.as_bytes()).map_err(|reason| {
        let path = path.to_owned();
        if reason.kind() == ErrorKind::AlreadyExists {
            CertError::Exists { path }
        } else {
            CertError::Write { path, reason }
        }
    })
}

/// The machine's name, where the system tells it and it can stand in a certificate.
fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (name != "localhost" && name.split('.').all(label)).then(|| name.to_owned())
}

/// How long a pair is valid. Clients pin the key, so an end date protects nobody and a near one breaks servers.
const VALID_FOR: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// How far a client's clock may be behind.
const CLOCK_SKEW: Duration = Duration::from_secs(24 * 60 * 60);
