use super::*;
use chat_proto::event::{Edited, Erased, Posted, Redacted, Style};
use chat_proto::{DeviceId, MessageKey, Ordinal, Timestamp};

const ROOM: RoomId = RoomId(3);

fn event(seq: u64) -> Event {
    let posted = Posted { name: "ann".to_owned(), style: Style::Text, text: format!("text {seq}"), mentions: vec![] };
    Event {
        seq: Seq(seq),
        ordinal: Ordinal(seq),
        at: Timestamp(1),
        by: AccountId(1),
        device: DeviceId(1),
        key: MessageKey([1; 16]),
        body: posted.into(),
    }
}

fn events(seqs: impl IntoIterator<Item = u64>) -> Change {
    let events = seqs.into_iter().map(event).collect();
    Change::Events(Events { feed: FeedId::Room(ROOM), epoch: Epoch(1), events, chain: Chain([2; 16]) })
}

fn position(epoch: u64, seq: u64) -> Position {
    let feed = FeedId::Room(ROOM);
    Position { feed, epoch: Epoch(epoch), seq: Seq(seq), chain: Chain([2; 16]), backlog_max: 0 }
}

fn seqs(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.seq.0).collect()
}

fn open(dir: &Path) -> Cache {
    Cache::open_file(&dir.join(FILE_NAME)).unwrap()
}

#[test]
fn what_was_written_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = open(dir.path());
    assert_eq!(cache.snapshot().unwrap(), None);
    let me = Me { account: AccountId(9), name: "Ольга".to_owned() };
    let room = RoomView {
        name: "ops".to_owned(),
        member: true,
        epoch: Epoch(u64::MAX),
        head: Seq(5),
        mentions: [Seq(2), Seq(4)].into(),
        others: vec!["bob".to_owned(), "Ёлка".to_owned()],
        ..RoomView::default()
    };
    let changes = [
        Change::Me(me.clone()),
        Change::Room(ROOM, Box::new(room.clone())),
        Change::Focus(ROOM),
        events(1..=5),
        Change::Position(position(1, 5)),
    ];
    cache.write(&changes).unwrap();
    drop(cache);
    let cache = open(dir.path());
    let state = cache.snapshot().unwrap().unwrap();
    assert_eq!(state.account, AccountView { me, rooms: [(ROOM, room)].into(), ..AccountView::default() });
    assert_eq!((state.last_room, state.newest), (Some(ROOM), (1..=5).map(event).collect()));
    assert_eq!(cache.positions().unwrap(), [position(1, 5)]);
}

#[test]
fn a_page_never_spans_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = open(dir.path());
    cache.write(&[events([1, 2, 3, 7, 8, 9])]).unwrap();
    let page = |anchor, limit| seqs(&cache.page(ROOM, anchor, limit).unwrap());
    assert_eq!(page(Anchor::Before(Seq::MAX), 10), [7, 8, 9]);
    assert_eq!(page(Anchor::Before(Seq::MAX), 2), [8, 9]);
    assert_eq!(page(Anchor::Before(Seq(7)), 10), [0; 0]);
    assert_eq!(page(Anchor::Before(Seq(4)), 2), [2, 3]);
    assert_eq!(page(Anchor::After(Seq(3)), 10), [0; 0]);
    assert_eq!(page(Anchor::After(Seq(0)), 10), [1, 2, 3]);
    assert_eq!(page(Anchor::Around(Seq(8)), 4), [7, 8, 9]);
    assert_eq!(page(Anchor::Around(Seq(5)), 4), [0; 0]);
}

#[test]
fn positions_never_go_back_but_for_another_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = open(dir.path());
    for (write, expected) in [(position(1, 5), (1, 5)), (position(1, 3), (1, 5)), (position(2, 1), (2, 1))] {
        cache.write(&[Change::Position(write)]).unwrap();
        assert_eq!(cache.positions().unwrap(), [position(expected.0, expected.1)]);
    }
    cache.write(&[events(1..=3), Change::Forget(FeedId::Room(ROOM))]).unwrap();
    assert_eq!(cache.positions().unwrap(), []);
    assert_eq!(cache.page(ROOM, Anchor::Before(Seq::MAX), 10).unwrap(), []);
}

#[test]
fn old_events_make_room() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = open(dir.path());
    cache.write(&[events(1..=5_100)]).unwrap();
    assert_eq!(seqs(&cache.page(ROOM, Anchor::After(Seq(100)), 2).unwrap()), [101, 102]);
    assert_eq!(cache.page(ROOM, Anchor::Before(Seq(101)), 2).unwrap(), []);
}

#[test]
fn a_page_of_another_epoch_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = open(dir.path());
    let page = |epoch| {
        let (events, oldest, last) = (vec![event(1)], Seq(1), Seq(1));
        let (more_before, more_after, trimmed) = (false, false, None);
        Change::Page(Page { room: ROOM, epoch: Epoch(epoch), events, oldest, last, more_before, more_after, trimmed })
    };
    let room = RoomView { epoch: Epoch(2), ..RoomView::default() };
    cache.write(&[Change::Room(ROOM, Box::new(room)), page(1)]).unwrap();
    assert_eq!(cache.page(ROOM, Anchor::After(Seq(0)), 9).unwrap(), []);
    cache.write(&[page(2)]).unwrap();
    assert_eq!(cache.page(ROOM, Anchor::After(Seq(0)), 9).unwrap().len(), 1);
}

#[test]
fn a_damaged_or_outdated_cache_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE_NAME);
    for bad in [b"garbage that is no database".as_slice(), &[0xff; 8192]] {
        fs::write(&path, bad).unwrap();
        assert_eq!(open(dir.path()).snapshot().unwrap(), None);
    }
    let mut cache = open(dir.path());
    cache.write(&[events(1..=3)]).unwrap();
    cache.connection.pragma_update(None, "user_version", 99).unwrap();
    drop(cache);
    assert_eq!(open(dir.path()).page(ROOM, Anchor::After(Seq(0)), 9).unwrap(), []);
}

#[test]
fn two_processes_share_one_cache() {
    let dir = tempfile::tempdir().unwrap();
    let (mut one, mut other) = (open(dir.path()), open(dir.path()));
    one.write(&[events(1..=3)]).unwrap();
    other.write(&[events(2..=6)]).unwrap();
    assert_eq!(seqs(&one.page(ROOM, Anchor::After(Seq(0)), 9).unwrap()), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn choices_are_kept_the_newest_of_each_key_until_the_feed_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = open(dir.path());
    let feed = FeedId::Account(AccountId(9));
    let draft = |seq: u64, text: &str| {
        let body = chat_proto::choice::DraftSet { room: ROOM, text: text.to_owned() }.into();
        let events = vec![Event { body, ..event(seq) }];
        Change::Events(Events { feed, epoch: Epoch(1), events, chain: Chain([2; 16]) })
    };
    let me = Change::Me(Me { account: AccountId(9), name: "ann".to_owned() });
    cache.write(&[me, draft(7, "hello"), draft(6, "hel")]).unwrap();
    drop(cache);
    let mut cache = open(dir.path());
    let kept = |cache: &Cache| cache.snapshot().unwrap().unwrap().account.choices.draft(ROOM).to_owned();
    assert_eq!(kept(&cache), "hello");
    cache.write(&[Change::Forget(feed)]).unwrap();
    assert_eq!(kept(&cache), "");
}

#[test]
fn words_that_were_removed_are_kept_no_longer() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = open(dir.path());
    let name = || "ann".to_owned();
    let edited = Edited { name: name(), target: Seq(2), text: "secret".to_owned(), mentions: vec![], visible_to: None };
    let redacted = Redacted { name: name(), target: Seq(2), reason: String::new() };
    let others = [Event { body: edited.into(), ..event(4) }, Event { body: redacted.into(), ..event(5) }];
    let live = |events: &[Event]| {
        let (feed, events) = (FeedId::Room(ROOM), events.to_vec());
        Change::Events(Events { feed, epoch: Epoch(1), events, chain: Chain([2; 16]) })
    };
    cache.write(&[events(1..=3), live(&others[..1])]).unwrap();
    cache.write(&[live(&others[1..])]).unwrap();
    let page = cache.page(ROOM, Anchor::Before(Seq::MAX), 10).unwrap();
    assert_eq!(seqs(&page), [1, 2, 3, 4, 5]);
    let erased = |kind| Erased { kind }.into();
    assert_eq!((&page[1].body, &page[3].body), (&erased(4), &erased(6)));
    assert_eq!((&page[0], &page[2]), (&event(1), &event(3)), "what was not removed stays");
}
