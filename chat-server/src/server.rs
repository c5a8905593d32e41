//! The server as a whole: takes connections up to its limits, and goes down in order.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quinn::{Endpoint, Incoming, VarInt};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::{Gate, Permit};
use crate::claim::{self, CLAIM_FILE};
use crate::config::{Config, CreatePolicy, Flood, LetIn, Limits, Passwords, Search};
use crate::contents::FILES_DIR;
use crate::core::flood::Rates;
use crate::environment::Environment;
use crate::hub::files::FileSettings;
use crate::hub::passwords::Hashing;
use crate::hub::{Hub, HubSettings};
use crate::jwt::Verifier;
use crate::session::{self, Context};
use crate::store::{Store, StoreResult};

/// How long the whole server may take to go down after its sessions were told.
const SHUTDOWN: Duration = Duration::from_millis(3_500);

/// What the server is told by the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The rules of rooms and people.
    pub hub: HubSettings,
    /// Bounds of the whole server.
    pub limits: Limits,
    /// Whether newcomers from one address are slowed down.
    pub flood: Flood,
    /// The file the code of the first owner is kept in until it is used; without one nobody can claim the server.
    pub claim: Option<PathBuf>,
    /// Checks the tokens of an issuer that is trusted, where there is one.
    pub jwt: Option<Verifier>,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let create = config.rooms.create;
        let per_hour = |limit: u32| if config.flood == Flood::On { limit } else { 0 };
        Self {
            hub: HubSettings {
                create_on_join: create == CreatePolicy::OnJoin,
                create: create != CreatePolicy::Nobody,
                registration: config.registration,
                guests: if config.guests.enabled == LetIn::On { config.guests.max } else { 0 },
                accounts_per_address: config.limits.accounts_per_address_per_hour,
                rooms: config.limits.rooms,
                rooms_per_account: config.limits.rooms_per_account,
                members_per_room: config.limits.members_per_room,
                new_rooms_per_account: per_hour(config.limits.new_rooms_per_account_per_hour),
                new_rooms_per_address: per_hour(config.limits.new_rooms_per_address_per_hour),
                auto_join: config.rooms.auto_join.clone(),
                search: config.search == Search::On,
                files: Some(FileSettings { directory: config.data.join(FILES_DIR), rules: config.files.clone() }),
                greeting: config.server.greeting(),
                presence_grace: Duration::from_millis(config.presence.grace_ms),
                away_after: some_millis(config.presence.away_after_ms),
                defence: config.defence.into(),
                nick_policy: config.identity.nick_policy.into(),
                password: (config.identity.password == Passwords::On).then(Hashing::default),
                multi_conn: config.identity.multi_conn,
                connections_per_account: config.limits.connections_per_account,
                idle_out: some_millis(config.limits.idle_out_ms),
                flood: (config.flood == Flood::On).then(|| rates(&config.limits)),
            },
            limits: config.limits,
            flood: config.flood,
            claim: Some(config.data.join(CLAIM_FILE)),
            jwt: None,
        }
    }
}

fn rates(limits: &Limits) -> Rates {
    Rates {
        messages_per_second: limits.messages_per_second,
        messages_burst: limits.messages_burst,
        bytes_per_second: limits.bytes_per_second,
    }
}

/// A time whose 0 means that there is none.
fn some_millis(ms: u64) -> Option<Duration> {
    (ms > 0).then(|| Duration::from_millis(ms))
}

impl Default for Settings {
    fn default() -> Self {
        let limits = Limits {
            connections: u32::MAX,
            connections_per_address: u32::MAX,
            connections_per_account: u32::MAX,
            accounts_per_address_per_hour: 0,
            rooms: crate::config::ROOMS_MAX,
            rooms_per_account: crate::config::ROOMS_PER_ACCOUNT,
            members_per_room: chat_proto::limits::MEMBERS_PER_ROOM_MAX,
            new_rooms_per_account_per_hour: 0,
            new_rooms_per_address_per_hour: 0,
            idle_out_ms: 0,
            messages_per_second: 1,
            messages_burst: 1,
            bytes_per_second: 1,
            handshakes_per_second: 1,
        };
        Self { hub: HubSettings::default(), limits, flood: Flood::Off, claim: None, jwt: None }
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
    let hub = Hub::start(store, environment.clone(), settings.hub.clone()).await?;
    let claim = tokio::spawn(shutdown.clone().run_until_cancelled_owned({
        let hub = Arc::clone(&hub);
        async move {
            if let Some(path) = settings.claim {
                claim::keep(hub, &path, &environment).await;
            }
        }
    }));
    let context =
        Arc::new(Context { hub: Arc::clone(&hub), server_key, jwt: settings.jwt, shutdown: shutdown.clone() });
    let gate = Gate::new(settings.limits, settings.flood);
    let sessions = TaskTracker::new();
    loop {
        let incoming = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            incoming = endpoint.accept() => incoming,
        };
        let Some(incoming) = incoming else { break };
        if let Some((incoming, permit)) = admit(&gate, &hub, incoming) {
            sessions.spawn(session::run(incoming, Arc::clone(&context), permit));
        }
    }
    endpoint.set_server_config(None);
    sessions.close();
    if tokio::time::timeout(SHUTDOWN, sessions.wait()).await.is_err() {
        tracing::warn!("some sessions did not end in time");
    }
    // Told to end by the same token as everything here; a panic in it is in the log.
    let _ = claim.await;
    hub.close().await;
    endpoint.close(VarInt::from_u32(chat_proto::CloseCode::Shutdown.number()), b"the server goes down");
    // Peers that are gone don't hold the server up.
    let _ = tokio::time::timeout(Duration::from_millis(500), endpoint.wait_idle()).await;
    Ok(())
}

/// Lets a newcomer in, sends him back for a token that proves his address (RFC 9000, 8.1.2), or refuses him.
fn admit(gate: &Gate, hub: &Hub, incoming: Incoming) -> Option<(Incoming, Permit)> {
    if gate.asks_for_proof() && !incoming.remote_address_validated() && incoming.may_retry() {
        // He comes back with a token, or he never had that address.
        let _ = incoming.retry();
        return None;
    }
    if hub.is_address_banned(incoming.remote_address().ip()) {
        tracing::debug!("a banned address is not admitted");
        incoming.refuse();
        return None;
    }
    match gate.admit(incoming.remote_address().ip(), hub.uptime()) {
        Ok(permit) => Some((incoming, permit)),
        Err(refusal) => {
            tracing::debug!(?refusal, "a connection is not admitted");
            incoming.refuse();
            None
        }
    }
}
