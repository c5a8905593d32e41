//! Who is kept out of the server, and for how long: for its owners.

use crate::codec::{Decode, Encode};
use crate::id::{AccountId, DeviceId, Timestamp};
use crate::request::UserRef;

/// What is kept out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum BanTarget {
    /// A person, whichever device he comes with.
    Account(AccountId),
    /// A device.
    Device(DeviceId),
    /// Addresses: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`. An IPv6 address alone stands for its /64.
    Network(String),
}

/// Keep somebody out of the server; his connections are closed before the answer. A second ban of a target takes the place
/// of the first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BanFromServer {
    /// Whom.
    pub target: BanTarget,
    /// For how long, seconds; for ever without it.
    pub for_s: Option<u32>,
    /// Why, one line; the banned are told. May be empty.
    pub reason: String,
}

/// Keep somebody out no more. It is no error if he was not.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LiftBan {
    /// Whom.
    pub target: BanTarget,
}

/// Remove all that somebody wrote, in every room of the server but conversations between few. Asked again, it goes on where it was
/// broken off.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PurgeFromServer {
    /// Whose.
    pub user: UserRef,
    /// Why, one line; may be empty.
    pub reason: String,
}

/// Who is kept out of the server?
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ListBans {}

/// One ban.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BanEntry {
    /// Who is kept out.
    pub target: BanTarget,
    /// His name; empty for a device or addresses.
    pub name: String,
    /// Until when; for ever without it.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
}

/// Every ban that is in force, at most [`BANS_MAX`](crate::limits::BANS_MAX).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BanList {
    /// The bans.
    pub bans: Vec<BanEntry>,
}

/// The payload of a ban from the server, in the server's own feed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ServerBanned {
    /// Who is kept out.
    pub target: BanTarget,
    /// His name; empty for a device or addresses.
    pub name: String,
    /// Until when; for ever without it.
    pub until: Option<Timestamp>,
    /// Why; may be empty.
    pub reason: String,
}

/// The payload of the removal of all that somebody wrote in every room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ServerPurged {
    /// Whose.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// Why; may be empty.
    pub reason: String,
}

/// The payload of the end of a ban from the server.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ServerUnbanned {
    /// Who is kept out no more.
    pub target: BanTarget,
}
