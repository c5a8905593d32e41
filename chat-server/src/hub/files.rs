//! Files that messages carry: who may send one and fetch one, and how much of them is kept.
//!
//! Whether somebody may fetch a file is judged by the message that carries it, never by its hash. What a file is kept for is in
//! the store: the messages that carry it, and those who sent it lately. Whatever is kept for nobody is swept away.

mod sweep;
mod upload;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::{
    AccountId, Attached, FeedId, FileHash, FileName, MediaType, MessageKey, Reject, RejectCode, RoomId, Seq,
};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::gate::Reader;
use super::shared::lock;
use super::{Hub, reject};
use crate::config::{self, TakeFiles};
use crate::contents::{Contents, Part};
use crate::core::command::Post;
use crate::store::{StoreError, StoreResult};

pub(super) use sweep::run;
use upload::Incoming;
pub use upload::Uploading;

/// Where files are kept, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSettings {
    /// The directory they are kept in.
    pub directory: PathBuf,
    /// Which are taken, and how much of them is kept.
    pub rules: config::Files,
}

/// The files of a server.
#[derive(Debug)]
pub(super) struct Files {
    rules: config::Files,
    contents: Contents,
    /// What is being sent, or was and broke off.
    incoming: Mutex<BTreeMap<(AccountId, FileHash), Incoming>>,
    holds: Mutex<BTreeMap<FileHash, Held>>,
    /// Held while files are removed, so that nothing is held meanwhile.
    sweeping: tokio::sync::Mutex<()>,
    /// Rings when there may be files that are kept for nobody.
    bell: Notify,
}

/// A file that is not to be removed, because something is being done that may make it kept.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    /// How many do something.
    count: usize,
    /// Until when it is kept beyond that.
    until: Option<Instant>,
}

impl Held {
    fn holds(&self, now: Instant) -> bool {
        self.count > 0 || self.until.is_some_and(|until| now < until)
    }
}

/// Keeps a file from being removed until it is released. One that is dropped keeps it for `LINGER` more: whoever waited is
/// gone, and what was being done may still be.
#[derive(Debug)]
pub struct Hold {
    files: Arc<Files>,
    hash: FileHash,
    released: bool,
}

impl Hold {
    /// What was being done is done.
    pub(super) fn release(mut self) {
        self.released = true;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut holds = lock(&self.files.holds);
        if let Some(held) = holds.get_mut(&self.hash) {
            held.count -= 1;
            held.until = if self.released { held.until } else { Some(now + LINGER) };
        }
        holds.retain(|_, held| held.holds(now));
    }
}

impl Files {
    /// Opens the directory, and takes stock of what broke off.
    ///
    /// # Errors
    /// [`StoreError::Io`] with what the system says.
    pub(super) fn open(settings: &FileSettings) -> StoreResult<Arc<Self>> {
        let failed = |error: io::Error| StoreError::Io(format!("{}: {error}", settings.directory.display()));
        let contents = Contents::open(&settings.directory).map_err(failed)?;
        let parts = contents.parts().map_err(failed)?;
        let incoming = parts.into_iter().map(|(part, _)| ((part.account, part.hash), Incoming::new(part))).collect();
        Ok(Arc::new(Self {
            rules: settings.rules.clone(),
            contents,
            incoming: Mutex::new(incoming),
            holds: Mutex::default(),
            sweeping: tokio::sync::Mutex::default(),
            bell: Notify::new(),
        }))
    }

    async fn hold(self: &Arc<Self>, hash: FileHash) -> Hold {
        let _turn = self.sweeping.lock().await;
        lock(&self.holds).entry(hash).or_default().count += 1;
        Hold { files: Arc::clone(self), hash, released: false }
    }

    /// Does something with the disk.
    async fn disk<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Contents) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let files = Arc::clone(self);
        spawn_blocking(move || work(&files.contents)).await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    fn check_type(&self, media_type: &str) -> Result<(), Reject> {
        let media_type =
            MediaType::parse(media_type).map_err(|e| Reject::new(RejectCode::BadRequest, e.to_string()))?;
        if self.rules.takes(&media_type) {
            return Ok(());
        }
        let message = format!("no {media_type} here; this server takes {}", self.rules.written_types());
        Err(Reject::new(RejectCode::FileTypeRefused, message))
    }
}

impl Hub {
    /// Files one connection may send and fetch at once.
    #[must_use]
    pub fn files_at_once(&self) -> usize {
        self.files.as_ref().map_or(1, |files| files.rules.at_once)
    }

    fn files(&self) -> Result<&Arc<Files>, Reject> {
        self.files.as_ref().ok_or_else(files_off)
    }

    /// The files of a server that takes any.
    fn taken_files(&self) -> Result<&Arc<Files>, Reject> {
        let files = self.files()?;
        if files.rules.enabled == TakeFiles::On { Ok(files) } else { Err(files_off()) }
    }

    /// There may be files now that are kept for nobody.
    pub(super) fn files_dropped(&self) {
        if let Some(files) = &self.files {
            files.bell.notify_one();
        }
    }

    /// The file a message carries, if it is for a reader.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchMessage`], [`RejectCode::NoSuchFile`], why the room is not for him, or what the store says.
    pub async fn file_of(self: &Arc<Self>, by: Reader, room: RoomId, seq: Seq) -> Result<Attached, Reject> {
        let event = self.message(by, room, seq).await?;
        let Some(message) = event.body.message() else {
            return Err(Reject::new(
                RejectCode::NoSuchMessage,
                format!("message {seq} was removed, and its file with it"),
            ));
        };
        let none = || Reject::new(RejectCode::NoSuchFile, format!("message {seq} carries no file"));
        message.file().cloned().ok_or_else(none)
    }

    /// The file a message carries and its bytes, if it is for a reader.
    ///
    /// # Errors
    /// As [`Self::file_of`]; [`RejectCode::Unavailable`] where the bytes can't be read.
    pub async fn fetch_file(
        self: &Arc<Self>,
        by: Reader,
        room: RoomId,
        seq: Seq,
    ) -> Result<(Attached, std::fs::File), Reject> {
        let file = self.file_of(by, room, seq).await?;
        let hash = file.hash;
        let opened = self.files()?.disk(move |contents| contents.read(hash)).await;
        opened.map(|opened| (file, opened)).map_err(|error| {
            tracing::error!(%room, %seq, %hash, error = error.to_string(), "a file that is to be there is not");
            Reject::new(
                RejectCode::Unavailable,
                "the server can't read this file; its operator finds the cause in the log",
            )
        })
    }

    /// Sees to it that the file a message is to carry is there, and stays until the message stands or is refused.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchFile`] unless its author sent it, or the message is a copy of one that carries it; what keeps the
    /// file from being taken.
    pub(super) async fn hold_file(
        self: &Arc<Self>,
        by: AccountId,
        key: MessageKey,
        room: RoomId,
        post: &Post,
    ) -> Result<Option<Hold>, Reject> {
        let Some(file) = &post.file else { return Ok(None) };
        if post.forwarded.is_some() {
            return Ok(Some(self.files()?.hold(file.hash).await));
        }
        let files = self.taken_files()?;
        files.check_type(&file.media_type)?;
        let hold = files.hold(file.hash).await;
        let standing = self.store().file_standing(by, file.hash).await.map_err(|e| reject(&e))?;
        if standing.held == Some(file.size) {
            return Ok(Some(hold));
        }
        // It stands already: whatever became of the file since, the answer is the first one.
        let known = self.store().find(FeedId::Room(room), vec![(by, key)]).await.map_err(|e| reject(&e))?;
        if known.iter().any(Option::is_some) {
            return Ok(Some(hold));
        }
        hold.release();
        Err(Reject::new(RejectCode::NoSuchFile, "the bytes of this file are not here, or no longer: send them first"))
    }
}

/// The file a client wants a message to carry, if it is a possible one.
///
/// # Errors
/// [`RejectCode::InvalidName`], [`RejectCode::BadRequest`].
pub(super) fn checked_file(file: Attached) -> Result<Attached, Reject> {
    FileName::parse(&file.name)
        .map_err(|e| Reject::new(RejectCode::InvalidName, format!("the file's name {:?}: {e}", file.name)))?;
    MediaType::parse(&file.media_type).map_err(|e| Reject::new(RejectCode::BadRequest, e.to_string()))?;
    Ok(file)
}

fn files_off() -> Reject {
    Reject::new(RejectCode::FilesOff, "this server takes no files; put it elsewhere and post the link")
}

/// What a person is told when the disk fails. Its details are for the log.
fn disk_reject(error: &io::Error, part: &Part) -> Reject {
    if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        return reject(&StoreError::Full);
    }
    tracing::error!(hash = %part.hash, error = error.to_string(), "a file can't be written");
    reject(&StoreError::Io(String::new()))
}

/// How long a file is held for what nobody waits for any more.
const LINGER: Duration = Duration::from_secs(60);
