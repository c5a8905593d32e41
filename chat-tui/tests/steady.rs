//! What holds whatever happens: the text being read stays where it is, and what is unread is what was not read.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "tui")]

mod harness;

use std::collections::BTreeMap;

use chat_proto::delivery::Events;
use chat_proto::event::{Edited, EventBody, Joined, Mentioned, Posted, ReadMarked, Redacted};
use chat_proto::{
    AccountId, Chain, DeviceId, Epoch, Event, FeedId, MessageKey, Ordinal, RoomId, Seq, Style, Timestamp,
};
use chat_tui::client::{ClientEvent, Outgoing};
use chat_tui::tui::core::Msg;
use chat_tui::tui::core::timeline::{Anchor, EVENTS_MAX, Part, Place, Wraps};
use harness::{ALICE, BOB, CAROL, DEV, GENERAL, History, MORNING, RANDOM, Screen, events, members, status_of};
use proptest::prelude::*;

/// Messages there are when reading begins.
const BEGAN: u64 = 2_500;

/// What happens to somebody who reads.
#[derive(Clone, Debug)]
enum Op {
    /// So many messages come.
    Come(u64),
    /// A message some way back gets other words.
    Edit(u64, usize),
    /// One is removed.
    Delete(u64),
    /// An own one is on its way.
    Queue(u8),
    /// The pages asked for come.
    Serve,
    Resize(u16, u16),
    /// A pane appears or goes, somebody is writing, the line being written grows.
    Keys(&'static str),
    /// The person moves: by a page, by a jump.
    Page(bool),
    Jump(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (1..60_u64).prop_map(Op::Come),
        1 => (300..900_u64).prop_map(Op::Come),
        2 => (0..80_u64, 0..40_usize).prop_map(|(back, words)| Op::Edit(back, words)),
        2 => (0..80_u64).prop_map(Op::Delete),
        1 => any::<u8>().prop_map(Op::Queue),
        3 => Just(Op::Serve),
        3 => (10_u16..140, 4_u16..50).prop_map(|(columns, rows)| Op::Resize(columns, rows)),
        1 => prop::sample::select(vec!["<f7>", "<f8>", "<alt-l>", "x", "<alt-enter>", "<ctrl-u>"]).prop_map(Op::Keys),
        3 => any::<bool>().prop_map(Op::Page),
        1 => (1..BEGAN).prop_map(Op::Jump),
    ]
}

/// The room as the server has it.
struct Told {
    history: History,
}

impl Told {
    fn say(&mut self, words: usize) {
        let number = self.history.events.len() + 1;
        let text = format!("message {number} {}", "some more words ".repeat(words));
        let history = std::mem::take(&mut self.history).after(1);
        self.history = history.said(if number.is_multiple_of(3) { BOB } else { CAROL }, "bob", &text);
    }

    fn push(&mut self, body: impl Into<EventBody>) {
        self.history = std::mem::take(&mut self.history).push(BOB, body.into());
    }

    /// What is new since so many events.
    fn since(&self, known: usize) -> ClientEvent {
        events(GENERAL, self.history.events[known..].to_vec())
    }
}

/// What is pinned, the line it is on, and the words there.
fn under_the_eye(screen: &Screen) -> Option<(Place, u16, String)> {
    let timeline = &screen.model.room()?.timeline;
    let Anchor::Pinned { place, row, .. } = timeline.anchor() else { return None };
    let layout =
        timeline.layout(screen.model.pane()?, screen.model.scope(harness::key(GENERAL)), &mut Wraps::default());
    let rows = (0..).zip(&layout.lines).filter(|(_, line)| timeline.place(line.block) == Some(place));
    let texts = rows.filter_map(|(at, line)| match &line.part {
        Part::Text { row, wrapped } => Some((at, *row, wrapped)),
        Part::Decor(_) => None,
    });
    // Of fewer rows than there were, the last one.
    let shown = texts.filter(|(_, shown, _)| *shown <= row).last();
    let (at, row, wrapped) = shown.unwrap_or_else(|| panic!("{place:?} is not shown"));
    Some((place, at, wrapped.text[wrapped.rows[usize::from(row)].clone()].to_owned()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_row_under_the_eye_moves_only_when_the_person_moves_it(ops in prop::collection::vec(op(), 1..40)) {
        let mut told = Told { history: History::default() };
        (0..BEGAN).for_each(|number| told.say(usize::try_from(number % 11).unwrap()));
        let mut screen = Screen::online(100, 30, status_of(GENERAL, "general", &told.history.events, BEGAN));
        screen.serve(&told.history.events).msg(members(GENERAL)).keys("<pageup><pageup>");
        for op in ops {
            let before = under_the_eye(&screen);
            let known = told.history.events.len();
            let newest = known as u64;
            // Whose words change with what happens, and who moves.
            let (mut changes, mut moves) = (None, false);
            match op.clone() {
                Op::Come(count) => {
                    (0..count).for_each(|number| told.say(usize::try_from(number % 7).unwrap()));
                    screen.net(told.since(known));
                }
                Op::Edit(back, words) => {
                    let target = Seq(newest.saturating_sub(back).max(1));
                    let text = "other words ".repeat(words + 1);
                    told.push(Edited { name: "bob".to_owned(), target, text, mentions: vec![], visible_to: None });
                    screen.net(told.since(known));
                    changes = Some(target);
                }
                Op::Delete(back) => {
                    let target = Seq(newest.saturating_sub(back).max(1));
                    told.push(Redacted { name: "bob".to_owned(), target, reason: String::new() });
                    screen.net(told.since(known));
                    changes = Some(target);
                }
                Op::Queue(number) => {
                    let (key, text) = (MessageKey([number; 16]), "own words ".repeat(usize::from(number % 9) + 1));
                    let message = Outgoing { key, room: GENERAL, style: Style::Text, text, reply_to: None, refused: None };
                    screen.net(ClientEvent::Queued(message));
                }
                Op::Serve => drop(screen.serve(&told.history.events)),
                Op::Resize(columns, rows) => drop(screen.msg(Msg::Resize(columns, rows))),
                Op::Keys(keys) => drop(screen.keys(keys)),
                Op::Page(up) => {
                    screen.keys(if up { "<pageup>" } else { "<pagedown>" });
                    moves = true;
                }
                Op::Jump(seq) => {
                    screen.keys(&format!("<ctrl-u>/goto #{seq}<enter>")).serve(&told.history.events);
                    screen.keys("<esc>");
                    moves = true;
                }
            }
            let timeline = &screen.model.room().unwrap().timeline;
            prop_assert!(timeline.len() <= EVENTS_MAX);
            let after = under_the_eye(&screen);
            if moves {
                continue;
            }
            let Some((place, line, words)) = before else { continue };
            let (now, now_line, now_words) = after.expect("it is read where it was");
            prop_assert_eq!(now, place, "after {:?}", &op);
            // A pane of another size has other rows, and fewer or more above.
            if !matches!(op, Op::Resize(..) | Op::Keys(_)) {
                prop_assert_eq!(now_line, line, "after {:?}", &op);
                let changed = changes.map(Place::Event) == Some(place);
                prop_assert!(now_words == words || changed, "{:?}: {} {}", &op, words, now_words);
            }
        }
    }
}

/// What the server tells one of a person's devices.
#[derive(Clone, Debug)]
enum News {
    Said(usize, bool),
    Joined(usize),
    /// Read on another device, so many events back from the newest.
    Read(usize, u64),
    Log,
}

fn news() -> impl Strategy<Value = News> {
    prop_oneof![
        4 => (0..3_usize, any::<bool>()).prop_map(|(room, named)| News::Said(room, named)),
        1 => (0..3_usize).prop_map(News::Joined),
        2 => (0..3_usize, 0..8_u64).prop_map(|(room, back)| News::Read(room, back)),
        1 => Just(News::Log),
    ]
}

/// A room by the simplest of means: what each event is, and up to where it was read.
#[derive(Default)]
struct Naive {
    /// Whether it is a message, and whether it names the account.
    events: Vec<(bool, bool)>,
    read: u64,
}

impl Naive {
    fn unread(&self) -> impl Iterator<Item = &(bool, bool)> {
        self.events.iter().skip(usize::try_from(self.read).unwrap())
    }

    fn ordinal(&self, seq: u64) -> Ordinal {
        Ordinal(self.events.iter().take(usize::try_from(seq).unwrap()).filter(|(message, _)| *message).count() as u64)
    }
}

const ROOMS: [(RoomId, &str); 3] = [(GENERAL, "general"), (DEV, "dev"), (RANDOM, "random")];

fn own(body: impl Into<EventBody>, seq: u64) -> ClientEvent {
    let at = Timestamp(MORNING);
    let (ordinal, key) = (Ordinal(0), MessageKey([1; 16]));
    let event =
        Event { seq: Seq(seq), ordinal, at, by: AccountId::SERVER, device: DeviceId(1), key, body: body.into() };
    ClientEvent::Events(Events {
        feed: FeedId::Account(ALICE),
        epoch: Epoch(1),
        events: vec![event],
        chain: Chain::default(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_unread_is_what_the_messages_and_the_marks_say(news in prop::collection::vec(news(), 1..60)) {
        let mut screen = Screen::new(120, 30);
        let empty: Vec<Event> = Vec::new();
        let feeds = || ROOMS.map(|(room, name)| status_of(room, name, &empty, 0)).to_vec();
        screen.welcome(feeds());
        // Nobody looks, so nothing is read here.
        screen.msg(Msg::Focus(false));
        let mut naive: BTreeMap<usize, Naive> = (0..3).map(|room| (room, Naive::default())).collect();
        let mut own_seq = 0;
        for news in news {
            match news {
                News::Said(at, named) => {
                    let room = naive.get_mut(&at).unwrap();
                    room.events.push((true, named));
                    let mentions = if named { vec![ALICE] } else { vec![] };
                    let body = Posted { name: "bob".to_owned(), style: Style::Text, text: "x".to_owned(), mentions };
                    screen.net(events(ROOMS[at].0, vec![arrived(room, body)]));
                    if named {
                        own_seq += 1;
                        let seq = Seq(room.events.len() as u64);
                        screen.net(own(Mentioned { room: ROOMS[at].0, seq }, own_seq));
                    }
                }
                News::Joined(at) => {
                    let room = naive.get_mut(&at).unwrap();
                    room.events.push((false, false));
                    screen.net(events(ROOMS[at].0, vec![arrived(room, Joined { name: "carol".to_owned() })]));
                }
                News::Read(at, back) => {
                    let room = naive.get_mut(&at).unwrap();
                    let seq = (room.events.len() as u64).saturating_sub(back);
                    own_seq += 1;
                    let marked = ReadMarked { room: ROOMS[at].0, seq: Seq(seq), ordinal: room.ordinal(seq) };
                    screen.net(own(marked, own_seq));
                    // A marker never goes back.
                    room.read = room.read.max(seq);
                }
                News::Log => {
                    let mut stands = feeds();
                    for (status, room) in stands.iter_mut().zip(naive.values()) {
                        let head = room.events.len() as u64;
                        (status.head, status.head_ordinal, status.next) = (Seq(head), room.ordinal(head), Seq(head + 1));
                        (status.read, status.read_ordinal) = (Seq(room.read), room.ordinal(room.read));
                        let named = (room.read + 1..).zip(room.unread()).filter(|(_, (_, named))| *named);
                        status.mentions = named.map(|(seq, _)| Seq(seq)).collect();
                    }
                    screen.welcome(stands);
                }
            }
            for (at, room) in &naive {
                let view = &screen.model.servers[0].account.rooms[&ROOMS[*at].0];
                prop_assert_eq!(view.unread(), room.unread().filter(|(message, _)| *message).count() as u64);
                prop_assert_eq!(view.mention_count(), room.unread().filter(|(_, named)| *named).count());
            }
        }
    }
}

/// The newest event of a room.
fn arrived(room: &Naive, body: impl Into<EventBody>) -> Event {
    let seq = room.events.len() as u64;
    let at = Timestamp(MORNING + i64::try_from(seq).unwrap());
    let mut key = MessageKey::default();
    key.0[..8].copy_from_slice(&seq.to_be_bytes());
    Event { seq: Seq(seq), ordinal: room.ordinal(seq), at, by: BOB, device: DeviceId(2), key, body: body.into() }
}
