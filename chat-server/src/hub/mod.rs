//! Every feed that is awake, who has which name, who is there: what sessions speak to. Sessions never touch the store.
//!
//! [`gate`] is what a reader's right to read hangs on; [`handle`] is the way to a feed, whose one task decides and appends; [`tail`] and [`subscription`] are how everybody reads; [`notes`] carries what
//! a room's events, and those of the server's own feed, mean into accounts' feeds; [`people`], [`presence`], [`defence`], [`rooms`], [`history`], [`choices`], [`devices`], [`passwords`] and `realm` answer what
//! sessions ask; [`guests`] lets those in who will be gone; `tending` does what happens to rooms by itself, `forwarding` copies messages between them; [`files`] are what messages carry; [`direct`] and [`inbox`] are the conversations between few and what reached whom; [`sessions`] knows which
//! connections there are.

pub mod access;
mod bans;
mod bells;
pub mod bots;
pub mod choices;
pub mod defence;
pub mod devices;
pub mod direct;
mod erase;
mod feed;
pub mod files;
mod forwarding;
pub mod gate;
pub mod guests;
pub mod handle;
pub mod history;
pub mod inbox;
pub mod invites;
mod limits;
pub mod listing;
pub mod messages;
pub mod moderate;
pub mod nicks;
pub mod notes;
pub mod passwords;
pub mod people;
pub mod presence;
mod realm;
mod recent;
mod rename;
pub mod rooms;
pub mod search;
pub mod sessions;
mod settings;
pub mod shared;
pub mod signals;
pub mod subscription;
pub mod tail;
mod tending;

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use chat_proto::{AccountId, ConnId, FeedId, Reject, RejectCode, RoomId, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::core::account::Account;
use crate::core::directory::Directory;
use crate::core::guess::Guesses;
use crate::core::guest::is_guest;
use crate::core::presence::Presences;
use crate::core::realm::{REALM, Realm};
use crate::core::room::Room;
use crate::environment::Environment;
use crate::store::{Store, StoreError, StoreResult};
use handle::{Feed, FeedState};
use notes::Notes;
use passwords::HashLine;
pub use settings::HubSettings;
use shared::lock;

/// The server without its connections.
pub struct Hub {
    store: Arc<dyn Store>,
    environment: Environment,
    settings: HubSettings,
    rooms: Mutex<HashMap<RoomId, Arc<Feed<Room>>>>,
    accounts: Mutex<HashMap<AccountId, Arc<Feed<Account>>>>,
    realm: Arc<Feed<Realm>>,
    standing: realm::Standing,
    link_codes: devices::LinkCodes,
    hash_line: Option<HashLine>,
    known_networks: defence::KnownNetworks,
    newcomers: Mutex<Guesses<IpAddr>>,
    new_rooms: limits::NewRooms,
    guests: guests::Guests,
    directory: RwLock<Directory>,
    presences: presence::Board,
    sessions: sessions::Sessions,
    notes: Notes,
    tending: tending::Tending,
    forwards: forwarding::Forwards,
    files: Option<Arc<files::Files>>,
    /// Rings when there is more to be indexed.
    to_be_indexed: Notify,
    started: Instant,
    last_conn: AtomicU64,
    closing: CancellationToken,
    clerks: TaskTracker,
    feeds_closing: CancellationToken,
    feed_tasks: TaskTracker,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Hub {
    /// Reads the registry and starts.
    ///
    /// # Errors
    /// What the store says.
    pub async fn start(
        store: Arc<dyn Store>,
        environment: Environment,
        settings: HubSettings,
    ) -> StoreResult<Arc<Self>> {
        let registry = store.registry().await?;
        let mut directory = Directory::new(settings.nick_policy);
        for room in registry.rooms {
            directory.load_room(room.id, room.name);
        }
        for room in registry.ended {
            directory.load_ended(room.id, room.name);
        }
        for alias in registry.aliases {
            directory.load_alias(alias.id, alias.name);
        }
        for account in registry.accounts {
            directory.load_account(account.id, account.name, account.since);
        }
        for device in registry.devices {
            let (whose, what) = ((device.id, device.account), (device.label, device.since));
            directory.load_device(device.key, whose, what, device.revoked);
        }
        let newcomers = Guesses::new(settings.accounts_per_address, Duration::from_secs(60 * 60));
        let new_rooms = limits::NewRooms::new(&settings);
        let files = settings.files.as_ref().map(files::Files::open).transpose()?;
        let hub = Arc::new(Self {
            realm: Feed::new(REALM, Arc::clone(&store)),
            store,
            environment,
            presences: presence::Board::new(Presences::new(settings.presence_grace, settings.away_after)),
            hash_line: settings.password.map(HashLine::new),
            settings,
            sessions: sessions::Sessions::default(),
            rooms: Mutex::default(),
            accounts: Mutex::default(),
            standing: realm::Standing::default(),
            link_codes: devices::LinkCodes::default(),
            known_networks: defence::KnownNetworks::default(),
            newcomers: Mutex::new(newcomers),
            new_rooms,
            guests: guests::Guests::default(),
            directory: RwLock::new(directory),
            notes: Notes::default(),
            tending: tending::Tending::default(),
            forwards: forwarding::Forwards::default(),
            files,
            to_be_indexed: Notify::new(),
            started: Instant::now(),
            last_conn: AtomicU64::new(0),
            closing: CancellationToken::new(),
            clerks: TaskTracker::new(),
            feeds_closing: CancellationToken::new(),
            feed_tasks: TaskTracker::new(),
        });
        hub.load_realm().await?;
        let called: Vec<_> = hub.standing.read(|realm| realm.nicks().collect());
        hub.write_directory(|directory| {
            called.into_iter().for_each(|(account, nick, policy)| directory.load_nick(account, nick, policy));
        });
        hub.tell_of_missing_rooms();
        hub.clerks.spawn(notes::run(Arc::clone(&hub)));
        hub.clerks.spawn(presence::run(Arc::clone(&hub)));
        hub.clerks.spawn(forwarding::run(Arc::clone(&hub)));
        hub.clerks.spawn(tending::run(Arc::clone(&hub), registry.tended));
        hub.clerks.spawn(files::run(Arc::clone(&hub)));
        if hub.settings.search {
            hub.clerks.spawn(search::run(Arc::clone(&hub)));
        }
        Ok(hub)
    }

    /// Finishes what is in line, saves snapshots, and ends every task of the hub's. Sessions have ended before.
    pub async fn close(&self) {
        // What the rooms mean for accounts is noted first, so that the rooms' snapshots can say so.
        for (closing, tasks) in [(&self.closing, &self.clerks), (&self.feeds_closing, &self.feed_tasks)] {
            closing.cancel();
            tasks.close();
            tasks.wait().await;
        }
    }

    /// A number for a new connection.
    #[must_use]
    pub fn next_conn(&self) -> ConnId {
        ConnId(self.last_conn.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.environment.now()
    }

    /// Time since the hub started: moves only forward.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// The feed of a room there is.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchRoom`], or what the store says.
    pub async fn room(self: &Arc<Self>, id: RoomId) -> Result<Arc<Feed<Room>>, Reject> {
        if self.read_directory(|directory| directory.room(id).is_none()) {
            return Err(no_such_room());
        }
        self.feed(&self.rooms, id, FeedId::Room(id)).await
    }

    /// The feed of an account there is, or of a guest who is there.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchUser`] for a guest who is gone, or what the store says.
    pub async fn account(self: &Arc<Self>, id: AccountId) -> Result<Arc<Feed<Account>>, Reject> {
        if is_guest(id) {
            let feed = lock(&self.accounts).get(&id).cloned();
            let feed = feed.ok_or_else(|| Reject::new(RejectCode::NoSuchUser, "this guest is gone"))?;
            feed.load(self).await?;
            return Ok(feed);
        }
        self.feed(&self.accounts, id, FeedId::Account(id)).await
    }

    async fn feed<S: FeedState, Id: Eq + std::hash::Hash>(
        self: &Arc<Self>,
        feeds: &Mutex<HashMap<Id, Arc<Feed<S>>>>,
        id: Id,
        feed: FeedId,
    ) -> Result<Arc<Feed<S>>, Reject> {
        let feed = Arc::clone(lock(feeds).entry(id).or_insert_with(|| Feed::new(feed, Arc::clone(&self.store))));
        feed.load(self).await?;
        Ok(feed)
    }

    fn read_directory<T>(&self, read: impl FnOnce(&Directory) -> T) -> T {
        read(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write_directory<T>(&self, write: impl FnOnce(&mut Directory) -> T) -> T {
        write(&mut self.directory.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn forwards(&self) -> &forwarding::Forwards {
        &self.forwards
    }

    fn tending(&self) -> &tending::Tending {
        &self.tending
    }

    /// Resolves when the hub closes.
    async fn closing(&self) {
        self.closing.cancelled().await;
    }

    /// Resolves when feeds are to finish and save.
    async fn feeds_closing(&self) {
        self.feeds_closing.cancelled().await;
    }

    fn spawn_feed(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.feed_tasks.spawn(task);
    }
}

/// What a person is told of a store's error. Its details are for the log.
fn reject(error: &StoreError) -> Reject {
    match error {
        StoreError::Full => Reject::new(
            RejectCode::StorageFull,
            "the server's disk is full: nothing was stored; it goes on by itself when there is space",
        ),
        StoreError::Conflict => {
            Reject::new(RejectCode::Conflict, "somebody else was first; the same request again may do")
        }
        StoreError::Corrupt(_) | StoreError::Io(_) => {
            Reject::new(RejectCode::Unavailable, "the server's storage fails; its operator finds the cause in the log")
        }
    }
}

fn no_such_room() -> Reject {
    Reject::new(RejectCode::NoSuchRoom, "there is no such room; /create makes one")
}
