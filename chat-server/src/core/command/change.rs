//! Change: give settings of a room other values. Those not named stay; those that are so already are left out.

use chat_proto::event::RoomChanged;
use chat_proto::{EventBody, Reject, RoomSetting, Timestamp};

use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::{Room, check};

/// Give settings other values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The settings and their new values.
    pub changes: Vec<RoomSetting>,
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    change: &Change,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    let archives = change.changes.iter().any(|change| matches!(change, RoomSetting::Archived(_)));
    let is_alone = change.changes.len() == 1;
    if archives {
        room.allow(by, Action::Archive, now)?;
    }
    if !archives || !is_alone {
        room.allow(by, Action::Change, now)?;
    }
    change.changes.iter().try_for_each(check)?;
    let mut settings = room.settings().clone();
    let changes = change.changes.iter().filter(|change| {
        let before = settings.clone();
        settings.apply(change);
        settings != before
    });
    let changes: Vec<RoomSetting> = changes.cloned().collect();
    Ok((!changes.is_empty()).then(|| EventBody::RoomChanged(RoomChanged { name: by.name.to_string(), changes })))
}

#[cfg(test)]
mod tests {
    use chat_proto::RejectCode;
    use chat_proto::setting::{Archived, JoinPolicy, Joining, SlowMode, Topic, Who};

    use super::*;
    use crate::core::command::RoomCommand;
    use crate::core::command::testing::{actor, room_of};

    fn change(changes: Vec<RoomSetting>) -> RoomCommand {
        RoomCommand::Change(Change { changes })
    }

    #[test]
    fn a_change_names_what_changed_and_leaves_the_rest() {
        let mut log = room_of(&["alice", "bob"]);
        let alice = actor(1, "alice");
        let topic = Topic { text: "builds".to_owned() };
        log.give(&alice, &change(vec![topic.clone().into(), SlowMode { seconds: 5 }.into()])).unwrap();
        let again = change(vec![topic.into(), SlowMode { seconds: 0 }.into()]);
        let event = log.give(&alice, &again).unwrap().unwrap();
        let EventBody::RoomChanged(changed) = event.body else { panic!() };
        assert_eq!(changed.changes, [RoomSetting::from(SlowMode { seconds: 0 })]);
        assert_eq!(log.state.topic(), "builds");
        assert!(log.give(&alice, &change(vec![])).unwrap().is_none());
        assert_eq!(log.give(&actor(2, "bob"), &change(vec![])).unwrap_err().code, RejectCode::Forbidden);
    }

    #[test]
    fn b2_who_makes_a_room_for_the_invited_stays_and_the_uninvited_are_out_at_once() {
        let mut log = room_of(&["alice", "bob", "carol"]);
        let alice = actor(1, "alice");
        log.give(&alice, &change(vec![Joining { policy: JoinPolicy::Invited }.into()])).unwrap();
        assert_eq!(log.state.members().len(), 1);
        let evicted = log.events.last().unwrap();
        let EventBody::Evicted(evicted) = &evicted.body else { panic!("{evicted:?}") };
        assert_eq!(evicted.members.len(), 2);
    }

    #[test]
    fn an_archived_room_is_opened_again_by_its_owner_and_changed_by_nobody() {
        let mut log = room_of(&["alice", "bob"]);
        let alice = actor(1, "alice");
        log.give(&alice, &change(vec![Archived { on: true }.into()])).unwrap();
        let topic: RoomSetting = Topic { text: "x".to_owned() }.into();
        assert_eq!(log.give(&alice, &change(vec![topic])).unwrap_err().code, RejectCode::Archived);
        assert_eq!(log.give(&actor(3, "carol"), &RoomCommand::join()).unwrap_err().code, RejectCode::Archived);
        log.give(&alice, &change(vec![Archived { on: false }.into()])).unwrap();
        assert!(log.give(&actor(3, "carol"), &RoomCommand::join()).unwrap().is_some());
        assert_eq!(log.state.settings().reading, Who::Users);
    }
}
