//! `chat-tui claim`: become the owner of a server that has none.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_proto::identity::ClaimServer;
use chat_tui::bot::door::{Door, ask};
use chat_tui::bot::{Exit, Failure, complain};
use chat_tui::client::{Environment, Settings, TrustPolicy};
use clap::Args;
use tokio::time::Instant;

use crate::args::{self, ConnectionArgs};
use crate::cli::{self, secret};

/// The arguments of `claim`.
#[derive(Debug, Args)]
pub(crate) struct ClaimArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// The file with the code, such as owner-claim in the server's data directory; without it the code is asked for
    #[arg(long, value_name = "FILE")]
    code_file: Option<PathBuf>,
    /// How long to try at most
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = args::duration)]
    timeout: Duration,
}

/// Becomes the owner.
pub(crate) fn run(args: &ClaimArgs) -> Result<Exit, Failure> {
    let settings = args.connection.settings(TrustPolicy::RefuseUnknown)?;
    claim(&settings, args.code_file.as_deref(), args.timeout)?;
    Ok(Exit::Clean)
}

/// Asks for the code, and shows it to the server.
pub(crate) fn claim(settings: &Settings, code_file: Option<&Path>, timeout: Duration) -> Result<(), Failure> {
    let code = secret::read("The code the server printed on its first start", "--code-file", code_file)?;
    cli::run_to_end(async {
        let deadline = Instant::now() + timeout;
        let door = Door::open(settings.clone(), Environment::default(), deadline, None).await?;
        let claimed = ask(&door.client, ClaimServer { code }, deadline).await;
        door.client.quit(Duration::ZERO).await;
        claimed.map(drop)
    })?;
    complain(&format_args!("{} owns {} now", settings.name, settings.server));
    Ok(())
}

/// How long showing the code may take before the screen opens.
#[cfg(feature = "tui")]
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);
