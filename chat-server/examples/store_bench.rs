//! How many messages a second the SQLite store keeps, each acknowledged when it is on disk.
//!
//! `cargo run --release -p chat-server --example store_bench [memory|os|fsync] [seconds]`
//!
//! K senders wait, each for its own message of 100 bytes in its own room, as on a server where many talk at once.

use std::io::Write;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use chat_proto::event::Posted;
use chat_proto::{AccountId, DeviceId, Event, FeedId, MessageKey, Ordinal, RoomId, RoomName, Seq, Style, Timestamp};
use chat_server::digest::chain_start;
use chat_server::store::{
    Append, DataDir, Durability, MemoryStore, Registration, RoomRecord, Row, Settings, SqliteStore, Store,
};

const WAITERS: [u64; 4] = [1, 64, 256, 1024];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let durability = match arguments.next() {
        Some(text) => Durability::from_str(&text)?,
        None => Durability::default(),
    };
    let seconds = arguments.next().map_or(Ok(5), |text| text.parse()).context("seconds")?;
    for waiters in WAITERS {
        let dir = tempfile::tempdir()?;
        let store: Arc<dyn Store> = match durability {
            Durability::Memory => Arc::new(MemoryStore::new()),
            Durability::Os | Durability::Fsync => {
                let settings = Settings { durability, ..Settings::default() };
                Arc::new(SqliteStore::open(DataDir::lock(dir.path())?, settings)?)
            }
        };
        let (messages, time) = measure(store.clone(), waiters, Duration::from_secs(seconds)).await?;
        let per_second = f64::from(u32::try_from(messages)?) / time.as_secs_f64();
        writeln!(std::io::stdout().lock(), "{durability}: K={waiters}: {per_second:.0} messages/s")?;
    }
    Ok(())
}

async fn measure(store: Arc<dyn Store>, waiters: u64, time: Duration) -> anyhow::Result<(u64, Duration)> {
    for room in 1..=waiters {
        let name = RoomName::parse(&format!("room{room}"))?;
        store.register(Registration::Room(RoomRecord { id: RoomId(room), name })).await?;
    }
    let count = Arc::new(AtomicU64::new(0));
    let begin = tokio::time::Instant::now();
    let senders: Vec<_> = (1..=waiters)
        .map(|room| tokio::spawn(send(store.clone(), RoomId(room), begin + time, count.clone())))
        .collect();
    for sender in senders {
        sender.await??;
    }
    Ok((count.load(Ordering::Relaxed), begin.elapsed()))
}

/// Appends messages one after the other until the time is over.
async fn send(
    store: Arc<dyn Store>,
    room: RoomId,
    end: tokio::time::Instant,
    count: Arc<AtomicU64>,
) -> anyhow::Result<()> {
    let feed = FeedId::Room(room);
    let mut chain = chain_start(feed, store.epoch());
    let mut seq = Seq::ZERO;
    let mut random = [0; 32];
    while tokio::time::Instant::now() < end {
        let expected_head = seq;
        seq = seq.next();
        getrandom::fill(&mut random)?;
        let (mut key, mut salt) = (MessageKey::default(), [0; 16]);
        key.0.copy_from_slice(&random[..16]);
        salt.copy_from_slice(&random[16..]);
        let posted =
            Posted { name: "alice".to_owned(), style: Style::Text, text: "x".repeat(100), mentions: Vec::new() };
        let event = Event {
            seq,
            ordinal: Ordinal(seq.0),
            at: Timestamp(1_700_000_000_000_000),
            by: AccountId(1),
            device: DeviceId(1),
            key,
            body: posted.into(),
        };
        let row = Row::seal(&chain, event, salt);
        chain = row.chain;
        store
            .append(Append {
                feed,
                expected_head,
                rows: vec![row],
                registrations: Vec::new(),
                erase: Vec::new(),
                replace: Vec::new(),
            })
            .await?;
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
