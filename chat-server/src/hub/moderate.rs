//! What is done to a room and to people in it. Whoever loses the right to be there is out before the answer.

use std::sync::Arc;

use chat_proto::{AccountId, FeedId, Line, MessageKey, Reject, RejectCode, Retry, RoomId, Seq};

use super::handle::{Feed, Outcome, Submit};
use super::{Hub, reject};
use crate::core::command::{Change, Delete, Extent, Person, Purge, RoomCommand};
use crate::core::realm::{PurgeAll, RealmCommand};
use crate::core::room::Room;
use crate::core::{Actor, ServerRank};
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
        if let RoomCommand::Change(Change { changes }) = &command {
            self.check_forwards(by, Some(room), changes).await?;
        }
        self.take(&feed, Submit { by: by.clone(), key, command, registration: None }).await
    }

    pub(super) async fn take(
        self: &Arc<Self>,
        feed: &Arc<Feed<Room>>,
        submit: Submit<RoomCommand>,
    ) -> Result<(Found, bool), Reject> {
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

    /// All that somebody wrote into a room so far.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchRoom`], or what the store says.
    pub async fn extent(self: &Arc<Self>, room: RoomId, author: AccountId) -> Result<Extent, Reject> {
        let feed = self.room(room).await?;
        let (up_to, pins) = feed.look(self, |room, meta| (meta.head, room.pins().clone())).await?;
        let mut extent = Extent { up_to, pins: Vec::new() };
        for pin in pins {
            let rows = self.store().read(FeedId::Room(room), pin, 1).await.map_err(|e| reject(&e))?;
            extent.pins.extend(rows.iter().map(|row| &row.event).filter(|it| it.by == author).map(|it| it.seq));
        }
        Ok(extent)
    }

    /// Removes all messages of somebody from every room, but from conversations: there nobody removes what others wrote, and
    /// where nothing is removed.
    ///
    /// # Errors
    /// [`RejectCode::Forbidden`], or what the store says.
    pub async fn purge_everywhere(self: &Arc<Self>, by: &Actor, whom: Person, reason: Line) -> Result<(), Reject> {
        let purge = PurgeAll { account: whom.account, name: whom.name.clone(), reason: reason.clone() };
        if whom.rank >= ServerRank::Owner {
            return Err(Reject::new(
                RejectCode::Forbidden,
                "what an owner of the server wrote is removed room by room",
            ));
        }
        self.command_realm(by, RealmCommand::Purge(purge)).await?;
        let rooms: Vec<RoomId> =
            self.read_directory(|directory| directory.rooms_after(RoomId(0)).map(|(room, _)| room).collect());
        for room in rooms {
            let wrote = self.store().by_author(FeedId::Room(room), whom.account, Seq::MAX, 1).await;
            if wrote.map_err(|e| reject(&e))?.is_empty() {
                continue;
            }
            match self.purge(by, MessageKey::default(), room, whom.clone(), reason.clone()).await {
                Ok(_) => {}
                Err(refused) if refused.retry != Retry::Later => {
                    tracing::info!(code = refused.code.name(), %room, "nothing is purged there");
                }
                Err(failed) => return Err(failed),
            }
        }
        Ok(())
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
        let extent = self.extent(room, whom.account).await?;
        self.command_room(by, key, room, RoomCommand::Purge(Purge { whom, extent, reason })).await
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
