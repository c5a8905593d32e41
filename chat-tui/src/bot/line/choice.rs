//! What an account set for itself, as lines.

use chat_proto::choice::{DraftSet, Ignored, NotifySet, RoomPinned, SettingSet};
use chat_proto::{ChoiceFact, Notify, RoomId};
use serde::Serialize;

use super::{Who, room_name};

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

/// One thing an account set for itself.
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
        })
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
