//! What the hub is told by the configuration.

use std::time::Duration;

use chat_proto::delivery::Greeting;
use chat_proto::{DefenceLevel, NickPolicy};

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
    /// Rooms, conversations and deleted ones among them.
    pub rooms: u32,
    /// Whether messages are indexed and can be searched.
    pub search: bool,
    /// What whoever logs in is told of the server.
    pub greeting: Greeting,
    /// How long somebody stays online without a connection.
    pub presence_grace: Duration,
    /// How long somebody may ask nothing, on any connection, before he is away; for ever without it.
    pub away_after: Option<Duration>,
    /// Among whom what people are called is unique.
    pub nick_policy: NickPolicy,
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
            greeting: Greeting::default(),
            presence_grace,
            away_after: None,
            nick_policy: NickPolicy::Server,
            defence: DefenceLevel::Normal,
            multi_conn: MultiConn::Share,
            connections_per_account: u32::MAX,
            guests: 0,
            accounts_per_address: 0,
            rooms: u32::MAX,
            idle_out: None,
            flood: None,
        }
    }
}
