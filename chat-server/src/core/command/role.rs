//! Give a member another role. The one he has already changes nothing.

use chat_proto::event::RoleSet;
use chat_proto::{EventBody, Reject, RejectCode, Role, Timestamp};

use super::Person;
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// Give a member another role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRole {
    /// Whom.
    pub whom: Person,
    /// Which role.
    pub role: Role,
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    set: &SetRole,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    let action = match set.role {
        Role::Member => Action::MakeMember,
        Role::Moderator => Action::MakeModerator,
        Role::Admin => Action::MakeAdmin,
        Role::Owner => return Err(Reject::new(RejectCode::BadRequest, "a room is given away with /transfer")),
    };
    let present = room.members().get(&set.whom.account).map(|member| member.role);
    room.allow_to(by, action, &set.whom, now)?;
    if present == Some(set.role) {
        return Ok(None);
    }
    Ok(Some(RoleSet { name: by.name.to_string(), member: set.whom.named(), role: set.role }.into()))
}

#[cfg(test)]
mod tests {
    use chat_proto::AccountId;
    use chat_proto::setting::{JoinPolicy, Joining};

    use super::*;
    use crate::core::command::RoomCommand;
    use crate::core::command::testing::{actor, person, room_of, set};

    fn role(whom: &Actor, role: Role) -> RoomCommand {
        RoomCommand::SetRole(SetRole { whom: person(whom), role })
    }

    #[test]
    fn nobody_gives_what_he_does_not_stand_above() {
        let mut log = room_of(&["alice", "bob", "carol"]);
        let (alice, bob, carol) = (actor(1, "alice"), actor(2, "bob"), actor(3, "carol"));
        log.give(&alice, &role(&bob, Role::Admin)).unwrap();
        assert!(log.give(&alice, &role(&bob, Role::Admin)).unwrap().is_none());
        log.give(&bob, &role(&carol, Role::Moderator)).unwrap();
        for (by, whom, wanted) in [
            (&bob, &carol, Role::Admin),
            (&bob, &alice, Role::Member),
            (&carol, &bob, Role::Member),
            (&bob, &bob, Role::Admin),
        ] {
            assert_eq!(log.give(by, &role(whom, wanted)).unwrap_err().code, RejectCode::Forbidden, "{by:?} {whom:?}");
        }
        assert_eq!(log.give(&alice, &role(&alice, Role::Member)).unwrap_err().code, RejectCode::Conflict);
        assert!(log.give(&bob, &role(&bob, Role::Member)).unwrap().is_some());
    }

    #[test]
    fn b2_an_admin_who_is_one_no_more_and_was_never_invited_is_out() {
        let mut log = room_of(&["alice", "bob"]);
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        log.give(&alice, &role(&bob, Role::Admin)).unwrap();
        set(&mut log, Joining { policy: JoinPolicy::Invited });
        assert!(log.state.members().contains_key(&AccountId(2)));
        log.give(&alice, &role(&bob, Role::Member)).unwrap();
        assert!(!log.state.members().contains_key(&AccountId(2)));
    }
}
