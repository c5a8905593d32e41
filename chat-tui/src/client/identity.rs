//! The key of this device at one server: made on first use, never leaves its file, readable by its owner alone. A guest's is on no
//! disk.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use chat_proto::DeviceKey;

use super::{Login, Random, Settings, StartError};

/// The key of this device.
#[derive(Debug)]
pub(super) struct Identity {
    pair: Ed25519KeyPair,
    public: DeviceKey,
}

impl Identity {
    /// The key these settings log in with. The directory of what is kept is made if it is missing.
    pub(super) fn of(settings: &Settings, random: &Random) -> Result<Self, StartError> {
        let profile = settings.profile_dir();
        private_dir(profile.as_ref().unwrap_or(&settings.data))?;
        match (&settings.login, profile) {
            (Login::Guest(key), _) => Self::of_guest(key),
            (_, Some(profile)) => Self::load(&profile, random),
            (_, None) => Err(StartError::Identity("there is no place for a key".to_owned())),
        }
    }

    /// Reads the key of a profile, or makes one.
    fn load(profile: &Path, random: &Random) -> Result<Self, StartError> {
        let path = profile.join(FILE_NAME);
        let failed = |source| StartError::Data { path: path.clone(), source };
        if !path.try_exists().map_err(failed)? {
            create(&path, random).map_err(failed)?;
        }
        let file = File::open(&path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(StartError::Identity(format!(
                "{} can be read by others (mode {mode:o}); if nobody has read it, `chmod 600` it, else delete it",
                path.display()
            )));
        }
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
        let pair = Ed25519KeyPair::from_pkcs8(&bytes).map_err(|_| {
            StartError::Identity(format!("{} is damaged: it is no Ed25519 key in PKCS #8", path.display()))
        })?;
        Ok(Self::of_pair(pair))
    }

    /// The key of a guest.
    fn of_guest(key: &GuestKey) -> Result<Self, StartError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&key.0);
        pair.map(Self::of_pair).map_err(|_| StartError::Identity("the guest's key cannot be made".to_owned()))
    }

    fn of_pair(pair: Ed25519KeyPair) -> Self {
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        Self { pair, public: DeviceKey(public) }
    }

    pub(super) fn public(&self) -> DeviceKey {
        self.public
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(message).as_ref());
        signature
    }
}

/// The key of a guest, for one stay: it is in this process and nowhere else. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct GuestKey([u8; 32]);

impl GuestKey {
    /// A key nobody has.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn new(random: &Random) -> io::Result<Self> {
        random.bytes().map(Self)
    }
}

impl fmt::Debug for GuestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuestKey(…)")
    }
}

/// Makes a directory and its parents, for the owner alone where they are new.
fn private_dir(path: &Path) -> Result<(), StartError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| StartError::Data { path: path.to_owned(), source })
}

/// Makes a key. Of two processes that do so at once, the first wins and both use its key.
fn create(path: &Path, random: &Random) -> io::Result<()> {
    let seed: [u8; 32] = random.bytes()?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| io::Error::other("no key from this seed"))?;
    let document = pair.to_pkcs8().map_err(|_| io::Error::other("the key does not encode"))?;
    let tag: [u8; 8] = random.bytes()?;
    let unnamed = path.with_extension(format!("{:016x}", u64::from_le_bytes(tag)));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unnamed)?;
    let written = file.write_all(document.as_ref()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| match fs::hard_link(&unnamed, path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    fs::remove_file(&unnamed)?;
    linked?;
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}

const FILE_NAME: &str = "device.key";

/// More than any key of this kind takes, bytes.
const FILE_BYTES_MAX: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let random = Random::system();
        let first = Identity::load(dir.path(), &random).unwrap();
        assert_eq!(Identity::load(dir.path(), &random).unwrap().public(), first.public());
        assert_eq!(fs::metadata(dir.path().join(FILE_NAME)).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let signature = first.sign(b"words");
        assert!(UnparsedPublicKey::new(&ED25519, first.public().0).verify(b"words", &signature).is_ok());
    }

    #[test]
    fn a_guests_key_is_one_for_all_his_connections_and_is_shown_to_nobody() {
        let random = Random::system();
        let (key, other) = (GuestKey::new(&random).unwrap(), GuestKey::new(&random).unwrap());
        let public = |key: &GuestKey| Identity::of_guest(key).unwrap().public();
        assert!(public(&key) == public(&key.clone()) && public(&key) != public(&other));
        assert_eq!(format!("{key:?}"), "GuestKey(…)");
    }

    #[test]
    fn a_key_others_can_read_or_that_is_damaged_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        Identity::load(dir.path(), &Random::system()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = Identity::load(dir.path(), &Random::system()).unwrap_err().to_string();
        assert!(error.contains("mode 640"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, b"garbage").unwrap();
        let error = Identity::load(dir.path(), &Random::system()).unwrap_err().to_string();
        assert!(error.contains("damaged"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"garbage");
    }
}
