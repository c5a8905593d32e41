//! What concerns a person's connections: which there are, and ending one of them.

use crate::codec::{Decode, Encode};
use crate::id::{ConnId, DeviceId, Timestamp};

/// Which connections does my account have?
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ListSessions {}

/// End a connection of one's own account, this one or another. It is closed before the answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EndSession {
    /// Which one.
    pub conn: ConnId,
}

/// One connection of the asker's account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SessionInfo {
    /// Which one.
    pub conn: ConnId,
    /// The device that is at its other end.
    pub device: DeviceId,
    /// Where it comes from: an IP address, without a port.
    pub address: String,
    /// Name and version of the client program, in its own words.
    pub client: String,
    /// When it logged in.
    pub since: Timestamp,
    /// How long nothing was asked on it, milliseconds; a `Ping` asks nothing.
    pub idle_ms: u64,
}

/// Every connection of the asker's account, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SessionList {
    /// The connections.
    pub sessions: Vec<SessionInfo>,
}
