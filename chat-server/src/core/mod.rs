//! The rules: pure functions of state, command and time. Never: a clock, IO, tasks, randomness, hash order.
//!
//! A command is decided against a state and becomes an event body or a reject; an applied event changes the state. Nothing
//! else does, so a state is its events, and the same events make the same state anywhere.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod access;
pub mod account;
pub mod audience;
pub mod cidr;
pub mod command;
pub mod defence;
pub mod directory;
pub mod flood;
pub mod fold;
pub mod guess;
pub mod guest;
pub mod nick;
pub mod password;
pub mod presence;
pub mod realm;
pub mod room;
pub mod search;

use chat_proto::codec::{CodecError, Encode, FrameBuffer, encode_frame};
use chat_proto::limits::SERVER_FRAME_BYTES_MAX;
use chat_proto::{AccountId, DeviceId, Event, EventBody, Reject, Timestamp, UserName};

/// What an account is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountKind {
    /// A person with a name of his own.
    #[default]
    User,
    /// Somebody passing through, for as long as a client of his is there.
    Guest,
    /// A program, let in by a token.
    Bot,
}

/// What an account may do to the server itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServerRank {
    /// Nothing beyond what everybody may.
    #[default]
    None,
    /// The server is his.
    Owner,
}

/// Who gives a command: an account, by one of its devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The account.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// The account's name.
    pub name: UserName,
    /// What the account is.
    pub kind: AccountKind,
    /// What it may do to the server; the hub says it anew for every command that is decided.
    pub rank: ServerRank,
}

impl Actor {
    /// A person, by one of his devices.
    #[must_use]
    pub fn user(account: AccountId, device: DeviceId, name: UserName) -> Self {
        Self { account, device, name, kind: AccountKind::User, rank: ServerRank::None }
    }

    /// A guest, whose one device is himself.
    #[must_use]
    pub fn guest(account: AccountId, name: UserName) -> Self {
        Self { kind: AccountKind::Guest, ..Self::user(account, DeviceId(account.0), name) }
    }

    /// The server itself.
    #[must_use]
    pub fn server() -> Self {
        Self::user(AccountId::SERVER, DeviceId(0), UserName::server())
    }
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

    /// What follows from a command's event in the same breath, under the same author.
    fn follow(&self, command: &Self::Command, event: &Event) -> Vec<EventBody> {
        let (_, _) = (command, event);
        Vec::new()
    }

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
