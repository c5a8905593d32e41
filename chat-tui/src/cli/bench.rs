//! `chat-tui bench`: a load on a server, counted and timed.

use std::io::{self, Write};
use std::time::Duration;

use chat_proto::limits::POST_BYTES_MAX;
use chat_tui::bot::bench::{Bench, CONNECTIONS_MAX, Load, Outcome, ROOMS_MAX, SIZE_MIN, bench, data_dir};
use chat_tui::bot::{Exit, Failure, complain};
use chat_tui::client::{Environment, TrustPolicy};
use clap::Args;

use crate::args::ConnectionArgs;

/// The arguments of `bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Rooms; connections and senders are dealt out to them in turn
    #[arg(long, value_name = "R", default_value_t = 1, value_parser = count(ROOMS_MAX))]
    rooms: u64,
    /// Connections that hear
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = count(CONNECTIONS_MAX))]
    conns: u64,
    /// Connections that say
    #[arg(long, value_name = "M", default_value_t = 1, value_parser = count(CONNECTIONS_MAX))]
    senders: u64,
    /// Messages a second, over all senders
    #[arg(long, value_name = "MSGS/S", value_parser = rate, conflicts_with = "window")]
    rate: Option<f64>,
    /// As fast as it goes, with so many messages under way
    #[arg(long, value_name = "W", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    window: Option<u64>,
    /// How long what is said counts
    #[arg(long, value_name = "S", default_value = "5", value_parser = seconds)]
    secs: Duration,
    /// How long it is said before that
    #[arg(long, value_name = "S", default_value = "1", value_parser = seconds)]
    warmup: Duration,
    /// Bytes of a message
    #[arg(long, value_name = "BYTES", default_value_t = 100,
        value_parser = clap::value_parser!(u64).range(SIZE_MIN as u64..=POST_BYTES_MAX as u64))]
    size: u64,
    /// Say nothing: connect, stay for so long, and tell what that costs
    #[arg(long, value_name = "S", value_parser = seconds, conflicts_with_all = ["rate", "window"])]
    idle: Option<Duration>,
    /// The server's process on this machine, to tell what it uses
    #[arg(long, value_name = "SERVER_PID")]
    pid: Option<u32>,
    /// Write the outcome as one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub(crate) fn run(args: &BenchArgs) -> Result<Exit, Failure> {
    let mut settings = args.connection.settings(TrustPolicy::RefuseUnknown)?;
    if args.connection.data.is_none() {
        settings.data = data_dir(&settings.data);
    }
    let what = Bench {
        rooms: size(args.rooms),
        connections: size(args.conns),
        senders: size(args.senders),
        load: match (args.rate, args.window) {
            (Some(rate), _) => Load::Rate(rate),
            (None, window) => Load::Window(window.unwrap_or(WINDOW)),
        },
        time: args.secs,
        warm_up: args.warmup,
        size: size(args.size),
        idle: args.idle,
        process: args.pid,
    };
    // Many sessions at once: this is the one command that uses all processors.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(Exit::Bug, format!("no runtime: {e}")))?;
    let done = runtime.block_on(bench(settings, Environment::default(), what, |words| complain(&words)));
    runtime.shutdown_background();
    let outcome = done?;
    write(&outcome, args.json).map_err(|e| Failure::new(Exit::Failed, format!("standard output: {e}")))?;
    if outcome.lost + outcome.disordered > 0 {
        let words = format!("{} deliveries were lost, {} came twice or out of order", outcome.lost, outcome.disordered);
        return Err(Failure::new(Exit::Failed, words));
    }
    Ok(Exit::Clean)
}

fn write(outcome: &Outcome, json: bool) -> io::Result<()> {
    let mut output = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut output, outcome)?;
        return output.write_all(b"\n");
    }
    let Outcome { conns, senders, rooms, sent, refused, delivered, lost, disordered, deliv_s, p50_ms, p99_ms, .. } =
        outcome;
    writeln!(output, "{conns} connections and {senders} senders in {rooms} rooms")?;
    writeln!(output, "messages    {sent} stored, {refused} refused")?;
    writeln!(output, "deliveries  {delivered}, {lost} lost, {disordered} twice or out of order; {deliv_s} a second")?;
    writeln!(output, "latency     p50 {p50_ms} ms, p99 {p99_ms} ms")?;
    let known = [
        ("server      processor time per delivery", outcome.srv_cpu_us, "us"),
        ("server      processor time per login", outcome.connect_cpu_us, "us"),
        ("server      memory per connection", outcome.kb_per_conn, "kB"),
    ];
    for (what, value, unit) in known {
        if let Some(value) = value {
            writeln!(output, "{what}: {value} {unit}")?;
        }
    }
    output.flush()
}

/// Messages under way unless it is said otherwise.
const WINDOW: u64 = 32;

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn count(most: usize) -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=most as u64)
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if (0.001..=1_000_000.0).contains(&rate) { Ok(rate) } else { Err("a rate is from 0.001 to 1000000".to_owned()) }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text:?} is no number of seconds"))?;
    if (0.0..=86_400.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("it is from 0 seconds to a day".to_owned())
    }
}
