//! What people are told of a server, and of each other.

use chat_proto::ban::{PurgeFromServer, ServerPurged};
use chat_proto::defence::*;
use chat_proto::delivery::Greeting;
use chat_proto::event::ErasedFor;
use chat_proto::nick::*;
use chat_proto::request::BanAndPurge;
use chat_proto::seen::*;
use chat_proto::*;

use super::{KEY, NOON, ROOM, text};

fn bob() -> UserRef {
    UserRef::Name(text("bob"))
}

pub(super) fn requests() -> Vec<Request> {
    let policy = |policy| SetSeenPolicy { key: KEY, policy };
    vec![
        AskSeen { user: bob() }.into(),
        policy(SeenPolicy::SharedRooms).into(),
        policy(SeenPolicy::Everyone).into(),
        policy(SeenPolicy::Nobody).into(),
        SetDefence { level: DefenceLevel::Normal, reason: String::new() }.into(),
        SetDefence { level: DefenceLevel::Raised, reason: text("spam") }.into(),
        SetDefence { level: DefenceLevel::High, reason: text("spam") }.into(),
        SetDefence { level: DefenceLevel::Closed, reason: text("spam") }.into(),
        AskDefence {}.into(),
        SetNick { nick: text("Bobby") }.into(),
        GetNicks { accounts: vec![AccountId(2), AccountId(17)] }.into(),
        BanAndPurge { key: KEY, room: ROOM, user: bob(), until: Some(NOON), reason: text("spam") }.into(),
        PurgeFromServer { user: bob(), reason: text("spam") }.into(),
    ]
}

pub(super) fn replies() -> Vec<Reply> {
    let seen = |presence, at| LastSeen { account: AccountId(2), name: text("bob"), presence, at };
    let (level, configured, set) = (DefenceLevel::High, DefenceLevel::Raised, DefenceLevel::High);
    let defence = Defence { level, configured, set, since: Some(NOON) };
    let nick = Nick { account: AccountId(2), name: text("bob"), nick: text("Bobby#2") };
    let of = |policy, nicks| Nicks { policy, nicks };
    vec![
        of(NickPolicy::Server, Vec::new()).into(),
        of(NickPolicy::Room, Vec::new()).into(),
        of(NickPolicy::Free, vec![nick]).into(),
        defence.into(),
        seen(Presence::Offline, Some(NOON)).into(),
        seen(Presence::Away, None).into(),
    ]
}

pub(super) fn bodies() -> Vec<EventBody> {
    let erased = ErasedFor { kind: 5, visible_to: vec![AccountId(2)] };
    let purged = ServerPurged { account: AccountId(2), name: text("bob"), reason: text("spam") };
    let defence = DefenceSet { level: DefenceLevel::High, reason: text("spam") };
    let nick = NickSet { nick: text("Bobby"), policy: NickPolicy::Server };
    vec![
        nick.into(),
        defence.into(),
        purged.into(),
        erased.into(),
        SeenPolicySet { policy: SeenPolicy::Nobody }.into(),
        WasSeen { at: NOON }.into(),
    ]
}

pub(super) fn deliveries() -> Vec<Delivery> {
    let (account, name, nick) = (AccountId(2), text("bob"), text("Bobby"));
    let changed = NickChanged { account, name, nick };
    vec![changed.into(), Greeting { name: text("Example Chat"), motd: text("Be kind.\nBackups on Sunday.") }.into()]
}
