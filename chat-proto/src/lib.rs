//! The protocol on one page: what is on the wire between a client and a server, and nothing that does IO.
//!
//! * [`id`] and [`name`]: numbers and names, valid if they exist.
//! * [`request`]: what a client may ask; [`reply`]: the one answer each request gets, a result or a [`Reject`].
//! * [`event`]: durable facts, numbered densely per feed; the database row, the frame and the history page are this one type.
//!   [`fact`]: the same, sorted by the feed they belong to.
//! * [`connection`]: which connections a person has, and ending them; [`ban`]: who is kept out; [`defence`]: how much is let happen.
//! * [`setting`]: what can be set in a room.
//! * [`choice`]: what a person sets for himself, requests and events; [`choices`]: what these events add up to.
//! * [`mod@file`]: files that messages carry.
//! * [`search`]: what is asked and found when somebody searches.
//!   [`nick`]: what he is called beside his name; [`seen`]: when he was last there.
//!   [`profile`]: what he shows of himself; [`reach`]: who may write to him.
//! * [`delivery`]: what the server sends unasked, on streams it opens and in datagrams.
//! * [`codec`]: bytes. The only file that names the codec.
//! * [`auth`]: what a device signs to prove itself; [`identity`]: other ways in, devices, owners; [`guest`]: the one
//!   that leaves nothing; [`code`]: codes people type;
//!   [`realm`]: what the server's own feed says; [`close`]: why a connection was closed.
//! * [`limits`]: every bound of the protocol; [`nearest`]: what a mistyped word probably meant, for both ends.
//!
//! `docs/protocol.md` describes the bytes for clients in other languages.

pub mod auth;
pub mod ban;
pub mod bots;
pub mod choice;
pub mod choices;
pub mod close;
pub mod code;
pub mod codec;
pub mod connection;
pub mod defence;
pub mod delivery;
pub mod event;
pub mod fact;
pub mod file;
pub mod guest;
pub mod id;
pub mod identity;
pub mod invite;
pub mod limits;
pub mod name;
pub mod nearest;
pub mod nick;
pub mod password;
pub mod profile;
pub mod reach;
pub mod realm;
pub mod reject;
pub mod reply;
pub mod request;
pub mod search;
pub mod seen;
pub mod setting;
pub mod text;
pub mod token;

pub use choice::Notify;
pub use choices::Choices;
pub use close::CloseCode;
pub use codec::{CodecError, FrameBuffer};
pub use defence::DefenceLevel;
pub use delivery::{ClientSignal, Delivery, Presence, PresenceEntry, StreamHeader};
pub use event::{CompactionKey, Event, EventBody, Extra, List, Message, Named, Style};
pub use fact::{AccountFact, ChoiceFact, Fact, RoomFact, ServerFact};
pub use file::{Attached, FileName, MediaType};
pub use id::{
    AccountId, Chain, ConnId, DeviceId, DeviceKey, Epoch, FeedId, FileHash, InviteId, MessageKey, Ordinal, RequestId,
    RoomId, SecretHash, Seq, Timestamp,
};
pub use name::{NameError, RoomName, UserName};
pub use nick::NickPolicy;
pub use profile::Status;
pub use reach::DirectPolicy;
pub use reject::{Reject, RejectCode, Retry};
pub use reply::{FeedState, FeedStatus, Reply, ReplyFrame, Role, RoomInfo};
pub use request::{Anchor, Auth, Position, Request, RequestFrame, RoomRef, UserRef};
pub use seen::SeenPolicy;
pub use setting::RoomSetting;
pub use text::{Line, Text, TextError};

/// The newest protocol version this crate speaks.
pub const VERSION: u16 = 1;

/// The oldest protocol version this crate speaks.
pub const VERSION_MIN: u16 = 1;

/// The TLS application protocol (RFC 7301) of both ends.
pub const ALPN: &[u8] = b"chat/1";

/// The UDP port a server listens on, and a client dials, when none is named.
pub const PORT_DEFAULT: u16 = 4433;
