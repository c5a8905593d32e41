//! What people are called, as it is kept. Whether somebody may be called so the directory has said before.

use std::collections::BTreeMap;

use chat_proto::nick::NickSet;
use chat_proto::{AccountId, Event, EventBody, NickPolicy, UserName};

use crate::core::Actor;

/// Be called so, or by one's name only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetNick {
    /// How.
    pub nick: Option<UserName>,
    /// Among whom that is unique.
    pub policy: NickPolicy,
}

/// The newest word of each account that is called something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Called {
    of: BTreeMap<AccountId, Event>,
}

impl Called {
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.of.values()
    }

    /// What an account is called, and among whom that was unique.
    pub(super) fn of(&self, account: AccountId) -> Option<(UserName, NickPolicy)> {
        let EventBody::NickSet(NickSet { nick, policy }) = &self.of.get(&account)?.body else { return None };
        // It was one when it was decided; rules that came since may be stricter.
        UserName::parse(nick).ok().map(|nick| (nick, *policy))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (AccountId, UserName, NickPolicy)> + '_ {
        self.of.keys().filter_map(|account| self.of(*account).map(|(nick, policy)| (*account, nick, policy)))
    }

    pub(super) fn decide(&self, by: &Actor, set: &SetNick) -> Option<EventBody> {
        let known = self.of(by.account);
        let wanted = set.nick.clone().map(|nick| (nick, set.policy));
        let nick = set.nick.as_ref().map_or_else(String::new, |nick| nick.as_str().to_owned());
        (known != wanted).then(|| NickSet { nick, policy: set.policy }.into())
    }

    pub(super) fn set(&mut self, event: &Event, nick: &str) {
        if nick.is_empty() {
            self.of.remove(&event.by);
        } else {
            self.of.insert(event.by, event.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::State;
    use crate::core::command::testing::{Log, actor};
    use crate::core::realm::{Realm, RealmCommand};

    #[test]
    fn the_newest_word_of_each_counts_and_none_leaves_nothing_behind() {
        let mut log = Log::<Realm>::default();
        let set = |nick: &str| {
            RealmCommand::SetNick(SetNick { nick: UserName::parse(nick).ok(), policy: NickPolicy::Server })
        };
        let alice = actor(1, "alice");
        assert!(log.give(&alice, &set("")).unwrap().is_none());
        for nick in ["fox", "bear"] {
            assert!(log.give(&alice, &set(nick)).unwrap().is_some());
            assert!(log.give(&alice, &set(nick)).unwrap().is_none());
        }
        let mut restored = Realm::default();
        restored.restore(&log.state.snapshot()).unwrap();
        let called = |realm: &Realm| realm.nick(AccountId(1)).map(|(nick, _)| nick.as_str().to_owned());
        assert_eq!((called(&restored).as_deref(), restored.nicks().count()), (Some("bear"), 1));
        log.give(&alice, &set("")).unwrap();
        assert_eq!((called(&log.state), log.state.nicks().count()), (None, 0));
    }
}
