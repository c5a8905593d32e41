//! Bots: giving them tokens, listing and revoking those, and letting a bot in by one, into its rooms and no others.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::bots::{BotRoom, BotTokenInfo, BotTokenList, BotTokenMade, MakeBotToken};
use chat_proto::token::BotToken;
use chat_proto::{
    AccountId, CloseCode, DeviceId, DeviceKey, Line, MessageKey, Named, Reject, RejectCode, RoomId, UserName,
};

use super::Hub;
use super::devices::TOKENS;
use super::gate::Reader;
use super::handle::Submit;
use super::people::{Identified, name_taken, parse_user};
use crate::admission::network;
use crate::core::access::Action;
use crate::core::realm::bot::no_such_token;
use crate::core::realm::{LetBotIn, RealmCommand, RevokeToken, Token};
use crate::core::{AccountKind, Actor, ServerRank};
use crate::digest::sha256;
use crate::store::{AccountRecord, DeviceRecord, Registration};

/// The key of the device that stands for a token: all that is kept of it.
fn key_of(token: &BotToken) -> DeviceKey {
    DeviceKey(sha256(&[b"chat-bot-v1", token.as_str().as_bytes()].concat()))
}

/// A place for a token in the directory, until it is on disk.
struct Reserved {
    account: AccountId,
    device: DeviceId,
    registration: Registration,
    is_new: bool,
}

impl Hub {
    /// What an account is.
    #[must_use]
    pub fn kind(&self, account: AccountId) -> AccountKind {
        self.standing.read(|realm| realm.kind(account))
    }

    /// Whether somebody may do anything at all in a room: a bot's token is for some rooms only.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchRoom`]: for it, there is none.
    pub fn check_scope(&self, by: Reader, room: RoomId) -> Result<(), Reject> {
        let is_for = |token: Token<'_>| token.made.rooms.contains(&room);
        if by.kind != AccountKind::Bot || self.standing.read(|realm| realm.token(by.device).is_some_and(is_for)) {
            return Ok(());
        }
        let message = "there is no such room for this token; its bot's owner can make one that names the room";
        Err(Reject::new(RejectCode::NoSuchRoom, message))
    }

    /// Makes a token for a bot of somebody's, and the bot with its first one. Dropping the future doesn't stop it halfway.
    ///
    /// # Errors
    /// [`RejectCode::NameTaken`], [`RejectCode::InvalidName`], [`RejectCode::Forbidden`], [`RejectCode::LimitExceeded`],
    /// whatever keeps the asker from a room, or what the store says.
    pub async fn make_bot_token(self: &Arc<Self>, by: &Actor, make: &MakeBotToken) -> Result<BotTokenMade, Reject> {
        let name = parse_user(&make.name)?;
        let mut rooms = BTreeSet::new();
        for room in &make.rooms {
            let room = self.find_room(room)?;
            self.ask(by.reader(), room, Action::Find, |_, _| ()).await?;
            rooms.insert(room);
        }
        let token = BotToken::of_random(&self.environment.bytes());
        let key = key_of(&token);
        let Reserved { account, device, registration, is_new } = self.reserve_token(&name, key, token.id())?;
        let (id, rooms) = (token.id().to_owned(), rooms.into_iter().collect());
        let bot = Named { account, name: name.as_str().to_owned() };
        let command = LetBotIn { bot: account, name: bot.name.clone(), device, id, rooms, for_s: make.for_s };
        let (hub, by) = (Arc::clone(self), by.clone());
        let made = self.clerks.spawn(async move {
            let command = RealmCommand::LetBotIn(command);
            let submit = Submit { by, key: MessageKey::default(), command, registration: Some(registration) };
            let outcome = hub.realm.submit(&hub, submit).await.outcome().await;
            hub.write_directory(|directory| match (&outcome, is_new) {
                (Ok(_), true) => directory.confirm_account(account),
                (Ok(_), false) => directory.confirm_device(&key),
                (Err(_), true) => directory.release_account(account, &key),
                (Err(_), false) => directory.release_device(&key),
            });
            outcome
        });
        made.await.unwrap_or_else(|_| Err(Reject::new(RejectCode::Internal, "the token could not be made")))?;
        Ok(BotTokenMade { bot, token: token.as_str().to_owned() })
    }

    fn reserve_token(&self, name: &UserName, key: DeviceKey, id: &str) -> Result<Reserved, Reject> {
        let (since, label) = (self.now(), Line::parse(id).unwrap_or_default());
        let taken = self.read_directory(|directory| {
            let account = directory.account_named(name)?;
            directory.account(account).map(|entry| (account, entry.name.clone()))
        });
        let record = |id, account| DeviceRecord { id, key, account, since, label: label.clone(), revoked: false };
        let lost = || Reject::new(RejectCode::Internal, "the token could not be made");
        match taken {
            Some((account, owner)) if self.kind(account) == AccountKind::Bot && owner == *name => {
                let reserve = self.write_directory(|dir| dir.reserve_device(account, key, label.clone(), since));
                let device = reserve.ok_or_else(lost)?;
                let registration = Registration::Device(record(device, account));
                Ok(Reserved { account, device, registration, is_new: false })
            }
            Some((_, owner)) => Err(name_taken(name, &owner)),
            None => {
                let reserve = self.write_directory(|directory| directory.reserve_account(name, key, since));
                let (account, device) = reserve.map_err(|_| name_taken(name, name))?;
                let record_of_account = AccountRecord { id: account, name: name.clone(), since };
                let registration = Registration::Account(record_of_account, record(device, account));
                Ok(Reserved { account, device, registration, is_new: true })
            }
        }
    }

    /// The bot of a token.
    ///
    /// # Errors
    /// [`RejectCode::InvalidToken`], [`RejectCode::ExpiredToken`], [`RejectCode::CodeBlocked`].
    pub fn identify_bot(&self, token: &str, from: IpAddr) -> Result<Identified, Reject> {
        let guesser = self.begin_guess(TOKENS.to_owned(), network(from))?;
        let token = BotToken::parse(token).map_err(|e| Reject::new(RejectCode::InvalidToken, e.to_string()))?;
        let key = key_of(&token);
        let known = self.read_directory(|directory| {
            let (device, account) = directory.device(&key)?;
            Some((device, account, directory.account(account)?.name.clone()))
        });
        let invalid = || {
            let message =
                "this token opens nothing: nobody made it here, or it was revoked; its owner can make another";
            Reject::new(RejectCode::InvalidToken, message)
        };
        let (device, account, name) = known.ok_or_else(invalid)?;
        let until =
            self.standing.read(|realm| realm.token(device).map(|token| token.made.until)).ok_or_else(invalid)?;
        self.guessed_right(&guesser);
        let expires_in = until.map(|until| {
            let left = until.0.saturating_sub(self.now().0);
            Duration::from_micros(u64::try_from(left).unwrap_or(0))
        });
        if expires_in == Some(Duration::ZERO) {
            let message = "this token's time is over; its bot's owner can make another";
            return Err(Reject::new(RejectCode::ExpiredToken, message));
        }
        let actor = Actor { kind: AccountKind::Bot, ..Actor::user(account, device, name) };
        Ok(Identified { actor, registered: false, key: Some(key), expires_in })
    }

    /// The tokens of somebody's bots, or of one bot.
    ///
    /// # Errors
    /// [`RejectCode::InvalidName`], [`RejectCode::NoSuchUser`] for a name that is no bot's of the asker.
    pub fn list_bot_tokens(&self, by: &Actor, name: &str) -> Result<BotTokenList, Reject> {
        let is_owner = self.rank(by.account) >= ServerRank::Owner;
        let owner = |bot| self.standing.read(|realm| realm.bot_owner(bot));
        let of = if name.is_empty() { None } else { Some(self.account_named(name)?) };
        if let Some(bot) = of
            && !owner(bot).is_some_and(|owner| is_owner || owner == by.account)
        {
            return Err(Reject::new(RejectCode::NoSuchUser, format!("no bot of yours is called {name}")));
        }
        let is_wanted = |token: &Token<'_>| match of {
            Some(bot) => token.made.bot == bot,
            None => token.made.owner == by.account,
        };
        let made: Vec<_> = self
            .standing
            .read(|realm| realm.tokens().filter(is_wanted).map(|token| (token.made.clone(), token.since)).collect());
        let tokens = made.into_iter().map(|(made, since)| BotTokenInfo {
            bot: Named { account: made.bot, name: self.author(made.bot) },
            owner: Named { account: made.owner, name: self.author(made.owner) },
            rooms: made
                .rooms
                .iter()
                .map(|room| BotRoom { room: *room, name: self.name_of_room(Some(*room)) })
                .collect(),
            since,
            until: made.until,
            online: self.list_sessions(made.bot).sessions.iter().any(|session| session.device == made.device),
            id: made.id,
        });
        Ok(BotTokenList { tokens: tokens.collect() })
    }

    /// Takes a token its right, and closes its connections.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchGrant`], or what the store says.
    pub async fn revoke_bot_token(self: &Arc<Self>, by: &Actor, id: &str) -> Result<(), Reject> {
        let device =
            self.standing.read(|realm| realm.tokens().find(|token| token.made.id == id).map(|token| token.made.device));
        let device = device.ok_or_else(no_such_token)?;
        let command = RealmCommand::RevokeToken(RevokeToken { device });
        let registration = Some(Registration::RevokeDevice(device));
        let submit = Submit { by: by.clone(), key: MessageKey::default(), command, registration };
        self.realm.submit(self, submit).await.outcome().await?;
        self.write_directory(|directory| directory.revoke_device(device));
        let reason = "this token was revoked by the bot's owner";
        self.end_sessions(|live| live.who.device == device, CloseCode::Revoked, reason).await;
        Ok(())
    }
}
