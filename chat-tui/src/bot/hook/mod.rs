//! A command for every event: the event on its standard input, its standard output as the reply.
//!
//! It is a program at the pipes of `bot jsonl`, within this process: what it reads are the same lines. It reads them only while
//! a command could be run, so that what it has no time for stays at the server; replies go past them. `docs/bots.md` says what
//! people may rely on.

mod filter;
mod job;
mod order;
mod run;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::{RoomId, RoomName};
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::filter::{Filter, Handed};
pub use self::filter::{Kind, MESSAGE, Pattern};
pub use self::job::Restart;
use self::job::{Desk, Verdict};
use self::order::{Order, Ticket};
use self::run::Runner;
use super::cursor::{CursorFile, Place};
use super::jsonl::near::{self, Heard, Near};
use super::jsonl::signals::{Asked, Signals, at};
use super::jsonl::{From, Options, Overflow};
use super::{Exit, Failure, complain};
use crate::client::{Environment, Settings};

/// What is done about which events.
#[derive(Clone, Debug)]
pub struct Hook {
    /// Rooms to become a member of first, and to listen to; without one, every room the account is in.
    pub join: Vec<RoomName>,
    /// Where each room begins.
    pub from: From,
    /// The file that remembers how far each room was dealt with.
    pub cursor: Option<PathBuf>,
    /// Which kinds of events.
    pub on: Vec<Kind>,
    /// What their text must look like.
    pub pattern: Option<Pattern>,
    /// Messages of programs as well.
    pub bots: bool,
    /// The program and its arguments, as they are: no shell reads them.
    pub command: Vec<OsString>,
    /// Commands that run at the same time, 1 to [`JOBS_MAX`].
    pub jobs: usize,
    /// Events of one room do not wait for each other.
    pub parallel: bool,
    /// How long a command may run.
    pub timeout: Duration,
    /// What happens when it fails.
    pub restart: Restart,
    /// When it failed for good, so does this.
    pub exit_on_failure: bool,
    /// How long commands may go on after a signal.
    pub grace: Duration,
    /// How long the server may be away.
    pub max_offline: Duration,
    /// A variable of the environment that no command is to see.
    pub secret: Option<String>,
}

/// Runs commands until a signal comes.
///
/// # Errors
/// What ended it otherwise: a cursor file or a command that cannot be used, the end of the session, or a command that failed if
/// that was asked for.
pub async fn hook(settings: Settings, environment: Environment, hook: Hook) -> Result<Exit, Failure> {
    if hook.from == From::Cursor && hook.cursor.is_none() {
        return Err(Failure::new(Exit::Usage, "--from cursor needs --cursor FILE"));
    }
    let cursor = hook.cursor.as_ref().map(|path| CursorFile::open(path, &settings.server)).transpose()?;
    let mut signals = Signals::new().map_err(|e| Failure::new(Exit::Bug, format!("no signals: {e}")))?;
    let options = Options {
        join: hook.join.clone(),
        from: hook.from,
        cursor: hook.cursor.clone(),
        ack: true,
        max_offline: hook.max_offline,
        // Nothing that is not stored is handed over.
        overflow: Overflow::DropPresence,
        ignore_bots: !hook.bots,
        ..near::options(false)
    };
    let (mut near, mut lines, rooms) = tokio::select! {
        biased;
        () = until_end(&mut signals) => return Ok(Exit::Clean),
        begun = Near::listen(settings, environment, options, cursor.clone()) => begun?,
    };
    let ready = lines.recv().await.map(|heard| heard.line).unwrap_or_default();
    let client = near.client();
    let runner = Runner { command: hook.command.clone(), timeout: hook.timeout, secret: hook.secret.clone() };
    let desk = Desk { client, runner, restart: hook.restart, patience: hook.max_offline };
    let filter = filter_of(&hook, &ready, rooms.into_iter().collect());
    complain(&format!("listening as {}", filter.me.1));
    let (requests, inbox) = near::requests();
    let ended = {
        let served = pin!(near.serve(inbox, CancellationToken::new()));
        let work = Work { hook: &hook, desk: &desk, filter, cursor: cursor.clone(), order: Order::new(hook.parallel) };
        work.run(served, &mut lines, &mut signals).await
    };
    drop(requests);
    if let Some(cursor) = cursor {
        cursor.save().await.map_err(|e| unsaved(&e))?;
    }
    if !matches!(ended, Ok(Exit::Signal(_))) {
        near.leave().await;
    }
    ended
}

fn filter_of(hook: &Hook, ready: &str, rooms: BTreeSet<RoomId>) -> Filter {
    let ready: Value = serde_json::from_str(ready).unwrap_or_default();
    let of_me = |field: &str| ready["self"][field].as_str().unwrap_or_default().to_owned();
    let Hook { on, pattern, .. } = hook.clone();
    Filter { me: (of_me("id"), of_me("name")), rooms, kinds: on, pattern }
}

fn unsaved(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Usage, format!("the cursor file cannot be written: {error}"))
}

/// Waits for a signal that ends it, before there is anything to be told of.
async fn until_end(signals: &mut Signals) {
    while matches!(signals.next().await, Asked::State) {
        complain(&"connecting");
    }
}

/// Events being dealt with.
struct Work<'a> {
    hook: &'a Hook,
    desk: &'a Desk,
    filter: Filter,
    cursor: Option<Arc<CursorFile>>,
    order: Order<Handed>,
}

/// One thing that happened.
enum Step {
    Signal(Asked),
    /// The time of grace is over.
    Late,
    /// The session ended.
    Served(Result<(), Failure>),
    Dealt(Ticket, Result<Verdict, Failure>),
    Save,
    Heard(Option<Heard>),
}

impl Work<'_> {
    /// Goes on until a signal, or until it cannot. Commands that then still run are killed.
    async fn run(
        mut self,
        mut served: impl Future<Output = Result<(), Failure>> + Unpin,
        lines: &mut mpsc::Receiver<Heard>,
        signals: &mut Signals,
    ) -> Result<Exit, Failure> {
        let desk = self.desk;
        let mut running: FuturesUnordered<LocalBoxFuture<'_, (Ticket, Result<Verdict, Failure>)>> =
            FuturesUnordered::new();
        // When the time of grace is over, once there was a signal.
        let mut deadline = None;
        let mut save_at = None;
        loop {
            while deadline.is_none() && running.len() < self.hook.jobs {
                let Some((ticket, event)) = self.order.begin() else { break };
                running.push(Box::pin(async move { (ticket, desk.deal_with(&event).await) }));
            }
            if deadline.is_some() && running.is_empty() {
                return Ok(Exit::Clean);
            }
            let wants_more = deadline.is_none() && running.len() < self.hook.jobs && self.order.waiting() < WAITING_MAX;
            let step = tokio::select! {
                biased;
                signal = signals.next() => Step::Signal(signal),
                () = at(deadline) => Step::Late,
                ended = &mut served => Step::Served(ended),
                Some((ticket, verdict)) = running.next(), if !running.is_empty() => Step::Dealt(ticket, verdict),
                () = at(save_at) => Step::Save,
                heard = lines.recv(), if wants_more => Step::Heard(heard),
            };
            match step {
                Step::Signal(Asked::State) => self.tell_state(running.len()),
                Step::Signal(Asked::End(number)) if deadline.is_some() => return Ok(Exit::Signal(number)),
                Step::Signal(Asked::End(_)) => {
                    deadline = Some(Instant::now() + self.hook.grace);
                    self.tell_state(running.len());
                }
                Step::Late => return Ok(Exit::Clean),
                Step::Served(ended) => {
                    return Err(ended
                        .err()
                        .unwrap_or_else(|| Failure::new(Exit::Bug, "the session ended without a word")));
                }
                Step::Dealt(ticket, verdict) => {
                    self.dealt(ticket, verdict?)?;
                    save_at = Some(Instant::now());
                }
                Step::Save => {
                    save_at = None;
                    self.save().await?;
                }
                Step::Heard(heard) => {
                    if heard.is_some_and(|heard| self.heard(heard)) {
                        save_at.get_or_insert_with(|| Instant::now() + SAVE_INTERVAL);
                    }
                }
            }
        }
    }

    fn tell_state(&self, running: usize) {
        complain(&format!("commands that run: {running}; events that wait for them: {}", self.order.waiting()));
    }

    /// A line came. Whether there is something new to be remembered.
    fn heard(&mut self, Heard { line, mark }: Heard) -> bool {
        let Some((name, place)) = mark else {
            tell(&line);
            return false;
        };
        let event = self.filter.take(line, place);
        let dealt_with = self.order.push(name, place, event);
        self.remember(dealt_with)
    }

    /// An event is dealt with.
    fn dealt(&mut self, ticket: Ticket, verdict: Verdict) -> Result<(), Failure> {
        if verdict == Verdict::Failed && self.hook.exit_on_failure {
            return Err(Failure::new(Exit::Failed, "a command failed, and --exit-on-failure was asked for"));
        }
        let dealt_with = self.order.finish(ticket);
        self.remember(dealt_with);
        Ok(())
    }

    fn remember(&self, dealt_with: Option<(String, Place)>) -> bool {
        let (Some(cursor), Some((name, place))) = (&self.cursor, dealt_with) else { return false };
        cursor.advance(&name, place);
        true
    }

    async fn save(&self) -> Result<(), Failure> {
        match &self.cursor {
            Some(cursor) => cursor.save().await.map_err(|e| unsaved(&e)),
            None => Ok(()),
        }
    }
}

/// Tells people what they would miss.
fn tell(line: &str) {
    let event: Value = serde_json::from_str(line).unwrap_or_default();
    let room = event["room"].as_str().unwrap_or_default();
    match event["ev"].as_str() {
        Some("gap") => complain(&format!("{room}: events {} to {} are no longer kept", event["from"], event["to"])),
        Some("reset") => complain(&format!("{room}: the server's data was set back; all that it has follows")),
        Some(_) | None => {}
    }
}

/// Commands that run at the same time, unless it is said.
pub const JOBS_DEFAULT: u16 = 4;

/// Commands that run at the same time at most.
pub const JOBS_MAX: u16 = 256;

/// Events that wait for others of their room; beyond them nothing more is read.
const WAITING_MAX: usize = 256;

/// How often is remembered what no command was run for.
const SAVE_INTERVAL: Duration = Duration::from_millis(250);
