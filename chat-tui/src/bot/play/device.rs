//! One connection of an actor: a session as `bot jsonl` serves it, and what was heard on it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::cable::Cable;
use super::latency::Latency;
use super::log::Log;
use crate::bot::jsonl::near::{Heard, Near, Requests, requests};
use crate::bot::{Exit, Failure};
use crate::client::{Client, Environment, Settings};

/// An answer, as the contract has it.
pub(super) type Answer = Map<String, Value>;

/// A connection.
pub(super) struct Device {
    /// `alice`, or `alice[2]`.
    pub(super) name: String,
    pub(super) log: Arc<Log>,
    asked: Arc<Asked>,
    environment: Environment,
    state: tokio::sync::Mutex<State>,
    reader: AbortHandle,
}

/// Requests that wait for their answers.
#[derive(Debug, Default)]
struct Asked {
    last: AtomicU64,
    waiting: Mutex<BTreeMap<u64, oneshot::Sender<Answer>>>,
}

enum State {
    Online(Session),
    Offline(Box<Near>),
    /// It ended for good.
    Over,
}

struct Session {
    requests: Requests,
    stop: CancellationToken,
    cable: Cable,
    client: Client,
    task: JoinHandle<Box<Near>>,
}

impl Drop for Device {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Device {
    /// Logs in.
    pub(super) async fn open(
        name: String,
        settings: Settings,
        environment: Environment,
        echo: bool,
        patience: Duration,
        latency: Arc<Latency>,
    ) -> Result<Self, Failure> {
        let cable = Cable::default();
        let (near, mut lines) = Near::open(settings, on(&environment, &cable), echo, patience).await?;
        let log = Arc::new(Log::new());
        // Who he is is heard before he does anything.
        let ready = lines.recv().await.map(|heard| heard.line).unwrap_or_default();
        log.push_line(serde_json::from_str(&ready).unwrap_or_default(), ready);
        let asked = Arc::new(Asked::default());
        let reader = tokio::spawn(read(lines, Arc::clone(&log), Arc::clone(&asked), latency)).abort_handle();
        let session = Session::start(Box::new(near), cable, Arc::clone(&log), Arc::clone(&asked));
        Ok(Self { name, log, asked, environment, state: State::Online(session).into(), reader })
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// There is none.
    pub(super) async fn ask(&self, mut request: Answer, patience: Duration) -> Result<Answer, String> {
        let requests = match &*self.state.lock().await {
            State::Online(session) => session.requests.clone(),
            State::Offline(_) => return Err(format!("{} is not connected: reconnect comes first", self.name)),
            State::Over => return Err(format!("the session of {} has ended", self.name)),
        };
        let op = request.get("op").cloned().unwrap_or_default();
        let number = self.asked.last.fetch_add(1, Ordering::Relaxed);
        let (tx, rx) = oneshot::channel();
        self.asked.lock().insert(number, tx);
        request.insert("id".to_owned(), number.into());
        if !requests.send(&Value::Object(request)).await {
            self.asked.lock().remove(&number);
            return Err(format!("the session of {} has ended", self.name));
        }
        let answered = timeout(patience, rx).await;
        self.asked.lock().remove(&number);
        let mut answer = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => return Err(format!("the session of {} ended before the answer", self.name)),
            Err(_) => return Err(format!("no answer to {op} within {patience:?}")),
        };
        answer.remove("re");
        if answer.get("ok") != Some(&Value::Bool(true)) {
            let said = |name: &str| answer.get(name).cloned().unwrap_or_default();
            self.log.push(json!({"ev": "error", "op": op, "code": said("code"), "error": said("error")}));
        }
        Ok(answer)
    }

    /// Ends the connection. Hard: nobody at the server is told, and nothing under way arrives any more.
    pub(super) async fn disconnect(&self, hard: bool) -> Result<(), String> {
        let mut state = self.state.lock().await;
        let session = match std::mem::replace(&mut *state, State::Over) {
            State::Online(session) => session,
            other @ (State::Offline(_) | State::Over) => {
                *state = other;
                return Err(format!("{} is not connected", self.name));
            }
        };
        if hard {
            session.cable.cut();
        }
        session.stop.cancel();
        let near = session.task.await.map_err(|e| format!("the session of {} broke: {e}", self.name))?;
        near.leave().await;
        self.log.push(json!({"ev": "disconnected", "hard": hard}));
        *state = State::Offline(near);
        Ok(())
    }

    /// Connects again; what was missed follows.
    pub(super) async fn reconnect(&self, patience: Duration) -> Result<Result<(), Failure>, String> {
        let mut state = self.state.lock().await;
        let mut near = match std::mem::replace(&mut *state, State::Over) {
            State::Offline(near) => near,
            State::Online(session) if session.requests.is_over() => session.task.await.map_err(|e| e.to_string())?,
            other @ (State::Online(_) | State::Over) => {
                let over = matches!(other, State::Over);
                *state = other;
                let why =
                    if over { "has ended: introduce another actor" } else { "is connected: disconnect comes first" };
                return Err(format!("the session of {} {why}", self.name));
            }
        };
        let cable = Cable::default();
        if let Err(failure) = near.reopen(on(&self.environment, &cable), patience).await {
            *state = State::Offline(near);
            return Ok(Err(failure));
        }
        *state = State::Online(Session::start(near, cable, Arc::clone(&self.log), Arc::clone(&self.asked)));
        Ok(Ok(()))
    }

    /// Moves to another local address.
    pub(super) async fn rebind(&self) -> Result<(), String> {
        match &*self.state.lock().await {
            State::Online(session) => session.client.rebind().await,
            State::Offline(_) | State::Over => return Err(format!("{} is not connected", self.name)),
        }
        Ok(())
    }

    /// Says goodbye, when the run is over.
    pub(super) async fn close(&self) {
        let mut state = self.state.lock().await;
        if let State::Online(session) = std::mem::replace(&mut *state, State::Over) {
            session.stop.cancel();
            if let Ok(near) = session.task.await {
                near.leave().await;
            }
        }
    }
}

impl Session {
    /// Sets a session going; when it ends by itself that is an event.
    fn start(mut near: Box<Near>, cable: Cable, log: Arc<Log>, asked: Arc<Asked>) -> Self {
        let (requests, inbox) = requests();
        let stop = CancellationToken::new();
        let client = near.client();
        let until = stop.clone();
        let task = tokio::spawn(async move {
            let ended = near.serve(inbox, until).await;
            if let Err(failure) = ended {
                log.push(json!({"ev": "stopped", "code": code_of(&failure), "error": failure.message}));
            }
            asked.lock().clear();
            near
        });
        Self { requests, stop, cable, client, task }
    }
}

impl Asked {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, oneshot::Sender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a login or a session failed of, as the server named it, or as a shell sees it.
pub(super) fn code_of(failure: &Failure) -> &'static str {
    match (failure.code, failure.exit) {
        (Some(code), _) => code.name(),
        (None, Exit::Unreachable) => "unreachable",
        (None, Exit::TimedOut) => "timed_out",
        (None, _) => "failed",
    }
}

/// The world as one session sees it, behind a cable of its own.
fn on(environment: &Environment, cable: &Cable) -> Environment {
    Environment { network: Arc::new(cable.clone()), ..environment.clone() }
}

/// Sorts what comes into answers and events.
async fn read(mut lines: mpsc::Receiver<Heard>, log: Arc<Log>, asked: Arc<Asked>, latency: Arc<Latency>) {
    while let Some(Heard { line: written, .. }) = lines.recv().await {
        let now = Instant::now();
        let Ok(Value::Object(line)) = serde_json::from_str(&written) else { continue };
        if let Some(number) = line.get("re") {
            let waiting = number.as_u64().and_then(|number| asked.lock().remove(&number));
            if let Some(waiting) = waiting {
                // Whoever asked may have lost his patience.
                let _ = waiting.send(line);
            }
            continue;
        }
        let is = |name: &str, value: &Value| line.get(name) == Some(value);
        if is("ev", &"message".into())
            && is("replay", &false.into())
            && let (Some(room), Some(seq)) =
                (line.get("room").and_then(Value::as_str), line.get("seq").and_then(Value::as_u64))
        {
            latency.heard(room, seq, now);
        }
        log.push_line(Value::Object(line), written);
    }
}
