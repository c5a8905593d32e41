//! Which key does what: one table, which the help is made of too.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::composer::Span;
use crate::tui::term::key::Key;

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
    /// Show the keys and commands.
    Help,
    /// Draw everything anew.
    Redraw,
    /// Give the terminal back to the shell for a while.
    Suspend,
    /// Leave.
    Quit,
}

/// Keys that do the same, what they do, and what the help says of it; keys the help needn't tell apart say nothing.
pub const DEFAULT: &[(&str, Action, &str)] = &[
    ("enter", Action::Enter, "send, or run the command"),
    ("alt-enter shift-enter ctrl-j", Action::Newline, "begin another line"),
    ("tab", Action::Complete { back: false }, "complete a name, room or command"),
    ("shift-tab", Action::Complete { back: true }, ""),
    ("up", Action::Up, "a row up, or what was sent before"),
    ("down", Action::Down, ""),
    ("ctrl-a home", Action::Go(Span::LineStart), "beginning of the line"),
    ("ctrl-e end", Action::Go(Span::LineEnd), "end of the line"),
    ("ctrl-b left", Action::Go(Span::Back), ""),
    ("ctrl-f right", Action::Go(Span::On), ""),
    ("alt-b ctrl-left", Action::Go(Span::WordBack), "a word back"),
    ("alt-f ctrl-right", Action::Go(Span::WordOn), "a word on"),
    ("backspace", Action::Delete(Span::Back), ""),
    ("ctrl-d delete", Action::Delete(Span::On), "delete under the cursor"),
    ("ctrl-w", Action::Kill(Span::BlankBack), "kill back to a space"),
    ("alt-backspace", Action::Kill(Span::WordBack), "kill the word before"),
    ("alt-d", Action::Kill(Span::WordOn), "kill the word behind"),
    ("ctrl-u", Action::Kill(Span::LineStart), "kill to the beginning"),
    ("ctrl-k", Action::Kill(Span::LineEnd), "kill to the end"),
    ("ctrl-y", Action::Yank, "put back what was killed"),
    ("alt-y", Action::YankPop, "what was killed before that"),
    ("ctrl-t", Action::Transpose, "swap two characters"),
    ("ctrl-_", Action::Undo, "undo"),
    ("alt-_", Action::Redo, "redo"),
    ("ctrl-n alt-down", Action::Step { back: false }, "next room"),
    ("ctrl-p alt-up", Action::Step { back: true }, "previous room"),
    ("alt-1", Action::Room(1), "room 1, and so on to alt-0"),
    ("alt-2", Action::Room(2), ""),
    ("alt-3", Action::Room(3), ""),
    ("alt-4", Action::Room(4), ""),
    ("alt-5", Action::Room(5), ""),
    ("alt-6", Action::Room(6), ""),
    ("alt-7", Action::Room(7), ""),
    ("alt-8", Action::Room(8), ""),
    ("alt-9", Action::Room(9), ""),
    ("alt-0", Action::Room(10), ""),
    ("alt-a", Action::NextActive, "next room with something new"),
    ("alt-/", Action::LastRoom, "the room before"),
    ("pageup", Action::PageUp, "a page back"),
    ("pagedown", Action::PageDown, "a page on"),
    ("alt-pageup", Action::ScrollUp, "three rows back"),
    ("alt-pagedown", Action::ScrollDown, "three rows on"),
    ("alt-home", Action::Oldest, "oldest loaded message"),
    ("alt-end", Action::Newest, "newest message"),
    ("alt-u", Action::FirstUnread, "first unread message"),
    ("f7", Action::ToggleRooms, "show or hide the rooms"),
    ("f8", Action::ToggleMembers, "show or hide the members"),
    ("ctrl-l", Action::Redraw, "draw everything anew"),
    ("ctrl-z", Action::Suspend, "back to the shell for a while"),
    ("f1 alt-?", Action::Help, "this help"),
    ("esc", Action::Escape, "close what is open"),
    ("ctrl-c", Action::Interrupt, "clear the line; twice: leave"),
    ("ctrl-q", Action::Quit, "leave"),
];

static KEYS: LazyLock<BTreeMap<Key, Action>> = LazyLock::new(|| {
    let keys = DEFAULT
        .iter()
        .flat_map(|(names, action, _)| names.split(' ').filter_map(|name| name.parse().ok()).map(|key| (key, *action)));
    keys.collect()
});

/// What a key does, if it does something.
#[must_use]
pub fn action(key: Key) -> Option<Action> {
    KEYS.get(&key.normal()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_is_one_and_is_named_once() {
        let mut seen = BTreeMap::new();
        for name in DEFAULT.iter().flat_map(|(names, _, _)| names.split(' ')) {
            let key: Key = name.parse().unwrap();
            assert_eq!(seen.insert(key, name), None, "{name}");
            assert!(action(key).is_some(), "{name}");
        }
    }
}
