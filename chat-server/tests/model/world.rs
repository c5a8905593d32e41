//! The people, their connections and the server, with the model beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chat_proto::event::{EventBody, List, Redacted, RedactedFor};
use chat_proto::reply::{Page, Receipt};
use chat_proto::request::{History, ListMembers, ListPins, Post, ReadList, Subscribe};
use chat_proto::{
    AccountId, Anchor, Chain, Epoch, Event, FeedId, FeedStatus, Position, RejectCode, Reply, Request, Role, RoomId,
    Seq, Timestamp,
};
use chat_server::environment::Environment;
use chat_server::server::Settings;
use chat_server::store::MemoryStore;
use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::deed::{Deed, MOMENT_S, NAMES, Person, Place, Setting, trust};
use crate::log::Line;
use crate::model::Room;
use crate::support::{Device, RawClient, TestServer, fresh_key, post};

/// Whose connections there are.
const SEATS: [Person; 6] = [0, 1, 2, 3, 0, 1];

const ROOMS: [&str; 2] = ["red", "blue"];

/// A room nobody made.
const NOWHERE: RoomId = RoomId(99);

/// What happens next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Somebody does something.
    Do { seat: usize, room: usize, deed: Deed },
    /// Somebody reads all there is in a room.
    Look { seat: usize, room: usize },
    /// Somebody writes, loses his connection, and asks again on the next one.
    Cut { seat: usize, room: usize },
    /// Somebody asks once more for the last message he wrote.
    Repeat { seat: usize },
    /// Somebody loses his connection and comes back.
    Reconnect { seat: usize },
    /// The server goes down and comes back, and everybody with it.
    Restart,
    /// Time passes: a moment.
    Pass,
}

impl Step {
    /// How a case begins: a room with people in it, two of them trusted. The other room begins as it comes.
    pub fn opening(random: &mut StdRng) -> Vec<Self> {
        let deed = |seat: usize, deed: Deed| Self::Do { seat, room: 0, deed };
        let mut steps = vec![deed(0, Deed::Create)];
        steps.extend((1..NAMES.len()).map(|who| deed(who, Deed::Join)));
        steps.extend([1, 2].map(|whom| deed(0, Deed::Give { whom, role: trust(random) })));
        steps
    }

    pub fn any(random: &mut StdRng) -> Self {
        let (seat, room) = (random.random_range(0..SEATS.len()), usize::from(random.random_bool(0.25)));
        match random.random_range(0..100) {
            0 => Self::Restart,
            1..4 => Self::Reconnect { seat },
            4..8 => Self::Repeat { seat },
            8..11 => Self::Cut { seat, room },
            11..16 => Self::Look { seat, room },
            16..19 => Self::Pass,
            _ => Self::Do { seat, room, deed: Deed::any(random) },
        }
    }
}

/// What somebody wrote last, and where it went.
#[derive(Clone)]
struct Written {
    post: Post,
    at: Receipt,
}

pub struct World {
    server: Option<TestServer>,
    devices: Vec<Device>,
    clients: Vec<RawClient>,
    accounts: Vec<AccountId>,
    ids: [RoomId; ROOMS.len()],
    rooms: [Option<Room>; ROOMS.len()],
    written: [Option<Written>; NAMES.len()],
    began: Timestamp,
    moment: u64,
    ahead: Arc<AtomicI64>,
    /// How long it waits for what is noted behind an answer.
    patience: Duration,
}

type Check = Result<(), String>;

fn same<T: PartialEq + std::fmt::Debug>(what: &str, model: &T, server: &T) -> Check {
    if model == server { Ok(()) } else { Err(format!("{what}\n   model: {model:?}\n  server: {server:?}")) }
}

impl World {
    pub async fn start(patience: Duration) -> Self {
        let ahead = Arc::new(AtomicI64::new(0));
        let store = Arc::new(MemoryStore::default());
        let server = TestServer::start_ahead(store, Settings::default(), Arc::clone(&ahead));
        let devices: Vec<Device> = NAMES.iter().map(|_| Device::new()).collect();
        let mut world = Self {
            server: Some(server),
            devices,
            clients: Vec::new(),
            accounts: Vec::new(),
            ids: [NOWHERE; ROOMS.len()],
            rooms: [const { None }; ROOMS.len()],
            written: [const { None }; NAMES.len()],
            began: Environment::real().now(),
            moment: 0,
            ahead,
            patience,
        };
        for person in SEATS {
            let client = world.login(person).await;
            world.clients.push(client);
        }
        world.accounts = world.clients.iter().take(NAMES.len()).map(|client| client.welcome.account).collect();
        world
    }

    pub async fn stop(self) {
        self.clients.iter().for_each(|client| client.connection.close(0u32.into(), b""));
        if let Some(server) = self.server {
            server.stop().await;
        }
    }

    async fn login(&self, person: Person) -> RawClient {
        RawClient::login(self.server.as_ref().unwrap(), &self.devices[person], NAMES[person]).await
    }

    pub async fn take(&mut self, index: usize, step: &Step) -> Check {
        match step {
            Step::Do { seat, room, deed } => self.act(*seat, *room, deed, index).await,
            Step::Look { seat, room } => self.look(*seat, *room).await,
            Step::Cut { seat, room } => self.cut(*seat, *room, index).await,
            Step::Repeat { seat } => {
                let Some(Written { post, at }) = self.written[SEATS[*seat]].clone() else { return Ok(()) };
                let reply = self.clients[*seat].ask(post).await;
                same("a repetition", &Reply::from(Receipt { duplicate: true, ..at }), &reply)
            }
            Step::Reconnect { seat } => self.reconnect(*seat).await,
            Step::Restart => self.restart().await,
            Step::Pass => {
                self.moment += 1;
                self.ahead.fetch_add((MOMENT_S * 1_000_000).cast_signed(), Ordering::SeqCst);
                Ok(())
            }
        }
    }

    fn has_neighbour(&self, index: usize) -> bool {
        self.rooms[1 - index].as_ref().is_some_and(|room| !room.deleted)
    }

    /// Says to a room of the model what it must know of the world.
    fn tell(&mut self, index: usize) {
        let (now, has_neighbour) = (self.moment, self.has_neighbour(index));
        if let Some(room) = &mut self.rooms[index] {
            (room.now, room.has_neighbour) = (now, has_neighbour);
        }
    }

    /// Does something on both sides, and compares the answers.
    async fn act(&mut self, seat: usize, index: usize, deed: &Deed, step: usize) -> Check {
        let who = SEATS[seat];
        let text = deed.words(step);
        let (key, id, name) = (fresh_key(), self.ids[index], ROOMS[index]);
        let deed = &deed.within(self.rooms[index].as_ref().map_or(1, |room| room.head().0), self.has_neighbour(index));
        let names = [name.to_owned(), format!("{name}-hall"), ROOMS[1 - index].to_owned()];
        let at = Place { accounts: &self.accounts, began: self.began, moment: self.moment, names };
        let request = deed.request(key, id, name, &at, &text);
        let reply = self.clients[seat].ask(request.clone()).await;
        self.tell(index);
        let is_there = self.rooms[index].as_ref().is_some_and(|room| !room.deleted);
        let expected = match &mut self.rooms[index] {
            // The name of one that was deleted is free, and the new one is another.
            room if matches!(deed, Deed::Create) && !is_there => {
                *room = Some(Room::create(who));
                Ok(Some(1))
            }
            Some(room) => room.take(who, deed, &text),
            None => Err(RejectCode::NoSuchRoom),
        };
        let what = format!("{} in #{name}: {deed:?}", NAMES[who]);
        let reject = if let Reply::Reject(reject) = &reply { Some(reject.code) } else { None };
        same(&what, &expected.err(), &reject)?;
        let (Ok(place), Some(room)) = (expected, &self.rooms[index]) else { return Ok(()) };
        let head = room.head();
        match reply {
            Reply::Receipt(at) => {
                let (seq, ordinal) = place.map_or(head, |place| room.marker(place));
                let (seq, ordinal) = (seq as u64, ordinal);
                same(&what, &(seq, ordinal, place.is_none()), &(at.seq.0, at.ordinal.0, at.duplicate))?;
                if room.deleted {
                    let elsewhere = |written: &Written| written.post.room != id;
                    self.written.iter_mut().for_each(|written| *written = written.take().filter(elsewhere));
                }
                if let (Deed::Post { to: None, reply: None, .. }, Some(_)) = (deed, place) {
                    let Request::PostWith(with) = request else { return Ok(()) };
                    let post = Post { key, room: id, style: with.style, text };
                    self.written[who] = Some(Written { post, at });
                }
                Ok(())
            }
            Reply::RoomInfo(info) => {
                self.ids[index] = info.room;
                let model = (true, head.0 as u64, head.1, room.members.len());
                same(&what, &model, &(info.member, info.head.0, info.head_ordinal.0, info.members as usize))
            }
            Reply::Done(_) => Ok(()),
            other => Err(format!("{what}: {other:?}")),
        }
    }

    /// Writes without waiting for the answer, and asks again on a connection of its own.
    async fn cut(&mut self, seat: usize, index: usize, step: usize) -> Check {
        let (who, text) = (SEATS[seat], format!("cut m{step}"));
        self.tell(index);
        let Some(room) = &mut self.rooms[index] else { return Ok(()) };
        let deed = Deed::Post { to: None, reply: None, names: who, rude: false };
        // One that is refused might be taken by then, if it is decided late.
        let Ok(Some(place)) = room.take(who, &deed, &text) else { return Ok(()) };
        let (seq, ordinal) = room.marker(place);
        let post = post(self.ids[index], &text);
        self.clients[seat].begin(post.clone()).await;
        self.reconnect(seat).await?;
        let Reply::Receipt(at) = self.clients[seat].ask(post.clone()).await else {
            return Err(format!("{} repeats a message and is refused", NAMES[who]));
        };
        same("a message after a lost connection", &(seq as u64, ordinal), &(at.seq.0, at.ordinal.0))?;
        self.written[who] = Some(Written { post, at });
        Ok(())
    }

    async fn reconnect(&mut self, seat: usize) -> Check {
        let gone = self.login(SEATS[seat]).await;
        let gone = std::mem::replace(&mut self.clients[seat], gone);
        gone.connection.close(0u32.into(), b"");
        self.check_rooms(SEATS[seat], &self.clients[seat].welcome.feeds)
    }

    /// Restarts the server: what was to be noted is then noted, so that everything can be compared.
    async fn restart(&mut self) -> Check {
        self.clients.iter().for_each(|client| client.connection.close(0u32.into(), b""));
        let (_, _, store, settings) = self.server.take().unwrap().stop().await;
        // On another port: the old one may be a client's of another case by now.
        self.server = Some(TestServer::start_ahead(store, settings, Arc::clone(&self.ahead)));
        for (seat, person) in SEATS.into_iter().enumerate() {
            self.clients[seat] = self.login(person).await;
            let feeds = &self.clients[seat].welcome.feeds;
            self.check_rooms(person, feeds)?;
            self.check_markers(person, feeds)?;
        }
        Ok(())
    }

    /// Compares all that everybody can read.
    pub async fn compare(&mut self) -> Check {
        for who in 0..NAMES.len() {
            for room in 0..ROOMS.len() {
                self.look(who, room).await?;
            }
        }
        for seat in 0..SEATS.len() {
            let settled = tokio::time::timeout(self.patience, self.settles(seat));
            settled.await.map_err(|_| format!("{} never reads as far as he should", NAMES[SEATS[seat]]))?;
            let feeds = self.standing(seat).await;
            self.check_rooms(SEATS[seat], &feeds)?;
            self.check_markers(SEATS[seat], &feeds)?;
        }
        Ok(())
    }

    /// Waits until what follows from one's own messages is noted.
    async fn settles(&mut self, seat: usize) {
        loop {
            let feeds = self.standing(seat).await;
            if self.check_markers(SEATS[seat], &feeds).is_ok() {
                return;
            }
        }
    }

    /// How the rooms stand for somebody who stands at their heads.
    async fn standing(&mut self, seat: usize) -> Vec<FeedStatus> {
        let mut feeds = Vec::new();
        for room in self.ids.into_iter().filter(|room| *room != NOWHERE) {
            let (feed, chain) = (FeedId::Room(room), Chain::default());
            let from = Position { feed, epoch: Epoch(1), seq: Seq::ZERO, chain, backlog_max: 0 };
            let Reply::FeedStatus(status) = self.clients[seat].ask(Subscribe { from }).await else { continue };
            feeds.push(status);
        }
        feeds
    }

    fn check_rooms(&self, who: Person, feeds: &[FeedStatus]) -> Check {
        let is_in = |room: &Option<Room>| room.as_ref().is_some_and(|room| room.members.contains_key(&who));
        let mine = self.rooms.iter().zip(self.ids).filter(|(room, _)| is_in(room)).map(|(_, id)| FeedId::Room(id));
        let mut mine: Vec<FeedId> = mine.collect();
        let rooms = feeds.iter().filter(|status| matches!(status.feed, FeedId::Room(_)) && status.member);
        let mut rooms: Vec<FeedId> = rooms.map(|status| status.feed).collect();
        mine.sort();
        rooms.sort();
        same(&format!("the rooms {} is in", NAMES[who]), &mine, &rooms)
    }

    fn check_markers(&self, who: Person, feeds: &[FeedStatus]) -> Check {
        for (room, id) in self.rooms.iter().zip(self.ids) {
            let Some(room) = room else { continue };
            let Some(member) = room.members.get(&who) else { continue };
            let Some(status) = feeds.iter().find(|status| status.feed == FeedId::Room(id)) else {
                return Err(format!("{} is not told how {id} stands", NAMES[who]));
            };
            let what = format!("what {} has read of {id}", NAMES[who]);
            let (head, read) = ((status.head.0, status.head_ordinal.0), (status.read.0, status.read_ordinal.0));
            same(&what, &(room.head().0 as u64, room.head().1), &head)?;
            let [least, most] = member.read.map(|(seq, ordinal)| (seq as u64, ordinal));
            if read < least || read > most {
                return Err(format!("{what}: {read:?} is not within {least:?} and {most:?}"));
            }
            let mentions: Vec<usize> = status.mentions.iter().map(|seq| seq.0 as usize).collect();
            same(&what, &room.mentions(who, status.read.0 as usize), &mentions)?;
        }
        Ok(())
    }

    /// Compares all that somebody can read of a room.
    async fn look(&mut self, seat: usize, index: usize) -> Check {
        self.tell(index);
        let (who, id) = (SEATS[seat], self.ids[index]);
        let Some(room) = &self.rooms[index] else { return Ok(()) };
        let what = format!("what {} reads in #{}", NAMES[who], ROOMS[index]);
        let (client, accounts) = (&mut self.clients[seat], &self.accounts);
        let history = history(client, id)
            .await
            .map(|events| events.iter().map(|event| line(event, accounts)).collect::<Vec<_>>());
        same(&what, &room.history(who), &history)?;
        let people = |people: &mut dyn Iterator<Item = AccountId>| {
            people.map(|who| person(accounts, who).unwrap()).collect::<Vec<_>>()
        };
        for list in [List::Banned, List::Muted, List::Invited] {
            let named = match client.ask(ReadList { room: id, list, after: AccountId(0), limit: 100 }).await {
                Reply::ListEntries(it) => Ok(people(&mut it.entries.iter().map(|entry| entry.who.account))),
                reply => Err(refusal(reply)),
            };
            same(&format!("{what}: who is {}", list.name()), &room.list(who, list), &named)?;
        }
        if room.history(who).is_err() {
            return Ok(());
        }
        let Reply::MemberList(list) = client.ask(ListMembers { room: id, after: AccountId(0), limit: 100 }).await
        else {
            return Err(format!("{what}: no members"));
        };
        let members: Vec<(Person, Role)> =
            list.members.iter().map(|member| (person(accounts, member.account).unwrap(), member.role)).collect();
        same(&what, &room.members.iter().map(|(who, member)| (*who, member.role)).collect(), &members)?;
        let Reply::PinList(pins) = client.ask(ListPins { room: id }).await else {
            return Err(format!("{what}: no pins"));
        };
        let pins: Vec<usize> = pins.events.iter().map(|event| event.seq.0 as usize).collect();
        same(&what, &room.pins(who), &Ok(pins))
    }
}

fn refusal(reply: Reply) -> RejectCode {
    if let Reply::Reject(reject) = reply { reject.code } else { panic!("{reply:?}") }
}

/// All of a room's history that is for a reader, page by page.
async fn history(client: &mut RawClient, room: RoomId) -> Result<Vec<Event>, RejectCode> {
    let (mut events, mut after): (Vec<Event>, Seq) = (Vec::new(), Seq::ZERO);
    loop {
        match client.ask(History { room, anchor: Anchor::After(after), limit: 30 }).await {
            Reply::Page(Page { events: page, last, .. }) => {
                after = page.last().map_or(Seq(after.0 + 30), |event| event.seq);
                events.extend(page);
                if after >= last {
                    return Ok(events);
                }
            }
            reply => return Err(refusal(reply)),
        }
    }
}

fn person(accounts: &[AccountId], account: AccountId) -> Option<Person> {
    accounts.iter().position(|known| *known == account)
}

/// An event in the words of the model.
fn line(event: &Event, accounts: &[AccountId]) -> Line {
    let name = |account: AccountId| person(accounts, account).map_or("?", |person| NAMES[person]);
    let what = match &event.body {
        EventBody::Withheld(_) => "withheld".to_owned(),
        EventBody::Created(_) => "creates".to_owned(),
        EventBody::Joined(_) => "joins".to_owned(),
        EventBody::Left(_) => "leaves".to_owned(),
        EventBody::Posted(_) | EventBody::PostedWith(_) => {
            let message = event.body.message().unwrap();
            let reply = message.reply_to().map_or_else(String::new, |target| format!(" to {target}"));
            format!("says{reply} {}", message.text)
        }
        EventBody::Edited(it) => format!("edits {} {}", it.target, it.text),
        EventBody::Pinned(it) => format!("{} {}", if it.on { "pins" } else { "unpins" }, it.target),
        EventBody::RoleSet(it) => format!("makes {} {}", name(it.member.account), it.role.name()),
        EventBody::OwnerChanged(it) => format!("gives the room to {}", name(it.member.account)),
        EventBody::Listed(it) => format!("lists {} {}", name(it.who.account), it.list.name()),
        EventBody::Unlisted(it) => format!("unlists {} {}", name(it.who.account), it.list.name()),
        EventBody::Erased(_) => "removed".to_owned(),
        EventBody::Redacted(Redacted { target, .. }) | EventBody::RedactedFor(RedactedFor { target, .. }) => {
            format!("removes {target}")
        }
        EventBody::Purged(it) => format!("purges {}", name(it.who.account)),
        EventBody::Reacted(it) => format!("reacts {} {}", it.on, it.target),
        EventBody::Renamed(it) => {
            let to = if it.new.ends_with("hall") { 1 } else { 0 };
            format!("takes name {to}")
        }
        EventBody::Kicked(it) => format!("kicks {}", name(it.member.account)),
        EventBody::RoomChanged(it) => format!("sets {:?}", Setting::read(&it.changes[0]).unwrap()),
        EventBody::Evicted(it) => {
            let gone: Vec<_> = it.members.iter().filter_map(|who| person(accounts, who.account)).collect();
            format!("puts out {gone:?}")
        }
        body => format!("{body:?}"),
    };
    Line { by: person(accounts, event.by), what, ordinal: event.ordinal.0 }
}
