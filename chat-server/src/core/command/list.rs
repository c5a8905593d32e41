//! The lists of a room: ban, mute, invite, each with an end and a reason; and taking it back.

use chat_proto::event::{Listed, Purged, Unlisted};
use chat_proto::limits::LIST_ENTRIES_MAX;
use chat_proto::{EventBody, Line, List, Reject, RejectCode, Timestamp};

use super::{Extent, Person};
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// Ban, mute or invite somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutOnList {
    /// Whom.
    pub whom: Person,
    /// On which list.
    pub list: List,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: Line,
    /// Which of his messages go in the same breath.
    pub purge: Option<Extent>,
}

/// Take a ban, a mute or an invitation back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeOffList {
    /// Whose.
    pub whom: Person,
    /// Off which list.
    pub list: List,
    /// Why.
    pub reason: Line,
}

pub(in crate::core) fn put(
    room: &Room,
    by: &Actor,
    put: &PutOnList,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    let action = match put.list {
        List::Banned => Action::Ban,
        List::Muted => Action::Mute,
        List::Invited => Action::Invite,
    };
    room.allow_to(by, action, &put.whom, now)?;
    if put.purge.is_some() {
        room.allow_to(by, Action::Purge, &put.whom, now)?;
    }
    if put.until.is_some_and(|until| until <= now) {
        return Err(Reject::new(RejectCode::BadRequest, "that end lies in the past; name one that is to come"));
    }
    let account = put.whom.account;
    let known = room.lists().entry(put.list, account);
    let (until, reason) = (put.until, put.reason.as_str().to_owned());
    if known.is_some_and(|entry| entry.until == until && entry.reason == reason) {
        return Ok(put.purge(by.name.as_str()));
    }
    if known.is_none() && room.lists().count(put.list) >= LIST_ENTRIES_MAX {
        let message = format!("the list of the {} has its {LIST_ENTRIES_MAX} entries; take some off", put.list.name());
        return Err(Reject::new(RejectCode::LimitExceeded, message));
    }
    let (name, who, list) = (by.name.to_string(), put.whom.named(), put.list);
    Ok(Some(Listed { name, who, list, until, reason }.into()))
}

pub(in crate::core) fn take(
    room: &Room,
    by: &Actor,
    take: &TakeOffList,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    let action = match take.list {
        List::Banned => Action::Unban,
        List::Muted => Action::Unmute,
        List::Invited => Action::Invite,
    };
    room.allow_to(by, action, &take.whom, now)?;
    let (name, who, list) = (by.name.to_string(), take.whom.named(), take.list);
    let reason = take.reason.as_str().to_owned();
    let entry = room.lists().entry(list, take.whom.account);
    Ok(entry.map(|_| Unlisted { name, who, list, reason }.into()))
}

impl PutOnList {
    /// The removal of what he wrote, where that is asked for, and what takes its pins down. `name` is that of who asks.
    pub(super) fn purged(&self, room: &Room, name: &str) -> Vec<EventBody> {
        let unpins = self.purge.iter().flat_map(|extent| extent.unpins(room, name));
        self.purge(name).into_iter().chain(unpins).collect()
    }

    fn purge(&self, name: &str) -> Option<EventBody> {
        let (who, reason) = (self.whom.named(), self.reason.as_str().to_owned());
        let up_to = self.purge.as_ref()?.up_to;
        Some(Purged { name: name.to_owned(), who, up_to, reason }.into())
    }
}

#[cfg(test)]
impl PutOnList {
    pub(crate) fn ban(whom: &Actor) -> Self {
        Self::on(whom, List::Banned)
    }

    pub(crate) fn mute(whom: &Actor) -> Self {
        Self::on(whom, List::Muted)
    }

    pub(crate) fn invite(whom: &Actor) -> Self {
        Self::on(whom, List::Invited)
    }

    fn on(whom: &Actor, list: List) -> Self {
        Self { whom: super::testing::person(whom), list, until: None, reason: Line::default(), purge: None }
    }
}

#[cfg(test)]
mod tests {
    use chat_proto::{AccountId, Role};

    use super::*;
    use crate::core::command::testing::{actor, person, post, room_of};
    use crate::core::command::{RoomCommand, SetRole};
    use crate::core::room::Entry;

    fn unban(whom: &Actor) -> RoomCommand {
        RoomCommand::TakeOffList(TakeOffList { whom: person(whom), list: List::Banned, reason: Line::default() })
    }

    #[test]
    fn a_ban_puts_a_member_out_in_the_same_breath_and_is_taken_back_once() {
        let mut log = room_of(&["alice", "bob"]);
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        log.give(&alice, &RoomCommand::PutOnList(PutOnList::ban(&bob))).unwrap();
        assert!(!log.state.members().contains_key(&bob.account));
        assert!(matches!(log.events.last().unwrap().body, EventBody::Evicted(_)));
        assert!(log.give(&alice, &RoomCommand::PutOnList(PutOnList::ban(&bob))).unwrap().is_none());
        assert_eq!(log.give(&bob, &post("hi")).unwrap_err().code, RejectCode::Banned);
        assert!(log.give(&alice, &unban(&bob)).unwrap().is_some());
        assert!(log.give(&alice, &unban(&bob)).unwrap().is_none());
        assert!(log.give(&bob, &RoomCommand::join()).unwrap().is_some());
    }

    #[test]
    fn b6_a_full_list_takes_nobody_new_and_whoever_is_on_it_again() {
        let mut log = room_of(&["alice", "bob", "carol"]);
        let (alice, bob, carol) = (actor(1, "alice"), actor(2, "bob"), actor(3, "carol"));
        let since = Timestamp(1);
        for number in 1..LIST_ENTRIES_MAX as u64 {
            let entry =
                Entry { name: format!("p{number}"), until: None, reason: String::new(), by: alice.account, since };
            log.state.lists_mut().restore(List::Banned, AccountId(1_000 + number), entry);
        }
        let ban = |whom: &Actor, reason: &str| {
            RoomCommand::PutOnList(PutOnList { reason: Line::parse(reason).unwrap(), ..PutOnList::ban(whom) })
        };
        log.give(&alice, &ban(&bob, "")).unwrap();
        assert!(log.give(&alice, &ban(&bob, "said again")).unwrap().is_some());
        assert_eq!(log.give(&alice, &ban(&carol, "")).unwrap_err().code, RejectCode::LimitExceeded);
        assert!(log.give(&alice, &RoomCommand::PutOnList(PutOnList::mute(&carol))).unwrap().is_some());
        log.give(&alice, &unban(&bob)).unwrap();
        assert!(log.give(&alice, &ban(&carol, "")).unwrap().is_some());
    }

    #[test]
    fn a_mute_ends_by_itself() {
        let mut log = room_of(&["alice", "bob"]);
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        let until = Timestamp(log.events.last().unwrap().at.0 + 3);
        log.give(&alice, &RoomCommand::PutOnList(PutOnList { until: Some(until), ..PutOnList::mute(&bob) })).unwrap();
        assert_eq!(log.give(&bob, &post("hi")).unwrap_err().code, RejectCode::Muted);
        log.give(&alice, &post("one")).unwrap();
        log.give(&alice, &post("two")).unwrap();
        assert!(log.give(&bob, &post("hi")).unwrap().is_some());
        let past = PutOnList { until: Some(until), ..PutOnList::mute(&bob) };
        let reject = log.give(&alice, &RoomCommand::PutOnList(past)).unwrap_err();
        assert_eq!(reject.code, RejectCode::BadRequest);
    }

    #[test]
    fn who_is_trusted_is_restricted_only_after_the_trust_is_gone() {
        let mut log = room_of(&["alice", "bob"]);
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        let role = |role| RoomCommand::SetRole(SetRole { whom: person(&bob), role });
        log.give(&alice, &role(Role::Admin)).unwrap();
        let ban = RoomCommand::PutOnList(PutOnList::ban(&bob));
        assert_eq!(log.give(&alice, &ban).unwrap_err().code, RejectCode::Conflict);
        log.give(&alice, &role(Role::Member)).unwrap();
        assert!(log.give(&alice, &ban).unwrap().is_some());
        assert_eq!(
            log.give(&alice, &RoomCommand::PutOnList(PutOnList::ban(&alice))).unwrap_err().code,
            RejectCode::Forbidden
        );
    }
    #[test]
    fn a_ban_that_purges_is_one_breath() {
        let mut log = room_of(&["alice", "bob"]);
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        let up_to = log.events.last().unwrap().seq;
        let ban = RoomCommand::PutOnList(PutOnList {
            purge: Some(Extent { up_to, pins: Vec::new() }),
            ..PutOnList::ban(&bob)
        });
        log.give(&alice, &ban).unwrap();
        let last: Vec<u16> = log.events.iter().rev().take(3).map(|event| event.body.kind()).collect();
        assert_eq!(last, [17, 18, 14], "listed, purged, evicted");
        // Banned already: what he wrote goes all the same.
        assert!(matches!(log.give(&alice, &ban).unwrap().unwrap().body, EventBody::Purged(_)));
    }
}
