//! Every text of a value on the wire replaced by another one: the value's bytes are walked as `docs/protocol.md` defines
//! them, so no field is forgotten, not even one of a kind that is added tomorrow.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use chat_proto::codec::{Decode, Encode, decode, encode};

#[path = "../../../chat-proto/tests/wire"]
pub(crate) mod wire {
    #![allow(dead_code, unused_imports)]
    pub(crate) mod definitions;
    pub(crate) mod samples;
}

/// Whoever puts something else in the place of every text.
pub(crate) struct Poisoner {
    definitions: BTreeMap<String, Vec<String>>,
}

impl Poisoner {
    pub(crate) fn new() -> Self {
        Self { definitions: wire::definitions::documented() }
    }

    /// The same value with `text` in the place of every text; the type by its name in the document.
    pub(crate) fn poison<T: Encode + Decode<()>>(&self, name: &str, value: &T, text: &str) -> T {
        let bytes = encode(value);
        let (mut input, mut output) = (bytes.as_slice(), Vec::new());
        self.copy(name, &mut input, &mut output, text);
        assert!(input.is_empty(), "{name}: {} bytes left", input.len());
        decode(&output).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn copy(&self, ty: &str, input: &mut &[u8], output: &mut Vec<u8>, text: &str) {
        let lines = |what: &str| self.definitions.get(&[ty, what].concat());
        let inside = |outer: &str| ty.strip_prefix(outer)?.strip_prefix('<')?.strip_suffix('>');
        if matches!(ty, "u16" | "u32" | "u64" | "i64") {
            integer(input, output);
        } else if matches!(ty, "u8" | "bool") {
            output.push(take(input, 1)[0]);
        } else if ty == "String" {
            let length = integer(input, &mut Vec::new());
            take(input, length);
            output.extend(encode(&text.to_owned()));
        } else if let Some(length) = ty.strip_prefix("[u8; ").and_then(|rest| rest.strip_suffix(']')) {
            output.extend(take(input, length.parse().unwrap()));
        } else if let Some(element) = inside("Vec") {
            for _ in 0..integer(input, output) {
                self.copy(element, input, output, text);
            }
        } else if let Some(held) = inside("Option") {
            let is_there = take(input, 1)[0];
            output.push(is_there);
            if is_there == 1 {
                self.copy(held, input, output, text);
            }
        } else if let Some(fields) = lines(" struct") {
            for field in fields {
                self.copy(field.split_once(": ").unwrap().1, input, output, text);
            }
        } else if let Some(variants) = lines(" enum") {
            let variant = numbered(variants, integer(input, output));
            if let Some((_, held)) = variant.strip_suffix(')').and_then(|variant| variant.split_once('(')) {
                self.copy(held, input, output, text);
            }
        } else if let Some(kinds) = lines(" kinds") {
            let kind = numbered(kinds, integer(input, output));
            let length = integer(input, &mut Vec::new());
            let (mut payload, mut copied) = (take(input, length), Vec::new());
            self.copy(kind, &mut payload, &mut copied, text);
            output.extend(encode(&(copied.len() as u64)));
            output.extend(copied);
        } else {
            let alias = &lines("").unwrap_or_else(|| panic!("{ty} is not defined"))[0];
            self.copy(alias, input, output, text);
        }
    }
}

fn numbered(lines: &[String], number: usize) -> &str {
    let prefix = format!("{number}: ");
    lines.iter().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_else(|| panic!("{number} of {lines:?}"))
}

fn take<'a>(input: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (front, rest) = input.split_at(count);
    *input = rest;
    front
}

/// Copies a variable-length integer and says what it is.
fn integer(input: &mut &[u8], output: &mut Vec<u8>) -> usize {
    let lead = take(input, 1)[0];
    output.push(lead);
    let length = match lead {
        0..=250 => return lead.into(),
        251 => 2,
        252 => 4,
        _ => 8,
    };
    let mut bytes = [0; 8];
    bytes[..length].copy_from_slice(take(input, length));
    output.extend(&bytes[..length]);
    usize::try_from(u64::from_le_bytes(bytes)).unwrap_or(usize::MAX)
}
