//! Rooms, as a session's requests and a store's rows make them: sequences against the pure core.
//!
//! A connection itself needs a runtime and a socket; what it decides nothing about is not here. Bytes that come over it are
//! what [`frame`](crate::frame()) reads, and what they ask for is given here as commands.

mod command;

use chat_proto::codec::{decode, encode};
use chat_proto::limits::PINS_PER_ROOM_MAX;
use chat_proto::{Event, EventBody, FrameBuffer, List, MessageKey, Ordinal, RoomFact, Seq, Timestamp};
use chat_server::core::account::Account;
use chat_server::core::realm::Realm;
use chat_server::core::room::Room;
use chat_server::core::{Actor, ServerRank, State};

use crate::input::Input;

/// The first byte says whether the rest is commands to a room, rows that a store gives back, or a snapshot it gives back.
pub fn session(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.below(4) {
        0 | 1 => decided(&mut input),
        2 => {
            let events = rows(input.rest());
            replayed::<Room>(&events);
            replayed::<Account>(&events);
            replayed::<Realm>(&events);
        }
        _ => {
            let snapshot = input.rest();
            restored::<Room>(snapshot);
            restored::<Account>(snapshot);
            restored::<Realm>(snapshot);
        }
    }
}

/// Commands in one session; more of them show nothing that these don't.
const COMMANDS_MAX: usize = 64;

/// A feed, as the hub's loop writes one.
#[derive(Default)]
struct Feed {
    room: Room,
    events: Vec<Event>,
}

impl Feed {
    fn take(&mut self, by: &Actor, body: EventBody, at: Timestamp) -> Event {
        let (seq, ordinal) = self.events.last().map_or((Seq::ZERO, Ordinal(0)), |last| (last.seq, last.ordinal));
        let ordinal = if body.is_message() { ordinal.next() } else { ordinal };
        let key = MessageKey::default();
        let event = Event { seq: seq.next(), ordinal, at, by: by.account, device: by.device, key, body };
        self.room.apply(&event);
        self.events.push(event.clone());
        event
    }
}

/// Commands of several people to one room: what holds of it after each of them, and what its events alone make of it.
fn decided(input: &mut Input<'_>) {
    let mut feed = Feed::default();
    let mut now = Timestamp(1_795_000_000_000_000);
    for _ in 0..COMMANDS_MAX {
        if input.is_empty() {
            break;
        }
        now.0 += command::step(input);
        let (by, command) = command::next(input, &feed.events, now);
        let before = feed.room.clone();
        let Ok(decided) = feed.room.decide(&by, &command, now) else { continue };
        let Some(body) = decided else { continue };
        assert!(body.room_fact().is_some(), "{body:?} says nothing of a room");
        let event = feed.take(&by, body, now);
        for body in feed.room.follow(&command, &event) {
            feed.take(&by, body, now);
        }
        holds(&before, &feed.room, &by, &event);
    }
    let mut again = Room::default();
    for event in &feed.events {
        let row = encode(event);
        let event: Event = decode(&row).expect("what was decided can be read again");
        again.apply(&event);
    }
    assert_eq!(again, feed.room, "the events alone make another room");
    restored_to(&feed.room);
}

/// What holds whatever was asked: `event` made `room` of `before`.
fn holds(before: &Room, room: &Room, by: &Actor, event: &Event) {
    assert!(!before.is_deleted(), "{event:?} behind the end");
    assert!(room.pins().len() <= PINS_PER_ROOM_MAX);
    let is_over_all = by.rank == ServerRank::Owner;
    let on = |list| before.lists().holds(list, by.account, event.at) && !is_over_all;
    match event.body.room_fact() {
        Some(RoomFact::Posted(_) | RoomFact::PostedWith(_) | RoomFact::Edited(_)) => {
            assert!(!on(List::Muted) && !on(List::Banned), "{event:?} of one who may not write");
            assert!(!before.settings().archived, "{event:?} in an archived room");
        }
        Some(RoomFact::Joined(_)) => assert!(!on(List::Banned), "{event:?} of one who is banned"),
        _ => {}
    }
    let owner = |room: &Room| room.owner().map(|owner| owner.account);
    let gives = !before.exists() || is_over_all || owner(before) == Some(by.account);
    assert!(gives || owner(before) == owner(room), "{event:?} takes the room from its owner");
}

/// The events of framed bytes, up to the first that is none.
fn rows(bytes: &[u8]) -> Vec<Event> {
    let mut buffer = FrameBuffer::new(bytes.len());
    buffer.extend(bytes);
    std::iter::from_fn(|| buffer.pop::<Event>().ok().flatten()).collect()
}

/// A state takes in whatever events there are, in whatever order.
fn replayed<S: State + Default + PartialEq + std::fmt::Debug>(events: &[Event]) {
    let mut state = S::default();
    events.iter().for_each(|event| state.apply(event));
    restored_to(&state);
}

/// A snapshot restores to the state it was taken of.
fn restored_to<S: State + Default + PartialEq + std::fmt::Debug>(state: &S) {
    let mut again = S::default();
    let read = again.restore(&state.snapshot());
    assert_eq!((read, &again), (Ok(()), state), "restored from its snapshot");
}

/// Bytes are a snapshot or an error.
fn restored<S: State + Default + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let mut state = S::default();
    if state.restore(bytes).is_ok() {
        restored_to(&state);
    }
}
