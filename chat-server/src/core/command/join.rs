//! Join: become a member. Being one already changes nothing.

use chat_proto::event::Joined;
use chat_proto::{EventBody, Reject, RejectCode, Timestamp};

use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

pub(in crate::core) fn decide(room: &Room, by: &Actor, now: Timestamp) -> Result<Option<EventBody>, Reject> {
    if room.members().contains_key(&by.account) {
        return Ok(None);
    }
    room.allow(by, Action::Join, now)?;
    let max = room.settings().members_max;
    if room.members().len() >= max as usize {
        let message = format!("#{} has its {max} members, the most it takes; somebody has to leave first", room.name());
        return Err(Reject::new(RejectCode::LimitExceeded, message));
    }
    Ok(Some(EventBody::Joined(Joined { name: by.name.as_str().to_owned() })))
}

#[cfg(test)]
mod tests {
    use chat_proto::setting::{JoinPolicy, Joining, MembersMax};

    use super::*;
    use crate::core::command::testing::{Log, actor, room_of, set};
    use crate::core::command::{PutOnList, RoomCommand};

    #[test]
    fn joining_twice_is_one_event_and_a_room_that_never_began_has_no_members() {
        let mut log = Log::<Room>::default();
        let bob = actor(2, "bob");
        assert_eq!(log.give(&bob, &RoomCommand::Join).unwrap_err().code, RejectCode::NoSuchRoom);
        let mut log = room_of(&["alice"]);
        assert!(log.give(&bob, &RoomCommand::Join).unwrap().is_some());
        assert!(log.give(&bob, &RoomCommand::Join).unwrap().is_none());
        assert!(log.give(&actor(1, "alice"), &RoomCommand::Join).unwrap().is_none());
        assert_eq!(log.state.members().len(), 2);
    }

    #[test]
    fn a_ban_keeps_out_an_invitation_lets_in_and_a_full_room_takes_nobody() {
        let mut log = room_of(&["alice"]);
        let (alice, bob, carol) = (actor(1, "alice"), actor(2, "bob"), actor(3, "carol"));
        log.give(&alice, &RoomCommand::PutOnList(PutOnList::ban(&bob))).unwrap();
        assert_eq!(log.give(&bob, &RoomCommand::Join).unwrap_err().code, RejectCode::Banned);
        set(&mut log, Joining { policy: JoinPolicy::Invited });
        assert_eq!(log.give(&carol, &RoomCommand::Join).unwrap_err().code, RejectCode::Forbidden);
        log.give(&alice, &RoomCommand::PutOnList(PutOnList::invite(&carol))).unwrap();
        assert!(log.give(&carol, &RoomCommand::Join).unwrap().is_some());
        set(&mut log, Joining { policy: JoinPolicy::Anyone });
        set(&mut log, MembersMax { count: 2 });
        assert_eq!(log.give(&actor(4, "dave"), &RoomCommand::Join).unwrap_err().code, RejectCode::LimitExceeded);
    }
}
