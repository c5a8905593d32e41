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
use crate::bot::contract::contract;

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
    Rooms(Rooms),
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
pub(super) struct Rooms {
    /// Behind this room, `r_17`.
    #[serde(default, deserialize_with = "after_room")]
    pub(super) after: RoomId,
    #[serde(default = "list_max")]
    pub(super) limit: u16,
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
pub(super) struct Problem {
    /// For programs: a reject's name.
    pub(super) code: &'static str,
    /// For people.
    pub(super) error: String,
    /// Whether the same request may succeed later.
    pub(super) retry: bool,
    /// How long to wait first, milliseconds.
    pub(super) retry_after_ms: u32,
}

impl Problem {
    /// A problem that stays until something changes.
    pub(super) fn new(code: &'static str, error: impl Into<String>) -> Self {
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
pub(super) struct Answer {
    re: Value,
    ok: bool,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// The answer to a request.
pub(super) fn answer(id: &Value, outcome: Result<Map<String, Value>, Problem>) -> Answer {
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
    Answer { re: id.clone(), ok, fields }
}

/// Reads a request.
///
/// # Errors
/// The id, if it could be read, and what is wrong.
pub(super) fn parse(line: &[u8]) -> Result<Request, (Value, Problem)> {
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
    let Some(Value::String(op)) = fields.remove("op") else {
        return Err((id, bad("a request names its `op`".to_owned())));
    };
    match read(&op, fields) {
        // What is done is in the contract; without a name there, nothing would be held against it.
        Ok(parsed) => Ok(Request { id, name: contract().forms(&op).next().map_or("", |form| form.name), op: parsed }),
        Err(problem) => Err((id, problem)),
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
        later if LATER.contains(&later) => {
            return Err(Problem::new("unsupported", format!("{later} is not possible with this version")));
        }
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

pub(super) fn fill<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Problem> {
    serde_json::from_value(Value::Object(fields)).map_err(|e| Problem::new("bad_request", e.to_string()))
}

/// Ops of the contract that no server of this version can do.
const LATER: [&str; 3] = ["presence", "subscribe", "unsubscribe"];

/// An id, bytes.
const ID_BYTES_MAX: usize = 128;

/// Characters of an error that are told.
const ERROR_CHARS_MAX: usize = 1_000;

/// Entries of a list of members or rooms in one answer, so that it stays a line.
pub(in crate::bot) const LIST_MAX: u16 = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::contract::{self, Field, Shape};
    use crate::bot::line::json;
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    fn problem(line: &str) -> (Value, String) {
        let (id, problem) = parse(line.as_bytes()).unwrap_err();
        (id, format!("{}: {}", problem.code, problem.error))
    }

    #[test]
    fn what_is_wrong_with_a_request_is_said_with_its_place() {
        let (id, said) = problem(r#"{"id":"7","op":"send","#);
        assert!(id.is_null() && said.starts_with("bad_request") && said.contains("column 22"), "{said}");
        let cases = [
            (r#"{"id":1}"#, "bad_request: a request names its `op`"),
            (r#"{"id":1,"op":"dance"}"#, "bad_request: there is no op \"dance\""),
            (r##"{"id":1,"op":"subscribe","room":"#a"}"##, "unsupported: subscribe is not possible"),
            (r##"{"id":1,"op":"upload","room":"#a"}"##, "bad_request: missing field `path`"),
            (r#"{"id":1,"op":"ping","x":1}"#, "bad_request: unknown field `x`"),
            (r#"{"id":1,"op":"send","room":"a"}"#, "bad_request: missing field `text`"),
            (r#"{"id":1,"op":"read","room":"a","seq":-1}"#, "bad_request: invalid value"),
            (r#"{"id":1,"op":"join","room":"a b"}"#, "bad_request: the room name \"a b\" is not possible"),
            (r#"{"id":1,"op":"device_message"}"#, "bad_request: one of `text` and `hex`"),
            (r#"{"id":1,"op":"device_message","hex":"0g"}"#, "bad_request: `hex` is two"),
            (r#"{"id":1,"op":"device_message","hex":"0"}"#, "bad_request: `hex` is two"),
            (r#"{"id":1,"op":"end_session","conn":"7"}"#, "bad_request: an id such as c_17"),
            (r#"{"id":1,"op":"history","room":"a","before":1,"after":2}"#, "bad_request: only one of"),
        ];
        for (line, expected) in cases {
            let (id, said) = problem(line);
            assert!(id == 1 && said.starts_with(expected), "{line}: {said}");
        }
        assert!(problem("[]").1.contains("expected a map"));
        assert!(problem(r#"{"id":{},"op":"ping"}"#).1.contains("an id is"));
        assert!(problem(&"[".repeat(10_000)).1.contains("column"));
    }

    #[test]
    fn an_answer_carries_the_id_back_as_it_came() {
        let fields = Map::from_iter([("seq".to_owned(), 8124.into())]);
        assert_eq!(json(&answer(&"7".into(), Ok(fields))), r#"{"re":"7","ok":true,"seq":8124}"#);
        assert_eq!(
            json(&answer(&8.into(), Err(Problem::new("forbidden", "needs role admin")))),
            r#"{"re":8,"ok":false,"code":"forbidden","error":"needs role admin","retry":false}"#
        );
    }

    /// A value that a field takes.
    fn sample(name: &str, shape: &Shape) -> Value {
        match (name, shape) {
            ("after", Shape::Text) => "u_17".into(),
            ("conn", _) => "c_17".into(),
            ("device", _) => "d_17".into(),
            ("invite", _) => "i_17".into(),
            ("hex", _) => "00".into(),
            (_, Shape::Text | Shape::Secret | Shape::Any) => "general".into(),
            (_, Shape::Time) => "2026-11-20T12:19:03Z".into(),
            (_, Shape::Int) => 7.into(),
            (_, Shape::Bool) => true.into(),
            (_, Shape::Words(words)) => words[0].into(),
            (_, Shape::Named("custom")) => serde_json::json!({"kind": "x", "hex": "00"}),
            (_, Shape::Named(other)) => panic!("no sample of {other}"),
            (name, Shape::List(inner)) => vec![sample(name, inner)].into(),
            (name, Shape::Values(inner)) => serde_json::json!({"topic": sample(name, inner)}),
            (name, Shape::Nullable(inner)) => sample(name, inner),
        }
    }

    /// Fields of which a request has exactly one, although each may be missing.
    const ONE_OF: [(&str, &[&str]); 5] = [
        ("device_message", &["text", "hex"]),
        ("set_password", &["password", "remove"]),
        ("server_ban", &["user", "device", "network"]),
        ("server_unban", &["user", "device", "network"]),
        ("history", &["before", "after", "around"]),
    ];

    /// The request of an op with those of its fields that are wanted.
    fn request(form: &contract::Op, wanted: impl Fn(&Field) -> bool) -> Map<String, Value> {
        let one_of = ONE_OF.iter().find(|(op, _)| *op == form.name).map_or(&[][..], |(_, names)| *names);
        let mut fields = Map::from_iter([("op".to_owned(), form.name.into())]);
        for field in &form.request {
            let is_chosen = one_of.first() == Some(&field.name);
            if is_chosen || wanted(field) && !one_of.contains(&field.name) {
                let value = match (form.name, field.name) {
                    ("rooms", "after") => "r_17".into(),
                    _ => sample(field.name, &field.shape),
                };
                fields.insert(field.name.to_owned(), value);
            }
        }
        fields
    }

    fn taken(fields: &Map<String, Value>) -> Result<(), String> {
        let line = Value::Object(fields.clone());
        contract::request(&line)?;
        parse(line.to_string().as_bytes()).map(drop).map_err(|(_, problem)| problem.error)
    }

    #[test]
    fn what_the_contract_says_is_read_to_the_field() {
        for form in &contract().ops {
            let least = request(form, |field| !field.optional);
            assert_eq!(taken(&least), Ok(()), "{least:?}");
            let most = request(form, |_| true);
            assert_eq!(taken(&most), Ok(()), "{most:?}");
            for field in form.request.iter().filter(|field| !field.optional) {
                let mut lacking = least.clone();
                lacking.remove(field.name);
                assert!(taken(&lacking).is_err(), "{} without {}", form.name, field.name);
                assert!(parse(Value::Object(lacking).to_string().as_bytes()).is_err());
            }
            let mut more = least.clone();
            more.insert("xyz".to_owned(), 1.into());
            let error = parse(Value::Object(more).to_string().as_bytes()).unwrap_err().1.error;
            let expected = error.split("expected").nth(1).unwrap_or_default();
            let read: BTreeSet<&str> = expected.split('`').skip(1).step_by(2).collect();
            let told: BTreeSet<&str> = form.request.iter().map(|field| field.name).collect();
            assert_eq!(read, told, "{}: {error}", form.name);
        }
    }

    #[test]
    fn every_op_there_is_is_told() {
        let lists: [&[&str]; 10] = [
            &Choose::OPS,
            &Invites::OPS,
            &Tokens::OPS,
            &Bans::OPS,
            &Connections::OPS,
            &Moderate::OPS,
            &Files::OPS,
            &Treat::OPS,
            &About::OPS,
            &LATER,
        ];
        let told = |op: &&&str| contract().forms(op).next().is_none();
        let lacking: Vec<&&str> = lists.into_iter().flatten().filter(told).collect();
        assert_eq!(lacking, LATER.iter().collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in any::<Vec<u8>>(), text in r#"[{}\[\]:,"a-z0-9 \\]{0,60}"#) {
            let _ = parse(&line);
            let _ = parse(text.as_bytes());
        }
    }
}
