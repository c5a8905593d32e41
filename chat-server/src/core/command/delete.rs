//! Delete: end a room, with all its history.

use chat_proto::event::Deleted;
use chat_proto::{EventBody, Line, Reject, RejectCode, Timestamp};

use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// End a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delete {
    /// Only if nobody but the actor is a member.
    pub if_empty: bool,
    /// Why.
    pub reason: Line,
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    delete: &Delete,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    room.allow(by, Action::Delete, now)?;
    let others = room.members().keys().filter(|account| **account != by.account).count();
    if delete.if_empty && others > 0 {
        let message = format!("{others} others are members; delete it with them, or have them leave first");
        return Err(Reject::new(RejectCode::Forbidden, message));
    }
    Ok(Some(Deleted { name: by.name.to_string(), reason: delete.reason.as_str().to_owned() }.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::command::RoomCommand;
    use crate::core::command::testing::{actor, room_of};

    #[test]
    fn only_the_owner_deletes_and_with_if_empty_only_an_empty_room() {
        let mut log = room_of(&["alice", "bob"]);
        let delete = |if_empty| RoomCommand::Delete(Delete { if_empty, reason: Line::default() });
        assert_eq!(log.give(&actor(2, "bob"), &delete(false)).unwrap_err().code, RejectCode::Forbidden);
        assert_eq!(log.give(&actor(1, "alice"), &delete(true)).unwrap_err().code, RejectCode::Forbidden);
        log.give(&actor(1, "alice"), &delete(false)).unwrap();
        assert!(!log.state.exists());
        assert_eq!(log.give(&actor(2, "bob"), &RoomCommand::join()).unwrap_err().code, RejectCode::NoSuchRoom);
    }
}
