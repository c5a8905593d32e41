//! Invitations: who made which, whom each let in. An invitation keeps the accounts it let in, so that nobody uses it twice and
//! an answer that was lost costs nothing.

use std::collections::BTreeMap;

use chat_proto::limits::{INVITE_FOR_S_MAX, INVITE_USES_MAX, INVITES_MAX, INVITES_PER_ACCOUNT_MAX};
use chat_proto::realm::{InviteMade, InviteRevoked, InviteUsed};
use chat_proto::{AccountId, Event, EventBody, InviteId, Reject, RejectCode, RoomId, SecretHash, Timestamp};

use crate::core::{AccountKind, Actor, ServerRank};

/// Let people in. Whether the author may invite to the room was asked before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakeInvite {
    /// Of the secret.
    pub secret: SecretHash,
    /// To which room; to the server alone without it.
    pub room: Option<RoomId>,
    /// How many people.
    pub uses: u32,
    /// For how long, seconds.
    pub for_s: u32,
}

/// Be let in by an invitation. Whether who made it still may invite was asked before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseInvite {
    /// Of the secret that was shown.
    pub secret: SecretHash,
}

/// An invitation lets nobody in any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeInvite {
    /// Which one.
    pub invite: InviteId,
}

/// One invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invitation<'a> {
    /// Which one.
    pub id: InviteId,
    /// Who made it.
    pub by: AccountId,
    /// When.
    pub since: Timestamp,
    /// What it opens, for how many and how long.
    pub made: &'a InviteMade,
    /// How many it let in.
    pub used: u32,
}

impl Invitation<'_> {
    /// Whether it may still let somebody in.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.made.until && self.used < self.made.uses
    }
}

/// The invitations there are, and some that ended and were not forgotten yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Invites {
    by_id: BTreeMap<InviteId, Kept>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    made: Event,
    used: BTreeMap<AccountId, Event>,
}

impl Kept {
    fn invitation(&self) -> Option<Invitation<'_>> {
        let EventBody::InviteMade(made) = &self.made.body else { return None };
        let used = u32::try_from(self.used.len()).unwrap_or(u32::MAX);
        Some(Invitation { id: InviteId(self.made.seq.0), by: self.made.by, since: self.made.at, made, used })
    }

    fn is_open(&self, now: Timestamp) -> bool {
        self.invitation().is_some_and(|invitation| invitation.is_open(now))
    }

    /// Whether it is over by its time. One that is used up stays until then, for those it let in.
    fn is_old(&self, now: Timestamp) -> bool {
        self.invitation().is_none_or(|invitation| invitation.made.until <= now)
    }
}

/// Whether two digests are the same, in a time that doesn't depend on where they differ.
fn same(one: &SecretHash, other: &SecretHash) -> bool {
    one.0.iter().zip(&other.0).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
}

impl Invites {
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.by_id.values().flat_map(|kept| std::iter::once(&kept.made).chain(kept.used.values()))
    }

    fn kept(&self, secret: &SecretHash) -> Option<&Kept> {
        let is_it = |kept: &Kept| kept.invitation().is_some_and(|invitation| same(&invitation.made.secret, secret));
        // All of them are looked at, whichever it is.
        self.by_id.values().fold(None, |found, kept| if is_it(kept) { Some(kept) } else { found })
    }

    /// The invitation of a secret, open or not.
    pub(super) fn find(&self, secret: &SecretHash) -> Option<Invitation<'_>> {
        self.kept(secret)?.invitation()
    }

    /// Those that may still let somebody in, the oldest first.
    pub(super) fn open(&self, now: Timestamp) -> impl Iterator<Item = Invitation<'_>> {
        self.by_id.values().filter_map(Kept::invitation).filter(move |invitation| invitation.is_open(now))
    }

    pub(super) fn make(&self, by: &Actor, make: &MakeInvite, now: Timestamp) -> Result<Option<EventBody>, Reject> {
        let refused = |code, message: String| Err(Reject::new(code, message));
        if by.kind != AccountKind::User {
            return refused(RejectCode::Forbidden, "guests and bots invite nobody; a person can".to_owned());
        }
        if make.room.is_none() && by.rank < ServerRank::Owner {
            let message = "only the server's owners invite to the server itself; name a room you may invite to";
            return refused(RejectCode::Forbidden, message.to_owned());
        }
        let within = |count: u32, most: u32| (1..=most).contains(&count);
        if !within(make.uses, INVITE_USES_MAX) || !within(make.for_s, INVITE_FOR_S_MAX) {
            let days = INVITE_FOR_S_MAX / 86_400;
            let message =
                format!("an invitation is for 1 to {INVITE_USES_MAX} people, and for 1 second to {days} days");
            return refused(RejectCode::BadRequest, message);
        }
        let own = self.open(now).filter(|invitation| invitation.by == by.account).count();
        if own >= INVITES_PER_ACCOUNT_MAX || self.open(now).count() >= INVITES_MAX {
            let message = format!(
                "{INVITES_PER_ACCOUNT_MAX} invitations of yours, or {INVITES_MAX} of the server, are open, the most there \
                 may be; revoke one, or wait until one ends"
            );
            return refused(RejectCode::LimitExceeded, message);
        }
        let MakeInvite { secret, room, uses, for_s } = *make;
        let until = Timestamp(now.0.saturating_add(i64::from(for_s) * 1_000_000));
        Ok(Some(EventBody::InviteMade(InviteMade { secret, room, uses, until })))
    }

    pub(super) fn enter(&self, by: &Actor, enter: &UseInvite, now: Timestamp) -> Result<Option<EventBody>, Reject> {
        let Some(kept) = self.kept(&enter.secret) else { return Err(invalid()) };
        if kept.used.contains_key(&by.account) {
            return Ok(None);
        }
        if kept.is_old(now) {
            let message = "this invitation is too old; ask who gave it to you for another one";
            return Err(Reject::new(RejectCode::SpentInvite, message));
        }
        if !kept.is_open(now) {
            let message = "this invitation has let in as many as it was for; ask who gave it to you for another one";
            return Err(Reject::new(RejectCode::SpentInvite, message));
        }
        let invite = InviteId(kept.made.seq.0);
        Ok(Some(EventBody::InviteUsed(InviteUsed { invite, name: by.name.as_str().to_owned() })))
    }

    pub(super) fn revoke(&self, by: &Actor, revoke: &RevokeInvite) -> Result<Option<EventBody>, Reject> {
        let kept = self.by_id.get(&revoke.invite);
        let own = |kept: &&Kept| kept.made.by == by.account || by.rank >= ServerRank::Owner;
        if kept.filter(own).is_none() {
            let message = format!("you have no invitation {}; the list of invitations names yours", revoke.invite);
            return Err(Reject::new(RejectCode::NoSuchGrant, message));
        }
        Ok(Some(EventBody::InviteRevoked(InviteRevoked { invite: revoke.invite })))
    }

    pub(super) fn made(&mut self, event: &Event) {
        // What is over is of no use any more.
        self.by_id.retain(|_, kept| !kept.is_old(event.at));
        self.by_id.insert(InviteId(event.seq.0), Kept { made: event.clone(), used: BTreeMap::new() });
    }

    pub(super) fn used(&mut self, event: &Event, invite: InviteId) {
        if let Some(kept) = self.by_id.get_mut(&invite) {
            kept.used.insert(event.by, event.clone());
        }
    }

    pub(super) fn revoked(&mut self, invite: InviteId) {
        self.by_id.remove(&invite);
    }
}

/// What is said of a secret that opens nothing.
#[must_use]
pub fn invalid() -> Reject {
    let message = "this is no invitation to this server, or it was taken back; ask who gave it to you for another one";
    Reject::new(RejectCode::InvalidInvite, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::State;
    use crate::core::command::testing::{Log, actor};
    use crate::core::realm::{Realm, RealmCommand};

    const SECRET: SecretHash = SecretHash([1; 32]);

    fn make(secret: u8, uses: u32, for_s: u32) -> RealmCommand {
        let room = Some(RoomId(3));
        RealmCommand::MakeInvite(MakeInvite { secret: SecretHash([secret; 32]), room, uses, for_s })
    }

    fn enter() -> RealmCommand {
        RealmCommand::UseInvite(UseInvite { secret: SECRET })
    }

    fn revoke(invite: u64) -> RealmCommand {
        RealmCommand::RevokeInvite(RevokeInvite { invite: InviteId(invite) })
    }

    #[test]
    fn an_invitation_lets_in_as_many_as_it_is_for_each_once_and_outlives_a_snapshot() {
        let mut log = Log::<Realm>::default();
        let alice = actor(1, "alice");
        assert_eq!(log.give(&actor(2, "bob"), &enter()).unwrap_err().code, RejectCode::InvalidInvite);
        log.give(&alice, &make(1, 2, 60)).unwrap();
        assert!(log.give(&actor(2, "bob"), &enter()).unwrap().is_some());
        assert!(log.give(&actor(2, "bob"), &enter()).unwrap().is_none());
        let mut restored = Realm::default();
        restored.restore(&log.state.snapshot()).unwrap();
        assert_eq!(restored, log.state);
        assert!(log.give(&actor(3, "carol"), &enter()).unwrap().is_some());
        assert_eq!(log.give(&actor(4, "dave"), &enter()).unwrap_err().code, RejectCode::SpentInvite);
        assert!(log.give(&actor(3, "carol"), &enter()).unwrap().is_none());
        assert_eq!(log.state.invites(Timestamp(0)).count(), 0);
    }

    #[test]
    fn it_ends_by_its_time_and_is_forgotten_with_the_next_one() {
        let mut log = Log::<Realm>::default();
        let alice = actor(1, "alice");
        log.give(&alice, &make(1, 2, 60)).unwrap();
        let Some(until) = log.state.invite(&SECRET).map(|invitation| invitation.made.until) else { unreachable!() };
        let decide = |state: &Realm, now| state.decide(&actor(2, "bob"), &enter(), now);
        assert!(decide(&log.state, Timestamp(until.0 - 1)).is_ok());
        assert_eq!(decide(&log.state, until).unwrap_err().code, RejectCode::SpentInvite);
        log.events.last_mut().unwrap().at = until;
        log.give(&alice, &make(2, 1, 60)).unwrap();
        assert_eq!(decide(&log.state, until).unwrap_err().code, RejectCode::InvalidInvite);
    }

    #[test]
    fn who_made_it_and_the_servers_owners_take_it_back_and_nobody_else() {
        let mut log = Log::<Realm>::default();
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        log.give(&alice, &make(1, 1, 60)).unwrap();
        log.give(&alice, &make(2, 1, 60)).unwrap();
        assert_eq!(log.give(&bob, &revoke(1)).unwrap_err().code, RejectCode::NoSuchGrant);
        log.give(&alice, &revoke(1)).unwrap();
        assert_eq!(log.give(&alice, &revoke(1)).unwrap_err().code, RejectCode::NoSuchGrant);
        assert_eq!(log.give(&bob, &enter()).unwrap_err().code, RejectCode::InvalidInvite);
        let owner = Actor { rank: ServerRank::Owner, ..bob };
        assert!(log.give(&owner, &revoke(2)).unwrap().is_some());
    }

    #[test]
    fn only_owners_invite_to_the_server_and_only_people_invite() {
        let mut log = Log::<Realm>::default();
        let to_server = RealmCommand::MakeInvite(MakeInvite { secret: SECRET, room: None, uses: 1, for_s: 1 });
        let alice = actor(1, "alice");
        assert_eq!(log.give(&alice, &to_server).unwrap_err().code, RejectCode::Forbidden);
        assert!(log.give(&Actor { rank: ServerRank::Owner, ..alice.clone() }, &to_server).unwrap().is_some());
        for kind in [AccountKind::Guest, AccountKind::Bot] {
            let by = Actor { kind, ..alice.clone() };
            assert_eq!(log.give(&by, &make(2, 1, 60)).unwrap_err().code, RejectCode::Forbidden);
        }
    }

    #[test]
    fn how_many_and_how_long_have_bounds() {
        let mut log = Log::<Realm>::default();
        let alice = actor(1, "alice");
        for (uses, for_s) in [(0, 1), (INVITE_USES_MAX + 1, 1), (1, 0), (1, INVITE_FOR_S_MAX + 1)] {
            assert_eq!(log.give(&alice, &make(1, uses, for_s)).unwrap_err().code, RejectCode::BadRequest);
        }
        for secret in 0..INVITES_PER_ACCOUNT_MAX {
            log.give(&alice, &make(u8::try_from(secret).unwrap(), 1, 60)).unwrap();
        }
        assert_eq!(log.give(&alice, &make(200, 1, 60)).unwrap_err().code, RejectCode::LimitExceeded);
        assert!(log.give(&actor(2, "bob"), &make(200, 1, 60)).unwrap().is_some());
    }
}
