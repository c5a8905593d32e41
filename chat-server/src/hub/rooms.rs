//! Rooms: making, joining, leaving, writing.

use std::sync::Arc;

use chat_proto::{MessageKey, Reject, RejectCode, RoomId, RoomInfo, RoomName, RoomRef, Seq};

use super::direct::check_free;
use super::handle::{Feed, Outcome, Pending, Submit};
use super::{Hub, no_such_room};
use crate::core::account::Marker;
use crate::core::command::create::{exists, owns_none};
use crate::core::command::{AccountCommand, Create, Leave, NoteJoined, NoteLeft, Post, RoomCommand};
use crate::core::room::Room;
use crate::core::{AccountKind, Actor};
use crate::store::{Registration, RoomRecord};

impl Hub {
    /// The room somebody names.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchRoom`] or [`RejectCode::InvalidName`].
    pub fn find_room(&self, room: &RoomRef) -> Result<RoomId, Reject> {
        match room {
            RoomRef::Id(id) => Ok(*id),
            RoomRef::Name(name) => {
                let name = parse_room(name)?;
                // In the words for a room he may not find, or they would tell that it is there.
                self.read_directory(|directory| directory.room_named(&name)).ok_or_else(no_such_room)
            }
        }
    }

    /// Begins a room. The same key again finds the room it began.
    ///
    /// # Errors
    /// [`RejectCode::RoomExists`], [`RejectCode::Forbidden`], [`RejectCode::LimitExceeded`], or what the store says.
    pub async fn create_room(
        self: &Arc<Self>,
        by: &Actor,
        key: MessageKey,
        create: Create,
    ) -> Result<RoomInfo, Reject> {
        if !self.settings.create {
            return Err(Reject::new(RejectCode::Forbidden, "on this server only its operator makes rooms"));
        }
        if by.kind != AccountKind::User {
            return Err(owns_none());
        }
        check_free(&create.name)?;
        let name = create.name.clone();
        // A room that exists is this command repeated, which costs nothing, or taken.
        if self.read_directory(|directory| directory.room_named(&name)).is_none() {
            self.check_begin(by)?;
            self.check_rooms()?;
            self.check_room_count(by.account).await?;
            self.check_forwards(by, None, &create.settings).await?;
            self.count_new_room(by.account)?;
        }
        let outcome = self.begin_room(by, key, &name, RoomCommand::Create(create)).await;
        // Reserved by somebody who hasn't finished: for this one it is taken all the same.
        let taken = |reject: Reject| match reject.code == RejectCode::NoSuchRoom {
            true => exists(&name, name.as_str()),
            false => reject,
        };
        let (id, feed, outcome) = outcome.map_err(taken)?;
        self.note_joined(by, &feed, outcome).await?;
        self.room_info(by.reader(), id, true).await
    }

    /// Gives a room its first event under a name, unless it has one; whoever asks for the name at the same time gets the same
    /// room. Dropping the future doesn't stop it halfway.
    ///
    /// # Errors
    /// The reject of the rule, or what the store says.
    pub(super) async fn begin_room(
        self: &Arc<Self>,
        by: &Actor,
        key: MessageKey,
        name: &RoomName,
        command: RoomCommand,
    ) -> Result<(RoomId, Arc<Feed<Room>>, Outcome), Reject> {
        let reserved = self.write_directory(|directory| directory.reserve_room(name));
        let (id, fresh) = reserved.map_or_else(|taken| (taken, false), |id| (id, true));
        // Used only if the room did not begin before.
        let registration = Some(Registration::Room(RoomRecord { id, name: name.clone() }));
        let submit = Submit { by: by.clone(), key, command, registration };
        let hub = Arc::clone(self);
        let begun = self.clerks.spawn(async move {
            let outcome = match hub.room(id).await {
                Ok(feed) => feed.submit(&hub, submit).await.outcome().await.map(|outcome| (id, feed, outcome)),
                Err(reject) => Err(reject),
            };
            hub.write_directory(|directory| match &outcome {
                Ok(_) => directory.confirm_room(id),
                Err(_) if fresh => directory.release_room(id),
                Err(_) => {}
            });
            outcome
        });
        begun.await.unwrap_or_else(|_| Err(Reject::new(RejectCode::Internal, "the room could not be begun")))
    }

    /// Becomes a member of a room, and makes it first where that is wanted and allowed.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchRoom`], [`RejectCode::LimitExceeded`], or what the store says.
    pub async fn join_room(
        self: &Arc<Self>,
        by: &Actor,
        key: MessageKey,
        room: &RoomRef,
        create: bool,
    ) -> Result<RoomInfo, Reject> {
        // To a guest a room that is not there looks like one he does not find.
        let create = create && by.kind != AccountKind::Guest;
        let found = self.find_room(room);
        if let (Err(reject), RoomRef::Name(name), true) = (&found, room, create && self.settings.create_on_join)
            && reject.code == RejectCode::NoSuchRoom
        {
            let create = Create::plain(parse_room(name)?, chat_proto::Line::default());
            match self.create_room(by, key, create).await {
                // Somebody else made it in the meantime: then it can be joined.
                Err(reject) if reject.code == RejectCode::RoomExists => {}
                made => return made,
            }
        }
        let id = self.find_room(room)?;
        let feed = self.room(id).await?;
        let account = by.account;
        let is_member = feed.look(self, move |room, _| room.members().contains_key(&account)).await?;
        if !is_member {
            self.check_room_count(account).await?;
        }
        let _entering = if is_member { None } else { Some(self.enter_as(id, account).await?) };
        let submit = Submit { by: by.clone(), key, command: RoomCommand::Join(self.join()), registration: None };
        let outcome = feed.submit(self, submit).await.outcome().await?;
        self.note_joined(by, &feed, outcome).await?;
        self.room_info(by.reader(), id, false).await
    }

    /// Makes somebody who was never here a member of the rooms everybody begins in. One he may not enter, or that is not there, is
    /// passed over. Dropping the future doesn't stop it halfway.
    pub async fn enter_first_rooms(self: &Arc<Self>, by: &Actor) {
        if self.settings.auto_join.is_empty() || by.kind == AccountKind::Bot {
            return;
        }
        let (hub, by) = (Arc::clone(self), by.clone());
        let entered = self.clerks.spawn(async move {
            // Whoever was in a room once has left what he did not want.
            if hub.account(by.account).await.is_ok_and(|feed| feed.shared.meta().head > Seq::ZERO) {
                return;
            }
            for name in &hub.settings.auto_join {
                let room = RoomRef::Name(name.as_str().to_owned());
                if let Err(reject) = hub.join_room(&by, MessageKey::default(), &room, false).await {
                    tracing::info!(code = reject.code.name(), room = %name, "a newcomer does not enter");
                }
            }
        });
        // What went wrong was told; he can join by himself.
        let _ = entered.await;
    }

    /// Writes the membership into the account's own feed before the request is answered: what is acknowledged follows the
    /// person to every device.
    async fn note_joined(self: &Arc<Self>, by: &Actor, feed: &Arc<Feed<Room>>, outcome: Outcome) -> Result<(), Reject> {
        let chat_proto::FeedId::Room(room) = feed.shared.id() else { return Ok(()) };
        let meta = feed.shared.meta();
        let name = feed.look(self, |room, _| room.name().to_owned()).await?;
        let at = match outcome {
            Outcome::Stored(found) | Outcome::Repeated(found) => Marker { seq: found.seq, ordinal: found.ordinal },
            // A member already; an older note stands, and where there is none this one begins at the head.
            Outcome::Unchanged if self.joined_rooms(by.account).await.contains(&room) => return Ok(()),
            Outcome::Unchanged => Marker { seq: meta.head, ordinal: meta.ordinal },
        };
        let account = by.account;
        let is_member = feed.look(self, move |room, _| room.members().contains_key(&account)).await?;
        if is_member {
            let command = AccountCommand::NoteJoined(NoteJoined { room, epoch: meta.epoch, name, at });
            if let Some(pending) = self.note(account, command).await? {
                pending.outcome().await?;
            }
            self.present_in(room, account);
        }
        Ok(())
    }

    /// Stops being a member of a room.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchRoom`], or what the store says.
    pub async fn leave_room(
        self: &Arc<Self>,
        by: &Actor,
        key: MessageKey,
        room: RoomId,
        leave: Leave,
    ) -> Result<(), Reject> {
        let feed = self.room(room).await?;
        let submit = Submit { by: by.clone(), key, command: RoomCommand::Leave(leave), registration: None };
        let outcome = feed.submit(self, submit).await.outcome().await?;
        if let Outcome::Stored(found) | Outcome::Repeated(found) = outcome {
            let command = AccountCommand::NoteLeft(NoteLeft { room, seq: found.seq });
            if let Some(pending) = self.note(by.account, command).await? {
                pending.outcome().await?;
            }
            // A repeated command may be older than a new membership.
            let account = by.account;
            if !feed.look(self, move |room, _| room.members().contains_key(&account)).await? {
                self.absent_from(room, account);
            }
        }
        Ok(())
    }

    /// Writes a message. When this returns it stands in line behind what was written before it.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchRoom`], or what the store says.
    pub async fn post(
        self: &Arc<Self>,
        by: &Actor,
        key: MessageKey,
        room: RoomId,
        post: Post,
    ) -> Result<Pending, Reject> {
        let feed = self.room(room).await?;
        self.check_write(by, room).await?;
        self.check_post(by.account, &feed).await?;
        let hold = self.hold_file(by.account, key, room, &post).await?;
        let submit = Submit { by: by.clone(), key, command: RoomCommand::Post(post), registration: None };
        Ok(feed.submit(self, submit).await.holding(hold))
    }
}

/// A room's name as somebody typed it.
///
/// # Errors
/// [`RejectCode::InvalidName`] with the rule it breaks.
pub fn parse_room(name: &str) -> Result<RoomName, Reject> {
    RoomName::parse(name)
        .map_err(|e| Reject::new(RejectCode::InvalidName, format!("the room name {name:?} is not possible: {e}")))
}
