//! Opening a database: whether it is ours and whole, its settings, and whether it was set back to an older state.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_proto::Epoch;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::OpenError;
use super::head::{self, HEAD_FILE, Head, Recorded};
use super::schema::{APPLICATION_ID, MIGRATIONS, migrate};
use crate::store::Durability;
use crate::store::dir::{DataDir, open_private, sync_dir};

/// The database, in the data directory.
pub(crate) const DATABASE_FILE: &str = "chat.db";

/// A database ready for use.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) writer: Connection,
    pub(super) readers: Vec<Connection>,
    pub(super) head: Head,
    /// What the side file says; none where the disk was too full to write it.
    pub(super) recorded: Option<Head>,
}

/// Opens the database of a directory, and makes it if there never was one.
pub(super) fn open(dir: &DataDir, durability: Durability) -> Result<Opened, OpenError> {
    let path = dir.path().join(DATABASE_FILE);
    let head_path = dir.path().join(HEAD_FILE);
    let recorded = head::read(dir.path()).map_err(|source| OpenError::File { path: head_path.clone(), source })?;
    if !identify(&path, recorded)? {
        create(&path)?;
    }
    let mut writer = connect(&path)?;
    let head = prepare(&mut writer, &path, durability, recorded).map_err(OpenError::or_damaged)?;
    let readers = (0..READERS).map(|_| reader(&path)).collect::<Result<_, _>>()?;
    let recorded = match record(dir.path(), head, recorded) {
        Ok(()) => Some(head),
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            tracing::warn!(%error, "the file head could not be written; it is tried again");
            None
        }
        Err(source) => return Err(OpenError::File { path: head_path, source }),
    };
    Ok(Opened { writer, readers, head, recorded })
}

/// Writes the side file, if it says something else.
fn record(dir: &Path, head: Head, recorded: Recorded) -> io::Result<()> {
    if recorded != Recorded::Head(head) {
        head::write(dir, head)?;
    }
    sync_dir(dir)
}

/// Whether there is a database. Looks at the file only, so that nothing of a file that is not ours can change.
pub(crate) fn identify(path: &Path, recorded: Recorded) -> Result<bool, OpenError> {
    let damaged = |reason: String| Err(OpenError::Damaged { path: path.to_owned(), reason });
    let mut header = [0; HEADER_BYTES];
    let read = match File::open(path).and_then(|mut file| read_up_to(&mut file, &mut header)) {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match recorded {
                Recorded::Head(Head { commits: 1.., .. }) => damaged("it is missing".to_owned()),
                Recorded::Head(_) | Recorded::Nothing | Recorded::Unreadable => Ok(false),
            };
        }
        Err(source) => return Err(OpenError::File { path: path.to_owned(), source }),
    };
    if read == 0 {
        return damaged("it is empty".to_owned());
    }
    let magic = &header[..MAGIC.len().min(read)];
    if !MAGIC.starts_with(magic) {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    if read < HEADER_BYTES {
        return damaged(format!("it ends after {read} bytes"));
    }
    if u32_at(&header, 68) != APPLICATION_ID {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    let (found, known) = (usize::try_from(u32_at(&header, 60)).unwrap_or(usize::MAX), MIGRATIONS.len());
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    let len = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let missing = database_bytes(&header).saturating_sub(len(path));
    if missing > 0 && len(&log_path(path)) == 0 {
        return damaged(format!("its last {missing} bytes are missing"));
    }
    Ok(true)
}

/// How long the file says it is (1.3.7 of the format), bytes. It can be right to be shorter while its log says the rest.
fn database_bytes(header: &[u8; HEADER_BYTES]) -> u64 {
    let page_bytes = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    let is_valid = u32_at(header, 24) == u32_at(header, 92);
    if is_valid { page_bytes * u64::from(u32_at(header, 28)) } else { 0 }
}

fn u32_at(header: &[u8; HEADER_BYTES], place: usize) -> u32 {
    header[place..].first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// The log of a database.
pub(crate) fn log_path(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", path.display()))
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            more => filled += more,
        }
    }
    Ok(filled)
}

/// Makes the database under another name first: under its own name it is whole or not there.
fn create(path: &Path) -> Result<(), OpenError> {
    let new = path.with_extension("db.new");
    let file = |source| OpenError::File { path: new.clone(), source };
    for leftover in ["", "-journal", "-wal", "-shm"] {
        match fs::remove_file(PathBuf::from(format!("{}{leftover}", new.display()))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file(error)),
            Ok(()) | Err(_) => {}
        }
    }
    open_private(&new).map_err(file)?;
    let mut db = connect(&new)?;
    migrate(&mut db, &new, &MIGRATIONS)?;
    db.close().map_err(|(_, source)| OpenError::Sqlite { path: new.clone(), source })?;
    let dir = path.parent().unwrap_or(Path::new("."));
    let moved = File::open(&new).and_then(|file| file.sync_all()).and_then(|()| fs::rename(&new, path));
    moved.and_then(|()| sync_dir(dir)).map_err(file)
}

/// A connection that trusts nothing in the file, and leaves it alone when closed before [`prepare`] was content.
fn connect(path: &Path) -> Result<Connection, OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    harden(&db).map_err(sqlite)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(sqlite)?;
    Ok(db)
}

/// The settings of every connection.
pub(crate) fn harden(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.execute_batch("PRAGMA trusted_schema = off; PRAGMA cell_size_check = on; PRAGMA temp_store = memory;")
}

/// Makes a file that is ours ready for writing: newest format, settings, and a new epoch if it was set back.
fn prepare(db: &mut Connection, path: &Path, durability: Durability, recorded: Recorded) -> Result<Head, OpenError> {
    migrate(db, path, &MIGRATIONS)?;
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    set_up(db, durability).map_err(sqlite)?;
    let found = db.query_row("SELECT epoch, commits FROM meta", [], |row| {
        let (epoch, commits): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok(Head { epoch: Epoch(epoch.cast_unsigned()), commits: commits.cast_unsigned() })
    });
    let found = found.map_err(sqlite)?;
    let head = match continued(found, recorded) {
        Ok(head) => head,
        Err(reason) => {
            let head = begin_epoch(db, found, recorded).map_err(sqlite)?;
            tracing::warn!(
                database = %path.display(), reason, commits = found.commits, epoch = head.epoch.0,
                "the database was set back to an older state; what came behind it is lost, and a new epoch begins"
            );
            head
        }
    };
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(sqlite)?;
    Ok(head)
}

fn set_up(db: &Connection, durability: Durability) -> rusqlite::Result<()> {
    let synchronous = match durability {
        Durability::Memory | Durability::Os => "NORMAL",
        Durability::Fsync => "FULL",
    };
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(rusqlite::Error::InvalidQuery);
    }
    db.pragma_update(None, "synchronous", synchronous)?;
    db.execute_batch(
        "PRAGMA secure_delete = on; PRAGMA fullfsync = on; PRAGMA checkpoint_fullfsync = on; PRAGMA cache_size = -16384;
         PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864;",
    )
}

/// Whether the database is at least where the side file says; if not, why.
fn continued(found: Head, recorded: Recorded) -> Result<Head, &'static str> {
    match recorded {
        Recorded::Head(head) if found.epoch < head.epoch || found.commits < head.commits => {
            Err("it is behind the file head")
        }
        Recorded::Head(_) => Ok(found),
        Recorded::Nothing | Recorded::Unreadable if found.commits == 0 => Ok(found),
        Recorded::Nothing => Err("the file head is missing"),
        Recorded::Unreadable => Err("the file head is damaged"),
    }
}

/// A new history, that no client takes for the one it knows.
fn begin_epoch(db: &mut Connection, found: Head, recorded: Recorded) -> rusqlite::Result<Head> {
    let newest = match recorded {
        Recorded::Head(head) => Head { epoch: found.epoch.max(head.epoch), commits: found.commits.max(head.commits) },
        Recorded::Nothing | Recorded::Unreadable => found,
    };
    let head = Head { epoch: Epoch(newest.epoch.0 + 1), commits: newest.commits + 1 };
    let (epoch, commits) = (head.epoch.0.cast_signed(), head.commits.cast_signed());
    let change = db.transaction()?;
    change.execute("UPDATE meta SET epoch = ?1, commits = ?2", [epoch, commits])?;
    change.commit()?;
    Ok(head)
}

fn reader(path: &Path) -> Result<Connection, OpenError> {
    let db = connect(path)?;
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    db.pragma_update(None, "query_only", true).map_err(sqlite)?;
    Ok(db)
}

/// Connections that read.
pub(super) const READERS: usize = 4;

/// Statements a connection keeps prepared.
const STATEMENTS: usize = 32;

/// How long to wait for a lock that somebody else's tool holds on the file.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How a SQLite 3 file begins (<https://www.sqlite.org/fileformat2.html>, 1.3).
const MAGIC: &[u8] = b"SQLite format 3\0";

/// The length of its header, bytes.
const HEADER_BYTES: usize = 100;
