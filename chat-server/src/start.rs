//! A server from its configuration to its end.

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;
use chat_server::cert::ServerIdentity;
use chat_server::config::{Config, Durability};
use chat_server::contents::FILES_DIR;
use chat_server::endpoint;
use chat_server::environment::Environment;
use chat_server::jwt::Verifier;
use chat_server::server::{self, Parts};
use chat_server::store::{DataDir, MemoryStore, Settings, SqliteStore, Store};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::say;

/// Runs the server until a signal ends it.
pub(crate) fn start(config: Config) -> anyhow::Result<()> {
    keep_memory_private();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    runtime.block_on(run(config))
}

async fn run(config: Config) -> anyhow::Result<()> {
    // The lock comes first: two servers must not both make keys.
    let directory = DataDir::lock(&config.data)?;
    let environment = Environment::real();
    let identity = ServerIdentity::open(&config, SystemTime::now())?;
    let endpoint = endpoint::open(&config, &identity)?;
    let kept = Kept::open(directory, config.durability)?;
    let shutdown = shutdown_on_signal()?;

    let address = endpoint.local_addr().context("the socket has no address")?;
    let fingerprint = identity.fingerprint();
    let issuer = config.jwt.checked().map_err(anyhow::Error::msg)?;
    let jwt = issuer.as_ref().map(Verifier::open).transpose()?;
    let mut settings = server::Settings { jwt, ..server::Settings::from(&config) };
    settings.hub.greeting = config.server.read().map_err(anyhow::Error::msg)?;
    let parts = Parts {
        endpoint,
        server_key: Arc::new(move || identity.spki_sha256()),
        store: kept.store(),
        environment,
        settings,
    };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), data = ?config.data, durability = ?config.durability, "started");
    say(&format!("listening on {address} fingerprint {fingerprint}\n"));
    let served = server::serve(parts, shutdown).await;
    kept.close().await;
    served?;
    tracing::info!("ended");
    Ok(())
}

/// The engine, and the lock on the directory where the engine does not hold it itself.
enum Kept {
    Memory(Arc<MemoryStore>, DataDir),
    Disk(Arc<SqliteStore>),
}

impl Kept {
    fn open(directory: DataDir, durability: Durability) -> anyhow::Result<Self> {
        let settings = Settings { durability, ..Settings::default() };
        Ok(match durability {
            Durability::Memory => Self::Memory(Arc::new(MemoryStore::new()), directory),
            Durability::Os | Durability::Fsync => Self::Disk(Arc::new(SqliteStore::open(directory, settings)?)),
        })
    }

    fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store, _) => Arc::<MemoryStore>::clone(store),
            Self::Disk(store) => Arc::<SqliteStore>::clone(store),
        }
    }

    async fn close(self) {
        match self {
            Self::Memory(_, directory) => {
                // Nothing that was kept in memory refers to them any more; a start after a crash removes them too.
                if let Err(error) = std::fs::remove_dir_all(directory.path().join(FILES_DIR)) {
                    tracing::warn!(error = error.to_string(), "the files are not removed");
                }
            }
            Self::Disk(store) => store.close().await,
        }
    }
}

/// A token the first signal cancels. The second one ends the process on the spot. A hang-up is left to the system: a handler
/// would undo `nohup`.
fn shutdown_on_signal() -> anyhow::Result<CancellationToken> {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
    let signals: std::io::Result<Vec<Signal>> = kinds.into_iter().map(signal).collect();
    let mut signals = signals.context("cannot listen for signals")?;
    let shutdown = CancellationToken::new();
    let token = shutdown.clone();
    tokio::spawn(async move {
        any(&mut signals).await;
        tracing::info!("going down");
        token.cancel();
        any(&mut signals).await;
        end_now();
    });
    Ok(shutdown)
}

async fn any(signals: &mut [Signal]) {
    futures_util::future::select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
}

#[expect(clippy::exit, reason = "somebody asked twice; what was acknowledged is on disk")]
fn end_now() -> ! {
    std::process::exit(1)
}

/// No core files and no debuggers of the same user: the private key and everybody's messages are in memory.
fn keep_memory_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(error = error.to_string(), "core files cannot be switched off");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable) {
        tracing::warn!(error = error.to_string(), "the process can be dumped");
    }
}
