//! The one task that writes: whatever waits when a commit begins shares it, and its one flush.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::error::{is_fatal, store_error};
use super::head::{self, Head};
use super::open::BUSY_TIMEOUT;
use super::write::{Change, Failure, Numbers, apply};
use super::{Settings, stopped};
use crate::store::{DataDir, StoreError, StoreResult};

/// A change, and who waits for it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) change: Change,
    pub(super) done: oneshot::Sender<StoreResult<()>>,
}

/// What the writing task is told.
#[derive(Debug)]
pub(super) enum Order {
    Do(Job),
    /// Finish: everything before it is done, nothing behind it will be.
    Close(oneshot::Sender<()>),
}

/// The connection that writes, and what it must remember.
#[derive(Debug)]
pub(super) struct Writer {
    db: Connection,
    dir: Arc<DataDir>,
    settings: Settings,
    head: Head,
    /// The greatest number an event has.
    events: u64,
    recorded: Option<Head>,
    log_pages: Arc<AtomicI32>,
    /// A log of so many pages is worth waiting for readers.
    wait_at_pages: i32,
    failed: Option<StoreError>,
    /// The log may still hold what was removed since it was last emptied.
    holds_removed: bool,
}

impl Writer {
    pub(super) fn new(
        mut db: Connection,
        dir: Arc<DataDir>,
        settings: Settings,
        (head, recorded): (Head, Option<Head>),
    ) -> rusqlite::Result<Self> {
        let log_pages = Arc::new(AtomicI32::new(0));
        let events = db.query_row("SELECT events FROM meta", [], |row| row.get::<_, i64>(0))?.cast_unsigned();
        let wait_at_pages = settings.checkpoint_pages.saturating_mul(PATIENCE);
        let seen = log_pages.clone();
        db.wal_hook(Some(move |_: &'_ mut _, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self {
            db,
            dir,
            settings,
            head,
            events,
            recorded,
            log_pages,
            wait_at_pages,
            failed: None,
            holds_removed: true,
        })
    }

    /// Commits changes together; one that is refused harms no other.
    fn commit(&mut self, changes: &[Job]) -> Vec<StoreResult<()>> {
        if let Some(error) = &self.failed {
            return vec![Err(error.clone()); changes.len()];
        }
        let done = match self.attempt(changes, false) {
            Err(Attempt::Again) => self.attempt(changes, true),
            done => done,
        };
        match done {
            Ok(answers) => {
                let done = changes.iter().zip(&answers).filter(|(_, answer)| answer.is_ok());
                self.holds_removed |= done.into_iter().any(|(job, _)| job.change.removes());
                answers
            }
            Err(Attempt::Again) => vec![Err(stopped()); changes.len()],
            Err(Attempt::Failed(error)) => {
                self.roll_back();
                let answer = store_error(&error);
                self.stop_if_fatal(&error);
                vec![Err(answer); changes.len()]
            }
        }
    }

    fn stop_if_fatal(&mut self, error: &rusqlite::Error) {
        if is_fatal(error) {
            tracing::error!(%error, "the disk failed; nothing more is written until the server is restarted");
            self.failed = Some(store_error(error));
        }
    }

    /// One transaction. Without `guarded` a refused change that had begun to write spoils the attempt; that is rare, and the
    /// guards cost more than the writing.
    fn attempt(&mut self, jobs: &[Job], guarded: bool) -> Result<Vec<StoreResult<()>>, Attempt> {
        self.run("BEGIN IMMEDIATE")?;
        let mut answers = Vec::with_capacity(jobs.len());
        let mut numbers = Numbers { epoch: self.head.epoch, events: self.events };
        for job in jobs {
            if guarded {
                self.run("SAVEPOINT one")?;
            }
            let answer = match apply(&self.db, &mut numbers, &job.change) {
                Ok(()) => Ok(()),
                Err(Failure::Engine(error)) => return Err(Attempt::Failed(error)),
                Err(Failure::Clean(error)) => Err(error),
                Err(Failure::Dirty(error)) if guarded && !self.db.is_autocommit() => {
                    self.run("ROLLBACK TO one")?;
                    Err(error)
                }
                Err(Failure::Dirty(_)) => {
                    self.roll_back();
                    return Err(Attempt::Again);
                }
            };
            if guarded {
                self.run("RELEASE one")?;
            }
            answers.push(answer);
        }
        if answers.iter().all(Result::is_err) {
            self.roll_back();
            return Ok(answers);
        }
        let commits = self.head.commits + 1;
        let sql = "UPDATE meta SET commits = ?1, events = ?2";
        self.db
            .prepare_cached(sql)
            .and_then(|mut sql| sql.execute([commits.cast_signed(), numbers.events.cast_signed()]))
            .map_err(Attempt::Failed)?;
        self.run("COMMIT")?;
        self.head.commits = commits;
        self.events = numbers.events;
        Ok(answers)
    }

    fn run(&self, sql: &str) -> Result<(), Attempt> {
        self.db.prepare_cached(sql).and_then(|mut sql| sql.execute([])).map(drop).map_err(Attempt::Failed)
    }

    /// Leaves no transaction open. SQLite has rolled back by itself after some errors.
    fn roll_back(&self) {
        if !self.db.is_autocommit()
            && let Err(error) = self.db.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    /// Moves the log into the database when it has grown long.
    fn checkpoint_if_due(&mut self) {
        let pages = self.log_pages.load(Ordering::Relaxed);
        if self.failed.is_some() || pages < self.settings.checkpoint_pages {
            return;
        }
        self.log_pages.store(0, Ordering::Relaxed);
        // Readers that overlap for ever keep the log from beginning anew. Ours are quick, so waiting for them is worth it once in a
        // while; somebody else's tool may not be.
        let waited = pages >= self.wait_at_pages;
        let moved = if waited { self.checkpoint_waiting("RESTART") } else { self.checkpoint("PASSIVE") };
        match moved {
            Ok(is_whole) => {
                let patience = self.settings.checkpoint_pages.saturating_mul(PATIENCE);
                if is_whole {
                    self.wait_at_pages = patience;
                } else if waited {
                    self.wait_at_pages = pages.saturating_mul(2);
                }
                self.record_head();
            }
            Err(error) => {
                tracing::warn!(%error, "the log could not be moved into the database; it goes on growing");
                self.stop_if_fatal(&error);
            }
        }
    }

    /// Whether all of the log was moved, and nobody reads it any more where `mode` waits for that.
    fn checkpoint(&self, mode: &str) -> rusqlite::Result<bool> {
        self.db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
            let (is_busy, pages, moved): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(!is_busy && pages == moved)
        })
    }

    fn checkpoint_waiting(&self, mode: &str) -> rusqlite::Result<bool> {
        self.db.busy_timeout(WAIT_FOR_READERS)?;
        let moved = self.checkpoint(mode);
        self.db.busy_timeout(BUSY_TIMEOUT)?;
        moved
    }

    /// Whether the log is to be emptied, because what was removed from the database still stands in it.
    fn is_log_to_be_emptied(&self) -> bool {
        self.holds_removed && self.failed.is_none()
    }

    /// Moves the log into the database and cuts it to nothing, if its readers let it.
    fn empty_log(&mut self) {
        match self.checkpoint_waiting("TRUNCATE") {
            Ok(true) => {
                self.holds_removed = false;
                self.log_pages.store(0, Ordering::Relaxed);
            }
            Ok(false) => tracing::debug!("the log is being read and could not be emptied; it is tried again"),
            Err(error) => {
                tracing::warn!(%error, "the log could not be emptied; what was removed still stands in it");
                self.stop_if_fatal(&error);
            }
        }
    }

    fn is_head_recorded(&self) -> bool {
        self.recorded == Some(self.head) || self.failed.is_some()
    }

    fn record_head(&mut self) {
        if self.is_head_recorded() {
            return;
        }
        match head::write(self.dir.path(), self.head) {
            Ok(()) => self.recorded = Some(self.head),
            Err(error) => tracing::warn!(%error, "the file head could not be written; it is tried again"),
        }
    }
}

/// Why a transaction did not come to its end.
#[derive(Debug)]
enum Attempt {
    /// A refused change spoilt it; with guards it will not.
    Again,
    /// SQLite said no.
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for Attempt {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

/// Writes until told to stop or nobody is left who could tell. If a commit panics, everybody who waits is told by the end of
/// the channel he waits on.
pub(super) async fn run(mut writer: Writer, mut orders: mpsc::Receiver<Order>) {
    let mut batch = Vec::with_capacity(QUEUE_MAX);
    let mut closing = None;
    let mut head_due = Instant::now();
    let mut empty_due = Instant::now();
    while closing.is_none() {
        let (pending_head, pending_removed) = (!writer.is_head_recorded(), writer.is_log_to_be_emptied());
        tokio::select! {
            biased;
            taken = orders.recv_many(&mut batch, QUEUE_MAX) => if taken == 0 { break },
            () = tokio::time::sleep_until(head_due), if pending_head => {}
            () = tokio::time::sleep_until(empty_due), if pending_removed => {}
        }
        let mut jobs = Vec::with_capacity(batch.len());
        for order in batch.drain(..) {
            match order {
                Order::Do(job) if closing.is_none() => jobs.push(job),
                Order::Do(job) => drop(job),
                Order::Close(done) => closing = Some(done),
            }
        }
        if !pending_head {
            head_due = Instant::now() + HEAD_INTERVAL;
        }
        if !pending_removed {
            empty_due = Instant::now() + EMPTY_INTERVAL;
        }
        let due = Due {
            head: pending_head && Instant::now() >= head_due,
            empty: pending_removed && Instant::now() >= empty_due,
        };
        let Ok(same) = tokio::task::spawn_blocking(move || turn(writer, jobs, due)).await else {
            return;
        };
        writer = same;
        if due.empty {
            empty_due = Instant::now() + EMPTY_INTERVAL;
        }
        if due.head {
            head_due = Instant::now() + if writer.is_head_recorded() { HEAD_INTERVAL } else { HEAD_RETRY };
        }
    }
    let end = tokio::task::spawn_blocking(move || {
        writer.record_head();
        drop(writer);
    });
    if end.await.is_ok()
        && let Some(closing) = closing
    {
        // Whoever asked may have gone.
        let _ = closing.send(());
    }
}

/// What is to be done beside changes.
#[derive(Clone, Copy, Debug)]
struct Due {
    /// The side file is to be written.
    head: bool,
    /// The log is to be emptied.
    empty: bool,
}

/// One commit and what follows it, on a thread that may block.
fn turn(mut writer: Writer, jobs: Vec<Job>, due: Due) -> Writer {
    if !jobs.is_empty() {
        let answers = writer.commit(&jobs);
        for (job, answer) in jobs.into_iter().zip(answers) {
            // Whoever waited may have gone; the change is made all the same.
            let _ = job.done.send(answer);
        }
        writer.checkpoint_if_due();
    }
    if due.empty {
        writer.empty_log();
    }
    if due.head {
        writer.record_head();
    }
    writer
}

/// Changes that may wait, and so share a commit.
pub(super) const QUEUE_MAX: usize = 1024;

/// How long what was removed may stand in the log, and how often it is tried to empty it while others read it. Removed means
/// gone within a minute.
const EMPTY_INTERVAL: Duration = Duration::from_secs(2);

/// How long a commit may be missing from the file head.
const HEAD_INTERVAL: Duration = Duration::from_secs(1);

/// How long it may be missing when the file could not be written.
const HEAD_RETRY: Duration = Duration::from_secs(30);

/// By how much the log may outgrow [`Settings::checkpoint_pages`] before readers are waited for.
const PATIENCE: i32 = 8;

/// How long readers are waited for then; a page of history takes a millisecond.
const WAIT_FOR_READERS: Duration = Duration::from_millis(100);
