//! A reader of one feed: a cursor over the tail, and behind the tail the store. Never a queue of messages.

use std::sync::Arc;

use chat_proto::delivery::EndReason;
use chat_proto::reply::SeqRange;
use chat_proto::{FeedId, Reject, RoomId, Seq};

use super::gate::{Gate, Reader};
use super::handle::FeedState as _;
use super::shared::{Shared, Wake};
use super::tail::{Behind, Frame, chained, frames};
use super::{Hub, reject};

/// Bytes of frames handed out at once, more or less.
const CHUNK_BYTES: usize = 64 * 1024;

/// Rows read from the store at once by a reader that fell off the tail.
const CATCH_UP_ROWS: usize = 100;

/// What comes next for a reader.
#[derive(Debug)]
pub enum Chunk {
    /// Nothing yet; its bell rings when there is.
    Nothing,
    /// These frames; the cursor is behind them.
    Frames(Vec<Arc<Frame>>),
    /// These events are no longer kept; the cursor is behind them.
    Trimmed(SeqRange),
    /// The reader gets nothing more.
    Ended(EndReason),
}

/// A cursor over one feed, and the bell that rings when there is more.
#[derive(Debug)]
pub struct Subscription {
    shared: Arc<Shared>,
    gate: Arc<Gate>,
    cursor: Seq,
    signals: u64,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.unwatch(&self.gate);
    }
}

impl Subscription {
    /// A reader that has everything up to `cursor`. Its bell rings once at once if there is more.
    #[must_use]
    pub fn new(shared: Arc<Shared>, wake: &Arc<Wake>, cursor: Seq, reader: Reader) -> Self {
        let gate = Arc::new(Gate::new(reader));
        let signals = shared.signals(super::signals::Signals::version);
        shared.watch(wake, &gate);
        wake.ring(shared.id());
        Self { shared, gate, cursor, signals }
    }

    /// What the right to read hangs on.
    #[must_use]
    pub fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }

    /// Which feed.
    #[must_use]
    pub fn feed(&self) -> FeedId {
        self.shared.id()
    }

    /// The last event handed out.
    #[must_use]
    pub fn cursor(&self) -> Seq {
        self.cursor
    }

    /// The room's passing news since the last call: what must arrive, and what may be lost.
    pub fn signals(&mut self, room: RoomId) -> (Vec<chat_proto::Delivery>, Vec<chat_proto::Delivery>) {
        // Nothing passes a closed gate.
        if self.gate.closed().is_some() {
            return (Vec::new(), Vec::new());
        }
        let (version, news) = self.shared.signals(|signals| (signals.version(), signals.since(room, self.signals)));
        self.signals = version;
        news
    }

    /// What comes next.
    ///
    /// # Errors
    /// What the store says; the cursor stays where it is.
    pub async fn read(&mut self, hub: &Arc<Hub>) -> Result<Chunk, Reject> {
        let closed = self.gate.closed();
        if let Some((last, reason)) = closed
            && self.cursor >= last
        {
            return Ok(Chunk::Ended(reason));
        }
        let last = closed.map_or(Seq::MAX, |(last, _)| last);
        match self.shared.behind(self.cursor, CHUNK_BYTES) {
            Behind::Nothing => Ok(Chunk::Nothing),
            Behind::Frames(mut frames) => {
                // A commit that closes gates is the last event of its frame.
                frames.retain(|frame| frame.last <= last);
                Ok(self.advance(frames))
            }
            Behind::Stored(up_to) => match self.shared.id() {
                FeedId::Room(_) => self.read_stored(hub, up_to.min(last)).await,
                FeedId::Account(account) => {
                    let cursor = self.cursor;
                    let feed = hub.account(account).await?;
                    let (events, meta) = feed.look(hub, move |state, meta| (state.since(cursor), *meta)).await?;
                    let rows = events.into_iter().map(|event| (event, meta.chain)).collect();
                    let frames = frames(self.feed(), meta.epoch, rows);
                    self.cursor = meta.head;
                    Ok(Chunk::Frames(frames))
                }
            },
        }
    }

    fn advance(&mut self, frames: Vec<Arc<Frame>>) -> Chunk {
        if let Some(last) = frames.last() {
            self.cursor = last.last;
        }
        Chunk::Frames(frames)
    }

    async fn read_stored(&mut self, hub: &Arc<Hub>, up_to: Seq) -> Result<Chunk, Reject> {
        let (from, meta) = (self.cursor.next(), self.shared.meta());
        if from < meta.oldest {
            self.cursor = meta.oldest.prev();
            return Ok(Chunk::Trimmed(SeqRange { from, to: self.cursor }));
        }
        let limit = usize::try_from(up_to.0 - self.cursor.0).unwrap_or(CATCH_UP_ROWS).min(CATCH_UP_ROWS);
        let rows = hub.store().read(self.feed(), from, limit).await.map_err(|e| reject(&e))?;
        match rows.first() {
            Some(first) if first.event.seq == from => Ok(self.advance(frames(self.feed(), meta.epoch, chained(rows)))),
            Some(first) => {
                // Trimmed since the ends were read.
                self.cursor = first.event.seq.prev();
                Ok(Chunk::Trimmed(SeqRange { from, to: self.cursor }))
            }
            None => Ok(Chunk::Nothing),
        }
    }
}

impl Hub {
    /// A reader of a feed that has everything up to `cursor`; its bell rings when there is more.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchRoom`](chat_proto::RejectCode::NoSuchRoom), or what the store says.
    pub async fn subscribe(
        self: &Arc<Self>,
        feed: FeedId,
        cursor: Seq,
        wake: &Arc<Wake>,
        reader: Reader,
    ) -> Result<Subscription, Reject> {
        match feed {
            FeedId::Room(room) => {
                self.check_scope(reader, room)?;
                let room = self.room(room).await?;
                let subscription = Subscription::new(Arc::clone(&room.shared), wake, cursor, reader);
                // Looked at behind the registration: what takes the right to read from here on finds the gate.
                let (gate, now, hub) = (subscription.gate(), self.now(), Arc::clone(self));
                room.look(self, move |room, meta| {
                    gate.set_member(room.members().contains_key(&reader.account));
                    if let Some(reason) = room.end_for(&hub, &gate, now) {
                        gate.close(meta.head, reason);
                    }
                })
                .await?;
                Ok(subscription)
            }
            FeedId::Account(account) => {
                Ok(Subscription::new(Arc::clone(&self.account(account).await?.shared), wake, cursor, reader))
            }
        }
    }
}
