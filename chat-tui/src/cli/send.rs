//! `chat-tui send`: one message, stored or not when it ends.

use std::time::Duration;

use chat_proto::limits::POST_BYTES_MAX;
use chat_proto::{RoomName, Style};
use chat_tui::bot::send::{Message, SPLIT_BYTES_MIN, read_text, send};
use chat_tui::bot::{Exit, Failure};
use chat_tui::client::{Environment, TrustPolicy};
use clap::Args;

use crate::args::{self, ConnectionArgs};
use crate::cli;

/// The arguments of `send`.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// The room, with or without #; joined, and made if there is none and the server allows it
    #[arg(value_parser = cli::room)]
    room: RoomName,
    /// The message; - reads it from standard input, without its final line feed
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// Names the message: sent again under the same key it is stored once
    #[arg(long, visible_alias = "idempotency", value_name = "KEY")]
    key: Option<String>,
    /// Something done rather than said, as /me
    #[arg(long)]
    action: bool,
    /// Send a long text as several messages of at most so many bytes, cut where lines end
    #[arg(long, value_name = "BYTES", value_parser = args::bytes)]
    split: Option<usize>,
    /// How long to try at most
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = args::duration)]
    timeout: Duration,
}

/// Sends the message.
pub(crate) fn run(args: SendArgs) -> Result<Exit, Failure> {
    if let Some(bytes) = args.split
        && !(SPLIT_BYTES_MIN..=POST_BYTES_MAX).contains(&bytes)
    {
        let text = format!("--split takes {SPLIT_BYTES_MIN} to {POST_BYTES_MAX} bytes");
        return Err(Failure::new(Exit::Usage, text));
    }
    let settings = args.connection.settings(TrustPolicy::RefuseUnknown)?;
    let text = if args.text == "-" { read_text(std::io::stdin().lock())? } else { args.text };
    let style = if args.action { Style::Action } else { Style::Text };
    let message = Message { room: args.room, style, text, key: args.key, split: args.split };
    cli::run_to_end(send(settings, Environment::default(), message, args.timeout))?;
    Ok(Exit::Clean)
}
