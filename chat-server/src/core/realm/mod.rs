//! The server itself as a feed: who owns it, and whom it lets in. Its state is those of its events that still matter, so that a
//! snapshot is a short feed; each file here keeps the events of its own facts.

pub mod audit;
pub mod ban;
pub mod bot;
pub mod claim;
mod defence;
pub mod device;
pub mod invite;
mod nick;
pub mod password;

use std::collections::BTreeMap;
use std::net::IpAddr;

use chat_proto::ban::{BanEntry, ServerBanned};
use chat_proto::codec::CodecError;
use chat_proto::{
    AccountId, DefenceLevel, DeviceId, Event, EventBody, FeedId, NickPolicy, Reject, SecretHash, Seq, ServerFact,
    Timestamp, UserName,
};

use super::guest::is_guest;
use super::{AccountKind, Actor, ServerRank, State, parts, put_part};
use ban::Bans;
pub use ban::{Ban, PurgeAll, Unban, Visitor};
use bot::Bots;
pub use bot::{LetBotIn, RevokeToken, Token};
use claim::Ownership;
pub use claim::{Claim, OfferClaim};
pub use defence::SetDefence;
use device::Recoveries;
pub use device::{NewDevice, RevokeDevice};
use invite::Invites;
pub use invite::{Invitation, MakeInvite, RevokeInvite, UseInvite};
pub use nick::SetNick;
pub use password::PasswordHash;
use password::Passwords;

/// The feed of the server itself.
pub const REALM: FeedId = FeedId::Account(AccountId::SERVER);

/// What can be asked of the server itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RealmCommand {
    /// Let whoever shows a code own the server.
    OfferClaim(OfferClaim),
    /// Own the server.
    Claim(Claim),
    /// Keep somebody out.
    Ban(Ban),
    /// Keep somebody out no more.
    Unban(Unban),
    /// Say that all that somebody wrote is removed.
    Purge(PurgeAll),
    /// Let so much happen.
    SetDefence(SetDefence),
    /// Be called something.
    SetNick(SetNick),
    /// Belong to one's account, by a link code that was checked before.
    AddDevice(NewDevice),
    /// Take a device its right.
    RevokeDevice(RevokeDevice),
    /// Make a code the account's recovery code.
    SetRecovery(SecretHash),
    /// Belong to one's account, by its recovery code.
    Recover(SecretHash, NewDevice),
    /// Give the account a password, or take it away.
    SetPassword(Option<PasswordHash>),
    /// Belong to one's account, by its password: the one that this is kept of was shown.
    LinkByPassword(PasswordHash, NewDevice),
    /// Let people in.
    MakeInvite(MakeInvite),
    /// Be let in.
    UseInvite(UseInvite),
    /// An invitation lets nobody in any more.
    RevokeInvite(RevokeInvite),
    /// Give a bot a token.
    LetBotIn(LetBotIn),
    /// A token lets nobody in any more.
    RevokeToken(RevokeToken),
}

/// The server's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Realm {
    ownership: Ownership,
    recoveries: Recoveries,
    passwords: Passwords,
    bans: Bans,
    defence: defence::Standing,
    called: nick::Called,
    invites: Invites,
    bots: Bots,
}

impl Realm {
    /// What an account may do to the server itself.
    #[must_use]
    pub fn rank(&self, account: AccountId) -> ServerRank {
        if self.ownership.is_owner(account) { ServerRank::Owner } else { ServerRank::None }
    }

    /// Whether anybody owns the server.
    #[must_use]
    pub fn is_owned(&self) -> bool {
        self.ownership.is_owned()
    }

    /// The ban that keeps a visitor out.
    #[must_use]
    pub fn ban_of(&self, visitor: &Visitor, now: Timestamp) -> Option<&ServerBanned> {
        self.bans.of(visitor, now)
    }

    /// Whether whoever comes from an address is kept out.
    #[must_use]
    pub fn is_address_banned(&self, address: IpAddr, now: Timestamp) -> bool {
        self.bans.of_address(address, now)
    }

    /// The bans in force.
    #[must_use]
    pub fn bans(&self, now: Timestamp) -> Vec<BanEntry> {
        self.bans.list(now)
    }

    /// What an account is.
    #[must_use]
    pub fn kind(&self, account: AccountId) -> AccountKind {
        match (is_guest(account), self.bots.is_bot(account)) {
            (true, _) => AccountKind::Guest,
            (false, true) => AccountKind::Bot,
            (false, false) => AccountKind::User,
        }
    }

    /// Whose a bot is.
    #[must_use]
    pub fn bot_owner(&self, bot: AccountId) -> Option<AccountId> {
        self.bots.owner(bot)
    }

    /// The token a device stands for; nothing for one that was revoked.
    #[must_use]
    pub fn token(&self, device: DeviceId) -> Option<Token<'_>> {
        self.bots.token(device)
    }

    /// The tokens that were not revoked, by the device that stands for each.
    pub fn tokens(&self) -> impl Iterator<Item = Token<'_>> {
        self.bots.tokens()
    }

    /// What is kept of an account's password, if it has one.
    #[must_use]
    pub fn password(&self, account: AccountId) -> Option<&str> {
        self.passwords.of(account)
    }

    /// The invitation of a secret, whether or not it may still let somebody in.
    #[must_use]
    pub fn invite(&self, secret: &SecretHash) -> Option<Invitation<'_>> {
        self.invites.find(secret)
    }

    /// The invitations that may still let somebody in, the oldest first.
    pub fn invites(&self, now: Timestamp) -> impl Iterator<Item = Invitation<'_>> {
        self.invites.open(now)
    }

    /// How much it lets happen as an owner set it, and when he did.
    #[must_use]
    pub fn defence(&self) -> Option<(DefenceLevel, Timestamp)> {
        self.defence.level()
    }

    /// What an account is called, and among whom that was unique.
    #[must_use]
    pub fn nick(&self, account: AccountId) -> Option<(UserName, NickPolicy)> {
        self.called.of(account)
    }

    /// What each account is called that is called something.
    pub fn nicks(&self) -> impl Iterator<Item = (AccountId, UserName, NickPolicy)> + '_ {
        self.called.all()
    }

    /// The events that still matter, in order.
    fn events(&self) -> impl Iterator<Item = &Event> {
        let all = self
            .ownership
            .events()
            .chain(self.recoveries.events())
            .chain(self.passwords.events())
            .chain(self.bans.events())
            .chain(self.defence.events())
            .chain(self.called.events());
        let all = all.chain(self.invites.events()).chain(self.bots.events());
        let ordered: BTreeMap<Seq, &Event> = all.map(|event| (event.seq, event)).collect();
        ordered.into_values()
    }
}

impl State for Realm {
    type Command = RealmCommand;

    const SNAPSHOT_VERSION: u16 = 1;

    fn decide(&self, by: &Actor, command: &RealmCommand, now: Timestamp) -> Result<Option<EventBody>, Reject> {
        match command {
            RealmCommand::Ban(ban) => self.bans.ban(by, ban, now),
            RealmCommand::Purge(purge) => ban::purge(by, purge),
            RealmCommand::SetDefence(set) => self.defence.decide(by, set),
            RealmCommand::SetNick(set) => Ok(self.called.decide(by, set)),
            RealmCommand::Unban(unban) => self.bans.unban(by, unban, now),
            RealmCommand::OfferClaim(offer) => Ok(self.ownership.offer(offer)),
            RealmCommand::Claim(claim) => self.ownership.claim(by, claim),
            RealmCommand::AddDevice(new) => Ok(Some(device::add(by, new))),
            RealmCommand::RevokeDevice(revoke) => device::revoke(by, revoke),
            RealmCommand::SetRecovery(code) => device::set_recovery(by, *code),
            RealmCommand::Recover(code, new) => self.recoveries.recover(by, code, new),
            RealmCommand::SetPassword(hash) => self.passwords.decide(by, hash.as_ref()),
            RealmCommand::LinkByPassword(shown, new) => self.passwords.link(by, shown, new),
            RealmCommand::MakeInvite(make) => self.invites.make(by, make, now),
            RealmCommand::UseInvite(enter) => self.invites.enter(by, enter, now),
            RealmCommand::LetBotIn(bot) => self.bots.let_in(by, bot, now),
            RealmCommand::RevokeToken(revoke) => self.bots.revoke(by, revoke),
            RealmCommand::RevokeInvite(revoke) => self.invites.revoke(by, revoke),
        }
    }

    fn apply(&mut self, event: &Event) {
        match event.body.server_fact() {
            Some(ServerFact::ClaimOffered(_)) => self.ownership.offered(event),
            Some(ServerFact::OwnerClaimed(_)) => self.ownership.claimed(event),
            Some(ServerFact::RecoverySet(_)) => self.recoveries.set(event),
            Some(ServerFact::RecoveryUsed(_)) => self.recoveries.used(event),
            Some(ServerFact::PasswordSet(set)) => self.passwords.set(event, set.hash.as_ref()),
            Some(ServerFact::ServerBanned(banned)) => self.bans.banned(event, &banned.target),
            Some(ServerFact::DefenceSet(_)) => self.defence.set(event),
            Some(ServerFact::NickSet(set)) => self.called.set(event, &set.nick),
            Some(ServerFact::ServerUnbanned(unbanned)) => self.bans.unbanned(&unbanned.target),
            Some(ServerFact::InviteMade(_)) => self.invites.made(event),
            Some(ServerFact::InviteUsed(used)) => self.invites.used(event, used.invite),
            Some(ServerFact::InviteRevoked(revoked)) => self.invites.revoked(revoked.invite),
            Some(ServerFact::BotLetIn(made)) => self.bots.was_let_in(event, made),
            Some(ServerFact::BotTokenRevoked(revoked)) => self.bots.revoked(event, revoked),
            Some(
                ServerFact::ServerPurged(_)
                | ServerFact::DeviceAdded(_)
                | ServerFact::DeviceRevoked(_)
                | ServerFact::PasswordUsed(_),
            )
            | None => {}
        }
    }

    fn snapshot(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for event in self.events() {
            put_part(&mut bytes, event);
        }
        bytes
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), CodecError> {
        let mut parts = parts(bytes);
        *self = Self::default();
        while let Some(event) = parts.pop::<Event>()? {
            self.apply(&event);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chat_proto::SecretHash;

    use super::*;
    use crate::core::command::testing::{Log, actor};

    #[test]
    fn a_snapshot_is_the_same_state() {
        let mut log = Log::<Realm>::default();
        for code in 1..=3 {
            log.give(&Actor::server(), &RealmCommand::OfferClaim(OfferClaim { code: SecretHash([code; 32]) })).unwrap();
        }
        let check = |state: &Realm| {
            let mut restored = Realm::default();
            restored.restore(&state.snapshot()).unwrap();
            assert_eq!(restored, *state);
        };
        check(&log.state);
        log.give(&actor(1, "alice"), &RealmCommand::Claim(Claim { code: SecretHash([3; 32]) })).unwrap();
        check(&log.state);
        assert_eq!(log.state.events().count(), 1);
    }
}
