//! What happens to rooms though nobody does anything: they end, or forget what is too old. Which rooms there are to be tended
//! is in the registry, so that a start wakes those and no others; when each is next, their tasks say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::{FeedId, MessageKey, Reject, Retry, RoomId, Timestamp};
use tokio::sync::Notify;

use super::Hub;
use super::handle::{Outcome, Submit};
use super::shared::lock;
use crate::core::Actor;
use crate::core::command::RoomCommand;

/// The clock of the day is looked at no less often: somebody may set it.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Wait before a room that could not be tended is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// When each room is to be tended next.
#[derive(Debug, Default)]
pub(super) struct Tending {
    alarms: Mutex<Alarms>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Alarms {
    by_room: BTreeMap<RoomId, Timestamp>,
    in_order: BTreeSet<(Timestamp, RoomId)>,
}

impl Alarms {
    fn set(&mut self, room: RoomId, due: Option<Timestamp>) {
        let before = match due {
            Some(due) => self.by_room.insert(room, due),
            None => self.by_room.remove(&room),
        };
        if let Some(before) = before {
            self.in_order.remove(&(before, room));
        }
        self.in_order.extend(due.map(|due| (due, room)));
    }

    fn first(&self) -> Option<Timestamp> {
        self.in_order.first().map(|(due, _)| *due)
    }

    /// The first one, if it is due, is taken out; else how long it takes until then.
    fn pop(&mut self, now: Timestamp) -> Result<RoomId, Duration> {
        let Some(&(due, room)) = self.in_order.first() else { return Err(LOOK_EVERY) };
        if let Ok(wait @ 1..) = u64::try_from(due.0.saturating_sub(now.0)) {
            return Err(Duration::from_micros(wait).min(LOOK_EVERY));
        }
        self.set(room, None);
        Ok(room)
    }
}

impl Tending {
    /// A room is to be tended then, and not before; or no more.
    pub(super) fn set(&self, feed: FeedId, due: Option<Timestamp>) {
        let FeedId::Room(room) = feed else { return };
        let mut alarms = lock(&self.alarms);
        let before = alarms.first();
        alarms.set(room, due);
        if alarms.first() < before || before.is_none() {
            self.bell.notify_one();
        }
    }
}

/// Tends rooms until the hub closes: first those that were to be tended before the start, then each in its time.
pub(super) async fn run(hub: Arc<Hub>, rooms: Vec<RoomId>) {
    let start = hub.now();
    rooms.into_iter().for_each(|room| hub.tending.set(FeedId::Room(room), Some(start)));
    loop {
        let next = lock(&hub.tending.alarms).pop(hub.now());
        let wait = match next {
            Err(wait) => wait,
            Ok(room) => {
                tokio::select! {
                    biased;
                    () = hub.closing() => return,
                    () = tend(&hub, room) => continue,
                }
            }
        };
        tokio::select! {
            biased;
            () = hub.closing() => return,
            () = hub.tending.bell.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn tend(hub: &Arc<Hub>, room: RoomId) {
    match tended(hub, room).await {
        Ok(()) => {}
        Err(reject) if reject.retry == Retry::Later => {
            let now = hub.now();
            let again = now.0.saturating_add(i64::try_from(RETRY.as_micros()).unwrap_or(i64::MAX));
            hub.tending.set(FeedId::Room(room), Some(Timestamp(again)));
        }
        // It is no more.
        Err(_) => {}
    }
}

async fn tended(hub: &Arc<Hub>, room: RoomId) -> Result<(), Reject> {
    let feed = hub.room(room).await?;
    let submit =
        Submit { by: Actor::server(), key: MessageKey::default(), command: RoomCommand::Tend, registration: None };
    if let Outcome::Stored(found) = feed.submit(hub, submit).await.outcome().await? {
        tracing::info!(%room, "the room ended: nobody was a member");
        feed.shared.until_noted(found.seq).await;
        // What it kept is forgotten now that everything is noted.
        feed.look(hub, |_, _| ()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_ring_in_their_order_and_the_newest_of_a_room_counts() {
        let mut alarms = Alarms::default();
        for (room, due) in [(1, 30), (2, 10), (3, 20), (2, 40)] {
            alarms.set(RoomId(room), Some(Timestamp(due)));
        }
        alarms.set(RoomId(3), None);
        assert_eq!(alarms.pop(Timestamp(29)), Err(Duration::from_micros(1)));
        assert_eq!(alarms.pop(Timestamp(40)), Ok(RoomId(1)));
        assert_eq!(alarms.pop(Timestamp(40)), Ok(RoomId(2)));
        assert_eq!(alarms.pop(Timestamp(40)), Err(LOOK_EVERY));
        assert!(alarms.by_room.is_empty());
    }
}
