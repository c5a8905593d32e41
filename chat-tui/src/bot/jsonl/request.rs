//! What a program may ask for, one JSON object a line.

use chat_proto::limits::PAGE_EVENTS_MAX;
use chat_proto::{AccountId, Anchor, Reject, Retry, RoomId, RoomName, Seq};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::bans::Bans;
use super::choose::Choose;
use super::connections::Connections;
use super::files::Files;
use super::identity;
use super::invites::Invites;
use super::message::{Data, Treat};
use super::moderate::Moderate;
use super::person::About;
use super::tokens::Tokens;
use crate::bot::contract::{DRY_RUN, contract};

/// A request of the program.
#[derive(Debug)]
pub(super) struct Request {
    /// Carried back by the answer; null if there was none.
    pub(super) id: Value,
    /// What the op is called.
    pub(super) name: &'static str,
    /// What is asked.
    pub(super) op: Op,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Join(InRoom),
    Part(Part),
    Create(Create),
    Send(Send),
    Read(At),
    Typing(Typing),
    History(RoomName, Anchor, u16),
    Members(Members),
    Subscribe(Subscribe),
    Unsubscribe(InRoom),
    Rooms(ListRooms),
    Search(Search),
    Ping,
    Ack(At),
    Choose(Choose),
    Identity(identity::Op),
    Connections(Connections),
    Bans(Bans),
    Invites(Invites),
    Tokens(Tokens),
    About(About),
    Moderate(Moderate),
    Treat(Treat),
    Files(Files),
}

/// A room and nothing else.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InRoom {
    #[serde(deserialize_with = "room")]
    pub(super) room: RoomName,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    #[serde(deserialize_with = "room")]
    pub(super) room: RoomName,
    #[serde(default)]
    pub(super) reason: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Create {
    #[serde(deserialize_with = "room")]
    pub(super) room: RoomName,
    #[serde(default)]
    pub(super) topic: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    #[serde(deserialize_with = "room")]
    pub(super) room: RoomName,
    pub(super) text: String,
    #[serde(default)]
    pub(super) action: bool,
    pub(super) key: Option<String>,
    /// The message it answers.
    pub(super) reply_to: Option<u64>,
    /// Who may see it, by name; everybody unless given.
    pub(super) visible_to: Option<Vec<String>>,
    /// Data for programs.
    pub(super) custom: Option<Data>,
}

/// A place in a room.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct At {
    #[serde(deserialize_with = "room")]
    pub(super) room: RoomName,
    pub(super) seq: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typing {
    #[serde(deserialize_with = "room")]
    pub(super) room: RoomName,
    #[serde(default = "yes")]
    pub(super) active: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct History {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    before: Option<u64>,
    after: Option<u64>,
    around: Option<u64>,
    #[serde(default = "page_usual")]
    limit: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Members {
    #[serde(deserialize_with = "room")]
    pub(super) room: RoomName,
    /// Behind this account, `u_17`.
    #[serde(default, deserialize_with = "after_user")]
    pub(super) after: AccountId,
    #[serde(default = "list_max")]
    pub(super) limit: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListRooms {
    /// Behind this room, `r_17`.
    #[serde(default, deserialize_with = "after_room")]
    pub(super) after: RoomId,
    #[serde(default = "list_max")]
    pub(super) limit: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subscribe {
    #[serde(deserialize_with = "room")]
    pub(super) room: RoomName,
    /// Begin with this event; with the next one unless given.
    pub(super) from: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    pub(super) query: String,
    #[serde(default, deserialize_with = "maybe_room")]
    pub(super) room: Option<RoomName>,
    /// The `next` of the page before.
    #[serde(default)]
    pub(super) after: u64,
    #[serde(default = "hits_usual")]
    pub(super) limit: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

pub(super) fn yes() -> bool {
    true
}

fn page_usual() -> u16 {
    50
}

fn hits_usual() -> u16 {
    20
}

pub(super) fn list_max() -> u16 {
    LIST_MAX
}

pub(super) fn room<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RoomName, D::Error> {
    let name = String::deserialize(deserializer)?;
    RoomName::parse(&name).map_err(|e| serde::de::Error::custom(format!("the room name {name:?} is not possible: {e}")))
}

pub(super) fn maybe_room<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RoomName>, D::Error> {
    room(deserializer).map(Some)
}

pub(super) fn after_user<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AccountId, D::Error> {
    number(deserializer, "u_").map(AccountId)
}

fn after_room<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RoomId, D::Error> {
    number(deserializer, "r_").map(RoomId)
}

pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D, prefix: &str) -> Result<u64, D::Error> {
    let id = String::deserialize(deserializer)?;
    let number = id.strip_prefix(prefix).and_then(|number| number.parse().ok());
    number.ok_or_else(|| serde::de::Error::custom(format!("an id such as {prefix}17 is expected, not {id:?}")))
}

/// Why a request is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::bot) struct Problem {
    /// For programs: a reject's name.
    pub(in crate::bot) code: &'static str,
    /// For people.
    pub(in crate::bot) error: String,
    /// Whether the same request may succeed later.
    pub(in crate::bot) retry: bool,
    /// How long to wait first, milliseconds.
    pub(in crate::bot) retry_after_ms: u32,
}

impl Problem {
    /// A problem that stays until something changes.
    pub(in crate::bot) fn new(code: &'static str, error: impl Into<String>) -> Self {
        Self { code, error: error.into(), retry: false, retry_after_ms: 0 }
    }

    /// It is not known whether the request was done; with the same key it is done once.
    pub(super) fn unanswered() -> Self {
        let error = "no answer before the end; it may or may not be done";
        Self { retry: true, ..Self::new("unavailable", error) }
    }
}

impl From<Reject> for Problem {
    fn from(reject: Reject) -> Self {
        Self {
            code: reject.code.name(),
            error: reject.message,
            retry: reject.retry == Retry::Later,
            retry_after_ms: reject.retry_after_ms,
        }
    }
}

/// The answer to a request, as it is written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::bot) struct Answer {
    pub(super) re: Value,
    pub(super) ok: bool,
    #[serde(flatten)]
    pub(super) fields: Map<String, Value>,
    /// What was asked; empty if that could not be read.
    #[serde(skip)]
    pub(super) name: &'static str,
}

/// The answer to what is not done for `--dry-run`.
pub(super) fn dry(id: &Value, name: &'static str) -> Answer {
    answer(id, name, Ok(Map::from_iter([(DRY_RUN.to_owned(), true.into())])))
}

/// The answer to a request.
pub(in crate::bot) fn answer(id: &Value, name: &'static str, outcome: Result<Map<String, Value>, Problem>) -> Answer {
    let ok = outcome.is_ok();
    let fields = outcome.unwrap_or_else(|Problem { code, error, retry, retry_after_ms }| {
        let error: String = error.chars().take(ERROR_CHARS_MAX).collect();
        let mut fields = Map::new();
        fields.insert("code".to_owned(), code.into());
        fields.insert("error".to_owned(), error.into());
        fields.insert("retry".to_owned(), retry.into());
        if retry_after_ms > 0 {
            fields.insert("retry_after_ms".to_owned(), retry_after_ms.into());
        }
        fields
    });
    Answer { re: id.clone(), ok, fields, name }
}

/// Reads a request.
///
/// # Errors
/// The id, if it could be read, and what is wrong.
pub(super) fn parse(line: &[u8]) -> Result<Request, (Value, Problem)> {
    let Head { id, op, fields } = head(line)?;
    match read(&op, fields) {
        // What is done is in the contract; without a name there, nothing would be held against it.
        Ok(parsed) => Ok(Request { id, name: contract().forms(&op).next().map_or("", |form| form.name), op: parsed }),
        Err(problem) => Err((id, problem)),
    }
}

/// What every request has, and what is left of it.
#[derive(Debug)]
pub(in crate::bot) struct Head {
    /// Carried back by the answer; null if there was none.
    pub(in crate::bot) id: Value,
    /// What is asked.
    pub(in crate::bot) op: String,
    /// The other fields.
    pub(in crate::bot) fields: Map<String, Value>,
}

/// Reads as much of a request as all of them have in common.
///
/// # Errors
/// The id, if it could be read, and what is wrong.
pub(in crate::bot) fn head(line: &[u8]) -> Result<Head, (Value, Problem)> {
    let bad = |error: String| Problem::new("bad_request", error);
    let mut fields: Map<String, Value> =
        serde_json::from_slice(line).map_err(|e| (Value::Null, bad(format!("not a request in JSON: {e}"))))?;
    let id = fields.remove("id").unwrap_or_default();
    match &id {
        Value::Null | Value::Number(_) => {}
        Value::String(text) if text.len() <= ID_BYTES_MAX => {}
        Value::String(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err((Value::Null, bad(format!("an id is a number, or a string of at most {ID_BYTES_MAX} bytes"))));
        }
    }
    match fields.remove("op") {
        Some(Value::String(op)) => Ok(Head { id, op, fields }),
        Some(_) | None => Err((id, bad("a request names its `op`".to_owned()))),
    }
}

fn read(op: &str, fields: Map<String, Value>) -> Result<Op, Problem> {
    if let Some(op) = identity::read(op, &fields)? {
        return Ok(Op::Identity(op));
    }
    Ok(match op {
        "join" => Op::Join(fill(fields)?),
        "part" => Op::Part(fill(fields)?),
        "create" => Op::Create(fill(fields)?),
        "send" if fields.contains_key("to") => Op::About(About::read(op, fields)?),
        "send" => Op::Send(fill(fields)?),
        "read" => Op::Read(fill(fields)?),
        "typing" => Op::Typing(fill(fields)?),
        "history" => history(fill(fields)?)?,
        "members" => Op::Members(fill(fields)?),
        "search" => Op::Search(fill(fields)?),
        "rooms" => Op::Rooms(fill(fields)?),
        "ping" => fill(fields).map(|Nothing {}| Op::Ping)?,
        "ack" => Op::Ack(fill(fields)?),
        "subscribe" => Op::Subscribe(fill(fields)?),
        "unsubscribe" => Op::Unsubscribe(fill(fields)?),
        other if Choose::OPS.contains(&other) => Op::Choose(Choose::read(other, fields)?),
        other if Invites::OPS.contains(&other) => Op::Invites(Invites::read(other, fields)?),
        other if Tokens::OPS.contains(&other) => Op::Tokens(Tokens::read(other, fields)?),
        other if Bans::OPS.contains(&other) => Op::Bans(Bans::read(other, fields)?),
        other if Connections::OPS.contains(&other) => Op::Connections(Connections::read(other, fields)?),
        other if Moderate::OPS.contains(&other) => Op::Moderate(Moderate::read(other, fields)?),
        other if Files::OPS.contains(&other) => Op::Files(Files::read(other, fields)?),
        other if Treat::OPS.contains(&other) => Op::Treat(Treat::read(other, fields)?),
        other if About::OPS.contains(&other) => Op::About(About::read(other, fields)?),
        other => {
            let other: String = other.chars().take(ID_BYTES_MAX).collect();
            return Err(Problem::new("bad_request", format!("there is no op {other:?}")));
        }
    })
}

fn history(History { room, before, after, around, limit }: History) -> Result<Op, Problem> {
    let anchor = match (before, after, around) {
        (None, None, None) => Anchor::Before(Seq::MAX),
        (Some(seq), None, None) => Anchor::Before(Seq(seq)),
        (None, Some(seq), None) => Anchor::After(Seq(seq)),
        (None, None, Some(seq)) => Anchor::Around(Seq(seq)),
        (_, _, _) => return Err(Problem::new("bad_request", "only one of `before`, `after` and `around`")),
    };
    Ok(Op::History(room, anchor, limit.clamp(1, PAGE_EVENTS_MAX)))
}

pub(in crate::bot) fn fill<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Problem> {
    serde_json::from_value(Value::Object(fields)).map_err(|e| Problem::new("bad_request", e.to_string()))
}

/// An id, bytes.
const ID_BYTES_MAX: usize = 128;

/// Characters of an error that are told.
const ERROR_CHARS_MAX: usize = 1_000;

/// Entries of a list of members or rooms in one answer, so that it stays a line.
pub(in crate::bot) const LIST_MAX: u16 = 200;

#[cfg(test)]
mod tests;
