//! Join: become a member. Being one already changes nothing. An owner who comes back is one again, and his room is told so: who
//! watches it came perhaps while he was away.

use chat_proto::event::{Joined, Named, RoleSet};
use chat_proto::limits::MEMBERS_PER_ROOM_MAX;
use chat_proto::{AccountId, EventBody, Reject, RejectCode, Role, Timestamp};

use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// Become a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Join {
    /// How many members the server lets a room have, whatever its settings say.
    pub members_max: u32,
}

impl Default for Join {
    fn default() -> Self {
        Self { members_max: MEMBERS_PER_ROOM_MAX }
    }
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    join: &Join,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    if room.members().contains_key(&by.account) {
        return Ok(None);
    }
    room.allow(by, Action::Join, now)?;
    let max = room.settings().members_max.min(join.members_max);
    if room.members().len() >= max as usize {
        let message = format!("#{} has its {max} members, the most it takes; somebody has to leave first", room.name());
        return Err(Reject::new(RejectCode::LimitExceeded, message));
    }
    Ok(Some(EventBody::Joined(Joined { name: by.name.as_str().to_owned() })))
}

/// What tells of the role of somebody who just joined, if he has one.
pub(in crate::core) fn returned(room: &Room, account: AccountId, name: &str) -> Option<EventBody> {
    let owns = room.owner().is_some_and(|owner| owner.account == account);
    let (member, name) = (Named { account, name: name.to_owned() }, name.to_owned());
    owns.then(|| RoleSet { name, member, role: Role::Owner }.into())
}

#[cfg(test)]
mod tests {
    use chat_proto::Line;
    use chat_proto::setting::{JoinPolicy, Joining, MembersMax};

    use super::*;
    use crate::core::command::testing::{Log, actor, room_of, set};
    use crate::core::command::{Leave, PutOnList, RoomCommand};

    #[test]
    fn joining_twice_is_one_event_and_a_room_that_never_began_has_no_members() {
        let mut log = Log::<Room>::default();
        let bob = actor(2, "bob");
        assert_eq!(log.give(&bob, &RoomCommand::join()).unwrap_err().code, RejectCode::NoSuchRoom);
        let mut log = room_of(&["alice"]);
        assert!(log.give(&bob, &RoomCommand::join()).unwrap().is_some());
        assert!(log.give(&bob, &RoomCommand::join()).unwrap().is_none());
        assert!(log.give(&actor(1, "alice"), &RoomCommand::join()).unwrap().is_none());
        assert_eq!(log.state.members().len(), 2);
    }

    #[test]
    fn a_ban_keeps_out_an_invitation_lets_in_and_a_full_room_takes_nobody() {
        let mut log = room_of(&["alice"]);
        let (alice, bob, carol) = (actor(1, "alice"), actor(2, "bob"), actor(3, "carol"));
        log.give(&alice, &RoomCommand::PutOnList(PutOnList::ban(&bob))).unwrap();
        assert_eq!(log.give(&bob, &RoomCommand::join()).unwrap_err().code, RejectCode::Banned);
        set(&mut log, Joining { policy: JoinPolicy::Invited });
        assert_eq!(log.give(&carol, &RoomCommand::join()).unwrap_err().code, RejectCode::Forbidden);
        log.give(&alice, &RoomCommand::PutOnList(PutOnList::invite(&carol))).unwrap();
        assert!(log.give(&carol, &RoomCommand::join()).unwrap().is_some());
        set(&mut log, Joining { policy: JoinPolicy::Anyone });
        set(&mut log, MembersMax { count: 2 });
        assert_eq!(log.give(&actor(4, "dave"), &RoomCommand::join()).unwrap_err().code, RejectCode::LimitExceeded);
    }
    #[test]
    fn an_owner_who_comes_back_is_one_again_and_his_room_is_told() {
        let mut log = room_of(&["alice", "bob"]);
        let alice = actor(1, "alice");
        log.give(&alice, &RoomCommand::Leave(Leave { reason: Line::default() })).unwrap();
        log.give(&alice, &RoomCommand::join()).unwrap();
        let EventBody::RoleSet(told) = &log.events.last().unwrap().body else { panic!("{:?}", log.events) };
        assert_eq!((told.member.account, told.role), (alice.account, Role::Owner));
        assert_eq!(log.state.members()[&alice.account].role, Role::Owner);
    }
}
