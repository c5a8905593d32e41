//! `chat-tui upload` and `chat-tui download`: one file each.

use std::path::PathBuf;
use std::time::Duration;

use chat_proto::{RoomName, Seq};
use chat_tui::bot::files::{Download, Upload, download, upload};
use chat_tui::bot::{Exit, Failure};
use chat_tui::client::{Environment, TrustPolicy};
use clap::Args;

use crate::args::{self, ConnectionArgs};
use crate::cli;

/// The arguments of `upload`.
#[derive(Debug, Args)]
pub(crate) struct UploadArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// The room, with or without #; joined, and made if there is none and the server allows it
    #[arg(value_parser = cli::room)]
    room: RoomName,
    /// The file
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// The words of the message that carries it; its name unless given
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    caption: String,
    /// What the file is called; its own name unless given
    #[arg(long = "as", value_name = "FILENAME")]
    called: Option<String>,
    /// The number of a message it answers
    #[arg(long, value_name = "SEQ")]
    reply_to: Option<u64>,
    /// Names the message: sent again under the same key it is stored once
    #[arg(long, visible_alias = "idempotency", value_name = "KEY")]
    key: Option<String>,
    /// How long nothing may move
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = args::duration)]
    timeout: Duration,
}

/// The arguments of `download`.
#[derive(Debug, Args)]
pub(crate) struct DownloadArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// The room, with or without #
    #[arg(value_parser = cli::room)]
    room: RoomName,
    /// The number of the message that carries the file
    seq: u64,
    /// The directory to put it in, or - for standard output
    #[arg(long, value_name = "DIR", default_value = ".")]
    to: PathBuf,
    /// How long nothing may move
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = args::duration)]
    timeout: Duration,
}

/// Sends the file.
pub(crate) fn run_upload(args: UploadArgs) -> Result<Exit, Failure> {
    let settings = args.connection.settings(TrustPolicy::RefuseUnknown)?;
    let UploadArgs { room, path, caption, called: name, reply_to, key, timeout, .. } = args;
    let what = Upload { room, path, name, caption, reply_to: reply_to.map(Seq), key };
    cli::run_to_end(upload(settings, Environment::default(), what, timeout))?;
    Ok(Exit::Clean)
}

/// Fetches the file.
pub(crate) fn run_download(args: DownloadArgs) -> Result<Exit, Failure> {
    let settings = args.connection.settings(TrustPolicy::RefuseUnknown)?;
    let to = (args.to.as_os_str() != "-").then_some(args.to);
    let what = Download { room: args.room, seq: Seq(args.seq), to };
    cli::run_to_end(download(settings, Environment::default(), what, args.timeout))?;
    Ok(Exit::Clean)
}
