//! Pin: keep a message in sight of everybody who enters the room. What is so already changes nothing.

use chat_proto::event::Pinned;
use chat_proto::limits::PINS_PER_ROOM_MAX;
use chat_proto::{EventBody, Reject, RejectCode, Timestamp};

use super::About;
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// Pin a message, or take it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The message.
    pub about: About,
    /// Whether it is to be pinned.
    pub on: bool,
}

pub(in crate::core) fn decide(room: &Room, by: &Actor, pin: &Pin, now: Timestamp) -> Result<Option<EventBody>, Reject> {
    room.allow(by, Action::Pin, now)?;
    if room.pins().contains(&pin.about.seq) == pin.on {
        return Ok(None);
    }
    if pin.on {
        pin.about.seen_by(by)?;
        if pin.about.visible_to.is_some() {
            return Err(Reject::new(RejectCode::Forbidden, "a message only some may see can't be pinned for all"));
        }
        if room.pins().len() >= PINS_PER_ROOM_MAX {
            let message = format!("{PINS_PER_ROOM_MAX} messages are pinned, the most a room may have; take one down");
            return Err(Reject::new(RejectCode::LimitExceeded, message));
        }
    }
    Ok(Some(Pinned { name: by.name.to_string(), target: pin.about.seq, on: pin.on }.into()))
}

#[cfg(test)]
mod tests {
    use chat_proto::Seq;

    use super::*;
    use crate::core::command::testing::{about, actor, room_of};
    use crate::core::command::{Redact, RoomCommand};

    #[test]
    fn a_pin_holds_until_it_is_taken_down_or_the_message_is_removed() {
        let mut log = room_of(&["alice", "bob"]);
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        let pin = |on| RoomCommand::Pin(Pin { about: about(2, &bob), on });
        assert_eq!(log.give(&bob, &pin(true)).unwrap_err().code, RejectCode::Forbidden);
        assert!(log.give(&alice, &pin(true)).unwrap().is_some());
        assert!(log.give(&alice, &pin(true)).unwrap().is_none());
        assert!(log.give(&alice, &pin(false)).unwrap().is_some());
        log.give(&alice, &pin(true)).unwrap();
        assert!(log.state.pins().contains(&Seq(2)));
        let redact = Redact { about: about(2, &bob), reason: Default::default() };
        log.give(&alice, &RoomCommand::Redact(redact)).unwrap();
        assert!(log.state.pins().is_empty());
    }
}
