//! What people are called: reserved in the directory, kept in the server's own feed, told to those who share a room.

use std::sync::Arc;

use chat_proto::limits::LIST_PAGE_MAX;
use chat_proto::nick::{Nick, NickChanged, Nicks};
use chat_proto::{AccountId, NickPolicy, Reject, RejectCode, RoomId, UserName};

use super::Hub;
use super::direct::is_conversation;
use super::people::parse_user;
use super::shared::lock;
use crate::core::Actor;
use crate::core::nick::Rivals;
use crate::core::realm::{RealmCommand, SetNick};

/// Somebody on his way into a room, until this is dropped.
#[derive(Debug)]
pub(super) struct Entering<'a> {
    hub: &'a Hub,
    room: RoomId,
    account: AccountId,
}

impl Drop for Entering<'_> {
    fn drop(&mut self) {
        self.hub.write_directory(|directory| directory.nicks_mut().entered(self.room, self.account));
    }
}

impl Hub {
    /// Calls somebody so, durably; by his name only with an empty nick. Dropping the future doesn't stop it halfway.
    ///
    /// # Errors
    /// [`RejectCode::InvalidName`], [`RejectCode::NameTaken`], [`RejectCode::Conflict`], or what the store says.
    pub async fn set_nick(self: &Arc<Self>, by: &Actor, nick: &str) -> Result<Nicks, Reject> {
        let nick = if nick.is_empty() { None } else { Some(parse_user(nick)?) };
        let nick = nick.filter(|nick| *nick != by.name);
        if !self.write_directory(|directory| directory.nicks_mut().begin_change(by.account)) {
            return Err(Reject::new(
                RejectCode::Conflict,
                "another connection of yours is changing the nick right now",
            ));
        }
        let (hub, by) = (Arc::clone(self), by.clone());
        let changed = self.clerks.spawn(async move {
            let changed = hub.change_nick(&by, nick).await;
            // Whatever came of it: what is kept is what holds.
            let kept = hub.standing.read(|realm| realm.nick(by.account)).map(|(nick, _)| nick);
            hub.write_directory(|directory| {
                directory.nicks_mut().set(by.account, kept);
                directory.nicks_mut().end_change(by.account);
            });
            if changed.is_ok() {
                hub.tell_nick(by.account).await;
            }
            changed.map(|()| hub.nicks_of(&[by.account]))
        });
        changed.await.unwrap_or_else(|_| Err(Reject::new(RejectCode::Internal, "the nick could not be changed")))
    }

    async fn change_nick(self: &Arc<Self>, by: &Actor, nick: Option<UserName>) -> Result<(), Reject> {
        let account = by.account;
        if let Some(nick) = &nick {
            let reserved = self.write_directory(|directory| directory.reserve_nick(account, nick));
            let rivals = reserved.map_err(|owner| self.looks_like(nick, owner))?;
            if self.nick_policy() == NickPolicy::Room {
                for room in self.joined_rooms(account).await {
                    self.check_rivals(nick, room, &rivals).await?;
                }
            }
        }
        let set = SetNick { nick, policy: self.nick_policy() };
        self.command_realm(by, RealmCommand::SetNick(set)).await.map(drop)
    }

    /// Lets somebody into a room under what he is called, if nobody there is called so.
    ///
    /// # Errors
    /// [`RejectCode::NameTaken`], or what the store says.
    pub(super) async fn enter_as(self: &Arc<Self>, room: RoomId, account: AccountId) -> Result<Entering<'_>, Reject> {
        let (rivals, nick) = self.write_directory(|directory| {
            let nick = directory.nicks().of(account).cloned();
            (directory.nicks_mut().enter(room, account), nick)
        });
        let entering = Entering { hub: self, room, account };
        if let Some(nick) = nick.filter(|_| self.nick_policy() == NickPolicy::Room) {
            self.check_rivals(&nick, room, &rivals).await?;
        }
        Ok(entering)
    }

    /// Whether none of those who are called the same is in a room, or was about to be.
    async fn check_rivals(self: &Arc<Self>, nick: &UserName, id: RoomId, rivals: &Rivals) -> Result<(), Reject> {
        let name = self.read_directory(|directory| directory.room(id).cloned());
        let Some(name) = name.filter(|name| !rivals.accounts.is_empty() && !is_conversation(name)) else {
            return Ok(());
        };
        let accounts = rivals.accounts.clone();
        let feed = self.room(id).await?;
        let is_there = feed.look(self, move |room, _| accounts.iter().any(|who| room.members().contains_key(who)));
        if is_there.await? || rivals.entering.iter().any(|(room, _)| *room == id) {
            let message =
                format!("somebody in #{name} is called {nick}, or what looks like it; /nick gives you another one");
            return Err(Reject::new(RejectCode::NameTaken, message));
        }
        Ok(())
    }

    fn looks_like(&self, nick: &UserName, owner: AccountId) -> Reject {
        let name = self.name_of(owner).map_or_else(|| format!("account {owner}"), |name| name.to_string());
        let message = format!("{nick} could be taken for {name}; choose something that can't");
        Reject::new(RejectCode::NameTaken, message)
    }

    /// Among whom nicks are unique.
    fn nick_policy(&self) -> NickPolicy {
        self.read_directory(|directory| directory.nicks().policy())
    }

    /// Those of some accounts that are called something.
    #[must_use]
    pub fn nicks_of(&self, accounts: &[AccountId]) -> Nicks {
        self.read_directory(|directory| {
            let nick = |account: &AccountId| {
                let (entry, nick) = (directory.account(*account)?, directory.nicks().shown(*account)?);
                Some(Nick { account: *account, name: entry.name.as_str().to_owned(), nick })
            };
            let nicks = accounts.iter().take(usize::from(LIST_PAGE_MAX)).filter_map(nick).collect();
            Nicks { policy: directory.nicks().policy(), nicks }
        })
    }

    /// Tells the rooms of an account, and its own connections, what it is called.
    async fn tell_nick(self: &Arc<Self>, account: AccountId) {
        let Some(name) = self.name_of(account) else { return };
        let nick = self.read_directory(|directory| directory.nicks().shown(account)).unwrap_or_default();
        let changed = NickChanged { account, name: name.as_str().to_owned(), nick };
        self.tell_account(account, &changed.clone().into());
        for room in self.joined_rooms(account).await {
            let feed = lock(&self.rooms).get(&room).cloned();
            if let Some(feed) = feed {
                feed.shared.signal(|signals| {
                    signals.nick(changed.clone());
                    true
                });
            }
        }
    }
}
