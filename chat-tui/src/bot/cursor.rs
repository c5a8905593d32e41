//! A file that remembers how far each room was read, for a reader who goes on there after a restart.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_proto::{Epoch, RoomId, Seq};
use serde::{Deserialize, Serialize};

use super::{Exit, Failure};
use crate::client::ServerAddress;

/// How far one room was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which room; one deleted and made again under its name is another.
    pub room: RoomId,
    /// The history the number belongs to.
    pub epoch: Epoch,
    /// The last event read.
    pub seq: Seq,
}

/// The file as it is on disk.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    v: u32,
    server: String,
    rooms: BTreeMap<String, SavedPlace>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedPlace {
    id: u64,
    epoch: u64,
    seq: u64,
}

#[derive(Debug, Default)]
struct Places {
    rooms: BTreeMap<String, Place>,
    unsaved: bool,
}

impl Places {
    /// The place of a room, under the name it has or one it had.
    fn named(&self, room: RoomId, name: &str) -> Option<(&str, Place)> {
        let by_name = self.rooms.get_key_value(name).filter(|(_, place)| place.room == room);
        let found = by_name.or_else(|| self.rooms.iter().find(|(_, place)| place.room == room));
        found.map(|(name, place)| (name.as_str(), *place))
    }
}

/// A cursor file and what is to be written to it.
#[derive(Debug)]
pub struct CursorFile {
    path: PathBuf,
    server: String,
    places: Mutex<Places>,
    /// Held while the file is written, so that no older state overtakes a newer one.
    writing: tokio::sync::Mutex<()>,
}

impl CursorFile {
    /// Reads the file, if it is there.
    ///
    /// # Errors
    /// [`Exit::Usage`] for a file that is not readable, is no cursor file, or belongs to another server.
    pub fn open(path: &Path, server: &ServerAddress) -> Result<Arc<Self>, Failure> {
        let usage = |what: String| Failure::new(Exit::Usage, format!("{}: {what}", path.display()));
        let server = server.authority();
        let rooms = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(usage(error.to_string())),
            Ok(bytes) => {
                let saved: Saved =
                    serde_json::from_slice(&bytes).map_err(|e| usage(format!("this is no cursor file: {e}")))?;
                if saved.v != FILE_VERSION {
                    return Err(usage(format!(
                        "a cursor file of version {}; this build reads {FILE_VERSION}",
                        saved.v
                    )));
                }
                if saved.server != server {
                    return Err(usage(format!("this cursor file belongs to {}, not to {server}", saved.server)));
                }
                let place = |saved: SavedPlace| Place {
                    room: RoomId(saved.id),
                    epoch: Epoch(saved.epoch),
                    seq: Seq(saved.seq),
                };
                saved.rooms.into_iter().map(|(name, saved)| (name, place(saved))).collect()
            }
        };
        let places = Mutex::new(Places { rooms, unsaved: false });
        Ok(Arc::new(Self { path: path.to_owned(), server, places, writing: tokio::sync::Mutex::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far a room was read, whatever it was called then; where that is not known, how far one that had its name,
    /// without `#`.
    #[must_use]
    pub fn place(&self, room: RoomId, name: &str) -> Option<Place> {
        let places = self.lock();
        places.named(room, name).map(|(_, place)| place).or_else(|| places.rooms.get(name).copied())
    }

    /// A room was read so far. A place behind the one known changes nothing, unless the room is of another history.
    pub fn advance(&self, name: &str, place: Place) {
        let mut places = self.lock();
        let known = places.named(place.room, name).map(|(before, known)| (before.to_owned(), known));
        if let Some((before, known)) = known {
            if known.epoch == place.epoch && known.seq >= place.seq {
                return;
            }
            if before != name {
                places.rooms.remove(&before);
            }
        }
        places.rooms.insert(name.to_owned(), place);
        places.unsaved = true;
    }

    /// Writes what is new to the disk; when this returns it survives a crash. Whoever comes while another one writes is
    /// served by the next write.
    ///
    /// # Errors
    /// What the system says; it is tried again the next time.
    pub async fn save(self: &Arc<Self>) -> io::Result<()> {
        let _turn = self.writing.lock().await;
        let Some(bytes) = self.unsaved() else { return Ok(()) };
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || replace(&path, &bytes)).await.map_err(io::Error::other);
        let written = written.and_then(|written| written);
        if written.is_err() {
            self.lock().unsaved = true;
        }
        written
    }

    /// What is not on disk yet; it counts as written from here on.
    fn unsaved(&self) -> Option<Vec<u8>> {
        let mut places = self.lock();
        if !std::mem::take(&mut places.unsaved) {
            return None;
        }
        let saved = |place: &Place| SavedPlace { id: place.room.0, epoch: place.epoch.0, seq: place.seq.0 };
        let rooms = places.rooms.iter().map(|(name, place)| (name.clone(), saved(place))).collect();
        let file = Saved { v: FILE_VERSION, server: self.server.clone(), rooms };
        // Strings and numbers always become JSON.
        Some(serde_json::to_vec(&file).unwrap_or_default())
    }
}

/// Puts a file in place of another, whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    let written = write();
    if written.is_err() {
        // What could not be written is of no use to anybody.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// The version of the file.
const FILE_VERSION: u32 = 1;
