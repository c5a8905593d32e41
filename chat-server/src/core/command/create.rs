//! Create: begin a room, and become its owner and first member.

use chat_proto::event::{Created, RoomChanged};
use chat_proto::{EventBody, Line, Reject, RejectCode, RoomName, RoomSetting, Timestamp};

use crate::core::room::{Room, check};
use crate::core::{AccountKind, Actor};

/// Begin a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Create {
    /// Its name.
    pub name: RoomName,
    /// What it is about.
    pub topic: Line,
    /// Its settings, where they are not the usual ones.
    pub settings: Vec<RoomSetting>,
}

impl Create {
    /// A room with the usual settings.
    #[must_use]
    pub fn plain(name: RoomName, topic: Line) -> Self {
        Self { name, topic, settings: Vec::new() }
    }

    /// The change that makes the settings so, if there are any.
    pub(super) fn settings(&self, name: &str) -> Option<EventBody> {
        let changes = self.settings.clone();
        (!changes.is_empty()).then(|| RoomChanged { name: name.to_owned(), changes }.into())
    }
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    create: &Create,
    _now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    if room.exists() {
        return Err(exists(&create.name, room.name()));
    }
    if by.kind != AccountKind::User {
        return Err(owns_none());
    }
    create.settings.iter().try_for_each(check)?;
    Ok(Some(EventBody::Created(Created {
        room: create.name.as_str().to_owned(),
        name: by.name.as_str().to_owned(),
        topic: create.topic.as_str().to_owned(),
    })))
}

/// The reject for who owns nothing.
#[must_use]
pub fn owns_none() -> Reject {
    Reject::new(RejectCode::Forbidden, "guests and bots own no rooms; take a name first, or have a person make one")
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
    use chat_proto::setting::{Listing, Who};
    use chat_proto::{AccountId, Role};

    use super::*;
    use crate::core::command::RoomCommand;
    use crate::core::command::testing::{Log, actor};

    fn create(name: &str) -> Create {
        Create::plain(RoomName::parse(name).unwrap(), Line::default())
    }

    #[test]
    fn the_creator_is_owner_and_member() {
        let mut log = Log::<Room>::default();
        log.give(&actor(1, "alice"), &RoomCommand::Create(create("dev"))).unwrap();
        assert_eq!(log.state.members()[&AccountId(1)].role, Role::Owner);
        assert_eq!(log.state.name(), "dev");
    }

    #[test]
    fn a_room_begins_once() {
        let mut log = Log::<Room>::default();
        log.give(&actor(1, "alice"), &RoomCommand::Create(create("dev"))).unwrap();
        let reject = log.give(&actor(2, "bob"), &RoomCommand::Create(create("dev"))).unwrap_err();
        assert_eq!(reject.code, RejectCode::RoomExists);
    }

    #[test]
    fn settings_given_at_the_beginning_hold_from_the_beginning() {
        let mut log = Log::<Room>::default();
        let create = Create { settings: vec![Listing { who: Who::Members }.into()], ..create("dev") };
        log.give(&actor(1, "alice"), &RoomCommand::Create(create)).unwrap();
        assert_eq!(log.state.settings().listing, Who::Members);
        assert_eq!(log.events.len(), 2);
        assert_eq!(log.give(&actor(2, "bob"), &RoomCommand::join()).unwrap_err().code, RejectCode::NoSuchRoom);
    }
}
