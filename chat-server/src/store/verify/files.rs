//! Whether the files that messages carry are there, and are noted for the messages that carry them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use chat_proto::{FeedId, FileHash, Seq};
use rusqlite::Connection;

use super::Report;
use crate::contents::{Contents, FILES_DIR};

/// A message and the file it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Carried {
    pub(super) feed: FeedId,
    pub(super) key: i64,
    pub(super) seq: Seq,
    pub(super) hash: FileHash,
    pub(super) size: u64,
}

/// Looks at every file that messages carry.
pub(super) fn check(db: &Connection, data: &Path, carried: &[Carried], report: &mut Report) {
    let noted = match noted(db) {
        Ok(noted) => noted,
        Err(error) => return report.add(None, None, format!("what files messages carry cannot be read: {error}")),
    };
    let contents = Contents::at(&data.join(FILES_DIR));
    let mut found: BTreeMap<FileHash, Result<u64, String>> = BTreeMap::new();
    for Carried { feed, key, seq, hash, size } in carried.iter().copied() {
        let found = found.entry(hash).or_insert_with(|| measured(&contents, hash));
        match found {
            Ok(length) if *length == size => {}
            Ok(_) => report.add(Some(feed), Some(seq), format!("the file {hash} has another length")),
            Err(what) => report.add(Some(feed), Some(seq), format!("the file {hash} {what}")),
        }
        if noted.get(&(key, seq)) != Some(&(hash, size)) {
            report.add(Some(feed), Some(seq), format!("the file {hash} is not noted for it, and would be removed"));
        }
    }
    report.files = found.len() as u64;
    let extra = noted.len().saturating_sub(carried.len());
    if extra > 0 {
        report.add(None, None, format!("{extra} files are noted for messages that carry none"));
    }
}

/// The length of a file that is what it is to be.
fn measured(contents: &Contents, hash: FileHash) -> Result<u64, String> {
    match contents.measure(hash) {
        Ok((length, found)) if found == hash => Ok(length),
        Ok(_) => Err("is damaged".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err("is missing".to_owned()),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

/// What the database notes of the files of messages, by feed and seq.
fn noted(db: &Connection) -> rusqlite::Result<BTreeMap<(i64, Seq), (FileHash, u64)>> {
    let mut query = db.prepare("SELECT feed, seq, hash, size FROM file_use")?;
    let noted = query.query_map([], |row| {
        let (seq, size): (i64, i64) = (row.get(1)?, row.get(3)?);
        Ok(((row.get(0)?, Seq(seq.cast_unsigned())), (FileHash(row.get(2)?), size.cast_unsigned())))
    })?;
    noted.collect()
}
