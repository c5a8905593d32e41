//! What the server was told to do: plain data, valid if it exists. Flags beat `CHAT_*` variables beat the file beat the defaults.
//!
//! Every setting is one entry of [`SETTINGS`]: its key, its default, its meaning, how it is read and shown. The file, the
//! environment, the flags and `docs/configuration.md` all follow from that table.

mod choice;
mod entry;
mod file;
mod files;
mod jwt;
mod load;
mod server;
mod setting;
mod value;

use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use chat_proto::RoomName;
use chat_proto::limits::{MEMBERS_PER_ROOM_MAX, ROOMS_PER_ACCOUNT_MAX};

pub use crate::store::Durability;
pub use chat_proto::nearest::nearest;
pub use choice::{
    CreatePolicy, Defence, Flood, JwtAlgorithm, LetIn, LogFormat, MultiConn, Nicks, Passwords, Registration, Search,
    TakeFiles, UnknownChoice,
};
pub use entry::{Setting, Shape};
pub use file::read;
pub use files::{AT_ONCE_MAX, FILE_BYTES_MAX, FILES_BYTES_MAX, Files, MEDIA_TYPES_MAX, MediaPattern};
pub use jwt::{Jwt, JwtKeys, JwtSettings};
pub use load::{Loaded, Problem, Problems, Sources, UnknownVariable, load};
pub use server::Server;
pub use setting::SETTINGS;

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The UDP address to listen on. An unspecified IPv6 address serves IPv4 as well; port 0 asks the system for a free one.
    pub listen: SocketAddr,
    /// The directory everything durable is kept in; made on first start, readable by its owner only.
    pub data: PathBuf,
    /// A PEM file with the certificate chain, leaf first; without it the server makes and keeps a self-signed one.
    pub cert: Option<PathBuf>,
    /// A PEM file with the private key; without it the key is looked for in the file of `cert`. Never without `cert`.
    pub key: Option<PathBuf>,
    /// What an acknowledged message survives.
    pub durability: Durability,
    /// Which log lines are written: a level, or directives of `tracing`'s filter language. Valid.
    pub log: String,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// Whether an unknown key may take a free name.
    pub registration: Registration,
    /// Whether messages can be searched.
    pub search: Search,
    /// Whether who asks for too much is slowed down.
    pub flood: Flood,
    /// What the server says of itself.
    pub server: Server,
    /// Settings of who somebody is.
    pub identity: Identity,
    /// Settings of guests.
    pub guests: Guests,
    /// The issuer of tokens that are trusted.
    pub jwt: JwtSettings,
    /// Settings of rooms.
    pub rooms: Rooms,
    /// Settings of presence.
    pub presence: Presence,
    /// How much is let happen at least.
    pub defence: Defence,
    /// Settings of files that messages carry.
    pub files: Files,
    /// Bounds of the whole server.
    pub limits: Limits,
}

/// Settings of who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What becomes of a second connection of an account.
    pub multi_conn: MultiConn,
    /// Among whom what people are called is unique.
    pub nick_policy: Nicks,
    /// Whether a password links devices.
    pub password: Passwords,
}

/// Settings of guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guests {
    /// Whether they are let in.
    pub enabled: LetIn,
    /// How many at once: 1 to [`GUESTS_MAX`].
    pub max: u32,
}

/// Settings of rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rooms {
    /// How a room may come to be.
    pub create: CreatePolicy,
    /// The rooms everybody begins in, at most [`AUTO_JOIN_MAX`].
    pub auto_join: Vec<RoomName>,
}

/// Settings of presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// How long an account still counts as present after its last connection ended, milliseconds, at most [`GRACE_MS_MAX`].
    pub grace_ms: u64,
    /// How long an account may ask nothing before it is away, milliseconds, at most [`IDLE_MS_MAX`]; 0 for ever.
    pub away_after_ms: u64,
}

/// Bounds of the whole server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once, logged in or not: 1 to [`CONNECTIONS_MAX`].
    pub connections: u32,
    /// Connections at once from one IPv4 address or one IPv6 /64: 1 to [`CONNECTIONS_MAX`].
    pub connections_per_address: u32,
    /// Connections at once of one account: 1 to [`CONNECTIONS_PER_ACCOUNT_MAX`].
    pub connections_per_account: u32,
    /// New accounts and guests from one IPv4 address or one IPv6 /64 within an hour; 0 for any number.
    pub accounts_per_address_per_hour: u32,
    /// Rooms, conversations among them: 1 to [`ROOMS_MAX`].
    pub rooms: u32,
    /// Rooms one account may be a member of: 1 to [`ROOMS_PER_ACCOUNT_MAX`].
    pub rooms_per_account: u32,
    /// Members one room may have: 1 to [`MEMBERS_PER_ROOM_MAX`].
    pub members_per_room: u32,
    /// Rooms one account may begin within an hour; 0 for any number.
    pub new_rooms_per_account_per_hour: u32,
    /// Rooms that may be begun from one IPv4 address or one IPv6 /64 within an hour; 0 for any number.
    pub new_rooms_per_address_per_hour: u32,
    /// How long a connection may ask nothing before it is closed, milliseconds, at most [`IDLE_MS_MAX`]; 0 for ever.
    pub idle_out_ms: u64,
    /// Messages a second of one connection in the long run: 1 to [`RATE_MAX`].
    pub messages_per_second: u32,
    /// Messages of one connection at once: 1 to [`RATE_MAX`].
    pub messages_burst: u32,
    /// Bytes of text a second of one connection in the long run: [`BYTES_RATE_MIN`] to [`BYTES_RATE_MAX`].
    pub bytes_per_second: u32,
    /// New connections a second from one address nobody has logged in from: 1 to [`RATE_MAX`].
    pub handshakes_per_second: u32,
}

impl Config {
    /// The defaults, with a data directory.
    #[must_use]
    pub fn new(data: PathBuf) -> Self {
        Self {
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, chat_proto::PORT_DEFAULT)),
            data,
            cert: None,
            key: None,
            durability: Durability::Fsync,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            registration: Registration::Open,
            search: Search::On,
            flood: Flood::On,
            server: Server::default(),
            identity: Identity { multi_conn: MultiConn::Share, nick_policy: Nicks::Server, password: Passwords::Off },
            guests: Guests { enabled: LetIn::Off, max: 1_000 },
            jwt: JwtSettings::default(),
            rooms: Rooms { create: CreatePolicy::OnJoin, auto_join: Vec::new() },
            presence: Presence { grace_ms: 15_000, away_after_ms: 600_000 },
            defence: Defence::Normal,
            files: Files::default(),
            limits: Limits {
                connections: 10_000,
                connections_per_address: 1_000,
                connections_per_account: 100,
                accounts_per_address_per_hour: 20,
                rooms: 100_000,
                rooms_per_account: ROOMS_PER_ACCOUNT,
                members_per_room: MEMBERS_PER_ROOM_MAX,
                new_rooms_per_account_per_hour: 100,
                new_rooms_per_address_per_hour: 200,
                idle_out_ms: 0,
                messages_per_second: 20,
                messages_burst: 200,
                bytes_per_second: 65_536,
                handshakes_per_second: 20,
            },
        }
    }

    /// Every setting with its value, as a file that could be given back as `--config`.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let mut section = "";
        for setting in SETTINGS {
            let Some(value) = (setting.show)(self) else { continue };
            let (of, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
            if of != section {
                section = of;
                text.push_str(&format!("\n[{section}]\n"));
            }
            text.push_str(&format!("{name} = {value}\n"));
        }
        text
    }
}

/// The longest grace period of presence, milliseconds.
pub const GRACE_MS_MAX: u64 = 600_000;

/// The longest time a connection may ask nothing, milliseconds: 30 days.
pub const IDLE_MS_MAX: u64 = 30 * 24 * 3_600_000;

/// The greatest rate and the greatest burst.
pub const RATE_MAX: u32 = 1_000_000;

/// The least bytes a second.
pub const BYTES_RATE_MIN: u32 = 1_024;

/// The most bytes a second.
pub const BYTES_RATE_MAX: u32 = 100 * 1_048_576;

/// The most guests at once a server may be allowed.
pub const GUESTS_MAX: u32 = 100_000;

/// The most rooms everybody may begin in.
pub const AUTO_JOIN_MAX: usize = 16;

/// The most rooms one account may be allowed.
pub const ROOMS_PER_ACCOUNT: u32 = ROOMS_PER_ACCOUNT_MAX as u32;

/// The most rooms a server may be allowed.
pub const ROOMS_MAX: u32 = 10_000_000;

/// The most connections one account may be allowed, so that a list of them fits a frame.
pub const CONNECTIONS_PER_ACCOUNT_MAX: u32 = 1_000;

/// The most connections one process may be asked to hold.
pub const CONNECTIONS_MAX: u32 = 1_000_000;
