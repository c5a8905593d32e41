//! The rooms in the order they are shown and numbered, and which of them have something new.

use chat_proto::RoomId;

use super::model::Model;

/// One room of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomLine<'a> {
    /// Which.
    pub id: RoomId,
    /// Its number, from 1.
    pub number: usize,
    /// Its name.
    pub name: &'a str,
    /// Unread messages.
    pub unread: u64,
    /// Unread mentions.
    pub mentions: usize,
    /// Whether it is being looked at.
    pub current: bool,
}

/// The rooms one is a member of, by name; their numbers are their places.
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
            unread: room.unread(),
            mentions: room.mention_count(),
            current: model.current == Some(*id),
        })
        .collect();
    lines.sort_by_cached_key(|line| (line.name.to_lowercase(), line.id));
    for (number, line) in (1..).zip(&mut lines) {
        line.number = number;
    }
    lines
}

/// Rooms with something new, in the order to go through them: mentions first.
#[must_use]
pub fn hotlist(model: &Model) -> Vec<RoomLine<'_>> {
    let mut hot = room_lines(model);
    hot.retain(|line| line.unread > 0 && !line.current);
    hot.sort_by_key(|line| (line.mentions == 0, line.number));
    hot
}
