//! What a person shows of himself: a status, and values his programs keep, of which those he names are public.

use crate::codec::{Decode, Encode};
use crate::delivery::Presence;
use crate::id::{AccountId, MessageKey, Timestamp};
use crate::request::UserRef;

/// What a person says of himself. No words and not away is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Status {
    /// His words, one line; may be empty.
    pub text: String,
    /// Whether he is away.
    pub away: bool,
    /// It holds no longer than this; without it until it is changed.
    pub until: Option<Timestamp>,
}

/// A value kept under a name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StateValue {
    /// The name, as a [`Label`](crate::text::Label).
    pub name: String,
    /// The value, as a [`StateText`](crate::text::StateText).
    pub value: String,
}

/// Say something of oneself to everybody one shares a room with.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SetStatus {
    /// Names this command; a repetition answers with the first result.
    pub key: MessageKey,
    /// What.
    pub status: Status,
}

/// Change the values kept; those not named stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SetState {
    /// Names this command.
    pub key: MessageKey,
    /// Values that are new or changed.
    pub set: Vec<StateValue>,
    /// Names whose values are removed.
    pub unset: Vec<String>,
    /// Names whose values everybody sees one shares a room with; none leaves them as they are.
    pub public: Option<Vec<String>>,
}

/// Who is this, and what does he show?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GetProfile {
    /// Whose.
    pub user: UserRef,
}

/// The payload of what a person says of himself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StatusSet {
    /// What.
    pub status: Status,
}

/// The payload of all values a person keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct StateSet {
    /// The values, by name.
    pub values: Vec<StateValue>,
    /// Names whose values others see, whether or not there is one.
    pub public: Vec<String>,
}

/// What somebody may know of a person. Status and values only where the two share a room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Profile {
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// When he took it.
    pub since: Timestamp,
    /// Whether he is there.
    pub presence: Presence,
    /// What he says of himself.
    pub status: Status,
    /// His public values, by name.
    pub state: Vec<StateValue>,
    /// Rooms the asker and he are both members of.
    pub shared_rooms: Vec<String>,
}

/// What a person shows of himself changed; all of it, as it is now. Comes once for each room shared.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct UserState {
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// What he says of himself.
    pub status: Status,
    /// His public values, by name.
    pub state: Vec<StateValue>,
}
