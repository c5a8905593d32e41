//! Operations about bots and their tokens.

use chat_proto::bots::{BotTokenInfo, ListBotTokens, MakeBotToken, RevokeBotToken};
use chat_proto::{Reply, RoomName, RoomRef};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fields::fields;
use super::request::{Problem, fill};
use super::work::{Context, Outcome, nonsense};
use crate::bot::line::{rfc3339, user_id};

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Tokens {
    Make(Make),
    List(Of),
    Revoke(Revoke),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Make {
    /// The bot's name.
    bot: String,
    /// The rooms the token is for.
    rooms: Vec<String>,
    /// For how long, seconds; until it is revoked without it.
    for_s: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    /// Of which bot; of all of one's own without it.
    #[serde(default)]
    bot: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revoke {
    /// What stands behind `cbot_`.
    token: String,
}

impl Tokens {
    /// The ops there are.
    pub(super) const OPS: [&str; 3] = ["bot_token", "bot_tokens", "revoke_bot_token"];

    pub(super) fn read(op: &str, fields: Map<String, Value>) -> Result<Self, Problem> {
        Ok(match op {
            "bot_token" => Self::Make(fill(fields)?),
            "bot_tokens" => Self::List(fill(fields)?),
            "revoke_bot_token" => Self::Revoke(fill(fields)?),
            other => return Err(Problem::new("bad_request", format!("there is no op {other:?}"))),
        })
    }
}

impl Context {
    pub(super) async fn tokens(&self, op: Tokens) -> Outcome {
        match op {
            Tokens::Make(Make { bot, rooms, for_s }) => {
                let rooms = rooms.iter().map(|room| named(room)).collect::<Result<_, Problem>>()?;
                let reply = self.ask(MakeBotToken { name: bot, rooms, for_s }).await?;
                let Reply::BotTokenMade(made) = reply else { return Err(nonsense(&reply)) };
                let bot = json!({"id": user_id(made.bot.account), "name": made.bot.name});
                Ok(fields([("bot", bot), ("token", made.token.into())]))
            }
            Tokens::List(Of { bot }) => {
                let reply = self.ask(ListBotTokens { name: bot }).await?;
                let Reply::BotTokenList(list) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("tokens", list.tokens.iter().map(entry).collect())]))
            }
            Tokens::Revoke(Revoke { token }) => {
                // Whoever has the whole token says what it is called.
                let id = token.strip_prefix("cbot_").unwrap_or(&token).split('_').next().unwrap_or_default().to_owned();
                self.ask(RevokeBotToken { id }).await.map(|_| Map::new())
            }
        }
    }
}

fn named(room: &str) -> Result<RoomRef, Problem> {
    let name = RoomName::parse(room)
        .map_err(|e| Problem::new("bad_request", format!("the room name {room:?} is not possible: {e}")))?;
    Ok(RoomRef::Name(name.as_str().to_owned()))
}

fn entry(info: &BotTokenInfo) -> Value {
    json!({
        "token": info.id,
        "bot": {"id": user_id(info.bot.account), "name": info.bot.name},
        "owner": {"id": user_id(info.owner.account), "name": info.owner.name},
        "rooms": info.rooms.iter().map(|room| format!("#{}", room.name)).collect::<Vec<_>>(),
        "since": rfc3339(info.since),
        "until": info.until.map(rfc3339),
        "online": info.online,
    })
}
