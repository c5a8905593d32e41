//! How much of the server's CPU one delivery costs: N members of a room, M of them writing at a rate, open loop.
//!
//! Prints one JSON object: deliveries per second, server CPU microseconds per delivery, latency, and what was lost.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chat_proto::event::Posted;
use chat_proto::request::{JoinRoom, Post};
use chat_proto::{EventBody, MessageKey, Reply, RoomId, RoomRef, Style};
use chat_tui::client::{Client, ClientEvent, Environment, LinkState, ServerAddress, Settings, StopReason, TrustPolicy};
use clap::Parser;
use tokio::sync::mpsc;

/// Loads one room of a running server and measures what it costs.
#[derive(Debug, Parser)]
struct Args {
    /// The server, HOST:PORT.
    server: String,
    /// Members who read.
    #[arg(long, default_value_t = 100)]
    subs: usize,
    /// Members who write as well.
    #[arg(long, default_value_t = 2)]
    senders: usize,
    /// Messages per second, over all senders.
    #[arg(long, default_value_t = 200.0)]
    rate: f64,
    /// Seconds measured, after one second that is not.
    #[arg(long, default_value_t = 5.0)]
    secs: f64,
    /// Bytes of a message.
    #[arg(long, default_value_t = 100)]
    size: usize,
    /// The server's process.
    #[arg(long)]
    pid: u32,
    /// Where the clients' keys are kept; the same directory again is the same people.
    #[arg(long)]
    data: PathBuf,
}

#[derive(Debug, Default)]
struct Counters {
    recording: AtomicBool,
    sent: AtomicU64,
    delivered: AtomicU64,
    latencies: std::sync::Mutex<Vec<u32>>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let server: ServerAddress = args.server.parse()?;
    let counters = Arc::new(Counters::default());
    let started = Instant::now();
    let mut clients = Vec::new();
    let mut room = RoomId(0);
    for number in 0..args.subs {
        let mut settings = Settings::new(server.clone(), format!("bench{number}"), &args.data);
        settings.trust = TrustPolicy::AcceptNew;
        settings.use_cache = false;
        let (client, mut events) = Client::start(settings, Environment::default())?;
        online(&mut events).await.with_context(|| format!("connection {number}"))?;
        let join = JoinRoom { key: key(number as u64, started), room: RoomRef::Name("bench".to_owned()), create: true };
        let Reply::RoomInfo(info) = client.request(join).await? else { bail!("no room") };
        room = info.room;
        tokio::spawn(count(events, Arc::clone(&counters), started));
        clients.push(client);
    }
    for (number, client) in clients.iter().take(args.senders).enumerate() {
        let pause = Duration::from_secs_f64(args.senders as f64 / args.rate);
        tokio::spawn(write(client.clone(), room, number as u64, pause, args.size, Arc::clone(&counters), started));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let cpu = cpu_seconds(args.pid)?;
    counters.recording.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs_f64(args.secs)).await;
    counters.recording.store(false, Ordering::SeqCst);
    let cpu = cpu_seconds(args.pid)? - cpu;
    tokio::time::sleep(Duration::from_secs(1)).await;
    report(&args, &counters, cpu)
}

async fn online(events: &mut mpsc::Receiver<ClientEvent>) -> anyhow::Result<()> {
    loop {
        match events.recv().await {
            Some(ClientEvent::Link(LinkState::Online)) => return Ok(()),
            Some(ClientEvent::Link(LinkState::Waiting { reason, .. })) => bail!("{reason}"),
            Some(ClientEvent::Stopped(StopReason::Refused(reject))) => bail!("{reject}"),
            Some(ClientEvent::Stopped(reason)) => bail!("{reason:?}"),
            Some(_) => {}
            None => bail!("the session ended"),
        }
    }
}

/// A key nobody used, in this run or another.
fn key(writer: u64, at: Instant) -> MessageKey {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let unique = LAST.fetch_add(1, Ordering::Relaxed);
    let nanos = u64::try_from(at.elapsed().as_nanos()).unwrap_or(0) ^ (u64::from(std::process::id()) << 32) ^ writer;
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&nanos.to_le_bytes());
    bytes[8..].copy_from_slice(&unique.to_le_bytes());
    MessageKey(bytes)
}

async fn write(
    client: Client,
    room: RoomId,
    number: u64,
    pause: Duration,
    size: usize,
    counters: Arc<Counters>,
    started: Instant,
) {
    let mut next = tokio::time::Instant::now();
    loop {
        next += pause;
        tokio::time::sleep_until(next).await;
        let recorded = counters.recording.load(Ordering::SeqCst);
        let stamp = format!("{} {} ", u8::from(recorded), started.elapsed().as_micros());
        let text = format!("{stamp}{}", "x".repeat(size.saturating_sub(stamp.len())));
        counters.sent.fetch_add(u64::from(recorded), Ordering::Relaxed);
        let post = Post { key: key(number, started), room, style: Style::Text, text };
        let client = client.clone();
        tokio::spawn(async move { client.request(post).await });
    }
}

async fn count(mut events: mpsc::Receiver<ClientEvent>, counters: Arc<Counters>, started: Instant) {
    while let Some(event) = events.recv().await {
        let ClientEvent::Events(events) = event else { continue };
        for event in events.events {
            let EventBody::Posted(Posted { text, .. }) = event.body else { continue };
            let mut fields = text.split(' ');
            let (Some("1"), Some(Ok(sent))) = (fields.next(), fields.next().map(str::parse::<u64>)) else { continue };
            let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX).saturating_sub(sent);
            counters.delivered.fetch_add(1, Ordering::Relaxed);
            if let Ok(mut latencies) = counters.latencies.lock() {
                latencies.push(u32::try_from(micros).unwrap_or(u32::MAX));
            }
        }
    }
}

/// CPU time a process has used, seconds, from `/proc` (100 ticks a second).
fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks: u64 = fields.iter().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(ticks as f64 / 100.0)
}

fn report(args: &Args, counters: &Counters, cpu: f64) -> anyhow::Result<()> {
    let (sent, delivered) = (counters.sent.load(Ordering::SeqCst), counters.delivered.load(Ordering::SeqCst));
    let mut latencies = counters.latencies.lock().map(|l| l.clone()).unwrap_or_default();
    latencies.sort_unstable();
    let at =
        |share: f64| latencies.get((latencies.len() as f64 * share) as usize).map_or(0.0, |us| f64::from(*us) / 1e3);
    let lost = sent * args.subs as u64 - delivered.min(sent * args.subs as u64);
    let line = format!(
        r#"{{"subs":{},"senders":{},"rate":{},"deliv_s":{:.0},"srv_cpu_us":{:.2},"p50_ms":{:.2},"p99_ms":{:.2},"lost":{lost}}}"#,
        args.subs,
        args.senders,
        args.rate,
        delivered as f64 / args.secs,
        cpu * 1e6 / delivered.max(1) as f64,
        at(0.5),
        at(0.99),
    );
    writeln!(std::io::stdout().lock(), "{line}")?;
    Ok(())
}
