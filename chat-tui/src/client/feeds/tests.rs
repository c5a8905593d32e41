use super::*;
use chat_proto::delivery::EndReason;
use chat_proto::event::Withheld;
use chat_proto::{AccountId, DeviceId, Event, MessageKey, Ordinal, RoomId, Timestamp};
use proptest::prelude::*;

const ROOM: FeedId = FeedId::Room(RoomId(1));
const EPOCH: Epoch = Epoch(5);

fn events(feed: FeedId, seqs: impl IntoIterator<Item = u64>) -> Events {
    let event = |seq| Event {
        seq: Seq(seq),
        ordinal: Ordinal(0),
        at: Timestamp(0),
        by: AccountId(1),
        device: DeviceId(1),
        key: MessageKey::default(),
        body: Withheld {}.into(),
    };
    Events { feed, epoch: EPOCH, events: seqs.into_iter().map(event).collect(), chain: Chain([1; 16]) }
}

fn status(state: FeedState, epoch: Epoch, next: u64) -> FeedStatus {
    FeedStatus {
        feed: ROOM,
        state,
        epoch,
        name: "ops".to_owned(),
        member: true,
        head: Seq(100),
        head_ordinal: Ordinal(0),
        oldest: Seq(1),
        read: Seq(0),
        read_ordinal: Ordinal(0),
        mentions: vec![],
        next: Seq(next),
    }
}

fn at(next: u64) -> Feeds {
    let mut feeds = Feeds::new([], 10);
    assert!(!feeds.begin(&status(FeedState::Live, EPOCH, next)));
    feeds
}

fn seqs(verdict: &Verdict<Events>) -> Vec<u64> {
    let Verdict::Deliver(events) = verdict else { panic!("not delivered: {verdict:?}") };
    events.events.iter().map(|event| event.seq.0).collect()
}

#[test]
fn repeated_events_are_cut_off_and_a_gap_is_seen() {
    let mut feeds = at(5);
    assert_eq!(seqs(&feeds.admit(events(ROOM, 3..=6), Source::Background)), [5, 6]);
    assert_eq!(feeds.admit(events(ROOM, 5..=6), Source::Background), Verdict::Drop);
    assert_eq!(feeds.admit(events(ROOM, 8..=8), Source::Background), Verdict::Gap);
    assert_eq!(feeds.position(ROOM).unwrap().seq, Seq(6));
    assert_eq!(feeds.position(ROOM).unwrap().chain, Chain([1; 16]));
}

#[test]
fn frames_that_contradict_themselves_are_nonsense() {
    let mut feeds = at(1);
    for bad in [vec![1, 3], vec![2, 1], vec![1, 1], vec![0], vec![u64::MAX]] {
        assert_eq!(feeds.admit(events(ROOM, bad), Source::Background), Verdict::Nonsense);
    }
    assert_eq!(feeds.admit(events(ROOM, []), Source::Background), Verdict::Drop);
    assert_eq!(feeds.admit(events(FeedId::Room(RoomId(9)), [1]), Source::Background), Verdict::Drop);
}

#[test]
fn an_accounts_feed_may_skip() {
    let account = FeedId::Account(AccountId(3));
    let mut feeds = Feeds::new([], 10);
    feeds.begin(&FeedStatus { feed: account, ..status(FeedState::Live, EPOCH, 1) });
    assert_eq!(seqs(&feeds.admit(events(account, [4, 9]), Source::Background)), [4, 9]);
    assert_eq!(seqs(&feeds.admit(events(account, [9, 20]), Source::Background)), [20]);
    assert_eq!(feeds.position(account).unwrap().backlog_max, u32::MAX);
}

#[test]
fn a_history_that_was_set_back_is_forgotten() {
    let mut feeds = at(5);
    assert!(feeds.begin(&status(FeedState::Regressed, EPOCH, 3)));
    assert_eq!(seqs(&feeds.admit(events(ROOM, 3..=3), Source::Background)), [3]);
    assert!(feeds.begin(&status(FeedState::Live, Epoch(6), 2)));
    assert_eq!(feeds.admit(events(ROOM, 2..=2), Source::Background), Verdict::Gap);
    feeds.begin(&status(FeedState::NoAccess, EPOCH, 1));
    assert_eq!(feeds.positions(), []);
}

#[test]
fn what_is_held_of_a_room_is_forgotten_where_events_are_left_out() {
    let mut feeds = at(5);
    assert!(!feeds.begin(&status(FeedState::Live, EPOCH, 5)), "what was missed comes");
    assert!(feeds.begin(&status(FeedState::Live, EPOCH, 100)));
    assert_eq!(feeds.positions()[0].seq, Seq(99));
}

#[test]
fn nothing_passes_while_a_subscription_is_unanswered() {
    let mut feeds = at(5);
    feeds.asked(ROOM);
    assert!(matches!(feeds.admit(events(ROOM, 9..=9), Source::Background), Verdict::Hold(_)));
    feeds.begin(&status(FeedState::Trimmed, EPOCH, 9));
    assert_eq!(seqs(&feeds.admit(events(ROOM, 9..=9), Source::Background)), [9]);
}

#[test]
fn a_room_joined_just_before_the_connection_broke_is_resumed_from_the_joining_on() {
    let mut feeds = Feeds::new([], 10);
    feeds.joined(ROOM, EPOCH, Seq(7));
    feeds.disconnected();
    let positions = feeds.positions();
    assert_eq!(positions.iter().map(|position| position.seq).collect::<Vec<_>>(), [Seq(6)]);
    feeds.begin(&status(FeedState::Live, EPOCH, 7));
    assert_eq!(feeds.positions().len(), 1);
    assert_eq!(seqs(&feeds.admit(events(ROOM, 7..=7), Source::Background)), [7]);
    feeds.joined(ROOM, EPOCH, Seq(1));
    assert_eq!(feeds.positions()[0].seq, Seq(7));
}

#[test]
fn what_is_trimmed_counts_as_delivered() {
    let mut feeds = at(5);
    let trimmed = |from, to| {
        let range = chat_proto::reply::SeqRange { from: Seq(from), to: Seq(to) };
        Trimmed { feed: ROOM, range }
    };
    assert!(matches!(feeds.admit_trimmed(trimmed(5, 8), Source::Background), Verdict::Deliver(_)));
    assert_eq!(feeds.admit_trimmed(trimmed(5, 8), Source::Background), Verdict::Drop);
    assert_eq!(feeds.admit_trimmed(trimmed(11, 12), Source::Background), Verdict::Gap);
    assert_eq!(seqs(&feeds.admit(events(ROOM, 9..=9), Source::Background)), [9]);
}

#[test]
fn the_end_of_a_feed_waits_for_its_beginning_and_of_one_that_never_begins_nothing_is_kept() {
    let ended = || Ended { feed: ROOM, reason: EndReason::Left };
    let mut feeds = Feeds::new([], 10);
    assert_eq!(feeds.admit_end(ended(), Source::Focus), Verdict::Drop);
    feeds.focus_began(ROOM);
    assert!(matches!(feeds.admit_end(ended(), Source::Focus), Verdict::Hold(_)));
    assert_eq!(feeds.admit_end(ended(), Source::Background), Verdict::Drop, "it is of a former life");
    assert_eq!(feeds.admit(events(ROOM, [1]), Source::Background), Verdict::Drop, "it is of a former life");
    feeds.begin(&status(FeedState::Live, EPOCH, 1));
    assert!(matches!(feeds.admit_end(ended(), Source::Focus), Verdict::Deliver(_)));
    assert_eq!(feeds.positions(), []);
    feeds.focus_began(ROOM);
    assert!(!feeds.is_broken(ROOM), "nothing was to come");
    assert_eq!(feeds.admit(events(ROOM, [1]), Source::Focus), Verdict::Drop);
    feeds.focus_began(ROOM);
    feeds.focus_ended(ROOM);
    assert_eq!(feeds.feeds.len(), 0);
}

#[test]
fn what_waits_in_vain_breaks_the_connection_unless_an_answer_is_still_to_come() {
    let mut feeds = at(1);
    assert!(matches!(feeds.admit(events(ROOM, [2]), Source::Focus), Verdict::Hold(_)));
    assert!(feeds.is_broken(ROOM));
    feeds.asked(ROOM);
    assert!(!feeds.is_broken(ROOM));
    assert!(feeds.position(ROOM).is_some());
}

/// One frame of a stream in the model below.
#[derive(Clone, Debug)]
enum Frame {
    Began,
    Header,
    Events(u64),
    Moved,
    End,
}

/// What is taken of a frame that may only be early.
fn taken<T: std::fmt::Debug>(verdict: Verdict<T>) -> Option<T> {
    match verdict {
        Verdict::Deliver(frame) => Some(frame),
        Verdict::Hold(_) => None,
        Verdict::Drop | Verdict::Gap | Verdict::Nonsense => panic!("{verdict:?}"),
    }
}

proptest! {
    /// A server that begins a feed and moves it to and fro over streams which arrive in any interleaving.
    #[test]
    fn a_feed_that_moves_between_streams_arrives_whole_and_in_order(
        runs in proptest::collection::vec(1u64..4, 1..8),
        first_is_empty in any::<bool>(),
        first_in_background in any::<bool>(),
        choices in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut streams: Vec<Vec<Frame>> = vec![vec![Frame::Began]];
        let mut seq = 0;
        if first_is_empty {
            streams[0].push(Frame::Moved);
            streams.push(vec![Frame::Header, Frame::Moved, Frame::End]);
        }
        for (turn, count) in runs.iter().enumerate() {
            let focus = turn % 2 == usize::from(first_in_background);
            if focus {
                streams[0].push(Frame::Moved);
                streams.push(vec![Frame::Header]);
            }
            for _ in 0..*count {
                seq += 1;
                let target = if focus { streams.len() - 1 } else { 0 };
                streams[target].push(Frame::Events(seq));
            }
            if focus {
                let last = streams.len() - 1;
                streams[last].extend([Frame::Moved, Frame::End]);
            }
        }
        let mut feeds = Feeds::new([], 10);
        let mut queues: Vec<std::collections::VecDeque<Frame>> = streams.into_iter().map(Into::into).collect();
        let mut got = vec![];
        let mut choices = choices.into_iter();
        let mut idle = 0;
        while queues.iter().any(|queue| !queue.is_empty()) {
            let start = usize::from(choices.next().unwrap_or(0));
            let pick = (0..queues.len()).map(|i| (start + i + idle) % queues.len()).find(|i| !queues[*i].is_empty());
            let pick = pick.unwrap();
            let source = if pick == 0 { Source::Background } else { Source::Focus };
            let early = match queues[pick].front().unwrap() {
                Frame::Began => feeds.begin(&status(FeedState::Live, EPOCH, 1)),
                Frame::Header => {
                    feeds.focus_began(ROOM);
                    false
                }
                Frame::End => {
                    feeds.focus_ended(ROOM);
                    false
                }
                Frame::Moved => taken(feeds.admit_moved(Moved { feed: ROOM, next: Seq(0) }, source)).is_none(),
                Frame::Events(seq) => {
                    let events = taken(feeds.admit(events(ROOM, [*seq]), source));
                    got.extend(events.iter().map(|events| events.events[0].seq.0));
                    events.is_none()
                }
            };
            if early {
                idle += 1;
                prop_assert!(idle < 10_000);
                continue;
            }
            queues[pick].pop_front();
        }
        prop_assert_eq!(got, (1..=seq).collect::<Vec<_>>());
        // Nothing is left to wait for: what is missing in the background is missing.
        prop_assert_eq!(feeds.admit(events(ROOM, [seq + 2]), Source::Background), Verdict::Gap);
    }
}
