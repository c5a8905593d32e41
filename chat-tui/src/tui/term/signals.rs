//! What the system tells about the terminal and the program, as events among the others.

use std::io;

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::guard::Tty;
use super::input::TermEvent;

/// Turns signals into events until dropped. From the first call on, none of them ends or stops the process by itself.
#[derive(Debug)]
pub struct Signals {
    task: JoinHandle<()>,
    continued: watch::Receiver<()>,
}

impl Signals {
    /// Starts to listen; needs a tokio runtime with IO.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub fn start(events: mpsc::Sender<TermEvent>) -> io::Result<Self> {
        let of = |kind: Signal| signal(SignalKind::from_raw(kind.as_raw()));
        let (mut hangup, mut terminate, mut interrupt) = (of(Signal::HUP)?, of(Signal::TERM)?, of(Signal::INT)?);
        let (mut stop, mut resumed, mut resized) = (of(Signal::TSTP)?, of(Signal::CONT)?, of(Signal::WINCH)?);
        let mut reload = of(Signal::USR1)?;
        let (going_on, continued) = watch::channel(());
        let task = tokio::spawn(async move {
            loop {
                let event = tokio::select! {
                    biased;
                    _ = hangup.recv() => TermEvent::Closed,
                    _ = terminate.recv() => TermEvent::Terminate,
                    _ = interrupt.recv() => TermEvent::Interrupt,
                    _ = reload.recv() => TermEvent::Reload,
                    _ = stop.recv() => TermEvent::Suspend,
                    _ = resumed.recv() => {
                        going_on.send_replace(());
                        TermEvent::Resumed
                    }
                    _ = resized.recv() => match Tty.size() {
                        Ok(size) => TermEvent::Resize { width: size.width, height: size.height },
                        Err(_) => TermEvent::Closed,
                    },
                };
                if events.send(event).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self { task, continued })
    }

    /// Changes when the process goes on after a stop that is yet to come.
    pub(super) fn continued(&self) -> watch::Receiver<()> {
        let mut continued = self.continued.clone();
        continued.mark_unchanged();
        continued
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.task.abort();
    }
}
