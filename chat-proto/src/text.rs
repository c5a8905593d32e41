//! Texts people write: checked at the door, so that no control character enters the log.

use std::fmt;

use thiserror::Error;

use crate::limits::{LABEL_BYTES_MAX, LINE_BYTES_MAX, POST_BYTES_MAX, SETTING_BYTES_MAX, STATE_BYTES_MAX};

/// Which rule a text breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("there is nothing in it")]
    Empty,
    /// Over the limit of its field.
    #[error("{len} bytes long; at most {max} are allowed")]
    TooLong {
        /// Bytes given.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A control character (C0, DEL or C1) that has no business in a text.
    #[error("the control character U+{:04X} is not allowed in it", u32::from(*.0))]
    Control(char),
    /// A character that is not of those a label is made of.
    #[error("{0:?} is not allowed in it; use the lower-case letters a to z, digits, and - _ .")]
    Letter(char),
}

fn check(text: &str, max: usize, allowed: &[char]) -> Result<String, TextError> {
    if text.len() > max {
        return Err(TextError::TooLong { len: text.len(), max });
    }
    match text.chars().find(|c| c.is_control() && !allowed.contains(c)) {
        Some(control) => Err(TextError::Control(control)),
        None => Ok(text.to_owned()),
    }
}

/// The text of a message: at most [`POST_BYTES_MAX`] bytes, not blank, no control characters but line feed and tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Checks a text that came from outside.
    ///
    /// # Errors
    /// Which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = check(text, POST_BYTES_MAX, &['\n', '\t'])?;
        if text.trim().is_empty() {
            return Err(TextError::Empty);
        }
        Ok(Self(text))
    }
}

/// A one-line text such as a topic or a reason: at most [`LINE_BYTES_MAX`] bytes, possibly empty, no control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(String);

impl Line {
    /// Checks a line that came from outside.
    ///
    /// # Errors
    /// Which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        check(text, LINE_BYTES_MAX, &[]).map(Self)
    }
}

/// What a program calls a value it keeps: at most [`LABEL_BYTES_MAX`] bytes, not empty, lower-case ASCII letters, digits, `-`,
/// `_` and `.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(String);

impl Label {
    /// Checks a label that came from outside.
    ///
    /// # Errors
    /// Which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let label = check(text, LABEL_BYTES_MAX, &[])?;
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        match label.chars().find(|c| !allowed(*c)) {
            Some(other) => Err(TextError::Letter(other)),
            None if label.is_empty() => Err(TextError::Empty),
            None => Ok(Self(label)),
        }
    }
}

/// The value of a setting: at most [`SETTING_BYTES_MAX`] bytes, possibly empty, no control characters but line feed and tab.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingValue(String);

impl SettingValue {
    /// Checks a value that came from outside.
    ///
    /// # Errors
    /// Which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        check(text, SETTING_BYTES_MAX, &['\n', '\t']).map(Self)
    }
}

/// A value a person's programs keep: at most [`STATE_BYTES_MAX`] bytes, possibly empty, no control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateText(String);

impl StateText {
    /// Checks a value that came from outside.
    ///
    /// # Errors
    /// Which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        check(text, STATE_BYTES_MAX, &[]).map(Self)
    }
}

macro_rules! string_like {
    ($($name:ident)*) => {$(
        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text itself, given away.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

string_like! { Text Line Label SettingValue StateText }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_lines_and_tabs_and_refuses_other_controls() {
        assert_eq!(Text::parse("a\n\tb").unwrap().as_str(), "a\n\tb");
        for control in ['\0', '\r', '\u{1b}', '\u{7f}', '\u{9b}'] {
            assert_eq!(Text::parse(&format!("a{control}")), Err(TextError::Control(control)));
        }
        assert_eq!(Text::parse(" \n\t"), Err(TextError::Empty));
        assert!(Text::parse(&"x".repeat(POST_BYTES_MAX)).is_ok());
        let len = POST_BYTES_MAX + 1;
        assert_eq!(Text::parse(&"x".repeat(len)), Err(TextError::TooLong { len, max: POST_BYTES_MAX }));
    }

    #[test]
    fn a_line_has_no_line_feed() {
        assert_eq!(Line::parse("a\nb"), Err(TextError::Control('\n')));
        assert_eq!(Line::parse("").unwrap().as_str(), "");
    }

    #[test]
    fn a_label_is_made_of_few_characters() {
        assert_eq!(Label::parse("tui.theme-2_x").unwrap().as_str(), "tui.theme-2_x");
        for (label, error) in [
            ("", TextError::Empty),
            ("Theme", TextError::Letter('T')),
            ("a b", TextError::Letter(' ')),
            ("a\u{1b}", TextError::Control('\u{1b}')),
            ("é", TextError::Letter('é')),
        ] {
            assert_eq!(Label::parse(label), Err(error), "{label:?}");
        }
        let len = LABEL_BYTES_MAX + 1;
        assert_eq!(Label::parse(&"x".repeat(len)), Err(TextError::TooLong { len, max: LABEL_BYTES_MAX }));
    }
}
