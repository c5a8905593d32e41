//! What keys can do: every action, its name in a configuration, and what the help says of it.

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
    /// Show or hide the rooms.
    ToggleRooms,
    /// Show or hide the members.
    ToggleMembers,
    /// Copy the newest message that is shown.
    Copy,
    /// Take the mouse, or leave it to the terminal.
    ToggleMouse,
    /// Only messages and the line being written, with nothing beside them, or everything again.
    ToggleBare,
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
    /// Show what filters hide, or hide it again.
    ToggleFilters,
    /// Show the keys and commands.
    Help,
    /// Draw everything anew.
    Redraw,
    /// Give the terminal back to the shell for a while.
    Suspend,
    /// Leave.
    Quit,
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

/// Every action that a key can be given, its name, and what it does.
pub const ACTIONS: &[(Action, &str, &str)] = &[
    (Action::Enter, "send", "send, or run the command"),
    (Action::Newline, "newline", "begin another line"),
    (Action::Complete { back: false }, "complete", "complete a name, room or command"),
    (Action::Complete { back: true }, "complete-back", "the completion before"),
    (Action::Up, "up", "a row up, or what was sent before"),
    (Action::Down, "down", "a row down, or what was sent after"),
    (Action::Go(Span::LineStart), "go-line-start", "beginning of the line"),
    (Action::Go(Span::LineEnd), "go-line-end", "end of the line"),
    (Action::Go(Span::Back), "go-left", "a character back"),
    (Action::Go(Span::On), "go-right", "a character on"),
    (Action::Go(Span::WordBack), "go-word-left", "a word back"),
    (Action::Go(Span::WordOn), "go-word-right", "a word on"),
    (Action::Delete(Span::Back), "delete-left", "delete before the cursor"),
    (Action::Delete(Span::On), "delete-right", "delete under the cursor"),
    (Action::Kill(Span::BlankBack), "kill-space-left", "kill back to a space"),
    (Action::Kill(Span::WordBack), "kill-word-left", "kill the word before"),
    (Action::Kill(Span::WordOn), "kill-word-right", "kill the word behind"),
    (Action::Kill(Span::LineStart), "kill-line-start", "kill to the beginning"),
    (Action::Kill(Span::LineEnd), "kill-line-end", "kill to the end"),
    (Action::Yank, "yank", "put back what was killed"),
    (Action::YankPop, "yank-older", "what was killed before that"),
    (Action::Transpose, "transpose", "swap two characters"),
    (Action::Undo, "undo", "undo"),
    (Action::Redo, "redo", "redo"),
    (Action::SearchSent, "search-sent", "look for a line sent before"),
    (Action::Sent { newer: false }, "older-sent", "what was sent before, from any room"),
    (Action::Sent { newer: true }, "newer-sent", "what was sent after, from any room"),
    (Action::Edit, "edit", "write in $VISUAL or $EDITOR"),
    (Action::Step { back: false }, "next-room", "next room"),
    (Action::Step { back: true }, "previous-room", "previous room"),
    (Action::Room(1), "room-1", "room 1"),
    (Action::Room(2), "room-2", "room 2"),
    (Action::Room(3), "room-3", "room 3"),
    (Action::Room(4), "room-4", "room 4"),
    (Action::Room(5), "room-5", "room 5"),
    (Action::Room(6), "room-6", "room 6"),
    (Action::Room(7), "room-7", "room 7"),
    (Action::Room(8), "room-8", "room 8"),
    (Action::Room(9), "room-9", "room 9"),
    (Action::Room(10), "room-10", "room 10"),
    (Action::Room(11), "room-11", "room 11"),
    (Action::Room(12), "room-12", "room 12"),
    (Action::Room(13), "room-13", "room 13"),
    (Action::Room(14), "room-14", "room 14"),
    (Action::Room(15), "room-15", "room 15"),
    (Action::Room(16), "room-16", "room 16"),
    (Action::Room(17), "room-17", "room 17"),
    (Action::Room(18), "room-18", "room 18"),
    (Action::Room(19), "room-19", "room 19"),
    (Action::Room(20), "room-20", "room 20"),
    (Action::NextActive, "next-active", "next room with something new"),
    (Action::LastRoom, "last-room", "the room before"),
    (Action::PageUp, "page-up", "a page back"),
    (Action::PageDown, "page-down", "a page on"),
    (Action::HalfUp, "half-page-up", "half a page back"),
    (Action::HalfDown, "half-page-down", "half a page on"),
    (Action::ScrollUp, "scroll-up", "three rows back"),
    (Action::ScrollDown, "scroll-down", "three rows on"),
    (Action::Oldest, "oldest", "oldest loaded message"),
    (Action::Newest, "newest", "newest message"),
    (Action::FirstUnread, "first-unread", "first unread message"),
    (Action::ToggleRooms, "toggle-rooms", "show or hide the rooms"),
    (Action::ToggleMembers, "toggle-members", "show or hide the members"),
    (Action::Copy, "copy", "copy the newest message shown"),
    (Action::ToggleMouse, "toggle-mouse", "mouse for this program, or for the terminal"),
    (Action::ToggleBare, "toggle-bare", "only text, to select with the mouse"),
    (Action::Chosen(Deed::Before), "message-before", "the message before"),
    (Action::Chosen(Deed::Behind), "message-behind", "the message behind"),
    (Action::Chosen(Deed::First), "message-first", "the oldest loaded message"),
    (Action::Chosen(Deed::Last), "message-last", "the newest message"),
    (Action::Chosen(Deed::FoundBefore), "found-before", "the match further back"),
    (Action::Chosen(Deed::FoundBehind), "found-behind", "the match further on"),
    (Action::Chosen(Deed::DayBefore), "day-before", "the beginning of the day, then of the day before"),
    (Action::Chosen(Deed::DayBehind), "day-behind", "the beginning of the day behind"),
    (Action::Chosen(Deed::Primary), "message-enter", "go to what it answers, or answer"),
    (Action::Chosen(Deed::Reply), "message-reply", "answer it"),
    (Action::Chosen(Deed::ReplyQuietly), "message-reply-quietly", "answer it without naming anybody"),
    (Action::Chosen(Deed::Edit), "message-edit", "change its words"),
    (Action::Chosen(Deed::Delete), "message-delete", "remove it; twice"),
    (Action::Chosen(Deed::React), "message-react", "react to it"),
    (Action::Chosen(Deed::Same), "message-react-same", "react as others did, or take it back"),
    (Action::Chosen(Deed::Pin), "message-pin", "pin it, or take it down"),
    (Action::Chosen(Deed::Forward), "message-forward", "copy it to another room"),
    (Action::Chosen(Deed::Answered), "message-answered", "go to the message it answers"),
    (Action::Chosen(Deed::Thread), "message-thread", "it and everything that answers it"),
    (Action::Chosen(Deed::Range), "message-range", "choose several, to copy them"),
    (Action::Chosen(Deed::Copy), "message-copy", "copy its words"),
    (Action::Chosen(Deed::CopyLink), "message-copy-link", "copy a link to it"),
    (Action::Chosen(Deed::OpenLink), "message-open-link", "open the link in it"),
    (Action::Chosen(Deed::MarkUnread), "message-unread", "new from here until you come back"),
    (Action::Chosen(Deed::Info), "message-info", "what is known of it"),
    (Action::Chosen(Deed::Author), "message-author", "who wrote it"),
    (Action::Move { up: true }, "move-room-up", "put this room further up"),
    (Action::Move { up: false }, "move-room-down", "put this room further down"),
    (Action::Window(WindowDeed::Split(Split::Below)), "split-below", "another window below this one"),
    (Action::Window(WindowDeed::Split(Split::Beside)), "split-beside", "another window beside this one"),
    (Action::Window(WindowDeed::Close), "close-window", "close this window"),
    (Action::Window(WindowDeed::Go(Side::Left)), "window-left", "the window at the left"),
    (Action::Window(WindowDeed::Go(Side::Right)), "window-right", "the window at the right"),
    (Action::Window(WindowDeed::Go(Side::Above)), "window-above", "the window above"),
    (Action::Window(WindowDeed::Go(Side::Below)), "window-below", "the window below"),
    (Action::Window(WindowDeed::Next), "window-next", "the next window"),
    (Action::Window(WindowDeed::Zoom), "zoom", "this window alone, or all again"),
    (Action::Window(WindowDeed::Grow), "window-grow", "more place for this window"),
    (Action::Window(WindowDeed::Shrink), "window-shrink", "less place for this window"),
    (Action::Window(WindowDeed::Balance), "windows-balance", "the same place for all windows"),
    (Action::Window(WindowDeed::NewTab), "new-tab", "another tab"),
    (Action::Window(WindowDeed::Tab { back: false }), "next-tab", "the next tab"),
    (Action::Window(WindowDeed::Tab { back: true }), "previous-tab", "the tab before"),
    (Action::Switch, "switch", "choose a room, person or command"),
    (Action::Select, "select", "choose among the messages"),
    (Action::Find, "find", "look for words in the messages"),
    (Action::FindRegex, "find-regex", "look for a regex, or for words"),
    (Action::FindCase, "find-case", "tell capitals apart, or not"),
    (Action::Travel(Travel::Mention { back: false }), "mention-behind", "the mention behind"),
    (Action::Travel(Travel::Mention { back: true }), "mention-before", "the mention before"),
    (Action::Travel(Travel::Unread { back: false }), "next-unread", "next unread room"),
    (Action::Travel(Travel::Unread { back: true }), "previous-unread", "previous unread room"),
    (Action::Travel(Travel::Visited { back: true }), "visited-before", "the room looked at before"),
    (Action::Travel(Travel::Visited { back: false }), "visited-behind", "the room looked at behind that"),
    (Action::Travel(Travel::Number), "room-number", "the room of a number"),
    (Action::Travel(Travel::AllRead), "mark-all-read", "count everything on this server as read"),
    (Action::ToggleFilters, "toggle-filters", "show what filters hide, or hide it"),
    (Action::Mentions, "mentions", "unread messages that name you"),
    (Action::Outbox, "outbox", "messages that are not sent yet"),
    (Action::RoomForm, "room-settings", "how the room is set"),
    (Action::Redraw, "redraw", "draw everything anew"),
    (Action::Suspend, "suspend", "back to the shell for a while"),
    (Action::Help, "help", "the keys and commands"),
    (Action::Escape, "close", "close what is open"),
    (Action::Interrupt, "clear", "clear the line; twice: leave"),
    (Action::Quit, "quit", "leave"),
];

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
