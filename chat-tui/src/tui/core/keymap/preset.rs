//! Sets of bindings to begin from: the default one, and what other programs' habits change of it.

use super::{Action, Context};
use crate::tui::core::composer::Span;

use Context::{Composer, Global, Overlay, Select, Timeline};

/// Keys, parted by spaces; a sequence is several of them joined by a comma. `None` takes away what the default gave them.
pub(super) type Row = (Context, &'static str, Option<Action>);

/// What every set begins with.
pub(super) const DEFAULT: &[Row] = &[
    (Composer, "enter", Some(Action::Enter)),
    (Composer, "alt-enter shift-enter ctrl-j", Some(Action::Newline)),
    (Composer, "tab", Some(Action::Complete { back: false })),
    (Composer, "shift-tab", Some(Action::Complete { back: true })),
    (Composer, "up", Some(Action::Up)),
    (Composer, "down", Some(Action::Down)),
    (Composer, "ctrl-a home", Some(Action::Go(Span::LineStart))),
    (Composer, "ctrl-e end", Some(Action::Go(Span::LineEnd))),
    (Composer, "ctrl-b left", Some(Action::Go(Span::Back))),
    (Composer, "ctrl-f right", Some(Action::Go(Span::On))),
    (Composer, "alt-b ctrl-left", Some(Action::Go(Span::WordBack))),
    (Composer, "alt-f ctrl-right", Some(Action::Go(Span::WordOn))),
    (Composer, "backspace", Some(Action::Delete(Span::Back))),
    (Composer, "ctrl-d delete", Some(Action::Delete(Span::On))),
    (Composer, "ctrl-w", Some(Action::Kill(Span::BlankBack))),
    (Composer, "alt-backspace", Some(Action::Kill(Span::WordBack))),
    (Composer, "alt-d", Some(Action::Kill(Span::WordOn))),
    (Composer, "ctrl-u", Some(Action::Kill(Span::LineStart))),
    (Composer, "ctrl-k", Some(Action::Kill(Span::LineEnd))),
    (Composer, "ctrl-y", Some(Action::Yank)),
    (Composer, "alt-y", Some(Action::YankPop)),
    (Composer, "ctrl-t", Some(Action::Transpose)),
    (Composer, "ctrl-_", Some(Action::Undo)),
    (Composer, "alt-_", Some(Action::Redo)),
    (Timeline, "pageup", Some(Action::PageUp)),
    (Timeline, "pagedown", Some(Action::PageDown)),
    (Timeline, "alt-pageup", Some(Action::ScrollUp)),
    (Timeline, "alt-pagedown", Some(Action::ScrollDown)),
    (Timeline, "alt-home", Some(Action::Oldest)),
    (Timeline, "alt-end", Some(Action::Newest)),
    (Timeline, "alt-u", Some(Action::FirstUnread)),
    (Timeline, "alt-c", Some(Action::Copy)),
    (Overlay, "up", Some(Action::Up)),
    (Overlay, "down", Some(Action::Down)),
    (Overlay, "enter", Some(Action::Enter)),
    (Global, "ctrl-n alt-down", Some(Action::Step { back: false })),
    (Global, "ctrl-p alt-up", Some(Action::Step { back: true })),
    (Global, "alt-1", Some(Action::Room(1))),
    (Global, "alt-2", Some(Action::Room(2))),
    (Global, "alt-3", Some(Action::Room(3))),
    (Global, "alt-4", Some(Action::Room(4))),
    (Global, "alt-5", Some(Action::Room(5))),
    (Global, "alt-6", Some(Action::Room(6))),
    (Global, "alt-7", Some(Action::Room(7))),
    (Global, "alt-8", Some(Action::Room(8))),
    (Global, "alt-9", Some(Action::Room(9))),
    (Global, "alt-0", Some(Action::Room(10))),
    (Global, "alt-a", Some(Action::NextActive)),
    (Global, "alt-/", Some(Action::LastRoom)),
    (Global, "f7", Some(Action::ToggleRooms)),
    (Global, "f8", Some(Action::ToggleMembers)),
    (Global, "alt-m", Some(Action::ToggleMouse)),
    (Global, "alt-l", Some(Action::ToggleBare)),
    (Global, "ctrl-l", Some(Action::Redraw)),
    (Global, "ctrl-z", Some(Action::Suspend)),
    (Global, "f1 alt-?", Some(Action::Help)),
    (Global, "esc", Some(Action::Escape)),
    (Global, "ctrl-c", Some(Action::Interrupt)),
    (Global, "ctrl-q", Some(Action::Quit)),
];

/// What hands used to `WeeChat` expect.
pub(super) const WEECHAT: &[Row] = &[
    (Composer, "ctrl-j", Some(Action::Enter)),
    (Composer, "alt-r", Some(Action::Kill(Span::LineStart))),
    (Global, "f5 alt-left", Some(Action::Step { back: true })),
    (Global, "f6 alt-right", Some(Action::Step { back: false })),
    (Global, "alt-B", Some(Action::ToggleRooms)),
    (Global, "alt-N", Some(Action::ToggleMembers)),
    (Global, "f7 f8", None),
];

/// What hands used to irssi expect.
pub(super) const IRSSI: &[Row] = &[
    (Composer, "ctrl-j", Some(Action::Enter)),
    (Timeline, "alt-p", Some(Action::PageUp)),
    (Timeline, "alt-n", Some(Action::PageDown)),
    (Global, "alt-left", Some(Action::Step { back: true })),
    (Global, "alt-right", Some(Action::Step { back: false })),
    (Global, "alt-q", Some(Action::Room(11))),
    (Global, "alt-w", Some(Action::Room(12))),
    (Global, "alt-e", Some(Action::Room(13))),
    (Global, "alt-r", Some(Action::Room(14))),
    (Global, "alt-t", Some(Action::Room(15))),
    (Composer, "alt-y", None),
    (Global, "alt-y", Some(Action::Room(16))),
    (Timeline, "alt-u", None),
    (Global, "alt-u", Some(Action::Room(17))),
    (Global, "alt-i", Some(Action::Room(18))),
    (Global, "alt-o", Some(Action::Room(19))),
];

/// What hands used to vim expect: of the insert mode while writing, of the normal mode while selecting messages.
pub(super) const VIM: &[Row] = &[
    (Composer, "ctrl-a", None),
    (Composer, "ctrl-e", None),
    (Composer, "ctrl-b", None),
    (Composer, "ctrl-f", None),
    (Timeline, "ctrl-b", Some(Action::PageUp)),
    (Timeline, "ctrl-f", Some(Action::PageDown)),
    (Timeline, "ctrl-y", Some(Action::ScrollUp)),
    (Composer, "ctrl-y", None),
    (Timeline, "ctrl-e", Some(Action::ScrollDown)),
    (Select, "ctrl-u", Some(Action::HalfUp)),
    (Select, "ctrl-d", Some(Action::HalfDown)),
    (Select, "g,g", Some(Action::Oldest)),
    (Select, "g,t", Some(Action::Step { back: false })),
    (Select, "g,T", Some(Action::Step { back: true })),
    (Select, "Z,Z Z,Q", Some(Action::Quit)),
    (Global, "ctrl-^ ctrl-6", Some(Action::LastRoom)),
    (Select, "ctrl-w,ctrl-w", Some(Action::LastRoom)),
];

/// What hands used to Emacs expect.
pub(super) const EMACS: &[Row] = &[
    (Global, "ctrl-n ctrl-p", None),
    (Composer, "ctrl-n", Some(Action::Down)),
    (Composer, "ctrl-p", Some(Action::Up)),
    (Overlay, "ctrl-n", Some(Action::Down)),
    (Overlay, "ctrl-p", Some(Action::Up)),
    (Composer, "ctrl-x,u", Some(Action::Undo)),
    (Timeline, "alt-v", Some(Action::PageUp)),
    (Timeline, "ctrl-v", Some(Action::PageDown)),
    (Timeline, "alt-<", Some(Action::Oldest)),
    (Timeline, "alt->", Some(Action::Newest)),
    (Global, "ctrl-g", Some(Action::Escape)),
    (Global, "ctrl-x,b", Some(Action::LastRoom)),
    (Global, "ctrl-x,left", Some(Action::Step { back: true })),
    (Global, "ctrl-x,right", Some(Action::Step { back: false })),
    (Global, "ctrl-x,ctrl-c", Some(Action::Quit)),
];

/// What hands used to Slack and its kin expect.
pub(super) const SLACK: &[Row] = &[
    (Composer, "ctrl-z", Some(Action::Undo)),
    (Composer, "ctrl-shift-z", Some(Action::Redo)),
    (Global, "ctrl-z", None),
    (Global, "alt-shift-down alt-shift-up", Some(Action::NextActive)),
    (Global, "ctrl-.", Some(Action::ToggleMembers)),
    (Global, "ctrl-shift-d", Some(Action::ToggleRooms)),
    (Composer, "ctrl-_", None),
    (Global, "ctrl-_", Some(Action::Help)),
];
