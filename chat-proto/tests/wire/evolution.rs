//! A made-up newer version: kinds this build doesn't know are kept, byte for byte, and what surrounds them is still read.

use chat_proto::codec::{Decode, Encode, FrameBuffer, decode, encode, encode_frame};
use chat_proto::delivery::{Events, StreamPurpose};
use chat_proto::limits::SERVER_FRAME_BYTES_MAX;
use chat_proto::*;

/// What version 2 might add: a message with an attachment, in place of a body.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
struct PostedWithFile {
    name: String,
    text: String,
    file: Option<[u8; 32]>,
}

/// An event as version 2 writes it: the head is the same, the body a kind of its own.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
struct NewerEvent {
    seq: u64,
    ordinal: u64,
    at: i64,
    by: u64,
    device: u64,
    key: [u8; 16],
    kind: u16,
    payload: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
struct NewerKind {
    kind: u16,
    payload: Vec<u8>,
}

fn payload() -> Vec<u8> {
    encode(&PostedWithFile { name: "bob".into(), text: "look".into(), file: Some([7; 32]) })
}

fn newer_event(seq: u64) -> NewerEvent {
    NewerEvent { seq, ordinal: 12, at: -5, by: 2, device: 3, key: [9; 16], kind: 57, payload: payload() }
}

/// Reads the bytes of an unknown kind as `T`, and wants the same bytes back.
fn kept<T: Encode + Decode<()>>(bytes: &[u8]) -> T {
    let value: T = decode(bytes).unwrap();
    assert_eq!(encode(&value), bytes);
    value
}

#[test]
fn an_event_of_an_unknown_kind_keeps_its_head_and_its_bytes() {
    let bytes = encode(&newer_event(41));
    let event: Event = kept(&bytes);
    assert_eq!((event.seq, event.ordinal, event.at), (Seq(41), Ordinal(12), Timestamp(-5)));
    assert_eq!((event.by, event.device, event.key), (AccountId(2), DeviceId(3), MessageKey([9; 16])));
    assert_eq!(event.body, EventBody::Unknown { kind: 57, bytes: payload() });
    assert_eq!((event.body.kind(), event.body.payload()), (57, payload()));
    assert!(!event.body.is_message());
    assert_eq!(event.body.compaction_key(), None);
}

#[test]
fn a_row_of_an_unknown_kind_comes_back_from_the_store_as_it_was() {
    let row = EventBody::from_payload(57, &payload()).unwrap();
    assert_eq!(EventBody::from_payload(row.kind(), &row.payload()).unwrap(), row);
}

#[test]
fn unknown_events_between_known_ones_leave_no_gap() {
    let known = Event {
        seq: Seq(42),
        ordinal: Ordinal(13),
        at: Timestamp(0),
        by: AccountId(2),
        device: DeviceId(3),
        key: MessageKey([1; 16]),
        body: event::Joined { name: "bob".into() }.into(),
    };
    let newer: Event = decode(&encode(&newer_event(41))).unwrap();
    let events = vec![newer, known];
    let delivery: Delivery =
        Events { feed: FeedId::Room(RoomId(1)), epoch: Epoch(1), events, chain: Chain([2; 16]) }.into();
    let read: Delivery = kept(&encode(&delivery));
    assert_eq!(read, delivery);
}

#[test]
fn every_family_keeps_a_kind_it_does_not_know() {
    for payload in [vec![], payload(), vec![0xff; 300]] {
        let bytes = encode(&NewerKind { kind: 60_000, payload: payload.clone() });
        let unknown = (60_000, payload);
        let parts = |kind, bytes| (kind, bytes);
        macro_rules! kept_by {
            ($($family:ident),*) => {$(
                match kept::<$family>(&bytes) {
                    $family::Unknown { kind, bytes } => assert_eq!(parts(kind, bytes), unknown),
                    known => panic!("{known:?}"),
                }
            )*};
        }
        kept_by!(Request, Auth, Reply, EventBody, StreamPurpose, Delivery, ClientSignal);
    }
}

#[test]
fn a_request_of_an_unknown_kind_can_still_be_answered() {
    let mut bytes = encode(&77_u64);
    bytes.extend(encode(&NewerKind { kind: 500, payload: payload() }));
    let frame: RequestFrame = kept(&bytes);
    assert_eq!(frame.id, RequestId(77));
    assert_eq!(frame.request, Request::Unknown { kind: 500, bytes: payload() });
}

#[test]
fn a_reject_of_an_unknown_code_is_still_a_reject() {
    let mut newer = encode(&9_999_u16);
    newer.extend(encode(&Retry::Later));
    newer.extend(encode(&250_u32));
    newer.extend(encode(&"the moon is in the way".to_owned()));
    let reject: Reject = kept(&newer);
    assert_eq!(reject.code, RejectCode::Unknown(9_999));
    assert_eq!((reject.retry, reject.retry_after_ms), (Retry::Later, 250));
}

#[test]
fn a_login_by_an_unknown_method_is_read_up_to_its_end() {
    let mut newer = encode(&(1_u16, 2_u16, "chat-next 2.0".to_owned()));
    newer.extend(encode(&NewerKind { kind: 9, payload: payload() }));
    newer.extend(encode(&0_u64));
    let hello: request::Hello = kept(&newer);
    assert_eq!(hello.auth, Auth::Unknown { kind: 9, bytes: payload() });
    assert!(hello.resume.is_empty());
}

#[test]
fn a_stream_goes_on_behind_a_frame_of_an_unknown_kind() {
    let mut bytes = encode_frame(&NewerKind { kind: 99, payload: payload() }, SERVER_FRAME_BYTES_MAX).unwrap();
    let known: Delivery = delivery::GoingAway { after_ms: 1, reason: String::new() }.into();
    bytes.extend(encode_frame(&known, SERVER_FRAME_BYTES_MAX).unwrap());
    let mut buffer = FrameBuffer::new(SERVER_FRAME_BYTES_MAX);
    buffer.extend(&bytes);
    assert_eq!(buffer.pop::<Delivery>().unwrap().unwrap().kind(), 99);
    assert_eq!(buffer.pop::<Delivery>().unwrap().unwrap(), known);
    assert!(!buffer.is_partial());
}

#[test]
fn a_known_kind_with_something_added_to_its_payload_is_an_error() {
    let mut payload = EventBody::from(event::Joined { name: "bob".into() }).payload();
    payload.push(0);
    assert_eq!(EventBody::from_payload(2, &payload), Err(CodecError::Trailing(1)));
}
