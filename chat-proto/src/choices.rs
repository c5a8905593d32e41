//! The choices of a person as his account's feed adds them up: the newest event of each key. One fold for both ends, so that
//! no device can see them otherwise than the server does.

use std::collections::BTreeMap;

use crate::choice::{DraftSet, Ignored, Notify, NotifySet, RoomPinned, SettingSet};
use crate::event::{CompactionKey, Event};
use crate::fact::{ChoiceFact, Fact};
use crate::id::{AccountId, RoomId};
use crate::profile::{StateSet, StateValue, Status, StatusSet};
use crate::reach::{Blocked, ContactSet, DirectPolicy, DirectPolicySet};
use crate::seen::{SeenPolicy, SeenPolicySet};

/// The newest event of each key. A choice that was undone keeps its event, which tells a device that was away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    events: BTreeMap<CompactionKey, Event>,
}

impl Choices {
    /// Takes in an event; one that is no choice, or older than what is known of its key, changes nothing.
    pub fn apply(&mut self, event: &Event) {
        let Fact::Choice(_) = event.body.fact() else { return };
        let Some(key) = event.body.compaction_key() else { return };
        let known = self.events.entry(key).or_insert_with(|| event.clone());
        if known.seq < event.seq {
            *known = event.clone();
        }
    }

    /// The events, by key.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.events.values()
    }

    /// The newest event of a key.
    #[must_use]
    pub fn get(&self, key: &CompactionKey) -> Option<&Event> {
        self.events.get(key)
    }

    /// What each key of a kind says, undone ones included.
    pub fn of_kind(&self, kind: u16) -> impl Iterator<Item = ChoiceFact<'_>> {
        let keys = CompactionKey::first(kind)..CompactionKey::first(kind.saturating_add(1));
        self.events.range(keys).filter_map(|(_, event)| event.body.choice_fact())
    }

    fn fact(&self, key: &CompactionKey) -> Option<ChoiceFact<'_>> {
        self.events.get(key)?.body.choice_fact()
    }

    /// The message begun in a room; empty for none.
    #[must_use]
    pub fn draft(&self, room: RoomId) -> &str {
        match self.fact(&CompactionKey::of_room(DRAFT, room)) {
            Some(ChoiceFact::DraftSet(DraftSet { text, .. })) => text,
            Some(_) | None => "",
        }
    }

    /// What of a room to be told about.
    #[must_use]
    pub fn notify(&self, room: RoomId) -> Notify {
        self.notify_set(room).unwrap_or_default()
    }

    /// The same, if he chose it himself.
    #[must_use]
    pub fn notify_set(&self, room: RoomId) -> Option<Notify> {
        match self.fact(&CompactionKey::of_room(NOTIFY, room)) {
            Some(ChoiceFact::NotifySet(NotifySet { rule, .. })) => Some(*rule),
            Some(_) | None => None,
        }
    }

    /// Whether a room is a favourite.
    #[must_use]
    pub fn is_pinned(&self, room: RoomId) -> bool {
        matches!(
            self.fact(&CompactionKey::of_room(PINNED, room)),
            Some(ChoiceFact::RoomPinned(RoomPinned { on: true, .. }))
        )
    }

    /// A setting of the client's own; empty for none.
    #[must_use]
    pub fn setting(&self, name: &str) -> &str {
        match self.fact(&CompactionKey::named(SETTING, name)) {
            Some(ChoiceFact::SettingSet(SettingSet { value, .. })) => value,
            Some(_) | None => "",
        }
    }

    /// Whether nothing of what somebody writes is to be shown.
    #[must_use]
    pub fn ignores(&self, account: AccountId) -> bool {
        matches!(
            self.fact(&CompactionKey::numbered(IGNORED, account.0)),
            Some(ChoiceFact::Ignored(Ignored { on: true, .. }))
        )
    }

    /// What he says of himself; none is the default.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.fact(&CompactionKey::first(STATUS)) {
            Some(ChoiceFact::StatusSet(StatusSet { status })) => status.clone(),
            Some(_) | None => Status::default(),
        }
    }

    /// The values his programs keep.
    #[must_use]
    pub fn state(&self) -> StateSet {
        match self.fact(&CompactionKey::first(STATE)) {
            Some(ChoiceFact::StateSet(state)) => state.clone(),
            Some(_) | None => StateSet::default(),
        }
    }

    /// Those of them that others see.
    #[must_use]
    pub fn public_state(&self) -> Vec<StateValue> {
        let StateSet { mut values, public } = self.state();
        values.retain(|value| public.contains(&value.name));
        values
    }

    /// Whether somebody may not write to him.
    #[must_use]
    pub fn blocks(&self, account: AccountId) -> bool {
        matches!(
            self.fact(&CompactionKey::numbered(BLOCKED, account.0)),
            Some(ChoiceFact::Blocked(Blocked { on: true, .. }))
        )
    }

    /// Whether somebody is one of his contacts.
    #[must_use]
    pub fn is_contact(&self, account: AccountId) -> bool {
        let key = CompactionKey::numbered(CONTACT, account.0);
        matches!(self.fact(&key), Some(ChoiceFact::ContactSet(ContactSet { on: true, .. })))
    }

    /// Who may write to him.
    #[must_use]
    pub fn direct_policy(&self) -> DirectPolicy {
        match self.fact(&CompactionKey::first(POLICY)) {
            Some(ChoiceFact::DirectPolicySet(DirectPolicySet { policy })) => *policy,
            Some(_) | None => DirectPolicy::Everyone,
        }
    }

    /// Who is told when he was last there.
    #[must_use]
    pub fn seen_policy(&self) -> SeenPolicy {
        match self.fact(&CompactionKey::first(SEEN)) {
            Some(ChoiceFact::SeenPolicySet(SeenPolicySet { policy })) => *policy,
            Some(_) | None => SeenPolicy::SharedRooms,
        }
    }
}

/// Kinds of [`EventBody`](crate::EventBody), under which its keys are.
const DRAFT: u16 = 104;
const NOTIFY: u16 = 105;
const PINNED: u16 = 106;
const SETTING: u16 = 107;
const IGNORED: u16 = 108;
const STATUS: u16 = 109;
const STATE: u16 = 110;
const BLOCKED: u16 = 111;
const CONTACT: u16 = 112;
const POLICY: u16 = 113;
const SEEN: u16 = 114;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeviceId, EventBody, MessageKey, Ordinal, Seq, Timestamp};

    const ROOM: RoomId = RoomId(3);

    fn event(seq: u64, body: impl Into<EventBody>) -> Event {
        let (at, by, device, key) = (Timestamp(0), AccountId(1), DeviceId(1), MessageKey([1; 16]));
        Event { seq: Seq(seq), ordinal: Ordinal(0), at, by, device, key, body: body.into() }
    }

    #[test]
    fn the_newest_of_each_key_counts_in_whatever_order_it_comes() {
        let events = [
            event(1, DraftSet { room: ROOM, text: "hel".to_owned() }),
            event(2, NotifySet { room: ROOM, rule: Notify::Mentions }),
            event(3, RoomPinned { room: ROOM, on: true }),
            event(4, SettingSet { name: "theme".to_owned(), value: "dark".to_owned() }),
            event(5, Ignored { account: AccountId(2), name: "bob".to_owned(), on: true }),
            event(6, DraftSet { room: ROOM, text: "hello".to_owned() }),
            event(7, Ignored { account: AccountId(2), name: "bob".to_owned(), on: false }),
        ];
        let fold = |order: &mut dyn Iterator<Item = &Event>| {
            let mut choices = Choices::default();
            order.for_each(|event| choices.apply(event));
            choices
        };
        let choices = fold(&mut events.iter());
        assert_eq!(choices, fold(&mut events.iter().rev()));
        assert_eq!((choices.draft(ROOM), choices.draft(RoomId(4))), ("hello", ""));
        assert_eq!((choices.notify(ROOM), choices.notify(RoomId(4))), (Notify::Mentions, Notify::All));
        assert_eq!((choices.is_pinned(ROOM), choices.is_pinned(RoomId(4))), (true, false));
        assert_eq!((choices.setting("theme"), choices.setting("themes")), ("dark", ""));
        assert!(!choices.ignores(AccountId(2)));
        assert_eq!((choices.status(), choices.direct_policy()), (Status::default(), DirectPolicy::Everyone));
        assert_eq!(choices.events().count(), 5);
        assert_eq!(choices.of_kind(DRAFT).count(), 1);
    }

    #[test]
    fn of_the_values_kept_only_those_on_the_list_are_public() {
        let value = |name: &str, value: &str| StateValue { name: name.to_owned(), value: value.to_owned() };
        let mut choices = Choices::default();
        let public = vec!["mood".to_owned(), "never-set".to_owned()];
        choices.apply(&event(1, StateSet { values: vec![value("mood", "fine"), value("token", "secret")], public }));
        assert_eq!(choices.public_state(), [value("mood", "fine")]);
        choices.apply(&event(2, Blocked { account: AccountId(2), name: "bob".to_owned(), on: true }));
        choices.apply(&event(3, ContactSet { account: AccountId(3), name: "eve".to_owned(), on: true }));
        choices.apply(&event(4, DirectPolicySet { policy: DirectPolicy::Contacts }));
        assert_eq!((choices.blocks(AccountId(2)), choices.blocks(AccountId(3))), (true, false));
        assert_eq!((choices.is_contact(AccountId(2)), choices.is_contact(AccountId(3))), (false, true));
        assert_eq!(choices.direct_policy(), DirectPolicy::Contacts);
        assert_eq!(choices.seen_policy(), SeenPolicy::SharedRooms);
        choices.apply(&event(5, SeenPolicySet { policy: SeenPolicy::Nobody }));
        assert_eq!(choices.seen_policy(), SeenPolicy::Nobody);
    }
}
