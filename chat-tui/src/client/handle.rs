//! The handle of a session: cheap to clone, usable from any task.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat_proto::delivery::TypingIn;
use chat_proto::limits::{REQUESTS_IN_FLIGHT_MAX, SERVER_FRAME_BYTES_MAX};
use chat_proto::reply::Page;
use chat_proto::request::History;
use chat_proto::{
    ClientSignal, FrameBuffer, MessageKey, NameError, Reject, Reply, ReplyFrame, Request, RequestFrame, RequestId,
    RoomId, Seq, Style, Text, TextError, UserName, codec,
};
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::files;
use super::keyed::{has_key, with_key};
use super::outbox::Kept;
use super::session::{self, Command};
use super::trust::Fingerprint;
use super::{ClientEvent, Environment, Outgoing, ServerAddress, Settings};

/// Why a session could not begin.
#[derive(Debug, Error)]
pub enum StartError {
    /// The name breaks a rule.
    #[error("the name is not allowed: {0}")]
    Name(#[from] NameError),
    /// The directory of this identity cannot be made or is open to others.
    #[error("{path}: {source}")]
    Data {
        /// Which file or directory.
        path: std::path::PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key of this device is unusable.
    #[error("{0}")]
    Identity(String),
    /// The file of certificate authorities is unusable.
    #[error("{0}")]
    Authorities(String),
    /// No UDP socket.
    #[error("no UDP socket: {0}")]
    Socket(io::Error),
}

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CallError {
    /// Not connected, or the connection broke before the answer: the server may or may not have done it.
    #[error("not connected")]
    Offline,
    /// The server said no.
    #[error(transparent)]
    Rejected(#[from] Reject),
    /// The session has ended.
    #[error("the session has ended")]
    Stopped,
    /// The server's answer makes no sense, or the request is over its limit.
    #[error("the server answered nonsense: {0}")]
    Protocol(String),
}

/// Why a message did not enter the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// The text breaks a rule.
    #[error("the text is not allowed: {0}")]
    Text(#[from] TextError),
    /// As many messages wait as may wait.
    #[error("the outbox is full: {0} messages wait to be sent")]
    Full(usize),
    /// It could not be written to disk.
    #[error("the outbox could not be written: {0}")]
    Disk(String),
    /// The session has ended.
    #[error("the session has ended")]
    Stopped,
}

/// One session, kept alive until [`Client::quit`] or until the last handle is gone.
#[derive(Clone, Debug)]
pub struct Client {
    commands: mpsc::Sender<Command>,
    /// The connection while somebody is logged in on it.
    connection: watch::Receiver<Option<quinn::Connection>>,
    permits: Arc<Semaphore>,
    /// As many as files move at the same time.
    pub(super) transfers: Arc<Semaphore>,
    typing: Arc<Mutex<Option<(RoomId, Instant)>>>,
    pub(super) environment: Environment,
    server: Arc<ServerAddress>,
}

impl Client {
    /// Begins a session: at once, whether or not the server can be reached. Must be called within a tokio runtime.
    ///
    /// The receiver tells everything that happens; whoever reads it slowly slows only his own streams.
    ///
    /// # Errors
    /// What no later try would mend: a name that breaks a rule, a data directory or key file that cannot be used.
    pub fn start(
        settings: Settings,
        environment: Environment,
    ) -> Result<(Self, mpsc::Receiver<ClientEvent>), StartError> {
        UserName::parse(&settings.name)?;
        let (commands, command_queue) = mpsc::channel(COMMANDS_MAX);
        let (events, event_queue) = mpsc::channel(EVENTS_MAX);
        let (connection, connected) = watch::channel(None);
        let server = Arc::new(settings.server.clone());
        session::start(settings, environment.clone(), command_queue, events, connection)?;
        let client = Self {
            commands,
            connection: connected,
            permits: Arc::new(Semaphore::new(REQUESTS_IN_FLIGHT_MAX / 2)),
            transfers: files::places(),
            typing: Arc::default(),
            environment,
            server,
        };
        Ok((client, event_queue))
    }

    /// The link that passes an invitation on: with the server's name as it was dialled, and the key it shows. None while not
    /// connected.
    #[must_use]
    pub fn invitation(&self, room: &str, secret: &str) -> Option<String> {
        let identity = self.connection.borrow().as_ref()?.peer_identity()?;
        let chain = identity.downcast::<Vec<rustls::pki_types::CertificateDer<'static>>>().ok()?;
        let key = Fingerprint::of_certificate(chain.first()?)?;
        let room = if room.is_empty() { String::new() } else { format!("/{room}") };
        Some(format!("chat://{}{room}#k={key}&i={secret}", self.server.authority()))
    }

    /// Asks something on the control stream. Requests are worked on in the order asked; many may be under way.
    ///
    /// # Errors
    /// [`CallError`]; after `Offline` a durable command may be repeated with the same key.
    pub async fn request(&self, request: impl Into<Request>) -> Result<Reply, CallError> {
        let _permit = self.permits.acquire().await.map_err(|_| CallError::Stopped)?;
        let request = request.into();
        self.ask(|reply| Command::Request { request, reply }).await.unwrap_or(Err(CallError::Stopped))
    }

    /// Asks something to be done, once: a command is given a key of its own. What is no command is only asked.
    ///
    /// # Errors
    /// [`CallError`]; after `Offline` it may have been done.
    pub async fn command(&self, request: impl Into<Request>) -> Result<Reply, CallError> {
        let mut request = request.into();
        if has_key(&mut request) {
            let key = self.environment.random.message_key().map_err(|e| CallError::Protocol(e.to_string()))?;
            request = with_key(request, key);
        }
        self.request(request).await
    }

    /// Reads a page of history on a stream of its own, behind everything live.
    ///
    /// # Errors
    /// [`CallError`]; reading again is always safe.
    pub async fn fetch(&self, history: History) -> Result<Page, CallError> {
        let connection = self.connection.borrow().clone();
        let Some(connection) = connection else {
            return Err(if self.commands.is_closed() { CallError::Stopped } else { CallError::Offline });
        };
        // A session with a full queue is awake anyway.
        let _ = self.commands.try_send(Command::Stir);
        let reply = ask_alone(&connection, history.into()).await?;
        let kind = reply.kind();
        if let Reply::Reject(reject) = reply {
            return Err(CallError::Rejected(reject));
        }
        let Reply::Page(page) = reply else {
            return Err(CallError::Protocol(format!("a reply of kind {kind} to a history request")));
        };
        // The cache is a help, never a duty: a busy session goes without.
        let _ = self.commands.try_send(Command::Keep(page.clone()));
        Ok(page)
    }

    /// Waits until somebody is logged in; nothing when the session has ended.
    pub(super) async fn connected(&self) -> Option<quinn::Connection> {
        let mut connection = self.connection.clone();
        let is_open = |known: &Option<quinn::Connection>| known.as_ref().is_some_and(|it| it.close_reason().is_none());
        let found = connection.wait_for(is_open).await.ok()?.clone();
        // A session with a full queue is awake anyway.
        let _ = self.commands.try_send(Command::Stir);
        found
    }

    /// Puts a message into the outbox. When this returns it is on disk and will be sent exactly once, in the order given,
    /// however often the client or the server is restarted in between. Works offline.
    ///
    /// Without a key a random one is made. A key that is in the outbox already changes nothing.
    ///
    /// # Errors
    /// [`SendError`]; the message is then not in the outbox.
    pub async fn send(
        &self,
        room: RoomId,
        style: Style,
        text: &str,
        key: Option<MessageKey>,
    ) -> Result<MessageKey, SendError> {
        self.put(room, style, text, None, key).await
    }

    /// As [`send`](Self::send), as an answer to another message of the room.
    ///
    /// # Errors
    /// [`SendError`]; the message is then not in the outbox.
    pub async fn reply(&self, room: RoomId, reply_to: Seq, style: Style, text: &str) -> Result<MessageKey, SendError> {
        self.put(room, style, text, Some(reply_to), None).await
    }

    async fn put(
        &self,
        room: RoomId,
        style: Style,
        text: &str,
        reply_to: Option<Seq>,
        key: Option<MessageKey>,
    ) -> Result<MessageKey, SendError> {
        let text = Text::parse(text)?.into_string();
        let key = match key {
            Some(key) => key,
            None => self.environment.random.message_key().map_err(|e| SendError::Disk(e.to_string()))?,
        };
        let outgoing = Outgoing { key, room, style, text, reply_to, refused: None };
        self.ask(|reply| Command::Send { outgoing, reply }).await.unwrap_or(Err(SendError::Stopped))?;
        Ok(key)
    }

    /// Sends a refused message again, under its key. False if no refused message has it.
    pub async fn retry(&self, key: MessageKey) -> bool {
        self.ask(|reply| Command::Retry { key, reply }).await.unwrap_or(false)
    }

    /// Throws a message away that is not being sent this moment. False if there is none of that key, or it is under way.
    pub async fn discard(&self, key: MessageKey) -> bool {
        self.ask(|reply| Command::Discard { key, reply }).await.unwrap_or(false)
    }

    /// Takes a message back whose words may then be sent once more: the server surely has it not, and will not get it.
    ///
    /// # Errors
    /// Why that is not so; the message is where it was.
    pub async fn take_back(&self, key: MessageKey) -> Result<Outgoing, Kept> {
        self.ask(|reply| Command::TakeBack { key, reply }).await.unwrap_or(Err(Kept::Gone))
    }

    /// What is not acknowledged yet, oldest first, refused ones included.
    pub async fn outbox(&self) -> Vec<Outgoing> {
        self.ask(|reply| Command::Outbox { reply }).await.unwrap_or_default()
    }

    /// Tells the room that somebody is writing, or no more. May be called on every key: repetitions are held back.
    pub fn typing(&self, room: RoomId, active: bool) {
        let mut last = self.typing.lock().unwrap_or_else(PoisonError::into_inner);
        let repeated = last.is_some_and(|(known, at)| known == room && at.elapsed() < TYPING_INTERVAL);
        if active && repeated || !active && last.is_none() {
            return;
        }
        *last = active.then(|| (room, Instant::now()));
        if let Some(connection) = self.connection.borrow().as_ref() {
            let signal = codec::encode(&ClientSignal::from(TypingIn { room, active }));
            // A signal may be lost; a connection that cannot carry it loses it.
            let _ = connection.send_datagram(signal.into());
        }
    }

    /// Moves the session to a new local address, as after a change of network. Without a connection nothing happens.
    pub async fn rebind(&self) {
        let _ = self.commands.send(Command::Rebind).await;
    }

    /// Tries again at once if the next try is waited for. False if the session is over, or has too much to do.
    pub fn hurry(&self) -> bool {
        self.commands.try_send(Command::Hurry).is_ok()
    }

    /// Ends the session: gives the outbox up to `grace` to empty, then says goodbye. What is left is sent next time.
    pub async fn quit(&self, grace: Duration) {
        let _ = self.ask(|reply| Command::Quit { grace, reply }).await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.ok()?;
        answer.await.ok()
    }
}

/// One request alone on a short stream.
async fn ask_alone(connection: &quinn::Connection, request: Request) -> Result<Reply, CallError> {
    let offline = |_| CallError::Offline;
    let frame = RequestFrame { id: RequestId(0), request };
    let frame = codec::encode_frame(&frame, chat_proto::limits::REQUEST_FRAME_BYTES_MAX)
        .map_err(|e| CallError::Protocol(e.to_string()))?;
    let (mut tx, mut rx) = connection.open_bi().await.map_err(offline)?;
    let _ = tx.set_priority(FETCH_PRIORITY);
    tx.write_all(&frame).await.map_err(|_| CallError::Offline)?;
    let _ = tx.finish();
    let mut buffer = FrameBuffer::new(SERVER_FRAME_BYTES_MAX);
    loop {
        if let Some(ReplyFrame { reply, .. }) = buffer.pop().map_err(|e| CallError::Protocol(e.to_string()))? {
            return Ok(reply);
        }
        match rx.read_chunk(SERVER_FRAME_BYTES_MAX, true).await {
            Ok(Some(chunk)) => buffer.extend(&chunk.bytes),
            Ok(None) => return Err(CallError::Protocol("the stream ended before the answer".to_owned())),
            Err(_) => return Err(CallError::Offline),
        }
    }
}

/// Commands waiting for the session.
const COMMANDS_MAX: usize = 256;

/// Events waiting for the reader; when they are as many the session stops reading its streams.
const EVENTS_MAX: usize = 256;

/// Shortest time between two typing signals for one room.
const TYPING_INTERVAL: Duration = Duration::from_secs(2);

/// Priority of a history stream's bytes, below the control stream's 0.
const FETCH_PRIORITY: i32 = -1;
