//! What the server's own feed says: who owns it, and what was done about whom it lets in. Nobody subscribes to that feed; the
//! server's owners read it as lines, with [`ListAudit`](crate::identity::ListAudit). Secrets are in it as digests only.

use crate::codec::{Decode, Encode};
use crate::id::{AccountId, DeviceId, DeviceKey, InviteId, RoomId, SecretHash, Timestamp};

/// The payload of the offer of ownership to whoever shows the code; a new one takes the place of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ClaimOffered {
    /// Of the code.
    pub code: SecretHash,
}

/// The payload of the first ownership of the server: the author's, who showed the code. The code is used up.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OwnerClaimed {
    /// The author's name.
    pub name: String,
}

/// The payload of a new device of the author's account, by a code that another one of its devices made.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeviceAdded {
    /// The device; it is the author's.
    pub device: DeviceId,
    /// Its public key.
    pub key: DeviceKey,
    /// What its owner calls it; may be empty.
    pub label: String,
}

/// The payload of a device that opens nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeviceRevoked {
    /// Whose it was.
    pub account: AccountId,
    /// Which one.
    pub device: DeviceId,
}

/// The payload of the author's new recovery code, in place of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RecoverySet {
    /// Of the code.
    pub code: SecretHash,
}

/// The payload of a new device of the author's account, by its recovery code, which is used up.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RecoveryUsed {
    /// The device; it is the author's.
    pub device: DeviceId,
    /// Its public key.
    pub key: DeviceKey,
    /// What its owner calls it; may be empty.
    pub label: String,
}

/// The payload of an invitation the author made.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InviteMade {
    /// Of its secret.
    pub secret: SecretHash,
    /// To which room; to the server alone without it.
    pub room: Option<RoomId>,
    /// How many people it lets in.
    pub uses: u32,
    /// Until when.
    pub until: Timestamp,
}

/// The payload of the use of an invitation: it let the author in, who may have no account before.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InviteUsed {
    /// Which one.
    pub invite: InviteId,
    /// The author's name.
    pub name: String,
}

/// The payload of an invitation that lets nobody in any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InviteRevoked {
    /// Which one.
    pub invite: InviteId,
}

/// The payload of a token that lets a bot in. The bot's account is made with its first one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BotLetIn {
    /// The bot.
    pub bot: AccountId,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub owner: AccountId,
    /// The device that stands for the token; its key is the digest of the token.
    pub device: DeviceId,
    /// What the token is called.
    pub id: String,
    /// The rooms it is for.
    pub rooms: Vec<RoomId>,
    /// Until when it holds; until it is revoked without it.
    pub until: Option<Timestamp>,
}

/// The payload of a token that lets its bot in no more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BotTokenRevoked {
    /// The bot.
    pub bot: AccountId,
    /// The device that stood for the token.
    pub device: DeviceId,
    /// What it was called.
    pub id: String,
}
