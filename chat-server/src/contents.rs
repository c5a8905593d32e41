//! The bytes of files on disk: each under its hash when it is whole, and until then under whose it is to be.
//!
//! Everything here waits for a disk. Never: a name that came from outside.

use std::fs::{self, DirEntry, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chat_proto::limits::FILE_CHUNK_BYTES;
use chat_proto::{AccountId, FileHash};

use crate::data_dir;
use crate::digest::Sha256;
use crate::store::dir::sync_dir;

/// A file that is being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Who sends it.
    pub account: AccountId,
    /// What the SHA-256 of its bytes is to be.
    pub hash: FileHash,
    /// How many bytes it is to have.
    pub size: u64,
}

impl Part {
    fn name(&self) -> String {
        format!("{}-{}-{}", self.account, self.size, self.hash)
    }

    fn of_name(name: &str) -> Option<Self> {
        let mut parts = name.splitn(3, '-');
        let (account, size, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let part = Self { account: AccountId(account.parse().ok()?), size: size.parse().ok()?, hash: hash_of(hash)? };
        (part.name() == name).then_some(part)
    }
}

/// What there is of a file that is being sent.
#[derive(Debug)]
pub struct Begun {
    /// Where its bytes go on.
    pub file: File,
    /// How many there are.
    pub offset: u64,
    /// The SHA-256 of them, to be gone on with.
    pub digest: Sha256,
}

/// A directory of files.
#[derive(Clone, Debug)]
pub struct Contents {
    root: PathBuf,
}

impl Contents {
    /// The files of a directory, which is made if there is none, for its owner only.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(root: &Path) -> io::Result<Self> {
        data_dir::create(&root.join(INCOMING))?;
        Ok(Self::at(root))
    }

    /// The files of a directory, as it is.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where a whole file is.
    #[must_use]
    pub fn path(&self, hash: FileHash) -> PathBuf {
        let name = hash.to_string();
        self.root.join(&name[..2]).join(name)
    }

    fn part_path(&self, part: &Part) -> PathBuf {
        self.root.join(INCOMING).join(part.name())
    }

    /// Begins to take a file in, or goes on where it broke off.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(&self, part: &Part) -> io::Result<Begun> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(self.part_path(part))?;
        let mut digest = Sha256::default();
        let mut offset = hash_into(&mut digest, &mut file)?;
        if offset > part.size {
            file.set_len(0)?;
            file = options.open(self.part_path(part))?;
            (digest, offset) = (Sha256::default(), 0);
        }
        Ok(Begun { file, offset, digest })
    }

    /// Keeps a file that was taken in whole. When it returns, the file is on disk.
    ///
    /// # Errors
    /// What the system says.
    pub fn keep(&self, part: &Part, file: &File) -> io::Result<()> {
        file.sync_all()?;
        let path = self.path(part.hash);
        let directory = path.parent().unwrap_or(&self.root);
        data_dir::create(directory)?;
        fs::rename(self.part_path(part), &path)?;
        sync_dir(directory)?;
        sync_dir(&self.root)
    }

    /// Forgets what there is of a file that was being sent.
    ///
    /// # Errors
    /// What the system says; there being nothing is none.
    pub fn discard(&self, part: &Part) -> io::Result<()> {
        unless_missing(fs::remove_file(self.part_path(part)))
    }

    /// Removes a whole file.
    ///
    /// # Errors
    /// What the system says; there being none is none.
    pub fn remove(&self, hash: FileHash) -> io::Result<()> {
        unless_missing(fs::remove_file(self.path(hash)))
    }

    /// A whole file, to be read.
    ///
    /// # Errors
    /// What the system says.
    pub fn read(&self, hash: FileHash) -> io::Result<File> {
        File::open(self.path(hash))
    }

    /// The length and the SHA-256 of what lies where a whole file should.
    ///
    /// # Errors
    /// What the system says.
    pub fn measure(&self, hash: FileHash) -> io::Result<(u64, FileHash)> {
        let mut digest = Sha256::default();
        let size = hash_into(&mut digest, &mut self.read(hash)?)?;
        Ok((size, FileHash(digest.finish())))
    }

    /// Every whole file there is.
    ///
    /// # Errors
    /// What the system says.
    pub fn all(&self) -> io::Result<Vec<FileHash>> {
        let mut all = Vec::new();
        for directory in fs::read_dir(&self.root)? {
            let directory = directory?;
            if directory.file_name().len() == 2 && directory.file_type()?.is_dir() {
                for entry in fs::read_dir(directory.path())? {
                    all.extend(named(&entry?, hash_of));
                }
            }
        }
        Ok(all)
    }

    /// Every file that is being sent, and when something of it came last.
    ///
    /// # Errors
    /// What the system says.
    pub fn parts(&self) -> io::Result<Vec<(Part, SystemTime)>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.root.join(INCOMING))? {
            let entry = entry?;
            if let Some(part) = named(&entry, Part::of_name) {
                all.push((part, entry.metadata()?.modified()?));
            }
        }
        Ok(all)
    }
}

/// Hashes a file to its end, and says how many bytes that were.
fn hash_into(digest: &mut Sha256, file: &mut File) -> io::Result<u64> {
    let mut piece = vec![0; FILE_CHUNK_BYTES];
    let mut size = 0;
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(size),
            count => {
                digest.update(&piece[..count]);
                size += count as u64;
            }
        }
    }
}

fn named<T>(entry: &DirEntry, of: impl Fn(&str) -> Option<T>) -> Option<T> {
    entry.file_name().to_str().and_then(of)
}

/// The hash of 64 small hexadecimal digits.
fn hash_of(text: &str) -> Option<FileHash> {
    let mut hash = FileHash::default();
    for (byte, digits) in hash.0.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    }
    (hash.to_string() == text).then_some(hash)
}

fn unless_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The directory of files in the data directory.
pub const FILES_DIR: &str = "files";

/// Where files are that are being sent.
const INCOMING: &str = "incoming";

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::digest::sha256;

    #[test]
    fn what_broke_off_goes_on_where_it_was_and_is_kept_under_its_hash() {
        let dir = tempfile::tempdir().unwrap();
        let contents = Contents::open(&dir.path().join("files")).unwrap();
        let part = Part { account: AccountId(7), hash: FileHash(sha256(b"hello")), size: 5 };
        let mut begun = contents.begin(&part).unwrap();
        assert_eq!(begun.offset, 0);
        begun.file.write_all(b"hel").unwrap();
        drop(begun);
        assert_eq!(contents.parts().unwrap()[0].0, part);
        let mut begun = contents.begin(&part).unwrap();
        assert_eq!(begun.offset, 3);
        begun.file.write_all(b"lo").unwrap();
        begun.digest.update(b"lo");
        assert_eq!(FileHash(begun.digest.finish()), part.hash);
        contents.keep(&part, &begun.file).unwrap();
        assert_eq!((contents.parts().unwrap().len(), contents.all().unwrap()), (0, vec![part.hash]));
        assert_eq!(contents.measure(part.hash).unwrap(), (5, part.hash));
        contents.remove(part.hash).unwrap();
        contents.remove(part.hash).unwrap();
        assert_eq!(contents.all().unwrap(), []);
    }

    #[test]
    fn more_than_there_can_be_is_begun_again() {
        let dir = tempfile::tempdir().unwrap();
        let contents = Contents::open(dir.path()).unwrap();
        let part = Part { account: AccountId(7), hash: FileHash(sha256(b"hello")), size: 5 };
        contents.begin(&part).unwrap().file.write_all(b"hello and more").unwrap();
        assert_eq!(contents.begin(&part).unwrap().offset, 0);
        assert_eq!(contents.begin(&part).unwrap().offset, 0);
    }

    #[test]
    fn names_that_are_no_hashes_and_no_parts_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let contents = Contents::open(dir.path()).unwrap();
        let hash = FileHash([0xab; 32]).to_string();
        fs::create_dir(dir.path().join("ab")).unwrap();
        for name in ["x", &hash.to_uppercase(), &hash[1..], &format!("{hash}0")] {
            fs::write(dir.path().join("ab").join(name), "").unwrap();
        }
        for name in ["x", "1-2", "1-2-3", &format!("01-2-{hash}"), &format!("-1-2-{hash}")] {
            fs::write(dir.path().join(INCOMING).join(name), "").unwrap();
        }
        assert_eq!((contents.all().unwrap().len(), contents.parts().unwrap().len()), (0, 0));
    }
}
