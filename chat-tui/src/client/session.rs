//! The loop that keeps one session alive: dials, resumes, delivers, sends what waits, dials again. One task owns it all.

mod calls;
mod deliver;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chat_proto::reply::Page;
use chat_proto::{CloseCode, FeedId, MessageKey, Reply, Request, RequestId, RoomId};
use futures_util::future::BoxFuture;
use quinn::{ConnectionError, VarInt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

use self::calls::Call;
use super::backoff::Backoff;
use super::cache::{Cache, Change};
use super::cache_writer::CacheWriter;
use super::feeds::Feeds;
use super::identity::Identity;
use super::journal::{Journal, Written};
use super::link::{DialError, Dialer, Link};
use super::online::{Incident, Online};
use super::outbox::{Kept, Outbox};
use super::parting::{self, Parting};
use super::verify::Authorities;
use super::view::AccountView;
use super::{CallError, ClientEvent, Environment, LinkState, Outgoing, SendError, Settings, StartError, StopReason};

/// What a handle asks of the loop.
#[derive(Debug)]
pub(super) enum Command {
    /// A request on the control stream.
    Request { request: Request, reply: oneshot::Sender<Result<Reply, CallError>> },
    /// A message for the outbox.
    Send { outgoing: Outgoing, reply: oneshot::Sender<Result<(), SendError>> },
    /// Send a refused message again.
    Retry { key: MessageKey, reply: oneshot::Sender<bool> },
    /// Throw a message away.
    Discard { key: MessageKey, reply: oneshot::Sender<bool> },
    /// Take a message back, if the server surely has it not.
    TakeBack { key: MessageKey, reply: oneshot::Sender<Result<Outgoing, Kept>> },
    /// What waits?
    Outbox { reply: oneshot::Sender<Vec<Outgoing>> },
    /// A page that was read, for the cache.
    Keep(Page),
    /// Something is being sent beside this loop: look whether it is answered.
    Stir,
    /// If the next try is waited for, it is due.
    Hurry,
    /// A new local address.
    Rebind,
    /// The end.
    Quit { grace: Duration, reply: oneshot::Sender<()> },
}

/// How far the connection is.
enum Phase {
    Waiting(Instant),
    Dialling(BoxFuture<'static, Result<Link, DialError>>),
    Online(Box<Online>),
}

/// One thing that happened.
enum Step {
    /// An event was handed over, or a write is done: there is room again.
    Room,
    Command(Option<Command>),
    Written(Written),
    /// A room's pause is over, or the time to quit is.
    Time,
    /// The wait before the next try is over.
    Dial,
    Dialled(Result<Link, DialError>),
    Incident(Incident),
}

struct Session {
    dialer: Arc<Dialer>,
    commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<ClientEvent>,
    /// Told, and not yet taken by the reader.
    pending: VecDeque<ClientEvent>,
    connection: watch::Sender<Option<quinn::Connection>>,
    phase: Phase,
    backoff: Backoff,
    online_since: Instant,
    feeds: Feeds,
    view: AccountView,
    cache: CacheWriter,
    outbox: Outbox,
    journal: Journal,
    calls: BTreeMap<RequestId, Call>,
    next_call: u64,
    /// Conversations nobody knows with whom, to be asked about.
    nameless: BTreeSet<RoomId>,
    /// Feeds to be subscribed to again, and when.
    lost: BTreeMap<FeedId, Instant>,
    quit: Option<Quit>,
}

/// A session that is to end.
struct Quit {
    deadline: Instant,
    replies: Vec<oneshot::Sender<()>>,
}

/// Prepares a session and sets it going.
pub(super) fn start(
    settings: Settings,
    environment: Environment,
    commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<ClientEvent>,
    connection: watch::Sender<Option<quinn::Connection>>,
) -> Result<(), StartError> {
    let profile = settings.profile_dir();
    let identity = Identity::of(&settings, &environment.random)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let authorities = Authorities::load(settings.ca.as_deref(), Arc::clone(&provider));
    let authorities = Arc::new(authorities.map_err(StartError::Authorities)?);
    let endpoint = environment.network.endpoint().map_err(StartError::Socket)?;
    let file = profile.as_deref().filter(|_| settings.use_cache).map(Cache::file);
    let (cache, view, mut held) = file.as_deref().map(open_cache).unwrap_or_default();
    held.extend(settings.resume.iter().cloned());
    let session = Session {
        feeds: Feeds::new(held, settings.backlog.max()),
        cache: CacheWriter::new(file.unwrap_or_default(), cache, environment.writing),
        journal: Journal::new(profile, &environment),
        dialer: Arc::new(Dialer {
            settings,
            admitted: AtomicBool::new(false),
            environment,
            identity,
            endpoint,
            provider,
            authorities,
        }),
        commands,
        events,
        pending: VecDeque::new(),
        connection,
        phase: Phase::Waiting(Instant::now()),
        backoff: Backoff::default(),
        online_since: Instant::now(),
        view,
        outbox: Outbox::default(),
        calls: BTreeMap::new(),
        next_call: 1,
        nameless: BTreeSet::new(),
        lost: BTreeMap::new(),
        quit: None,
    };
    tokio::spawn(session.run());
    Ok(())
}

/// The cache and its content; one that cannot be read is done without.
fn open_cache(file: &std::path::Path) -> (Option<Cache>, AccountView, Vec<chat_proto::Position>) {
    let opened = Cache::open_file(file).and_then(|cache| {
        let view = cache.snapshot()?.map(|state| state.account).unwrap_or_default();
        let positions = cache.positions()?;
        Ok((Some(cache), view, positions))
    });
    opened.unwrap_or_else(|error| {
        tracing::warn!(%error, "going on without the local cache");
        (None, AccountView::default(), Vec::new())
    })
}

impl Session {
    async fn run(mut self) {
        let reason = loop {
            self.journal.kick(&self.outbox);
            self.cache.kick();
            self.post_ready();
            if self.may_end() {
                break StopReason::Quit;
            }
            let step = self.step().await;
            if let Some(reason) = self.take(step) {
                break reason;
            }
        };
        self.finish(reason).await;
    }

    /// Waits for the next thing to happen.
    async fn step(&mut self) -> Step {
        while let Some(event) = self.pending.pop_front() {
            if let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event) {
                self.pending.push_front(event);
                break;
            }
        }
        let room_for_more = self.pending.is_empty() && !self.cache.is_full();
        let wake = self.wakes_at();
        let Self { events, pending, commands, journal, cache, phase, .. } = self;
        tokio::select! {
            biased;
            // A reader who is gone takes everything.
            _ = events.reserve(), if !pending.is_empty() => Step::Room,
            written = journal.written() => Step::Written(written),
            () = cache.written() => Step::Room,
            command = commands.recv() => Step::Command(command),
            () = at(wake) => Step::Time,
            step = phase.next(room_for_more) => step,
        }
    }

    /// When something is to be done without anything happening.
    fn wakes_at(&self) -> Option<Instant> {
        let pause = matches!(self.phase, Phase::Online(_)).then(|| self.outbox.wakes_at()).flatten();
        let quit = self.quit.as_ref().map(|quit| quit.deadline);
        pause.into_iter().chain(quit).min()
    }

    /// Deals with one thing; a reason if the session ends with it.
    fn take(&mut self, step: Step) -> Option<StopReason> {
        match step {
            Step::Room | Step::Time => None,
            Step::Command(Some(command)) => {
                self.obey(command);
                None
            }
            Step::Command(None) => Some(StopReason::Quit),
            Step::Written(written) => {
                self.written(written);
                None
            }
            Step::Dial => {
                self.tell(ClientEvent::Link(LinkState::Connecting));
                let dialling = Arc::clone(&self.dialer).dial(self.feeds.positions());
                self.phase = Phase::Dialling(Box::pin(dialling));
                None
            }
            Step::Dialled(Ok(link)) => {
                self.begin(link);
                None
            }
            Step::Dialled(Err(DialError::Stop(reason))) => Some(reason),
            Step::Dialled(Err(DialError::Later { reason, wait })) => {
                self.wait(reason, wait);
                None
            }
            Step::Incident(Incident::Closed(error)) => self.disconnected(&error),
            Step::Incident(incident) => {
                self.deal_with(incident);
                None
            }
        }
    }

    fn tell(&mut self, event: ClientEvent) {
        let newer = |last: &ClientEvent| {
            matches!(
                (last, &event),
                (ClientEvent::Link(_), ClientEvent::Link(_)) | (ClientEvent::RoundTrip(_), ClientEvent::RoundTrip(_))
            )
        };
        // A reader who is late needs only the newest of these.
        if self.pending.back().is_some_and(newer) {
            self.pending.pop_back();
        }
        self.pending.push_back(event);
    }

    /// Logged in.
    fn begin(&mut self, link: Link) {
        let (online, mut welcome) = Online::new(link);
        welcome.feeds.truncate(chat_proto::limits::SUBSCRIPTIONS_MAX);
        self.connection.send_replace(Some(online.connection.clone()));
        let round_trip = online.path.told;
        self.phase = Phase::Online(Box::new(online));
        self.online_since = Instant::now();
        self.lost.clear();
        self.journal.adopt();
        let named: BTreeSet<FeedId> = welcome.feeds.iter().map(|status| status.feed).collect();
        self.feeds.retain(|feed| named.contains(&feed));
        let rooms: Vec<_> = self.view.rooms.keys().copied().collect();
        self.view.apply_welcome(&welcome);
        for room in rooms.into_iter().filter(|room| !self.view.rooms.contains_key(room)) {
            self.cache.note(Change::NoRoom(room));
        }
        self.cache.note(Change::Me(self.view.me.clone()));
        for status in &welcome.feeds {
            self.stand(status);
        }
        self.tell(ClientEvent::Link(LinkState::Online));
        self.tell(ClientEvent::Welcome(welcome));
        self.tell(ClientEvent::RoundTrip(round_trip));
        self.ask_for_people();
    }

    /// The connection broke; a reason if the session ends with it.
    fn disconnected(&mut self, error: &ConnectionError) -> Option<StopReason> {
        if self.online_since.elapsed() >= HELD {
            self.backoff.reset();
        } else {
            self.backoff.ease();
        }
        self.connection.send_replace(None);
        for (_, call) in std::mem::take(&mut self.calls) {
            if let Call::Caller { reply, .. } = call {
                let _ = reply.send(Err(CallError::Offline));
            }
        }
        self.outbox.disconnected();
        self.feeds.disconnected();
        match parting::of(error) {
            Parting::Again(reason) => {
                self.wait(reason, Duration::ZERO);
                None
            }
            Parting::Stop(reason) => Some(reason),
        }
    }

    fn wait(&mut self, reason: String, at_least: Duration) {
        let retry_in = self.backoff.next(&self.dialer.environment.random).max(at_least.min(WAIT_MAX));
        self.phase = Phase::Waiting(Instant::now() + retry_in);
        self.tell(ClientEvent::Link(LinkState::Waiting { retry_in, reason }));
    }

    fn may_end(&self) -> bool {
        let settled = self.outbox.is_settled() && self.journal.is_idle();
        self.quit.as_ref().is_some_and(|quit| settled || Instant::now() >= quit.deadline)
    }

    /// Says goodbye, and leaves the files in order.
    async fn finish(mut self, reason: StopReason) {
        self.connection.send_replace(None);
        self.commands.close();
        let online = match std::mem::replace(&mut self.phase, Phase::Waiting(Instant::now())) {
            Phase::Online(online) => Some(online),
            Phase::Waiting(_) | Phase::Dialling(_) => None,
        };
        if let Some(online) = &online {
            online.connection.close(VarInt::from_u32(CloseCode::Bye.number()), b"bye");
        }
        for _ in 0..LAST_WRITES_MAX {
            if self.journal.is_idle() {
                break;
            }
            self.journal.kick(&self.outbox);
            let written = self.journal.written().await;
            self.written(written);
        }
        self.journal.close();
        self.cache.finish().await;
        if online.is_some() {
            // The goodbye is sent by the endpoint's own task.
            let _ = timeout(GOODBYE, self.dialer.endpoint.wait_idle()).await;
        }
        for reply in self.quit.into_iter().flat_map(|quit| quit.replies) {
            let _ = reply.send(());
        }
        for event in self.pending.into_iter().chain([ClientEvent::Stopped(reason)]) {
            if self.events.send(event).await.is_err() {
                return;
            }
        }
    }
}

impl Phase {
    /// The next thing that happens here. May be dropped at any time.
    async fn next(&mut self, room_for_more: bool) -> Step {
        match self {
            Self::Waiting(until) => {
                sleep_until(*until).await;
                Step::Dial
            }
            Self::Dialling(dialling) => Step::Dialled(dialling.await),
            Self::Online(online) => Step::Incident(online.next(room_for_more).await),
        }
    }
}

async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}

/// How long a connection must last for the next trouble to be a new one.
const HELD: Duration = Duration::from_secs(5);

/// Longest wait before the next try that a server may ask for.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Writes of the outbox that are tried before the end.
const LAST_WRITES_MAX: u32 = 4;

/// How long the goodbye may take to leave.
const GOODBYE: Duration = Duration::from_millis(50);
