//! A stream of its own for one file, and what an attempt to use it came to.

use std::time::Duration;

use chat_proto::limits::{FILE_CHUNK_BYTES, FILE_STALL_MS, REQUEST_FRAME_BYTES_MAX, SERVER_FRAME_BYTES_MAX};
use chat_proto::{FrameBuffer, Reject, Reply, ReplyFrame, Request, RequestFrame, RequestId, Retry, codec};
use quinn::{Connection, RecvStream, SendStream};
use tokio::time::{sleep, timeout};

use super::{Meter, RETRY, Stage, TransferError};
use crate::client::Client;

/// Why an attempt came to nothing.
#[derive(Debug)]
pub(super) enum Broken {
    /// It may go on: the connection broke, or the server asks to wait first.
    Again(Duration),
    /// It will not.
    Final(TransferError),
}

impl<E: Into<TransferError>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Final(error.into())
    }
}

/// What a connection that broke means.
pub(super) fn lost<E>(_: E) -> Broken {
    Broken::Again(RETRY)
}

/// What a reject means.
pub(super) fn refused(reject: Reject) -> Broken {
    match reject.retry {
        Retry::Later => Broken::Again(Duration::from_millis(reject.retry_after_ms.into()).max(RETRY)),
        Retry::Never | Retry::AfterChange => Broken::Final(reject.into()),
    }
}

/// Something that is tried on one connection after the other.
pub(super) trait Effort: Send {
    /// Goes on where it is.
    fn go_on(&mut self, connection: &Connection, meter: &Meter) -> impl Future<Output = Result<(), Broken>> + Send;
}

/// Tries until it is done.
pub(super) async fn persist(client: &Client, meter: &Meter, effort: &mut impl Effort) -> Result<(), TransferError> {
    loop {
        let connection = client.connected().await.ok_or(TransferError::Stopped)?;
        match effort.go_on(&connection, meter).await {
            Ok(()) => return Ok(()),
            Err(Broken::Final(error)) => return Err(error),
            Err(Broken::Again(wait)) => {
                meter.tell(|progress| progress.stage = Stage::Waiting);
                sleep(wait).await;
            }
        }
    }
}

/// Both ends of a stream on which a file goes.
#[derive(Debug)]
pub(super) struct FileStream {
    pub(super) up: SendStream,
    down: RecvStream,
    buffer: FrameBuffer,
}

impl FileStream {
    /// Asks for a file to be taken or given.
    pub(super) async fn open(connection: &Connection, request: Request) -> Result<Self, Broken> {
        let frame = codec::encode_frame(&RequestFrame { id: RequestId(0), request }, REQUEST_FRAME_BYTES_MAX);
        let frame = frame.map_err(|e| TransferError::Protocol(e.to_string()))?;
        let (mut up, down) = connection.open_bi().await.map_err(lost)?;
        let _ = up.set_priority(PRIORITY);
        up.write_all(&frame).await.map_err(lost)?;
        Ok(Self { up, down, buffer: FrameBuffer::new(SERVER_FRAME_BYTES_MAX) })
    }

    /// The next answer.
    pub(super) async fn answer(&mut self) -> Result<Reply, Broken> {
        loop {
            let frame = self.buffer.pop().map_err(|e| TransferError::Protocol(e.to_string()))?;
            if let Some(ReplyFrame { reply, .. }) = frame {
                return Ok(reply);
            }
            match timeout(STALL, self.down.read_chunk(FILE_CHUNK_BYTES, true)).await {
                Ok(Ok(Some(chunk))) => self.buffer.extend(&chunk.bytes),
                Ok(Ok(None) | Err(_)) | Err(_) => return Err(lost(())),
            }
        }
    }

    /// The next bytes behind the answers; nothing at the end.
    pub(super) async fn bytes(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        let held = std::mem::replace(&mut self.buffer, FrameBuffer::new(SERVER_FRAME_BYTES_MAX)).into_rest();
        if !held.is_empty() {
            return Ok(Some(held));
        }
        let chunk = timeout(STALL, self.down.read_chunk(FILE_CHUNK_BYTES, true)).await.map_err(lost)?;
        Ok(chunk.map_err(lost)?.map(|chunk| chunk.bytes.into()))
    }
}

/// How long a transfer may stand still before it is tried anew.
pub(super) const STALL: Duration = Duration::from_millis(FILE_STALL_MS);

/// Priority of a file's bytes, below those of history.
const PRIORITY: i32 = -2;
