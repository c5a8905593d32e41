//! Live connections: whose each is and where it comes from, what those of one person tell each other, and the way to end
//! them from elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::connection::{DeviceMessagePassed, DeviceTold, SessionDown, SessionInfo, SessionList, SessionUp};
use chat_proto::delivery::Greeting;
use chat_proto::limits::DEVICE_MESSAGE_BYTES_MAX;
use chat_proto::{AccountId, CloseCode, ConnId, Delivery, DeviceId, Reject, RejectCode, Retry, Timestamp};
use futures_util::future::join_all;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::Hub;
use super::shared::lock;
use crate::admission::network;
use crate::config::MultiConn;
use crate::core::AccountKind;
use crate::core::flood::{Cost, Meter, Verdict};

/// Every connection that is logged in.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    live: Mutex<BTreeMap<ConnId, Arc<LiveSession>>>,
    /// What accounts have asked for, on whichever connection, until it is as if they had not.
    meters: Mutex<BTreeMap<AccountId, Arc<Mutex<Meter>>>>,
}

/// Who logs in, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// Whose connection it is.
    pub account: AccountId,
    /// The device that proved itself.
    pub device: DeviceId,
    /// What his account is.
    pub kind: AccountKind,
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
    /// Somebody wanted to know whether its owner is away, since when nothing was asked on it.
    was_looked_at: AtomicBool,
    farewell: watch::Sender<Option<Farewell>>,
    asides: mpsc::Sender<Box<Delivery>>,
    /// Its own and its account's; none where flood control is off.
    meters: Vec<Arc<Mutex<Meter>>>,
}

impl LiveSession {
    /// Whether something may be asked on it. `now` is the hub's uptime.
    pub fn ask(&self, now: Duration, cost: Cost) -> Verdict {
        let verdicts = self.meters.iter().map(|meter| lock(meter).ask(now, cost));
        verdicts.max().unwrap_or(Verdict::Pass)
    }

    /// Something was asked on it just now; true if its owner may have been taken for away. `now` is the hub's uptime.
    pub(super) fn touch(&self, now: Duration) -> bool {
        // The other order of [`Hub::last_asked`]: one of the two sees what the other did.
        self.asked_ms.fetch_max(millis(now), Ordering::SeqCst);
        self.was_looked_at.swap(false, Ordering::SeqCst)
    }

    /// How long nothing was asked on it. `now` is the hub's uptime.
    #[must_use]
    pub fn idle(&self, now: Duration) -> Duration {
        Duration::from_millis(millis(now).saturating_sub(self.asked_ms.load(Ordering::Relaxed)))
    }

    fn tell_to_end(&self, code: CloseCode, reason: &str) {
        self.farewell.send_replace(Some(Farewell { code, reason: reason.to_owned() }));
    }

    /// Tells it something that may be left out; false if it is behind with what it was told before.
    fn tell(&self, aside: Delivery) -> bool {
        let told = self.asides.try_send(Box::new(aside)).is_ok();
        if !told {
            tracing::debug!(conn = %self.conn, "a connection that does not read is not told of the others");
        }
        told
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
    /// Waits until somebody wants the connection closed, or nothing was asked on it for too long.
    pub async fn told_to_end(&mut self) -> Farewell {
        let told = async {
            match self.told.wait_for(Option::is_some).await.ok().and_then(|farewell| farewell.clone()) {
                Some(farewell) => farewell,
                // The sender lives as long as `live`.
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            farewell = told => farewell,
            () = idle_out(&self.hub, &self.live) => {
                Farewell { code: CloseCode::Idle, reason: "nothing was asked for a long time".to_owned() }
            }
        }
    }
}

impl Drop for OpenSession {
    fn drop(&mut self) {
        let mut live = lock(&self.hub.sessions.live);
        live.remove(&self.live.conn);
        let Newcomer { account, device, .. } = self.live.who;
        let others: Vec<_> = of_account(&live, account).collect();
        let sessions = count(others.len());
        for other in others {
            other.tell(SessionDown { conn: self.live.conn, device, sessions }.into());
        }
    }
}

/// Waits until nothing was asked on a connection for as long as the settings allow.
async fn idle_out(hub: &Hub, live: &LiveSession) {
    let Some(limit) = hub.settings.idle_out else { return std::future::pending().await };
    loop {
        match limit.checked_sub(live.idle(hub.uptime())) {
            None | Some(Duration::ZERO) => return,
            Some(rest) => tokio::time::sleep(rest).await,
        }
    }
}

fn of_account(
    live: &BTreeMap<ConnId, Arc<LiveSession>>,
    account: AccountId,
) -> impl Iterator<Item = &Arc<LiveSession>> {
    live.values().filter(move |live| live.who.account == account)
}

impl Hub {
    /// A connection is logged in: its entry, and what it will be told of the others. From here on [`Hub::end_sessions`] ends
    /// it.
    ///
    /// # Errors
    /// [`RejectCode::AlreadyConnected`], [`RejectCode::LimitExceeded`]: both pass when another connection has ended.
    pub fn begin_session(
        self: &Arc<Self>,
        who: Newcomer,
    ) -> Result<(OpenSession, mpsc::Receiver<Box<Delivery>>), Reject> {
        let (farewell, told) = watch::channel(None);
        let (asides, inbox) = mpsc::channel(ASIDES_MAX);
        let asked_ms = AtomicU64::new(millis(self.uptime()));
        let mut live = lock(&self.sessions.live);
        let others: Vec<_> = of_account(&live, who.account).map(Arc::clone).collect();
        self.may_begin(others.len())?;
        let (conn, since) = (self.next_conn(), self.now());
        let meters = self.meters(who.account);
        let was_looked_at = AtomicBool::new(false);
        let session = LiveSession { conn, who, since, asked_ms, was_looked_at, farewell, asides, meters };
        let Newcomer { device, client, .. } = &session.who;
        for other in &others {
            match self.settings.multi_conn {
                MultiConn::Replace => other.tell_to_end(CloseCode::Replaced, "a newer connection took its place"),
                MultiConn::Share | MultiConn::Reject => {
                    let sessions = count(others.len() + 1);
                    let up = SessionUp { conn: session.conn, device: *device, client: client.clone(), sessions };
                    other.tell(up.into());
                }
            }
        }
        if self.settings.greeting != Greeting::default() {
            session.tell(self.settings.greeting.clone().into());
        }
        let session = Arc::new(session);
        live.insert(session.conn, Arc::clone(&session));
        Ok((OpenSession { hub: Arc::clone(self), live: session, told }, inbox))
    }

    /// Where it is counted what a new connection of an account asks for.
    fn meters(&self, account: AccountId) -> Vec<Arc<Mutex<Meter>>> {
        let Some(rates) = self.settings.flood else { return Vec::new() };
        let now = self.uptime();
        let mut meters = lock(&self.sessions.meters);
        if meters.len() >= METERS_SWEPT_AT {
            meters.retain(|_, meter| Arc::strong_count(meter) > 1 || !lock(meter).is_rested(now));
        }
        let account =
            meters.entry(account).or_insert_with(|| Arc::new(Mutex::new(Meter::new(rates.times(ACCOUNT_SHARE)))));
        vec![Arc::new(Mutex::new(Meter::new(rates))), Arc::clone(account)]
    }

    /// Whether an account that has so many connections may have one more.
    fn may_begin(&self, others: usize) -> Result<(), Reject> {
        let limit = self.settings.connections_per_account;
        let reject = match self.settings.multi_conn {
            MultiConn::Reject if others > 0 => Reject::new(
                RejectCode::AlreadyConnected,
                "this account is connected already, and this server allows one connection; end the other one",
            ),
            MultiConn::Share if others >= limit as usize => Reject::new(
                RejectCode::LimitExceeded,
                format!("this account has {limit} connections, the most this server allows; end one of them"),
            ),
            MultiConn::Share | MultiConn::Replace | MultiConn::Reject => return Ok(()),
        };
        // A connection that broke is only noticed after its idle timeout.
        Err(Reject { retry: Retry::Later, retry_after_ms: SEAT_RETRY_MS, ..reject })
    }

    /// Closes every connection that matches, and returns how many there were when all of them are closed. A second is the
    /// most it waits: by then even one that is stuck has been given up.
    pub async fn end_sessions(&self, matching: impl Fn(&LiveSession) -> bool, code: CloseCode, reason: &str) -> usize {
        let ended: Vec<_> = lock(&self.sessions.live).values().filter(|live| matching(live)).map(Arc::clone).collect();
        for live in &ended {
            live.tell_to_end(code, reason);
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
        let sessions = of_account(&live, account).map(|live| SessionInfo {
            conn: live.conn,
            device: live.who.device,
            address: live.who.address.to_canonical().to_string(),
            client: live.who.client.clone(),
            since: live.since,
            idle_ms: millis(live.idle(now)),
        });
        SessionList { sessions: sessions.collect() }
    }

    /// The networks an account is connected from, but for this very machine.
    pub(super) fn networks_of(&self, account: AccountId) -> BTreeSet<IpAddr> {
        let live = lock(&self.sessions.live);
        let addresses = of_account(&live, account).map(|live| live.who.address.to_canonical());
        addresses.filter(|address| !address.is_loopback()).map(network).collect()
    }

    /// When an account last asked for something on any of its connections, as the hub's uptime; nothing without one. The next
    /// that is asked on any of them says so.
    pub(super) fn last_asked(&self, account: AccountId) -> Option<Duration> {
        let live = lock(&self.sessions.live);
        let asked = of_account(&live, account).map(|live| {
            live.was_looked_at.store(true, Ordering::SeqCst);
            Duration::from_millis(live.asked_ms.load(Ordering::SeqCst))
        });
        asked.max()
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

    /// Tells every connection of an account something that may be left out.
    pub(super) fn tell_account(&self, account: AccountId, aside: &Delivery) {
        let live = lock(&self.sessions.live);
        for live in of_account(&live, account) {
            live.tell(aside.clone());
        }
    }

    /// Passes on what one connection tells the others of its account.
    ///
    /// # Errors
    /// [`RejectCode::TooLarge`].
    pub fn tell_devices(&self, from: &LiveSession, bytes: &[u8]) -> Result<DeviceMessagePassed, Reject> {
        if bytes.len() > DEVICE_MESSAGE_BYTES_MAX {
            let message = format!("a message to one's other connections has at most {DEVICE_MESSAGE_BYTES_MAX} bytes");
            return Err(Reject::new(RejectCode::TooLarge, message));
        }
        let told = DeviceTold { conn: from.conn, device: from.who.device, bytes: bytes.to_vec() };
        let live = lock(&self.sessions.live);
        let others = of_account(&live, from.who.account).filter(|other| other.conn != from.conn);
        let (passed, missed): (Vec<_>, Vec<_>) = others.partition(|other| other.tell(told.clone().into()));
        Ok(DeviceMessagePassed { connections: count(passed.len()), missed: count(missed.len()) })
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// How long a connection that is told to end may take.
const CLOSED_WITHIN: Duration = Duration::from_secs(1);

/// What waits to be told to one connection, the largest of it [`DEVICE_MESSAGE_BYTES_MAX`].
const ASIDES_MAX: usize = 16;

/// How much more an account may ask for on all its connections than on one.
const ACCOUNT_SHARE: u32 = 4;

/// Accounts whose requests are counted before those that are as good as new are forgotten.
const METERS_SWEPT_AT: usize = 1_024;

/// How long one waits for another connection of the account to end, milliseconds.
const SEAT_RETRY_MS: u32 = 5_000;
