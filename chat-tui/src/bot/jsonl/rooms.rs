//! Rooms by name and by number, and those that are read without being in them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chat_proto::request::{LookUpRoom, Position, Subscribe, Unsubscribe};
use chat_proto::{Chain, FeedId, FeedState, RejectCode, Reply, RoomId, RoomInfo, RoomName, RoomRef, Seq};
use serde_json::Map;

use super::fields::fields;
use super::request::{self, Problem};
use super::work::{Context, Outcome, nonsense};
use crate::bot::line::room_name;

/// What is known of rooms.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    /// Rooms met before, by what is unique of their names.
    known: Mutex<BTreeMap<String, RoomId>>,
    /// Those read without being in them.
    guests: Mutex<BTreeMap<RoomId, Guest>>,
}

/// How a room is read without being in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guest {
    /// Where it was to begin.
    pub(super) from: Option<Seq>,
    /// Whether it has not begun yet.
    pub(super) is_new: bool,
}

impl Rooms {
    fn known(&self, name: &RoomName) -> Option<RoomId> {
        lock(&self.known).get(&lane(name)).copied()
    }

    pub(super) fn remember(&self, name: &RoomName, id: RoomId) {
        let mut known = lock(&self.known);
        if known.len() >= ROOMS_KNOWN_MAX {
            known.clear();
        }
        known.insert(lane(name), id);
    }

    /// What was remembered may lead nowhere any more. False if there was nothing.
    pub(super) fn forget_names(&self) -> bool {
        !std::mem::take(&mut *lock(&self.known)).is_empty()
    }

    /// Whether a room is read without being in it.
    fn has_guest(&self, room: RoomId) -> bool {
        lock(&self.guests).contains_key(&room)
    }

    /// A room stands somehow: how it is read without being in it, if it is. From here on it has begun.
    pub(super) fn guest(&self, room: RoomId) -> Option<Guest> {
        let mut guests = lock(&self.guests);
        let guest = guests.get_mut(&room)?;
        Some(std::mem::replace(guest, Guest { is_new: false, ..*guest }))
    }

    /// It is not read any more.
    pub(super) fn leave(&self, room: RoomId) {
        lock(&self.guests).remove(&room);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is unique of a room's name.
pub(super) fn lane(room: &RoomName) -> String {
    room.keys().folded
}

pub(super) fn by_name(room: &RoomName) -> RoomRef {
    RoomRef::Name(room.as_str().to_owned())
}

impl Context {
    pub(super) async fn room(&self, name: &RoomName) -> Result<RoomId, Problem> {
        if let Some(id) = self.rooms.known(name) {
            return Ok(id);
        }
        let reply = self.ask(LookUpRoom { room: by_name(name) }).await?;
        let Reply::RoomInfo(info) = reply else { return Err(nonsense(&reply)) };
        self.rooms.remember(name, info.room);
        Ok(info.room)
    }

    pub(super) fn info(&self, name: &RoomName, reply: Reply) -> Outcome {
        let Reply::RoomInfo(info) = reply else { return Err(nonsense(&reply)) };
        self.rooms.remember(name, info.room);
        let RoomInfo { name, head, read, created, .. } = info;
        let mut fields = fields([("room", room_name(&name).into()), ("head", head.0.into()), ("read", read.0.into())]);
        if created {
            fields.insert("created".to_owned(), true.into());
        }
        Ok(fields)
    }

    /// Reads a room without becoming a member. Its events come as those of other rooms do.
    pub(super) async fn subscribe(&self, request::Subscribe { room: name, from }: request::Subscribe) -> Outcome {
        let reply = self.ask(LookUpRoom { room: by_name(&name) }).await?;
        let Reply::RoomInfo(RoomInfo { room, epoch, head, member, .. }) = reply else { return Err(nonsense(&reply)) };
        if member {
            return Err(Problem::new("conflict", format!("#{name} is a room you are in, and is heard already")));
        }
        let feed = FeedId::Room(room);
        if !self.rooms.has_guest(room) {
            lock(&self.rooms.guests).insert(room, Guest { from: from.map(Seq), is_new: true });
            let from = Position { feed, epoch, seq: head, chain: Chain::default(), backlog_max: u32::MAX };
            let begun = self.ask(Subscribe { from }).await;
            let may = matches!(&begun, Ok(Reply::FeedStatus(status)) if status.state != FeedState::NoAccess);
            if !may {
                self.rooms.leave(room);
            }
            begun?;
            if !may {
                return Err(Problem::new(RejectCode::NoSuchRoom.name(), format!("#{name} is not to be read by you")));
            }
        }
        Ok(fields([("room", room_name(name.as_str()).into()), ("head", head.0.into())]))
    }

    /// Reads a room no more that is read without being in it.
    pub(super) async fn unsubscribe(&self, name: &RoomName) -> Outcome {
        let room = self.room(name).await?;
        if !self.rooms.has_guest(room) {
            return Err(Problem::new("bad_request", format!("#{name} was not subscribed to; part leaves a room")));
        }
        self.ask(Unsubscribe { feed: FeedId::Room(room) }).await?;
        self.rooms.leave(room);
        Ok(Map::new())
    }
}

/// Rooms whose numbers are remembered.
const ROOMS_KNOWN_MAX: usize = 1_000;
