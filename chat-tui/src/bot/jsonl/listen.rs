//! What happens at the server and at the program's end, one thing after the other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat_proto::reply::Page;
use chat_proto::{AccountId, FeedId, FeedStatus, Presence, RoomId, RoomInfo, Seq};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::input::{Input, LINE_BYTES_MAX};
use super::outlet::Outlet;
use super::record::Recorder;
use super::request::{Answer, At, Op, Problem, Request, answer, dry, parse};
use super::signals::{Reins, at};
use super::supervisor::Supervisor;
use super::work::{Context, Work};
use super::{Options, Overflow};
use crate::bot::contract::{self, contract};
use crate::bot::cursor::{CursorFile, Place};
use crate::bot::door::Door;
use crate::bot::line::{Line, ReadyRoom, VERSION, Who, json, room_name};
use crate::bot::progress::Progress;
use crate::bot::queue::Passed;
use crate::bot::{Exit, Failure, complain};
use crate::client::{CallError, ClientEvent};

/// A room the program hears.
pub(super) struct Room {
    pub(super) name: String,
    pub(super) read: Seq,
    pub(super) progress: Progress,
    /// Names it had while it was listened to.
    pub(super) was: BTreeSet<String>,
}

impl Room {
    /// It is called this.
    pub(super) fn rename(&mut self, name: &str) {
        if self.name != name {
            self.was.insert(std::mem::replace(&mut self.name, name.to_owned()));
        }
    }

    fn is_called(&self, is_it: impl Fn(&str) -> bool) -> bool {
        is_it(&self.name) || self.was.iter().any(|name| is_it(name))
    }
}

/// A page being read. Nobody locks it: the mutex lets a session be served by any thread.
pub(super) type Fetching = Mutex<BoxFuture<'static, (RoomId, Result<Page, CallError>)>>;

/// A program being served.
pub(super) struct Bot {
    pub(super) door: Door,
    pub(super) options: Options,
    pub(super) server: String,
    pub(super) me: AccountId,
    pub(super) rooms: BTreeMap<RoomId, Room>,
    /// Rooms of the command line whose feed has not begun yet.
    pub(super) expected: BTreeSet<RoomId>,
    pub(super) first: Vec<ReadyRoom>,
    /// What is to be said of rooms behind the first line.
    pub(super) reset: Vec<Line>,
    /// Who was last said to be where.
    pub(super) presence: BTreeMap<AccountId, Presence>,
    pub(super) cursor: Option<Arc<CursorFile>>,
    pub(super) outlet: Outlet,
    pub(super) reins: Reins,
    /// What watches over the process, if something does.
    pub(super) supervisor: Supervisor,
    pub(super) recorder: Option<Recorder>,
    /// The room the account was put out of, if that is to be the end.
    pub(super) put_out: Option<String>,
    pub(super) work: Work,
    pub(super) fetching: Option<Fetching>,
    /// Rooms behind, the one to be served next in front.
    pub(super) behind: VecDeque<RoomId>,
    pub(super) offline_since: Option<Instant>,
    /// When what was written is next remembered in the cursor file.
    pub(super) save_at: Instant,
    /// A line found no place and was not to wait for one.
    pub(super) overrun: AtomicBool,
    /// The session is somebody else's, and so is standard error.
    pub(super) aside: bool,
}

/// One thing that happened.
enum Step {
    Stop,
    Answer(Answer),
    Input(Option<Input>),
    Page(RoomId, Result<Page, CallError>),
    Event(Option<ClientEvent>),
    Offline,
    Save,
    Beat,
    State,
}

impl Bot {
    pub(super) fn new(
        door: Door,
        options: Options,
        server: String,
        joined: Vec<RoomInfo>,
        cursor: Option<Arc<CursorFile>>,
        outlet: Outlet,
        reins: Reins,
    ) -> Self {
        let me = door.welcome.account;
        let context = Context::new(door.client.clone(), door.environment.clone(), me, options.pace);
        let mut bot = Self {
            work: Work::new(context),
            me,
            options,
            server,
            rooms: BTreeMap::new(),
            expected: joined.iter().map(|info| info.room).collect(),
            first: Vec::new(),
            reset: Vec::new(),
            presence: BTreeMap::new(),
            cursor,
            outlet,
            reins,
            supervisor: Supervisor::default(),
            recorder: None,
            put_out: None,
            fetching: None,
            behind: VecDeque::new(),
            offline_since: None,
            save_at: Instant::now(),
            overrun: AtomicBool::new(false),
            aside: false,
            door,
        };
        let ready = |name: &str, head: Seq, read: Seq| ReadyRoom { room: room_name(name), head: head.0, read: read.0 };
        let feeds: Vec<FeedStatus> = bot.door.welcome.feeds.iter().filter(|status| status.member).cloned().collect();
        for status in feeds {
            let FeedId::Room(room) = status.feed else { continue };
            bot.expected.remove(&room);
            bot.first.push(ready(&status.name, status.head, status.read));
            if bot.begin_room(room, &status, bot.options.from) {
                bot.reset.push(Line::Reset { room: room_name(&status.name) });
            }
        }
        for info in joined {
            if !bot.rooms.contains_key(&info.room) && bot.first.iter().all(|room| room.room != room_name(&info.name)) {
                bot.first.push(ready(&info.name, info.head, info.read));
            }
        }
        bot
    }

    /// Writes the first line.
    pub(super) async fn ready(&mut self) {
        let me = Who::new(self.me, self.door.welcome.name.clone());
        let rooms = std::mem::take(&mut self.first);
        self.line(&Line::Ready { v: VERSION, me, server: self.server.clone(), rooms }, None).await;
        for line in std::mem::take(&mut self.reset) {
            self.line(&line, None).await;
        }
    }

    /// Serves until the input ends, a signal comes, or it cannot go on.
    pub(super) async fn serve(&mut self, mut inputs: mpsc::Receiver<Input>) -> Result<(), Failure> {
        let mut reading = true;
        loop {
            self.fetch_missing();
            match self.step(&mut inputs, reading).await {
                Step::Stop => {
                    let grace = self.options.grace;
                    return self.drain(grace).await;
                }
                Step::Answer(answer) => self.say(&answer).await,
                Step::Input(Some(input)) => self.input(input).await,
                Step::Input(None) if self.options.keep => reading = false,
                Step::Input(None) => {
                    let patience = self.options.max_offline;
                    return self.drain(patience).await;
                }
                Step::Page(room, page) => self.page(room, page).await?,
                Step::Event(Some(event)) => self.event(event).await?,
                Step::Event(None) => return Err(Failure::new(Exit::Bug, "the session ended without a word")),
                Step::Offline => {
                    let text = format!("{} was away for longer than --max-offline", self.server);
                    return Err(Failure::new(Exit::Unreachable, text));
                }
                Step::Save => {
                    self.save().await?;
                    self.save_at = Instant::now() + SAVE_INTERVAL;
                }
                Step::Beat => self.supervisor.alive(),
                Step::State => complain(&self.state()),
            }
            if let Some(room) = &self.put_out {
                let text = format!("put out of #{room}, and --exit-on-kick was asked for");
                // That nobody reads any more is seen by whoever waits for the queue.
                let _ = self.outlet.drained().await;
                return Err(Failure::new(Exit::Forbidden, text));
            }
            if self.overrun.load(Ordering::Relaxed) {
                return Err(Failure::new(
                    Exit::Failed,
                    "nobody reads standard output, and --overflow exit was asked for",
                ));
            }
        }
    }

    async fn step(&mut self, inputs: &mut mpsc::Receiver<Input>, reading: bool) -> Step {
        let give_up = self.offline_since.map(|since| since + self.options.max_offline);
        let wants_input = reading && self.work.has_place();
        let save_at = (self.cursor.is_some() && !self.options.ack).then_some(self.save_at);
        let beat_at = self.supervisor.beat_at();
        let Self { reins, work, fetching, door, .. } = self;
        tokio::select! {
            biased;
            () = reins.stop.cancelled() => Step::Stop,
            () = reins.state.notified() => Step::State,
            () = at(beat_at) => Step::Beat,
            () = at(save_at) => Step::Save,
            answer = work.next() => Step::Answer(answer),
            input = inputs.recv(), if wants_input => Step::Input(input),
            (room, page) = fetched(fetching) => Step::Page(room, page),
            event = door.events.recv() => Step::Event(event),
            () = at(give_up) => Step::Offline,
        }
    }

    /// Waits for what is under way, and for standard output.
    async fn drain(&mut self, patience: Duration) -> Result<(), Failure> {
        let finish = async {
            while !self.work.is_idle() {
                let answer = self.work.next().await;
                self.say(&answer).await;
            }
        };
        let in_time = timeout(patience, finish).await.is_ok();
        for answer in self.work.give_up() {
            self.say(&answer).await;
        }
        // That nobody reads any more is seen by whoever waits for the queue.
        let _ = self.outlet.drained().await;
        if in_time || self.reins.stop.is_cancelled() {
            return Ok(());
        }
        Err(Failure::new(Exit::Unreachable, "the server was away for longer than --max-offline"))
    }

    /// Says goodbye to the server.
    pub(super) async fn leave(&self) {
        self.door.client.quit(Duration::ZERO).await;
    }

    pub(super) async fn save(&self) -> Result<(), Failure> {
        let Some(cursor) = &self.cursor else { return Ok(()) };
        cursor.save().await.map_err(|e| Failure::new(Exit::Usage, format!("the cursor file cannot be written: {e}")))
    }

    /// How things stand, for people.
    fn state(&self) -> String {
        let link = if self.offline_since.is_some() { "away" } else { "online" };
        let mut text = format!("{} is {link}; {} requests are worked on", self.server, self.work.count());
        for room in self.rooms.values() {
            let behind = if room.progress.missing().is_some() { ", and is behind" } else { "" };
            text += &format!("; #{} goes on with {}{behind}", room.name, room.progress.wanted());
        }
        text
    }

    async fn input(&mut self, input: Input) {
        if let (Some(recorder), Input::Line(line)) = (&mut self.recorder, &input) {
            recorder.request(line);
        }
        let refused = match input {
            Input::TooLong => {
                let text = format!("a line of more than {LINE_BYTES_MAX} bytes");
                (Value::Null, Problem::new("bad_request", text))
            }
            Input::Line(line) => match parse(&line) {
                Ok(request) if self.options.dry_run && contract().changes(request.name) => {
                    complain(&format!("not done for --dry-run: {}", String::from_utf8_lossy(&line)));
                    return self.say(&dry(&request.id, request.name)).await;
                }
                Ok(Request { id, name, op: Op::Ack(at) }) if self.options.ack => match self.acknowledge(&at) {
                    Ok(cursor) => return self.work.take_other(id, name, saved(cursor)),
                    Err(problem) => (id, problem),
                },
                Ok(request) => return self.work.take(request),
                Err(refused) => refused,
            },
        };
        let (id, problem) = refused;
        self.say(&answer(&id, "", Err(problem))).await;
    }

    /// The program has dealt with everything up to here.
    fn acknowledge(&self, At { room, seq }: &At) -> Result<Arc<CursorFile>, Problem> {
        let keys = room.keys();
        let same = |name: &str| chat_proto::RoomName::parse(name).is_ok_and(|name| name.keys().folded == keys.folded);
        let found = self.rooms.iter().find(|(_, known)| known.is_called(same));
        let (id, known) =
            found.ok_or_else(|| Problem::new("not_member", format!("#{room} is not being listened to")))?;
        if Seq(*seq) >= known.progress.wanted() {
            return Err(Problem::new("bad_request", format!("event {seq} of #{room} was not delivered yet")));
        }
        let cursor = self.cursor.clone().ok_or_else(|| Problem::new("bad_request", "there is no cursor file"))?;
        cursor.advance(&known.name, Place { room: *id, epoch: known.progress.epoch(), seq: Seq(*seq) });
        Ok(cursor)
    }

    pub(super) async fn line(&mut self, line: &Line, mark: Option<(String, Place)>) {
        let line = event(line);
        if let Some(recorder) = &mut self.recorder {
            recorder.line(&line);
        }
        self.push(line, mark).await;
    }

    async fn say(&mut self, answer: &Answer) {
        if let Some(recorder) = &mut self.recorder {
            recorder.answer(answer);
        }
        self.push(json(answer), None).await;
    }

    async fn push(&self, line: String, mark: Option<(String, Place)>) {
        if self.options.overflow == Overflow::Exit && self.outlet.is_full() {
            return self.overrun.store(true, Ordering::Relaxed);
        }
        // That nobody reads any more is seen by whoever waits for the queue.
        let _ = self.outlet.push(line, mark).await;
    }

    /// Writes what only the newest of its kind matters of.
    pub(super) async fn pass(&mut self, kind: &str, line: &Line) {
        let line = event(line);
        if let Some(recorder) = &mut self.recorder {
            recorder.line(&line);
        }
        while let Ok(Passed::Full) = self.outlet.pass(kind, &line) {
            match self.options.overflow {
                Overflow::DropPresence => return,
                Overflow::Exit => return self.overrun.store(true, Ordering::Relaxed),
                Overflow::Block => drop(self.outlet.room().await),
            }
        }
    }
}

/// An event as it is written; in debug builds it is held against the contract.
fn event(line: &Line) -> String {
    debug_assert_eq!(
        serde_json::to_value(line).map_err(|e| e.to_string()).and_then(|l| contract::event(&l)),
        Ok(()),
        "{line:?}"
    );
    json(line)
}

async fn fetched(fetching: &mut Option<Fetching>) -> (RoomId, Result<Page, CallError>) {
    match fetching {
        Some(fetching) => fetching.get_mut().unwrap_or_else(PoisonError::into_inner).await,
        None => std::future::pending().await,
    }
}

/// Answers when the cursor file is on disk.
async fn saved(cursor: Arc<CursorFile>) -> Result<Map<String, Value>, Problem> {
    let saved = cursor.save().await;
    saved.map(|()| Map::new()).map_err(|e| Problem {
        retry: true,
        ..Problem::new("storage_full", format!("the cursor file cannot be written: {e}"))
    })
}

/// How often what was written is remembered in the cursor file.
const SAVE_INTERVAL: Duration = Duration::from_millis(250);
