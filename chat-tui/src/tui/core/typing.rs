//! Who is writing right now.

use std::time::Duration;

use chat_proto::delivery::Typing;
use chat_proto::limits::TYPING_HOLD_MS;
use chat_proto::{AccountId, RoomId};

/// People remembered as writing; further ones are not shown.
const TYPISTS_MAX: usize = 256;

/// Who is writing where, and until when that is believed.
#[derive(Clone, Debug, Default)]
pub(super) struct Typists(Vec<(RoomId, AccountId, String, Duration)>);

impl Typists {
    pub(super) fn apply(&mut self, typing: Typing, now: Duration) {
        self.stop(typing.room, typing.account);
        if typing.active && self.0.len() < TYPISTS_MAX {
            self.0.push((typing.room, typing.account, typing.name, now + Duration::from_millis(TYPING_HOLD_MS)));
        }
    }

    pub(super) fn stop(&mut self, room: RoomId, account: AccountId) {
        self.0.retain(|(where_, who, _, _)| (*where_, *who) != (room, account));
    }

    pub(super) fn expire(&mut self, now: Duration) {
        self.0.retain(|(_, _, _, until)| *until > now);
    }

    pub(super) fn next(&self) -> Option<Duration> {
        self.0.iter().map(|(_, _, _, until)| *until).min()
    }

    pub(super) fn names(&self, room: RoomId) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(where_, _, _, _)| *where_ == room).map(|(_, _, name, _)| name.as_str())
    }
}
