//! Which event is next, and how far each room is dealt with. Pure.

use std::collections::{BTreeMap, VecDeque};

use chat_proto::RoomId;

use crate::bot::cursor::Place;

/// Names an event between its start and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket {
    /// The how manieth event it is.
    number: u64,
    room: RoomId,
}

/// Events in the order of their rooms.
#[derive(Debug)]
pub(super) struct Order<T> {
    /// Whether events of one room are worked on side by side.
    parallel: bool,
    rooms: BTreeMap<RoomId, VecDeque<Entry<T>>>,
    last: u64,
    waiting: usize,
}

#[derive(Debug)]
struct Entry<T> {
    number: u64,
    name: String,
    place: Place,
    state: State<T>,
}

#[derive(Debug)]
enum State<T> {
    Waiting(T),
    Begun,
    Done,
}

impl<T> Order<T> {
    pub(super) fn new(parallel: bool) -> Self {
        Self { parallel, rooms: BTreeMap::new(), last: 0, waiting: 0 }
    }

    /// How many have not begun.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// An event came; without work it is dealt with as it is. What is next to be remembered of its room, if that changed.
    pub(super) fn push(&mut self, name: String, place: Place, work: Option<T>) -> Option<(String, Place)> {
        self.last += 1;
        self.waiting += usize::from(work.is_some());
        let entries = self.rooms.entry(place.room).or_default();
        let state = work.map_or(State::Done, State::Waiting);
        // What is dealt with behind something under way is one place, however many events it is.
        if matches!((&state, entries.back()), (State::Done, Some(Entry { state: State::Done, .. }))) {
            entries.pop_back();
        }
        entries.push_back(Entry { number: self.last, name, place, state });
        self.dealt_with(place.room)
    }

    /// The oldest event that may begin.
    pub(super) fn begin(&mut self) -> Option<(Ticket, T)> {
        let next = |entries: &VecDeque<Entry<T>>| {
            let mut open = entries.iter().filter(|entry| !matches!(entry.state, State::Done));
            let waits = |entry: &&Entry<T>| matches!(entry.state, State::Waiting(_));
            let entry = if self.parallel { open.find(waits) } else { open.next().filter(waits) };
            entry.map(|entry| entry.number)
        };
        let (number, room) = self.rooms.iter().filter_map(|(room, entries)| Some((next(entries)?, *room))).min()?;
        let entry = self.rooms.get_mut(&room)?.iter_mut().find(|entry| entry.number == number)?;
        let State::Waiting(work) = std::mem::replace(&mut entry.state, State::Begun) else { return None };
        self.waiting -= 1;
        Some((Ticket { number, room }, work))
    }

    /// An event is dealt with. What is next to be remembered of its room, if that changed.
    pub(super) fn finish(&mut self, ticket: Ticket) -> Option<(String, Place)> {
        let entries = self.rooms.get_mut(&ticket.room)?;
        let entry = entries.iter_mut().find(|entry| entry.number == ticket.number)?;
        entry.state = State::Done;
        self.dealt_with(ticket.room)
    }

    /// Forgets what a room begins with and is dealt with; its last.
    fn dealt_with(&mut self, room: RoomId) -> Option<(String, Place)> {
        let entries = self.rooms.get_mut(&room)?;
        let mut last = None;
        while let Some(Entry { name, place, .. }) = entries.pop_front_if(|entry| matches!(entry.state, State::Done)) {
            last = Some((name, place));
        }
        if entries.is_empty() {
            self.rooms.remove(&room);
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use chat_proto::{Epoch, Seq};
    use proptest::prelude::*;

    use super::*;

    fn place(room: u64, seq: u64) -> Place {
        Place { room: RoomId(room), epoch: Epoch(1), seq: Seq(seq) }
    }

    fn push(order: &mut Order<u64>, room: u64, seq: u64, work: bool) -> Option<u64> {
        seq_of(order.push(room.to_string(), place(room, seq), work.then_some(seq)))
    }

    fn seq_of(dealt_with: Option<(String, Place)>) -> Option<u64> {
        dealt_with.map(|(_, place)| place.seq.0)
    }

    #[test]
    fn a_room_goes_on_when_its_event_is_dealt_with_and_others_do_not_wait() {
        let mut order = Order::new(false);
        assert_eq!(push(&mut order, 1, 5, false), Some(5));
        for (room, seq) in [(1, 6), (1, 7), (2, 3)] {
            assert_eq!(push(&mut order, room, seq, true), None);
        }
        assert_eq!(push(&mut order, 1, 8, false), None);
        assert_eq!(order.waiting(), 3);
        let (first, work) = order.begin().unwrap();
        assert_eq!((work, order.begin().unwrap().1), (6, 3));
        assert!(order.begin().is_none());
        assert_eq!(seq_of(order.finish(first)), Some(6));
        let (second, work) = order.begin().unwrap();
        assert_eq!((work, seq_of(order.finish(second)), order.waiting()), (7, Some(8), 0));
    }

    #[test]
    fn side_by_side_the_place_waits_for_the_oldest() {
        let mut order = Order::new(true);
        (1..4).for_each(|seq| assert_eq!(push(&mut order, 1, seq, true), None));
        let begun: Vec<(Ticket, u64)> = std::iter::from_fn(|| order.begin()).collect();
        assert_eq!(begun.iter().map(|(_, work)| *work).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(order.finish(begun[2].0), None);
        assert_eq!(seq_of(order.finish(begun[0].0)), Some(1));
        assert_eq!(seq_of(order.finish(begun[1].0)), Some(3));
    }

    #[test]
    fn what_needs_no_work_takes_no_memory_behind_what_does() {
        let mut order = Order::new(false);
        push(&mut order, 1, 1, true);
        (2..1_000).for_each(|seq| assert_eq!(push(&mut order, 1, seq, false), None));
        assert_eq!(order.rooms[&RoomId(1)].len(), 2);
    }

    proptest! {
        #[test]
        fn no_place_is_remembered_before_all_up_to_it_is_dealt_with(
            steps in prop::collection::vec((0_u8..4, 0_u64..2, any::<prop::sample::Index>()), 1..80),
            parallel: bool,
        ) {
            let mut order = Order::new(parallel);
            let (mut heads, mut open, mut begun) = ([0_u64; 2], Vec::new(), Vec::new());
            for (step, room, index) in steps {
                let remembered = match step {
                    0 | 1 => {
                        let head = &mut heads[usize::try_from(room).unwrap()];
                        *head += 1;
                        if step == 0 {
                            open.push((room, *head));
                        }
                        order.push(String::new(), place(room, *head), (step == 0).then_some((room, *head)))
                    }
                    2 => {
                        begun.extend(order.begin());
                        None
                    }
                    _ if begun.is_empty() => None,
                    _ => {
                        let (ticket, work) = begun.swap_remove(index.index(begun.len()));
                        open.retain(|open| *open != work);
                        order.finish(ticket)
                    }
                };
                if let Some((_, place)) = remembered {
                    prop_assert!(open.iter().all(|(room, seq)| *room != place.room.0 || *seq > place.seq.0));
                }
            }
        }
    }
}
