//! The file beside the database that remembers how far it once was, so that a database set back to an older state (a log cut
//! short by a bad bit, a copy put in its place) is noticed at the next start.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use chat_proto::Epoch;

use crate::store::dir::{open_private, sync_dir};

/// How far a database is: it only ever moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Head {
    /// The epoch of feeds that begin today.
    pub(crate) epoch: Epoch,
    /// The commits since the database was made.
    pub(crate) commits: u64,
}

/// What the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// There is no file.
    Nothing,
    /// There is one, and it is damaged.
    Unreadable,
    /// The head that was durable when it was written.
    Head(Head),
}

/// Reads the file of a data directory.
///
/// # Errors
/// Whatever the operating system says, but for "not found".
pub(crate) fn read(dir: &Path) -> io::Result<Recorded> {
    match fs::read(dir.join(HEAD_FILE)) {
        Ok(bytes) => Ok(parse(&bytes).map_or(Recorded::Unreadable, Recorded::Head)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Recorded::Nothing),
        Err(error) => Err(error),
    }
}

/// Replaces the file, durably. What `head` says must be durable already.
///
/// # Errors
/// Whatever the operating system says; the file is then the old one or the new one.
pub(crate) fn write(dir: &Path, head: Head) -> io::Result<()> {
    let temporary = dir.join(HEAD_FILE_NEW);
    let mut file: File = open_private(&temporary)?;
    file.set_len(0)?;
    file.write_all(format(head).as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, dir.join(HEAD_FILE))?;
    sync_dir(dir)
}

fn format(head: Head) -> String {
    let line = format!("epoch {} commits {}", head.epoch, head.commits);
    format!("{line} check {}\n", check(&line))
}

fn parse(bytes: &[u8]) -> Option<Head> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
    let (line, sum) = text.split_once(" check ")?;
    if sum != check(line) {
        return None;
    }
    let (epoch, commits) = line.strip_prefix("epoch ")?.split_once(" commits ")?;
    Some(Head { epoch: Epoch(epoch.parse().ok()?), commits: commits.parse().ok()? })
}

/// The first four bytes of the SHA-256 of a line, in hexadecimal.
fn check(line: &str) -> String {
    digest(&SHA256, line.as_bytes()).as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// The file, in the data directory.
pub(crate) const HEAD_FILE: &str = "head";

/// Its next version, until it is whole.
const HEAD_FILE_NEW: &str = "head.new";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_changed_bit_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).unwrap(), Recorded::Nothing);
        let head = Head { epoch: Epoch(3), commits: 12_345 };
        write(dir.path(), Head { epoch: Epoch(1), commits: 1 }).unwrap();
        write(dir.path(), head).unwrap();
        assert_eq!(read(dir.path()).unwrap(), Recorded::Head(head));
        let bytes = fs::read(dir.path().join(HEAD_FILE)).unwrap();
        for place in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[place / 8] ^= 1 << (place % 8);
            assert_eq!(parse(&changed), None, "bit {place}");
        }
        (0..bytes.len()).for_each(|len| assert_eq!(parse(&bytes[..len]), None, "{len} bytes"));
    }
}
