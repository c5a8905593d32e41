//! Names, numbers and keys as they are kept beside the feeds.

use super::files::FileClaim;
use chat_proto::{AccountId, DeviceId, DeviceKey, Line, RoomId, RoomName, Timestamp, UserName};

/// A room in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRecord {
    /// Its number, never given twice.
    pub id: RoomId,
    /// Its name.
    pub name: RoomName,
}

/// An account in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRecord {
    /// Its number, never given twice.
    pub id: AccountId,
    /// Its name.
    pub name: UserName,
    /// When it was made.
    pub since: Timestamp,
}

/// A device in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// Its number, never given twice.
    pub id: DeviceId,
    /// Its public key.
    pub key: DeviceKey,
    /// Whose it is.
    pub account: AccountId,
    /// When it was added.
    pub since: Timestamp,
    /// What its owner calls it; may be empty.
    pub label: Line,
    /// Whether it was revoked. Its number and key stay taken.
    pub revoked: bool,
}

/// A change of the registry of names and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registration {
    /// A room; its feed begins empty, in the store's epoch.
    Room(RoomRecord),
    /// Another name of a room there is, which may be one it had. The one it had goes on being its own.
    Rename(RoomRecord),
    /// A room there is comes to its end: the names it has and had are free, its number stays taken.
    EndRoom(RoomId),
    /// A room there is to be looked after, though nobody asks for it. Saying it again changes nothing.
    TendRoom(RoomId),
    /// An account with its first device; its feed begins empty, in the store's epoch.
    Account(AccountRecord, DeviceRecord),
    /// One more device of an account there is.
    Device(DeviceRecord),
    /// A device that opens nothing any more. Revoking it again changes nothing.
    RevokeDevice(DeviceId),
    /// A file that is kept for an account until a message of its carries it. Saying it again makes it younger.
    ClaimFile(FileClaim),
    /// No file is kept any more that was sent before this time and that no message carries.
    DropFileClaims(Timestamp),
    /// The server itself; its feed, that of [`AccountId::SERVER`], begins empty, in the store's epoch.
    Server,
}

/// The whole registry, in order of the numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    /// Every room that has not come to its end.
    pub rooms: Vec<RoomRecord>,
    /// Every name a room had before the one it has, in order of the rooms and then of the names.
    pub aliases: Vec<RoomRecord>,
    /// Every room that came to its end, under the name it had then.
    pub ended: Vec<RoomRecord>,
    /// Every room to be looked after that has not come to its end.
    pub tended: Vec<RoomId>,
    /// Every account.
    pub accounts: Vec<AccountRecord>,
    /// Every device.
    pub devices: Vec<DeviceRecord>,
}
