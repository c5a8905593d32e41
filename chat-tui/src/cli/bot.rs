//! `chat-tui bot`: a program at the other end of two pipes, or scenarios.

use std::path::PathBuf;
use std::time::Duration;

use chat_proto::RoomName;
use chat_tui::bot::contract::schema;
use chat_tui::bot::jsonl::{From, Options, Overflow, jsonl, replay};
use chat_tui::bot::{Exit, Failure, print};
use chat_tui::client::{Environment, TrustPolicy};
use clap::{Args, Subcommand};

use crate::args::{self, ConnectionArgs};
use crate::cli;

/// The arguments of `bot`.
#[derive(Debug, Args)]
pub(crate) struct BotArgs {
    #[command(subcommand)]
    door: Door,
}

/// How a program is connected.
#[derive(Debug, Subcommand)]
enum Door {
    /// Events and answers on standard output, requests on standard input, one JSON object a line
    Jsonl(JsonlArgs),
    /// Print a JSON Schema of the lines that `jsonl` writes and reads
    Schema,
    /// Run a command for every event: the event on its standard input, its standard output as the reply
    Hook(super::hook::HookArgs),
    /// Play scenarios: files in which several actors act and expect
    Play(super::play::PlayArgs),
}

#[derive(Debug, Args)]
struct JsonlArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// A room to join first, made if there is none and the server allows it; may be repeated
    #[arg(long, value_name = "ROOM", value_parser = cli::room)]
    join: Vec<RoomName>,
    /// Where each room begins: now, start, seq:N, or cursor
    #[arg(long, value_name = "PLACE", default_value = "now")]
    from: From,
    /// The file that remembers how far each room was read
    #[arg(long, value_name = "FILE")]
    cursor: Option<PathBuf>,
    /// The cursor follows {"op":"ack"} instead of what was written
    #[arg(long, requires = "cursor")]
    ack: bool,
    /// Stay when standard input has ended
    #[arg(long)]
    keep: bool,
    /// Write your own messages as well
    #[arg(long)]
    echo: bool,
    /// After SIGTERM or SIGINT, how long requests may take to be answered
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = args::duration)]
    grace: Duration,
    /// How long the server may be away before the run ends
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = args::duration)]
    max_offline: Duration,
    /// When nobody reads standard output: block, drop-presence, or exit
    #[arg(long, value_name = "WHAT", default_value = "block")]
    overflow: Overflow,
    /// Send at most so many messages, such as 5/s or 30/m
    #[arg(long, value_name = "RATE", value_parser = rate)]
    rate: Option<Duration>,
    /// Leave out what bots wrote
    #[arg(long)]
    ignore_bots: bool,
    /// End with 4 when you are put out of a room
    #[arg(long)]
    exit_on_kick: bool,
    /// Change nothing at the server: such requests are answered with `dry_run`, and told on standard error
    #[arg(long)]
    dry_run: bool,
    /// Write every line that goes out and every request that comes in into a new file
    #[arg(long, value_name = "FILE", conflicts_with = "replay_file")]
    record: Option<PathBuf>,
    /// Dial nobody: write the events of this file, and answer from it what is asked
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cursor", "ack", "dry_run", "join"])]
    replay_file: Option<PathBuf>,
}

/// Serves a program, or plays.
pub(crate) fn run(args: BotArgs) -> Result<Exit, Failure> {
    match args.door {
        Door::Jsonl(args) => serve(args),
        Door::Schema => print(&format!("{:#}\n", schema())),
        Door::Hook(args) => super::hook::run(args),
        Door::Play(args) => super::play::run(args),
    }
}

fn serve(args: JsonlArgs) -> Result<Exit, Failure> {
    let settings = args.connection.settings(TrustPolicy::RefuseUnknown)?;
    let options = Options {
        join: args.join,
        from: args.from,
        cursor: args.cursor,
        ack: args.ack,
        keep: args.keep,
        echo: args.echo,
        grace: args.grace,
        max_offline: args.max_offline,
        overflow: args.overflow,
        pace: args.rate,
        ignore_bots: args.ignore_bots,
        exit_on_kick: args.exit_on_kick,
        dry_run: args.dry_run,
        record: args.record,
    };
    let (input, output) = (std::io::stdin(), std::io::stdout());
    if let Some(file) = args.replay_file {
        return cli::run_to_end(replay(&file, options, input, output, hang_up));
    }
    cli::run_to_end(jsonl(settings, Environment::default(), options, input, output))
}

/// Lets whoever reads standard output see its end, while standard input goes on.
fn hang_up() {
    #[cfg(unix)]
    if let Ok(nowhere) = std::fs::OpenOptions::new().write(true).open("/dev/null") {
        // What cannot be closed stays open until the process ends.
        let _ = rustix::stdio::dup2_stdout(nowhere);
    }
}

/// The least time between two messages, of a rate such as `5/s`.
fn rate(text: &str) -> Result<Duration, String> {
    let (count, unit) = text.split_once('/').unwrap_or((text, "s"));
    let unit = match unit {
        "s" => Some(Duration::from_secs(1)),
        "m" => Some(Duration::from_secs(60)),
        "h" => Some(Duration::from_secs(3_600)),
        _ => None,
    };
    match (count.parse::<u32>(), unit) {
        (Ok(count), Some(unit)) if count > 0 => Ok(unit / count),
        (_, _) => Err("a rate is a number per s, m or h, such as 5/s".to_owned()),
    }
}
