//! Edit: change the words of an own message, as long as the room allows.

use chat_proto::event::Edited;
use chat_proto::{EventBody, Reject, RejectCode, Text, Timestamp};

use super::About;
use super::filter::filtered;
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// Change the words of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The message.
    pub about: About,
    /// Its words from here on.
    pub text: Text,
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    edit: &Edit,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    edit.about.seen_by(by)?;
    room.allow_to(by, Action::Edit, &edit.about.author, now)?;
    if let Some(seconds) = room.settings().edit_window_s
        && now.0.saturating_sub(edit.about.at.0) >= i64::from(seconds) * 1_000_000
    {
        let message = match seconds {
            0 => "messages are not edited in this room".to_owned(),
            _ => format!("messages are edited within {seconds} s here; write a new one"),
        };
        return Err(Reject::new(RejectCode::Forbidden, message));
    }
    let text = filtered(&room.settings().filters, edit.text.as_str())?;
    let mentions = room.named_in(&text, by.account, edit.about.visible_to.as_deref());
    let (target, visible_to) = (edit.about.seq, edit.about.visible_to.clone());
    Ok(Some(Edited { name: by.name.to_string(), target, text, mentions, visible_to }.into()))
}

#[cfg(test)]
mod tests {
    use chat_proto::setting::EditWindow;

    use super::*;
    use crate::core::command::testing::{about, actor, room_of, set};
    use crate::core::command::{PutOnList, RoomCommand};

    #[test]
    fn only_its_author_edits_a_message_within_the_window_and_unmuted() {
        let mut log = room_of(&["alice", "bob"]);
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        let edit = |by: &Actor, at: i64| {
            let about = About { at: Timestamp(at), ..about(5, by) };
            RoomCommand::Edit(Edit { about, text: Text::parse("better").unwrap() })
        };
        assert!(log.give(&bob, &edit(&bob, 0)).unwrap().is_some());
        assert_eq!(log.give(&alice, &edit(&bob, 0)).unwrap_err().code, RejectCode::Forbidden);
        set(&mut log, EditWindow { seconds: Some(0) });
        assert_eq!(log.give(&bob, &edit(&bob, 0)).unwrap_err().code, RejectCode::Forbidden);
        set(&mut log, EditWindow { seconds: Some(60) });
        assert!(log.give(&bob, &edit(&bob, 0)).unwrap().is_some());
        assert_eq!(log.give(&bob, &edit(&bob, -61_000_000)).unwrap_err().code, RejectCode::Forbidden);
        log.give(&alice, &RoomCommand::PutOnList(PutOnList::mute(&bob))).unwrap();
        assert_eq!(log.give(&bob, &edit(&bob, 0)).unwrap_err().code, RejectCode::Muted);
    }

    #[test]
    fn what_was_removed_or_is_not_for_him_is_not_there() {
        let mut log = room_of(&["alice", "bob"]);
        let bob = actor(2, "bob");
        let text = Text::parse("better").unwrap();
        let gone = About { is_erased: true, ..about(5, &bob) };
        let edit = RoomCommand::Edit(Edit { about: gone, text });
        assert_eq!(log.give(&bob, &edit).unwrap_err().code, RejectCode::NoSuchMessage);
    }
}
