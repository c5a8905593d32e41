//! The screen: keys in, frames out, in front of the same client the bots use.

pub mod core;
pub mod term;
pub mod view;
