//! `chat-tui trust`: what is known of a server, and forgetting it.

use std::io::{self, Write};
use std::path::PathBuf;

use chat_tui::bot::{Exit, Failure};
use chat_tui::client::ServerAddress;
use chat_tui::client::trust::{KnownServers, Trust, TrustError};
use clap::Args;

use crate::args::{ConfigArgs, data_dir};

/// The arguments of `trust`.
#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    /// The server: HOST, HOST:PORT or [IPV6]:PORT
    #[arg(value_name = "HOST")]
    server: ServerAddress,
    /// Forget its key: the next connection asks as if it were new
    #[arg(long)]
    forget: bool,
    #[command(flatten)]
    config: ConfigArgs,
    /// The directory of keys, outboxes and caches
    #[arg(long, env = "CHAT_CLIENT_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Says or forgets what is known.
pub(crate) fn run(args: &TrustArgs) -> Result<Exit, Failure> {
    let data = data_dir(args.data.as_ref(), &args.config.load_and_tell().config)?;
    let known = KnownServers::in_dir(&data);
    let usage = |error: TrustError| Failure::new(Exit::Usage, error.to_string());
    let unknown = || Failure::new(Exit::NotFound, format!("{} is not known here", args.server));
    let words = if args.forget {
        if !known.forget(&args.server).map_err(usage)? {
            return Err(unknown());
        }
        format!("{} is forgotten", args.server)
    } else {
        match known.find(&args.server).map_err(usage)?.ok_or_else(unknown)? {
            Trust::Key(fingerprint) => format!("{} key {fingerprint}", args.server),
            Trust::Webpki(fingerprint) => format!("{} certificate authority, last key {fingerprint}", args.server),
        }
    };
    // A closed pipe is a quiet end.
    let _ = writeln!(io::stdout().lock(), "{words}");
    Ok(Exit::Clean)
}
