//! Bots: programs with an account of their own, let in by tokens that are for a few rooms.

use crate::codec::{Decode, Encode};
use crate::event::Named;
use crate::id::{RoomId, Timestamp};
use crate::request::RoomRef;

/// Proof by a bot's token. Bearer and secret: sent only where the server's key was verified.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct BotAuth {
    /// The token; see [`crate::token::BotToken`].
    pub token: String,
}

/// Make a token for a bot of the asker's, and the bot with its first one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MakeBotToken {
    /// The bot's name: a free one, or that of a bot of the asker's.
    pub name: String,
    /// The rooms the token is for: 1 to [`BOT_ROOMS_MAX`](crate::limits::BOT_ROOMS_MAX).
    pub rooms: Vec<RoomRef>,
    /// How long it holds, seconds; until it is revoked without it.
    pub for_s: Option<u32>,
}

/// A token that was made. It is told this once.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct BotTokenMade {
    /// Whom it lets in.
    pub bot: Named,
    /// The token.
    pub token: String,
}

impl std::fmt::Debug for BotAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BotAuth(…)")
    }
}

impl std::fmt::Debug for BotTokenMade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BotTokenMade(…)")
    }
}

/// Which tokens do my bots have? The server's owners may ask for any bot by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ListBotTokens {
    /// Of which bot; of all of them if it is empty.
    pub name: String,
}

/// A room a token is for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BotRoom {
    /// Which one.
    pub room: RoomId,
    /// Its name.
    pub name: String,
}

/// One token of a bot.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BotTokenInfo {
    /// Which one: what stands behind `cbot_`.
    pub id: String,
    /// Whom it lets in.
    pub bot: Named,
    /// Whose the bot is.
    pub owner: Named,
    /// The rooms it is for.
    pub rooms: Vec<BotRoom>,
    /// When it was made.
    pub since: Timestamp,
    /// Until when it holds; until it is revoked without it.
    pub until: Option<Timestamp>,
    /// Whether somebody is logged in with it.
    pub online: bool,
}

/// Tokens that let somebody in, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BotTokenList {
    /// The tokens.
    pub tokens: Vec<BotTokenInfo>,
}

/// A token lets nobody in any more. Its connections are closed before the answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RevokeBotToken {
    /// Which one: what stands behind `cbot_`.
    pub id: String,
}
