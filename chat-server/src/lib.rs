//! The server: `core` decides, `store` keeps, `hub` runs one task per feed, `session` speaks to one connection.

pub mod admission;
pub mod cert;
pub mod claim;
pub mod config;
pub mod contents;
pub mod core;
pub mod data_dir;
pub mod digest;
pub mod endpoint;
pub mod environment;
pub mod hub;
pub mod jwt;
mod password;
pub mod server;
mod session;
pub mod store;
pub mod trace;
