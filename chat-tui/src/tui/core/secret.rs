//! A secret that is being typed: never shown, in no history, and gone with the question for it.

use std::fmt;

use chat_proto::limits::PASSWORD_BYTES_MAX;
use chat_proto::password::Password;

use super::composer::Composer;

/// A new password, typed twice. Its `Debug` shows nothing of it.
#[derive(Default)]
pub struct Secret {
    typed: String,
    first: Option<Password>,
    /// What is seen in place of what is typed: nothing.
    pub(super) blank: Composer,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What becomes of a secret when the person says that all of it is typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// He changed his mind.
    Nothing,
    /// It is to be typed once more.
    Again,
    /// Something is wrong with it, in words.
    Wrong(String),
    /// It was typed twice.
    Done(Password),
}

impl Secret {
    /// What stands before it.
    pub(super) fn prompt(&self) -> &'static str {
        if self.first.is_some() { "the same again (not shown)> " } else { "new password (not shown)> " }
    }

    pub(super) fn insert(&mut self, text: &str) {
        for c in text.chars().filter(|c| !matches!(c, '\r' | '\n')) {
            // One more than allowed, so that it is said.
            if self.typed.len() <= PASSWORD_BYTES_MAX {
                self.typed.push(c);
            }
        }
    }

    pub(super) fn erase(&mut self) {
        self.typed.pop();
    }

    pub(super) fn clear(&mut self) {
        self.typed.clear();
    }

    pub(super) fn enter(&mut self) -> Typed {
        let typed = std::mem::take(&mut self.typed);
        if typed.is_empty() {
            return Typed::Nothing;
        }
        let password = match Password::parse(&typed) {
            Ok(password) => password,
            Err(why) => return Typed::Wrong(why.to_string()),
        };
        match self.first.take() {
            None => {
                self.first = Some(password);
                Typed::Again
            }
            Some(first) if first == password => Typed::Done(password),
            Some(_) => {
                Typed::Wrong("the two are not the same; type the new password once more from the start".to_owned())
            }
        }
    }
}
