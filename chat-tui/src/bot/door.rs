//! A session that is waited for: what a run without a screen does before and after its work.

use std::time::Duration;

use chat_proto::reply::{Page, Welcome};
use chat_proto::request::{History, JoinRoom};
use chat_proto::{Reply, Request, Retry, RoomInfo, RoomName, RoomRef};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};

use super::{Exit, Failure, complain};
use crate::client::{Backlog, CallError, Client, ClientEvent, Environment, LinkState, Settings};

/// A session that was logged in once, and whatever happened since.
#[derive(Debug)]
pub struct Door {
    /// The session.
    pub client: Client,
    /// What it tells.
    pub events: mpsc::Receiver<ClientEvent>,
    /// How things stood at the login.
    pub welcome: Welcome,
    /// Clock and randomness.
    pub environment: Environment,
}

impl Door {
    /// Logs in. The session keeps no cache, and on resuming fetches all it missed.
    ///
    /// With `patience` a server that cannot be reached is tried again for so long; without, the first try decides.
    ///
    /// # Errors
    /// [`Exit::TimedOut`] if there is no login before the deadline, [`Exit::Unreachable`] if there is no server to be had,
    /// and whatever else ended the session.
    pub async fn open(
        mut settings: Settings,
        environment: Environment,
        deadline: Instant,
        patience: Option<Duration>,
    ) -> Result<Self, Failure> {
        settings.use_cache = false;
        settings.backlog = Backlog::Everything;
        let server = settings.server.authority();
        let give_up = patience.map(|patience| Instant::now() + patience);
        let (client, mut events) = Client::start(settings, environment.clone())?;
        let mut last = format!("no answer from {server}");
        loop {
            let until = give_up.map_or(deadline, |give_up| give_up.min(deadline));
            let event = match timeout_at(until, events.recv()).await {
                Ok(Some(event)) => event,
                Ok(None) => return Err(Failure::new(Exit::Bug, "the session ended without a word")),
                Err(_) if give_up.is_some_and(|give_up| give_up <= deadline) => {
                    return Err(Failure::new(Exit::Unreachable, last));
                }
                Err(_) => return Err(Failure::new(Exit::TimedOut, format!("{last} in the time given"))),
            };
            match event {
                ClientEvent::Welcome(welcome) => return Ok(Self { client, events, welcome, environment }),
                ClientEvent::Stopped(reason) => return Err(reason.into()),
                ClientEvent::Link(LinkState::Waiting { reason, .. }) => {
                    if patience.is_none() {
                        return Err(Failure::new(Exit::Unreachable, reason));
                    }
                    complain(&reason);
                    last = reason;
                }
                ClientEvent::Link(LinkState::Connecting | LinkState::Online)
                | ClientEvent::RoundTrip(_)
                | ClientEvent::Began(_)
                | ClientEvent::Events(_)
                | ClientEvent::Trimmed(_)
                | ClientEvent::Ended(_)
                | ClientEvent::Presence(_)
                | ClientEvent::Typing(_)
                | ClientEvent::UserState(_)
                | ClientEvent::Announced(_)
                | ClientEvent::Greeting(_)
                | ClientEvent::Nick(_)
                | ClientEvent::Others { .. }
                | ClientEvent::Company(_)
                | ClientEvent::Queued(_)
                | ClientEvent::Sent { .. }
                | ClientEvent::Refused(_) => {}
            }
        }
    }

    /// Becomes a member of a room, and makes it if there is none and the server allows it.
    ///
    /// # Errors
    /// What the server says, or what [`ask`] says.
    pub async fn join(&self, room: &RoomName, deadline: Instant) -> Result<RoomInfo, Failure> {
        let random = |e: std::io::Error| Failure::new(Exit::Bug, format!("no randomness: {e}"));
        let key = self.environment.random.message_key().map_err(random)?;
        let join = JoinRoom { key, room: RoomRef::Name(room.as_str().to_owned()), create: true };
        room_info(ask(&self.client, join, deadline).await?)
    }
}

/// The room an answer tells of.
///
/// # Errors
/// [`Exit::Version`] for any other answer.
pub fn room_info(reply: Reply) -> Result<RoomInfo, Failure> {
    let Reply::RoomInfo(info) = reply else { return Err(unexpected(&reply)) };
    Ok(info)
}

/// An answer that does not belong to what was asked.
#[must_use]
pub fn unexpected(reply: &Reply) -> Failure {
    Failure::new(Exit::Version, format!("the server answered with a reply of kind {}", reply.kind()))
}

/// Asks until there is an answer: while the connection is away, and when the server says that it may succeed later.
/// A durable request carries a key, so that it is done once.
///
/// # Errors
/// What the server says for good, or [`Exit::TimedOut`] with what it said last.
pub async fn ask(client: &Client, request: impl Into<Request>, deadline: Instant) -> Result<Reply, Failure> {
    let request = request.into();
    again(deadline, async || client.request(request.clone()).await).await
}

/// Reads a page until there is one, as [`ask`].
///
/// # Errors
/// As [`ask`].
pub async fn fetch(client: &Client, history: &History, deadline: Instant) -> Result<Page, Failure> {
    again(deadline, async || client.fetch(history.clone()).await).await
}

async fn again<T>(deadline: Instant, mut call: impl AsyncFnMut() -> Result<T, CallError>) -> Result<T, Failure> {
    let mut last: Option<CallError> = None;
    loop {
        let Ok(result) = timeout_at(deadline, call()).await else { return Err(too_late(last)) };
        let wait = match result {
            Err(CallError::Offline) => RETRY,
            Err(CallError::Rejected(ref reject)) if reject.retry == Retry::Later => {
                Duration::from_millis(reject.retry_after_ms.into()).max(RETRY)
            }
            Err(error) => return Err(error.into()),
            Ok(value) => return Ok(value),
        };
        last = result.err();
        if timeout_at(deadline, sleep(wait)).await.is_err() {
            return Err(too_late(last));
        }
    }
}

fn too_late(last: Option<CallError>) -> Failure {
    let why = last.map_or_else(|| "no answer".to_owned(), |error| error.to_string());
    Failure::new(Exit::TimedOut, format!("not done in the time given: {why}"))
}

/// How long to wait before something is asked again.
pub const RETRY: Duration = Duration::from_millis(100);
