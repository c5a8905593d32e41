//! The rooms in the order they are shown and numbered, and which of them have something new.

use chat_proto::{Notify, Presence, RoomId};

use super::draft::begun;
use super::model::Model;
use super::server::{RoomKey, Server, ServerId};
use crate::client::view::RoomView;

/// In which order rooms are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Favourites, then the others, by their names.
    #[default]
    Name,
    /// Favourites, then those with mentions, those with something new, and the others.
    Activity,
    /// As the person put them; those he did not put stand behind, by their names.
    Hand,
}

/// The setting of the account that holds the order by hand: room numbers, parted by blanks.
pub(super) const ORDER: &str = "rooms.order";

/// One room of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomLine<'a> {
    /// Which.
    pub key: RoomKey,
    /// Its number, from 1.
    pub number: usize,
    /// Its name.
    pub name: &'a str,
    /// What it is called: `#` and its name, or with whom it is.
    pub label: String,
    /// Whether it is a conversation.
    pub direct: bool,
    /// Whether the other one is there, if it is with one who is known of.
    pub lamp: Option<Presence>,
    /// Unread messages.
    pub unread: u64,
    /// Unread mentions.
    pub mentions: usize,
    /// Whether it is a favourite.
    pub favourite: bool,
    /// Whether nothing of it counts as news.
    pub muted: bool,
    /// Whether something is begun there and not sent.
    pub draft: bool,
    /// Whether it is being looked at.
    pub current: bool,
}

/// The rooms one is a member of, by server, and behind them its conversations, each in the order the person wants; their numbers
/// are their places.
#[must_use]
pub fn room_lines(model: &Model) -> Vec<RoomLine<'_>> {
    let mut lines: Vec<RoomLine<'_>> = model
        .numbered()
        .flat_map(|(id, server)| server.account.rooms.iter().map(move |(room, view)| (id, server, *room, view)))
        .filter(|(.., view)| view.member)
        .map(|(id, server, room, view)| RoomLine {
            key: RoomKey::new(id, room),
            number: 0,
            name: &view.name,
            label: view.label(),
            direct: view.is_conversation(),
            lamp: lamp(view),
            unread: view.unread(),
            mentions: view.mention_count(),
            favourite: server.account.choices.is_pinned(room),
            muted: server.account.choices.notify_set(room) == Some(Notify::Nothing),
            draft: begun(server, RoomKey::new(id, room)),
            current: model.current() == Some(RoomKey::new(id, room)),
        })
        .collect();
    let by_hand = match model.prefs.order {
        Order::Hand => model.numbered().map(|(_, server)| by_hand(server)).collect(),
        Order::Name | Order::Activity => Vec::new(),
    };
    lines.sort_by_cached_key(|line| {
        let rank = match model.prefs.order {
            Order::Name => (!line.favourite, 0),
            Order::Activity => (!line.favourite, if line.mentions > 0 { 0 } else { 2 - usize::from(line.is_hot()) }),
            Order::Hand => {
                let order = &by_hand[line.key.server.index()];
                (false, order.iter().position(|room| *room == line.key.room).unwrap_or(usize::MAX))
            }
        };
        (line.key.server, line.direct, rank, line.label.to_lowercase(), line.key)
    });
    for (number, line) in (1..).zip(&mut lines) {
        line.number = number;
    }
    lines
}

impl RoomLine<'_> {
    /// Whether there is something new in it that counts.
    #[must_use]
    pub fn is_hot(&self) -> bool {
        self.unread > 0 && !self.muted
    }
}

/// The rooms of a server as the person put them.
pub(super) fn by_hand(server: &Server) -> Vec<RoomId> {
    let numbers = server.account.choices.setting(ORDER).split_whitespace();
    numbers.filter_map(|number| number.parse().ok().map(RoomId)).collect()
}

/// Whether the other one of a conversation is there.
fn lamp(room: &RoomView) -> Option<Presence> {
    let [other] = room.others.as_slice() else { return None };
    room.members.values().find(|member| member.name == *other).map(|member| member.presence)
}

/// A row of the list of rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListRow<'a> {
    /// The server whose rooms stand below.
    Server(ServerId, &'a str),
    /// Conversations stand below.
    Direct,
    /// A room.
    Room(RoomLine<'a>),
}

/// The rows of the list of rooms: below each server its rooms, and below these the conversations.
#[must_use]
pub fn room_list(model: &Model) -> Vec<ListRow<'_>> {
    let mut lines = room_lines(model).into_iter().peekable();
    let mut rows = Vec::new();
    for (id, server) in model.numbered() {
        rows.push(ListRow::Server(id, server.name()));
        let mut direct = false;
        while let Some(line) = lines.next_if(|line| line.key.server == id) {
            if line.direct && !std::mem::replace(&mut direct, true) {
                rows.push(ListRow::Direct);
            }
            rows.push(ListRow::Room(line));
        }
    }
    rows
}

/// The first row of the list of rooms that is shown where there is place for so many: where it was scrolled to, else so that
/// the room being looked at is among them.
#[must_use]
pub fn first_room_row(model: &Model, list: &[ListRow<'_>], rows: usize) -> usize {
    let current = list.iter().position(|row| matches!(row, ListRow::Room(line) if line.current)).unwrap_or(0);
    let scrolled = model.scrolled.rooms.filter(|_| model.scrolled.room == model.current());
    scrolled.unwrap_or((current + 1).saturating_sub(rows)).min(list.len().saturating_sub(rows))
}

/// Rooms with something new, in the order to go through them: mentions first.
#[must_use]
pub fn hotlist(model: &Model) -> Vec<RoomLine<'_>> {
    let mut hot = room_lines(model);
    hot.retain(|line| line.is_hot() && !line.current);
    hot.sort_by_key(|line| (line.mentions == 0, line.number));
    hot
}
