//! When somebody was last there, and who is told.

use crate::codec::{Decode, Encode};
use crate::delivery::Presence;
use crate::id::{AccountId, MessageKey, Timestamp};
use crate::request::UserRef;

/// Who is told when a person was last there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub enum SeenPolicy {
    /// Whoever shares a room with him that is no conversation.
    #[default]
    SharedRooms,
    /// Whoever is not blocked.
    Everyone,
    /// Nobody.
    Nobody,
}

/// When was somebody last there?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AskSeen {
    /// Who.
    pub user: UserRef,
}

/// Choose who is told when one was last there.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SetSeenPolicy {
    /// Names this command; a repetition answers with the first result.
    pub key: MessageKey,
    /// Who.
    pub policy: SeenPolicy,
}

/// When somebody was last there.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LastSeen {
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// Whether he is there.
    pub presence: Presence,
    /// When he last asked for something on any of his connections; none for who never did, or before the server took note.
    pub at: Option<Timestamp>,
}

/// The payload of who is told when the account was last there.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SeenPolicySet {
    /// Who.
    pub policy: SeenPolicy,
}

/// The payload of when the account last asked for something, written when it went.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct WasSeen {
    /// When.
    pub at: Timestamp,
}
