//! The simulator: a server and real clients over a simulated network in virtual time, and a checker of what they saw.
#![allow(clippy::unwrap_used)]
#![allow(unreachable_pub, missing_docs, missing_debug_implementations)]

mod actor;
mod device;
mod disk;
mod mutant;
mod mutants;
mod net;
mod net_tests;
mod notes;
mod outbox;
mod run;
mod seeds;
mod tls;
mod world;

use chat_torture::checker;
