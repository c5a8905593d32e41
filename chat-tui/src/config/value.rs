//! What a setting may be, and how that is written.

use std::fmt;

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(String),
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(u64),
    /// Strings.
    List(Vec<String>),
}

impl fmt::Display for Value {
    /// As TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &String| toml::Value::String(text.clone()).to_string();
        match self {
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::List(words) => write!(f, "[{}]", words.iter().map(quoted).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// What a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A string.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number between these, both included.
    Number(u64, u64),
    /// Strings.
    List,
}
