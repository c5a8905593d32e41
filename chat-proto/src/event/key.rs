//! What an account's feed keeps only the newest event of.

use super::{EventBody, Mentioned, ReadMarked, RoomJoined, RoomLeft};
use crate::choice::{DraftSet, Ignored, NotifySet, RoomPinned, SettingSet};
use crate::codec::{Decode, Encode};
use crate::fact::{AccountFact, ChoiceFact, Fact};
use crate::id::RoomId;
use crate::identity::{DeviceChanged, SecretChanged};
use crate::reach::{Blocked, ContactSet};

/// What an account's feed keeps only the newest event of; what doesn't apply to a kind is zero or empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct CompactionKey {
    /// The kind of body, or the first of several that replace each other.
    pub kind: u16,
    /// The room it is about.
    pub room: RoomId,
    /// The message or the person it is about.
    pub number: u64,
    /// The name it goes by.
    pub name: String,
}

impl CompactionKey {
    /// The least key of a kind, and the one of a kind that has but one.
    #[must_use]
    pub fn first(kind: u16) -> Self {
        Self { kind, room: RoomId(0), number: 0, name: String::new() }
    }

    /// The one key of a kind in a room.
    #[must_use]
    pub fn of_room(kind: u16, room: RoomId) -> Self {
        Self { room, ..Self::first(kind) }
    }

    /// The one key of a kind about a person.
    #[must_use]
    pub fn numbered(kind: u16, number: u64) -> Self {
        Self { number, ..Self::first(kind) }
    }

    /// The one key of a kind under a name.
    #[must_use]
    pub fn named(kind: u16, name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::first(kind) }
    }
}

impl EventBody {
    /// What an account's feed keeps only the newest of: two bodies of an equal compaction key replace each other.
    #[must_use]
    pub fn compaction_key(&self) -> Option<CompactionKey> {
        let key = match self.fact() {
            Fact::Account(
                AccountFact::RoomJoined(RoomJoined { room, .. }) | AccountFact::RoomLeft(RoomLeft { room, .. }),
            ) => CompactionKey::of_room(100, *room),
            Fact::Account(AccountFact::ReadMarked(ReadMarked { room, .. })) => {
                CompactionKey::of_room(self.kind(), *room)
            }
            Fact::Account(AccountFact::Mentioned(Mentioned { room, seq })) => {
                CompactionKey { number: seq.0, ..CompactionKey::of_room(self.kind(), *room) }
            }
            Fact::Choice(
                ChoiceFact::DraftSet(DraftSet { room, .. })
                | ChoiceFact::NotifySet(NotifySet { room, .. })
                | ChoiceFact::RoomPinned(RoomPinned { room, .. }),
            ) => CompactionKey::of_room(self.kind(), *room),
            Fact::Choice(ChoiceFact::SettingSet(SettingSet { name, .. })) => CompactionKey::named(self.kind(), name),
            Fact::Choice(
                ChoiceFact::Ignored(Ignored { account, .. })
                | ChoiceFact::Blocked(Blocked { account, .. })
                | ChoiceFact::ContactSet(ContactSet { account, .. }),
            ) => CompactionKey::numbered(self.kind(), account.0),
            Fact::Account(AccountFact::DeviceChanged(DeviceChanged { device, .. })) => {
                CompactionKey::numbered(self.kind(), device.0)
            }
            Fact::Account(AccountFact::SecretChanged(SecretChanged { secret, .. })) => {
                CompactionKey::named(self.kind(), secret.name())
            }
            Fact::Account(AccountFact::WasSeen(_))
            | Fact::Choice(
                ChoiceFact::StatusSet(_)
                | ChoiceFact::StateSet(_)
                | ChoiceFact::DirectPolicySet(_)
                | ChoiceFact::SeenPolicySet(_),
            ) => CompactionKey::first(self.kind()),
            Fact::Room(_) | Fact::Server(_) | Fact::Opaque => return None,
        };
        Some(key)
    }
}
