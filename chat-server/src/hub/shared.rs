//! What a feed's task and its readers share: the tail, who is to be woken, and a room's signals. Locks are held for a moment
//! and never across an await.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_proto::delivery::EndReason;
use chat_proto::{Chain, Epoch, FeedId, Ordinal, Seq, Timestamp};
use tokio::sync::{Notify, watch};

use super::bells::Bells;
use super::gate::Gate;
use super::signals::Signals;
use super::tail::{Behind, Frame, Tail};
use crate::store::FeedMeta;

/// One connection's bell, and which of its feeds rang it.
#[derive(Debug, Default)]
pub struct Wake {
    dirty: Mutex<BTreeSet<FeedId>>,
    bell: Notify,
}

impl Wake {
    /// There is news in a feed.
    pub fn ring(&self, feed: FeedId) {
        if lock(&self.dirty).insert(feed) {
            self.bell.notify_one();
        }
    }

    /// Waits until there is news anywhere.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }

    /// The feeds with news since the last call.
    #[must_use]
    pub fn take(&self) -> BTreeSet<FeedId> {
        std::mem::take(&mut lock(&self.dirty))
    }
}

/// Takes a lock. A panic while it was held left plain data, which is as good as before: no guarded value is ever half changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The readers' side of a feed.
#[derive(Debug)]
pub struct Shared {
    id: FeedId,
    tail: Mutex<Tail>,
    bells: Arc<Bells>,
    signals: Mutex<Signals>,
    noted: watch::Sender<Seq>,
}

impl Shared {
    /// A feed that has published nothing.
    #[must_use]
    pub fn new(id: FeedId) -> Self {
        let meta = FeedMeta {
            epoch: Epoch(0),
            head: Seq::ZERO,
            chain: Chain::default(),
            ordinal: Ordinal(0),
            at: Timestamp(0),
            oldest: Seq(1),
        };
        Self {
            id,
            tail: Mutex::new(Tail::new(meta)),
            bells: Bells::new(id),
            signals: Mutex::default(),
            noted: watch::Sender::new(Seq::ZERO),
        }
    }

    /// Which feed.
    #[must_use]
    pub fn id(&self) -> FeedId {
        self.id
    }

    /// Where it ends.
    #[must_use]
    pub fn meta(&self) -> FeedMeta {
        lock(&self.tail).meta()
    }

    /// What lies behind a cursor; see [`Tail::behind`].
    #[must_use]
    pub fn behind(&self, cursor: Seq, bytes_max: usize) -> Behind {
        lock(&self.tail).behind(cursor, bytes_max)
    }

    /// Publishes committed frames and wakes the readers.
    pub fn publish(&self, frames: Vec<Arc<Frame>>, meta: FeedMeta) {
        let events = frames.len();
        lock(&self.tail).publish(frames, meta);
        self.bells.ring(events);
    }

    /// Words were removed: what was published is read from the store from here on.
    pub fn forget(&self) {
        lock(&self.tail).forget();
    }

    /// Says where the feed ends after it was read from the store, and wakes readers who stand elsewhere.
    pub fn reset(&self, meta: FeedMeta) {
        lock(&self.tail).reset(meta);
        self.bells.ring(1);
    }

    /// Rings a bell at every change from now on.
    pub fn watch(&self, wake: &Arc<Wake>, gate: &Arc<Gate>) {
        self.bells.watch(wake, gate);
    }

    /// Rings a bell no more.
    pub fn unwatch(&self, gate: &Arc<Gate>) {
        self.bells.unwatch(gate);
    }

    /// Closes the gates of readers behind an event, where there is a reason to.
    pub fn close_gates(&self, last: Seq, reason: impl Fn(&Gate) -> Option<EndReason>) {
        self.bells.each_gate(|gate| {
            if let Some(reason) = reason(gate) {
                gate.close(last, reason);
            }
        });
    }

    /// Whether anybody watches.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.bells.is_watched()
    }

    /// Changes the signals, and wakes the readers if the change says so.
    pub fn signal(&self, change: impl FnOnce(&mut Signals) -> bool) {
        if change(&mut lock(&self.signals)) {
            self.bells.ring(1);
        }
    }

    /// Reads the signals.
    pub fn signals<T>(&self, read: impl FnOnce(&Signals) -> T) -> T {
        read(&lock(&self.signals))
    }

    /// What a room's events up to here mean for accounts is noted in the accounts' feeds.
    pub fn set_noted(&self, seq: Seq) {
        self.noted.send_if_modified(|noted| {
            let news = seq > *noted;
            *noted = seq.max(*noted);
            news
        });
    }

    /// Up to where [`Shared::set_noted`] was called.
    #[must_use]
    pub fn noted(&self) -> Seq {
        *self.noted.borrow()
    }

    /// Resolves when [`Shared::set_noted`] was called up to here.
    pub async fn until_noted(&self, seq: Seq) {
        // The sender lives as long as this.
        let _ = self.noted.subscribe().wait_for(|noted| *noted >= seq).await;
    }
}
