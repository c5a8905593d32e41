//! What a program asks about the account's connections.

use chat_proto::connection::{DeviceMessage, EndSession, ListSessions, SessionInfo, SessionList};
use chat_proto::{ConnId, Reply};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::fields::fields;
use super::request::{Problem, fill, number};
use super::work::{Context, Outcome, nonsense};
use crate::bot::line::rfc3339;

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Connections {
    List,
    End(ConnId),
    Tell(Vec<u8>),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    /// Which connection, `c_17`.
    #[serde(deserialize_with = "conn")]
    conn: ConnId,
}

/// Words, or bytes that are none.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tell {
    text: Option<String>,
    hex: Option<String>,
}

fn conn<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ConnId, D::Error> {
    number(deserializer, "c_").map(ConnId)
}

impl Connections {
    /// The ops there are.
    pub(super) const OPS: [&str; 3] = ["sessions", "end_session", "device_message"];

    pub(super) fn read(op: &str, fields: Map<String, Value>) -> Result<Self, Problem> {
        Ok(match op {
            "sessions" => fill(fields).map(|Nothing {}| Self::List)?,
            "end_session" => fill(fields).map(|End { conn }| Self::End(conn))?,
            "device_message" => Self::Tell(bytes(fill(fields)?)?),
            other => return Err(Problem::new("bad_request", format!("there is no op {other:?}"))),
        })
    }
}

fn bytes(Tell { text, hex }: Tell) -> Result<Vec<u8>, Problem> {
    match (text, hex) {
        (Some(text), None) => Ok(text.into_bytes()),
        (None, Some(hex)) => {
            unhex(&hex).ok_or_else(|| Problem::new("bad_request", "`hex` is two hexadecimal digits a byte"))
        }
        (None, None) | (Some(_), Some(_)) => Err(Problem::new("bad_request", "one of `text` and `hex`")),
    }
}

pub(super) fn unhex(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).and_then(|digit| digit.try_into().ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// The connections of an account.
fn sessions_fields(list: &SessionList) -> Map<String, Value> {
    let line = |session: &SessionInfo| {
        json!({
            "conn": format!("c_{}", session.conn),
            "device": format!("d_{}", session.device),
            "address": session.address,
            "client": session.client,
            "since": rfc3339(session.since),
            "idle_ms": session.idle_ms,
        })
    };
    fields([("sessions", list.sessions.iter().map(line).collect())])
}

impl Context {
    pub(super) async fn connections(&self, connections: Connections) -> Outcome {
        match connections {
            Connections::List => {
                let reply = self.ask(ListSessions {}).await?;
                let Reply::SessionList(list) = reply else { return Err(nonsense(&reply)) };
                Ok(sessions_fields(&list))
            }
            Connections::End(conn) => self.ask(EndSession { conn }).await.map(|_| Map::new()),
            Connections::Tell(bytes) => {
                let reply = self.ask(DeviceMessage { bytes }).await?;
                let Reply::DeviceMessagePassed(passed) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("connections", passed.connections.into()), ("missed", passed.missed.into())]))
            }
        }
    }
}
