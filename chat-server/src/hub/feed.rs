//! One feed's task: decide, append, apply, publish, answer. The only place that appends.

use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::{AccountId, Epoch, Event, EventBody, FeedId, MessageKey, Reject, RejectCode, Seq};
use tokio::sync::{OnceCell, mpsc, oneshot};

use super::shared::{Shared, lock};
use super::tail::frames;
use super::{Hub, reject};
use crate::core::{Actor, SNAPSHOT_VERSION, State};
use crate::store::{Append, FeedMeta, Found, Registration, Row, Snapshot, StoreError};

/// Commands waiting for a feed's task.
const INBOX_COMMANDS_MAX: usize = 1024;

/// Commands decided and committed together.
const BATCH_COMMANDS_MAX: usize = 1024;

/// Events between two snapshots.
const SNAPSHOT_EVENTS: u64 = 1_000;

/// Rows read at once while a feed is brought back.
const REPLAY_ROWS: usize = 1_000;

/// Keys of recent commands kept in memory, so that most repetitions need no look at the store.
const RECENT_KEYS_MAX: usize = 4_096;

/// A feed nobody watches and nobody writes to is put away after this long.
const IDLE: Duration = Duration::from_secs(120);

/// A state that lives in a feed: what its events mean beyond itself.
pub trait FeedState: State + Default + Debug {
    /// Called for every event that is committed, also for those found in the store behind what was noted before a crash.
    fn note(&self, hub: &Hub, feed: FeedId, epoch: Epoch, event: &Event);

    /// Whether what a snapshot covers need not be kept: nobody pages through it.
    const TRIMS: bool;
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is an event now.
    Stored(Found),
    /// It was one already: a command with this key was given before.
    Repeated(Found),
    /// Everything was so already.
    Unchanged,
}

/// A command on its way into a feed.
#[derive(Debug)]
pub struct Submit<C> {
    /// Who gives it.
    pub by: Actor,
    /// What names it; zero for a command that may be given twice.
    pub key: MessageKey,
    /// What is asked.
    pub command: C,
    /// A name that is taken with its first event.
    pub registration: Option<Registration>,
}

type Answer = oneshot::Sender<Result<Outcome, Reject>>;
type Look<S> = Box<dyn FnOnce(&S, &FeedMeta) + Send>;

enum Input<S: State> {
    Submit(Box<Submit<S::Command>>, Answer),
    Look(Look<S>),
}

/// A feed: its readers' side, and the way to its task, which runs while there is something to do.
pub struct Feed<S: FeedState> {
    /// The readers' side.
    pub shared: Arc<Shared>,
    loaded: OnceCell<()>,
    inbox: Mutex<Option<mpsc::Sender<Input<S>>>>,
}

impl<S: FeedState> Debug for Feed<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").field("shared", &self.shared).finish_non_exhaustive()
    }
}

impl<S: FeedState> Feed<S> {
    /// A feed whose ends are not known yet.
    #[must_use]
    pub fn new(id: FeedId) -> Arc<Self> {
        Arc::new(Self { shared: Arc::new(Shared::new(id)), loaded: OnceCell::new(), inbox: Mutex::default() })
    }

    /// Learns the feed's ends from the store, once. What a crash left unnoted is noted now.
    ///
    /// # Errors
    /// What the store says.
    pub async fn load(self: &Arc<Self>, hub: &Arc<Hub>) -> Result<(), Reject> {
        self.loaded
            .get_or_try_init(|| async {
                let id = self.shared.id();
                let Some(loaded) = hub.store().load(id).await.map_err(|e| reject(&e))? else {
                    self.shared.reset(hub.empty_feed(id));
                    return Ok(());
                };
                self.shared.reset(loaded.meta);
                let noted = loaded.snapshot.as_ref().map_or(Seq::ZERO, noted_in);
                self.shared.set_noted(noted);
                if !S::TRIMS && noted < loaded.meta.head {
                    self.start(hub);
                }
                Ok(())
            })
            .await
            .copied()
    }

    /// Gives a command. When this returns it stands in line; what became of it comes through the receiver.
    pub async fn submit(self: &Arc<Self>, hub: &Arc<Hub>, submit: Submit<S::Command>) -> Pending {
        let (answer, pending) = oneshot::channel();
        self.send(hub, Input::Submit(Box::new(submit), answer)).await;
        Pending(pending)
    }

    /// Reads the state.
    ///
    /// # Errors
    /// [`RejectCode::Unavailable`] if the feed can't be brought back.
    pub async fn look<T: Send + 'static>(
        self: &Arc<Self>,
        hub: &Arc<Hub>,
        look: impl FnOnce(&S, &FeedMeta) -> T + Send + 'static,
    ) -> Result<T, Reject> {
        let (answer, pending) = oneshot::channel();
        let look: Look<S> = Box::new(move |state, meta| {
            // The asker may be gone; then nobody misses the answer.
            let _ = answer.send(look(state, meta));
        });
        self.send(hub, Input::Look(look)).await;
        pending.await.map_err(|_| unavailable())
    }

    async fn send(self: &Arc<Self>, hub: &Arc<Hub>, mut input: Input<S>) {
        loop {
            let inbox = lock(&self.inbox).clone();
            let inbox = inbox.unwrap_or_else(|| self.start(hub));
            match inbox.send(input).await {
                Ok(()) => return,
                // The task ended between the two lines; the next one starts where it stopped.
                Err(mpsc::error::SendError(back)) => {
                    input = back;
                    let mut known = lock(&self.inbox);
                    if known.as_ref().is_some_and(|known| known.same_channel(&inbox)) {
                        *known = None;
                    }
                }
            }
        }
    }

    fn start(self: &Arc<Self>, hub: &Arc<Hub>) -> mpsc::Sender<Input<S>> {
        let mut known = lock(&self.inbox);
        if let Some(inbox) = known.as_ref() {
            return inbox.clone();
        }
        let (sender, inbox) = mpsc::channel(INBOX_COMMANDS_MAX);
        *known = Some(sender.clone());
        hub.spawn_feed(run(Arc::clone(self), Arc::clone(hub), inbox));
        sender
    }
}

/// The outcome of a command that stands in line.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Result<Outcome, Reject>>);

impl Pending {
    /// Waits for it.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn outcome(self) -> Result<Outcome, Reject> {
        self.0.await.unwrap_or_else(|_| Err(unavailable()))
    }
}

fn unavailable() -> Reject {
    Reject::new(RejectCode::Unavailable, "the server is busy recovering; the same request again will tell")
}

/// The seq up to which a snapshot says that everything is noted: its first eight bytes.
fn noted_in(snapshot: &Snapshot) -> Seq {
    let noted = snapshot.bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    if snapshot.version == SNAPSHOT_VERSION { Seq(noted) } else { Seq::ZERO }
}

/// The task of one feed.
struct Worker<S: FeedState> {
    feed: Arc<Feed<S>>,
    hub: Arc<Hub>,
    state: S,
    meta: FeedMeta,
    snapshot: Seq,
    recent: RecentKeys,
}

async fn run<S: FeedState>(feed: Arc<Feed<S>>, hub: Arc<Hub>, mut inbox: mpsc::Receiver<Input<S>>) {
    match Worker::load(feed, hub).await {
        Ok(mut worker) => {
            // What a failed batch left in memory is not what is stored: the task ends, and the next one loads.
            if worker.work(&mut inbox).await.is_ok() {
                worker.save().await;
            }
        }
        // Everybody in line hears of it: their answers are dropped with the inbox.
        Err(error) => tracing::error!(?error, "a feed can't be brought back"),
    }
}

impl<S: FeedState> Worker<S> {
    async fn load(feed: Arc<Feed<S>>, hub: Arc<Hub>) -> Result<Self, StoreError> {
        let id = feed.shared.id();
        let loaded = hub.store().load(id).await?;
        let meta = loaded.as_ref().map_or_else(|| hub.empty_feed(id), |loaded| loaded.meta);
        let (mut state, mut at) = (S::default(), Seq::ZERO);
        let mut noted = Seq::ZERO;
        if let Some(snapshot) = loaded.and_then(|loaded| loaded.snapshot)
            && snapshot.version == SNAPSHOT_VERSION
            && let Some((_, bytes)) = snapshot.bytes.split_first_chunk::<8>()
        {
            state.restore(bytes).map_err(|e| StoreError::Corrupt(e.to_string()))?;
            at = snapshot.seq;
            noted = noted_in(&snapshot);
        }
        let snapshot = at;
        let mut next = noted.min(at).next().max(meta.oldest);
        while next <= meta.head {
            let rows = hub.store().read(id, next, REPLAY_ROWS).await?;
            let Some(last) = rows.last() else { break };
            next = last.event.seq.next();
            for row in &rows {
                if row.event.seq > at {
                    state.apply(&row.event);
                    at = row.event.seq;
                }
                if row.event.seq > noted {
                    state.note(&hub, id, meta.epoch, &row.event);
                }
            }
        }
        feed.shared.reset(meta);
        Ok(Self { feed, hub, state, meta, snapshot, recent: RecentKeys::default() })
    }

    /// Works until nobody needs the feed or the hub closes, and then off what is still in line.
    async fn work(&mut self, inbox: &mut mpsc::Receiver<Input<S>>) -> Result<(), ()> {
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                biased;
                _ = inbox.recv_many(&mut batch, BATCH_COMMANDS_MAX) => self.turn(&mut batch).await?,
                () = self.hub.feeds_closing() => break,
                () = tokio::time::sleep(IDLE) => if !self.feed.shared.is_watched() { break },
            }
        }
        inbox.close();
        while inbox.recv_many(&mut batch, BATCH_COMMANDS_MAX).await > 0 {
            self.turn(&mut batch).await?;
        }
        Ok(())
    }

    /// One batch. An error ends the task; everybody in the batch has been answered.
    async fn turn(&mut self, batch: &mut Vec<Input<S>>) -> Result<(), ()> {
        let mut submits = Vec::new();
        for input in batch.drain(..) {
            match input {
                Input::Submit(submit, answer) => submits.push((*submit, answer)),
                Input::Look(look) if submits.is_empty() => look(&self.state, &self.meta),
                Input::Look(look) => {
                    // What was asked after a command sees the command.
                    self.commit(std::mem::take(&mut submits)).await?;
                    look(&self.state, &self.meta);
                }
            }
        }
        if !submits.is_empty() {
            self.commit(submits).await?;
        }
        if self.meta.head.0 - self.snapshot.0 >= SNAPSHOT_EVENTS {
            self.save().await;
        }
        Ok(())
    }

    async fn commit(&mut self, submits: Vec<(Submit<S::Command>, Answer)>) -> Result<(), ()> {
        if let Err(error) = self.learn_keys(&submits).await {
            return fail(submits.into_iter().map(|(_, answer)| answer), &error);
        }
        let decided = self.decide(submits);
        if !decided.rows.is_empty() {
            let append = Append {
                feed: self.feed.shared.id(),
                expected_head: self.meta.head,
                rows: decided.rows.clone(),
                registration: decided.registration,
            };
            if let Err(error) = self.hub.store().append(append).await {
                return fail(decided.answers.into_iter().map(|(answer, _)| answer), &error);
            }
            self.meta = decided.meta;
            self.publish(decided.rows);
        }
        for (answer, outcome) in decided.answers {
            // The asker may be gone; his next connection asks again with the same key.
            let _ = answer.send(outcome);
        }
        Ok(())
    }

    /// Looks up the keys of a batch that are not known to be new.
    async fn learn_keys(&mut self, submits: &[(Submit<S::Command>, Answer)]) -> Result<(), StoreError> {
        let unknown: Vec<_> = submits
            .iter()
            .map(|(submit, _)| (submit.by.account, submit.key))
            .filter(|key| key.1 != MessageKey::default() && !self.recent.known.contains_key(key))
            .collect();
        if unknown.is_empty() || self.meta.head == Seq::ZERO {
            return Ok(());
        }
        let found = self.hub.store().find(self.feed.shared.id(), unknown.clone()).await?;
        for (key, found) in unknown.into_iter().zip(found) {
            if let Some(found) = found {
                self.recent.insert(key, found);
            }
        }
        Ok(())
    }

    fn decide(&mut self, submits: Vec<(Submit<S::Command>, Answer)>) -> Decided {
        let mut decided = Decided {
            meta: self.meta,
            rows: Vec::new(),
            registration: None,
            answers: Vec::with_capacity(submits.len()),
        };
        let now = self.hub.environment().now();
        for (submit, answer) in submits {
            let key = (submit.by.account, submit.key);
            if let Some(found) = self.recent.known.get(&key) {
                decided.answers.push((answer, Ok(Outcome::Repeated(*found))));
                continue;
            }
            let outcome = self.state.decide(&submit.by, &submit.command, now).map(|body| match body {
                None => Outcome::Unchanged,
                Some(body) => {
                    let found = self.take(&mut decided, &submit, body, now);
                    self.recent.insert(key, found);
                    decided.registration = decided.registration.take().or(submit.registration);
                    Outcome::Stored(found)
                }
            });
            decided.answers.push((answer, outcome));
        }
        decided
    }

    /// Numbers an event, applies it and seals its row.
    fn take(
        &mut self,
        decided: &mut Decided,
        submit: &Submit<S::Command>,
        body: EventBody,
        now: chat_proto::Timestamp,
    ) -> Found {
        let meta = &mut decided.meta;
        meta.head = meta.head.next();
        meta.at = meta.at.max(now);
        if body.is_message() {
            meta.ordinal = meta.ordinal.next();
        }
        let event = Event {
            seq: meta.head,
            ordinal: meta.ordinal,
            at: meta.at,
            by: submit.by.account,
            device: submit.by.device,
            key: submit.key,
            body,
        };
        self.state.apply(&event);
        let row = Row::seal(&meta.chain, event, self.hub.environment().salt());
        meta.chain = row.chain;
        decided.rows.push(row);
        Found { seq: meta.head, ordinal: meta.ordinal, at: meta.at }
    }

    fn publish(&self, rows: Vec<Row>) {
        let id = self.feed.shared.id();
        for row in &rows {
            self.state.note(&self.hub, id, self.meta.epoch, &row.event);
        }
        let frames = frames(id, self.meta.epoch, super::tail::chained(rows));
        self.feed.shared.publish(frames, self.meta);
    }

    /// Saves a snapshot. A failure costs nothing but a longer start.
    async fn save(&mut self) {
        if self.snapshot == self.meta.head {
            return;
        }
        let id = self.feed.shared.id();
        let noted = if S::TRIMS { self.meta.head } else { self.feed.shared.noted() };
        let mut bytes = noted.0.to_le_bytes().to_vec();
        bytes.extend(self.state.snapshot());
        let snapshot = Snapshot { seq: self.meta.head, version: SNAPSHOT_VERSION, bytes };
        let store = self.hub.store();
        let mut saved = store.save_snapshot(id, snapshot).await;
        if S::TRIMS && saved.is_ok() {
            saved = store.trim(id, self.meta.head.next(), self.hub.environment().now()).await;
            self.meta.oldest = self.meta.head.next();
            self.feed.shared.reset(self.meta);
        }
        match saved {
            Ok(()) => self.snapshot = self.meta.head,
            Err(error) => tracing::warn!(?error, feed = %id, "no snapshot"),
        }
    }
}

/// A batch that was decided and not yet committed.
struct Decided {
    meta: FeedMeta,
    rows: Vec<Row>,
    registration: Option<Registration>,
    answers: Vec<(Answer, Result<Outcome, Reject>)>,
}

/// Answers everybody with what the store said, and ends the task: what it holds in memory is no longer what is stored.
fn fail(answers: impl Iterator<Item = Answer>, error: &StoreError) -> Result<(), ()> {
    tracing::warn!(?error, "a batch was not stored");
    for answer in answers {
        let _ = answer.send(Err(reject(error)));
    }
    Err(())
}

/// Keys of recent commands and what became of them.
#[derive(Debug, Default)]
struct RecentKeys {
    known: HashMap<(AccountId, MessageKey), Found>,
    order: VecDeque<(AccountId, MessageKey)>,
}

impl RecentKeys {
    fn insert(&mut self, key: (AccountId, MessageKey), found: Found) {
        if key.1 == MessageKey::default() {
            return;
        }
        self.known.insert(key, found);
        self.order.push_back(key);
        if self.order.len() > RECENT_KEYS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}
