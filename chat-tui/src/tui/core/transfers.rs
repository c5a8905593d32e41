//! Files on their way: how far each is.

use crate::client::{Progress, Stage};

use super::server::ServerId;

/// Files on their way at once; the client moves a few of them and lets the others wait.
pub const TRANSFERS_MAX: usize = 32;

/// A file on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// Which, counted from the start of the program.
    pub number: u64,
    /// Where it goes to or comes from.
    pub server: ServerId,
    /// Whether it goes there.
    pub up: bool,
    /// How far it is.
    pub progress: Progress,
}

impl Moving {
    /// How much of it is done, of a hundred; none before its size is known.
    #[must_use]
    pub fn percent(&self) -> Option<u8> {
        let Progress { stage, done, total, .. } = self.progress;
        match stage {
            Stage::Waiting | Stage::Hashing => None,
            Stage::Moving if total == 0 => None,
            Stage::Moving => u8::try_from(u128::from(done.min(total)) * 100 / u128::from(total)).ok(),
            Stage::Finishing | Stage::Ended => Some(100),
        }
    }

    /// What is being done, in words that are not yet clean.
    #[must_use]
    pub fn words(&self) -> String {
        let Progress { stage, name, .. } = &self.progress;
        let name = if name.is_empty() { "a file" } else { name };
        match (stage, self.up) {
            (Stage::Waiting, _) => format!("{name} waits"),
            (Stage::Hashing, _) => format!("reading {name}"),
            (Stage::Moving | Stage::Finishing | Stage::Ended, true) => format!("sending {name}"),
            (Stage::Moving | Stage::Finishing | Stage::Ended, false) => format!("fetching {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_of_what_moves_and_never_more_than_all() {
        let moving = |stage, done, total| {
            let progress = Progress { stage, name: "a".to_owned(), done, total };
            Moving { number: 1, server: ServerId::default(), up: true, progress }.percent()
        };
        assert_eq!(moving(Stage::Hashing, 5, 10), None);
        assert_eq!((moving(Stage::Moving, 0, 0), moving(Stage::Moving, 1, 3)), (None, Some(33)));
        assert_eq!((moving(Stage::Moving, u64::MAX, 3), moving(Stage::Finishing, 0, 0)), (Some(100), Some(100)));
    }
}
