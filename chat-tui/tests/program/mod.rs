//! The real program as a script sees it: arguments, two pipes, an exit code.
#![allow(dead_code, unreachable_pub, missing_docs, missing_debug_implementations, clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than anything a test waits for takes; a test that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The program with these arguments, its files in `data`, and nothing of this process's environment that it reads.
pub fn program(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-tui"));
    for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("CHAT_")) {
        command.env_remove(variable);
    }
    // Nobody's own settings, and nobody's own screens.
    command.env("CHAT_CLIENT_CONFIG", "/dev/null").env_remove("XDG_RUNTIME_DIR");
    command.env("CHAT_CLIENT_DATA", data).args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a program to its end, with this on its standard input.
pub fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that ends without reading all of it closes the pipe.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// The exit code of a run, and what it said.
pub fn code(output: &Output) -> (i32, String) {
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Fails unless a run ended with a code and said something.
#[track_caller]
pub fn expect_code(output: &Output, expected: i32, said: &str) {
    let (code, stderr) = code(output);
    assert!(code == expected && stderr.contains(said), "exit {code}, {stderr}{}", stdout(output));
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A program that is still running.
pub struct Running {
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let (mut running, stdout) = Self::start_unread(command);
        running.read(stdout);
        running
    }

    /// A program whose standard output nobody reads yet.
    pub fn start_unread(command: &mut Command) -> (Self, ChildStdout) {
        let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().unwrap());
        (Self { child, stdin, lines: sync_channel(0).1, seen: vec![] }, stdout)
    }

    /// Reads its standard output from here on.
    pub fn read(&mut self, stdout: ChildStdout) {
        let (tx, rx) = sync_channel(1_000_000);
        self.lines = rx;
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { return };
                if tx.send(line).is_err() {
                    return;
                }
            }
        });
    }

    pub fn line(&mut self) -> String {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.seen.push(line.clone());
                line
            }
            Err(error) => panic!("no further line ({error}); read {:#?}", self.seen),
        }
    }

    /// The next line, if there is one by then.
    pub fn line_by(&mut self, deadline: Instant) -> Option<String> {
        self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
    }

    /// Whatever lines are there until the program ends.
    pub fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.lines.recv_timeout(PATIENCE).ok()).collect()
    }

    pub fn json(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"))
    }

    /// Reads up to the first line in which a field has a value.
    pub fn until(&mut self, field: &str, value: impl Into<Value>) -> Value {
        let value = value.into();
        loop {
            let line = self.json();
            if line[field] == value {
                return line;
            }
        }
    }

    pub fn write(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(line.as_bytes()).unwrap();
        stdin.write_all(b"\n").unwrap();
        stdin.flush().unwrap();
    }

    /// Writes a request and reads its answer.
    pub fn ask(&mut self, mut request: Value) -> Value {
        let id = format!("ask-{}", self.seen.len());
        request["id"] = id.clone().into();
        self.write(&request.to_string());
        self.until("re", id)
    }

    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for the end.
    pub fn ended(&mut self) -> std::process::ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end; read {:#?}", self.seen);
            std::thread::yield_now();
        }
    }
}
