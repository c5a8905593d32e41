//! Files on streams of their own: their bytes up and down. Nothing is held of them but a piece.

use std::io::{self, Seek, SeekFrom};
use std::time::Duration;

use chat_proto::file::{Download, FileFrom, Upload, UploadFrom};
use chat_proto::limits::{FILE_CHUNK_BYTES, FILE_STALL_MS, SERVER_FRAME_BYTES_MAX};
use chat_proto::reply::Done;
use chat_proto::{FileHash, Reject, RejectCode, Reply, ReplyFrame, Request, RequestId};
use quinn::{RecvStream, VarInt};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{sleep, timeout};

use super::Session;
use super::frames::{FrameReader, Lane};
use crate::hub::files::Uploading;

/// How long a transfer may stand still.
const STALL: Duration = Duration::from_millis(FILE_STALL_MS);

/// Whether a file may still be fetched is asked again after so many bytes.
const RECHECK_BYTES: usize = 4 * 1024 * 1024;

/// When somebody with as many transfers as he may have should ask again, milliseconds.
const AGAIN_MS: u32 = 1_000;

/// Files yield to everything else, history among it.
const PRIORITY: i32 = -2;

/// Why a stream was reset: its bytes do not come any more.
const BROKEN_OFF: VarInt = VarInt::from_u32(1);

impl Session {
    /// Takes the bytes of a file.
    pub(super) async fn take_file(self, id: RequestId, upload: Upload, reader: FrameReader, mut lane: Lane) {
        let (mut first, mut stream) = reader.into_rest();
        let taken = async {
            let _permit = self.admit(&upload.clone().into()).await?;
            let mut uploading = self.hub.begin_upload(&self.actor, &upload).await?;
            lane.push_frame(&reply(id, UploadFrom { offset: uploading.offset() }), SERVER_FRAME_BYTES_MAX);
            while !lane.is_clear() {
                let gone = || Reject::new(RejectCode::Conflict, "nobody reads the answer");
                timeout(STALL, lane.flush()).await.map_err(|_| gone())?.map_err(|_| gone())?;
            }
            let mut since_active = 0;
            loop {
                uploading.write(&first).await?;
                since_active += first.len();
                if since_active >= RECHECK_BYTES {
                    since_active = 0;
                    self.hub.active(&self.live).await;
                }
                match next_piece(&mut stream, &uploading).await? {
                    Some(piece) => first = piece,
                    None => return uploading.finish().await,
                }
            }
        };
        let last = match taken.await {
            Ok(()) => reply(id, Done {}),
            Err(reject) => reply(id, reject),
        };
        // What else would come is of no use.
        let _ = stream.stop(BROKEN_OFF);
        lane.push_frame(&last, SERVER_FRAME_BYTES_MAX);
        let _ = timeout(STALL, lane.finish()).await;
    }

    /// Gives the bytes of a file.
    pub(super) async fn give_file(self, id: RequestId, download: Download, mut lane: Lane) {
        let _ = lane.stream.set_priority(PRIORITY);
        let opened = async {
            let permit = self.admit(&download.clone().into()).await?;
            let Download { room, seq, offset } = download;
            let (file, mut bytes) = self.hub.fetch_file(self.actor.reader(), room, seq).await?;
            if offset > file.size {
                let message = format!("the file ends before byte {offset}: it has {}", file.size);
                return Err(Reject::new(RejectCode::BadRequest, message));
            }
            let unread = |e: io::Error| Reject::new(RejectCode::Unavailable, format!("the file can't be read: {e}"));
            // A place in a file is a number: nothing waits for a disk.
            bytes.seek(SeekFrom::Start(offset)).map_err(unread)?;
            Ok((permit, file, bytes))
        };
        let (_permit, file, bytes): (OwnedSemaphorePermit, _, _) = match opened.await {
            Ok(opened) => opened,
            Err(reject) => {
                lane.push_frame(&reply(id, reject), SERVER_FRAME_BYTES_MAX);
                let _ = timeout(STALL, lane.finish()).await;
                return;
            }
        };
        let (left, hash) = (file.size - download.offset, file.hash);
        lane.push_frame(&reply(id, FileFrom { file, offset: download.offset }), SERVER_FRAME_BYTES_MAX);
        if self.send_bytes(&mut lane, File::from_std(bytes), left, &download, hash).await.is_some() {
            let _ = lane.finish().await;
        } else {
            // It may be broken already.
            let _ = lane.stream.reset(BROKEN_OFF);
        }
    }

    /// Sends what is left of a file; nothing if that broke off.
    async fn send_bytes(
        &self,
        lane: &mut Lane,
        mut bytes: File,
        mut left: u64,
        download: &Download,
        hash: FileHash,
    ) -> Option<()> {
        while !lane.is_clear() {
            timeout(STALL, lane.flush()).await.ok()?.ok()?;
        }
        let mut piece = vec![0; FILE_CHUNK_BYTES];
        let mut unchecked = 0;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
            let count = bytes.read(&mut piece[..most]).await.ok().filter(|count| *count > 0)?;
            timeout(STALL, lane.stream.write_all(&piece[..count])).await.ok()?.ok()?;
            left -= count as u64;
            unchecked += count;
            if unchecked >= RECHECK_BYTES {
                unchecked = 0;
                self.hub.active(&self.live).await;
                let file = self.hub.file_of(self.actor.reader(), download.room, download.seq).await.ok()?;
                (file.hash == hash).then_some(())?;
            }
        }
        Some(())
    }

    /// Whether a transfer may begin now: one of as many as there may be.
    async fn admit(&self, request: &Request) -> Result<OwnedSemaphorePermit, Reject> {
        self.hub.active(&self.live).await;
        self.may_ask(request)?;
        let hold = self.meter(request)?;
        let permit = self.transfers.clone().try_acquire_owned().map_err(|_| {
            let message =
                format!("{} files at once are as many as may be; wait for one of them", self.hub.files_at_once());
            Reject { retry_after_ms: AGAIN_MS, ..Reject::new(RejectCode::SlowDown, message) }
        })?;
        sleep(hold.unwrap_or_default()).await;
        Ok(permit)
    }
}

/// The next bytes of a file; nothing at its end.
async fn next_piece(stream: &mut RecvStream, uploading: &Uploading) -> Result<Option<Vec<u8>>, Reject> {
    let later = |message: &str| Reject::new(RejectCode::Conflict, message);
    tokio::select! {
        biased;
        () = uploading.taken_over() => Err(later("the file is being sent on another connection")),
        piece = timeout(STALL, stream.read_chunk(FILE_CHUNK_BYTES, true)) => match piece {
            Ok(Ok(piece)) => Ok(piece.map(|piece| piece.bytes.into())),
            Ok(Err(_)) => Err(later("the stream broke off")),
            Err(_) => Err(later("nothing more came of the file; send it again, and it goes on from there")),
        },
    }
}

fn reply(id: RequestId, reply: impl Into<Reply>) -> ReplyFrame {
    ReplyFrame { id, reply: reply.into() }
}
