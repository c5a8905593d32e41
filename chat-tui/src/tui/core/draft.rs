//! What is begun and not sent in a room, as the account keeps it for all devices.

use std::time::Duration;

use chat_proto::{Seq, Text};

use super::command::{Line, read};
use super::model::Model;
use super::room_state::{Intent, RoomState};
use super::server::{RoomKey, Server};

/// How long after the last key what is written becomes the account's draft.
pub const DRAFT_AFTER: Duration = Duration::from_secs(2);

/// How the line of a room stands to the account's draft for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    /// The account's draft, as last known or asked for.
    pub(super) base: String,
    /// The event it was last known from.
    pub(super) seen: Seq,
    /// What was written when it was last looked.
    pub(super) last: String,
    /// When what is written becomes the draft.
    pub(super) due: Option<Duration>,
    /// It was asked for, and its event has not come yet: what comes before that is older.
    pub(super) asked: bool,
    /// Whether the room was being looked at.
    pub(super) open: bool,
}

/// What of a room's line is worth keeping: nothing of a command. None while the words of a message are being changed.
pub(super) fn worth(room: &RoomState) -> Option<&str> {
    match room.intent {
        Intent::Edit(_) => None,
        Intent::Say | Intent::Reply(_) => {
            let text = room.composer.text();
            let said = !text.is_empty() && matches!(read(text), Line::Say(_)) && Text::parse(text).is_ok();
            Some(if said { text } else { "" })
        }
    }
}

/// Whether something is begun in a room, here or on another device.
pub(super) fn begun(server: &Server, key: RoomKey) -> bool {
    let here = server.rooms.get(&key.room).map(|room| (worth(room), room.draft.seen));
    match here {
        Some((Some(text), _)) if !text.is_empty() => true,
        // What is known of the account's draft is in the line already, or was taken out of it.
        Some((_, seen)) if seen > Seq::ZERO => false,
        Some(_) | None => !server.account.choices.draft(key.room).is_empty(),
    }
}

impl Model {
    /// When what is written somewhere becomes the account's draft.
    pub(super) fn draft_due(&self) -> Option<Duration> {
        let online = self.servers.iter().filter(|server| server.is_online() && !self.prefs.explore);
        let due = online.flat_map(|server| server.rooms.values()).filter_map(|room| room.draft.due);
        due.filter(|due| *due > self.now.mono).min()
    }
}
