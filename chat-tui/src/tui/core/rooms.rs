//! The rooms in the order they are shown and numbered, and which of them have something new.

use chat_proto::{Presence, RoomId};

use super::model::Model;
use crate::client::view::RoomView;

/// One room of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomLine<'a> {
    /// Which.
    pub id: RoomId,
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
    /// Whether it is being looked at.
    pub current: bool,
}

/// The rooms one is a member of, by name, and behind them the conversations; their numbers are their places.
#[must_use]
pub fn room_lines(model: &Model) -> Vec<RoomLine<'_>> {
    let mut lines: Vec<RoomLine<'_>> = model
        .account
        .rooms
        .iter()
        .filter(|(_, room)| room.member)
        .map(|(id, room)| RoomLine {
            id: *id,
            number: 0,
            name: &room.name,
            label: room.label(),
            direct: room.is_conversation(),
            lamp: lamp(room),
            unread: room.unread(),
            mentions: room.mention_count(),
            current: model.current == Some(*id),
        })
        .collect();
    lines.sort_by_cached_key(|line| (line.direct, line.label.to_lowercase(), line.id));
    for (number, line) in (1..).zip(&mut lines) {
        line.number = number;
    }
    lines
}

/// Whether the other one of a conversation is there.
fn lamp(room: &RoomView) -> Option<Presence> {
    let [other] = room.others.as_slice() else { return None };
    room.members.values().find(|member| member.name == *other).map(|member| member.presence)
}

/// How many rows the rooms take: one each, and one above the conversations.
#[must_use]
pub fn room_rows(lines: &[RoomLine<'_>]) -> usize {
    lines.len() + usize::from(lines.iter().any(|line| line.direct))
}

/// The first line of the rooms that a list of so many rows shows: where it was scrolled to, else so that the room being
/// looked at is among them.
#[must_use]
pub fn first_room_line(model: &Model, rows: usize) -> usize {
    let lines = room_lines(model);
    let current = lines.iter().position(|line| line.current).unwrap_or(0);
    let rows = rows.saturating_sub(room_rows(&lines) - lines.len());
    let scrolled = model.scrolled.rooms.filter(|_| model.scrolled.room == model.current);
    scrolled.unwrap_or((current + 1).saturating_sub(rows)).min(lines.len().saturating_sub(rows))
}

/// Rooms with something new, in the order to go through them: mentions first.
#[must_use]
pub fn hotlist(model: &Model) -> Vec<RoomLine<'_>> {
    let mut hot = room_lines(model);
    hot.retain(|line| line.unread > 0 && !line.current);
    hot.sort_by_key(|line| (line.mentions == 0, line.number));
    hot
}
