//! What became of the devices and secrets that open the account: the newest of each, for devices that were away.

use std::collections::BTreeMap;

use chat_proto::identity::{DeviceChanged, SecretChanged};
use chat_proto::limits::DEVICE_NEWS_KEPT_MAX;
use chat_proto::{AccountFact, CompactionKey, Event, EventBody, Seq};

/// News of devices and secrets, the newest of each; beyond [`DEVICE_NEWS_KEPT_MAX`] what happened longest ago is forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Opened {
    kept: BTreeMap<CompactionKey, Event>,
}

impl Opened {
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.kept.values()
    }

    /// The news, unless it is known, or older than what is.
    pub(super) fn news(&self, news: EventBody) -> Option<EventBody> {
        let (key, seq) = (news.compaction_key()?, seq_of(&news)?);
        let older = match self.kept.get(&key) {
            Some(known) => seq_of(&known.body) < Some(seq),
            // It may be one that was forgotten.
            None if self.kept.len() >= DEVICE_NEWS_KEPT_MAX => self.oldest().is_some_and(|(oldest, _)| oldest < seq),
            None => true,
        };
        older.then_some(news)
    }

    pub(super) fn apply(&mut self, event: &Event) {
        let Some(key) = event.body.compaction_key() else { return };
        self.kept.insert(key, event.clone());
        if self.kept.len() > DEVICE_NEWS_KEPT_MAX
            && let Some((_, key)) = self.oldest()
        {
            self.kept.remove(&key);
        }
    }

    fn oldest(&self) -> Option<(Seq, CompactionKey)> {
        let all = self.kept.iter().filter_map(|(key, event)| Some((seq_of(&event.body)?, key)));
        all.min().map(|(seq, key)| (seq, key.clone()))
    }
}

/// The event of the server's own feed that news follows from.
fn seq_of(body: &EventBody) -> Option<Seq> {
    match body.account_fact()? {
        AccountFact::DeviceChanged(DeviceChanged { seq, .. })
        | AccountFact::SecretChanged(SecretChanged { seq, .. }) => Some(*seq),
        AccountFact::RoomJoined(_)
        | AccountFact::RoomLeft(_)
        | AccountFact::ReadMarked(_)
        | AccountFact::Mentioned(_)
        | AccountFact::WasSeen(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use chat_proto::DeviceId;
    use chat_proto::identity::DeviceChange;

    use crate::core::State;
    use crate::core::account::Account;
    use crate::core::command::AccountCommand;
    use crate::core::command::testing::{Log, actor};

    use super::*;

    fn news(device: u64, change: DeviceChange, seq: u64) -> AccountCommand {
        let (device, label) = (DeviceId(device), "laptop".to_owned());
        AccountCommand::NoteDevice(DeviceChanged { device, label, change, by: device, seq: Seq(seq) })
    }

    #[test]
    fn news_of_a_device_is_told_once_and_never_what_was_before_it() {
        let mut log = Log::<Account>::default();
        let alice = actor(1, "alice");
        let mut give = |command: AccountCommand| log.give(&alice, &command).unwrap().is_some();
        assert!(give(news(2, DeviceChange::Linked, 4)));
        assert!(!give(news(2, DeviceChange::Linked, 4)));
        assert!(give(news(2, DeviceChange::Revoked, 9)));
        assert!(!give(news(2, DeviceChange::Linked, 4)));
        assert!(give(news(3, DeviceChange::Linked, 5)));
        assert_eq!(log.state.since(Seq::ZERO).len(), 2);
    }

    #[test]
    fn beyond_so_many_the_oldest_are_forgotten_and_not_told_again() {
        let mut log = Log::<Account>::default();
        let alice = actor(1, "alice");
        let most = DEVICE_NEWS_KEPT_MAX as u64;
        for device in 1..=most + 5 {
            log.give(&alice, &news(device, DeviceChange::Linked, device)).unwrap();
        }
        assert_eq!(log.state.since(Seq::ZERO).len(), DEVICE_NEWS_KEPT_MAX);
        assert!(log.give(&alice, &news(5, DeviceChange::Linked, 5)).unwrap().is_none());
        let mut restored = Account::default();
        restored.restore(&log.state.snapshot()).unwrap();
        assert_eq!(restored, log.state);
        assert!(log.give(&alice, &news(5, DeviceChange::Revoked, most + 6)).unwrap().is_some());
        assert_eq!(log.state.since(Seq::ZERO).len(), DEVICE_NEWS_KEPT_MAX);
    }
}
