//! How a run without a screen ends: the exit codes scripts rely on, and the words beside them.

use std::fmt;

use chat_proto::{Reject, RejectCode};

use crate::client::{CallError, StartError, StopReason};

/// How a run ended. The numbers are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// As it should; also when nobody reads standard output any more.
    Clean,
    /// What was expected did not come: the reader of standard output fell behind and was to be given up.
    Failed,
    /// The command line, a file it names, or the text is not usable.
    Usage,
    /// The server does not let this name in with this key.
    Authentication,
    /// The server does not let this account do that.
    Forbidden,
    /// The server is not there, or it is not the one that is trusted.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// No common protocol version.
    Version,
    /// No such room or person.
    NotFound,
    /// Some of several messages were stored, and then one was not.
    Partial,
    /// A bug.
    Bug,
    /// Ended at once by a signal of this number.
    Signal(u8),
}

impl Exit {
    /// The number a shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Authentication => 3,
            Self::Forbidden => 4,
            Self::Unreachable => 5,
            Self::TimedOut => 6,
            Self::Version => 7,
            Self::NotFound => 8,
            Self::Partial => 9,
            Self::Bug => 70,
            Self::Signal(number) => 128_u8.saturating_add(number),
        }
    }

    /// How a run ends that the server refused something.
    #[must_use]
    pub fn of_reject(code: RejectCode) -> Self {
        match code {
            RejectCode::BadRequest
            | RejectCode::InvalidName
            | RejectCode::InvalidText
            | RejectCode::TooLarge
            | RejectCode::BadQuery
            | RejectCode::Filtered
            | RejectCode::RoomExists => Self::Usage,
            RejectCode::Unauthenticated
            | RejectCode::NameTaken
            | RejectCode::RegistrationClosed
            | RejectCode::WrongCode
            | RejectCode::CodeBlocked
            | RejectCode::DeviceRevoked
            | RejectCode::InviteNeeded
            | RejectCode::InvalidInvite
            | RejectCode::SpentInvite
            | RejectCode::InvalidToken
            | RejectCode::ExpiredToken => Self::Authentication,
            RejectCode::BannedFromServer
            | RejectCode::NotMember
            | RejectCode::Forbidden
            | RejectCode::LimitExceeded
            | RejectCode::NotReachable
            | RejectCode::NotShown
            | RejectCode::UnderDefence
            | RejectCode::Banned
            | RejectCode::Muted
            | RejectCode::Archived
            | RejectCode::SearchOff
            | RejectCode::FilesOff
            | RejectCode::FileTypeRefused => Self::Forbidden,
            RejectCode::NoSuchRoom
            | RejectCode::NoSuchUser
            | RejectCode::NoSuchMessage
            | RejectCode::NoSuchFile
            | RejectCode::NoSuchSession
            | RejectCode::NoSuchDevice
            | RejectCode::NoSuchGrant => Self::NotFound,
            RejectCode::Unsupported | RejectCode::VersionMismatch | RejectCode::Unknown(_) => Self::Version,
            RejectCode::Conflict
            | RejectCode::AlreadyConnected
            | RejectCode::SlowDown
            | RejectCode::StorageFull
            | RejectCode::Unavailable
            | RejectCode::ShuttingDown => Self::TimedOut,
            RejectCode::Internal => Self::Bug,
        }
    }
}

/// Why a run ended badly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What went wrong and what to do, for people.
    pub message: String,
    /// What the server named it, if it was the server that said no.
    pub code: Option<RejectCode>,
}

impl Failure {
    /// A failure of this exit code, in these words.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), code: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Reject> for Failure {
    fn from(reject: Reject) -> Self {
        Self { code: Some(reject.code), ..Self::new(Exit::of_reject(reject.code), reject.to_string()) }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Rejected(reject) => reject.into(),
            CallError::Offline | CallError::Stopped => Self::new(Exit::Unreachable, error.to_string()),
            CallError::Protocol(_) => Self::new(Exit::Version, error.to_string()),
        }
    }
}

impl From<StopReason> for Failure {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::Quit => Self::new(Exit::Bug, "the session ended by itself"),
            StopReason::Refused(reject) => reject.into(),
            StopReason::Untrusted(text) | StopReason::Failed(text) => Self::new(Exit::Unreachable, text),
            StopReason::Version(text) => Self::new(Exit::Version, text),
            StopReason::Ended(text) => Self::new(Exit::Forbidden, format!("the server ended the session: {text}")),
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let exit = match &error {
            StartError::Name(_) | StartError::Data { .. } | StartError::Identity(_) | StartError::Authorities(_) => {
                Exit::Usage
            }
            StartError::Socket(_) => Exit::Unreachable,
        };
        Self::new(exit, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_scripts_rely_on_stay() {
        let codes = [
            (Exit::Clean, 0),
            (Exit::Failed, 1),
            (Exit::Usage, 2),
            (Exit::Authentication, 3),
            (Exit::Forbidden, 4),
            (Exit::Unreachable, 5),
            (Exit::TimedOut, 6),
            (Exit::Version, 7),
            (Exit::NotFound, 8),
            (Exit::Partial, 9),
            (Exit::Bug, 70),
            (Exit::Signal(15), 143),
            (Exit::Signal(2), 130),
        ];
        for (exit, code) in codes {
            assert_eq!(exit.code(), code, "{exit:?}");
        }
    }

    #[test]
    fn no_reject_ends_a_run_cleanly() {
        for code in RejectCode::ALL.iter().copied().chain([RejectCode::Unknown(999)]) {
            assert_ne!(Exit::of_reject(code).code(), 0, "{code:?}");
        }
        assert_eq!(Exit::of_reject(RejectCode::NameTaken), Exit::Authentication);
        assert_eq!(Exit::of_reject(RejectCode::NoSuchRoom), Exit::NotFound);
        assert_eq!(Exit::of_reject(RejectCode::VersionMismatch), Exit::Version);
    }
}
