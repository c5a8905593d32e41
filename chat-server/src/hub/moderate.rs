//! What is done to a room and to people in it. Whoever loses the right to be there is out before the answer.

use std::sync::Arc;

use chat_proto::{Line, MessageKey, Reject, RoomId};

use super::Hub;
use super::handle::{Outcome, Submit};
use crate::core::Actor;
use crate::core::command::{Delete, Person, Purge, RoomCommand};
use crate::store::Found;

impl Hub {
    /// Gives a room a command. When this returns, what its event means for accounts is written in their feeds.
    ///
    /// # Errors
    /// The reject of the rule, or what the store says.
    pub async fn command_room(
        self: &Arc<Self>,
        by: &Actor,
        key: MessageKey,
        room: RoomId,
        command: RoomCommand,
    ) -> Result<(Found, bool), Reject> {
        let feed = self.room(room).await?;
        let submit = Submit { by: by.clone(), key, command, registration: None };
        let outcome = feed.submit(self, submit).await.outcome().await?;
        match outcome {
            Outcome::Stored(found) => {
                let head = feed.shared.meta().head;
                feed.shared.until_noted(head).await;
                Ok((found, false))
            }
            Outcome::Repeated(found) => Ok((found, true)),
            Outcome::Unchanged => {
                let meta = feed.shared.meta();
                Ok((Found { seq: meta.head, ordinal: meta.ordinal, at: meta.at }, true))
            }
        }
    }

    /// Removes all messages of somebody from a room.
    ///
    /// # Errors
    /// The reject of the rule, or what the store says.
    pub async fn purge(
        self: &Arc<Self>,
        by: &Actor,
        key: MessageKey,
        room: RoomId,
        whom: Person,
        reason: Line,
    ) -> Result<(Found, bool), Reject> {
        let up_to = self.room(room).await?.shared.meta().head;
        self.command_room(by, key, room, RoomCommand::Purge(Purge { whom, up_to, reason })).await
    }

    /// Deletes a room: its memberships end, and its history is gone from the store.
    ///
    /// # Errors
    /// The reject of the rule, or what the store says.
    pub async fn delete_room(
        self: &Arc<Self>,
        by: &Actor,
        key: MessageKey,
        room: RoomId,
        delete: Delete,
    ) -> Result<(Found, bool), Reject> {
        let done = self.command_room(by, key, room, RoomCommand::Delete(delete)).await?;
        // What is to be forgotten could wait for the next batch; this one is looked at now that everything is noted.
        self.room(room).await?.look(self, |_, _| ()).await?;
        Ok(done)
    }
}
