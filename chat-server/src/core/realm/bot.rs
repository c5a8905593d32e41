//! Bots and their tokens. A token is a device whose key is its digest; what is kept here is whose the bot is, and what the
//! token is for.

use std::collections::BTreeMap;

use chat_proto::limits::{BOT_ROOMS_MAX, BOT_TOKENS_MAX, BOTS_MAX, BOTS_PER_ACCOUNT_MAX, BOTS_PER_OWNER_MAX};
use chat_proto::realm::{BotLetIn, BotTokenRevoked};
use chat_proto::{AccountId, DeviceId, Event, EventBody, Reject, RejectCode, RoomId, Timestamp};

use crate::core::{AccountKind, Actor, ServerRank};

/// Give a bot a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetBotIn {
    /// The bot: a new account, or one there is.
    pub bot: AccountId,
    /// Its name.
    pub name: String,
    /// The device that stands for the token.
    pub device: DeviceId,
    /// What the token is called.
    pub id: String,
    /// The rooms it is for.
    pub rooms: Vec<RoomId>,
    /// For how long, seconds.
    pub for_s: Option<u32>,
}

/// A token lets nobody in any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeToken {
    /// The device that stands for it.
    pub device: DeviceId,
}

/// A token as it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is for.
    pub made: &'a BotLetIn,
    /// When it was made.
    pub since: Timestamp,
}

impl Token<'_> {
    /// Whether its time is not over.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.made.until.is_none_or(|until| now < until)
    }
}

/// The bots there ever were, and the tokens that were not revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bots {
    /// The newest token of each, which says whose it is, whether or not it still holds.
    newest: BTreeMap<AccountId, Event>,
    tokens: BTreeMap<DeviceId, Event>,
    /// The revocations of tokens that are the newest of their bot.
    revocations: BTreeMap<DeviceId, Event>,
}

fn token(event: &Event) -> Option<Token<'_>> {
    if let EventBody::BotLetIn(made) = &event.body { Some(Token { made, since: event.at }) } else { None }
}

impl Bots {
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.newest.values().chain(self.tokens.values()).chain(self.revocations.values())
    }

    pub(super) fn is_bot(&self, account: AccountId) -> bool {
        self.newest.contains_key(&account)
    }

    pub(super) fn owner(&self, bot: AccountId) -> Option<AccountId> {
        Some(token(self.newest.get(&bot)?)?.made.owner)
    }

    /// The token a device stands for; nothing for one that was revoked.
    pub(super) fn token(&self, device: DeviceId) -> Option<Token<'_>> {
        token(self.tokens.get(&device)?)
    }

    pub(super) fn tokens(&self) -> impl Iterator<Item = Token<'_>> {
        self.tokens.values().filter_map(token)
    }

    pub(super) fn let_in(&self, by: &Actor, bot: &LetBotIn, now: Timestamp) -> Result<Option<EventBody>, Reject> {
        people_only(by)?;
        if !(1..=BOT_ROOMS_MAX).contains(&bot.rooms.len()) {
            return refused(RejectCode::BadRequest, format!("a token is for 1 to {BOT_ROOMS_MAX} rooms; name them"));
        }
        if bot.for_s == Some(0) {
            return refused(RejectCode::BadRequest, "a token holds for at least a second".to_owned());
        }
        let owner = match self.owner(bot.bot) {
            Some(owner) if owner == by.account || by.rank >= ServerRank::Owner => owner,
            Some(_) => return refused(RejectCode::Forbidden, format!("{} is a bot of somebody else's", bot.name)),
            None => {
                self.check_count(by)?;
                by.account
            }
        };
        let is_of_bot = |token: &Token<'_>| token.made.bot == bot.bot;
        if self.tokens().filter(is_of_bot).count() >= BOT_TOKENS_MAX {
            let message =
                format!("{} has {BOT_TOKENS_MAX} tokens, the most a bot may have; revoke one first", bot.name);
            return refused(RejectCode::LimitExceeded, message);
        }
        let LetBotIn { bot, name, device, id, rooms, for_s } = bot.clone();
        let until = for_s.map(|seconds| Timestamp(now.0.saturating_add(i64::from(seconds) * 1_000_000)));
        Ok(Some(EventBody::BotLetIn(BotLetIn { bot, name, owner, device, id, rooms, until })))
    }

    fn check_count(&self, by: &Actor) -> Result<(), Reject> {
        let most = if by.rank >= ServerRank::Owner { BOTS_PER_OWNER_MAX } else { BOTS_PER_ACCOUNT_MAX };
        let own = self.newest.keys().filter(|bot| self.owner(**bot) == Some(by.account)).count();
        if own >= most {
            return refused(RejectCode::LimitExceeded, format!("you have {own} bots, the most you may have"));
        }
        if self.newest.len() >= BOTS_MAX {
            return refused(RejectCode::LimitExceeded, format!("this server has {BOTS_MAX} bots, the most it takes"));
        }
        Ok(())
    }

    pub(super) fn revoke(&self, by: &Actor, revoke: &RevokeToken) -> Result<Option<EventBody>, Reject> {
        let own = |token: &Token<'_>| token.made.owner == by.account || by.rank >= ServerRank::Owner;
        let Some(token) = self.token(revoke.device).filter(own) else { return Err(no_such_token()) };
        let (bot, device, id) = (token.made.bot, token.made.device, token.made.id.clone());
        Ok(Some(EventBody::BotTokenRevoked(BotTokenRevoked { bot, device, id })))
    }

    pub(super) fn was_let_in(&mut self, event: &Event, made: &BotLetIn) {
        let before = self.newest.insert(made.bot, event.clone());
        if let Some(before) = before.as_ref().and_then(token) {
            self.revocations.remove(&before.made.device);
        }
        self.tokens.insert(made.device, event.clone());
    }

    pub(super) fn revoked(&mut self, event: &Event, revoked: &BotTokenRevoked) {
        self.tokens.remove(&revoked.device);
        let newest = self.newest.get(&revoked.bot).and_then(token);
        if newest.is_some_and(|newest| newest.made.device == revoked.device) {
            self.revocations.insert(revoked.device, event.clone());
        }
    }
}

/// What is said of a token the asker doesn't have.
#[must_use]
pub fn no_such_token() -> Reject {
    let message = "no bot of yours has a token of that name; the list of tokens names those there are";
    Reject::new(RejectCode::NoSuchGrant, message)
}

fn refused<T>(code: RejectCode, message: String) -> Result<T, Reject> {
    Err(Reject::new(code, message))
}

fn people_only(by: &Actor) -> Result<(), Reject> {
    if by.kind != AccountKind::User {
        return refused(RejectCode::Forbidden, "guests and bots have no bots of their own; a person can".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::State;
    use crate::core::command::testing::{Log, actor};
    use crate::core::realm::{Realm, RealmCommand};

    fn let_in(bot: u64, device: u64) -> RealmCommand {
        RealmCommand::LetBotIn(LetBotIn {
            bot: AccountId(bot),
            name: "ci".to_owned(),
            device: DeviceId(device),
            id: format!("id{device}"),
            rooms: vec![RoomId(3)],
            for_s: None,
        })
    }

    fn revoke(device: u64) -> RealmCommand {
        RealmCommand::RevokeToken(RevokeToken { device: DeviceId(device) })
    }

    #[test]
    fn a_bot_stays_one_and_its_owners_when_its_last_token_is_gone() {
        let mut log = Log::<Realm>::default();
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        log.give(&alice, &let_in(30, 31)).unwrap();
        log.give(&alice, &let_in(30, 32)).unwrap();
        assert_eq!(log.give(&bob, &let_in(30, 33)).unwrap_err().code, RejectCode::Forbidden);
        assert_eq!(log.give(&bob, &revoke(31)).unwrap_err().code, RejectCode::NoSuchGrant);
        log.give(&alice, &revoke(32)).unwrap();
        let mut restored = Realm::default();
        restored.restore(&log.state.snapshot()).unwrap();
        assert_eq!(restored.kind(AccountId(30)), AccountKind::Bot);
        assert!(restored.token(DeviceId(31)).is_some());
        log.give(&alice, &revoke(31)).unwrap();
        assert_eq!(log.give(&alice, &revoke(31)).unwrap_err().code, RejectCode::NoSuchGrant);
        assert_eq!(
            (log.state.kind(AccountId(30)), log.state.kind(AccountId(1))),
            (AccountKind::Bot, AccountKind::User)
        );
        let owner = Actor { rank: ServerRank::Owner, ..bob };
        log.give(&owner, &let_in(30, 34)).unwrap();
        assert_eq!(log.state.token(DeviceId(34)).map(|token| token.made.owner), Some(AccountId(1)));
    }

    #[test]
    fn a_snapshot_is_the_same_state_whatever_was_revoked() {
        let mut log = Log::<Realm>::default();
        let alice = actor(1, "alice");
        for command in [let_in(30, 31), let_in(30, 32), revoke(32), let_in(40, 41), revoke(41)] {
            log.give(&alice, &command).unwrap();
            let mut restored = Realm::default();
            restored.restore(&log.state.snapshot()).unwrap();
            assert_eq!(restored, log.state);
        }
    }

    #[test]
    fn bots_tokens_and_rooms_have_bounds() {
        let mut log = Log::<Realm>::default();
        let alice = actor(1, "alice");
        for number in 0..BOTS_PER_ACCOUNT_MAX as u64 {
            log.give(&alice, &let_in(100 + number, 200 + number)).unwrap();
        }
        assert_eq!(log.give(&alice, &let_in(500, 600)).unwrap_err().code, RejectCode::LimitExceeded);
        for number in 1..BOT_TOKENS_MAX as u64 {
            log.give(&alice, &let_in(100, 300 + number)).unwrap();
        }
        assert_eq!(log.give(&alice, &let_in(100, 400)).unwrap_err().code, RejectCode::LimitExceeded);
        log.give(&alice, &revoke(301)).unwrap();
        log.give(&alice, &let_in(100, 400)).unwrap();
        let nowhere = LetBotIn {
            bot: AccountId(100),
            name: String::new(),
            device: DeviceId(1),
            id: String::new(),
            rooms: vec![],
            for_s: None,
        };
        let too_many = LetBotIn { rooms: vec![RoomId(1); BOT_ROOMS_MAX + 1], ..nowhere.clone() };
        for refused in [nowhere, too_many] {
            let refused = log.give(&alice, &RealmCommand::LetBotIn(refused));
            assert_eq!(refused.unwrap_err().code, RejectCode::BadRequest);
        }
        for kind in [AccountKind::Guest, AccountKind::Bot] {
            let by = Actor { kind, ..actor(2, "bob") };
            assert_eq!(log.give(&by, &let_in(700, 701)).unwrap_err().code, RejectCode::Forbidden);
        }
    }
}
