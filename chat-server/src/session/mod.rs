//! One QUIC connection from hello to goodbye: its requests here, its deliveries in [`pump`].

mod choose;
mod file;
mod flood;
pub(crate) mod frames;
mod hello;
mod identity;
mod message;
mod prove;
mod pump;
mod request;
mod room;

use std::sync::Arc;
use std::time::Duration;

use chat_proto::limits::{
    DATAGRAM_BYTES_MAX, LOGIN_TIMEOUT_MS, REQUEST_FRAME_BYTES_MAX, REQUESTS_IN_FLIGHT_MAX, SERVER_FRAME_BYTES_MAX,
};
use chat_proto::{ClientSignal, CloseCode, Reply, ReplyFrame, Request, RequestFrame, RequestId};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use quinn::{Connection, ConnectionError, Incoming, RecvStream, SendStream, VarInt};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::admission::Permit;
use crate::core::Actor;
use crate::endpoint;
use crate::hub::Hub;
use crate::hub::sessions::{Farewell, LiveSession, OpenSession};
use crate::jwt::Verifier;
use frames::{FrameError, FrameReader, Lane};
use hello::Login;
use pump::{Pump, PumpCommand};

/// How long a connection may take to finish after the server began to go down.
pub(crate) const DRAIN: Duration = Duration::from_millis(2_000);

/// How long a refused client has to read why, before its connection is closed.
const FAREWELL: Duration = Duration::from_millis(1_000);

/// How long a short stream may take to bring its request.
const SHORT_REQUEST: Duration = Duration::from_secs(10);

/// Replies that wait for the peer to read, bytes; beyond that no further request is read.
const REPLIES_WAITING_BYTES_MAX: usize = 256 * 1024;

/// Commands waiting for the pump.
const PUMP_COMMANDS_MAX: usize = 64;

/// Typing signals of one connection are taken at most this often.
const TYPING_EVERY: Duration = Duration::from_millis(500);

/// What all sessions share.
pub(crate) struct Context {
    /// Rooms and people.
    pub(crate) hub: Arc<Hub>,
    /// The digest of the public key the server shows; a login is bound to it.
    pub(crate) server_key: Arc<dyn Fn() -> [u8; 32] + Send + Sync>,
    /// Cancelled when the server goes down.
    pub(crate) shutdown: CancellationToken,
    /// Checks tokens of an issuer that is trusted, where there is one.
    pub(crate) jwt: Option<Verifier>,
}

/// Closes a connection for a reason.
pub(crate) fn close(connection: &Connection, code: CloseCode, reason: &str) {
    connection.close(VarInt::from_u32(code.number()), reason.as_bytes());
}

/// Speaks to one peer until either is done.
pub(crate) async fn run(incoming: Incoming, context: Arc<Context>, mut permit: Permit) {
    let deadline = Instant::now() + Duration::from_millis(LOGIN_TIMEOUT_MS);
    let Ok(Ok(connection)) = timeout_at(deadline, async { incoming.await }).await else { return };
    permit.proven();
    // On the heap for as long as it takes: what a session stays with is smaller.
    let Ok(login) = timeout_at(deadline, Box::pin(hello::run(&connection, &context))).await else {
        return close(&connection, CloseCode::Login, "no valid Hello within 5 s");
    };
    let Some(login) = login else { return };
    permit.logged_in();
    endpoint::after_login(&connection);
    let (conn, account) = (login.open.live.conn, login.actor.account);
    tracing::debug!(%conn, %account, "logged in");
    context.hub.arrived(account, &login.rooms);
    // The entry among the live connections goes when the connection is closed.
    let (end, open) = talk(&connection, &context, login).await;
    context.hub.departed(&open.live, said_goodbye(&connection));
    match end {
        End::Gone => {}
        End::Malformed(reason) => close(&connection, CloseCode::Malformed, &reason),
        End::Shutdown => close(&connection, CloseCode::Shutdown, "the server goes down"),
        End::Told(Farewell { code, reason }) => close(&connection, code, &reason),
    }
    tracing::debug!(%conn, "session ended");
}

/// Whether the client closed the connection because it was done.
fn said_goodbye(connection: &Connection) -> bool {
    let bye = u64::from(CloseCode::Bye.number());
    matches!(connection.close_reason(), Some(ConnectionError::ApplicationClosed(close)) if close.error_code.into_inner() == bye)
}

/// Answers and delivers until one of the two ends, or somebody wants the connection closed.
async fn talk(connection: &Connection, context: &Context, login: Login) -> (End, OpenSession) {
    let Login { mut open, asides, actor, subscriptions, wake, reader, lane, expires, .. } = login;
    let (commands, inbox) = mpsc::channel(PUMP_COMMANDS_MAX);
    let hub = Arc::clone(&context.hub);
    let pump = Pump::new(connection.clone(), Arc::clone(&hub), actor.reader(), subscriptions, wake, asides);
    let transfers = Arc::new(Semaphore::new(hub.files_at_once()));
    let session = Session {
        transfers,
        connection: connection.clone(),
        hub,
        actor,
        live: Arc::clone(&open.live),
        commands,
        expires: expires.is_some(),
    };
    let end = tokio::select! {
        biased;
        farewell = open.told_to_end() => End::Told(farewell),
        farewell = expiry(expires) => End::Told(farewell),
        end = session.serve(reader, lane, context.shutdown.clone()) => end,
        end = pump.run(inbox) => end,
    };
    (end, open)
}

/// Waits until what somebody logged in with has expired.
async fn expiry(expires: Option<Instant>) -> Farewell {
    at(expires).await;
    Farewell { code: CloseCode::Expired, reason: "the token has expired; log in with a fresh one".to_owned() }
}

/// How a session ends.
#[derive(Debug)]
pub(crate) enum End {
    /// The peer is gone, or said goodbye.
    Gone,
    /// The peer broke the protocol.
    Malformed(String),
    /// The server goes down.
    Shutdown,
    /// Somebody who may wanted it closed.
    Told(Farewell),
}

impl From<FrameError> for End {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Malformed(error) => Self::Malformed(error.to_string()),
            FrameError::Broken => Self::Gone,
        }
    }
}

/// A logged-in connection.
#[derive(Clone)]
pub(crate) struct Session {
    connection: Connection,
    hub: Arc<Hub>,
    actor: Actor,
    live: Arc<LiveSession>,
    commands: mpsc::Sender<PumpCommand>,
    /// Whether it ends by itself, with what was logged in with.
    expires: bool,
    /// As many as it may send and fetch files at once.
    transfers: Arc<Semaphore>,
}

type InFlight = FuturesUnordered<BoxFuture<'static, ReplyFrame>>;

impl Session {
    /// Answers requests: each exactly once, many at a time, begun in the order they came.
    async fn serve(self, mut reader: FrameReader, mut lane: Lane, shutdown: CancellationToken) -> End {
        reader.set_max(REQUEST_FRAME_BYTES_MAX);
        let mut in_flight = InFlight::new();
        let mut typing_at: Option<Instant> = None;
        let mut held_until: Option<Instant> = None;
        loop {
            held_until = held_until.filter(|at| *at > Instant::now());
            let may_read = held_until.is_none()
                && in_flight.len() < REQUESTS_IN_FLIGHT_MAX
                && lane.waiting_bytes() < REPLIES_WAITING_BYTES_MAX;
            let answered = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(reply) = in_flight.next() => Some(reply),
                flushed = lane.flush(), if !lane.is_clear() => match flushed {
                    Ok(()) => None,
                    Err(_) => return End::Gone,
                },
                request = reader.next::<RequestFrame>(), if may_read => match request {
                    Ok(Some(frame)) => {
                        let id = frame.id;
                        let (reply, hold) = self.begin_metered(frame.request).await;
                        held_until = hold.map(|hold| Instant::now() + hold);
                        in_flight.push(Box::pin(async move { ReplyFrame { id, reply: reply.await } }));
                        None
                    }
                    Ok(None) => return End::Gone,
                    Err(error) => return error.into(),
                },
                () = at(held_until) => None,
                stream = self.connection.accept_bi() => match stream {
                    Ok((send, recv)) => {
                        tokio::spawn(self.clone().serve_short(send, recv));
                        None
                    }
                    Err(_) => return End::Gone,
                },
                datagram = self.connection.read_datagram() => match datagram {
                    Ok(datagram) => {
                        self.signal(&datagram, &mut typing_at).await;
                        None
                    }
                    Err(_) => return End::Gone,
                },
            };
            if let Some(reply) = answered {
                lane.push_frame(&reply, SERVER_FRAME_BYTES_MAX);
            }
        }
        self.drain(in_flight, lane).await
    }

    /// Goes down: says so, answers what was begun, lets the pump send what was acknowledged.
    async fn drain(self, mut in_flight: InFlight, mut lane: Lane) -> End {
        let drained = async {
            let _ = self.commands.send(PumpCommand::GoingAway).await;
            while let Some(reply) = in_flight.next().await {
                lane.push_frame(&reply, SERVER_FRAME_BYTES_MAX);
            }
            while !lane.is_clear() && lane.flush().await.is_ok() {}
            let (done, drained) = tokio::sync::oneshot::channel();
            let _ = self.commands.send(PumpCommand::Drain(done)).await;
            // The pump ends only with the connection.
            let _ = drained.await;
        };
        let _ = timeout(DRAIN, drained).await;
        End::Shutdown
    }

    /// One request on a stream of its own.
    async fn serve_short(self, send: SendStream, recv: RecvStream) {
        let mut reader = FrameReader::new(recv, REQUEST_FRAME_BYTES_MAX);
        let request = timeout(SHORT_REQUEST, reader.next::<RequestFrame>()).await;
        let frame = match request {
            Ok(Ok(Some(frame))) => frame,
            Ok(Err(FrameError::Malformed(error))) => {
                return close(&self.connection, CloseCode::Malformed, &error.to_string());
            }
            Ok(Ok(None) | Err(FrameError::Broken)) | Err(_) => return,
        };
        let frame = match frame {
            RequestFrame { id, request: Request::Upload(upload) } => {
                return self.take_file(id, upload, reader, Lane::new(send)).await;
            }
            RequestFrame { id, request: Request::Download(download) } => {
                return self.give_file(id, download, Lane::new(send)).await;
            }
            frame => frame,
        };
        let (reply, hold) = self.begin_metered(frame.request).await;
        let reply = reply.await;
        // The stream is one of few, so whoever asks on many of them waits as well.
        sleep(hold.unwrap_or_default()).await;
        let mut lane = Lane::new(send);
        // History yields to live events.
        let _ = lane.stream.set_priority(-1);
        lane.push_frame(&ReplyFrame { id: frame.id, reply }, SERVER_FRAME_BYTES_MAX);
        // A client that went away needs no answer.
        let _ = lane.finish().await;
    }

    async fn signal(&self, datagram: &[u8], typing_at: &mut Option<Instant>) {
        if datagram.len() > DATAGRAM_BYTES_MAX {
            return;
        }
        // What does not decode is dropped like a lost datagram.
        let Ok(ClientSignal::TypingIn(typing)) = chat_proto::codec::decode(datagram) else { return };
        let now = Instant::now();
        if typing.active && typing_at.is_some_and(|at| now < at + TYPING_EVERY) {
            return;
        }
        *typing_at = Some(now);
        self.hub.active(&self.live).await;
        self.hub.typing(typing.room, &self.actor, typing.active).await;
    }
}

async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}

/// Answers a client that is refused, and closes when it has read why or had time to.
pub(crate) async fn refuse(connection: &Connection, mut lane: Lane, id: RequestId, reply: Reply, code: CloseCode) {
    lane.push_frame(&ReplyFrame { id, reply }, SERVER_FRAME_BYTES_MAX);
    let said = async {
        if let Ok(stream) = lane.finish().await {
            let _ = stream.stopped().await;
        }
    };
    let _ = timeout(FAREWELL, said).await;
    close(connection, code, "refused");
}
