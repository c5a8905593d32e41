//! What is on the wire, proved: the bytes of every kind, their twins in another codec, hostile bytes, newer versions, and
//! that `docs/protocol.md` says the same.
#![allow(clippy::unwrap_used)]

mod bounds;
mod definitions;
mod differential;
mod document;
mod evolution;
mod golden;
mod hostile;
mod interpreter;
mod samples;
mod schema;
mod types;
