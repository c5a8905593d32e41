//! `chat-tui search`: messages somebody looks for, on standard output.

use std::time::Duration;

use chat_proto::RoomName;
use chat_tui::bot::search::{MOST_DEFAULT, Search, search};
use chat_tui::bot::{Exit, Failure};
use chat_tui::client::{Environment, TrustPolicy};
use clap::Args;

use crate::args::{self, ConnectionArgs};
use crate::cli;

/// The arguments of `search`.
#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Words, "phrases", and from: in: before: after: on: has: is: with - for what must not be so
    #[arg(allow_hyphen_values = true)]
    query: String,
    /// Only in this room, with or without #; it is neither joined nor made
    #[arg(long, value_name = "ROOM", value_parser = cli::room)]
    room: Option<RoomName>,
    /// So many messages at most, the newest
    #[arg(short = 'n', long = "most", value_name = "N", default_value_t = MOST_DEFAULT)]
    most: u64,
    /// One JSON object per line, as `bot jsonl` writes them
    #[arg(long)]
    json: bool,
    /// How long all of it may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = args::duration)]
    timeout: Duration,
}

/// Prints the messages.
pub(crate) fn run(args: SearchArgs) -> Result<Exit, Failure> {
    let settings = args.connection.settings(TrustPolicy::RefuseUnknown)?;
    let SearchArgs { query, room, most, json, timeout, .. } = args;
    cli::run_to_end(search(settings, Environment::default(), Search { query, room, most, json, timeout }))?;
    Ok(Exit::Clean)
}
