//! `chat-tui tail`: what is said in a room, on standard output.

use std::path::PathBuf;
use std::time::Duration;

use chat_proto::RoomName;
use chat_tui::bot::tail::{Format, LAST_DEFAULT, Shape, Tail, tail};
use chat_tui::bot::{Exit, Failure};
use chat_tui::client::{Environment, TrustPolicy};
use clap::Args;

use crate::args::{self, ConnectionArgs};
use crate::cli;

/// The arguments of `tail`.
#[derive(Debug, Args)]
pub(crate) struct TailArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// The room, with or without #; it is neither joined nor made
    #[arg(value_parser = cli::room)]
    room: RoomName,
    /// Begin with so many of the newest messages
    #[arg(short = 'n', long = "last", value_name = "N", default_value_t = LAST_DEFAULT)]
    last: u64,
    /// Go on with what is said from now on, until interrupted
    #[arg(long, short = 'f')]
    follow: bool,
    /// One JSON object per line, as `bot jsonl` writes them
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// How a message is written: {ts} {seq} {room} {from} {text}, and {{ }} for braces
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Begin behind the message this file remembers, and remember there what was written; without the file yet, as -n says
    #[arg(long, value_name = "FILE")]
    from_cursor: Option<PathBuf>,
    /// How long to wait for each answer of the server at most
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = args::duration)]
    timeout: Duration,
}

/// Prints the messages.
pub(crate) fn run(args: TailArgs) -> Result<Exit, Failure> {
    let settings = args.connection.settings(TrustPolicy::RefuseUnknown)?;
    let shape = match (args.json, args.format) {
        (true, _) => Shape::Json,
        (false, Some(format)) => Shape::Text(format),
        (false, None) => Shape::Plain,
    };
    let what = Tail {
        room: args.room,
        last: args.last,
        follow: args.follow,
        shape,
        cursor: args.from_cursor,
        timeout: args.timeout,
    };
    cli::run_to_end(tail(settings, Environment::default(), what))?;
    Ok(Exit::Clean)
}
