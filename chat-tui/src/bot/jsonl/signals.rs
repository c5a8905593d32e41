//! Signals from outside, and how far they let a run go on.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::bot::queue::Queue;
use crate::bot::{Exit, Failure};

/// What a signal asks for.
pub(in crate::bot) enum Asked {
    /// To end, by the number of the signal.
    End(u8),
    /// To say how things stand.
    State,
}

/// What signals do to a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Reins {
    /// The first signal that ends it.
    pub(super) stop: CancellationToken,
    /// SIGUSR1: how do things stand?
    pub(super) state: Arc<Notify>,
}

/// Runs to the end, or to that of the pipe, or as far as signals let it: the first leaves it the time of grace, the second
/// none.
pub(super) async fn until_signal<M: Send + 'static>(
    run: impl Future<Output = Result<(), Failure>>,
    queue: &Queue<M>,
    reins: &Reins,
    grace: Duration,
) -> Result<Exit, Failure> {
    let mut run = pin!(run);
    let mut signals = Signals::new().map_err(|e| Failure::new(Exit::Bug, format!("no signals: {e}")))?;
    let mut deadline = None;
    loop {
        tokio::select! {
            biased;
            asked = signals.next() => match asked {
                Asked::State => reins.state.notify_one(),
                Asked::End(signal) if deadline.is_some() => return Ok(Exit::Signal(signal)),
                Asked::End(_) => {
                    deadline = Some(Instant::now() + grace + LAST_WORDS);
                    reins.stop.cancel();
                }
            },
            () = at(deadline) => return Ok(Exit::Clean),
            () = queue.closed() => return Ok(Exit::Clean),
            ended = &mut run => return ended.map(|()| Exit::Clean),
        }
    }
}

/// Waits until then; without a time, for ever.
pub(in crate::bot) async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}

/// SIGINT, SIGTERM and SIGUSR1.
pub(in crate::bot) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    user: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(in crate::bot) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            user: signal(SignalKind::user_defined1())?,
        })
    }

    #[cfg(unix)]
    pub(in crate::bot) async fn next(&mut self) -> Asked {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Asked::End(SIGINT),
            _ = self.terminate.recv() => Asked::End(SIGTERM),
            _ = self.user.recv() => Asked::State,
        }
    }

    #[cfg(not(unix))]
    pub(in crate::bot) fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    pub(in crate::bot) async fn next(&mut self) -> Asked {
        // Without a handler the signal ends the process by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Asked::End(SIGINT)
    }
}

/// The numbers a shell knows the signals by.
#[cfg(unix)]
const SIGTERM: u8 = 15;
const SIGINT: u8 = 2;

/// After the time of grace, for what is still to be written.
const LAST_WORDS: Duration = Duration::from_millis(500);
