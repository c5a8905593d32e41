//! One file up or down, for scripts.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use chat_proto::request::LookUpRoom;
use chat_proto::{RoomName, RoomRef, Seq};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::door::{Door, ask, room_info};
use super::line::room_name;
use super::send::hashed;
use super::{Exit, Failure, print};
use crate::clean;
use crate::client::{Environment, FileToSend, Progress, Settings, Stage, Target, Transfer, TransferError};
use crate::files::size;

/// A file to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Where to.
    pub room: RoomName,
    /// Which.
    pub path: PathBuf,
    /// What it is called; the path's last part unless given.
    pub name: Option<String>,
    /// The words.
    pub caption: String,
    /// The message it answers.
    pub reply_to: Option<Seq>,
    /// A key a script chose: sent again under it, the message is stored once.
    pub key: Option<String>,
}

impl Upload {
    /// The request of `bot jsonl` that sends it.
    #[must_use]
    pub fn request(&self) -> Value {
        let path = self.path.to_string_lossy();
        let mut request = json!({"op": "upload", "room": room_name(self.room.as_str()), "path": path});
        if !self.caption.is_empty() {
            request["text"] = self.caption.clone().into();
        }
        let more = [("name", &self.name), ("key", &self.key)];
        for (name, value) in more.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))) {
            request[name] = value.into();
        }
        if let Some(seq) = self.reply_to {
            request["reply_to"] = seq.0.into();
        }
        request
    }
}

/// A file to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Of which room.
    pub room: RoomName,
    /// Of which message.
    pub seq: Seq,
    /// Into which directory; to standard output without one.
    pub to: Option<PathBuf>,
}

/// Sends a file; when this returns a message carries it. Writes the message's number to standard output.
///
/// # Errors
/// What the server, the connection or the disk says; [`Exit::TimedOut`] if the file stands still for as long as `patience`.
pub async fn upload(
    settings: Settings,
    environment: Environment,
    what: Upload,
    patience: Duration,
) -> Result<(), Failure> {
    let deadline = Instant::now() + patience;
    let door = Door::open(settings, environment, deadline, None).await?;
    let room = door.join(&what.room, deadline).await?.room;
    let Upload { path, name, caption, reply_to, key, .. } = what;
    let key = key.map(|key| hashed(&key));
    let transfer = door.client.upload(FileToSend { room, path, name, caption, reply_to, key });
    let sent = watched(transfer, patience).await;
    door.client.quit(Duration::ZERO).await;
    print(&format!("{}\n", sent?.receipt.seq)).map(drop)
}

/// Fetches the file of a message, without joining its room. Writes where it is to standard output, or the file itself.
///
/// # Errors
/// As [`upload`].
pub async fn download(
    settings: Settings,
    environment: Environment,
    what: Download,
    patience: Duration,
) -> Result<(), Failure> {
    let deadline = Instant::now() + patience;
    let door = Door::open(settings, environment, deadline, None).await?;
    let look_up = LookUpRoom { room: RoomRef::Name(what.room.as_str().to_owned()) };
    let room = room_info(ask(&door.client, look_up, deadline).await?)?.room;
    let target = match what.to {
        Some(directory) => Target::Directory(directory),
        None => Target::Writer(Box::new(tokio::io::stdout())),
    };
    let fetched = watched(door.client.download(room, what.seq, target), patience).await;
    door.client.quit(Duration::ZERO).await;
    match fetched?.path {
        Some(path) => print(&format!("{}\n", path.display())).map(drop),
        None => Ok(()),
    }
}

/// Waits for a transfer, and tells on standard error how far it is, if that is a terminal.
async fn watched<T: Send + 'static>(transfer: Transfer<T>, patience: Duration) -> Result<T, Failure> {
    let mut progress = transfer.progress();
    let mut meter = io::stderr().is_terminal().then(Meter::default);
    loop {
        let now = progress.borrow_and_update().clone();
        if let Some(meter) = &mut meter {
            meter.show(&now);
        }
        if now.stage == Stage::Ended {
            break;
        }
        match timeout(patience, progress.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(watch::error::RecvError { .. })) => break,
            Err(_) => {
                let seconds = patience.as_secs();
                let message = format!("nothing moved for {seconds} s; the same again goes on from there");
                return Err(Failure::new(Exit::TimedOut, message));
            }
        }
    }
    if let Some(meter) = meter {
        meter.end();
    }
    transfer.outcome().await.map_err(Failure::from)
}

/// A line on a terminal that is written over and over.
#[derive(Debug, Default)]
struct Meter {
    /// The columns of the line that stands there.
    columns: usize,
    shown: Option<Instant>,
}

impl Meter {
    fn show(&mut self, progress: &Progress) {
        let is_due = self.shown.is_none_or(|at| at.elapsed() >= SHOW_EVERY);
        if !is_due && progress.stage == Stage::Moving {
            return;
        }
        self.shown = Some(Instant::now());
        let line = told(progress);
        let columns = line.chars().count();
        let blank = " ".repeat(self.columns.saturating_sub(columns));
        self.columns = columns;
        // A failure there has nowhere to go.
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "\r{line}{blank}").and_then(|()| stderr.flush());
    }

    fn end(self) {
        let _ = writeln!(io::stderr().lock());
    }
}

/// How far a transfer is, clean, on one line.
fn told(progress: &Progress) -> String {
    let Progress { stage, name, done, total } = progress;
    let name: String = clean::line(name).as_str().chars().take(NAME_CHARS_MAX).collect();
    let doing = match stage {
        Stage::Waiting => return format!("{name} waiting"),
        Stage::Hashing => "reading",
        Stage::Moving => "",
        Stage::Finishing => "finishing",
        Stage::Ended => "ended",
    };
    let part = if *total == 0 { 100 } else { u128::from(*done) * 100 / u128::from(*total) };
    let filled = usize::try_from(part).unwrap_or(100).min(100) * BAR_COLUMNS / 100;
    let bar = format!("{}{}", "#".repeat(filled), "-".repeat(BAR_COLUMNS - filled));
    format!("{name} [{bar}] {part:3} % of {} {doing}", size(*total)).trim_end().to_owned()
}

impl From<TransferError> for Failure {
    fn from(error: TransferError) -> Self {
        let said = error.to_string();
        match error {
            TransferError::Rejected(reject) => reject.into(),
            TransferError::File { .. } | TransferError::NotAFile(_) | TransferError::Caption(_) => {
                Self::new(Exit::Usage, said)
            }
            TransferError::Changed(_) | TransferError::Damaged | TransferError::Output(_) => {
                Self::new(Exit::Failed, said)
            }
            TransferError::Stopped => Self::new(Exit::Unreachable, said),
            TransferError::Protocol(_) => Self::new(Exit::Version, said),
        }
    }
}

/// How often a line is written over.
const SHOW_EVERY: Duration = Duration::from_millis(100);

/// Characters of a name in that line.
const NAME_CHARS_MAX: usize = 30;

/// Columns of the bar.
const BAR_COLUMNS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_fits_a_line_and_is_clean() {
        let at = |stage, done, total| told(&Progress { stage, name: "a\u{1b}b".to_owned(), done, total });
        assert_eq!(at(Stage::Moving, 512, 2_048), "a␛b [#####---------------]  25 % of 2 KB");
        assert_eq!(at(Stage::Moving, 0, 0), "a␛b [####################] 100 % of 0 B");
        assert_eq!(at(Stage::Hashing, u64::MAX, u64::MAX), "a␛b [####################] 100 % of 16777215 TB reading");
        assert_eq!(at(Stage::Waiting, 0, 0), "a␛b waiting");
    }
}
