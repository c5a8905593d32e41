//! What is done about one event: the command, again if need be, and its reply.

use std::fmt;
use std::process::ExitStatus;
use std::str::FromStr;
use std::time::Duration;

use chat_proto::event::{ReplyTo, VisibleTo};
use chat_proto::limits::POST_BYTES_MAX;
use chat_proto::request::{Post, PostWith};
use chat_proto::{Extra, Style, Text};
use tokio::time::{Instant, sleep};

use super::filter::Handed;
use super::run::{Ended, OUTPUT_BYTES_MAX, Ran, Runner};
use crate::bot::door::ask;
use crate::bot::send::{hashed, parts, read_text};
use crate::bot::{Exit, Failure, complain};
use crate::client::Client;

/// What happens when a command fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Nothing more.
    Never,
    /// It is run again, so many times.
    OnFailure(u32),
}

impl FromStr for Restart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let times = |times: &str| times.parse().ok().filter(|times| (1..=AGAIN_MAX).contains(times));
        match text.split_once(':') {
            None if text == "never" => Ok(Self::Never),
            None if text == "on-failure" => Ok(Self::OnFailure(AGAIN_DEFAULT)),
            Some(("on-failure", number)) if times(number).is_some() => Ok(Self::OnFailure(times(number).unwrap_or(1))),
            Some(_) | None => Err(format!("one of never, on-failure, on-failure:N with N up to {AGAIN_MAX}")),
        }
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The command ended well, and what it had to say is stored.
    Done,
    /// It did not; people were told.
    Failed,
}

/// How events are dealt with.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) client: Client,
    pub(super) runner: Runner,
    pub(super) restart: Restart,
    /// How long the server may be away.
    pub(super) patience: Duration,
}

/// Why a command failed.
enum Fault {
    Status(ExitStatus),
    Late(Duration),
    /// What no further run would mend.
    Unusable(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "the command failed: {status}"),
            Self::Late(timeout) => write!(f, "the command was ended: it ran for longer than --timeout, {timeout:?}"),
            Self::Unusable(why) => write!(f, "the reply is not possible: {why}"),
        }
    }
}

impl Desk {
    /// Deals with an event.
    ///
    /// # Errors
    /// What keeps every event from being dealt with: the command cannot be started, or the server is away for too long.
    pub(super) async fn deal_with(&self, event: &Handed) -> Result<Verdict, Failure> {
        let again = match self.restart {
            Restart::Never => 0,
            Restart::OnFailure(times) => times,
        };
        let mut wait = AGAIN_FIRST;
        for attempt in 1.. {
            let fault = match self.attempt(event, attempt).await? {
                Ok(texts) => return self.reply(event, texts).await,
                Err(fault) => fault,
            };
            if matches!(fault, Fault::Unusable(_)) || attempt > again {
                complain(&format!("{}: {fault}", event.what));
                break;
            }
            complain(&format!("{}: {fault}; again in {wait:?}", event.what));
            sleep(wait).await;
            wait = (wait * 2).min(AGAIN_WAIT_MAX);
        }
        Ok(Verdict::Failed)
    }

    /// Runs the command once; the messages it answers with.
    async fn attempt(&self, event: &Handed, attempt: u32) -> Result<Result<Vec<String>, Fault>, Failure> {
        let ran = self.runner.run(&event.line, &event.variables, attempt).await;
        let Ran { ended, complaint } = ran.map_err(|e| {
            let program = self.runner.command.first().cloned().unwrap_or_default();
            Failure::new(Exit::Usage, format!("{} cannot be run: {e}", program.display()))
        })?;
        if !complaint.trim().is_empty() {
            complain(&format!("{}: the command said: {}", event.what, complaint.trim_end()));
        }
        Ok(match ended {
            Ended::Itself { status, output } if status.success() => messages(&output).map_err(Fault::Unusable),
            Ended::Itself { status, .. } => Err(Fault::Status(status)),
            Ended::TimedOut => Err(Fault::Late(self.runner.timeout)),
            Ended::TooMuch => Err(Fault::Unusable(format!("over {OUTPUT_BYTES_MAX} bytes of it"))),
        })
    }

    /// Sends what the command wrote. Each message has a key of its event, so that however often this is done it is stored once.
    async fn reply(&self, event: &Handed, texts: Vec<String>) -> Result<Verdict, Failure> {
        let place = event.place;
        for (number, text) in texts.into_iter().enumerate() {
            let key = hashed(&format!("hook\0{}\0{}\0{}\0{number}", place.room, place.epoch.0, place.seq));
            let mut extras: Vec<Extra> = Vec::new();
            extras.extend(event.reply_to.filter(|_| number == 0).map(|target| ReplyTo { target }.into()));
            extras.extend(event.confidant.map(|account| VisibleTo { accounts: vec![account] }.into()));
            let (room, style) = (place.room, Style::Text);
            let deadline = Instant::now() + self.patience;
            let stored = if extras.is_empty() {
                ask(&self.client, Post { key, room, style, text }, deadline).await
            } else {
                ask(&self.client, PostWith { key, room, style, text, extras }, deadline).await
            };
            match stored {
                Ok(_) => {}
                // The server has no answer, now or for good; that says nothing of this event.
                Err(failure) if failure.code.is_none() => return Err(failure),
                Err(failure) => {
                    complain(&format!("{}: the reply was refused: {failure}", event.what));
                    return Ok(Verdict::Failed);
                }
            }
        }
        Ok(Verdict::Done)
    }
}

/// What a command wrote, as messages; none, if it wrote nothing.
fn messages(output: &[u8]) -> Result<Vec<String>, String> {
    let text = read_text(output).map_err(|_| "it is not UTF-8".to_owned())?;
    let parts = parts(&text, POST_BYTES_MAX);
    let sendable = |part: &&str| Text::parse(part).map(Text::into_string).map_err(|e| e.to_string());
    parts.iter().map(sendable).collect()
}

/// How often a command that failed is run again, unless it is said.
const AGAIN_DEFAULT: u32 = 3;

/// How often it is run again at most.
const AGAIN_MAX: u32 = 100;

/// The wait before it is run again the first time; each further one is twice as long.
const AGAIN_FIRST: Duration = Duration::from_millis(500);

/// The longest wait before it is run again.
const AGAIN_WAIT_MAX: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_wrote_becomes_messages() {
        assert_eq!(messages(b"pong\n").unwrap(), ["pong"]);
        assert_eq!(messages(b"two\r\nlines\n").unwrap(), ["two\nlines"]);
        assert_eq!(messages(b" \n\n").unwrap(), [] as [&str; 0]);
        let long = format!("{}\n{}\n", "a".repeat(POST_BYTES_MAX), "b".repeat(10));
        assert_eq!(
            messages(long.as_bytes()).unwrap().iter().map(String::len).collect::<Vec<_>>(),
            [POST_BYTES_MAX, 10]
        );
        assert!(messages(b"\x1b[31mred").unwrap_err().contains("U+001B"));
        assert!(messages(b"\xff").is_err());
    }

    #[test]
    fn how_often_it_is_run_again_is_read() {
        assert_eq!("never".parse(), Ok(Restart::Never));
        assert_eq!("on-failure".parse(), Ok(Restart::OnFailure(AGAIN_DEFAULT)));
        assert_eq!("on-failure:7".parse(), Ok(Restart::OnFailure(7)));
        for bad in ["", "always", "on-failure:", "on-failure:0", "on-failure:101", "never:1"] {
            assert!(bad.parse::<Restart>().is_err(), "{bad}");
        }
    }
}
