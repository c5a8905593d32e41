//! What an owner of the server asks about who is kept out of it.

use chat_proto::ban::{BanEntry, BanFromServer, BanTarget, LiftBan, ListBans, PurgeFromServer};
use chat_proto::defence::{AskDefence, Defence, SetDefence};
use chat_proto::{DefenceLevel, DeviceId, Reply, UserRef};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fields::fields;
use super::request::{Problem, fill};
use super::work::{Context, Outcome, nonsense};
use crate::bot::line::{rfc3339, user_id};

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Bans {
    Ban(Ban),
    Lift(Target),
    List,
    Defence(Level),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ban {
    user: Option<String>,
    device: Option<String>,
    network: Option<String>,
    for_s: Option<u32>,
    #[serde(default)]
    reason: String,
    /// Remove all he wrote as well; for a user only.
    #[serde(default)]
    purge: bool,
}

/// One of a person, a device and a network.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    user: Option<String>,
    device: Option<String>,
    network: Option<String>,
}

/// A level to be set; without one the level is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Level {
    level: Option<String>,
    #[serde(default)]
    reason: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Bans {
    /// The ops there are.
    pub(super) const OPS: [&str; 4] = ["server_ban", "server_unban", "server_bans", "defence"];

    pub(super) fn read(op: &str, fields: Map<String, Value>) -> Result<Self, Problem> {
        Ok(match op {
            "server_ban" => Self::Ban(fill(fields)?),
            "defence" => Self::Defence(fill(fields)?),
            "server_unban" => Self::Lift(fill(fields)?),
            "server_bans" => fill(fields).map(|Nothing {}| Self::List)?,
            other => return Err(Problem::new("bad_request", format!("there is no op {other:?}"))),
        })
    }
}

fn entry(ban: &BanEntry) -> Value {
    let target = match &ban.target {
        BanTarget::Account(account) => json!({"id": user_id(*account), "user": ban.name}),
        BanTarget::Device(device) => json!({"device": format!("d_{device}")}),
        BanTarget::Network(network) => json!({"network": network}),
    };
    let mut entry = json!({"reason": ban.reason, "by": user_id(ban.by), "at": rfc3339(ban.at)});
    if let (Some(entry), Value::Object(target)) = (entry.as_object_mut(), target) {
        entry.extend(target);
        if let Some(until) = ban.until {
            entry.insert("until".to_owned(), rfc3339(until).into());
        }
    }
    entry
}

fn named(level: &str) -> Result<DefenceLevel, Problem> {
    let found = DefenceLevel::ALL.into_iter().find(|known| known.name() == level);
    found.ok_or_else(|| Problem::new("bad_request", "a level is normal, raised, high or closed"))
}

fn defence_fields(defence: &Defence) -> Map<String, Value> {
    let Defence { level, configured, set, since } = defence;
    let mut fields =
        fields([("level", level.name().into()), ("configured", configured.name().into()), ("set", set.name().into())]);
    if let Some(since) = since {
        fields.insert("since".to_owned(), rfc3339(*since).into());
    }
    fields
}

impl Context {
    pub(super) async fn bans(&self, bans: Bans) -> Outcome {
        match bans {
            Bans::Ban(Ban { user, device, network, for_s, reason, purge }) => {
                let target = self.target(Target { user, device, network }).await?;
                let whose = if let BanTarget::Account(account) = target { Some(UserRef::Id(account)) } else { None };
                let whose = match (purge, whose) {
                    (true, None) => return Err(Problem::new("bad_request", "only the ban of a `user` purges")),
                    (true, whose) => whose,
                    (false, _) => None,
                };
                self.ask(BanFromServer { target, for_s, reason: reason.clone() }).await?;
                // Kept out first, so that he writes nothing behind it.
                if let Some(user) = whose {
                    self.ask(PurgeFromServer { user, reason }).await?;
                }
                Ok(Map::new())
            }
            Bans::Lift(target) => {
                let target = self.target(target).await?;
                self.ask(LiftBan { target }).await.map(|_| Map::new())
            }
            Bans::Defence(Level { level, reason }) => {
                let reply = match level {
                    None => self.ask(AskDefence {}).await?,
                    Some(level) => self.ask(SetDefence { level: named(&level)?, reason }).await?,
                };
                let Reply::Defence(defence) = reply else { return Err(nonsense(&reply)) };
                Ok(defence_fields(&defence))
            }
            Bans::List => {
                let reply = self.ask(ListBans {}).await?;
                let Reply::BanList(list) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("bans", list.bans.iter().map(entry).collect())]))
            }
        }
    }

    async fn target(&self, target: Target) -> Result<BanTarget, Problem> {
        let bad = |error: &str| Problem::new("bad_request", error);
        match target {
            Target { user: Some(user), device: None, network: None } => {
                self.account(user).await.map(BanTarget::Account)
            }
            Target { user: None, device: Some(device), network: None } => {
                let number = device.strip_prefix("d_").and_then(|number| number.parse().ok());
                number
                    .map(|number| BanTarget::Device(DeviceId(number)))
                    .ok_or_else(|| bad("a device is an id such as d_22"))
            }
            Target { user: None, device: None, network: Some(network) } => Ok(BanTarget::Network(network)),
            Target { .. } => Err(bad("one of `user`, `device` and `network`")),
        }
    }
}
