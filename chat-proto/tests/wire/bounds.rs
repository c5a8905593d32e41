//! The limits fit each other: the largest value of each kind that the rules allow fits its frame, and decodes within the
//! memory limit.

use chat_proto::codec::{Decode, Encode, decode, encode, encode_frame};
use chat_proto::delivery::{RoomPresence, Typing, TypingIn};
use chat_proto::event::Posted;
use chat_proto::limits::*;
use chat_proto::reply::*;
use chat_proto::request::*;
use chat_proto::*;

/// Numbers as long as they can be.
const FAR: u64 = u64::MAX;

fn name() -> String {
    "n".repeat(NAME_BYTES_MAX)
}

fn line() -> String {
    "l".repeat(LINE_BYTES_MAX)
}

/// Encodes within a limit and decodes again.
fn fits<T: Encode + Decode<()> + PartialEq>(value: &T, max: usize) {
    let frame = encode_frame(value, max).unwrap_or_else(|e| panic!("{}: {e}", std::any::type_name::<T>()));
    assert!(decode::<T>(&frame[4..]).unwrap() == *value);
}

fn request(request: impl Into<Request>) -> RequestFrame {
    RequestFrame { id: RequestId(FAR), request: request.into() }
}

fn reply(reply: impl Into<Reply>) -> ReplyFrame {
    ReplyFrame { id: RequestId(FAR), reply: reply.into() }
}

fn position() -> Position {
    let feed = FeedId::Account(AccountId(FAR));
    Position { feed, epoch: Epoch(FAR), seq: Seq(FAR), chain: Chain([9; 16]), backlog_max: u32::MAX }
}

fn status(mentions: usize) -> FeedStatus {
    FeedStatus {
        feed: FeedId::Room(RoomId(FAR)),
        state: FeedState::Live,
        epoch: Epoch(FAR),
        name: name(),
        member: true,
        head: Seq(FAR),
        head_ordinal: Ordinal(FAR),
        oldest: Seq(FAR),
        read: Seq(FAR),
        read_ordinal: Ordinal(FAR),
        mentions: vec![Seq(FAR); mentions],
        next: Seq(FAR),
    }
}

fn event() -> Event {
    let posted = Posted {
        name: name(),
        style: Style::Text,
        text: "t".repeat(POST_BYTES_MAX),
        mentions: vec![AccountId(FAR); MENTIONS_PER_POST_MAX],
    };
    Event {
        seq: Seq(FAR),
        ordinal: Ordinal(FAR),
        at: Timestamp(i64::MIN),
        by: AccountId(FAR),
        device: DeviceId(FAR),
        key: MessageKey([1; 16]),
        body: posted.into(),
    }
}

#[test]
fn the_largest_hello_fits_what_is_allowed_before_login() {
    let auth = DeviceAuth { device: DeviceKey([7; 32]), name: name(), signature: [7; 64] }.into();
    let resume = vec![position(); POSITIONS_MAX];
    let client = "c".repeat(CLIENT_BYTES_MAX);
    fits(&request(Hello { version_min: u16::MAX, version_max: u16::MAX, client, auth, resume }), HELLO_FRAME_BYTES_MAX);
}

#[test]
fn the_largest_requests_fit_a_request_frame() {
    let key = MessageKey([1; 16]);
    let text = "t".repeat(POST_BYTES_MAX);
    fits(&request(Post { key, room: RoomId(FAR), style: Style::Action, text }), REQUEST_FRAME_BYTES_MAX);
    fits(&request(CreateRoom { key, name: name(), topic: line() }), REQUEST_FRAME_BYTES_MAX);
}

#[test]
fn a_welcome_with_every_feed_one_connection_may_read_fits_a_frame() {
    let mut feeds = vec![status(MENTIONS_KEPT_MAX); ROOMS_PER_ACCOUNT_MAX];
    feeds.resize(SUBSCRIPTIONS_MAX, status(0));
    let welcome = Welcome {
        version: u16::MAX,
        server: name(),
        account: AccountId(FAR),
        name: name(),
        device: DeviceId(FAR),
        conn: ConnId(FAR),
        registered: true,
        now: Timestamp(i64::MIN),
        feeds,
    };
    fits(&reply(welcome), SERVER_FRAME_BYTES_MAX);
}

#[test]
fn the_largest_lists_fit_a_frame() {
    let entries = usize::from(LIST_PAGE_MAX);
    let summary = RoomSummary { room: RoomId(FAR), name: name(), topic: line(), member: true, members: u32::MAX };
    fits(&reply(RoomList { rooms: vec![summary; entries], more: true }), SERVER_FRAME_BYTES_MAX);
    let member = Member {
        account: AccountId(FAR),
        name: name(),
        role: Role::Owner,
        presence: Presence::Away,
        since: Timestamp(i64::MIN),
    };
    fits(&reply(MemberList { members: vec![member; entries], total: u32::MAX, more: true }), SERVER_FRAME_BYTES_MAX);
    let person = Person {
        account: AccountId(FAR),
        name: name(),
        since: Timestamp(i64::MIN),
        presence: Presence::Away,
        shared_rooms: vec![name(); ROOMS_PER_ACCOUNT_MAX],
    };
    fits(&reply(person), SERVER_FRAME_BYTES_MAX);
    let entry = PresenceEntry { account: AccountId(FAR), name: name(), presence: Presence::Away };
    let presence = RoomPresence { room: RoomId(FAR), online: u32::MAX, changed: vec![entry; entries] };
    fits(&Delivery::from(presence), SERVER_FRAME_BYTES_MAX);
}

/// A page of nothing but the longest messages does not: the server cuts it by bytes.
#[test]
fn one_event_fits_a_frame_many_times_and_a_full_page_of_the_longest_does_not() {
    let events = |count| Page {
        room: RoomId(FAR),
        epoch: Epoch(FAR),
        events: vec![event(); count],
        oldest: Seq(FAR),
        last: Seq(FAR),
        more_before: true,
        more_after: true,
        trimmed: None,
    };
    fits(&reply(events(100)), SERVER_FRAME_BYTES_MAX);
    assert!(encode_frame(&reply(events(PAGE_EVENTS_MAX.into())), SERVER_FRAME_BYTES_MAX).is_err());
}

#[test]
fn the_largest_signals_fit_a_datagram() {
    let typing = Typing { room: RoomId(FAR), account: AccountId(FAR), name: name(), active: true };
    assert!(encode(&Delivery::from(typing)).len() <= DATAGRAM_BYTES_MAX);
    assert!(encode(&ClientSignal::from(TypingIn { room: RoomId(FAR), active: true })).len() <= DATAGRAM_BYTES_MAX);
}
