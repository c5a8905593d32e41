//! The terminal: the only part of the program that writes escape sequences or reads keys.

pub mod backend;
mod base64;
pub mod caps;
mod codes;
pub mod copy;
pub mod decode;
mod glyph;
pub mod guard;
pub mod input;
pub mod key;
pub mod links;
pub mod notifier;
pub mod ring;
pub mod screen;
mod sgr;
pub mod signals;
pub mod title;
mod tmux;
