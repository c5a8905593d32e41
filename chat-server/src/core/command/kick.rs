//! Kick: put a member out. He may come back if he may join.

use chat_proto::event::Kicked;
use chat_proto::{EventBody, Line, Reject, RejectCode, Timestamp};

use super::Person;
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// Put a member out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kick {
    /// Whom.
    pub whom: Person,
    /// Why.
    pub reason: Line,
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    kick: &Kick,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    room.allow_to(by, Action::Kick, &kick.whom, now)?;
    if !room.members().contains_key(&kick.whom.account) {
        return Err(Reject::new(RejectCode::NoSuchUser, format!("{} is no member of this room", kick.whom.name)));
    }
    let (name, reason) = (by.name.to_string(), kick.reason.as_str().to_owned());
    Ok(Some(Kicked { name, member: kick.whom.named(), reason }.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::command::testing::{actor, person, room_of};
    use crate::core::command::{RoomCommand, SetRole};

    #[test]
    fn moderators_put_out_who_stands_below_them_and_nobody_else() {
        let mut log = room_of(&["alice", "bob", "carol"]);
        let (alice, bob, carol) = (actor(1, "alice"), actor(2, "bob"), actor(3, "carol"));
        let kick = |whom: &Actor| RoomCommand::Kick(Kick { whom: person(whom), reason: Line::default() });
        assert_eq!(log.give(&bob, &kick(&carol)).unwrap_err().code, RejectCode::Forbidden);
        let role = SetRole { whom: person(&bob), role: chat_proto::Role::Moderator };
        log.give(&alice, &RoomCommand::SetRole(role)).unwrap();
        for above in [&alice, &bob] {
            assert_eq!(log.give(&bob, &kick(above)).unwrap_err().code, RejectCode::Forbidden);
        }
        log.give(&bob, &kick(&carol)).unwrap();
        assert!(!log.state.members().contains_key(&carol.account));
        assert_eq!(log.give(&bob, &kick(&carol)).unwrap_err().code, RejectCode::NoSuchUser);
        assert!(log.give(&carol, &RoomCommand::join()).unwrap().is_some());
    }
}
