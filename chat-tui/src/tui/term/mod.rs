//! The terminal: the only part of the program that writes escape sequences or reads keys.

pub mod key;
