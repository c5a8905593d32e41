//! A server the screen is connected to, or was, and what is known of it and of its rooms.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_proto::delivery::Greeting;
use chat_proto::{DeviceId, MessageKey, RoomId, Seq, Timestamp};

use super::room_state::RoomState;
use super::typing::Typists;
use crate::client::view::AccountView;
use crate::client::{LinkState, Question, StopReason};

/// Servers the screen is connected to at once.
pub const SERVERS_MAX: usize = 16;

/// Which of the servers: its place in the order they came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerId(pub u8);

impl ServerId {
    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A room of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey {
    /// Where it is.
    pub server: ServerId,
    /// Which it is there.
    pub room: RoomId,
}

impl RoomKey {
    /// A room of a server.
    #[must_use]
    pub fn new(server: ServerId, room: RoomId) -> Self {
        Self { server, room }
    }
}

/// Where the connection stands, and when it is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// As the session says.
    pub state: LinkState,
    /// When it is tried again, if it waits.
    pub retry_at: Duration,
}

/// What is known of a server and of its rooms.
#[derive(Debug)]
pub struct Server {
    /// As the person named it.
    pub host: String,
    /// What it says of itself.
    pub greeting: Greeting,
    /// What people are called, by their names.
    pub nicks: BTreeMap<String, String>,
    /// Where the connection stands.
    pub link: Link,
    /// The smoothed round-trip time.
    pub round_trip: Option<Duration>,
    /// What the account knows.
    pub account: AccountView,
    /// The device this is, once it logged in.
    pub device: DeviceId,
    /// What the screen keeps of rooms.
    pub rooms: BTreeMap<RoomId, RoomState>,
    /// Why its session is over, if it is.
    pub ended: Option<StopReason>,
    /// What it asks the person to trust, until he said so or not.
    pub(super) unknown: Option<Question>,
    pub(super) typists: Typists,
    /// What was said before that, by the server's clock, is history.
    pub(super) since: Option<Timestamp>,
    /// The room asked for when it was connected to, until it is there.
    pub(super) wanted: Option<String>,
    /// When messages were written that are on their way, for those written while this was open.
    pub(super) queued: BTreeMap<MessageKey, Timestamp>,
    /// Drafts of the account changed, which is still to be looked at.
    pub(super) drafts_changed: bool,
    /// The message to be gone to in the room that is opened first.
    pub(super) leads_to: Option<Seq>,
    /// Further rooms to be in, until they were asked for.
    pub(super) also: Vec<String>,
}

impl Server {
    /// A server that is being connected to as somebody. The first of the rooms is opened as soon as it can be; the others are
    /// joined, and not gone to.
    #[must_use]
    pub fn new(host: impl Into<String>, name: impl Into<String>, rooms: impl IntoIterator<Item = String>) -> Self {
        let mut account = AccountView::default();
        account.me.name = name.into();
        let mut server = Self {
            host: host.into(),
            greeting: Greeting::default(),
            nicks: BTreeMap::new(),
            link: Link { state: LinkState::Connecting, retry_at: Duration::ZERO },
            round_trip: None,
            account,
            device: DeviceId::default(),
            rooms: BTreeMap::new(),
            ended: None,
            unknown: None,
            typists: Typists::default(),
            since: None,
            wanted: None,
            queued: BTreeMap::new(),
            drafts_changed: false,
            leads_to: None,
            also: Vec::new(),
        };
        server.ask_for(rooms);
        server
    }

    /// The same, where a message is gone to in the room that is opened first.
    #[must_use]
    pub fn leading_to(self, message: Option<Seq>) -> Self {
        Self { leads_to: message, ..self }
    }

    /// Rooms to be in as soon as that can be; the first of them is opened.
    pub(super) fn ask_for(&mut self, rooms: impl IntoIterator<Item = String>) {
        let mut rooms = rooms.into_iter().map(|room| room.trim_start_matches('#').to_owned());
        self.wanted = rooms.next().or_else(|| self.wanted.take());
        self.also.extend(rooms);
    }

    /// What it is called: as it says, or else as the person named it.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.greeting.name.is_empty() { &self.host } else { &self.greeting.name }
    }

    /// Somebody as he is called, the name at hand.
    #[must_use]
    pub fn called(&self, name: &str) -> String {
        self.nicks.get(name).map_or_else(|| name.to_owned(), |nick| format!("{nick} ({name})"))
    }

    /// Whether the session is logged in.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.link.state == LinkState::Online
    }

    /// A room one is a member of, by its name.
    pub(super) fn joined_as(&self, name: &str) -> Option<RoomId> {
        self.account.room_named(name).filter(|(_, room)| room.member).map(|(id, _)| id)
    }

    /// Somebody is called so; nothing for his name alone.
    pub(super) fn set_nick(&mut self, name: String, nick: String) {
        if nick.is_empty() {
            self.nicks.remove(&name);
        } else if self.nicks.len() < NICKS_MAX || self.nicks.contains_key(&name) {
            self.nicks.insert(name, nick);
        }
    }

    /// Tells a room's timeline how far the room goes.
    pub(super) fn set_bounds(&mut self, room: RoomId) {
        if let (Some(view), Some(state)) = (self.account.rooms.get(&room), self.rooms.get_mut(&room)) {
            state.set_bounds(view);
        }
    }
}

/// Nicks that are remembered of a server; further ones are not shown.
const NICKS_MAX: usize = 10_000;
