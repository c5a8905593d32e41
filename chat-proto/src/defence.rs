//! How much a server lets happen while it is attacked: for its owners.

use crate::codec::{Decode, Encode};
use crate::id::Timestamp;

/// How much a server lets happen. Each level refuses what the one before refuses, and more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum DefenceLevel {
    /// What its other settings allow.
    #[default]
    Normal,
    /// Nobody new from where nobody is known; who is new begins nothing; all that others see costs twice as much.
    Raised,
    /// Nobody new, no guests; only members write; all that others see costs four times as much.
    High,
    /// Nobody comes in but its owners and who is there already.
    Closed,
}

impl DefenceLevel {
    /// Every level, the mildest first.
    pub const ALL: [Self; 4] = [Self::Normal, Self::Raised, Self::High, Self::Closed];

    /// The name scripts and people see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Raised => "raised",
            Self::High => "high",
            Self::Closed => "closed",
        }
    }
}

/// Set how much the server lets happen. It holds over restarts, until it is set again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SetDefence {
    /// How much.
    pub level: DefenceLevel,
    /// Why, one line; may be empty.
    pub reason: String,
}

/// How much does the server let happen?
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct AskDefence {}

/// How much the server lets happen.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Defence {
    /// What holds: the stricter of the other two.
    pub level: DefenceLevel,
    /// What the operator configured; no owner sets less.
    pub configured: DefenceLevel,
    /// What an owner set.
    pub set: DefenceLevel,
    /// When he did; none if nobody did.
    pub since: Option<Timestamp>,
}

/// The payload of how much the server lets happen from here on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DefenceSet {
    /// How much.
    pub level: DefenceLevel,
    /// Why; may be empty.
    pub reason: String,
}
