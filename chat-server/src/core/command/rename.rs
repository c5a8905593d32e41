//! Rename: give a room another name. The old one goes on leading to it.

use chat_proto::event::Renamed;
use chat_proto::{EventBody, Reject, RoomName, Timestamp};

use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// Give a room another name, which the directory has reserved for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The new name.
    pub name: RoomName,
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    rename: &Rename,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    room.allow(by, Action::Rename, now)?;
    let (old, new) = (room.name().to_owned(), rename.name.as_str().to_owned());
    Ok((old != new).then(|| Renamed { name: by.name.to_string(), old, new }.into()))
}
