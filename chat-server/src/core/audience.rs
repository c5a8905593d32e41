//! What one reader sees of an event: itself, or that there is something that is not for him.

use chat_proto::event::{Erased, ErasedFor, Withheld};
use chat_proto::{AccountId, DeviceId, Event, EventBody, MessageKey};

/// Whether an event is for a reader who may read its feed.
#[must_use]
pub fn is_for(event: &Event, reader: AccountId) -> bool {
    event.by == reader || event.body.visible_to().is_none_or(|accounts| accounts.contains(&reader))
}

/// The event as a reader gets it: one that is not for him keeps its place and time, and nothing else.
#[must_use]
pub fn seen_by(event: Event, reader: AccountId) -> Event {
    if is_for(&event, reader) {
        // Whom it was for is for the server to remember.
        let EventBody::ErasedFor(ErasedFor { kind, .. }) = event.body else { return event };
        return Event { body: Erased { kind }.into(), ..event };
    }
    let (by, device, key) = (AccountId::SERVER, DeviceId(0), MessageKey::default());
    Event { by, device, key, body: Withheld {}.into(), ..event }
}

#[cfg(test)]
mod tests {
    use chat_proto::event::{PostedWith, VisibleTo};
    use chat_proto::{Ordinal, Seq, Style, Timestamp};

    use super::*;

    #[test]
    fn a_message_for_some_is_there_for_them_and_its_author_and_tells_the_others_nothing() {
        let body: EventBody = PostedWith {
            name: "alice".to_owned(),
            style: Style::Text,
            text: "psst".to_owned(),
            mentions: vec![],
            extras: vec![VisibleTo { accounts: vec![AccountId(2)] }.into()],
        }
        .into();
        let key = MessageKey([7; 16]);
        let event = Event {
            seq: Seq(5),
            ordinal: Ordinal(3),
            at: Timestamp(9),
            by: AccountId(1),
            device: DeviceId(4),
            key,
            body,
        };
        for reader in [1, 2] {
            assert_eq!(seen_by(event.clone(), AccountId(reader)), event);
        }
        let hidden = seen_by(event.clone(), AccountId(3));
        assert_eq!((hidden.seq, hidden.ordinal, hidden.at), (event.seq, event.ordinal, event.at));
        assert_eq!((hidden.by, hidden.device, hidden.key), (AccountId(0), DeviceId(0), MessageKey::default()));
        assert_eq!(hidden.body, Withheld {}.into());
        let erased = Event { body: event.body.erased(), ..event };
        assert_eq!(seen_by(erased.clone(), AccountId(3)), hidden, "that it was removed is not for him either");
        for reader in [1, 2] {
            assert_eq!(seen_by(erased.clone(), AccountId(reader)).body, Erased { kind: 5 }.into());
        }
    }
}
