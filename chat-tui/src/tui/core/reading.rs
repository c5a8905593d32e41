//! How the person goes about reading: what of it is neither the room's nor the server's.

use chat_proto::Seq;

use super::matcher::Matcher;
use super::trail::Trail;

/// How the person goes about reading.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The other end of the messages chosen with the chosen one, while several are.
    pub(super) range: Option<Seq>,
    /// What was looked for last in what is loaded.
    pub(super) found: Option<Matcher>,
    /// Digits of a room's number that is asked for.
    pub(super) digits: Option<String>,
    /// Whether what a filter hides is shown all the same.
    pub(super) unfiltered: bool,
    /// The rooms that were gone to.
    pub(super) trail: Trail,
}
