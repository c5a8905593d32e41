//! A real server in this process, on its own runtime so that it can be killed; and people with real clients.
#![allow(dead_code, unreachable_pub, missing_docs, missing_debug_implementations, clippy::unwrap_used, clippy::panic)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chat_proto::request::JoinRoom;
use chat_proto::{Event, EventBody, FeedId, MessageKey, Reply, RoomId, RoomInfo, RoomRef, Style};
use chat_server::cert::ServerIdentity;
use chat_server::config::Config;
use chat_server::environment::Environment as ServerEnvironment;
use chat_server::server::{self, Parts, Settings as ServerSettings};
use chat_server::store::{MemoryStore, Store};
use chat_tui::client::view::AccountView;
use chat_tui::client::{
    Backlog, Client, ClientEvent, Environment, LinkState, ServerAddress, Settings, StopReason, TrustPolicy,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longer than anything a test waits for takes; a test that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A server in this process.
pub struct TestServer {
    pub address: SocketAddr,
    pub fingerprint: String,
    pub store: Arc<MemoryStore>,
    directory: TempDir,
    settings: ServerSettings,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    runtime: OwnRuntime,
}

/// A runtime that may be dropped within another.
struct OwnRuntime(Option<Runtime>);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        self.0.take().unwrap().shutdown_background();
    }
}

/// What is left of a server that is not running: its data and its address.
pub struct Remains {
    pub address: SocketAddr,
    pub store: Arc<MemoryStore>,
    directory: TempDir,
    pub settings: ServerSettings,
}

impl TestServer {
    pub fn start() -> Self {
        Self::start_with(ServerSettings::default())
    }

    pub fn start_with(settings: ServerSettings) -> Self {
        let address = "127.0.0.1:0".parse().unwrap();
        let (store, directory) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
        Remains { address, store, directory, settings }.start()
    }

    /// The address as a person writes it.
    pub fn named(&self) -> ServerAddress {
        ServerAddress::new("localhost", self.address.port())
    }

    /// Goes down in order.
    pub async fn stop(self) -> Remains {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap();
        drop(self.runtime);
        Remains { address: self.address, store: self.store, directory: self.directory, settings: self.settings }
    }

    /// Is gone from one moment to the next.
    pub fn kill(self) -> Remains {
        self.task.abort();
        drop(self.runtime);
        Remains { address: self.address, store: self.store, directory: self.directory, settings: self.settings }
    }
}

impl Remains {
    /// Comes back on the same port, with the same key and data.
    pub fn start(self) -> TestServer {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let entered = runtime.enter();
        let mut config = Config::new(self.directory.path().to_owned());
        config.listen = self.address;
        let identity = Arc::new(ServerIdentity::open(&config, SystemTime::now()).unwrap());
        let deadline = std::time::Instant::now() + PATIENCE;
        // The killed server's socket closes when its runtime has gone down.
        let endpoint = loop {
            match chat_server::endpoint::open(&config, &identity) {
                Ok(endpoint) => break endpoint,
                Err(error) => assert!(std::time::Instant::now() < deadline, "{error}"),
            }
        };
        let address = endpoint.local_addr().unwrap();
        let fingerprint = identity.fingerprint();
        let shutdown = CancellationToken::new();
        let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(&self.store);
        let parts = Parts {
            endpoint,
            server_key: Arc::new(move || identity.spki_sha256()),
            store,
            environment: ServerEnvironment::real(),
            settings: self.settings.clone(),
        };
        let stop = shutdown.clone();
        let task = runtime.spawn(async move { server::serve(parts, stop).await.unwrap() });
        drop(entered);
        let Self { store, directory, settings, .. } = self;
        TestServer {
            address,
            fingerprint,
            store,
            directory,
            settings,
            shutdown,
            task,
            runtime: OwnRuntime(Some(runtime)),
        }
    }

    /// The same data under another key.
    pub fn with_another_key(self) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), ..self }
    }
}

/// The settings of somebody whose files are in `data`.
pub fn settings(server: ServerAddress, name: &str, data: &Path) -> Settings {
    Settings { backlog: Backlog::Everything, ..Settings::new(server, name, data) }
}

/// Somebody with a client.
pub struct Person {
    pub client: Client,
    pub events: mpsc::Receiver<ClientEvent>,
    pub view: AccountView,
    /// Every event of every room, as it came.
    pub log: Vec<(RoomId, Event)>,
    /// Everything that came, in order.
    pub heard: Vec<ClientEvent>,
}

impl Person {
    pub fn start(settings: Settings) -> Self {
        Self::start_in(settings, Environment::default())
    }

    pub fn start_in(settings: Settings, environment: Environment) -> Self {
        let (client, events) = Client::start(settings, environment).unwrap();
        Self { client, events, view: AccountView::default(), log: vec![], heard: vec![] }
    }

    /// Connects and waits for the welcome.
    pub async fn connect(settings: Settings) -> Self {
        let mut person = Self::start(settings);
        person.welcomed().await;
        person
    }

    /// The next thing that happens.
    pub async fn next(&mut self) -> ClientEvent {
        let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
        let event = event.unwrap_or_else(|_| panic!("nothing more happens; heard {:#?}", self.heard)).unwrap();
        match &event {
            ClientEvent::Welcome(welcome) => self.view.apply_welcome(welcome),
            ClientEvent::Began(status) => self.view.apply_began(status),
            ClientEvent::Events(events) => {
                self.view.apply_events(events);
                if let FeedId::Room(room) = events.feed {
                    self.log.extend(events.events.iter().map(|event| (room, event.clone())));
                }
            }
            ClientEvent::Ended(ended) => self.view.apply_ended(ended),
            ClientEvent::Trimmed(trimmed) => self.view.apply_trimmed(trimmed),
            ClientEvent::Presence(presence) => self.view.apply_presence(presence),
            ClientEvent::Greeting(_) | ClientEvent::Nick(_) | ClientEvent::Company(_) => {}
            ClientEvent::Others { room, others } => self.view.apply_others(*room, others.clone()),
            ClientEvent::Typing(typing) => self.view.apply_typing(typing, tokio::time::Instant::now()),
            ClientEvent::UserState(state) => self.view.apply_user_state(state.clone()),
            ClientEvent::Link(_)
            | ClientEvent::RoundTrip(_)
            | ClientEvent::Queued(_)
            | ClientEvent::Sent { .. }
            | ClientEvent::Refused(_)
            | ClientEvent::Announced(_)
            | ClientEvent::Stopped(_) => {}
        }
        self.heard.push(event.clone());
        event
    }

    /// Listens until something is so.
    pub async fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !is_so(self) {
            self.next().await;
            self.patient_until(deadline);
        }
    }

    /// Listens until something happens.
    pub async fn hears<T>(&mut self, what: impl Fn(&ClientEvent) -> Option<T>) -> T {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(found) = what(&self.next().await) {
                return found;
            }
            self.patient_until(deadline);
        }
    }

    fn patient_until(&self, deadline: tokio::time::Instant) {
        assert!(tokio::time::Instant::now() < deadline, "it does not happen; heard {:#?}", self.heard);
    }

    pub async fn welcomed(&mut self) {
        self.hears(|event| matches!(event, ClientEvent::Welcome(_)).then_some(())).await;
    }

    pub async fn stopped(&mut self) -> StopReason {
        self.hears(|event| if let ClientEvent::Stopped(reason) = event { Some(reason.clone()) } else { None }).await
    }

    /// Why there is no connection just now.
    pub async fn waits(&mut self) -> String {
        let reason = |event: &ClientEvent| {
            let ClientEvent::Link(LinkState::Waiting { reason, .. }) = event else { return None };
            Some(reason.clone())
        };
        self.hears(reason).await
    }

    pub async fn join(&mut self, name: &str) -> RoomId {
        let key = MessageKey(rand::random());
        let room = RoomRef::Name(name.to_owned());
        let reply = self.client.request(JoinRoom { key, room, create: true }).await.unwrap();
        let Reply::RoomInfo(RoomInfo { room, .. }) = reply else { panic!("{reply:?}") };
        self.until(|person| person.view.rooms.get(&room).is_some_and(|view| view.member)).await;
        room
    }

    pub async fn say(&mut self, room: RoomId, text: &str) -> MessageKey {
        self.client.send(room, Style::Text, text, None).await.unwrap()
    }

    pub async fn sent(&mut self, key: MessageKey) {
        self.hears(|event| matches!(event, ClientEvent::Sent { key: other, .. } if *other == key).then_some(())).await;
    }

    /// The texts heard in a room, in order.
    pub fn texts(&self, room: RoomId) -> Vec<String> {
        let text = |event: &Event| {
            let EventBody::Posted(posted) = &event.body else { return None };
            Some(posted.text.clone())
        };
        self.log.iter().filter(|(at, _)| *at == room).filter_map(|(_, event)| text(event)).collect()
    }

    /// Listens until a text was heard in a room.
    pub async fn reads(&mut self, room: RoomId, text: &str) {
        self.until(|person| person.texts(room).iter().any(|heard| heard == text)).await;
    }

    /// Holds what every log must: within a room each event once, each right behind the one before.
    pub fn check_log(&self) {
        let mut last = std::collections::BTreeMap::new();
        for (room, event) in &self.log {
            if let Some(before) = last.insert(*room, event.seq) {
                assert_eq!(event.seq, before.next(), "in room {room}");
            }
        }
    }
}

/// Trusts whoever is met first.
pub fn accept_new(settings: Settings) -> Settings {
    Settings { trust: TrustPolicy::AcceptNew, ..settings }
}
