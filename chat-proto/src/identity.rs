//! Who one is to a server: the ways to log in, and what is asked about codes, devices and owners.

use crate::codec::{Decode, Encode};
use crate::id::{AccountId, DeviceId, DeviceKey, Seq, Timestamp};

/// Proof by the key of a new device, and by a code that another device of the account made. The device belongs to the account
/// from then on, and logs in with [`DeviceAuth`](crate::request::DeviceAuth).
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct LinkAuth {
    /// The new device's public key.
    pub device: DeviceKey,
    /// The account's name.
    pub name: String,
    /// Ed25519 signature of [`auth::transcript`](crate::auth::transcript).
    pub signature: [u8; 64],
    /// HMAC-SHA256 of [`auth::link_message`](crate::auth::link_message), keyed with the code. The code itself isn't sent.
    pub proof: [u8; 32],
    /// What the device is to be called; a line, may be empty.
    pub label: String,
}

/// Proof by the key of a new device, and by the account's recovery code, which is used up.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct RecoverAuth {
    /// The new device's public key.
    pub device: DeviceKey,
    /// The account's name.
    pub name: String,
    /// Ed25519 signature of [`auth::transcript`](crate::auth::transcript).
    pub signature: [u8; 64],
    /// The code, as typed; see [`crate::code::LongCode`].
    pub code: String,
    /// What the device is to be called; a line, may be empty.
    pub label: String,
    /// Whether every other device of the account is revoked.
    pub revoke_others: bool,
}

/// Proof by a JSON Web Token (RFC 7519) of an issuer the server trusts. It opens the account of the token's subject, until the
/// token expires. Bearer and secret: sent only where the server's key was verified.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct JwtAuth {
    /// The account's name; empty to take the one the subject has, or the token's claim `name`.
    pub name: String,
    /// The token, at most [`TOKEN_BYTES_MAX`](crate::limits::TOKEN_BYTES_MAX) bytes.
    pub token: String,
}

/// Make a code that adds a device to the asker's account. It takes the place of one made before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct MakeLinkCode {}

/// A code that adds one device.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct LinkCode {
    /// The code; see [`crate::code::ShortCode`].
    pub code: String,
    /// How long it holds, milliseconds.
    pub expires_ms: u32,
}

/// Which devices open my account?
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ListDevices {}

/// One device of the asker's account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeviceInfo {
    /// Which one.
    pub device: DeviceId,
    /// Its public key.
    pub key: DeviceKey,
    /// What its owner calls it; may be empty.
    pub label: String,
    /// When it was added.
    pub since: Timestamp,
    /// Whether it is connected.
    pub online: bool,
    /// Whether it is the one that asks.
    pub own: bool,
}

/// Every device that opens the asker's account, by number.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeviceList {
    /// The devices.
    pub devices: Vec<DeviceInfo>,
}

/// A device of the asker's account opens nothing any more. Its connections are closed before the answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RevokeDevice {
    /// Which one.
    pub device: DeviceId,
}

/// Make a code that opens the asker's account when all its devices are lost. It takes the place of one made before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct MakeRecoveryCode {}

/// The recovery code, told this once.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct RecoveryCode {
    /// The code; see [`crate::code::LongCode`].
    pub code: String,
}

/// Become the server's owner, by the code it made on its first start.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct ClaimServer {
    /// The code, as typed; see [`crate::code::ShortCode`].
    pub code: String,
}

/// What was done about the server itself? Answered to its owners only.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ListAudit {
    /// Before this seq; [`Seq::MAX`] for the newest.
    pub before: Seq,
    /// At most that many, and never more than [`LIST_PAGE_MAX`](crate::limits::LIST_PAGE_MAX).
    pub limit: u16,
}

/// One thing that was done about the server.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuditEntry {
    /// Its place in the server's feed.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: AccountId,
    /// His name.
    pub name: String,
    /// What, in words.
    pub text: String,
}

/// A page of what was done about the server, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Whether there are older ones.
    pub more: bool,
}

/// What became of a device of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub enum DeviceChange {
    /// It opens the account, by a code that another device made.
    Linked,
    /// It opens the account, by the recovery code.
    Recovered,
    /// It opens nothing any more.
    Revoked,
    /// It opens the account, by the password.
    ByPassword,
}

impl DeviceChange {
    /// The word it is written as.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::Recovered => "recovered",
            Self::Revoked => "revoked",
            Self::ByPassword => "by_password",
        }
    }
}

/// The payload of news for all of a person's devices: another one opens his account, or one does no more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeviceChanged {
    /// Which one.
    pub device: DeviceId,
    /// What its owner calls it; may be empty.
    pub label: String,
    /// What became of it.
    pub change: DeviceChange,
    /// The device that did it; a new one does it itself.
    pub by: DeviceId,
    /// The event of the server's own feed this follows from.
    pub seq: Seq,
}

/// A secret that may let a new device into an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Secret {
    /// The recovery code.
    RecoveryCode,
    /// The password.
    Password,
}

impl Secret {
    /// The word it is written as.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RecoveryCode => "recovery_code",
            Self::Password => "password",
        }
    }
}

/// What became of a secret of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub enum SecretChange {
    /// A new one is in force, in place of the one before.
    Set,
    /// It let a device in and is used up.
    Used,
    /// There is none any more.
    Removed,
}

impl SecretChange {
    /// The word it is written as.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Used => "used",
            Self::Removed => "removed",
        }
    }
}

/// The payload of news for all of a person's devices: a secret that may let a new device in is another one, or is none any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SecretChanged {
    /// Which one.
    pub secret: Secret,
    /// What became of it.
    pub change: SecretChange,
    /// The device that did it.
    pub by: DeviceId,
    /// The event of the server's own feed this follows from.
    pub seq: Seq,
}

/// Values whose `Debug` shows nothing of them.
macro_rules! secret {
    ($($name:ident)*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

pub(crate) use secret;

secret! { ClaimServer JwtAuth LinkAuth RecoverAuth LinkCode RecoveryCode }
