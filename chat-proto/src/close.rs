//! Why a connection was closed: the QUIC application error codes (RFC 9000, 20.2) of this protocol.

/// The reason one end gives when it closes a connection. The reason phrase beside it says more, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum CloseCode {
    /// The client is done.
    Bye = 0,
    /// A frame that does not decode, or is over the limit of its stream.
    Malformed = 1,
    /// No common protocol version.
    Version = 2,
    /// A limit before login was breached: no `Hello` in time, too many tries, a stream that is not allowed yet.
    Login = 3,
    /// The server shuts down; resume in a moment.
    Shutdown = 4,
    /// A bug on the side that closes.
    Internal = 6,
    /// The server's key is not the one expected; nothing was sent.
    Untrusted = 7,
    /// The account's owner ended this connection from another one.
    Ended = 8,
    /// A newer connection of the account took its place.
    Replaced = 9,
    /// What it logged in with holds no more: the device was revoked.
    Revoked = 10,
    /// What it logged in with has expired.
    Expired = 11,
    /// The account, the device or the address is banned.
    Banned = 12,
    /// Nothing was asked for longer than the server allows.
    Idle = 13,
}

impl CloseCode {
    /// Every code this build knows.
    pub const ALL: &'static [Self] = &[
        Self::Bye,
        Self::Malformed,
        Self::Version,
        Self::Login,
        Self::Shutdown,
        Self::Internal,
        Self::Untrusted,
        Self::Ended,
        Self::Replaced,
        Self::Revoked,
        Self::Expired,
        Self::Banned,
        Self::Idle,
    ];

    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u32 {
        self as u32
    }

    /// The code of a number, if this build knows it.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| u64::from(code.number()) == number)
    }

    /// Whether the client is not to come back by itself: the server would close again, or a person wanted it gone.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Ended | Self::Replaced | Self::Revoked | Self::Expired | Self::Banned | Self::Idle => true,
            Self::Bye
            | Self::Malformed
            | Self::Version
            | Self::Login
            | Self::Shutdown
            | Self::Internal
            | Self::Untrusted => false,
        }
    }
}
