//! The server: `core` decides, `store` keeps, `hub` runs one task per feed, `session` speaks to one connection.

pub mod core;
pub mod digest;
pub mod store;
