//! A disk that keeps what was flushed, and of everything else as much as it likes.

use std::collections::BTreeMap;
use std::path::Path;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::trace::Call;

/// What a disk makes of changes that were not flushed when the power failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    /// None of them is there.
    Dropped,
    /// Each of them may be there.
    Some,
    /// All are there, the last one only in part.
    Torn,
    /// Some are there, in another order.
    Reordered,
}

pub(crate) const MODELS: [Model; 4] = [Model::Dropped, Model::Some, Model::Torn, Model::Reordered];

/// The names and contents of files.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    name_changes: Vec<BTreeMap<String, usize>>,
}

#[derive(Debug, Default)]
struct File {
    durable: Vec<u8>,
    changes: Vec<Change>,
    /// Where a write without an offset goes.
    place: usize,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

impl Disk {
    /// Follows a call. Whether anything changed.
    pub(crate) fn follow(&mut self, call: &Call) -> bool {
        match call {
            Call::Say(_) => return false,
            Call::Create(name) => match self.names.get(name) {
                Some(file) => {
                    self.files[*file].place = 0;
                    return false;
                }
                None => {
                    self.files.push(File::default());
                    self.names.insert(name.clone(), self.files.len() - 1);
                    self.name_changes.push(self.names.clone());
                }
            },
            Call::Unlink(name) => {
                self.names.remove(name);
                self.name_changes.push(self.names.clone());
            }
            Call::Rename(from, to) => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
                self.name_changes.push(self.names.clone());
            }
            Call::Sync(dir) if dir.is_empty() => {
                self.durable_names = self.names.clone();
                self.name_changes.clear();
            }
            Call::Sync(name) => self.with_file(name, |file| {
                for change in std::mem::take(&mut file.changes) {
                    change.apply(&mut file.durable);
                }
            }),
            Call::Truncate(name, len) => self.with_file(name, |file| file.changes.push(Change::Truncate(*len))),
            Call::Write(name, offset, bytes) => self.with_file(name, |file| {
                let offset = offset.unwrap_or(file.place);
                file.place = offset + bytes.len();
                file.changes.push(Change::Write(offset, bytes.clone()));
            }),
        }
        true
    }

    /// A file that has no name any more cannot come back.
    fn with_file(&mut self, name: &str, change: impl FnOnce(&mut File)) {
        if let Some(file) = self.names.get(name) {
            change(&mut self.files[*file]);
        }
    }

    /// Writes what is left after a power failure to an empty directory.
    pub(crate) fn write_image(&self, model: Model, random: &mut StdRng, dir: &Path) {
        let names = match model {
            Model::Dropped => &self.durable_names,
            Model::Torn => &self.names,
            Model::Some | Model::Reordered => match random.random_range(0..=self.name_changes.len()) {
                0 => &self.durable_names,
                kept => &self.name_changes[kept - 1],
            },
        };
        for (name, file) in names {
            std::fs::write(dir.join(name), self.files[*file].image(model, random)).unwrap();
        }
    }
}

impl File {
    fn image(&self, model: Model, random: &mut StdRng) -> Vec<u8> {
        let mut changes = self.changes.clone();
        match model {
            Model::Dropped => changes.clear(),
            Model::Some => changes.retain(|_| random.random_bool(0.5)),
            Model::Torn => {
                if let Some(Change::Write(_, bytes)) = changes.last_mut() {
                    bytes.truncate(random.random_range(0..=bytes.len() / SECTOR_BYTES) * SECTOR_BYTES);
                }
            }
            Model::Reordered => {
                changes.shuffle(random);
                changes.truncate(random.random_range(0..=changes.len()));
            }
        }
        let mut content = self.durable.clone();
        changes.iter().for_each(|change| change.apply(&mut content));
        content
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Truncate(len) => content.resize(*len, 0),
            Self::Write(offset, bytes) => {
                let end = offset + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*offset..end].copy_from_slice(bytes);
            }
        }
    }
}

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;
