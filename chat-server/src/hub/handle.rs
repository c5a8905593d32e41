//! The way to a feed: what it published, and the line before its task, which runs while there is something to do.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use chat_proto::delivery::EndReason;
use chat_proto::{Epoch, Event, FeedId, MessageKey, Ordinal, Reject, RejectCode, Seq, Timestamp};
use tokio::sync::{OnceCell, mpsc, oneshot};

use super::feed;
use super::files::Hold;
use super::gate::Gate;
use super::shared::{Shared, lock};
use super::{Hub, reject};
use crate::core::{Actor, State};
use crate::digest::chain_start;
use crate::store::{FeedMeta, Found, Keep, Registration, Snapshot, Store};

/// Commands waiting for a feed's task.
const INBOX_COMMANDS_MAX: usize = 1024;

/// A state that lives in a feed: what its events mean beyond itself.
pub trait FeedState: State + Default + Debug {
    /// Called for every event that is committed, also for those found in the store behind what was noted before a crash.
    fn note(&self, hub: &Hub, feed: FeedId, epoch: Epoch, event: &Event);

    /// Whether what a snapshot covers need not be kept: nobody pages through it.
    const TRIMS: bool;

    /// Called when the state was brought back and after every commit: what it means for the passing news of the feed.
    fn shows(&self, shared: &Shared) {
        let _ = shared;
    }

    /// How much of the feed is kept, where that is not everything.
    fn keeps(&self) -> Option<Keep> {
        None
    }

    /// What an event changes in the registry.
    #[must_use]
    fn registers(feed: FeedId, event: &Event) -> Option<Registration> {
        let (_, _) = (feed, event);
        None
    }

    /// Whether nothing stays of the words that an event, which is taken in, replaces.
    fn replaces(&self, event: &Event) -> bool {
        let _ = event;
        false
    }

    /// When something happens in the feed by itself, if nobody does anything before.
    fn due(&self) -> Option<Timestamp> {
        None
    }

    /// Why a reader gets the feed no more, if he doesn't. Asked after every command that is a boundary.
    fn end_for(&self, hub: &Hub, gate: &Gate, now: Timestamp) -> Option<EndReason> {
        let (_, _, _) = (hub, gate, now);
        None
    }

    /// Whether a command may take the right to read from somebody: it is then the last one of its commit.
    #[must_use]
    fn is_boundary(command: &Self::Command) -> bool {
        let _ = command;
        false
    }

    /// What has to be done before anybody is told of the state that was brought back.
    fn partings(&self, hub: &Hub) -> Vec<Submit<Self::Command>> {
        let _ = hub;
        Vec::new()
    }

    /// What makes the feed begin before its first event, where its commands don't bring that themselves.
    #[must_use]
    fn begins() -> Option<Registration> {
        None
    }
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

pub(super) type Answer = oneshot::Sender<Result<Outcome, Reject>>;
type Look<S> = Box<dyn FnOnce(&S, &FeedMeta) + Send>;

pub(super) enum Input<S: State> {
    Submit(Box<Submit<S::Command>>, Answer),
    Look(Look<S>),
}

/// A feed: its readers' side, and the way to its task, which runs while there is something to do.
pub struct Feed<S: FeedState> {
    /// The readers' side.
    pub shared: Arc<Shared>,
    /// Where it is kept.
    pub(super) store: Arc<dyn Store>,
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
    pub fn new(id: FeedId, store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { shared: Arc::new(Shared::new(id)), store, loaded: OnceCell::new(), inbox: Mutex::default() })
    }

    /// Its ends before its first event.
    pub(super) fn empty(&self) -> FeedMeta {
        let (id, epoch) = (self.shared.id(), self.store.epoch());
        let (chain, ordinal, at) = (chain_start(id, epoch), Ordinal(0), Timestamp(0));
        FeedMeta { epoch, head: Seq::ZERO, chain, ordinal, at, oldest: Seq(1) }
    }

    /// Learns the feed's ends from the store, once. What a crash left unnoted is noted now.
    ///
    /// # Errors
    /// What the store says.
    pub async fn load(self: &Arc<Self>, hub: &Arc<Hub>) -> Result<(), Reject> {
        self.loaded
            .get_or_try_init(|| async {
                let id = self.shared.id();
                let Some(loaded) = self.store.load(id).await.map_err(|e| reject(&e))? else {
                    self.shared.reset(self.empty());
                    return Ok(());
                };
                self.shared.reset(loaded.meta);
                let noted = loaded.snapshot.as_ref().map_or(Seq::ZERO, noted_in::<S>);
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
        Pending { answer: pending, hold: None }
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
        hub.spawn_feed(feed::run(Arc::clone(self), Arc::clone(hub), inbox));
        sender
    }
}

/// The outcome of a command that stands in line.
#[derive(Debug)]
pub struct Pending {
    answer: oneshot::Receiver<Result<Outcome, Reject>>,
    /// The file the command is about.
    hold: Option<Hold>,
}

impl Pending {
    /// The same, that keeps a file until it is known.
    pub(super) fn holding(self, hold: Option<Hold>) -> Self {
        Self { hold, ..self }
    }

    /// Waits for it.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn outcome(self) -> Result<Outcome, Reject> {
        let outcome = self.answer.await.unwrap_or_else(|_| Err(unavailable()));
        if let Some(hold) = self.hold {
            hold.release();
        }
        outcome
    }
}

fn unavailable() -> Reject {
    Reject::new(RejectCode::Unavailable, "the server is busy recovering; the same request again will tell")
}

/// The seq up to which a snapshot says that everything is noted: its first eight bytes.
pub(super) fn noted_in<S: State>(snapshot: &Snapshot) -> Seq {
    let noted = snapshot.bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    if snapshot.version == S::SNAPSHOT_VERSION { Seq(noted) } else { Seq::ZERO }
}
