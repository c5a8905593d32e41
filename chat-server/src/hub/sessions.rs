//! Live connections: whose each is and where it comes from, and the way to end them from elsewhere.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::connection::{SessionInfo, SessionList};
use chat_proto::{AccountId, CloseCode, ConnId, DeviceId, Reject, RejectCode, Timestamp};
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::timeout;

use super::Hub;
use super::shared::lock;

/// Every connection that is logged in.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    live: Mutex<BTreeMap<ConnId, Arc<LiveSession>>>,
}

/// Who logs in, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// Whose connection it is.
    pub account: AccountId,
    /// The device that proved itself.
    pub device: DeviceId,
    /// Where it comes from.
    pub address: IpAddr,
    /// The client program, in its own words.
    pub client: String,
}

/// A connection that is logged in.
#[derive(Debug)]
pub struct LiveSession {
    /// Its number.
    pub conn: ConnId,
    /// Who is at its other end.
    pub who: Newcomer,
    /// When it logged in.
    pub since: Timestamp,
    /// When something was last asked on it, milliseconds of the hub's uptime.
    asked_ms: AtomicU64,
    farewell: watch::Sender<Option<Farewell>>,
}

impl LiveSession {
    /// Something was asked on it just now. `now` is the hub's uptime.
    pub fn touch(&self, now: Duration) {
        self.asked_ms.fetch_max(millis(now), Ordering::Relaxed);
    }

    /// How long nothing was asked on it. `now` is the hub's uptime.
    #[must_use]
    pub fn idle(&self, now: Duration) -> Duration {
        Duration::from_millis(millis(now).saturating_sub(self.asked_ms.load(Ordering::Relaxed)))
    }
}

/// Why a connection is to be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// For programs.
    pub code: CloseCode,
    /// For people.
    pub reason: String,
}

/// The entry of a connection, held by it until it is closed.
#[derive(Debug)]
pub struct OpenSession {
    hub: Arc<Hub>,
    /// What the others see of it.
    pub live: Arc<LiveSession>,
    told: watch::Receiver<Option<Farewell>>,
}

impl OpenSession {
    /// Waits until somebody wants the connection closed.
    pub async fn told_to_end(&mut self) -> Farewell {
        let told = self.told.wait_for(Option::is_some).await.ok().and_then(|farewell| farewell.clone());
        match told {
            Some(farewell) => farewell,
            // The sender lives as long as `live`.
            None => std::future::pending().await,
        }
    }
}

impl Drop for OpenSession {
    fn drop(&mut self) {
        lock(&self.hub.sessions.live).remove(&self.live.conn);
    }
}

impl Hub {
    /// A connection is logged in. From here on it can be ended by [`Hub::end_sessions`].
    pub fn begin_session(self: &Arc<Self>, who: Newcomer) -> OpenSession {
        let (farewell, told) = watch::channel(None);
        let asked_ms = AtomicU64::new(millis(self.uptime()));
        let live = Arc::new(LiveSession { conn: self.next_conn(), who, since: self.now(), asked_ms, farewell });
        lock(&self.sessions.live).insert(live.conn, Arc::clone(&live));
        OpenSession { hub: Arc::clone(self), live, told }
    }

    /// Closes every connection that matches, and returns how many there were when all of them are closed. A second is the
    /// most it waits: by then even one that is stuck has been given up.
    pub async fn end_sessions(&self, matching: impl Fn(&LiveSession) -> bool, code: CloseCode, reason: &str) -> usize {
        let ended: Vec<_> = lock(&self.sessions.live).values().filter(|live| matching(live)).map(Arc::clone).collect();
        for live in &ended {
            live.farewell.send_replace(Some(Farewell { code, reason: reason.to_owned() }));
        }
        let closed = join_all(ended.iter().map(|live| live.farewell.closed()));
        if timeout(CLOSED_WITHIN, closed).await.is_err() {
            tracing::error!(?code, "a connection that was told to end did not");
        }
        ended.len()
    }

    /// The connections of an account, the oldest first.
    #[must_use]
    pub fn list_sessions(&self, account: AccountId) -> SessionList {
        let now = self.uptime();
        let live = lock(&self.sessions.live);
        let own = live.values().filter(|live| live.who.account == account);
        let sessions = own.map(|live| SessionInfo {
            conn: live.conn,
            device: live.who.device,
            address: live.who.address.to_canonical().to_string(),
            client: live.who.client.clone(),
            since: live.since,
            idle_ms: millis(live.idle(now)),
        });
        SessionList { sessions: sessions.collect() }
    }

    /// Ends one connection of an account, because its owner wants so.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchSession`].
    pub async fn end_session(&self, account: AccountId, conn: ConnId) -> Result<(), Reject> {
        let matching = |live: &LiveSession| live.conn == conn && live.who.account == account;
        match self.end_sessions(matching, CloseCode::Ended, "ended from another connection of this account").await {
            0 => Err(Reject::new(
                RejectCode::NoSuchSession,
                format!("your account has no connection {conn}; the list of sessions names those it has"),
            )),
            _ => Ok(()),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// How long a connection that is told to end may take.
const CLOSED_WITHIN: Duration = Duration::from_secs(1);
