//! A talker in a process of its own, told what to do.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::checker::{self, Line};
use crate::talker::Talk;

/// A running talker. Dropped, it is killed.
#[derive(Debug)]
pub struct Device {
    process: Child,
    orders: Option<ChildStdin>,
    said: mpsc::Receiver<String>,
    what: Talk,
}

impl Device {
    /// Starts a talker: `torture talk`, with the program of that name.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(torture: &Path, what: Talk) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&what.data)?;
        let mut process = Command::new(torture)
            .args(["talk", &what.server, &what.name])
            .args([&what.data, &what.history])
            .args(["--every-ms", &what.every_ms.to_string(), "--mark-every-ms", &what.mark_every_ms.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", torture.display()))?;
        let (say, said) = mpsc::channel(WORDS_MAX);
        if let Some(stdout) = process.stdout.take() {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            std::thread::spawn(move || {
                for line in lines {
                    if say.blocking_send(line).is_err() {
                        return;
                    }
                }
            });
        }
        let orders = process.stdin.take();
        Ok(Self { process, orders, said, what })
    }

    /// Gives an order.
    ///
    /// # Errors
    /// It is gone.
    pub fn order(&mut self, order: &str) -> anyhow::Result<()> {
        let orders = self.orders.as_mut().context("no way to give orders")?;
        writeln!(orders, "{order}").with_context(|| format!("{} is gone", self.what.name))
    }

    /// Waits until it says something that begins so.
    ///
    /// # Errors
    /// It says something else, or nothing in so much time.
    pub async fn wait_for(&mut self, prefix: &str, patience: Duration) -> anyhow::Result<()> {
        let name = &self.what.name;
        let said = timeout(patience, self.said.recv()).await;
        let said = said.with_context(|| format!("{name} was not {prefix} after {patience:?}"))?;
        let line = said.with_context(|| format!("{name} ended before it was {prefix}"))?;
        anyhow::ensure!(line.starts_with(prefix), "{name} said {line:?} where {prefix} was awaited");
        Ok(())
    }

    /// What it wrote down.
    ///
    /// # Errors
    /// The file cannot be read, or is no history.
    pub fn history(&self) -> anyhow::Result<Vec<Line>> {
        let text = std::fs::read_to_string(&self.what.history)?;
        // The last line of a killed process may be half written; nobody relied on it.
        let whole: Vec<&str> = text.lines().filter(|line| line.ends_with('}')).collect();
        checker::parse(&whole.join("\n")).map_err(anyhow::Error::msg)
    }
}

/// Gives all of them an order and waits until each says that it is done.
async fn all(devices: &mut [Device], order: &str, done: &str, patience: Duration) -> anyhow::Result<()> {
    for device in &mut *devices {
        device.order(order)?;
    }
    for device in devices {
        device.wait_for(done, patience).await?;
    }
    Ok(())
}

/// Has everybody come to rest: nobody says anything more, everything said is stored, everything stored is shown.
///
/// # Errors
/// Somebody is not at rest after so much time.
pub async fn rest(devices: &mut [Device], patience: Duration) -> anyhow::Result<()> {
    all(devices, "stop", "drained", patience).await?;
    all(devices, "finish", "finished", patience).await
}

/// What all of them wrote down, in the order of its times.
///
/// # Errors
/// As [`Device::history`].
pub fn histories(devices: &[Device]) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for device in devices {
        lines.extend(device.history()?);
    }
    lines.sort_by_key(|line| line.t);
    Ok(lines)
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Words of a talker that nobody has listened to.
const WORDS_MAX: usize = 16;
