use super::*;
use chat_proto::event::{
    Created, Joined, Left, Mentioned, Named, OwnerChanged, Posted, ReadMarked, Renamed, RoomJoined, RoomLeft, Style,
};
use chat_proto::reply::Member;
use chat_proto::{Chain, ConnId, DeviceId, Epoch, EventBody, MessageKey, Ordinal, PresenceEntry, Seq, Timestamp};
use proptest::prelude::*;

const ROOM: RoomId = RoomId(7);
const ME: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);
const EPOCH: Epoch = Epoch(3);

fn status(head: u64, ordinal: u64, read: u64, read_ordinal: u64) -> FeedStatus {
    FeedStatus {
        feed: FeedId::Room(ROOM),
        state: FeedState::Live,
        epoch: EPOCH,
        name: "ops".to_owned(),
        member: true,
        head: Seq(head),
        head_ordinal: Ordinal(ordinal),
        oldest: Seq(1),
        read: Seq(read),
        read_ordinal: Ordinal(read_ordinal),
        mentions: vec![],
        next: Seq(head + 1),
    }
}

fn welcome(feeds: Vec<FeedStatus>) -> Welcome {
    Welcome {
        version: 1,
        server: String::new(),
        account: ME,
        name: "ann".to_owned(),
        device: DeviceId(1),
        conn: ConnId(1),
        registered: false,
        now: Timestamp(0),
        feeds,
    }
}

fn event(seq: u64, ordinal: u64, by: AccountId, body: impl Into<EventBody>) -> Event {
    let (at, device, key) = (Timestamp(0), DeviceId(1), MessageKey([1; 16]));
    Event { seq: Seq(seq), ordinal: Ordinal(ordinal), at, by, device, key, body: body.into() }
}

fn posted(text: &str, mentions: &[AccountId]) -> Posted {
    Posted { name: "bob".to_owned(), style: Style::Text, text: text.to_owned(), mentions: mentions.to_vec() }
}

fn in_room(events: Vec<Event>) -> Events {
    Events { feed: FeedId::Room(ROOM), epoch: EPOCH, events, chain: Chain::default() }
}

fn own(body: impl Into<EventBody>) -> Events {
    let events = vec![event(1, 0, AccountId::SERVER, body)];
    Events { feed: FeedId::Account(ME), epoch: EPOCH, events, chain: Chain::default() }
}

fn view() -> AccountView {
    let mut view = AccountView::default();
    view.apply_welcome(&welcome(vec![status(10, 6, 8, 4)]));
    view
}

#[test]
fn unread_is_a_subtraction_and_joins_do_not_inflate_it() {
    let mut view = view();
    assert_eq!(view.rooms[&ROOM].unread(), 2);
    let joined = Joined { name: "carl".to_owned() };
    view.apply_events(&in_room(vec![event(11, 6, AccountId(3), joined), event(12, 7, OTHER, posted("hi", &[]))]));
    assert_eq!(view.rooms[&ROOM].unread(), 3);
    view.apply_events(&own(ReadMarked { room: ROOM, seq: Seq(12), ordinal: Ordinal(7) }));
    assert_eq!(view.rooms[&ROOM].unread(), 0);
    view.apply_events(&own(ReadMarked { room: ROOM, seq: Seq(9), ordinal: Ordinal(5) }));
    assert_eq!(view.rooms[&ROOM].read, Seq(12));
}

#[test]
fn a_mention_counts_until_it_is_read_and_ones_own_never() {
    let mut view = view();
    let mentions = vec![event(11, 7, OTHER, posted("ann!", &[ME])), event(12, 8, ME, posted("me", &[ME]))];
    view.apply_events(&in_room(mentions));
    view.apply_events(&own(Mentioned { room: ROOM, seq: Seq(11) }));
    assert_eq!(view.rooms[&ROOM].mention_count(), 1);
    view.apply_events(&own(ReadMarked { room: ROOM, seq: Seq(11), ordinal: Ordinal(7) }));
    view.apply_events(&own(Mentioned { room: ROOM, seq: Seq(11) }));
    assert_eq!(view.rooms[&ROOM].mention_count(), 0);
}

#[test]
fn a_joined_room_begins_read_and_a_left_one_stays_without_membership() {
    let mut view = AccountView::default();
    view.apply_welcome(&welcome(vec![]));
    let name = "ops".to_owned();
    view.apply_events(&own(RoomJoined { room: ROOM, epoch: EPOCH, name, seq: Seq(5), ordinal: Ordinal(4) }));
    assert_eq!(view.room_named("ops").map(|(id, room)| (id, room.member, room.unread())), Some((ROOM, true, 0)));
    view.apply_events(&own(RoomLeft { room: ROOM, seq: Seq(6) }));
    assert!(!view.rooms[&ROOM].member);
    view.apply_welcome(&welcome(vec![]));
    assert_eq!(view.rooms.len(), 0);
}

#[test]
fn a_renamed_room_has_its_new_name_and_no_older_word_takes_it_back() {
    let mut view = view();
    let renamed = Renamed { name: "bob".to_owned(), old: "ops".to_owned(), new: "code".to_owned() };
    view.apply_events(&in_room(vec![event(11, 6, OTHER, renamed)]));
    let name = "ops".to_owned();
    view.apply_events(&own(RoomJoined { room: ROOM, epoch: EPOCH, name, seq: Seq(5), ordinal: Ordinal(4) }));
    assert_eq!((view.rooms[&ROOM].name.as_str(), view.room_named("ops")), ("code", None));
    let name = "later".to_owned();
    view.apply_events(&own(RoomJoined { room: ROOM, epoch: EPOCH, name, seq: Seq(12), ordinal: Ordinal(6) }));
    assert_eq!(view.rooms[&ROOM].name, "later");
}

#[test]
fn a_history_that_was_set_back_takes_everything_with_it() {
    let mut view = view();
    view.apply_events(&in_room(vec![event(11, 7, OTHER, posted("ann!", &[ME]))]));
    view.apply_began(&FeedStatus { state: FeedState::Regressed, ..status(3, 2, 1, 1) });
    let room = &view.rooms[&ROOM];
    assert_eq!((room.head, room.unread(), room.mention_count()), (Seq(3), 1, 0));
    view.apply_began(&FeedStatus { epoch: Epoch(4), ..status(1, 1, 0, 0) });
    assert_eq!(view.rooms[&ROOM].head, Seq(1));
    view.apply_began(&FeedStatus { state: FeedState::NoAccess, ..status(0, 0, 0, 0) });
    assert_eq!(view.rooms.len(), 0);
}

#[test]
fn members_come_go_and_show_whether_they_are_there() {
    let mut view = view();
    let (name, since) = ("bob".to_owned(), Timestamp(0));
    let bob = Member { account: OTHER, name: name.clone(), role: Role::Owner, presence: Presence::Offline, since };
    view.apply_members(ROOM, &MemberList { members: vec![bob], total: 1, more: false });
    let entry = PresenceEntry { account: OTHER, name, presence: Presence::Away };
    view.apply_presence(&RoomPresence { room: ROOM, online: 1, changed: vec![entry] });
    let bob = view.rooms[&ROOM].members[&OTHER].clone();
    assert_eq!((bob.role, bob.presence, view.rooms[&ROOM].online), (Role::Owner, Presence::Away, 1));
    let left = Left { name: "bob".to_owned(), reason: String::new() };
    view.apply_events(&in_room(vec![event(11, 6, OTHER, left)]));
    assert_eq!(view.rooms[&ROOM].members.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn writing_is_forgotten_when_it_is_not_renewed() {
    let mut view = view();
    let start = Instant::now();
    let typing = |active| Typing { room: ROOM, account: OTHER, name: "bob".to_owned(), active };
    let hold = Duration::from_millis(TYPING_HOLD_MS);
    view.apply_typing(&typing(true), start);
    assert_eq!(view.typing_expires(start), Some(start + hold));
    assert_eq!(view.rooms[&ROOM].typing(start).collect::<Vec<_>>(), ["bob"]);
    assert_eq!(view.rooms[&ROOM].typing(start + hold).count(), 0);
    view.apply_typing(&typing(false), start);
    assert_eq!(view.rooms[&ROOM].typing(start).count(), 0);
    view.apply_typing(&typing(true), start);
    view.apply_events(&in_room(vec![event(11, 7, OTHER, posted("done", &[]))]));
    assert_eq!(view.typing_expires(start), None);
}

proptest! {
    /// Two devices of one person, which get the same events of the room's and the account's feed interleaved differently,
    /// and one of them some events twice.
    #[test]
    fn devices_converge_however_their_feeds_interleave(
        kinds in proptest::collection::vec(0u8..4, 1..40),
        marks in proptest::collection::vec(0u64..50, 0..10),
        order in proptest::collection::vec(any::<bool>(), 0..60),
    ) {
        let mut ordinal = 6;
        let mut room_feed = vec![];
        let mut own_feed = vec![];
        for (kind, seq) in kinds.iter().zip(11u64..) {
            let body: EventBody = match kind {
                0 => Joined { name: "x".to_owned() }.into(),
                1 => posted("words", &[]).into(),
                2 => { own_feed.push(own(Mentioned { room: ROOM, seq: Seq(seq) })); posted("ann", &[ME]).into() }
                _ => Left { name: "x".to_owned(), reason: String::new() }.into(),
            };
            ordinal += u64::from(body.is_message());
            room_feed.push(in_room(vec![event(seq, ordinal, OTHER, body)]));
        }
        for mark in marks {
            let ordinals = room_feed.iter().flat_map(|frame| &frame.events).filter(|event| event.seq.0 <= mark);
            let ordinal = ordinals.max_by_key(|event| event.seq).map_or(Ordinal(4), |event| event.ordinal);
            own_feed.push(own(ReadMarked { room: ROOM, seq: Seq(mark), ordinal }));
        }
        let mut straight = view();
        room_feed.iter().chain(&own_feed).for_each(|events| straight.apply_events(events));
        let mut mixed = view();
        let (mut rooms, mut owns) = (room_feed.iter().peekable(), own_feed.iter().peekable());
        let mut order = order.into_iter().cycle();
        while rooms.peek().is_some() || owns.peek().is_some() {
            let from_room = owns.peek().is_none() || rooms.peek().is_some() && order.next().unwrap_or(false);
            let events = if from_room { rooms.next() } else { owns.next() };
            let events = events.unwrap();
            mixed.apply_events(events);
            if !from_room {
                mixed.apply_events(events);
            }
        }
        prop_assert_eq!(&straight, &mixed);
        let room = &mixed.rooms[&ROOM];
        prop_assert!(room.mentions.iter().all(|seq| *seq > room.read));
    }
}

#[test]
fn a_room_that_a_third_person_gives_away_has_one_owner() {
    let (mut view, third) = (view(), AccountId(3));
    let created = Created { room: "ops".to_owned(), name: "bob".to_owned(), topic: String::new() };
    let given = OwnerChanged { name: "carl".to_owned(), member: Named { account: ME, name: "ann".to_owned() } };
    view.apply_events(&in_room(vec![
        event(11, 6, OTHER, created),
        event(12, 6, ME, Joined { name: "ann".to_owned() }),
        event(13, 6, third, Joined { name: "carl".to_owned() }),
        event(14, 6, third, given),
    ]));
    let roles: Vec<Role> = view.rooms[&ROOM].members.values().map(|member| member.role).collect();
    assert_eq!(roles, [Role::Owner, Role::Admin, Role::Member]);
}

#[test]
fn members_are_asked_for_anew_where_events_were_left_out() {
    let mut view = AccountView::default();
    view.apply_welcome(&welcome(vec![status(3, 0, 0, 0)]));
    let bob = Member {
        account: OTHER,
        name: "bob".to_owned(),
        role: Role::Owner,
        presence: Presence::Online,
        since: Timestamp(0),
    };
    view.apply_members(ROOM, &MemberList { members: vec![bob], total: 1, more: false });
    view.apply_began(&status(3, 0, 0, 0));
    assert_eq!(view.rooms[&ROOM].members.len(), 1, "nothing was missed");
    view.apply_began(&FeedStatus { next: Seq(4), ..status(90, 0, 0, 0) });
    assert_eq!(view.rooms[&ROOM].members.len(), 1, "what was missed comes");
    view.apply_began(&FeedStatus { next: Seq(91), ..status(90, 0, 0, 0) });
    assert_eq!(view.rooms[&ROOM].members.len(), 0);
}
