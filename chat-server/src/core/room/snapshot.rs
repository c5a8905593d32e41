//! A room's state as bytes: a part for the room itself, then one for each member, entry, pin and last post, each group ended by an
//! empty option; and since when nobody is a member, and who has messages
//! copied since when, which older snapshots lack.

use chat_proto::codec::{CodecError, Decode, FrameBuffer};
use chat_proto::event::Named;
use chat_proto::{AccountId, List, Role, RoomSetting, Seq, Timestamp};

use super::{Entry, Forwarding, Membership, Room, Settings};
use crate::core::{parts, put_part};

type Head = (String, Vec<RoomSetting>, bool, bool, Option<Named>);
type Member = (AccountId, String, Role, Timestamp, Seq);
type Listed = ((List, AccountId), (String, Option<Timestamp>, String), (AccountId, Timestamp));

pub(super) fn write(room: &Room) -> Vec<u8> {
    let mut bytes = Vec::new();
    let head: Head = (room.name.clone(), room.settings.all(), room.is_direct, room.is_deleted, room.owner.clone());
    put_part(&mut bytes, &head);
    for (account, Membership { name, role, since, joined }) in &room.members {
        put_part(&mut bytes, &Some::<Member>((*account, name.clone(), *role, *since, *joined)));
    }
    put_part(&mut bytes, &None::<Member>);
    for (list, account, entry) in room.lists.iter() {
        let Entry { name, until, reason, by, since } = entry.clone();
        put_part(&mut bytes, &Some::<Listed>(((list, account), (name, until, reason), (by, since))));
    }
    put_part(&mut bytes, &None::<Listed>);
    for pin in &room.pins {
        put_part(&mut bytes, &Some(*pin));
    }
    put_part(&mut bytes, &None::<Seq>);
    for (account, at) in &room.last_posts {
        put_part(&mut bytes, &Some((*account, *at)));
    }
    put_part(&mut bytes, &None::<(AccountId, Timestamp)>);
    put_part(&mut bytes, &room.empty_since);
    put_part(&mut bytes, &room.forwarding.as_ref().map(|it| (it.by, it.since)));
    bytes
}

pub(super) fn read(bytes: &[u8]) -> Result<Room, CodecError> {
    let mut parts = parts(bytes);
    let Some((name, settings, is_direct, is_deleted, owner)) = parts.pop::<Head>()? else {
        return Ok(Room::default());
    };
    let mut room = Room { name, is_direct, is_deleted, owner, settings: Settings::default(), ..Room::default() };
    settings.iter().for_each(|setting| room.settings.apply(setting));
    while let Some((account, name, role, since, joined)) = next::<Member>(&mut parts)? {
        room.members.insert(account, Membership { name, role, since, joined });
    }
    while let Some(((list, account), (name, until, reason), (by, since))) = next::<Listed>(&mut parts)? {
        room.lists.restore(list, account, Entry { name, until, reason, by, since });
    }
    while let Some(pin) = next::<Seq>(&mut parts)? {
        room.pins.insert(pin);
    }
    while let Some((account, at)) = next::<(AccountId, Timestamp)>(&mut parts)? {
        room.last_posts.insert(account, at);
    }
    room.empty_since = next::<Timestamp>(&mut parts)?;
    let forwarding = next::<(AccountId, Seq)>(&mut parts)?;
    room.forwarding = forwarding.map(|(by, since)| Forwarding { by, since, to: room.settings.forward_to.clone() });
    Ok(room)
}

/// The next part of a group, if the group has not ended.
fn next<T: Decode<()>>(parts: &mut FrameBuffer) -> Result<Option<T>, CodecError> {
    Ok(parts.pop::<Option<T>>()?.flatten())
}
