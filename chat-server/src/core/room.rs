//! One room: its name, its members, and what its events make of them.

use std::collections::BTreeMap;

use chat_proto::codec::CodecError;
use chat_proto::event::{Created, Joined, Left};
use chat_proto::{AccountId, Event, EventBody, Reject, RejectCode, Role, RoomFact, Timestamp};

use super::command::{RoomCommand, create, join, leave, post};
use super::{Actor, State, parts, put_part};

/// One membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The member's name.
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// When he joined.
    pub since: Timestamp,
}

/// A room's state. Before its first event it exists for nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    name: String,
    topic: String,
    members: BTreeMap<AccountId, Membership>,
}

impl Room {
    /// Whether the room began.
    #[must_use]
    pub fn exists(&self) -> bool {
        !self.name.is_empty()
    }

    /// Its name, without `#`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is about.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Its members, by account.
    #[must_use]
    pub fn members(&self) -> &BTreeMap<AccountId, Membership> {
        &self.members
    }

    /// The members a text names: `@name`, or the name itself at the start before a colon or comma.
    pub(super) fn named_in(&self, text: &str, author: AccountId) -> Vec<AccountId> {
        let words = super::command::mention::named(text);
        self.members
            .iter()
            .filter(|(account, member)| **account != author && words.contains(&member.name.to_lowercase()))
            .map(|(account, _)| *account)
            .take(chat_proto::limits::MENTIONS_PER_POST_MAX)
            .collect()
    }

    fn admit(&mut self, event: &Event, name: &str, role: Role) {
        let membership = Membership { name: name.to_owned(), role, since: event.at };
        self.members.insert(event.by, membership);
    }
}

impl State for Room {
    type Command = RoomCommand;

    const SNAPSHOT_VERSION: u16 = 1;

    fn decide(&self, by: &Actor, command: &RoomCommand, _now: Timestamp) -> Result<Option<EventBody>, Reject> {
        if let RoomCommand::Create(create) = command {
            return create::decide(self, by, create);
        }
        if !self.exists() {
            return Err(Reject::new(RejectCode::NoSuchRoom, "there is no such room; /create makes one"));
        }
        match command {
            RoomCommand::Create(create) => create::decide(self, by, create),
            RoomCommand::Join => join::decide(self, by),
            RoomCommand::Leave(leave) => leave::decide(self, by, leave),
            RoomCommand::Post(post) => post::decide(self, by, post),
        }
    }

    fn apply(&mut self, event: &Event) {
        let Some(fact) = event.body.room_fact() else { return };
        match fact {
            RoomFact::Created(Created { room, name, topic }) => {
                self.name.clone_from(room);
                self.topic.clone_from(topic);
                self.admit(event, name, Role::Owner);
            }
            RoomFact::Joined(Joined { name }) => self.admit(event, name, Role::Member),
            RoomFact::Left(Left { .. }) => {
                self.members.remove(&event.by);
            }
            RoomFact::Posted(_)
            | RoomFact::PostedWith(_)
            | RoomFact::Edited(_)
            | RoomFact::Redacted(_)
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
            | RoomFact::DirectCreated(_) => {}
        }
    }

    fn snapshot(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_part(&mut bytes, &(self.name.clone(), self.topic.clone()));
        for (account, Membership { name, role, since }) in &self.members {
            put_part(&mut bytes, &(*account, name.clone(), *role, *since));
        }
        bytes
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), CodecError> {
        let mut parts = parts(bytes);
        let head: Option<(String, String)> = parts.pop()?;
        let (name, topic) = head.unwrap_or_default();
        let mut members = BTreeMap::new();
        while let Some((account, name, role, since)) = parts.pop::<(AccountId, String, Role, Timestamp)>()? {
            members.insert(account, Membership { name, role, since });
        }
        *self = Self { name, topic, members };
        Ok(())
    }
}
