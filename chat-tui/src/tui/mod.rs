//! The screen: keys in, frames out, in front of the same client the bots use.

pub mod app;
pub mod core;
mod errand;
mod export;
pub mod first_week;
mod front;
pub mod live;
pub mod look;
mod meet;
mod picture;
pub mod term;
pub mod view;
