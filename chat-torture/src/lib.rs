//! Proves the promises with the real programs: what a history has to fulfil, and the worlds it has to fulfil it in.
//!
//! * [`checker`] holds what devices did and saw against the log a server was left with; everything that makes histories uses it.
//! * [`dump`] reads that log from a data directory, [`talker`] is a [`device`] in a process of its own, [`server`] a server.
//! * [`relay`] is a bad network between them, [`hostile`] is bad company, [`soak`] a long time.

pub mod checker;
pub mod device;
pub mod dump;
pub mod hostile;
pub mod relay;
pub mod server;
pub mod soak;
pub mod talker;
