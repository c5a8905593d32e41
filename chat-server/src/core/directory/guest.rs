//! Names of guests: among the others as long as each is there, and on no disk.

use chat_proto::{AccountId, Timestamp, UserName};

use super::{AccountEntry, Directory};

impl Directory {
    /// A guest comes in under a name made by [`UserName::guest`].
    ///
    /// # Errors
    /// The guest who has the name, or one that looks like it.
    pub fn admit_guest(&mut self, id: AccountId, name: UserName, now: Timestamp) -> Result<(), AccountId> {
        let keys = name.keys();
        if let Some(taken) = self.account_names.find(&keys) {
            return Err(taken);
        }
        self.account_names.insert(keys, id);
        self.accounts.insert(id, AccountEntry { name, since: now, confirmed: false });
        Ok(())
    }

    /// A guest is gone: his name is free again, his number is not.
    pub fn dismiss_guest(&mut self, id: AccountId) {
        if let Some(entry) = self.accounts.remove(&id) {
            self.account_names.remove(&entry.name.keys());
        }
    }
}

#[cfg(test)]
mod tests {
    use chat_proto::DeviceKey;

    use super::*;
    use crate::core::guest::next_number;

    #[test]
    fn a_guests_name_is_his_while_he_is_there_and_no_account_loses_its_own() {
        let mut directory = Directory::default();
        let (first, now) = (next_number(AccountId(0), Timestamp(1)), Timestamp(1));
        let second = next_number(first, now);
        let guest = |name| UserName::guest(name).unwrap();
        directory.admit_guest(first, guest("eve"), now).unwrap();
        assert!(directory.is_empty(), "a guest has no account");
        for alike in ["eve", "EVE", "evе"] {
            let Ok(alike) = UserName::guest(alike) else { continue };
            assert_eq!(directory.admit_guest(second, alike, now), Err(first));
        }
        let eve = UserName::parse("eve").unwrap();
        let (account, _) = directory.reserve_account(&eve, DeviceKey([1; 32]), now).unwrap();
        assert_eq!((account, directory.account_named(&eve)), (AccountId(1), Some(AccountId(1))));
        assert_eq!(directory.account_named(&guest("eve")), Some(first));
        directory.dismiss_guest(first);
        assert_eq!((directory.account(first), directory.account_named(&guest("eve"))), (None, None));
        assert_eq!(directory.account_named(&eve), Some(AccountId(1)));
        directory.admit_guest(second, guest("eve"), now).unwrap();
    }
}
