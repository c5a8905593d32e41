//! Passwords of accounts, as what is kept of them. Nothing is hashed here: hashes are compared as texts.

use std::collections::BTreeMap;
use std::fmt;

use chat_proto::password::{PasswordSet, PasswordUsed};
use chat_proto::{AccountId, Event, EventBody, Reject, RejectCode};

use super::NewDevice;
use crate::core::{AccountKind, Actor};

/// What is kept of a password: a PHC string. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// The passwords of accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Passwords {
    set: BTreeMap<AccountId, Event>,
}

impl Passwords {
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.set.values()
    }

    /// What is kept of an account's password.
    pub(super) fn of(&self, account: AccountId) -> Option<&str> {
        let EventBody::PasswordSet(PasswordSet { hash }) = &self.set.get(&account)?.body else { return None };
        hash.as_deref()
    }

    pub(super) fn decide(&self, by: &Actor, hash: Option<&PasswordHash>) -> Result<Option<EventBody>, Reject> {
        check_may_set(by)?;
        if hash.is_none() && self.of(by.account).is_none() {
            return Ok(None);
        }
        Ok(Some(PasswordSet { hash: hash.map(|hash| hash.0.clone()) }.into()))
    }

    /// A device that showed the password this was kept of. Meanwhile it may be another one.
    pub(super) fn link(&self, by: &Actor, shown: &PasswordHash, new: &NewDevice) -> Result<Option<EventBody>, Reject> {
        if self.of(by.account) != Some(shown.0.as_str()) {
            return Err(wrong());
        }
        let label = new.label.as_str().to_owned();
        Ok(Some(PasswordUsed { device: by.device, key: new.key, label }.into()))
    }

    pub(super) fn set(&mut self, event: &Event, hash: Option<&String>) {
        match hash {
            Some(_) => self.set.insert(event.by, event.clone()),
            None => self.set.remove(&event.by),
        };
    }
}

/// Whether somebody's account may have a password at all.
///
/// # Errors
/// [`RejectCode::Forbidden`].
pub fn check_may_set(by: &Actor) -> Result<(), Reject> {
    if by.kind == AccountKind::User {
        return Ok(());
    }
    let message = "guests and bots have no devices of their own that a password could link";
    Err(Reject::new(RejectCode::Forbidden, message))
}

/// What is said of a password that opens nothing, whether or not there is such an account, or it has one.
#[must_use]
pub fn wrong() -> Reject {
    let message = "this password links no device to that name; mind capital letters, or use a code that one of your devices \
                   makes (/link)";
    Reject::new(RejectCode::WrongCode, message)
}

#[cfg(test)]
mod tests {
    use chat_proto::{DeviceKey, Line};

    use super::*;
    use crate::core::State;
    use crate::core::command::testing::{Log, actor};
    use crate::core::realm::{Realm, RealmCommand};

    fn hash(text: &str) -> PasswordHash {
        PasswordHash(text.to_owned())
    }

    fn link(text: &str) -> RealmCommand {
        RealmCommand::LinkByPassword(hash(text), NewDevice { key: DeviceKey([9; 32]), label: Line::default() })
    }

    #[test]
    fn only_the_password_an_account_has_now_links_and_as_often_as_one_likes() {
        let mut log = Log::<Realm>::default();
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        let set = |text: Option<&str>| RealmCommand::SetPassword(text.map(hash));
        assert_eq!(log.give(&alice, &link("a")).unwrap_err().code, RejectCode::WrongCode);
        assert!(log.give(&alice, &set(None)).unwrap().is_none());
        log.give(&alice, &set(Some("a"))).unwrap();
        log.give(&alice, &set(Some("b"))).unwrap();
        assert_eq!(log.give(&alice, &link("a")).unwrap_err().code, RejectCode::WrongCode);
        assert_eq!(log.give(&bob, &link("b")).unwrap_err().code, RejectCode::WrongCode);
        log.give(&alice, &link("b")).unwrap();
        log.give(&alice, &link("b")).unwrap();
        let mut restored = Realm::default();
        restored.restore(&log.state.snapshot()).unwrap();
        assert_eq!((restored.password(alice.account), &restored), (Some("b"), &log.state));
        log.give(&alice, &set(None)).unwrap();
        assert_eq!(log.give(&alice, &link("b")).unwrap_err().code, RejectCode::WrongCode);
        for kind in [AccountKind::Bot, AccountKind::Guest] {
            let by = Actor { kind, ..alice.clone() };
            assert_eq!(log.give(&by, &set(Some("c"))).unwrap_err().code, RejectCode::Forbidden);
        }
    }

    #[test]
    fn what_is_kept_of_it_is_not_in_what_is_written_for_programmers() {
        let mut log = Log::<Realm>::default();
        log.give(&actor(1, "alice"), &RealmCommand::SetPassword(Some(hash("canary")))).unwrap();
        let shown = format!("{:?} {:?}", log.state, link("canary"));
        assert!(!shown.contains("canary") && shown.contains("PasswordSet(…)"), "{shown}");
    }
}
