//! Tend: what happens to a room by itself when its time has come.

use chat_proto::event::Deleted;
use chat_proto::{EventBody, Reject, Timestamp};

use crate::core::Actor;
use crate::core::room::Room;

pub(in crate::core) fn decide(room: &Room, by: &Actor, now: Timestamp) -> Result<Option<EventBody>, Reject> {
    if room.ends_at().is_none_or(|end| now < end) {
        return Ok(None);
    }
    let reason = "nobody was a member any more".to_owned();
    Ok(Some(Deleted { name: by.name.to_string(), reason }.into()))
}

#[cfg(test)]
mod tests {
    use chat_proto::setting::Lifetime;

    use super::*;
    use crate::core::command::testing::{actor, room_of, set};
    use crate::core::command::{Leave, RoomCommand};

    #[test]
    fn a_room_ends_so_long_after_its_last_member_left_and_not_before() {
        let mut log = room_of(&["alice", "bob"]);
        let (alice, bob, server) = (actor(1, "alice"), actor(2, "bob"), Actor::server());
        set(&mut log, Lifetime { empty_for_s: Some(10) });
        for who in [&alice, &bob] {
            let tended = decide(&log.state, &server, Timestamp(1_000_000_000)).unwrap();
            assert_eq!(tended, None, "there is a member");
            log.give(who, &RoomCommand::Leave(Leave::default())).unwrap();
        }
        let left = log.events.last().unwrap().at;
        let end = Timestamp(left.0 + 10_000_000);
        assert_eq!(log.state.ends_at(), Some(end));
        assert_eq!(decide(&log.state, &server, Timestamp(end.0 - 1)).unwrap(), None);
        assert!(matches!(decide(&log.state, &server, end).unwrap(), Some(EventBody::Deleted(_))));
        log.give(&bob, &RoomCommand::join()).unwrap();
        assert_eq!(log.state.ends_at(), None, "somebody came back");
    }

    #[test]
    fn a_room_that_was_empty_before_it_was_given_a_lifetime_has_all_of_it_before_itself() {
        let mut log = room_of(&["alice"]);
        let mut owner = actor(9, "olga");
        owner.rank = crate::core::ServerRank::Owner;
        log.give(&actor(1, "alice"), &RoomCommand::Leave(Leave::default())).unwrap();
        let change = vec![Lifetime { empty_for_s: Some(1) }.into()];
        let changed = log.give(&owner, &RoomCommand::Change(crate::core::command::Change { changes: change }));
        assert_eq!(log.state.ends_at(), Some(Timestamp(changed.unwrap().unwrap().at.0 + 1_000_000)));
    }
}
