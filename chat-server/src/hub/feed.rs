//! One feed's task: decide, append, apply, publish, answer. The only place that appends.

mod room;
mod trim;

use std::sync::Arc;
use std::time::Duration;

use chat_proto::{Event, EventBody, FeedId, MessageKey, Reject, Seq, Timestamp};
use tokio::sync::{mpsc, oneshot};

use super::handle::{Answer, Feed, FeedState, Input, Outcome, Submit, noted_in};
use super::recent::RecentKeys;
use super::tail::frames;
use super::{Hub, reject};
use crate::core::Actor;
use crate::store::{Append, FeedMeta, Found, Registration, Row, Snapshot, StoreError};

/// Commands decided and committed together.
const BATCH_COMMANDS_MAX: usize = 1024;

/// Events between two snapshots.
const SNAPSHOT_EVENTS: u64 = 1_000;

/// Rows read at once while a feed is brought back.
const REPLAY_ROWS: usize = 1_000;

/// A feed nobody watches and nobody writes to is put away after this long.
const IDLE: Duration = Duration::from_secs(120);

/// The task of one feed.
struct Worker<S: FeedState> {
    feed: Arc<Feed<S>>,
    hub: Arc<Hub>,
    state: S,
    meta: FeedMeta,
    snapshot: Seq,
    recent: RecentKeys,
    /// The oldest kept event and when it was decided, as far as somebody wanted to know.
    oldest: Option<(Seq, Timestamp)>,
    /// Whether something happens by itself, as the hub was told.
    is_due: bool,
}

/// The task: brings the feed back, works, and saves a snapshot at an orderly end.
pub(super) async fn run<S: FeedState>(feed: Arc<Feed<S>>, hub: Arc<Hub>, mut inbox: mpsc::Receiver<Input<S>>) {
    match Worker::begin(feed, hub).await {
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
    /// Brings the feed back, and does first what has to be done first; where that can't be stored, it is left for the next time.
    async fn begin(feed: Arc<Feed<S>>, hub: Arc<Hub>) -> Result<Self, StoreError> {
        let mut worker = Self::load(Arc::clone(&feed), Arc::clone(&hub)).await?;
        let mut partings = worker.state.partings(&hub).into_iter().map(|submit| (submit, oneshot::channel().0));
        loop {
            let batch: Vec<_> = partings.by_ref().take(BATCH_COMMANDS_MAX).collect();
            if batch.is_empty() {
                return Ok(worker);
            }
            if worker.commit(batch).await.is_err() {
                return Self::load(feed, hub).await;
            }
        }
    }

    async fn load(feed: Arc<Feed<S>>, hub: Arc<Hub>) -> Result<Self, StoreError> {
        let id = feed.shared.id();
        let loaded = feed.store.load(id).await?;
        let meta = loaded.as_ref().map_or_else(|| feed.empty(), |loaded| loaded.meta);
        let (mut state, mut at) = (S::default(), Seq::ZERO);
        let mut noted = Seq::ZERO;
        if let Some(snapshot) = loaded.and_then(|loaded| loaded.snapshot)
            && snapshot.version == S::SNAPSHOT_VERSION
            && let Some((_, bytes)) = snapshot.bytes.split_first_chunk::<8>()
        {
            state.restore(bytes).map_err(|e| StoreError::Corrupt(e.to_string()))?;
            at = snapshot.seq;
            noted = noted_in::<S>(&snapshot);
        }
        let snapshot = at;
        let mut next = noted.min(at).next().max(meta.oldest);
        while next <= meta.head {
            let rows = feed.store.read(id, next, REPLAY_ROWS).await?;
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
        state.shows(&feed.shared);
        Ok(Self { feed, hub, state, meta, snapshot, recent: RecentKeys::default(), oldest: None, is_due: false })
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
                Input::Submit(submit, answer) => {
                    // A commit takes one name; the next one that wants a name is in the next commit.
                    let takes_name = |(submit, _): &(Submit<S::Command>, Answer)| submit.registration.is_some();
                    if submit.registration.is_some() && submits.iter().any(takes_name) {
                        self.commit(std::mem::take(&mut submits)).await?;
                    }
                    let is_boundary = S::is_boundary(&submit.command);
                    submits.push((*submit, answer));
                    if is_boundary {
                        self.commit(std::mem::take(&mut submits)).await?;
                    }
                }
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
        let ages = self.trim().await;
        let due = [self.state.due(), ages].into_iter().flatten().min();
        // Said again also where it is the same: what rang is forgotten.
        if due.is_some() || self.is_due {
            self.is_due = due.is_some();
            self.hub.tending().set(self.feed.shared.id(), due);
        }
        Ok(())
    }

    async fn commit(&mut self, submits: Vec<(Submit<S::Command>, Answer)>) -> Result<(), ()> {
        if let Err(error) = self.learn_keys(&submits).await {
            return fail(submits.into_iter().map(|(_, answer)| answer), &error);
        }
        let is_boundary = submits.last().is_some_and(|(submit, _)| S::is_boundary(&submit.command));
        let decided = self.decide(submits);
        if !decided.rows.is_empty() {
            if let Err(error) = self.append(decided.rows.clone(), decided.registrations, decided.replace).await {
                return fail(decided.answers.into_iter().map(|(answer, _)| answer), &error);
            }
            self.meta = decided.meta;
            if is_boundary {
                self.close_gates();
            }
            self.publish(decided.rows);
        }
        for (answer, outcome) in decided.answers {
            // The asker may be gone; his next connection asks again with the same key.
            let _ = answer.send(outcome);
        }
        Ok(())
    }

    async fn append(
        &mut self,
        rows: Vec<Row>,
        registrations: Vec<Registration>,
        replace: Vec<Seq>,
    ) -> Result<(), StoreError> {
        let (store, feed, expected_head) = (&self.feed.store, self.feed.shared.id(), self.meta.head);
        if expected_head == Seq::ZERO
            && let Some(begins) = S::begins()
        {
            match store.register(begins).await {
                // It may have begun before, and come no further.
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        let erase = self.hub.words_to_erase(feed, &rows).await?;
        let erases = !erase.is_empty() || !replace.is_empty();
        store.append(Append { feed, expected_head, rows, registrations, erase, replace }).await?;
        if erases {
            self.feed.shared.forget();
            self.hub.files_dropped();
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
        let found = self.feed.store.find(self.feed.shared.id(), unknown.clone()).await?;
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
            registrations: Vec::new(),
            replace: Vec::new(),
            answers: Vec::with_capacity(submits.len()),
        };
        let now = self.hub.environment().now();
        for (mut submit, answer) in submits {
            // As it is now, not as it was when he logged in.
            submit.by.rank = self.hub.rank(submit.by.account);
            let key = (submit.by.account, submit.key);
            if let Some(found) = self.recent.known.get(&key) {
                decided.answers.push((answer, Ok(Outcome::Repeated(*found))));
                continue;
            }
            // Whatever it is, a bot's token is for some rooms only.
            let in_scope = match self.feed.shared.id() {
                FeedId::Room(room) => self.hub.check_scope(submit.by.reader(), room),
                FeedId::Account(_) => Ok(()),
            };
            let decision = in_scope.and_then(|()| self.state.decide(&submit.by, &submit.command, now));
            let outcome = decision.map(|body| match body {
                None => Outcome::Unchanged,
                Some(body) => {
                    decided.registrations.extend(submit.registration.take());
                    let found = self.take_all(&mut decided, &submit, body, now);
                    self.recent.insert(key, found);
                    Outcome::Stored(found)
                }
            });
            decided.answers.push((answer, outcome));
        }
        decided
    }

    /// Takes an event and what follows from it. Only the first has the command's key.
    fn take_all(
        &mut self,
        decided: &mut Decided,
        submit: &Submit<S::Command>,
        body: EventBody,
        now: Timestamp,
    ) -> Found {
        let found = self.take(decided, &submit.by, submit.key, body, now);
        let Some(first) = decided.rows.last() else { return found };
        for body in self.state.follow(&submit.command, &first.event) {
            self.take(decided, &submit.by, MessageKey::default(), body, now);
        }
        found
    }

    /// Numbers an event, applies it and seals its row.
    fn take(&mut self, decided: &mut Decided, by: &Actor, key: MessageKey, body: EventBody, now: Timestamp) -> Found {
        let meta = &mut decided.meta;
        meta.head = meta.head.next();
        meta.at = meta.at.max(now);
        if body.is_message() {
            meta.ordinal = meta.ordinal.next();
        }
        let event =
            Event { seq: meta.head, ordinal: meta.ordinal, at: meta.at, by: by.account, device: by.device, key, body };
        self.state.apply(&event);
        decided.registrations.extend(S::registers(self.feed.shared.id(), &event));
        decided.replace.extend(self.state.replaces(&event).then_some(event.seq));
        let row = Row::seal(&meta.chain, event, self.hub.environment().salt());
        meta.chain = row.chain;
        decided.rows.push(row);
        Found { seq: meta.head, ordinal: meta.ordinal, at: meta.at }
    }

    /// Ends the feed for whoever may not read it any more, at the newest event.
    fn close_gates(&self) {
        let now = self.hub.environment().now();
        self.feed.shared.close_gates(self.meta.head, |gate| self.state.end_for(&self.hub, gate, now));
    }

    fn publish(&self, rows: Vec<Row>) {
        let id = self.feed.shared.id();
        for row in &rows {
            self.state.note(&self.hub, id, self.meta.epoch, &row.event);
        }
        self.hub.to_be_indexed.notify_one();
        let frames = frames(id, self.meta.epoch, super::tail::chained(rows));
        self.state.shows(&self.feed.shared);
        self.feed.shared.publish(frames, self.meta);
    }

    /// Saves a snapshot. A failure costs nothing but a longer start.
    async fn save(&mut self) {
        if self.snapshot == self.meta.head {
            return;
        }
        let id = self.feed.shared.id();
        let noted = if S::TRIMS { self.meta.head } else { self.noted() };
        let mut bytes = noted.0.to_le_bytes().to_vec();
        bytes.extend(self.state.snapshot());
        let snapshot = Snapshot { seq: self.meta.head, version: S::SNAPSHOT_VERSION, bytes };
        let store = &self.feed.store;
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
    registrations: Vec<Registration>,
    /// Edits that leave nothing of the words before.
    replace: Vec<Seq>,
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
