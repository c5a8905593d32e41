//! Why there is no result: stable numbers for programs, words for people, and when to try again.

use std::fmt;

use crate::codec::{Decode, Encode, derive};

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
    /// You are banned here.
    16 Banned "banned" AfterChange,
    /// You are muted here.
    17 Muted "muted" AfterChange,
    /// The room is archived: it is only read.
    18 Archived "archived" AfterChange,
    /// There is no such message, or not for you.
    19 NoSuchMessage "no_such_message" AfterChange,
    /// A text breaks a rule.
    20 InvalidText "invalid_text" AfterChange,
    /// A text is over its limit.
    21 TooLarge "too_large" AfterChange,
    /// A limit is reached; the message says which.
    22 LimitExceeded "limit_exceeded" AfterChange,
    /// Too much in a short time.
    23 SlowDown "slow_down" Later,
    /// The room refuses a word in it.
    24 Filtered "filtered" AfterChange,
    /// The server's disk is full; nothing was stored.
    30 StorageFull "storage_full" Later,
    /// The server can't do it right now; whether it was stored is told to a repetition with the same key.
    31 Unavailable "unavailable" Later,
    /// The server goes down.
    32 ShuttingDown "shutting_down" Later,
    /// The account has no such connection.
    60 NoSuchSession "no_such_session" AfterChange,
    /// A search query can't be read.
    80 BadQuery "bad_query" AfterChange,
    /// The server keeps no search index.
    81 SearchOff "search_off" AfterChange,
    /// There is no such file from you: its bytes were not sent, or too long ago, or the message carries none.
    90 NoSuchFile "no_such_file" AfterChange,
    /// The server takes no files.
    91 FilesOff "files_off" AfterChange,
    /// The server takes no files of this media type; the message says which it takes.
    92 FileTypeRefused "file_type_refused" AfterChange,
    /// The account has a connection already, and this server allows it no second one.
    61 AlreadyConnected "already_connected" Later,
    /// The account, the device or the address is kept out of this server.
    62 BannedFromServer "banned_from_server" AfterChange,
    /// The server defends itself; the message says what it lets happen.
    64 UnderDefence "under_defence" Later,
    /// He does not show that to you.
    63 NotShown "not_shown" AfterChange,
    /// A bug of the server's.
    40 Internal "internal" Later,
    /// A code that opens nothing: mistyped, used up, too old, or replaced by a newer one.
    50 WrongCode "wrong_code" AfterChange,
    /// Too many wrong guesses from this place at this name; the right one would be refused too.
    51 CodeBlocked "code_blocked" Later,
    /// The device's key was revoked by the account's owner.
    52 DeviceRevoked "device_revoked" AfterChange,
    /// The account has no such device.
    53 NoSuchDevice "no_such_device" AfterChange,
    /// A token that is none, is of nobody the server trusts, or isn't for this server.
    54 InvalidToken "invalid_token" AfterChange,
    /// A token that is no longer valid, or not yet.
    55 ExpiredToken "expired_token" AfterChange,
    /// The server takes new accounts by invitation only.
    56 InviteNeeded "invite_needed" AfterChange,
    /// An invitation that opens nothing: mistyped, revoked, for another room, or of somebody who may not invite any more.
    57 InvalidInvite "invalid_invite" AfterChange,
    /// An invitation that is too old, or let in as many as it was for.
    58 SpentInvite "spent_invite" AfterChange,
    /// There is no such invitation or token, or it is not the asker's.
    59 NoSuchGrant "no_such_grant" AfterChange,
    /// He takes no messages from you.
    70 NotReachable "not_reachable" AfterChange,
}

impl Encode for RejectCode {
    fn encode<E: derive::Encoder>(&self, encoder: &mut E) -> Result<(), derive::EncodeError> {
        self.number().encode(encoder)
    }
}

impl<Context> Decode<Context> for RejectCode {
    fn decode<D: derive::Decoder<Context = Context>>(decoder: &mut D) -> Result<Self, derive::DecodeError> {
        u16::decode(decoder).map(Self::from_number)
    }
}

derive::impl_borrow_decode!(RejectCode);

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
