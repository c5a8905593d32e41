//! Invitations: a secret that lets its bearer take a name here, or into a room. Whoever passes it on passes on what it opens.

use crate::codec::{Decode, Encode};
use crate::event::Named;
use crate::id::{DeviceKey, InviteId, RoomId, Timestamp};
use crate::request::RoomRef;

/// Proof by a device's key, as [`DeviceAuth`](crate::request::DeviceAuth), and by an invitation. A bearer's secret: sent only
/// where the server's key is the one that came with it.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct InviteAuth {
    /// The device's public key.
    pub device: DeviceKey,
    /// The account's name; a free one is taken.
    pub name: String,
    /// Ed25519 signature of [`auth::transcript`](crate::auth::transcript).
    pub signature: [u8; 64],
    /// The secret, as it was passed on; see [`crate::code::LongCode`].
    pub secret: String,
    /// The room the invitation is said to be for; none is asked if it is empty.
    pub room: String,
}

/// Make an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MakeInvite {
    /// To which room; to the server alone without it.
    pub room: Option<RoomRef>,
    /// How many people it lets in: 1 to [`INVITE_USES_MAX`](crate::limits::INVITE_USES_MAX).
    pub uses: u32,
    /// How long it holds, seconds: 1 to [`INVITE_FOR_S_MAX`](crate::limits::INVITE_FOR_S_MAX).
    pub for_s: u32,
}

/// An invitation that was made. Its secret is told this once.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Invite {
    /// Which one.
    pub invite: InviteId,
    /// The secret; see [`crate::code::LongCode`].
    pub secret: String,
    /// The room's name; empty for the server alone.
    pub room: String,
    /// Until when it holds.
    pub until: Timestamp,
}

impl std::fmt::Debug for InviteAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InviteAuth(…)")
    }
}

impl std::fmt::Debug for Invite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Invite(…)")
    }
}

/// Which invitations did I make? The server's owners are told of everybody's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ListInvites {}

/// One invitation that may still let somebody in.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InviteInfo {
    /// Which one.
    pub invite: InviteId,
    /// To which room; to the server alone without it.
    pub room: Option<RoomId>,
    /// The room's name; empty for the server alone.
    pub room_name: String,
    /// Who made it.
    pub by: Named,
    /// How many people it lets in.
    pub uses: u32,
    /// How many it let in already.
    pub used: u32,
    /// When it was made.
    pub since: Timestamp,
    /// Until when it holds.
    pub until: Timestamp,
}

/// Invitations that may still let somebody in, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InviteList {
    /// The invitations.
    pub invites: Vec<InviteInfo>,
}

/// An invitation lets nobody in any more. Whom it let in stays.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RevokeInvite {
    /// Which one.
    pub invite: InviteId,
}
