//! What the server's own feed says: who owns it, and what was done about whom it lets in. Nobody subscribes to that feed; the
//! server's owners read it as lines, with [`ListAudit`](crate::identity::ListAudit). Secrets are in it as digests only.

use crate::codec::{Decode, Encode};
use crate::id::SecretHash;

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
