//! A file on its way down.

use aws_lc_rs::digest::{Context, SHA256};
use chat_proto::file::{Download, FileFrom};
use chat_proto::{Attached, FileName, Reply, RoomId, Seq};
use quinn::Connection;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::place::Part;
use super::stream::{Broken, Effort, FileStream, lost, persist, refused};
use super::{Fetched, Meter, Stage, Target, TransferError};
use crate::client::Client;

pub(super) async fn run(
    client: &Client,
    room: RoomId,
    seq: Seq,
    target: Target,
    meter: &Meter,
) -> Result<Fetched, TransferError> {
    let _place = client.transfers.acquire().await.map_err(|_| TransferError::Stopped)?;
    let mut fetch =
        Fetch { room, seq, target, file: None, sink: None, digest: Context::new(&SHA256), done: 0, moved: 0 };
    persist(client, meter, &mut fetch).await?;
    meter.tell(|progress| progress.stage = Stage::Finishing);
    fetch.finish().await
}

/// A file, and what came of it.
struct Fetch {
    room: RoomId,
    seq: Seq,
    target: Target,
    /// The file, as its message says.
    file: Option<Attached>,
    /// Where it is put, if in a directory.
    sink: Option<Part>,
    digest: Context,
    /// Bytes of it that were put there.
    done: u64,
    moved: u64,
}

impl Effort for Fetch {
    /// Fetches what is missing.
    async fn go_on(&mut self, connection: &Connection, meter: &Meter) -> Result<(), Broken> {
        let download = Download { room: self.room, seq: self.seq, offset: self.done };
        let mut stream = FileStream::open(connection, download.into()).await?;
        let _ = stream.up.finish();
        let size = self.answered(stream.answer().await?)?;
        meter.tell(|progress| {
            let name = self.file.as_ref().map(|file| FileName::of_path(&file.name).to_string());
            *progress =
                super::Progress { stage: Stage::Moving, name: name.unwrap_or_default(), done: self.done, total: size };
        });
        while let Some(bytes) = stream.bytes().await? {
            if bytes.len() as u64 > size - self.done {
                return Err(TransferError::Protocol(format!("more bytes than the {size} of the file")).into());
            }
            self.put(&bytes).await?;
            self.digest.update(&bytes);
            self.done += bytes.len() as u64;
            self.moved += bytes.len() as u64;
            meter.tell(|progress| progress.done = self.done);
        }
        if self.done < size { Err(lost(())) } else { Ok(()) }
    }
}

impl Fetch {
    /// Takes the answer, and says how long the file is.
    fn answered(&mut self, reply: Reply) -> Result<u64, Broken> {
        let nonsense = |what: String| Broken::from(TransferError::Protocol(what));
        let kind = reply.kind();
        if let Reply::Reject(reject) = reply {
            return Err(refused(reject));
        }
        let Reply::FileFrom(FileFrom { file, offset }) = reply else {
            return Err(nonsense(format!("a reply of kind {kind} to a download")));
        };
        if offset != self.done {
            return Err(nonsense(format!("bytes from {offset} on, and not from {}", self.done)));
        }
        let known = self.file.get_or_insert_with(|| file.clone());
        if *known != file || file.size < offset {
            return Err(nonsense("another file than before".to_owned()));
        }
        Ok(file.size)
    }

    /// Puts bytes where they are to be.
    async fn put(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        match &mut self.target {
            Target::Writer(writer) => write(writer, bytes).await,
            Target::Directory(directory) => {
                let file = self.file.as_ref().ok_or_else(|| TransferError::Protocol("bytes of no file".to_owned()))?;
                let part = match &mut self.sink {
                    Some(part) => part,
                    none => none.insert(Part::begin(directory, &FileName::of_path(&file.name)).await?),
                };
                part.write(bytes).await
            }
        }
    }

    /// Gives the file its name, if it is what its hash says.
    async fn finish(mut self) -> Result<Fetched, TransferError> {
        // A file of no bytes is a file too.
        self.put(&[]).await?;
        let Self { target, file, sink, digest, moved, .. } = self;
        let file = file.ok_or_else(|| TransferError::Protocol("no file".to_owned()))?;
        if digest.finish().as_ref() != file.hash.0 {
            return Err(TransferError::Damaged);
        }
        let path = match (sink, target) {
            (Some(part), _) => Some(part.keep().await?),
            (None, Target::Writer(mut writer)) => {
                writer.flush().await.map_err(TransferError::Output)?;
                None
            }
            (None, Target::Directory(_)) => None,
        };
        Ok(Fetched { file, path, moved })
    }
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), TransferError> {
    writer.write_all(bytes).await.map_err(TransferError::Output)
}
