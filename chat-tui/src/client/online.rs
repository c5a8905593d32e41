//! The streams of one connection, read by small tasks into short queues that the session drains as it can.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use chat_proto::delivery::StreamPurpose;
use chat_proto::limits::{
    DATAGRAM_BYTES_MAX, KEEP_ALIVE_MS, REQUESTS_IN_FLIGHT_MAX, SERVER_FRAME_BYTES_MAX, UNI_STREAMS_MAX,
};
use chat_proto::reply::Welcome;
use chat_proto::{CloseCode, CodecError, Delivery, FeedId, FrameBuffer, ReplyFrame, StreamHeader, codec};
use quinn::{ConnectionError, RecvStream, VarInt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::link::{Link, READ_BYTES};

/// What happened on a connection.
#[derive(Debug)]
pub(super) enum Incident {
    /// An answer.
    Reply(ReplyFrame),
    /// A stream of the server's began.
    Began(Option<FeedId>),
    /// A frame of a stream.
    Frame(Delivery, Option<FeedId>, StreamId),
    /// A stream of the server's ended.
    Ended(Option<FeedId>),
    /// A datagram.
    Signal(Delivery),
    /// Time to look whether the path is alive.
    Check,
    /// It is over.
    Closed(ConnectionError),
}

/// Names a stream of the server's within its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamId(u64);

/// A stream of the server's.
#[derive(Debug)]
struct Stream {
    id: StreamId,
    /// The feed of a focus stream; none for the background.
    feed: Option<FeedId>,
    frames: mpsc::Receiver<Delivery>,
    /// A frame that came too early; nothing further is read while it waits.
    held: Option<Delivery>,
    /// Since when it waits, however often it was looked at.
    held_since: Option<Instant>,
}

/// A connection that is logged in, and what is read of it.
#[derive(Debug)]
pub(super) struct Online {
    pub(super) connection: quinn::Connection,
    requests: mpsc::Sender<Vec<u8>>,
    replies: mpsc::Receiver<ReplyFrame>,
    opened: mpsc::Receiver<(Option<FeedId>, mpsc::Receiver<Delivery>)>,
    signals: mpsc::Receiver<Delivery>,
    streams: VecDeque<Stream>,
    next_stream: u64,
    next_check: Instant,
    pub(super) path: Path,
    tasks: JoinSet<()>,
}

/// Whether packets still come back.
#[derive(Debug)]
pub(super) struct Path {
    sent: u64,
    received: u64,
    /// Since when packets went out and none came in.
    silent_since: Option<Instant>,
    rebound: bool,
    /// The round-trip time last told.
    pub(super) told: Duration,
}

/// What to do about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathState {
    Alive,
    /// Nothing comes back: try another local address, once.
    Rebind,
    /// Nothing comes back on that one either.
    Dead,
}

impl Path {
    /// Whether packets went out since the last look, or an answer to some is due.
    pub(super) fn is_busy(&self, sent: u64) -> bool {
        sent > self.sent || self.silent_since.is_some()
    }

    /// Looks at the counters of a connection.
    pub(super) fn check(&mut self, sent: u64, received: u64, now: Instant) -> PathState {
        if received > self.received {
            self.silent_since = None;
            self.rebound = false;
        } else if sent > self.sent {
            self.silent_since.get_or_insert(now);
        }
        (self.sent, self.received) = (sent, received);
        let silent = self.silent_since.map_or(Duration::ZERO, |since| now.duration_since(since));
        if silent >= SILENCE_MAX {
            return PathState::Dead;
        }
        if silent >= SILENCE_REBIND && !self.rebound {
            self.rebound = true;
            return PathState::Rebind;
        }
        PathState::Alive
    }
}

impl Online {
    /// Begins to read a connection, and gives its welcome back.
    pub(super) fn new(link: Link) -> (Self, Welcome) {
        let Link { connection, requests, replies, buffer, welcome } = link;
        let (request_tx, request_rx) = mpsc::channel(REQUESTS_IN_FLIGHT_MAX);
        let (reply_tx, reply_rx) = mpsc::channel(QUEUE_FRAMES);
        let (opened_tx, opened_rx) = mpsc::channel(1);
        let (signal_tx, signal_rx) = mpsc::channel(SIGNALS_MAX);
        let mut tasks = JoinSet::new();
        tasks.spawn(write_requests(requests, request_rx));
        tasks.spawn({
            let connection = connection.clone();
            async move {
                read_frames(connection.clone(), replies, buffer, reply_tx).await;
                // Without its control stream a connection is of no use. One that is closed keeps the reason it was closed for.
                if connection.close_reason().is_none() {
                    connection.close(VarInt::from_u32(CloseCode::Bye.number()), b"the control stream ended");
                }
            }
        });
        tasks.spawn(accept_streams(connection.clone(), opened_tx));
        tasks.spawn(read_datagrams(connection.clone(), signal_tx));
        let path = Path { sent: 0, received: 0, silent_since: None, rebound: false, told: connection.rtt() };
        let online = Self {
            connection,
            requests: request_tx,
            replies: reply_rx,
            opened: opened_rx,
            signals: signal_rx,
            streams: VecDeque::new(),
            next_stream: 0,
            next_check: Instant::now() + CHECK_INTERVAL,
            path,
            tasks,
        };
        (online, welcome)
    }

    /// Sends a request frame; false if as many wait as may wait, or the stream is broken.
    pub(super) fn request(&mut self, frame: Vec<u8>) -> bool {
        self.stir();
        self.requests.try_send(frame).is_ok()
    }

    /// Something is under way, or overdue before long: the path is looked at soon.
    pub(super) fn stir(&mut self) {
        self.next_check = self.next_check.min(Instant::now() + CHECK_INTERVAL);
    }

    /// Nothing is under way: until something is sent, the path is looked at only as often as keep-alives test it, so that an
    /// idle client does not wake.
    pub(super) fn rest(&mut self) {
        self.next_check = Instant::now() + Duration::from_millis(KEEP_ALIVE_MS);
    }

    /// Whether a frame is held that came too early.
    pub(super) fn holds(&self) -> bool {
        self.streams.iter().any(|stream| stream.held.is_some())
    }

    /// The next thing that happens. Streams and datagrams are read only if `room_for_more`. May be dropped at any time.
    pub(super) async fn next(&mut self, room_for_more: bool) -> Incident {
        let Self { connection, replies, opened, signals, streams, next_check, tasks, .. } = self;
        tokio::select! {
            biased;
            Some(reply) = replies.recv() => Incident::Reply(reply),
            Some((feed, frames)) = opened.recv(), if streams.len() < UNI_STREAMS_MAX as usize => {
                streams.push_back(Stream { id: StreamId(self.next_stream), feed, frames, held: None, held_since: None });
                self.next_stream += 1;
                Incident::Began(feed)
            }
            incident = next_frame(streams), if room_for_more => incident,
            Some(signal) = signals.recv(), if room_for_more => Incident::Signal(signal),
            () = sleep_until(*next_check) => {
                *next_check = Instant::now() + CHECK_INTERVAL;
                while tasks.try_join_next().is_some() {}
                Incident::Check
            }
            error = connection.closed() => Incident::Closed(error),
        }
    }

    /// Keeps a frame that came too early, and with it its stream.
    pub(super) fn hold(&mut self, id: StreamId, frame: Delivery) {
        self.stir();
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) {
            stream.held = Some(frame);
            stream.held_since.get_or_insert_with(Instant::now);
        }
    }

    /// The frames that came too early, to be looked at again; those still early are to be held again.
    pub(super) fn held(&mut self) -> Vec<(Delivery, Option<FeedId>, StreamId)> {
        let take = |stream: &mut Stream| Some((stream.held.take()?, stream.feed, stream.id));
        self.streams.iter_mut().filter_map(take).collect()
    }

    /// The feeds of which a frame has been held for longer than any move between streams takes.
    pub(super) fn overdue(&self, now: Instant) -> Vec<FeedId> {
        let late = |stream: &&Stream| stream.held_since.is_some_and(|since| now.duration_since(since) >= HOLD_MAX);
        self.streams.iter().filter(late).filter_map(|stream| stream.held.as_ref()).filter_map(feed_of).collect()
    }
}

/// The feed an ordered frame belongs to.
fn feed_of(frame: &Delivery) -> Option<FeedId> {
    if let Delivery::Events(events) = frame {
        return Some(events.feed);
    }
    if let Delivery::Trimmed(trimmed) = frame {
        return Some(trimmed.feed);
    }
    if let Delivery::Moved(moved) = frame {
        return Some(moved.feed);
    }
    let Delivery::Ended(ended) = frame else { return None };
    Some(ended.feed)
}

/// The next frame of any stream that does not hold one, the streams taking turns.
async fn next_frame(streams: &mut VecDeque<Stream>) -> Incident {
    let (at, frame) = poll_fn(|cx| {
        for (at, stream) in streams.iter_mut().enumerate().filter(|(_, stream)| stream.held.is_none()) {
            if let Poll::Ready(frame) = stream.frames.poll_recv(cx) {
                return Poll::Ready((at, frame));
            }
        }
        Poll::Pending
    })
    .await;
    // Whoever was served goes behind the others.
    let Some(mut stream) = streams.remove(at) else { return Incident::Ended(None) };
    stream.held_since = None;
    let (feed, id) = (stream.feed, stream.id);
    match frame {
        Some(frame) => {
            streams.push_back(stream);
            Incident::Frame(frame, feed, id)
        }
        None => Incident::Ended(feed),
    }
}

async fn write_requests(mut stream: quinn::SendStream, mut frames: mpsc::Receiver<Vec<u8>>) {
    while let Some(frame) = frames.recv().await {
        if stream.write_all(&frame).await.is_err() {
            return;
        }
    }
}

/// Closes a connection whose server sent what it must not send.
fn malformed(connection: &quinn::Connection, error: &CodecError) {
    tracing::warn!(%error, "the server sent an unusable frame");
    connection.close(VarInt::from_u32(CloseCode::Malformed.number()), error.to_string().as_bytes());
}

/// Reads frames of one type until the stream ends or nobody wants them.
async fn read_frames<T: codec::Decode<()>>(
    connection: quinn::Connection,
    mut stream: RecvStream,
    mut buffer: FrameBuffer,
    frames: mpsc::Sender<T>,
) {
    loop {
        loop {
            match buffer.pop() {
                Ok(Some(frame)) => {
                    if frames.send(frame).await.is_err() {
                        return;
                    }
                }
                Ok(None) => break,
                Err(error) => return malformed(&connection, &error),
            }
        }
        match stream.read_chunk(READ_BYTES, true).await {
            Ok(Some(chunk)) => buffer.extend(&chunk.bytes),
            Ok(None) | Err(_) => return,
        }
    }
}

async fn accept_streams(
    connection: quinn::Connection,
    opened: mpsc::Sender<(Option<FeedId>, mpsc::Receiver<Delivery>)>,
) {
    let mut readers = JoinSet::new();
    while let Ok(stream) = connection.accept_uni().await {
        while readers.try_join_next().is_some() {}
        readers.spawn(read_stream(connection.clone(), stream, opened.clone()));
    }
}

/// Reads the header of a stream, and its frames if it has a purpose this build knows.
async fn read_stream(
    connection: quinn::Connection,
    mut stream: RecvStream,
    opened: mpsc::Sender<(Option<FeedId>, mpsc::Receiver<Delivery>)>,
) {
    let mut buffer = FrameBuffer::new(SERVER_FRAME_BYTES_MAX);
    let header = loop {
        match buffer.pop() {
            Ok(Some(header)) => break header,
            Ok(None) => {}
            Err(error) => return malformed(&connection, &error),
        }
        match stream.read_chunk(READ_BYTES, true).await {
            Ok(Some(chunk)) => buffer.extend(&chunk.bytes),
            Ok(None) | Err(_) => return,
        }
    };
    let StreamHeader { purpose } = header;
    let feed = match purpose {
        StreamPurpose::Background(_) => None,
        StreamPurpose::Focused(focused) => Some(focused.feed),
        StreamPurpose::Unknown { .. } => {
            let _ = stream.stop(VarInt::from_u32(0));
            return;
        }
    };
    let (frames_tx, frames) = mpsc::channel(QUEUE_FRAMES);
    if opened.send((feed, frames)).await.is_ok() {
        read_frames(connection, stream, buffer, frames_tx).await;
    }
}

async fn read_datagrams(connection: quinn::Connection, signals: mpsc::Sender<Delivery>) {
    while let Ok(datagram) = connection.read_datagram().await {
        if datagram.len() > DATAGRAM_BYTES_MAX {
            continue;
        }
        // A signal may be lost: one that does not decode, or that nobody has room for, is.
        if let Ok(signal) = codec::decode(&datagram)
            && let Err(mpsc::error::TrySendError::Closed(_)) = signals.try_send(signal)
        {
            return;
        }
    }
}

/// Frames read ahead of the session, per stream.
const QUEUE_FRAMES: usize = 4;

/// Datagrams read ahead of the session; further ones are lost.
const SIGNALS_MAX: usize = 32;

/// How often the path is looked at while something is under way.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Silence after which another local address is tried.
const SILENCE_REBIND: Duration = Duration::from_secs(3);

/// Silence after which the connection is given up.
const SILENCE_MAX: Duration = Duration::from_secs(8);

/// How long a frame waits for what lies before it on another stream.
const HOLD_MAX: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_silent_path_is_rebound_once_and_then_given_up() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut path = Path { sent: 0, received: 0, silent_since: None, rebound: false, told: Duration::ZERO };
        assert_eq!(path.check(5, 5, at(0)), PathState::Alive);
        assert_eq!(path.check(5, 5, at(60)), PathState::Alive);
        assert_eq!(path.check(6, 5, at(61)), PathState::Alive);
        assert_eq!(path.check(7, 5, at(64)), PathState::Rebind);
        assert_eq!(path.check(8, 5, at(65)), PathState::Alive);
        assert_eq!(path.check(9, 6, at(66)), PathState::Alive);
        assert_eq!(path.check(10, 6, at(67)), PathState::Alive);
        assert_eq!(path.check(10, 6, at(70)), PathState::Rebind);
        assert_eq!(path.check(10, 6, at(75)), PathState::Dead);
    }
}
