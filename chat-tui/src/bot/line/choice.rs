//! What an account set for itself and others show of themselves, as lines.

use std::collections::BTreeMap;

use chat_proto::choice::{DraftSet, Ignored, NotifySet, RoomPinned, SettingSet};
use chat_proto::profile::{StateSet, StateValue, Status, StatusSet, UserState};
use chat_proto::reach::{Blocked, ContactSet, DirectPolicySet};
use chat_proto::seen::SeenPolicySet;
use chat_proto::{ChoiceFact, DirectPolicy, Notify, RoomId, SeenPolicy};
use serde::{Deserialize, Serialize};

use super::{Who, rfc3339, room_name};

/// What of a room to be told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Every message.
    All,
    /// Messages that name the account.
    Mentions,
    /// Nothing.
    Nothing,
}

/// Who may write to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// Everybody who is not blocked.
    Everyone,
    /// Whoever shares a room, and contacts.
    SharedRooms,
    /// Contacts.
    Contacts,
    /// Nobody.
    Nobody,
}

impl From<DirectPolicy> for Taken {
    fn from(policy: DirectPolicy) -> Self {
        match policy {
            DirectPolicy::Everyone => Self::Everyone,
            DirectPolicy::SharedRooms => Self::SharedRooms,
            DirectPolicy::Contacts => Self::Contacts,
            DirectPolicy::Nobody => Self::Nobody,
        }
    }
}

impl From<Taken> for DirectPolicy {
    fn from(taken: Taken) -> Self {
        match taken {
            Taken::Everyone => Self::Everyone,
            Taken::SharedRooms => Self::SharedRooms,
            Taken::Contacts => Self::Contacts,
            Taken::Nobody => Self::Nobody,
        }
    }
}

/// Who is told when an account was last there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenBy {
    /// Whoever shares a room with it that is no conversation.
    SharedRooms,
    /// Whoever is not blocked.
    Everyone,
    /// Nobody.
    Nobody,
}

impl From<SeenPolicy> for SeenBy {
    fn from(policy: SeenPolicy) -> Self {
        match policy {
            SeenPolicy::SharedRooms => Self::SharedRooms,
            SeenPolicy::Everyone => Self::Everyone,
            SeenPolicy::Nobody => Self::Nobody,
        }
    }
}

impl From<SeenBy> for SeenPolicy {
    fn from(by: SeenBy) -> Self {
        match by {
            SeenBy::SharedRooms => Self::SharedRooms,
            SeenBy::Everyone => Self::Everyone,
            SeenBy::Nobody => Self::Nobody,
        }
    }
}

/// What somebody says of himself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// His words; may be empty.
    pub text: String,
    /// Whether he is away.
    pub away: bool,
    /// It holds no longer than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl From<&Status> for Shown {
    fn from(status: &Status) -> Self {
        Self { text: status.text.clone(), away: status.away, until: status.until.map(rfc3339) }
    }
}

/// Values by their names.
#[must_use]
pub fn values(state: &[StateValue]) -> BTreeMap<String, String> {
    state.iter().map(|value| (value.name.clone(), value.value.clone())).collect()
}

/// One thing an account set for itself, or somebody shows of himself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "ev", rename_all = "snake_case")]
pub enum ChoiceLine {
    /// A message begun and not sent.
    Draft {
        /// Where.
        room: String,
        /// The words; empty for none.
        text: String,
    },
    /// What of a room to be told about.
    Notify {
        /// The room.
        room: String,
        /// What.
        rule: Told,
    },
    /// A favourite.
    Favourite {
        /// The room.
        room: String,
        /// Whether it is one.
        on: bool,
    },
    /// A setting of the program's own.
    Setting {
        /// Which one.
        name: String,
        /// Its value; empty for none.
        value: String,
    },
    /// An entry of the ignore list.
    Ignore {
        /// Who.
        user: Who,
        /// Whether he is ignored.
        on: bool,
    },
    /// What the account says of itself.
    Status {
        /// What.
        status: Shown,
    },
    /// The values the account's programs keep, all of them.
    OwnState {
        /// The values.
        state: BTreeMap<String, String>,
        /// The names of those that others see.
        public: Vec<String>,
    },
    /// An entry of the list of people who may not write.
    Block {
        /// Who.
        user: Who,
        /// Whether he is blocked.
        on: bool,
    },
    /// A contact.
    Contact {
        /// Who.
        user: Who,
        /// Whether he is one.
        on: bool,
    },
    /// Who may write to the account.
    DirectPolicy {
        /// Who.
        policy: Taken,
    },
    /// Who is told when the account was last there.
    SeenPolicy {
        /// Who.
        policy: SeenBy,
    },
    /// What somebody, or the account itself, is called.
    Nick {
        /// Who.
        user: Who,
        /// What; empty for none any more.
        nick: String,
    },
    /// What somebody else shows of himself, all of it.
    UserState {
        /// Who.
        user: Who,
        /// What he says of himself.
        status: Shown,
        /// His public values.
        state: BTreeMap<String, String>,
    },
}

impl ChoiceLine {
    /// What a choice is to a program. Nothing for a room whose name is not known.
    #[must_use]
    pub fn of_fact<'a>(fact: &ChoiceFact<'_>, room: impl Fn(RoomId) -> Option<&'a str>) -> Option<Self> {
        let named = |id: &RoomId| room(*id).map(room_name);
        Some(match fact {
            ChoiceFact::DraftSet(DraftSet { room, text }) => Self::Draft { room: named(room)?, text: text.clone() },
            ChoiceFact::NotifySet(NotifySet { room, rule }) => {
                let rule = match rule {
                    Notify::All => Told::All,
                    Notify::Mentions => Told::Mentions,
                    Notify::Nothing => Told::Nothing,
                };
                Self::Notify { room: named(room)?, rule }
            }
            ChoiceFact::RoomPinned(RoomPinned { room, on }) => Self::Favourite { room: named(room)?, on: *on },
            ChoiceFact::SettingSet(SettingSet { name, value }) => {
                Self::Setting { name: name.clone(), value: value.clone() }
            }
            ChoiceFact::Ignored(Ignored { account, name, on }) => {
                Self::Ignore { user: Who::new(*account, name.clone()), on: *on }
            }
            ChoiceFact::StatusSet(StatusSet { status }) => Self::Status { status: status.into() },
            ChoiceFact::StateSet(StateSet { values: kept, public }) => {
                Self::OwnState { state: values(kept), public: public.clone() }
            }
            ChoiceFact::Blocked(Blocked { account, name, on }) => {
                Self::Block { user: Who::new(*account, name.clone()), on: *on }
            }
            ChoiceFact::ContactSet(ContactSet { account, name, on }) => {
                Self::Contact { user: Who::new(*account, name.clone()), on: *on }
            }
            ChoiceFact::DirectPolicySet(DirectPolicySet { policy }) => Self::DirectPolicy { policy: (*policy).into() },
            ChoiceFact::SeenPolicySet(SeenPolicySet { policy }) => Self::SeenPolicy { policy: (*policy).into() },
        })
    }

    /// What somebody else shows of himself.
    #[must_use]
    pub fn of_person(state: &UserState) -> Self {
        let UserState { account, name, status, state } = state;
        Self::UserState { user: Who::new(*account, name.clone()), status: status.into(), state: values(state) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::line::{Line, json};
    use chat_proto::EventBody;

    #[test]
    fn a_choice_is_a_line_with_its_own_name() {
        let line = |body: EventBody| {
            let named = |room: RoomId| (room == RoomId(3)).then_some("ci");
            body.choice_fact().and_then(|fact| ChoiceLine::of_fact(&fact, named)).map(|line| json(&Line::Choice(line)))
        };
        let draft = |room| DraftSet { room, text: "hel".to_owned() };
        assert_eq!(line(draft(RoomId(3)).into()).unwrap(), r##"{"ev":"draft","room":"#ci","text":"hel"}"##);
        assert_eq!(line(draft(RoomId(4)).into()), None);
        let rule = NotifySet { room: RoomId(3), rule: Notify::Mentions };
        assert_eq!(line(rule.into()).unwrap(), r##"{"ev":"notify","room":"#ci","rule":"mentions"}"##);
        let ignored = Ignored { account: chat_proto::AccountId(2), name: "bob".to_owned(), on: true };
        assert_eq!(line(ignored.into()).unwrap(), r#"{"ev":"ignore","user":{"id":"u_2","name":"bob"},"on":true}"#);
    }
}
