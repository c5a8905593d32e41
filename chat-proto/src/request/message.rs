//! Requests about messages.

use crate::codec::{Decode, Encode};
use crate::event::{Extra, Style};
use crate::id::{MessageKey, RoomId, Seq};

/// Write a message with something beside its words.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PostWith {
    /// Names this message; a repetition answers with the first result and stores nothing.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// How it is meant.
    pub style: Style,
    /// The words; see [`crate::text::Text`].
    pub text: String,
    /// What there is beside the words. Only [`ReplyTo`](crate::event::ReplyTo), [`VisibleTo`](crate::event::VisibleTo),
    /// [`Custom`](crate::event::Custom) and [`Attached`](crate::file::Attached) are for clients to say.
    pub extras: Vec<Extra>,
}

/// One message of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BatchItem {
    /// Names this message.
    pub key: MessageKey,
    /// How it is meant.
    pub style: Style,
    /// The words.
    pub text: String,
}

/// Write several messages into one room, in order. Each has its own result: one that is refused keeps no other from being
/// stored.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PostBatch {
    /// Which room.
    pub room: RoomId,
    /// The messages, at most [`BATCH_POSTS_MAX`](crate::limits::BATCH_POSTS_MAX).
    pub posts: Vec<BatchItem>,
}

/// Tell those who are in a room right now, and store nothing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Announce {
    /// Which room.
    pub room: RoomId,
    /// How it is meant.
    pub style: Style,
    /// The words.
    pub text: String,
}

/// Change the words of an own message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Edit {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// Which message.
    pub target: Seq,
    /// Its words from here on.
    pub text: String,
}

/// Remove a message for good.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Redact {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// Which message.
    pub target: Seq,
    /// Why; may be empty.
    pub reason: String,
}

/// React to a message, or take it back. What is so already changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct React {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// Which message.
    pub target: Seq,
    /// With what: an emoji or a word of at most [`REACTION_BYTES_MAX`](crate::limits::REACTION_BYTES_MAX) bytes.
    pub emoji: String,
    /// Whether it is to hold.
    pub on: bool,
}

/// Pin a message to its room, or no more. What is so already changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Pin {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// Which message.
    pub target: Seq,
    /// Whether it is to be pinned.
    pub on: bool,
}

/// Copy a message to another room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Forward {
    /// Names the copy.
    pub key: MessageKey,
    /// The room it stands in.
    pub room: RoomId,
    /// Which message.
    pub target: Seq,
    /// The room to copy it to.
    pub to: RoomId,
}

/// How do the messages between two places stand now: their newest words, reactions, pins?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ListFolds {
    /// Which room.
    pub room: RoomId,
    /// From this event.
    pub from: Seq,
    /// To this one, included; at most [`PAGE_EVENTS_MAX`](crate::limits::PAGE_EVENTS_MAX) events in all.
    pub to: Seq,
}

/// Which messages are pinned to a room?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ListPins {
    /// Which room.
    pub room: RoomId,
}
