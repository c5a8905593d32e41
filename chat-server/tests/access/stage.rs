//! People with accounts, and rooms with all or some of them in their places.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat_proto::event::List;
use chat_proto::identity::ClaimServer;
use chat_proto::request::{
    ChangeRoom, CreateRoom, DescribeRoom, History, JoinRoom, LeaveRoom, ListMembers, ListPins, LookUpRoom, PutOnList,
    ReadList, SetRole, UserRef,
};
use chat_proto::setting::{Listing, Who};
use chat_proto::{AccountId, Anchor, Reply, ReplyFrame, Request, RequestId, Role, RoomId, RoomRef, RoomSetting, Seq};
use chat_server::hub::HubSettings;
use chat_server::server::Settings;
use chat_server::store::MemoryStore;

use crate::cells::{Aim, Cell, Kind, Place};
use crate::support::{Device, PATIENCE, RawClient, TestServer, dial, fresh_key, post};

/// Requests under way at once, so that neither side waits for the other to read.
const AT_ONCE: usize = 200;

/// Somebody in a room: who does something, or another in the same place, to whom it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Person {
    Actor(Place),
    Target(Place),
}

impl Person {
    pub const OWNER: Self = Self::Actor(Place::Owner);

    /// To whom a question's action is done.
    pub fn target(cell: Cell) -> Option<Self> {
        match cell.aim {
            Aim::Nobody => None,
            Aim::Himself => Some(Self::Actor(cell.actor)),
            // There is one of them.
            Aim::At(Place::Owner) => Some(Self::OWNER),
            Aim::At(place) => Some(Self::Target(place)),
        }
    }

    pub fn place(self) -> Place {
        match self {
            Self::Actor(place) | Self::Target(place) => place,
        }
    }

    fn name(self) -> String {
        match self {
            Self::Actor(Place::ServerInside | Place::ServerOutside) => "the-first".to_owned(),
            Self::Actor(place) if self.is_guest() => format!("~the-{}", place.name()),
            Self::Actor(place) => format!("the-{}", place.name()),
            Self::Target(place) => format!("another-{}", place.name()),
        }
    }

    fn is_guest(self) -> bool {
        matches!(self.place(), Place::Guest | Place::Passing)
    }

    pub fn user(self) -> UserRef {
        UserRef::Name(self.name())
    }
}

/// A server and everybody who has a connection to it.
pub struct Cast {
    _server: TestServer,
    clients: BTreeMap<String, RawClient>,
    rooms: usize,
}

impl Cast {
    pub async fn of(people: &[Person]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("owner-claim");
        let hub = HubSettings { guests: 10, ..HubSettings::default() };
        let settings = Settings { hub, claim: Some(path.clone()), ..Settings::default() };
        let server = TestServer::start_with(Arc::new(MemoryStore::default()), settings);
        let mut clients = BTreeMap::new();
        for person in people {
            let name = person.name();
            let client = match name.strip_prefix('~') {
                None => RawClient::login(&server, &Device::new(), &name).await,
                Some(name) => {
                    let connection = dial(&server).await;
                    let proof = Device::new().prove_guest(&connection, &server.key, name);
                    RawClient::enter(connection, proof.into(), Vec::new()).await.unwrap()
                }
            };
            clients.insert(name, client);
        }
        let written = async {
            while !path.exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, written).await.unwrap();
        let mut cast = Self { _server: server, clients, rooms: 0 };
        let code = std::fs::read_to_string(&path).unwrap();
        cast.done(vec![(Person::Actor(Place::ServerOutside), ClaimServer { code }.into())]).await;
        cast
    }

    /// Asks many things at once, each in somebody's name. The answers are in the same order.
    pub async fn ask(&mut self, asks: Vec<(Person, Request)>) -> Vec<Reply> {
        let mut replies = Vec::with_capacity(asks.len());
        for asks in asks.chunks(AT_ONCE) {
            let mut sent: Vec<(String, RequestId)> = Vec::with_capacity(asks.len());
            for (person, request) in asks {
                let name = person.name();
                let id = self.clients.get_mut(&name).unwrap().begin(request.clone()).await;
                sent.push((name, id));
            }
            let mut came = BTreeMap::new();
            for (name, _) in &sent {
                let client = self.clients.get_mut(name).unwrap();
                let frame = tokio::time::timeout(PATIENCE, client.replies.next::<ReplyFrame>()).await;
                let frame = frame.unwrap().unwrap();
                came.insert((name.clone(), frame.id), frame.reply);
            }
            replies.extend(sent.iter().map(|sent| came.remove(sent).unwrap()));
        }
        replies
    }

    /// Asks for what must not be refused.
    pub async fn done(&mut self, asks: Vec<(Person, Request)>) -> Vec<Reply> {
        let replies = self.ask(asks.clone()).await;
        for (reply, ask) in replies.iter().zip(asks) {
            assert!(!matches!(reply, Reply::Reject(_)), "{ask:?}: {reply:?}");
        }
        replies
    }

    /// Rooms of a kind, each with some people in their places, the owner among them.
    pub async fn set(&mut self, kind: Kind, casts: &[Vec<Person>]) -> Vec<Stage> {
        let names = self.rooms..self.rooms + casts.len();
        self.rooms = names.end;
        let create = |number| CreateRoom { key: fresh_key(), name: format!("room-{number}"), topic: String::new() };
        let made = self.done(names.map(|number| (Person::OWNER, create(number).into())).collect()).await;
        let rooms: Vec<RoomId> = made.iter().map(room_of).collect();
        let each = |make: &dyn Fn(RoomId, Person) -> Vec<(Person, Request)>| {
            let rooms = rooms.iter().zip(casts);
            rooms.flat_map(|(room, people)| people.iter().flat_map(|person| make(*room, *person))).collect::<Vec<_>>()
        };
        // Guests come in while they are shown the door.
        let listing =
            |who| rooms.iter().map(|room| (Person::OWNER, change(*room, vec![Listing { who }.into()]))).collect();
        self.done(listing(Who::Everyone)).await;
        self.done(each(&|room, person| if person == Person::OWNER { vec![] } else { vec![(person, join(room))] }))
            .await;
        let posts = self.done(each(&|room, person| vec![(person, post(room, "hello").into())])).await;
        self.done(each(&place)).await;
        self.done(listing(Who::Users)).await;
        let changes = kind.changes();
        if !changes.is_empty() {
            self.done(rooms.iter().map(|room| (Person::OWNER, change(*room, changes.clone()))).collect()).await;
        }
        let mut posts = posts.iter().map(seq_of);
        let stage = |(room, people): (&RoomId, &Vec<Person>)| Stage {
            room: *room,
            host: Person::OWNER,
            messages: people.iter().copied().zip(posts.by_ref()).collect(),
        };
        rooms.iter().zip(casts).map(stage).collect()
    }

    /// All that is to be seen of rooms by their owner.
    pub async fn look(&mut self, stages: &[Stage]) -> Vec<Reply> {
        let asks = |stage: &Stage| {
            let room = stage.room;
            let list = |list| ReadList { room, list, after: AccountId(0), limit: 100 }.into();
            let asks: [Request; 8] = [
                LookUpRoom { room: RoomRef::Id(room) }.into(),
                DescribeRoom { room }.into(),
                ListMembers { room, after: AccountId(0), limit: 100 }.into(),
                History { room, anchor: Anchor::Before(Seq::MAX), limit: 200 }.into(),
                ListPins { room }.into(),
                list(List::Banned),
                list(List::Muted),
                list(List::Invited),
            ];
            asks.map(|ask| (Person::OWNER, ask))
        };
        self.done(stages.iter().flat_map(asks).collect()).await
    }
}

/// A room with people in their places, each of whom wrote a message.
pub struct Stage {
    pub room: RoomId,
    /// Who began it.
    pub host: Person,
    pub messages: BTreeMap<Person, Seq>,
}

pub fn room_of(reply: &Reply) -> RoomId {
    let Reply::RoomInfo(info) = reply else { panic!("{reply:?}") };
    info.room
}

pub fn seq_of(reply: &Reply) -> Seq {
    let Reply::Receipt(receipt) = reply else { panic!("{reply:?}") };
    receipt.seq
}

fn change(room: RoomId, changes: Vec<RoomSetting>) -> Request {
    ChangeRoom { key: fresh_key(), room, changes }.into()
}

pub fn join(room: RoomId) -> Request {
    JoinRoom { key: fresh_key(), room: RoomRef::Id(room), create: false }.into()
}

pub fn leave(room: RoomId) -> Request {
    LeaveRoom { key: fresh_key(), room, reason: String::new() }.into()
}

/// What makes somebody who has just joined an open room what he is to be.
fn place(room: RoomId, person: Person) -> Vec<(Person, Request)> {
    let role = |role| SetRole { key: fresh_key(), room, user: person.user(), role }.into();
    let put = |list| put_on_list(room, person, list);
    // Whoever is no moderator stays in a room for the invited by his invitation.
    let by_owner = |requests: Vec<Request>| requests.into_iter().map(|request| (Person::OWNER, request)).collect();
    match person.place() {
        Place::Owner | Place::Nobody => Vec::new(),
        Place::Admin => by_owner(vec![role(Role::Admin)]),
        Place::Moderator => by_owner(vec![role(Role::Moderator)]),
        Place::Member | Place::Guest | Place::ServerInside => by_owner(vec![put(List::Invited)]),
        Place::Muted => by_owner(vec![put(List::Invited), put(List::Muted)]),
        Place::Banned => by_owner(vec![put(List::Banned)]),
        Place::Invited => vec![(Person::OWNER, put(List::Invited)), (person, leave(room))],
        Place::Outsider | Place::Passing | Place::ServerOutside => vec![(person, leave(room))],
    }
}

pub fn put_on_list(room: RoomId, person: Person, list: List) -> Request {
    PutOnList { key: fresh_key(), room, user: person.user(), list, until: None, reason: String::new() }.into()
}
