//! Bytes somebody meant to hurt with: each decodes or errors, none panics, none costs more than its limit.

use std::time::{Duration, Instant};

use chat_proto::codec::{Decode, Encode, PREFIX_BYTES, decode, encode, encode_frame};
use chat_proto::limits::{DECODE_MEMORY_MAX, SERVER_FRAME_BYTES_MAX};
use chat_proto::*;
use proptest::prelude::*;
use wincode::{SchemaRead, SchemaWrite};

use crate::samples::{self, Sample};
use crate::schema::{Entropy, OtherConfig, Visitor, Wire};
use crate::types::visit_all;

fn pop_all<T: Decode<()>>(buffer: &mut FrameBuffer) -> Result<Vec<T>, CodecError> {
    let mut all = Vec::new();
    while let Some(value) = buffer.pop()? {
        all.push(value);
    }
    Ok(all)
}

/// Reads a whole stream of one frame; whatever it is, reading it ends. A frame that decodes encodes again.
fn survives<T: Encode + Decode<()> + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let mut buffer = FrameBuffer::new(SERVER_FRAME_BYTES_MAX);
    buffer.extend(bytes);
    if let Ok(values) = pop_all::<T>(&mut buffer) {
        for value in values {
            assert_eq!(decode::<T>(&encode(&value)).as_ref(), Ok(&value));
        }
    }
    let unframed = bytes.get(PREFIX_BYTES..).unwrap_or_default();
    let _ = decode::<T>(unframed);
}

fn truncated_and_flipped<T: Encode + Decode<()> + PartialEq + std::fmt::Debug>(frames: Vec<Sample>) {
    for (name, frame) in frames {
        for len in 0..frame.len() {
            survives::<T>(&frame[..len]);
            let mut buffer = FrameBuffer::new(SERVER_FRAME_BYTES_MAX);
            buffer.extend(&frame[..len]);
            assert!(matches!(buffer.pop::<T>(), Ok(None)), "{name} cut at {len}");
            assert_eq!(buffer.is_partial(), len > 0, "{name} cut at {len}");
            if len >= PREFIX_BYTES {
                assert!(decode::<T>(&frame[PREFIX_BYTES..len]).is_err(), "{name} cut at {len}");
            }
        }
        for bit in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            survives::<T>(&flipped);
        }
    }
}

#[test]
fn every_truncation_and_bit_flip_of_a_request_decodes_or_errors() {
    truncated_and_flipped::<RequestFrame>(samples::request_frames());
}

#[test]
fn every_truncation_and_bit_flip_of_a_reply_decodes_or_errors() {
    truncated_and_flipped::<ReplyFrame>(samples::reply_frames());
}

#[test]
fn every_truncation_and_bit_flip_of_a_header_or_delivery_decodes_or_errors() {
    let (headers, deliveries): (Vec<Sample>, Vec<Sample>) =
        samples::delivery_frames().into_iter().partition(|(name, _)| name.starts_with("StreamHeader"));
    truncated_and_flipped::<StreamHeader>(headers);
    truncated_and_flipped::<Delivery>(deliveries);
}

/// Datagrams have no prefix, and a row's payload stands beside its kind.
#[test]
fn every_truncation_and_bit_flip_of_a_datagram_or_row_decodes_or_errors() {
    let signals = samples::signals().into_iter().map(|it| encode(&it));
    let deliveries = samples::deliveries().into_iter().map(|it| encode(&it));
    for datagram in signals.chain(deliveries) {
        for len in 0..datagram.len() {
            assert!(decode::<ClientSignal>(&datagram[..len]).is_err());
            assert!(decode::<Delivery>(&datagram[..len]).is_err());
        }
        for bit in 0..datagram.len() * 8 {
            let mut flipped = datagram.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = (decode::<ClientSignal>(&flipped), decode::<Delivery>(&flipped));
        }
    }
    for body in samples::bodies() {
        let payload = body.payload();
        for len in 0..payload.len() {
            assert!(EventBody::from_payload(body.kind(), &payload[..len]).is_err(), "{body:?} cut at {len}");
        }
        for bit in 0..payload.len() * 8 {
            let mut flipped = payload.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = EventBody::from_payload(body.kind(), &flipped);
        }
    }
}

/// The claims of a list's or string's length that hurt careless decoders.
const CLAIMS: [u64; 4] = [1 << 20, 1 << 32, 1 << 60, u64::MAX];

/// Longest that refusing one claim may take, far beyond what it takes on a slow machine.
const REFUSAL_MAX: Duration = Duration::from_secs(2);

/// Puts each claim at each offset of a value's bytes, so at each length field among them.
struct Claims {
    refused: usize,
}

impl Visitor for Claims {
    fn visit<T: Wire>(&mut self, name: &'static str)
    where
        T::Mirror: SchemaWrite<OtherConfig, Src = T::Mirror> + for<'de> SchemaRead<'de, OtherConfig, Dst = T::Mirror>,
    {
        let entropy: Vec<u8> = (0..300).map(|step: u32| (step * 41 % 253) as u8).collect();
        let bytes = encode(&T::arbitrary(&mut Entropy(&entropy)));
        for offset in 0..=bytes.len() {
            for claim in CLAIMS {
                let hostile = [&bytes[..offset], &encode(&claim)].concat();
                let begun = Instant::now();
                self.refused += usize::from(decode::<T>(&hostile).is_err());
                assert!(begun.elapsed() < REFUSAL_MAX, "{name}: {claim} at {offset}");
            }
        }
    }
}

/// Address space this process ever had, KiB: what an allocation costs whether or not it is touched.
#[cfg(target_os = "linux")]
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmPeak:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What a thread's allocator reserves at most, and more than all honest values here need, KiB.
#[cfg(target_os = "linux")]
const GROWTH_MAX_KIB: u64 = 256 * 1024;

#[test]
fn a_claimed_length_is_refused_without_the_time_it_claims() {
    let mut claims = Claims { refused: 0 };
    visit_all(&mut claims);
    assert!(claims.refused > 1_000, "{}", claims.refused);
}

/// Runs itself again in a process of its own, where no other test takes memory.
#[cfg(target_os = "linux")]
#[test]
fn a_claimed_length_is_refused_without_the_memory_it_claims() {
    const ALONE: &str = "CHAT_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let name = "hostile::a_claimed_length_is_refused_without_the_memory_it_claims";
        let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
        let output = alone.args(["--exact", name, "--test-threads=1"]).env(ALONE, "1").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{name} is not the name of this test");
        return;
    }
    let before = peak_kib();
    visit_all(&mut Claims { refused: 0 });
    let grown = peak_kib() - before;
    assert!(grown < GROWTH_MAX_KIB, "{grown} KiB more");
}

/// A claim in each place a length can be, reached exactly.
#[test]
fn every_string_and_list_names_the_limit_when_its_length_is_over_it() {
    for claim in [1_u64 << 32, 1 << 60, u64::MAX] {
        let length = encode(&claim);
        let of = |head: &[u8]| [head, &length].concat();
        let errors = [
            decode::<String>(&length).map(drop),
            decode::<request::Whois>(&length).map(drop),
            decode::<Request>(&of(&[31])).map(drop),
            decode::<request::Hello>(&of(&[1, 1])).map(drop),
            decode::<request::Hello>(&of(&[1, 1, 0, 1, 0])).map(drop),
            decode::<delivery::Events>(&of(&[0, 3, 1])).map(drop),
            decode::<reply::Page>(&of(&[3, 1])).map(drop),
            decode::<reply::RoomList>(&length).map(drop),
            decode::<reply::MemberList>(&length).map(drop),
            decode::<delivery::RoomPresence>(&of(&[3, 2])).map(drop),
            decode::<event::Posted>(&of(&[0, 0, 0])).map(drop),
        ];
        for (place, error) in errors.into_iter().enumerate() {
            let Err(CodecError::Undecodable(why)) = error else { panic!("place {place}: {error:?}") };
            let hello_auth = place == 4;
            assert!(hello_auth || why.contains("LimitExceeded"), "place {place}, claim {claim}: {why}");
        }
    }
}

#[test]
fn what_fits_the_frame_but_not_the_memory_limit_is_refused() {
    let strings = DECODE_MEMORY_MAX / 24 + 1;
    let mut many = encode(&(strings as u64));
    many.resize(many.len() + strings, 0);
    assert!(many.len() < SERVER_FRAME_BYTES_MAX);
    assert!(matches!(decode::<Vec<String>>(&many), Err(CodecError::Undecodable(_))));
}

#[test]
fn a_prefix_over_the_limit_is_an_error_before_the_frame_is_there() {
    for len in [101_u32, 1 << 20, u32::MAX] {
        let mut buffer = FrameBuffer::new(100);
        buffer.extend(&len.to_le_bytes()[..3]);
        assert_eq!(buffer.pop::<Reply>(), Ok(None));
        buffer.extend(&len.to_le_bytes()[3..]);
        assert_eq!(buffer.pop::<Reply>(), Err(CodecError::TooLong { len: len as usize, max: 100 }));
    }
}

#[test]
fn the_limit_itself_is_allowed_and_may_be_raised() {
    let text = "x".repeat(97);
    let frame = encode_frame(&text, 98).unwrap();
    assert_eq!(encode_frame(&text, 97), Err(CodecError::TooLong { len: 98, max: 97 }));
    let mut buffer = FrameBuffer::new(98);
    buffer.extend(&frame);
    assert_eq!(buffer.pop(), Ok(Some(text.clone())));
    let mut buffer = FrameBuffer::new(97);
    buffer.extend(&frame);
    buffer.set_max(98);
    assert_eq!(buffer.pop(), Ok(Some(text)));
}

#[test]
fn bytes_behind_a_value_are_an_error_inside_and_outside_of_a_frame() {
    let mut bytes = encode(&Request::from(request::Ping { token: 1 }));
    bytes.push(0);
    assert_eq!(decode::<Request>(&bytes), Err(CodecError::Trailing(1)));
    let mut frame = vec![u8::try_from(bytes.len()).unwrap(), 0, 0, 0];
    frame.append(&mut bytes);
    let mut buffer = FrameBuffer::new(100);
    buffer.extend(&frame);
    assert_eq!(buffer.pop::<Request>(), Err(CodecError::Trailing(1)));
}

#[test]
fn an_empty_frame_is_no_value() {
    let mut buffer = FrameBuffer::new(100);
    buffer.extend(&[0; 4]);
    assert!(matches!(buffer.pop::<Request>(), Err(CodecError::Undecodable(_))));
}

/// Longer encodings of small integers decode, so equal values may have unequal bytes: nothing is ever signed, hashed or
/// compared by bytes that were encoded again. The bytes of a known kind's payload are not kept either.
#[test]
fn integers_that_are_longer_than_needed_decode_and_are_written_short_again() {
    for long in [&[251, 5, 0][..], &[252, 5, 0, 0, 0], &[253, 5, 0, 0, 0, 0, 0, 0, 0]] {
        assert_eq!(decode::<u64>(long), Ok(5));
        assert_eq!(encode(&decode::<u64>(long).unwrap()), [5]);
    }
    let joined = EventBody::from_payload(2, &[251, 3, 0, b'b', b'o', b'b']).unwrap();
    assert_eq!(joined, event::Joined { name: "bob".into() }.into());
    assert_eq!(joined.payload(), [3, b'b', b'o', b'b']);
}

#[test]
fn integers_too_wide_for_their_field_and_reserved_lead_bytes_are_refused() {
    assert!(decode::<u16>(&[252, 5, 0, 0, 0]).is_err());
    assert!(decode::<u32>(&[253, 5, 0, 0, 0, 0, 0, 0, 0]).is_err());
    assert!(decode::<u64>(&[[254].as_slice(), &[0; 16]].concat()).is_err());
    assert!(decode::<u64>(&[255]).is_err());
    assert!(decode::<bool>(&[2]).is_err());
    assert!(decode::<Option<u64>>(&[2, 0]).is_err());
    assert!(decode::<Style>(&[2]).is_err());
    assert!(decode::<String>(&[1, 0xff]).is_err());
}

/// The frames of a stream as they come out when its bytes come in pieces.
fn in_pieces(stream: &[u8], cuts: impl Iterator<Item = usize>) -> Vec<Delivery> {
    let mut buffer = FrameBuffer::new(SERVER_FRAME_BYTES_MAX);
    let mut all = Vec::new();
    let mut start = 0;
    for cut in cuts.chain([stream.len()]) {
        buffer.extend(&stream[start..cut]);
        all.extend(pop_all::<Delivery>(&mut buffer).unwrap());
        start = cut;
    }
    assert!(!buffer.is_partial());
    all
}

fn stream() -> Vec<u8> {
    samples::deliveries().iter().flat_map(|delivery| encode_frame(delivery, SERVER_FRAME_BYTES_MAX).unwrap()).collect()
}

#[test]
fn a_stream_cut_at_any_place_gives_the_same_frames() {
    let stream = stream();
    for cut in 0..=stream.len() {
        assert_eq!(in_pieces(&stream, [cut].into_iter()), samples::deliveries(), "cut at {cut}");
    }
    for step in 1..=9 {
        assert_eq!(in_pieces(&stream, (0..stream.len()).step_by(step)), samples::deliveries(), "pieces of {step}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_cut_at_many_places_gives_the_same_frames(cuts in prop::collection::btree_set(any::<u16>(), 0..40)) {
        let stream = stream();
        let cuts: std::collections::BTreeSet<usize> =
            cuts.into_iter().map(|cut| usize::from(cut) % stream.len()).collect();
        prop_assert_eq!(in_pieces(&stream, cuts.into_iter()), samples::deliveries());
    }

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..2_000)) {
        survives::<RequestFrame>(&noise);
        survives::<ReplyFrame>(&noise);
        survives::<StreamHeader>(&noise);
        survives::<Delivery>(&noise);
    }
}
