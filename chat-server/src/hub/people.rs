//! Accounts: claiming a name, finding a person.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::reply::Person;
use chat_proto::{AccountId, DeviceId, DeviceKey, Line, MessageKey, Reject, RejectCode, RoomId, UserName};

use super::handle::Submit;
use super::shared::lock;
use super::{Hub, reject};
use crate::admission::network;
use crate::config::Registration;
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::realm::{RealmCommand, UseInvite};
use crate::jwt::Subject;
use crate::store::{AccountRecord, DeviceRecord, Registration as StoreRegistration};

/// A proven device: whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// Who.
    pub actor: Actor,
    /// Whether the name became his just now.
    pub registered: bool,
    /// The key he proved, if that is what he came with.
    pub key: Option<DeviceKey>,
    /// How long he may stay, if what he came with expires.
    pub expires_in: Option<Duration>,
}

impl Hub {
    /// Whose a device is that proved its key and gave a name. A new key claims the name if nobody has it.
    ///
    /// # Errors
    /// [`RejectCode::NameTaken`], [`RejectCode::InvalidName`], [`RejectCode::RegistrationClosed`],
    /// [`RejectCode::Unauthenticated`] for a key that belongs to another name, or what the store says.
    pub async fn identify(self: &Arc<Self>, key: DeviceKey, name: &str, from: IpAddr) -> Result<Identified, Reject> {
        let name = parse_user(name)?;
        self.check_not_revoked(Some(&key))?;
        let known = self.read_directory(|directory| {
            let (device, account) = directory.device(&key)?;
            let confirmed = directory.is_confirmed(account);
            Some((device, account, confirmed, directory.account(account)?.name.clone()))
        });
        match known {
            Some((device, account, true, registered)) if registered.keys() == name.keys() => {
                let actor = Actor::user(account, device, registered);
                Ok(Identified { actor, registered: false, key: Some(key), expires_in: None })
            }
            Some((_, _, true, registered)) => Err(Reject::new(
                RejectCode::Unauthenticated,
                format!("this device's key belongs to {registered}; connect as {registered}, or use another identity"),
            )),
            Some((_, _, false, _)) => Err(Reject::new(RejectCode::Conflict, "this name is being registered right now")),
            None => self.register(key, name, from, None).await,
        }
    }

    /// The account of the subject of a token that was checked; the first token makes it. `name` is what the client asks for,
    /// empty if it leaves that to the token.
    ///
    /// # Errors
    /// As [`Hub::identify`].
    pub async fn identify_subject(
        self: &Arc<Self>,
        subject: Subject,
        name: &str,
        from: IpAddr,
    ) -> Result<Identified, Reject> {
        let known = self.read_directory(|directory| {
            let (_, account) = directory.device(&subject.key)?;
            directory.account(account).map(|entry| entry.name.as_str().to_owned())
        });
        let given = known.or(subject.name);
        if let Some(given) = given.as_ref().filter(|_| !name.is_empty())
            && parse_user(given)?.keys() != parse_user(name)?.keys()
        {
            let message = format!("this token belongs to {given}; connect as {given}, or with another token");
            return Err(Reject::new(RejectCode::Unauthenticated, message));
        }
        let identified = self.identify(subject.key, given.as_deref().unwrap_or(name), from).await?;
        Ok(Identified { expires_in: Some(subject.expires_in), ..identified })
    }

    /// Whether a device's key still may open anything.
    ///
    /// # Errors
    /// [`RejectCode::DeviceRevoked`].
    pub fn check_not_revoked(&self, key: Option<&DeviceKey>) -> Result<(), Reject> {
        if key.is_some_and(|key| self.read_directory(|directory| directory.is_revoked(key))) {
            let message = "this device was revoked by the account's owner; it comes back only with a new key: delete its key \
                           (the directory of this name under the client's data), and link it again";
            return Err(Reject::new(RejectCode::DeviceRevoked, message));
        }
        Ok(())
    }

    /// Counts a new account or guest of a network, but for those of this very machine.
    pub(super) fn count_newcomer(&self, from: IpAddr) -> Result<(), Reject> {
        if from.to_canonical().is_loopback() || self.settings.accounts_per_address == 0 {
            return Ok(());
        }
        let counted = lock(&self.newcomers).begin(&network(from), self.uptime());
        counted.map_err(|_| {
            let most = self.settings.accounts_per_address;
            let message = format!(
                "{most} accounts or guests are new from your address within an hour; wait, or ask the operator"
            );
            Reject::new(RejectCode::LimitExceeded, message)
        })
    }

    /// Whether a name is free for a new account, and new accounts are made.
    fn check_newcomer(&self, name: &UserName, invited: bool) -> Result<(), Reject> {
        let taken = self.read_directory(|directory| {
            let account = directory.account_named(name)?;
            directory.account(account).map(|entry| entry.name.clone())
        });
        if let Some(owner) = taken {
            return Err(name_taken(name, &owner));
        }
        match self.settings.registration {
            Registration::Open => Ok(()),
            Registration::Invite if invited => Ok(()),
            Registration::Invite => Err(Reject::new(
                RejectCode::InviteNeeded,
                format!(
                    "nobody has the name {name} here, and this server takes new accounts by invitation only; ask somebody \
                     who is there for a link, and connect with it"
                ),
            )),
            Registration::Closed => Err(Reject::new(
                RejectCode::RegistrationClosed,
                format!("nobody has the name {name} here, and this server takes no new accounts; ask its operator"),
            )),
        }
    }

    /// Makes an account with its first device, durably; by an invitation, which is used in the same step. Dropping the future
    /// doesn't stop it halfway.
    pub(super) async fn register(
        self: &Arc<Self>,
        key: DeviceKey,
        name: UserName,
        from: IpAddr,
        invited: Option<UseInvite>,
    ) -> Result<Identified, Reject> {
        self.check_newcomer(&name, invited.is_some())?;
        self.check_register(from, invited.is_some())?;
        self.count_newcomer(from)?;
        let since = self.now();
        let reserved = self.write_directory(|directory| directory.reserve_account(&name, key, since));
        let Ok((account, device)) = reserved else { return Err(name_taken(&name, &name)) };
        let actor = Actor::user(account, device, name.clone());
        let record = StoreRegistration::Account(
            AccountRecord { id: account, name, since },
            DeviceRecord { id: device, key, account, since, label: Line::default(), revoked: false },
        );
        let (hub, by) = (Arc::clone(self), actor.clone());
        let made = self.clerks.spawn(async move {
            let made = hub.make_account(by, record, invited).await;
            hub.write_directory(|directory| match &made {
                Ok(()) => directory.confirm_account(account),
                Err(_) => directory.release_account(account, &key),
            });
            made
        });
        made.await.unwrap_or_else(|_| Err(Reject::new(RejectCode::Internal, "the account could not be made")))?;
        Ok(Identified { actor, registered: true, key: Some(key), expires_in: None })
    }

    async fn make_account(
        self: &Arc<Self>,
        by: Actor,
        record: StoreRegistration,
        invited: Option<UseInvite>,
    ) -> Result<(), Reject> {
        let Some(invited) = invited else { return self.store.register(record).await.map_err(|e| reject(&e)) };
        let command = RealmCommand::UseInvite(invited);
        let submit = Submit { by, key: MessageKey::default(), command, registration: Some(record) };
        self.realm.submit(self, submit).await.outcome().await.map(drop)
    }

    /// Somebody is writing in a room, or no more. From one who is no member it is nothing.
    pub async fn typing(self: &Arc<Self>, room: RoomId, by: &Actor, active: bool) {
        let Ok(feed) = self.room(room).await else { return };
        let account = by.account;
        let may = self.ask(by.reader(), room, Action::Post, move |_, room| room.members().contains_key(&account)).await;
        if may == Ok(true) {
            let now = self.uptime();
            feed.shared.signal(|signals| {
                signals.typing(account, by.name.as_str(), active, now);
                true
            });
        }
    }

    /// The rooms an account is a member of; none if its feed can't be read.
    pub async fn joined_rooms(self: &Arc<Self>, account: AccountId) -> Vec<RoomId> {
        let Ok(feed) = self.account(account).await else { return Vec::new() };
        let rooms = feed.look(self, |state, _| state.joined().map(|joined| joined.room).collect()).await;
        rooms.unwrap_or_default()
    }

    /// What anybody may know of a person.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchUser`], or what the store says.
    pub async fn whois(self: &Arc<Self>, asker: AccountId, name: &str) -> Result<Person, Reject> {
        let account = self.account_named(name)?;
        let found = self.read_directory(|directory| directory.account(account).cloned());
        let entry = found.ok_or_else(|| Reject::new(RejectCode::NoSuchUser, format!("{name} is gone")))?;
        let (theirs, own) = (self.joined_rooms(account).await, self.joined_rooms(asker).await);
        let shared = theirs.into_iter().filter(|room| own.contains(room));
        let shared_rooms = self.read_directory(|directory| {
            shared.filter_map(|room| directory.room(room).map(|name| name.as_str().to_owned())).collect()
        });
        let (name, since) = (entry.name.as_str().to_owned(), entry.since);
        Ok(Person { account, name, since, presence: self.presence(account), shared_rooms })
    }

    /// An actor as the directory knows him.
    #[must_use]
    pub fn actor(&self, account: AccountId, device: DeviceId) -> Option<Actor> {
        let kind = self.kind(account);
        self.read_directory(|directory| {
            directory.account(account).map(|entry| Actor { kind, ..Actor::user(account, device, entry.name.clone()) })
        })
    }
}

/// A person's name as somebody typed it.
///
/// # Errors
/// [`RejectCode::InvalidName`] with the rule it breaks.
pub(super) fn parse_user(name: &str) -> Result<UserName, Reject> {
    UserName::parse(name)
        .map_err(|e| Reject::new(RejectCode::InvalidName, format!("the name {name:?} is not possible: {e}")))
}

pub(super) fn name_taken(wanted: &UserName, owner: &UserName) -> Reject {
    let message = if wanted == owner {
        format!(
            "the name {owner} belongs to another key; choose another name, or connect from the device that has it, or link this one with a code that it makes (/link)"
        )
    } else {
        format!("{wanted} looks like {owner}, which is taken; choose a name that can't be mistaken for it")
    };
    Reject::new(RejectCode::NameTaken, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::hub::HubSettings;
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn one_address_makes_so_many_accounts_and_no_more_and_those_there_are_log_in() {
        let settings = HubSettings { accounts_per_address: 2, ..HubSettings::default() };
        let hub = Hub::start(Arc::new(MemoryStore::new()), Environment::real(), settings).await.unwrap();
        let [far, near, elsewhere] = ["2001:db8::1", "2001:db8::2", "192.0.2.1"].map(|text| text.parse().unwrap());
        let come = async |number: u8, from: IpAddr| {
            let name = format!("name{number}");
            hub.identify(DeviceKey([number; 32]), &name, from).await.map(|known| known.registered).map_err(|r| r.code)
        };
        assert_eq!((come(1, far).await, come(2, near).await), (Ok(true), Ok(true)));
        assert_eq!(come(3, far).await, Err(RejectCode::LimitExceeded));
        assert_eq!((come(1, far).await, come(3, elsewhere).await), (Ok(false), Ok(true)));
        for number in 10..20 {
            assert_eq!(come(number, "127.0.0.1".parse().unwrap()).await, Ok(true));
        }
    }
}
