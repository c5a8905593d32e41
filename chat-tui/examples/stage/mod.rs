//! What instruments and pictures play on: the programs, built, and a server of their own.
#![allow(dead_code)]

use std::env::{current_exe, var_os};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// Builds both programs and says where they are: beside the examples' directory.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    let example = current_exe()?;
    let programs = example.ancestors().nth(2).context("an example lies in a directory of examples")?;
    let mut cargo = Command::new(var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "-p", "chat-server", "-p", "chat-tui"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if programs.ends_with("release") {
        cargo.arg("--release");
    }
    ensure!(cargo.status()?.success(), "the programs do not build");
    Ok(programs.to_owned())
}

/// Builds the client as people install it, and says where it is: beside the directory of the other programs.
pub(crate) fn build_installed(programs: &Path) -> anyhow::Result<PathBuf> {
    let mut cargo = Command::new(var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "-p", "chat-tui", "--profile", "client"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    ensure!(cargo.status()?.success(), "the client does not build");
    Ok(programs.with_file_name("client").join("chat-tui"))
}

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Where it listens, as a person writes it.
    pub(crate) host: String,
}

impl Server {
    /// Starts the server's program on a port of its own, with its files in `data`.
    pub(crate) fn start(program: &Path, data: &Path, options: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0", "--log", "error"]).args(options).arg("--data").arg(data);
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("a pipe")?).read_line(&mut line)?;
        let address = line.split_whitespace().nth(2).with_context(|| format!("the server said {line:?}"))?;
        let port = address.rsplit(':').next().unwrap_or_default();
        Ok(Self { child, host: format!("localhost:{port}") })
    }

    /// Answers nobody from here on.
    pub(crate) fn freeze(&self) -> anyhow::Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::STOP)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is gone already, or it goes now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
