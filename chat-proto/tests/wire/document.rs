//! `docs/protocol.md` says what the code does: its definitions, its examples, its tables, and the sources it was read against.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use chat_proto::codec::decode;
use chat_proto::{Chain, CloseCode, DeviceKey, Event, RejectCode, Retry, auth};

use crate::definitions::{DOCUMENT, blocks, documented};
use crate::{samples, types};

const LIMITS: &str = include_str!("../../src/limits.rs");

/// The sources the document describes, in the order their hash takes them.
const SOURCES: &[(&str, &str)] = &[
    ("auth", include_str!("../../src/auth.rs")),
    ("choice", include_str!("../../src/choice.rs")),
    ("ban", include_str!("../../src/ban.rs")),
    ("bots", include_str!("../../src/bots.rs")),
    ("close", include_str!("../../src/close.rs")),
    ("code", include_str!("../../src/code.rs")),
    ("codec", include_str!("../../src/codec.rs")),
    ("connection", include_str!("../../src/connection.rs")),
    ("defence", include_str!("../../src/defence.rs")),
    ("delivery", include_str!("../../src/delivery.rs")),
    ("event", include_str!("../../src/event.rs")),
    ("event/key", include_str!("../../src/event/key.rs")),
    ("event/message", include_str!("../../src/event/message.rs")),
    ("event/moderation", include_str!("../../src/event/moderation.rs")),
    ("file", include_str!("../../src/file.rs")),
    ("id", include_str!("../../src/id.rs")),
    ("identity", include_str!("../../src/identity.rs")),
    ("invite", include_str!("../../src/invite.rs")),
    ("limits", LIMITS),
    ("name", include_str!("../../src/name.rs")),
    ("nick", include_str!("../../src/nick.rs")),
    ("profile", include_str!("../../src/profile.rs")),
    ("reach", include_str!("../../src/reach.rs")),
    ("realm", include_str!("../../src/realm.rs")),
    ("reject", include_str!("../../src/reject.rs")),
    ("reply", include_str!("../../src/reply.rs")),
    ("reply/room", include_str!("../../src/reply/room.rs")),
    ("request", include_str!("../../src/request.rs")),
    ("request/message", include_str!("../../src/request/message.rs")),
    ("request/room", include_str!("../../src/request/room.rs")),
    ("search", include_str!("../../src/search.rs")),
    ("seen", include_str!("../../src/seen.rs")),
    ("setting", include_str!("../../src/setting.rs")),
    ("token", include_str!("../../src/token.rs")),
    ("text", include_str!("../../src/text.rs")),
];

#[test]
fn the_document_defines_every_type_as_the_code_does() {
    let mut documented = documented();
    assert_eq!(documented.remove("RejectCode"), Some(vec!["u16".to_owned()]));
    for (name, lines) in types::definitions() {
        assert_eq!(documented.remove(&name).as_ref(), Some(&lines), "{name} in a schema block of docs/protocol.md");
    }
    assert!(documented.is_empty(), "in docs/protocol.md but not in the code: {documented:?}");
}

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    digest(&SHA256, &parts.concat()).as_ref().to_vec()
}

/// The chain and its parts, calculated as the document says and not as the server does.
fn chain_examples() -> Vec<samples::Sample> {
    let event = samples::event(samples::bodies().remove(4));
    let start = sha256(&[b"chat feed", &[0], &3_u64.to_le_bytes(), &1_u64.to_le_bytes()])[..16].to_vec();
    let kind = event.body.kind().to_le_bytes();
    let digest = sha256(&[&[8; 16], &kind, &event.body.payload()]);
    let next = sha256(&[
        &start,
        &event.seq.0.to_le_bytes(),
        &event.ordinal.0.to_le_bytes(),
        &event.at.0.to_le_bytes(),
        &event.by.0.to_le_bytes(),
        &event.device.0.to_le_bytes(),
        &event.key.0,
        &kind,
        &digest,
    ])[..16]
        .to_vec();
    let named = |name: &str, bytes| (name.to_owned(), bytes);
    vec![named("chain of an empty feed", start), named("digest", digest), named("chain of an event", next)]
}

#[test]
fn every_example_of_the_document_is_what_the_code_writes() {
    let transcript = auth::transcript(&[0xe0; 32], &[0x5e; 32], &DeviceKey([0xd1; 32]), "alice");
    let mut ours: BTreeMap<String, Vec<u8>> = samples::all().into_iter().chain(chain_examples()).collect();
    ours.insert("transcript".to_owned(), transcript);
    let examples = blocks("hex");
    assert!(examples.len() > 15, "{}", examples.len());
    for (name, lines) in examples {
        let written: String = lines.concat().split_whitespace().collect();
        let made = ours.get(&name).unwrap_or_else(|| panic!("{name} is not in samples.rs"));
        assert_eq!(written, samples::hex(made), "the example `{name}` of docs/protocol.md");
    }
}

#[test]
fn the_event_of_the_examples_decodes_to_the_event_described() {
    let (_, lines) = blocks("hex").into_iter().find(|(name, _)| name == "Event Posted").unwrap();
    let hex: String = lines.concat().split_whitespace().collect();
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    assert_eq!(decode::<Event>(&bytes), Ok(samples::event(samples::bodies().remove(4))));
    assert_eq!(Chain::default().to_string(), "0".repeat(32));
}

fn has_row(cells: &[&str]) {
    let row = format!("| {} |", cells.join(" | "));
    assert!(DOCUMENT.lines().any(|line| line.starts_with(&row)), "docs/protocol.md lacks a row beginning {row}");
}

#[test]
fn the_tables_of_codes_are_complete() {
    for code in RejectCode::ALL {
        let retry = match code.retry() {
            Retry::Never => "never",
            Retry::Later => "later",
            Retry::AfterChange => "after_change",
        };
        has_row(&[&code.number().to_string(), &format!("`{}`", code.name()), retry]);
    }
    for code in (0..1_000).filter_map(CloseCode::from_number) {
        has_row(&[&code.number().to_string(), &format!("`{code:?}`")]);
    }
}

#[test]
fn the_table_of_limits_is_complete() {
    let mut count = 0;
    for line in LIMITS.lines().filter_map(|line| line.strip_prefix("pub const ")) {
        let (name, rest) = line.split_once(": ").unwrap();
        let value = rest.split_once(" = ").unwrap().1.trim_end_matches(';').replace('_', "");
        let value: u64 = value.split(" * ").map(|factor| factor.parse::<u64>().unwrap()).product();
        has_row(&[&format!("`{name}`"), &value.to_string()]);
        count += 1;
    }
    let table = DOCUMENT.split_once("\n## Limits\n").unwrap().1;
    assert_eq!(count, table.lines().filter(|line| line.starts_with("| `")).count(), "a limit that is none any more");
}

/// Code without comments, blank lines, indentation and tests: what the bytes depend on.
fn normalised(source: &str) -> String {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_document_was_read_against_these_sources() {
    let sources: String = SOURCES.iter().map(|(name, source)| format!("{name}\n{}", normalised(source))).collect();
    let hash = samples::hex(&sha256(&[sources.as_bytes()]));
    let written = DOCUMENT.lines().find_map(|line| line.strip_prefix("sources: ")).unwrap_or_default();
    assert_eq!(
        written, hash,
        "the sources of the protocol changed: read docs/protocol.md against the change, correct it, and put the hash on \
         the right into its line `sources:`"
    );
}
