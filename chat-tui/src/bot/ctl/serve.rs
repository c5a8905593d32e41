//! The screen's side: who may come in, and how many at once. What they want goes to the screen as a [`Wish`].

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::geteuid;
use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Known;
use super::converse::attend;
use super::place::{self, Bound, PlaceError};
use crate::bot::door::Door;
use crate::bot::jsonl::request::{Problem, answer};
use crate::bot::line::json;

/// What a program wants of the screen, and where the answer goes.
#[derive(Debug)]
pub enum Wish {
    /// To know the servers.
    Servers(oneshot::Sender<Vec<Known>>),
    /// To be served beside the person: at a server, as [`Known`] names both, or at the one being looked at.
    Open(Option<String>, Option<String>, oneshot::Sender<Result<Opened, NotOpened>>),
    /// A line to be taken as if it had been typed, and why it is not.
    Input(String, oneshot::Sender<Result<(), String>>),
}

/// Why a program is not served at a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOpened {
    /// Nobody was logged in there yet.
    Early,
    /// The screen has no such server, or is done with it.
    Unknown,
}

/// A session a program is served on.
#[derive(Debug)]
pub struct Opened {
    /// The session. What it tells comes from now on, in the order the screen hears it.
    pub door: Door,
    /// The server, as the person named it.
    pub server: String,
    /// Cancelled when the program was too slow for what the session tells, which then comes no more.
    pub overrun: CancellationToken,
}

/// A socket that programs come in by, until this is dropped.
#[derive(Debug)]
pub struct Listening {
    // Nobody new finds the way before those who are there are told of the end.
    bound: Bound,
    stop: CancellationToken,
    programs: TaskTracker,
}

/// Listens in a directory; what programs want comes out of the receiver.
///
/// # Errors
/// [`PlaceError`].
pub async fn listen(folder: &Path) -> Result<(Listening, mpsc::Receiver<Wish>), PlaceError> {
    let (listener, bound) = place::bind(folder).await?;
    let (wishes, wished) = mpsc::channel(WISHES_MAX);
    let (stop, programs) = (CancellationToken::new(), TaskTracker::new());
    tokio::spawn(accept(listener, wishes, stop.clone(), programs.clone()));
    Ok((Listening { bound, stop, programs }, wished))
}

impl Listening {
    /// Tells everybody that it is over, for so long at most.
    pub async fn finish(self, patience: Duration) {
        drop(self.bound);
        self.stop.cancel();
        self.programs.close();
        let _ = timeout(patience, self.programs.wait()).await;
    }
}

async fn accept(listener: UnixListener, wishes: mpsc::Sender<Wish>, stop: CancellationToken, programs: TaskTracker) {
    let (places, own) = (Arc::new(Semaphore::new(PROGRAMS_MAX)), geteuid().as_raw());
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // No file is left for it; one may be in a moment.
            sleep(RETRY).await;
            continue;
        };
        let place = Arc::clone(&places).try_acquire_owned();
        let refused = match (stream.peer_cred().map(|peer| peer.uid()), &place) {
            (peer, _) if !may_enter(&peer, own) => Problem::new("forbidden", "this client belongs to somebody else"),
            (_, Err(_)) => {
                let error = format!("{PROGRAMS_MAX} programs are connected to this client already");
                Problem { retry: true, ..Problem::new("limit_exceeded", error) }
            }
            (_, Ok(_)) => {
                let (wishes, stop) = (wishes.clone(), stop.clone());
                programs.spawn(async move {
                    attend(stream, wishes, stop).await;
                    drop(place);
                });
                continue;
            }
        };
        programs.spawn(refuse(stream, refused));
    }
}

/// Whether it is the owner of the screen who comes: nobody else, and nobody of whom it is not known.
fn may_enter(peer: &io::Result<u32>, own: u32) -> bool {
    peer.as_ref().is_ok_and(|peer| *peer == own)
}

async fn refuse(mut stream: UnixStream, why: Problem) {
    let line = format!("{}\n", json(&answer(&serde_json::Value::Null, "", Err(why))));
    let _ = timeout(RETRY, stream.write_all(line.as_bytes())).await;
}

/// Programs served at once.
const PROGRAMS_MAX: usize = 16;

/// What programs want, on its way to the screen; who wants more waits.
const WISHES_MAX: usize = 64;

/// How long nobody is let in when the system could not, and how long somebody refused is told so.
const RETRY: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_owner_of_the_screen_comes_in() {
        let (one, _other) = UnixStream::pair().unwrap();
        let peer = one.peer_cred().map(|peer| peer.uid());
        let own = geteuid().as_raw();
        assert!(may_enter(&peer, own));
        assert!(!may_enter(&peer, own + 1), "somebody else's screen");
        assert!(!may_enter(&Ok(own + 1), own));
        // Who may do everything on the machine is somebody else too.
        assert!(!may_enter(&Ok(0), 1_000));
        assert!(!may_enter(&Err(io::ErrorKind::Unsupported.into()), own));
    }
}
