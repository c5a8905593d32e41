//! Brings changes to the cache off the hot path, one blocking call at a time: what comes meanwhile goes together.

use std::path::PathBuf;

use tokio::task::JoinHandle;

use super::Writing;
use super::cache::{Cache, CacheError, Change};

/// The cache, and what is to be written to it. A cache that fails for good is done without.
#[derive(Debug)]
pub(super) struct CacheWriter {
    path: PathBuf,
    cache: Option<Cache>,
    writing: Writing,
    job: Option<JoinHandle<Option<Cache>>>,
    changes: Vec<Change>,
}

impl CacheWriter {
    /// Without a cache nothing is kept.
    pub(super) fn new(path: PathBuf, cache: Option<Cache>, writing: Writing) -> Self {
        Self { path, cache, writing, job: None, changes: Vec::new() }
    }

    /// Whether anything is kept at all.
    pub(super) fn is_on(&self) -> bool {
        self.cache.is_some() || self.job.is_some()
    }

    /// Changes to be made, in order.
    pub(super) fn note(&mut self, change: Change) {
        if self.is_on() {
            self.changes.push(change);
        }
    }

    /// Whether as many changes wait as may wait: the session reads no more until they are written.
    pub(super) fn is_full(&self) -> bool {
        self.changes.len() >= CHANGES_MAX
    }

    /// Begins a write if there is something to write and none is under way.
    pub(super) fn kick(&mut self) {
        if self.changes.is_empty() {
            return;
        }
        let Some(mut cache) = self.cache.take() else { return };
        let changes = std::mem::take(&mut self.changes);
        let path = self.path.clone();
        self.job = Some(self.writing.run(move || match cache.write(&changes) {
            Ok(()) => Some(cache),
            Err(error) if error.is_useless() => {
                drop(cache);
                Cache::begin_anew(&path, &error).map_err(|error| give_up(&error)).ok()
            }
            Err(error) => {
                give_up(&error);
                None
            }
        }));
    }

    /// Waits for the write under way; for ever if there is none. May be dropped at any time.
    pub(super) async fn written(&mut self) {
        let Some(job) = &mut self.job else { return std::future::pending().await };
        self.cache = job.await.unwrap_or(None);
        self.job = None;
        if self.cache.is_none() {
            self.changes.clear();
        }
    }

    /// Writes what is left.
    pub(super) async fn finish(&mut self) {
        while self.job.is_some() || self.cache.is_some() && !self.changes.is_empty() {
            self.kick();
            self.written().await;
        }
    }
}

/// A position must never run ahead of what was kept: after one write that failed there are no others.
fn give_up(error: &CacheError) {
    tracing::warn!(%error, "going on without the local cache");
}

/// Changes that wait for the write under way.
const CHANGES_MAX: usize = 4_096;
