//! Settings that are one word out of a few.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A word that is none of those a setting takes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{given:?} is none of {}", .known.join(", "))]
pub struct UnknownChoice {
    /// What was given.
    pub given: String,
    /// What could have been given.
    pub known: &'static [&'static str],
}

/// An enum whose variants are written as words; the first is the default.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $(#[$first_meta:meta])* $first:ident = $first_word:literal, $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name {
            #[default]
            $(#[$first_meta])* $first,
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// Every word, in order of the variants.
            pub const WORDS: &'static [&'static str] = &[$first_word, $($word),+];
        }

        impl FromStr for $name {
            type Err = UnknownChoice;

            fn from_str(word: &str) -> Result<Self, UnknownChoice> {
                match word {
                    $first_word => Ok(Self::$first),
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownChoice { given: word.to_owned(), known: Self::WORDS }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    Self::$first => $first_word,
                    $(Self::$variant => $word,)+
                })
            }
        }
    };
}

choice! {
    /// In which order rooms are listed; favourites come first in all but the last.
    RoomOrder {
        /// By their names.
        Name = "name",
        /// Those with mentions, those with something new, the others.
        Activity = "activity",
        /// As the person put them.
        Hand = "hand",
    }
}

choice! {
    /// Whether something is shown.
    Shown {
        /// As it fits.
        Auto = "auto",
        /// It is.
        On = "on",
        /// It is not.
        Off = "off",
    }
}

choice! {
    /// The characters frames and signs are drawn with.
    SymbolSet {
        /// As the locale says.
        Auto = "auto",
        /// Any.
        Unicode = "unicode",
        /// ASCII.
        Ascii = "ascii",
    }
}

choice! {
    /// How many colours are used.
    ColorDepth {
        /// As the terminal says, and none with `NO_COLOR`.
        Auto = "auto",
        /// None.
        None = "none",
        /// The sixteen of the person's palette.
        Ansi16 = "16",
        /// 256.
        Ansi256 = "256",
        /// 24 bits.
        True = "truecolor",
    }
}

choice! {
    /// How times are written.
    Clock {
        /// `17:02`.
        Hours24 = "24h",
        /// `5:02p`.
        Hours12 = "12h",
    }
}

choice! {
    /// How the person is told of a message he isn't looking at.
    Notice {
        /// As the terminal understands.
        Auto = "auto",
        /// Not at all.
        Off = "off",
        /// The bell.
        Bell = "bell",
        /// OSC 9.
        Osc9 = "osc9",
        /// OSC 99.
        Osc99 = "osc99",
        /// OSC 777.
        Osc777 = "osc777",
    }
}

choice! {
    /// The bindings of keys to begin from.
    KeyPreset {
        /// Readline where text is written, the habits of chat programs elsewhere.
        Default = "default",
        /// `WeeChat`.
        Weechat = "weechat",
        /// irssi.
        Irssi = "irssi",
        /// vim.
        Vim = "vim",
        /// Emacs.
        Emacs = "emacs",
        /// Slack.
        Slack = "slack",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_another_is_refused_with_the_known_ones() {
        for word in KeyPreset::WORDS {
            assert_eq!(word.parse::<KeyPreset>().unwrap().to_string(), *word);
        }
        assert_eq!("yes".parse::<Shown>().unwrap_err().to_string(), r#""yes" is none of auto, on, off"#);
    }
}
