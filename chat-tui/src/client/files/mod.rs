//! Files up and down, beside the session: each on a stream of its own, going on where it broke off on the next connection.
//!
//! [`Client::upload`] and [`Client::download`] begin one and return at once; what they return tells how far it is, gives the outcome, and
//! ends the transfer when it is dropped. As many as [`AT_ONCE`] move at the same time, further ones wait.

mod download;
mod media;
mod place;
mod stream;
mod upload;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::reply::Receipt;
use chat_proto::{Attached, MessageKey, Reject, RoomId, Seq, TextError};
use thiserror::Error;
use tokio::io::AsyncWrite;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::{CallError, Client};

pub use media::media_type;

/// A file to be sent, and the message that is to carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileToSend {
    /// The room.
    pub room: RoomId,
    /// The file. It must not change while it is sent.
    pub path: PathBuf,
    /// What it is called; the path's last part unless given. What no name may hold is replaced.
    pub name: Option<String>,
    /// The words; the file's name where they are empty.
    pub caption: String,
    /// The message it answers.
    pub reply_to: Option<Seq>,
    /// Names the message: sent again under it, it is stored once. A random one unless given.
    pub key: Option<MessageKey>,
}

impl FileToSend {
    /// A file without a caption.
    #[must_use]
    pub fn new(room: RoomId, path: impl Into<PathBuf>) -> Self {
        Self { room, path: path.into(), name: None, caption: String::new(), reply_to: None, key: None }
    }
}

/// Where a file is to be put.
pub enum Target {
    /// Into a directory, under its own name, or one that is free beside it. Never over another file, and never outside.
    Directory(PathBuf),
    /// Byte by byte to somebody who reads. What is not what its hash says is told at the end, when it is written.
    Writer(Box<dyn AsyncWrite + Send + Unpin>),
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => f.debug_tuple("Directory").field(path).finish(),
            Self::Writer(_) => f.write_str("Writer"),
        }
    }
}

/// A file that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The message that carries it.
    pub receipt: Receipt,
    /// The file, as the message says.
    pub file: Attached,
    /// Its bytes that went over the wire, those that went twice included.
    pub moved: u64,
}

/// A file that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The file, as the message says. Its name is its sender's.
    pub file: Attached,
    /// Where it was put, if in a directory.
    pub path: Option<PathBuf>,
    /// Its bytes that came over the wire, those that came twice included.
    pub moved: u64,
}

/// How far a transfer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// The file's name, once it is known: a possible one, and nevertheless somebody's words.
    pub name: String,
    /// Bytes that are done, in this stage.
    pub done: u64,
    /// Bytes there are; 0 until that is known.
    pub total: u64,
}

/// What is being done of a transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// It waits for others to be done, or for the connection.
    #[default]
    Waiting,
    /// The file is read, for its hash.
    Hashing,
    /// Its bytes are under way.
    Moving,
    /// All bytes are there: a message is posted, or the file gets its name.
    Finishing,
    /// It is done, or has failed.
    Ended,
}

/// Why a transfer failed.
#[derive(Debug, Error)]
pub enum TransferError {
    /// The file cannot be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no file: a directory, a pipe, a device.
    #[error("{path} is not a file", path = .0.display())]
    NotAFile(PathBuf),
    /// It has other bytes now than when it was hashed.
    #[error("{path} changed while it was being sent; send it again", path = .0.display())]
    Changed(PathBuf),
    /// The caption breaks a rule.
    #[error("the caption is not possible: {0}")]
    Caption(#[from] TextError),
    /// The server said no.
    #[error(transparent)]
    Rejected(#[from] Reject),
    /// What came is not what its hash says; nothing of it was kept, unless somebody was already given it.
    #[error("what came is not the file: its hash is another one")]
    Damaged,
    /// Nobody takes what is written.
    #[error("it cannot be written: {0}")]
    Output(io::Error),
    /// The session has ended.
    #[error("the session has ended")]
    Stopped,
    /// The server's answer makes no sense.
    #[error("the server answered nonsense: {0}")]
    Protocol(String),
}

/// A transfer under way. Dropping it ends it: what a server got of an upload is forgotten there after a while, or gone on with
/// when the same file is sent again; what came of a download is removed.
#[derive(Debug)]
pub struct Transfer<T> {
    progress: watch::Receiver<Progress>,
    task: JoinHandle<Result<T, TransferError>>,
}

impl<T: Send + 'static> Transfer<T> {
    fn begin<F: Future<Output = Result<T, TransferError>> + Send + 'static>(
        work: impl FnOnce(Meter) -> F + Send + 'static,
    ) -> Self {
        let (meter, progress) = watch::channel(Progress::default());
        let meter = Meter(Arc::new(meter));
        let task = tokio::spawn(async move {
            let outcome = work(meter.clone()).await;
            meter.tell(|progress| progress.stage = Stage::Ended);
            outcome
        });
        Self { progress, task }
    }

    /// How far it is: now, and whenever that changes. Whoever looks late sees the newest.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// [`TransferError`].
    pub async fn outcome(mut self) -> Result<T, TransferError> {
        (&mut self.task).await.unwrap_or(Err(TransferError::Stopped))
    }
}

impl<T> Drop for Transfer<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    /// Sends a file, and then a message that carries it.
    #[must_use]
    pub fn upload(&self, file: FileToSend) -> Transfer<Sent> {
        let client = self.clone();
        Transfer::begin(move |meter| async move { upload::run(&client, file, &meter).await })
    }

    /// Fetches the file a message carries.
    #[must_use]
    pub fn download(&self, room: RoomId, seq: Seq, target: Target) -> Transfer<Fetched> {
        let client = self.clone();
        Transfer::begin(move |meter| async move { download::run(&client, room, seq, target, &meter).await })
    }
}

/// Tells how far a transfer is.
#[derive(Clone, Debug)]
struct Meter(Arc<watch::Sender<Progress>>);

impl Meter {
    fn tell(&self, change: impl FnOnce(&mut Progress)) {
        self.0.send_modify(change);
    }
}

/// As many places as transfers move at the same time.
pub(super) fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(AT_ONCE))
}

impl From<CallError> for TransferError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Rejected(reject) => Self::Rejected(reject),
            CallError::Protocol(text) => Self::Protocol(text),
            CallError::Offline | CallError::Stopped => Self::Stopped,
        }
    }
}

/// Transfers of one session that move at the same time: streams are few, and left for other things.
pub const AT_ONCE: usize = 3;

/// Wait before what broke off is gone on with.
const RETRY: Duration = Duration::from_millis(200);
