//! The block of conversations as a running server answers it. The same people always have the same one, so what is allowed is
//! done in it too, one thing after the other.

use chat_proto::reach::OpenDirect;
use chat_proto::request::{History, ListMembers, LookUpRoom};
use chat_proto::{AccountId, Anchor, Reply, Request, RoomId, RoomRef, Seq};
use chat_server::core::access::Action;

use crate::cells::{Aim, Kind, Place};
use crate::stage::{Cast, Person, Stage, join, leave, room_of, seq_of};
use crate::support::{fresh_key, post};
use crate::table::reviewed;
use crate::wire::{code, everybody, explain, explained, request};

/// Who begins a conversation and looks at it.
const HOST: Person = Person::Target(Place::Member);

/// Who asks, where the server's owner is outside; `Invited` is who took part and left. Nobody there is more than another.
const ACTORS: [Place; 4] = [Place::Member, Place::Invited, Place::Outsider, Place::ServerOutside];

async fn begin(cast: &mut Cast, with: &[Place]) -> Stage {
    let guests = with.iter().map(|place| Person::Actor(*place));
    let open = OpenDirect { key: fresh_key(), with: guests.clone().map(Person::user).collect() };
    let room = room_of(&cast.done(vec![(HOST, open.into())]).await[0]);
    let people: Vec<Person> = guests.chain([HOST]).collect();
    let posts = cast.done(people.iter().map(|person| (*person, post(room, "psst").into())).collect()).await;
    cast.done(vec![(Person::Actor(Place::Invited), leave(room))]).await;
    Stage { room, host: HOST, messages: people.into_iter().zip(posts.iter().map(seq_of)).collect() }
}

async fn look(cast: &mut Cast, room: RoomId) -> Vec<Reply> {
    let asks: [Request; 3] = [
        LookUpRoom { room: RoomRef::Id(room) }.into(),
        ListMembers { room, after: AccountId(0), limit: 100 }.into(),
        History { room, anchor: Anchor::Before(Seq::MAX), limit: 200 }.into(),
    ];
    cast.done(asks.map(|ask| (HOST, ask)).into()).await
}

/// Asks everything of one conversation in some people's names, what is refused first.
async fn check(cast: &mut Cast, stage: &Stage, actors: &[Place]) {
    let before = look(cast, stage.room).await;
    let mut allowed = Vec::new();
    for (cell, answer) in reviewed() {
        let aims = [Aim::Nobody, Aim::Himself, Aim::At(Place::Member), Aim::At(Place::Outsider)];
        if cell.kind != Kind::Direct || !actors.contains(&cell.actor) || !aims.contains(&cell.aim) {
            continue;
        }
        let actor = Person::Actor(cell.actor);
        let replies = cast.ask(vec![(actor, explain(cell, stage.room))]).await;
        assert_eq!(explained(&replies[0]), answer, "explain {cell:?}");
        let Some(request) = request(cell, stage) else { continue };
        if answer.is_none() {
            allowed.push((cell, request));
            continue;
        }
        let reply = cast.ask(vec![(actor, request)]).await.remove(0);
        assert_eq!(code(reply), answer, "{cell:?}");
    }
    assert_eq!(look(cast, stage.room).await, before, "what is refused changes nothing");
    for (cell, request) in allowed {
        let actor = Person::Actor(cell.actor);
        let reply = cast.ask(vec![(actor, request)]).await.remove(0);
        assert_eq!(code(reply), None, "{cell:?}");
        if cell.action == Action::Leave && cell.actor != Place::Invited {
            cast.done(vec![(actor, join(stage.room))]).await;
        }
        if cell.action == Action::Join && cell.actor == Place::Invited {
            cast.done(vec![(actor, leave(stage.room))]).await;
        }
    }
}

#[tokio::test]
async fn a_conversation() {
    let mut cast = Cast::of(&everybody(Place::ServerOutside)).await;
    let stage = begin(&mut cast, &[Place::Member, Place::Invited]).await;
    check(&mut cast, &stage, &ACTORS).await;
    let stage = begin(&mut cast, &[Place::Member, Place::Invited, Place::ServerInside]).await;
    check(&mut cast, &stage, &[Place::ServerInside]).await;
}
