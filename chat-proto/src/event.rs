//! Durable facts. One type from the decision to the database row, the frame, the history page and the client's state.

mod erase;
mod key;
mod message;
mod moderation;

use crate::ban::{ServerBanned, ServerPurged, ServerUnbanned};
use crate::choice::{DraftSet, Ignored, NotifySet, RoomPinned, SettingSet};
use crate::codec::{Decode, Encode};
use crate::defence::DefenceSet;
use crate::fact::RoomFact;
use crate::id::{AccountId, DeviceId, Epoch, MessageKey, Ordinal, RoomId, Seq, Timestamp};
use crate::identity::{DeviceChanged, SecretChanged};
use crate::kinds;
use crate::nick::NickSet;
use crate::password::{PasswordSet, PasswordUsed};
use crate::profile::{StateSet, StatusSet};
use crate::reach::{Blocked, ContactSet, DirectPolicySet};
use crate::realm::{
    BotLetIn, BotTokenRevoked, ClaimOffered, DeviceAdded, DeviceRevoked, InviteMade, InviteRevoked, InviteUsed,
    OwnerClaimed, RecoverySet, RecoveryUsed,
};
use crate::seen::{SeenPolicySet, WasSeen};

pub use key::CompactionKey;
pub use message::{
    ByBot, Custom, Edited, Erased, ErasedFor, Extra, Forwarded, Message, Pinned, PostedWith, Reacted, Redacted,
    RedactedFor, ReplyTo, VisibleTo,
};
pub use moderation::{
    Deleted, DirectCreated, Evicted, Kicked, List, Listed, Named, OwnerChanged, Purged, Renamed, RoleSet, RoomChanged,
    Unlisted,
};

/// One fact in a feed: a head that never changes its shape, and a body that is a kind and its payload.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Event {
    /// Its place in the feed.
    pub seq: Seq,
    /// In a room: messages up to and including this event. In an account's feed: 0.
    pub ordinal: Ordinal,
    /// When it was decided; never less than that of the event before it.
    pub at: Timestamp,
    /// Who did it.
    pub by: AccountId,
    /// With which of his devices.
    pub device: DeviceId,
    /// The key of the command that caused it.
    pub key: MessageKey,
    /// What happened.
    pub body: EventBody,
}

kinds! {
    /// What an event says happened. Rooms, from 60 on the server, from 100 on accounts.
    pub enum EventBody {
        /// Something this reader may not see; it keeps its seq so that dense stays dense.
        0 => Withheld,
        /// A room began.
        1 => Created,
        /// Somebody became a member.
        2 => Joined,
        /// Somebody stopped being a member.
        3 => Left,
        /// Somebody wrote a message.
        4 => Posted,
        /// Somebody wrote a message with something beside its words.
        5 => PostedWith,
        /// An author changed the words of a message.
        6 => Edited,
        /// A message was removed.
        7 => Redacted,
        /// Somebody reacted to a message, or took it back.
        8 => Reacted,
        /// A message was pinned, or no more.
        9 => Pinned,
        /// Settings of the room changed.
        10 => RoomChanged,
        /// The room got another name.
        11 => Renamed,
        /// A member got another role.
        12 => RoleSet,
        /// The room got another owner.
        13 => OwnerChanged,
        /// Somebody was banned, muted or invited.
        14 => Listed,
        /// Somebody is no longer banned, muted or invited.
        15 => Unlisted,
        /// A member was put out.
        16 => Kicked,
        /// Members who lost the right to be members are none any more.
        17 => Evicted,
        /// All messages of a person were removed.
        18 => Purged,
        /// The room is no more.
        19 => Deleted,
        /// What stands in the place of a body that was removed.
        20 => Erased,
        /// A conversation between few began.
        21 => DirectCreated,
        /// A message that only some may see was removed.
        22 => RedactedFor,
        /// What is kept in the place of a body that only some could see, and that was removed.
        35 => ErasedFor,
        /// Whoever shows a code may own the server.
        60 => ClaimOffered,
        /// Somebody showed it.
        61 => OwnerClaimed,
        /// An account has one more device.
        62 => DeviceAdded,
        /// A device opens nothing any more.
        63 => DeviceRevoked,
        /// Somebody made an invitation.
        64 => InviteMade,
        /// An account has a recovery code.
        65 => RecoverySet,
        /// It was used.
        66 => RecoveryUsed,
        /// An invitation let somebody in.
        67 => InviteUsed,
        /// An invitation lets nobody in any more.
        68 => InviteRevoked,
        /// Somebody is kept out of the server.
        70 => ServerBanned,
        /// Somebody is kept out no more.
        71 => ServerUnbanned,
        /// A bot has a token.
        72 => BotLetIn,
        /// A bot has it no more.
        73 => BotTokenRevoked,
        /// All that somebody wrote was removed.
        90 => ServerPurged,
        /// How much the server lets happen.
        91 => DefenceSet,
        /// The author is called something.
        92 => NickSet,
        /// An account has another password, or none any more.
        95 => PasswordSet,
        /// It let a device in.
        96 => PasswordUsed,
        /// The account became a member of a room.
        100 => RoomJoined,
        /// The account stopped being a member of a room.
        101 => RoomLeft,
        /// The account has read a room up to here.
        102 => ReadMarked,
        /// Somebody named the account in a message.
        103 => Mentioned,
        /// The account began a message.
        104 => DraftSet,
        /// The account chose what of a room to be told about.
        105 => NotifySet,
        /// The account made a room a favourite, or no more.
        106 => RoomPinned,
        /// The account's client keeps a setting.
        107 => SettingSet,
        /// The account ignores somebody, or no more.
        108 => Ignored,
        /// The account says something of itself.
        109 => StatusSet,
        /// The account's programs keep values, some of them public.
        110 => StateSet,
        /// The account lets somebody write no more, or again.
        111 => Blocked,
        /// The account made somebody a contact, or no more.
        112 => ContactSet,
        /// The account chose who may write to it.
        113 => DirectPolicySet,
        /// Who is told when the account was last there.
        114 => SeenPolicySet,
        /// When the account was last there.
        115 => WasSeen,
        /// Another device opens the account, or one does no more.
        116 => DeviceChanged,
        /// A secret that may let a device into the account is another one, or is none any more.
        117 => SecretChanged,
    }
}

/// The payload of an event this reader may not see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Withheld {}

/// The payload of a room's first event; its author is the owner.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Created {
    /// The room's name.
    pub room: String,
    /// The owner's name.
    pub name: String,
    /// What the room is about; may be empty.
    pub topic: String,
}

/// The payload of a new membership of the author.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Joined {
    /// The member's name.
    pub name: String,
}

/// The payload of the end of the author's membership.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Left {
    /// The name of who left.
    pub name: String,
    /// Why, in his words; may be empty.
    pub reason: String,
}

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Style {
    /// Said.
    Text,
    /// Done: `/me waves`.
    Action,
}

/// The payload of a message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Posted {
    /// The author's name when it was written.
    pub name: String,
    /// How it is meant.
    pub style: Style,
    /// The words; see [`crate::text::Text`].
    pub text: String,
    /// The members it names.
    pub mentions: Vec<AccountId>,
}

/// The payload of the account's membership of a room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RoomJoined {
    /// The room.
    pub room: RoomId,
    /// The history its numbers belong to.
    pub epoch: Epoch,
    /// Its name.
    pub name: String,
    /// The seq of the [`Joined`] or [`Created`] event this follows from. What lies before it counts as read.
    pub seq: Seq,
    /// The room's messages up to there.
    pub ordinal: Ordinal,
}

/// The payload of the end of the account's membership of a room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RoomLeft {
    /// The room.
    pub room: RoomId,
    /// The seq of the [`Left`] event this follows from.
    pub seq: Seq,
}

/// The payload of a moved read marker. A marker never goes back.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReadMarked {
    /// The room.
    pub room: RoomId,
    /// Everything up to here is read.
    pub seq: Seq,
    /// The room's messages up to there; unread is the room's newest ordinal less this.
    pub ordinal: Ordinal,
}

/// The payload of a mention of the account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Mentioned {
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
}

impl EventBody {
    /// Whether this body counts as a message, and so advances the room's ordinal: everybody who reads the room may see it.
    #[must_use]
    pub fn is_message(&self) -> bool {
        self.message().is_some_and(|message| message.visible_to().is_none())
    }

    /// Whether a body of this kind is a message, whoever may see it.
    #[must_use]
    pub fn is_message_kind(kind: u16) -> bool {
        matches!(kind, 4 | 5)
    }

    /// Whether it is a message, or was one before its words were removed.
    #[must_use]
    pub fn was_message(&self) -> bool {
        Self::is_message_kind(self.stored_kind())
    }

    /// The kind of [`Edited`].
    pub const EDITED: u16 = 6;

    /// The message it is.
    #[must_use]
    pub fn message(&self) -> Option<Message<'_>> {
        if let Self::Posted(Posted { name, style, text, mentions }) = self {
            return Some(Message { name, style: *style, text, mentions, extras: &[] });
        }
        let Self::PostedWith(PostedWith { name, style, text, mentions, extras }) = self else { return None };
        Some(Message { name, style: *style, text, mentions, extras })
    }

    /// Who may see it beside its author; none for everybody who may read the feed.
    #[must_use]
    pub fn visible_to(&self) -> Option<&[AccountId]> {
        match self.room_fact()? {
            RoomFact::Edited(Edited { visible_to, .. }) | RoomFact::Reacted(Reacted { visible_to, .. }) => {
                visible_to.as_deref()
            }
            RoomFact::PostedWith(_) => self.message().and_then(|message| message.visible_to()),
            RoomFact::RedactedFor(RedactedFor { visible_to, .. })
            | RoomFact::ErasedFor(ErasedFor { visible_to, .. }) => Some(visible_to),
            RoomFact::Created(_)
            | RoomFact::Joined(_)
            | RoomFact::Left(_)
            | RoomFact::Posted(_)
            | RoomFact::Redacted(_)
            | RoomFact::Pinned(_)
            | RoomFact::RoomChanged(_)
            | RoomFact::Renamed(_)
            | RoomFact::RoleSet(_)
            | RoomFact::OwnerChanged(_)
            | RoomFact::Listed(_)
            | RoomFact::Unlisted(_)
            | RoomFact::Kicked(_)
            | RoomFact::Evicted(_)
            | RoomFact::Purged(_)
            | RoomFact::Deleted(_)
            | RoomFact::Erased(_)
            | RoomFact::DirectCreated(_) => None,
        }
    }

    /// The event of the same room that this one is about.
    #[must_use]
    pub fn target(&self) -> Option<Seq> {
        match self.room_fact()? {
            RoomFact::Edited(Edited { target, .. })
            | RoomFact::Redacted(Redacted { target, .. })
            | RoomFact::RedactedFor(RedactedFor { target, .. })
            | RoomFact::Reacted(Reacted { target, .. })
            | RoomFact::Pinned(Pinned { target, .. }) => Some(*target),
            RoomFact::Created(_)
            | RoomFact::Joined(_)
            | RoomFact::Left(_)
            | RoomFact::Posted(_)
            | RoomFact::PostedWith(_)
            | RoomFact::RoomChanged(_)
            | RoomFact::Renamed(_)
            | RoomFact::RoleSet(_)
            | RoomFact::OwnerChanged(_)
            | RoomFact::Listed(_)
            | RoomFact::Unlisted(_)
            | RoomFact::Kicked(_)
            | RoomFact::Evicted(_)
            | RoomFact::Purged(_)
            | RoomFact::Deleted(_)
            | RoomFact::Erased(_)
            | RoomFact::ErasedFor(_)
            | RoomFact::DirectCreated(_) => None,
        }
    }
}
