//! What SQLite says, in the store's words.

use std::io;
use std::path::PathBuf;

use rusqlite::ffi;
use rusqlite::{Error, ErrorCode};
use thiserror::Error as ThisError;

use crate::store::{DirError, StoreError};

/// Why a database cannot be opened. Nothing was changed.
#[derive(Debug, ThisError)]
pub enum OpenError {
    /// The directory is not usable.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// Some other program's file, or none of any.
    #[error("{} is not a database of this server; it was left as it is", .0.display())]
    Foreign(PathBuf),
    /// Made by a newer version.
    #[error("{} has format {found}, and this server knows formats up to {known}: use a newer server", .path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// The format of the file.
        found: usize,
        /// The newest format this server knows.
        known: usize,
    },
    /// It was one, and something happened to it.
    #[error("{} is damaged: {reason}; it was left as it is. Put a backup in its place, or move it and the file \
        head away to begin anew", .path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The copy before a change of format could not be made.
    #[error("cannot make the backup {}: {reason}", .path.display())]
    Backup {
        /// The copy.
        path: PathBuf,
        /// What SQLite or the operating system said.
        reason: String,
    },
    /// The operating system refused.
    #[error("cannot open {}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("cannot open {}", .path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: Error,
    },
}

impl OpenError {
    /// Sorts what SQLite said into "not ours", "damaged", and the rest.
    pub(crate) fn or_damaged(self) -> Self {
        let Self::Sqlite { path, source } = self else { return self };
        if source.sqlite_error_code() == Some(ErrorCode::NotADatabase) {
            Self::Foreign(path)
        } else if source.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) {
            Self::Damaged { path, reason: source.to_string() }
        } else {
            Self::Sqlite { path, source }
        }
    }
}

/// What a failed operation means for the caller.
pub(crate) fn store_error(error: &Error) -> StoreError {
    let is = |code| error.sqlite_error_code() == Some(code);
    let is_misread = matches!(
        error,
        Error::FromSqlConversionFailure(..) | Error::IntegralValueOutOfRange(..) | Error::InvalidColumnType(..)
    );
    if is_full(error) {
        StoreError::Full
    } else if is(ErrorCode::ConstraintViolation) {
        StoreError::Conflict
    } else if is(ErrorCode::DatabaseCorrupt) || is(ErrorCode::NotADatabase) || is_misread {
        StoreError::Corrupt(error.to_string())
    } else {
        StoreError::Io(error.to_string())
    }
}

/// Whether the disk may have thrown away what it was given: nothing written behind such an error can be relied upon, and
/// asking for the same flush again reports success for data that is gone.
pub(crate) fn is_fatal(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) && !is_full(error)
}

/// A full disk shows as such, or, where SQLite was about to enlarge the index of its log, as a failure to do that.
fn is_full(error: &Error) -> bool {
    let extended = error.sqlite_error().map(|failure| failure.extended_code);
    error.sqlite_error_code() == Some(ErrorCode::DiskFull) || extended == Some(ffi::SQLITE_IOERR_SHMSIZE)
}
