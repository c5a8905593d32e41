//! Operations about who one is to the server: owners, codes, devices.

use std::fmt;

use chat_proto::identity::{
    AuditEntry, AuditPage, ClaimServer, DeviceInfo, ListAudit, ListDevices, MakeLinkCode, MakeRecoveryCode,
    RevokeDevice,
};
use chat_proto::{DeviceId, Reply, Seq, password};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::fields::fields;
use super::request::{LIST_MAX, Problem, fill};
use super::work::{Context, Outcome, nonsense};
use crate::bot::line::{rfc3339, user_id};

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Claim(Claim),
    Audit(Audit),
    Link,
    Devices,
    Revoke(Revoke),
    Recovery,
    SetPassword(SetPassword),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    code: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Audit {
    before: Option<u64>,
    #[serde(default = "list_max")]
    limit: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revoke {
    /// A device, `d_22`.
    #[serde(deserialize_with = "device_id")]
    device: DeviceId,
}

/// A new password, or none any more. Its `Debug` shows nothing of it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetPassword {
    password: Option<String>,
    #[serde(default)]
    remove: bool,
    #[serde(default)]
    revoke_others: bool,
}

impl fmt::Debug for SetPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetPassword(…)")
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn device_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DeviceId, D::Error> {
    let id = String::deserialize(deserializer)?;
    let number = id.strip_prefix("d_").and_then(|number| number.parse().ok()).map(DeviceId);
    number.ok_or_else(|| serde::de::Error::custom(format!("a device is an id such as d_22, not {id:?}")))
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
        "link" => fill(fields()).map(|Nothing {}| Op::Link)?,
        "devices" => fill(fields()).map(|Nothing {}| Op::Devices)?,
        "revoke" => Op::Revoke(fill(fields())?),
        "recovery" => fill(fields()).map(|Nothing {}| Op::Recovery)?,
        "set_password" => Op::SetPassword(set_password(fill(fields())?)?),
        _ => return Ok(None),
    }))
}

/// Either a password or its removal: a field that is missing by mistake takes nothing away.
fn set_password(set: SetPassword) -> Result<SetPassword, Problem> {
    if set.password.is_some() == set.remove {
        return Err(Problem::new("bad_request", "one of `password` and `remove` (true)"));
    }
    Ok(set)
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
            Op::Link => {
                let reply = self.ask(MakeLinkCode {}).await?;
                let Reply::LinkCode(made) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("code", made.code.into()), ("expires_ms", made.expires_ms.into())]))
            }
            Op::Devices => {
                let reply = self.ask(ListDevices {}).await?;
                let Reply::DeviceList(list) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("devices", list.devices.iter().map(device).collect())]))
            }
            Op::Revoke(Revoke { device }) => self.ask(RevokeDevice { device }).await.map(|_| Map::new()),
            Op::SetPassword(SetPassword { password, revoke_others, .. }) => {
                self.ask(password::SetPassword { password, revoke_others }).await.map(|_| Map::new())
            }
            Op::Recovery => {
                let reply = self.ask(MakeRecoveryCode {}).await?;
                let Reply::RecoveryCode(made) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("code", made.code.into())]))
            }
        }
    }
}

fn entry(entry: &AuditEntry) -> Value {
    let AuditEntry { seq, at, by, name, text } = entry;
    json!({"seq": seq.0, "ts": rfc3339(*at), "from": {"id": user_id(*by), "name": name}, "text": text})
}

fn device(info: &DeviceInfo) -> Value {
    let DeviceInfo { device, key, label, since, online, own } = info;
    json!({
        "id": format!("d_{device}"),
        "key": key.to_string(),
        "label": label,
        "since": rfc3339(*since),
        "online": online,
        "self": own,
    })
}
