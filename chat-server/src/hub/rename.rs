//! A room's other names: reserved, written with the event, and kept.

use std::sync::Arc;

use chat_proto::limits::ROOM_ALIASES_MAX;
use chat_proto::{MessageKey, Reject, RejectCode, RoomId, RoomName};

use super::Hub;
use super::direct::check_free;
use super::handle::Submit;
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::command::create::exists;
use crate::core::command::{Rename, RoomCommand};
use crate::core::directory::NotRenamed;
use crate::store::{Found, Registration, RoomRecord};

impl Hub {
    /// Gives a room another name. The one it had goes on leading to it. Dropping the future doesn't stop it halfway.
    ///
    /// # Errors
    /// [`RejectCode::RoomExists`], [`RejectCode::LimitExceeded`], the reject of the rule, or what the store says.
    pub async fn rename_room(
        self: &Arc<Self>,
        by: &Actor,
        key: MessageKey,
        room: RoomId,
        name: RoomName,
    ) -> Result<(Found, bool), Reject> {
        check_free(&name)?;
        let feed = self.room(room).await?;
        // Who may not hears that, and nothing of other rooms' names; or that he did it before.
        if self.ask(by.reader(), room, Action::Rename, |_, _| ()).await.is_ok() {
            self.reserve_rename(room, &name)?;
        }
        let registration = Some(Registration::Rename(RoomRecord { id: room, name: name.clone() }));
        let command = RoomCommand::Rename(Rename { name: name.clone() });
        let submit = Submit { by: by.clone(), key, command, registration };
        let hub = Arc::clone(self);
        let renamed = self.clerks.spawn(async move {
            let done = hub.take(&feed, submit).await;
            // Where it was given, it is wanted no more.
            hub.write_directory(|directory| directory.release_rename(room, &name));
            done
        });
        renamed.await.unwrap_or_else(|_| Err(Reject::new(RejectCode::Internal, "the room could not be renamed")))
    }

    fn reserve_rename(&self, room: RoomId, name: &RoomName) -> Result<(), Reject> {
        self.write_directory(|directory| directory.reserve_rename(room, name)).map_err(|why| match why {
            NotRenamed::Taken(other) => {
                let taken = self.read_directory(|directory| directory.room(other).cloned());
                exists(name, taken.as_ref().unwrap_or(name).as_str())
            }
            NotRenamed::TooMany => {
                let message =
                    format!("the room has had {ROOM_ALIASES_MAX} names, the most it keeps; take one of those");
                Reject::new(RejectCode::LimitExceeded, message)
            }
        })
    }
}
