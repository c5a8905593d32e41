//! Who may write to whom: blocks, contacts, conversations between few. And what reached whom: mentions, and how far others
//! have read.

use crate::codec::{Decode, Encode};
use crate::id::{AccountId, MessageKey, RoomId, Seq, Timestamp};
use crate::request::UserRef;

/// What the names of conversations between few begin with; no other room has such a name.
pub const CONVERSATION_PREFIX: &str = "dm-";

/// Who may begin to write to a person, and go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub enum DirectPolicy {
    /// Everybody he has not blocked.
    #[default]
    Everyone,
    /// Whoever shares a room with him, and his contacts.
    SharedRooms,
    /// His contacts.
    Contacts,
    /// Nobody.
    Nobody,
}

/// Let somebody write no more, or again. He is not told.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Block {
    /// Names this command; a repetition answers with the first result.
    pub key: MessageKey,
    /// Who; not oneself.
    pub account: AccountId,
    /// Whether he is blocked.
    pub on: bool,
}

/// Make somebody a contact, or no more. He is not told.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SetContact {
    /// Names this command.
    pub key: MessageKey,
    /// Who; not oneself.
    pub account: AccountId,
    /// Whether he is one.
    pub on: bool,
}

/// Choose who may write.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SetDirectPolicy {
    /// Names this command.
    pub key: MessageKey,
    /// Who.
    pub policy: DirectPolicy,
}

/// Which unread messages name me, in all rooms? Newest first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ListMentions {
    /// Only those before this place in the account's feed; [`Seq::MAX`] for the first page.
    pub before: Seq,
    /// At most that many, and never more than [`LIST_PAGE_MAX`](crate::limits::LIST_PAGE_MAX).
    pub limit: u16,
}

/// Go to the conversation with some people; it begins if there is none yet. The same people always have the same one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OpenDirect {
    /// Names this command.
    pub key: MessageKey,
    /// Those beside oneself, fewer than [`DIRECT_MEMBERS_MAX`](crate::limits::DIRECT_MEMBERS_MAX).
    pub with: Vec<UserRef>,
}

/// How far have the members of a room read? Only where the room shows it, and to its members.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ListReadMarks {
    /// Which room.
    pub room: RoomId,
    /// Begin behind this account; 0 for the first page.
    pub after: AccountId,
    /// At most that many, and never more than [`LIST_PAGE_MAX`](crate::limits::LIST_PAGE_MAX).
    pub limit: u16,
}

/// The payload of a block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Blocked {
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// Whether he is blocked.
    pub on: bool,
}

/// The payload of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ContactSet {
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// Whether he is one.
    pub on: bool,
}

/// The payload of who may write.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DirectPolicySet {
    /// Who.
    pub policy: DirectPolicy,
}

/// An unread message that names the asker.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MentionEntry {
    /// Its place in the account's feed.
    pub place: Seq,
    /// Where it is.
    pub room: RoomId,
    /// The room's name.
    pub name: String,
    /// Which it is.
    pub seq: Seq,
    /// When the account's feed took note of it.
    pub at: Timestamp,
}

/// A page of unread messages that name the asker, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MentionList {
    /// The messages.
    pub mentions: Vec<MentionEntry>,
    /// Whether there are further ones behind this page.
    pub more: bool,
}

/// How far a member has read.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReadMark {
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// Everything up to here is read.
    pub seq: Seq,
}

/// A page of how far members have read, by account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReadMarkList {
    /// The marks.
    pub marks: Vec<ReadMark>,
    /// Whether there are further members behind this page.
    pub more: bool,
}
