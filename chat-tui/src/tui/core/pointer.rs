//! What the mouse is over, and what it does there.

use chat_proto::Seq;

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
    /// What is in front of the windows.
    Timeline,
    /// A window of the tab that is seen.
    Window(usize),
    /// A message in a window of that tab.
    Message {
        /// The window.
        window: usize,
        /// The message.
        seq: Seq,
    },
    /// A tab.
    Tab(usize),
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
