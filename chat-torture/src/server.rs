//! A server in a process of its own: the real program, on a port of this machine, looked at from the outside.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Of its key, `SHA256:…`.
    pub fingerprint: String,
}

impl Server {
    /// Starts a server on a data directory, with further arguments, and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, or ends at once. Whatever it says to people is in a file beside its directory.
    pub fn start(program: &Path, data: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let log = data.with_extension("log");
        let mut process = Command::new(program)
            .args(["--listen", "127.0.0.1:0", "--log", "error", "--data"])
            .arg(data)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log)?)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut line = String::new();
        let said = process.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut line));
        let words: Vec<&str> = line.split_whitespace().collect();
        let listening = said.is_some_and(|said| said.is_ok()).then_some(&*words);
        let Some(["listening", "on", address, "fingerprint", fingerprint]) = listening else {
            let _ = process.kill();
            let _ = process.wait();
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            anyhow::bail!("{} does not listen; it said: {line:?} {said}", program.display());
        };
        let (address, fingerprint) = (address.parse()?, (*fingerprint).to_owned());
        Ok(Self { process, address, fingerprint })
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Memory it occupies, kilobytes; none where the system doesn't tell.
    #[must_use]
    pub fn kilobytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        resident.split_whitespace().next()?.parse().ok()
    }

    /// Files and sockets it has open; none where the system doesn't tell: a server's are told to its own kind and root only.
    #[must_use]
    pub fn descriptors(&self) -> Option<usize> {
        std::fs::read_dir(format!("/proc/{}/fd", self.id())).ok().map(Iterator::count)
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// `kill -9`.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program of the server that was built beside this one.
///
/// # Errors
/// There is none; the message says how to make it.
pub fn program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    // Tests lie one directory deeper.
    let beside = own.ancestors().skip(1).take(2).map(|directory| directory.join("chat-server"));
    let found = beside.into_iter().find(|path| path.is_file());
    found.with_context(|| {
        format!("no chat-server beside {}: build it, `cargo build --package chat-server` with the same profile, or name one with --server", own.display())
    })
}
