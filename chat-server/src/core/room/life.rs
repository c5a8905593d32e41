//! What happens to a room by itself: it ends when nobody was a member for long.

use chat_proto::{RoomFact, RoomSetting, Timestamp};

use super::Room;

impl Room {
    /// When it comes to its end because nobody is a member.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        let (seconds, since) = (self.settings.empty_for_s?, self.empty_since?);
        (self.exists() && self.members.is_empty()).then(|| Timestamp(since.0 + i64::from(seconds) * 1_000_000))
    }

    /// Whether something may happen in it though nobody does anything.
    #[must_use]
    pub fn needs_tending(change: &RoomSetting) -> bool {
        match change {
            RoomSetting::Lifetime(it) => it.empty_for_s.is_some(),
            RoomSetting::Retention(it) => it.age_s.is_some(),
            RoomSetting::ForwardTo(it) => !it.rooms.is_empty(),
            RoomSetting::Topic(_)
            | RoomSetting::Title(_)
            | RoomSetting::Joining(_)
            | RoomSetting::Reading(_)
            | RoomSetting::Posting(_)
            | RoomSetting::Listing(_)
            | RoomSetting::SlowMode(_)
            | RoomSetting::PresenceShown(_)
            | RoomSetting::HistoryShown(_)
            | RoomSetting::EditWindow(_)
            | RoomSetting::EditsKept(_)
            | RoomSetting::Redaction(_)
            | RoomSetting::ReadReceipts(_)
            | RoomSetting::MembersMax(_)
            | RoomSetting::Filters(_)
            | RoomSetting::Archived(_)
            | RoomSetting::Unknown { .. } => false,
        }
    }

    /// Takes note of the room being empty from here on, or of how long it lives so.
    pub(super) fn note_empty(&mut self, was_empty: bool, at: Timestamp, fact: RoomFact<'_>) {
        let sets = |change: &RoomSetting| matches!(change, RoomSetting::Lifetime(_));
        let is_set = matches!(fact, RoomFact::RoomChanged(it) if it.changes.iter().any(sets));
        if self.members.is_empty() && (!was_empty || is_set) {
            self.empty_since = Some(at);
        }
    }
}
