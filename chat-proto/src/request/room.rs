//! Requests about rooms and what people may do in them.

use crate::codec::{Decode, Encode};
use crate::event::List;
use crate::id::{AccountId, MessageKey, RoomId, Seq, Timestamp};
use crate::reply::Role;
use crate::request::RoomRef;
use crate::setting::RoomSetting;

/// A person, by whichever the client has.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum UserRef {
    /// By number.
    Id(AccountId),
    /// By name, with or without `@`, case and look-alikes folded.
    Name(String),
}

/// Begin a room with settings of its own.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CreateRoomWith {
    /// Names this command; a repetition answers with the first result.
    pub key: MessageKey,
    /// The room's name.
    pub name: String,
    /// Its settings, where they are not the usual ones.
    pub settings: Vec<RoomSetting>,
}

/// Change settings of a room; those not named stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ChangeRoom {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// The settings and their new values.
    pub changes: Vec<RoomSetting>,
}

/// Give a room another name. The old one goes on leading to it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RenameRoom {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// Its new name.
    pub name: String,
}

/// Delete a room with all its history. To keep the history, set [`Archived`](crate::setting::Archived) instead.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeleteRoom {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// Only if nobody but the asker is a member.
    pub if_empty: bool,
    /// Why; may be empty.
    pub reason: String,
}

/// How is a room set, who owns it, and what may I do in it?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DescribeRoom {
    /// Which room.
    pub room: RoomId,
}

/// May I do this, and if not, why?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Explain {
    /// Where.
    pub room: RoomId,
    /// What: a name of the table of actions, such as `post` or `kick`.
    pub action: String,
    /// To whom, for what is done to somebody.
    pub target: Option<UserRef>,
}

/// Give a member another role.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SetRole {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// Whom.
    pub user: UserRef,
    /// Which role. Owner is given with [`TransferRoom`].
    pub role: Role,
}

/// Give a room to another member.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TransferRoom {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// To whom.
    pub user: UserRef,
}

/// Put somebody on a list: ban, mute, invite. Who is there already gets the new end and reason.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PutOnList {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// Whom.
    pub user: UserRef,
    /// On which list.
    pub list: List,
    /// Until when; none for until it is taken back.
    pub until: Option<Timestamp>,
    /// Why; may be empty.
    pub reason: String,
}

/// Take somebody off a list. Who is not on it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TakeOffList {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// Whom.
    pub user: UserRef,
    /// Off which list.
    pub list: List,
    /// Why; may be empty.
    pub reason: String,
}

/// Who is on a list?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReadList {
    /// Which room.
    pub room: RoomId,
    /// Which list.
    pub list: List,
    /// Begin behind this account; 0 for the first page.
    pub after: AccountId,
    /// At most that many, and never more than [`LIST_PAGE_MAX`](crate::limits::LIST_PAGE_MAX).
    pub limit: u16,
}

/// Put a member out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Kick {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// Whom.
    pub user: UserRef,
    /// Why; may be empty.
    pub reason: String,
}

/// Ban somebody from a room and remove all he wrote there, in one breath.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BanAndPurge {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// Whom.
    pub user: UserRef,
    /// Until when he is banned; none for until it is taken back. What is removed stays removed.
    pub until: Option<Timestamp>,
    /// Why; may be empty.
    pub reason: String,
}

/// Remove all of a person's messages for good.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Purge {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// Whose.
    pub user: UserRef,
    /// Why; may be empty.
    pub reason: String,
}

/// What was done by those who may: roles, lists, settings, removals; a page of it, answered with a `Page`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuditRoom {
    /// Which room.
    pub room: RoomId,
    /// Before this event; [`Seq::MAX`] for the newest.
    pub before: Seq,
    /// At most that many, and never more than [`PAGE_EVENTS_MAX`](crate::limits::PAGE_EVENTS_MAX).
    pub limit: u16,
}

/// Which rooms are there?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ListRooms {
    /// Begin behind this room; 0 for the first page.
    pub after: RoomId,
    /// At most that many, and never more than [`LIST_PAGE_MAX`](crate::limits::LIST_PAGE_MAX).
    pub limit: u16,
}

/// What is this room?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LookUpRoom {
    /// Which room.
    pub room: RoomRef,
}
