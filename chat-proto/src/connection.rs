//! What concerns a person's connections: which there are, ending one of them, and what one tells the others.

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

/// Tell the account's other connections something. It is passed on to those that are there, and never kept.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeviceMessage {
    /// What, at most [`DEVICE_MESSAGE_BYTES_MAX`](crate::limits::DEVICE_MESSAGE_BYTES_MAX) bytes of the client's own making.
    pub bytes: Vec<u8>,
}

/// How a [`DeviceMessage`] was passed on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeviceMessagePassed {
    /// Connections it was handed to.
    pub connections: u32,
    /// Connections it was left out for, because they are behind with what they were told before.
    pub missed: u32,
}

/// Another connection of the account logged in.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SessionUp {
    /// Which one.
    pub conn: ConnId,
    /// The device that is at its other end.
    pub device: DeviceId,
    /// Name and version of the client program, in its own words.
    pub client: String,
    /// How many connections the account has now.
    pub sessions: u32,
}

/// Another connection of the account ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SessionDown {
    /// Which one.
    pub conn: ConnId,
    /// The device that was at its other end.
    pub device: DeviceId,
    /// How many connections the account has now.
    pub sessions: u32,
}

/// What another connection of the account told this one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeviceTold {
    /// Which one.
    pub conn: ConnId,
    /// The device that is at its other end.
    pub device: DeviceId,
    /// What it told.
    pub bytes: Vec<u8>,
}
