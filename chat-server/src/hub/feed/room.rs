//! What a room's feed is beyond a list of events: who reads it, how much is kept, and what its events mean elsewhere.

use chat_proto::delivery::EndReason;
use chat_proto::setting::Retention;
use chat_proto::{Epoch, Event, EventBody, FeedId, RoomName, Timestamp};

use crate::core::access::Action;
use crate::core::command::RoomCommand;
use crate::core::room::Room;
use crate::hub::Hub;
use crate::hub::gate::Gate;
use crate::hub::handle::{FeedState, Submit};
use crate::hub::shared::Shared;
use crate::store::{Keep, Registration};

impl FeedState for Room {
    const TRIMS: bool = false;

    fn note(&self, hub: &Hub, feed: FeedId, epoch: Epoch, event: &Event) {
        let FeedId::Room(room) = feed else { return };
        if let EventBody::Renamed(renamed) = &event.body
            && let Ok(name) = RoomName::parse(&renamed.new)
        {
            hub.write_directory(|directory| directory.renamed(room, &name));
        }
        hub.notes().add(room, epoch, self.name(), event);
        hub.forwards().note(room, self, event);
        if matches!(event.body, EventBody::Deleted(_)) {
            hub.write_directory(|directory| directory.end_room(room));
            hub.notes().ended(room, event.seq, self.members().keys().copied());
        }
    }

    fn shows(&self, shared: &Shared) {
        let mode = self.settings().presence;
        shared.signal(|signals| signals.show(mode));
    }

    fn keeps(&self) -> Option<Keep> {
        if self.is_deleted() {
            return Some(Keep { count: Some(0), age_us: None, bytes: None });
        }
        let Retention { messages, age_s, bytes } = self.settings().retention;
        let age_us = age_s.map(|seconds| i64::try_from(seconds.saturating_mul(1_000_000)).unwrap_or(i64::MAX));
        (messages.is_some() || age_us.is_some() || bytes.is_some()).then_some(Keep { count: messages, age_us, bytes })
    }

    fn registers(feed: FeedId, event: &Event) -> Option<Registration> {
        let FeedId::Room(room) = feed else { return None };
        if let EventBody::RoomChanged(changed) = &event.body {
            return changed.changes.iter().any(Self::needs_tending).then_some(Registration::TendRoom(room));
        }
        matches!(event.body, EventBody::Deleted(_)).then_some(Registration::EndRoom(room))
    }

    fn replaces(&self, event: &Event) -> bool {
        !self.settings().edits_kept && event.body.kind() == EventBody::EDITED
    }

    fn due(&self) -> Option<Timestamp> {
        self.ends_at()
    }

    fn end_for(&self, hub: &Hub, gate: &Gate, now: Timestamp) -> Option<EndReason> {
        let reader = gate.reader();
        if !self.exists() {
            return Some(EndReason::Deleted);
        }
        if gate.is_member() && !self.members().contains_key(&reader.account) {
            return Some(EndReason::Left);
        }
        hub.check(self, reader, Action::Read, now).is_err().then_some(EndReason::NoAccess)
    }

    fn partings(&self, hub: &Hub) -> Vec<Submit<RoomCommand>> {
        hub.partings_of(self)
    }

    fn is_boundary(command: &RoomCommand) -> bool {
        match command {
            RoomCommand::Leave(_)
            | RoomCommand::PutOnList(_)
            | RoomCommand::TakeOffList(_)
            | RoomCommand::SetRole(_)
            | RoomCommand::Transfer(_)
            | RoomCommand::Change(_)
            | RoomCommand::Kick(_)
            | RoomCommand::Delete(_)
            | RoomCommand::Tend => true,
            RoomCommand::Create(_)
            | RoomCommand::BeginDirect(_)
            | RoomCommand::Join(_)
            | RoomCommand::Post(_)
            | RoomCommand::Edit(_)
            | RoomCommand::Redact(_)
            | RoomCommand::React(_)
            | RoomCommand::Pin(_)
            | RoomCommand::Rename(_)
            | RoomCommand::Purge(_) => false,
        }
    }
}
