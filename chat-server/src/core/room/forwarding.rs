//! Which of a room's messages are copied to others, and in whose name.

use chat_proto::setting::ForwardTo;
use chat_proto::{AccountId, Event, RoomFact, RoomId, RoomSetting, Seq};

use super::Room;

/// That messages of a room are copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarding {
    /// Who set it so: he has to be able to read here, and to write there.
    pub by: AccountId,
    /// The event that says so; what was written before is not copied.
    pub since: Seq,
    /// To which rooms.
    pub to: Vec<RoomId>,
}

impl Forwarding {
    /// Whether an event is copied: a message for everybody that was written here, so that nothing goes in circles.
    #[must_use]
    pub fn copies(&self, event: &Event) -> bool {
        let is_own = || event.body.message().is_some_and(|message| message.forwarded().is_none());
        event.seq > self.since && event.body.is_message() && is_own()
    }
}

impl Room {
    /// Whether and where its messages are copied.
    #[must_use]
    pub fn forwarding(&self) -> Option<&Forwarding> {
        self.forwarding.as_ref()
    }

    /// Whether an event of it is copied.
    #[must_use]
    pub fn forwards(&self, event: &Event) -> bool {
        self.forwarding.as_ref().is_some_and(|forwarding| forwarding.copies(event))
    }

    /// Takes note of who has its messages copied from here on.
    pub(super) fn note_forwarding(&mut self, event: &Event, fact: RoomFact<'_>) {
        let RoomFact::RoomChanged(changed) = fact else { return };
        for change in &changed.changes {
            if let RoomSetting::ForwardTo(ForwardTo { rooms }) = change {
                let forwarding = Forwarding { by: event.by, since: event.seq, to: rooms.clone() };
                self.forwarding = (!rooms.is_empty()).then_some(forwarding);
            }
        }
    }
}
