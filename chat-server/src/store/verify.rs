//! Whether a database says what it said: every row against its digest and its place in the chain, every file that messages
//! carry against its hash. Offline, and read only.

mod files;

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use chat_proto::{AccountId, Chain, Epoch, Event, EventBody, FeedId, Ordinal, RoomId, Seq};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Row as SqlRow};
use thiserror::Error;

use self::files::Carried;
use super::dir::LOCK_FILE;
use super::files::carried;
use super::sqlite::head::{self, Recorded};
use super::sqlite::{DATABASE_FILE, harden, identify, log_path, read, registry};
use super::{OpenError, Row};
use crate::digest::{chain_next, chain_start};

/// Why a database cannot be verified.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// A server writes to it.
    #[error("a server uses the data directory {}; stop it first", .0.display())]
    InUse(PathBuf),
    /// There is none.
    #[error("there is no database in {}", .0.display())]
    Missing(PathBuf),
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// In which feed; none where it concerns the whole file.
    pub feed: Option<FeedId>,
    /// At which event; none where it concerns the whole feed.
    pub seq: Option<Seq>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.feed, self.seq) {
            (Some(feed), Some(seq)) => write!(f, "{feed} seq {seq}: {}", self.what),
            (Some(feed), None) => write!(f, "{feed}: {}", self.what),
            (None, _) => f.write_str(&self.what),
        }
    }
}

/// What was found. Displayed, it ends in one line that begins with `ok:` or `damaged:`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Events that were looked at.
    pub events: u64,
    /// Those of them whose words were removed.
    pub erased: u64,
    /// Feeds that were looked at.
    pub feeds: u64,
    /// Files that messages carry and that were looked at.
    pub files: u64,
    /// What is wrong, the first [`DAMAGE_MAX`] of it.
    pub damage: Vec<Damage>,
    /// How much is wrong.
    pub damage_count: u64,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.damage_count == 0
    }

    fn add(&mut self, feed: Option<FeedId>, seq: Option<Seq>, what: String) {
        self.damage_count += 1;
        if self.damage.len() < DAMAGE_MAX {
            self.damage.push(Damage { feed, seq, what });
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, erased, feeds, files, damage, damage_count } = self;
        let erased = if *erased > 0 { format!(", {erased} of them erased") } else { String::new() };
        let files = if *files > 0 { format!(", {files} files") } else { String::new() };
        damage.iter().try_for_each(|each| writeln!(f, "{each}"))?;
        if self.is_ok() {
            write!(f, "ok: {events} events in {feeds} feeds{erased}{files}")
        } else {
            write!(f, "damaged: {damage_count} findings; looked at {events} events in {feeds} feeds{files}")
        }
    }
}

/// Looks at everything in the database of a data directory that no server uses. Changes nothing.
///
/// # Errors
/// [`VerifyError`] for a database that cannot be looked at; what is wrong inside is in the report.
pub fn verify(data: &Path) -> Result<Report, VerifyError> {
    let _lock = lock(data)?;
    let path = data.join(DATABASE_FILE);
    let head_error = |source| OpenError::File { path: data.join(head::HEAD_FILE), source };
    let recorded = head::read(data).map_err(head_error)?;
    if !identify(&path, recorded)? {
        return Err(VerifyError::Missing(data.to_owned()));
    }
    let db = open(&path).map_err(|source| OpenError::Sqlite { path: path.clone(), source }.or_damaged())?;
    let mut report = Report::default();
    check_file(&db, recorded, &mut report);
    match feeds(&db) {
        Ok(feeds) => {
            report.feeds = u64::try_from(feeds.len()).unwrap_or(u64::MAX);
            let mut carried = Vec::new();
            feeds.iter().for_each(|feed| check_feed(&db, feed, &mut report, &mut carried));
            files::check(&db, data, &carried, &mut report);
        }
        Err(error) => report.add(None, None, format!("the feeds cannot be listed: {error}")),
    }
    Ok(report)
}

/// Keeps a server from starting meanwhile. A copy of a directory may have no file to lock.
fn lock(data: &Path) -> Result<Option<File>, VerifyError> {
    let Ok(file) = File::open(data.join(LOCK_FILE)) else { return Ok(None) };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(VerifyError::InUse(data.to_owned())),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
    }
}

/// Without a log to be read along, SQLite is told that the file never changes, so that it makes no files beside it.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let has_log = fs::metadata(log_path(path)).is_ok_and(|log| log.len() > 0);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = if has_log {
        Connection::open_with_flags(path, flags)?
    } else {
        let uri = format!("file:{}?immutable=1", escaped(path));
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
    };
    harden(&db)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(db)
}

/// A path as part of a URI (RFC 3986, 2.1).
fn escaped(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    bytes.map(|&byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The file as a whole: its pages and indexes, its head, and rows that belong nowhere.
fn check_file(db: &Connection, recorded: Recorded, report: &mut Report) {
    for (sql, is_fine) in [
        ("PRAGMA integrity_check(20)", "ok"),
        (
            "SELECT 'event ' || seq || ' of an unknown feed' FROM event WHERE feed NOT IN (SELECT id FROM feed) LIMIT 20",
            "",
        ),
        ("SELECT 'room ' || id || ' has no feed' FROM room WHERE id * 2 NOT IN (SELECT id FROM feed) LIMIT 20", ""),
        (
            "SELECT 'a name of an unknown room ' || room FROM room_alias WHERE room NOT IN (SELECT id FROM room) LIMIT 20",
            "",
        ),
        (
            "SELECT 'account ' || id || ' has no feed' FROM account WHERE id * 2 + 1 NOT IN (SELECT id FROM feed) LIMIT 20",
            "",
        ),
    ] {
        let lines = db
            .prepare(sql)
            .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>());
        match lines {
            Ok(lines) => {
                lines.into_iter().filter(|line| line != is_fine).for_each(|line| report.add(None, None, line));
            }
            Err(error) => report.add(None, None, error.to_string()),
        }
    }
    if let Err(error) = registry::registry(db) {
        report.add(None, None, error.to_string());
    }
    check_commits(db, recorded, report);
}

/// Whether the database is as far as it was.
fn check_commits(db: &Connection, recorded: Recorded, report: &mut Report) {
    let found = db.query_row("SELECT commits FROM meta", [], |row| row.get::<_, i64>(0));
    match (found, recorded) {
        (Err(error), _) => report.add(None, None, format!("the commits cannot be read: {error}")),
        (Ok(found), Recorded::Head(head)) if found.cast_unsigned() < head.commits => {
            let lost = head.commits - found.cast_unsigned();
            report.add(None, None, format!("the last {lost} commits are missing: the database was set back"));
        }
        (Ok(1..), Recorded::Nothing) => report.add(None, None, "the file head is missing".to_owned()),
        (Ok(_), Recorded::Unreadable) => report.add(None, None, "the file head is damaged".to_owned()),
        (Ok(_), Recorded::Head(_) | Recorded::Nothing) => {}
    }
}

/// What the database says of a feed.
#[derive(Debug)]
struct Feed {
    key: i64,
    id: FeedId,
    began: Epoch,
    oldest: Seq,
    base: End,
    end: End,
}

/// How a feed stands at a seq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    seq: Seq,
    chain: Chain,
    ordinal: Ordinal,
}

fn feeds(db: &Connection) -> rusqlite::Result<Vec<Feed>> {
    let sql = "SELECT id, began, oldest, base_chain, base_ordinal, head, chain, ordinal FROM feed ORDER BY id";
    let number = |row: &SqlRow<'_>, column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let feed = |row: &SqlRow<'_>| {
        let key: i64 = row.get(0)?;
        let id = match key.rem_euclid(2) {
            0 => FeedId::Room(RoomId(key.div_euclid(2).cast_unsigned())),
            _ => FeedId::Account(AccountId(key.div_euclid(2).cast_unsigned())),
        };
        let oldest = Seq(number(row, 2)?);
        let base = End { seq: oldest.prev(), chain: Chain(row.get(3)?), ordinal: Ordinal(number(row, 4)?) };
        let end = End { seq: Seq(number(row, 5)?), chain: Chain(row.get(6)?), ordinal: Ordinal(number(row, 7)?) };
        Ok(Feed { key, id, began: Epoch(number(row, 1)?), oldest, base, end })
    };
    db.prepare(sql)?.query_map([], feed)?.collect()
}

fn check_feed(db: &Connection, feed: &Feed, report: &mut Report, carried: &mut Vec<Carried>) {
    let start = End { seq: Seq::ZERO, chain: chain_start(feed.id, feed.began), ordinal: Ordinal(0) };
    if feed.oldest <= Seq(1) && feed.base != start {
        report.add(Some(feed.id), None, "its beginning is not that of this feed".to_owned());
    }
    match read::snapshot(db, feed.key) {
        Ok(Some((snapshot, is_right))) if !is_right || snapshot.seq > feed.end.seq => {
            report.add(Some(feed.id), None, "its snapshot is not the one that was saved".to_owned());
        }
        Ok(_) => {}
        Err(error) => report.add(Some(feed.id), None, format!("its snapshot cannot be read: {error}")),
    }
    let mut walk = Walk { feed, end: feed.base, stored: feed.base, report, carried };
    if let Err(error) = walk.rows(db) {
        let seq = walk.end.seq.next();
        walk.report.add(Some(feed.id), Some(seq), format!("it cannot be read: {error}"));
    } else if walk.end.seq != feed.end.seq {
        walk.say(walk.end.seq, format!("it is the last one, and the feed's head is {}", feed.end.seq));
    } else if walk.stored != feed.end {
        walk.say(walk.end.seq, "it is not what the feed says of its newest event".to_owned());
    }
}

/// A way through a feed from its oldest event to its newest.
struct Walk<'a> {
    feed: &'a Feed,
    /// The event before, with the values it should have.
    end: End,
    /// The event before, with the values it has.
    stored: End,
    report: &'a mut Report,
    /// The files its messages carry.
    carried: &'a mut Vec<Carried>,
}

impl Walk<'_> {
    fn rows(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let sql = format!("SELECT {} FROM event WHERE feed = ?1 ORDER BY seq", read::EVENT_COLUMNS);
        let mut query = db.prepare_cached(&sql)?;
        let mut rows = query.query([self.feed.key])?;
        while let Some(row) = rows.next()? {
            self.report.events += 1;
            let seq = Seq(row.get::<_, i64>(0)?.cast_unsigned());
            match read::columns(seq, row) {
                Ok((row, payload_digest)) => self.row(&row, payload_digest),
                Err(error) => {
                    self.say(seq, error.to_string());
                    // What follows is judged by the values that are stored here, if they can be read.
                    let chain = row.get(10).map_or(self.stored.chain, Chain);
                    let ordinal = row.get(1).map_or(self.stored.ordinal, |stored: i64| Ordinal(stored.cast_unsigned()));
                    self.stored = End { seq, chain, ordinal };
                    self.end = self.stored;
                }
            }
        }
        Ok(())
    }

    fn row(&mut self, row: &Row, payload_digest: [u8; 32]) {
        let (event, before) = (&row.event, self.end);
        self.report.erased += u64::from(event.body.is_erased());
        if let Some((file, _)) = carried(event) {
            let (feed, key) = (self.feed.id, self.feed.key);
            self.carried.push(Carried { feed, key, seq: event.seq, hash: file.hash, size: file.size });
        }
        if event.seq != before.seq.next() {
            self.say(event.seq, format!("it comes behind seq {}: what should be between is missing", before.seq));
        }
        if row.digest != payload_digest {
            self.say(event.seq, "the body is not the one that was stored".to_owned());
        }
        let follows = |end: &End| chain_next(&end.chain, event, &row.digest);
        if row.chain != follows(&before) && row.chain != follows(&self.stored) {
            self.say(event.seq, "it was changed, or what is before it was".to_owned());
        }
        if event.seq == before.seq.next() && !self.is_counted(event) {
            let messages = before.ordinal;
            self.say(event.seq, format!("it says {} messages; there were {messages} before it", event.ordinal));
        }
        let ordinal = match self.feed.id {
            FeedId::Room(_) if event.body.is_message() => before.ordinal.next(),
            FeedId::Room(_) if is_erased_message(&event.body) => event.ordinal,
            FeedId::Room(_) | FeedId::Account(_) => before.ordinal,
        };
        self.end = End { seq: event.seq, chain: follows(&before), ordinal };
        self.stored = End { seq: event.seq, chain: row.chain, ordinal: event.ordinal };
    }

    /// Whether an event's ordinal follows from the event before it. Whether an unknown kind counts, nobody knows, nor whether
    /// everybody could see a message that was erased.
    fn is_counted(&self, event: &Event) -> bool {
        if matches!(self.feed.id, FeedId::Account(_)) {
            return event.ordinal == Ordinal(0);
        }
        let is_unknown = matches!(event.body, EventBody::Unknown { .. }) || is_erased_message(&event.body);
        [self.end.ordinal, self.stored.ordinal].into_iter().any(|before| {
            (event.ordinal == before.next() && (is_unknown || event.body.is_message()))
                || (event.ordinal == before && (is_unknown || !event.body.is_message()))
        })
    }

    fn say(&mut self, seq: Seq, what: String) {
        self.report.add(Some(self.feed.id), Some(seq), what);
    }
}

fn is_erased_message(body: &EventBody) -> bool {
    body.is_erased() && body.was_message()
}

/// Findings a report lists.
pub const DAMAGE_MAX: usize = 1_000;

#[cfg(test)]
mod tests;
