//! React: say something to a message without words of one's own, or take it back. What is so already changes nothing.

use chat_proto::event::Reacted;
use chat_proto::limits::REACTION_BYTES_MAX;
use chat_proto::{EventBody, Reject, RejectCode, Timestamp};

use super::About;
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;

/// React to a message, or take it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct React {
    /// The message.
    pub about: About,
    /// With what.
    pub emoji: String,
    /// Whether it is to hold.
    pub on: bool,
    /// Whether it held when it was asked for.
    pub holds: bool,
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    react: &React,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    room.allow(by, Action::React, now)?;
    react.about.seen_by(by)?;
    check(&react.emoji)?;
    if react.holds == react.on {
        return Ok(None);
    }
    let (name, emoji) = (by.name.to_string(), react.emoji.clone());
    let visible_to = react.about.audience();
    Ok(Some(Reacted { name, target: react.about.seq, emoji, on: react.on, visible_to }.into()))
}

fn check(emoji: &str) -> Result<(), Reject> {
    if emoji.len() > REACTION_BYTES_MAX {
        let message = format!("a reaction has at most {REACTION_BYTES_MAX} bytes; write a message instead");
        return Err(Reject::new(RejectCode::TooLarge, message));
    }
    if emoji.trim().is_empty() || emoji.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Reject::new(RejectCode::InvalidText, "a reaction is an emoji or one word"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::command::RoomCommand;
    use crate::core::command::testing::{about, actor, room_of};

    #[test]
    fn a_reaction_is_one_word_of_a_member_and_holds_once() {
        let mut log = room_of(&["alice", "bob"]);
        let bob = actor(2, "bob");
        let react = |emoji: &str, on, holds| {
            RoomCommand::React(React { about: about(1, &actor(1, "alice")), emoji: emoji.to_owned(), on, holds })
        };
        assert!(log.give(&bob, &react("👍", true, false)).unwrap().is_some());
        assert!(log.give(&bob, &react("👍", true, true)).unwrap().is_none());
        assert!(log.give(&bob, &react("👍", false, true)).unwrap().is_some());
        for bad in ["", " ", "two words", "a\u{1b}"] {
            assert_eq!(log.give(&bob, &react(bad, true, false)).unwrap_err().code, RejectCode::InvalidText, "{bad:?}");
        }
        assert_eq!(log.give(&bob, &react(&"x".repeat(65), true, false)).unwrap_err().code, RejectCode::TooLarge);
        let outside = log.give(&actor(3, "carol"), &react("👍", true, false)).unwrap_err();
        assert_eq!(outside.code, RejectCode::NotMember);
    }
}
