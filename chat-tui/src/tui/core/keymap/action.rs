//! What keys can do: every action, its name in a configuration, and what the help says of it.

use super::ACTIONS;
use crate::tui::core::composer::Span;
use crate::tui::core::windows::{Side, Split};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send what is written, or run the command; with nothing written, send refused messages again.
    Enter,
    /// Begin another line.
    Newline,
    /// Move the cursor.
    Go(Span),
    /// Delete.
    Delete(Span),
    /// Delete into the kill ring.
    Kill(Span),
    /// Put back what was killed.
    Yank,
    /// Put back what was killed before that.
    YankPop,
    /// Swap two characters.
    Transpose,
    /// Take back the last edit.
    Undo,
    /// Take back the taking back.
    Redo,
    /// Let an editor have what is written.
    Edit,
    /// Look for a line sent before.
    SearchSent,
    /// The line sent before from any room, or the one behind it.
    Sent {
        /// The one behind.
        newer: bool,
    },
    /// Complete the word, forth or back.
    Complete {
        /// The candidate before instead of the next.
        back: bool,
    },
    /// A row up, or the line sent before.
    Up,
    /// A row down, or the line sent after.
    Down,
    /// Clear the line; twice with nothing written, leave.
    Interrupt,
    /// Close what is open.
    Escape,
    /// The next room, or the one before.
    Step {
        /// The one before.
        back: bool,
    },
    /// The room of this number.
    Room(usize),
    /// The next room with something new: mentions, then others, then back to where it began.
    NextActive,
    /// The room before this one.
    LastRoom,
    /// A page back.
    PageUp,
    /// A page on.
    PageDown,
    /// Half a page back.
    HalfUp,
    /// Half a page on.
    HalfDown,
    /// Three rows back.
    ScrollUp,
    /// Three rows on.
    ScrollDown,
    /// The oldest loaded message.
    Oldest,
    /// The newest message.
    Newest,
    /// The first unread message.
    FirstUnread,
    /// Copy the newest message that is shown.
    Copy,
    /// Show something, or hide it again.
    Toggle(Toggle),
    /// Do something with the chosen message.
    Chosen(Deed),
    /// Move the room in the list that is ordered by hand.
    Move {
        /// Towards its beginning.
        up: bool,
    },
    /// Do something with the window in front.
    Window(WindowDeed),
    /// Choose a room, a person or a command.
    Switch,
    /// Choose among the messages.
    Select,
    /// Show unread messages that name one.
    Mentions,
    /// Show what is on its way.
    Outbox,
    /// Show how the room is set.
    RoomForm,
    /// Look for words in the messages.
    Find,
    /// Look for a regular expression, or for words again.
    FindRegex,
    /// Tell capital letters apart while looking, or no more.
    FindCase,
    /// Go by what is new, or was looked at.
    Travel(Travel),
    /// Show the keys and commands.
    Help,
    /// Draw everything anew.
    Redraw,
    /// Give the terminal back to the shell for a while.
    Suspend,
    /// Leave.
    Quit,
}

/// What is shown or hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toggle {
    /// The rooms.
    Rooms,
    /// The members.
    Members,
    /// The mouse, which is this program's or the terminal's.
    Mouse,
    /// Whatever is beside the messages and the line being written.
    Bare,
    /// What filters hide.
    Filters,
}

/// What is done with windows and tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowDeed {
    /// Divide it.
    Split(Split),
    /// Close it.
    Close,
    /// Go to its neighbour.
    Go(Side),
    /// Go to the next one.
    Next,
    /// Show it alone, or all of them again.
    Zoom,
    /// Give it more.
    Grow,
    /// Give it less.
    Shrink,
    /// Give all of them the same.
    Balance,
    /// Open a tab.
    NewTab,
    /// Go to the next tab, or the one before.
    Tab {
        /// The one before.
        back: bool,
    },
}

/// Where to, by what is new or was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Travel {
    /// The mention behind what is read, or the one before.
    Mention {
        /// The one before.
        back: bool,
    },
    /// The next room with something unread, or the one before.
    Unread {
        /// The one before.
        back: bool,
    },
    /// The room looked at behind this one, or the one before.
    Visited {
        /// The one before.
        back: bool,
    },
    /// The room of a number that is typed next.
    Number,
    /// Nowhere: everything on this server counts as read.
    AllRead,
}

/// What is done while messages are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Choose the message before.
    Before,
    /// Choose the message behind.
    Behind,
    /// Choose the oldest loaded message.
    First,
    /// Choose the newest message.
    Last,
    /// Choose the message before that has what was looked for.
    FoundBefore,
    /// Choose the message behind that has what was looked for.
    FoundBehind,
    /// Choose the first message of the day, then of the day before.
    DayBefore,
    /// Choose the first message of the day behind.
    DayBehind,
    /// Go to the message it answers, or answer it if it answers none.
    Primary,
    /// Answer it, and name who wrote it.
    Reply,
    /// Answer it without naming anybody.
    ReplyQuietly,
    /// Change its words.
    Edit,
    /// Remove it; twice.
    Delete,
    /// React to it.
    React,
    /// React as others did, or take that back.
    Same,
    /// Pin it, or take it down.
    Pin,
    /// Copy it to another room.
    Forward,
    /// Go to the message it answers.
    Answered,
    /// Show it with everything that answers it.
    Thread,
    /// Choose several messages, to copy them; or only this one again.
    Range,
    /// Copy its words out of the terminal.
    Copy,
    /// Copy a link to it.
    CopyLink,
    /// Open the link in it.
    OpenLink,
    /// Let it and what follows be new.
    MarkUnread,
    /// Fetch its file.
    Save,
    /// Look at its file as a picture.
    View,
    /// Show what is known of it.
    Info,
    /// Show who wrote it.
    Author,
}

impl Deed {
    /// Whether it only chooses something else.
    #[must_use]
    pub fn moves(self) -> bool {
        match self {
            Self::Before
            | Self::Behind
            | Self::First
            | Self::Last
            | Self::DayBefore
            | Self::DayBehind
            | Self::FoundBefore
            | Self::FoundBehind => true,
            Self::Primary
            | Self::Reply
            | Self::ReplyQuietly
            | Self::Edit
            | Self::Delete
            | Self::React
            | Self::Same
            | Self::Pin
            | Self::Forward
            | Self::Answered
            | Self::Thread
            | Self::Range
            | Self::Copy
            | Self::CopyLink
            | Self::OpenLink
            | Self::Save
            | Self::View
            | Self::MarkUnread
            | Self::Info
            | Self::Author => false,
        }
    }
}

impl Action {
    /// The action of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|(_, known, _)| *known == name).map(|(action, _, _)| *action)
    }

    /// Its name in a configuration, and what it does in a few words.
    #[must_use]
    pub fn described(self) -> (&'static str, &'static str) {
        let known = ACTIONS.iter().find(|(action, _, _)| *action == self);
        known.map_or(("", ""), |(_, name, meaning)| (name, meaning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_one_name_and_is_found_by_it() {
        for (index, (action, name, meaning)) in ACTIONS.iter().enumerate() {
            assert_eq!(Action::named(name), Some(*action), "{name}");
            assert_eq!(action.described(), (*name, *meaning), "{name}");
            assert!(name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-') && index < 200);
        }
        assert_eq!(Action::named("room-21"), None);
    }
}
