//! Who asks what next, and how much later.

use std::sync::LazyLock;

use chat_proto::event::Named;
use chat_proto::{
    AccountId, DeviceId, Event, Line, List, Role, RoomName, RoomSetting, Seq, Style, Text, Timestamp, UserName,
};
use chat_server::core::command::{
    About, BeginDirect, Change, Create, Delete, Edit, Extent, Join, Kick, Leave, Person, Pin, Post, Purge, PutOnList,
    React, Redact, Rename, RoomCommand, SetRole, TakeOffList, Transfer,
};
use chat_server::core::guest::GUESTS_FROM;
use chat_server::core::{AccountKind, Actor, ServerRank};

use crate::input::Input;

/// Two who are much alike, one who owns the server, one who is a program, one who passes through, one whose name is another script.
static PEOPLE: LazyLock<Vec<Actor>> = LazyLock::new(|| {
    let name = |name: &str| UserName::parse(name).expect("a name");
    let user = |number: u64, called: &str| Actor::user(AccountId(number), DeviceId(number), name(called));
    vec![
        user(1, "alice"),
        user(2, "bob"),
        user(3, "carol"),
        Actor { rank: ServerRank::Owner, ..user(4, "olga") },
        Actor { kind: AccountKind::Bot, ..user(5, "robot") },
        Actor::guest(AccountId(GUESTS_FROM.0 + 1), UserName::guest("gil").expect("a name")),
        user(6, "山田"),
    ]
});

/// How much later the next command comes, microseconds: at once, a moment, minutes, days.
pub(super) fn step(input: &mut Input<'_>) -> i64 {
    input.one_of(&[0, 0, 1, 1_000, 1_000_000, 61_000_000, 3_600_000_000, 100_000_000_000])
}

/// Who asks what.
pub(super) fn next(input: &mut Input<'_>, events: &[Event], now: Timestamp) -> (Actor, RoomCommand) {
    let by = somebody(input).clone();
    let command = match input.below(24) {
        0 => RoomCommand::Create(Create { name: room(input), topic: line(input), settings: settings(input) }),
        1 => RoomCommand::BeginDirect(BeginDirect { name: room(input), members: members(input, &by) }),
        2..=4 => RoomCommand::Join(Join { members_max: input.one_of(&[0, 1, 3, 10_000]) }),
        5 => RoomCommand::Leave(Leave { reason: line(input) }),
        6..=8 => RoomCommand::Post(post(input, events)),
        9 => RoomCommand::Edit(Edit { about: about(input, events), text: text(input) }),
        10 => RoomCommand::Redact(Redact { about: about(input, events), reason: line(input) }),
        11 => {
            let (about, on, holds) = (about(input, events), input.flag(), input.flag());
            RoomCommand::React(React { about, emoji: input.text(), on, holds })
        }
        12 | 13 => RoomCommand::Pin(Pin { about: about(input, events), on: input.flag() }),
        14 | 15 => RoomCommand::Change(Change { changes: settings(input) }),
        16 => RoomCommand::Rename(Rename { name: room(input) }),
        17 => {
            let role = input.one_of(&[Role::Member, Role::Owner, Role::Moderator, Role::Admin]);
            RoomCommand::SetRole(SetRole { whom: whom(input), role })
        }
        18 => RoomCommand::Transfer(Transfer { whom: whom(input) }),
        19 => RoomCommand::PutOnList(put(input, events, now)),
        20 => RoomCommand::TakeOffList(TakeOffList { whom: whom(input), list: list(input), reason: line(input) }),
        21 => RoomCommand::Kick(Kick { whom: whom(input), reason: line(input) }),
        22 => RoomCommand::Purge(Purge { whom: whom(input), extent: extent(input, events), reason: line(input) }),
        _ => match input.below(4) {
            0 => RoomCommand::Delete(Delete { if_empty: input.flag(), reason: line(input) }),
            _ => return (Actor::server(), RoomCommand::Tend),
        },
    };
    (by, command)
}

fn somebody(input: &mut Input<'_>) -> &'static Actor {
    &PEOPLE[input.below(PEOPLE.len())]
}

fn person(actor: &Actor) -> Person {
    let name = actor.name.as_str().to_owned();
    Person { account: actor.account, name, kind: actor.kind, rank: actor.rank }
}

fn whom(input: &mut Input<'_>) -> Person {
    person(somebody(input))
}

fn room(input: &mut Input<'_>) -> RoomName {
    RoomName::parse(input.one_of(&["dev", "Ops", "部屋"])).expect("a name")
}

/// What a session's line becomes: bytes that are none are left out.
fn line(input: &mut Input<'_>) -> Line {
    if input.flag() { Line::parse(&input.text()).unwrap_or_default() } else { Line::default() }
}

fn text(input: &mut Input<'_>) -> Text {
    let usual = || Text::parse("hi @bob, carol").expect("a text");
    if input.flag() { Text::parse(&input.text()).unwrap_or_else(|_| usual()) } else { usual() }
}

fn list(input: &mut Input<'_>) -> List {
    input.one_of(&[List::Banned, List::Muted, List::Invited])
}

fn accounts(input: &mut Input<'_>) -> Option<Vec<AccountId>> {
    let count = input.below(4).checked_sub(1)?;
    Some((0..count).map(|_| somebody(input).account).collect())
}

fn members(input: &mut Input<'_>, by: &Actor) -> Vec<Named> {
    let named = |actor: &Actor| Named { account: actor.account, name: actor.name.as_str().to_owned() };
    let mut members: Vec<Named> = (0..input.below(4)).map(|_| named(somebody(input))).collect();
    if input.flag() {
        members.push(named(by));
    }
    members
}

/// Settings as they come over the wire: a number and a payload.
fn settings(input: &mut Input<'_>) -> Vec<RoomSetting> {
    let setting = |_| {
        let kind = u16::try_from(input.below(RoomSetting::KINDS.len() + 2)).unwrap_or(0);
        RoomSetting::from_payload(kind, input.bytes()).ok()
    };
    (0..3).filter_map(setting).collect()
}

/// A message there is, or one there never was.
fn about(input: &mut Input<'_>, events: &[Event]) -> About {
    let event = events.get(input.below(events.len() + 1)).filter(|event| event.body.is_message());
    let author = event.and_then(|event| PEOPLE.iter().find(|actor| actor.account == event.by));
    About {
        seq: event.map_or(Seq(u64::from(input.number())), |event| event.seq),
        author: person(author.unwrap_or_else(|| somebody(input))),
        at: event.map_or(Timestamp(0), |event| event.at),
        visible_to: accounts(input),
        is_erased: input.flag(),
    }
}

fn post(input: &mut Input<'_>, events: &[Event]) -> Post {
    let style = if input.flag() { Style::Text } else { Style::Action };
    let mut post = Post::plain(style, text(input));
    post.visible_to = accounts(input);
    post.reply_to = input.flag().then(|| about(input, events));
    post
}

fn extent(input: &mut Input<'_>, events: &[Event]) -> Extent {
    let up_to = Seq(events.len() as u64);
    Extent { up_to, pins: (0..input.below(3)).map(|_| Seq(u64::from(input.byte()))).collect() }
}

fn put(input: &mut Input<'_>, events: &[Event], now: Timestamp) -> PutOnList {
    let (whom, list, reason) = (whom(input), list(input), line(input));
    let until = input.flag().then(|| Timestamp(now.0 + input.one_of(&[-1, 0, 1_000_000, 90_000_000_000])));
    let purge = input.flag().then(|| extent(input, events));
    PutOnList { whom, list, until, reason, purge }
}
