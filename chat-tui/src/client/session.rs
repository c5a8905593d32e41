//! The loop that keeps one session alive.

use std::time::Duration;

use chat_proto::reply::Page;
use chat_proto::{MessageKey, Reply, Request};
use tokio::sync::{mpsc, oneshot, watch};

use super::{CallError, ClientEvent, Environment, Outgoing, SendError, Settings, StartError};

/// What a handle asks of the loop.
#[derive(Debug)]
pub(super) enum Command {
    /// A request on the control stream.
    Request { request: Request, reply: oneshot::Sender<Result<Reply, CallError>> },
    /// A message for the outbox.
    Send { outgoing: Outgoing, reply: oneshot::Sender<Result<(), SendError>> },
    /// Send a refused message again.
    Retry { key: MessageKey, reply: oneshot::Sender<bool> },
    /// Throw a message away.
    Discard { key: MessageKey, reply: oneshot::Sender<bool> },
    /// What waits?
    Outbox { reply: oneshot::Sender<Vec<Outgoing>> },
    /// A page that was read, for the cache.
    Keep(Page),
    /// A new local address.
    Rebind,
    /// The end.
    Quit { grace: Duration, reply: oneshot::Sender<()> },
}

pub(super) fn start(
    _settings: Settings,
    _environment: Environment,
    mut commands: mpsc::Receiver<Command>,
    _events: mpsc::Sender<ClientEvent>,
    _connection: watch::Sender<Option<quinn::Connection>>,
) -> Result<(), StartError> {
    tokio::spawn(async move {
        while let Some(command) = commands.recv().await {
            if let Command::Quit { .. } = command {
                return;
            }
        }
    });
    Ok(())
}
