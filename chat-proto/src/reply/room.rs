//! Answers about rooms, their lists and their messages.

use crate::codec::{Decode, Encode};
use crate::event::{Event, List, Named};
use crate::id::{AccountId, RoomId, Seq, Timestamp};
use crate::reject::Reject;
use crate::reply::{Receipt, Role};
use crate::setting::RoomSetting;

/// How a room is set, who owns it, and what the asker may do in it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RoomDetails {
    /// Which room.
    pub room: RoomId,
    /// Its name.
    pub name: String,
    /// Its owner; none for a conversation between few.
    pub owner: Option<Named>,
    /// What the asker is in it; none for one who is no member.
    pub role: Option<Role>,
    /// Every setting with its value.
    pub settings: Vec<RoomSetting>,
    /// What the asker may do there: names of the table of actions.
    pub rights: Vec<String>,
}

/// Whether something may be done, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Explained {
    /// What doing it would be refused with; none if it may be done.
    pub refusal: Option<Reject>,
}

/// What became of one message of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum BatchResult {
    /// It is stored.
    Stored(Receipt),
    /// It is not, and why.
    Refused(Reject),
}

/// What became of the messages of a batch, in order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BatchReceipt {
    /// One for each message.
    pub results: Vec<BatchResult>,
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ListEntry {
    /// Who.
    pub who: Named,
    /// Until when it holds.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Who put him there.
    pub by: AccountId,
    /// When.
    pub since: Timestamp,
}

/// A page of a list, by account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ListEntries {
    /// Which list.
    pub list: List,
    /// The entries.
    pub entries: Vec<ListEntry>,
    /// Whether there are further ones.
    pub more: bool,
}

/// One kind of reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reaction {
    /// With what.
    pub emoji: String,
    /// By whom, in the order they reacted, at most [`REACTORS_NAMED_MAX`](crate::limits::REACTORS_NAMED_MAX).
    pub by: Vec<AccountId>,
    /// How many in all.
    pub count: u32,
}

/// How a message stands now, where that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Fold {
    /// The message.
    pub target: Seq,
    /// The event that changed it last.
    pub seq: Seq,
    /// Its newest words, if they were changed.
    pub text: Option<String>,
    /// When they were changed.
    pub edited_at: Timestamp,
    /// How often.
    pub revision: u32,
    /// The reactions that hold.
    pub reactions: Vec<Reaction>,
    /// Whether it is pinned.
    pub pinned: bool,
}

/// How messages stand now; one that is not named is as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FoldList {
    /// Which room.
    pub room: RoomId,
    /// The messages that changed, in order.
    pub folds: Vec<Fold>,
}

/// The pinned messages of a room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PinList {
    /// Which room.
    pub room: RoomId,
    /// The messages, oldest first.
    pub events: Vec<Event>,
}
