//! A reader that knows nothing but `docs/protocol.md`: it follows the document's definitions and the table of values. That
//! it reads every golden line to its last byte shows that the document is enough to write a client from.

use std::collections::BTreeMap;

use crate::{definitions, samples};

/// What the `schema` blocks define, as `definitions` reads them.
struct Reader {
    definitions: BTreeMap<String, Vec<String>>,
}

type Outcome<T> = Result<T, String>;

/// Cuts bytes off the front.
fn take<'a>(input: &mut &'a [u8], count: usize) -> Outcome<&'a [u8]> {
    let (front, rest) = input.split_at_checked(count).ok_or_else(|| format!("{count} bytes wanted"))?;
    *input = rest;
    Ok(front)
}

/// A variable-length integer of at most `width` bytes behind its lead byte.
fn integer(input: &mut &[u8], width: usize) -> Outcome<u64> {
    let lead = take(input, 1)?[0];
    let len = match lead {
        0..=250 => return Ok(u64::from(lead)),
        0xfb => 2,
        0xfc => 4,
        0xfd => 8,
        other => return Err(format!("lead byte {other:02x}")),
    };
    if len > width {
        return Err(format!("{len} bytes in a field of {width}"));
    }
    let mut bytes = [0; 8];
    bytes[..len].copy_from_slice(take(input, len)?);
    Ok(u64::from_le_bytes(bytes))
}

fn length(input: &mut &[u8]) -> Outcome<usize> {
    usize::try_from(integer(input, 8)?).map_err(|e| e.to_string())
}

/// What stands between the brackets of `Vec<…>`.
fn inside<'a>(ty: &'a str, outer: &str) -> Option<&'a str> {
    ty.strip_prefix(outer)?.strip_prefix('<')?.strip_suffix('>')
}

impl Reader {
    fn lines(&self, key: &str) -> Option<&[String]> {
        self.definitions.get(key).map(Vec::as_slice)
    }

    /// The line of an enum or of kinds that begins with a number.
    fn numbered(lines: &[String], number: u64) -> Option<&str> {
        let prefix = format!("{number}: ");
        lines.iter().find_map(|line| line.strip_prefix(&prefix))
    }

    /// Reads one value, and adds its leaves to `seen`.
    fn read(&self, ty: &str, input: &mut &[u8], seen: &mut Vec<String>) -> Outcome<()> {
        match ty {
            "u8" => seen.push(take(input, 1)?[0].to_string()),
            "u16" => seen.push(integer(input, 2)?.to_string()),
            "u32" => seen.push(integer(input, 4)?.to_string()),
            "u64" => seen.push(integer(input, 8)?.to_string()),
            "i64" => {
                let zigzag = integer(input, 8)?;
                seen.push(((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed()).to_string());
            }
            "bool" => match take(input, 1)?[0] {
                bit @ (0 | 1) => seen.push((bit == 1).to_string()),
                other => return Err(format!("a bool of {other}")),
            },
            "String" => {
                let len = length(input)?;
                seen.push(String::from_utf8(take(input, len)?.to_vec()).map_err(|e| e.to_string())?);
            }
            _ => return self.read_composed(ty, input, seen),
        }
        Ok(())
    }

    fn read_composed(&self, ty: &str, input: &mut &[u8], seen: &mut Vec<String>) -> Outcome<()> {
        if let Some(len) = ty.strip_prefix("[u8; ").and_then(|rest| rest.strip_suffix(']')) {
            seen.push(samples::hex(take(input, len.parse().map_err(|_| format!("the type {ty}"))?)?));
        } else if let Some(element) = inside(ty, "Vec") {
            for _ in 0..length(input)? {
                self.read(element, input, seen)?;
            }
        } else if let Some(held) = inside(ty, "Option") {
            match take(input, 1)?[0] {
                0 => {}
                1 => self.read(held, input, seen)?,
                other => return Err(format!("an option of {other}")),
            }
        } else if let Some(fields) = self.lines(&format!("{ty} struct")) {
            for field in fields {
                let (_, ty) = field.split_once(": ").ok_or_else(|| format!("the field {field}"))?;
                self.read(ty, input, seen)?;
            }
        } else if let Some(variants) = self.lines(&format!("{ty} enum")) {
            let tag = integer(input, 4)?;
            let variant = Self::numbered(variants, tag).ok_or_else(|| format!("{ty} {tag}"))?;
            let (name, held) = variant.strip_suffix(')').and_then(|v| v.split_once('(')).unwrap_or((variant, ""));
            seen.push(name.to_owned());
            if !held.is_empty() {
                self.read(held, input, seen)?;
            }
        } else if let Some(kinds) = self.lines(&format!("{ty} kinds")) {
            let kind = integer(input, 2)?;
            let len = length(input)?;
            let mut payload = take(input, len)?;
            let name = Self::numbered(kinds, kind).ok_or_else(|| format!("{ty} {kind}"))?;
            seen.push(name.to_owned());
            self.read(name, &mut payload, seen)?;
            if !payload.is_empty() {
                return Err(format!("{} bytes left in a {name}", payload.len()));
            }
        } else {
            let alias = self.lines(ty).ok_or_else(|| format!("{ty} is not defined"))?;
            return self.read(&alias[0], input, seen);
        }
        Ok(())
    }
}

#[test]
fn who_knows_only_the_document_reads_every_golden_line_to_its_end() {
    let reader = Reader { definitions: definitions::documented() };
    for (name, bytes) in samples::all() {
        let (ty, framed) = match name.split_once(' ').unwrap() {
            ("Delivery", rest) => ("Delivery", rest.starts_with("frame ")),
            (ty @ ("RequestFrame" | "ReplyFrame" | "StreamHeader"), _) => (ty, true),
            (ty, _) => (ty, false),
        };
        let mut input = bytes.as_slice();
        if framed {
            let len = take(&mut input, 4).unwrap();
            assert_eq!(u32::from_le_bytes(len.try_into().unwrap()) as usize, input.len(), "{name}");
        }
        let mut seen = Vec::new();
        assert_eq!(reader.read(ty, &mut input, &mut seen), Ok(()), "{name}");
        assert!(input.is_empty(), "{name}: {} bytes left", input.len());
    }
}

#[test]
fn who_knows_only_the_document_sees_the_values_that_were_written() {
    let reader = Reader { definitions: definitions::documented() };
    let of = |name: &str| samples::all().into_iter().find(|(found, _)| found == name).unwrap().1;
    let mut seen = Vec::new();
    reader.read("Event", &mut of("Event Posted").as_slice(), &mut seen).unwrap();
    let key = "30313233343536373839616263646566";
    let expected = ["8123", "6996", "1795176000000000", "2", "5", key, "Posted", "bob", "Text", "hello, alice", "17"];
    assert_eq!(seen, expected);
    for (text, bytes) in [("-9223372036854775808", of("i64 -9223372036854775808")), ("-126", of("i64 -126"))] {
        let mut seen = Vec::new();
        reader.read("i64", &mut bytes.as_slice(), &mut seen).unwrap();
        assert_eq!(seen, [text]);
    }
}
