//! What searching costs posting: messages a second with the index on and off, in turn, in one run.
//!
//! `cargo run --release -p chat-server --example search_cost [os|fsync] [seconds] [rounds] [senders]`
//!
//! The whole server without its network: so many people, each waiting for his message to be stored before he writes the next
//! one, in sixteen rooms; the rules, the store and the indexer as they are. A round with the index and one without follow each
//! other closely, and which of them comes first changes, so that what else the machine does meets both; many short rounds say
//! more than a few long ones. The ratio is the median of the rounds'. Searching is not to cost a tenth: the ratio is to be 0.9
//! or more. Where the system tells it, the processor's time for a message is printed too.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use chat_proto::{DeviceKey, Line, MessageKey, Reject, RoomId, RoomName, RoomRef, Style, Text, Timestamp};
use chat_server::core::Actor;
use chat_server::core::command::{Create, Post};
use chat_server::core::search::Find;
use chat_server::environment::Environment;
use chat_server::hub::{Hub, HubSettings};
use chat_server::store::{DataDir, Durability, Settings, SqliteStore, Store};

const ROOMS: u64 = 16;

/// What people talk about: so many words that the index has work to do.
const WORDS: [&str; 24] = [
    "the", "build", "is", "red", "again", "since", "this", "morning", "who", "has", "changed", "server", "latency",
    "of", "disk", "and", "network", "looks", "fine", "from", "here", "deploy", "rolled", "back",
];

/// What one round saw.
struct Round {
    per_second: f64,
    /// Processor's time for a message, microseconds.
    cpu_us: f64,
    /// Messages the index was behind when the posting ended.
    behind: u64,
    messages: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let durability = match arguments.next() {
        Some(text) => Durability::from_str(&text)?,
        None => Durability::default(),
    };
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse()).context("a number");
    let (seconds, rounds, senders) = (number(2)?, number(15)?, number(256)?);
    let mut out = std::io::stdout().lock();
    let mut ratios = Vec::new();
    for round in 0..rounds {
        let mut both = [None, None];
        for turn in 0..2 {
            let is_on = (round + turn) % 2 == 0;
            both[usize::from(is_on)] = Some(measure(durability, seconds, senders, is_on).await?);
        }
        let [Some(off), Some(on)] = both else { continue };
        let ratio = on.per_second / off.per_second;
        ratios.push(ratio);
        writeln!(
            out,
            "{durability}: {senders} senders: search on {:.0}/s, off {:.0}/s, ratio {ratio:.3}; CPU {:.1} and {:.1} us; {} of {} left to index",
            on.per_second, off.per_second, on.cpu_us, off.cpu_us, on.behind, on.messages
        )?;
    }
    ratios.sort_by(f64::total_cmp);
    writeln!(out, "{durability}: {senders} senders: median ratio {:.3}", ratios[ratios.len() / 2])?;
    Ok(())
}

async fn measure(durability: Durability, seconds: u64, senders: u64, search: bool) -> anyhow::Result<Round> {
    let dir = tempfile::tempdir()?;
    let settings = Settings { durability, ..Settings::default() };
    let store = Arc::new(SqliteStore::open(DataDir::lock(dir.path())?, settings)?);
    let hub = Hub::start(store.clone(), Environment::real(), HubSettings { search, ..HubSettings::default() }).await?;
    let mut people = Vec::new();
    for number in 0..senders {
        let joined = join(&hub, number).await;
        people.push(joined.map_err(|reject| anyhow::anyhow!("{reject:?}"))?);
    }
    let (begin, cpu) = (Instant::now(), cpu_seconds());
    let end = begin + Duration::from_secs(seconds);
    let talk = |(number, (actor, room))| tokio::spawn(talk(hub.clone(), actor, room, number, end));
    let talking: Vec<_> = (0..).zip(people).map(talk).collect();
    let mut messages = 0;
    for talking in talking {
        messages += talking.await?.map_err(|reject| anyhow::anyhow!("{reject:?}"))?;
    }
    let count = f64::from(u32::try_from(messages)?);
    let (per_second, cpu_us) = (count / begin.elapsed().as_secs_f64(), (cpu_seconds() - cpu) * 1e6 / count);
    let anything = Find { all: Vec::new(), none: Vec::new(), since: Timestamp(i64::MIN), until: Timestamp(i64::MAX) };
    let behind = store.search(anything, u64::MAX, 1).await?.behind;
    hub.close().await;
    store.close().await;
    Ok(Round { per_second, cpu_us, behind, messages })
}

/// The processor's time this process has used; 0 where the system has no such file. In hundredths, as Linux counts them.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

async fn join(hub: &Arc<Hub>, number: u64) -> Result<(Actor, RoomId), Reject> {
    let mut device = [0; 32];
    device[..8].copy_from_slice(&number.to_le_bytes());
    let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let actor = hub.identify(DeviceKey(device), &format!("person{number}"), from).await?.actor;
    let name = format!("room{}", number % ROOMS);
    if number < ROOMS {
        let name =
            RoomName::parse(&name).map_err(|e| Reject::new(chat_proto::RejectCode::InvalidName, e.to_string()))?;
        hub.create_room(&actor, key(number, 0), Create::plain(name, Line::default())).await?;
    }
    let info = hub.join_room(&actor, key(number, 1), &RoomRef::Name(name), false).await?;
    Ok((actor, info.room))
}

/// Writes messages one after the other until the time is over. How many.
async fn talk(hub: Arc<Hub>, actor: Actor, room: RoomId, sender: u64, end: Instant) -> Result<u64, Reject> {
    let mut said = 0;
    while Instant::now() < end {
        said += 1;
        let word =
            |place: u64| WORDS[((sender * 7 + said * 13 + place * (said % 11 + 1)) % WORDS.len() as u64) as usize];
        let words: Vec<&str> = (0..18).map(word).collect();
        let text = Text::parse(&format!("{} {sender}-{said}", words.join(" ")));
        let text = text.map_err(|e| Reject::new(chat_proto::RejectCode::InvalidText, e.to_string()))?;
        hub.post(&actor, key(sender, said + 1), room, Post::plain(Style::Text, text)).await?.outcome().await?;
    }
    Ok(said)
}

fn key(sender: u64, number: u64) -> MessageKey {
    MessageKey((u128::from(sender + 1) << 64 | u128::from(number + 1)).to_le_bytes())
}
