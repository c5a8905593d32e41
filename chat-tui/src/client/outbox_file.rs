//! The outbox on disk: one append-only file per process, locked while the process lives.
//!
//! A record is its length (`u32`, little endian), its bytes, and the first eight bytes of their SHA-256. A record that is cut
//! off or does not match ends the file: its author was never told that it is safe. A file without a living owner is an
//! orphan; whoever locks it first takes its messages over, on disk, before he removes it.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use chat_proto::codec;
use chat_proto::{MessageKey, Reject, RoomId, Seq, Style};

use super::{Outgoing, Random};

/// One change of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// A message came in.
    Added(Outgoing),
    /// A message is stored at the server, or was thrown away.
    Removed(MessageKey),
    /// The server refused a message for good.
    Refused(MessageKey, Reject),
    /// A refused message goes again.
    Retried(MessageKey),
}

impl Record {
    fn encode(&self) -> Vec<u8> {
        let (kind, payload) = match self {
            Self::Added(Outgoing { key, room, style, text, reply_to: None, refused }) => {
                (1u8, codec::encode(&(*key, *room, *style, text.clone(), refused.clone())))
            }
            Self::Added(Outgoing { key, room, style, text, reply_to: Some(target), refused }) => {
                (5, codec::encode(&(*key, *room, *style, text.clone(), refused.clone(), *target)))
            }
            Self::Removed(key) => (2, codec::encode(key)),
            Self::Refused(key, reject) => (3, codec::encode(&(*key, reject.clone()))),
            Self::Retried(key) => (4, codec::encode(key)),
        };
        let mut body = vec![kind];
        body.extend(payload);
        let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
        [len.to_le_bytes().as_slice(), &body, &checksum(&body)].concat()
    }

    fn decode(body: &[u8]) -> Option<Self> {
        let (kind, payload) = body.split_first()?;
        match kind {
            1 => {
                let (key, room, style, text, refused): (MessageKey, RoomId, Style, String, Option<Reject>) =
                    codec::decode(payload).ok()?;
                Some(Self::Added(Outgoing { key, room, style, text, reply_to: None, refused }))
            }
            2 => codec::decode(payload).ok().map(Self::Removed),
            3 => {
                let (key, reject): (MessageKey, Reject) = codec::decode(payload).ok()?;
                Some(Self::Refused(key, reject))
            }
            4 => codec::decode(payload).ok().map(Self::Retried),
            5 => {
                let (key, room, style, text, refused, target): (
                    MessageKey,
                    RoomId,
                    Style,
                    String,
                    Option<Reject>,
                    Seq,
                ) = codec::decode(payload).ok()?;
                Some(Self::Added(Outgoing { key, room, style, text, reply_to: Some(target), refused }))
            }
            _ => None,
        }
    }

    /// Takes the first record off; none at the end or where the bytes stop making sense.
    fn pop(bytes: &mut &[u8]) -> Option<Self> {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        let body = rest.get(..len)?;
        let sum = rest.get(len..len + CHECKSUM_BYTES)?;
        let record = Self::decode(body).filter(|_| sum == checksum(body))?;
        *bytes = &rest[len + CHECKSUM_BYTES..];
        Some(record)
    }
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&digest::digest(&digest::SHA256, body).as_ref()[..CHECKSUM_BYTES]);
    sum
}

/// The messages a run of records leaves, oldest first.
fn replay(mut bytes: &[u8]) -> Vec<Outgoing> {
    let mut left: Vec<Outgoing> = Vec::new();
    let find = |left: &mut Vec<Outgoing>, key| left.iter().position(|message| message.key == key);
    while let Some(record) = Record::pop(&mut bytes) {
        match record {
            Record::Added(outgoing) => left.push(outgoing),
            Record::Removed(key) => left.retain(|message| message.key != key),
            Record::Refused(key, reject) => {
                if let Some(at) = find(&mut left, key) {
                    left[at].refused = Some(reject);
                }
            }
            Record::Retried(key) => {
                if let Some(at) = find(&mut left, key) {
                    let mut message = left.remove(at);
                    message.refused = None;
                    left.push(message);
                }
            }
        }
    }
    left
}

/// This process's file. It exists from the first message on, and is gone again when the process ends with nothing left. Without
/// a directory there is never one: what it would keep ends with the process.
#[derive(Debug)]
pub(super) struct OutboxFile {
    dir: Option<PathBuf>,
    random: Random,
    file: Option<(PathBuf, File)>,
    len: u64,
}

impl OutboxFile {
    pub(super) fn new(dir: Option<PathBuf>, random: Random) -> Self {
        Self { dir, random, file: None, len: 0 }
    }

    /// Bytes in the file.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Writes records; when it returns, they are on disk. After an error none of them is there.
    pub(super) fn append(&mut self, records: &[Record]) -> io::Result<()> {
        let bytes: Vec<u8> = records.iter().flat_map(Record::encode).collect();
        // A removal that is lost costs a repetition, which the server answers with the first result.
        let must_sync = records.iter().any(|record| !matches!(record, Record::Removed(_)));
        let len = self.len;
        let Some(dir) = self.dir.clone() else { return Ok(()) };
        let file = self.open(&dir)?;
        let written = file.write_all(&bytes).and_then(|()| if must_sync { file.sync_data() } else { Ok(()) });
        if let Err(error) = written {
            file.set_len(len)?;
            file.seek(SeekFrom::Start(len))?;
            return Err(error);
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Forgets everything: nothing is left to be sent.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        if let Some((_, file)) = &mut self.file {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            self.len = 0;
        }
        Ok(())
    }

    /// Begins a new file with what is left, and removes the old one.
    pub(super) fn rewrite(&mut self, left: &[Outgoing]) -> io::Result<()> {
        let mut fresh = Self::new(self.dir.clone(), self.random.clone());
        let records: Vec<Record> = left.iter().cloned().map(Record::Added).collect();
        fresh.append(&records)?;
        let old = std::mem::replace(self, fresh);
        if let Some((path, _locked)) = old.file {
            fs::remove_file(path)?;
        }
        Ok(())
    }

    /// Takes over the messages of processes that are no more. A message is in this file before it leaves the other.
    pub(super) fn adopt(&mut self) -> io::Result<Vec<Outgoing>> {
        let Some(dir) = self.dir.clone() else { return Ok(Vec::new()) };
        let own = self.file.as_ref().map(|(path, _)| path.clone());
        let mut adopted = Vec::new();
        let mut known = BTreeSet::new();
        for path in outbox_files(&dir)? {
            if Some(&path) == own.as_ref() {
                continue;
            }
            let Some(mut file) = lock_orphan(&path)? else { continue };
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let left: Vec<Outgoing> = replay(&bytes).into_iter().filter(|message| known.insert(message.key)).collect();
            if !left.is_empty() {
                self.append(&left.iter().cloned().map(Record::Added).collect::<Vec<_>>())?;
                adopted.extend(left);
            }
            fs::remove_file(&path)?;
        }
        Ok(adopted)
    }

    /// Removes the file if nothing is in it.
    pub(super) fn close(self) {
        if let Some((path, _locked)) = self.file
            && self.len == 0
        {
            let _ = fs::remove_file(path);
        }
    }

    fn open(&mut self, dir: &Path) -> io::Result<&mut File> {
        let (_, file) = match self.file.take() {
            Some(open) => self.file.insert(open),
            None => {
                let tag: [u8; 8] = self.random.bytes()?;
                let path = dir.join(format!("{FILE_PREFIX}{:016x}{FILE_SUFFIX}", u64::from_le_bytes(tag)));
                // Locked before it has the name others look for: an unlocked file of that name is an orphan.
                let unnamed = path.with_extension("new");
                let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&unnamed)?;
                file.try_lock().map_err(io::Error::from)?;
                fs::rename(&unnamed, &path)?;
                File::open(dir)?.sync_all()?;
                self.len = 0;
                self.file.insert((path, file))
            }
        };
        Ok(file)
    }
}

/// The outbox files of a directory, in order of their age.
fn outbox_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(FILE_PREFIX) && name.ends_with(FILE_SUFFIX) {
            // A file that vanished in between was adopted by somebody else.
            let Ok(modified) = entry.metadata().and_then(|meta| meta.modified()) else { continue };
            files.push((modified, entry.path()));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// Opens and locks a file nobody owns any more. None if somebody does, or somebody else took it over just now.
fn lock_orphan(path: &Path) -> io::Result<Option<File>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(e)) => return Err(e),
    }
    // The name may be gone since the file was opened.
    match fs::metadata(path) {
        Ok(meta) if meta.ino() == file.metadata()?.ino() => Ok(Some(file)),
        Ok(_) => Ok(None),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Size from which a file that never empties is written anew, bytes.
pub(super) const REWRITE_BYTES: u64 = 8 * 1024 * 1024;

const FILE_PREFIX: &str = "outbox-";
const FILE_SUFFIX: &str = ".log";
const CHECKSUM_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use chat_proto::RejectCode;

    fn message(key: u8) -> Outgoing {
        Outgoing {
            key: MessageKey([key; 16]),
            room: RoomId(7),
            style: Style::Action,
            text: format!("text {key}"),
            reply_to: key.is_multiple_of(2).then_some(Seq(key.into())),
            refused: None,
        }
    }

    fn own(dir: &Path) -> OutboxFile {
        OutboxFile::new(Some(dir.to_owned()), Random::system())
    }

    fn files(dir: &Path) -> usize {
        outbox_files(dir).unwrap().len()
    }

    #[test]
    fn what_was_appended_is_adopted_once_when_its_owner_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let mut dead = own(dir.path());
        dead.append(&[1, 2, 3].map(message).map(Record::Added)).unwrap();
        dead.append(&[Record::Removed(MessageKey([2; 16]))]).unwrap();
        let mut living = own(dir.path());
        assert_eq!(living.adopt().unwrap(), []);
        drop(dead);
        assert_eq!(living.adopt().unwrap(), [message(1), message(3)]);
        assert_eq!(living.adopt().unwrap(), []);
        assert_eq!(files(dir.path()), 1);
        drop(living);
        assert_eq!(own(dir.path()).adopt().unwrap(), [message(1), message(3)]);
    }

    #[test]
    fn a_message_in_two_orphans_is_adopted_once() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            own(dir.path()).append(&[Record::Added(message(1))]).unwrap();
        }
        assert_eq!(files(dir.path()), 2);
        assert_eq!(own(dir.path()).adopt().unwrap(), [message(1)]);
    }

    #[test]
    fn every_torn_or_flipped_tail_keeps_the_records_before_it() {
        let bytes: Vec<u8> = [1, 2].map(message).map(Record::Added).iter().flat_map(Record::encode).collect();
        let first = Record::Added(message(1)).encode().len();
        for end in 0..bytes.len() {
            let kept = replay(&bytes[..end]);
            assert_eq!(kept.len(), usize::from(end >= first), "cut at {end}");
        }
        for bit in first * 8..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(replay(&flipped), [message(1)], "bit {bit}");
        }
    }

    #[test]
    fn refusals_and_retries_survive() {
        let reject = Reject::new(RejectCode::Forbidden, "no");
        let records = [
            Record::Added(message(1)),
            Record::Added(message(2)),
            Record::Refused(MessageKey([1; 16]), reject.clone()),
        ];
        let mut bytes: Vec<u8> = records.iter().flat_map(Record::encode).collect();
        assert_eq!(replay(&bytes), [Outgoing { refused: Some(reject), ..message(1) }, message(2)]);
        bytes.extend(Record::Retried(MessageKey([1; 16])).encode());
        assert_eq!(replay(&bytes), [message(2), message(1)]);
    }

    #[test]
    fn an_empty_outbox_leaves_no_file_and_a_long_one_is_rewritten() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = own(dir.path());
        file.append(&[1, 2].map(message).map(Record::Added)).unwrap();
        let long = file.len();
        file.rewrite(&[message(2)]).unwrap();
        assert!(file.len() < long);
        assert_eq!(files(dir.path()), 1);
        file.append(&[Record::Added(message(3))]).unwrap();
        drop(file);
        let mut file = own(dir.path());
        assert_eq!(file.adopt().unwrap(), [message(2), message(3)]);
        file.clear().unwrap();
        file.close();
        assert_eq!(files(dir.path()), 0);
    }

    #[test]
    fn an_unwritable_directory_is_an_error_and_nothing_is_lost() {
        let mut file = own(Path::new("/nonexistent-directory"));
        assert!(file.append(&[Record::Added(message(1))]).is_err());
        assert_eq!(file.len(), 0);
    }
}
