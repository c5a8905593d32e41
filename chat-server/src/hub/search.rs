//! Searching: the task that keeps the index behind the log, and what is found for somebody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chat_proto::limits::SEARCH_HITS_MAX;
use chat_proto::search::{Search, SearchHit, SearchHits};
use chat_proto::{Event, EventBody, Reject, RejectCode, RoomId, Seq};
use tokio::time::Instant;

use super::gate::Reader;
use super::{Hub, reject};
use crate::core::audience::is_for;
use crate::core::fold::fold;
use crate::core::search::query::{Query, Term, What, Who, parse};
use crate::core::search::{Clause, Find, Mark};
use crate::store::Match;

/// Events indexed in one write.
const INDEX_EVENTS: usize = 500;

/// Rest between two writes, so that a trickle of messages shares them.
const PACE: Duration = Duration::from_millis(100);

/// Rest for each unit of time that indexing took, so that posting has the disk for itself most of the time.
const REST: u32 = 15;

/// Wait after a failure.
const RETRY: Duration = Duration::from_secs(5);

/// Pages of the store one search looks through for somebody who may not read most of what it finds.
const STORE_PAGES_MAX: usize = 4;

/// Text in one page, at most, bytes; a page of long messages holds fewer of them.
const HITS_BYTES_MAX: usize = 96 * 1024;

/// Keeps the index behind the log until the hub closes. What a crash left out is found by the stored watermark.
pub(super) async fn run(hub: Arc<Hub>) {
    loop {
        let begun = Instant::now();
        let wait = match hub.store().index(INDEX_EVENTS).await {
            Ok(0) => {
                tokio::select! {
                    biased;
                    () = hub.closing() => return,
                    () = hub.to_be_indexed.notified() => PACE,
                }
            }
            Ok(_) => PACE.max(begun.elapsed() * REST),
            Err(error) => {
                tracing::warn!(?error, "the index of messages stays behind");
                RETRY
            }
        };
        tokio::select! {
            biased;
            () = hub.closing() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

impl Hub {
    /// Messages somebody looks for and may read now, newest first.
    ///
    /// # Errors
    /// [`RejectCode::SearchOff`], [`RejectCode::BadQuery`], [`RejectCode::NoSuchRoom`] and [`RejectCode::NoSuchUser`] for
    /// names in the query, or what the store says.
    pub async fn search(self: &Arc<Self>, asker: Reader, search: Search) -> Result<SearchHits, Reject> {
        if !self.settings.search {
            let message = "this server keeps no index of messages; its operator can switch it on with search = \"on\"";
            return Err(Reject::new(RejectCode::SearchOff, message));
        }
        let (find, reacted) = self.find(asker, parse(&search.query, self.now())?, search.room).await?;
        let limit = usize::from(search.limit.clamp(1, SEARCH_HITS_MAX));
        let mut page = SearchHits { hits: Vec::new(), next: (search.after > 0).then_some(search.after), behind: 0 };
        let mut readable = BTreeMap::new();
        let mut bytes = 0;
        for _ in 0..STORE_PAGES_MAX {
            let before = page.next.unwrap_or(u64::MAX);
            let found = self.store().search(find.clone(), before, limit - page.hits.len()).await;
            let found = found.map_err(|e| reject(&e))?;
            page.behind = found.behind;
            for Match { place, room, event, reworded } in found.found {
                let from = match readable.get(&room) {
                    Some(known) => *known,
                    // Whatever keeps him from reading it keeps it from being found.
                    None => *readable.entry(room).or_insert(self.may_read(asker, room).await.ok()),
                };
                let may_read = from.is_some_and(|from| event.seq >= from);
                let is_hit = may_read
                    && is_for(&event, asker.account)
                    && event.body.message().is_some()
                    && self.is_reacted_as(&reacted, room, event.seq, asker).await?;
                if is_hit {
                    bytes +=
                        event.body.payload().len() + reworded.as_ref().map_or(0, |event| event.body.payload().len());
                    if bytes > HITS_BYTES_MAX && !page.hits.is_empty() {
                        return Ok(page);
                    }
                    page.hits.extend(self.hit(room, event, reworded));
                }
                page.next = Some(place);
            }
            page.next = found.next;
            if page.next.is_none() || page.hits.len() == limit {
                break;
            }
        }
        Ok(page)
    }

    /// Whether a message has reactions its reader may see, as far as the query wants to know.
    async fn is_reacted_as(
        self: &Arc<Self>,
        wanted: &BTreeSet<bool>,
        room: RoomId,
        seq: Seq,
        reader: Reader,
    ) -> Result<bool, Reject> {
        if wanted.is_empty() {
            return Ok(true);
        }
        let about = self.all_about(room, seq..=seq).await?;
        let reacted = fold(&about, &BTreeSet::new(), reader.account).iter().any(|fold| !fold.reactions.is_empty());
        Ok(wanted.iter().all(|wanted| *wanted == reacted))
    }

    /// A query in numbers, and whether what it finds is to have reactions, or none. The index only knows that there once were
    /// some.
    async fn find(
        self: &Arc<Self>,
        asker: Reader,
        query: Query,
        room: Option<RoomId>,
    ) -> Result<(Find, BTreeSet<bool>), Reject> {
        let mut reacted = BTreeSet::new();
        let mut find = Find { all: Vec::new(), none: Vec::new(), since: query.since, until: query.until };
        for Term { negated, what } in query.terms {
            let clause = match what {
                What::Words(words) => Clause::Words(words),
                What::From(Who::Me) => Clause::Mark(Mark::From(asker.account)),
                What::From(Who::Named(name)) => {
                    let account = self.read_directory(|directory| directory.account_named(&name));
                    let nobody = || Reject::new(RejectCode::NoSuchUser, format!("nobody is called {name} here"));
                    Clause::Mark(Mark::From(account.ok_or_else(nobody)?))
                }
                What::In(name) => {
                    let room = self.find_room(&chat_proto::RoomRef::Name(name.as_str().to_owned()))?;
                    self.may_read(asker, room).await?;
                    Clause::Mark(Mark::In(room))
                }
                What::NamesMe => Clause::Mark(Mark::Names(asker.account)),
                What::Reacted => {
                    reacted.insert(!negated);
                    if !negated {
                        find.all.push(Clause::Mark(Mark::Reacted));
                    }
                    continue;
                }
                What::Mark(mark) => Clause::Mark(mark),
            };
            if negated { find.none.push(clause) } else { find.all.push(clause) }
        }
        if let Some(room) = room {
            self.may_read(asker, room).await?;
            find.all.push(Clause::Mark(Mark::In(room)));
        }
        Ok((find, reacted))
    }

    fn hit(&self, room: RoomId, event: Event, reworded: Option<Event>) -> Option<SearchHit> {
        let room_name = self.read_directory(|directory| directory.room(room).map(|name| name.as_str().to_owned()))?;
        let text = reworded
            .and_then(|event| if let EventBody::Edited(edited) = event.body { Some(edited.text) } else { None });
        Some(SearchHit { room, room_name, event, text })
    }
}
