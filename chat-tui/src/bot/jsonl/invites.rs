//! Operations about invitations.

use chat_proto::invite::{InviteInfo, ListInvites, MakeInvite, RevokeInvite};
use chat_proto::{InviteId, Reply, RoomName, RoomRef};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::fields::fields;
use super::request::{Problem, fill, maybe_room, number};
use super::work::{Context, Outcome, nonsense};
use crate::bot::line::{rfc3339, user_id};

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Invites {
    Make(Make),
    List,
    Revoke(Revoke),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Make {
    /// To which room; to the server alone without it.
    #[serde(default, deserialize_with = "maybe_room")]
    room: Option<RoomName>,
    /// For how many people.
    #[serde(default = "one")]
    uses: u32,
    /// For how long, seconds.
    #[serde(default = "a_week")]
    for_s: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revoke {
    /// An invitation, `i_12`.
    #[serde(deserialize_with = "invite_id")]
    invite: InviteId,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn invite_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<InviteId, D::Error> {
    number(deserializer, "i_").map(InviteId)
}

fn one() -> u32 {
    1
}

fn a_week() -> u32 {
    7 * 24 * 60 * 60
}

impl Invites {
    /// The ops there are.
    pub(super) const OPS: [&str; 3] = ["make_invite", "invites", "revoke_invite"];

    pub(super) fn read(op: &str, fields: Map<String, Value>) -> Result<Self, Problem> {
        Ok(match op {
            "make_invite" => Self::Make(fill(fields)?),
            "invites" => fill(fields).map(|Nothing {}| Self::List)?,
            "revoke_invite" => Self::Revoke(fill(fields)?),
            other => return Err(Problem::new("bad_request", format!("there is no op {other:?}"))),
        })
    }
}

impl Context {
    pub(super) async fn invites(&self, op: Invites) -> Outcome {
        match op {
            Invites::Make(Make { room, uses, for_s }) => {
                let room = room.map(|room| RoomRef::Name(room.as_str().to_owned()));
                let reply = self.ask(MakeInvite { room, uses, for_s }).await?;
                let Reply::Invite(made) = reply else { return Err(nonsense(&reply)) };
                let link = self.client.invitation(&made.room, &made.secret).ok_or_else(Problem::unanswered)?;
                let id = format!("i_{}", made.invite);
                Ok(fields([("invite", id.into()), ("link", link.into()), ("until", rfc3339(made.until).into())]))
            }
            Invites::List => {
                let reply = self.ask(ListInvites {}).await?;
                let Reply::InviteList(list) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("invites", list.invites.iter().map(entry).collect())]))
            }
            Invites::Revoke(Revoke { invite }) => self.ask(RevokeInvite { invite }).await.map(|_| Map::new()),
        }
    }
}

fn entry(info: &InviteInfo) -> Value {
    let room = if info.room.is_some() { json!(format!("#{}", info.room_name)) } else { Value::Null };
    json!({
        "invite": format!("i_{}", info.invite),
        "room": room,
        "by": {"id": user_id(info.by.account), "name": info.by.name},
        "uses": info.uses,
        "used": info.used,
        "since": rfc3339(info.since),
        "until": rfc3339(info.until),
    })
}
