//! A program's two pipes: events and answers on standard output, requests on standard input, one JSON object a line.
//! `docs/bots.md` is the contract.

mod bans;
mod choose;
mod connections;
pub(in crate::bot) mod fields;
mod files;
mod hear;
mod identity;
mod input;
mod invites;
mod listen;
mod message;
mod moderate;
pub(in crate::bot) mod near;
mod outlet;
mod person;
pub(in crate::bot) mod request;
mod tokens;
mod work;

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::pin::pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::{RoomInfo, RoomName};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::listen::Bot;
use self::outlet::Outlet;
use super::cursor::{CursorFile, Place};
use super::door::Door;
use super::queue::{QUEUE_LINES, Queue};
use super::{Exit, Failure};
use crate::client::{Environment, Settings};

/// How a program is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// Rooms to become a member of first; made if there is none and the server allows it.
    pub join: Vec<RoomName>,
    /// Where each room begins.
    pub from: From,
    /// The file that remembers how far each room was read.
    pub cursor: Option<PathBuf>,
    /// Whether the program says what it has dealt with, and the file follows that; else it follows what was written.
    pub ack: bool,
    /// Stay when standard input has ended.
    pub keep: bool,
    /// Write the account's own messages as well.
    pub echo: bool,
    /// How long what is under way may take after a signal.
    pub grace: Duration,
    /// How long the server may be away.
    pub max_offline: Duration,
    /// What happens when the program does not read.
    pub overflow: Overflow,
    /// Least time between two messages.
    pub pace: Option<Duration>,
}

/// Where a room begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// With what comes after the login.
    Now,
    /// With the oldest event that is kept.
    Start,
    /// With this event.
    Seq(u64),
    /// Behind what the cursor file remembers; a room that is not in it, as [`From::Now`].
    Cursor,
}

impl FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "now" => Ok(Self::Now),
            "start" => Ok(Self::Start),
            "cursor" => Ok(Self::Cursor),
            other => match other.strip_prefix("seq:").and_then(|number| number.parse().ok()) {
                Some(number) if number > 0 => Ok(Self::Seq(number)),
                Some(_) | None => Err("one of now, start, cursor, seq:N with N from 1 on".to_owned()),
            },
        }
    }
}

/// What happens when a program does not read and the queue before it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Nothing more is read from the server until it does.
    Block,
    /// The same, but presence and typing are left out instead of waited for.
    DropPresence,
    /// The run ends.
    Exit,
}

impl FromStr for Overflow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "block" => Ok(Self::Block),
            "drop-presence" => Ok(Self::DropPresence),
            "exit" => Ok(Self::Exit),
            _ => Err("one of block, drop-presence, exit".to_owned()),
        }
    }
}

/// Serves a program until its input ends, or it reads no more, or a signal comes.
///
/// # Errors
/// What ended it otherwise.
pub async fn jsonl(
    settings: Settings,
    environment: Environment,
    options: Options,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> Result<Exit, Failure> {
    if (options.ack || options.from == From::Cursor) && options.cursor.is_none() {
        return Err(Failure::new(Exit::Usage, "--ack and --from cursor need --cursor FILE"));
    }
    let cursor = options.cursor.as_ref().map(|path| CursorFile::open(path, &settings.server)).transpose()?;
    let no_thread = |e: io::Error| Failure::new(Exit::Bug, format!("no thread for a pipe: {e}"));
    let follows_output = cursor.clone().filter(|_| !options.ack);
    let written = move |(room, place): (String, Place)| {
        if let Some(cursor) = &follows_output {
            cursor.advance(&room, place);
        }
    };
    let queue = Queue::start(output, QUEUE_LINES, written).map_err(no_thread)?;
    let stop = CancellationToken::new();
    let grace = options.grace;
    let run =
        Run { settings, environment, options, cursor: cursor.clone(), queue: Arc::clone(&queue), stop: stop.clone() };
    let ended = until_signal(run.run(input), &queue, &stop, grace).await;
    if let Some(cursor) = cursor {
        let unsaved = |e: io::Error| Failure::new(Exit::Usage, format!("the cursor file cannot be written: {e}"));
        cursor.save().await.map_err(unsaved)?;
    }
    match queue.error() {
        Some(error) => Err(Failure::new(Exit::Failed, format!("standard output: {error}"))),
        None => ended,
    }
}

/// Runs to the end, or to that of the pipe, or as far as signals let it: the first leaves it the time of grace, the second
/// none.
async fn until_signal<M: Send + 'static>(
    run: impl Future<Output = Result<(), Failure>>,
    queue: &Queue<M>,
    stop: &CancellationToken,
    grace: Duration,
) -> Result<Exit, Failure> {
    let mut run = pin!(run);
    let mut signals = Signals::new().map_err(|e| Failure::new(Exit::Bug, format!("no signals: {e}")))?;
    let mut deadline = None;
    loop {
        tokio::select! {
            biased;
            signal = signals.next() => {
                if deadline.is_some() {
                    return Ok(Exit::Signal(signal));
                }
                deadline = Some(Instant::now() + grace + LAST_WORDS);
                stop.cancel();
            }
            () = at(deadline) => return Ok(Exit::Clean),
            () = queue.closed() => return Ok(Exit::Clean),
            ended = &mut run => return ended.map(|()| Exit::Clean),
        }
    }
}

async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}

/// SIGINT and SIGTERM, by number.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) -> u8 {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => SIGINT,
            _ = self.terminate.recv() => SIGTERM,
        }
    }

    #[cfg(not(unix))]
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> u8 {
        // Without a handler the signal ends the process by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        SIGINT
    }
}

struct Run {
    settings: Settings,
    environment: Environment,
    options: Options,
    cursor: Option<Arc<CursorFile>>,
    queue: Arc<Queue<(String, Place)>>,
    stop: CancellationToken,
}

impl Run {
    async fn run(self, input: impl Read + Send + 'static) -> Result<(), Failure> {
        let stop = self.stop.clone();
        let begun = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            begun = self.begin() => begun?,
        };
        let mut bot = begun;
        bot.save().await?;
        bot.ready().await;
        let inputs =
            input::start(input).map_err(|e| Failure::new(Exit::Bug, format!("no thread for standard input: {e}")))?;
        let ended = bot.serve(inputs).await;
        bot.leave().await;
        ended
    }

    /// Logs in and joins.
    async fn begin(self) -> Result<Bot, Failure> {
        let server = self.settings.server.host.clone();
        let far = Instant::now() + FAR;
        let door = Door::open(self.settings, self.environment, far, Some(self.options.max_offline)).await?;
        let mut joined: Vec<RoomInfo> = Vec::new();
        for room in &self.options.join {
            joined.push(door.join(room, Instant::now() + self.options.max_offline.max(JOIN_MIN)).await?);
        }
        let outlet = Outlet::Pipe(self.queue);
        Ok(Bot::new(door, self.options, server, joined, self.cursor, outlet, self.stop))
    }
}

/// The numbers a shell knows the signals by.
#[cfg(unix)]
const SIGTERM: u8 = 15;
const SIGINT: u8 = 2;

/// After the time of grace, for what is still to be written.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A deadline that is none.
const FAR: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Least time for joining a room at the start.
const JOIN_MIN: Duration = Duration::from_secs(10);
