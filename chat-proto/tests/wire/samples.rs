//! One value of every kind and variant, with a name each, and their bytes.

mod ban;
mod bots;
mod choice;
mod connection;
mod file;
mod identity;
mod invite;
mod people;
mod room;

use chat_proto::codec::{Encode, encode, encode_frame};
use chat_proto::delivery::*;
use chat_proto::event::*;
use chat_proto::limits::{REQUEST_FRAME_BYTES_MAX, SERVER_FRAME_BYTES_MAX};
use chat_proto::reply::*;
use chat_proto::request::*;
use chat_proto::search::*;
use chat_proto::*;

/// Bytes under a name, as the golden file and the document have them.
pub(crate) type Sample = (String, Vec<u8>);

const KEY: MessageKey = MessageKey(*b"0123456789abcdef");
const CHAIN: Chain = Chain([0xc4; 16]);
const ROOM: RoomId = RoomId(3);
const FEED: FeedId = FeedId::Room(ROOM);
const NOON: Timestamp = Timestamp(1_795_176_000_000_000);

fn text(words: &str) -> String {
    words.to_owned()
}

fn position() -> Position {
    Position { feed: FEED, epoch: Epoch(1), seq: Seq(8_122), chain: CHAIN, backlog_max: 500 }
}

fn status(state: FeedState) -> FeedStatus {
    FeedStatus {
        feed: FEED,
        state,
        epoch: Epoch(1),
        name: text("dev"),
        member: true,
        head: Seq(8_130),
        head_ordinal: Ordinal(7_001),
        oldest: Seq(1),
        read: Seq(8_122),
        read_ordinal: Ordinal(6_995),
        mentions: vec![Seq(8_125), Seq(8_129)],
        next: Seq(8_123),
    }
}

pub(crate) fn auths() -> Vec<Auth> {
    let device = DeviceAuth { device: DeviceKey([0xd1; 32]), name: text("alice"), signature: [0x51; 64] };
    [device.into()].into_iter().chain(identity::auths()).chain(invite::auths()).chain(bots::auths()).collect()
}

pub(crate) fn requests() -> Vec<Request> {
    let by_name = || RoomRef::Name(text("dev"));
    let hello = Hello {
        version_min: 1,
        version_max: 1,
        client: text("chat-tui 0.1.0"),
        auth: auths().remove(0),
        resume: vec![position()],
    };
    let history = |anchor| History { room: ROOM, anchor, limit: 50 };
    let mut all: Vec<Request> = vec![
        hello.into(),
        Ping { token: 0x0102_0304_0506_0708 }.into(),
        CreateRoom { key: KEY, name: text("dev"), topic: text("what we build") }.into(),
        JoinRoom { key: KEY, room: by_name(), create: true }.into(),
        LeaveRoom { key: KEY, room: ROOM, reason: text("lunch") }.into(),
        ListRooms { after: RoomId(0), limit: 500 }.into(),
        LookUpRoom { room: RoomRef::Id(ROOM) }.into(),
        Post { key: KEY, room: ROOM, style: Style::Text, text: text("hello, wörld") }.into(),
        Post { key: KEY, room: ROOM, style: Style::Action, text: text("waves") }.into(),
        history(Anchor::Before(Seq::MAX)).into(),
        history(Anchor::After(Seq(250))).into(),
        history(Anchor::Around(Seq(251))).into(),
        MarkRead { room: ROOM, seq: Seq(8_130) }.into(),
        ListMembers { room: ROOM, after: AccountId(17), limit: 500 }.into(),
        Whois { name: text("bob") }.into(),
        Subscribe { from: position() }.into(),
        Unsubscribe { feed: FeedId::Account(AccountId(17)) }.into(),
        Focus { room: Some(ROOM) }.into(),
        Focus { room: None }.into(),
        Search { query: text("from:bob \"disk full\""), room: Some(ROOM), after: 0, limit: 20 }.into(),
        Search { query: text("panic"), room: None, after: 71_000, limit: 50 }.into(),
    ];
    all.extend(connection::requests());
    all.extend(ban::requests());
    all.extend(people::requests());
    all.extend(room::room_requests());
    all.extend(choice::choice_requests());
    all.extend(identity::requests());
    all.extend(invite::requests());
    all.extend(bots::requests());
    all.extend(file::requests());
    all
}

fn room_info() -> RoomInfo {
    RoomInfo {
        room: ROOM,
        epoch: Epoch(1),
        name: text("dev"),
        topic: text("what we build"),
        member: true,
        created: false,
        members: 12,
        head: Seq(8_130),
        head_ordinal: Ordinal(7_001),
        oldest: Seq(1),
        read: Seq(8_122),
        read_ordinal: Ordinal(6_995),
    }
}

fn welcome() -> Welcome {
    Welcome {
        version: 1,
        server: text("chat-server 0.1.0"),
        account: AccountId(17),
        name: text("alice"),
        device: DeviceId(21),
        conn: ConnId(300),
        registered: false,
        now: NOON,
        feeds: vec![status(FeedState::Live)],
    }
}

fn search_hits() -> [SearchHits; 2] {
    let hit = |text| SearchHit { room: ROOM, room_name: self::text("dev"), event: event(bodies()[4].clone()), text };
    let hits = vec![hit(None), hit(Some(text("other words")))];
    [SearchHits { hits, next: Some(70_000), behind: 3 }, SearchHits { hits: Vec::new(), next: None, behind: 0 }]
}

fn pages() -> [Page; 2] {
    let page = Page {
        room: ROOM,
        epoch: Epoch(1),
        events: vec![event(bodies().remove(4))],
        oldest: Seq(100),
        last: Seq(8_130),
        more_before: true,
        more_after: true,
        trimmed: None,
    };
    let trimmed = Page { events: vec![], trimmed: Some(SeqRange { from: Seq(50), to: Seq(99) }), ..page };
    [page, trimmed]
}

pub(crate) fn replies() -> Vec<Reply> {
    let [page, trimmed] = pages();
    let person = |presence, role| Member { account: AccountId(2), name: text("bob"), role, presence, since: NOON };
    let mut all: Vec<Reply> = vec![welcome().into()];
    all.extend(RejectCode::ALL.iter().map(|code| Reject::new(*code, code.name()).into()));
    all.extend([
        Done {}.into(),
        Pong { token: 0x0102_0304_0506_0708, now: NOON }.into(),
        room_info().into(),
        RoomList {
            rooms: vec![RoomSummary {
                room: ROOM,
                name: text("dev"),
                topic: text("what we build"),
                member: false,
                members: 12,
            }],
            more: true,
        }
        .into(),
        Receipt { seq: Seq(8_131), ordinal: Ordinal(7_002), at: NOON, duplicate: true }.into(),
        page.into(),
        trimmed.into(),
        MemberList {
            members: vec![person(Presence::Offline, Role::Member), person(Presence::Online, Role::Owner)],
            total: 2,
            more: false,
        }
        .into(),
        Person {
            account: AccountId(2),
            name: text("bob"),
            since: NOON,
            presence: Presence::Away,
            shared_rooms: vec![text("dev"), text("ops")],
        }
        .into(),
    ]);
    let states = [FeedState::Live, FeedState::Trimmed, FeedState::Regressed, FeedState::Diverged, FeedState::NoAccess];
    all.extend(states.map(|state| status(state).into()));
    all.extend(connection::replies());
    all.extend(ban::replies());
    all.extend(people::replies());
    all.extend(room::room_replies());
    all.extend(identity::replies());
    all.extend(invite::replies());
    all.extend(bots::replies());
    all.extend(search_hits().map(Reply::from));
    all.extend(choice::choice_replies());
    all.extend(file::replies());
    all
}

pub(crate) fn bodies() -> Vec<EventBody> {
    let posted = |style, words| Posted { name: text("bob"), style, text: text(words), mentions: vec![AccountId(17)] };
    let mut all: Vec<EventBody> = vec![
        Withheld {}.into(),
        Created { room: text("dev"), name: text("alice"), topic: text("what we build") }.into(),
        Joined { name: text("bob") }.into(),
        Left { name: text("bob"), reason: text("lunch") }.into(),
        posted(Style::Text, "hello, alice").into(),
        posted(Style::Action, "waves at alice").into(),
        RoomJoined { room: ROOM, epoch: Epoch(1), name: text("dev"), seq: Seq(1), ordinal: Ordinal(0) }.into(),
        RoomLeft { room: ROOM, seq: Seq(9) }.into(),
        ReadMarked { room: ROOM, seq: Seq(8_130), ordinal: Ordinal(7_001) }.into(),
        Mentioned { room: ROOM, seq: Seq(8_125) }.into(),
    ];
    all.extend(room::room_bodies());
    all.extend(choice::choice_bodies());
    all.extend(identity::bodies());
    all.extend(invite::bodies());
    all.extend(bots::bodies());
    all.extend(ban::bodies());
    all.extend(people::bodies());
    all.extend(file::bodies());
    all
}

/// The body as the event a reader gets.
pub(crate) fn event(body: EventBody) -> Event {
    Event { seq: Seq(8_123), ordinal: Ordinal(6_996), at: NOON, by: AccountId(2), device: DeviceId(5), key: KEY, body }
}

pub(crate) fn purposes() -> Vec<StreamPurpose> {
    vec![Background {}.into(), Focused { feed: FEED, next: Seq(8_123) }.into()]
}

pub(crate) fn deliveries() -> Vec<Delivery> {
    let account = FeedId::Account(AccountId(17));
    let entry = |presence| PresenceEntry { account: AccountId(2), name: text("bob"), presence };
    let mut all: Vec<Delivery> = vec![
        Events {
            feed: FEED,
            epoch: Epoch(1),
            events: bodies()[..6].iter().cloned().map(event).collect(),
            chain: CHAIN,
        }
        .into(),
        Moved { feed: FEED, next: Seq(8_123) }.into(),
        Trimmed { feed: account, range: SeqRange { from: Seq(1), to: Seq(99) } }.into(),
        Began { status: status(FeedState::Live) }.into(),
        RoomPresence {
            room: ROOM,
            online: 2,
            changed: [Presence::Offline, Presence::Online, Presence::Away].map(entry).into(),
        }
        .into(),
        Typing { room: ROOM, account: AccountId(2), name: text("bob"), active: true }.into(),
        GoingAway { after_ms: 5_000, reason: text("update") }.into(),
        Announced { room: ROOM, account: AccountId(2), name: text("bob"), style: Style::Text, text: text("now") }
            .into(),
    ];
    let reasons = [EndReason::Left, EndReason::NoAccess, EndReason::Deleted, EndReason::Restarted];
    all.extend(reasons.map(|reason| Ended { feed: FEED, reason }.into()));
    all.extend(connection::deliveries());
    all.extend(people::deliveries());
    all.extend(choice::choice_deliveries());
    all
}

pub(crate) fn signals() -> Vec<ClientSignal> {
    vec![TypingIn { room: ROOM, active: true }.into(), TypingIn { room: ROOM, active: false }.into()]
}

/// Names `Request Post`, and `Request Post 2` for a second value of the same kind.
fn named<T: Encode>(
    family: &str,
    values: &[T],
    name: impl Fn(&T) -> String,
    bytes: impl Fn(&T) -> Vec<u8>,
) -> Vec<Sample> {
    let mut all: Vec<Sample> = Vec::new();
    for value in values {
        let base = format!("{family} {}", name(value));
        let mut unique = base.clone();
        let mut count = 1;
        while all.iter().any(|(taken, _)| *taken == unique) {
            count += 1;
            unique = format!("{base} {count}");
        }
        all.push((unique, bytes(value)));
    }
    all
}

/// The name of a kind's number.
pub(crate) fn kind_name(kinds: &[(u16, &'static str)], kind: u16) -> String {
    kinds.iter().find(|(number, _)| *number == kind).map_or_else(|| "Unknown".to_owned(), |(_, name)| text(name))
}

/// Requests as they are on a stream: a frame with its prefix.
pub(crate) fn request_frames() -> Vec<Sample> {
    named(
        "RequestFrame",
        &requests(),
        |request| kind_name(Request::KINDS, request.kind()),
        |request| {
            let frame = RequestFrame { id: RequestId(7), request: request.clone() };
            encode_frame(&frame, REQUEST_FRAME_BYTES_MAX).unwrap()
        },
    )
}

fn reply_name(reply: &Reply) -> String {
    let kind = kind_name(Reply::KINDS, reply.kind());
    if let Reply::Reject(reject) = reply { format!("{kind} {}", reject.code.name()) } else { kind }
}

/// Replies as they are on a stream.
pub(crate) fn reply_frames() -> Vec<Sample> {
    named("ReplyFrame", &replies(), reply_name, |reply| {
        let frame = ReplyFrame { id: RequestId(7), reply: reply.clone() };
        encode_frame(&frame, SERVER_FRAME_BYTES_MAX).unwrap()
    })
}

/// Headers and deliveries as they are on a stream of the server's.
pub(crate) fn delivery_frames() -> Vec<Sample> {
    let mut all = named(
        "StreamHeader",
        &purposes(),
        |purpose| kind_name(StreamPurpose::KINDS, purpose.kind()),
        |purpose| encode_frame(&StreamHeader { purpose: purpose.clone() }, SERVER_FRAME_BYTES_MAX).unwrap(),
    );
    all.extend(named(
        "Delivery frame",
        &deliveries(),
        |delivery| kind_name(Delivery::KINDS, delivery.kind()),
        |delivery| encode_frame(delivery, SERVER_FRAME_BYTES_MAX).unwrap(),
    ));
    all
}

fn unframed() -> Vec<Sample> {
    let mut all = named("Request", &requests(), |it| kind_name(Request::KINDS, it.kind()), encode);
    all.extend(named("Auth", &auths(), |it| kind_name(Auth::KINDS, it.kind()), encode));
    all.extend(named("Reply", &replies(), reply_name, encode));
    all.extend(named("EventBody", &bodies(), |it| kind_name(EventBody::KINDS, it.kind()), encode));
    all.extend(named(
        "Event",
        &bodies(),
        |it| kind_name(EventBody::KINDS, it.kind()),
        |body| encode(&event(body.clone())),
    ));
    all.extend(named("StreamPurpose", &purposes(), |it| kind_name(StreamPurpose::KINDS, it.kind()), encode));
    all.extend(named("Delivery", &deliveries(), |it| kind_name(Delivery::KINDS, it.kind()), encode));
    all.extend(named("ClientSignal", &signals(), |it| kind_name(ClientSignal::KINDS, it.kind()), encode));
    all
}

/// Integers at the edges of each length of the encoding.
fn integers() -> Vec<Sample> {
    let unsigned = [0, 1, 250, 251, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, u64::MAX];
    let signed = [0, -1, 1, -2, 125, -126, 126, i64::MAX, i64::MIN];
    let mut all = named("u64", &unsigned, u64::to_string, encode);
    all.extend(named("i64", &signed, i64::to_string, encode));
    all
}

/// Everything the golden file holds.
pub(crate) fn all() -> Vec<Sample> {
    let mut all = integers();
    all.extend(unframed());
    all.extend(request_frames());
    all.extend(reply_frames());
    all.extend(delivery_frames());
    all
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
