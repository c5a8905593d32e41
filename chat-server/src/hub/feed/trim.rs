//! What a feed forgets, and when there is more of it.

use chat_proto::{Seq, Timestamp};

use super::Worker;
use crate::hub::handle::FeedState;
use crate::store::{Keep, StoreError};

/// What is too old is looked for no more often than this, and no less often if that failed, microseconds.
const AGING_MIN_US: i64 = 1_000_000;
const AGING_MAX_US: i64 = 60 * 60 * 1_000_000;

impl<S: FeedState> Worker<S> {
    /// Forgets what is no longer to be kept, and says when there is more of that though nothing is written. A failure costs
    /// nothing: it is tried again with the next batch.
    pub(super) async fn trim(&mut self) -> Option<Timestamp> {
        let keep = self.state.keeps()?;
        let now = self.hub.environment().now();
        let trimmed = match self.cut(keep, now).await {
            Ok(()) => self.ages(keep, now).await,
            Err(error) => Err(error),
        };
        trimmed.unwrap_or_else(|error| {
            tracing::warn!(?error, feed = %self.feed.shared.id(), "nothing is trimmed");
            keep.age_us.map(|_| later(now, AGING_MAX_US))
        })
    }

    /// What rooms mean for accounts is noted before it is forgotten, and a snapshot saved.
    async fn cut(&mut self, keep: Keep, now: Timestamp) -> Result<(), StoreError> {
        let id = self.feed.shared.id();
        let cut = self.feed.store.cut(id, keep, now).await?.min(self.noted().next());
        if cut <= self.meta.oldest {
            return Ok(());
        }
        self.save().await;
        if self.snapshot != self.meta.head {
            return Ok(());
        }
        self.feed.store.trim(id, cut, now).await?;
        self.hub.files_dropped();
        self.meta.oldest = cut;
        self.feed.shared.reset(self.meta);
        Ok(())
    }

    /// Up to where nothing else follows from the feed's events.
    pub(super) fn noted(&self) -> Seq {
        self.feed.shared.noted().min(self.hub.forwards().settled(self.feed.shared.id()))
    }

    /// When the oldest kept event is too old, and some more with it.
    async fn ages(&mut self, keep: Keep, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let Some(age_us) = keep.age_us.filter(|age_us| *age_us > 0 && self.meta.oldest <= self.meta.head) else {
            return Ok(None);
        };
        if self.oldest.is_none_or(|(seq, _)| seq != self.meta.oldest) {
            let rows = self.feed.store.read(self.feed.shared.id(), self.meta.oldest, 1).await?;
            self.oldest = rows.first().map(|row| (row.event.seq, row.event.at));
        }
        // Not for every event in turn: a twentieth of its time nobody minds.
        let rest = later(now, (age_us / 20).clamp(AGING_MIN_US, AGING_MAX_US));
        Ok(self.oldest.map(|(_, at)| later(at, age_us.saturating_add(1)).max(rest)))
    }
}

fn later(time: Timestamp, us: i64) -> Timestamp {
    Timestamp(time.0.saturating_add(us))
}
