//! One run of a command: what it is given, what it wrote, how it ended.
//!
//! It is a process group of its own, so that what it started ends with it. What came from a message is in the environment and
//! on standard input, and nowhere else: no shell reads it, and no program takes it for an option.

use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::filter::Variable;

/// A command line and its limits.
#[derive(Clone, Debug)]
pub(super) struct Runner {
    /// The program and its arguments; at least the program is there.
    pub(super) command: Vec<OsString>,
    /// How long a run may take.
    pub(super) timeout: Duration,
    /// A variable that holds a secret of this process, and none of the command's.
    pub(super) secret: Option<String>,
}

/// How a run ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// By itself.
    Itself {
        status: ExitStatus,
        /// What it wrote to standard output.
        output: Vec<u8>,
    },
    /// It took too long.
    TimedOut,
    /// It wrote more than [`OUTPUT_BYTES_MAX`].
    TooMuch,
}

/// What came of a run.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) ended: Ended,
    /// The end of what it wrote to standard error.
    pub(super) complaint: String,
}

impl Runner {
    /// Runs the command with this on its standard input. Dropped before it ends, all of it is killed.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) async fn run(&self, line: &str, variables: &[Variable], attempt: u32) -> io::Result<Ran> {
        let mut group = Group::start(self.prepare(variables, attempt)?)?;
        let (stdin, stdout, stderr) = (group.child.stdin.take(), group.child.stdout.take(), group.child.stderr.take());
        let mut output = Vec::new();
        let mut complaint = Vec::new();
        let ended = {
            let feed = async {
                if let Some(mut stdin) = stdin {
                    // Whether it reads what it is given is its own affair.
                    let _ = stdin.write_all(line.as_bytes()).await;
                }
                std::future::pending().await
            };
            // A run is over when nothing of it can write any more, and it has ended.
            let end = async {
                let (fits, ()) = tokio::join!(all_of(stdout, &mut output), end_of(stderr, &mut complaint));
                if fits { group.end().await.map(Some) } else { Ok(None) }
            };
            tokio::select! {
                biased;
                ended = timeout(self.timeout, end) => ended,
                () = feed => return Err(io::ErrorKind::Other.into()),
            }
        };
        let ended = match ended {
            Ok(Ok(Some(status))) => Ended::Itself { status, output },
            Ok(Ok(None)) => Ended::TooMuch,
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                group.stop().await;
                Ended::TimedOut
            }
        };
        Ok(Ran { ended, complaint: String::from_utf8_lossy(&complaint).into_owned() })
    }

    fn prepare(&self, variables: &[Variable], attempt: u32) -> io::Result<Command> {
        let (program, arguments) = self.command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for Variable { name, value } in variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("CHAT_TRY", attempt.to_string());
        if let Some(secret) = &self.secret {
            command.env_remove(secret);
        }
        Ok(command)
    }
}

/// Reads all of it. False as soon as it is more than [`OUTPUT_BYTES_MAX`].
async fn all_of(pipe: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) -> bool {
    if let Some(pipe) = pipe {
        // What cannot be read any more has ended.
        let _ = pipe.take(OUTPUT_BYTES_MAX as u64 + 1).read_to_end(into).await;
    }
    into.len() <= OUTPUT_BYTES_MAX
}

/// Reads all of it and keeps the end.
async fn end_of(pipe: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut pipe) = pipe else { return };
    let mut chunk = [0; CHUNK_BYTES];
    while let Ok(read @ 1..) = pipe.read(&mut chunk).await {
        kept.extend_from_slice(&chunk[..read]);
        kept.drain(..kept.len().saturating_sub(COMPLAINT_BYTES_MAX));
    }
}

/// A process and those it started.
struct Group {
    child: Child,
    /// Its number, until it has ended and the number may be another's.
    id: Option<u32>,
}

impl Group {
    fn start(mut command: Command) -> io::Result<Self> {
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn()?;
        Ok(Self { id: child.id(), child })
    }

    /// Waits for the end.
    async fn end(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await;
        self.id = None;
        status
    }

    /// Tells it to end, and makes it end if it takes its time.
    async fn stop(&mut self) {
        #[cfg(unix)]
        {
            self.signal(rustix::process::Signal::TERM);
            // Waiting for the process alone would give its number away while others of the group still have it.
            tokio::time::sleep(KILL_AFTER).await;
        }
        self.kill();
        let _ = self.end().await;
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        let id = self.id.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(id) = id {
            // It may have ended this moment.
            let _ = rustix::process::kill_process_group(id, signal);
        }
    }

    fn kill(&mut self) {
        #[cfg(unix)]
        self.signal(rustix::process::Signal::KILL);
        #[cfg(not(unix))]
        let _ = self.child.start_kill();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.id.is_some() {
            self.kill();
        }
    }
}

/// Bytes a command may write to standard output: several long messages.
pub(super) const OUTPUT_BYTES_MAX: usize = 64 * 1_024;

/// Bytes that are told of what a command wrote to standard error.
const COMPLAINT_BYTES_MAX: usize = 4 * 1_024;

/// Bytes read at once.
const CHUNK_BYTES: usize = 4 * 1_024;

/// How long a command that took too long may take to end by itself.
const KILL_AFTER: Duration = Duration::from_secs(1);
