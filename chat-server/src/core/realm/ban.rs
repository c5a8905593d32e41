//! Who is kept out of the server: accounts, devices, networks, each until a time.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chat_proto::ban::{BanEntry, BanTarget, ServerBanned, ServerPurged, ServerUnbanned};
use chat_proto::limits::BANS_MAX;
use chat_proto::{AccountId, DeviceId, Event, EventBody, Line, Reject, RejectCode, Timestamp};

use crate::core::cidr::Cidr;
use crate::core::{Actor, ServerRank};

/// Keep somebody out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Whom; a network as [`Cidr`] writes it.
    pub target: BanTarget,
    /// His name; empty for a device or a network.
    pub name: String,
    /// Until when; for ever without it.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: Line,
}

/// Keep somebody out no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unban {
    /// Whom; a network as [`Cidr`] writes it.
    pub target: BanTarget,
}

/// Say that all that somebody wrote is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurgeAll {
    /// Whose.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// Why.
    pub reason: Line,
}

pub(super) fn purge(by: &Actor, purge: &PurgeAll) -> Result<Option<EventBody>, Reject> {
    owners_only(by)?;
    let PurgeAll { account, name, reason } = purge.clone();
    Ok(Some(ServerPurged { account, name, reason: reason.into_string() }.into()))
}

/// Who comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Who he is.
    pub account: AccountId,
    /// With which device.
    pub device: DeviceId,
    /// Where from.
    pub address: IpAddr,
}

/// The bans there are, and those that ended and were not replaced yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bans {
    by_target: BTreeMap<BanTarget, Event>,
}

fn facts(event: &Event) -> Option<&ServerBanned> {
    if let EventBody::ServerBanned(banned) = &event.body { Some(banned) } else { None }
}

fn in_force(event: &Event, now: Timestamp) -> bool {
    facts(event).is_some_and(|banned| banned.until.is_none_or(|until| now < until))
}

/// Whether a ban of a target is one of a visitor.
#[must_use]
pub fn concerns(target: &BanTarget, visitor: &Visitor) -> bool {
    match target {
        BanTarget::Account(account) => *account == visitor.account,
        BanTarget::Device(device) => *device == visitor.device,
        BanTarget::Network(network) => holds(network, visitor.address),
    }
}

fn holds(network: &str, address: IpAddr) -> bool {
    Cidr::parse(network).is_ok_and(|network| network.contains(address))
}

impl Bans {
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.by_target.values()
    }

    fn bans(&self, now: Timestamp) -> impl Iterator<Item = (&Event, &ServerBanned)> {
        let live = self.by_target.values().filter(move |event| in_force(event, now));
        live.filter_map(|event| facts(event).map(|banned| (event, banned)))
    }

    /// The ban that keeps a visitor out.
    pub(super) fn of(&self, visitor: &Visitor, now: Timestamp) -> Option<&ServerBanned> {
        self.bans(now).map(|(_, banned)| banned).find(|banned| concerns(&banned.target, visitor))
    }

    /// Whether whoever comes from an address is kept out.
    pub(super) fn of_address(&self, address: IpAddr, now: Timestamp) -> bool {
        self.bans(now).any(|(_, banned)| match &banned.target {
            BanTarget::Network(network) => holds(network, address),
            BanTarget::Account(_) | BanTarget::Device(_) => false,
        })
    }

    pub(super) fn list(&self, now: Timestamp) -> Vec<BanEntry> {
        let entry = |(event, banned): (&Event, &ServerBanned)| {
            let ServerBanned { target, name, until, reason } = banned.clone();
            BanEntry { target, name, until, reason, by: event.by, at: event.at }
        };
        self.bans(now).map(entry).collect()
    }

    pub(super) fn ban(&self, by: &Actor, ban: &Ban, now: Timestamp) -> Result<Option<EventBody>, Reject> {
        owners_only(by)?;
        let Ban { target, name, until, reason } = ban.clone();
        if !self.by_target.contains_key(&target) && self.bans(now).count() >= BANS_MAX {
            let message = format!("{BANS_MAX} bans are in force, the most there may be; lift one, or ban a network");
            return Err(Reject::new(RejectCode::LimitExceeded, message));
        }
        Ok(Some(EventBody::ServerBanned(ServerBanned { target, name, until, reason: reason.as_str().to_owned() })))
    }

    pub(super) fn unban(&self, by: &Actor, unban: &Unban, now: Timestamp) -> Result<Option<EventBody>, Reject> {
        owners_only(by)?;
        let banned = self.by_target.get(&unban.target).is_some_and(|event| in_force(event, now));
        Ok(banned.then(|| EventBody::ServerUnbanned(ServerUnbanned { target: unban.target.clone() })))
    }

    pub(super) fn banned(&mut self, event: &Event, target: &BanTarget) {
        // What ended before this one is of no use any more.
        self.by_target.retain(|_, earlier| in_force(earlier, event.at));
        self.by_target.insert(target.clone(), event.clone());
    }

    pub(super) fn unbanned(&mut self, target: &BanTarget) {
        self.by_target.remove(target);
    }
}

/// Only the server's owners keep somebody out, and let him in again.
///
/// # Errors
/// [`RejectCode::Forbidden`].
fn owners_only(by: &Actor) -> Result<(), Reject> {
    if by.rank < ServerRank::Owner {
        return Err(Reject::new(
            RejectCode::Forbidden,
            "only the server's owners keep somebody out of it, and remove all he wrote",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::State;
    use crate::core::command::testing::{Log, actor};
    use crate::core::realm::{Realm, RealmCommand};

    fn owner() -> Actor {
        Actor { rank: ServerRank::Owner, ..actor(1, "alice") }
    }

    fn ban(target: BanTarget, until: Option<i64>) -> RealmCommand {
        let until = until.map(Timestamp);
        RealmCommand::Ban(Ban { target, name: String::new(), until, reason: Line::parse("spam").unwrap() })
    }

    fn network() -> BanTarget {
        BanTarget::Network("192.0.2.0/24".to_owned())
    }

    fn visitor(account: u64, device: u64, address: &str) -> Visitor {
        Visitor { account: AccountId(account), device: DeviceId(device), address: address.parse().unwrap() }
    }

    #[test]
    fn only_owners_ban_and_each_target_keeps_out_its_own() {
        let mut log = Log::<Realm>::default();
        let account = BanTarget::Account(AccountId(5));
        assert_eq!(log.give(&actor(2, "bob"), &ban(account.clone(), None)).unwrap_err().code, RejectCode::Forbidden);
        for target in [account.clone(), BanTarget::Device(DeviceId(7)), network()] {
            log.give(&owner(), &ban(target, None)).unwrap();
        }
        let now = Timestamp(i64::MAX);
        let is_out = |log: &Log<Realm>, visitor: &Visitor| log.state.ban_of(visitor, now).is_some();
        assert!(is_out(&log, &visitor(5, 1, "198.51.100.1")));
        assert!(is_out(&log, &visitor(6, 7, "198.51.100.1")));
        assert!(is_out(&log, &visitor(6, 1, "::ffff:192.0.2.9")));
        assert!(!is_out(&log, &visitor(6, 1, "198.51.100.1")));
        let mut restored = Realm::default();
        restored.restore(&log.state.snapshot()).unwrap();
        assert_eq!(restored, log.state);
        log.give(&owner(), &RealmCommand::Unban(Unban { target: account.clone() })).unwrap();
        assert!(log.give(&owner(), &RealmCommand::Unban(Unban { target: account })).unwrap().is_none());
        assert!(!is_out(&log, &visitor(5, 1, "198.51.100.1")));
        let purge =
            RealmCommand::Purge(PurgeAll { account: AccountId(5), name: "eve".to_owned(), reason: Line::default() });
        assert_eq!(log.give(&actor(2, "bob"), &purge).unwrap_err().code, RejectCode::Forbidden);
        assert!(log.give(&owner(), &purge).unwrap().is_some());
        let bob = log.give(&actor(2, "bob"), &RealmCommand::Unban(Unban { target: network() }));
        assert_eq!(bob.unwrap_err().code, RejectCode::Forbidden);
    }

    #[test]
    fn a_ban_ends_by_its_time() {
        let mut log = Log::<Realm>::default();
        log.give(&owner(), &ban(network(), Some(1_000_000))).unwrap();
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        assert!(log.state.is_address_banned(address, Timestamp(999_999)));
        assert!(!log.state.is_address_banned(address, Timestamp(1_000_000)));
        assert!(log.state.bans(Timestamp(1_000_000)).is_empty());
    }
}
