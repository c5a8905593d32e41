//! `chat-tui ctl`: a screen that runs, driven from outside.

use std::path::PathBuf;
use std::time::Duration;

use chat_tui::bot::{Exit, Failure};
use chat_tui::client::Beside;
use clap::Args;

use crate::args::{self, ConfigArgs};

/// The arguments of `ctl`.
#[derive(Debug, Args)]
pub(crate) struct CtlArgs {
    /// A request, such as '{"op":"send","room":"#dev","text":"lunch?"}'; without any, or with -, requests are read from standard
    /// input, and everything the client hears is written
    #[arg(value_name = "REQUEST")]
    requests: Vec<String>,
    /// The server it is about, [NAME@]HOST[:PORT]; the one that is looked at unless given
    #[arg(long, value_name = "HOST", value_parser = server)]
    server: Option<Beside>,
    /// The process of the client, where several run
    #[arg(long, value_name = "NUMBER")]
    pid: Option<u32>,
    /// List the clients that run, and the servers they are connected to
    #[arg(long, conflicts_with_all = ["requests", "server", "pid", "keep", "echo"])]
    list: bool,
    /// Stay when standard input has ended
    #[arg(long)]
    keep: bool,
    /// Write your own messages as well
    #[arg(long)]
    echo: bool,
    /// How long the client may take to begin, and for what is still to be answered at the end
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = args::duration)]
    timeout: Duration,
    /// The directory of keys, outboxes and caches of the client
    #[arg(long, env = "CHAT_CLIENT_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Asks, or passes lines on.
#[cfg(unix)]
pub(crate) fn run(args: CtlArgs) -> Result<Exit, Failure> {
    use std::io::{self, Write};

    use chat_tui::bot::ctl::call::{Asking, Which, ask, list, pipe, requests};
    use chat_tui::bot::ctl::place::folders;

    use crate::cli::run_to_end;

    let config = args.config.load_and_tell().config;
    let folders = folders(&args::data_dir(args.data.as_ref(), &config)?);
    let timeout = args.timeout;
    if args.list {
        let lines = run_to_end(async { Ok(list(&folders, timeout).await) })?;
        let mut out = io::stdout().lock();
        // A closed pipe is a quiet end.
        let _ = lines.iter().try_for_each(|line| writeln!(out, "{line}"));
        return Ok(Exit::Clean);
    }
    let which = Which { pid: args.pid, server: args.server };
    let asking = Asking { folders, which, echo: args.echo, timeout };
    if args.requests.is_empty() || args.requests == ["-"] {
        return run_to_end(pipe(&asking, args.keep, io::stdin(), io::stdout()));
    }
    if args.keep || args.echo {
        let message = "--keep and --echo are for requests on standard input; leave them out, or the requests";
        return Err(Failure::new(Exit::Usage, message));
    }
    let requests = requests(&args.requests)?;
    run_to_end(ask(&asking, &requests, io::stdout()))
}

/// Says that it is not possible here.
#[cfg(not(unix))]
pub(crate) fn run(_: CtlArgs) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Usage, "ctl needs Unix sockets, which this system has not; use chat-tui bot jsonl"))
}

fn server(text: &str) -> Result<Beside, String> {
    text.parse().map_err(|e: chat_tui::client::AddressError| e.to_string())
}
