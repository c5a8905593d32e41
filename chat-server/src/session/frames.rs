//! Frames out of a receive stream and into a send stream. Both ends are cancel-safe: what was read or written half stays here.

use std::collections::VecDeque;

use bytes::Bytes;
use chat_proto::codec::{Decode, Encode, encode_frame};
use chat_proto::{CodecError, FrameBuffer};
use quinn::{RecvStream, SendStream, WriteError};
use thiserror::Error;

/// Bytes taken from a stream at once.
const READ_BYTES: usize = 16 * 1024;

/// Why there is no next frame.
#[derive(Debug, Error)]
pub(crate) enum FrameError {
    /// The peer broke the protocol.
    #[error(transparent)]
    Malformed(#[from] CodecError),
    /// The stream or the connection ended in the middle.
    #[error("the stream broke off")]
    Broken,
}

/// The receiving half.
#[derive(Debug)]
pub(crate) struct FrameReader {
    stream: RecvStream,
    buffer: FrameBuffer,
}

impl FrameReader {
    /// Frames of at most `max` bytes.
    pub(crate) fn new(stream: RecvStream, max: usize) -> Self {
        Self { stream, buffer: FrameBuffer::new(max) }
    }

    /// From here on frames of at most `max` bytes.
    pub(crate) fn set_max(&mut self, max: usize) {
        self.buffer.set_max(max);
    }

    /// What is behind the frames that were read: what was read of it already, and the stream.
    pub(crate) fn into_rest(self) -> (Vec<u8>, RecvStream) {
        (self.buffer.into_rest(), self.stream)
    }

    /// The next frame; `None` when the peer finished the stream between two frames.
    ///
    /// # Errors
    /// [`FrameError`].
    pub(crate) async fn next<T: Decode<()>>(&mut self) -> Result<Option<T>, FrameError> {
        loop {
            if let Some(frame) = self.buffer.pop()? {
                return Ok(Some(frame));
            }
            match self.stream.read_chunk(READ_BYTES, true).await {
                Ok(Some(chunk)) => self.buffer.extend(&chunk.bytes),
                Ok(None) if self.buffer.is_partial() => return Err(FrameError::Broken),
                Ok(None) => return Ok(None),
                Err(_) => return Err(FrameError::Broken),
            }
        }
    }
}

/// The sending half, with what waits for the peer to make room.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) stream: SendStream,
    waiting: VecDeque<Bytes>,
}

impl Lane {
    /// An empty lane.
    pub(crate) fn new(stream: SendStream) -> Self {
        Self { stream, waiting: VecDeque::new() }
    }

    /// Whether everything was handed to the transport.
    pub(crate) fn is_clear(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Bytes that wait.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting.iter().map(Bytes::len).sum()
    }

    /// Puts an encoded frame in line.
    pub(crate) fn push(&mut self, frame: Bytes) {
        self.waiting.push_back(frame);
    }

    /// Encodes a frame and puts it in line. One of ours that is over the limit is a bug; it is logged and left out.
    pub(crate) fn push_frame<T: Encode>(&mut self, frame: &T, max: usize) {
        match encode_frame(frame, max) {
            Ok(bytes) => self.push(bytes.into()),
            Err(error) => {
                debug_assert!(false, "a frame over its limit");
                tracing::error!(?error, "a frame over its limit");
            }
        }
    }

    /// Hands on what the peer has room for, at least something.
    ///
    /// # Errors
    /// The stream was stopped or the connection lost.
    pub(crate) async fn flush(&mut self) -> Result<(), WriteError> {
        let written = self.stream.write_chunks(self.waiting.make_contiguous()).await?;
        self.waiting.drain(..written.chunks);
        Ok(())
    }

    /// Hands everything on and ends the stream.
    ///
    /// # Errors
    /// The stream was stopped or the connection lost.
    pub(crate) async fn finish(mut self) -> Result<SendStream, WriteError> {
        while !self.is_clear() {
            self.flush().await?;
        }
        // A stream that is closed already needs no end.
        let _ = self.stream.finish();
        Ok(self.stream)
    }
}
