//! What was seen, kept on this machine so that the first screen waits for nothing. Everything in it can be fetched again:
//! a damaged or outdated cache is deleted and begun anew.

mod rows;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_proto::delivery::Events;
use chat_proto::reply::Page;
use chat_proto::{AccountId, Anchor, Chain, Choices, Epoch, Event, FeedId, Position, RoomId, Seq};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};
use thiserror::Error;

use self::rows::{apply, event_of_row, id, number, room_of_row};
use super::Settings;
use super::view::{AccountView, Me, RoomView};

/// Why the cache gives nothing. The session does without.
#[derive(Debug, Error)]
pub enum CacheError {
    /// It could not be opened, read or written.
    #[error("the local cache: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Another version of this program made it.
    #[error("the local cache has version {0}")]
    Outdated(i64),
    /// Nothing is kept of a guest.
    #[error("a guest has no local cache")]
    Guest,
    /// It could not be deleted to begin anew.
    #[error("the local cache {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl CacheError {
    /// Whether the file is of no use: no database, a damaged one, or one of another version.
    pub(super) fn is_useless(&self) -> bool {
        match self {
            Self::Outdated(_) => true,
            Self::Io { .. } | Self::Guest => false,
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(code) => matches!(code, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::Unknown),
                None => true,
            },
        }
    }
}

/// What a first screen needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CachedState {
    /// The account and its rooms, without members.
    pub account: AccountView,
    /// The room that was in focus last.
    pub last_room: Option<RoomId>,
    /// That room's newest events, oldest first, without a gap; at most [`SNAPSHOT_EVENTS`].
    pub newest: Vec<Event>,
}

/// One change of the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Who the session is.
    Me(Me),
    /// How a room stands.
    Room(RoomId, Box<RoomView>),
    /// A room is no longer the account's.
    NoRoom(RoomId),
    /// What is held of a feed.
    Position(Position),
    /// Nothing of a feed holds any more.
    Forget(FeedId),
    /// Events that came live.
    Events(Events),
    /// Events that were read.
    Page(Page),
    /// The room in focus.
    Focus(RoomId),
}

/// The cache of one profile. Several processes may have it open.
#[derive(Debug)]
pub struct Cache {
    connection: Connection,
}

impl Cache {
    /// Opens the cache of a profile, or begins one.
    ///
    /// # Errors
    /// [`CacheError`]; a damaged file is none, it is replaced.
    pub fn open(settings: &Settings) -> Result<Self, CacheError> {
        Self::open_file(&Self::file(&settings.profile_dir().ok_or(CacheError::Guest)?))
    }

    /// Where the cache of a profile is.
    pub(super) fn file(profile: &Path) -> PathBuf {
        profile.join(FILE_NAME)
    }

    pub(super) fn open_file(path: &Path) -> Result<Self, CacheError> {
        match Self::try_open(path) {
            Err(error) if error.is_useless() => Self::begin_anew(path, &error),
            other => other,
        }
    }

    /// Deletes a file that is of no use, and begins another.
    pub(super) fn begin_anew(path: &Path, error: &CacheError) -> Result<Self, CacheError> {
        tracing::info!(%error, "beginning the local cache anew");
        for suffix in ["", "-wal", "-shm"] {
            let mut file = path.as_os_str().to_owned();
            file.push(suffix);
            match fs::remove_file(&file) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(CacheError::Io { path: file.into(), source });
                }
                Ok(()) | Err(_) => {}
            }
        }
        Self::try_open(path)
    }

    fn try_open(path: &Path) -> Result<Self, CacheError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        // What a power cut takes is fetched again.
        connection.pragma_update(None, "synchronous", "OFF")?;
        // What was removed is not to be found in what the file no longer uses either.
        connection.pragma_update(None, "secure_delete", true)?;
        if version != SCHEMA_VERSION && version != 0 {
            return Err(CacheError::Outdated(version));
        }
        if version == 0 {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            begin_schema(&connection)?;
        }
        Ok(Self { connection })
    }

    /// What a first screen needs; none if nobody was ever logged in.
    ///
    /// # Errors
    /// [`CacheError`].
    pub fn snapshot(&self) -> Result<Option<CachedState>, CacheError> {
        let me = self.meta(META_ACCOUNT)?.zip(self.meta(META_NAME)?);
        let Some((account, name)) = me else { return Ok(None) };
        let name = String::from_utf8_lossy(&name).into_owned();
        let me = Me { account: AccountId(number(&account)), name };
        let mut statement = self.connection.prepare("SELECT * FROM room")?;
        let rooms = statement.query_map([], room_of_row)?.collect::<Result<_, _>>()?;
        let account = AccountView { me, rooms, choices: self.choices()?, ..AccountView::default() };
        let last_room = self.meta(META_FOCUS)?.map(|bytes| RoomId(number(&bytes)));
        let newest = match last_room {
            Some(room) => self.page(room, Anchor::Before(Seq::MAX), SNAPSHOT_EVENTS)?,
            None => Vec::new(),
        };
        Ok(Some(CachedState { account, last_room, newest }))
    }

    /// What the account's owner set for himself.
    fn choices(&self) -> Result<Choices, CacheError> {
        let mut statement = self.connection.prepare("SELECT seq, bytes FROM choice")?;
        let mut rows = statement.query([])?;
        let mut choices = Choices::default();
        while let Some(row) = rows.next()? {
            if let Some(event) = event_of_row(row)? {
                choices.apply(&event);
            }
        }
        Ok(choices)
    }

    /// A run of a room's events without a gap, oldest first: empty if what the anchor asks for is not here.
    ///
    /// # Errors
    /// [`CacheError`].
    pub fn page(&self, room: RoomId, anchor: Anchor, limit: u16) -> Result<Vec<Event>, CacheError> {
        match anchor {
            Anchor::Before(Seq::MAX) => self.before(room, Seq::MAX, limit, None),
            Anchor::Before(seq) => self.before(room, seq, limit, Some(seq)),
            Anchor::After(seq) => self.after(room, seq, limit),
            Anchor::Around(seq) => {
                let back = limit / 2;
                let mut events = self.after(room, seq.prev(), limit - back)?;
                if events.is_empty() {
                    return Ok(events);
                }
                events.splice(0..0, self.before(room, seq, back, Some(seq))?);
                Ok(events)
            }
        }
    }

    /// Where every feed can go on.
    pub(super) fn positions(&self) -> Result<Vec<Position>, CacheError> {
        let mut statement = self.connection.prepare("SELECT kind, id, epoch, seq, chain FROM position")?;
        let rows = statement.query_map([], |row| {
            let id: i64 = row.get(1)?;
            let feed = match row.get(0)? {
                KIND_ROOM => FeedId::Room(RoomId(id.cast_unsigned())),
                _ => FeedId::Account(AccountId(id.cast_unsigned())),
            };
            let (epoch, seq): (i64, i64) = (row.get(2)?, row.get(3)?);
            let chain = Chain(row.get(4)?);
            Ok(Position {
                feed,
                epoch: Epoch(epoch.cast_unsigned()),
                seq: Seq(seq.cast_unsigned()),
                chain,
                backlog_max: 0,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Makes changes, all or none.
    pub(super) fn write(&mut self, changes: &[Change]) -> Result<(), CacheError> {
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut grown = BTreeSet::new();
        for change in changes {
            apply(&transaction, change, &mut grown)?;
        }
        for room in grown {
            transaction
                .prepare_cached(
                    "DELETE FROM event WHERE room = ?1 AND seq <= (SELECT max(seq) FROM event WHERE room = ?1) - ?2",
                )?
                .execute(params![id(room), EVENTS_PER_ROOM_MAX])?;
        }
        transaction.commit()?;
        Ok(())
    }

    fn meta(&self, key: i64) -> Result<Option<Vec<u8>>, CacheError> {
        let mut statement = self.connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }

    /// The events just before a seq, as far as they hang together with each other and with `seam`.
    fn before(&self, room: RoomId, seq: Seq, limit: u16, seam: Option<Seq>) -> Result<Vec<Event>, CacheError> {
        let below = i64::try_from(seq.0).unwrap_or(i64::MAX);
        let mut statement = self
            .connection
            .prepare_cached("SELECT seq, bytes FROM event WHERE room = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3")?;
        let mut rows = statement.query(params![id(room), below, limit])?;
        let mut events: Vec<Event> = Vec::new();
        let mut seam = seam;
        while let Some(row) = rows.next()? {
            let Some(event) = event_of_row(row)? else { break };
            if seam.is_some_and(|seam| event.seq.next() != seam) {
                break;
            }
            seam = Some(event.seq);
            events.push(event);
        }
        events.reverse();
        Ok(events)
    }

    fn after(&self, room: RoomId, seq: Seq, limit: u16) -> Result<Vec<Event>, CacheError> {
        let above = i64::try_from(seq.0).unwrap_or(i64::MAX);
        let mut statement = self
            .connection
            .prepare_cached("SELECT seq, bytes FROM event WHERE room = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3")?;
        let mut rows = statement.query(params![id(room), above, limit])?;
        let mut events: Vec<Event> = Vec::new();
        let mut next = seq.next();
        while let Some(row) = rows.next()? {
            let Some(event) = event_of_row(row)? else { break };
            if event.seq != next {
                break;
            }
            next = next.next();
            events.push(event);
        }
        Ok(events)
    }
}

/// Makes the tables of an empty file.
fn begin_schema(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"))
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS meta (key INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS room (room INTEGER PRIMARY KEY, name TEXT NOT NULL, member INTEGER NOT NULL, epoch INTEGER NOT NULL,
    head INTEGER NOT NULL, head_ordinal INTEGER NOT NULL, oldest INTEGER NOT NULL, read INTEGER NOT NULL,
    read_ordinal INTEGER NOT NULL, mentions BLOB NOT NULL, others TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS position (kind INTEGER NOT NULL, id INTEGER NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
    chain BLOB NOT NULL, PRIMARY KEY (kind, id)) STRICT;
CREATE TABLE IF NOT EXISTS event (room INTEGER NOT NULL, seq INTEGER NOT NULL, bytes BLOB NOT NULL,
    PRIMARY KEY (room, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS choice (key BLOB PRIMARY KEY, seq INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
";

/// Events of the last room in a [`CachedState`].
pub const SNAPSHOT_EVENTS: u16 = 100;

/// Events kept per room, counted back from the newest one kept.
const EVENTS_PER_ROOM_MAX: i64 = 5_000;

/// How long one process waits for another's write.
const BUSY_TIMEOUT: Duration = Duration::from_millis(500);

const FILE_NAME: &str = "cache.sqlite";
const SCHEMA_VERSION: i64 = 3;
const META_ACCOUNT: i64 = 1;
const META_NAME: i64 = 2;
const META_FOCUS: i64 = 3;
const KIND_ROOM: i64 = 0;
const KIND_ACCOUNT: i64 = 1;

#[cfg(test)]
mod tests;
