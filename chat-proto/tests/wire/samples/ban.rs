//! Who is kept out of the server.

use chat_proto::ban::*;
use chat_proto::*;

use super::{NOON, text};

fn network() -> BanTarget {
    BanTarget::Network(text("2001:db8::/32"))
}

pub(super) fn requests() -> Vec<Request> {
    vec![
        BanFromServer { target: BanTarget::Account(AccountId(17)), for_s: Some(3_600), reason: text("spam") }.into(),
        BanFromServer { target: network(), for_s: None, reason: String::new() }.into(),
        LiftBan { target: BanTarget::Device(DeviceId(21)) }.into(),
        ListBans {}.into(),
    ]
}

pub(super) fn replies() -> Vec<Reply> {
    let (target, name) = (BanTarget::Account(AccountId(17)), text("bob"));
    let ban = BanEntry { target, name, until: Some(NOON), reason: text("spam"), by: AccountId(2), at: NOON };
    vec![BanList { bans: vec![ban] }.into()]
}

pub(super) fn bodies() -> Vec<EventBody> {
    vec![
        ServerBanned { target: network(), name: String::new(), until: None, reason: text("spam") }.into(),
        ServerUnbanned { target: BanTarget::Device(DeviceId(21)) }.into(),
    ]
}
