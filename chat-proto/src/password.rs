//! Passwords: they link a new device to an account, and nothing else; afterwards the device's key opens it.

use std::fmt;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use crate::codec::{Decode, Encode};
use crate::id::{DeviceId, DeviceKey};
use crate::identity::secret;
use crate::limits::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};

/// Why a text is no password.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// Too few characters.
    #[error(
        "a password has at least {PASSWORD_CHARS_MIN} characters, better 15; a few words that don't belong together are easy to keep"
    )]
    TooShort,
    /// Too many bytes.
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// A control character, which nobody types on purpose.
    #[error("the control character U+{:04X} is not allowed in a password", u32::from(*.0))]
    Control(char),
}

/// A password as it is hashed: at least [`PASSWORD_CHARS_MIN`] characters, at most [`PASSWORD_BYTES_MAX`] bytes as typed, of any
/// characters but control characters, in Unicode's form NFC, so that every keyboard types the same. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Reads a password as somebody typed it.
    ///
    /// # Errors
    /// Which bound it breaks.
    pub fn parse(typed: &str) -> Result<Self, PasswordError> {
        if typed.len() > PASSWORD_BYTES_MAX {
            return Err(PasswordError::TooLong);
        }
        if let Some(control) = typed.chars().find(|c| c.is_control()) {
            return Err(PasswordError::Control(control));
        }
        let password: String = typed.nfc().collect();
        if password.chars().count() < PASSWORD_CHARS_MIN {
            return Err(PasswordError::TooShort);
        }
        Ok(Self(password))
    }

    /// Its characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Proof by the key of a new device, and by the account's password. The device belongs to the account from then on, and logs in
/// with [`DeviceAuth`](crate::request::DeviceAuth). Sent only where the server's key was verified.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct PasswordAuth {
    /// The new device's public key.
    pub device: DeviceKey,
    /// The account's name.
    pub name: String,
    /// Ed25519 signature of [`auth::transcript`](crate::auth::transcript).
    pub signature: [u8; 64],
    /// The password, as typed; see [`Password`].
    pub password: String,
    /// What the device is to be called; a line, may be empty.
    pub label: String,
}

/// Give the asker's account a password that links devices, in place of the one before; or take it away.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct SetPassword {
    /// The password, as typed; see [`Password`]. None for no password any more.
    pub password: Option<String>,
    /// Whether every other device of the account is revoked.
    pub revoke_others: bool,
}

/// The payload of the author's new password, in place of the one before.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct PasswordSet {
    /// What is kept of it, as a PHC string of Argon2id; none if the account has no password any more.
    pub hash: Option<String>,
}

/// The payload of a new device of the author's account, by its password.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PasswordUsed {
    /// The device; it is the author's.
    pub device: DeviceId,
    /// Its public key.
    pub key: DeviceKey,
    /// What its owner calls it; may be empty.
    pub label: String,
}

secret! { PasswordAuth SetPassword PasswordSet }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_eight_characters_and_up_to_many_bytes_of_any_kind() {
        for typed in ["a b c d!", "пароль-é", "日本語日本語日本", &"é".repeat(PASSWORD_BYTES_MAX / 2)] {
            assert!(Password::parse(typed).is_ok(), "{typed}");
        }
        assert_eq!(Password::parse("1234567"), Err(PasswordError::TooShort));
        // Seven characters, though more code points were typed.
        assert_eq!(Password::parse("e\u{301}234567"), Err(PasswordError::TooShort));
        assert_eq!(Password::parse(&"x".repeat(PASSWORD_BYTES_MAX + 1)), Err(PasswordError::TooLong));
        assert_eq!(Password::parse("12345678\n"), Err(PasswordError::Control('\n')));
    }

    #[test]
    fn it_is_the_same_whichever_way_its_characters_are_typed() {
        assert_eq!(Password::parse("cafe\u{301} au lait"), Password::parse("caf\u{e9} au lait"));
        assert_ne!(Password::parse("Cafe au lait"), Password::parse("cafe au lait"));
    }

    #[test]
    fn none_of_it_is_in_what_is_written_for_programmers() {
        let canary = "canary-words".to_owned();
        let set = SetPassword { password: Some(canary.clone()), revoke_others: false };
        let shown = format!("{:?} {:?}", Password::parse(&canary), crate::Request::from(set));
        assert!(
            shown.contains("Password(…)") && shown.contains("SetPassword(…)") && !shown.contains("canary"),
            "{shown}"
        );
    }
}
