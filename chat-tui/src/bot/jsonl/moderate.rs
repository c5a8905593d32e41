//! What a program does to rooms and to people in them.

use chat_proto::event::List;
use chat_proto::reply::{ListEntries, ListEntry, RoomDetails};
use chat_proto::request::{
    AuditRoom, BanAndPurge, ChangeRoom, DeleteRoom, DescribeRoom, Explain, Kick, Purge, PutOnList, ReadList,
    RenameRoom, SetRole, TakeOffList, TransferRoom,
};
use chat_proto::setting::Topic;
use chat_proto::{AccountId, Reply, RoomId, RoomName, Seq, Timestamp, UserRef};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fields::fields;
use super::request::{LIST_MAX, Problem, after_user, fill, list_max, room};
use super::work::{Context, Outcome, nonsense};
use crate::bot::line::{Line, rfc3339, setting, user_id};

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Moderate {
    Topic(Says),
    Set(Sets),
    Describe(There),
    Role(Gives),
    Transfer(Whom),
    Ban(Bans),
    Put(List, Lists),
    Take(List, To),
    List(Reads),
    Kick(To),
    Purge(To),
    Rename(Renames),
    Delete(Ends),
    Audit(Pages),
    Explain(Asks),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct There {
    #[serde(deserialize_with = "room")]
    room: RoomName,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Says {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    text: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sets {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    set: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gives {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    user: String,
    role: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whom {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    user: String,
}

/// A room, somebody, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct To {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    user: String,
    #[serde(default)]
    reason: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lists {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    user: String,
    #[serde(default)]
    reason: String,
    /// For how long, `10m`; for ever unless given.
    #[serde(rename = "for")]
    lasts: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bans {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    user: String,
    #[serde(default)]
    reason: String,
    /// For how long, `10m`; for ever unless given.
    #[serde(rename = "for")]
    lasts: Option<String>,
    /// Remove all he wrote in the room as well.
    #[serde(default)]
    purge: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reads {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    list: String,
    #[serde(default, deserialize_with = "after_user")]
    after: AccountId,
    #[serde(default = "list_max")]
    limit: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asks {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    action: String,
    user: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ends {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    #[serde(default)]
    if_empty: bool,
    #[serde(default)]
    reason: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Renames {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    #[serde(deserialize_with = "room")]
    name: RoomName,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pages {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    before: Option<u64>,
    #[serde(default = "list_max")]
    limit: u16,
}

impl Moderate {
    /// The ops there are.
    pub(super) const OPS: [&str; 18] = [
        "rename",
        "delete_room",
        "purge",
        "audit_room",
        "topic",
        "set",
        "describe",
        "role",
        "transfer",
        "ban",
        "mute",
        "invite",
        "unban",
        "unmute",
        "uninvite",
        "list",
        "kick",
        "explain",
    ];

    pub(super) fn read(op: &str, fields: Map<String, Value>) -> Result<Self, Problem> {
        Ok(match op {
            "topic" => Self::Topic(fill(fields)?),
            "set" => Self::Set(fill(fields)?),
            "describe" => Self::Describe(fill(fields)?),
            "role" => Self::Role(fill(fields)?),
            "transfer" => Self::Transfer(fill(fields)?),
            "ban" => Self::Ban(fill(fields)?),
            "mute" => Self::Put(List::Muted, fill(fields)?),
            "invite" => Self::Put(List::Invited, fill(fields)?),
            "unban" => Self::Take(List::Banned, fill(fields)?),
            "unmute" => Self::Take(List::Muted, fill(fields)?),
            "uninvite" => Self::Take(List::Invited, fill(fields)?),
            "list" => Self::List(fill(fields)?),
            "kick" => Self::Kick(fill(fields)?),
            "purge" => Self::Purge(fill(fields)?),
            "rename" => Self::Rename(fill(fields)?),
            "delete_room" => Self::Delete(fill(fields)?),
            "audit_room" => Self::Audit(fill(fields)?),
            "explain" => Self::Explain(fill(fields)?),
            other => return Err(Problem::new("bad_request", format!("there is no op {other:?}"))),
        })
    }

    /// The room it is about: what is asked of one room is done in order.
    pub(super) fn room(&self) -> &RoomName {
        match self {
            Self::Topic(Says { room, .. })
            | Self::Set(Sets { room, .. })
            | Self::Describe(There { room })
            | Self::Role(Gives { room, .. })
            | Self::Transfer(Whom { room, .. })
            | Self::Ban(Bans { room, .. })
            | Self::Put(_, Lists { room, .. })
            | Self::Take(_, To { room, .. })
            | Self::List(Reads { room, .. })
            | Self::Kick(To { room, .. })
            | Self::Purge(To { room, .. })
            | Self::Rename(Renames { room, .. })
            | Self::Delete(Ends { room, .. })
            | Self::Audit(Pages { room, .. })
            | Self::Explain(Asks { room, .. }) => room,
        }
    }
}

impl Context {
    /// The same settings, where rooms are named by number.
    async fn with_room_ids(&self, mut set: Map<String, Value>) -> Result<Map<String, Value>, Problem> {
        let rooms = set.get_mut("forward_to").and_then(Value::as_array_mut);
        for room in rooms.into_iter().flatten() {
            let Some(name) = room.as_str().and_then(|text| text.strip_prefix('#')) else { continue };
            let name = RoomName::parse(name)
                .map_err(|e| Problem::new("bad_request", format!("the room name {name:?} is not possible: {e}")))?;
            *room = setting::room_id(self.room(&name).await?);
        }
        Ok(set)
    }

    pub(super) async fn moderate(&self, moderate: Moderate) -> Outcome {
        let (key, room) = (self.key()?, self.room(moderate.room()).await?);
        match moderate {
            Moderate::Topic(Says { text, .. }) => {
                self.stored(ChangeRoom { key, room, changes: vec![Topic { text }.into()] }).await
            }
            Moderate::Set(Sets { set, .. }) => {
                let set = self.with_room_ids(set).await?;
                let changes = set.iter().map(|(name, value)| setting::setting(name, value)).collect::<Result<_, _>>();
                let changes = changes.map_err(|error| Problem::new("bad_request", error))?;
                self.stored(ChangeRoom { key, room, changes }).await
            }
            Moderate::Describe(There { .. }) => {
                let reply = self.ask(DescribeRoom { room }).await?;
                let Reply::RoomDetails(details) = reply else { return Err(nonsense(&reply)) };
                Ok(details_fields(&details))
            }
            Moderate::Role(Gives { user, role, .. }) => {
                let role =
                    setting::role(&role).map_err(|what| Problem::new("bad_request", format!("a role is {what}")))?;
                self.stored(SetRole { key, room, user: UserRef::Name(user), role }).await
            }
            Moderate::Transfer(Whom { user, .. }) => {
                self.stored(TransferRoom { key, room, user: UserRef::Name(user) }).await
            }
            Moderate::Ban(Bans { user, reason, lasts, purge, .. }) => {
                let (user, until) = (UserRef::Name(user), lasts.map(|lasts| self.after(&lasts)).transpose()?);
                if purge {
                    return self.stored(BanAndPurge { key, room, user, until, reason }).await;
                }
                self.stored(PutOnList { key, room, user, list: List::Banned, until, reason }).await
            }
            Moderate::Put(list, Lists { user, reason, lasts, .. }) => {
                let (user, until) = (UserRef::Name(user), lasts.map(|lasts| self.after(&lasts)).transpose()?);
                self.stored(PutOnList { key, room, user, list, until, reason }).await
            }
            Moderate::Take(list, To { user, reason, .. }) => {
                self.stored(TakeOffList { key, room, user: UserRef::Name(user), list, reason }).await
            }
            Moderate::Kick(To { user, reason, .. }) => {
                self.stored(Kick { key, room, user: UserRef::Name(user), reason }).await
            }
            Moderate::Purge(To { user, reason, .. }) => {
                self.stored(Purge { key, room, user: UserRef::Name(user), reason }).await
            }
            Moderate::Rename(Renames { name, .. }) => {
                self.stored(RenameRoom { key, room, name: name.as_str().to_owned() }).await
            }
            Moderate::Delete(Ends { if_empty, reason, .. }) => {
                self.stored(DeleteRoom { key, room, if_empty, reason }).await
            }
            Moderate::Audit(Pages { before, limit, room: name }) => {
                let before = before.map_or(Seq::MAX, Seq);
                let reply = self.ask(AuditRoom { room, before, limit: limit.clamp(1, LIST_MAX) }).await?;
                let Reply::Page(page) = reply else { return Err(nonsense(&reply)) };
                let lines = page.events.iter().filter_map(|event| Line::of_event(name.as_str(), event, self.me, true));
                let lines = lines.filter_map(|line| serde_json::to_value(line).ok()).collect();
                Ok(fields([("events", Value::Array(lines)), ("more", page.more_before.into())]))
            }
            Moderate::List(Reads { list, after, limit, .. }) => {
                let list = setting::list_named(&list)
                    .map_err(|what| Problem::new("bad_request", format!("a list is {what}")))?;
                let reply = self.ask(ReadList { room, list, after, limit: limit.clamp(1, LIST_MAX) }).await?;
                let Reply::ListEntries(ListEntries { entries, more, .. }) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("entries", entries.iter().map(entry).collect()), ("more", more.into())]))
            }
            Moderate::Explain(Asks { action, user, .. }) => self.explain(room, action, user).await,
        }
    }

    async fn explain(&self, room: RoomId, action: String, user: Option<String>) -> Outcome {
        let reply = self.ask(Explain { room, action, target: user.map(UserRef::Name) }).await?;
        let Reply::Explained(explained) = reply else { return Err(nonsense(&reply)) };
        let why = |reject: chat_proto::Reject| json!({"code": reject.code.name(), "error": reject.message});
        Ok(fields([
            ("allowed", explained.refusal.is_none().into()),
            ("why", explained.refusal.map_or(Value::Null, why)),
        ]))
    }

    /// Asks for something that becomes an event, and answers with its place.
    pub(super) async fn stored(&self, request: impl Into<chat_proto::Request>) -> Outcome {
        let reply = self.ask(request).await?;
        let Reply::Receipt(receipt) = reply else { return Err(nonsense(&reply)) };
        Ok(fields([("seq", receipt.seq.0.into())]))
    }

    /// When a time from now will be.
    fn after(&self, text: &str) -> Result<Timestamp, Problem> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => 0,
        };
        let micros = number.parse::<i64>().ok().and_then(|number| number.checked_mul(seconds * 1_000_000));
        match micros.and_then(|micros| self.environment.clock.now().0.checked_add(micros)) {
            Some(until) if seconds > 0 => Ok(Timestamp(until)),
            Some(_) | None => {
                Err(Problem::new("bad_request", "`for` is a number with s, m, h or d behind it, such as 10m"))
            }
        }
    }
}

fn details_fields(details: &RoomDetails) -> Map<String, Value> {
    let owner = details.owner.as_ref().map(|owner| owner.name.clone());
    fields([
        ("room", crate::bot::line::room_name(&details.name).into()),
        ("owner", owner.into()),
        ("role", details.role.map(chat_proto::Role::name).into()),
        ("settings", Value::Object(setting::fields(&details.settings))),
        ("rights", details.rights.clone().into()),
    ])
}

fn entry(entry: &ListEntry) -> Value {
    json!({
        "id": user_id(entry.who.account),
        "user": entry.who.name,
        "until": entry.until.map(rfc3339),
        "reason": entry.reason,
        "by": user_id(entry.by),
        "since": rfc3339(entry.since),
    })
}
