//! The client: `client` without a screen, `bot` and the one-shots on top of it, and the screen behind the feature `tui`.

pub mod client;
