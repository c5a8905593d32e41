//! Values about rooms: settings, roles, lists, and what is done to messages.

use chat_proto::event::*;
use chat_proto::reply::*;
use chat_proto::request::*;
use chat_proto::setting::*;
use chat_proto::*;

use super::{KEY, NOON, ROOM, bodies, event, text};

fn bob() -> Named {
    Named { account: AccountId(2), name: text("bob") }
}

fn by_name() -> UserRef {
    UserRef::Name(text("bob"))
}

pub(super) fn settings() -> Vec<RoomSetting> {
    let filter = |action| Filter { word: text("bad word"), action, with: text("***") };
    let who = [Who::Everyone, Who::Users, Who::Members, Who::Moderators, Who::Admins];
    let mut all: Vec<RoomSetting> =
        vec![Topic { text: text("what we build") }.into(), Title { text: text("Development") }.into()];
    all.extend([JoinPolicy::Anyone, JoinPolicy::Users, JoinPolicy::Invited].map(|policy| Joining { policy }.into()));
    all.extend(who.map(|who| Reading { who }.into()));
    all.extend([Posting { who: Who::Moderators }.into(), Listing { who: Who::Members }.into()]);
    all.extend([SlowMode { seconds: 30 }.into(), Lifetime { empty_for_s: Some(600) }.into()]);
    all.push(Retention { messages: Some(10_000), age_s: None, bytes: Some(1 << 30) }.into());
    all.extend([PresenceMode::Off, PresenceMode::Counts, PresenceMode::Full].map(|mode| PresenceShown { mode }.into()));
    all.extend([HistoryFrom::Beginning, HistoryFrom::Joining].map(|from| HistoryShown { from }.into()));
    all.extend([EditWindow { seconds: Some(300) }.into(), EditsKept { on: false }.into()]);
    let redactors = [Redactors::AuthorAndModerators, Redactors::Moderators, Redactors::Nobody];
    all.extend(redactors.map(|who| Redaction { who }.into()));
    all.extend([ReadReceipts { on: true }.into(), MembersMax { count: 500 }.into()]);
    all.push(Filters { rules: vec![filter(FilterAction::Reject), filter(FilterAction::Replace)] }.into());
    all.extend([ForwardTo { rooms: vec![RoomId(4)] }.into(), Archived { on: true }.into()]);
    all
}

pub(super) fn extras() -> Vec<Extra> {
    let forwarded =
        Forwarded { room: RoomId(4), room_name: text("ops"), seq: Seq(9), by: AccountId(2), name: text("bob") };
    vec![
        ReplyTo { target: Seq(8_123) }.into(),
        VisibleTo { accounts: vec![AccountId(2), AccountId(17)] }.into(),
        forwarded.into(),
        Custom { kind: text("poll.v1"), bytes: vec![1, 2, 3] }.into(),
        ByBot {}.into(),
    ]
}

pub(super) fn room_bodies() -> Vec<EventBody> {
    let (name, member, reason) = (|| text("alice"), bob, || text("too loud"));
    let listed = |list, until| Listed { name: name(), who: bob(), list, until, reason: reason() };
    vec![
        PostedWith {
            name: name(),
            style: Style::Text,
            text: text("look"),
            mentions: vec![AccountId(2)],
            extras: extras(),
        }
        .into(),
        Edited { name: name(), target: Seq(8_123), text: text("hello, all"), mentions: vec![], visible_to: None }
            .into(),
        Redacted { name: name(), target: Seq(8_123), reason: reason() }.into(),
        RedactedFor { name: name(), target: Seq(8_123), reason: reason(), visible_to: vec![AccountId(2)] }.into(),
        Reacted {
            name: name(), target: Seq(8_123), emoji: text("👍"), on: true, visible_to: Some(vec![AccountId(2)])
        }
        .into(),
        Pinned { name: name(), target: Seq(8_123), on: true }.into(),
        RoomChanged { name: name(), changes: settings() }.into(),
        Renamed { name: name(), old: text("dev"), new: text("development") }.into(),
        RoleSet { name: name(), member: member(), role: Role::Moderator }.into(),
        OwnerChanged { name: name(), member: member() }.into(),
        listed(List::Banned, Some(NOON)).into(),
        listed(List::Muted, None).into(),
        listed(List::Invited, None).into(),
        Unlisted { name: name(), who: bob(), list: List::Banned, reason: reason() }.into(),
        Kicked { name: name(), member: member(), reason: reason() }.into(),
        Evicted { members: vec![bob()], reason: reason() }.into(),
        Purged { name: name(), who: bob(), up_to: Seq(8_123), reason: reason() }.into(),
        Deleted { name: name(), reason: reason() }.into(),
        Erased { kind: 4 }.into(),
        DirectCreated { room: text("dm-2-17"), members: vec![bob()] }.into(),
    ]
}

pub(super) fn room_requests() -> Vec<Request> {
    let (key, room, user, reason) = (KEY, ROOM, by_name, || text("too loud"));
    let target = Seq(8_123);
    vec![
        ChangeRoom { key, room, changes: settings() }.into(),
        RenameRoom { key, room, name: text("development") }.into(),
        DeleteRoom { key, room, if_empty: true, reason: reason() }.into(),
        DescribeRoom { room }.into(),
        Explain { room, action: text("kick"), target: Some(UserRef::Id(AccountId(2))) }.into(),
        PostWith { key, room, style: Style::Text, text: text("look"), extras: extras() }.into(),
        Edit { key, room, target, text: text("hello, all") }.into(),
        Redact { key, room, target, reason: reason() }.into(),
        React { key, room, target, emoji: text("👍"), on: true }.into(),
        Pin { key, room, target, on: true }.into(),
        PostBatch { room, posts: vec![BatchItem { key, style: Style::Text, text: text("one") }] }.into(),
        Announce { room, style: Style::Text, text: text("now") }.into(),
        SetRole { key, room, user: user(), role: Role::Admin }.into(),
        TransferRoom { key, room, user: user() }.into(),
        PutOnList { key, room, user: user(), list: List::Banned, until: Some(NOON), reason: reason() }.into(),
        TakeOffList { key, room, user: user(), list: List::Muted, reason: reason() }.into(),
        ReadList { room, list: List::Invited, after: AccountId(0), limit: 500 }.into(),
        Kick { key, room, user: user(), reason: reason() }.into(),
        Purge { key, room, user: user(), reason: reason() }.into(),
        AuditRoom { room, before: Seq::MAX, limit: 50 }.into(),
        Forward { key, room, target, to: RoomId(4) }.into(),
        ListFolds { room, from: Seq(8_000), to: Seq(8_130) }.into(),
        ListPins { room }.into(),
        CreateRoomWith { key, name: text("dev"), settings: settings() }.into(),
    ]
}

pub(super) fn room_replies() -> Vec<Reply> {
    let receipt = Receipt { seq: Seq(8_131), ordinal: Ordinal(7_002), at: NOON, duplicate: false };
    let refused = Reject::new(RejectCode::Muted, "muted");
    vec![
        RoomDetails {
            room: ROOM,
            name: text("dev"),
            owner: Some(bob()),
            role: Some(Role::Admin),
            settings: settings(),
            rights: vec![text("post")],
        }
        .into(),
        Explained { refusal: None }.into(),
        Explained { refusal: Some(refused.clone()) }.into(),
        BatchReceipt { results: vec![BatchResult::Stored(receipt), BatchResult::Refused(refused)] }.into(),
        ListEntries {
            list: List::Banned,
            entries: vec![ListEntry {
                who: bob(),
                until: Some(NOON),
                reason: text("too loud"),
                by: AccountId(17),
                since: NOON,
            }],
            more: false,
        }
        .into(),
        FoldList {
            room: ROOM,
            folds: vec![Fold {
                target: Seq(8_123),
                seq: Seq(8_125),
                text: Some(text("hello, all")),
                edited_at: NOON,
                revision: 2,
                reactions: vec![Reaction { emoji: text("👍"), by: vec![AccountId(2)], count: 1 }],
                pinned: true,
            }],
        }
        .into(),
        PinList { room: ROOM, events: vec![event(bodies().remove(4))] }.into(),
    ]
}
