//! Checksums of what is kept outside the feeds' chains, because SQLite doesn't notice a changed bit.

use aws_lc_rs::digest::{Context, SHA256};

use crate::store::{AccountRecord, DeviceRecord, RoomRecord, Snapshot};

/// Of a room in the registry.
pub(super) fn room(room: &RoomRecord) -> [u8; 16] {
    named(b"room", room)
}

/// Of a name that a room had.
pub(super) fn alias(room: &RoomRecord) -> [u8; 16] {
    named(b"room alias", room)
}

/// Of a room that came to its end.
pub(super) fn ended(room: &RoomRecord) -> [u8; 16] {
    named(b"ended room", room)
}

fn named(what: &[u8], room: &RoomRecord) -> [u8; 16] {
    let keys = room.name.keys();
    seal(&[what, &room.id.0.to_le_bytes(), room.name.as_str().as_bytes(), keys.look.as_bytes(), keys.folded.as_bytes()])
}

/// Of what is left of a message whose words were replaced.
pub(super) fn emptied(payload: &[u8]) -> [u8; 16] {
    seal(&[b"emptied", payload])
}

/// Of an account in the registry.
pub(super) fn account(account: &AccountRecord) -> [u8; 16] {
    let (name, keys) = (account.name.as_str().as_bytes(), account.name.keys());
    let (id, since) = (account.id.0.to_le_bytes(), account.since.0.to_le_bytes());
    seal(&[b"account", &id, name, keys.look.as_bytes(), keys.folded.as_bytes(), &since])
}

/// Of a device in the registry. One without a label that was not revoked has the sum it had before there were such.
pub(super) fn device(device: &DeviceRecord) -> [u8; 16] {
    let (id, owner, since) = (device.id.0.to_le_bytes(), device.account.0.to_le_bytes(), device.since.0.to_le_bytes());
    let mut parts = vec![&b"device"[..], &id, &device.key.0, &owner, &since];
    let (label, revoked) = (device.label.as_str().as_bytes(), [u8::from(device.revoked)]);
    if !label.is_empty() || device.revoked {
        parts.extend([label, &revoked]);
    }
    seal(&parts)
}

/// Of the snapshot of the feed with this key.
pub(super) fn snapshot(feed: i64, snapshot: &Snapshot) -> [u8; 16] {
    let (seq, version) = (snapshot.seq.0.to_le_bytes(), snapshot.version.to_le_bytes());
    seal(&[b"snapshot", &feed.to_le_bytes(), &seq, &version, &snapshot.bytes])
}

/// The start of the SHA-256 of the parts, each behind its length.
fn seal(parts: &[&[u8]]) -> [u8; 16] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_le_bytes());
        context.update(part);
    }
    let mut sum = [0; 16];
    sum.copy_from_slice(&context.finish().as_ref()[..16]);
    sum
}
