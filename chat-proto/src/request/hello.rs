//! The first request: who is there, how he proves it, and what he holds.

use crate::bots::BotAuth;
use crate::codec::{Decode, Encode};
use crate::guest::GuestAuth;
use crate::id::{Chain, DeviceKey, Epoch, FeedId, Seq};
use crate::identity::{JwtAuth, LinkAuth, RecoverAuth};
use crate::invite::InviteAuth;
use crate::kinds;
use crate::password::PasswordAuth;

/// Who is there, and what he holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Hello {
    /// The oldest protocol version the client speaks.
    pub version_min: u16,
    /// The newest protocol version the client speaks.
    pub version_max: u16,
    /// Name and version of the client program, at most [`CLIENT_BYTES_MAX`](crate::limits::CLIENT_BYTES_MAX) bytes.
    pub client: String,
    /// How he proves who he is.
    pub auth: Auth,
    /// Where to go on, at most [`POSITIONS_MAX`](crate::limits::POSITIONS_MAX).
    pub resume: Vec<Position>,
}

kinds! {
    /// A way to prove who one is.
    pub enum Auth {
        /// By the key of a device.
        1 => DeviceAuth,
        /// By the key of a new device and a code from another one.
        2 => LinkAuth,
        /// By the key of a new device and the account's recovery code.
        3 => RecoverAuth,
        /// By a device's key and an invitation.
        4 => InviteAuth,
        /// By a bot's token.
        5 => BotAuth,
        /// By a token of an issuer the server trusts.
        6 => JwtAuth,
        /// By a key made for this stay, as a guest.
        7 => GuestAuth,
        /// By the key of a new device and the account's password.
        8 => PasswordAuth,
    }
}

/// Proof by the key of a device. An unknown key claims the name, if nobody has it; a known one must belong to the name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeviceAuth {
    /// The device's public key.
    pub device: DeviceKey,
    /// The account's name.
    pub name: String,
    /// Ed25519 signature of [`auth::transcript`](crate::auth::transcript).
    pub signature: [u8; 64],
}

/// What a client holds of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Position {
    /// The feed.
    pub feed: FeedId,
    /// The history its numbers belong to.
    pub epoch: Epoch,
    /// The newest event of the client's; 0 for none.
    pub seq: Seq,
    /// The chain value the server gave with it; zero for none.
    pub chain: Chain,
    /// If more events than this came since, begin at the head instead of sending them; the client reads pages as it needs.
    pub backlog_max: u32,
}
