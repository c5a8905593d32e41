//! Whatever comes over a connection, in both directions.

use std::fmt::Debug;

use chat_proto::codec::{Decode, Encode, PREFIX_BYTES, decode, encode, encode_frame};
use chat_proto::limits::SERVER_FRAME_BYTES_MAX;
use chat_proto::{
    ClientSignal, Delivery, Event, EventBody, FrameBuffer, Reply, ReplyFrame, Request, RequestFrame, RoomSetting,
    StreamHeader,
};

use crate::input::Input;

/// The first byte says what the rest is to be; it decodes to something that encodes and decodes to itself, or to an error.
pub fn frame(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let what = input.below(10);
    match what {
        0 => framed::<RequestFrame>(&mut input),
        1 => framed::<ReplyFrame>(&mut input),
        2 => framed::<StreamHeader>(&mut input),
        3 => framed::<Delivery>(&mut input),
        4 => bare::<ClientSignal>(input.rest()),
        5 => bare::<Event>(input.rest()),
        6 => bare::<RoomSetting>(input.rest()),
        7 => kept(&mut input, Request::from_payload, Request::kind, Request::payload),
        8 => kept(&mut input, Reply::from_payload, Reply::kind, Reply::payload),
        _ => kept(&mut input, EventBody::from_payload, EventBody::kind, EventBody::payload),
    }
}

/// A value that is all the bytes. The bytes it encodes to are its shortest, and it is what they decode to.
fn bare<T: Encode + Decode<()> + PartialEq + Debug>(bytes: &[u8]) {
    let Ok(value) = decode::<T>(bytes) else { return };
    let shortest = encode(&value);
    assert!(shortest.len() <= bytes.len(), "{value:?} took {} bytes of {}", shortest.len(), bytes.len());
    assert_eq!(decode::<T>(&shortest).as_ref(), Ok(&value));
}

/// A stream, cut up as the second byte says: the pieces it comes in make no difference, and nothing is lost.
fn framed<T: Encode + Decode<()> + PartialEq + Debug>(input: &mut Input<'_>) {
    let piece = usize::from(input.byte()) + 1;
    let stream = input.rest();
    bare::<T>(stream);
    let mut whole = FrameBuffer::new(SERVER_FRAME_BYTES_MAX);
    whole.extend(stream);
    let mut pieces = FrameBuffer::new(SERVER_FRAME_BYTES_MAX);
    let mut chunks = stream.chunks(piece);
    loop {
        let expected = whole.pop::<T>();
        let mut found = pieces.pop::<T>();
        while found == Ok(None)
            && let Some(chunk) = chunks.next()
        {
            pieces.extend(chunk);
            found = pieces.pop::<T>();
        }
        assert_eq!(found, expected);
        let Ok(Some(value)) = expected else { break };
        let frame = encode_frame(&value, SERVER_FRAME_BYTES_MAX).expect("what was framed can be framed");
        assert_eq!(decode::<T>(&frame[PREFIX_BYTES..]).as_ref(), Ok(&value));
    }
}

/// A kind and its payload, as a row of the store has them; a kind that nobody knows keeps its bytes.
fn kept<T: PartialEq + Debug, E>(
    input: &mut Input<'_>,
    read: fn(u16, &[u8]) -> Result<T, E>,
    kind: fn(&T) -> u16,
    payload: fn(&T) -> Vec<u8>,
) {
    let number = u16::from_le_bytes([input.byte(), input.byte() & 3]);
    let Ok(value) = read(number, input.rest()) else { return };
    assert_eq!(kind(&value), number);
    assert_eq!(read(number, &payload(&value)).ok(), Some(value));
}
