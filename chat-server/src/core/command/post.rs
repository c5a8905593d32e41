//! Post: write a message into a room.

use chat_proto::event::{ByBot, Custom, Forwarded, Posted, PostedWith, ReplyTo, VisibleTo};
use chat_proto::setting::Filter;
use chat_proto::{AccountId, Attached, EventBody, Extra, FileName, Reject, RejectCode, Style, Text, Timestamp};

use super::About;
use super::filter::filtered;
use crate::core::access::Action;
use crate::core::room::Room;
use crate::core::{AccountKind, Actor};

/// Write a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// How it is meant.
    pub style: Style,
    /// The words.
    pub text: Text,
    /// The message it answers.
    pub reply_to: Option<About>,
    /// Who may see it beside its author; none for everybody.
    pub visible_to: Option<Vec<AccountId>>,
    /// The data it carries for programs.
    pub custom: Option<Custom>,
    /// Where it was written, if elsewhere.
    pub forwarded: Option<Forwarded>,
    /// The file it carries; its name and media type are possible ones.
    pub file: Option<Box<Attached>>,
}

impl Post {
    /// Words alone.
    #[must_use]
    pub fn plain(style: Style, text: Text) -> Self {
        Self { style, text, reply_to: None, visible_to: None, custom: None, forwarded: None, file: None }
    }

    fn extras(&self, by: &Actor, file: Option<Attached>) -> Vec<Extra> {
        let mut extras: Vec<Extra> = Vec::new();
        extras.extend(self.reply_to.as_ref().map(|about| ReplyTo { target: about.seq }.into()));
        extras.extend(self.visible_to.clone().map(|accounts| VisibleTo { accounts }.into()));
        extras.extend(self.custom.clone().map(Extra::from));
        extras.extend(self.forwarded.clone().map(Extra::from));
        extras.extend((by.kind == AccountKind::Bot).then(|| ByBot {}.into()));
        extras.extend(file.map(Extra::from));
        extras
    }
}

pub(in crate::core) fn decide(
    room: &Room,
    by: &Actor,
    post: &Post,
    now: Timestamp,
) -> Result<Option<EventBody>, Reject> {
    room.allow(by, Action::Post, now)?;
    if let Some(about) = &post.reply_to {
        about.seen_by(by)?;
    }
    if let Some(left) = room.must_wait_us(by, now) {
        let seconds = room.settings().slow_mode_s;
        let message = format!("one message in {seconds} s is allowed here; wait a moment");
        let retry_after_ms = u32::try_from(left / 1_000 + 1).unwrap_or(u32::MAX);
        return Err(Reject { retry_after_ms, ..Reject::new(RejectCode::SlowDown, message) });
    }
    let text = filtered(&room.settings().filters, post.text.as_str())?;
    let mentions = room.named_in(&text, by.account, post.visible_to.as_deref());
    let file = post.file.as_ref().map(|file| named(file, &room.settings().filters)).transpose()?;
    let (name, style, extras) = (by.name.as_str().to_owned(), post.style, post.extras(by, file));
    if extras.is_empty() {
        return Ok(Some(Posted { name, style, text, mentions }.into()));
    }
    Ok(Some(PostedWith { name, style, text, mentions, extras }.into()))
}

/// A file under the name the room's filters leave it.
fn named(file: &Attached, filters: &[Filter]) -> Result<Attached, Reject> {
    let name = filtered(filters, &file.name)?;
    let name = if name == file.name { name } else { FileName::of_path(&name).as_str().to_owned() };
    Ok(Attached { name, ..file.clone() })
}

#[cfg(test)]
mod tests {
    use chat_proto::event::Erased;
    use chat_proto::setting::{FilterAction, Filters, Posting, SlowMode, Who};
    use chat_proto::{Event, FileHash, Ordinal};

    use super::*;
    use crate::core::State;
    use crate::core::command::RoomCommand;
    use crate::core::command::testing::{actor, post, room_of, set};

    #[test]
    fn only_members_write_and_only_messages_count() {
        let mut log = room_of(&["alice"]);
        let bob = actor(2, "bob");
        assert_eq!(log.give(&bob, &post("hi")).unwrap_err().code, RejectCode::NotMember);
        log.give(&bob, &RoomCommand::join()).unwrap();
        let event = log.give(&bob, &post("hi @Alice, bob and @carol")).unwrap().unwrap();
        assert_eq!(event.ordinal, Ordinal(1));
        let EventBody::Posted(posted) = event.body else { panic!("{event:?}") };
        assert_eq!(posted.mentions, [AccountId(1)]);
    }

    #[test]
    fn a_message_for_some_counts_for_nobody_and_names_only_who_sees_it() {
        let mut log = room_of(&["alice", "bob", "carol"]);
        let text = Text::parse("@bob @carol psst").unwrap();
        let private = Post { visible_to: Some(vec![AccountId(2)]), ..Post::plain(Style::Text, text) };
        let event = log.give(&actor(1, "alice"), &RoomCommand::Post(private)).unwrap().unwrap();
        assert_eq!(event.ordinal, Ordinal(0));
        assert_eq!(event.body.message().unwrap().mentions, [AccountId(2)]);
    }

    #[test]
    fn announcements_are_for_moderators_and_an_open_room_for_whoever_comes() {
        let mut log = room_of(&["alice", "bob"]);
        set(&mut log, Posting { who: Who::Moderators });
        assert_eq!(log.give(&actor(2, "bob"), &post("hi")).unwrap_err().code, RejectCode::Forbidden);
        assert!(log.give(&actor(1, "alice"), &post("hear")).unwrap().is_some());
        set(&mut log, Posting { who: Who::Users });
        assert!(log.give(&actor(3, "carol"), &post("hi")).unwrap().is_some());
    }

    #[test]
    fn the_slow_mode_lets_everybody_wait_but_moderators() {
        let mut log = room_of(&["alice", "bob"]);
        set(&mut log, SlowMode { seconds: 10 });
        let bob = actor(2, "bob");
        assert!(log.give(&bob, &post("one")).unwrap().is_some());
        let reject = log.give(&bob, &post("two")).unwrap_err();
        assert_eq!(reject.code, RejectCode::SlowDown);
        assert!((9_000..=10_001).contains(&reject.retry_after_ms), "{reject:?}");
        let alice = actor(1, "alice");
        assert!(log.give(&alice, &post("one")).unwrap().is_some() && log.give(&alice, &post("two")).unwrap().is_some());
        set(&mut log, SlowMode { seconds: 0 });
        assert!(log.give(&bob, &post("two")).unwrap().is_some());
    }

    #[test]
    fn a_file_goes_with_its_message_and_filters_read_its_name_too() {
        let mut log = room_of(&["alice", "bob"]);
        let file = |name: &str| Attached {
            name: name.to_owned(),
            media_type: "text/plain".to_owned(),
            size: 3,
            hash: FileHash([7; 32]),
        };
        let post = |name: &str| {
            let plain = Post::plain(Style::Text, Text::parse("hello").unwrap());
            RoomCommand::Post(Post { file: Some(file(name).into()), ..plain })
        };
        let bob = actor(2, "bob");
        let event = log.give(&bob, &post("a.txt")).unwrap().unwrap();
        assert_eq!((event.ordinal, event.body.message().unwrap().file()), (Ordinal(1), Some(&file("a.txt"))));
        let rule = |word: &str, action| Filter { word: word.to_owned(), action, with: "../".to_owned() };
        let rules = vec![rule("damn", FilterAction::Reject), rule("heck", FilterAction::Replace)];
        set(&mut log, Filters { rules });
        assert_eq!(log.give(&bob, &post("damn it.txt")).unwrap_err().code, RejectCode::Filtered);
        let event = log.give(&bob, &post("heck no.txt")).unwrap().unwrap();
        let name = &event.body.message().unwrap().file().unwrap().name;
        assert_eq!(FileName::parse(name).unwrap().as_str(), "no.txt", "what a filter makes of a name is a name again");
    }

    #[test]
    fn a_message_that_was_removed_is_waited_for_after_a_replay_too() {
        let mut log = room_of(&["alice", "bob"]);
        set(&mut log, SlowMode { seconds: 10 });
        let (bob, mut replayed) = (actor(2, "bob"), log.state.clone());
        let posted = log.give(&bob, &post("one")).unwrap().unwrap();
        let kind = posted.body.stored_kind();
        replayed.apply(&Event { body: Erased { kind }.into(), ..posted });
        assert!(replayed.must_wait_us(&bob, Timestamp(5)).is_some());
        assert_eq!(replayed.must_wait_us(&bob, Timestamp(5)), log.state.must_wait_us(&bob, Timestamp(5)));
    }
}
