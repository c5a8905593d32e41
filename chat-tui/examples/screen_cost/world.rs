//! What the screen is measured in front of: a server with long rooms, and people who talk at a rate.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chat_proto::event::{Created, EventBody, Posted};
use chat_proto::request::{JoinRoom, Post};
use chat_proto::{
    AccountId, DeviceId, Event, FeedId, MessageKey, Ordinal, RoomId, RoomName, RoomRef, Seq, Style, Timestamp,
};
use chat_server::core::State;
use chat_server::core::room::Room;
use chat_server::digest::chain_start;
use chat_server::store::{
    Append, DataDir, Registration, RoomRecord, Row, Settings as StoreSettings, Snapshot, SqliteStore, Store,
};
use chat_tui::client::{Client, ClientEvent, Environment, LinkState, Settings, TrustPolicy};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

/// Rooms, and all their messages: most of them in the first one.
pub(crate) const ROOMS: u64 = 50;
pub(crate) const MESSAGES: u64 = 1_000_000;
const SHORT: u64 = 1_000;

/// What a room is called by its number, from 1.
pub(crate) fn room_name(number: u64) -> String {
    format!("room{number:02}")
}

/// Messages of the first room.
pub(crate) const LONG: u64 = MESSAGES - (ROOMS - 1) * SHORT;

/// Writes the files of a server that has all of them.
pub(crate) fn fill(data: &Path) -> anyhow::Result<()> {
    runtime()?.block_on(async {
        let store = SqliteStore::open(DataDir::lock(data)?, StoreSettings::default())?;
        for room in 1..=ROOMS {
            fill_room(&store, room, if room == 1 { LONG } else { SHORT }).await?;
        }
        Ok(())
    })
}

async fn fill_room(store: &SqliteStore, number: u64, messages: u64) -> anyhow::Result<()> {
    let feed = FeedId::Room(RoomId(number));
    let name = room_name(number);
    let record = RoomRecord { id: RoomId(number), name: RoomName::parse(&name)? };
    let mut registrations = vec![Registration::Room(record)];
    let (mut chain, mut room, mut head) = (chain_start(feed, store.epoch()), Room::default(), Seq::ZERO);
    let mut rows = Vec::new();
    for seq in 1..=messages + 1 {
        let by = "ghost".to_owned();
        let body: EventBody = if seq == 1 {
            Created { room: name.clone(), name: by, topic: "Notes: https://wiki.local/rel".to_owned() }.into()
        } else {
            Posted { name: by, style: Style::Text, text: text(seq), mentions: vec![] }.into()
        };
        let event = Event {
            seq: Seq(seq),
            ordinal: Ordinal(seq - 1),
            at: Timestamp(BEGAN + i64::try_from(seq)? * 60_000_000),
            by: AccountId(999_999),
            device: DeviceId(1),
            key: MessageKey((u128::from(number) << 64 | u128::from(seq)).to_le_bytes()),
            body,
        };
        if seq == 1 {
            room.apply(&event);
        }
        let row = Row::seal(&chain, event, [0; 16]);
        chain = row.chain;
        rows.push(row);
        if rows.len() == 10_000 || seq == messages + 1 {
            let (rows, registrations) = (std::mem::take(&mut rows), std::mem::take(&mut registrations));
            let (erase, replace) = (Vec::new(), Vec::new());
            store.append(Append { feed, expected_head: head, rows, registrations, erase, replace }).await?;
            head = Seq(seq);
        }
    }
    let bytes = [head.0.to_le_bytes().to_vec(), room.snapshot()].concat();
    store.save_snapshot(feed, Snapshot { seq: head, version: Room::SNAPSHOT_VERSION, bytes }).await?;
    Ok(())
}

/// The words of a message: its number, and some with markup.
fn text(seq: u64) -> String {
    let more = match seq % 4 {
        0 => "with **some** of `everything`, and a link: https://grafana.local/d/edge",
        1 => "ordinary words, as people write them when they talk with each other about this and that",
        2 => "short",
        _ => "a somewhat longer message that has to be wrapped on most screens because it goes on and on, as some do",
    };
    format!("message-{seq}- {more}")
}

fn runtime() -> anyhow::Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Makes somebody, whose files are in `data`, a member of the first rooms.
pub(crate) fn join(host: &str, name: &str, data: &Path, rooms: u64) -> anyhow::Result<()> {
    runtime()?.block_on(async {
        let (client, _events) = enter(host, name, data).await?;
        for number in 1..=rooms {
            let room = RoomRef::Name(room_name(number));
            client.request(JoinRoom { key: key(), room, create: false }).await?;
        }
        client.quit(Duration::from_secs(1)).await;
        Ok(())
    })
}

async fn enter(host: &str, name: &str, data: &Path) -> anyhow::Result<(Client, mpsc::Receiver<ClientEvent>)> {
    let mut settings = Settings::new(host.parse()?, name, data);
    (settings.trust, settings.use_cache) = (TrustPolicy::AcceptNew, false);
    let (client, mut events) = Client::start(settings, Environment::default())?;
    while events.recv().await.context("the session ended")? != ClientEvent::Link(LinkState::Online) {}
    // Somebody must take what comes.
    let (taken, rest) = mpsc::channel(1);
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            drop(event);
        }
        drop(taken);
    });
    Ok((client, rest))
}

/// A key nobody used.
fn key() -> MessageKey {
    let mut key = MessageKey::default();
    // Without randomness the server refuses the second key.
    let _ = getrandom::fill(&mut key.0);
    key
}

/// People who talk until this is dropped.
pub(crate) struct Flood {
    ends: Arc<AtomicBool>,
    stored: Arc<AtomicU64>,
    began: Instant,
    talks: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Flood {
    /// Lets so many messages a second into the first room.
    pub(crate) fn begin(host: &str, data: &Path, rate: f64) -> Self {
        let (ends, stored) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (host, data, until, count) = (host.to_owned(), data.to_owned(), Arc::clone(&ends), Arc::clone(&stored));
        let talks = thread::spawn(move || runtime()?.block_on(talk(&host, &data, rate, &until, &count)));
        Self { ends, stored, began: Instant::now(), talks: Some(talks) }
    }

    /// Counts from here on.
    pub(crate) fn restart(&mut self) {
        self.stored.store(0, Ordering::Relaxed);
        self.began = Instant::now();
    }

    /// Messages a second that the server took.
    pub(crate) fn rate(&self) -> f64 {
        self.stored.load(Ordering::Relaxed) as f64 / self.began.elapsed().as_secs_f64()
    }

    /// Ends it, and says what went wrong.
    pub(crate) fn end(mut self) -> anyhow::Result<()> {
        self.ends.store(true, Ordering::Relaxed);
        match self.talks.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            Some(Err(_)) => bail!("those who talk fell over"),
            None => Ok(()),
        }
    }
}

async fn talk(host: &str, data: &Path, rate: f64, ends: &AtomicBool, stored: &Arc<AtomicU64>) -> anyhow::Result<()> {
    let mut people = Vec::new();
    for number in 0..TALKERS {
        let (client, events) = enter(host, &format!("talker{number}"), data).await?;
        client.request(JoinRoom { key: key(), room: RoomRef::Name(room_name(1)), create: false }).await?;
        people.push((client, events));
    }
    let begun = tokio::time::Instant::now();
    let (mut said, mut tick) = (0_u64, tokio::time::interval(Duration::from_millis(5)));
    while !ends.load(Ordering::Relaxed) {
        tick.tick().await;
        let due = (begun.elapsed().as_secs_f64() * rate) as u64;
        while said < due {
            let (client, _) = &people[said as usize % people.len()];
            let text = format!("{:.100}", format!("flood {said} {}", "x".repeat(100)));
            let post = Post { key: key(), room: RoomId(1), style: Style::Text, text };
            let (client, stored) = (client.clone(), Arc::clone(stored));
            tokio::spawn(async move {
                let answer = client.request(post).await;
                stored.fetch_add(u64::from(answer.is_ok()), Ordering::Relaxed);
            });
            said += 1;
        }
    }
    Ok(())
}

/// People of a flood.
const TALKERS: usize = 4;

/// Friday 20 November 2026, in microseconds, and two years before it.
const BEGAN: i64 = 1_795_175_400_000_000 - 2 * 365 * 86_400_000_000;
