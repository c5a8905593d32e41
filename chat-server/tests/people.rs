//! What follows a person: the same on every device, at once and after a restart, within its bounds.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use chat_proto::choice::{Ignore, PinRoom, SetDraft, SetNotify, SetSetting};
use chat_proto::event::Mentioned;
use chat_proto::limits::{
    DRAFTS_MAX, LINE_BYTES_MAX, POST_BYTES_MAX, SETTING_BYTES_MAX, SETTINGS_MAX, STATE_BYTES_MAX, STATE_VALUES_MAX,
};
use chat_proto::profile::{GetProfile, Profile, SetState, SetStatus, StateValue, Status, UserState};
use chat_proto::reach::{Block, ListMentions, MentionList, SetContact, SetDirectPolicy};
use chat_proto::request::{MarkRead, Subscribe};
use chat_proto::{
    AccountId, Chain, Choices, Delivery, DirectPolicy, Epoch, EventBody, FeedId, Notify, Position, RejectCode, Reply,
    Request, RoomId, Seq, UserRef,
};
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

    /// What people showed of themselves before a message with these words came.
    async fn states_before(&mut self, words: &str) -> Vec<UserState> {
        let mut states = Vec::new();
        loop {
            match self.client.delivery().await {
                Delivery::UserState(state) => states.push(state),
                Delivery::Events(events) => {
                    let said = |event: &chat_proto::Event| event.body.message().is_some_and(|said| said.text == words);
                    if events.events.iter().any(said) {
                        return states;
                    }
                }
                _ => {}
            }
        }
    }

    /// Hears until the account's feed has taken note of a mention.
    async fn notes(&mut self, room: RoomId, seq: Seq) {
        let noted = EventBody::from(Mentioned { room, seq });
        let is_it = |delivery: &Delivery| match delivery {
            Delivery::Events(events) => events.events.iter().any(|event| event.body == noted).then_some(()),
            _ => None,
        };
        self.client.expect(is_it).await;
    }

    async fn profile(&mut self, user: UserRef) -> Profile {
        match self.client.ask(GetProfile { user }).await {
            Reply::Profile(profile) => profile,
            reply => panic!("{reply:?}"),
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

fn value(name: &str, value: &str) -> StateValue {
    StateValue { name: name.to_owned(), value: value.to_owned() }
}

fn state(set: Vec<StateValue>, unset: &[&str], public: Option<&[&str]>) -> SetState {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    SetState { key: fresh_key(), set, unset: names(unset), public: public.map(names) }
}

fn status(text: &str, away: bool) -> SetStatus {
    SetStatus { key: fresh_key(), status: Status { text: text.to_owned(), away, until: None } }
}

#[tokio::test]
async fn status_and_public_values_reach_those_who_share_a_room_and_nobody_else() {
    let server = TestServer::start();
    let device = Device::new();
    let mut alice = Seat::login(&server, &device, "alice").await;
    let mut bob = Seat::login(&server, &Device::new(), "bob").await;
    let mut eve = Seat::login(&server, &Device::new(), "eve").await;
    let me = alice.client.welcome.account;
    let room = alice.client.join("dev").await.room;
    bob.client.join("dev").await;
    let from =
        Position { feed: FeedId::Room(room), epoch: Epoch(1), seq: Seq::ZERO, chain: Chain::default(), backlog_max: 0 };
    eve.client.ask(Subscribe { from }).await;
    alice.ask(state(vec![value("token", "secret"), value("mood", "fine")], &[], None)).await;
    alice.client.post(room, "one").await;
    assert_eq!(bob.states_before("one").await, [], "nothing of it is public");
    alice.ask(state(vec![], &[], Some(&["mood", "never-set"]))).await;
    alice.client.post(room, "two").await;
    let shown = bob.states_before("two").await;
    assert_eq!(shown.last().unwrap().state, [value("mood", "fine")]);
    alice.ask(state(vec![value("token", "other")], &[], None)).await;
    alice.ask(status("", false)).await;
    alice.client.post(room, "three").await;
    assert_eq!(bob.states_before("three").await, [], "nothing others see has changed");
    alice.ask(status("at lunch", true)).await;
    alice.client.post(room, "four").await;
    let last = bob.states_before("four").await.pop().unwrap();
    assert_eq!(
        (last.account, last.name.as_str(), last.status.text.as_str(), last.status.away),
        (me, "alice", "at lunch", true)
    );
    assert_eq!(eve.states_before("four").await, [], "who only reads is not told");
    assert_eq!(alice.states_before("four").await, [], "and neither is he himself");
    let seen = bob.profile(UserRef::Name("Alice".to_owned())).await;
    assert_eq!((seen.status, seen.state, seen.shared_rooms), (last.status.clone(), last.state, vec!["dev".to_owned()]));
    let seen = eve.profile(UserRef::Id(me)).await;
    assert_eq!((seen.account, seen.status, seen.state), (me, Status::default(), vec![]));
    assert_eq!(eve.refused(GetProfile { user: UserRef::Id(AccountId(99)) }).await, RejectCode::NoSuchUser);
    let server = server.restart().await;
    let mut alice = Seat::login(&server, &device, "alice").await;
    alice.until(|view| view.choices.state().values.len() == 2 && view.choices.status() == last.status).await;
    assert_eq!(alice.profile(UserRef::Id(me)).await.status, last.status);
}

#[tokio::test]
async fn values_and_lists_of_people_are_bounded_and_a_block_is_ones_own_affair() {
    let server = TestServer::start();
    let device = Device::new();
    let mut alice = Seat::login(&server, &device, "alice").await;
    let bob = RawClient::login(&server, &Device::new(), "bob").await.welcome.account;
    let me = alice.client.welcome.account;
    let many = |count: usize| (0..count).map(|number| value(&format!("v{number}"), "x")).collect::<Vec<_>>();
    alice.ask(state(many(STATE_VALUES_MAX), &[], None)).await;
    alice.ask(Block { key: fresh_key(), account: bob, on: true }).await;
    alice.ask(SetContact { key: fresh_key(), account: bob, on: true }).await;
    alice.ask(SetDirectPolicy { key: fresh_key(), policy: DirectPolicy::Contacts }).await;
    let set = |view: &AccountView| view.choices.direct_policy() == DirectPolicy::Contacts;
    alice.until(set).await;
    let before = alice.view.choices.clone();
    assert!(before.blocks(bob) && before.is_contact(bob));
    let refusals: Vec<(Request, RejectCode)> = vec![
        (state(vec![value("one-more", "x")], &[], None).into(), RejectCode::LimitExceeded),
        (state(vec![value("v1", &"x".repeat(STATE_BYTES_MAX + 1))], &[], None).into(), RejectCode::TooLarge),
        (state(vec![value("v1", "a\nb")], &["v2"], None).into(), RejectCode::InvalidText),
        (state(vec![], &["v 2"], None).into(), RejectCode::InvalidText),
        (state(vec![], &["v2"], Some(&["V"])).into(), RejectCode::InvalidText),
        (status(&"x".repeat(LINE_BYTES_MAX + 1), false).into(), RejectCode::TooLarge),
        (status("a\u{1b}[31m", false).into(), RejectCode::InvalidText),
        (Block { key: fresh_key(), account: me, on: true }.into(), RejectCode::BadRequest),
        (Block { key: fresh_key(), account: AccountId(99), on: true }.into(), RejectCode::NoSuchUser),
        (SetContact { key: fresh_key(), account: me, on: true }.into(), RejectCode::BadRequest),
    ];
    for (request, code) in refusals {
        assert_eq!(alice.refused(request.clone()).await, code, "{request:?}");
    }
    Seat::login(&server, &device, "alice").await.knows(&before).await;
}

#[tokio::test]
async fn unread_mentions_of_all_rooms_are_one_list_newest_first() {
    let server = TestServer::start();
    let mut alice = Seat::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let mut last = Seq::ZERO;
    for name in ["dev", "ops", "dev", "ops", "dev"] {
        let room = alice.client.join(name).await.room;
        bob.join(name).await;
        last = bob.post(room, "look, @alice").await.seq;
        // One note is written before the next message is said, so that the order is known.
        alice.notes(room, last).await;
    }
    let dev = alice.client.join("dev").await.room;
    let mut found = Vec::new();
    let mut before = Seq::MAX;
    loop {
        let reply = alice.client.ask(ListMentions { before, limit: 2 }).await;
        let Reply::MentionList(MentionList { mentions, more }) = reply else { panic!("{reply:?}") };
        before = mentions.last().unwrap().place;
        found.extend(mentions.into_iter().map(|mention| (mention.name, mention.seq)));
        if !more {
            break;
        }
    }
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, found[0].1), (vec!["dev", "ops", "dev", "ops", "dev"], last));
    alice.ask(MarkRead { room: dev, seq: last }).await;
    let Reply::MentionList(rest) = alice.client.ask(ListMentions { before: Seq::MAX, limit: 50 }).await else {
        panic!()
    };
    assert!(rest.mentions.len() == 2 && rest.mentions.iter().all(|mention| mention.name == "ops") && !rest.more);
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
