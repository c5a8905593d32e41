//! The client without a screen: one handle for the terminal and for bots.
//!
//! A [`Client`] keeps one session alive: it dials, proves who it is, resumes where it was, sends what the outbox holds, and
//! tells everything through one bounded queue of [`ClientEvent`]s. Whoever reads that queue slowly slows only his own streams.

mod backoff;
pub mod cache;
mod cache_writer;
mod environment;
mod feeds;
mod files;
pub mod folds;
mod handle;
mod identity;
mod journal;
mod keyed;
mod link;
mod online;
mod outbox;
mod outbox_file;
mod parting;
mod proof;
mod session;
mod settings;
mod transport;
pub mod trust;
mod verify;
pub mod view;

use std::time::Duration;

pub(crate) use environment::bind;
pub use environment::{Clock, Environment, Network, Random, RealNetwork, Writing};
pub use files::{AT_ONCE, Fetched, FileToSend, Progress, Sent, Stage, Target, Transfer, TransferError, media_type};
pub use handle::{CallError, Client, SendError, StartError};
pub use identity::GuestKey;
pub use outbox::Kept;
pub use proof::{Login, Token};
pub use settings::{
    AddressError, AskTrust, BACKLOG_EVENTS, Backlog, Beside, Question, ServerAddress, Settings, TrustAnswer,
    TrustPolicy, default_data_dir, is_fingerprint,
};

use chat_proto::connection::{DeviceTold, SessionDown, SessionUp};
use chat_proto::delivery::{Announced, Ended, Events, Greeting, RoomPresence, Trimmed, Typing};
use chat_proto::nick::NickChanged;
use chat_proto::profile::UserState;
use chat_proto::reply::{Receipt, Welcome};
use chat_proto::{FeedStatus, MessageKey, Reject, RoomId, Seq, Style};

/// Where the connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Dialling, shaking hands, logging in.
    Connecting,
    /// Logged in; what is sent goes out at once.
    Online,
    /// Not connected; tried again after `retry_in`.
    Waiting {
        /// Until the next try.
        retry_in: Duration,
        /// What went wrong, for people.
        reason: String,
    },
}

/// A message on its way, as the outbox keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Names the message; sent again under it until it is acknowledged.
    pub key: MessageKey,
    /// Where to.
    pub room: RoomId,
    /// How it is meant.
    pub style: Style,
    /// The words.
    pub text: String,
    /// The message it answers.
    pub reply_to: Option<Seq>,
    /// Set when the server refused it: kept until the person sends it again or throws it away.
    pub refused: Option<Reject>,
}

/// What the session tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// The connection changed.
    Link(LinkState),
    /// Logged in. The feeds of the welcome that regressed or diverged have been forgotten by the cache already.
    Welcome(Welcome),
    /// The smoothed round-trip time, when it changed noticeably.
    RoundTrip(Duration),
    /// A subscribed feed began, on this or another connection of the account.
    Began(FeedStatus),
    /// Events of a feed, in order and without repeats: in a room each continues exactly where the last ended, or where the
    /// feed's status said it would.
    Events(Events),
    /// Events that are no longer kept were to come.
    Trimmed(Trimmed),
    /// A feed comes no more.
    Ended(Ended),
    /// Who of a room's members is there changed.
    Presence(RoomPresence),
    /// Somebody is writing, or no more.
    Typing(Typing),
    /// What somebody shows of himself changed.
    UserState(UserState),
    /// Somebody told those who are in a room something that is not stored.
    Announced(Announced),
    /// What the server calls itself and tells whoever logs in.
    Greeting(Greeting),
    /// Somebody, or the account itself, is called something else.
    Nick(NickChanged),
    /// Who a conversation is with became known.
    Others {
        /// Which.
        room: RoomId,
        /// Everybody but the account itself, by name.
        others: Vec<String>,
    },
    /// News of the account's other connections.
    Company(Company),
    /// A message entered the outbox, here or in a former life of this client.
    Queued(Outgoing),
    /// A message left the outbox: it is stored.
    Sent {
        /// Which.
        key: MessageKey,
        /// Where to.
        room: RoomId,
        /// Its place.
        receipt: Receipt,
    },
    /// The server refused a message for good; it stays in the outbox until [`Client::retry`] or [`Client::discard`].
    Refused(Outgoing),
    /// The session ended and will not come back by itself.
    Stopped(StopReason),
}

/// News of the account's other connections. Some may be missing while this one does not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Company {
    /// One logged in.
    Up(SessionUp),
    /// One ended.
    Down(SessionDown),
    /// One told this one something.
    Told(DeviceTold),
}

/// Why a session ended for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It was asked to.
    Quit,
    /// The server refused the login.
    Refused(Reject),
    /// The server's key is not the one that is trusted; the text says what to do.
    Untrusted(String),
    /// The two speak no common protocol version.
    Version(String),
    /// The server ended it: from another of the person's devices, for a ban, after a long silence; in its words.
    Ended(String),
    /// Trying again would fail the same way: no such host, no right to read the key file.
    Failed(String),
}

/// Foreign words for one line of ours: no control characters, and not many.
fn clean_reason(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON_CHARS_MAX).collect()
}

/// Characters of a reason the server gave that are shown.
const REASON_CHARS_MAX: usize = 200;
