//! Purge: remove all messages of a person for good.

use chat_proto::event::Purged;
use chat_proto::{EventBody, Line, Reject, Seq, Timestamp};

use super::Person;
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// Remove all messages of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    /// Whose.
    pub whom: Person,
    /// Up to here, included.
    pub up_to: Seq,
    /// Why.
    pub reason: Line,
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    purge: &Purge,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    room.allow_to(by, Action::Purge, &purge.whom, now)?;
    let (name, who, reason) = (by.name.to_string(), purge.whom.named(), purge.reason.as_str().to_owned());
    Ok(Some(Purged { name, who, up_to: purge.up_to, reason }.into()))
}
