//! Deliveries of one connection: cursors over feeds on one side, a background and a focus stream on the other. What the peer
//! has no room for is not read from the feeds either, so nothing is queued for a slow one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat_proto::codec::{encode, encode_frame};
use chat_proto::delivery::{Background, Began, EndReason, Ended, Focused, GoingAway, Moved, StreamHeader, Trimmed};
use chat_proto::event::{RoomJoined, RoomLeft};
use chat_proto::limits::{SERVER_FRAME_BYTES_MAX, SUBSCRIPTIONS_MAX};
use chat_proto::{
    AccountFact, Chain, Delivery, Epoch, Event, FeedId, FeedState, Position, Reject, RejectCode, RoomId, Seq,
};
use quinn::{Connection, SendStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::frames::Lane;
use super::{DRAIN, End};
use crate::hub::Hub;
use crate::hub::gate::Reader;
use crate::hub::shared::Wake;
use crate::hub::subscription::{Chunk, Subscription};

/// Bytes put in line for a stream before the next feed is read.
const LANE_BYTES: usize = 64 * 1024;

/// How long a client may take to allow another stream.
const OPEN_STREAM: Duration = Duration::from_secs(2);

/// How long a feed whose store failed is left alone.
const RETRY_READ: Duration = Duration::from_millis(500);

type Done = oneshot::Sender<Result<(), Reject>>;

/// What a session asks of its pump.
#[derive(Debug)]
pub(super) enum PumpCommand {
    /// Read a feed from behind a cursor.
    Subscribe { feed: FeedId, cursor: Seq, done: Done },
    /// Read a feed no more.
    Unsubscribe(FeedId, Done),
    /// Give a room its own stream.
    Focus(Option<RoomId>, Done),
    /// Tell the peer that the server goes down.
    GoingAway,
    /// Tell when everything published so far is handed to the transport.
    Drain(oneshot::Sender<()>),
}

/// A focused feed and its stream.
#[derive(Debug)]
struct FocusLane {
    feed: FeedId,
    lane: Lane,
}

/// The deliveries of one connection.
pub(super) struct Pump {
    connection: Connection,
    hub: Arc<Hub>,
    reader: Reader,
    wake: Arc<Wake>,
    asides: mpsc::Receiver<Box<Delivery>>,
    subscriptions: BTreeMap<FeedId, Subscription>,
    ready: BTreeSet<FeedId>,
    focus: Option<FocusLane>,
    drains: Vec<oneshot::Sender<()>>,
}

impl Pump {
    pub(super) fn new(
        connection: Connection,
        hub: Arc<Hub>,
        reader: Reader,
        subscriptions: Vec<Subscription>,
        wake: Arc<Wake>,
        asides: mpsc::Receiver<Box<Delivery>>,
    ) -> Self {
        let subscriptions: BTreeMap<_, _> = subscriptions.into_iter().map(|s| (s.feed(), s)).collect();
        let ready = subscriptions.keys().copied().collect();
        Self { connection, hub, reader, wake, asides, subscriptions, ready, focus: None, drains: Vec::new() }
    }

    /// Delivers until the connection ends.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<PumpCommand>) -> End {
        let Ok(stream) = self.connection.open_uni().await else { return End::Gone };
        let mut lane = Lane::new(stream);
        lane.push_frame(&StreamHeader { purpose: Background {}.into() }, SERVER_FRAME_BYTES_MAX);
        loop {
            self.fill(&mut lane).await;
            let focus_waits = self.focus.as_ref().is_some_and(|focus| !focus.lane.is_clear());
            let may_tell = lane.waiting_bytes() < LANE_BYTES;
            let flushed = tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(command) => {
                        self.obey(command, &mut lane).await;
                        Ok(())
                    }
                    None => return End::Gone,
                },
                flushed = flush_focus(&mut self.focus), if focus_waits => flushed,
                flushed = lane.flush(), if !lane.is_clear() => flushed,
                Some(aside) = self.asides.recv(), if may_tell => {
                    lane.push_frame(&*aside, SERVER_FRAME_BYTES_MAX);
                    Ok(())
                }
                () = self.wake.rung() => Ok(()),
            };
            if flushed.is_err() {
                return End::Gone;
            }
        }
    }

    /// Puts what is ready in line, as far as the streams have room.
    async fn fill(&mut self, lane: &mut Lane) {
        self.ready.extend(self.wake.take());
        let mut full = BTreeSet::new();
        while let Some(feed) = self.ready.pop_first() {
            let waiting = self.lane(feed, lane).waiting_bytes();
            if waiting >= LANE_BYTES {
                full.insert(feed);
                continue;
            }
            if self.deliver(feed, lane).await {
                self.ready.insert(feed);
            }
        }
        self.ready = full;
        let is_clear = lane.is_clear() && self.focus.as_ref().is_none_or(|focus| focus.lane.is_clear());
        if is_clear && self.ready.is_empty() {
            for drained in self.drains.drain(..) {
                // The session may have stopped waiting.
                let _ = drained.send(());
            }
        }
    }

    fn lane<'a>(&'a mut self, feed: FeedId, background: &'a mut Lane) -> &'a mut Lane {
        match &mut self.focus {
            Some(focus) if focus.feed == feed => &mut focus.lane,
            Some(_) | None => background,
        }
    }

    /// Puts the next chunk of a feed in line. Whether there may be more.
    async fn deliver(&mut self, feed: FeedId, background: &mut Lane) -> bool {
        let Some(subscription) = self.subscriptions.get_mut(&feed) else { return false };
        let (must, may) = match feed {
            FeedId::Room(room) => subscription.signals(room),
            FeedId::Account(_) => (Vec::new(), Vec::new()),
        };
        let chunk = subscription.read(&self.hub).await;
        for signal in self.hub.shown_to(self.reader.account, feed, must).await {
            self.push(feed, background, &signal);
        }
        for signal in may {
            self.pass(background, &signal);
        }
        match chunk {
            Ok(Chunk::Nothing) => false,
            Ok(Chunk::Frames(frames)) => {
                for frame in frames {
                    let bytes = frame.bytes_for(self.reader.account);
                    self.lane(feed, background).push(bytes);
                    if let (FeedId::Account(_), Some(events)) = (feed, &frame.events) {
                        self.follow(events, background).await;
                    }
                }
                true
            }
            Ok(Chunk::Ended(reason)) => {
                self.end(feed, reason, background);
                false
            }
            Ok(Chunk::Trimmed(range)) => {
                self.push(feed, background, &Trimmed { feed, range }.into());
                true
            }
            Err(reject) => {
                tracing::warn!(code = reject.code.name(), %feed, "a reader waits for the store");
                let (wake, again) = (Arc::clone(&self.wake), feed);
                tokio::spawn(async move {
                    tokio::time::sleep(RETRY_READ).await;
                    wake.ring(again);
                });
                false
            }
        }
    }

    fn push(&mut self, feed: FeedId, background: &mut Lane, delivery: &Delivery) {
        self.lane(feed, background).push_frame(delivery, SERVER_FRAME_BYTES_MAX);
    }

    /// Sends what may be lost: as a datagram, or in line where the peer takes none.
    fn pass(&self, background: &mut Lane, signal: &Delivery) {
        if matches!(signal, Delivery::Typing(typing) if typing.account == self.reader.account) {
            return;
        }
        let small = matches!(signal, Delivery::Typing(_));
        if !small || self.connection.send_datagram(Bytes::from(encode(signal))).is_err() {
            background.push_frame(signal, SERVER_FRAME_BYTES_MAX);
        }
    }

    /// Keeps the subscriptions in step with the account's memberships, whichever connection changed them.
    async fn follow(&mut self, events: &[Event], background: &mut Lane) {
        for event in events {
            let Some(fact) = event.body.account_fact() else { continue };
            match fact {
                AccountFact::RoomJoined(RoomJoined { room, epoch, seq, .. }) => {
                    self.begin(*room, *epoch, *seq, background).await;
                }
                AccountFact::RoomLeft(RoomLeft { room, .. }) => {
                    let feed = FeedId::Room(*room);
                    // One whose gate is closed says so itself, behind what passed before.
                    let closed = self.subscriptions.get(&feed).is_some_and(|known| known.gate().closed().is_some());
                    if closed {
                        self.ready.insert(feed);
                    } else {
                        self.end(feed, EndReason::Left, background);
                    }
                }
                AccountFact::ReadMarked(_)
                | AccountFact::Mentioned(_)
                | AccountFact::WasSeen(_)
                | AccountFact::DeviceChanged(_)
                | AccountFact::SecretChanged(_) => {}
            }
        }
    }

    /// Subscribes to a room the account just joined, from its own joining on.
    async fn begin(&mut self, room: RoomId, epoch: Epoch, joined: Seq, background: &mut Lane) {
        let feed = FeedId::Room(room);
        let ended = self.subscriptions.get(&feed).map(|known| known.gate().closed());
        match ended {
            // Put out and let in again: what was said until then goes first.
            Some(Some((_, reason))) => self.end(feed, reason, background),
            Some(None) => return,
            None => {}
        }
        if self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
            return;
        }
        let position =
            Position { feed, epoch, seq: joined.prev(), chain: Chain::default(), backlog_max: JOIN_BACKLOG_MAX };
        let begun = async {
            let account = self.hub.account(self.reader.account).await?;
            let state = account.look(&self.hub, move |state, _| state.joined_room(room)).await?;
            // Left again in the meantime: nothing begins.
            let Some(state) = state else { return Ok(None) };
            let status = self.hub.status(self.reader, &position, Some(&state)).await?;
            // A room that another token of a bot is for.
            if status.state == FeedState::NoAccess {
                return Ok(None);
            }
            let subscription = self.hub.subscribe(feed, status.next.prev(), &self.wake, self.reader).await?;
            Ok::<_, Reject>(Some((status, subscription)))
        };
        match begun.await {
            Ok(Some((status, subscription))) => {
                self.subscriptions.insert(feed, subscription);
                self.push(feed, background, &Began { status }.into());
            }
            Ok(None) => {}
            Err(reject) => {
                tracing::warn!(code = reject.code.name(), %feed, "a joined room can't be read");
                self.push(feed, background, &Ended { feed, reason: EndReason::Restarted }.into());
            }
        }
    }

    /// A feed comes no more.
    fn end(&mut self, feed: FeedId, reason: EndReason, background: &mut Lane) {
        if self.subscriptions.remove(&feed).is_some() {
            self.push(feed, background, &Ended { feed, reason }.into());
            self.unfocus(Some(feed));
        }
    }

    async fn obey(&mut self, command: PumpCommand, background: &mut Lane) {
        match command {
            PumpCommand::Subscribe { feed, cursor, done } => {
                let outcome = self.subscribe(feed, cursor).await;
                let _ = done.send(outcome);
            }
            PumpCommand::Unsubscribe(feed, done) => {
                self.subscriptions.remove(&feed);
                self.unfocus(Some(feed));
                let _ = done.send(Ok(()));
            }
            PumpCommand::Focus(room, done) => {
                let outcome = self.refocus(room, background).await;
                let _ = done.send(outcome);
            }
            PumpCommand::GoingAway => {
                let after_ms = u32::try_from(DRAIN.as_millis()).unwrap_or(u32::MAX);
                let reason = "the server goes down; it will be back in a moment".to_owned();
                background.push_frame(&Delivery::GoingAway(GoingAway { after_ms, reason }), SERVER_FRAME_BYTES_MAX);
            }
            PumpCommand::Drain(drained) => {
                // A feed may wait for its tick to say that it has news.
                self.ready.extend(self.subscriptions.keys());
                self.drains.push(drained);
            }
        }
    }

    async fn subscribe(&mut self, feed: FeedId, cursor: Seq) -> Result<(), Reject> {
        if self.subscriptions.len() >= SUBSCRIPTIONS_MAX && !self.subscriptions.contains_key(&feed) {
            let message = format!("this connection reads {SUBSCRIPTIONS_MAX} feeds, the most one may read");
            return Err(Reject::new(RejectCode::LimitExceeded, message));
        }
        // The one before must be gone first: both would ring and be removed by the same bell.
        self.subscriptions.remove(&feed);
        let subscription = self.hub.subscribe(feed, cursor, &self.wake, self.reader).await?;
        self.subscriptions.insert(feed, subscription);
        Ok(())
    }

    async fn refocus(&mut self, room: Option<RoomId>, background: &mut Lane) -> Result<(), Reject> {
        let wanted = room.map(FeedId::Room);
        if self.focus.as_ref().map(|focus| focus.feed) == wanted {
            return Ok(());
        }
        self.unfocus(None);
        let Some(feed) = wanted else { return Ok(()) };
        let Some(subscription) = self.subscriptions.get(&feed) else {
            return Err(Reject::new(RejectCode::NotMember, "only a room that is subscribed can be in focus"));
        };
        let next = subscription.cursor().next();
        let Ok(Ok(stream)) = timeout(OPEN_STREAM, self.connection.open_uni()).await else {
            return Err(Reject::new(RejectCode::LimitExceeded, "the client allows no further stream"));
        };
        background.push_frame(&Delivery::Moved(Moved { feed, next }), SERVER_FRAME_BYTES_MAX);
        self.focus = Some(FocusLane { feed, lane: focus_lane(stream, feed, next) });
        self.ready.insert(feed);
        Ok(())
    }

    /// Takes the focus away: from a feed, or from whichever has it. Its stream says where the feed goes on, and ends.
    fn unfocus(&mut self, feed: Option<FeedId>) {
        if feed.is_some_and(|feed| self.focus.as_ref().is_none_or(|focus| focus.feed != feed)) {
            return;
        }
        let Some(FocusLane { feed, mut lane }) = self.focus.take() else { return };
        if let Some(subscription) = self.subscriptions.get(&feed) {
            let next = subscription.cursor().next();
            lane.push_frame(&Delivery::Moved(Moved { feed, next }), SERVER_FRAME_BYTES_MAX);
        }
        self.ready.insert(feed);
        // Ends with the connection at the latest.
        tokio::spawn(async move { lane.finish().await });
    }
}

/// Events sent at once to a connection whose account joined a room on another one; beyond that it begins at the head.
const JOIN_BACKLOG_MAX: u32 = 100;

fn focus_lane(stream: SendStream, feed: FeedId, next: Seq) -> Lane {
    let mut lane = Lane::new(stream);
    // A closed stream shows at the next write.
    let _ = lane.stream.set_priority(1);
    let header = StreamHeader { purpose: Focused { feed, next }.into() };
    if let Ok(bytes) = encode_frame(&header, SERVER_FRAME_BYTES_MAX) {
        lane.push(bytes.into());
    }
    lane
}

async fn flush_focus(focus: &mut Option<FocusLane>) -> Result<(), quinn::WriteError> {
    match focus {
        Some(focus) => focus.lane.flush().await,
        None => Ok(()),
    }
}
