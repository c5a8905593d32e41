//! `chat-tui send`: one message, stored or not when it ends.

use std::path::PathBuf;
use std::time::Duration;

use chat_proto::limits::POST_BYTES_MAX;
use chat_proto::{RoomName, Seq, Style};
use chat_tui::bot::files::{Upload, upload};
use chat_tui::bot::line::json;
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
    /// The message; - reads it from standard input, without its final line feed. With --file the words beside it, if any
    #[arg(allow_hyphen_values = true, required_unless_present = "attached")]
    text: Option<String>,
    /// Names the message: sent again under the same key it is stored once
    #[arg(long, visible_alias = "idempotency", value_name = "KEY")]
    key: Option<String>,
    /// Something done rather than said, as /me
    #[arg(long)]
    action: bool,
    /// The number of a message it answers
    #[arg(long, value_name = "SEQ")]
    reply_to: Option<u64>,
    /// Show it as code of this language, such as rust, log or text
    #[arg(long, value_name = "LANGUAGE", value_parser = language, conflicts_with = "action")]
    code: Option<String>,
    /// Send this file with it, as `upload` does
    #[arg(long = "file", value_name = "FILE", conflicts_with_all = ["action", "code", "split"])]
    attached: Option<PathBuf>,
    /// Send a long text as several messages of at most so many bytes, cut where lines end
    #[arg(long, value_name = "BYTES", value_parser = args::bytes)]
    split: Option<usize>,
    /// How long to try at most
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = args::duration)]
    timeout: Duration,
    /// Print the requests that would be made, and make none of them
    #[arg(long)]
    dry_run: bool,
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
    let text = match args.text {
        Some(text) if text == "-" => read_text(std::io::stdin().lock())?,
        text => text.unwrap_or_default(),
    };
    let reply_to = args.reply_to.map(Seq);
    if let Some(path) = args.attached {
        let what = Upload { room: args.room, path, name: None, caption: text, reply_to, key: args.key };
        if args.dry_run {
            return print(&[what.request()]);
        }
        cli::run_to_end(upload(settings, Environment::default(), what, args.timeout))?;
        return Ok(Exit::Clean);
    }
    let style = if args.action { Style::Action } else { Style::Text };
    let message = Message { room: args.room, style, text, key: args.key, split: args.split, reply_to, code: args.code };
    if args.dry_run {
        return print(&message.requests()?);
    }
    cli::run_to_end(send(settings, Environment::default(), message, args.timeout))?;
    Ok(Exit::Clean)
}

fn print(requests: &[serde_json::Value]) -> Result<Exit, Failure> {
    let lines = requests.iter().map(|request| json(request) + "\n").collect::<String>();
    chat_tui::bot::print(&lines)
}

/// What may stand behind the signs that open fenced code.
fn language(text: &str) -> Result<String, String> {
    let is_word =
        !text.is_empty() && text.len() <= 32 && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-#_.".contains(c));
    if is_word { Ok(text.to_owned()) } else { Err("a language is a word such as rust, sh or text".to_owned()) }
}
