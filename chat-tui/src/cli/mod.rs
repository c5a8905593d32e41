//! One file per subcommand: its arguments, and how they become a run of the library.

pub(crate) mod bench;
pub(crate) mod bot;
pub(crate) mod claim;
pub(crate) mod config;
#[cfg(feature = "tui")]
pub(crate) mod connect;
pub(crate) mod ctl;
#[cfg(feature = "tui")]
pub(crate) mod demo;
pub(crate) mod device;
pub(crate) mod doctor;
pub(crate) mod files;
pub(crate) mod hook;
pub(crate) mod listing;
pub(crate) mod pages;
pub(crate) mod password;
pub(crate) mod play;
pub(crate) mod search;
mod secret;
pub(crate) mod send;
#[cfg(feature = "tui")]
pub(crate) mod start;
pub(crate) mod tail;
pub(crate) mod token;
pub(crate) mod trust;

use chat_proto::RoomName;
use chat_tui::bot::{Exit, Failure};

/// A room as it is named on a command line, with or without `#`.
fn room(text: &str) -> Result<RoomName, String> {
    RoomName::parse(text).map_err(|e| e.to_string())
}

/// Runs something asynchronous to its end. What it left running does not hold the process up.
fn run_to_end<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(Exit::Bug, format!("no runtime: {e}")))?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}
