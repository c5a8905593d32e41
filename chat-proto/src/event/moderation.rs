//! What is done to a room and to people in it, by those who may.

use crate::codec::{Decode, Encode};
use crate::id::{AccountId, Seq, Timestamp};
use crate::reply::Role;
use crate::setting::RoomSetting;

/// A person and his name when it was written.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Named {
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
}

/// The payload of changed settings: those not named stay as they were.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RoomChanged {
    /// The name of who changed them.
    pub name: String,
    /// The settings and their new values.
    pub changes: Vec<RoomSetting>,
}

/// The payload of a new name of the room. The old one goes on leading to it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Renamed {
    /// The name of who renamed it.
    pub name: String,
    /// What the room was called.
    pub old: String,
    /// What it is called.
    pub new: String,
}

/// The payload of a member's new role.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RoleSet {
    /// The name of who gave it.
    pub name: String,
    /// To whom.
    pub member: Named,
    /// What he may do.
    pub role: Role,
}

/// The payload of a room's new owner. The one before is an admin from here on, if he is a member.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OwnerChanged {
    /// The name of who gave it away.
    pub name: String,
    /// To whom.
    pub member: Named,
}

/// A list of a room's, of people who may more or less than others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum List {
    /// May neither join nor read.
    Banned,
    /// May read and not write.
    Muted,
    /// May join where only the invited may.
    Invited,
}

impl List {
    /// The name scripts and people see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Banned => "banned",
            Self::Muted => "muted",
            Self::Invited => "invited",
        }
    }
}

/// The payload of somebody being put on a list. An earlier entry of his on that list is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Listed {
    /// The name of who put him there.
    pub name: String,
    /// Whom.
    pub who: Named,
    /// On which list.
    pub list: List,
    /// Until when it holds; none for until it is taken back.
    pub until: Option<Timestamp>,
    /// Why; may be empty.
    pub reason: String,
}

/// The payload of somebody being taken off a list.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Unlisted {
    /// The name of who took him off.
    pub name: String,
    /// Whom.
    pub who: Named,
    /// Of which list.
    pub list: List,
    /// Why; may be empty.
    pub reason: String,
}

/// The payload of a member being put out. He may come back if he may join.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Kicked {
    /// The name of who did it.
    pub name: String,
    /// Whom.
    pub member: Named,
    /// Why; may be empty.
    pub reason: String,
}

/// The payload of memberships that ended because the event before this one took the right to them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Evicted {
    /// Whose.
    pub members: Vec<Named>,
    /// Why, in words of the server.
    pub reason: String,
}

/// The payload of the removal of all of a person's messages up to a place.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Purged {
    /// The name of who did it.
    pub name: String,
    /// Whose messages.
    pub who: Named,
    /// Up to here, included.
    pub up_to: Seq,
    /// Why; may be empty.
    pub reason: String,
}

/// The payload of a room's last event.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Deleted {
    /// The name of who deleted it.
    pub name: String,
    /// Why; may be empty.
    pub reason: String,
}

/// The payload of the first event of a conversation between few: all of them are members, and nobody else ever is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DirectCreated {
    /// The room's name, made of the members' numbers.
    pub room: String,
    /// The members, by number; the author is one of them.
    pub members: Vec<Named>,
}
