//! Messages of one room copied to others, as the room is set. What is to be copied is a run of the room's own feed: however far
//! behind the copies are, nothing is queued.
//!
//! A copy is posted by whoever set it so, under a key made of the message's place, so that a crash neither loses nor doubles it;
//! what he may not read or write is not copied.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::limits::FORWARDS_PER_ROOM_MAX;
use chat_proto::{DeviceId, Event, FeedId, MessageKey, Reject, RejectCode, Retry, RoomId, RoomSetting, Seq};
use tokio::sync::Notify;

use super::shared::lock;
use super::{Hub, reject};
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::room::Room;
use crate::digest::forward_key;

/// Rows read at once of a room that is copied from.
const ROWS: usize = 64;

/// Wait before what could not be stored is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What is to be copied: of each room the first and the last event of a run.
#[derive(Debug, Default)]
pub(super) struct Forwards {
    runs: Mutex<BTreeMap<RoomId, (Seq, Seq)>>,
    bell: Notify,
}

impl Forwards {
    /// A message of a room is to be copied, if it is one that is.
    pub(super) fn note(&self, id: RoomId, room: &Room, event: &Event) {
        let is_copied = room.forwards(event);
        if is_copied {
            lock(&self.runs).entry(id).or_insert((event.seq, event.seq)).1 = event.seq;
            self.bell.notify_one();
        }
    }

    /// Up to where nothing of a feed is to be copied any more.
    pub(super) fn settled(&self, feed: FeedId) -> Seq {
        let FeedId::Room(room) = feed else { return Seq::MAX };
        lock(&self.runs).get(&room).map_or(Seq::MAX, |(first, _)| first.prev())
    }

    /// Everything of a room up to an event is copied.
    fn copied(&self, room: RoomId, up_to: Seq) {
        let mut runs = lock(&self.runs);
        match runs.get_mut(&room) {
            Some((first, last)) if *last > up_to => *first = up_to.next().max(*first),
            Some(_) => drop(runs.remove(&room)),
            None => {}
        }
    }
}

/// Copies until the hub closes, and then what is left.
pub(super) async fn run(hub: Arc<Hub>) {
    loop {
        let closing = tokio::select! {
            biased;
            () = hub.closing() => true,
            () = hub.forwards().bell.notified() => false,
        };
        let runs = lock(&hub.forwards().runs).clone();
        let mut failed = false;
        for (room, (first, last)) in runs {
            let copied = hub.forward(room, first, last).await;
            failed |= copied < last;
            hub.forwards().copied(room, copied);
        }
        if closing {
            return;
        }
        if failed {
            tokio::select! {
                biased;
                () = hub.closing() => {}
                () = tokio::time::sleep(RETRY) => {}
            }
            hub.forwards().bell.notify_one();
        }
    }
}

impl Hub {
    /// Whether somebody may have a room's messages copied as changes of its settings say.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchRoom`] and whatever keeps him from writing there; [`RejectCode::BadRequest`] for the room itself.
    pub(super) async fn check_forwards(
        self: &Arc<Self>,
        by: &Actor,
        room: Option<RoomId>,
        changes: &[RoomSetting],
    ) -> Result<(), Reject> {
        for change in changes {
            let RoomSetting::ForwardTo(forward) = change else { continue };
            for to in forward.rooms.iter().take(FORWARDS_PER_ROOM_MAX) {
                if Some(*to) == room {
                    return Err(Reject::new(RejectCode::BadRequest, "a room's messages are in the room already"));
                }
                self.ask(by.reader(), *to, Action::Post, |_, _| ()).await.map_err(|reject| Reject {
                    message: format!("no messages are copied to room {to}: {}", reject.message),
                    ..reject
                })?;
            }
        }
        Ok(())
    }

    /// Copies a run of a room, and says up to where that is done.
    async fn forward(self: &Arc<Self>, room: RoomId, first: Seq, last: Seq) -> Seq {
        let mut next = first;
        while next <= last {
            let copied = match self.forward_rows(room, next, last).await {
                Ok(copied) => copied,
                Err(reject) if is_transient(&reject) => return next.prev(),
                Err(reject) => {
                    tracing::warn!(code = reject.code.name(), %room, "messages are not copied");
                    return last;
                }
            };
            next = copied.next();
        }
        last
    }

    /// Copies what is among the next rows, and says up to where that is done.
    ///
    /// # Errors
    /// Not even the first of them could be stored, or none may be copied.
    async fn forward_rows(self: &Arc<Self>, id: RoomId, from: Seq, last: Seq) -> Result<Seq, Reject> {
        let feed = self.room(id).await?;
        let (room, epoch) = feed.look(self, |room, meta| (room.forwarding().cloned(), meta.epoch)).await?;
        let Some(forwarding) = room else { return Ok(last) };
        let by = self.actor(forwarding.by, DeviceId(0));
        let by = by.ok_or_else(|| Reject::new(RejectCode::NoSuchUser, "who set it so is no more"))?;
        let rows = self.store().read(FeedId::Room(id), from, ROWS).await.map_err(|e| reject(&e))?;
        let rows: Vec<_> = rows.into_iter().filter(|row| row.event.seq <= last).collect();
        let Some(end) = rows.last().map(|row| row.event.seq) else { return Ok(last) };
        let mut pending = Vec::new();
        for event in rows.iter().map(|row| &row.event).filter(|event| forwarding.copies(event)) {
            let key = forward_key(id, epoch, event.seq);
            for to in &forwarding.to {
                let copy = self.forward_one(&by, id, event.seq, *to, key).await;
                pending.push((event.seq, *to, copy));
            }
        }
        for (seq, to, copy) in pending {
            let outcome = match copy {
                Ok(pending) => pending.outcome().await.map(drop),
                Err(reject) => Err(reject),
            };
            match outcome {
                Ok(()) => {}
                Err(reject) if is_transient(&reject) => return if seq > from { Ok(seq.prev()) } else { Err(reject) },
                Err(reject) => {
                    tracing::warn!(code = reject.code.name(), from = %id, %seq, %to, "a message is not copied");
                }
            }
        }
        Ok(end)
    }

    async fn forward_one(
        self: &Arc<Self>,
        by: &Actor,
        room: RoomId,
        seq: Seq,
        to: RoomId,
        key: MessageKey,
    ) -> Result<super::handle::Pending, Reject> {
        let post = self.forwarded(by, room, seq).await?;
        self.post(by, key, to, post).await
    }
}

/// Whether the store failed, and not the one who copies.
fn is_transient(reject: &Reject) -> bool {
    reject.retry == Retry::Later && reject.code != RejectCode::SlowDown
}
