//! Who may write to an account directly.

use chat_proto::{AccountId, DirectPolicy};

use super::Account;

impl Account {
    /// Whether somebody may write to it, who shares a room with it or doesn't. Conversations between few don't count as rooms
    /// shared: else the first one would open the door for good.
    #[must_use]
    pub fn takes_words_of(&self, sender: AccountId, shares_room: bool) -> bool {
        let choices = self.choices();
        !choices.blocks(sender)
            && match choices.direct_policy() {
                DirectPolicy::Everyone => true,
                DirectPolicy::SharedRooms => shares_room || choices.is_contact(sender),
                DirectPolicy::Contacts => choices.is_contact(sender),
                DirectPolicy::Nobody => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use chat_proto::UserName;

    use super::*;
    use crate::core::command::testing::{Log, actor};
    use crate::core::command::{AccountCommand, Choice};

    #[test]
    fn the_whole_table_of_who_may_write() {
        const SENDER: AccountId = AccountId(2);
        let name = UserName::parse("bob").unwrap();
        // Of a stranger, one who shares a room, a contact, and a contact who shares a room.
        for (policy, taken) in [
            (DirectPolicy::Everyone, [true, true, true, true]),
            (DirectPolicy::SharedRooms, [false, true, true, true]),
            (DirectPolicy::Contacts, [false, false, true, true]),
            (DirectPolicy::Nobody, [false, false, false, false]),
        ] {
            for (case, taken) in taken.into_iter().enumerate() {
                let (shares_room, is_contact) = (case % 2 == 1, case >= 2);
                let mut log = Log::<Account>::default();
                let mut choose = |choice| log.give(&actor(1, "alice"), &AccountCommand::Choose(choice)).unwrap();
                choose(Choice::DirectPolicy(policy));
                choose(Choice::Contact(SENDER, name.clone(), is_contact));
                assert_eq!(log.state.takes_words_of(SENDER, shares_room), taken, "{policy:?} {case}");
                let block = AccountCommand::Choose(Choice::Blocked(SENDER, name.clone(), true));
                log.give(&actor(1, "alice"), &block).unwrap();
                assert!(!log.state.takes_words_of(SENDER, shares_room), "{policy:?} {case}");
            }
        }
    }
}
