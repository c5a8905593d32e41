//! Begin a conversation between few: all of them are members from the first event on, and nobody else ever is.

use chat_proto::event::{DirectCreated, Named};
use chat_proto::{EventBody, Reject, RejectCode, RoomName, Timestamp};

use crate::core::Actor;
use crate::core::command::create::exists;
use crate::core::room::Room;

/// Begin a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeginDirect {
    /// Its name, made of the members' numbers.
    pub name: RoomName,
    /// The members, the actor among them.
    pub members: Vec<Named>,
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    direct: &BeginDirect,
    _now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    if room.exists() {
        return Err(exists(&direct.name, room.name()));
    }
    if !direct.members.iter().any(|member| member.account == by.account) {
        return Err(Reject::new(RejectCode::BadRequest, "whoever begins a conversation takes part in it"));
    }
    Ok(Some(DirectCreated { room: direct.name.as_str().to_owned(), members: direct.members.clone() }.into()))
}

#[cfg(test)]
mod tests {
    use chat_proto::{AccountId, Line};

    use super::*;
    use crate::core::command::testing::{Log, actor, post};
    use crate::core::command::{Leave, RoomCommand};

    #[test]
    fn nobody_else_finds_reads_or_enters_a_conversation_and_who_left_may_come_back() {
        let mut log = Log::<Room>::default();
        let named = |number, name: &str| Named { account: AccountId(number), name: name.to_owned() };
        let members = vec![named(1, "alice"), named(2, "bob")];
        let direct = BeginDirect { name: RoomName::parse("dm-1-2").unwrap(), members };
        let (alice, bob, mallory) = (actor(1, "alice"), actor(2, "bob"), actor(3, "mallory"));
        assert_eq!(
            log.give(&mallory, &RoomCommand::BeginDirect(direct.clone())).unwrap_err().code,
            RejectCode::BadRequest
        );
        log.give(&alice, &RoomCommand::BeginDirect(direct)).unwrap();
        log.give(&bob, &post("hi")).unwrap();
        assert_eq!(log.give(&mallory, &RoomCommand::join()).unwrap_err().code, RejectCode::NoSuchRoom);
        log.give(&bob, &RoomCommand::Leave(Leave { reason: Line::default() })).unwrap();
        assert!(log.give(&bob, &RoomCommand::join()).unwrap().is_some());
    }
}
