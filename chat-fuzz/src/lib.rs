//! What is done with bytes that nobody wrote: one function for each fuzz target, which panics where a promise is broken.
//!
//! `fuzz/` hands them to libFuzzer, and `tests/corpus.rs` what was found worth keeping, with every run of the tests.

mod config;
mod frame;
mod input;
mod jsonl;
mod jwt;
mod links;
mod markup;
mod names;
mod query;
mod sanitiser;
mod session;

pub use self::config::config;
pub use self::frame::frame;
pub use self::jsonl::jsonl;
pub use self::jwt::jwt;
pub use self::links::links;
pub use self::markup::markup;
pub use self::names::names;
pub use self::query::query;
pub use self::sanitiser::sanitiser;
pub use self::session::session;

/// A name and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target, under the name of its directory in `fuzz/corpus`.
pub const TARGETS: &[Target] = &[
    ("frame", frame),
    ("session", session),
    ("names", names),
    ("markup", markup),
    ("sanitiser", sanitiser),
    ("config", config),
    ("jwt", jwt),
    ("jsonl", jsonl),
    ("query", query),
    ("links", links),
];
