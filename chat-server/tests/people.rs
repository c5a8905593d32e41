//! What follows a person: the same on every device, at once and after a restart, within its bounds.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use chat_proto::choice::{Ignore, PinRoom, SetDraft, SetNotify, SetSetting};
use chat_proto::limits::{DRAFTS_MAX, POST_BYTES_MAX, SETTING_BYTES_MAX, SETTINGS_MAX};
use chat_proto::{AccountId, Choices, Delivery, Notify, RejectCode, Reply, Request, RoomId};
use chat_tui::client::view::AccountView;
use support::{Device, RawClient, TestServer, fresh_key};

/// A device of a person, and what it makes of what it hears.
struct Seat {
    client: RawClient,
    view: AccountView,
}

impl Seat {
    async fn login(server: &TestServer, device: &Device, name: &str) -> Self {
        let client = RawClient::login(server, device, name).await;
        let mut view = AccountView::default();
        view.apply_welcome(&client.welcome);
        Self { client, view }
    }

    async fn ask(&mut self, request: impl Into<Request>) {
        let reply = self.client.ask(request).await;
        assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
    }

    async fn refused(&mut self, request: impl Into<Request>) -> RejectCode {
        self.client.refused(request).await.code
    }

    async fn hear(&mut self) {
        match self.client.delivery().await {
            Delivery::Events(events) => self.view.apply_events(&events),
            Delivery::Began(began) => self.view.apply_began(&began.status),
            _ => {}
        }
    }

    /// Hears until something holds.
    async fn until(&mut self, holds: impl Fn(&AccountView) -> bool) {
        while !holds(&self.view) {
            self.hear().await;
        }
    }

    async fn knows(&mut self, choices: &Choices) {
        self.until(|view| view.choices == *choices).await;
    }
}

fn draft(room: RoomId, text: &str) -> SetDraft {
    SetDraft { key: fresh_key(), room, text: text.to_owned() }
}

fn setting(name: &str, value: &str) -> SetSetting {
    SetSetting { key: fresh_key(), name: name.to_owned(), value: value.to_owned() }
}

#[tokio::test]
async fn what_a_person_sets_is_on_every_device_at_once_and_after_a_restart() {
    let server = TestServer::start();
    let device = Device::new();
    let bob = RawClient::login(&server, &Device::new(), "bob").await.welcome.account;
    let mut one = Seat::login(&server, &device, "alice").await;
    let mut other = Seat::login(&server, &device, "alice").await;
    let room = one.client.join("dev").await.room;
    one.ask(draft(room, "hel")).await;
    one.ask(draft(room, "hello\n\tworld")).await;
    one.ask(SetNotify { key: fresh_key(), room, rule: Notify::Mentions }).await;
    one.ask(PinRoom { key: fresh_key(), room, on: true }).await;
    one.ask(setting("tui.theme", "dark")).await;
    one.ask(setting("tui.width", "80")).await;
    other.ask(setting("tui.width", "")).await;
    other.ask(Ignore { key: fresh_key(), account: bob, on: true }).await;
    let done = |view: &AccountView| view.choices.ignores(bob);
    one.until(done).await;
    let choices = one.view.choices.clone();
    other.knows(&choices).await;
    assert_eq!((choices.draft(room), choices.notify(room)), ("hello\n\tworld", Notify::Mentions));
    assert_eq!((choices.setting("tui.theme"), choices.setting("tui.width")), ("dark", ""));
    assert!(choices.is_pinned(room));
    Seat::login(&server, &device, "alice").await.knows(&choices).await;
    drop((one, other));
    let server = server.restart().await;
    let mut again = Seat::login(&server, &device, "alice").await;
    again.knows(&choices).await;
    again.ask(draft(room, "")).await;
    again.until(|view| view.choices.draft(room).is_empty()).await;
}

#[tokio::test]
async fn a_repeated_choice_does_not_undo_a_newer_one() {
    let server = TestServer::start();
    let mut alice = Seat::login(&server, &Device::new(), "alice").await;
    let room = alice.client.join("dev").await.room;
    let first = draft(room, "first");
    alice.ask(first.clone()).await;
    alice.ask(draft(room, "second")).await;
    alice.ask(first).await;
    alice.ask(setting("end", "here")).await;
    alice.until(|view| view.choices.setting("end") == "here").await;
    assert_eq!(alice.view.choices.draft(room), "second");
}

#[tokio::test]
async fn what_is_over_a_bound_or_no_ones_business_is_refused_and_changes_nothing() {
    let server = TestServer::start();
    let device = Device::new();
    let mut alice = Seat::login(&server, &device, "alice").await;
    let me = alice.client.welcome.account;
    let room = alice.client.join("dev").await.room;
    for number in 0..SETTINGS_MAX {
        alice.ask(setting(&format!("s{number}"), &"x".repeat(SETTING_BYTES_MAX))).await;
    }
    alice.ask(draft(room, &"x".repeat(POST_BYTES_MAX))).await;
    alice.until(|view| !view.choices.draft(room).is_empty()).await;
    let before = alice.view.choices.clone();
    let elsewhere = RoomId(99);
    let refusals: Vec<(Request, RejectCode)> = vec![
        (setting("one-more", "x").into(), RejectCode::LimitExceeded),
        (setting("s1", &"x".repeat(SETTING_BYTES_MAX + 1)).into(), RejectCode::TooLarge),
        (setting("s1", "a\u{1b}[2J").into(), RejectCode::InvalidText),
        (setting("S1", "x").into(), RejectCode::InvalidText),
        (setting("", "x").into(), RejectCode::InvalidText),
        (draft(room, &"x".repeat(POST_BYTES_MAX + 1)).into(), RejectCode::TooLarge),
        (draft(room, "a\u{9b}2J").into(), RejectCode::InvalidText),
        (draft(elsewhere, "x").into(), RejectCode::NotMember),
        (SetNotify { key: fresh_key(), room: elsewhere, rule: Notify::Nothing }.into(), RejectCode::NotMember),
        (PinRoom { key: fresh_key(), room: elsewhere, on: true }.into(), RejectCode::NotMember),
        (PinRoom { key: chat_proto::MessageKey::default(), room, on: true }.into(), RejectCode::BadRequest),
        (Ignore { key: fresh_key(), account: me, on: true }.into(), RejectCode::BadRequest),
        (Ignore { key: fresh_key(), account: AccountId(99), on: true }.into(), RejectCode::NoSuchUser),
    ];
    for (request, code) in refusals {
        assert_eq!(alice.refused(request.clone()).await, code, "{request:?}");
    }
    for number in 1..DRAFTS_MAX {
        let room = alice.client.join(&format!("room{number}")).await.room;
        alice.ask(draft(room, "x")).await;
    }
    let last = alice.client.join("last").await.room;
    assert_eq!(alice.refused(draft(last, "x")).await, RejectCode::LimitExceeded);
    let mut fresh = Seat::login(&server, &device, "alice").await;
    fresh.until(|view| view.choices.events().count() == before.events().count() + DRAFTS_MAX - 1).await;
    assert!(before.events().all(|event| fresh.view.choices.events().any(|held| held == event)));
}

mod law {
    //! The snapshot law: what was known at t0 and the events since are what is known afresh at t1, at both ends.

    use chat_proto::text::{Label, SettingValue};
    use chat_proto::{Chain, DeviceId, Epoch, Event, FeedId, MessageKey, Ordinal, Seq, Text, Timestamp, UserName};
    use chat_server::core::account::{Account, Marker};
    use chat_server::core::command::{AccountCommand, Choice, MarkRead, NoteJoined, NoteLeft, NoteMention};
    use chat_server::core::{Actor, State};
    use proptest::prelude::*;

    use super::*;

    const ME: AccountId = AccountId(1);
    const EPOCH: Epoch = Epoch(1);

    /// An account and the rooms around it, as far as it hears of them.
    #[derive(Default)]
    struct World {
        account: Account,
        head: Seq,
        /// The newest event of each room.
        rooms: [u64; 3],
    }

    impl World {
        fn give(&mut self, command: &AccountCommand) {
            let by = Actor::user(ME, DeviceId(1), UserName::parse("alice").unwrap());
            let Ok(Some(body)) = self.account.decide(&by, command, Timestamp(0)) else { return };
            self.head = self.head.next();
            let (at, key, ordinal) = (Timestamp(0), MessageKey::default(), Ordinal(0));
            self.account.apply(&Event { seq: self.head, ordinal, at, by: ME, device: by.device, key, body });
        }

        fn step(&mut self, kind: u8, which: u8) {
            let index = usize::from(which % 3);
            let room = RoomId(index as u64 + 1);
            self.rooms[index] += 1;
            let here = Marker { seq: Seq(self.rooms[index]), ordinal: Ordinal(self.rooms[index]) };
            let is_member = self.account.joined_room(room).is_some();
            let on = which.is_multiple_of(2);
            let person = UserName::parse("bob").unwrap();
            let choose = |choice| AccountCommand::Choose(choice);
            self.give(&match kind % 8 {
                0 => AccountCommand::NoteJoined(NoteJoined { room, epoch: EPOCH, name: "dev".to_owned(), at: here }),
                1 => AccountCommand::NoteLeft(NoteLeft { room, seq: here.seq }),
                2 if is_member => AccountCommand::NoteMention(NoteMention { room, seq: here.seq }),
                2 | 3 => {
                    let back = self.rooms[index].saturating_sub(u64::from(which / 16));
                    let to = Marker { seq: Seq(back), ordinal: Ordinal(back) };
                    AccountCommand::MarkRead(MarkRead { room, to })
                }
                4 => choose(Choice::Draft(room, Text::parse(if on { "words" } else { "" }).ok())),
                5 => choose(Choice::Notify(room, if on { Notify::Nothing } else { Notify::All })),
                6 => choose(Choice::Pinned(room, on)),
                _ if on => {
                    choose(Choice::Ignored(AccountId(u64::from(which % 5) + 2), person, which.is_multiple_of(4)))
                }
                _ => {
                    let name = Label::parse(&format!("s{}", which % 5)).unwrap();
                    choose(Choice::Setting(name, SettingValue::parse(["", "x", "y"][usize::from(which % 3)]).unwrap()))
                }
            });
        }

        /// What a device that stands at a cursor is sent.
        fn bring(&self, view: &mut AccountView, cursor: Seq) {
            let events = self.account.since(cursor);
            let feed = FeedId::Account(ME);
            view.apply_events(&chat_proto::delivery::Events { feed, epoch: EPOCH, events, chain: Chain::default() });
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
            let mut device = AccountView { me: chat_tui::client::view::Me { account: ME, ..Default::default() }, ..AccountView::default() };
            let mut cursor = Seq::ZERO;
            for (index, (kind, which)) in steps.into_iter().enumerate() {
                world.step(kind, which);
                if looks.contains(&index) {
                    world.bring(&mut device, cursor);
                    cursor = world.head;
                }
            }
            world.bring(&mut device, cursor);
            let mut fresh = AccountView { me: device.me.clone(), ..AccountView::default() };
            world.bring(&mut fresh, Seq::ZERO);
            prop_assert_eq!(&device.choices, &fresh.choices);
            prop_assert_eq!(&device.choices, world.account.choices());
            prop_assert_eq!(rooms(&device), rooms(&fresh));
            let joined = world.account.joined().map(|joined| {
                (joined.room, joined.read.seq, joined.read.ordinal, joined.mentions)
            });
            prop_assert_eq!(rooms(&device), joined.collect::<Vec<_>>());
            let mut restored = Account::default();
            restored.restore(&world.account.snapshot()).unwrap();
            prop_assert_eq!(restored, world.account);
        }
    }
}
