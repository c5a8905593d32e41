//! What people do in a room: as data, at random, and as requests.

use std::collections::BTreeSet;

use chat_proto::event::{List, ReplyTo, VisibleTo};
use chat_proto::request::{
    ChangeRoom, CreateRoom, DeleteRoom, Edit, JoinRoom, Kick, LeaveRoom, MarkRead, Pin, PostWith, Purge, PutOnList,
    React, Redact, RenameRoom, SetRole, TakeOffList, TransferRoom, UserRef,
};
use chat_proto::setting::{
    Archived, Filter, FilterAction, Filters, HistoryFrom, HistoryShown, JoinPolicy, Joining, Listing, Posting, Reading,
    SlowMode, Who,
};
use chat_proto::{AccountId, MessageKey, Request, Role, RoomId, RoomRef, RoomSetting, Seq, Style, Timestamp};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

/// Somebody, by his place in [`NAMES`].
pub type Person = usize;

pub const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

/// What somebody does in a room. Messages are named by their place, from 1.
#[derive(Clone, Debug)]
pub enum Deed {
    Create,
    Join,
    Leave,
    Post {
        to: Option<BTreeSet<Person>>,
        reply: Option<usize>,
        names: Person,
        rude: bool,
    },
    Edit {
        target: usize,
        names: Person,
        rude: bool,
    },
    Redact {
        target: usize,
    },
    React {
        target: usize,
        on: bool,
    },
    Purge {
        whom: Person,
    },
    Pin {
        target: usize,
        on: bool,
    },
    Give {
        whom: Person,
        role: Role,
    },
    Transfer {
        whom: Person,
    },
    List {
        whom: Person,
        list: List,
        on: bool,
        until: Until,
    },
    Kick {
        whom: Person,
    },
    Set(Setting),
    MarkRead {
        to: usize,
    },
    /// To one of three names, see [`World`](crate::world::World).
    Rename {
        to: usize,
    },
    Delete {
        if_empty: bool,
    },
}

/// Until when somebody is on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    TakenBack,
    /// For so many moments from now.
    Moments(u64),
    /// It lies in the past.
    Past,
}

/// What happens to the rude word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rude {
    Said,
    Replaced,
    Refused,
}

/// The rude word, and what replaces it.
pub const RUDE: [&str; 2] = ["darn", "dear"];

/// How far the clock goes on at once, seconds: many times what a case takes, so that its own time makes no difference.
pub const MOMENT_S: u64 = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    Joining(JoinPolicy),
    Posting(Who),
    Reading(Who),
    Listing(Who),
    History(HistoryFrom),
    Archived(bool),
    /// Whether messages are some moments apart.
    Slow(bool),
    Filter(Rude),
}

fn one_of<T: Copy>(random: &mut StdRng, choices: &[T]) -> T {
    *choices.choose(random).unwrap()
}

/// A role that can be given.
pub fn trust(random: &mut StdRng) -> Role {
    one_of(random, &[Role::Admin, Role::Moderator, Role::Member])
}

/// Where and when something is done.
pub struct Place<'a> {
    pub accounts: &'a [AccountId],
    /// When the case began, and the moments since.
    pub began: Timestamp,
    pub moment: u64,
    /// The names a room can be given: the one it was made with, another one, and that of another room.
    pub names: [String; 3],
}

impl Deed {
    pub fn any(random: &mut StdRng) -> Self {
        let whom = random.random_range(0..NAMES.len());
        let target = random.random_range(0..1_000);
        let on = random.random_bool(0.6);
        match random.random_range(0..53) {
            0..2 => Self::Create,
            2..9 => Self::Join,
            9 => Self::Leave,
            10..19 => {
                let to = random.random_bool(0.3).then(|| [whom, random.random_range(0..NAMES.len())].into());
                let (reply, rude) = (random.random_bool(0.3).then_some(target), random.random_bool(0.2));
                Self::Post { to, reply, names: whom, rude }
            }
            19..22 => Self::Edit { target, names: whom, rude: random.random_bool(0.2) },
            22..25 => Self::Pin { target, on },
            25..28 => Self::Give { whom, role: trust(random) },
            28 => Self::Transfer { whom },
            29..33 => {
                let until = [Until::TakenBack, Until::TakenBack, Until::Moments(1), Until::Moments(2), Until::Past];
                let until = if on { one_of(random, &until) } else { Until::TakenBack };
                Self::List { whom, list: one_of(random, &[List::Banned, List::Muted, List::Invited]), on, until }
            }
            33 => Self::Kick { whom },
            34..39 => Self::Set(Setting::any(random)),
            39..43 => Self::MarkRead { to: target },
            43..46 => Self::Redact { target },
            46..49 => Self::React { target, on },
            49..51 => Self::Purge { whom },
            51 => Self::Rename { to: random.random_range(0..3) },
            _ if random.random_bool(0.4) => Self::Delete { if_empty: on },
            _ => Self::Join,
        }
    }

    /// The same about one of the places of a room, or the one behind its head.
    pub fn within(&self, head: usize, has_neighbour: bool) -> Self {
        let place = |place: usize| place % (head + 1) + 1;
        match self.clone() {
            Self::Post { to, reply, names, rude } => Self::Post { to, reply: reply.map(place), names, rude },
            Self::Edit { target, names, rude } => Self::Edit { target: place(target), names, rude },
            Self::Redact { target } => Self::Redact { target: place(target) },
            Self::React { target, on } => Self::React { target: place(target), on },
            Self::Pin { target, on } => Self::Pin { target: place(target), on },
            Self::MarkRead { to } => Self::MarkRead { to: place(to) },
            // The name of a room that is not there yet stays for that one.
            Self::Rename { to: 2 } if !has_neighbour => Self::Rename { to: 1 },
            other => other,
        }
    }

    /// The words it says, with a number of their own.
    pub fn words(&self, number: usize) -> String {
        match self {
            Self::Post { names, rude, .. } | Self::Edit { names, rude, .. } => {
                let word = if *rude { RUDE[0] } else { "well" };
                format!("@{} {word} m{number}", NAMES[*names])
            }
            _ => String::new(),
        }
    }

    /// The request that asks for it.
    pub fn request(&self, key: MessageKey, room: RoomId, name: &str, at: &Place<'_>, text: &str) -> Request {
        let Place { accounts, began, moment, .. } = at;
        let user = |whom: Person| UserRef::Id(accounts[whom]);
        let place = |place: usize| Seq(place as u64);
        let reason = String::new();
        match self {
            Self::Create => CreateRoom { key, name: name.to_owned(), topic: reason }.into(),
            Self::Join => JoinRoom { key, room: RoomRef::Name(name.to_owned()), create: false }.into(),
            Self::Leave => LeaveRoom { key, room, reason }.into(),
            Self::Post { to, reply, .. } => {
                let to = to.as_ref().map(|people| people.iter().map(|person| accounts[*person]).collect());
                let to = to.map(|accounts| VisibleTo { accounts }.into());
                let reply = reply.map(|target| ReplyTo { target: place(target) }.into());
                let extras = reply.into_iter().chain(to).collect();
                PostWith { key, room, style: Style::Text, text: text.to_owned(), extras }.into()
            }
            Self::Edit { target, .. } => Edit { key, room, target: place(*target), text: text.to_owned() }.into(),
            Self::Pin { target, on } => Pin { key, room, target: place(*target), on: *on }.into(),
            Self::Give { whom, role } => SetRole { key, room, user: user(*whom), role: *role }.into(),
            Self::Transfer { whom } => TransferRoom { key, room, user: user(*whom) }.into(),
            Self::List { whom, list, on: true, until } => {
                let after = |moments: u64| Timestamp(began.0 + ((moments * 2 + 1) * MOMENT_S * 500_000).cast_signed());
                let until = match until {
                    Until::TakenBack => None,
                    Until::Moments(moments) => Some(after(moment + moments)),
                    Until::Past => Some(Timestamp(began.0 - 1)),
                };
                PutOnList { key, room, user: user(*whom), list: *list, until, reason }.into()
            }
            Self::List { whom, list, on: false, .. } => {
                TakeOffList { key, room, user: user(*whom), list: *list, reason }.into()
            }
            Self::Kick { whom } => Kick { key, room, user: user(*whom), reason }.into(),
            Self::Set(setting) => ChangeRoom { key, room, changes: vec![setting.wire()] }.into(),
            Self::MarkRead { to } => MarkRead { room, seq: place(*to) }.into(),
            Self::Redact { target } => Redact { key, room, target: place(*target), reason }.into(),
            Self::React { target, on } => {
                React { key, room, target: place(*target), emoji: "+1".to_owned(), on: *on }.into()
            }
            Self::Purge { whom } => Purge { key, room, user: user(*whom), reason }.into(),
            Self::Rename { to } => RenameRoom { key, room, name: at.names[*to].clone() }.into(),
            Self::Delete { if_empty } => DeleteRoom { key, room, if_empty: *if_empty, reason }.into(),
        }
    }
}

/// Messages are so far apart where they are: one moment and a half.
const SLOW_S: u32 = 1_500;

impl Setting {
    fn any(random: &mut StdRng) -> Self {
        let who = one_of(random, &[Who::Users, Who::Users, Who::Members, Who::Members, Who::Moderators, Who::Admins]);
        match random.random_range(0..18) {
            0..3 => Self::Joining(one_of(random, &[JoinPolicy::Anyone, JoinPolicy::Users, JoinPolicy::Invited])),
            3..5 => Self::Posting(who),
            5..7 => Self::Reading(who),
            7..9 => Self::Listing(who),
            9..11 => Self::History(one_of(random, &[HistoryFrom::Beginning, HistoryFrom::Joining])),
            11..14 => Self::Slow(random.random_bool(0.5)),
            14..17 => Self::Filter(one_of(random, &[Rude::Said, Rude::Replaced, Rude::Refused])),
            _ => Self::Archived(random.random_bool(0.4)),
        }
    }

    fn wire(self) -> RoomSetting {
        match self {
            Self::Joining(policy) => Joining { policy }.into(),
            Self::Posting(who) => Posting { who }.into(),
            Self::Reading(who) => Reading { who }.into(),
            Self::Listing(who) => Listing { who }.into(),
            Self::History(from) => HistoryShown { from }.into(),
            Self::Archived(on) => Archived { on }.into(),
            Self::Slow(on) => SlowMode { seconds: if on { SLOW_S } else { 0 } }.into(),
            Self::Filter(what) => {
                let [word, with] = RUDE.map(str::to_owned);
                let rule = |action| vec![Filter { word, action, with }];
                let rules = match what {
                    Rude::Said => vec![],
                    Rude::Replaced => rule(FilterAction::Replace),
                    Rude::Refused => rule(FilterAction::Reject),
                };
                Filters { rules }.into()
            }
        }
    }

    /// The setting of the wire.
    pub fn read(setting: &RoomSetting) -> Option<Self> {
        match setting {
            RoomSetting::Joining(it) => Some(Self::Joining(it.policy)),
            RoomSetting::Posting(it) => Some(Self::Posting(it.who)),
            RoomSetting::Reading(it) => Some(Self::Reading(it.who)),
            RoomSetting::Listing(it) => Some(Self::Listing(it.who)),
            RoomSetting::HistoryShown(it) => Some(Self::History(it.from)),
            RoomSetting::Archived(it) => Some(Self::Archived(it.on)),
            RoomSetting::SlowMode(it) => Some(Self::Slow(it.seconds > 0)),
            RoomSetting::Filters(it) => Some(Self::Filter(match it.rules.first().map(|rule| rule.action) {
                None => Rude::Said,
                Some(FilterAction::Replace) => Rude::Replaced,
                Some(FilterAction::Reject) => Rude::Refused,
            })),
            _ => None,
        }
    }
}
