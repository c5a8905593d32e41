//! What people are told of a server, and of each other.

use chat_proto::delivery::Greeting;
use chat_proto::seen::*;
use chat_proto::*;

use super::{KEY, NOON, text};

pub(super) fn requests() -> Vec<Request> {
    let policy = |policy| SetSeenPolicy { key: KEY, policy };
    vec![
        AskSeen { user: UserRef::Name(text("bob")) }.into(),
        policy(SeenPolicy::SharedRooms).into(),
        policy(SeenPolicy::Everyone).into(),
        policy(SeenPolicy::Nobody).into(),
    ]
}

pub(super) fn replies() -> Vec<Reply> {
    let seen = |presence, at| LastSeen { account: AccountId(2), name: text("bob"), presence, at };
    vec![seen(Presence::Offline, Some(NOON)).into(), seen(Presence::Away, None).into()]
}

pub(super) fn bodies() -> Vec<EventBody> {
    vec![SeenPolicySet { policy: SeenPolicy::Nobody }.into(), WasSeen { at: NOON }.into()]
}

pub(super) fn deliveries() -> Vec<Delivery> {
    vec![Greeting { name: text("Example Chat"), motd: text("Be kind.\nBackups on Sunday.") }.into()]
}
