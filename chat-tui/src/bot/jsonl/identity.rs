//! Operations about who one is to the server: owners, codes, devices.

use chat_proto::identity::{AuditEntry, AuditPage, ClaimServer, ListAudit};
use chat_proto::{Reply, Seq};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fields::fields;
use super::request::{LIST_MAX, Problem, fill};
use super::work::{Context, Outcome, nonsense};
use crate::bot::line::{rfc3339, user_id};

/// What is asked.
#[derive(Debug)]
pub(super) enum Op {
    Claim(Claim),
    Audit(Audit),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    code: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Audit {
    before: Option<u64>,
    #[serde(default = "list_max")]
    limit: u16,
}

fn list_max() -> u16 {
    LIST_MAX
}

/// Reads an operation of this sort; none if it is of another one.
///
/// # Errors
/// What is wrong with its fields.
pub(super) fn read(op: &str, fields: &Map<String, Value>) -> Result<Option<Op>, Problem> {
    let fields = || fields.clone();
    Ok(Some(match op {
        "claim" => Op::Claim(fill(fields())?),
        "audit" => Op::Audit(fill(fields())?),
        _ => return Ok(None),
    }))
}

impl Context {
    pub(super) async fn identify(&self, op: Op) -> Outcome {
        match op {
            Op::Claim(Claim { code }) => self.ask(ClaimServer { code }).await.map(|_| Map::new()),
            Op::Audit(Audit { before, limit }) => {
                let before = before.map_or(Seq::MAX, Seq);
                let reply = self.ask(ListAudit { before, limit: limit.clamp(1, LIST_MAX) }).await?;
                let Reply::AuditPage(AuditPage { entries, more }) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("entries", entries.iter().map(entry).collect()), ("more", more.into())]))
            }
        }
    }
}

fn entry(entry: &AuditEntry) -> Value {
    let AuditEntry { seq, at, by, name, text } = entry;
    json!({"seq": seq.0, "ts": rfc3339(*at), "from": {"id": user_id(*by), "name": name}, "text": text})
}
