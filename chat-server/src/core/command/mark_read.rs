//! Mark read: everything in a room up to a place is read. A marker never goes back.

use chat_proto::event::ReadMarked;
use chat_proto::{EventBody, Ordinal, Reject, RejectCode, RoomId};

use crate::core::account::{Account, Marker};

/// Everything up to a place is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkRead {
    /// The room.
    pub room: RoomId,
    /// The place.
    pub to: Marker,
}

/// An unbroken run of messages an account wrote itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The room's messages before the run.
    pub before: Ordinal,
    /// Its last message.
    pub to: Marker,
}

/// Messages an account wrote itself. An author who stood at the head stays there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPosts {
    /// The room.
    pub room: RoomId,
    /// The runs, in order.
    pub runs: Vec<Run>,
}

pub(in crate::core) fn decide(account: &Account, mark: &MarkRead) -> Result<Option<EventBody>, Reject> {
    if account.joined_room(mark.room).is_none() {
        return Err(Reject::new(RejectCode::NotMember, "a read marker needs a membership; join the room first"));
    }
    Ok(advance(account, mark.room, mark.to))
}

pub(in crate::core) fn own_posts(account: &Account, own: &OwnPosts) -> Option<EventBody> {
    account.joined_room(own.room)?;
    let present = account.read(own.room);
    let stands = own.runs.iter().fold(present, |at, run| if at.ordinal >= run.before { at.max(run.to) } else { at });
    advance(account, own.room, stands)
}

fn advance(account: &Account, room: RoomId, to: Marker) -> Option<EventBody> {
    let Marker { seq, ordinal } = to;
    (seq > account.read(room).seq).then_some(EventBody::ReadMarked(ReadMarked { room, seq, ordinal }))
}
