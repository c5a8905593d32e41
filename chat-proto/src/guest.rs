//! Guests: people without an account, for as long as a client of theirs is there.

use crate::codec::{Decode, Encode};
use crate::id::DeviceKey;

/// Proof by a key that was made for this one stay: whoever shows it again, from another connection, is the same guest.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GuestAuth {
    /// The public key.
    pub device: DeviceKey,
    /// What the guest wants to be called, without the mark that he is one.
    pub name: String,
    /// Ed25519 signature of [`auth::transcript`](crate::auth::transcript).
    pub signature: [u8; 64],
}
