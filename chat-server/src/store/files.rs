//! Which files are kept, and for whom: what messages carry, and what was sent and no message carries yet.
//!
//! What messages carry follows from the feeds: it is noted with the row of the message and goes with its words.

use chat_proto::limits::FILE_COUNTED_BYTES_MIN;
use chat_proto::{AccountId, Attached, Event, FileHash, Timestamp};

/// A file whose bytes are there, and that no message carries yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileClaim {
    /// Whose.
    pub account: AccountId,
    /// The SHA-256 of its bytes.
    pub hash: FileHash,
    /// How many bytes.
    pub size: u64,
    /// When they had arrived.
    pub at: Timestamp,
}

/// How a file stands for an account that wants to send it, and what is kept already. A file counts once for each account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileStanding {
    /// Its size, if the account sent its bytes before and they are still kept for it.
    pub held: Option<u64>,
    /// Bytes kept for the account, each file as [`counted`].
    pub account_bytes: u64,
    /// Bytes kept for all accounts, each file as [`counted`].
    pub total_bytes: u64,
}

/// What a file of so many bytes counts.
#[must_use]
pub fn counted(size: u64) -> u64 {
    size.max(FILE_COUNTED_BYTES_MIN)
}

/// The file an event's message carries, and whether its author sent it himself.
pub(super) fn carried(event: &Event) -> Option<(&Attached, bool)> {
    let message = event.body.message()?;
    Some((message.file()?, message.forwarded().is_none()))
}
