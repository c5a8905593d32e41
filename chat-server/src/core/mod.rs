//! The rules: pure functions of state, command and time. Never: a clock, IO, tasks, randomness, hash order.
//!
//! A command is decided against a state and becomes an event body or a reject; an applied event changes the state. Nothing
//! else does, so a state is its events, and the same events make the same state anywhere.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod account;
pub mod command;
pub mod directory;
pub mod presence;
pub mod room;

use chat_proto::codec::{CodecError, Encode, FrameBuffer, encode_frame};
use chat_proto::limits::SERVER_FRAME_BYTES_MAX;
use chat_proto::{AccountId, DeviceId, Event, EventBody, Reject, Timestamp, UserName};

/// Who gives a command: an account, by one of its devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The account.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// The account's name.
    pub name: UserName,
}

/// What a feed's events add up to.
pub trait State: Sized + Send + 'static {
    /// What can be asked of it.
    type Command: Send + Sync + 'static;

    /// The version of the encoding of its snapshots. A snapshot of another version is passed over, and the feed replayed; a
    /// feed whose rows are trimmed behind its snapshots can't be, so its version must stay.
    const SNAPSHOT_VERSION: u16;

    /// What becomes of a command: an event body, or nothing where everything is so already.
    ///
    /// # Errors
    /// The reject for the one who asked.
    fn decide(&self, by: &Actor, command: &Self::Command, now: Timestamp) -> Result<Option<EventBody>, Reject>;

    /// Takes in an event that was decided, here or elsewhere, now or long ago.
    fn apply(&mut self, event: &Event);

    /// The state as bytes, for a restart that doesn't replay the feed.
    fn snapshot(&self) -> Vec<u8>;

    /// The state a snapshot was taken of.
    ///
    /// # Errors
    /// Bytes that are no snapshot of this version.
    fn restore(&mut self, bytes: &[u8]) -> Result<(), CodecError>;
}

/// Appends one part of a snapshot. Parts are frames, so that no single decode claims memory for a whole large state.
fn put_part<T: Encode>(bytes: &mut Vec<u8>, part: &T) {
    if let Ok(mut frame) = encode_frame(part, SERVER_FRAME_BYTES_MAX) {
        bytes.append(&mut frame);
    }
}

/// The parts of a snapshot.
fn parts(bytes: &[u8]) -> FrameBuffer {
    let mut parts = FrameBuffer::new(SERVER_FRAME_BYTES_MAX);
    parts.extend(bytes);
    parts
}
