//! Settings that are one word out of a few.

use std::fmt;
use std::str::FromStr;

use chat_proto::{DefenceLevel, NickPolicy};
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

/// An enum whose variants are written as words.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// Every word, in order of the variants.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
        }

        impl FromStr for $name {
            type Err = UnknownChoice;

            fn from_str(word: &str) -> Result<Self, UnknownChoice> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownChoice { given: word.to_owned(), known: Self::WORDS }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $word,)+
                })
            }
        }
    };
}

choice! {
    /// Whether people may send files.
    TakeFiles {
        /// They may.
        On = "on",
        /// They may not.
        Off = "off",
    }
}

choice! {
    /// How log lines are written.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

choice! {
    /// How a room may come to be.
    CreatePolicy {
        /// By joining a name no room has, or by asking for it.
        OnJoin = "on_join",
        /// By asking for it; joining an unknown name is refused.
        Users = "users",
        /// Not by users.
        Nobody = "nobody",
    }
}

choice! {
    /// Whether an unknown key may take a free name.
    Registration {
        /// Anybody may.
        Open = "open",
        /// Whoever was invited may.
        Invite = "invite",
        /// Only accounts that exist may log in.
        Closed = "closed",
    }
}

choice! {
    /// Whether a password links devices.
    Passwords {
        /// To the accounts that have one.
        On = "on",
        /// None does.
        Off = "off",
    }
}

choice! {
    /// Whether guests are let in.
    LetIn {
        /// Whoever asks is.
        On = "on",
        /// Only who has a name of his own.
        Off = "off",
    }
}

choice! {
    /// Whether messages can be searched.
    Search {
        /// Messages are indexed.
        On = "on",
        /// They are not, and a search is refused.
        Off = "off",
    }
}

choice! {
    /// Whether who asks for too much is slowed down.
    Flood {
        /// He is.
        On = "on",
        /// He is not: for closed networks and measurements.
        Off = "off",
    }
}

choice! {
    /// How much is let happen while the server is attacked.
    Defence {
        /// What the other settings allow.
        Normal = "normal",
        /// Nobody new from where nobody is known; who is new begins nothing.
        Raised = "raised",
        /// Nobody new, no guests; only members write.
        High = "high",
        /// Nobody comes in but the owners and who is there already.
        Closed = "closed",
    }
}

impl From<Defence> for DefenceLevel {
    fn from(level: Defence) -> Self {
        match level {
            Defence::Normal => Self::Normal,
            Defence::Raised => Self::Raised,
            Defence::High => Self::High,
            Defence::Closed => Self::Closed,
        }
    }
}

choice! {
    /// Among whom what people are called is unique.
    Nicks {
        /// Among all accounts.
        Server = "server",
        /// Among the members of each room.
        Room = "room",
        /// Among nobody: it is shown with the account's number.
        Free = "free",
    }
}

impl From<Nicks> for NickPolicy {
    fn from(nicks: Nicks) -> Self {
        match nicks {
            Nicks::Server => Self::Server,
            Nicks::Room => Self::Room,
            Nicks::Free => Self::Free,
        }
    }
}

choice! {
    /// What becomes of a second connection of an account.
    MultiConn {
        /// It is one more.
        Share = "share",
        /// It takes the place of the one before.
        Replace = "replace",
        /// It is refused.
        Reject = "reject",
    }
}

choice! {
    /// How an issuer signs its tokens, where that is with a key pair.
    JwtAlgorithm {
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        Rs256 = "RS256",
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256",
        /// Ed25519.
        Eddsa = "EdDSA",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_what_it_was_written_from() {
        for word in CreatePolicy::WORDS {
            assert_eq!(word.parse::<CreatePolicy>().unwrap().to_string(), *word);
        }
        assert_eq!("on_join".parse(), Ok(CreatePolicy::OnJoin));
    }

    #[test]
    fn another_word_is_refused_with_the_known_ones() {
        let error = "Json".parse::<LogFormat>().unwrap_err();
        assert_eq!(error.to_string(), r#""Json" is none of text, json"#);
    }
}
