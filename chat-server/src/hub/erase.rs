//! Which words are removed for good in the commit that says so.

use chat_proto::event::{Purged, Redacted, RedactedFor};
use chat_proto::{AccountId, FeedId, RoomFact, Seq};

use super::Hub;
use crate::store::{Row, StoreResult};

/// Messages of a person looked up at once.
const LOOK_UP_ROWS: usize = 1_000;

impl Hub {
    /// The messages whose words go with rows that are about to be appended, those among the rows themselves included.
    pub(super) async fn words_to_erase(&self, feed: FeedId, rows: &[Row]) -> StoreResult<Vec<Seq>> {
        let mut erase = Vec::new();
        for row in rows {
            match row.event.body.room_fact() {
                Some(
                    RoomFact::Redacted(Redacted { target, .. }) | RoomFact::RedactedFor(RedactedFor { target, .. }),
                ) => erase.push(*target),
                Some(RoomFact::Purged(Purged { who, up_to, .. })) => {
                    let (author, before) = (who.account, up_to.next());
                    erase.extend(self.messages_of(feed, author, before).await?);
                    let fresh = rows.iter().map(|row| &row.event);
                    let fresh = fresh.filter(|event| event.by == author && event.seq < before);
                    erase.extend(fresh.filter(|event| event.body.message().is_some()).map(|event| event.seq));
                }
                Some(_) | None => {}
            }
        }
        Ok(erase)
    }

    async fn messages_of(&self, feed: FeedId, author: AccountId, mut before: Seq) -> StoreResult<Vec<Seq>> {
        let mut all = Vec::new();
        loop {
            let page = self.store().by_author(feed, author, before, LOOK_UP_ROWS).await?;
            let Some(oldest) = page.last() else { return Ok(all) };
            before = *oldest;
            all.extend(page);
        }
    }
}
