//! Answers: the result of a request, or why there is none.

mod room;

use crate::ban::BanList;
use crate::bots::{BotTokenList, BotTokenMade};
use crate::codec::{Decode, Encode};
use crate::connection::{DeviceMessagePassed, SessionList};
use crate::defence::Defence;
use crate::delivery::Presence;
use crate::event::Event;
use crate::file::{FileFrom, UploadFrom};
use crate::id::{AccountId, ConnId, DeviceId, Epoch, FeedId, Ordinal, RequestId, RoomId, Seq, Timestamp};
use crate::identity::{AuditPage, DeviceList, LinkCode, RecoveryCode};
use crate::invite::{Invite, InviteList};
use crate::kinds;
use crate::nick::Nicks;
use crate::profile::Profile;
use crate::reach::{MentionList, ReadMarkList};
pub use room::{
    BatchReceipt, BatchResult, Explained, Fold, FoldList, ListEntries, ListEntry, PinList, Reaction, RoomDetails,
};

pub use crate::reject::{RETRY_AFTER_DEFAULT_MS, Reject, RejectCode, Retry};
use crate::search::SearchHits;
use crate::seen::LastSeen;

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
        /// To `DescribeRoom`.
        18 => RoomDetails,
        /// To `Explain`.
        19 => Explained,
        /// To `Post` and everything else that becomes an event of a room: it is stored.
        20 => Receipt,
        /// To `History`.
        21 => Page,
        /// To `PostBatch`.
        28 => BatchReceipt,
        /// To `ListMembers`.
        30 => MemberList,
        /// To `Whois`.
        31 => Person,
        /// To `Subscribe`.
        40 => FeedStatus,
        /// To `ReadList`.
        54 => ListEntries,
        /// To `ListFolds`.
        59 => FoldList,
        /// To `ListPins`.
        60 => PinList,
        /// To `ListAudit`.
        101 => AuditPage,
        /// To `MakeLinkCode`.
        102 => LinkCode,
        /// To `ListDevices`.
        103 => DeviceList,
        /// To `MakeRecoveryCode`.
        106 => RecoveryCode,
        /// To `MakeInvite`.
        107 => Invite,
        /// To `ListInvites`.
        108 => InviteList,
        /// To `MakeBotToken`.
        110 => BotTokenMade,
        /// To `ListBotTokens`.
        111 => BotTokenList,
        /// To `ListSessions`.
        130 => SessionList,
        /// To `DeviceMessage`.
        132 => DeviceMessagePassed,
        /// To `ListBans`.
        135 => BanList,
        /// To `AskSeen`.
        136 => LastSeen,
        /// To `SetDefence` and `AskDefence`.
        140 => Defence,
        /// To `SetNick` and `GetNicks`.
        143 => Nicks,
        /// To `GetProfile`.
        157 => Profile,
        /// To `ListMentions`.
        161 => MentionList,
        /// To `ListReadMarks`.
        163 => ReadMarkList,
        /// To `Search`.
        180 => SearchHits,
        /// To `Upload`, at once; the second answer, when the bytes are there, is `Done`.
        190 => UploadFrom,
        /// To `Download`.
        191 => FileFrom,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Role {
    /// Read and write.
    Member,
    /// The room is his.
    Owner,
    /// Keeps order: removes messages, puts people out, mutes and bans them.
    Moderator,
    /// May all that the owner may, but give the room away, delete it, or make admins.
    Admin,
}

impl Role {
    /// How much he may, to be compared: a member least, the owner most.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Member => 0,
            Self::Moderator => 1,
            Self::Admin => 2,
            Self::Owner => 3,
        }
    }

    /// The name scripts and people see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
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
