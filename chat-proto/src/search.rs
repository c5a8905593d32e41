//! What concerns searching: what is asked, and what is found.

use crate::codec::{Decode, Encode};
use crate::event::Event;
use crate::id::RoomId;

/// Which messages are there with these words? Finds in the rooms the asker may read now, members only or not.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Search {
    /// Words, phrases and operators, at most [`SEARCH_QUERY_BYTES_MAX`](crate::limits::SEARCH_QUERY_BYTES_MAX) bytes.
    pub query: String,
    /// Only in this room; none for all of them.
    pub room: Option<RoomId>,
    /// Begin behind this place; 0 for the newest.
    pub after: u64,
    /// At most that many, and never more than [`SEARCH_HITS_MAX`](crate::limits::SEARCH_HITS_MAX).
    pub limit: u16,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SearchHit {
    /// The room it is in.
    pub room: RoomId,
    /// The room's name.
    pub room_name: String,
    /// The message as it was written.
    pub event: Event,
    /// Its words, if they were changed since.
    pub text: Option<String>,
}

/// Messages that were found, newest first. A page may have fewer than were asked for, or none, and others may still follow.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SearchHits {
    /// The messages.
    pub hits: Vec<SearchHit>,
    /// Where the next page begins; none behind the last one.
    pub next: Option<u64>,
    /// How many of the newest events could not be found yet: the index is a moment behind.
    pub behind: u64,
}
