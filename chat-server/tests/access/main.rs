//! Who may do what in a room: the whole table, as `docs/access.txt` has it, against the pure function and over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![allow(unreachable_pub, missing_docs, missing_debug_implementations)]

mod cells;
mod direct;
mod laws;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod wire;
