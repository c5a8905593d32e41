//! How long a room takes to come back, and how much memory it then has: a log of joins, messages, edits, removals, bans, kicks and
//! changed roles.
//!
//! `cargo run --release -p chat-server --example room_replay [events] [people]`
//!
//! Every event is decided by the rules, so the log is one a server could have written. It is read back from the SQLite store
//! twice: all of it, as after a change of the snapshots' format, and by a snapshot, as always else.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use chat_proto::limits::LIST_ENTRIES_MAX;
use chat_proto::{
    AccountId, Chain, DeviceId, Event, EventBody, FeedId, Line, List, MessageKey, Ordinal, Reject, Role, RoomId,
    RoomName, Seq, Style, Text, Timestamp, UserName,
};
use chat_server::core::command::{
    About, Create, Edit, Kick, Leave, Person, Post, PutOnList, Redact, RoomCommand, SetRole, TakeOffList,
};
use chat_server::core::room::Room;
use chat_server::core::{AccountKind, Actor, ServerRank, State};
use chat_server::digest::chain_start;
use chat_server::store::{Append, DataDir, Registration, RoomRecord, Row, Settings, Snapshot, SqliteStore, Store};

const ROOM: RoomId = RoomId(1);
const FEED: FeedId = FeedId::Room(ROOM);

/// Rows appended and read at once.
const ROWS: usize = 1_000;

/// Messages that are still edited and removed.
const RECENT: usize = 100;

/// A room and its log, as it is written.
struct World {
    room: Room,
    store: Arc<SqliteStore>,
    chain: Chain,
    rows: Vec<Row>,
    head: Seq,
    ordinal: Ordinal,
    recent: Vec<About>,
    random: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse()).context("a number");
    let (events, people) = (number(1_000_000)?, number(20_000)?);
    let mut out = std::io::stdout().lock();
    let dir = tempfile::tempdir()?;
    let store = Arc::new(SqliteStore::open(DataDir::lock(dir.path())?, Settings::default())?);
    let mut world = World {
        room: Room::default(),
        chain: chain_start(FEED, store.epoch()),
        store: store.clone(),
        rows: Vec::new(),
        head: Seq::ZERO,
        ordinal: Ordinal(0),
        recent: Vec::new(),
        random: 1,
    };
    world.give(1, &RoomCommand::Create(Create::plain(RoomName::parse("long")?, Line::default())));
    while world.head.0 < events {
        world.step(people);
        if world.rows.len() >= ROWS {
            world.append().await?;
        }
    }
    world.append().await?;
    let World { room, head, .. } = world;
    let lists = [List::Banned, List::Muted, List::Invited].map(|list| room.lists().count(list)).iter().sum::<usize>();
    writeln!(out, "{head} events: {} members, {lists} entries of lists", room.members().len())?;
    let bytes = room.snapshot();

    let before = memory_kib();
    let begin = Instant::now();
    let mut replayed = Room::default();
    let mut next = Seq(1);
    loop {
        let rows = store.read(FEED, next, ROWS).await?;
        let Some(last) = rows.last() else { break };
        next = last.event.seq.next();
        rows.iter().for_each(|row| replayed.apply(&row.event));
    }
    let took = begin.elapsed();
    writeln!(out, "all of it replayed: {took:.2?}, {} KiB more memory", memory_kib().saturating_sub(before))?;
    anyhow::ensure!(replayed == room, "the room is not the same");

    let snapshot = Snapshot { seq: head, version: Room::SNAPSHOT_VERSION, bytes };
    let size = snapshot.bytes.len() / 1024;
    store.save_snapshot(FEED, snapshot).await?;
    let before = memory_kib();
    let begin = Instant::now();
    let mut restored = Room::default();
    let loaded = store.load(FEED).await?.context("a feed")?;
    restored.restore(&loaded.snapshot.context("a snapshot")?.bytes)?;
    let took = begin.elapsed();
    let more = memory_kib().saturating_sub(before);
    writeln!(out, "by a snapshot of {size} KiB: {took:.2?}, {more} KiB more memory")?;
    anyhow::ensure!(restored == room, "the room is not the same");
    Ok(())
}

/// The process's memory in use, KiB; 0 where the system has no such file.
fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

fn name(account: u64) -> String {
    format!("person{account}")
}

fn person(account: u64) -> Person {
    Person { account: AccountId(account), name: name(account), kind: AccountKind::User, rank: ServerRank::None }
}

impl World {
    fn number(&mut self, below: u64) -> u64 {
        // The generator of Knuth's MMIX: the same log on every machine.
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    /// Somebody does something; what the rules refuse leaves no event.
    fn step(&mut self, people: u64) {
        let (who, whom) = (self.number(people) + 1, self.number(people) + 1);
        let someone = person(whom);
        let reason = Line::default();
        let text = Text::parse("the build is red again since this morning, who has changed the server").ok();
        let Some(text) = text else { return };
        let recent = self.number(RECENT as u64);
        let about = self.recent.get(usize::try_from(recent).unwrap_or(0)).cloned();
        let (by, command) = match self.number(100) {
            0..20 => (who, RoomCommand::join()),
            20..25 => (who, RoomCommand::Leave(Leave { reason })),
            25..70 => (who, RoomCommand::Post(Post::plain(Style::Text, text))),
            70..85 => {
                let Some(about) = about else { return };
                (about.author.account.0, RoomCommand::Edit(Edit { about, text }))
            }
            85..88 => {
                let Some(about) = about else { return };
                (1, RoomCommand::Redact(Redact { about, reason }))
            }
            88..94 => {
                let list = [List::Banned, List::Muted, List::Invited][usize::try_from(whom % 3).unwrap_or(0)];
                if self.room.lists().count(list) < LIST_ENTRIES_MAX {
                    (1, RoomCommand::PutOnList(PutOnList { whom: someone, list, until: None, reason, purge: None }))
                } else {
                    (1, RoomCommand::TakeOffList(TakeOffList { whom: someone, list, reason }))
                }
            }
            94..96 => (1, RoomCommand::TakeOffList(TakeOffList { whom: someone, list: List::Banned, reason })),
            96..98 => (1, RoomCommand::Kick(Kick { whom: someone, reason })),
            _ => (1, RoomCommand::SetRole(SetRole { whom: someone, role: Role::Moderator })),
        };
        self.give(by, &command);
    }

    fn give(&mut self, by: u64, command: &RoomCommand) {
        let Ok(user) = UserName::parse(&name(by)) else { return };
        let actor = Actor::user(AccountId(by), DeviceId(by), user);
        let decided: Result<Option<EventBody>, Reject> = self.room.decide(&actor, command, self.now());
        let Ok(Some(body)) = decided else { return };
        let first = self.take(&actor, body);
        for body in self.room.follow(command, &first) {
            self.take(&actor, body);
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.head.0.cast_signed() * 1_000_000)
    }

    fn take(&mut self, by: &Actor, body: EventBody) -> Event {
        self.head = self.head.next();
        if body.is_message() {
            self.ordinal = self.ordinal.next();
            let (seq, at) = (self.head, self.now());
            self.recent.insert(0, About { seq, author: person(by.account.0), at, visible_to: None, is_erased: false });
            self.recent.truncate(RECENT);
        }
        let (seq, ordinal, at, key) =
            (self.head, self.ordinal, self.now(), MessageKey(u128::from(self.head.0).to_le_bytes()));
        let event = Event { seq, ordinal, at, by: by.account, device: by.device, key, body };
        self.room.apply(&event);
        let row = Row::seal(&self.chain, event.clone(), [0; 16]);
        self.chain = row.chain;
        self.rows.push(row);
        event
    }

    async fn append(&mut self) -> anyhow::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let Some(first) = rows.first() else { return Ok(()) };
        let expected_head = first.event.seq.prev();
        let name = RoomName::parse("long")?;
        let begins = expected_head == Seq::ZERO;
        let begun = begins.then_some(Registration::Room(RoomRecord { id: ROOM, name }));
        let registrations = begun.into_iter().collect();
        self.store
            .append(Append { feed: FEED, expected_head, rows, registrations, erase: Vec::new(), replace: Vec::new() })
            .await?;
        Ok(())
    }
}
