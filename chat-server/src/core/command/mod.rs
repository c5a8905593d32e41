//! What can be asked of a room or an account. One file per command: its data, its rule, its tests.

pub mod choose;
pub mod create;
pub mod join;
pub mod leave;
pub mod mark_read;
pub mod mention;
pub mod note;
pub mod post;
pub mod state;

pub use choose::Choice;
pub use create::Create;
pub use leave::Leave;
pub use mark_read::{MarkRead, OwnPosts};
pub use note::{NoteJoined, NoteLeft, NoteMention};
pub use post::Post;
pub use state::StateChange;

/// What can be asked of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomCommand {
    /// Begin it.
    Create(Create),
    /// Become a member.
    Join,
    /// Stop being a member.
    Leave(Leave),
    /// Write a message.
    Post(Post),
}

/// What can be asked of an account's feed. All of them are idempotent: they follow from what a room's feed says, or say how
/// things are to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCommand {
    /// It became a member of a room.
    NoteJoined(NoteJoined),
    /// It stopped being a member of a room.
    NoteLeft(NoteLeft),
    /// A message names it.
    NoteMention(NoteMention),
    /// It has read a room up to here.
    MarkRead(MarkRead),
    /// It wrote messages itself; if it stood before them it stands behind them.
    OwnPosts(OwnPosts),
    /// It set something for itself.
    Choose(Choice),
}

#[cfg(test)]
pub(crate) mod testing {
    //! A person, a room and a clock for the tests of the rules.

    use chat_proto::{AccountId, DeviceId, Event, EventBody, MessageKey, Ordinal, Reject, Seq, Timestamp, UserName};

    use crate::core::{Actor, State};

    pub(crate) fn actor(number: u64, name: &str) -> Actor {
        Actor::user(AccountId(number), DeviceId(number), UserName::parse(name).unwrap())
    }

    /// A state and its events, numbered as a feed would.
    #[derive(Debug, Default)]
    pub(crate) struct Log<S> {
        pub(crate) state: S,
        pub(crate) events: Vec<Event>,
    }

    impl<S: State> Log<S> {
        pub(crate) fn give(&mut self, by: &Actor, command: &S::Command) -> Result<Option<Event>, Reject> {
            let now = Timestamp(self.events.last().map_or(0, |last| last.at.0 + 1));
            let Some(body) = self.state.decide(by, command, now)? else { return Ok(None) };
            let event = self.number(by, body, now);
            self.state.apply(&event);
            self.events.push(event.clone());
            Ok(Some(event))
        }

        fn number(&self, by: &Actor, body: EventBody, at: Timestamp) -> Event {
            let (seq, ordinal) = self.events.last().map_or((Seq::ZERO, Ordinal(0)), |last| (last.seq, last.ordinal));
            let ordinal = if body.is_message() { ordinal.next() } else { ordinal };
            let key = MessageKey::default();
            Event { seq: seq.next(), ordinal, at, by: by.account, device: by.device, key, body }
        }
    }
}
