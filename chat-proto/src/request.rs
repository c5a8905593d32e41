//! What a client may ask. One struct per request; each gets exactly one [`Reply`](crate::Reply).

mod hello;
mod message;
mod room;

use crate::ban::{BanFromServer, LiftBan, ListBans, PurgeFromServer};
use crate::bots::{ListBotTokens, MakeBotToken, RevokeBotToken};
use crate::choice::{Ignore, PinRoom, SetDraft, SetNotify, SetSetting};
use crate::codec::{Decode, Encode};
use crate::connection::{DeviceMessage, EndSession, ListSessions};
use crate::defence::{AskDefence, SetDefence};
use crate::event::Style;
use crate::file::{Download, Upload};
use crate::id::{AccountId, FeedId, MessageKey, RequestId, RoomId, Seq};
use crate::identity::{ClaimServer, ListAudit, ListDevices, MakeLinkCode, MakeRecoveryCode, RevokeDevice};
use crate::invite::{ListInvites, MakeInvite, RevokeInvite};
use crate::kinds;
use crate::nick::{GetNicks, SetNick};
use crate::password::SetPassword;
use crate::profile::{GetProfile, SetState, SetStatus};
use crate::reach::{Block, ListMentions, ListReadMarks, OpenDirect, SetContact, SetDirectPolicy};
use crate::search::Search;
use crate::seen::{AskSeen, SetSeenPolicy};

pub use hello::{Auth, DeviceAuth, Hello, Position};
pub use message::{Announce, BatchItem, Edit, Forward, ListFolds, ListPins, Pin, PostBatch, PostWith, React, Redact};
pub use room::{
    AuditRoom, BanAndPurge, ChangeRoom, CreateRoomWith, DeleteRoom, DescribeRoom, Explain, Kick, ListRooms, LookUpRoom,
    Purge, PutOnList, ReadList, RenameRoom, SetRole, TakeOffList, TransferRoom, UserRef,
};

/// A request on the control stream, or alone on a short bidirectional stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RequestFrame {
    /// Carried back by the reply.
    pub id: RequestId,
    /// What is asked.
    pub request: Request,
}

kinds! {
    /// What is asked.
    pub enum Request {
        /// Who is there, and what he holds. The first request, and the only one before login.
        1 => Hello,
        /// Are you there?
        2 => Ping,
        /// Begin a room and become its owner and first member.
        10 => CreateRoom,
        /// Become a member.
        11 => JoinRoom,
        /// Stop being a member.
        12 => LeaveRoom,
        /// Which rooms are there?
        13 => ListRooms,
        /// What is this room? Joins nothing.
        14 => LookUpRoom,
        /// Change settings of a room.
        15 => ChangeRoom,
        /// Give a room another name.
        16 => RenameRoom,
        /// Delete a room.
        17 => DeleteRoom,
        /// How is a room set, and what may I do in it?
        18 => DescribeRoom,
        /// May I do this, and if not, why?
        19 => Explain,
        /// Write a message.
        20 => Post,
        /// Read a page of a room.
        21 => History,
        /// Everything up to here is read.
        22 => MarkRead,
        /// Write a message with something beside its words.
        23 => PostWith,
        /// Change the words of a message.
        24 => Edit,
        /// Remove a message.
        25 => Redact,
        /// React to a message, or take it back.
        26 => React,
        /// Pin a message, or no more.
        27 => Pin,
        /// Write several messages.
        28 => PostBatch,
        /// Tell those who are there, and store nothing.
        29 => Announce,
        /// Who is a member?
        30 => ListMembers,
        /// Who is this?
        31 => Whois,
        /// Send this feed's events from here on.
        40 => Subscribe,
        /// Send this feed's events no more.
        41 => Unsubscribe,
        /// Give this room its own stream; the one before goes back to the background.
        42 => Focus,
        /// Give a member another role.
        50 => SetRole,
        /// Give a room to another member.
        51 => TransferRoom,
        /// Ban, mute or invite somebody.
        52 => PutOnList,
        /// Take a ban, a mute or an invitation back.
        53 => TakeOffList,
        /// Who is banned, muted or invited?
        54 => ReadList,
        /// Put a member out.
        55 => Kick,
        /// Remove all of a person's messages.
        56 => Purge,
        /// What was done by those who may?
        57 => AuditRoom,
        /// Copy a message to another room.
        58 => Forward,
        /// How do messages stand now?
        59 => ListFolds,
        /// Which messages are pinned?
        60 => ListPins,
        /// Begin a room with settings of its own.
        61 => CreateRoomWith,
        /// Become the server's owner.
        100 => ClaimServer,
        /// What was done about the server?
        101 => ListAudit,
        /// Make a code that adds a device to my account.
        102 => MakeLinkCode,
        /// Which devices open my account?
        103 => ListDevices,
        /// A device of my account opens nothing any more.
        105 => RevokeDevice,
        /// Make a code for when all devices are lost.
        106 => MakeRecoveryCode,
        /// Make an invitation.
        107 => MakeInvite,
        /// Which invitations are there?
        108 => ListInvites,
        /// An invitation lets nobody in any more.
        109 => RevokeInvite,
        /// Make a token for a bot of mine.
        110 => MakeBotToken,
        /// Which tokens do my bots have?
        111 => ListBotTokens,
        /// A token lets nobody in any more.
        112 => RevokeBotToken,
        /// Give the account a password that links devices, or take it away.
        113 => SetPassword,
        /// Which connections does my account have?
        130 => ListSessions,
        /// End a connection of my account.
        131 => EndSession,
        /// Tell my other connections something.
        132 => DeviceMessage,
        /// Keep somebody out of the server.
        133 => BanFromServer,
        /// Keep somebody out no more.
        134 => LiftBan,
        /// Who is kept out of the server?
        135 => ListBans,
        /// When was somebody last there?
        136 => AskSeen,
        /// Choose who is told when I was last there.
        137 => SetSeenPolicy,
        /// Ban somebody from a room, and remove what he wrote there.
        138 => BanAndPurge,
        /// Remove what somebody wrote everywhere.
        139 => PurgeFromServer,
        /// Set how much the server lets happen.
        140 => SetDefence,
        /// How much does the server let happen?
        141 => AskDefence,
        /// Be called something.
        142 => SetNick,
        /// What are they called?
        143 => GetNicks,
        /// Keep a message that is begun, for every device.
        150 => SetDraft,
        /// Choose what of a room to be told about.
        151 => SetNotify,
        /// Make a room a favourite, or no more.
        152 => PinRoom,
        /// Keep a setting of the client's own.
        153 => SetSetting,
        /// Ignore somebody, or no more.
        154 => Ignore,
        /// Say something of oneself.
        155 => SetStatus,
        /// Change the values one's programs keep.
        156 => SetState,
        /// Who is this, and what does he show?
        157 => GetProfile,
        /// Let somebody write no more, or again.
        158 => Block,
        /// Make somebody a contact, or no more.
        159 => SetContact,
        /// Choose who may write to one.
        160 => SetDirectPolicy,
        /// Which unread messages name me?
        161 => ListMentions,
        /// Go to the conversation with some people.
        162 => OpenDirect,
        /// How far have the members of a room read?
        163 => ListReadMarks,
        /// Which messages are there with these words?
        180 => Search,
        /// Take the bytes of a file.
        190 => Upload,
        /// Give the bytes of the file a message carries.
        191 => Download,
    }
}

/// Are you there?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ping {
    /// Carried back by the reply.
    pub token: u64,
}

/// A room, by whichever the client has.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum RoomRef {
    /// By number.
    Id(RoomId),
    /// By name, with or without `#`, case and look-alikes folded.
    Name(String),
}

/// Begin a room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CreateRoom {
    /// Names this command; a repetition answers with the first result.
    pub key: MessageKey,
    /// The room's name.
    pub name: String,
    /// What it is about; may be empty.
    pub topic: String,
}

/// Become a member of a room. Being one already is no error.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct JoinRoom {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomRef,
    /// Begin the room if there is none of that name and the server allows it.
    pub create: bool,
}

/// Stop being a member of a room. Being none already is no error.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LeaveRoom {
    /// Names this command.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// Why; may be empty.
    pub reason: String,
}

/// Write a message into a room one is a member of.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Post {
    /// Names this message; a repetition answers with the first result and stores nothing.
    pub key: MessageKey,
    /// Which room.
    pub room: RoomId,
    /// How it is meant.
    pub style: Style,
    /// The words; see [`crate::text::Text`].
    pub text: String,
}

/// Where a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Anchor {
    /// The events just before this seq; [`Seq::MAX`] for the newest ones.
    Before(Seq),
    /// The events just after this seq.
    After(Seq),
    /// This seq in the middle: up to half the page before it, the rest from it on.
    Around(Seq),
}

/// Read a page of a room's history.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct History {
    /// Which room.
    pub room: RoomId,
    /// Where.
    pub anchor: Anchor,
    /// At most that many events, and never more than [`PAGE_EVENTS_MAX`](crate::limits::PAGE_EVENTS_MAX).
    pub limit: u16,
}

/// Everything in a room up to a seq is read. A marker behind the present one changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MarkRead {
    /// Which room.
    pub room: RoomId,
    /// Up to here; the room's head if it is less.
    pub seq: Seq,
}

/// Who is a member of a room?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ListMembers {
    /// Which room.
    pub room: RoomId,
    /// Begin behind this account; 0 for the first page.
    pub after: AccountId,
    /// At most that many, and never more than [`LIST_PAGE_MAX`](crate::limits::LIST_PAGE_MAX).
    pub limit: u16,
}

/// Who is this?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Whois {
    /// The name, case and look-alikes folded.
    pub name: String,
}

/// Send a feed's events from a position on. A second subscription to the same feed replaces the first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Subscribe {
    /// Where to begin: behind this position.
    pub from: Position,
}

/// Send a feed's events no more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Unsubscribe {
    /// Which feed.
    pub feed: FeedId,
}

/// Give a subscribed room its own stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Focus {
    /// Which room; none takes the focus away.
    pub room: Option<RoomId>,
}
