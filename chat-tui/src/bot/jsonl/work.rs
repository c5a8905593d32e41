//! Requests being worked on: those of one room one after the other, those of different rooms side by side.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat_proto::reply::{Member, MemberList, Page};
use chat_proto::request;
use chat_proto::{AccountId, MessageKey, RejectCode, Reply, RoomName, Seq, Style, Text, TextError};
use serde_json::{Map, Value};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::fields::{fields, hits_fields, member, page_fields, rooms_fields};
use super::message::Carries;
use super::request::{
    Answer, At, Create, InRoom, LIST_MAX, ListRooms, Members, Op, Part, Problem, Request, Search, Send, Subscribe,
    Typing, answer,
};
use super::rooms::{Rooms, by_name, lane};
use crate::bot::contract;
use crate::bot::door::RETRY;
use crate::bot::send::hashed;
use crate::client::{CallError, Client, Environment};

pub(super) type Outcome = Result<Map<String, Value>, Problem>;

/// What every request needs.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) client: Client,
    pub(super) environment: Environment,
    pub(super) me: AccountId,
    /// Least time between two messages.
    pub(super) pace: Option<Duration>,
    /// When the next message may go.
    next_send: Mutex<Instant>,
    pub(super) rooms: Rooms,
}

/// Requests being worked on.
#[derive(Debug)]
pub(super) struct Work {
    context: Arc<Context>,
    running: JoinSet<(u64, Outcome)>,
    /// Those that wait for another one of their room, which is being worked on.
    lanes: BTreeMap<String, VecDeque<(u64, Op)>>,
    asked: BTreeMap<u64, Asked>,
    last: u64,
}

/// A request to be answered.
#[derive(Debug)]
struct Asked {
    id: Value,
    /// What its op is called.
    name: &'static str,
    lane: Option<String>,
}

impl Context {
    pub(super) fn new(client: Client, environment: Environment, me: AccountId, pace: Option<Duration>) -> Self {
        let next_send = Mutex::new(Instant::now());
        Self { client, environment, me, pace, next_send, rooms: Rooms::default() }
    }
}

impl Work {
    pub(super) fn new(context: Context) -> Self {
        Self {
            context: Arc::new(context),
            running: JoinSet::new(),
            lanes: BTreeMap::new(),
            asked: BTreeMap::new(),
            last: 0,
        }
    }

    /// The rooms that are read without being in them.
    pub(super) fn rooms(&self) -> &Rooms {
        &self.context.rooms
    }

    pub(super) fn is_idle(&self) -> bool {
        self.asked.is_empty()
    }

    /// How many are not answered yet.
    pub(super) fn count(&self) -> usize {
        self.asked.len()
    }

    /// Whether a further request may come.
    pub(super) fn has_place(&self) -> bool {
        self.asked.len() < REQUESTS_MAX
    }

    /// Takes a request on.
    pub(super) fn take(&mut self, Request { id, name, op }: Request) {
        self.last += 1;
        let lane = lane_of(&op);
        self.asked.insert(self.last, Asked { id, name, lane: lane.clone() });
        let Some(lane) = lane else { return self.begin(self.last, op) };
        if let Some(waiting) = self.lanes.get_mut(&lane) {
            waiting.push_back((self.last, op));
        } else {
            self.lanes.insert(lane, VecDeque::new());
            self.begin(self.last, op);
        }
    }

    /// Takes something on that needs nothing of the server.
    pub(super) fn take_other(
        &mut self,
        id: Value,
        name: &'static str,
        work: impl Future<Output = Outcome> + std::marker::Send + 'static,
    ) {
        self.last += 1;
        let number = self.last;
        self.asked.insert(number, Asked { id, name, lane: None });
        self.running.spawn(async move { (number, work.await) });
    }

    fn begin(&mut self, number: u64, op: Op) {
        let context = Arc::clone(&self.context);
        self.running.spawn(async move { (number, context.settle(op).await) });
    }

    /// The next answer; never, if nothing is being worked on. May be dropped at any time.
    pub(super) async fn next(&mut self) -> Answer {
        let Some(Ok((number, outcome))) = self.running.join_next().await else {
            return std::future::pending().await;
        };
        let Some(Asked { id, name, lane }) = self.asked.remove(&number) else { return std::future::pending().await };
        if let Ok(fields) = &outcome {
            debug_assert_eq!(contract::answer(name, fields), Ok(()), "the answer to {name}: {fields:?}");
        }
        if let Some(lane) = lane {
            match self.lanes.get_mut(&lane).and_then(VecDeque::pop_front) {
                Some((number, op)) => self.begin(number, op),
                None => drop(self.lanes.remove(&lane)),
            }
        }
        answer(&id, name, outcome)
    }

    /// Gives up; the answers to what was not done.
    pub(super) fn give_up(&mut self) -> Vec<Answer> {
        self.running.abort_all();
        self.lanes.clear();
        let asked = std::mem::take(&mut self.asked);
        asked.into_values().map(|asked| answer(&asked.id, asked.name, Err(Problem::unanswered()))).collect()
    }
}

/// What is worked on one after the other: what concerns one room, and messages for one person.
fn lane_of(op: &Op) -> Option<String> {
    if let Op::About(about) = op { about.lane() } else { op_room(op).map(lane) }
}

fn op_room(op: &Op) -> Option<&RoomName> {
    match op {
        Op::Join(InRoom { room })
        | Op::Unsubscribe(InRoom { room })
        | Op::Subscribe(Subscribe { room, .. })
        | Op::Part(Part { room, .. })
        | Op::Create(Create { room, .. })
        | Op::Send(Send { room, .. })
        | Op::Read(At { room, .. })
        | Op::Typing(Typing { room, .. })
        | Op::History(room, ..)
        | Op::Members(Members { room, .. })
        | Op::Ack(At { room, .. }) => Some(room),
        Op::Choose(choose) => choose.room(),
        Op::Moderate(moderate) => Some(moderate.room()),
        Op::Treat(treat) => Some(treat.room()),
        Op::Search(_)
        | Op::Rooms(_)
        | Op::Connections(_)
        | Op::Bans(_)
        | Op::Invites(_)
        | Op::Tokens(_)
        | Op::Ping
        | Op::Identity(_)
        // However long a file takes, nothing of its room waits for it.
        | Op::Files(_)
        | Op::About(_) => None,
    }
}

impl Context {
    /// Does it; once more if a number that was remembered may lead nowhere any more, for its name may be another room's by now.
    async fn settle(&self, op: Op) -> Outcome {
        let outcome = self.perform(op.clone()).await;
        let is_gone = |problem: &Problem| problem.code == RejectCode::NoSuchRoom.name();
        let mistook = outcome.as_ref().err().is_some_and(is_gone) && self.rooms.forget_names();
        if mistook { self.perform(op).await } else { outcome }
    }

    // The one list of everything that can be asked: an arm each, and no rule.
    #[allow(clippy::cognitive_complexity)]
    async fn perform(&self, op: Op) -> Outcome {
        match op {
            Op::Join(InRoom { room }) => {
                let join = request::JoinRoom { key: self.key()?, room: by_name(&room), create: false };
                self.info(&room, self.ask(join).await?)
            }
            Op::Create(Create { room, topic }) => {
                let create = request::CreateRoom { key: self.key()?, name: room.as_str().to_owned(), topic };
                self.info(&room, self.ask(create).await?)
            }
            Op::Part(Part { room, reason }) => {
                let id = self.room(&room).await?;
                self.done(self.ask(request::LeaveRoom { key: self.key()?, room: id, reason }).await)
            }
            Op::Send(send) => self.send(send).await,
            Op::Read(At { room, seq }) => {
                let mark = request::MarkRead { room: self.room(&room).await?, seq: Seq(seq) };
                self.done(self.ask(mark).await)
            }
            Op::Typing(Typing { room, active }) => {
                self.client.typing(self.room(&room).await?, active);
                Ok(Map::new())
            }
            Op::History(room, anchor, limit) => {
                let history = request::History { room: self.room(&room).await?, anchor, limit };
                let page = self.fetch(history).await?;
                Ok(page_fields(room.as_str(), &page, anchor, self.me))
            }
            Op::Members(members) => self.members(members).await,
            Op::Subscribe(subscribe) => self.subscribe(subscribe).await,
            Op::Unsubscribe(InRoom { room }) => self.unsubscribe(&room).await,
            Op::Rooms(ListRooms { after, limit }) => {
                let reply = self.ask(request::ListRooms { after, limit: limit.clamp(1, LIST_MAX) }).await?;
                let Reply::RoomList(list) = reply else { return Err(nonsense(&reply)) };
                Ok(rooms_fields(&list))
            }
            Op::Search(search) => self.search(search).await,
            Op::Ping => {
                let asked = Instant::now();
                self.ask(request::Ping { token: 0 }).await?;
                let ms = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
                Ok(fields([("ms", ms.into())]))
            }
            Op::Choose(choose) => self.choose(choose).await,
            Op::Identity(op) => self.identify(op).await,
            Op::Bans(bans) => self.bans(bans).await,
            Op::Invites(op) => self.invites(op).await,
            Op::Tokens(op) => self.tokens(op).await,
            Op::Connections(connections) => self.connections(connections).await,
            Op::About(about) => self.about(about).await,
            Op::Moderate(moderate) => self.moderate(moderate).await,
            Op::Treat(treat) => self.treat(treat).await,
            Op::Files(files) => self.files(files).await,
            Op::Ack(_) => Err(Problem::new("bad_request", "start with --ack and --cursor FILE to acknowledge events")),
        }
    }

    pub(super) fn key(&self) -> Result<MessageKey, Problem> {
        self.environment.random.message_key().map_err(|e| Problem::new("internal", e.to_string()))
    }

    pub(super) async fn send(&self, send: Send) -> Outcome {
        let Send { room, text, action, key, reply_to, visible_to, custom } = send;
        Text::parse(&text).map_err(|e| Problem::new(text_code(&e), format!("the message is not possible: {e}")))?;
        let id = self.room(&room).await?;
        self.wait_for_turn().await;
        let key = match key {
            Some(key) => hashed(&key),
            None => self.key()?,
        };
        let style = if action { Style::Action } else { Style::Text };
        let extras = self.extras(Carries { reply_to, visible_to, custom }).await?;
        let reply = if extras.is_empty() {
            self.ask(request::Post { key, room: id, style, text }).await
        } else {
            self.ask(request::PostWith { key, room: id, style, text, extras }).await
        };
        let reply = reply?;
        let Reply::Receipt(receipt) = reply else { return Err(nonsense(&reply)) };
        let mut fields = fields([("seq", receipt.seq.0.into())]);
        if receipt.duplicate {
            fields.insert("duplicate".to_owned(), true.into());
        }
        Ok(fields)
    }

    /// Messages go no faster than asked for.
    pub(super) async fn wait_for_turn(&self) {
        let Some(pace) = self.pace else { return };
        let turn = {
            let mut next = self.next_send.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(Instant::now());
            *next = turn + pace;
            turn
        };
        sleep_until(turn).await;
    }

    async fn members(&self, Members { room, after, limit }: Members) -> Outcome {
        let id = self.room(&room).await?;
        let reply = self.ask(request::ListMembers { room: id, after, limit: limit.clamp(1, LIST_MAX) }).await?;
        let Reply::MemberList(MemberList { members, total, more }) = reply else { return Err(nonsense(&reply)) };
        let nicks = self.nicks(members.iter().map(|member| member.account).collect()).await?;
        let member = |known: &Member| member(known, nicks.get(&known.account));
        Ok(fields([("members", members.iter().map(member).collect()), ("total", total.into()), ("more", more.into())]))
    }

    async fn search(&self, Search { query, room, after, limit }: Search) -> Outcome {
        let room = match &room {
            Some(room) => Some(self.room(room).await?),
            None => None,
        };
        let reply = self.ask(chat_proto::search::Search { query, room, after, limit }).await?;
        let Reply::SearchHits(page) = reply else { return Err(nonsense(&reply)) };
        Ok(hits_fields(&page, self.me))
    }

    /// Asks until there is an answer, however long the connection is away.
    pub(super) async fn ask(&self, request: impl Into<chat_proto::Request>) -> Result<Reply, Problem> {
        let request = request.into();
        loop {
            if let Some(outcome) = settled(self.client.request(request.clone()).await) {
                return outcome;
            }
            sleep(RETRY).await;
        }
    }

    async fn fetch(&self, history: request::History) -> Result<Page, Problem> {
        loop {
            if let Some(outcome) = settled(self.client.fetch(history.clone()).await) {
                return outcome;
            }
            sleep(RETRY).await;
        }
    }

    pub(super) fn done(&self, reply: Result<Reply, Problem>) -> Outcome {
        reply.map(|_| Map::new())
    }
}

/// What came of asking; nothing while the connection is away.
fn settled<T>(result: Result<T, CallError>) -> Option<Result<T, Problem>> {
    match result {
        Ok(value) => Some(Ok(value)),
        Err(CallError::Offline) => None,
        Err(CallError::Rejected(reject)) => Some(Err(reject.into())),
        Err(CallError::Stopped) => Some(Err(Problem::unanswered())),
        Err(CallError::Protocol(text)) => Some(Err(Problem::new("internal", text))),
    }
}

fn text_code(error: &TextError) -> &'static str {
    match error {
        TextError::TooLong { .. } => RejectCode::TooLarge.name(),
        TextError::Empty | TextError::Control(_) | TextError::Letter(_) => RejectCode::InvalidText.name(),
    }
}

pub(super) fn nonsense(reply: &Reply) -> Problem {
    Problem::new("internal", format!("the server answered with a reply of kind {}", reply.kind()))
}

/// Requests being worked on or waiting for another one of their room; further ones stay unread in standard input.
const REQUESTS_MAX: usize = 256;
