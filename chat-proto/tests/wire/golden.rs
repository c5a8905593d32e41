//! The bytes of every kind and variant, written down: a byte that changes is a failed test.

use std::fmt::Write as _;

use chat_proto::delivery::StreamPurpose;
use chat_proto::{Auth, ClientSignal, Delivery, EventBody, RejectCode, Reply, Request};

use crate::samples;

const GOLDEN: &str = include_str!("golden.hex");

fn rendered() -> String {
    let mut text = String::from(
        "# The bytes of every kind and variant, by name. A released line never changes; what is new is a new line.\n",
    );
    for (name, bytes) in samples::all() {
        writeln!(text, "{name}: {}", samples::hex(&bytes)).unwrap();
    }
    text
}

/// With `CHAT_GOLDEN_WRITE` set the file is written instead, for the lines of a new kind; read the difference.
#[test]
fn every_kind_and_variant_has_the_bytes_written_down() {
    let made = rendered();
    if std::env::var_os("CHAT_GOLDEN_WRITE").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/golden.hex"), &made).unwrap();
        return;
    }
    for (ours, golden) in made.lines().zip(GOLDEN.lines()) {
        assert_eq!(ours, golden, "bytes changed: the wire must not; a new kind goes with CHAT_GOLDEN_WRITE=1");
    }
    assert_eq!(made.lines().count(), GOLDEN.lines().count(), "new lines go in with CHAT_GOLDEN_WRITE=1");
}

#[test]
fn names_in_the_golden_file_are_unique() {
    let mut names: Vec<_> = samples::all().into_iter().map(|(name, _)| name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

fn covered(family: &str, kinds: &[(u16, &str)], samples: &[u16]) {
    for (kind, name) in kinds {
        assert!(samples.contains(kind), "{family}::{name} ({kind}) has no sample in samples.rs, so no golden bytes");
    }
}

#[test]
fn every_kind_of_every_family_has_a_sample() {
    covered("Request", Request::KINDS, &samples::requests().iter().map(Request::kind).collect::<Vec<_>>());
    covered("Auth", Auth::KINDS, &samples::auths().iter().map(Auth::kind).collect::<Vec<_>>());
    covered("Reply", Reply::KINDS, &samples::replies().iter().map(Reply::kind).collect::<Vec<_>>());
    covered("EventBody", EventBody::KINDS, &samples::bodies().iter().map(EventBody::kind).collect::<Vec<_>>());
    covered(
        "StreamPurpose",
        StreamPurpose::KINDS,
        &samples::purposes().iter().map(StreamPurpose::kind).collect::<Vec<_>>(),
    );
    covered("Delivery", Delivery::KINDS, &samples::deliveries().iter().map(Delivery::kind).collect::<Vec<_>>());
    covered(
        "ClientSignal",
        ClientSignal::KINDS,
        &samples::signals().iter().map(ClientSignal::kind).collect::<Vec<_>>(),
    );
}

#[test]
fn every_reject_code_has_golden_bytes_and_its_number_is_its_own() {
    for code in RejectCode::ALL {
        let line = format!("Reply Reject {}: ", code.name());
        assert!(GOLDEN.lines().any(|golden| golden.starts_with(&line)), "{line}");
        assert_eq!(RejectCode::from_number(code.number()), *code);
        assert_eq!(RejectCode::ALL.iter().filter(|other| other.number() == code.number()).count(), 1, "{code:?}");
        assert_eq!(RejectCode::ALL.iter().filter(|other| other.name() == code.name()).count(), 1, "{code:?}");
    }
}

#[test]
fn kinds_have_numbers_of_their_own() {
    let families = [
        Request::KINDS,
        Auth::KINDS,
        Reply::KINDS,
        EventBody::KINDS,
        StreamPurpose::KINDS,
        Delivery::KINDS,
        ClientSignal::KINDS,
    ];
    for kinds in families {
        assert!(kinds.windows(2).all(|pair| pair[0].0 < pair[1].0), "{kinds:?}");
    }
}
