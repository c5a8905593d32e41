//! What people do in a room, told by three numbers.

use chat_proto::event::Named;
use chat_proto::setting::{
    Archived, EditWindow, EditsKept, Filter, FilterAction, Filters, ForwardTo, HistoryFrom, HistoryShown, JoinPolicy,
    Joining, Lifetime, Listing, MembersMax, Posting, PresenceMode, PresenceShown, ReadReceipts, Reading, Redaction,
    Redactors, Retention, SlowMode, Title, Topic, Who,
};
use chat_proto::{
    AccountId, Event, EventBody, Line, List, Role, RoomId, RoomName, RoomSetting, Seq, Style, Text, Timestamp, UserName,
};
use chat_server::core::command::{
    About, BeginDirect, Change, Create, Delete, Edit, Extent, Kick, Leave, Person, Pin, Post, Purge, PutOnList, React,
    Redact, Rename, RoomCommand, SetRole, TakeOffList, Transfer,
};
use chat_server::core::{AccountKind, Actor, ServerRank};

pub const NAMES: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

/// Somebody, by his account. The last one owns the server.
pub fn actor(account: AccountId) -> Actor {
    let index = usize::try_from(account.0 - 1).unwrap();
    let rank = if index + 1 == NAMES.len() { ServerRank::Owner } else { ServerRank::None };
    let actor = Actor::user(account, chat_proto::DeviceId(account.0), UserName::parse(NAMES[index]).unwrap());
    Actor { rank, ..actor }
}

pub fn person(account: AccountId) -> Person {
    let actor = actor(account);
    Person { account, name: actor.name.to_string(), kind: AccountKind::User, rank: actor.rank }
}

fn account(which: u8) -> AccountId {
    AccountId(u64::from(which) % NAMES.len() as u64 + 1)
}

fn one_of<T: Copy>(which: u8, choices: &[T]) -> T {
    choices[usize::from(which) % choices.len()]
}

/// A message of the room, as the store has it; none if what stands there is no message.
fn about(rows: &[Event], which: u8) -> Option<About> {
    let messages: Vec<&Event> = rows.iter().filter(|row| EventBody::is_message_kind(row.body.stored_kind())).collect();
    let event = messages.get(usize::from(which) % messages.len().max(1))?;
    let message = event.body.message();
    Some(About {
        seq: event.seq,
        author: person(event.by),
        at: event.at,
        visible_to: message.and_then(|message| message.visible_to()).map(<[AccountId]>::to_vec),
        is_erased: message.is_none(),
    })
}

/// The command somebody gives, if what it is about is there.
pub fn command(kind: u8, whom: u8, which: u8, rows: &[Event], now: Timestamp) -> Option<RoomCommand> {
    let (on, reason) = (which.is_multiple_of(2), Line::parse(one_of(which, &["", "so"])).unwrap());
    let someone = person(account(whom));
    let text = Text::parse(&format!("@{} {}", someone.name, one_of(which, &["hi", "spam", "well well"]))).unwrap();
    Some(match kind % 48 {
        0 => RoomCommand::Create(Create { settings: vec![setting(whom, which)], ..create() }),
        1..8 => RoomCommand::join(),
        8..10 => RoomCommand::Leave(Leave { reason }),
        10..18 => {
            let visible_to = which.is_multiple_of(5).then(|| vec![someone.account]);
            let reply_to = if which.is_multiple_of(3) { about(rows, whom) } else { None };
            RoomCommand::Post(Post { visible_to, reply_to, ..Post::plain(Style::Text, text) })
        }
        18..20 => RoomCommand::Edit(Edit { about: about(rows, which)?, text }),
        20..22 => RoomCommand::Redact(Redact { about: about(rows, which)?, reason }),
        22 => RoomCommand::React(React { about: about(rows, which)?, emoji: "+1".to_owned(), on, holds: !on }),
        23..26 => RoomCommand::Pin(Pin { about: about(rows, which)?, on: !which.is_multiple_of(4) }),
        26..33 => {
            let both = if on { vec![setting(whom, which)] } else { vec![setting(which, whom), setting(whom, which)] };
            RoomCommand::Change(Change { changes: both })
        }
        33 => RoomCommand::Rename(Rename { name: RoomName::parse(one_of(which, &["dev", "ops"])).unwrap() }),
        34..38 => {
            let role = one_of(which, &[Role::Member, Role::Moderator, Role::Admin]);
            RoomCommand::SetRole(SetRole { whom: someone, role })
        }
        38 => RoomCommand::Transfer(Transfer { whom: someone }),
        39..43 => {
            let until = on.then(|| Timestamp(now.0 + i64::from(which) * 100_000));
            let purge = if which.is_multiple_of(4) { extent(rows, someone.account) } else { None };
            RoomCommand::PutOnList(PutOnList { whom: someone, list: list(which / 2), until, reason, purge })
        }
        43..45 => RoomCommand::TakeOffList(TakeOffList { whom: someone, list: list(which), reason }),
        45 => RoomCommand::Kick(Kick { whom: someone, reason }),
        46 => {
            let extent = extent(rows, someone.account)?;
            RoomCommand::Purge(Purge { whom: someone, extent, reason })
        }
        _ if which < 80 && !on => RoomCommand::Tend,
        _ if which < 16 => RoomCommand::Delete(Delete { if_empty: on, reason }),
        _ => RoomCommand::join(),
    })
}

/// All that somebody wrote; any of it may be pinned.
fn extent(rows: &[Event], author: AccountId) -> Option<Extent> {
    let his = rows.iter().filter(|row| row.by == author && row.body.message().is_some());
    Some(Extent { up_to: rows.last()?.seq, pins: his.map(|row| row.seq).collect() })
}

/// The room every history begins with.
pub fn create() -> Create {
    Create::plain(RoomName::parse("dev").unwrap(), Line::parse("builds").unwrap())
}

/// A conversation of the same people.
pub fn direct() -> BeginDirect {
    let members = [1, 2, 3].map(|account| person(AccountId(account)));
    let named = |person: Person| Named { account: person.account, name: person.name };
    BeginDirect { name: RoomName::parse("dm-1-2-3").unwrap(), members: members.map(named).into() }
}

fn list(which: u8) -> List {
    one_of(which, &[List::Banned, List::Muted, List::Invited])
}

/// Every setting there is, with one of its values.
fn setting(kind: u8, which: u8) -> RoomSetting {
    let on = which.is_multiple_of(2);
    let who = one_of(which, &[Who::Everyone, Who::Users, Who::Members, Who::Moderators, Who::Admins]);
    let text = one_of(which, &["", "one", "two"]).to_owned();
    let some = on.then(|| u64::from(which));
    match kind % 24 {
        0 => Topic { text }.into(),
        1 => Title { text }.into(),
        2 | 3 => {
            Joining { policy: one_of(which, &[JoinPolicy::Anyone, JoinPolicy::Users, JoinPolicy::Invited]) }.into()
        }
        4 => Reading { who }.into(),
        5 => Posting { who }.into(),
        6 => Listing { who }.into(),
        7..11 => SlowMode { seconds: one_of(which, &[0, 5, 30]) }.into(),
        11 => Lifetime { empty_for_s: one_of(which, &[None, Some(0), Some(2)]) }.into(),
        12 => Retention { messages: some, age_s: None, bytes: some }.into(),
        13 => {
            PresenceShown { mode: one_of(which, &[PresenceMode::Off, PresenceMode::Counts, PresenceMode::Full]) }.into()
        }
        14 => HistoryShown { from: one_of(which, &[HistoryFrom::Beginning, HistoryFrom::Joining]) }.into(),
        15 => EditWindow { seconds: on.then_some(u32::from(which)) }.into(),
        16 => EditsKept { on }.into(),
        17 => {
            let who = one_of(which, &[Redactors::AuthorAndModerators, Redactors::Moderators, Redactors::Nobody]);
            Redaction { who }.into()
        }
        18 => ReadReceipts { on }.into(),
        19 => MembersMax { count: u32::from(which % 6) }.into(),
        20 | 21 => {
            let action = one_of(which, &[FilterAction::Reject, FilterAction::Replace]);
            let rule = Filter { word: "spam".to_owned(), action, with: text };
            Filters { rules: if which.is_multiple_of(3) { vec![] } else { vec![rule] } }.into()
        }
        22 => ForwardTo { rooms: one_of(which, &[&[][..], &[RoomId(7)]]).to_vec() }.into(),
        _ => Archived { on: which.is_multiple_of(5) }.into(),
    }
}

/// The messages whose words a command's event takes out of the store, as the store finds them.
pub fn erased(body: &EventBody, rows: &[Event]) -> Vec<Seq> {
    match body {
        EventBody::Redacted(it) => vec![it.target],
        EventBody::RedactedFor(it) => vec![it.target],
        EventBody::Purged(it) => {
            let his = rows.iter().filter(|row| row.by == it.who.account && row.seq <= it.up_to);
            his.filter(|row| row.body.message().is_some()).map(|row| row.seq).collect()
        }
        _ => Vec::new(),
    }
}
