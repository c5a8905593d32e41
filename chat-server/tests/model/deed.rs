//! What people do in a room: as data, at random, and as requests.

use std::collections::BTreeSet;

use chat_proto::event::{List, ReplyTo, VisibleTo};
use chat_proto::request::{
    ChangeRoom, CreateRoom, Edit, JoinRoom, Kick, LeaveRoom, MarkRead, Pin, PostWith, PutOnList, SetRole, TakeOffList,
    TransferRoom, UserRef,
};
use chat_proto::setting::{Archived, HistoryFrom, HistoryShown, JoinPolicy, Joining, Listing, Posting, Reading, Who};
use chat_proto::{AccountId, MessageKey, Request, Role, RoomId, RoomRef, RoomSetting, Seq, Style};
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
    Post { to: Option<BTreeSet<Person>>, reply: Option<usize>, names: Person },
    Edit { target: usize, names: Person },
    Pin { target: usize, on: bool },
    Give { whom: Person, role: Role },
    Transfer { whom: Person },
    List { whom: Person, list: List, on: bool },
    Kick { whom: Person },
    Set(Setting),
    MarkRead { to: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    Joining(JoinPolicy),
    Posting(Who),
    Reading(Who),
    Listing(Who),
    History(HistoryFrom),
    Archived(bool),
}

fn one_of<T: Copy>(random: &mut StdRng, choices: &[T]) -> T {
    *choices.choose(random).unwrap()
}

/// A role that can be given.
pub fn trust(random: &mut StdRng) -> Role {
    one_of(random, &[Role::Admin, Role::Moderator, Role::Member])
}

impl Deed {
    pub fn any(random: &mut StdRng) -> Self {
        let whom = random.random_range(0..NAMES.len());
        let target = random.random_range(0..1_000);
        let on = random.random_bool(0.6);
        match random.random_range(0..40) {
            0..2 => Self::Create,
            2..9 => Self::Join,
            9 => Self::Leave,
            10..17 => {
                let to = random.random_bool(0.3).then(|| [whom, random.random_range(0..NAMES.len())].into());
                Self::Post { to, reply: random.random_bool(0.3).then_some(target), names: whom }
            }
            17..20 => Self::Edit { target, names: whom },
            20..23 => Self::Pin { target, on },
            23..26 => Self::Give { whom, role: trust(random) },
            26 => Self::Transfer { whom },
            27..31 => Self::List { whom, list: one_of(random, &[List::Banned, List::Muted, List::Invited]), on },
            31 => Self::Kick { whom },
            32..36 => Self::Set(Setting::any(random)),
            _ => Self::MarkRead { to: target },
        }
    }

    /// The same about one of the places of a room, or the one behind its head.
    pub fn within(&self, head: usize) -> Self {
        let place = |place: usize| place % (head + 1) + 1;
        match self.clone() {
            Self::Post { to, reply, names } => Self::Post { to, reply: reply.map(place), names },
            Self::Edit { target, names } => Self::Edit { target: place(target), names },
            Self::Pin { target, on } => Self::Pin { target: place(target), on },
            Self::MarkRead { to } => Self::MarkRead { to: place(to) },
            other => other,
        }
    }

    /// The words it says, with a number of their own.
    pub fn words(&self, number: usize) -> String {
        match self {
            Self::Post { names, .. } | Self::Edit { names, .. } => format!("@{} m{number}", NAMES[*names]),
            _ => String::new(),
        }
    }

    /// The request that asks for it.
    pub fn request(&self, key: MessageKey, room: RoomId, name: &str, accounts: &[AccountId], text: &str) -> Request {
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
            Self::List { whom, list, on: true } => {
                PutOnList { key, room, user: user(*whom), list: *list, until: None, reason }.into()
            }
            Self::List { whom, list, on: false } => {
                TakeOffList { key, room, user: user(*whom), list: *list, reason }.into()
            }
            Self::Kick { whom } => Kick { key, room, user: user(*whom), reason }.into(),
            Self::Set(setting) => ChangeRoom { key, room, changes: vec![setting.wire()] }.into(),
            Self::MarkRead { to } => MarkRead { room, seq: place(*to) }.into(),
        }
    }
}

impl Setting {
    fn any(random: &mut StdRng) -> Self {
        let who = one_of(random, &[Who::Users, Who::Users, Who::Members, Who::Members, Who::Moderators, Who::Admins]);
        match random.random_range(0..12) {
            0..3 => Self::Joining(one_of(random, &[JoinPolicy::Anyone, JoinPolicy::Users, JoinPolicy::Invited])),
            3..5 => Self::Posting(who),
            5..7 => Self::Reading(who),
            7..9 => Self::Listing(who),
            9..11 => Self::History(one_of(random, &[HistoryFrom::Beginning, HistoryFrom::Joining])),
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
            _ => None,
        }
    }
}
