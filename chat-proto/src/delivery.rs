//! What the server sends unasked: on unidirectional streams it opens, and in datagrams; and a client's datagrams.

use crate::codec::{Decode, Encode};
use crate::connection::{DeviceTold, SessionDown, SessionUp};
use crate::event::{Event, Style};
use crate::id::{AccountId, Chain, Epoch, FeedId, RoomId, Seq};
use crate::kinds;
use crate::nick::NickChanged;
use crate::profile::UserState;
use crate::reply::{FeedStatus, SeqRange};

/// The first frame on a stream the server opens.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StreamHeader {
    /// What the stream is for.
    pub purpose: StreamPurpose,
}

kinds! {
    /// What a stream the server opened is for. A client ignores a stream of a purpose it doesn't know.
    pub enum StreamPurpose {
        /// All subscribed feeds but the one in focus, and signals.
        1 => Background,
        /// The one feed in focus.
        2 => Focused,
    }
}

/// The payload of the background stream's purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Background {}

/// The payload of a focus stream's purpose.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Focused {
    /// The feed that moved here.
    pub feed: FeedId,
    /// Its first event here; the stream it was on says [`Moved`] with the same number.
    pub next: Seq,
}

kinds! {
    /// One frame of a stream the server opened, or one of its datagrams.
    pub enum Delivery {
        /// Events of a feed, in order.
        1 => Events,
        /// A feed goes on elsewhere.
        2 => Moved,
        /// Events that should have come here are no longer kept.
        3 => Trimmed,
        /// A feed comes no more.
        4 => Ended,
        /// A feed comes from here on, because the account became a member, on whichever connection.
        5 => Began,
        /// Who of a room's members is there.
        6 => RoomPresence,
        /// Somebody is writing, or no more. May come in a datagram and so may be lost.
        7 => Typing,
        /// The server goes down.
        8 => GoingAway,
        /// Somebody told those who are there something that is not stored. May come in a datagram and so may be lost.
        9 => Announced,
        /// Another connection of the account logged in.
        10 => SessionUp,
        /// Another connection of the account ended.
        11 => SessionDown,
        /// What another connection of the account told this one.
        12 => DeviceTold,
        /// What a person shows of himself changed.
        15 => UserState,
        /// What the server calls itself, and what it tells whoever logs in.
        16 => Greeting,
        /// Somebody is called something else.
        17 => NickChanged,
    }
}

/// Events of a feed, in order: in a room dense, in an account's feed with older values of a key left out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Events {
    /// Which feed.
    pub feed: FeedId,
    /// The history the numbers belong to.
    pub epoch: Epoch,
    /// The events.
    pub events: Vec<Event>,
    /// The chain value of the last one, to be given back when resuming.
    pub chain: Chain,
}

/// A feed goes on elsewhere: on a focus stream, or back on the background stream when that focus stream ends.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Moved {
    /// Which feed.
    pub feed: FeedId,
    /// Its first event there.
    pub next: Seq,
}

/// Events that should have come here are no longer kept.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Trimmed {
    /// Which feed.
    pub feed: FeedId,
    /// What is missing; the feed goes on behind it.
    pub range: SeqRange,
}

/// Why a feed comes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub enum EndReason {
    /// The account is no member any more.
    Left,
    /// The account may not read it any more.
    NoAccess,
    /// The room is no more.
    Deleted,
    /// The server lost it and is fetching it again; subscribe at the position held.
    Restarted,
}

/// A feed comes no more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ended {
    /// Which feed.
    pub feed: FeedId,
    /// Why.
    pub reason: EndReason,
}

/// A feed comes from here on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Began {
    /// How it stands.
    pub status: FeedStatus,
}

/// Whether somebody is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Presence {
    /// No connection, and the grace period is over.
    #[default]
    Offline,
    /// Connected.
    Online,
    /// Connected, but gone for a while.
    Away,
}

/// The presence of one person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PresenceEntry {
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// Whether he is there.
    pub presence: Presence,
}

/// Who of a room's members is there: what changed since the last frame of this room. Everybody not named since the stream
/// began is as the member list says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RoomPresence {
    /// Which room.
    pub room: RoomId,
    /// Members who are there.
    pub online: u32,
    /// Who changed; empty in a large room, which shows counts only.
    pub changed: Vec<PresenceEntry>,
}

/// Somebody is writing, or no more; forgotten after [`TYPING_HOLD_MS`](crate::limits::TYPING_HOLD_MS).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Typing {
    /// Where.
    pub room: RoomId,
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// Whether he is writing.
    pub active: bool,
}

/// The server goes down; it closes the connection when it has sent what it acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GoingAway {
    /// When, milliseconds from now.
    pub after_ms: u32,
    /// Why, for people.
    pub reason: String,
}

/// What the server calls itself, and what it tells whoever logs in. Comes once behind a login, where there is either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Greeting {
    /// Its name, a line of at most [`SERVER_NAME_BYTES_MAX`](crate::limits::SERVER_NAME_BYTES_MAX) bytes; may be empty.
    pub name: String,
    /// The message of the day, lines of at most [`MOTD_BYTES_MAX`](crate::limits::MOTD_BYTES_MAX) bytes; may be empty.
    pub motd: String,
}

/// Somebody told those who are in a room something that is not stored.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Announced {
    /// Where.
    pub room: RoomId,
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// How it is meant.
    pub style: Style,
    /// The words.
    pub text: String,
}

kinds! {
    /// A datagram from a client. May be lost; one of a kind the server doesn't know is ignored.
    pub enum ClientSignal {
        /// The person is writing, or no more.
        1 => TypingIn,
    }
}

/// The person is writing in a room, or no more. Sent at most every two seconds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TypingIn {
    /// Where.
    pub room: RoomId,
    /// Whether he is writing.
    pub active: bool,
}
