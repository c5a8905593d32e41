//! What a program reads: one JSON object per line. The fields and their order are a contract; `docs/bots.md` describes it.

pub mod choice;
mod company;
pub mod extras;
pub mod fact;
pub mod opened;
pub mod setting;

use std::io;

use chat_proto::event::{Created, Joined, Left};
use chat_proto::reply::SeqRange;
use chat_proto::{AccountId, Event, Presence, RoomFact, Seq, Style, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use self::choice::ChoiceLine;
use self::extras::Extras;
use self::fact::FactLine;
use self::opened::OpenedLine;

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Who {
    /// The account, `u_17`.
    pub id: String,
    /// His name.
    pub name: String,
}

impl Who {
    /// Somebody by his account and name.
    #[must_use]
    pub fn new(account: AccountId, name: impl Into<String>) -> Self {
        Self { id: user_id(account), name: name.into() }
    }
}

/// How an account's number is written.
#[must_use]
pub fn user_id(account: AccountId) -> String {
    format!("u_{account}")
}

/// How a room is written.
#[must_use]
pub fn room_name(name: &str) -> String {
    format!("#{name}")
}

/// A room as the first line has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadyRoom {
    /// `#name`.
    pub room: String,
    /// The newest event.
    pub head: u64,
    /// How far the account has read.
    pub read: u64,
}

/// Where the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Net {
    /// Logged in.
    Online,
    /// Dialling.
    Connecting,
    /// Waiting for the next try.
    Reconnecting,
}

/// Whether somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum There {
    /// Not connected.
    Offline,
    /// Connected.
    Online,
    /// Connected, but gone for a while.
    Away,
}

impl From<Presence> for There {
    fn from(presence: Presence) -> Self {
        match presence {
            Presence::Offline => Self::Offline,
            Presence::Online => Self::Online,
            Presence::Away => Self::Away,
        }
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// One event of the contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "ev", rename_all = "snake_case")]
pub enum Line {
    /// The first line: who it is, and the rooms it is in.
    Ready {
        /// The version of the contract.
        v: u32,
        /// Who it is.
        #[serde(rename = "self")]
        me: Who,
        /// The server's host.
        server: String,
        /// The rooms it is in.
        rooms: Vec<ReadyRoom>,
    },
    /// Somebody wrote a message.
    Message {
        /// Where.
        room: String,
        /// Its number.
        seq: u64,
        /// When, RFC 3339 in UTC.
        ts: String,
        /// Who.
        from: Who,
        /// The words.
        text: String,
        /// Whether it was done rather than said.
        #[serde(skip_serializing_if = "is_false")]
        action: bool,
        /// Whether it names the reader.
        mention: bool,
        /// What there is beside the words.
        #[serde(flatten)]
        extras: Extras,
        /// Whether it is older than the connection.
        replay: bool,
    },
    /// Somebody became a member.
    Join {
        /// Where.
        room: String,
        /// Its number.
        seq: u64,
        /// When.
        ts: String,
        /// Who.
        user: String,
        /// Whether it is older than the connection.
        replay: bool,
    },
    /// Somebody is no member any more.
    Part {
        /// Where.
        room: String,
        /// Its number.
        seq: u64,
        /// When.
        ts: String,
        /// Who.
        user: String,
        /// Why, in his words.
        #[serde(skip_serializing_if = "String::is_empty")]
        reason: String,
        /// Whether it is older than the connection.
        replay: bool,
    },
    /// The account has read up to here, on whichever of its devices.
    Read {
        /// Where.
        room: String,
        /// Up to here.
        seq: u64,
    },
    /// Somebody came or went.
    Presence {
        /// Who.
        user: String,
        /// Whether he is there.
        state: There,
    },
    /// Somebody is writing, or no more.
    Typing {
        /// Where.
        room: String,
        /// Who.
        user: String,
        /// Whether he is writing.
        active: bool,
    },
    /// What the server calls itself, and its message of the day.
    Greeting {
        /// Its name; may be empty.
        name: String,
        /// The message, of several lines; may be empty.
        motd: String,
    },
    /// Another connection of the account began or ended.
    Session {
        /// Which one.
        conn: String,
        /// The device at its other end.
        device: String,
        /// Whether it began.
        up: bool,
        /// The client program, in its own words; empty for one that ended.
        #[serde(skip_serializing_if = "String::is_empty")]
        client: String,
        /// How many connections the account has now.
        sessions: u32,
    },
    /// Another connection of the account told this one something.
    DeviceMessage {
        /// Which one.
        conn: String,
        /// The device at its other end.
        device: String,
        /// What, if it is text.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// What, if it is none: two digits a byte.
        #[serde(skip_serializing_if = "Option::is_none")]
        hex: Option<String>,
    },
    /// The connection changed.
    State {
        /// How it stands.
        net: Net,
        /// Until the next try, milliseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        in_ms: Option<u64>,
        /// Why, for people.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Events that are no longer kept.
    Gap {
        /// Where.
        room: String,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The room's data was set back at the server: its numbers begin anew, and all of it follows.
    Reset {
        /// Where.
        room: String,
    },
    /// Somebody told those who are there something that is not stored.
    Announce {
        /// Where.
        room: String,
        /// Who.
        from: Who,
        /// The words.
        text: String,
        /// Whether it was done rather than said.
        #[serde(skip_serializing_if = "is_false")]
        action: bool,
    },
    /// Anything else that happens in a room.
    #[serde(untagged)]
    Fact(FactLine),
    /// The account set something for itself, on whichever of its devices; or somebody shows something else of himself.
    #[serde(untagged)]
    Choice(ChoiceLine),
    /// What opens the account changed.
    #[serde(untagged)]
    Opened(OpenedLine),
}

impl Line {
    /// What an event of a room is to a program. Nothing, if the contract has no line for it.
    #[must_use]
    pub fn of_event(name: &str, event: &Event, me: AccountId, replay: bool) -> Option<Self> {
        let (room, seq, ts) = (room_name(name), event.seq.0, rfc3339(event.at));
        if let Some(message) = event.body.message() {
            return Some(Self::Message {
                room,
                seq,
                ts,
                from: Who::new(event.by, message.name),
                text: message.text.to_owned(),
                action: message.style == Style::Action,
                mention: event.by != me && message.mentions.contains(&me),
                extras: Extras::of(message),
                replay,
            });
        }
        match event.body.room_fact()? {
            RoomFact::Created(Created { name, .. }) | RoomFact::Joined(Joined { name }) => {
                Some(Self::Join { room, seq, ts, user: name.clone(), replay })
            }
            RoomFact::Left(Left { name, reason }) => {
                Some(Self::Part { room, seq, ts, user: name.clone(), reason: reason.clone(), replay })
            }
            RoomFact::DirectCreated(_)
            | RoomFact::Posted(_)
            | RoomFact::PostedWith(_)
            | RoomFact::Edited(_)
            | RoomFact::Redacted(_)
            | RoomFact::RedactedFor(_)
            | RoomFact::Reacted(_)
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
            | RoomFact::ErasedFor(_) => FactLine::of_event(name, event, replay).map(Self::Fact),
        }
    }

    /// A run of events that are no longer kept.
    #[must_use]
    pub fn gap(room: &str, SeqRange { from: Seq(from), to: Seq(to) }: SeqRange) -> Self {
        Self::Gap { room: room_name(room), from, to }
    }
}

/// A time as RFC 3339 in UTC, to the millisecond.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
    format!("{at:.3}")
}

/// A value as one line of JSON in which no character is one that a terminal obeys.
#[must_use]
pub fn json(value: &impl Serialize) -> String {
    let mut bytes = Vec::with_capacity(LINE_BYTES_USUAL);
    let mut serializer = Serializer::with_formatter(&mut bytes, Harmless);
    // Our own lines always become JSON: their keys are strings.
    let _ = value.serialize(&mut serializer);
    String::from_utf8(bytes).unwrap_or_default()
}

/// Compact JSON that escapes every control character, and what reorders or hides text.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_obeyed(*c)) {
            CompactFormatter.write_string_fragment(writer, &rest[..at])?;
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }
}

/// Whether a terminal might do something else with a character than show it. The C0 controls are escaped by any JSON.
fn is_obeyed(c: char) -> bool {
    matches!(c,
        '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{206f}' | '\u{feff}')
}

/// The version of the contract.
pub const VERSION: u32 = 1;

/// Bytes most lines need.
const LINE_BYTES_USUAL: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_written_as_the_contract_has_it() {
        let line = Line::Message {
            room: "#ci".to_owned(),
            seq: 8123,
            ts: rfc3339(Timestamp(1_763_641_143_412_999)),
            from: Who::new(AccountId(2), "bob"),
            text: "!ping".to_owned(),
            action: false,
            mention: false,
            extras: Extras::default(),
            replay: false,
        };
        let expected = r##"{"ev":"message","room":"#ci","seq":8123,"ts":"2025-11-20T12:19:03.412Z","from":{"id":"u_2","name":"bob"},"text":"!ping","mention":false,"replay":false}"##;
        assert_eq!(json(&line), expected);
    }

    #[test]
    fn no_character_of_a_line_is_obeyed_by_a_terminal() {
        for code in (0..0x3000).chain([0xfeff, 0x1f600]) {
            let Some(c) = char::from_u32(code) else { continue };
            let written = json(&format!("a{c}b"));
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), format!("a{c}b"));
            assert!(!written.chars().any(|c| c.is_control() || is_obeyed(c)), "{code:04x}: {written:?}");
        }
    }
}
