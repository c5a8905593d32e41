//! How much the server lets happen, as its owners set it.

use chat_proto::defence::DefenceSet;
use chat_proto::{DefenceLevel, Event, EventBody, Line, Reject, RejectCode, Timestamp};

use crate::core::{Actor, ServerRank};

/// Let so much happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetDefence {
    /// How much.
    pub level: DefenceLevel,
    /// Why.
    pub reason: Line,
}

/// What was set last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    newest: Option<Event>,
}

impl Standing {
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.newest.iter()
    }

    /// The level that was set, and when.
    pub(super) fn level(&self) -> Option<(DefenceLevel, Timestamp)> {
        let event = self.newest.as_ref()?;
        if let EventBody::DefenceSet(DefenceSet { level, .. }) = &event.body { Some((*level, event.at)) } else { None }
    }

    pub(super) fn decide(&self, by: &Actor, set: &SetDefence) -> Result<Option<EventBody>, Reject> {
        if by.rank < ServerRank::Owner {
            return Err(Reject::new(RejectCode::Forbidden, "only the server's owners set how much it lets happen"));
        }
        let level = self.level().map_or(DefenceLevel::Normal, |(level, _)| level);
        let (level_wanted, reason) = (set.level, set.reason.as_str().to_owned());
        Ok((level != level_wanted).then(|| DefenceSet { level: level_wanted, reason }.into()))
    }

    pub(super) fn set(&mut self, event: &Event) {
        self.newest = Some(event.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::State;
    use crate::core::command::testing::{Log, actor};
    use crate::core::realm::{Realm, RealmCommand};

    #[test]
    fn only_owners_set_it_and_the_last_word_counts_over_a_snapshot() {
        let mut log = Log::<Realm>::default();
        let owner = Actor { rank: ServerRank::Owner, ..actor(1, "alice") };
        let set = |level| RealmCommand::SetDefence(SetDefence { level, reason: Line::default() });
        let forbidden = log.give(&actor(2, "bob"), &set(DefenceLevel::High));
        assert_eq!(forbidden.unwrap_err().code, RejectCode::Forbidden);
        assert!(log.give(&owner, &set(DefenceLevel::Normal)).unwrap().is_none(), "so it is already");
        for level in [DefenceLevel::High, DefenceLevel::Normal, DefenceLevel::Closed] {
            assert!(log.give(&owner, &set(level)).unwrap().is_some());
            assert!(log.give(&owner, &set(level)).unwrap().is_none());
            let mut restored = Realm::default();
            restored.restore(&log.state.snapshot()).unwrap();
            assert_eq!((restored.defence().map(|(level, _)| level), restored), (Some(level), log.state.clone()));
        }
    }
}
