//! Names of people and rooms: a name that exists is valid.
//!
//! The rules follow Unicode Standard Annex 15 (NFC) and Technical Standard 39 (identifier profile, restriction level,
//! confusable skeleton).

use std::fmt;

use thiserror::Error;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::is_nfc;
use unicode_security::{GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection, skeleton};
use unicode_segmentation::UnicodeSegmentation;

use crate::limits::{NAME_BYTES_MAX, NAME_GRAPHEMES_MAX};

/// What every guest's name begins with, and nobody else's: no name that is taken can have it.
pub const GUEST_MARK: char = '~';

/// Names nobody may take, because a program or a person could mistake them for the server or for everybody.
pub const RESERVED: [&str; 9] = ["server", "admin", "system", "here", "all", "everyone", "room", "me", "root"];

/// Which rule a name breaks, in words for the person who chose it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing there.
    #[error("a name needs at least one character")]
    Empty,
    /// More than [`NAME_BYTES_MAX`] bytes.
    #[error("{0} bytes long; a name has at most {NAME_BYTES_MAX}")]
    TooManyBytes(usize),
    /// More than [`NAME_GRAPHEMES_MAX`] graphemes.
    #[error("{0} characters long; a name has at most {NAME_GRAPHEMES_MAX}")]
    TooManyCharacters(usize),
    /// A character outside the identifier profile: control, bidi, zero-width, symbols, spaces.
    #[error("U+{:04X} is not allowed; use letters, digits, and - _ . inside", u32::from(*.0))]
    Character(char),
    /// The first character is no letter or digit, or the last one is a dot.
    #[error("a name starts with a letter or digit and does not end in a dot")]
    Edge,
    /// Not in Unicode normalization form C.
    #[error("not in Unicode normalization form C; type it again on the keyboard instead of pasting it")]
    NotNfc,
    /// A mix of scripts that can deceive, such as Latin and Cyrillic.
    #[error("mixes scripts that look alike; write it in one script")]
    MixedScripts,
    /// One of [`RESERVED`], or one that could be taken for it.
    #[error("reserved; choose another one")]
    Reserved,
}

/// Checks what user and room names have in common.
fn check(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    check_length(name)?;
    let allowed = |c: &char| c.identifier_allowed() || matches!(c, '-' | '_' | '.');
    if let Some(bad) = name.chars().find(|c| !allowed(c)) {
        return Err(NameError::Character(bad));
    }
    if !is_nfc(name) {
        return Err(NameError::NotNfc);
    }
    // Some marks count as letters, and attach to whatever stands before the name.
    if !name.starts_with(|c: char| c.is_alphanumeric() && !is_combining_mark(c)) || name.ends_with('.') {
        return Err(NameError::Edge);
    }
    if name.detect_restriction_level() > RestrictionLevel::HighlyRestrictive {
        return Err(NameError::MixedScripts);
    }
    Ok(())
}

fn check_length(name: &str) -> Result<(), NameError> {
    if name.len() > NAME_BYTES_MAX {
        return Err(NameError::TooManyBytes(name.len()));
    }
    let graphemes = name.graphemes(true).count();
    if graphemes > NAME_GRAPHEMES_MAX { Err(NameError::TooManyCharacters(graphemes)) } else { Ok(()) }
}

/// Case folded further than lower case goes: `ẞ`, `ß` and `ss`, final and medial sigma, the Kelvin sign and `k` become equal.
fn fold(name: &str) -> String {
    name.to_lowercase().to_uppercase().chars().flat_map(char::to_lowercase).collect()
}

/// Whether a name is one of [`RESERVED`], or could be taken for one.
fn is_reserved(name: &str) -> bool {
    let keys = NameKeys::of(name);
    let alike = |reserved: &&str| {
        let reserved = NameKeys::of(reserved);
        keys.look == reserved.look || keys.folded == reserved.folded
    };
    RESERVED.iter().any(alike)
}

/// Two names with an equal field here look alike, and only one of them may be taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKeys {
    /// The confusable skeleton (UTS 39, 4) of the name as spelled.
    pub look: String,
    /// The confusable skeleton of the case-folded name.
    pub folded: String,
}

impl NameKeys {
    fn of(name: &str) -> Self {
        Self { look: skeleton(name).collect(), folded: skeleton(&fold(name)).collect() }
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $parse:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Checks a name that came from outside.
            ///
            /// # Errors
            /// Which rule it breaks.
            pub fn parse(name: &str) -> Result<Self, NameError> {
                let parse: fn(&str) -> Result<String, NameError> = $parse;
                parse(name).map(Self)
            }

            /// The name as its owner spelled it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// What must be unique among names of this kind.
            #[must_use]
            pub fn keys(&self) -> NameKeys {
                NameKeys::of(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )*};
}

names! {
    /// The name of an account. Shown as spelled.
    UserName, |name| {
        check(name)?;
        if is_reserved(name) {
            return Err(NameError::Reserved);
        }
        Ok(name.to_owned())
    };
    /// The name of a room. A leading `#` is how it is shown; it is accepted here and not kept.
    RoomName, |name| {
        let bare = name.strip_prefix('#').unwrap_or(name);
        check(bare)?;
        Ok(bare.to_owned())
    };
}

impl UserName {
    /// The server itself, as an author: a name nobody can take.
    #[must_use]
    pub fn server() -> Self {
        Self("server".to_owned())
    }

    /// The name of a guest who wants to be called so: with [`GUEST_MARK`], which counts as a character of it.
    ///
    /// # Errors
    /// Which rule it breaks.
    pub fn guest(name: &str) -> Result<Self, NameError> {
        let marked = format!("{GUEST_MARK}{}", Self::parse(name)?);
        check_length(&marked)?;
        Ok(Self(marked))
    }

    /// A name as it is shown, a guest's or another: for finding somebody, never for taking it.
    ///
    /// # Errors
    /// Which rule it breaks.
    pub fn shown(name: &str) -> Result<Self, NameError> {
        name.strip_prefix(GUEST_MARK).map_or_else(|| Self::parse(name), Self::guest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> Result<UserName, NameError> {
        UserName::parse(name)
    }

    #[test]
    fn ordinary_names_of_several_scripts_are_accepted_as_spelled() {
        for name in ["alice", "Bob-2", "jean.luc", "søren", "Ольга", "山田太郎", "2fast", "a", "x_y_"] {
            assert_eq!(user(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn each_rule_says_what_is_wrong() {
        assert_eq!(user(""), Err(NameError::Empty));
        assert_eq!(user(&"é".repeat(33)), Err(NameError::TooManyBytes(66)));
        assert_eq!(user(&"a".repeat(33)), Err(NameError::TooManyCharacters(33)));
        assert_eq!(user("a b"), Err(NameError::Character(' ')));
        assert_eq!(user("a\u{1b}[31m"), Err(NameError::Character('\u{1b}')));
        assert_eq!(user("a\u{202e}b"), Err(NameError::Character('\u{202e}')));
        assert_eq!(user("a\u{200b}b"), Err(NameError::Character('\u{200b}')));
        assert_eq!(user("a\u{e0041}"), Err(NameError::Character('\u{e0041}')));
        assert_eq!(user("../../x"), Err(NameError::Character('/')));
        assert_eq!(user(".bashrc"), Err(NameError::Edge));
        assert_eq!(user("a."), Err(NameError::Edge));
        assert_eq!(user("\u{17ba}3"), Err(NameError::Edge));
        assert_eq!(user("e\u{301}x"), Err(NameError::NotNfc));
        assert_eq!(user("раypal"), Err(NameError::MixedScripts));
        assert_eq!(user("Admin"), Err(NameError::Reserved));
    }

    #[test]
    fn names_that_look_alike_share_a_key() {
        for (one, other) in
            [("alice", "ALICE"), ("bob", "bоb"), ("modern", "modem"), ("I1l", "l1I"), ("straße", "STRASSE")]
        {
            let key = |name: &str| {
                let unchecked = UserName(name.to_owned()).keys();
                (unchecked.look, unchecked.folded)
            };
            let (a, b) = (key(one), key(other));
            assert!(a.0 == b.0 || a.1 == b.1, "{one} and {other}: {a:?} {b:?}");
        }
        assert_ne!(user("alice").unwrap().keys(), user("alive").unwrap().keys());
    }

    #[test]
    fn a_guest_is_called_as_nobody_else_can_be_and_by_the_same_rules() {
        let guest = UserName::guest("eve").unwrap();
        assert_eq!((guest.as_str(), UserName::shown("~eve")), ("~eve", Ok(guest.clone())));
        assert_eq!(UserName::shown("eve"), user("eve"));
        assert_eq!(
            (user("~eve"), UserName::guest("~eve")),
            (Err(NameError::Character('~')), Err(NameError::Character('~')))
        );
        for (name, error) in [("", NameError::Empty), ("Admin", NameError::Reserved), ("a~", NameError::Character('~'))]
        {
            assert_eq!(UserName::guest(name), Err(error));
        }
        assert_eq!(UserName::guest(&"a".repeat(32)), Err(NameError::TooManyCharacters(33)));
        assert_eq!(UserName::guest(&"a".repeat(31)).unwrap().as_str().len(), 32);
        let (keys, other) = (guest.keys(), user("eve").unwrap().keys());
        assert!(keys.look != other.look && keys.folded != other.folded);
        assert_eq!(UserName::guest("EVE").unwrap().keys().folded, keys.folded);
    }

    #[test]
    fn a_room_is_named_with_or_without_its_hash() {
        assert_eq!(RoomName::parse("#dev").unwrap(), RoomName::parse("dev").unwrap());
        assert_eq!(RoomName::parse("##dev"), Err(NameError::Character('#')));
    }
}
