//! Values of what a person sets for himself.

use chat_proto::choice::*;
use chat_proto::profile::*;
use chat_proto::reach::*;
use chat_proto::*;

use super::{KEY, NOON, ROOM, text};

const BOB: AccountId = AccountId(2);

fn status() -> Status {
    Status { text: text("at lunch"), away: true, until: Some(NOON) }
}

fn values() -> Vec<StateValue> {
    vec![StateValue { name: text("mood"), value: text("fine") }]
}

pub(super) fn choice_requests() -> Vec<Request> {
    let notify = |rule| SetNotify { key: KEY, room: ROOM, rule };
    let policy = |policy| SetDirectPolicy { key: KEY, policy };
    vec![
        SetDraft { key: KEY, room: ROOM, text: text("well, I") }.into(),
        notify(Notify::All).into(),
        notify(Notify::Mentions).into(),
        notify(Notify::Nothing).into(),
        PinRoom { key: KEY, room: ROOM, on: true }.into(),
        SetSetting { key: KEY, name: text("tui.theme"), value: text("dark") }.into(),
        Ignore { key: KEY, account: BOB, on: true }.into(),
        SetStatus { key: KEY, status: status() }.into(),
        SetStatus { key: KEY, status: Status::default() }.into(),
        SetState { key: KEY, set: values(), unset: vec![text("build")], public: Some(vec![text("mood")]) }.into(),
        SetState { key: KEY, set: vec![], unset: vec![], public: None }.into(),
        GetProfile { user: UserRef::Id(BOB) }.into(),
        Block { key: KEY, account: BOB, on: true }.into(),
        SetContact { key: KEY, account: BOB, on: true }.into(),
        policy(DirectPolicy::Everyone).into(),
        policy(DirectPolicy::SharedRooms).into(),
        policy(DirectPolicy::Contacts).into(),
        policy(DirectPolicy::Nobody).into(),
        ListMentions { before: Seq::MAX, limit: 50 }.into(),
        OpenDirect { key: KEY, with: vec![UserRef::Id(BOB), UserRef::Name(text("eve"))] }.into(),
        ListReadMarks { room: ROOM, after: AccountId(0), limit: 50 }.into(),
    ]
}

pub(super) fn choice_bodies() -> Vec<EventBody> {
    vec![
        DraftSet { room: ROOM, text: text("well, I") }.into(),
        NotifySet { room: ROOM, rule: Notify::Mentions }.into(),
        RoomPinned { room: ROOM, on: true }.into(),
        SettingSet { name: text("tui.theme"), value: text("dark") }.into(),
        Ignored { account: BOB, name: text("bob"), on: true }.into(),
        StatusSet { status: status() }.into(),
        StateSet { values: values(), public: vec![text("mood")] }.into(),
        Blocked { account: BOB, name: text("bob"), on: true }.into(),
        ContactSet { account: BOB, name: text("bob"), on: true }.into(),
        DirectPolicySet { policy: DirectPolicy::Contacts }.into(),
    ]
}

pub(super) fn choice_replies() -> Vec<Reply> {
    let profile = Profile {
        account: BOB,
        name: text("bob"),
        since: NOON,
        presence: Presence::Online,
        status: status(),
        state: values(),
        shared_rooms: vec![text("dev")],
    };
    let mark = ReadMark { account: BOB, name: text("bob"), seq: Seq(8_122) };
    let marks = ReadMarkList { marks: vec![mark], more: true };
    let mention = MentionEntry { place: Seq(77), room: ROOM, name: text("dev"), seq: Seq(8_125), at: NOON };
    vec![profile.into(), MentionList { mentions: vec![mention], more: true }.into(), marks.into()]
}

pub(super) fn choice_deliveries() -> Vec<Delivery> {
    vec![UserState { account: BOB, name: text("bob"), status: status(), state: values() }.into()]
}
