//! Reading: pages of a room, where a reader goes on, how far a person has read.

use std::sync::Arc;

use chat_proto::limits::PAGE_EVENTS_MAX;
use chat_proto::reply::{Page, SeqRange};
use chat_proto::{AccountId, Anchor, Chain, FeedId, FeedState, FeedStatus, Position, Reject, Retry, RoomId, Seq};

use super::gate::Reader;
use super::shared::Shared;
use super::{Hub, reject};
use crate::core::Actor;
use crate::core::account::{JoinedRoom, Marker};
use crate::core::audience::seen_by;
use crate::core::command::{AccountCommand, MarkRead};
use crate::store::{FeedMeta, Row};

/// Bytes of payload in one page, at most; a page of long messages holds fewer of them.
const PAGE_BYTES_MAX: usize = 512 * 1024;

impl Hub {
    /// A page of a room's history.
    ///
    /// # Errors
    /// [`chat_proto::RejectCode::NoSuchRoom`], or what the store says.
    pub async fn page(self: &Arc<Self>, by: Reader, room: RoomId, anchor: Anchor, limit: u16) -> Result<Page, Reject> {
        let from = self.may_read(by, room).await?;
        let feed = self.room(room).await?;
        let (id, mut meta) = (FeedId::Room(room), feed.shared.meta());
        meta.oldest = meta.oldest.max(from);
        let limit = usize::from(limit.clamp(1, PAGE_EVENTS_MAX));
        // What lies before the place he may read from is to him what is no longer kept.
        let read = |first: Seq, limit: usize| async move {
            self.store().read(id, first.max(from), limit).await.map_err(|e| reject(&e))
        };
        let back = |before: Seq, limit: usize| async move {
            let rows = self.store().read_back(id, before, limit).await.map_err(|e| reject(&e))?;
            Ok::<Vec<Row>, Reject>(rows.into_iter().filter(|row| row.event.seq >= from).collect())
        };
        let (rows, asked) = match anchor {
            Anchor::Before(seq) => {
                let seq = seq.min(meta.head.next());
                let first = Seq(seq.0.saturating_sub(limit as u64).max(1));
                (keep_last(back(seq, limit).await?), SeqRange { from: first, to: seq.prev() })
            }
            Anchor::After(seq) => {
                let asked = SeqRange { from: seq.next(), to: Seq(seq.0.saturating_add(limit as u64)) };
                (keep_first(read(seq.next(), limit).await?), asked)
            }
            Anchor::Around(seq) => {
                let half = limit / 2;
                let mut rows = keep_last(back(seq, half).await?);
                rows.extend(keep_first(read(seq, limit - rows.len()).await?));
                (rows, SeqRange { from: Seq(seq.0.saturating_sub(half as u64).max(1)), to: seq })
            }
        };
        Ok(page(by.account, room, meta, rows, asked))
    }

    /// How a feed stands for an account, and where its events go on after a position.
    ///
    /// # Errors
    /// What the store says.
    pub async fn status(
        self: &Arc<Self>,
        by: Reader,
        position: &Position,
        joined: Option<&JoinedRoom>,
    ) -> Result<FeedStatus, Reject> {
        let account = by.account;
        let mut from = Seq(1);
        let found = match position.feed {
            FeedId::Room(room) => match self.may_read(by, room).await {
                Ok(first) => {
                    from = first;
                    self.room(room).await.map(|feed| Arc::clone(&feed.shared))
                }
                Err(reject) if reject.retry == Retry::Later => return Err(reject),
                // Whatever the reason, it looks as if there were no such room.
                Err(_) => return Ok(no_access(position)),
            },
            FeedId::Account(other) if other == account => {
                self.account(account).await.map(|feed| Arc::clone(&feed.shared))
            }
            FeedId::Account(_) => return Ok(no_access(position)),
        };
        let shared = match found {
            Ok(shared) => shared,
            Err(reject) if reject.code == chat_proto::RejectCode::NoSuchRoom => return Ok(no_access(position)),
            Err(reject) => return Err(reject),
        };
        let mut meta = shared.meta();
        meta.oldest = meta.oldest.max(from).min(meta.head.next());
        let (state, next) = self.compare(&shared, meta, position).await?;
        let read = joined.map_or(Marker::default(), |joined| joined.read);
        let name = match position.feed {
            FeedId::Room(room) => self
                .read_directory(|directory| directory.room(room).map(|name| name.as_str().to_owned()))
                .unwrap_or_default(),
            FeedId::Account(_) => String::new(),
        };
        Ok(FeedStatus {
            feed: position.feed,
            state,
            epoch: meta.epoch,
            name,
            member: joined.is_some(),
            head: meta.head,
            head_ordinal: meta.ordinal,
            oldest: meta.oldest,
            read: read.seq,
            read_ordinal: read.ordinal,
            mentions: joined.map_or_else(Vec::new, |joined| joined.mentions.clone()),
            next,
        })
    }

    async fn compare(&self, shared: &Shared, meta: FeedMeta, position: &Position) -> Result<(FeedState, Seq), Reject> {
        let is_account = matches!(position.feed, FeedId::Account(_));
        // A room is paged by whoever wants more; an account's few keys are all sent again.
        let afresh = if is_account { Seq(1) } else { meta.head.next() };
        if position.seq == Seq::ZERO && is_account {
            return Ok((FeedState::Live, afresh));
        }
        if position.seq > meta.head || (position.seq > Seq::ZERO && position.epoch != meta.epoch) {
            return Ok((FeedState::Regressed, afresh));
        }
        if is_account {
            return Ok((FeedState::Live, position.seq.next()));
        }
        let known = position.chain != Chain::default() && position.seq >= meta.oldest;
        if known && self.chain_at(shared, meta, position.seq).await?.is_some_and(|chain| chain != position.chain) {
            return Ok((FeedState::Diverged, afresh));
        }
        if meta.head.0 - position.seq.0 > u64::from(position.backlog_max) {
            return Ok((FeedState::Live, meta.head.next()));
        }
        if position.seq.next() < meta.oldest {
            return Ok((FeedState::Trimmed, meta.oldest));
        }
        Ok((FeedState::Live, position.seq.next()))
    }

    async fn chain_at(&self, shared: &Shared, meta: FeedMeta, seq: Seq) -> Result<Option<Chain>, Reject> {
        if seq == meta.head {
            return Ok(Some(meta.chain));
        }
        let rows = self.store().read(shared.id(), seq, 1).await.map_err(|e| reject(&e))?;
        Ok(rows.first().filter(|row| row.event.seq == seq).map(|row| row.chain))
    }

    /// Moves an account's read marker in a room.
    ///
    /// # Errors
    /// [`chat_proto::RejectCode::NotMember`], or what the store says.
    pub async fn mark_read(self: &Arc<Self>, by: &Actor, room: RoomId, seq: Seq) -> Result<(), Reject> {
        let feed = self.room(room).await?;
        let meta = feed.shared.meta();
        let to = if seq >= meta.head {
            Marker { seq: meta.head, ordinal: meta.ordinal }
        } else {
            let rows = self.store().read(FeedId::Room(room), seq.max(Seq(1)), 1).await.map_err(|e| reject(&e))?;
            rows.first().map_or(Marker::default(), |row| Marker { seq: row.event.seq, ordinal: row.event.ordinal })
        };
        let command = AccountCommand::MarkRead(MarkRead { room, to });
        match self.note(by.account, command).await? {
            Some(pending) => pending.outcome().await.map(|_| ()),
            None => Ok(()),
        }
    }
}

fn no_access(position: &Position) -> FeedStatus {
    FeedStatus {
        feed: position.feed,
        state: FeedState::NoAccess,
        epoch: position.epoch,
        name: String::new(),
        member: false,
        head: Seq::ZERO,
        head_ordinal: chat_proto::Ordinal(0),
        oldest: Seq::ZERO,
        read: Seq::ZERO,
        read_ordinal: chat_proto::Ordinal(0),
        mentions: Vec::new(),
        next: Seq::ZERO,
    }
}

/// As many rows from the front as fit a page.
fn keep_first(mut rows: Vec<Row>) -> Vec<Row> {
    let mut bytes = 0;
    let fits = rows.iter().take_while(|row| within(&mut bytes, row)).count();
    rows.truncate(fits);
    rows
}

/// As many rows from the back as fit a page.
fn keep_last(mut rows: Vec<Row>) -> Vec<Row> {
    let mut bytes = 0;
    let fits = rows.iter().rev().take_while(|row| within(&mut bytes, row)).count();
    rows.drain(..rows.len() - fits);
    rows
}

fn within(bytes: &mut usize, row: &Row) -> bool {
    *bytes += row.event.body.payload().len();
    *bytes <= PAGE_BYTES_MAX
}

fn page(reader: AccountId, room: RoomId, meta: FeedMeta, rows: Vec<Row>, asked: SeqRange) -> Page {
    let first = rows.first().map(|row| row.event.seq);
    let last = rows.last().map(|row| row.event.seq);
    let wanted_trimmed = asked.from < meta.oldest && meta.oldest > Seq(1) && asked.from <= asked.to;
    Page {
        room,
        epoch: meta.epoch,
        more_before: first.map_or(asked.from > meta.oldest && meta.oldest <= meta.head, |first| first > meta.oldest),
        more_after: last.map_or(asked.to < meta.head, |last| last < meta.head),
        events: rows.into_iter().map(|row| seen_by(row.event, reader)).collect(),
        oldest: meta.oldest,
        last: meta.head,
        trimmed: wanted_trimmed.then(|| SeqRange { from: asked.from, to: asked.to.min(meta.oldest.prev()) }),
    }
}
