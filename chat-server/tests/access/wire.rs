//! The table as a running server answers it: every question by its real request, and by `Explain`.

use chat_proto::codec::encode_frame;
use chat_proto::event::List;
use chat_proto::limits::REQUEST_FRAME_BYTES_MAX;
use chat_proto::request::{
    ChangeRoom, DeleteRoom, Edit, Explain, History, Kick, LookUpRoom, Pin, Purge, React, ReadList, Redact, RenameRoom,
    SetRole, TakeOffList, TransferRoom,
};
use chat_proto::setting::{Archived, Topic};
use chat_proto::{
    AccountId, Anchor, RejectCode, Reply, ReplyFrame, Request, RequestFrame, RequestId, Role, RoomId, RoomRef, Seq,
};
use chat_server::core::access::Action;

use crate::cells::{Aim, Cell, Kind, Place};
use crate::stage::{Cast, Person, Stage, join, leave, put_on_list};
use crate::support::{Frames, TestServer, dial, fresh_key, post};
use crate::table::reviewed;

/// Who asks, in the room where the server's owner is outside.
const ACTORS: [Place; 11] = [
    Place::Owner,
    Place::Admin,
    Place::Moderator,
    Place::Member,
    Place::Guest,
    Place::Muted,
    Place::Banned,
    Place::Invited,
    Place::Outsider,
    Place::Passing,
    Place::ServerOutside,
];

/// So many requests at least each kind of room is asked.
const REQUESTS_MIN: usize = 720;

const TARGETS: [Place; 4] = [Place::Member, Place::Moderator, Place::Admin, Place::Outsider];

/// Everybody, and the server's owner in one of his two places.
pub fn everybody(servers_owner: Place) -> Vec<Person> {
    let actors = ACTORS.iter().filter(|place| **place != Place::ServerOutside);
    let people = actors.map(|place| Person::Actor(*place)).chain(TARGETS.map(Person::Target));
    people.chain([Person::Actor(servers_owner)]).collect()
}

/// The request that does what a question asks about, where the server has one.
pub fn request(cell: Cell, stage: &Stage) -> Option<Request> {
    let (key, room, reason) = (fresh_key(), stage.room, String::new());
    let target = Person::target(cell).unwrap_or(stage.host);
    let (user, message) = (target.user(), stage.messages.get(&target).copied());
    let put = |list| put_on_list(room, target, list);
    let take = |person: Person, list| TakeOffList { key, room, user: person.user(), list, reason: String::new() };
    let role = |role| SetRole { key, room, user: target.user(), role };
    Some(match cell.action {
        Action::Find => LookUpRoom { room: RoomRef::Id(room) }.into(),
        Action::Read => History { room, anchor: Anchor::Before(Seq::MAX), limit: 1 }.into(),
        Action::Join => join(room),
        Action::Leave => leave(room),
        Action::Post => post(room, "me too").into(),
        Action::Edit => Edit { key, room, target: message?, text: "hello, all".to_owned() }.into(),
        Action::React => React { key, room, target: message?, emoji: "👍".to_owned(), on: true }.into(),
        Action::Redact => Redact { key, room, target: message?, reason }.into(),
        Action::Pin => Pin { key, room, target: message?, on: true }.into(),
        Action::ReadLists => ReadList { room, list: List::Banned, after: AccountId(0), limit: 1 }.into(),
        Action::Invite => put_on_list(room, Person::Target(Place::Outsider), List::Invited),
        Action::Mute => put(List::Muted),
        Action::Unmute => take(Person::Actor(Place::Muted), List::Muted).into(),
        Action::Ban => put(List::Banned),
        Action::Unban => take(Person::Actor(Place::Banned), List::Banned).into(),
        Action::Kick => Kick { key, room, user, reason }.into(),
        Action::Purge => Purge { key, room, user, reason }.into(),
        Action::MakeMember => role(Role::Member).into(),
        Action::MakeModerator => role(Role::Moderator).into(),
        Action::MakeAdmin => role(Role::Admin).into(),
        Action::Transfer => TransferRoom { key, room, user }.into(),
        Action::Change => ChangeRoom { key, room, changes: vec![Topic { text: "builds".to_owned() }.into()] }.into(),
        Action::Archive => {
            let on = cell.kind != Kind::Archived;
            ChangeRoom { key, room, changes: vec![Archived { on }.into()] }.into()
        }
        Action::Rename => {
            let name = format!("r{}", &format!("{:032x}", u128::from_be_bytes(key.0))[..12]);
            RenameRoom { key, room, name }.into()
        }
        Action::Delete => DeleteRoom { key, room, if_empty: false, reason }.into(),
    })
}

pub fn explain(cell: Cell, room: RoomId) -> Request {
    let target = Person::target(cell).map(Person::user);
    Explain { room, action: cell.action.name().to_owned(), target }.into()
}

/// What a request of an allowed question is answered with: there may be nothing to do it to.
fn done(cell: Cell) -> Option<RejectCode> {
    let is_gone = cell.action == Action::Kick && cell.aim == Aim::At(Place::Outsider);
    is_gone.then_some(RejectCode::NoSuchUser)
}

pub fn code(reply: Reply) -> Option<RejectCode> {
    if let Reply::Reject(reject) = reply { Some(reject.code) } else { None }
}

pub fn explained(reply: &Reply) -> Option<RejectCode> {
    let Reply::Explained(why) = reply else { panic!("{reply:?}") };
    why.refusal.as_ref().map(|refusal| refusal.code)
}

/// Whether an allowed request leaves everything as it is.
fn only_reads(cell: Cell) -> bool {
    matches!(cell.action, Action::Find | Action::Read | Action::ReadLists) || done(cell).is_some()
}

/// Asks everything of one kind of room.
async fn check(kind: Kind) {
    let table = reviewed();
    let mut cast = Cast::of(&everybody(Place::ServerOutside)).await;
    let casts = [everybody(Place::ServerOutside), everybody(Place::ServerInside)];
    let stages = cast.set(kind, &casts).await;
    let before = cast.look(&stages).await;
    let mut reasons = Vec::new();
    let mut refused = Vec::new();
    let mut allowed = Vec::new();
    for (cell, answer) in table.into_iter().filter(|(cell, _)| cell.kind == kind) {
        let inside = cell.actor == Place::ServerInside;
        // A room has one owner, so nothing is done to another one by him.
        if (!inside && !ACTORS.contains(&cell.actor)) || (cell.actor, cell.aim) == (Place::Owner, Aim::At(Place::Owner))
        {
            continue;
        }
        // Where users join no guest stays.
        if (cell.kind, cell.actor) == (Kind::Lobby, Place::Guest) {
            continue;
        }
        let stage = &stages[usize::from(inside)];
        reasons.push((cell, answer, explain(cell, stage.room)));
        match request(cell, stage) {
            Some(request) if answer.is_some() => refused.push((cell, answer, request)),
            Some(request) if only_reads(cell) => refused.push((cell, done(cell), request)),
            Some(_) => allowed.push(cell),
            None => {}
        }
    }
    assert!(refused.len() + allowed.len() >= REQUESTS_MIN, "{} and {}", refused.len(), allowed.len());
    let asks = |asked: &[(Cell, Option<RejectCode>, Request)]| {
        asked.iter().map(|(cell, _, request)| (Person::Actor(cell.actor), request.clone())).collect()
    };
    let replies = cast.ask(asks(&reasons)).await;
    for ((cell, answer, _), reply) in reasons.iter().zip(&replies) {
        assert_eq!(explained(reply), *answer, "explain {cell:?}");
    }
    let replies = cast.ask(asks(&refused)).await;
    for ((cell, answer, request), reply) in refused.iter().zip(replies) {
        assert_eq!(code(reply), *answer, "{cell:?}: {request:?}");
    }
    assert_eq!(cast.look(&stages).await, before, "what is refused changes nothing");
    check_allowed(&mut cast, kind, &allowed).await;
}

/// Does what is allowed, each in a room of its own.
async fn check_allowed(cast: &mut Cast, kind: Kind, cells: &[Cell]) {
    let needed = |cell: &Cell| {
        let mut people = vec![Person::OWNER, Person::Actor(cell.actor)];
        people.extend(Person::target(*cell));
        people.extend((cell.action == Action::Unmute).then_some(Person::Actor(Place::Muted)));
        people.extend((cell.action == Action::Unban).then_some(Person::Actor(Place::Banned)));
        people.sort();
        people.dedup();
        people
    };
    let casts: Vec<Vec<Person>> = cells.iter().map(needed).collect();
    let stages = cast.set(kind, &casts).await;
    let asks = cells
        .iter()
        .zip(&stages)
        .filter_map(|(cell, stage)| request(*cell, stage).map(|request| (Person::Actor(cell.actor), request)));
    let replies = cast.ask(asks.collect()).await;
    for (cell, reply) in cells.iter().zip(replies) {
        assert_eq!(code(reply), None, "{cell:?}");
    }
}

#[tokio::test]
async fn an_open_room() {
    check(Kind::Open).await;
}

#[tokio::test]
async fn a_room_for_the_invited() {
    check(Kind::InviteOnly).await;
}

#[tokio::test]
async fn a_room_of_announcements() {
    check(Kind::Announcement).await;
}

#[tokio::test]
async fn a_hidden_room() {
    check(Kind::Hidden).await;
}

#[tokio::test]
async fn an_archived_room() {
    check(Kind::Archived).await;
}

#[tokio::test]
async fn a_lobby() {
    check(Kind::Lobby).await;
}

#[tokio::test]
async fn a_room_on_record() {
    check(Kind::OnRecord).await;
}

#[tokio::test]
async fn nobody_asks_anything_before_he_logs_in() {
    let server = TestServer::start();
    let messages = everybody(Place::ServerOutside).into_iter().map(|person| (person, Seq(1))).collect();
    let stage = Stage { room: RoomId(1), host: Person::OWNER, messages };
    for action in Action::ALL {
        let cell = Cell { kind: Kind::Open, action: *action, actor: Place::Nobody, aim: Aim::Nobody };
        let Some(request) = request(cell, &stage) else { continue };
        let (mut send, recv) = dial(&server).await.open_bi().await.unwrap();
        let frame = RequestFrame { id: RequestId(1), request };
        send.write_all(&encode_frame(&frame, REQUEST_FRAME_BYTES_MAX).unwrap()).await.unwrap();
        let reply = Frames::new(recv).next::<ReplyFrame>().await.unwrap().reply;
        assert_eq!(code(reply), Some(RejectCode::Unauthenticated), "{action:?}");
    }
}
