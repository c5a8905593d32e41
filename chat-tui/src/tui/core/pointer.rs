//! What the mouse is over, and what it does there.

use super::server::RoomKey;

/// A part of the screen that knows what a click on it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A room's name.
    Room(RoomKey),
    /// The list of rooms, beside the names in it.
    Rooms,
    /// A member, by his name.
    Member(String),
    /// The list of members, beside the names in it.
    Members,
    /// Messages, or what is in front of them.
    Timeline,
    /// One of the things to choose from, by its place.
    Item(usize),
    /// What says which room it is, above the messages.
    Header,
    /// The line being written.
    Composer {
        /// Its row, counted from the beginning of the text.
        row: usize,
        /// The column in that row.
        column: u16,
    },
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// The left button was pressed.
    Click,
    /// The wheel was turned away from the person.
    WheelUp,
    /// The wheel was turned towards the person.
    WheelDown,
}
