//! The data directory: one server at a time, and nobody else's eyes on what is in it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a data directory cannot be used.
#[derive(Debug, Error)]
pub enum DirError {
    /// Another server holds the lock.
    #[error("another server uses the data directory {}; stop it, or name another one with --data", .0.display())]
    InUse(PathBuf),
    /// It cannot be made, or written to.
    #[error("cannot write to the data directory {}", .dir.display())]
    Unusable {
        /// Which directory.
        dir: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// A data directory that this process alone uses, for as long as the value lives.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory if there is none (mode 0700), and locks it.
    ///
    /// # Errors
    /// [`DirError::InUse`] where another process has locked it.
    pub fn lock(path: &Path) -> Result<Self, DirError> {
        let unusable = |source| DirError::Unusable { dir: path.to_owned(), source };
        make_private_dir(path).map_err(unusable)?;
        let lock = open_private(&path.join(LOCK_FILE)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DirError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Opens a file for reading and writing, made with mode 0600 if there is none.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

fn make_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Locked while a server uses the directory; it has no content.
pub(crate) const LOCK_FILE: &str = "lock";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_user_at_a_time_and_the_second_one_is_told_which() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let first = DataDir::lock(&path).unwrap();
        let refused = DataDir::lock(&path).unwrap_err();
        assert!(matches!(refused, DirError::InUse(_)));
        assert!(refused.to_string().contains(path.to_str().unwrap()), "{refused}");
        drop(first);
        DataDir::lock(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_is_made_is_for_the_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let _data = DataDir::lock(&path).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join(LOCK_FILE))), (0o700, 0o600));
    }
}
