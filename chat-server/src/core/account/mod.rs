//! One account's feed: which rooms it is in, how far it has read them, who named it, what its owner set for himself, what
//! opens it.
//! Compacted: the newest event per key.

mod opened;
mod reach;

use std::collections::BTreeMap;

use chat_proto::codec::CodecError;
use chat_proto::event::{Mentioned, ReadMarked, RoomJoined, RoomLeft};
use chat_proto::limits::MENTIONS_KEPT_MAX;
use chat_proto::reach::MentionEntry;
use chat_proto::seen::WasSeen;
use chat_proto::{AccountFact, Choices, Epoch, Event, EventBody, Ordinal, Reject, RoomId, Seq, Timestamp};

use self::opened::Opened;
use super::command::{AccountCommand, choose, mark_read, note};
use super::{Actor, State, parts, put_part};

/// A read marker: everything up to here is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Marker {
    /// The event.
    pub seq: Seq,
    /// The room's messages up to it.
    pub ordinal: Ordinal,
}

/// What an account knows of a room, as the newest event of each key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry {
    membership: Option<Event>,
    read: Option<Event>,
    mentions: BTreeMap<Seq, Event>,
}

/// A room an account is a member of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedRoom {
    /// Which.
    pub room: RoomId,
    /// The history its numbers belong to.
    pub epoch: Epoch,
    /// Its name.
    pub name: String,
    /// How far it is read.
    pub read: Marker,
    /// Unread messages that name the account.
    pub mentions: Vec<Seq>,
}

/// An account's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Boxed: a node of the tree has room for eleven, and most accounts are in one or two rooms.
    rooms: BTreeMap<RoomId, Box<Entry>>,
    choices: Choices,
    seen: Option<Event>,
    opened: Opened,
}

impl Account {
    /// What its owner set for himself.
    #[must_use]
    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// When it was last there, as far as that was noted.
    #[must_use]
    pub fn seen(&self) -> Option<Timestamp> {
        match self.seen.as_ref()?.body.account_fact()? {
            AccountFact::WasSeen(WasSeen { at }) => Some(*at),
            AccountFact::RoomJoined(_)
            | AccountFact::RoomLeft(_)
            | AccountFact::ReadMarked(_)
            | AccountFact::Mentioned(_)
            | AccountFact::DeviceChanged(_)
            | AccountFact::SecretChanged(_) => None,
        }
    }

    /// The rooms it is a member of.
    pub fn joined(&self) -> impl Iterator<Item = JoinedRoom> + '_ {
        self.rooms.keys().filter_map(|room| self.joined_room(*room))
    }

    /// A room it is a member of.
    #[must_use]
    pub fn joined_room(&self, room: RoomId) -> Option<JoinedRoom> {
        let entry = self.rooms.get(&room)?;
        let EventBody::RoomJoined(RoomJoined { epoch, name, .. }) = &entry.membership.as_ref()?.body else {
            return None;
        };
        let mentions = entry.mentions.keys().copied().collect();
        Some(JoinedRoom { room, epoch: *epoch, name: name.clone(), read: self.read(room), mentions })
    }

    /// How far it has read a room.
    #[must_use]
    pub fn read(&self, room: RoomId) -> Marker {
        let Some(entry) = self.rooms.get(&room) else { return Marker::default() };
        let marker = |event: &Event| match event.body.account_fact()? {
            AccountFact::RoomJoined(RoomJoined { seq, ordinal, .. })
            | AccountFact::ReadMarked(ReadMarked { seq, ordinal, .. }) => Some(Marker { seq: *seq, ordinal: *ordinal }),
            AccountFact::RoomLeft(_)
            | AccountFact::Mentioned(_)
            | AccountFact::WasSeen(_)
            | AccountFact::DeviceChanged(_)
            | AccountFact::SecretChanged(_) => None,
        };
        [&entry.membership, &entry.read].into_iter().flatten().filter_map(marker).max().unwrap_or_default()
    }

    /// Unread messages in rooms it is a member of that name it, newest first, before a place in its feed.
    pub fn mentions_before(&self, place: Seq) -> impl Iterator<Item = MentionEntry> {
        let of_room = |joined: JoinedRoom| {
            let events = self.rooms.get(&joined.room).into_iter().flat_map(|entry| &entry.mentions);
            events.map(move |(seq, event)| MentionEntry {
                place: event.seq,
                room: joined.room,
                name: joined.name.clone(),
                seq: *seq,
                at: event.at,
            })
        };
        let all = self.joined().flat_map(of_room).filter(|mention| mention.place < place);
        let ordered: BTreeMap<Seq, MentionEntry> = all.map(|mention| (mention.place, mention)).collect();
        ordered.into_values().rev()
    }

    /// The newest event of each key that changed after a cursor, in order.
    #[must_use]
    pub fn since(&self, cursor: Seq) -> Vec<Event> {
        let events =
            self.rooms.values().flat_map(|entry| entry.events()).chain(self.choices.events()).chain(&self.seen);
        let events = events.chain(self.opened.events());
        let ordered: BTreeMap<Seq, &Event> =
            events.filter(|event| event.seq > cursor).map(|event| (event.seq, event)).collect();
        ordered.into_values().cloned().collect()
    }

    /// The seq of the newest word on its membership of a room.
    pub(super) fn membership_seq(&self, room: RoomId) -> Option<Seq> {
        match self.rooms.get(&room)?.membership.as_ref()?.body.account_fact()? {
            AccountFact::RoomJoined(RoomJoined { seq, .. }) | AccountFact::RoomLeft(RoomLeft { seq, .. }) => Some(*seq),
            AccountFact::ReadMarked(_)
            | AccountFact::Mentioned(_)
            | AccountFact::WasSeen(_)
            | AccountFact::DeviceChanged(_)
            | AccountFact::SecretChanged(_) => None,
        }
    }

    /// Whether a message is kept as an unread mention.
    pub(super) fn has_mention(&self, room: RoomId, seq: Seq) -> bool {
        self.rooms.get(&room).is_some_and(|entry| entry.mentions.contains_key(&seq))
    }
}

impl Entry {
    fn events(&self) -> impl Iterator<Item = &Event> {
        self.membership.iter().chain(&self.read).chain(self.mentions.values())
    }

    fn forget_read_mentions(&mut self, up_to: Seq) {
        self.mentions = self.mentions.split_off(&up_to.next());
    }
}

impl State for Account {
    type Command = AccountCommand;

    const SNAPSHOT_VERSION: u16 = 1;

    fn decide(&self, _by: &Actor, command: &AccountCommand, _now: Timestamp) -> Result<Option<EventBody>, Reject> {
        match command {
            AccountCommand::NoteJoined(joined) => Ok(note::joined(self, joined)),
            AccountCommand::NoteLeft(left) => Ok(note::left(self, left)),
            AccountCommand::NoteMention(mention) => Ok(note::mention(self, mention)),
            AccountCommand::NoteSeen(seen) => Ok(note::seen(self, *seen)),
            AccountCommand::NoteDevice(news) => Ok(self.opened.news(news.clone().into())),
            AccountCommand::NoteSecret(news) => Ok(self.opened.news(news.clone().into())),
            AccountCommand::MarkRead(mark) => mark_read::decide(self, mark),
            AccountCommand::OwnPosts(own) => Ok(mark_read::own_posts(self, own)),
            AccountCommand::Choose(choice) => choose::decide(self, choice),
        }
    }

    fn apply(&mut self, event: &Event) {
        self.choices.apply(event);
        let Some(fact) = event.body.account_fact() else { return };
        match fact {
            AccountFact::RoomJoined(RoomJoined { room, seq, .. }) => {
                let entry = self.rooms.entry(*room).or_default();
                entry.membership = Some(event.clone());
                // What lies before the joining counts as read.
                entry.forget_read_mentions(*seq);
            }
            AccountFact::RoomLeft(RoomLeft { room, .. }) => {
                self.rooms.entry(*room).or_default().membership = Some(event.clone());
            }
            AccountFact::ReadMarked(ReadMarked { room, seq, .. }) => {
                let entry = self.rooms.entry(*room).or_default();
                entry.read = Some(event.clone());
                entry.forget_read_mentions(*seq);
            }
            AccountFact::Mentioned(Mentioned { room, seq }) => {
                let mentions = &mut self.rooms.entry(*room).or_default().mentions;
                mentions.insert(*seq, event.clone());
                if mentions.len() > MENTIONS_KEPT_MAX {
                    mentions.pop_first();
                }
            }
            AccountFact::WasSeen(_) => self.seen = Some(event.clone()),
            AccountFact::DeviceChanged(_) | AccountFact::SecretChanged(_) => self.opened.apply(event),
        }
    }

    fn snapshot(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for event in self.since(Seq::ZERO) {
            put_part(&mut bytes, &event);
        }
        bytes
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), CodecError> {
        let mut parts = parts(bytes);
        *self = Self::default();
        while let Some(event) = parts.pop::<Event>()? {
            self.apply(&event);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::command::testing::{Log, actor};
    use crate::core::command::{MarkRead, NoteJoined, NoteLeft, NoteMention, NoteSeen, OwnPosts};

    const ROOM: RoomId = RoomId(7);

    fn joined(seq: u64, ordinal: u64) -> AccountCommand {
        AccountCommand::NoteJoined(NoteJoined {
            room: ROOM,
            epoch: Epoch(1),
            name: "dev".to_owned(),
            at: Marker { seq: Seq(seq), ordinal: Ordinal(ordinal) },
        })
    }

    fn mark(seq: u64, ordinal: u64) -> AccountCommand {
        AccountCommand::MarkRead(MarkRead { room: ROOM, to: Marker { seq: Seq(seq), ordinal: Ordinal(ordinal) } })
    }

    fn mention(seq: u64) -> AccountCommand {
        AccountCommand::NoteMention(NoteMention { room: ROOM, seq: Seq(seq) })
    }

    #[test]
    fn a_marker_never_goes_back_and_reading_forgets_mentions() {
        let mut log = Log::<Account>::default();
        let alice = actor(1, "alice");
        assert!(log.give(&alice, &mark(9, 9)).is_err());
        log.give(&alice, &joined(4, 2)).unwrap();
        assert_eq!(log.state.read(ROOM).ordinal, Ordinal(2));
        log.give(&alice, &mention(6)).unwrap();
        log.give(&alice, &mention(8)).unwrap();
        assert!(log.give(&alice, &mention(8)).unwrap().is_none());
        log.give(&alice, &mark(7, 5)).unwrap();
        assert!(log.give(&alice, &mark(5, 3)).unwrap().is_none());
        assert!(log.give(&alice, &mention(6)).unwrap().is_none());
        let room = log.state.joined_room(ROOM).unwrap();
        assert_eq!((room.read.seq, room.mentions), (Seq(7), vec![Seq(8)]));
    }

    #[test]
    fn an_author_at_the_head_stays_there_and_one_behind_stays_behind() {
        let mut log = Log::<Account>::default();
        let alice = actor(1, "alice");
        log.give(&alice, &joined(1, 0)).unwrap();
        let run = |before: u64, seq: u64, ordinal: u64| mark_read::Run {
            before: Ordinal(before),
            to: Marker { seq: Seq(seq), ordinal: Ordinal(ordinal) },
        };
        let own = |runs: Vec<mark_read::Run>| AccountCommand::OwnPosts(OwnPosts { room: ROOM, runs });
        log.give(&alice, &own(vec![run(0, 3, 2), run(3, 6, 4)])).unwrap();
        assert_eq!(log.state.read(ROOM), Marker { seq: Seq(3), ordinal: Ordinal(2) });
        assert!(log.give(&alice, &own(vec![run(3, 6, 4)])).unwrap().is_none());
    }

    #[test]
    fn notes_are_idempotent_and_an_old_one_changes_nothing() {
        let mut log = Log::<Account>::default();
        let alice = actor(1, "alice");
        let left = |seq: u64| AccountCommand::NoteLeft(NoteLeft { room: ROOM, seq: Seq(seq) });
        log.give(&alice, &joined(4, 2)).unwrap();
        assert!(log.give(&alice, &joined(4, 2)).unwrap().is_none());
        log.give(&alice, &left(9)).unwrap();
        assert!(log.give(&alice, &joined(4, 2)).unwrap().is_none());
        assert!(log.state.joined().next().is_none());
        log.give(&alice, &joined(12, 3)).unwrap();
        assert!(log.give(&alice, &left(9)).unwrap().is_none());
        assert_eq!(log.state.joined().count(), 1);
    }

    #[test]
    fn a_device_gets_the_newest_of_each_key_and_a_snapshot_is_the_same_state() {
        let mut log = Log::<Account>::default();
        let alice = actor(1, "alice");
        log.give(&alice, &joined(4, 2)).unwrap();
        for seq in 5..50 {
            log.give(&alice, &mark(seq, seq)).unwrap();
        }
        log.give(&alice, &mention(60)).unwrap();
        let seen = |at| AccountCommand::NoteSeen(NoteSeen { at: Timestamp(at) });
        log.give(&alice, &seen(7)).unwrap();
        log.give(&alice, &seen(9)).unwrap();
        assert!(log.give(&alice, &seen(8)).unwrap().is_none());
        assert_eq!(log.state.since(Seq::ZERO).len(), 4);
        assert_eq!(log.state.since(log.events[0].seq).len(), 3);
        let mut restored = Account::default();
        restored.restore(&log.state.snapshot()).unwrap();
        assert_eq!((restored.seen(), restored), (Some(Timestamp(9)), log.state));
    }
}
