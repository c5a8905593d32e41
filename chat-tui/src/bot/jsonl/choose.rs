//! What a program sets for its account, for every device of it.

use chat_proto::choice::{Ignore, PinRoom, SetDraft, SetNotify, SetSetting};
use chat_proto::request::Whois;
use chat_proto::{AccountId, Notify, Reply, RoomName};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::request::{Problem, fill, room, yes};
use super::work::{Context, Outcome, nonsense};

/// What is set.
#[derive(Clone, Debug)]
pub(super) enum Choose {
    Draft(Draft),
    Notify(Rule),
    Favourite(Favourite),
    Setting(Setting),
    Ignore(Person),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    text: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    rule: Told,
}

/// What of a room to be told about.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    All,
    Mentions,
    Nothing,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Favourite {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    #[serde(default = "yes")]
    on: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setting {
    name: String,
    value: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    user: String,
    #[serde(default = "yes")]
    on: bool,
}

impl Choose {
    /// The ops there are.
    pub(super) const OPS: [&str; 5] = ["draft", "notify", "favourite", "setting", "ignore"];

    pub(super) fn read(op: &str, fields: Map<String, Value>) -> Result<Self, Problem> {
        Ok(match op {
            "draft" => Self::Draft(fill(fields)?),
            "notify" => Self::Notify(fill(fields)?),
            "favourite" => Self::Favourite(fill(fields)?),
            "setting" => Self::Setting(fill(fields)?),
            "ignore" => Self::Ignore(fill(fields)?),
            other => return Err(Problem::new("bad_request", format!("there is no op {other:?}"))),
        })
    }

    /// The room it is about, if it is about one.
    pub(super) fn room(&self) -> Option<&RoomName> {
        match self {
            Self::Draft(Draft { room, .. })
            | Self::Notify(Rule { room, .. })
            | Self::Favourite(Favourite { room, .. }) => Some(room),
            Self::Setting(_) | Self::Ignore(_) => None,
        }
    }
}

impl Context {
    pub(super) async fn choose(&self, choose: Choose) -> Outcome {
        let key = self.key()?;
        match choose {
            Choose::Draft(Draft { room, text }) => {
                let set = SetDraft { key, room: self.room(&room).await?, text };
                self.done(self.ask(set).await)
            }
            Choose::Notify(Rule { room, rule }) => {
                let rule = match rule {
                    Told::All => Notify::All,
                    Told::Mentions => Notify::Mentions,
                    Told::Nothing => Notify::Nothing,
                };
                let set = SetNotify { key, room: self.room(&room).await?, rule };
                self.done(self.ask(set).await)
            }
            Choose::Favourite(Favourite { room, on }) => {
                let pin = PinRoom { key, room: self.room(&room).await?, on };
                self.done(self.ask(pin).await)
            }
            Choose::Setting(Setting { name, value }) => self.set(SetSetting { key, name, value }).await,
            Choose::Ignore(Person { user, on }) => {
                let account = self.account(user).await?;
                self.set(Ignore { key, account, on }).await
            }
        }
    }

    pub(super) async fn set(&self, request: impl Into<chat_proto::Request>) -> Outcome {
        self.ask(request).await.map(|_| Map::new())
    }

    /// Whose a name is.
    pub(super) async fn account(&self, name: String) -> Result<AccountId, Problem> {
        let reply = self.ask(Whois { name }).await?;
        let Reply::Person(person) = reply else { return Err(nonsense(&reply)) };
        Ok(person.account)
    }
}
