//! Who may write to an account directly, and who is told when it was last there.

use chat_proto::{AccountId, DirectPolicy, SeenPolicy};

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

impl Account {
    /// Whether somebody is told when its owner was last there, who shares a room with him or doesn't. Conversations don't count:
    /// anybody may begin one.
    #[must_use]
    pub fn shows_seen_to(&self, asker: AccountId, shares_room: bool) -> bool {
        let choices = self.choices();
        !choices.blocks(asker)
            && match choices.seen_policy() {
                SeenPolicy::Everyone => true,
                SeenPolicy::SharedRooms => shares_room,
                SeenPolicy::Nobody => false,
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
    #[test]
    fn the_whole_table_of_who_is_told_when_one_was_last_there() {
        const ASKER: AccountId = AccountId(2);
        for (policy, of_a_stranger, of_one_who_shares_a_room) in [
            (SeenPolicy::SharedRooms, false, true),
            (SeenPolicy::Everyone, true, true),
            (SeenPolicy::Nobody, false, false),
        ] {
            let mut log = Log::<Account>::default();
            let mut choose = |choice| log.give(&actor(1, "alice"), &AccountCommand::Choose(choice)).unwrap();
            choose(Choice::SeenPolicy(policy));
            choose(Choice::Blocked(AccountId(3), UserName::parse("eve").unwrap(), true));
            let told = |asker, shares| log.state.shows_seen_to(asker, shares);
            assert_eq!(
                (told(ASKER, false), told(ASKER, true)),
                (of_a_stranger, of_one_who_shares_a_room),
                "{policy:?}"
            );
            assert!(!told(AccountId(3), true), "{policy:?}");
        }
    }
}
