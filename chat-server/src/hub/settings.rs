//! What the hub is told by the configuration.

use std::time::Duration;

use chat_proto::delivery::Greeting;
use chat_proto::{DefenceLevel, NickPolicy, RoomName};

use super::files::FileSettings;
use super::passwords::Hashing;
use crate::config::{MultiConn, Registration};
use crate::core::flood::Rates;

/// What the hub is told by the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubSettings {
    /// Whether joining a room that doesn't exist makes it.
    pub create_on_join: bool,
    /// Whether people may make rooms at all.
    pub create: bool,
    /// Whether an unknown key may claim a free name.
    pub registration: Registration,
    /// Guests at once; none is let in where it is 0.
    pub guests: u32,
    /// Accounts that may be made, and guests who may come, from one network within an hour, but for this machine itself; 0 for
    /// any number.
    pub accounts_per_address: u32,
    /// Rooms, conversations among them.
    pub rooms: u32,
    /// Rooms one account may be a member of.
    pub rooms_per_account: u32,
    /// Members one room may have, whatever its settings say.
    pub members_per_room: u32,
    /// Rooms one account may begin within an hour; 0 for any number.
    pub new_rooms_per_account: u32,
    /// Rooms that may be begun from one network within an hour, but from this machine itself; 0 for any number.
    pub new_rooms_per_address: u32,
    /// The rooms everybody begins in.
    pub auto_join: Vec<RoomName>,
    /// Whether messages are indexed and can be searched.
    pub search: bool,
    /// Where files that messages carry are kept, and which; without it there are none.
    pub files: Option<FileSettings>,
    /// What whoever logs in is told of the server.
    pub greeting: Greeting,
    /// How long somebody stays online without a connection.
    pub presence_grace: Duration,
    /// How long somebody may ask nothing, on any connection, before he is away; for ever without it.
    pub away_after: Option<Duration>,
    /// Among whom what people are called is unique.
    pub nick_policy: NickPolicy,
    /// How many passwords may be hashed, where they link devices.
    pub password: Option<Hashing>,
    /// How much is let happen at least; owners may set more.
    pub defence: DefenceLevel,
    /// What becomes of a second connection of an account.
    pub multi_conn: MultiConn,
    /// Connections one account may have where they share it.
    pub connections_per_account: u32,
    /// How long a connection may ask nothing before it is closed; for ever without it.
    pub idle_out: Option<Duration>,
    /// What one connection may ask for; anything where flood control is off.
    pub flood: Option<Rates>,
}

impl Default for HubSettings {
    fn default() -> Self {
        let presence_grace = Duration::from_secs(15);
        Self {
            create_on_join: true,
            create: true,
            registration: Registration::Open,
            search: true,
            files: None,
            greeting: Greeting::default(),
            presence_grace,
            away_after: None,
            nick_policy: NickPolicy::Server,
            password: None,
            defence: DefenceLevel::Normal,
            multi_conn: MultiConn::Share,
            connections_per_account: u32::MAX,
            guests: 0,
            accounts_per_address: 0,
            rooms: u32::MAX,
            rooms_per_account: u32::MAX,
            members_per_room: u32::MAX,
            new_rooms_per_account: 0,
            new_rooms_per_address: 0,
            auto_join: Vec::new(),
            idle_out: None,
            flood: None,
        }
    }
}
