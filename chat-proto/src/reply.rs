//! Answers: the result of a request, or why there is none.

use std::fmt;

use crate::codec::{Decode, Encode};
use crate::delivery::Presence;
use crate::event::Event;
use crate::id::{AccountId, ConnId, DeviceId, Epoch, FeedId, Ordinal, RequestId, RoomId, Seq, Timestamp};
use crate::kinds;

/// The one answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReplyFrame {
    /// The request's.
    pub id: RequestId,
    /// The answer.
    pub reply: Reply,
}

kinds! {
    /// The answer to a request.
    pub enum Reply {
        /// To `Hello`: you are in.
        1 => Welcome,
        /// To any request: no, and why.
        2 => Reject,
        /// To a request with nothing to tell: it is done.
        3 => Done,
        /// To `Ping`.
        4 => Pong,
        /// To `CreateRoom`, `JoinRoom` and `LookUpRoom`.
        10 => RoomInfo,
        /// To `ListRooms`.
        13 => RoomList,
        /// To `Post`: it is stored.
        20 => Receipt,
        /// To `History`.
        21 => Page,
        /// To `ListMembers`.
        30 => MemberList,
        /// To `Whois`.
        31 => Person,
        /// To `Subscribe`.
        40 => FeedStatus,
    }
}

/// You are in.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Welcome {
    /// The protocol version both speak from here on.
    pub version: u16,
    /// Name and version of the server program.
    pub server: String,
    /// Who you are.
    pub account: AccountId,
    /// Your name as you registered it.
    pub name: String,
    /// Which of your devices this is.
    pub device: DeviceId,
    /// Which connection this is.
    pub conn: ConnId,
    /// Whether the name became yours just now.
    pub registered: bool,
    /// The server's time, for display.
    pub now: Timestamp,
    /// Your own feed, the rooms you are a member of, and whatever else was asked to resume.
    pub feeds: Vec<FeedStatus>,
}

/// How a feed stands, and where its events go on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FeedStatus {
    /// Which feed.
    pub feed: FeedId,
    /// Whether the client's position fits.
    pub state: FeedState,
    /// The history the numbers belong to.
    pub epoch: Epoch,
    /// The room's name; empty for an account's feed.
    pub name: String,
    /// Whether the asker is a member.
    pub member: bool,
    /// The newest event.
    pub head: Seq,
    /// The room's messages so far.
    pub head_ordinal: Ordinal,
    /// The oldest event that is kept.
    pub oldest: Seq,
    /// How far the asker's account has read.
    pub read: Seq,
    /// The room's messages up to there.
    pub read_ordinal: Ordinal,
    /// Unread messages that name the asker, at most [`MENTIONS_KEPT_MAX`](crate::limits::MENTIONS_KEPT_MAX).
    pub mentions: Vec<Seq>,
    /// The first event that will be sent. In an account's feed events may be missing in between: older values of a key.
    pub next: Seq,
}

/// Whether a position fits the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub enum FeedState {
    /// It does.
    Live,
    /// Events behind the position are no longer kept; `next` is the oldest one that is, or later.
    Trimmed,
    /// The server knows less than the client, or of another epoch: its data was set back. Forget what you hold.
    Regressed,
    /// The server holds another event at the position. Forget what you hold.
    Diverged,
    /// There is no such feed, or not for you.
    NoAccess,
}

/// When to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Retry {
    /// Not at all: it would fail the same way.
    Never,
    /// After `retry_after_ms`, the same request.
    Later,
    /// After somebody changed something: another name, less text, a right.
    AfterChange,
}

/// Why there is no result. Never closes the connection by itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reject {
    /// What for programs.
    pub code: RejectCode,
    /// When to try again.
    pub retry: Retry,
    /// How long to wait first, milliseconds.
    pub retry_after_ms: u32,
    /// What was wrong and what to do, for people.
    pub message: String,
}

macro_rules! reject_codes {
    ($($(#[$doc:meta])* $number:literal $name:ident $snake:literal $retry:ident,)*) => {
        /// What a reject means, for programs. The numbers are stable; new ones may come.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RejectCode {
            $($(#[$doc])* $name,)*
            /// A number this build doesn't know.
            Unknown(u16),
        }

        impl RejectCode {
            /// Every code this build knows.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The number on the wire.
            #[must_use]
            pub fn number(self) -> u16 {
                match self {
                    $(Self::$name => $number,)*
                    Self::Unknown(number) => number,
                }
            }

            /// The code of a number.
            #[must_use]
            pub fn from_number(number: u16) -> Self {
                match number {
                    $($number => Self::$name,)*
                    unknown => Self::Unknown(unknown),
                }
            }

            /// The name scripts see.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $snake,)*
                    Self::Unknown(_) => "unknown",
                }
            }

            /// When it makes sense to try again after this code.
            #[must_use]
            pub fn retry(self) -> Retry {
                match self {
                    $(Self::$name => Retry::$retry,)*
                    Self::Unknown(_) => Retry::Never,
                }
            }
        }
    };
}

reject_codes! {
    /// The request contradicts itself or a rule of the protocol.
    1 BadRequest "bad_request" Never,
    /// The server doesn't know this kind of request.
    2 Unsupported "unsupported" Never,
    /// No common protocol version.
    3 VersionMismatch "version_mismatch" Never,
    /// A request before login, or a proof that doesn't hold.
    4 Unauthenticated "unauthenticated" AfterChange,
    /// A name breaks a rule.
    5 InvalidName "invalid_name" AfterChange,
    /// Somebody else has the name, or one that looks like it.
    6 NameTaken "name_taken" AfterChange,
    /// The server takes no new accounts.
    7 RegistrationClosed "registration_closed" AfterChange,
    /// There is no such room, or not for you.
    10 NoSuchRoom "no_such_room" AfterChange,
    /// There is no such person.
    11 NoSuchUser "no_such_user" AfterChange,
    /// There is a room of that name, or of one that looks like it.
    12 RoomExists "room_exists" AfterChange,
    /// Only members may.
    13 NotMember "not_member" AfterChange,
    /// You may not.
    14 Forbidden "forbidden" AfterChange,
    /// Something else happened first.
    15 Conflict "conflict" Later,
    /// A text breaks a rule.
    20 InvalidText "invalid_text" AfterChange,
    /// A text is over its limit.
    21 TooLarge "too_large" AfterChange,
    /// A limit is reached; the message says which.
    22 LimitExceeded "limit_exceeded" AfterChange,
    /// Too much in a short time.
    23 SlowDown "slow_down" Later,
    /// The server's disk is full; nothing was stored.
    30 StorageFull "storage_full" Later,
    /// The server can't do it right now; whether it was stored is told to a repetition with the same key.
    31 Unavailable "unavailable" Later,
    /// The server goes down.
    32 ShuttingDown "shutting_down" Later,
    /// A bug of the server's.
    40 Internal "internal" Later,
}

impl Encode for RejectCode {
    fn encode<E: crate::codec::derive::Encoder>(
        &self,
        encoder: &mut E,
    ) -> Result<(), crate::codec::derive::EncodeError> {
        self.number().encode(encoder)
    }
}

impl<Context> Decode<Context> for RejectCode {
    fn decode<D: crate::codec::derive::Decoder<Context = Context>>(
        decoder: &mut D,
    ) -> Result<Self, crate::codec::derive::DecodeError> {
        u16::decode(decoder).map(Self::from_number)
    }
}

crate::codec::derive::impl_borrow_decode!(RejectCode);

/// How long a client waits before it repeats a request that may succeed later, milliseconds, unless told otherwise.
pub const RETRY_AFTER_DEFAULT_MS: u32 = 1_000;

impl Reject {
    /// A reject with its code's own retry class.
    #[must_use]
    pub fn new(code: RejectCode, message: impl Into<String>) -> Self {
        let retry = code.retry();
        let retry_after_ms = if retry == Retry::Later { RETRY_AFTER_DEFAULT_MS } else { 0 };
        Self { code, retry, retry_after_ms, message: message.into() }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code.name())
    }
}

impl std::error::Error for Reject {}

/// It is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Done {}

/// To `Ping`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Pong {
    /// The request's.
    pub token: u64,
    /// The server's time, for display.
    pub now: Timestamp,
}

/// How a room stands for the asker.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RoomInfo {
    /// Which room.
    pub room: RoomId,
    /// The history its numbers belong to.
    pub epoch: Epoch,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub topic: String,
    /// Whether the asker is a member now.
    pub member: bool,
    /// Whether this very request began the room.
    pub created: bool,
    /// How many members it has.
    pub members: u32,
    /// The newest event.
    pub head: Seq,
    /// The room's messages so far.
    pub head_ordinal: Ordinal,
    /// The oldest event that is kept.
    pub oldest: Seq,
    /// How far the asker's account has read.
    pub read: Seq,
    /// The room's messages up to there.
    pub read_ordinal: Ordinal,
}

/// One line of a list of rooms.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RoomSummary {
    /// Which room.
    pub room: RoomId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub topic: String,
    /// Whether the asker is a member.
    pub member: bool,
    /// How many members it has.
    pub members: u32,
}

/// A page of rooms, by number.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RoomList {
    /// The rooms.
    pub rooms: Vec<RoomSummary>,
    /// Whether there are further ones.
    pub more: bool,
}

/// A message is stored, on disk if the server's durability says so.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// Its place in the room.
    pub seq: Seq,
    /// The room's messages up to and including it.
    pub ordinal: Ordinal,
    /// When it was decided.
    pub at: Timestamp,
    /// Whether an earlier request with the same key had stored it already.
    pub duplicate: bool,
}

/// A run of events that are no longer kept, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SeqRange {
    /// The first.
    pub from: Seq,
    /// The last.
    pub to: Seq,
}

/// A page of a room's history: a contiguous run of events, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Page {
    /// The room.
    pub room: RoomId,
    /// The history its numbers belong to.
    pub epoch: Epoch,
    /// The events.
    pub events: Vec<Event>,
    /// The oldest event that is kept.
    pub oldest: Seq,
    /// The newest event.
    pub last: Seq,
    /// Whether kept events lie before this page.
    pub more_before: bool,
    /// Whether events lie behind this page.
    pub more_after: bool,
    /// What the page would have held, were it still kept.
    pub trimmed: Option<SeqRange>,
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Role {
    /// Read and write.
    Member,
    /// The room is his.
    Owner,
}

/// One member of a room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Member {
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// Whether he is there.
    pub presence: Presence,
    /// When he joined.
    pub since: Timestamp,
}

/// A page of members, by account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MemberList {
    /// The members.
    pub members: Vec<Member>,
    /// How many the room has.
    pub total: u32,
    /// Whether there are further ones behind this page.
    pub more: bool,
}

/// What anybody may know of a person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Person {
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// When he took it.
    pub since: Timestamp,
    /// Whether he is there.
    pub presence: Presence,
    /// Rooms the asker and he are both members of.
    pub shared_rooms: Vec<String>,
}
