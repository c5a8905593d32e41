//! What the screen costs: the real client in a terminal, in front of a real server with a million messages.
//!
//! `cargo run --release -p chat-tui --example screen_cost [rounds] [columns rows]`
//!
//! Times are from the outside: from the start of the program, or from a key, to the bytes that show it.

mod process;
#[path = "../stage/mod.rs"]
mod stage;
mod tty;
mod world;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use portable_pty::CommandBuilder;

use process::{Used, memory};
use stage::Server;
use tty::{Tty, echoes};
use world::{Flood, LONG, MESSAGES, ROOMS, room_name};

/// Keys of a round, quiet and in the flood.
const KEYS_QUIET: usize = 100;
const KEYS_FLOOD: usize = 200;

/// Between two keys.
const PAUSE: Duration = Duration::from_millis(30);

/// How long nothing is done, to see what that costs.
const IDLE: Duration = Duration::from_secs(20);

/// Messages a second in the flood.
const FLOOD: f64 = 5_000.0;

/// How long the screen is given to come to rest.
const QUIET: Duration = Duration::from_millis(300);

/// The key that empties the composer.
const EMPTY: &str = "\x15";

const NEXT_ROOM: &str = "\x0e";

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u16| arguments.next().map_or(Ok(default), |text| text.parse()).context("a number");
    let (rounds, columns, rows) = (number(5)?, number(120)?, number(40)?);
    let programs = stage::build()?;
    let client = stage::build_installed(&programs)?;
    say(&format!("the client: {:.1} MB", std::fs::metadata(&client)?.len() as f64 / 1e6))?;
    let directory = tempfile::tempdir()?;
    say(&format!("{MESSAGES} messages in {ROOMS} rooms are written"))?;
    world::fill(&directory.path().join("server"))?;
    let server = Server::start(&programs.join("chat-server"), &directory.path().join("server"), &["--flood", "off"])?;
    world::join(&server.host, "alice", &directory.path().join("alice"), ROOMS)?;
    let bench = Bench { client, server, directory: directory.path().to_owned(), columns, rows };
    bench.run(rounds)
}

struct Bench {
    client: PathBuf,
    server: Server,
    directory: PathBuf,
    columns: u16,
    rows: u16,
}

/// What was measured in all rounds.
#[derive(Default)]
struct Measured {
    first_byte: Vec<Duration>,
    paint: Vec<Duration>,
    live: Vec<Duration>,
    quiet: Vec<Duration>,
    jump: Vec<Duration>,
}

impl Bench {
    fn run(&self, rounds: u16) -> anyhow::Result<()> {
        let mut all = Measured::default();
        self.fresh_profile()?;
        for _ in 0..rounds {
            self.start_and_type(&mut all)?;
        }
        times("start → first byte", all.first_byte)?;
        times("start → room from the cache", all.paint)?;
        times("start → live", all.live)?;
        times("key → bytes, quiet", all.quiet)?;
        times("jump to a message of a million → bytes", all.jump)?;
        self.rooms()?;
        self.idle()?;
        let mut flood = Vec::new();
        for _ in 0..rounds {
            flood.extend(self.flood()?);
        }
        times("key → bytes, in the flood", flood)
    }

    fn start(&self, name: &str, room: u64) -> anyhow::Result<Tty> {
        let mut command = CommandBuilder::new(&self.client);
        for (name, value) in [("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8"), ("CHAT_CLIENT_CONFIG", "/dev/null")] {
            command.env(name, value);
        }
        command.args(["connect", &self.server.host, &room_name(room), "--name", name, "--accept-new", "--data"]);
        command.arg(self.directory.join(name));
        Tty::start(command, self.columns, self.rows)
    }

    /// A new program, in the room, at rest.
    fn at_rest(&self) -> anyhow::Result<Tty> {
        let mut tty = self.start("alice", 1)?;
        tty.shows("the connection", is_live)?;
        tty.shows("the newest message", |text| text.contains("message-") || text.contains("flood"))?;
        tty.rest(QUIET);
        Ok(tty)
    }

    /// Memory of one who was never here before: a room, and no cache.
    fn fresh_profile(&self) -> anyhow::Result<()> {
        world::join(&self.server.host, "fresh", &self.directory.join("fresh"), 1)?;
        let mut tty = self.start("fresh", 2)?;
        tty.shows("the connection", is_live)?;
        tty.shows("the newest message", |text| text.contains("message-"))?;
        tty.rest(QUIET);
        told_memory("fresh, one room open", &tty)?;
        leave(tty)
    }

    fn start_and_type(&self, all: &mut Measured) -> anyhow::Result<()> {
        let mut tty = self.start("alice", 1)?;
        all.first_byte.push(tty.first_byte()?);
        all.paint.push(tty.shows("the room", |text| text.contains("message-"))?);
        all.live.push(tty.shows("the connection", is_live)?);
        tty.rest(QUIET);
        let (bytes, used) = (tty.bytes, Used::by(tty.pid()?)?);
        all.quiet.extend(echoes(&mut tty, KEYS_QUIET, PAUSE, EMPTY)?);
        let (bytes, used) = (tty.bytes - bytes, Used::by(tty.pid()?)?.since(used));
        say(&format!(
            "a key: {} bytes, {} µs of CPU in all threads",
            bytes / KEYS_QUIET,
            used.cpu.as_micros() / KEYS_QUIET as u128
        ))?;
        for share in [2, 3, 5] {
            let seq = LONG / share;
            let wanted = format!("message-{seq}-");
            tty.type_keys(&format!("/goto #{seq}"))?;
            tty.rest(QUIET);
            all.jump.push(tty.answer("\r", &wanted, |text| text.contains(&wanted))?);
            tty.rest(QUIET);
            // Back to writing: with a message chosen, a slash begins to find.
            tty.type_keys("\x1b")?;
            tty.rest(QUIET);
        }
        tty.type_keys("/goto end\r")?;
        tty.rest(QUIET);
        leave(tty)
    }

    fn rooms(&self) -> anyhow::Result<()> {
        let mut tty = self.at_rest()?;
        told_memory("known, one room open", &tty)?;
        for number in (2..=ROOMS).chain([1]) {
            let header = format!(" #{} ", room_name(number));
            tty.type_keys(NEXT_ROOM)?;
            tty.shows(&header, |text| text.starts_with(&header) && text.contains("message-"))?;
        }
        tty.rest(QUIET);
        told_memory(&format!("{ROOMS} rooms open, {MESSAGES} messages reachable"), &tty)?;
        leave(tty)
    }

    fn idle(&self) -> anyhow::Result<()> {
        let mut tty = self.at_rest()?;
        // What begins with the connection is over by then.
        tty.pass(Duration::from_secs(5));
        let (bytes, before) = (tty.bytes, Used::by(tty.pid()?)?);
        tty.pass(IDLE);
        let used = Used::by(tty.pid()?)?.since(before);
        say(&format!(
            "idle for {} s: {} bytes, {} wakeups, {:?} of CPU",
            IDLE.as_secs(),
            tty.bytes - bytes,
            used.sleeps,
            used.cpu
        ))?;
        leave(tty)
    }

    fn flood(&self) -> anyhow::Result<Vec<Duration>> {
        let mut tty = self.at_rest()?;
        let mut flood = Flood::begin(&self.server.host, &self.directory, FLOOD);
        tty.shows("the flood", |text| text.contains("flood"))?;
        tty.pass(Duration::from_secs(1));
        flood.restart();
        let (bytes, before) = (tty.bytes, Used::by(tty.pid()?)?);
        let began = std::time::Instant::now();
        let echoes = echoes(&mut tty, KEYS_FLOOD, PAUSE, EMPTY)?;
        let seconds = began.elapsed().as_secs_f64();
        let used = Used::by(tty.pid()?)?.since(before);
        say(&format!(
            "flood: {:.0} messages/s stored, {:.0} bytes/s drawn, {:.0} % of a CPU; load {}",
            flood.rate(),
            (tty.bytes - bytes) as f64 / seconds,
            100.0 * used.cpu.as_secs_f64() / seconds,
            std::fs::read_to_string("/proc/loadavg")?.trim(),
        ))?;
        told_memory("in the flood", &tty)?;
        flood.end()?;
        leave(tty)?;
        Ok(echoes)
    }
}

fn is_live(text: &str) -> bool {
    text.lines().next().is_some_and(|header| header.contains(" ms "))
}

fn leave(mut tty: Tty) -> anyhow::Result<()> {
    tty.type_keys("\x11")?;
    tty.rest(Duration::from_secs(2));
    Ok(())
}

fn told_memory(what: &str, tty: &Tty) -> anyhow::Result<()> {
    let (resident, own) = memory(tty.pid()?)?;
    say(&format!("memory, {what}: {resident:.1} MB resident, {own:.1} MB its own"))
}

/// Prints the middle, the 99th of a hundred, and the worst.
fn times(what: &str, mut times: Vec<Duration>) -> anyhow::Result<()> {
    times.sort_unstable();
    let at = |share: usize| {
        times.get(times.len() * share / 100).or(times.last()).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    say(&format!("{what}: p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms ({} times)", at(50), at(99), at(100), times.len()))
}

fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}
