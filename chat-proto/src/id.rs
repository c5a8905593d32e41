//! Numbers and keys. All newtypes, so that a room is never passed where an account is meant.

use std::fmt;

use crate::codec::{Decode, Encode};

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

numbers! {
    /// A person (or a bot). Rights, lists and authorship refer to this, never to a name. 0 is the server itself.
    AccountId;
    /// A room, for the life of the server's data; a room deleted and made again is another room.
    RoomId;
    /// One connection, for the life of the server process.
    ConnId;
    /// One device of an account: a key the account's owner put there. 0 is the server itself.
    DeviceId;
    /// The place of an event in its feed: dense from 1, never used twice within an [`Epoch`]. 0 is before the first.
    Seq;
    /// How many messages everybody may see a room holds up to and including an event, so that unread is a subtraction.
    Ordinal;
    /// Which history a feed's numbers belong to. It changes when the server's data was set back to an older state.
    Epoch;
    /// Chosen by the client; the reply carries it back.
    RequestId;
    /// One invitation: the place in the server's own feed of the event that made it.
    InviteId;
}

impl AccountId {
    /// The server itself, as an author.
    pub const SERVER: Self = Self(0);
}

impl Seq {
    /// Before the first event.
    pub const ZERO: Self = Self(0);
    /// After any event there can be.
    pub const MAX: Self = Self(u64::MAX);

    /// The seq after this one; [`Seq::MAX`] stays.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The seq before this one; 0 stays.
    #[must_use]
    pub fn prev(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl Ordinal {
    /// The ordinal after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Microseconds since 1970-01-01 UTC. For display; nothing is ordered by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Timestamp(pub i64);

macro_rules! byte_keys {
    ($($(#[$doc:meta])* $name:ident[$len:literal];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        pub struct $name(pub [u8; $len]);

        impl fmt::Display for $name {
            /// Lower-case hexadecimal.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    )*};
}

byte_keys! {
    /// Names one durable command: random, or the start of the SHA-256 of a key a script chose. Unique per feed and account;
    /// a repeated key answers with the first result. All zero where the server itself is the author.
    MessageKey[16];
    /// The digest of a feed up to an event, chained from its first one.
    Chain[16];
    /// An Ed25519 public key (RFC 8032) of a device.
    DeviceKey[32];
    /// The SHA-256 of a secret the server made: all it keeps of it.
    SecretHash[32];
    /// The SHA-256 of a file's bytes. Knowing it gives no right to them.
    FileHash[32];
}

/// One append-only sequence of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum FeedId {
    /// What happened in a room, for whoever may read it.
    Room(RoomId),
    /// What must follow a person's devices: joined rooms, read markers, mentions. Compacted: newest event per key.
    Account(AccountId),
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room(id) => write!(f, "room/{id}"),
            Self::Account(id) => write!(f, "account/{id}"),
        }
    }
}
