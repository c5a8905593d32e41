//! Notes: what a room's feed says of an account, written into the account's own feed. Idempotent, so that a crash between
//! the two is healed by saying it again.

use chat_proto::event::{Mentioned, RoomJoined, RoomLeft};
use chat_proto::seen::WasSeen;
use chat_proto::{Epoch, EventBody, RoomId, Seq, Timestamp};

use crate::core::account::{Account, Marker};

/// The account became a member of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteJoined {
    /// The room.
    pub room: RoomId,
    /// The history its numbers belong to.
    pub epoch: Epoch,
    /// Its name.
    pub name: String,
    /// The event that made it so. What lies before counts as read.
    pub at: Marker,
}

/// The account stopped being a member of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteLeft {
    /// The room.
    pub room: RoomId,
    /// The event that made it so.
    pub seq: Seq,
}

/// A message names the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteMention {
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
}

/// The account last asked for something at this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteSeen {
    /// When.
    pub at: Timestamp,
}

pub(in crate::core) fn seen(account: &Account, note: NoteSeen) -> Option<EventBody> {
    account.seen().is_none_or(|at| at < note.at).then_some(EventBody::WasSeen(WasSeen { at: note.at }))
}

pub(in crate::core) fn joined(account: &Account, note: &NoteJoined) -> Option<EventBody> {
    let news = account.membership_seq(note.room).is_none_or(|seq| seq < note.at.seq);
    news.then(|| {
        EventBody::RoomJoined(RoomJoined {
            room: note.room,
            epoch: note.epoch,
            name: note.name.clone(),
            seq: note.at.seq,
            ordinal: note.at.ordinal,
        })
    })
}

pub(in crate::core) fn left(account: &Account, note: &NoteLeft) -> Option<EventBody> {
    // Noted even where no membership was: a late note of the join before must not bring it back.
    let news = account.membership_seq(note.room).is_none_or(|seq| seq < note.seq);
    news.then_some(EventBody::RoomLeft(RoomLeft { room: note.room, seq: note.seq }))
}

pub(in crate::core) fn mention(account: &Account, note: &NoteMention) -> Option<EventBody> {
    let news = note.seq > account.read(note.room).seq && !account.has_mention(note.room, note.seq);
    news.then_some(EventBody::Mentioned(Mentioned { room: note.room, seq: note.seq }))
}
