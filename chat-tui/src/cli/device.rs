//! `chat-tui link` and `chat-tui recover`: this device comes to open an account there is.

use std::path::PathBuf;
use std::time::Duration;

use chat_proto::Line;
use chat_proto::code::{Code, LongCode};
use chat_tui::bot::door::Door;
use chat_tui::bot::{Exit, Failure, complain};
use chat_tui::client::{Environment, Login, TrustPolicy};
use clap::Args;
use tokio::time::Instant;

use crate::args::{self, ConnectionArgs};
use crate::cli::{self, secret};

/// The arguments of `link`.
#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    #[command(flatten)]
    device: DeviceArgs,
    /// Show the account's password in place of a code
    #[arg(long)]
    password: bool,
}

/// What a new device is asked for.
#[derive(Debug, Args)]
struct DeviceArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// The file with the code or the password; without it you are asked, and what you type is not shown
    #[arg(long, value_name = "FILE")]
    code_file: Option<PathBuf>,
    /// What this device is to be called
    #[arg(long, value_name = "TEXT", default_value = "", value_parser = label)]
    label: Line,
    /// How long to try at most
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = args::duration)]
    timeout: Duration,
}

/// The arguments of `recover`.
#[derive(Debug, Args)]
pub(crate) struct RecoverArgs {
    #[command(flatten)]
    device: DeviceArgs,
    /// Take every other device of the account its right
    #[arg(long)]
    revoke_others: bool,
}

/// Adds this device by a code that another one made, or by the account's password.
pub(crate) fn link(LinkArgs { device, password }: &LinkArgs) -> Result<Exit, Failure> {
    let label = device.label.as_str().to_owned();
    let login = if *password {
        Login::Password { password: super::password::read("The password", device.code_file.as_deref())?, label }
    } else {
        Login::Link { code: device.code("The code that /link showed on your other device")?, label }
    };
    device.log_in(login, "this device is linked")
}

/// Adds this device by the account's recovery code.
pub(crate) fn recover(args: &RecoverArgs) -> Result<Exit, Failure> {
    let code: LongCode = args.device.code("The recovery code")?;
    let label = args.device.label.as_str().to_owned();
    let login = Login::Recover { code, label, revoke_others: args.revoke_others };
    args.device.log_in(login, "this device opens your account; the code is used up, so make another one (/recovery)")
}

impl DeviceArgs {
    fn code<const LEN: usize>(&self, what: &str) -> Result<Code<LEN>, Failure> {
        let typed = secret::read(what, "--code-file", self.code_file.as_deref())?;
        Code::parse(&typed).map_err(|e| Failure::new(Exit::Usage, e.to_string()))
    }

    fn log_in(&self, login: Login, done: &str) -> Result<Exit, Failure> {
        if self.connection.guest {
            return Err(Failure::new(Exit::Usage, "a guest has no account to open; leave --guest out"));
        }
        let mut settings = self.connection.settings(TrustPolicy::RefuseUnknown)?;
        settings.login = login;
        cli::run_to_end(async {
            let door = Door::open(settings, Environment::default(), Instant::now() + self.timeout, None).await?;
            door.client.quit(Duration::ZERO).await;
            Ok(())
        })?;
        complain(&done);
        Ok(Exit::Clean)
    }
}

fn label(text: &str) -> Result<Line, String> {
    Line::parse(text).map_err(|e| e.to_string())
}
