//! The rule of who may do what, asked of a room as it is now.

use std::sync::Arc;

use chat_proto::name::GUEST_MARK;
use chat_proto::request::UserRef;
use chat_proto::{AccountId, Reject, RejectCode, RoomId, Seq, Timestamp, UserName};

use super::gate::Reader;
use super::{Hub, no_such_room};
use crate::core::Actor;
use crate::core::access::{Action, Target, access};
use crate::core::command::Person;
use crate::core::guest::is_guest;
use crate::core::room::Room;

impl Actor {
    /// The same, as a reader.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader { account: self.account, kind: self.kind, device: self.device }
    }
}

impl Hub {
    /// Whether somebody may do something in a room, to nobody in particular.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn check(&self, room: &Room, by: Reader, action: Action, now: Timestamp) -> Result<(), Reject> {
        if !room.exists() {
            return Err(no_such_room());
        }
        let standing = room.standing(by.account, by.kind, self.rank(by.account), now);
        access(&standing, action, &room.ground(), Target::Nobody)
    }

    /// Whether somebody may read a room, and from which event on.
    ///
    /// # Errors
    /// Why not, or what the store says.
    pub async fn may_read(self: &Arc<Self>, by: Reader, room: RoomId) -> Result<Seq, Reject> {
        self.ask(by, room, Action::Read, move |hub, room| room.readable_from(by.account, hub.rank(by.account))).await
    }

    /// Reads something of a room, if somebody may do an action there.
    ///
    /// # Errors
    /// Why not, or what the store says.
    pub async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        by: Reader,
        room: RoomId,
        action: Action,
        read: impl FnOnce(&Self, &Room) -> T + Send + 'static,
    ) -> Result<T, Reject> {
        self.check_scope(by, room)?;
        let feed = self.room(room).await?;
        let (hub, now) = (Arc::clone(self), self.now());
        feed.look(self, move |room, _| hub.check(room, by, action, now).map(|()| read(&hub, room))).await?
    }

    /// Somebody by number or name.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchUser`] or [`RejectCode::InvalidName`].
    pub fn person(&self, user: &UserRef) -> Result<Person, Reject> {
        let account = match user {
            UserRef::Id(account) => *account,
            UserRef::Name(name) => self.account_named(name)?,
        };
        self.person_of(account).ok_or_else(|| Reject::new(RejectCode::NoSuchUser, "there is no such person here"))
    }

    /// Somebody by number.
    #[must_use]
    pub fn person_of(&self, account: AccountId) -> Option<Person> {
        // What a guest wrote outlives him, and so does what moderators can do about it: by his number.
        let gone = || is_guest(account).then(|| format!("{GUEST_MARK}{account}"));
        let name = self.name_of(account).map(|name| name.as_str().to_owned()).or_else(gone)?;
        Some(Person { account, name, kind: self.kind(account), rank: self.rank(account) })
    }

    /// The account of a name as somebody typed it.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchUser`] or [`RejectCode::InvalidName`].
    pub fn account_named(&self, name: &str) -> Result<AccountId, Reject> {
        let parsed = UserName::shown(name.strip_prefix('@').unwrap_or(name))
            .map_err(|e| Reject::new(RejectCode::InvalidName, format!("{name:?} is no name: {e}")))?;
        let found = self.read_directory(|directory| directory.account_named(&parsed));
        found.ok_or_else(|| Reject::new(RejectCode::NoSuchUser, format!("nobody is called {parsed} here")))
    }

    /// Somebody whose membership ended is no longer counted as present, unless he has come back since.
    pub(super) async fn absent_unless_member(self: &Arc<Self>, room: RoomId, account: AccountId) {
        let Ok(feed) = self.room(room).await else { return };
        let is_member = feed.look(self, move |room, _| room.members().contains_key(&account)).await;
        if is_member == Ok(false) {
            self.absent_from(room, account);
        }
    }
}
