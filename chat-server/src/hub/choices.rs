//! What a person sets for himself, on its way into his account's feed; and what of it others see.

use std::sync::Arc;

use chat_proto::profile::{Profile, UserState};
use chat_proto::{AccountId, Delivery, FeedId, MessageKey, Reject, RejectCode, UserName, UserRef};

use super::Hub;
use super::handle::Submit;
use super::shared::lock;
use crate::core::Actor;
use crate::core::command::{AccountCommand, Choice};

impl Hub {
    /// Sets something in an account's own feed. The same key again changes nothing.
    ///
    /// # Errors
    /// [`RejectCode::NotMember`], [`RejectCode::LimitExceeded`], or what the store says.
    pub async fn choose(self: &Arc<Self>, by: &Actor, key: MessageKey, choice: Choice) -> Result<(), Reject> {
        let feed = self.account(by.account).await?;
        let before = if choice.is_shown() { Some(self.user_state(by.account, &by.name).await?) } else { None };
        let command = AccountCommand::Choose(choice);
        let submit = Submit { by: by.clone(), key, command, registration: None };
        feed.submit(self, submit).await.outcome().await?;
        if let Some(before) = before {
            let after = self.user_state(by.account, &by.name).await?;
            if after != before {
                self.show(after).await;
            }
        }
        Ok(())
    }

    /// The name of an account there is.
    #[must_use]
    pub fn name_of(&self, account: AccountId) -> Option<UserName> {
        self.read_directory(|directory| directory.account(account).map(|entry| entry.name.clone()))
    }

    /// What an account shows of itself.
    async fn user_state(self: &Arc<Self>, account: AccountId, name: &UserName) -> Result<UserState, Reject> {
        let feed = self.account(account).await?;
        let shown = feed.look(self, |state, _| (state.choices().status(), state.choices().public_state())).await?;
        Ok(UserState { account, name: name.as_str().to_owned(), status: shown.0, state: shown.1 })
    }

    /// Tells it to the rooms of the account.
    async fn show(self: &Arc<Self>, state: UserState) {
        let rooms = self.joined_rooms(state.account).await;
        let state = Arc::new(state);
        for room in rooms {
            let feed = lock(&self.rooms).get(&room).cloned();
            if let Some(feed) = feed {
                feed.shared.signal(|signals| {
                    signals.user_state(Arc::clone(&state));
                    true
                });
            }
        }
    }

    /// What a reader gets of a room's signals: what people show of themselves goes to the other members only.
    pub async fn shown_to(self: &Arc<Self>, reader: AccountId, feed: FeedId, signals: Vec<Delivery>) -> Vec<Delivery> {
        let shows = |signal: &Delivery| matches!(signal, Delivery::UserState(_));
        // He is told of his own by itself.
        let is_own_nick = |signal: &Delivery| matches!(signal, Delivery::NickChanged(nick) if nick.account == reader);
        let signals: Vec<Delivery> = signals.into_iter().filter(|signal| !is_own_nick(signal)).collect();
        let FeedId::Room(room) = feed else { return signals };
        if !signals.iter().any(shows) {
            return signals;
        }
        let is_member = self.joined_rooms(reader).await.contains(&room);
        let own = |signal: &Delivery| matches!(signal, Delivery::UserState(state) if state.account == reader);
        signals.into_iter().filter(|signal| !shows(signal) || is_member && !own(signal)).collect()
    }

    /// What somebody may know of a person: status and values only where the two share a room.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchUser`], [`RejectCode::InvalidName`], or what the store says.
    pub async fn profile(self: &Arc<Self>, asker: AccountId, user: &UserRef) -> Result<Profile, Reject> {
        let name = match user {
            UserRef::Name(name) => name.clone(),
            UserRef::Id(account) => {
                let name = self.name_of(*account);
                let nobody =
                    || Reject::new(RejectCode::NoSuchUser, format!("there is no person with the number {account}"));
                name.ok_or_else(nobody)?.as_str().to_owned()
            }
        };
        let person = self.whois(asker, &name).await?;
        let mut shown = UserState {
            account: person.account,
            name: person.name,
            status: chat_proto::Status::default(),
            state: Vec::new(),
        };
        if (person.account == asker || !person.shared_rooms.is_empty())
            && let Some(name) = self.name_of(person.account)
        {
            shown = self.user_state(person.account, &name).await?;
        }
        let UserState { account, name, status, state } = shown;
        let (since, presence, shared_rooms) = (person.since, person.presence, person.shared_rooms);
        Ok(Profile { account, name, since, presence, status, state, shared_rooms })
    }
}
