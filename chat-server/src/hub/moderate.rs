//! What is done to a room and to people in it. Whoever loses the right to be there is out before the answer.

use std::sync::Arc;

use chat_proto::{MessageKey, Reject, RoomId, RoomSetting};

use super::Hub;
use super::handle::{Outcome, Submit};
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::command::RoomCommand;
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

    /// Whether somebody may write in every room a change would copy messages to.
    ///
    /// # Errors
    /// Why not.
    pub async fn check_forwards(self: &Arc<Self>, by: &Actor, changes: &[RoomSetting]) -> Result<(), Reject> {
        for change in changes {
            let RoomSetting::ForwardTo(forward) = change else { continue };
            for room in &forward.rooms {
                self.ask(by.reader(), *room, Action::Post, |_, _| ()).await?;
            }
        }
        Ok(())
    }
}
