//! Invitations: making, listing and taking them back, and letting somebody in by one.

use std::net::IpAddr;
use std::sync::Arc;

use chat_proto::code::LongCode;
use chat_proto::invite::{Invite, InviteInfo, InviteList, MakeInvite};
use chat_proto::{
    AccountId, DeviceId, DeviceKey, InviteId, Line, List, MessageKey, Named, Reject, RejectCode, RoomId, RoomRef,
    SecretHash, Timestamp,
};

use super::Hub;
use super::devices::INVITATIONS;
use super::handle::Outcome;
use super::people::{Identified, parse_user};
use super::realm::hash_code;
use crate::admission::network;
use crate::core::access::Action;
use crate::core::command::{PutOnList, RoomCommand};
use crate::core::realm::invite::invalid;
use crate::core::realm::{self, Invitation, RealmCommand, RevokeInvite, UseInvite};
use crate::core::room::Room;
use crate::core::{Actor, ServerRank};

/// Somebody who proved a device's key and shows an invitation.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The device.
    pub key: DeviceKey,
    /// The name he wants, or has.
    pub name: String,
    /// The room he was told the invitation is for; empty if he was told none.
    pub room: String,
    /// The address he comes from.
    pub from: IpAddr,
}

/// What an invitation leads to.
#[derive(Clone, Copy, Debug)]
struct Shown {
    secret: SecretHash,
    room: Option<RoomId>,
    /// Who made it.
    by: AccountId,
}

impl Hub {
    /// Makes an invitation.
    ///
    /// # Errors
    /// [`RejectCode::Forbidden`] and whatever keeps somebody from inviting to a room, [`RejectCode::BadRequest`],
    /// [`RejectCode::LimitExceeded`], or what the store says.
    pub async fn make_invite(self: &Arc<Self>, by: &Actor, make: &MakeInvite) -> Result<Invite, Reject> {
        let room = make.room.as_ref().map(|room| self.find_room(room)).transpose()?;
        if let Some(room) = room {
            self.ask(by.reader(), room, Action::Invite, |_, _| ()).await?;
        }
        let secret = LongCode::of_random(self.environment.bytes());
        let command = realm::MakeInvite { secret: hash_code(&secret), room, uses: make.uses, for_s: make.for_s };
        let Outcome::Stored(found) = self.command_realm(by, RealmCommand::MakeInvite(command)).await? else {
            return Err(Reject::new(RejectCode::Internal, "the invitation was not made"));
        };
        let until = Timestamp(found.at.0.saturating_add(i64::from(make.for_s) * 1_000_000));
        let (invite, room) = (InviteId(found.seq.0), self.name_of_room(room));
        Ok(Invite { invite, secret: secret.to_string(), room, until })
    }

    /// The invitations somebody made; everybody's for the server's owners.
    #[must_use]
    pub fn list_invites(&self, by: &Actor) -> InviteList {
        let (now, all) = (self.now(), self.rank(by.account) >= ServerRank::Owner);
        let invites = self.standing.read(|realm| {
            let own = realm.invites(now).filter(|invitation| all || invitation.by == by.account);
            own.map(|invitation| self.info(&invitation)).collect()
        });
        InviteList { invites }
    }

    fn info(&self, invitation: &Invitation<'_>) -> InviteInfo {
        let made = invitation.made;
        InviteInfo {
            invite: invitation.id,
            room: made.room,
            room_name: self.name_of_room(made.room),
            by: Named { account: invitation.by, name: self.author(invitation.by) },
            uses: made.uses,
            used: invitation.used,
            since: invitation.since,
            until: made.until,
        }
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchGrant`], or what the store says.
    pub async fn revoke_invite(self: &Arc<Self>, by: &Actor, revoke: RevokeInvite) -> Result<(), Reject> {
        self.command_realm(by, RealmCommand::RevokeInvite(revoke)).await.map(drop)
    }

    /// Lets somebody in by an invitation: into his account, which is made if there is none, and into the room it is for.
    ///
    /// # Errors
    /// [`RejectCode::InvalidInvite`], [`RejectCode::SpentInvite`], [`RejectCode::CodeBlocked`], those of
    /// [`Hub::identify`], what keeps him from joining the room, or what the store says. Nothing was done then, unless the
    /// room changed between the look at it and the joining.
    pub async fn enter(self: &Arc<Self>, invited: Invited, secret: &str) -> Result<Identified, Reject> {
        let name = parse_user(&invited.name)?;
        let known = match self.read_directory(|directory| directory.device(&invited.key)).is_some() {
            true => Some(self.identify(invited.key, &invited.name, invited.from).await?),
            false => None,
        };
        if let Some(known) = &known
            && self.is_in(&known.actor, &invited.room).await
        {
            return Ok(known.clone());
        }
        self.check_not_revoked(Some(&invited.key))?;
        let shown = self.show_invite(secret, &invited)?;
        if let Some(room) = shown.room {
            self.check_way_in(shown.by, room, known.as_ref().map(|known| known.actor.account)).await?;
        }
        let enter = UseInvite { secret: shown.secret };
        let identified = match known {
            Some(known) => {
                self.command_realm(&known.actor, RealmCommand::UseInvite(enter)).await?;
                known
            }
            None => self.register(invited.key, name, invited.from, Some(enter)).await?,
        };
        if let Some(room) = shown.room {
            self.admit(shown.by, &identified.actor, room).await?;
        }
        Ok(identified)
    }

    /// Whether somebody is where an invitation leads: a member of its room, or logged in where it names none.
    async fn is_in(self: &Arc<Self>, who: &Actor, room: &str) -> bool {
        if room.is_empty() {
            return true;
        }
        let Ok(room) = self.find_room(&RoomRef::Name(room.to_owned())) else { return false };
        self.joined_rooms(who.account).await.contains(&room)
    }

    /// What a secret that somebody shows opens. Those that nobody made are counted as guesses.
    fn show_invite(&self, secret: &str, invited: &Invited) -> Result<Shown, Reject> {
        let guesser = self.begin_guess(INVITATIONS.to_owned(), network(invited.from))?;
        let secret = LongCode::parse(secret).map(|secret| hash_code(&secret)).map_err(|_| invalid())?;
        let shown = self.standing.read(|realm| {
            let found = realm.invite(&secret)?;
            Some(Shown { secret, room: found.made.room, by: found.by })
        });
        let shown = shown.ok_or_else(invalid)?;
        self.guessed_right(&guesser);
        if invited.room.is_empty() {
            return Ok(shown);
        }
        // A name that leads nowhere and the name of another room are told alike.
        let asked = self.find_room(&RoomRef::Name(invited.room.clone())).ok();
        if asked.is_none() || asked != shown.room {
            let message =
                "this invitation is for another room than the link says; ask who gave it to you for a whole link";
            return Err(Reject::new(RejectCode::InvalidInvite, message));
        }
        Ok(shown)
    }

    /// Whether who made an invitation to a room may still invite there, and the room has a place for whom it lets in.
    async fn check_way_in(self: &Arc<Self>, by: AccountId, room: RoomId, who: Option<AccountId>) -> Result<(), Reject> {
        let (inviter, now, most) = (self.inviter(by)?, self.now(), self.join().members_max);
        let look = move |_: &Self, room: &Room| {
            let is_banned = who.is_some_and(|who| room.lists().holds(List::Banned, who, now));
            (is_banned, room.members().len() >= room.settings().members_max.min(most) as usize)
        };
        let asked = self.ask(inviter.reader(), room, Action::Invite, look).await;
        let (is_banned, is_full) = asked.map_err(|reject| match reject.code == RejectCode::Unavailable {
            true => reject,
            false => Reject::new(
                RejectCode::InvalidInvite,
                "who made this invitation may not invite to its room any more; ask somebody else who is there",
            ),
        })?;
        if is_banned {
            let message = "you are banned from the room of this invitation; its moderators can lift that";
            return Err(Reject::new(RejectCode::Banned, message));
        }
        if is_full {
            let message = "the room of this invitation is full; somebody has to leave first";
            return Err(Reject::new(RejectCode::LimitExceeded, message));
        }
        Ok(())
    }

    fn inviter(&self, by: AccountId) -> Result<Actor, Reject> {
        self.actor(by, DeviceId(0)).ok_or_else(invalid)
    }

    /// Puts somebody on a room's list of the invited, and makes him a member.
    async fn admit(self: &Arc<Self>, by: AccountId, who: &Actor, room: RoomId) -> Result<(), Reject> {
        let whom = self.person_of(who.account).ok_or_else(invalid)?;
        let reason = Line::parse("by an invitation").unwrap_or_default();
        let put = RoomCommand::PutOnList(PutOnList { whom, list: List::Invited, until: None, reason, purge: None });
        self.command_room(&self.inviter(by)?, MessageKey::default(), room, put).await?;
        self.join_room(who, MessageKey::default(), &RoomRef::Id(room), false).await.map(drop)
    }

    /// The name of a room there is; empty for none.
    pub(super) fn name_of_room(&self, room: Option<RoomId>) -> String {
        let name = room.and_then(|room| self.read_directory(|directory| directory.room(room).cloned()));
        name.map(|name| name.as_str().to_owned()).unwrap_or_default()
    }
}
