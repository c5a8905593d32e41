//! What people are called beside their names, and who can't be told from whom. The names themselves are the directory's.

use std::collections::{BTreeMap, BTreeSet};

use chat_proto::name::NameKeys;
use chat_proto::{AccountId, NickPolicy, RoomId, UserName};

/// Every nick.
#[derive(Clone, Debug, Default)]
pub struct Nicks {
    policy: NickPolicy,
    of: BTreeMap<AccountId, UserName>,
    by_look: BTreeMap<String, BTreeSet<AccountId>>,
    by_fold: BTreeMap<String, BTreeSet<AccountId>>,
    /// Who is about to become a member of which room under his nick.
    entering: BTreeSet<(RoomId, AccountId)>,
    /// Who is about to be called something else.
    changing: BTreeSet<AccountId>,
}

/// Who can't be told from somebody by his nick, at one moment: who comes later finds him, and not the other way round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rivals {
    /// Whose nicks look like his.
    pub accounts: BTreeSet<AccountId>,
    /// Which of them were about to become members of rooms.
    pub entering: BTreeSet<(RoomId, AccountId)>,
}

impl Nicks {
    /// Nobody has one.
    #[must_use]
    pub fn new(policy: NickPolicy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// Among whom they are unique.
    #[must_use]
    pub fn policy(&self) -> NickPolicy {
        self.policy
    }

    /// Whether one that was made under a policy keeps the promise of this one.
    #[must_use]
    pub fn keeps(&self, made_under: NickPolicy) -> bool {
        self.policy == NickPolicy::Free || made_under == NickPolicy::Server || made_under == self.policy
    }

    /// What an account is called.
    #[must_use]
    pub fn of(&self, account: AccountId) -> Option<&UserName> {
        self.of.get(&account)
    }

    /// The same, ready to be shown: where others may be called the same, with what only one account has.
    #[must_use]
    pub fn shown(&self, account: AccountId) -> Option<String> {
        let nick = self.of(account)?;
        Some(match self.policy {
            NickPolicy::Server | NickPolicy::Room => nick.as_str().to_owned(),
            NickPolicy::Free => format!("{nick}#{account}"),
        })
    }

    /// Whether somebody is called so that a new name of this look could be taken for his.
    #[must_use]
    pub fn keeps_from(&self, name: &NameKeys) -> Option<AccountId> {
        (self.policy != NickPolicy::Free).then(|| self.alike(name).first().copied()).flatten()
    }

    /// An account is called so, or by its name only.
    pub fn set(&mut self, account: AccountId, nick: Option<UserName>) {
        if let Some(old) = self.of.remove(&account) {
            let NameKeys { look, folded } = old.keys();
            for (index, key) in [(&mut self.by_look, look), (&mut self.by_fold, folded)] {
                let accounts = index.entry(key.clone()).or_default();
                accounts.remove(&account);
                if accounts.is_empty() {
                    index.remove(&key);
                }
            }
        }
        let Some(nick) = nick else { return };
        let NameKeys { look, folded } = nick.keys();
        self.by_look.entry(look).or_default().insert(account);
        self.by_fold.entry(folded).or_default().insert(account);
        self.of.insert(account, nick);
    }

    /// Who else is called so, as of now.
    #[must_use]
    pub fn rivals(&self, account: AccountId, nick: &UserName) -> Rivals {
        let mut accounts = self.alike(&nick.keys());
        accounts.remove(&account);
        let entering = self.entering.iter().filter(|(_, who)| accounts.contains(who)).copied().collect();
        Rivals { accounts, entering }
    }

    /// An account begins to change its nick; false if it is changing it already.
    pub fn begin_change(&mut self, account: AccountId) -> bool {
        self.changing.insert(account)
    }

    /// It has changed it, or not.
    pub fn end_change(&mut self, account: AccountId) {
        self.changing.remove(&account);
    }

    /// An account is about to become a member of a room, under whatever it is called. Its rivals before that.
    pub fn enter(&mut self, room: RoomId, account: AccountId) -> Rivals {
        let rivals = self.of(account).cloned().map(|nick| self.rivals(account, &nick)).unwrap_or_default();
        self.entering.insert((room, account));
        rivals
    }

    /// It is one, or not.
    pub fn entered(&mut self, room: RoomId, account: AccountId) {
        self.entering.remove(&(room, account));
    }

    fn alike(&self, keys: &NameKeys) -> BTreeSet<AccountId> {
        let found = [self.by_look.get(&keys.look), self.by_fold.get(&keys.folded)];
        found.into_iter().flatten().flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId(3);

    fn name(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    fn rivals(nicks: &Nicks, account: u64, nick: &str) -> Vec<u64> {
        nicks.rivals(AccountId(account), &name(nick)).accounts.into_iter().map(|account| account.0).collect()
    }

    #[test]
    fn look_alikes_are_rivals_until_the_last_is_called_something_else() {
        let mut nicks = Nicks::new(NickPolicy::Room);
        nicks.set(AccountId(1), Some(name("Fox")));
        nicks.set(AccountId(2), Some(name("fox")));
        assert_eq!((rivals(&nicks, 3, "FOX"), rivals(&nicks, 1, "fox")), (vec![1, 2], vec![2]));
        nicks.set(AccountId(1), Some(name("bear")));
        nicks.set(AccountId(2), None);
        assert_eq!((rivals(&nicks, 3, "fox"), rivals(&nicks, 3, "bear")), (vec![], vec![1]));
        assert_eq!(nicks.keeps_from(&name("BEAR").keys()), Some(AccountId(1)));
        nicks.set(AccountId(1), None);
        assert!(nicks.by_look.is_empty() && nicks.by_fold.is_empty());
    }

    #[test]
    fn of_two_who_come_at_once_only_the_later_finds_the_other() {
        let mut nicks = Nicks::new(NickPolicy::Room);
        nicks.set(AccountId(1), Some(name("fox")));
        nicks.set(AccountId(2), Some(name("fox")));
        let first = nicks.enter(ROOM, AccountId(1));
        let second = nicks.enter(ROOM, AccountId(2));
        assert_eq!((first.entering.len(), second.entering), (0, BTreeSet::from([(ROOM, AccountId(1))])));
        nicks.entered(ROOM, AccountId(1));
        assert!(nicks.rivals(AccountId(2), &name("fox")).entering.is_empty());
        assert!(nicks.begin_change(AccountId(1)) && !nicks.begin_change(AccountId(1)));
        nicks.end_change(AccountId(1));
        assert!(nicks.begin_change(AccountId(1)));
    }

    #[test]
    fn where_anybody_may_be_called_anything_the_number_tells_and_what_was_made_so_is_not_shown_elsewhere() {
        let mut free = Nicks::new(NickPolicy::Free);
        free.set(AccountId(17), Some(name("fox")));
        assert_eq!(free.shown(AccountId(17)).as_deref(), Some("fox#17"));
        assert_eq!(free.keeps_from(&name("fox").keys()), None);
        assert!(UserName::parse("fox#17").is_err(), "no name looks like that");
        let all = [NickPolicy::Server, NickPolicy::Room, NickPolicy::Free];
        let keeps = |policy| all.map(|made_under| Nicks::new(policy).keeps(made_under));
        assert_eq!(keeps(NickPolicy::Server), [true, false, false]);
        assert_eq!(keeps(NickPolicy::Room), [true, true, false]);
        assert_eq!(keeps(NickPolicy::Free), [true, true, true]);
    }
}
