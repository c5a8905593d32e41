//! Purge: remove all messages of a person for good.

use chat_proto::event::{Pinned, Purged};
use chat_proto::{EventBody, Line, Reject, Seq, Timestamp};

use super::Person;
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// Which messages of a person go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// All up to here, included.
    pub up_to: Seq,
    /// Those of them that are pinned: they come down.
    pub pins: Vec<Seq>,
}

/// Remove all messages of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    /// Whose.
    pub whom: Person,
    /// Which.
    pub extent: Extent,
    /// Why.
    pub reason: Line,
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    purge: &Purge,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    room.allow_to(by, Action::Purge, &purge.whom, now)?;
    let (name, who, reason) = (by.name.to_string(), purge.whom.named(), purge.reason.as_str().to_owned());
    Ok(Some(Purged { name, who, up_to: purge.extent.up_to, reason }.into()))
}

impl Extent {
    /// What takes the pins down. `name` is that of who removes.
    pub(super) fn unpins<'a>(&'a self, room: &'a Room, name: &'a str) -> impl Iterator<Item = EventBody> + 'a {
        let pinned = self.pins.iter().filter(|pin| room.pins().contains(pin));
        pinned.map(|pin| Pinned { name: name.to_owned(), target: *pin, on: false }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::command::testing::{about, actor, person, post, room_of};
    use crate::core::command::{Pin, RoomCommand};

    #[test]
    fn what_is_purged_is_pinned_no_more() {
        let mut log = room_of(&["alice", "bob"]);
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        for author in [&alice, &bob] {
            let seq = log.give(author, &post("hi")).unwrap().unwrap().seq;
            log.give(&alice, &RoomCommand::Pin(Pin { about: about(seq.0, author), on: true })).unwrap();
        }
        let pins: Vec<Seq> = log.state.pins().iter().copied().collect();
        let extent = Extent { up_to: log.events.last().unwrap().seq, pins: vec![pins[1]] };
        log.give(&alice, &RoomCommand::Purge(Purge { whom: person(&bob), extent, reason: Line::default() })).unwrap();
        assert_eq!(log.state.pins().iter().copied().collect::<Vec<_>>(), [pins[0]]);
    }
}
