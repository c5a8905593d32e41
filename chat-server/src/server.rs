//! The server as a whole: takes connections up to its limits, and goes down in order.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quinn::{Endpoint, Incoming, VarInt};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Config, CreatePolicy, Registration};
use crate::environment::Environment;
use crate::hub::{Hub, HubSettings};
use crate::session::{self, Context};
use crate::store::{Store, StoreResult};

/// Connections before login, beyond which newcomers must first show that their address is
/// theirs (RFC 9000, 8.1.2).
const UNVALIDATED_MAX: u32 = 64;

/// How long the whole server may take to go down after its sessions were told.
const SHUTDOWN: Duration = Duration::from_millis(3_500);

/// What the server is told by the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The rules of rooms and people.
    pub hub: HubSettings,
    /// Connections at a time.
    pub connections_max: u32,
    /// Connections at a time from one address.
    pub connections_per_address_max: u32,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let create = config.rooms.create;
        Self {
            hub: HubSettings {
                create_on_join: create == CreatePolicy::OnJoin,
                create: create != CreatePolicy::Nobody,
                registration: config.registration == Registration::Open,
                presence_grace: Duration::from_millis(config.presence.grace_ms),
            },
            connections_max: config.limits.connections,
            connections_per_address_max: config.limits.connections_per_address,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { hub: HubSettings::default(), connections_max: u32::MAX, connections_per_address_max: u32::MAX }
    }
}

/// What a server is made of.
pub struct Parts {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// The SHA-256 of the public key it shows (SubjectPublicKeyInfo).
    pub server_key: Arc<dyn Fn() -> [u8; 32] + Send + Sync>,
    /// Where its feeds are kept.
    pub store: Arc<dyn Store>,
    /// Its clock and randomness.
    pub environment: Environment,
    /// Its rules and limits.
    pub settings: Settings,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Serves until `shutdown` is cancelled, and then goes down: refuses newcomers, tells everybody, sends what was acknowledged,
/// saves snapshots. At most about 5 s.
///
/// # Errors
/// What the store says at the start.
pub async fn serve(parts: Parts, shutdown: CancellationToken) -> StoreResult<()> {
    let Parts { endpoint, server_key, store, environment, settings } = parts;
    let hub = Hub::start(store, environment, settings.hub.clone()).await?;
    let context = Arc::new(Context { hub: Arc::clone(&hub), server_key, shutdown: shutdown.clone() });
    let doorman = Arc::new(Doorman::new(&settings));
    let sessions = TaskTracker::new();
    loop {
        let incoming = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            incoming = endpoint.accept() => incoming,
        };
        let Some(incoming) = incoming else { break };
        if let Some(admitted) = doorman.admit(incoming) {
            let Admitted { incoming, place } = admitted;
            let context = Arc::clone(&context);
            sessions.spawn(async move {
                session::run(incoming, context, place).await;
            });
        }
    }
    endpoint.set_server_config(None);
    sessions.close();
    if tokio::time::timeout(SHUTDOWN, sessions.wait()).await.is_err() {
        tracing::warn!("some sessions did not end in time");
    }
    hub.close().await;
    endpoint.close(VarInt::from_u32(chat_proto::CloseCode::Shutdown.number()), b"the server goes down");
    // Peers that are gone don't hold the server up.
    let _ = tokio::time::timeout(Duration::from_millis(500), endpoint.wait_idle()).await;
    Ok(())
}

/// Counts who is in.
#[derive(Debug)]
struct Doorman {
    connections_max: u32,
    per_address_max: u32,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    total: u32,
    before_login: u32,
    by_address: HashMap<IpAddr, u32>,
}

/// A connection with a place for it.
struct Admitted {
    incoming: Incoming,
    place: Place,
}

/// One counted connection; dropped, it makes room for another.
pub(crate) struct Place {
    doorman: Arc<Doorman>,
    address: IpAddr,
    logged_in: bool,
}

impl Place {
    /// The connection is logged in, and no longer one of those that may be anybody.
    pub(crate) fn logged_in(&mut self) {
        self.logged_in = true;
        self.doorman.counts().before_login -= 1;
    }
}

impl Doorman {
    fn new(settings: &Settings) -> Self {
        Self {
            connections_max: settings.connections_max,
            per_address_max: settings.connections_per_address_max,
            counts: Mutex::default(),
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(self: &Arc<Self>, incoming: Incoming) -> Option<Admitted> {
        let address = incoming.remote_address().ip().to_canonical();
        let mut counts = self.counts();
        let here = counts.by_address.get(&address).copied().unwrap_or(0);
        if counts.total >= self.connections_max || here >= self.per_address_max {
            drop(counts);
            tracing::debug!(%address, "no place for a connection");
            incoming.refuse();
            return None;
        }
        let crowded = counts.before_login >= UNVALIDATED_MAX;
        if crowded && !incoming.remote_address_validated() && incoming.may_retry() {
            drop(counts);
            // It comes back with a token, or it never had that address.
            let _ = incoming.retry();
            return None;
        }
        counts.total += 1;
        counts.before_login += 1;
        *counts.by_address.entry(address).or_default() += 1;
        drop(counts);
        Some(Admitted { incoming, place: Place { doorman: Arc::clone(self), address, logged_in: false } })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.doorman.counts();
        counts.total -= 1;
        if !self.logged_in {
            counts.before_login -= 1;
        }
        if let Some(here) = counts.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}
