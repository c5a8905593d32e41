//! Redact: remove a message for good. Its place stays.

use chat_proto::event::{Redacted, RedactedFor};
use chat_proto::{EventBody, Line, Reject, Timestamp};

use super::About;
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// Remove a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redact {
    /// The message.
    pub about: About,
    /// Why.
    pub reason: Line,
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    redact: &Redact,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    room.allow_to(by, Action::Redact, &redact.about.author, now)?;
    if redact.about.is_erased {
        return Ok(None);
    }
    let (name, reason) = (by.name.to_string(), redact.reason.as_str().to_owned());
    let target = redact.about.seq;
    Ok(Some(match redact.about.audience() {
        None => Redacted { name, target, reason }.into(),
        Some(visible_to) => RedactedFor { name, target, reason, visible_to }.into(),
    }))
}

#[cfg(test)]
mod tests {
    use chat_proto::RejectCode;
    use chat_proto::setting::{Redaction, Redactors};

    use super::*;
    use crate::core::command::RoomCommand;
    use crate::core::command::testing::{about, actor, room_of, set};

    #[test]
    fn who_removes_a_message_is_a_setting() {
        let mut log = room_of(&["alice", "bob", "carol"]);
        let (alice, bob, carol) = (actor(1, "alice"), actor(2, "bob"), actor(3, "carol"));
        let redact = || RoomCommand::Redact(Redact { about: about(3, &bob), reason: Line::default() });
        assert_eq!(log.give(&carol, &redact()).unwrap_err().code, RejectCode::Forbidden);
        assert!(log.give(&bob, &redact()).unwrap().is_some());
        assert!(log.give(&alice, &redact()).unwrap().is_some());
        set(&mut log, Redaction { who: Redactors::Moderators });
        assert_eq!(log.give(&bob, &redact()).unwrap_err().code, RejectCode::Forbidden);
        set(&mut log, Redaction { who: Redactors::Nobody });
        assert_eq!(log.give(&alice, &redact()).unwrap_err().code, RejectCode::Forbidden);
    }
}
