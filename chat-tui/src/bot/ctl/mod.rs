//! A running screen in the hands of programs: the lines of [`jsonl`](super::jsonl), over a socket that only the owner of the
//! screen reaches, and on the session the screen has. `docs/bots.md` is the contract.

pub mod call;
mod choose;
mod converse;
mod lines;
pub mod place;
pub mod serve;

use serde::{Deserialize, Serialize};

/// A server the screen is connected to, as a program is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// As the person named it: `HOST`, or `HOST:PORT` where the port is not the usual one.
    pub server: String,
    /// Who he is there.
    pub name: String,
    /// Whether it is the one being looked at.
    pub front: bool,
    /// Whether somebody is logged in there at the moment.
    pub online: bool,
}

/// The last line a program reads, unless it was the one to end: why there is nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "ev", rename = "end")]
struct End {
    code: &'static str,
    error: String,
}

/// The screen ends.
const SHUTTING_DOWN: &str = "shutting_down";

/// The program did not read.
const OVERRUN: &str = "overrun";

/// The session with the server is over, or the program left what it asked for.
const UNAVAILABLE: &str = "unavailable";
