//! Messages with more to them than words, and what is done to messages afterwards.

use crate::codec::{Decode, Encode};
use crate::event::Style;
use crate::file::Attached;
use crate::id::{AccountId, RoomId, Seq};
use crate::kinds;

/// The payload of a message with something beside its words. One without is [`Posted`](super::Posted).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PostedWith {
    /// The author's name when it was written.
    pub name: String,
    /// How it is meant.
    pub style: Style,
    /// The words; see [`crate::text::Text`]. For a [`Custom`] message, what a reader who doesn't know it shows; for one that
    /// carries a file, its caption, or the file's name where there is none.
    pub text: String,
    /// The members it names.
    pub mentions: Vec<AccountId>,
    /// What there is beside the words, each kind at most once.
    pub extras: Vec<Extra>,
}

kinds! {
    /// What a message may carry beside its words.
    pub enum Extra {
        /// It answers another message.
        1 => ReplyTo,
        /// Only some may see it.
        2 => VisibleTo,
        /// It was written elsewhere.
        3 => Forwarded,
        /// It is data for programs.
        4 => Custom,
        /// A program wrote it. Said by the server, never by a client.
        5 => ByBot,
        /// It carries a file.
        6 => Attached,
    }
}

/// A message answers another one of its room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReplyTo {
    /// The other one.
    pub target: Seq,
}

/// Only these accounts, and the author, see a message; to everybody else it is [`Withheld`](super::Withheld). It has no
/// ordinal of its own: unread counts what everybody may see.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct VisibleTo {
    /// Who, at most [`VISIBLE_TO_MAX`](crate::limits::VISIBLE_TO_MAX).
    pub accounts: Vec<AccountId>,
}

/// A message was written elsewhere. Said by the server, which has looked.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Forwarded {
    /// In which room.
    pub room: RoomId,
    /// That room's name when it was forwarded.
    pub room_name: String,
    /// Its place there.
    pub seq: Seq,
    /// Who wrote it.
    pub by: AccountId,
    /// His name.
    pub name: String,
}

/// A message is data for programs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Custom {
    /// What the bytes mean: one word for those who agreed on it, such as `poll.v1`.
    pub kind: String,
    /// The data, at most [`CUSTOM_BYTES_MAX`](crate::limits::CUSTOM_BYTES_MAX) bytes.
    pub bytes: Vec<u8>,
}

/// A program wrote a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ByBot {}

/// The payload of a change of a message's words by its author.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Edited {
    /// The author's name.
    pub name: String,
    /// The message.
    pub target: Seq,
    /// Its words from here on.
    pub text: String,
    /// The members they name.
    pub mentions: Vec<AccountId>,
    /// Who may see it beside its author, as with the message itself; none for everybody.
    pub visible_to: Option<Vec<AccountId>>,
}

/// The payload of the removal of a message: its words are gone from the server for good, its place stays.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Redacted {
    /// The name of who removed it.
    pub name: String,
    /// The message.
    pub target: Seq,
    /// Why; may be empty.
    pub reason: String,
}

/// The payload of the removal of a message that only some may see: as [`Redacted`], for them alone.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RedactedFor {
    /// The name of who removed it.
    pub name: String,
    /// The message.
    pub target: Seq,
    /// Why; may be empty.
    pub reason: String,
    /// Who may see it beside who removed it: those who could see the message, its author among them.
    pub visible_to: Vec<AccountId>,
}

/// The payload of a reaction to a message, or of its withdrawal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reacted {
    /// The name of who reacted.
    pub name: String,
    /// The message.
    pub target: Seq,
    /// With what: an emoji or a word of at most [`REACTION_BYTES_MAX`](crate::limits::REACTION_BYTES_MAX) bytes.
    pub emoji: String,
    /// Whether it holds; false takes it back.
    pub on: bool,
    /// Who may see it beside its author, as with the message itself; none for everybody.
    pub visible_to: Option<Vec<AccountId>>,
}

/// The payload of a message being pinned to the room, or no more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Pinned {
    /// The name of who pinned it.
    pub name: String,
    /// The message.
    pub target: Seq,
    /// Whether it is pinned from here on.
    pub on: bool,
}

/// What stands in the place of an event whose body was removed for good. Never an event of its own: the row keeps its kind.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Erased {
    /// The kind the event had.
    pub kind: u16,
}

/// What is kept in the place of an event that only some may see, whose body was removed for good. Never sent: they get
/// [`Erased`], and everybody else [`Withheld`](super::Withheld).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ErasedFor {
    /// The kind the event had.
    pub kind: u16,
    /// Who may see it beside its author.
    pub visible_to: Vec<AccountId>,
}

/// The words of a message, whichever kind it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The author's name when it was written.
    pub name: &'a str,
    /// How it is meant.
    pub style: Style,
    /// The words.
    pub text: &'a str,
    /// The members it names.
    pub mentions: &'a [AccountId],
    /// What there is beside the words.
    pub extras: &'a [Extra],
}

impl<'a> Message<'a> {
    /// The message it answers.
    #[must_use]
    pub fn reply_to(&self) -> Option<Seq> {
        self.extras.iter().find_map(|extra| if let Extra::ReplyTo(reply) = extra { Some(reply.target) } else { None })
    }

    /// Where it was written, if elsewhere.
    #[must_use]
    pub fn forwarded(&self) -> Option<&'a Forwarded> {
        self.extras.iter().find_map(|extra| if let Extra::Forwarded(from) = extra { Some(from) } else { None })
    }

    /// The data it carries for programs.
    #[must_use]
    pub fn custom(&self) -> Option<&'a Custom> {
        self.extras.iter().find_map(|extra| if let Extra::Custom(custom) = extra { Some(custom) } else { None })
    }

    /// The file it carries.
    #[must_use]
    pub fn file(&self) -> Option<&'a Attached> {
        self.extras.iter().find_map(|extra| if let Extra::Attached(file) = extra { Some(file) } else { None })
    }

    /// Who may see it beside its author; none for everybody.
    #[must_use]
    pub fn visible_to(&self) -> Option<&'a [AccountId]> {
        let accounts = |extra: &'a Extra| match extra {
            Extra::VisibleTo(visible) => Some(visible.accounts.as_slice()),
            Extra::ReplyTo(_)
            | Extra::Forwarded(_)
            | Extra::Custom(_)
            | Extra::ByBot(_)
            | Extra::Attached(_)
            | Extra::Unknown { .. } => None,
        };
        self.extras.iter().find_map(accounts)
    }

    /// Whether a program wrote it.
    #[must_use]
    pub fn is_by_bot(&self) -> bool {
        self.extras.iter().any(|extra| matches!(extra, Extra::ByBot(_)))
    }
}
