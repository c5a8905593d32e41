//! A file on its way up, and the message that carries it.

use std::io::SeekFrom;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use chat_proto::event::ReplyTo;
use chat_proto::file::{Upload, UploadFrom};
use chat_proto::limits::FILE_CHUNK_BYTES;
use chat_proto::request::PostWith;
use chat_proto::{Attached, Extra, FileHash, FileName, RejectCode, Reply, Style, Text};
use quinn::Connection;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::time::{sleep, timeout};

use super::media::media_type;
use super::stream::{Broken, Effort, FileStream, STALL, lost, persist, refused};
use super::{FileToSend, Meter, RETRY, Sent, Stage, TransferError};
use crate::client::{CallError, Client};

pub(super) async fn run(client: &Client, what: FileToSend, meter: &Meter) -> Result<Sent, TransferError> {
    let path = what.path.clone();
    let path = path.as_path();
    let given = what.name.clone().unwrap_or_else(|| path.to_string_lossy().into_owned());
    let name = FileName::of_path(&given);
    let text = if what.caption.trim().is_empty() { name.as_str() } else { &what.caption };
    let text = Text::parse(text)?.into_string();
    let _place = client.transfers.acquire().await.map_err(|_| TransferError::Stopped)?;
    let mut file = open(path).await?;
    let total = file.metadata().await.map_err(|e| unread(path, e))?.len();
    meter.tell(|progress| {
        (progress.stage, progress.name, progress.total) = (Stage::Hashing, name.to_string(), total);
    });
    let (size, hash) = hashed(&mut file, path, meter).await?;
    let media_type = media_type(&name);
    let upload = Upload { room: what.room, media_type: media_type.to_string(), size, hash };
    let mut send = Send { upload, file, path: path.to_owned(), moved: 0 };
    persist(client, meter, &mut send).await?;
    let Send { upload, moved, .. } = send;
    meter.tell(|progress| (progress.stage, progress.done) = (Stage::Finishing, size));
    let file = Attached { name: name.to_string(), media_type: upload.media_type, size, hash };
    let receipt = post(client, what, text, file.clone()).await?;
    Ok(Sent { receipt, file, moved })
}

async fn open(path: &Path) -> Result<File, TransferError> {
    // A pipe or a device would keep whoever opens it waiting.
    let is_file = tokio::fs::metadata(path).await.map_err(|e| unread(path, e))?.is_file();
    if !is_file {
        return Err(TransferError::NotAFile(path.to_owned()));
    }
    File::open(path).await.map_err(|e| unread(path, e))
}

fn unread(path: &Path, source: std::io::Error) -> TransferError {
    TransferError::File { path: path.to_owned(), source }
}

/// The length and the SHA-256 of a file.
async fn hashed(file: &mut File, path: &Path, meter: &Meter) -> Result<(u64, FileHash), TransferError> {
    let mut digest = Context::new(&SHA256);
    let mut piece = vec![0; FILE_CHUNK_BYTES];
    let mut size = 0;
    loop {
        let count = file.read(&mut piece).await.map_err(|e| unread(path, e))?;
        if count == 0 {
            break;
        }
        digest.update(&piece[..count]);
        size += count as u64;
        meter.tell(|progress| (progress.done, progress.total) = (size, progress.total.max(size)));
    }
    let mut hash = FileHash::default();
    hash.0.copy_from_slice(digest.finish().as_ref());
    Ok((size, hash))
}

/// A file of which the server does not have everything yet.
struct Send {
    upload: Upload,
    file: File,
    path: PathBuf,
    /// Bytes that went over the wire.
    moved: u64,
}

impl Effort for Send {
    /// Sends what the server does not have.
    async fn go_on(&mut self, connection: &Connection, meter: &Meter) -> Result<(), Broken> {
        let size = self.upload.size;
        let mut stream = FileStream::open(connection, self.upload.clone().into()).await?;
        let reply = stream.answer().await?;
        let Reply::UploadFrom(UploadFrom { offset: mut done }) = reply else { return Err(unexpected(reply)) };
        if done > size {
            return Err(TransferError::Protocol(format!("bytes from {done} on, of {size}")).into());
        }
        meter.tell(|progress| (progress.stage, progress.done, progress.total) = (Stage::Moving, done, size));
        self.file.seek(SeekFrom::Start(done)).await.map_err(|e| unread(&self.path, e))?;
        let mut piece = vec![0; FILE_CHUNK_BYTES];
        while done < size {
            let most = usize::try_from(size - done).unwrap_or(usize::MAX).min(piece.len());
            let count = self.file.read(&mut piece[..most]).await.map_err(|e| unread(&self.path, e))?;
            if count == 0 {
                return Err(TransferError::Changed(self.path.clone()).into());
            }
            let written = timeout(STALL, stream.up.write_all(&piece[..count])).await.map_err(lost)?;
            if written.is_err() {
                // A server that reads no further says why.
                break;
            }
            done += count as u64;
            self.moved += count as u64;
            meter.tell(|progress| progress.done = done);
        }
        // A stream that is stopped needs no end.
        let _ = stream.up.finish();
        let reply = stream.answer().await?;
        if matches!(reply, Reply::Done(_)) {
            return Ok(());
        }
        let changed = matches!(&reply, Reply::Reject(reject) if reject.code == RejectCode::BadRequest) && done == size;
        Err(if changed { TransferError::Changed(self.path.clone()).into() } else { unexpected(reply) })
    }
}

fn unexpected(reply: Reply) -> Broken {
    let kind = reply.kind();
    if let Reply::Reject(reject) = reply {
        return refused(reject);
    }
    TransferError::Protocol(format!("a reply of kind {kind} to an upload")).into()
}

/// Posts the message, once, however often the connection breaks.
async fn post(
    client: &Client,
    what: FileToSend,
    text: String,
    file: Attached,
) -> Result<chat_proto::reply::Receipt, TransferError> {
    let key = match what.key {
        Some(key) => key,
        None => client.environment.random.message_key().map_err(|e| TransferError::Protocol(e.to_string()))?,
    };
    let reply_to = what.reply_to.map(|target| Extra::from(ReplyTo { target }));
    let extras = reply_to.into_iter().chain([file.into()]).collect();
    let post = PostWith { key, room: what.room, style: Style::Text, text, extras };
    loop {
        let wait = match client.request(post.clone()).await {
            Ok(reply) => {
                let kind = reply.kind();
                let Reply::Receipt(receipt) = reply else {
                    return Err(TransferError::Protocol(format!("a reply of kind {kind} to a message")));
                };
                return Ok(receipt);
            }
            Err(CallError::Offline) => RETRY,
            Err(CallError::Rejected(reject)) => match refused(reject) {
                Broken::Again(wait) => wait,
                Broken::Final(error) => return Err(error),
            },
            Err(error @ (CallError::Stopped | CallError::Protocol(_))) => return Err(error.into()),
        };
        sleep(wait).await;
    }
}
