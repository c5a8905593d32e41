//! One device: the real client, started again and again on the same files, and everything its reader sees.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_proto::delivery::Events;
use chat_proto::{Anchor, Chain, Epoch, Event, FeedId, FeedState, FeedStatus, Position, RoomId, Seq};
use chat_tui::client::cache::Cache;
use chat_tui::client::view::AccountView;
use chat_tui::client::{
    Backlog, Client, ClientEvent, Clock, Environment, LinkState, Network, Random, ServerAddress, Settings, StopReason,
    TrustPolicy, Writing,
};
use futures_util::future::BoxFuture;
use rand::RngExt;
use tokio::sync::mpsc;

use super::actor::{self, Part};
use super::checker::What;
use super::mutant::Mutant;
use super::net::{FNV_START, Net, fnv};
use super::outbox;
use super::tls;
use super::world::{SERVER, TROLL, World, digest, key_of};

/// What happens to the process of a device.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// It is killed, and started again after this long.
    Kill(Duration),
    /// It is asked to end and given this long, and started again after as long.
    Quit(Duration),
}

/// A device and its files.
#[derive(Debug)]
pub struct Device {
    pub name: String,
    pub account: String,
    pub host: IpAddr,
    pub data: PathBuf,
    /// Whether it reads on from its cache, as a screen does; else it keeps its own place, as a bot does.
    pub cached: bool,
    pub world: Arc<World>,
    pub seen: Arc<Mutex<Seen>>,
}

/// What the reader of a device knows.
#[derive(Debug, Default)]
pub struct Seen {
    /// The newest event shown of each room.
    pub shown: BTreeMap<RoomId, Place>,
    pub view: AccountView,
    /// The read markers last recorded.
    pub marks: BTreeMap<RoomId, Seq>,
    pub online: bool,
    /// Whether nobody gives it anything more to do.
    pub calm: bool,
    /// Messages its client still has to send, since it is calm.
    pub waiting: usize,
    /// Messages it was given so far.
    pub sent: u32,
    /// What a mutant of the reader has not heard of yet.
    pub unheard: BTreeMap<FeedId, Events>,
    /// How often a process of it was started, and how often it logged in.
    pub lives: u32,
    pub logins: u32,
}

/// A place in a room.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    pub epoch: Epoch,
    pub seq: Seq,
    pub chain: Chain,
}

impl Device {
    /// Lives, dies and lives again until nobody gives orders any more.
    pub async fn run(self, mut orders: mpsc::Receiver<Order>, part: Arc<Part>) {
        while let Some(order) = self.live(&mut orders, &part).await {
            let (Order::Kill(pause) | Order::Quit(pause)) = order;
            self.seen().online = false;
            tokio::time::sleep(pause).await;
        }
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One process. Ends with an order, or with `None` when there will be none.
    async fn live(&self, orders: &mut mpsc::Receiver<Order>, part: &Arc<Part>) -> Option<Order> {
        let (settings, environment) = (self.settings(), self.environment());
        self.begin(&settings);
        let (client, mut events) = Client::start(settings, environment).unwrap();
        let life = self.seen().lives;
        let acting = tokio::spawn(actor::act(
            Arc::clone(part),
            client.clone(),
            Arc::clone(&self.seen),
            self.world.random(&format!("{} acts {life}", self.name)),
        ));
        let mut leaks = self.world.disk.leaks();
        let order = loop {
            tokio::select! {
                biased;
                order = orders.recv() => break order,
                event = events.recv() => match event {
                    Some(event) => self.take(event),
                    None => break None,
                },
                Ok(()) = leaks.changed() => {
                    let rows = leaks.borrow_and_update().clone();
                    rows.into_values().for_each(|row| self.show_early(&row.event));
                }
            }
        };
        acting.abort();
        match order {
            Some(Order::Quit(grace)) => {
                let quit = tokio::spawn(async move { client.quit(grace).await });
                while let Some(event) = events.recv().await {
                    self.take(event);
                }
                let _ = quit.await;
            }
            Some(Order::Kill(_)) | None => {
                self.world.net.unplug(self.host);
                drop(client);
                // What it would have said is seen by nobody; its files are free when it is gone.
                while events.recv().await.is_some() {}
            }
        }
        order
    }

    /// A process begins, with what it holds.
    fn begin(&self, settings: &Settings) {
        let mut seen = self.seen();
        seen.lives += 1;
        seen.calm = false;
        // A killed process may have been told more than it had written down.
        seen.marks.clear();
        seen.unheard.clear();
        if let Some(mutant @ (Mutant::NewKeys | Mutant::OutboxReversed | Mutant::OutboxLost)) = self.world.disk.mutant {
            outbox::mutate(&settings.profile_dir().unwrap(), mutant);
        }
        self.record(What::Start { account: self.account.clone() });
        if self.cached {
            // The first screen is the cache's, whatever was on the last one.
            seen.shown.clear();
            let state = Cache::open(settings).and_then(|cache| Ok((cache.snapshot()?, cache)));
            match state {
                Ok((Some(state), cache)) => {
                    for (room, view) in &state.account.rooms {
                        let newest = cache.page(*room, Anchor::Before(Seq::MAX), 1).unwrap_or_default();
                        if let Some(event) = newest.last() {
                            let place = Place { epoch: view.epoch, seq: event.seq, chain: Chain::default() };
                            seen.shown.insert(*room, place);
                        }
                    }
                    seen.view = state.account;
                }
                Ok((None, _)) => {}
                Err(error) => self.world.trouble(format!("{}: {error}", self.name)),
            }
        }
        for (room, place) in &seen.shown {
            self.record(What::Resume { room: room.0, after: place.seq.0 });
        }
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings::new(ServerAddress::new(tls::HOST, SERVER.port()), &self.account, &self.data);
        settings.trust = TrustPolicy::Pin(tls::identity().fingerprint());
        settings.backlog = Backlog::Everything;
        settings.use_cache = self.cached;
        if !self.cached {
            settings.resume = self.places();
        }
        std::fs::create_dir_all(settings.profile_dir().unwrap()).unwrap();
        settings
    }

    fn places(&self) -> Vec<Position> {
        let seen = self.seen();
        let mut random = self.world.random(&format!("{} resumes {}", self.name, seen.lives));
        let position = |(room, place): (&RoomId, &Place)| {
            let (mut seq, mut chain) = (place.seq, place.chain);
            if self.world.disk.mutant == Some(Mutant::ResumeOffByOne) {
                seq = if random.random_bool(0.5) { seq.next() } else { seq.prev() };
                chain = Chain::default();
            }
            Position { feed: FeedId::Room(*room), epoch: place.epoch, seq, chain, backlog_max: u32::MAX }
        };
        seen.shown.iter().map(position).collect()
    }

    /// Its own network, the common clock, and randomness of its own. The first life of an account's devices draws the same
    /// bytes, so that they have the same key.
    fn environment(&self) -> Environment {
        let purpose = match self.seen().lives {
            0 => format!("key of {}", self.account),
            life => format!("{} life {life}", self.name),
        };
        Environment {
            network: Arc::new(Cable {
                net: Arc::clone(&self.world.net),
                host: self.host,
                ports: AtomicU16::new(1024 + u16::try_from(self.seen().lives).unwrap() * 64),
            }),
            clock: Clock::new(self.world.wall_clock()),
            writing: Writing::Inline,
            random: Random::seeded(fnv(fnv(FNV_START, &self.world.seed.to_le_bytes()), purpose.as_bytes())),
        }
    }

    fn record(&self, what: What) {
        self.world.record(&self.name, what);
    }

    /// One event, as the reader of a screen or a bot takes it.
    fn take(&self, event: ClientEvent) {
        let mut seen = self.seen();
        match event {
            ClientEvent::Link(LinkState::Online) => {
                seen.online = true;
                seen.logins += 1;
                self.record(What::Conn);
            }
            ClientEvent::Link(LinkState::Connecting | LinkState::Waiting { .. }) => {
                if std::mem::take(&mut seen.online) {
                    self.record(What::Disc);
                }
            }
            ClientEvent::Welcome(welcome) => {
                seen.view.apply_welcome(&welcome);
                for status in &welcome.feeds {
                    self.begin_feed(&mut seen, status);
                    if let (FeedId::Room(room), true) = (status.feed, status.member) {
                        // What the server says now, even if it said more before.
                        self.mark(&mut seen, room, status.read);
                    }
                }
            }
            ClientEvent::Began(status) => {
                seen.view.apply_began(&status);
                self.begin_feed(&mut seen, &status);
            }
            ClientEvent::Events(events) => {
                seen.view.apply_events(&events);
                self.hear(&mut seen, events);
            }
            ClientEvent::Trimmed(trimmed) => seen.view.apply_trimmed(&trimmed),
            ClientEvent::Ended(ended) => seen.view.apply_ended(&ended),
            ClientEvent::Presence(presence) => seen.view.apply_presence(&presence),
            ClientEvent::Queued(outgoing) => {
                let (room, key) = (outgoing.room.0, outgoing.key.to_string());
                self.record(What::Queued { room, key });
            }
            ClientEvent::Sent { key, room, receipt } => {
                self.record(What::Ack { room: room.0, key: key.to_string(), seq: receipt.seq.0 });
            }
            ClientEvent::Refused(outgoing) => {
                if self.account != TROLL {
                    self.world.trouble(format!("{}: refused: {outgoing:?}", self.name));
                }
                self.record(What::Err { room: outgoing.room.0, key: outgoing.key.to_string() });
            }
            ClientEvent::Stopped(StopReason::Quit)
            | ClientEvent::RoundTrip(_)
            | ClientEvent::Typing(_)
            | ClientEvent::UserState(_)
            | ClientEvent::Announced(_)
            | ClientEvent::Greeting(_)
            | ClientEvent::Nick(_)
            | ClientEvent::Others { .. }
            | ClientEvent::Company(_) => {}
            ClientEvent::Stopped(reason) => self.world.trouble(format!("{}: stopped: {reason:?}", self.name)),
        }
        self.look_at_marks(&mut seen);
    }

    /// A room nothing is known of begins where the server says.
    fn begin_feed(&self, seen: &mut Seen, status: &FeedStatus) {
        let FeedId::Room(room) = status.feed else { return };
        if status.state != FeedState::NoAccess && !seen.shown.contains_key(&room) {
            let place = Place { epoch: status.epoch, seq: status.next.prev(), chain: Chain::default() };
            seen.shown.insert(room, place);
            self.record(What::Resume { room: room.0, after: place.seq.0 });
        }
    }

    fn hear(&self, seen: &mut Seen, events: Events) {
        let mutant = self.world.disk.mutant;
        if mutant == Some(Mutant::LostWakeup) {
            if let Some(before) = seen.unheard.insert(events.feed, events) {
                self.show(seen, &before);
            }
            return;
        }
        self.show(seen, &events);
        // More logins than lives: this process came back.
        if mutant == Some(Mutant::DoubleSubscribe) && seen.logins > seen.lives {
            self.show(seen, &events);
        }
    }

    fn show(&self, seen: &mut Seen, events: &Events) {
        let FeedId::Room(room) = events.feed else { return };
        for event in &events.events {
            let early = seen.shown.get(&room).is_some_and(|place| place.seq >= event.seq);
            if early && self.world.disk.mutant == Some(Mutant::BroadcastBeforeCommit) {
                continue;
            }
            self.show_event(room, event);
            let place = seen.shown.entry(room).or_default();
            (place.epoch, place.seq) = (events.epoch, event.seq);
        }
        if let (Some(place), Some(last)) = (seen.shown.get_mut(&room), events.events.last())
            && place.seq == last.seq
        {
            place.chain = events.chain;
        }
    }

    fn show_event(&self, room: RoomId, event: &Event) {
        let (key, digest) = (key_of(event), digest(event));
        self.record(What::Show { room: room.0, seq: event.seq.0, key, digest });
    }

    /// A mutant of the server published an event that is not stored.
    fn show_early(&self, event: &Event) {
        let mut seen = self.seen();
        if !seen.online {
            return;
        }
        let rooms: Vec<RoomId> = seen.shown.keys().copied().collect();
        for room in rooms {
            let leaked = self.world.disk.leaks().borrow().get(&(FeedId::Room(room), event.seq)).cloned();
            if let (Some(place), Some(row)) = (seen.shown.get_mut(&room), leaked)
                && row.event == *event
                && place.seq.next() == event.seq
            {
                place.seq = event.seq;
                place.chain = Chain::default();
                self.show_event(room, event);
            }
        }
    }

    /// The server said that an account's marker is here.
    fn mark(&self, seen: &mut Seen, room: RoomId, seq: Seq) {
        if seen.marks.insert(room, seq) != Some(seq) {
            self.record(What::Mark { room: room.0, seq: seq.0 });
        }
    }

    fn look_at_marks(&self, seen: &mut Seen) {
        let marks: Vec<(RoomId, Seq)> =
            seen.view.rooms.iter().filter(|(_, view)| view.member).map(|(room, view)| (*room, view.read)).collect();
        if seen.online {
            marks.into_iter().for_each(|(room, seq)| self.mark(seen, room, seq));
        }
    }
}

/// A host's way into the network: every socket gets a port of its own.
#[derive(Debug)]
pub struct Cable {
    pub net: Arc<Net>,
    pub host: IpAddr,
    /// The port of the next socket.
    pub ports: AtomicU16,
}

impl Cable {
    fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.ports.fetch_add(1, Ordering::Relaxed))
    }
}

impl Network for Cable {
    fn resolve(&self, _host: &str, _port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async { Ok(vec![SERVER]) })
    }

    fn endpoint(&self) -> io::Result<quinn::Endpoint> {
        self.net.endpoint(self.address(), quinn::EndpointConfig::default(), None)
    }

    fn rebind(&self, endpoint: &quinn::Endpoint) -> io::Result<()> {
        endpoint.rebind_abstract(self.net.socket(self.address()))
    }
}
