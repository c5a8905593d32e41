//! What commands ask of the server: the requests, and what is said when they were done.

use std::time::Duration;

use chat_proto::choice::{Ignore, PinRoom, SetNotify};
use chat_proto::connection::{EndSession, ListSessions};
use chat_proto::event::List;
use chat_proto::limits::LIST_PAGE_MAX;
use chat_proto::profile::{GetProfile, SetStatus, Status};
use chat_proto::reach::{Block, ListMentions, OpenDirect, SetContact};
use chat_proto::request::{
    AuditRoom, ChangeRoom, DeleteRoom, DescribeRoom, Explain, Kick, ListPins, ListRooms, Purge, PutOnList, ReadList,
    RenameRoom, SetRole, TakeOffList, TransferRoom, UserRef,
};
use chat_proto::search::Search;
use chat_proto::setting::Topic;
use chat_proto::{AccountId, ConnId, MessageKey, Notify, Request, Role, RoomId, RoomSetting, Seq, Timestamp};

use jiff::civil::Date;

use super::words::lasting;
use crate::tui::core::identity::Own;
use crate::tui::core::model::Model;

/// Something asked of the server; about the room being looked at, if about a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Change a setting.
    Set(RoomSetting),
    /// Give the room another name.
    Rename(String),
    /// Delete the room, which is named so that it is not another one.
    Delete(String),
    /// How is the room set, and what may I do?
    Details,
    /// May I do this, and if not, why?
    Why {
        /// What.
        action: String,
        /// To whom.
        user: Option<String>,
    },
    /// Put somebody out.
    Kick {
        /// Whom.
        user: String,
        /// Why.
        reason: String,
    },
    /// Ban, mute or invite somebody.
    Put {
        /// On which list.
        list: List,
        /// Whom.
        user: String,
        /// For how long; none for until it is taken back.
        time: Option<Duration>,
        /// Why.
        reason: String,
    },
    /// Take a ban, a mute or an invitation back.
    Take {
        /// Off which list.
        list: List,
        /// Whom.
        user: String,
    },
    /// Who is on a list?
    List(List),
    /// Give a member another role.
    Role {
        /// Whom.
        user: String,
        /// Which.
        role: Role,
    },
    /// Give the room away.
    Transfer(String),
    /// Remove all of a person's messages.
    Purge {
        /// Whose.
        user: String,
        /// Why.
        reason: String,
    },
    /// Which messages are pinned?
    Pins,
    /// What was done by those who may?
    Audit,
    /// Which unread messages name me?
    Mentions,
    /// Which rooms are there?
    Rooms,
    /// Where in the room does a day begin?
    Day(Date),
    /// Who is this?
    Profile(String),
    /// Which connections have I?
    Sessions,
    /// End a connection.
    EndSession(ConnId),
    /// Say something of oneself.
    Status(Status),
    /// Choose what of the room to be told about.
    Notify(Notify),
    /// Make the room a favourite, or no more.
    Favourite(bool),
    /// Write to people directly.
    Direct {
        /// To whom.
        people: Vec<String>,
        /// What is sent there; may be empty.
        text: String,
        /// Whether the conversation is opened.
        go: bool,
    },
    /// Choose something about a person.
    Person(Person, String, bool),
    /// Something about one's own devices.
    Own(Own),
}

/// What can be chosen about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// Don't show what he writes.
    Ignored,
    /// Let him not write to me.
    Blocked,
    /// Count him among my contacts.
    Contact,
}

impl Ask {
    /// The request. A command's key is put in where it is carried out.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub fn request(&self, model: &Model) -> Result<Request, String> {
        let key = MessageKey::default();
        let user = |name: &str| UserRef::Name(name.to_owned());
        Ok(match self {
            Self::Set(setting) => ChangeRoom { key, room: room(model)?, changes: vec![setting.clone()] }.into(),
            Self::Rename(name) => RenameRoom { key, room: room(model)?, name: name.clone() }.into(),
            Self::Delete(name) => {
                let room = room(model)?;
                let there = model.room_view();
                if !there.is_some_and(|there| same_room(name, &there.name)) {
                    let label = model.room_label();
                    return Err(format!("this is {label}, not {name}; nothing was deleted"));
                }
                DeleteRoom { key, room, if_empty: false, reason: String::new() }.into()
            }
            Self::Details => DescribeRoom { room: room(model)? }.into(),
            Self::Why { action, user: target } => {
                let (action, target) = (action.clone(), target.as_deref().map(user));
                Explain { room: room(model)?, action, target }.into()
            }
            Self::Kick { user: name, reason } => {
                Kick { key, room: room(model)?, user: user(name), reason: reason.clone() }.into()
            }
            Self::Put { list, user: name, time, reason } => {
                let until = time.map(|time| after(model.now.wall, time));
                let (list, user, reason) = (*list, user(name), reason.clone());
                PutOnList { key, room: room(model)?, user, list, until, reason }.into()
            }
            Self::Take { list, user: name } => {
                let (list, user, reason) = (*list, user(name), String::new());
                TakeOffList { key, room: room(model)?, user, list, reason }.into()
            }
            Self::List(list) => {
                let (after, limit) = (AccountId::SERVER, LIST_PAGE_MAX);
                ReadList { room: room(model)?, list: *list, after, limit }.into()
            }
            Self::Role { user: name, role } => {
                SetRole { key, room: room(model)?, user: user(name), role: *role }.into()
            }
            Self::Transfer(name) => TransferRoom { key, room: room(model)?, user: user(name) }.into(),
            Self::Purge { user: name, reason } => {
                Purge { key, room: room(model)?, user: user(name), reason: reason.clone() }.into()
            }
            Self::Pins => ListPins { room: room(model)? }.into(),
            Self::Audit => AuditRoom { room: room(model)?, before: Seq::MAX, limit: AUDIT_LINES }.into(),
            Self::Mentions => ListMentions { before: Seq::MAX, limit: MENTIONS_LISTED }.into(),
            Self::Rooms => ListRooms { after: RoomId(0), limit: LIST_PAGE_MAX }.into(),
            Self::Day(day) => {
                let room = Some(room(model)?);
                // The newest message before it: the day begins behind that.
                Search { query: format!("before:{day}"), room, after: 0, limit: 1 }.into()
            }
            Self::Profile(name) => GetProfile { user: user(name) }.into(),
            Self::Sessions => ListSessions {}.into(),
            Self::EndSession(conn) => EndSession { conn: *conn }.into(),
            Self::Status(status) => SetStatus { key, status: status.clone() }.into(),
            Self::Notify(rule) => SetNotify { key, room: room(model)?, rule: *rule }.into(),
            Self::Favourite(on) => PinRoom { key, room: room(model)?, on: *on }.into(),
            Self::Direct { people, .. } => {
                OpenDirect { key, with: people.iter().map(|name| user(name)).collect() }.into()
            }
            Self::Person(what, name, on) => about(*what, account(model, name)?, *on),
            Self::Own(own) => own.request(),
        })
    }

    /// What is said when it was done, where the answer has nothing to show.
    #[must_use]
    pub fn done(&self) -> String {
        match self {
            Self::Set(RoomSetting::Topic(Topic { text })) if text.is_empty() => "the topic was removed".to_owned(),
            Self::Set(_) => "the room's settings were changed".to_owned(),
            Self::Rename(name) => format!("the room is called {name} now"),
            Self::Delete(name) => format!("{name} was deleted"),
            Self::Kick { user, .. } => format!("{user} was put out"),
            Self::Put { list, user, time, .. } => {
                let time = time.map_or(String::new(), |time| format!(" for {}", lasting(time)));
                format!("{user} is {}{time}", list.name())
            }
            Self::Take { list, user } => format!("{user} is {} no more", list.name()),
            Self::Role { user, role } => format!("{user} is {} now", role.name()),
            Self::Transfer(user) => format!("the room is {user}'s now"),
            Self::Purge { user, .. } => format!("the messages of {user} were removed"),
            Self::EndSession(conn) => format!("connection {conn} was ended"),
            Self::Status(status) if status.away => "you are away now; /back ends it".to_owned(),
            Self::Status(status) if status.text.is_empty() => "you are back".to_owned(),
            Self::Status(status) => format!("your status: {}", status.text),
            Self::Notify(Notify::All) => "everything here counts as news".to_owned(),
            Self::Notify(Notify::Mentions) => "only mentions here count as news".to_owned(),
            Self::Notify(Notify::Nothing) => "nothing here counts as news".to_owned(),
            Self::Favourite(true) => "the room is a favourite now".to_owned(),
            Self::Favourite(false) => "the room is no favourite any more".to_owned(),
            Self::Person(what, name, on) => match (what, on) {
                (Person::Ignored, true) => format!("{name} is ignored; /unignore {name} ends it"),
                (Person::Ignored, false) => format!("{name} is ignored no more"),
                (Person::Blocked, true) => format!("{name} can't write to you; /unblock {name} ends it"),
                (Person::Blocked, false) => format!("{name} can write to you again"),
                (Person::Contact, true) => format!("{name} is a contact"),
                (Person::Contact, false) => format!("{name} is no contact any more"),
            },
            Self::Details
            | Self::Why { .. }
            | Self::List(_)
            | Self::Pins
            | Self::Audit
            | Self::Mentions
            | Self::Rooms
            | Self::Day(_)
            | Self::Profile(_)
            | Self::Sessions
            | Self::Direct { .. }
            | Self::Own(_) => "done".to_owned(),
        }
    }
}

fn room(model: &Model) -> Result<RoomId, String> {
    model.current().map(|key| key.room).ok_or_else(|| "no room is open".to_owned())
}

fn same_room(written: &str, name: &str) -> bool {
    written.trim_start_matches('#') == name
}

fn after(now: Timestamp, time: Duration) -> Timestamp {
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    Timestamp(now.0.saturating_add(micros))
}

fn about(what: Person, account: AccountId, on: bool) -> Request {
    let key = MessageKey::default();
    match what {
        Person::Ignored => Ignore { key, account, on }.into(),
        Person::Blocked => Block { key, account, on }.into(),
        Person::Contact => SetContact { key, account, on }.into(),
    }
}

/// Somebody who is known from a room.
fn account(model: &Model, name: &str) -> Result<AccountId, String> {
    let members = model.here().account.rooms.values().flat_map(|room| &room.members);
    let mut found = members.filter(|(_, member)| member.name.eq_ignore_ascii_case(name)).map(|(id, _)| *id);
    found.next().ok_or_else(|| format!("no {name} is in a room you have opened; open one that he is in"))
}

/// Lines of the audit shown.
const AUDIT_LINES: u16 = 100;

/// Mentions listed at once.
const MENTIONS_LISTED: u16 = 100;
