//! A key as people name it (`ctrl-x`, `alt-enter`, `<`), the same whatever protocol the terminal speaks.
//!
//! Terminals cannot tell some keys apart, so these are one here: `ctrl-i` is `tab`, `ctrl-m` is `enter`, `ctrl-h` is
//! `backspace`, `ctrl-[` is `esc`. `ctrl-j` is a key of its own. Shift is part of a character (`A`, `<`) and written as
//! `shift-` only with named keys and with `ctrl-`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    /// A character, as typed: `A` with Shift held.
    Char(char),
    /// Enter or Return.
    Enter,
    /// Tab; Shift-Tab is this with `shift`.
    Tab,
    /// Backspace.
    Backspace,
    /// Escape.
    Esc,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Insert.
    Insert,
    /// Delete.
    Delete,
    /// A function key, 1 to [`FUNCTION_KEY_MAX`].
    F(u8),
}

/// A key with what was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Which key.
    pub code: KeyCode,
    /// Control was held.
    pub ctrl: bool,
    /// Alt, Option or Meta was held, or Escape came just before.
    pub alt: bool,
    /// Shift was held, where the character does not say so itself.
    pub shift: bool,
}

impl Key {
    /// A key with nothing held.
    #[must_use]
    pub fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// The character this key types, if it types one.
    #[must_use]
    pub fn typed(self) -> Option<char> {
        if let KeyCode::Char(c) = self.code { (!self.ctrl && !self.alt).then_some(c) } else { None }
    }

    /// The key as people are shown it: `Ctrl-N`, `PgUp`, `Alt-Shift-A`.
    #[must_use]
    pub fn title(self) -> String {
        let (shift, code) = match self.code {
            KeyCode::Char(' ') => (self.shift, "Space".to_owned()),
            KeyCode::Char(c) if self.ctrl || self.alt => (self.shift || c.is_uppercase(), one_upper(c).to_string()),
            KeyCode::Char(c) => (self.shift, c.to_string()),
            KeyCode::PageUp => (self.shift, "PgUp".to_owned()),
            KeyCode::PageDown => (self.shift, "PgDn".to_owned()),
            KeyCode::Delete => (self.shift, "Del".to_owned()),
            KeyCode::Insert => (self.shift, "Ins".to_owned()),
            KeyCode::Enter
            | KeyCode::Tab
            | KeyCode::Backspace
            | KeyCode::Esc
            | KeyCode::Up
            | KeyCode::Down
            | KeyCode::Left
            | KeyCode::Right
            | KeyCode::Home
            | KeyCode::End
            | KeyCode::F(_) => {
                let name = Self::plain(self.code).to_string();
                (self.shift, name[..1].to_ascii_uppercase() + &name[1..])
            }
        };
        let held = [(self.ctrl, "Ctrl-"), (self.alt, "Alt-"), (shift, "Shift-")];
        let mut title = code;
        for (_, name) in held.into_iter().rev().filter(|(held, _)| *held) {
            title.insert_str(0, name);
        }
        title
    }

    /// The same key in the one form that the keys of this program have: see the module.
    #[must_use]
    pub fn normal(mut self) -> Self {
        let KeyCode::Char(c) = self.code else {
            return self;
        };
        if self.ctrl {
            let named = match c.to_ascii_lowercase() {
                'i' => Some(KeyCode::Tab),
                'm' => Some(KeyCode::Enter),
                'h' => Some(KeyCode::Backspace),
                '[' => Some(KeyCode::Esc),
                _ => None,
            };
            self.ctrl = named.is_none();
            self.code = named.unwrap_or(match c {
                // The same control code by three names.
                '/' | '7' => KeyCode::Char('_'),
                '@' | '2' => KeyCode::Char(' '),
                c => KeyCode::Char(one_lower(c)),
            });
        } else if self.shift {
            self.code = KeyCode::Char(one_upper(c));
            self.shift = false;
        }
        self
    }

    /// Reads keys parted by spaces, such as `ctrl-x ctrl-e`.
    ///
    /// # Errors
    /// The first key that is none, or too many of them.
    pub fn sequence(names: &str) -> Result<Vec<Self>, KeyError> {
        let keys: Vec<Self> = names.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        if keys.len() > SEQUENCE_KEYS_MAX { Err(KeyError::TooMany(keys.len())) } else { Ok(keys) }
    }
}

fn one_upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    upper.next().filter(|_| upper.next().is_none()).unwrap_or(c)
}

fn one_lower(c: char) -> char {
    let mut lower = c.to_lowercase();
    lower.next().filter(|_| lower.next().is_none()).unwrap_or(c)
}

/// Why a text names no key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Nothing there.
    #[error("a key is missing")]
    Empty,
    /// Neither one character nor a name in the table.
    #[error("`{0}` is no key; write for example ctrl-x, alt-enter, shift-tab, f1, space or <")]
    Unknown(String),
    /// More than [`SEQUENCE_KEYS_MAX`] keys in a row.
    #[error("{0} keys in a row; at most {SEQUENCE_KEYS_MAX} are allowed")]
    TooMany(usize),
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(name: &str) -> Result<Self, KeyError> {
        let mut key = Self::plain(KeyCode::Esc);
        let mut rest = name;
        loop {
            if let Some(after) = after_prefix(rest, "ctrl-") {
                (key.ctrl, rest) = (true, after);
            } else if let Some(after) = after_prefix(rest, "alt-") {
                (key.alt, rest) = (true, after);
            } else if let Some(after) = after_prefix(rest, "shift-") {
                (key.shift, rest) = (true, after);
            } else {
                break;
            }
        }
        if rest.is_empty() {
            return Err(KeyError::Empty);
        }
        key.code = code(rest).ok_or_else(|| KeyError::Unknown(name.to_owned()))?;
        Ok(key.normal())
    }
}

/// What follows a prefix in any case, if something does.
fn after_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let head = name.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &name[prefix.len()..])
}

fn code(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return (!c.is_control() && !c.is_whitespace()).then_some(KeyCode::Char(c));
    }
    let name = name.to_ascii_lowercase();
    if let Some(number) = name.strip_prefix('f').and_then(|n| n.parse().ok()) {
        return (1..=FUNCTION_KEY_MAX).contains(&number).then_some(KeyCode::F(number));
    }
    NAMES.iter().chain(&ALIASES).find(|(known, _)| *known == name).map(|(_, code)| *code)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")];
        for (_, prefix) in held.into_iter().filter(|(held, _)| *held) {
            f.write_str(prefix)?;
        }
        if let Some((name, _)) = NAMES.iter().find(|(_, code)| *code == self.code) {
            f.write_str(name)
        } else if let KeyCode::F(number) = self.code {
            write!(f, "f{number}")
        } else if let KeyCode::Char(c) = self.code {
            write!(f, "{c}")
        } else {
            Ok(())
        }
    }
}

/// The highest function key terminals report.
pub const FUNCTION_KEY_MAX: u8 = 24;
/// Keys in one binding.
pub const SEQUENCE_KEYS_MAX: usize = 4;

const NAMES: [(&str, KeyCode); 15] = [
    ("space", KeyCode::Char(' ')),
    ("enter", KeyCode::Enter),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("esc", KeyCode::Esc),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("insert", KeyCode::Insert),
    ("delete", KeyCode::Delete),
];

const ALIASES: [(&str, KeyCode); 7] = [
    ("return", KeyCode::Enter),
    ("escape", KeyCode::Esc),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("ins", KeyCode::Insert),
    ("del", KeyCode::Delete),
    ("minus", KeyCode::Char('-')),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_as_it_is_written() {
        for name in [
            "ctrl-x",
            "alt-enter",
            "f1",
            "f24",
            "shift-tab",
            "<",
            "-",
            "ctrl--",
            "alt--",
            "A",
            "alt-A",
            "ctrl-alt-k",
            "ctrl-shift-k",
            "space",
            "ctrl-space",
            "pagedown",
            "shift-up",
            "é",
            "ctrl-_",
            "alt-/",
            "ctrl-j",
        ] {
            assert_eq!(name.parse::<Key>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn people_are_shown_keys_as_they_stand_on_the_keyboard() {
        for (name, title) in [
            ("ctrl-n", "Ctrl-N"),
            ("alt-A", "Alt-Shift-A"),
            ("alt-?", "Alt-?"),
            ("shift-tab", "Shift-Tab"),
            ("pageup", "PgUp"),
            ("f1", "F1"),
            ("ctrl-space", "Ctrl-Space"),
            ("G", "G"),
        ] {
            assert_eq!(name.parse::<Key>().unwrap().title(), title);
        }
    }

    #[test]
    fn keys_that_terminals_cannot_tell_apart_are_one() {
        for (name, same) in [
            ("ctrl-i", "tab"),
            ("ctrl-m", "enter"),
            ("ctrl-h", "backspace"),
            ("ctrl-[", "esc"),
            ("alt-ctrl-m", "alt-enter"),
            ("ctrl-K", "ctrl-k"),
            ("ctrl-/", "ctrl-_"),
            ("ctrl-@", "ctrl-space"),
            ("alt-shift-u", "alt-U"),
            ("shift-a", "A"),
            ("Alt-PgUp", "alt-pageup"),
            ("ctrl-minus", "ctrl--"),
        ] {
            assert_eq!(name.parse::<Key>(), same.parse::<Key>(), "{name}");
        }
        assert_ne!("ctrl-j".parse::<Key>(), "enter".parse::<Key>());
    }

    #[test]
    fn what_is_no_key_is_named_in_the_error() {
        assert_eq!("ctrl-".parse::<Key>(), Err(KeyError::Empty));
        for name in ["", "f0", "f25", "ctrl-foo", "super-x", "ab", " ", "日本"] {
            assert!(name.parse::<Key>().is_err(), "{name:?}");
        }
        assert!(Key::sequence("a b c d e").is_err());
        assert_eq!(Key::sequence("ctrl-x ctrl-e").unwrap().len(), 2);
    }
}
