//! A program's two pipes: events and answers on standard output, requests on standard input, one JSON object a line.
//! `docs/bots.md` is the contract.

mod bans;
pub(in crate::bot) mod beside;
mod choose;
mod connections;
pub(in crate::bot) mod fields;
mod files;
mod hear;
mod identity;
pub(in crate::bot) mod input;
mod invites;
mod listen;
mod message;
mod moderate;
pub(in crate::bot) mod near;
mod outlet;
mod person;
mod record;
mod replay;
pub(in crate::bot) mod request;
mod rooms;
pub(in crate::bot) mod signals;
mod supervisor;
mod tokens;
mod work;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::{RoomInfo, RoomName};
use tokio::time::Instant;

use self::listen::Bot;
use self::outlet::Outlet;
use self::record::Recorder;
use self::replay::Replay;
use self::signals::{Reins, until_signal};
use self::supervisor::Supervisor;
use super::cursor::{CursorFile, Place};
use super::door::Door;
use super::queue::{QUEUE_LINES, Queue};
use super::{Exit, Failure, complain};
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
    /// Leave out what programs wrote.
    pub ignore_bots: bool,
    /// End when the account is put out of a room.
    pub exit_on_kick: bool,
    /// Change nothing at the server; say what would be changed.
    pub dry_run: bool,
    /// A new file for every line that is written or read.
    pub record: Option<PathBuf>,
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

impl From {
    /// Where a room begins that is entered later: a number is of the rooms at the start.
    fn of_later_room(self) -> Self {
        match self {
            Self::Cursor => Self::Cursor,
            Self::Now | Self::Start | Self::Seq(_) => Self::Now,
        }
    }
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

/// Serves a program what a file says, without a server. `hang_up` is called when the file has ended and everything is
/// written: the program is to see the end of its input then.
///
/// # Errors
/// [`Exit::Usage`] for a file that is none; [`Exit::Failed`] if the program asks something else than the file says.
pub async fn replay(
    file: &Path,
    options: Options,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    hang_up: impl FnOnce(),
) -> Result<Exit, Failure> {
    let lines = replay::read(file)?;
    let queue = Queue::start(output, QUEUE_LINES, |_| {}).map_err(no_thread)?;
    let inputs = input::start(input).map_err(no_thread)?;
    let (reins, grace) = (Reins::default(), options.grace);
    let stop = reins.stop.clone();
    let replay = Replay::new(Arc::clone(&queue), inputs, options, &lines);
    let run = async {
        tokio::select! {
            biased;
            () = stop.cancelled() => Ok(()),
            ended = replay.play(lines, hang_up) => ended,
        }
    };
    let ended = until_signal(run, &queue, &reins, grace).await;
    match queue.error() {
        Some(error) => Err(Failure::new(Exit::Failed, format!("standard output: {error}"))),
        None => ended,
    }
}

/// What a line from a program asks for, by its name in the contract, without anybody being asked.
///
/// # Errors
/// The answer it gets where it can't be understood, a line of JSON without its end.
pub fn understood(line: &[u8]) -> Result<&'static str, String> {
    request::parse(line).map(|request| request.name).map_err(|(id, problem)| {
        let answer = request::answer(&id, "", Err(problem));
        serde_json::to_string(&answer).unwrap_or_default()
    })
}

// As the argument of map_err.
#[allow(clippy::needless_pass_by_value)]
fn no_thread(error: io::Error) -> Failure {
    Failure::new(Exit::Bug, format!("no thread for a pipe: {error}"))
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
    let follows_output = cursor.clone().filter(|_| !options.ack);
    let written = move |(room, place): (String, Place)| {
        if let Some(cursor) = &follows_output {
            cursor.advance(&room, place);
        }
    };
    let queue = Queue::start(output, QUEUE_LINES, written).map_err(no_thread)?;
    let recorder = options.record.as_ref().map(|path| Recorder::create(path)).transpose()?;
    let reins = Reins::default();
    let grace = options.grace;
    let (queue_of_run, reins_of_run) = (Arc::clone(&queue), reins.clone());
    let run = Run {
        settings,
        environment,
        options,
        cursor: cursor.clone(),
        queue: queue_of_run,
        reins: reins_of_run,
        recorder,
    };
    let ended = until_signal(run.run(input), &queue, &reins, grace).await;
    if let Some(cursor) = cursor {
        let unsaved = |e: io::Error| Failure::new(Exit::Usage, format!("the cursor file cannot be written: {e}"));
        cursor.save().await.map_err(unsaved)?;
    }
    match queue.error() {
        Some(error) => Err(Failure::new(Exit::Failed, format!("standard output: {error}"))),
        None => ended,
    }
}

struct Run {
    settings: Settings,
    environment: Environment,
    options: Options,
    cursor: Option<Arc<CursorFile>>,
    queue: Arc<Queue<(String, Place)>>,
    reins: Reins,
    recorder: Option<Recorder>,
}

impl Run {
    async fn run(self, input: impl Read + Send + 'static) -> Result<(), Failure> {
        let stop = self.reins.stop.clone();
        let begun = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            begun = self.begin() => begun?,
        };
        let mut bot = begun;
        bot.save().await?;
        bot.ready().await;
        bot.supervisor = Supervisor::ready();
        let inputs = input::start(input).map_err(no_thread)?;
        let ended = bot.serve(inputs).await;
        Supervisor::stopping();
        bot.leave().await;
        ended
    }

    /// Logs in and joins.
    async fn begin(self) -> Result<Bot, Failure> {
        let server = self.settings.server.host.clone();
        let (door, joined) = enter(self.settings, self.environment, &self.options).await?;
        let outlet = Outlet::Pipe(self.queue);
        let mut bot = Bot::new(door, self.options, server, joined, self.cursor, outlet, self.reins);
        bot.recorder = self.recorder;
        Ok(bot)
    }
}

/// Logs in, and joins what there is to join.
async fn enter(
    settings: Settings,
    environment: Environment,
    options: &Options,
) -> Result<(Door, Vec<RoomInfo>), Failure> {
    let door = Door::open(settings, environment, Instant::now() + FAR, Some(options.max_offline)).await?;
    let mut joined = Vec::new();
    for room in &options.join {
        if options.dry_run {
            // What it is a member of already it hears; nothing is changed for the others.
            complain(&format!("not joined for --dry-run: #{room}"));
        } else {
            joined.push(door.join(room, Instant::now() + options.max_offline.max(JOIN_MIN)).await?);
        }
    }
    Ok((door, joined))
}

/// A deadline that is none.
const FAR: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Least time for joining a room at the start.
const JOIN_MIN: Duration = Duration::from_secs(10);
