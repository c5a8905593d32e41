//! Names, numbers and keys: the tables beside the feeds.

use chat_proto::{AccountId, DeviceId, DeviceKey, Epoch, FeedId, Line, RoomId, RoomName, Timestamp, UserName};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};

use super::error::store_error;
use super::read::number;
use super::write::Failure;
use super::{feed_key, files, seal};
use crate::digest::chain_start;
use crate::store::{AccountRecord, DeviceRecord, Registration, Registry, RoomRecord, StoreError, StoreResult};

/// Every name and key.
///
/// # Errors
/// [`StoreError::Corrupt`] for one that is not as it was registered.
pub(crate) fn registry(db: &Connection) -> StoreResult<Registry> {
    let rooms = list(db, "SELECT id, name, digest FROM room", |row| {
        let (id, name) = (RoomId(number(row, 0)?), row.get::<_, String>(1)?);
        Ok(RoomName::parse(&name).map(|name| RoomRecord { id, name }).ok().map(|room| (seal::room(&room), room)))
    });
    let aliases = list(db, "SELECT room, name, digest FROM room_alias", |row| {
        let (id, name) = (RoomId(number(row, 0)?), row.get::<_, String>(1)?);
        Ok(RoomName::parse(&name).map(|name| RoomRecord { id, name }).ok().map(|room| (seal::alias(&room), room)))
    });
    let ended = list(db, "SELECT id, name, digest FROM ended_room", |row| {
        let (id, name) = (RoomId(number(row, 0)?), row.get::<_, String>(1)?);
        Ok(RoomName::parse(&name).map(|name| RoomRecord { id, name }).ok().map(|room| (seal::ended(&room), room)))
    });
    let accounts = list(db, "SELECT id, name, digest, since FROM account", |row| {
        let (id, name, since) = (AccountId(number(row, 0)?), row.get::<_, String>(1)?, Timestamp(row.get(3)?));
        let account = UserName::parse(&name).map(|name| AccountRecord { id, name, since }).ok();
        Ok(account.map(|account| (seal::account(&account), account)))
    });
    let devices = list(db, "SELECT id, key, digest, account, since, label, revoked FROM device", |row| {
        Ok(device(row)?.map(|device| (seal::device(&device), device)))
    });
    let tended = tended(db).map_err(|error| store_error(&error));
    let (rooms, aliases, ended, tended) = (rooms?, aliases?, ended?, tended?);
    let mut registry = Registry { rooms, aliases, ended, tended, accounts: accounts?, devices: devices? };
    registry.rooms.sort_by_key(|each| each.id);
    registry.aliases.sort_by(|one, other| (one.id, &one.name).cmp(&(other.id, &other.name)));
    registry.ended.sort_by_key(|each| each.id);
    registry.accounts.sort_by_key(|each| each.id);
    registry.devices.sort_by_key(|each| each.id);
    Ok(registry)
}

fn tended(db: &Connection) -> rusqlite::Result<Vec<RoomId>> {
    let mut query = db.prepare_cached("SELECT id FROM tended_room ORDER BY id")?;
    query.query_map([], |row| Ok(RoomId(number(row, 0)?)))?.collect()
}

/// The device of a query for the columns `id, key, digest, account, since, label, revoked`; nothing for what is none.
fn device(row: &SqlRow<'_>) -> rusqlite::Result<Option<DeviceRecord>> {
    let (id, key, account) = (DeviceId(number(row, 0)?), DeviceKey(row.get(1)?), AccountId(number(row, 3)?));
    let (since, label, revoked) = (Timestamp(row.get(4)?), row.get::<_, String>(5)?, row.get(6)?);
    Ok(Line::parse(&label).ok().map(|label| DeviceRecord { id, key, account, since, label, revoked }))
}

/// Every row of a table whose third column is the checksum that `read` gives with each.
fn list<T>(
    db: &Connection,
    sql: &str,
    read: impl Fn(&SqlRow<'_>) -> rusqlite::Result<Option<([u8; 16], T)>>,
) -> StoreResult<Vec<T>> {
    let read = |row: &SqlRow<'_>| {
        let found = read(row)?;
        let digest: [u8; 16] = row.get(2)?;
        Ok(found.and_then(|(sum, record)| (sum == digest).then_some(record)).ok_or(row.get::<_, i64>(0)?))
    };
    let all = db.prepare_cached(sql).and_then(|mut query| query.query_map([], read)?.collect::<Result<Vec<_>, _>>());
    let damaged = |id| StoreError::Corrupt(format!("number {id} of the registry is not as it was registered"));
    all.map_err(|error| store_error(&error))?.into_iter().map(|each| each.map_err(damaged)).collect()
}

/// Changes the registry.
pub(super) fn register(db: &Connection, epoch: Epoch, registration: &Registration) -> Result<(), Failure> {
    match registration {
        Registration::Room(room) => {
            if is_anothers_alias(db, room)? {
                return Err(Failure::Clean(StoreError::Conflict));
            }
            insert_room(db, room)?;
            begin_feed(db, epoch, FeedId::Room(room.id))
        }
        Registration::Rename(room) => rename(db, room),
        Registration::EndRoom(room) => end_room(db, *room),
        Registration::TendRoom(room) => tend_room(db, *room),
        Registration::Account(account, device) => {
            insert_account(db, account)?;
            insert_device(db, device)?;
            begin_feed(db, epoch, FeedId::Account(account.id))
        }
        Registration::Device(device) => {
            let owner = device.account.0.cast_signed();
            if !db.prepare_cached("SELECT 1 FROM account WHERE id = ?1")?.exists([owner])? {
                return Err(Failure::Clean(StoreError::Conflict));
            }
            Ok(insert_device(db, device)?)
        }
        Registration::RevokeDevice(id) => revoke_device(db, *id),
        Registration::ClaimFile(claim) => Ok(files::claim(db, claim)?),
        Registration::DropFileClaims(before) => Ok(files::drop_claims(db, *before)?),
        Registration::Server => begin_feed(db, epoch, FeedId::Account(AccountId::SERVER)),
    }
}

fn begin_feed(db: &Connection, epoch: Epoch, feed: FeedId) -> Result<(), Failure> {
    let chain = chain_start(feed, epoch);
    let feed = feed_key(feed).map_err(Failure::Dirty)?;
    let sql = "INSERT INTO feed (id, began, chain, base_chain) VALUES (?1, ?2, ?3, ?3)";
    db.prepare_cached(sql)?.execute(params![feed, epoch.0.cast_signed(), chain.0])?;
    Ok(())
}

fn insert_room(db: &Connection, room: &RoomRecord) -> rusqlite::Result<()> {
    let (id, name, keys, digest) = (room.id.0.cast_signed(), room.name.as_str(), room.name.keys(), seal::room(room));
    let sql = "INSERT INTO room (id, name, look, folded, digest) VALUES (?1, ?2, ?3, ?4, ?5)";
    db.prepare_cached(sql)?.execute(params![id, name, keys.look, keys.folded, digest])?;
    Ok(())
}

/// Whether a name, or one that looks like it, was another room's.
fn is_anothers_alias(db: &Connection, room: &RoomRecord) -> rusqlite::Result<bool> {
    let keys = room.name.keys();
    let sql = "SELECT 1 FROM room_alias WHERE room <> ?1 AND (look = ?2 OR folded = ?3)";
    db.prepare_cached(sql)?.exists(params![room.id.0.cast_signed(), keys.look, keys.folded])
}

fn rename(db: &Connection, room: &RoomRecord) -> Result<(), Failure> {
    let (id, name, keys, digest) = (room.id.0.cast_signed(), room.name.as_str(), room.name.keys(), seal::room(room));
    let mut query = db.prepare_cached("SELECT name FROM room WHERE id = ?1")?;
    let Some(before) = query.query_row([id], |row| row.get::<_, String>(0)).optional()? else {
        return Err(Failure::Clean(StoreError::Conflict));
    };
    if is_anothers_alias(db, room)? {
        return Err(Failure::Clean(StoreError::Conflict));
    }
    if before == name {
        return Ok(());
    }
    let sql = "UPDATE room SET name = ?2, look = ?3, folded = ?4, digest = ?5 WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![id, name, keys.look, keys.folded, digest])?;
    db.prepare_cached("DELETE FROM room_alias WHERE room = ?1 AND name = ?2")?.execute(params![id, name])?;
    let damaged = |_| Failure::Dirty(StoreError::Corrupt(format!("the name of room {} is none", room.id)));
    let before = RoomRecord { id: room.id, name: RoomName::parse(&before).map_err(damaged)? };
    let (keys, digest) = (before.name.keys(), seal::alias(&before));
    let sql = "INSERT INTO room_alias (room, name, look, folded, digest) VALUES (?1, ?2, ?3, ?4, ?5)";
    db.prepare_cached(sql)?.execute(params![id, before.name.as_str(), keys.look, keys.folded, digest])?;
    Ok(())
}

fn end_room(db: &Connection, room: RoomId) -> Result<(), Failure> {
    let id = room.0.cast_signed();
    let mut query = db.prepare_cached("DELETE FROM room WHERE id = ?1 RETURNING name")?;
    let Some(name) = query.query_row([id], |row| row.get::<_, String>(0)).optional()? else {
        return Err(Failure::Clean(StoreError::Conflict));
    };
    let damaged = |_| Failure::Dirty(StoreError::Corrupt(format!("the name of room {room} is none")));
    let ended = RoomRecord { id: room, name: RoomName::parse(&name).map_err(damaged)? };
    let sql = "INSERT INTO ended_room (id, name, digest) VALUES (?1, ?2, ?3)";
    db.prepare_cached(sql)?.execute(params![id, name, seal::ended(&ended)])?;
    db.prepare_cached("DELETE FROM room_alias WHERE room = ?1")?.execute([id])?;
    db.prepare_cached("DELETE FROM tended_room WHERE id = ?1")?.execute([id])?;
    Ok(())
}

fn tend_room(db: &Connection, room: RoomId) -> Result<(), Failure> {
    let id = room.0.cast_signed();
    if !db.prepare_cached("SELECT 1 FROM room WHERE id = ?1")?.exists([id])? {
        return Err(Failure::Clean(StoreError::Conflict));
    }
    db.prepare_cached("INSERT OR IGNORE INTO tended_room (id) VALUES (?1)")?.execute([id])?;
    Ok(())
}

fn insert_account(db: &Connection, account: &AccountRecord) -> rusqlite::Result<()> {
    let (id, name, keys) = (account.id.0.cast_signed(), account.name.as_str(), account.name.keys());
    let digest = seal::account(account);
    let sql = "INSERT INTO account (id, name, look, folded, since, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    db.prepare_cached(sql)?.execute(params![id, name, keys.look, keys.folded, account.since.0, digest])?;
    Ok(())
}

fn insert_device(db: &Connection, device: &DeviceRecord) -> rusqlite::Result<()> {
    let (id, owner, digest) = (device.id.0.cast_signed(), device.account.0.cast_signed(), seal::device(device));
    let sql =
        "INSERT INTO device (id, key, account, since, label, revoked, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let (since, label) = (device.since.0, device.label.as_str());
    db.prepare_cached(sql)?.execute(params![id, device.key.0, owner, since, label, device.revoked, digest])?;
    Ok(())
}

fn revoke_device(db: &Connection, id: DeviceId) -> Result<(), Failure> {
    let sql = "SELECT id, key, digest, account, since, label, revoked FROM device WHERE id = ?1";
    let found = db.prepare_cached(sql)?.query_row([id.0.cast_signed()], device).optional()?;
    let Some(device) = found.flatten() else { return Err(Failure::Clean(StoreError::Conflict)) };
    let device = DeviceRecord { revoked: true, ..device };
    let sql = "UPDATE device SET revoked = 1, digest = ?2 WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![id.0.cast_signed(), seal::device(&device)])?;
    Ok(())
}
