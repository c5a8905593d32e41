//! What a server left in its data directory, as the checker wants it.

use std::path::Path;

use chat_proto::event::{Posted, ReadMarked};
use chat_proto::{Event, EventBody, FeedId, MessageKey, RoomId, Seq};
use chat_server::core::State as _;
use chat_server::core::account::Account;
use chat_server::store::{DataDir, Settings, SqliteStore, Store as _};

use crate::checker::{Dump, Marker, Row, digest};

/// Reads all rooms and read markers. The server of the directory must not be running.
///
/// # Errors
/// The directory is in use, or cannot be read.
pub async fn read(data: &Path) -> anyhow::Result<Dump> {
    let mut dump = Dump::default();
    let store = open(data)?;
    for room in store.registry().await?.rooms {
        dump.log.extend(events(&store, room.id).await?.into_iter().map(|event| Row {
            room: room.id.0,
            seq: event.seq.0,
            key: if event.key == MessageKey::default() { String::new() } else { event.key.to_string() },
            digest: if let EventBody::Posted(Posted { text, .. }) = &event.body { digest(text) } else { 0 },
        }));
    }
    for account in store.registry().await?.accounts {
        let feed = FeedId::Account(account.id);
        let Some(loaded) = store.load(feed).await? else { continue };
        let (mut state, mut next) = (Account::default(), Seq(1));
        if let Some(snapshot) = &loaded.snapshot {
            // The state stands behind a number of the hub's.
            state
                .restore(snapshot.bytes.get(8..).unwrap_or_default())
                .map_err(|e| anyhow::anyhow!("{feed:?}: {e:?}"))?;
            next = snapshot.seq.next();
        }
        for row in store.read(feed, next, usize::MAX >> 1).await? {
            state.apply(&row.event);
        }
        let account = account.name.to_string();
        for event in state.since(Seq::ZERO) {
            if let EventBody::ReadMarked(ReadMarked { room, seq, .. }) = event.body {
                dump.marks.push(Marker { account: account.clone(), room: room.0, seq: seq.0 });
            }
        }
    }
    store.close().await;
    Ok(dump)
}

/// Looks at all events of one room after the other, of which there may be more than memory holds.
///
/// # Errors
/// As [`read`].
pub async fn each_room(data: &Path, mut look: impl FnMut(RoomId, Vec<Event>)) -> anyhow::Result<()> {
    let store = open(data)?;
    for room in store.registry().await?.rooms {
        look(room.id, events(&store, room.id).await?);
    }
    store.close().await;
    Ok(())
}

fn open(data: &Path) -> anyhow::Result<SqliteStore> {
    Ok(SqliteStore::open(DataDir::lock(data)?, Settings::default())?)
}

async fn events(store: &SqliteStore, room: RoomId) -> anyhow::Result<Vec<Event>> {
    let rows = store.read(FeedId::Room(room), Seq(1), usize::MAX >> 1).await?;
    Ok(rows.into_iter().map(|row| row.event).collect())
}
