//! A room: the server's state of it, and what a device makes of it.

use chat_proto::delivery::Events;
use chat_proto::event::Erased;
use chat_proto::reply::{Member, MemberList};
use chat_proto::{
    AccountId, Chain, Epoch, Event, EventBody, FeedId, FeedState, FeedStatus, MessageKey, Ordinal, Presence, Reject,
    RoomId, Seq, Timestamp,
};
use chat_server::core::command::RoomCommand;
use chat_server::core::room::Room;
use chat_server::core::{Actor, State};
use chat_tui::client::view::{AccountView, Me};
use proptest::prelude::*;

use crate::deed::{NAMES, actor, command, create, direct, erased};

const ROOM: RoomId = RoomId(7);

/// Whose device looks on. He is no member, so that nothing but the room's own feed tells him of it.
const READER: AccountId = AccountId(99);

/// A room, and what its store holds.
#[derive(Default)]
struct World {
    room: Room,
    /// Others that are to be the same: restored from a snapshot of it on the way, or replayed from the rows.
    others: Vec<Room>,
    rows: Vec<Event>,
    now: Timestamp,
}

impl World {
    /// A room of three, made by the first of them.
    fn begin(is_direct: bool) -> Self {
        let mut world = Self::default();
        let begin = if is_direct { RoomCommand::BeginDirect(direct()) } else { RoomCommand::Create(create()) };
        world.give(&actor(AccountId(1)), &begin);
        for account in [2, 3] {
            world.give(&actor(AccountId(account)), &RoomCommand::join());
        }
        world
    }

    fn give(&mut self, by: &Actor, command: &RoomCommand) {
        let decided: Result<Option<EventBody>, Reject> = self.room.decide(by, command, self.now);
        for other in &self.others {
            assert_eq!(other.decide(by, command, self.now), decided, "{command:?} by {}", by.name);
        }
        let Ok(Some(body)) = decided else { return };
        let first = self.take(by, body);
        let follows = self.room.follow(command, &first);
        for other in &self.others {
            assert_eq!(other.follow(command, &first), follows, "after {command:?} by {}", by.name);
        }
        for body in follows {
            self.take(by, body);
        }
    }

    fn take(&mut self, by: &Actor, body: EventBody) -> Event {
        let (seq, ordinal) = self.rows.last().map_or((Seq::ZERO, Ordinal(0)), |last| (last.seq, last.ordinal));
        let ordinal = if body.is_message() { ordinal.next() } else { ordinal };
        let (account, device, key) = (by.account, by.device, MessageKey::default());
        let event = Event { seq: seq.next(), ordinal, at: self.now, by: account, device, key, body };
        self.room.apply(&event);
        self.others.iter_mut().for_each(|other| other.apply(&event));
        for seq in erased(&event.body, &self.rows) {
            let row = self.rows.iter_mut().find(|row| row.seq == seq).unwrap();
            row.body = Erased { kind: row.body.stored_kind() }.into();
        }
        self.rows.push(event.clone());
        event
    }

    /// Goes on from a snapshot, and from what the rows say, as well.
    fn restart(&mut self) {
        let mut restored = Room::default();
        restored.restore(&self.room.snapshot()).unwrap();
        let mut replayed = Room::default();
        self.rows.iter().for_each(|row| replayed.apply(row));
        self.others.extend([restored, replayed]);
    }

    /// What a device is told that knows nothing yet.
    fn fresh(&self) -> AccountView {
        let last = self.rows.last().unwrap();
        let status = FeedStatus {
            feed: FeedId::Room(ROOM),
            state: FeedState::Live,
            epoch: Epoch(1),
            name: self.room.name().to_owned(),
            member: false,
            head: last.seq,
            head_ordinal: last.ordinal,
            oldest: Seq(1),
            read: Seq::ZERO,
            read_ordinal: Ordinal(0),
            mentions: Vec::new(),
            next: last.seq.next(),
        };
        let member = |(account, member): (&AccountId, &chat_server::core::room::Membership)| Member {
            account: *account,
            name: member.name.clone(),
            role: member.role,
            presence: Presence::Online,
            since: member.since,
        };
        let members: Vec<Member> = self.room.members().iter().map(member).collect();
        let total = u32::try_from(members.len()).unwrap();
        let mut view = AccountView { me: Me { account: READER, ..Me::default() }, ..AccountView::default() };
        view.apply_began(&status);
        view.apply_members(ROOM, &MemberList { members, total, more: false });
        view
    }

    /// What a device is sent that stands at a place.
    fn bring(&self, view: &mut AccountView, behind: Seq) {
        let events = self.rows.iter().filter(|row| row.seq > behind).cloned().collect();
        let (feed, epoch, chain) = (FeedId::Room(ROOM), Epoch(1), Chain::default());
        view.apply_events(&Events { feed, epoch, events, chain });
    }

    fn head(&self) -> Seq {
        self.rows.last().unwrap().seq
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn what_was_known_and_what_came_since_is_what_is_known_afresh_and_decides_alike(
        steps in proptest::collection::vec(any::<(u8, u8, u8, u8)>(), 1..120),
        looks in proptest::collection::btree_set(0usize..120, 0..4),
        is_direct in proptest::bool::weighted(0.1),
    ) {
        let mut world = World::begin(is_direct);
        let mut devices = vec![(world.fresh(), world.head())];
        for (index, (who, kind, whom, which)) in steps.into_iter().enumerate() {
            if looks.contains(&index) {
                world.restart();
                devices.push((world.fresh(), world.head()));
            }
            world.now.0 += i64::from(who / 16) * 700_000;
            let by = actor(AccountId(u64::from(who) % NAMES.len() as u64 + 1));
            let Some(command) = command(kind, whom, which, &world.rows, world.now) else { continue };
            world.give(&by, &command);
        }
        world.restart();
        for other in &world.others {
            prop_assert_eq!(other, &world.room);
        }
        let fresh = world.fresh();
        for (mut device, place) in devices {
            world.bring(&mut device, place);
            prop_assert_eq!(&device.rooms, &fresh.rooms);
        }
    }
}
