//! Somebody who talks and hears in one room, comes and goes, and counts instead of remembering: hours of it fit into memory.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chat_proto::delivery::Events;
use chat_proto::request::{JoinRoom, Post};
use chat_proto::{Chain, Epoch, Event, FeedId, FeedStatus, MessageKey, Position, Reply, RoomId, RoomRef, Seq, Style};
use chat_tui::client::{Backlog, CallError, Client, ClientEvent, Environment, LinkState, Settings};
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

/// What everybody is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Talk.
    Talk,
    /// Say nothing new, and hear the rest.
    Calm,
    /// Go.
    End,
}

/// What can be seen of somebody at any time.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Whether he is logged in.
    pub(super) online: AtomicU64,
    /// The newest event he heard.
    pub(super) shown: AtomicU64,
    /// Messages he said, and those that were acknowledged.
    pub(super) said: AtomicU64,
    pub(super) acked: AtomicU64,
    pub(super) logins: AtomicU64,
}

/// What somebody has counted at the end.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) room: RoomId,
    /// The last event before the first that he heard, and the last one.
    pub(super) before: Seq,
    pub(super) last: Seq,
    /// Of all he heard: equal sums are equal events.
    pub(super) sum: u64,
    /// What was acknowledged: places, and what is to be there.
    pub(super) acked: Vec<(Seq, u64)>,
    /// What was wrong on the way.
    pub(super) wrong: Vec<String>,
}

/// One event, as a number that is equal for equal ones.
pub(super) fn mark(seq: Seq, key: MessageKey) -> u64 {
    let bytes = seq.0.to_le_bytes().into_iter().chain(key.0);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Somebody.
pub(super) struct Person {
    pub(super) settings: Settings,
    pub(super) environment: Environment,
    pub(super) room: String,
    pub(super) every: Duration,
    /// When he says the first thing.
    pub(super) after: Duration,
    pub(super) phase: watch::Receiver<Phase>,
    /// He is to go and come back.
    pub(super) churn: mpsc::Receiver<Duration>,
    pub(super) seen: Arc<Seen>,
}

/// His room.
#[derive(Clone, Copy, Debug)]
struct Place {
    room: RoomId,
    epoch: Epoch,
    chain: Chain,
}

type Asking = BoxFuture<'static, Result<Reply, CallError>>;

/// Somebody, and what he is about.
struct Life {
    person: Person,
    record: Record,
    place: Option<Place>,
    /// What he said and has no answer to.
    pending: Option<Post>,
}

/// Why one session of his ended.
enum End {
    /// He comes back after that long.
    Churn(Duration),
    /// It is over.
    Over,
}

impl Person {
    /// Talks, hears, comes and goes until the end.
    pub(super) async fn live(self) -> Record {
        let mut life = Life { person: self, record: Record::default(), place: None, pending: None };
        while let End::Churn(pause) = life.session().await {
            sleep(pause).await;
        }
        life.record
    }
}

impl Life {
    /// One session, to its end.
    async fn session(&mut self) -> End {
        let mut settings = self.person.settings.clone();
        settings.use_cache = false;
        settings.backlog = Backlog::Everything;
        settings.resume.extend(self.place.map(|place| Position {
            feed: FeedId::Room(place.room),
            epoch: place.epoch,
            seq: self.record.last,
            chain: place.chain,
            backlog_max: u32::MAX,
        }));
        let (client, mut events) = match Client::start(settings, self.person.environment.clone()) {
            Ok(started) => started,
            Err(error) => return self.over(error),
        };
        let end = self.talk(&client, &mut events).await;
        self.person.seen.online.store(0, Ordering::Relaxed);
        drop(client);
        // His files are free when it is gone.
        while let Some(event) = events.recv().await {
            self.hear(event);
        }
        end
    }

    fn over(&mut self, why: impl Display) -> End {
        self.wrong(why);
        End::Over
    }

    async fn talk(&mut self, client: &Client, events: &mut mpsc::Receiver<ClientEvent>) -> End {
        let mut ticks = interval_at(Instant::now() + self.person.after, self.person.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut asking: Option<Asking> = None;
        loop {
            let phase = *self.person.phase.borrow();
            if phase == Phase::End {
                return End::Over;
            }
            if asking.is_none() && self.person.seen.online.load(Ordering::Relaxed) == 1 {
                asking = self.next_question(client);
            }
            tokio::select! {
                biased;
                churn = self.person.churn.recv() => return churn.map_or(End::Over, End::Churn),
                event = events.recv() => match event {
                    Some(event) => self.hear(event),
                    None => return self.over("the session ended by itself"),
                },
                answer = async { Some(asking.as_mut()?.await) }, if asking.is_some() => {
                    asking = None;
                    self.answered(answer).await;
                }
                _ = ticks.tick(), if phase == Phase::Talk && self.pending.is_none() => self.say(),
                _ = self.person.phase.changed() => {}
            }
        }
    }

    /// He asks for his room first, and then says what he has to say.
    fn next_question(&self, client: &Client) -> Option<Asking> {
        let client = client.clone();
        if self.place.is_none() {
            let room = RoomRef::Name(self.person.room.clone());
            let join = JoinRoom { key: MessageKey::default(), room, create: true };
            return Some(Box::pin(async move { client.command(join).await }));
        }
        let post = self.pending.clone()?;
        Some(Box::pin(async move { client.request(post).await }))
    }

    fn say(&mut self) {
        let (Some(place), Ok(key)) = (self.place, self.person.environment.random.message_key()) else { return };
        let said = self.person.seen.said.fetch_add(1, Ordering::Relaxed);
        let text = format!("message {said} of {}, as long as people's messages are", self.person.settings.name);
        self.pending = Some(Post { key, room: place.room, style: Style::Text, text });
    }

    async fn answered(&mut self, answer: Option<Result<Reply, CallError>>) {
        match answer {
            Some(Ok(Reply::Receipt(receipt))) => {
                let Some(post) = self.pending.take() else { return };
                self.record.acked.push((receipt.seq, mark(receipt.seq, post.key)));
                self.person.seen.acked.fetch_add(1, Ordering::Relaxed);
            }
            Some(Ok(reply)) => {
                if !matches!(reply, Reply::RoomInfo(_)) {
                    self.wrong(format!("a question was answered by {reply:?}"));
                }
            }
            // The same message again, under the same key, as soon as there is a connection.
            Some(Err(CallError::Offline | CallError::Stopped)) | None => sleep(ASK_AGAIN).await,
            Some(Err(error @ (CallError::Rejected(_) | CallError::Protocol(_)))) => {
                self.wrong(error);
                sleep(ASK_AGAIN).await;
            }
        }
    }

    fn hear(&mut self, event: ClientEvent) {
        if let ClientEvent::Link(state) = event {
            let is_online = state == LinkState::Online;
            self.person.seen.online.store(u64::from(is_online), Ordering::Relaxed);
            self.person.seen.logins.fetch_add(u64::from(is_online), Ordering::Relaxed);
        } else if let ClientEvent::Welcome(welcome) = event {
            welcome.feeds.iter().for_each(|status| self.begin(status));
        } else if let ClientEvent::Began(status) = event {
            self.begin(&status);
        } else if let ClientEvent::Events(events) = event {
            self.show(&events);
        } else if let ClientEvent::Trimmed(trimmed) = event {
            self.wrong(format!("{trimmed:?}"));
        }
    }

    /// His room begins where the server says, the first time.
    fn begin(&mut self, status: &FeedStatus) {
        let FeedId::Room(room) = status.feed else { return };
        if self.place.is_none() {
            self.place = Some(Place { room, epoch: status.epoch, chain: Chain::default() });
            (self.record.room, self.record.before) = (room, status.next.prev());
            self.record.last = self.record.before;
        }
    }

    fn show(&mut self, events: &Events) {
        let FeedId::Room(room) = events.feed else { return };
        if self.place.is_none_or(|place| place.room != room) {
            return self.wrong(format!("something of room {room}"));
        }
        for Event { seq, key, .. } in &events.events {
            if *seq != self.record.last.next() {
                self.wrong(format!("{seq} behind {}", self.record.last));
            }
            self.record.last = *seq;
            self.record.sum = self.record.sum.wrapping_add(mark(*seq, *key));
        }
        self.place = Some(Place { room, epoch: events.epoch, chain: events.chain });
        self.person.seen.shown.store(self.record.last.0, Ordering::Relaxed);
    }

    fn wrong(&mut self, what: impl Display) {
        if self.record.wrong.len() < WRONG_MAX {
            self.record.wrong.push(format!("{}: {what}", self.person.settings.name));
        }
    }
}

/// How long somebody waits before he asks again.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// Wrong things of one person that are remembered.
const WRONG_MAX: usize = 10;
