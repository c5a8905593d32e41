//! What the end of a connection means: to be dialled again, or the end of the session.

use chat_proto::CloseCode;
use quinn::ConnectionError;

use super::{StopReason, clean_reason};

/// What is to follow a connection's end.
pub(super) enum Parting {
    /// Dialling again; why, for people.
    Again(String),
    /// Nothing, until a person wants it.
    Stop(StopReason),
}

/// What a connection's end means for a session that was logged in.
pub(super) fn of(error: &ConnectionError) -> Parting {
    Parting::Again(match error {
        ConnectionError::ApplicationClosed(close) => {
            let said = clean_reason(&close.reason);
            match CloseCode::from_number(close.error_code.into_inner()) {
                Some(code) if code.is_final() => return Parting::Stop(StopReason::Ended(said)),
                Some(CloseCode::Shutdown) => "the server goes down".to_owned(),
                Some(_) | None => format!("the server hung up: {said}"),
            }
        }
        ConnectionError::TimedOut => "the server does not answer".to_owned(),
        ConnectionError::Reset => "the server was restarted".to_owned(),
        ConnectionError::LocallyClosed => "the connection is of no use any more".to_owned(),
        ConnectionError::VersionMismatch
        | ConnectionError::TransportError(_)
        | ConnectionError::ConnectionClosed(_)
        | ConnectionError::CidsExhausted => format!("connection lost: {error}"),
    })
}
