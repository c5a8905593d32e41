//! An account's feed: the server's state of it, and what a device makes of it.

use chat_proto::identity::{DeviceChange, DeviceChanged, Secret, SecretChange, SecretChanged};
use chat_proto::text::{Label, SettingValue};
use chat_proto::{
    AccountId, Chain, DeviceId, DirectPolicy, Epoch, Event, EventBody, FeedId, Line, MessageKey, Notify, Ordinal,
    Reject, RoomId, Seq, Text, Timestamp, UserName,
};
use chat_server::core::account::{Account, Marker};
use chat_server::core::command::mark_read::Run;
use chat_server::core::command::{AccountCommand, Choice, MarkRead, NoteJoined, NoteLeft, NoteMention, OwnPosts};
use chat_server::core::{Actor, State};
use chat_tui::client::view::{AccountView, Me};
use proptest::prelude::*;

const ME: AccountId = AccountId(1);
const EPOCH: Epoch = Epoch(1);

/// An account and the rooms around it, as far as it hears of them.
#[derive(Default)]
struct World {
    account: Account,
    /// Others that are to be the same: restored from a snapshot of it on the way.
    others: Vec<Account>,
    head: Seq,
    /// The newest event of each room.
    rooms: [u64; 3],
}

impl World {
    fn give(&mut self, command: &AccountCommand) {
        let by = Actor::user(ME, DeviceId(1), UserName::parse("alice").unwrap());
        let decided: Result<Option<EventBody>, Reject> = self.account.decide(&by, command, Timestamp(0));
        for other in &self.others {
            assert_eq!(other.decide(&by, command, Timestamp(0)), decided, "{command:?}");
        }
        let Ok(Some(body)) = decided else { return };
        self.head = self.head.next();
        let (at, key, ordinal) = (Timestamp(0), MessageKey::default(), Ordinal(0));
        let event = Event { seq: self.head, ordinal, at, by: ME, device: by.device, key, body };
        self.account.apply(&event);
        self.others.iter_mut().for_each(|other| other.apply(&event));
    }

    /// Goes on from a snapshot as well.
    fn restore(&mut self) {
        let mut restored = Account::default();
        restored.restore(&self.account.snapshot()).unwrap();
        self.others.push(restored);
    }

    fn step(&mut self, kind: u8, which: u8) {
        let index = usize::from(which % 3);
        let room = RoomId(index as u64 + 1);
        self.rooms[index] += 1;
        let marker = |place: u64| Marker { seq: Seq(place), ordinal: Ordinal(place) };
        let here = marker(self.rooms[index]);
        let is_member = self.account.joined_room(room).is_some();
        self.give(&match kind % 18 {
            0 | 1 => AccountCommand::NoteJoined(NoteJoined { room, epoch: EPOCH, name: "dev".to_owned(), at: here }),
            2 => AccountCommand::NoteLeft(NoteLeft { room, seq: here.seq }),
            3..6 if is_member => AccountCommand::NoteMention(NoteMention { room, seq: here.seq }),
            3..6 => AccountCommand::MarkRead(MarkRead { room, to: here }),
            6 => {
                let back = self.rooms[index].saturating_sub(u64::from(which / 16));
                AccountCommand::MarkRead(MarkRead { room, to: marker(back) })
            }
            7 => {
                let before = Ordinal(here.ordinal.0 - u64::from(which % 2));
                AccountCommand::OwnPosts(OwnPosts { room, runs: vec![Run { before, to: here }] })
            }
            16 => AccountCommand::NoteDevice(self.device(which)),
            17 => AccountCommand::NoteSecret(SecretChanged {
                secret: Secret::RecoveryCode,
                change: if which.is_multiple_of(2) { SecretChange::Set } else { SecretChange::Used },
                by: DeviceId(1),
                seq: here.seq,
            }),
            kind => AccountCommand::Choose(choice(kind, which, room)),
        });
    }

    /// One of a few devices comes or goes; now and then it is said of it what was said before.
    fn device(&self, which: u8) -> DeviceChanged {
        let device = DeviceId(u64::from(which % 5) + 1);
        let change = if which.is_multiple_of(2) { DeviceChange::Linked } else { DeviceChange::Revoked };
        let seq = Seq(self.rooms[usize::from(which % 3)].saturating_sub(u64::from(which / 64)));
        DeviceChanged { device, label: "laptop".to_owned(), change, by: DeviceId(1), seq }
    }

    /// What a device that stands at a cursor is sent.
    fn bring(&self, view: &mut AccountView, cursor: Seq) {
        let events = self.account.since(cursor);
        let feed = FeedId::Account(ME);
        view.apply_events(&chat_proto::delivery::Events { feed, epoch: EPOCH, events, chain: Chain::default() });
    }
}

fn choice(kind: u8, which: u8, room: RoomId) -> Choice {
    let on = which.is_multiple_of(2);
    let (account, name) = (AccountId(u64::from(which % 5) + 2), UserName::parse("bob").unwrap());
    match kind {
        8 => Choice::Draft(room, Text::parse(if on { "words" } else { "" }).ok()),
        9 => Choice::Notify(room, if on { Notify::Nothing } else { Notify::All }),
        10 => Choice::Pinned(room, on),
        11 => Choice::Ignored(account, name, on),
        12 => Choice::Status(Line::parse(if on { "lunch" } else { "" }).unwrap(), on, None),
        13 => Choice::Blocked(account, name, on),
        14 => Choice::Contact(account, name, on),
        _ if on => {
            Choice::DirectPolicy(if which.is_multiple_of(4) { DirectPolicy::Nobody } else { DirectPolicy::Everyone })
        }
        _ => {
            let value = SettingValue::parse(["", "x", "y"][usize::from(which % 3)]).unwrap();
            Choice::Setting(Label::parse(&format!("s{}", which % 5)).unwrap(), value)
        }
    }
}

/// What matters of the rooms one is in.
fn rooms(view: &AccountView) -> Vec<(RoomId, Seq, Ordinal, Vec<Seq>)> {
    let mine = view.rooms.iter().filter(|(_, room)| room.member);
    mine.map(|(id, room)| (*id, room.read, room.read_ordinal, room.mentions.iter().copied().collect())).collect()
}

proptest! {
    #[test]
    fn what_was_known_and_what_came_since_is_what_is_known_afresh(
        steps in proptest::collection::vec(any::<(u8, u8)>(), 1..120),
        looks in proptest::collection::vec(0usize..120, 0..4),
    ) {
        let mut world = World::default();
        let me = Me { account: ME, ..Me::default() };
        let mut device = AccountView { me: me.clone(), ..AccountView::default() };
        let mut cursor = Seq::ZERO;
        for (index, (kind, which)) in steps.into_iter().enumerate() {
            world.step(kind, which);
            if looks.contains(&index) {
                world.bring(&mut device, cursor);
                cursor = world.head;
                world.restore();
            }
        }
        world.bring(&mut device, cursor);
        let mut fresh = AccountView { me, ..AccountView::default() };
        world.bring(&mut fresh, Seq::ZERO);
        prop_assert_eq!(&device.choices, &fresh.choices);
        prop_assert_eq!(&device.choices, world.account.choices());
        prop_assert_eq!(rooms(&device), rooms(&fresh));
        let joined = world.account.joined().map(|joined| {
            (joined.room, joined.read.seq, joined.read.ordinal, joined.mentions)
        });
        prop_assert_eq!(rooms(&device), joined.collect::<Vec<_>>());
        world.restore();
        for other in &world.others {
            prop_assert_eq!(other, &world.account);
            prop_assert_eq!(other.since(cursor), world.account.since(cursor));
        }
    }
}
