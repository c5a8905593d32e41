//! Post: write a message into a room one is a member of.

use chat_proto::event::Posted;
use chat_proto::{EventBody, Reject, RejectCode, Style, Text};

use crate::core::Actor;
use crate::core::room::Room;

/// Write a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// How it is meant.
    pub style: Style,
    /// The words.
    pub text: Text,
}

pub(in crate::core) fn decide(room: &Room, by: &Actor, post: &Post) -> Result<Option<EventBody>, Reject> {
    if !room.members().contains_key(&by.account) {
        let message = format!("you are no member of #{room}; /join #{room} first", room = room.name());
        return Err(Reject::new(RejectCode::NotMember, message));
    }
    Ok(Some(EventBody::Posted(Posted {
        name: by.name.as_str().to_owned(),
        style: post.style,
        text: post.text.as_str().to_owned(),
        mentions: room.named_in(post.text.as_str(), by.account),
    })))
}

#[cfg(test)]
mod tests {
    use chat_proto::{AccountId, Line, Ordinal, RoomName};

    use super::*;
    use crate::core::command::testing::{Log, actor};
    use crate::core::command::{Create, RoomCommand};

    fn post(text: &str) -> RoomCommand {
        RoomCommand::Post(Post { style: Style::Text, text: Text::parse(text).unwrap() })
    }

    #[test]
    fn only_members_write_and_only_messages_count() {
        let mut log = Log::<Room>::default();
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        let create = Create { name: RoomName::parse("dev").unwrap(), topic: Line::default() };
        log.give(&alice, &RoomCommand::Create(create)).unwrap();
        assert_eq!(log.give(&bob, &post("hi")).unwrap_err().code, RejectCode::NotMember);
        log.give(&bob, &RoomCommand::Join).unwrap();
        let event = log.give(&bob, &post("hi @Alice, bob and @carol")).unwrap().unwrap();
        assert_eq!(event.ordinal, Ordinal(1));
        let EventBody::Posted(posted) = event.body else { panic!("{event:?}") };
        assert_eq!(posted.mentions, [AccountId(1)]);
    }
}
