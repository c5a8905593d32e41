//! The snapshot law: what was known at t0 and the events since are what is known afresh at t1, on both ends; and what knows the
//! same decides alike.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![allow(unreachable_pub, missing_docs, missing_debug_implementations)]

mod account;
mod deed;
mod names;
mod room;
