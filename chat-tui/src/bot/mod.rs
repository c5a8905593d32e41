//! The client without a screen: one message ([`send`]), a room on standard output ([`tail`]), what somebody looks for
//! ([`search`]), a file up or down ([`files`]), a program's two pipes ([`jsonl`]), a command for every event ([`hook`]), and scenarios of several
//! actors ([`play`]).
//!
//! Standard output is data and nothing else; what people should know goes to standard error. Whoever reads standard output
//! slowly slows only this session: a bounded [`queue`] stands before it, and what is in front of that stays at the server.

pub mod bench;
pub mod contract;
#[cfg(unix)]
pub mod ctl;
pub mod cursor;
pub mod door;
mod exit;
pub mod files;
pub mod hook;
pub mod jsonl;
pub mod line;
pub mod listing;
pub mod play;
pub mod progress;
pub mod queue;
pub mod search;
pub mod send;
pub mod tail;

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

pub use exit::{Exit, Failure};

use crate::clean;

/// Writes to standard output. Nobody reading it is no failure.
///
/// # Errors
/// [`Exit::Failed`] if it can't be written otherwise.
pub fn print(text: &str) -> Result<Exit, Failure> {
    match io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().lock().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Failed, format!("standard output: {error}")))
        }
        Ok(()) | Err(_) => Ok(Exit::Clean),
    }
}

/// Tells people something, on standard error. It is the last resort: a failure there has nowhere to go.
pub fn complain(what: &impl Display) {
    let text = what.to_string();
    let _ = writeln!(io::stderr().lock(), "chat-tui: {}", clean::text(&text));
}
