//! The tables, and how a file of an older version becomes one of this version.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::OpenError;
use crate::store::dir::open_private;

/// Marks a database file as ours: "chat" in ASCII.
pub(crate) const APPLICATION_ID: u32 = 0x6368_6174;

/// Each step brings a file to the version that is its place in the list, from 1. A released step never changes.
pub(crate) const MIGRATIONS: [&str; 7] = [
    "
    CREATE TABLE meta (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        epoch INTEGER NOT NULL,
        commits INTEGER NOT NULL
    ) STRICT;
    INSERT INTO meta (id, epoch, commits) VALUES (1, 1, 0);

    CREATE TABLE feed (
        id INTEGER PRIMARY KEY,
        began INTEGER NOT NULL,
        head INTEGER NOT NULL DEFAULT 0,
        chain BLOB NOT NULL,
        ordinal INTEGER NOT NULL DEFAULT 0,
        at INTEGER NOT NULL DEFAULT 0,
        oldest INTEGER NOT NULL DEFAULT 1,
        base_chain BLOB NOT NULL,
        base_ordinal INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE TABLE event (
        feed INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,
        at INTEGER NOT NULL,
        by INTEGER NOT NULL,
        device INTEGER NOT NULL,
        key BLOB NOT NULL,
        kind INTEGER NOT NULL,
        payload BLOB NOT NULL,
        salt BLOB NOT NULL,
        digest BLOB NOT NULL,
        chain BLOB NOT NULL,
        UNIQUE (feed, seq)
    ) STRICT;
    CREATE UNIQUE INDEX event_key ON event (feed, by, key) WHERE key <> x'00000000000000000000000000000000';

    CREATE TABLE trimmed_key (
        feed INTEGER NOT NULL,
        by INTEGER NOT NULL,
        key BLOB NOT NULL,
        seq INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,
        at INTEGER NOT NULL,
        trimmed_at INTEGER NOT NULL,
        UNIQUE (feed, by, key)
    ) STRICT;
    CREATE INDEX trimmed_key_age ON trimmed_key (trimmed_at);

    CREATE TABLE snapshot (
        feed INTEGER PRIMARY KEY,
        seq INTEGER NOT NULL,
        version INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        digest BLOB NOT NULL
    ) STRICT;

    CREATE TABLE room (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        look TEXT NOT NULL UNIQUE,
        folded TEXT NOT NULL UNIQUE,
        digest BLOB NOT NULL
    ) STRICT;
    CREATE TABLE account (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        look TEXT NOT NULL UNIQUE,
        folded TEXT NOT NULL UNIQUE,
        since INTEGER NOT NULL,
        digest BLOB NOT NULL
    ) STRICT;
    CREATE TABLE device (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        account INTEGER NOT NULL,
        since INTEGER NOT NULL,
        digest BLOB NOT NULL
    ) STRICT;
",
    "
    ALTER TABLE device ADD COLUMN label TEXT NOT NULL DEFAULT '';
    ALTER TABLE device ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0;
",
    "
    ALTER TABLE meta ADD COLUMN events INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE meta ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;

    CREATE TABLE numbered_event (
        id INTEGER PRIMARY KEY,
        feed INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,
        at INTEGER NOT NULL,
        by INTEGER NOT NULL,
        device INTEGER NOT NULL,
        key BLOB NOT NULL,
        kind INTEGER NOT NULL,
        payload BLOB NOT NULL,
        salt BLOB NOT NULL,
        digest BLOB NOT NULL,
        chain BLOB NOT NULL,
        UNIQUE (feed, seq)
    ) STRICT;
    INSERT INTO numbered_event SELECT rowid, * FROM event ORDER BY rowid;
    DROP TABLE event;
    ALTER TABLE numbered_event RENAME TO event;
    CREATE UNIQUE INDEX event_key ON event (feed, by, key) WHERE key <> x'00000000000000000000000000000000';
    UPDATE meta SET events = (SELECT coalesce(max(id), 0) FROM event);

    CREATE VIRTUAL TABLE search USING fts5(words, marks, reworded UNINDEXED, tokenize = 'ascii', columnsize = 0);
    INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
",
    "
    CREATE TABLE annotation (
        feed INTEGER NOT NULL,
        target INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        UNIQUE (feed, target, seq)
    ) STRICT;
    CREATE INDEX event_kind ON event (feed, kind, seq) WHERE kind NOT IN (4, 5) AND kind < 100;

    ALTER TABLE event ADD COLUMN total INTEGER NOT NULL DEFAULT 0;
    UPDATE event SET total = sums.total FROM
        (SELECT id, sum(length(payload)) OVER (PARTITION BY feed ORDER BY seq) AS total FROM event) AS sums
        WHERE event.id = sums.id;
",
    "
    CREATE TABLE room_alias (
        room INTEGER NOT NULL,
        name TEXT NOT NULL,
        look TEXT NOT NULL,
        folded TEXT NOT NULL,
        digest BLOB NOT NULL,
        UNIQUE (room, name)
    ) STRICT;
    CREATE INDEX room_alias_look ON room_alias (look);
    CREATE INDEX room_alias_folded ON room_alias (folded);
",
    "
    CREATE TABLE ended_room (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        digest BLOB NOT NULL
    ) STRICT;
    CREATE TABLE tended_room (
        id INTEGER PRIMARY KEY
    ) STRICT;
",
    "
    CREATE TABLE file_use (
        feed INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        account INTEGER NOT NULL,
        hash BLOB NOT NULL,
        size INTEGER NOT NULL,
        own INTEGER NOT NULL,
        UNIQUE (feed, seq)
    ) STRICT;
    CREATE INDEX file_use_hash ON file_use (hash, account);
    CREATE TABLE file_claim (
        account INTEGER NOT NULL,
        hash BLOB NOT NULL,
        size INTEGER NOT NULL,
        at INTEGER NOT NULL,
        UNIQUE (account, hash)
    ) STRICT;
    CREATE INDEX file_claim_hash ON file_claim (hash);
",
];

/// Brings a file to the newest version, a new one from nothing. A file of an older version is copied to
/// `chat.db.before-VERSION` first.
///
/// # Errors
/// [`OpenError::Newer`] for a file of a version this list doesn't know; whatever SQLite says. The file is then as it was.
pub(crate) fn migrate(db: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(sqlite)?;
    let known = migrations.len();
    let found = usize::try_from(version).map_err(|_| OpenError::Foreign(path.to_owned()))?;
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    if found == known {
        return Ok(());
    }
    if found > 0 {
        back_up(db, path, found)?;
    }
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
    for step in &migrations[found..] {
        change.execute_batch(step).map_err(sqlite)?;
    }
    change.pragma_update(None, "application_id", APPLICATION_ID).map_err(sqlite)?;
    change.pragma_update(None, "user_version", i64::try_from(known).unwrap_or(i64::MAX)).map_err(sqlite)?;
    change.commit().map_err(sqlite)
}

/// A whole copy beside the file. One that is there already, from an attempt that went wrong, is replaced.
fn back_up(db: &Connection, path: &Path, version: usize) -> Result<(), OpenError> {
    let copy = path.with_extension(format!("db.before-{}", version + 1));
    let failed = |reason| OpenError::Backup { path: copy.clone(), reason };
    open_private(&copy).and_then(|file| file.set_len(0)).map_err(|error| failed(error.to_string()))?;
    db.execute("VACUUM INTO ?1", [copy.to_string_lossy()]).map_err(|error| failed(error.to_string()))?;
    let sync = open_private(&copy).and_then(|file| file.sync_all());
    sync.map_err(|error| failed(error.to_string()))
}
