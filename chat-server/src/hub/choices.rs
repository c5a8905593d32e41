//! What a person sets for himself, on its way into his account's feed.

use std::sync::Arc;

use chat_proto::{AccountId, MessageKey, Reject, UserName};

use super::Hub;
use super::handle::Submit;
use crate::core::Actor;
use crate::core::command::{AccountCommand, Choice};

impl Hub {
    /// Sets something in an account's own feed. The same key again changes nothing.
    ///
    /// # Errors
    /// [`chat_proto::RejectCode::NotMember`], [`chat_proto::RejectCode::LimitExceeded`], or what the store says.
    pub async fn choose(self: &Arc<Self>, by: &Actor, key: MessageKey, choice: Choice) -> Result<(), Reject> {
        let feed = self.account(by.account).await?;
        let command = AccountCommand::Choose(choice);
        let submit = Submit { by: by.clone(), key, command, registration: None };
        feed.submit(self, submit).await.outcome().await.map(|_| ())
    }

    /// The name of an account there is.
    #[must_use]
    pub fn name_of(&self, account: AccountId) -> Option<UserName> {
        self.read_directory(|directory| directory.account(account).map(|entry| entry.name.clone()))
    }
}
