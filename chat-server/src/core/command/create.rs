//! Create: begin a room and become its owner and first member.

use chat_proto::event::Created;
use chat_proto::{EventBody, Line, Reject, RejectCode, RoomName};

use crate::core::Actor;
use crate::core::room::Room;

/// Begin a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Create {
    /// Its name.
    pub name: RoomName,
    /// What it is about.
    pub topic: Line,
}

pub(in crate::core) fn decide(room: &Room, by: &Actor, create: &Create) -> Result<Option<EventBody>, Reject> {
    if room.exists() {
        return Err(exists(&create.name, room.name()));
    }
    Ok(Some(EventBody::Created(Created {
        room: create.name.as_str().to_owned(),
        name: by.name.as_str().to_owned(),
        topic: create.topic.as_str().to_owned(),
    })))
}

/// The reject for a name that is taken, by itself or by one that looks like it.
#[must_use]
pub fn exists(wanted: &RoomName, taken: &str) -> Reject {
    let message = if wanted.as_str() == taken {
        format!("#{taken} exists already; /join #{taken} enters it")
    } else {
        format!("#{wanted} looks like #{taken}, which exists; choose another name, or /join #{taken}")
    };
    Reject::new(RejectCode::RoomExists, message)
}

#[cfg(test)]
mod tests {
    use chat_proto::{AccountId, Role};

    use super::*;
    use crate::core::command::RoomCommand;
    use crate::core::command::testing::{Log, actor};

    pub(crate) fn create(name: &str) -> RoomCommand {
        RoomCommand::Create(Create { name: RoomName::parse(name).unwrap(), topic: Line::default() })
    }

    #[test]
    fn the_creator_is_owner_and_member() {
        let mut log = Log::<Room>::default();
        log.give(&actor(1, "alice"), &create("dev")).unwrap();
        assert_eq!(log.state.members()[&AccountId(1)].role, Role::Owner);
        assert_eq!(log.state.name(), "dev");
    }

    #[test]
    fn a_room_begins_once() {
        let mut log = Log::<Room>::default();
        log.give(&actor(1, "alice"), &create("dev")).unwrap();
        let reject = log.give(&actor(2, "bob"), &create("dev")).unwrap_err();
        assert_eq!(reject.code, RejectCode::RoomExists);
    }
}
