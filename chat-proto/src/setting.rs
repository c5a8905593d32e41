//! What can be set in a room. A change names the settings it changes and no others.

use crate::codec::{Decode, Encode};
use crate::id::RoomId;
use crate::kinds;

kinds! {
    /// One setting of a room and its value.
    pub enum RoomSetting {
        /// What it is about.
        1 => Topic,
        /// A longer name, for people.
        2 => Title,
        /// Who may become a member.
        3 => Joining,
        /// Who may read.
        4 => Reading,
        /// Who may write.
        5 => Posting,
        /// Who finds it in lists.
        6 => Listing,
        /// The least time between two messages of one person.
        7 => SlowMode,
        /// How long it lives without members.
        8 => Lifetime,
        /// How much of its history is kept.
        9 => Retention,
        /// What is shown of who is there.
        10 => PresenceShown,
        /// From where on a member may read.
        11 => HistoryShown,
        /// How long a message may be edited.
        12 => EditWindow,
        /// Whether earlier words of an edited message stay.
        13 => EditsKept,
        /// Who may remove a message.
        14 => Redaction,
        /// Whether members see how far the others have read.
        15 => ReadReceipts,
        /// How many members it may have.
        16 => MembersMax,
        /// Words that are refused or replaced.
        17 => Filters,
        /// Rooms its messages are copied to.
        18 => ForwardTo,
        /// Whether it is closed for good, and only read.
        19 => Archived,
    }
}

/// Some of the people there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Who {
    /// Whoever is logged in, guests too.
    Everyone,
    /// Whoever has an account.
    Users,
    /// The room's members.
    Members,
    /// Its moderators, admins and owner.
    Moderators,
    /// Its admins and owner.
    Admins,
}

/// Who may become a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum JoinPolicy {
    /// Whoever is logged in, guests too.
    Anyone,
    /// Whoever has an account.
    Users,
    /// Whoever was invited.
    Invited,
}

/// What is shown of who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum PresenceMode {
    /// Nothing.
    Off,
    /// How many.
    Counts,
    /// Who.
    Full,
}

/// From where on a member may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum HistoryFrom {
    /// All of it.
    Beginning,
    /// What came after he joined.
    Joining,
}

/// Who may remove a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Redactors {
    /// Its author, and moderators.
    AuthorAndModerators,
    /// Moderators.
    Moderators,
    /// Nobody.
    Nobody,
}

/// What happens to a message with a filtered word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum FilterAction {
    /// It is refused.
    Reject,
    /// The word is replaced.
    Replace,
}

/// One word and what happens to messages with it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Filter {
    /// The word or words, compared without case and as whole words.
    pub word: String,
    /// What happens.
    pub action: FilterAction,
    /// What replaces it.
    pub with: String,
}

/// What a room is about.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Topic {
    /// One line; may be empty.
    pub text: String,
}

/// A longer name of a room, for people.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Title {
    /// One line; may be empty.
    pub text: String,
}

/// Who may become a member. Anyone, unless set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Joining {
    /// Who.
    pub policy: JoinPolicy,
}

/// Who may read. Members always may; users, unless set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reading {
    /// Who.
    pub who: Who,
}

/// Who may write. Members, unless set; moderators makes it a room of announcements.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Posting {
    /// Who.
    pub who: Who,
}

/// Who finds a room in lists. Users, unless set; members makes it a hidden room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Listing {
    /// Who.
    pub who: Who,
}

/// The least time between two messages of one person; moderators are free. 0, unless set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SlowMode {
    /// Seconds, at most [`SLOW_MODE_S_MAX`](crate::limits::SLOW_MODE_S_MAX).
    pub seconds: u32,
}

/// How long a room lives without members. For ever, unless set. At its end it is deleted by the server, with its history; the time
/// begins with this setting, if nobody is a member then.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Lifetime {
    /// Seconds after the last member left, at most [`EMPTY_FOR_S_MAX`](crate::limits::EMPTY_FOR_S_MAX); none for ever.
    pub empty_for_s: Option<u32>,
}

/// How much of a room's history is kept; where several are given, what breaks any of them goes. Everything, unless set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Retention {
    /// The newest so many messages; 0 keeps nothing.
    pub messages: Option<u64>,
    /// What is not older than so many seconds.
    pub age_s: Option<u64>,
    /// The newest messages of together so many bytes.
    pub bytes: Option<u64>,
}

/// What is shown of who is there. Full, unless set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PresenceShown {
    /// What.
    pub mode: PresenceMode,
}

/// From where on a member may read. From the beginning, unless set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HistoryShown {
    /// Where.
    pub from: HistoryFrom,
}

/// How long a message may be edited. For ever, unless set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EditWindow {
    /// Seconds after it was written; 0 is never, none for ever.
    pub seconds: Option<u32>,
}

/// Whether earlier words of an edited message stay readable. They do, unless set; else they are removed from the server with every
/// edit from then on, and the message is empty but for its newest edit.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EditsKept {
    /// Whether.
    pub on: bool,
}

/// Who may remove a message. Its author and moderators, unless set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Redaction {
    /// Who.
    pub who: Redactors,
}

/// Whether members see how far the others have read. They don't, unless set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReadReceipts {
    /// Whether.
    pub on: bool,
}

/// How many members a room may have. [`MEMBERS_PER_ROOM_MAX`](crate::limits::MEMBERS_PER_ROOM_MAX), unless set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MembersMax {
    /// How many; who is a member already stays.
    pub count: u32,
}

/// Words that are refused or replaced, all of them: a change replaces the whole list. None, unless set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Filters {
    /// At most [`FILTERS_PER_ROOM_MAX`](crate::limits::FILTERS_PER_ROOM_MAX).
    pub rules: Vec<Filter>,
}

/// Rooms that messages of this one are copied to, all of them: a change replaces the whole list. None, unless set. What is written
/// from then on for everybody, and is no copy itself, is posted there as [`Forwarded`](crate::event::Forwarded) in the name of
/// who set it so, as long as he may read here and write there.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ForwardTo {
    /// At most [`FORWARDS_PER_ROOM_MAX`](crate::limits::FORWARDS_PER_ROOM_MAX); whoever sets it must be able to write there.
    pub rooms: Vec<RoomId>,
}

/// Whether a room is closed for good: it is read, and nothing happens in it any more. It is not, unless set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Archived {
    /// Whether.
    pub on: bool,
}
