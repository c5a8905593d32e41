//! Where the sockets of running screens are: each in a directory of its owner's alone, under the number of its process.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, geteuid, test_kill_process};
use thiserror::Error;
use tokio::net::{UnixListener, UnixStream};

/// Why there is no socket.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// The directory cannot be made or looked at, or the socket cannot.
    #[error("{path}: {source}", path = .path.display())]
    System {
        /// What it is about.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may look into the directory.
    #[error("{} is open to others; chmod 700 it", .0.display())]
    Open(PathBuf),
    /// Somebody else's directory, or none.
    #[error("{} is no directory of yours", .0.display())]
    Foreign(PathBuf),
    /// No socket can have a path of this length.
    #[error("{} is too long a path for a socket; set XDG_RUNTIME_DIR or --data to a shorter directory", .0.display())]
    TooLong(PathBuf),
}

/// A socket that goes when this goes.
#[derive(Debug)]
pub struct Bound(PathBuf);

impl Drop for Bound {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::debug!(%error, "a socket is left");
        }
    }
}

/// A screen that seems to run, and the way to it.
#[derive(Debug)]
pub(super) struct Running {
    /// Its process.
    pub(super) pid: u32,
    /// A connection to it.
    pub(super) stream: UnixStream,
}

/// The directories sockets may be in, that of new ones first: below the runtime directory of the system where there is one, and
/// below the directory of keys.
#[must_use]
pub fn folders(data: &Path) -> Vec<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|folder| folder.is_absolute() && folder.is_dir());
    runtime.map(|folder| folder.join("chat-tui")).into_iter().chain([data.join("ctl")]).collect()
}

/// Listens in a directory, which is made if it is not there, on the socket of this process. What killed screens left there is
/// removed.
pub(super) async fn bind(folder: &Path) -> Result<(UnixListener, Bound), PlaceError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| PlaceError::System { path, source }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed(folder))?;
    check(folder)?;
    let path = folder.join(format!("{}.{EXTENSION}", std::process::id()));
    SocketAddr::from_pathname(&path).map_err(|_| PlaceError::TooLong(path.clone()))?;
    for (pid, left) in sockets(folder) {
        // One that had this process's number is not there any more.
        if pid == std::process::id() || !runs(pid) {
            connect_or_remove(&left).await;
        }
    }
    let listener = UnixListener::bind(&path).map_err(failed(&path))?;
    let bound = Bound(path.clone());
    // Nobody else gets through the directory meanwhile.
    fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(failed(&path))?;
    Ok((listener, bound))
}

/// The screens that run, in the order of their numbers.
pub(super) async fn running(folders: &[PathBuf]) -> Vec<Running> {
    let mut found = Vec::new();
    for folder in folders.iter().filter(|folder| check(folder).is_ok()) {
        for (pid, path) in sockets(folder) {
            let stream = if runs(pid) { UnixStream::connect(&path).await.ok() } else { connect_or_remove(&path).await };
            found.extend(stream.map(|stream| Running { pid, stream }));
        }
    }
    found.sort_by_key(|running| running.pid);
    found
}

/// A directory has to be one's own, and nobody else's to look into.
fn check(folder: &Path) -> Result<(), PlaceError> {
    let about =
        fs::symlink_metadata(folder).map_err(|source| PlaceError::System { path: folder.to_owned(), source })?;
    if !about.is_dir() || about.uid() != geteuid().as_raw() {
        return Err(PlaceError::Foreign(folder.to_owned()));
    }
    if about.mode() & 0o077 != 0 {
        return Err(PlaceError::Open(folder.to_owned()));
    }
    Ok(())
}

/// The sockets in a directory, and the processes they are named after.
fn sockets(folder: &Path) -> Vec<(u32, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let named = entries.filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION));
    named.filter_map(|path| Some((path.file_stem()?.to_str()?.parse().ok()?, path))).collect()
}

/// Whether there is such a process; one that may not be asked is one.
fn runs(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// Tries a socket whose process is not to be seen: it may run where other numbers are given. One that nobody listens on is removed.
async fn connect_or_remove(path: &Path) -> Option<UnixStream> {
    match UnixStream::connect(path).await {
        Ok(stream) => Some(stream),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            let _ = fs::remove_file(path);
            None
        }
        Err(_) => None,
    }
}

/// What the names of sockets end in.
const EXTENSION: &str = "sock";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_its_owners_and_gone_afterwards() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("a/ctl");
        let (_listener, bound) = bind(&folder).await.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&bound.0)), (0o700, 0o600));
        assert_eq!(running(std::slice::from_ref(&folder)).await[0].pid, std::process::id());
        assert!(bind(&folder).await.is_err(), "one that is in use is not taken");
        drop(bound);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_a_killed_screen_left_is_removed_and_what_runs_is_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        let at = |pid: u32| folder.path().join(format!("{pid}.sock"));
        // No process has a number over the highest there can be; this one's parent runs, but does not listen.
        let (killed, silent) = (4_194_305, std::os::unix::process::parent_id());
        for pid in [killed, silent, std::process::id()] {
            drop(std::os::unix::net::UnixListener::bind(at(pid)).unwrap());
        }
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        assert!(running(&[folder.path().to_owned()]).await.is_empty());
        assert!(!at(killed).exists() && at(silent).exists());
        drop(std::os::unix::net::UnixListener::bind(at(killed)).unwrap());
        let _bound = bind(folder.path()).await.unwrap();
        assert!(!at(killed).exists() && at(silent).exists() && folder.path().join("notes.txt").exists());
    }

    #[tokio::test]
    async fn a_directory_that_others_see_or_too_long_a_path_is_refused_with_words() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let said = bind(folder.path()).await.unwrap_err().to_string();
        assert!(said.ends_with("is open to others; chmod 700 it"), "{said}");
        let said = bind(&folder.path().join("x".repeat(100))).await.unwrap_err().to_string();
        assert!(said.contains("too long a path for a socket"), "{said}");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        assert!(bind(&link).await.is_err());
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(bind(&folder.path().join("file")).await.is_err());
    }
}
