//! The client: `client` without a screen, `bot` and the one-shots on top of it, and the screen behind the feature `tui`.

pub mod bot;
pub mod clean;
pub mod client;
pub mod config;
pub mod files;
#[cfg(feature = "tui")]
pub mod tui;
