//! The devices of an account: adding one by a code, listing them, taking one its right.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::code::{LongCode, ShortCode};
use chat_proto::identity::{DeviceInfo, DeviceList, LinkCode, RecoveryCode};
use chat_proto::limits::{DEVICES_PER_ACCOUNT_MAX, GUESSES_MAX, LINK_CODE_MS};
use chat_proto::{AccountId, CloseCode, DeviceId, MessageKey, Reject, RejectCode, Retry, UserName};

use super::Hub;
use super::handle::Submit;
use super::people::{Identified, parse_user};
use super::realm::hash_code;
use super::shared::lock;
use crate::core::guess::Guesses;
use crate::core::realm::device::WRONG;
use crate::core::realm::{NewDevice, RealmCommand, RevokeDevice};
use crate::core::{AccountKind, Actor};
use crate::store::{DeviceRecord, Registration};

/// Codes that add a device, and who guesses at any. Not kept: a code holds for minutes.
#[derive(Debug, Default)]
pub(super) struct LinkCodes {
    made: Mutex<BTreeMap<AccountId, Made>>,
    guesses: Mutex<Guesses<Guesser>>,
}

/// What is guessed at, and from where: a name's folded look or [`INVITATIONS`], and the network.
pub(super) type Guesser = (String, IpAddr);

/// What guesses at the secrets of invitations are counted under; no name has a space.
pub(super) const INVITATIONS: &str = "an invitation";

/// What guesses at tokens of bots are counted under.
pub(super) const TOKENS: &str = "a token";

#[derive(Debug)]
struct Made {
    code: ShortCode,
    until: Duration,
    wrong: u32,
}

/// A device that proved its key and wants to belong to an account.
#[derive(Clone, Debug)]
pub struct Stranger {
    /// Its key, and what it is to be called.
    pub new: NewDevice,
    /// The account's name.
    pub name: String,
    /// The network it comes from.
    pub from: IpAddr,
}

impl Hub {
    /// Makes a code that adds a device to somebody's account.
    ///
    /// # Errors
    /// [`RejectCode::Forbidden`], [`RejectCode::LimitExceeded`].
    pub fn make_link_code(&self, by: &Actor) -> Result<LinkCode, Reject> {
        if by.kind != AccountKind::User {
            return Err(Reject::new(RejectCode::Forbidden, "guests and bots have no devices to add to"));
        }
        self.check_device_count(by.account)?;
        let code = ShortCode::of_random(self.environment.bytes());
        let until = self.uptime() + Duration::from_millis(LINK_CODE_MS.into());
        let made = LinkCode { code: code.to_string(), expires_ms: LINK_CODE_MS };
        lock(&self.link_codes.made).insert(by.account, Made { code, until, wrong: 0 });
        Ok(made)
    }

    /// Adds a device to an account if it knows the account's code, which `knows` tells.
    ///
    /// # Errors
    /// [`RejectCode::WrongCode`], [`RejectCode::CodeBlocked`], [`RejectCode::LimitExceeded`], those of
    /// [`Hub::identify`], or what the store says.
    pub async fn link(
        self: &Arc<Self>,
        stranger: Stranger,
        knows: impl Fn(&ShortCode) -> bool,
    ) -> Result<Identified, Reject> {
        let name = parse_user(&stranger.name)?;
        if let Some(known) = self.own_device(&stranger, &name) {
            return Ok(known);
        }
        let guesser = self.begin_guess(name.keys().folded, stranger.from)?;
        let owner = self.owner_of(&name).filter(|(account, _)| self.use_link_code(*account, knows));
        let Some((account, name)) = owner else {
            let message = "this code adds no device to that name: it holds for ten minutes, works once, and the newest one \
                           counts; make another on a device you have (/link)";
            return Err(Reject::new(RejectCode::WrongCode, message));
        };
        self.guessed_right(&guesser);
        self.add_device(account, name, stranger.new, RealmCommand::AddDevice).await
    }

    /// Adds a device to an account by its recovery code, and revokes all others if that is wanted.
    ///
    /// # Errors
    /// As [`Hub::link`].
    pub async fn recover(
        self: &Arc<Self>,
        stranger: Stranger,
        code: &str,
        revoke_others: bool,
    ) -> Result<Identified, Reject> {
        let name = parse_user(&stranger.name)?;
        let identified = match self.own_device(&stranger, &name) {
            Some(known) => known,
            None => {
                let guesser = self.begin_guess(name.keys().folded, stranger.from)?;
                let wrong = || Reject::new(RejectCode::WrongCode, WRONG);
                let code = LongCode::parse(code).map_err(|e| Reject::new(RejectCode::WrongCode, e.to_string()))?;
                let (account, name) = self.owner_of(&name).ok_or_else(wrong)?;
                let recover = move |new| RealmCommand::Recover(hash_code(&code), new);
                let identified = self.add_device(account, name, stranger.new, recover).await?;
                self.guessed_right(&guesser);
                identified
            }
        };
        if revoke_others {
            self.revoke_others(&identified.actor).await?;
        }
        Ok(identified)
    }

    /// Takes every device of somebody's account its right but the one he uses.
    pub(super) async fn revoke_others(self: &Arc<Self>, by: &Actor) -> Result<(), Reject> {
        for device in self.devices_of(by.account).into_iter().filter(|device| *device != by.device) {
            self.revoke_device(by, device).await?;
        }
        Ok(())
    }

    /// The devices of somebody's account.
    #[must_use]
    pub fn list_devices(&self, asker: &Actor) -> DeviceList {
        let online: BTreeSet<DeviceId> =
            self.list_sessions(asker.account).sessions.into_iter().map(|session| session.device).collect();
        let mut devices: Vec<DeviceInfo> = self.read_directory(|directory| {
            let info = directory.devices_of(asker.account).map(|(key, entry)| DeviceInfo {
                device: entry.id,
                key: *key,
                label: entry.label.as_str().to_owned(),
                since: entry.since,
                online: online.contains(&entry.id),
                own: entry.id == asker.device,
            });
            info.collect()
        });
        devices.sort_by_key(|info| info.device);
        DeviceList { devices }
    }

    /// Takes a device of somebody's account its right, and closes its connections.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchDevice`], [`RejectCode::Forbidden`] for the last device, or what the store says.
    pub async fn revoke_device(self: &Arc<Self>, by: &Actor, device: DeviceId) -> Result<(), Reject> {
        let devices = self.devices_of(by.account);
        if !devices.contains(&device) {
            let message = format!("your account has no device {device}; the list of devices names those it has");
            return Err(Reject::new(RejectCode::NoSuchDevice, message));
        }
        if devices.len() == 1 {
            let message = "this is the account's only device: nobody could log in any more; link another one first";
            return Err(Reject::new(RejectCode::Forbidden, message));
        }
        let command = RealmCommand::RevokeDevice(RevokeDevice { account: by.account, device });
        let registration = Some(Registration::RevokeDevice(device));
        let submit = Submit { by: by.clone(), key: MessageKey::default(), command, registration };
        self.realm.submit(self, submit).await.outcome().await?;
        self.write_directory(|directory| directory.revoke_device(device));
        let reason = "this device was revoked by the account's owner";
        self.end_sessions(|live| live.who.device == device, CloseCode::Revoked, reason).await;
        Ok(())
    }

    /// Makes a code that opens somebody's account when all its devices are lost.
    ///
    /// # Errors
    /// [`RejectCode::Forbidden`], or what the store says.
    pub async fn make_recovery_code(self: &Arc<Self>, by: &Actor) -> Result<RecoveryCode, Reject> {
        let code = LongCode::of_random(self.environment.bytes());
        self.command_realm(by, RealmCommand::SetRecovery(hash_code(&code))).await?;
        Ok(RecoveryCode { code: code.to_string() })
    }

    /// Adds a device to an account, durably. Dropping the future doesn't stop it halfway.
    pub(super) async fn add_device(
        self: &Arc<Self>,
        account: AccountId,
        name: UserName,
        new: NewDevice,
        command: impl FnOnce(NewDevice) -> RealmCommand,
    ) -> Result<Identified, Reject> {
        self.check_device_count(account)?;
        let (key, label, since) = (new.key, new.label.clone(), self.now());
        let reserved = self.write_directory(|directory| directory.reserve_device(account, key, label.clone(), since));
        let Some(device) = reserved else {
            let message = "this device's key belongs or belonged to an account already; link with a new one";
            return Err(Reject::new(RejectCode::Unauthenticated, message));
        };
        let by = Actor::user(account, device, name);
        let record = DeviceRecord { id: device, key, account, since, label, revoked: false };
        let registration = Some(Registration::Device(record));
        let submit = Submit { by: by.clone(), key: MessageKey::default(), command: command(new), registration };
        let hub = Arc::clone(self);
        let added = self.clerks.spawn(async move {
            let outcome = hub.realm.submit(&hub, submit).await.outcome().await;
            hub.write_directory(|directory| match &outcome {
                Ok(_) => directory.confirm_device(&key),
                Err(_) => directory.release_device(&key),
            });
            outcome
        });
        let lost = |_| Err(Reject::new(RejectCode::Internal, "the device could not be added"));
        added.await.unwrap_or_else(lost)?;
        Ok(Identified { actor: by, registered: false, key: Some(key), expires_in: None })
    }

    /// The login of a device that belongs to the account already: its first answer may have been lost.
    pub(super) fn own_device(&self, stranger: &Stranger, name: &UserName) -> Option<Identified> {
        let (owner, registered) = self.owner_of(name)?;
        let (device, account) = self.read_directory(|directory| directory.device(&stranger.new.key))?;
        let actor = Actor::user(account, device, registered);
        (account == owner).then_some(Identified {
            actor,
            registered: false,
            key: Some(stranger.new.key),
            expires_in: None,
        })
    }

    pub(super) fn owner_of(&self, name: &UserName) -> Option<(AccountId, UserName)> {
        self.read_directory(|directory| {
            let account = directory.account_named(name).filter(|account| directory.is_confirmed(*account))?;
            directory.account(account).map(|entry| (account, entry.name.clone()))
        })
    }

    fn devices_of(&self, account: AccountId) -> Vec<DeviceId> {
        self.read_directory(|directory| directory.devices_of(account).map(|(_, entry)| entry.id).collect())
    }

    fn check_device_count(&self, account: AccountId) -> Result<(), Reject> {
        if self.devices_of(account).len() < DEVICES_PER_ACCOUNT_MAX {
            return Ok(());
        }
        let message = format!("an account has at most {DEVICES_PER_ACCOUNT_MAX} devices; revoke one first");
        Err(Reject::new(RejectCode::LimitExceeded, message))
    }

    /// Uses up an account's code if it is known; too many who don't know it burn it.
    fn use_link_code(&self, account: AccountId, knows: impl Fn(&ShortCode) -> bool) -> bool {
        let mut made = lock(&self.link_codes.made);
        made.retain(|_, made| self.uptime() < made.until);
        let Some(offer) = made.get_mut(&account) else { return false };
        let is_known = knows(&offer.code);
        offer.wrong += 1;
        if is_known || offer.wrong >= GUESSES_MAX {
            made.remove(&account);
        }
        is_known
    }

    /// Counts a guess at a secret, before it is looked at.
    pub(super) fn begin_guess(&self, at: String, from: IpAddr) -> Result<Guesser, Reject> {
        let guesser = (at, from);
        let counted = lock(&self.link_codes.guesses).begin(&guesser, self.uptime());
        counted.map_err(|wait| Reject {
            code: RejectCode::CodeBlocked,
            retry: Retry::Later,
            retry_after_ms: u32::try_from(wait.as_millis()).unwrap_or(u32::MAX),
            message: format!("{GUESSES_MAX} wrong guesses from here; wait ten minutes, and get a new code or link"),
        })?;
        Ok(guesser)
    }

    /// A guess was right: nothing counts against who made it.
    pub(super) fn guessed_right(&self, guesser: &Guesser) {
        lock(&self.link_codes.guesses).right(guesser);
    }
}
