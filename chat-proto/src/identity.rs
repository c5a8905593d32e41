//! Who one is to a server: the ways to log in, and what is asked about codes, devices and owners.

use crate::codec::{Decode, Encode};
use crate::id::{AccountId, Seq, Timestamp};

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

macro_rules! secret {
    ($($name:ident)*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

secret! { ClaimServer }
