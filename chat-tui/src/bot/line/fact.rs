//! What happens in a room beside messages and memberships, as a program reads it.

use chat_proto::event::{Named, Redacted, RedactedFor};
use chat_proto::{Event, RoomFact, Timestamp};
use serde::Serialize;

use super::{Who, rfc3339, room_name};

/// What every line of a room's event has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Where.
    pub room: String,
    /// Its number.
    pub seq: u64,
    /// When, RFC 3339 in UTC.
    pub ts: String,
    /// Who did it.
    pub from: Who,
    /// Whether it is older than the connection.
    pub replay: bool,
}

/// One event of a room that is neither a message nor a membership of its author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "ev", rename_all = "snake_case")]
pub enum FactLine {
    /// An author changed the words of a message.
    Edit {
        /// Where, when, who.
        #[serde(flatten)]
        head: Head,
        /// The message.
        target: u64,
        /// Its words from here on.
        text: String,
    },
    /// A message was removed.
    Delete {
        /// Where, when, who.
        #[serde(flatten)]
        head: Head,
        /// The message.
        target: u64,
        /// Why.
        #[serde(skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// Somebody reacted to a message, or took it back.
    React {
        /// Where, when, who.
        #[serde(flatten)]
        head: Head,
        /// The message.
        target: u64,
        /// With what.
        emoji: String,
        /// Whether it holds.
        on: bool,
    },
    /// A message was pinned, or no more.
    Pin {
        /// Where, when, who.
        #[serde(flatten)]
        head: Head,
        /// The message.
        target: u64,
        /// Whether it is pinned.
        on: bool,
    },
    /// Settings changed.
    Setting {
        /// Where, when, who.
        #[serde(flatten)]
        head: Head,
        /// The settings and their new values, as the op `set` takes them.
        set: serde_json::Map<String, serde_json::Value>,
    },
    /// The room got another name.
    Rename {
        /// Where, when, who.
        #[serde(flatten)]
        head: Head,
        /// What it was called.
        old: String,
        /// What it is called.
        new: String,
    },
    /// A member got another role.
    Role {
        /// Where, when, who.
        #[serde(flatten)]
        head: Head,
        /// Who got it.
        user: String,
        /// Which.
        role: &'static str,
    },
    /// Somebody was banned, muted or invited, or is no more.
    List {
        /// Where, when, who.
        #[serde(flatten)]
        head: Head,
        /// Whom.
        user: String,
        /// `banned`, `muted` or `invited`.
        list: &'static str,
        /// Whether he is on it from here on.
        on: bool,
        /// Until when.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<String>,
        /// Why.
        #[serde(skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// A member was put out.
    Kick {
        /// Where, when, who.
        #[serde(flatten)]
        head: Head,
        /// Whom.
        user: String,
        /// Why.
        #[serde(skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// Members lost the right to be there, and are out.
    Evict {
        /// Where, when, who.
        #[serde(flatten)]
        head: Head,
        /// Whom.
        users: Vec<String>,
        /// Why.
        reason: String,
    },
    /// All messages of a person up to a place were removed.
    Purge {
        /// Where, when, who.
        #[serde(flatten)]
        head: Head,
        /// Whose.
        user: String,
        /// Up to here.
        up_to: u64,
        /// Why.
        #[serde(skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// The room is no more.
    Deleted {
        /// Where, when, who.
        #[serde(flatten)]
        head: Head,
        /// Why.
        #[serde(skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// A message that was removed stood here.
    Erased {
        /// Where, when, who.
        #[serde(flatten)]
        head: Head,
    },
}

impl FactLine {
    /// The line of an event; nothing for a message, a membership, and what belongs to no room.
    #[must_use]
    pub fn of_event(room: &str, event: &Event, replay: bool) -> Option<Self> {
        let fact = event.body.room_fact()?;
        let head = |name: &str| Head {
            room: room_name(room),
            seq: event.seq.0,
            ts: rfc3339(event.at),
            from: Who::new(event.by, name),
            replay,
        };
        let name = |who: &Named| who.name.clone();
        let until = |until: Option<Timestamp>| until.map(rfc3339);
        Some(match fact {
            RoomFact::Edited(it) => Self::Edit { head: head(&it.name), target: it.target.0, text: it.text.clone() },
            RoomFact::Redacted(Redacted { name, target, reason })
            | RoomFact::RedactedFor(RedactedFor { name, target, reason, .. }) => {
                Self::Delete { head: head(name), target: target.0, reason: reason.clone() }
            }
            RoomFact::Reacted(it) => {
                Self::React { head: head(&it.name), target: it.target.0, emoji: it.emoji.clone(), on: it.on }
            }
            RoomFact::Pinned(it) => Self::Pin { head: head(&it.name), target: it.target.0, on: it.on },
            RoomFact::RoomChanged(it) => {
                Self::Setting { head: head(&it.name), set: super::setting::fields(&it.changes) }
            }
            RoomFact::Renamed(it) => {
                Self::Rename { head: head(&it.name), old: room_name(&it.old), new: room_name(&it.new) }
            }
            RoomFact::RoleSet(it) => Self::Role { head: head(&it.name), user: name(&it.member), role: it.role.name() },
            RoomFact::OwnerChanged(it) => {
                Self::Role { head: head(&it.name), user: name(&it.member), role: chat_proto::Role::Owner.name() }
            }
            RoomFact::Listed(it) => Self::List {
                head: head(&it.name),
                user: name(&it.who),
                list: it.list.name(),
                on: true,
                until: until(it.until),
                reason: it.reason.clone(),
            },
            RoomFact::Unlisted(it) => Self::List {
                head: head(&it.name),
                user: name(&it.who),
                list: it.list.name(),
                on: false,
                until: None,
                reason: it.reason.clone(),
            },
            RoomFact::Kicked(it) => {
                Self::Kick { head: head(&it.name), user: name(&it.member), reason: it.reason.clone() }
            }
            RoomFact::Evicted(it) => {
                Self::Evict { head: head(""), users: it.members.iter().map(name).collect(), reason: it.reason.clone() }
            }
            RoomFact::Purged(it) => {
                Self::Purge { head: head(&it.name), user: name(&it.who), up_to: it.up_to.0, reason: it.reason.clone() }
            }
            RoomFact::Deleted(it) => Self::Deleted { head: head(&it.name), reason: it.reason.clone() },
            RoomFact::Erased(_) | RoomFact::ErasedFor(_) => Self::Erased { head: head("") },
            RoomFact::Created(_)
            | RoomFact::DirectCreated(_)
            | RoomFact::Joined(_)
            | RoomFact::Left(_)
            | RoomFact::Posted(_)
            | RoomFact::PostedWith(_) => return None,
        })
    }
}
