//! Transfer: give a room to another member. Whoever had it is an admin from there on.

use chat_proto::event::OwnerChanged;
use chat_proto::{EventBody, Reject, Timestamp};

use super::Person;
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// Give a room to another member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// To whom.
    pub whom: Person,
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    transfer: &Transfer,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    room.allow_to(by, Action::Transfer, &transfer.whom, now)?;
    Ok(Some(OwnerChanged { name: by.name.to_string(), member: transfer.whom.named() }.into()))
}

#[cfg(test)]
mod tests {
    use chat_proto::{AccountId, RejectCode, Role};

    use super::*;
    use crate::core::command::RoomCommand;
    use crate::core::command::testing::{actor, person, room_of};

    #[test]
    fn a_room_is_given_to_a_member_and_the_giver_stays_an_admin() {
        let mut log = room_of(&["alice", "bob"]);
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        let give = |whom: &Actor| RoomCommand::Transfer(Transfer { whom: person(whom) });
        assert_eq!(log.give(&alice, &give(&actor(3, "carol"))).unwrap_err().code, RejectCode::NotMember);
        assert_eq!(log.give(&bob, &give(&bob)).unwrap_err().code, RejectCode::Forbidden);
        log.give(&alice, &give(&bob)).unwrap();
        assert_eq!(log.state.members()[&AccountId(1)].role, Role::Admin);
        assert_eq!(log.state.members()[&AccountId(2)].role, Role::Owner);
        assert_eq!(log.give(&alice, &give(&alice)).unwrap_err().code, RejectCode::Forbidden);
    }
}
