//! `kill -9` of the real server, on a real disk, and of real clients, while they talk; afterwards the histories they wrote
//! down are checked against the log. `CHAT_KILL_CYCLES` sets how often (30).
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use chat_torture::checker::{self, Dump, Line};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

const PATIENCE: Duration = Duration::from_secs(60);

struct Server {
    process: Child,
    address: String,
}

impl Server {
    /// Starts the server and waits for its line.
    fn start(data: &Path, listen: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_chat-server"))
            .args(["--listen", listen, "--log", "error", "--flood", "off", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split(' ').nth(2).unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Self { process, address }
    }

    fn kill(self) {
        drop(self);
    }
}

impl Drop for Server {
    /// Also when the test fails: nothing is left running.
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

struct Talker {
    process: Child,
    orders: Option<ChildStdin>,
    said: mpsc::Receiver<String>,
    name: &'static str,
    device: &'static str,
}

impl Talker {
    fn start(directory: &Path, server: &str, name: &'static str, device: &'static str) -> Self {
        let mut process = Command::new(example("talker"))
            .args([server, name])
            .arg(directory.join(device))
            .arg(directory.join(format!("{device}.jsonl")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (say, said) = mpsc::channel();
        let output = BufReader::new(process.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| say.send(line)));
        let orders = process.stdin.take();
        Self { process, orders, said, name, device }
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders.as_mut().unwrap(), "{order}").unwrap();
    }

    fn wait_for(&self, prefix: &str) {
        let line = self.said.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("{}: {prefix}: {e}", self.device));
        assert!(line.starts_with(prefix), "{}: {line}", self.device);
    }

    fn kill(self) -> (&'static str, &'static str) {
        (self.name, self.device)
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// An example of this package, built beside this test.
fn example(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let path = path.join("examples").join(name);
    assert!(path.exists(), "{} is built by `cargo test`; alone by `cargo build --example {name}`", path.display());
    path
}

fn cycles() -> u32 {
    std::env::var("CHAT_KILL_CYCLES").ok().and_then(|text| text.parse().ok()).unwrap_or(30)
}

fn messages(directory: &Path, device: &str) -> usize {
    let history = std::fs::read_to_string(directory.join(format!("{device}.jsonl"))).unwrap_or_default();
    history.lines().filter(|line| line.contains(r#""what":"ack""#)).count()
}

#[test]
fn d1_to_d6_hold_while_server_and_clients_are_killed() {
    let directory = tempfile::tempdir().unwrap();
    let (path, data) = (directory.path(), directory.path().join("server"));
    let mut random = StdRng::seed_from_u64(7);
    let mut server = Server::start(&data, "127.0.0.1:0");
    let address = server.address.clone();
    let people = [("alice", "alice1"), ("bob", "bob1"), ("carol", "carol1")];
    for (_, device) in people {
        std::fs::create_dir(path.join(device)).unwrap();
    }
    let mut talkers: Vec<Talker> =
        people.iter().map(|(name, device)| Talker::start(path, &address, name, device)).collect();
    let started = Instant::now();
    for cycle in 0..cycles() {
        // Every cycle ends under load: everybody has had something acknowledged since the last one.
        let before: Vec<usize> = people.iter().map(|(_, device)| messages(path, device)).collect();
        let deadline = Instant::now() + PATIENCE;
        for ((_, device), before) in people.iter().zip(&before) {
            while messages(path, device) <= *before {
                let late = Instant::now() > deadline;
                assert!(
                    !late,
                    "cycle {cycle}: {device} does not come back; its last lines:\n{}",
                    last_lines(path, device)
                );
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        std::thread::sleep(Duration::from_millis(random.random_range(5..200)));
        if cycle % 3 == 2 {
            let index = random.random_range(0..talkers.len());
            let (name, device) = talkers.swap_remove(index).kill();
            talkers.push(Talker::start(path, &address, name, device));
        }
        server.kill();
        server = Server::start(&data, &address);
    }
    for phase in [("stop", "drained"), ("finish", "finished")] {
        talkers.iter_mut().for_each(|talker| talker.order(phase.0));
        talkers.iter().for_each(|talker| talker.wait_for(phase.1));
    }
    let took = started.elapsed();
    server.kill();
    let dump = dump(&data);
    let mut lines = Vec::new();
    for (_, device) in people {
        let history = std::fs::read_to_string(path.join(format!("{device}.jsonl"))).unwrap();
        // The last line of a killed process may be half written; nobody relied on it.
        let whole: Vec<&str> = history.lines().filter(|line| line.ends_with('}')).collect();
        lines.extend(checker::parse(&whole.join("\n")).unwrap());
    }
    lines.sort_by_key(|line: &Line| line.t);
    let violations = checker::check(&lines, &dump, true);
    let sent: BTreeSet<&str> = dump.log.iter().map(|row| row.key.as_str()).collect();
    println!(
        "{} cycles in {took:.1?}: {} events, {} keys, {} lines",
        cycles(),
        dump.log.len(),
        sent.len(),
        lines.len()
    );
    assert!(violations.is_empty(), "{} violations, the first ones:\n{}", violations.len(), list(&violations));
}

fn last_lines(directory: &Path, device: &str) -> String {
    let history = std::fs::read_to_string(directory.join(format!("{device}.jsonl"))).unwrap_or_default();
    let dull = [r#""what":"queued""#, r#""what":"send""#, r#""what":"show""#, r#""what":"mark""#];
    let is_dull = |line: &str| dull.iter().any(|dull| line.contains(dull));
    let lines: Vec<&str> = history.lines().filter(|line| !is_dull(line)).collect();
    let last = history.lines().last().unwrap_or_default();
    format!("{}\nand the very last one:\n{last}", lines[lines.len().saturating_sub(12)..].join("\n"))
}

fn list(violations: &[checker::Violation]) -> String {
    violations.iter().take(10).map(|violation| format!("  {violation}\n")).collect()
}

/// What the server was left with.
#[tokio::main(flavor = "current_thread")]
async fn dump(data: &Path) -> Dump {
    chat_torture::dump::read(data).await.unwrap()
}
