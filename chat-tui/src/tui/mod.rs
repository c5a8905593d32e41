//! The screen: keys in, frames out, in front of the same client the bots use.

pub mod app;
pub mod core;
mod errand;
mod front;
pub mod look;
mod meet;
pub mod term;
pub mod view;
