//! What can be asked of a room or an account. One file per command: its data, its rule, its tests.

pub mod change;
pub mod choose;
pub mod create;
pub mod delete;
pub mod direct;
pub mod edit;
pub mod evict;
pub mod filter;
pub mod join;
pub mod kick;
pub mod leave;
pub mod list;
pub mod mark_read;
pub mod mention;
pub mod note;
pub mod pin;
pub mod post;
pub mod purge;
pub mod react;
pub mod redact;
pub mod rename;
pub mod role;
pub mod state;
pub mod tend;
pub mod transfer;

use chat_proto::event::Named;
use chat_proto::identity::{DeviceChanged, SecretChanged};
use chat_proto::{AccountId, Event, EventBody, Reject, RejectCode, Seq, Timestamp};

use super::room::Room;
use super::{AccountKind, Actor, ServerRank};

pub use change::Change;
pub use choose::Choice;
pub use create::Create;
pub use delete::Delete;
pub use direct::BeginDirect;
pub use edit::Edit;
pub use join::Join;
pub use kick::Kick;
pub use leave::Leave;
pub use list::{PutOnList, TakeOffList};
pub use mark_read::{MarkRead, OwnPosts};
pub use note::{NoteJoined, NoteLeft, NoteMention, NoteSeen};
pub use pin::Pin;
pub use post::Post;
pub use purge::{Extent, Purge};
pub use react::React;
pub use redact::Redact;
pub use rename::Rename;
pub use role::SetRole;
pub use state::StateChange;
pub use transfer::Transfer;

/// Somebody something is done to, as the hub knows him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// What his account is.
    pub kind: AccountKind,
    /// What he may do to the server.
    pub rank: ServerRank,
}

impl Person {
    fn named(&self) -> Named {
        Named { account: self.account, name: self.name.clone() }
    }
}

/// A message something is done to, as it is kept. All of it but `is_erased` never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its place.
    pub seq: Seq,
    /// Who wrote it.
    pub author: Person,
    /// When.
    pub at: Timestamp,
    /// Who may see it beside its author; none for everybody.
    pub visible_to: Option<Vec<AccountId>>,
    /// Whether its words were removed.
    pub is_erased: bool,
}

impl About {
    /// Who may see what is done to it, its author included; none for everybody.
    fn audience(&self) -> Option<Vec<AccountId>> {
        let mut accounts = self.visible_to.clone()?;
        if !accounts.contains(&self.author.account) {
            accounts.push(self.author.account);
        }
        Some(accounts)
    }

    /// Whether somebody may see it, and it is still there.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchMessage`].
    fn seen_by(&self, by: &Actor) -> Result<(), Reject> {
        let sees = by.account == self.author.account
            || self.visible_to.as_ref().is_none_or(|accounts| accounts.contains(&by.account));
        if sees && !self.is_erased {
            return Ok(());
        }
        Err(Reject::new(RejectCode::NoSuchMessage, format!("there is no message {} here, or not for you", self.seq)))
    }
}

macro_rules! room_commands {
    ($($(#[$doc:meta])* $name:ident $(($data:ty))? $module:ident::$decide:ident,)*) => {
        /// What can be asked of a room.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum RoomCommand {
            $($(#[$doc])* $name $(($data))?,)*
        }

        impl RoomCommand {
            /// What becomes of it.
            pub(super) fn decide(&self, room: &Room, by: &Actor, now: Timestamp) -> Result<Option<EventBody>, Reject> {
                match self {
                    $(room_commands!(@pattern command $name $(($data))?) => {
                        room_commands!(@call command $module::$decide(room, by, now) $(($data))?)
                    })*
                }
            }
        }
    };
    (@pattern $command:ident $name:ident ($data:ty)) => { Self::$name($command) };
    (@pattern $command:ident $name:ident) => { Self::$name };
    (@call $command:ident $module:ident::$decide:ident($room:ident, $by:ident, $now:ident) ($data:ty)) => {
        $module::$decide($room, $by, $command, $now)
    };
    (@call $command:ident $module:ident::$decide:ident($room:ident, $by:ident, $now:ident)) => {
        $module::$decide($room, $by, $now)
    };
}

room_commands! {
    /// Begin it.
    Create(Create) create::decide,
    /// Begin it, as a conversation between few.
    BeginDirect(BeginDirect) direct::decide,
    /// Become a member.
    Join(Join) join::decide,
    /// Stop being a member.
    Leave(Leave) leave::decide,
    /// Write a message.
    Post(Post) post::decide,
    /// Change the words of a message.
    Edit(Edit) edit::decide,
    /// Remove a message.
    Redact(Redact) redact::decide,
    /// React to a message, or take it back.
    React(React) react::decide,
    /// Pin a message, or take it down.
    Pin(Pin) pin::decide,
    /// Change its settings.
    Change(Change) change::decide,
    /// Give it another name.
    Rename(Rename) rename::decide,
    /// Give a member another role.
    SetRole(SetRole) role::decide,
    /// Give it to another member.
    Transfer(Transfer) transfer::decide,
    /// Ban, mute or invite somebody.
    PutOnList(PutOnList) list::put,
    /// Take a ban, a mute or an invitation back.
    TakeOffList(TakeOffList) list::take,
    /// Put a member out.
    Kick(Kick) kick::decide,
    /// Remove all messages of a person.
    Purge(Purge) purge::decide,
    /// Delete it.
    Delete(Delete) delete::decide,
    /// Let happen what happens by itself. Given by the server alone.
    Tend tend::decide,
}

impl RoomCommand {
    /// Become a member, where no more holds than the room's own bound.
    #[must_use]
    pub fn join() -> Self {
        Self::Join(Join::default())
    }

    /// Whether it makes sense of a room that is not there yet.
    pub(super) fn begins(&self) -> bool {
        matches!(self, Self::Create(_) | Self::BeginDirect(_))
    }

    /// What else its event brings in the same breath. The room has taken the event in.
    pub(super) fn also(&self, room: &Room, event: &Event) -> Vec<EventBody> {
        match (self, &event.body) {
            (Self::Create(create), EventBody::Created(created)) => create.settings(&created.name).into_iter().collect(),
            (Self::Join(_), EventBody::Joined(joined)) => {
                join::returned(room, event.by, &joined.name).into_iter().collect()
            }
            (Self::Purge(purge), EventBody::Purged(purged)) => purge.extent.unpins(room, &purged.name).collect(),
            (Self::PutOnList(put), EventBody::Listed(listed)) => put.purged(room, &listed.name),
            (Self::PutOnList(PutOnList { purge: Some(extent), .. }), EventBody::Purged(purged)) => {
                extent.unpins(room, &purged.name).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What can be asked of an account's feed. All of them are idempotent: they follow from what a room's feed or the server's own
/// says, or say how things are to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCommand {
    /// It became a member of a room.
    NoteJoined(NoteJoined),
    /// It stopped being a member of a room.
    NoteLeft(NoteLeft),
    /// A message names it.
    NoteMention(NoteMention),
    /// Note when it was last there.
    NoteSeen(NoteSeen),
    /// A device opens it, or does no more.
    NoteDevice(DeviceChanged),
    /// A secret that may let a device in is another one, or is none any more.
    NoteSecret(SecretChanged),
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

    use chat_proto::{
        AccountId, DeviceId, Event, EventBody, Line, MessageKey, Ordinal, Reject, RoomName, RoomSetting, Seq, Style,
        Text, Timestamp, UserName,
    };

    use super::{About, Change, Create, Person, Post, RoomCommand};
    use crate::core::room::Room;
    use crate::core::{AccountKind, Actor, ServerRank, State};

    pub(crate) fn actor(number: u64, name: &str) -> Actor {
        Actor::user(AccountId(number), DeviceId(number), UserName::parse(name).unwrap())
    }

    pub(crate) fn person(actor: &Actor) -> Person {
        let name = actor.name.as_str().to_owned();
        Person { account: actor.account, name, kind: AccountKind::User, rank: ServerRank::None }
    }

    pub(crate) fn post(text: &str) -> RoomCommand {
        RoomCommand::Post(Post::plain(Style::Text, Text::parse(text).unwrap()))
    }

    /// A message of somebody's.
    pub(crate) fn about(seq: u64, author: &Actor) -> About {
        About { seq: Seq(seq), author: person(author), at: Timestamp(0), visible_to: None, is_erased: false }
    }

    /// The room `#dev`, made by the first and joined by the others, who have the numbers from 1.
    pub(crate) fn room_of(names: &[&str]) -> Log<Room> {
        let mut log = Log::<Room>::default();
        let create = Create::plain(RoomName::parse("dev").unwrap(), Line::default());
        for (name, number) in names.iter().zip(1..) {
            let command = if number == 1 { RoomCommand::Create(create.clone()) } else { RoomCommand::join() };
            log.give(&actor(number, name), &command).unwrap();
        }
        log
    }

    /// Lets the first member set something.
    pub(crate) fn set(log: &mut Log<Room>, change: impl Into<RoomSetting>) {
        let change = RoomCommand::Change(Change { changes: vec![change.into()] });
        log.give(&actor(1, "alice"), &change).unwrap();
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
            let event = self.take(by, body, now);
            for body in self.state.follow(command, &event) {
                self.take(by, body, now);
            }
            Ok(Some(event))
        }

        fn take(&mut self, by: &Actor, body: EventBody, at: Timestamp) -> Event {
            let (seq, ordinal) = self.events.last().map_or((Seq::ZERO, Ordinal(0)), |last| (last.seq, last.ordinal));
            let ordinal = if body.is_message() { ordinal.next() } else { ordinal };
            let key = MessageKey::default();
            let event = Event { seq: seq.next(), ordinal, at, by: by.account, device: by.device, key, body };
            self.state.apply(&event);
            self.events.push(event.clone());
            event
        }
    }
}
