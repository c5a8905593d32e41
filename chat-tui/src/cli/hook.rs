//! `chat-tui bot hook`: a command for every event.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use chat_proto::RoomName;
use chat_tui::bot::hook::{Hook, JOBS_DEFAULT, JOBS_MAX, Kind, MESSAGE, Pattern, Restart, hook};
use chat_tui::bot::jsonl::From;
use chat_tui::bot::{Exit, Failure};
use chat_tui::client::{Environment, TrustPolicy};
use clap::Args;

use crate::args::{self, ConnectionArgs};
use crate::cli;

/// The arguments of `bot hook`.
#[derive(Debug, Args)]
pub(crate) struct HookArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// A room to join and to listen to, made if there is none and the server allows it; may be repeated. Without it, every room
    /// the account is in
    #[arg(long, value_name = "ROOM", value_parser = cli::room)]
    join: Vec<RoomName>,
    /// The kind of events: message unless given, or join, part, edit and the like; may be repeated
    #[arg(long, value_name = "KIND")]
    on: Vec<Kind>,
    /// Only events whose text this regular expression finds something in; its groups are CHAT_MATCH_1 and so on
    #[arg(long = "match", value_name = "REGEX")]
    pattern: Option<Pattern>,
    /// Messages of programs as well
    #[arg(long)]
    bots: bool,
    /// Where each room begins: now, start, seq:N, or cursor; with --cursor, cursor unless given
    #[arg(long, value_name = "PLACE")]
    from: Option<From>,
    /// The file that remembers how far each room was dealt with
    #[arg(long, value_name = "FILE")]
    cursor: Option<PathBuf>,
    /// How many commands run at the same time
    #[arg(long, value_name = "N", default_value_t = JOBS_DEFAULT, value_parser = clap::value_parser!(u16).range(1..=i64::from(JOBS_MAX)))]
    jobs: u16,
    /// Events of one room do not wait for each other
    #[arg(long)]
    parallel: bool,
    /// How long a command may run before it is ended, with everything it started
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = args::duration)]
    timeout: Duration,
    /// When a command fails: never, on-failure, or on-failure:N run it again
    #[arg(long, value_name = "POLICY", default_value = "never")]
    restart: Restart,
    /// End with 1 when a command failed for good; its event comes again with the next run
    #[arg(long)]
    exit_on_failure: bool,
    /// After SIGTERM or SIGINT, how long commands may go on
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = args::duration)]
    grace: Duration,
    /// How long the server may be away before the run ends
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = args::duration)]
    max_offline: Duration,
    /// The command, behind --: a program and its arguments, which no shell reads
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Listens, and runs the command.
pub(crate) fn run(args: HookArgs) -> Result<Exit, Failure> {
    let settings = args.connection.settings(TrustPolicy::RefuseUnknown)?;
    let at_cursor = if args.cursor.is_some() { From::Cursor } else { From::Now };
    let what = Hook {
        join: args.join,
        from: args.from.unwrap_or(at_cursor),
        cursor: args.cursor,
        on: if args.on.is_empty() { vec![MESSAGE] } else { args.on },
        pattern: args.pattern,
        bots: args.bots,
        command: args.command,
        jobs: args.jobs.into(),
        parallel: args.parallel,
        timeout: args.timeout,
        restart: args.restart,
        exit_on_failure: args.exit_on_failure,
        grace: args.grace,
        max_offline: args.max_offline,
        secret: args.connection.token.variable(),
    };
    cli::run_to_end(hook(settings, Environment::default(), what))
}
