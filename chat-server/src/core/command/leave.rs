//! Leave: stop being a member. Being none already changes nothing.

use chat_proto::event::Left;
use chat_proto::{EventBody, Line, Reject, Timestamp};

use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// Stop being a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leave {
    /// Why.
    pub reason: Line,
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    leave: &Leave,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    room.allow(by, Action::Leave, now)?;
    Ok(room
        .members()
        .get(&by.account)
        .map(|member| EventBody::Left(Left { name: member.name.clone(), reason: leave.reason.as_str().to_owned() })))
}

#[cfg(test)]
mod tests {
    use chat_proto::{AccountId, Role};

    use super::*;
    use crate::core::command::RoomCommand;
    use crate::core::command::testing::{actor, room_of};

    #[test]
    fn leaving_ends_the_membership_and_leaving_again_is_no_event() {
        let mut log = room_of(&["alice"]);
        let alice = actor(1, "alice");
        assert!(log.give(&alice, &RoomCommand::Leave(Leave::default())).unwrap().is_some());
        assert!(log.state.members().is_empty());
        assert!(log.give(&alice, &RoomCommand::Leave(Leave::default())).unwrap().is_none());
    }

    #[test]
    fn an_owner_who_comes_back_is_the_owner() {
        let mut log = room_of(&["alice", "bob"]);
        let alice = actor(1, "alice");
        log.give(&alice, &RoomCommand::Leave(Leave::default())).unwrap();
        log.give(&alice, &RoomCommand::join()).unwrap();
        assert_eq!(log.state.members()[&AccountId(1)].role, Role::Owner);
    }
}
