//! `chat-tui who` and `chat-tui rooms`: members of a room, and the rooms there are, on standard output.

use std::time::Duration;

use chat_proto::RoomName;
use chat_tui::bot::listing::{Rooms, Who, rooms, who};
use chat_tui::bot::{Exit, Failure};
use chat_tui::client::{Environment, TrustPolicy};
use clap::Args;

use crate::args::{self, ConnectionArgs};
use crate::cli;

/// The arguments of `who`.
#[derive(Debug, Args)]
pub(crate) struct WhoArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// The room, with or without #; it is neither joined nor made
    #[arg(value_parser = cli::room)]
    room: RoomName,
    /// Only those who are there
    #[arg(long)]
    online: bool,
    #[command(flatten)]
    how: How,
}

/// The arguments of `rooms`.
#[derive(Debug, Args)]
pub(crate) struct RoomsArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Only those you are a member of
    #[arg(long)]
    joined: bool,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
struct How {
    /// One JSON object per line, as the ops of `bot jsonl` answer
    #[arg(long)]
    json: bool,
    /// How long all of it may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = args::duration)]
    timeout: Duration,
}

/// Prints the members.
pub(crate) fn run_who(args: WhoArgs) -> Result<Exit, Failure> {
    let settings = args.connection.settings(TrustPolicy::RefuseUnknown)?;
    let WhoArgs { room, online, how: How { json, timeout }, .. } = args;
    cli::run_to_end(who(settings, Environment::default(), Who { room, online, json, timeout }))?;
    Ok(Exit::Clean)
}

/// Prints the rooms.
pub(crate) fn run_rooms(args: &RoomsArgs) -> Result<Exit, Failure> {
    let settings = args.connection.settings(TrustPolicy::RefuseUnknown)?;
    let RoomsArgs { joined, how: How { json, timeout }, .. } = *args;
    cli::run_to_end(rooms(settings, Environment::default(), Rooms { joined, json, timeout }))?;
    Ok(Exit::Clean)
}
