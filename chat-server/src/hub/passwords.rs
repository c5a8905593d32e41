//! Passwords that link devices: set, taken away, shown by a new device. Hashing takes long and memory on purpose, so only so
//! many are hashed at once, only so many wait, and whoever comes beyond that is told to come later.

use std::num::NonZero;
use std::sync::Arc;

use chat_proto::password::Password;
use chat_proto::{Reject, RejectCode, Retry};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Hub;
use super::devices::Stranger;
use super::people::{Identified, parse_user};
use crate::core::Actor;
use crate::core::realm::password::{check_may_set, wrong};
use crate::core::realm::{PasswordHash, RealmCommand};
use crate::{core, password};

/// How many passwords may be hashed, where they link devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashing {
    /// At once; as many as there are processors.
    pub at_once: usize,
    /// Waiting for their turn.
    pub waiting: usize,
}

impl Default for Hashing {
    fn default() -> Self {
        let at_once = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { at_once, waiting: HASHES_WAITING_MAX }
    }
}

/// The line before the hashing.
#[derive(Debug)]
pub(super) struct HashLine {
    at_once: usize,
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

/// A place in the line.
struct Place<'a> {
    line: &'a HashLine,
    held: OwnedSemaphorePermit,
}

impl HashLine {
    pub(super) fn new(Hashing { at_once, waiting }: Hashing) -> Self {
        let places = Arc::new(Semaphore::new(at_once + waiting));
        Self { at_once, places, turns: Arc::new(Semaphore::new(at_once)) }
    }

    /// Stands in line.
    fn enter(&self) -> Result<Place<'_>, Reject> {
        let held = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Reject {
            code: RejectCode::SlowDown,
            retry: Retry::Later,
            retry_after_ms: SLOW_DOWN_MS,
            message: "too many passwords are being checked right now; come again in a moment".to_owned(),
        })?;
        Ok(Place { line: self, held })
    }
}

impl Place<'_> {
    /// Waits for its turn and works. Whoever gives up while it works is gone from the line only when it is done.
    async fn work<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Reject> {
        let lost = || Reject::new(RejectCode::Internal, "the password could not be hashed");
        let turn = Arc::clone(&self.line.turns).acquire_owned().await.map_err(|_| lost())?;
        let now = self.line.at_once - self.line.turns.available_permits();
        tracing::debug!(now, "a password is hashed");
        let held = (self.held, turn);
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(held);
            done
        });
        done.await.map_err(|_| lost())
    }
}

impl Hub {
    /// Gives somebody's account a password that links devices, in place of the one before, or takes it away; and revokes all other
    /// devices if that is wanted.
    ///
    /// # Errors
    /// [`RejectCode::Forbidden`] where passwords link nothing and for guests and bots, [`RejectCode::InvalidText`] for one that
    /// is not to be taken, [`RejectCode::SlowDown`], or what the store says.
    pub async fn set_password(
        self: &Arc<Self>,
        by: &Actor,
        typed: Option<&str>,
        revoke_others: bool,
    ) -> Result<(), Reject> {
        check_may_set(by)?;
        let hash = match typed {
            Some(typed) => Some(self.hash_new(by, typed).await?),
            None => None,
        };
        self.command_realm(by, RealmCommand::SetPassword(hash)).await?;
        if revoke_others {
            self.revoke_others(by).await?;
        }
        Ok(())
    }

    async fn hash_new(&self, by: &Actor, typed: &str) -> Result<PasswordHash, Reject> {
        let off =
            || Reject::new(RejectCode::Forbidden, "on this server passwords link no devices; use /link and /recovery");
        let line = self.hash_line.as_ref().ok_or_else(off)?;
        let new = parse(typed)?;
        core::password::check(&new, &by.name)?;
        let salt = self.environment.salt();
        let hashed = line.enter()?.work(move || password::hash(&new, salt)).await?;
        hashed.map(PasswordHash).map_err(|error| {
            tracing::error!(error, "a password could not be hashed");
            Reject::new(RejectCode::Unavailable, "the server has no memory to hash the password; come again later")
        })
    }

    /// Adds a device to an account by its password. A wrong password, an account without one and a name nobody has are the same
    /// work and the same answer.
    ///
    /// # Errors
    /// [`RejectCode::WrongCode`], [`RejectCode::CodeBlocked`], [`RejectCode::SlowDown`], [`RejectCode::Forbidden`] where
    /// passwords link nothing, those of [`Hub::link`], or what the store says.
    pub async fn link_by_password(self: &Arc<Self>, stranger: Stranger, typed: &str) -> Result<Identified, Reject> {
        let off = || Reject::new(RejectCode::Forbidden, "on this server passwords link no devices; use a code (/link)");
        let line = self.hash_line.as_ref().ok_or_else(off)?;
        let name = parse_user(&stranger.name)?;
        if let Some(known) = self.own_device(&stranger, &name) {
            return Ok(known);
        }
        let shown = parse(typed)?;
        // Before the guess is counted: one that is not looked at is none.
        let place = line.enter()?;
        let guesser = self.begin_guess(name.keys().folded, stranger.from)?;
        let owner = self.owner_of(&name);
        let kept = owner.as_ref().and_then(|(account, _)| self.password_of(*account));
        let compared = kept.clone();
        let is_kept = place.work(move || password::is_kept(&shown, compared.as_deref())).await?;
        let (Some((account, name)), Some(kept), true) = (owner, kept, is_kept) else { return Err(wrong()) };
        self.guessed_right(&guesser);
        let link = move |new| RealmCommand::LinkByPassword(PasswordHash(kept), new);
        self.add_device(account, name, stranger.new, link).await
    }

    fn password_of(&self, account: chat_proto::AccountId) -> Option<String> {
        self.standing.read(|realm| realm.password(account).map(str::to_owned))
    }
}

fn parse(typed: &str) -> Result<Password, Reject> {
    Password::parse(typed).map_err(|e| Reject::new(RejectCode::InvalidText, e.to_string()))
}

/// Passwords that wait to be hashed.
const HASHES_WAITING_MAX: usize = 64;

/// How long whoever finds no place is to wait: the whole line is done by then on a machine of one processor.
const SLOW_DOWN_MS: u32 = 2_000;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn so_many_are_hashed_at_once_so_many_wait_and_the_rest_is_told_to_come_later() {
        let line = Arc::new(HashLine::new(Hashing { at_once: 3, waiting: 64 }));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (open, gate) = mpsc::channel::<()>();
        let gate = Arc::new(std::sync::Mutex::new(gate));
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let (mut tasks, mut late) = (Vec::new(), 0);
        for _ in 0..100 {
            let (line, begun, gate) = (Arc::clone(&line), begun.clone(), Arc::clone(&gate));
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            // In line before the next one comes.
            let Ok(Place { held, .. }) = line.enter() else {
                late += 1;
                continue;
            };
            tasks.push(tokio::spawn(async move {
                let place = Place { line: &line, held };
                let work = move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    begun.send(()).unwrap();
                    gate.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
                    running.fetch_sub(1, Ordering::SeqCst);
                };
                place.work(work).await.unwrap();
            }));
        }
        assert_eq!((tasks.len(), late), (67, 33));
        for _ in 0..3 {
            begins.recv().await.unwrap();
        }
        let slow = line.enter().err().unwrap();
        assert_eq!((slow.code, slow.retry, slow.retry_after_ms), (RejectCode::SlowDown, Retry::Later, SLOW_DOWN_MS));
        (0..67).for_each(|_| open.send(()).unwrap());
        join_all(tasks).await.into_iter().for_each(|done| done.unwrap());
        assert_eq!(most.load(Ordering::SeqCst), 3);
        assert!(line.enter().is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_gives_up_makes_no_room_before_the_work_is_done() {
        let line = Arc::new(HashLine::new(Hashing { at_once: 1, waiting: 0 }));
        let (open, gate) = mpsc::channel::<()>();
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let held = line.enter().unwrap().held;
        let task = tokio::spawn({
            let line = Arc::clone(&line);
            async move {
                let work = move || {
                    begun.send(()).unwrap();
                    gate.recv_timeout(Duration::from_secs(20)).unwrap();
                };
                Place { line: &line, held }.work(work).await
            }
        });
        begins.recv().await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert!(line.enter().is_err());
        open.send(()).unwrap();
        let again = tokio::time::timeout(Duration::from_secs(20), async {
            while line.enter().is_err() {
                tokio::task::yield_now().await;
            }
        });
        again.await.unwrap();
    }
}
