//! The same session without the pipes: requests go in and lines come out within this process, to the letter as a program
//! would write and read them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::{RoomId, RoomInfo};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::input::Input;
use super::listen::Bot;
pub(in crate::bot) use super::outlet::Heard;
use super::outlet::Outlet;
use super::signals::Reins;
use super::work::{Context, Work};
use super::{FAR, From, Options, Overflow, enter};
use crate::bot::Failure;
use crate::bot::cursor::CursorFile;
use crate::bot::door::Door;
use crate::client::{Client, Environment, Login, Settings};

/// A session that somebody in this process drives.
pub(in crate::bot) struct Near {
    bot: Bot,
    settings: Settings,
}

/// Requests on their way to a session.
#[derive(Clone, Debug)]
pub(in crate::bot) struct Requests(mpsc::Sender<Input>);

impl Requests {
    /// Hands a request over, as the object a program would write. False if the session takes no more.
    pub(in crate::bot) async fn send(&self, request: &Value) -> bool {
        self.0.send(Input::Line(request.to_string().into_bytes())).await.is_ok()
    }

    /// Whether the session has ended.
    pub(in crate::bot) fn is_over(&self) -> bool {
        self.0.is_closed()
    }
}

/// Where requests come out.
#[derive(Debug)]
pub(in crate::bot) struct Inbox(mpsc::Receiver<Input>);

/// A way for requests.
pub(in crate::bot) fn requests() -> (Requests, Inbox) {
    let (tx, rx) = mpsc::channel(REQUESTS_AHEAD);
    (Requests(tx), Inbox(rx))
}

impl Near {
    /// Logs in, trying for as long as `patience`. The lines come out of the receiver, the first one is there already.
    pub(in crate::bot) async fn open(
        settings: Settings,
        environment: Environment,
        echo: bool,
        patience: Duration,
    ) -> Result<(Self, mpsc::Receiver<Heard>), Failure> {
        let door = Door::open(settings.clone(), environment, Instant::now() + FAR, Some(patience)).await?;
        Self::begin(door, settings, options(echo), Vec::new(), None).await
    }

    /// Logs in, joins and begins where the options say, as `bot jsonl` does; the rooms it joined come along. How far each room
    /// was dealt with is for the reader of the lines to say, to the cursor.
    pub(in crate::bot) async fn listen(
        settings: Settings,
        environment: Environment,
        options: Options,
        cursor: Option<Arc<CursorFile>>,
    ) -> Result<(Self, mpsc::Receiver<Heard>, Vec<RoomId>), Failure> {
        let (door, joined) = enter(settings.clone(), environment, &options).await?;
        let rooms = joined.iter().map(|info| info.room).collect();
        let (near, lines) = Self::begin(door, settings, options, joined, cursor).await?;
        Ok((near, lines, rooms))
    }

    async fn begin(
        door: Door,
        mut settings: Settings,
        options: Options,
        joined: Vec<RoomInfo>,
        cursor: Option<Arc<CursorFile>>,
    ) -> Result<(Self, mpsc::Receiver<Heard>), Failure> {
        // A code works once; from then on the key is enough.
        if settings.login.is_once() {
            settings.login = Login::Device;
        }
        let server = settings.server.host.clone();
        // Nobody reads before this returns, and there may be a word about every room.
        let (lines, read) = mpsc::channel(LINES_AHEAD + door.welcome.feeds.len());
        let mut bot = Bot::new(door, options, server, joined, cursor, Outlet::Near(lines), Reins::default());
        bot.save().await?;
        bot.ready().await;
        Ok((Self { bot, settings }, read))
    }

    /// Logs in again and goes on in every room where it was; what came meanwhile follows as replay.
    pub(in crate::bot) async fn reopen(&mut self, environment: Environment, patience: Duration) -> Result<(), Failure> {
        let far = Instant::now() + FAR;
        let door = Door::open(self.settings.clone(), environment, far, Some(patience)).await?;
        let bot = &mut self.bot;
        bot.work = Work::new(Context::new(door.client.clone(), door.environment.clone(), bot.me, bot.options.pace));
        (bot.fetching, bot.behind) = (None, VecDeque::new());
        let welcome = door.welcome.clone();
        bot.door = door;
        bot.welcome(&welcome).await
    }

    /// Serves until there are no more requests, or until `stop`.
    pub(in crate::bot) async fn serve(&mut self, requests: Inbox, stop: CancellationToken) -> Result<(), Failure> {
        self.bot.reins.stop = stop;
        self.bot.serve(requests.0).await
    }

    /// The session itself.
    pub(in crate::bot) fn client(&self) -> Client {
        self.bot.door.client.clone()
    }

    /// Says goodbye to the server.
    pub(in crate::bot) async fn leave(&self) {
        self.bot.leave().await;
    }
}

/// Everything as it comes, for as long as it takes: whoever drives the session has patience of his own.
pub(in crate::bot) fn options(echo: bool) -> Options {
    Options {
        join: Vec::new(),
        from: From::Now,
        cursor: None,
        ack: false,
        keep: false,
        echo,
        grace: Duration::ZERO,
        max_offline: FAR,
        overflow: Overflow::Block,
        pace: None,
        ignore_bots: false,
        exit_on_kick: false,
        dry_run: false,
        record: None,
    }
}

/// Requests read ahead of the session.
const REQUESTS_AHEAD: usize = 16;

/// Lines ahead of their reader.
const LINES_AHEAD: usize = 256;
