//! What devices did and saw, one JSON object a line where it is kept in files.

use serde::{Deserialize, Serialize};

/// Something a device did or saw. The lines of one device are in order; `t` is one clock for all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, microseconds.
    pub t: u64,
    /// Which device; the name goes on being the same when its process is started again.
    pub device: String,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What a device did or saw. A key names a message; a digest is anything equal for equal content, as long as log and lines
/// are made with the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "lowercase")]
pub enum What {
    /// A process of this device began, with nothing on its screen.
    Start {
        /// Whose it is.
        account: String,
    },
    /// It holds a room up to here already: what it shows begins right behind.
    Resume {
        /// Which room.
        room: u64,
        /// The last event it holds.
        after: u64,
    },
    /// The connection came up.
    Conn,
    /// The connection broke.
    Disc,
    /// A message was given to the client.
    Send {
        /// Which room.
        room: u64,
        /// Which message.
        key: String,
        /// Of its words.
        digest: u64,
    },
    /// The client said that it has the message on disk and will send it.
    Queued {
        /// Which room.
        room: u64,
        /// Which message.
        key: String,
    },
    /// The message is stored, says the server.
    Ack {
        /// Which room.
        room: u64,
        /// Which message.
        key: String,
        /// Its place.
        seq: u64,
    },
    /// The message is refused for good, says the server.
    Err {
        /// Which room.
        room: u64,
        /// Which message.
        key: String,
    },
    /// An event of a room appeared.
    Show {
        /// Which room.
        room: u64,
        /// Its place.
        seq: u64,
        /// Which message.
        key: String,
        /// Of what is shown.
        digest: u64,
    },
    /// The account's read marker is here, the device was told.
    Mark {
        /// Which room.
        room: u64,
        /// Up to here, inclusive.
        seq: u64,
    },
}

/// Reads a history as it is kept in a file.
///
/// # Errors
/// The first line that is none, by its number.
pub fn parse(text: &str) -> Result<Vec<Line>, String> {
    let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    numbered.map(|(at, line)| serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1))).collect()
}

/// A history as it is kept in a file.
#[must_use]
pub fn format(lines: &[Line]) -> String {
    lines.iter().filter_map(|line| serde_json::to_string(line).ok()).map(|line| line + "\n").collect()
}

/// Equal for equal words: FNV-1a.
#[must_use]
pub fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
