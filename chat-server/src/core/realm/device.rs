//! Devices of accounts, and the code that opens an account when all of them are lost. Which devices there are is in the
//! registry; what is kept here is the recovery codes.

use std::collections::BTreeMap;

use chat_proto::realm::{DeviceAdded, DeviceRevoked, RecoverySet, RecoveryUsed};
use chat_proto::{AccountId, DeviceId, DeviceKey, Event, EventBody, Line, Reject, RejectCode, SecretHash};

use crate::core::{AccountKind, Actor};

/// A device that is to belong to the account of whoever gives the command; it is the one that gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDevice {
    /// Its public key.
    pub key: DeviceKey,
    /// What it is called.
    pub label: Line,
}

/// A device opens nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeDevice {
    /// Whose it is.
    pub account: AccountId,
    /// Which one.
    pub device: DeviceId,
}

/// The recovery codes of accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recoveries {
    codes: BTreeMap<AccountId, Event>,
}

impl Recoveries {
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.codes.values()
    }

    fn is_code_of(&self, account: AccountId, shown: &SecretHash) -> bool {
        let body = self.codes.get(&account).map(|event| &event.body);
        matches!(body, Some(EventBody::RecoverySet(RecoverySet { code })) if code == shown)
    }

    pub(super) fn recover(&self, by: &Actor, shown: &SecretHash, new: &NewDevice) -> Result<Option<EventBody>, Reject> {
        if !self.is_code_of(by.account, shown) {
            return Err(Reject::new(RejectCode::WrongCode, WRONG));
        }
        let label = new.label.as_str().to_owned();
        Ok(Some(EventBody::RecoveryUsed(RecoveryUsed { device: by.device, key: new.key, label })))
    }

    pub(super) fn set(&mut self, event: &Event) {
        self.codes.insert(event.by, event.clone());
    }

    pub(super) fn used(&mut self, event: &Event) {
        self.codes.remove(&event.by);
    }
}

/// What is said of a recovery code that opens nothing, whether or not there is such an account.
pub const WRONG: &str =
    "this code opens no account of that name; a newer code takes an older one's place, and each works once";

pub(super) fn add(by: &Actor, new: &NewDevice) -> EventBody {
    let label = new.label.as_str().to_owned();
    EventBody::DeviceAdded(DeviceAdded { device: by.device, key: new.key, label })
}

pub(super) fn revoke(by: &Actor, revoke: &RevokeDevice) -> Result<Option<EventBody>, Reject> {
    let RevokeDevice { account, device } = *revoke;
    if by.kind == AccountKind::Bot {
        let message = "a bot has no devices, it has tokens; its owner revokes them";
        return Err(Reject::new(RejectCode::Forbidden, message));
    }
    if by.account != account {
        return Err(Reject::new(RejectCode::Forbidden, "only its owner revokes a device"));
    }
    Ok(Some(EventBody::DeviceRevoked(DeviceRevoked { account, device })))
}

pub(super) fn set_recovery(by: &Actor, code: SecretHash) -> Result<Option<EventBody>, Reject> {
    if by.kind != AccountKind::User {
        let message = "guests and bots have no devices of their own to recover";
        return Err(Reject::new(RejectCode::Forbidden, message));
    }
    Ok(Some(EventBody::RecoverySet(RecoverySet { code })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::command::testing::{Log, actor};
    use crate::core::realm::{Realm, RealmCommand};

    fn recover(code: u8) -> RealmCommand {
        let new = NewDevice { key: DeviceKey([9; 32]), label: Line::default() };
        RealmCommand::Recover(SecretHash([code; 32]), new)
    }

    #[test]
    fn the_newest_recovery_code_works_once_and_for_its_own_account() {
        let mut log = Log::<Realm>::default();
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        let set = |code| RealmCommand::SetRecovery(SecretHash([code; 32]));
        assert_eq!(log.give(&alice, &recover(1)).unwrap_err().code, RejectCode::WrongCode);
        log.give(&alice, &set(1)).unwrap();
        log.give(&alice, &set(2)).unwrap();
        assert_eq!(log.give(&alice, &recover(1)).unwrap_err().code, RejectCode::WrongCode);
        assert_eq!(log.give(&bob, &recover(2)).unwrap_err().code, RejectCode::WrongCode);
        log.give(&alice, &recover(2)).unwrap();
        assert_eq!(log.give(&alice, &recover(2)).unwrap_err().code, RejectCode::WrongCode);
        let guest = Actor { kind: AccountKind::Guest, ..alice };
        assert_eq!(log.give(&guest, &set(3)).unwrap_err().code, RejectCode::Forbidden);
    }

    #[test]
    fn nobody_revokes_the_device_of_another_account() {
        let mut log = Log::<Realm>::default();
        let revoke = RealmCommand::RevokeDevice(RevokeDevice { account: AccountId(1), device: DeviceId(1) });
        assert_eq!(log.give(&actor(2, "bob"), &revoke).unwrap_err().code, RejectCode::Forbidden);
        assert!(log.give(&actor(1, "alice"), &revoke).unwrap().is_some());
    }
}
