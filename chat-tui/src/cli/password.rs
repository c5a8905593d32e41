//! `chat-tui password`: give the account a password that links new devices, or take it away.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_proto::password::{Password, SetPassword};
use chat_tui::bot::door::{Door, ask};
use chat_tui::bot::{Exit, Failure, complain};
use chat_tui::client::{Environment, TrustPolicy};
use clap::Args;
use tokio::time::Instant;

use crate::args::{self, ConnectionArgs};
use crate::cli::{self, secret};

/// The arguments of `password`.
#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// The file with the new password; without it you are asked, and what you type is not shown
    #[arg(long, value_name = "FILE")]
    code_file: Option<PathBuf>,
    /// Take the password away
    #[arg(long, conflicts_with = "code_file")]
    remove: bool,
    /// Take every other device of the account its right
    #[arg(long)]
    revoke_others: bool,
    /// How long to try at most
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = args::duration)]
    timeout: Duration,
}

/// Sets the password, or takes it away.
pub(crate) fn run(args: &PasswordArgs) -> Result<Exit, Failure> {
    let settings = args.connection.settings(TrustPolicy::RefuseUnknown)?;
    let new = if args.remove { None } else { Some(args.new_password()?) };
    let done = if new.is_some() {
        "the password is set; on a new device: chat-tui link HOST --name YOURS --password"
    } else {
        "the account has no password any more"
    };
    let set =
        SetPassword { password: new.map(|password| password.as_str().to_owned()), revoke_others: args.revoke_others };
    cli::run_to_end(async {
        let deadline = Instant::now() + args.timeout;
        let door = Door::open(settings, Environment::default(), deadline, None).await?;
        let set = ask(&door.client, set, deadline).await;
        door.client.quit(Duration::ZERO).await;
        set.map(drop)
    })?;
    complain(&done);
    Ok(Exit::Clean)
}

impl PasswordArgs {
    /// The new password; at a terminal it is typed twice.
    fn new_password(&self) -> Result<Password, Failure> {
        let file = self.code_file.as_deref();
        let new = read("The new password", file)?;
        if file.is_none() && read("The same again", None)? != new {
            return Err(Failure::new(Exit::Usage, "the two are not the same; the password is as it was"));
        }
        Ok(new)
    }
}

/// A password that is typed or stands in a file.
pub(super) fn read(what: &str, file: Option<&Path>) -> Result<Password, Failure> {
    let typed = secret::read(what, "--code-file", file)?;
    Password::parse(&typed).map_err(|e| Failure::new(Exit::Usage, e.to_string()))
}
