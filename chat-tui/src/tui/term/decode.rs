//! Bytes a terminal sends into events: a machine without a clock or a descriptor.
//!
//! It reads what xterm, tmux, the kitty keyboard protocol and modifyOtherKeys send, and what the terminal's ground is, and drops
//! what it does not know, such as answers to queries nobody asked.

use super::caps::Ground;
use super::codes::{held, named, numbered, unicode};
use super::input::{Mouse, TermEvent};
use super::key::{Key, KeyCode};

/// Bytes received and not yet understood.
#[derive(Debug, Default)]
pub struct Decoder {
    pending: Vec<u8>,
    /// What has been pasted, until the paste ends.
    paste: Option<Vec<u8>>,
}

/// What the front of the bytes is.
enum Front {
    Event(TermEvent, usize),
    Nothing(usize),
    PasteBegins(usize),
    Incomplete,
}

impl Decoder {
    /// Takes bytes in and gives out the events that are complete.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<TermEvent>) {
        self.pending.extend_from_slice(bytes);
        let mut pending = std::mem::take(&mut self.pending);
        let mut rest: &[u8] = &pending;
        while !rest.is_empty() {
            if let Some(paste) = &mut self.paste {
                let end = find(rest, PASTE_END);
                let taken = end.unwrap_or(rest.len().saturating_sub(PASTE_END.len() - 1));
                let room = PASTE_BYTES_MAX.saturating_sub(paste.len());
                paste.extend_from_slice(&rest[..taken.min(room)]);
                if end.is_none() {
                    rest = &rest[taken..];
                    break;
                }
                out.push(TermEvent::Paste(pasted(paste)));
                self.paste = None;
                rest = &rest[taken + PASTE_END.len()..];
                continue;
            }
            match front(rest) {
                Front::Event(event, taken) => {
                    out.push(event);
                    rest = &rest[taken..];
                }
                Front::Nothing(taken) => rest = &rest[taken..],
                Front::PasteBegins(taken) => {
                    self.paste = Some(Vec::new());
                    rest = &rest[taken..];
                }
                Front::Incomplete if rest.len() > SEQUENCE_BYTES_MAX => rest = &[],
                Front::Incomplete => break,
            }
        }
        let understood = pending.len() - rest.len();
        pending.drain(..understood);
        self.pending = pending;
    }

    /// Whether what was received may be the beginning of more.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty() && self.paste.is_none()
    }

    /// Whether it is more likely the beginning of a terminal's answer than keys pressed one after the other.
    #[must_use]
    pub fn is_in_answer(&self) -> bool {
        matches!(self.pending.as_slice(), [ESC, b']', b'0'..=b'9', ..])
    }

    /// Nothing more came for a while: an escape was the Escape key, and a sequence that does not end was noise.
    pub fn give_up(&mut self, out: &mut Vec<TermEvent>) {
        if self.paste.is_some() {
            return;
        }
        let pending = std::mem::take(&mut self.pending);
        match pending.as_slice() {
            [ESC] => out.push(TermEvent::Key(Key::plain(KeyCode::Esc))),
            [ESC, ESC] => {
                out.extend([TermEvent::Key(Key::plain(KeyCode::Esc)), TermEvent::Key(Key::plain(KeyCode::Esc))])
            }
            [ESC, byte @ (b'[' | b'O' | b']' | b'P' | b'_' | b'^' | b'X')] => {
                let key = Key { alt: true, ..Key::plain(KeyCode::Char(char::from(*byte))) };
                out.push(TermEvent::Key(key));
            }
            _ => {}
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// A terminal pastes line ends as the Enter key.
fn pasted(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n")
}

fn front(bytes: &[u8]) -> Front {
    let key = |key: Key, taken| Front::Event(TermEvent::Key(key.normal()), taken);
    match bytes {
        [ESC] | [ESC, ESC] => Front::Incomplete,
        [ESC, b'[', ..] => control_sequence(bytes),
        [ESC, b'O', rest @ ..] => match rest {
            [] => Front::Incomplete,
            [end, ..] => named(*end).map_or(Front::Nothing(3), |code| key(Key::plain(code), 3)),
        },
        [ESC, b']' | b'P' | b'_' | b'^' | b'X', ..] => string(bytes),
        // Alt, or an Escape that came along with the next key: terminals mean the former.
        [ESC, rest @ ..] => match front(rest) {
            Front::Event(TermEvent::Key(inner), taken) => key(Key { alt: true, ..inner }, taken + 1),
            Front::Event(_, taken) | Front::Nothing(taken) | Front::PasteBegins(taken) => Front::Nothing(taken + 1),
            Front::Incomplete => Front::Incomplete,
        },
        [b'\r', ..] => key(Key::plain(KeyCode::Enter), 1),
        [b'\t', ..] => key(Key::plain(KeyCode::Tab), 1),
        [0x7f, ..] => key(Key::plain(KeyCode::Backspace), 1),
        // A control code is the letter that is 64 above it.
        [byte @ 0..=0x1f, ..] => {
            let letter = char::from(byte + 64).to_ascii_lowercase();
            key(Key { ctrl: true, ..Key::plain(KeyCode::Char(letter)) }, 1)
        }
        _ => character(bytes),
    }
}

fn character(bytes: &[u8]) -> Front {
    let head = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
        Err(error) if error.error_len().is_none() => return Front::Incomplete,
        Err(_) => return Front::Nothing(1),
    };
    match valid.chars().next() {
        Some(c) if !c.is_control() => Front::Event(TermEvent::Key(Key::plain(KeyCode::Char(c))), c.len_utf8()),
        Some(c) => Front::Nothing(c.len_utf8()),
        None => Front::Nothing(1),
    }
}

/// An answer to a query, ended by BEL or ST: the colour of the ground, else dropped.
fn string(bytes: &[u8]) -> Front {
    let bell = bytes.iter().position(|b| *b == 0x07).map(|at| at + 1);
    let end = find(&bytes[2..], b"\x1b\\").map(|at| at + 4);
    match bell.into_iter().chain(end).min() {
        Some(taken) => match ground(&bytes[..taken]) {
            Some(ground) => Front::Event(TermEvent::Ground(ground), taken),
            None => Front::Nothing(taken),
        },
        None => Front::Incomplete,
    }
}

/// What `ESC ] 11 ; rgb: … / … / …` says, with one to four digits a channel.
fn ground(answer: &[u8]) -> Option<Ground> {
    let answer = std::str::from_utf8(answer).ok()?.strip_prefix("\x1b]11;")?;
    let answer = answer.trim_end_matches(['\x07', '\x1b', '\\']);
    let (_, channels) = answer.split_once(':').filter(|(space, _)| matches!(*space, "rgb" | "rgba"))?;
    let mut channels = channels.split('/').map(|digits| {
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok().filter(|len| (1..=4).contains(len))?)? - 1;
        u8::try_from(u32::from_str_radix(digits, 16).ok()? * 255 / most).ok()
    });
    Some(Ground::of(channels.next()??, channels.next()??, channels.next()??))
}

fn control_sequence(bytes: &[u8]) -> Front {
    // The Linux console names its first function keys `ESC [ [ A` to `E`.
    if let [_, _, b'[', rest @ ..] = bytes {
        return match rest {
            [] => Front::Incomplete,
            [c @ b'A'..=b'E', ..] => Front::Event(TermEvent::Key(Key::plain(KeyCode::F(c - b'A' + 1))), 4),
            [..] => Front::Nothing(4),
        };
    }
    let Some(length) = bytes[2..].iter().position(|b| !(0x20..=0x3f).contains(b)) else {
        return Front::Incomplete;
    };
    let taken = length + 3;
    let (body, end) = (&bytes[2..2 + length], bytes[2 + length]);
    // Something else in the middle: the sequence was cut off there.
    if !(0x40..=0x7e).contains(&end) {
        return Front::Nothing(length + 2);
    }
    if body == b"200" && end == b'~' {
        return Front::PasteBegins(taken);
    }
    let event = match (body, end) {
        (b"", b'I') => Some(TermEvent::Focus(true)),
        (b"", b'O') => Some(TermEvent::Focus(false)),
        ([b'<', report @ ..], b'M') => mouse(report),
        // The terminal's scheme changed (mode 2031).
        (b"?997;1", b'n') => Some(TermEvent::Ground(Ground::Dark)),
        (b"?997;2", b'n') => Some(TermEvent::Ground(Ground::Light)),
        ([b'<' | b'=' | b'>' | b'?', ..], _) => None,
        _ => key(body, end).map(|key| TermEvent::Key(key.normal())),
    };
    event.map_or(Front::Nothing(taken), |event| Front::Event(event, taken))
}

/// The numbers of a sequence, each with its parts between colons.
fn numbers(body: &[u8]) -> Option<Vec<Vec<u32>>> {
    let part = |text: &str| if text.is_empty() { Some(0) } else { text.parse().ok() };
    let body = std::str::from_utf8(body).ok()?;
    body.split(';').map(|number| number.split(':').map(part).collect()).collect()
}

fn key(body: &[u8], end: u8) -> Option<Key> {
    let numbers = numbers(body)?;
    let number = |at: usize, part: usize| numbers.get(at).and_then(|n| n.get(part)).copied().unwrap_or(0);
    let held = |at| held(number(at, 0));
    match end {
        b'u' => {
            // Event type 3 is a release.
            if number(1, 1) == 3 {
                return None;
            }
            let mut key = Key { code: unicode(number(0, 0))?, ..held(1)? };
            if let (KeyCode::Char(_), true, Some(shifted)) = (key.code, key.shift, char::from_u32(number(0, 1)))
                && shifted != '\0'
            {
                (key.code, key.shift) = (KeyCode::Char(shifted), key.ctrl);
            }
            Some(key)
        }
        b'~' if number(0, 0) == 27 => Some(Key { code: unicode(number(2, 0))?, ..held(1)? }),
        b'~' => Some(Key { code: numbered(number(0, 0))?, ..held(1)? }),
        b'Z' => Some(Key { shift: true, ..Key::plain(KeyCode::Tab) }),
        end => Some(Key { code: named(end)?, ..held(1)? }),
    }
}

fn mouse(report: &[u8]) -> Option<TermEvent> {
    let numbers = numbers(report)?;
    let [button, x, y] = numbers.as_slice() else {
        return None;
    };
    let place = |n: &Vec<u32>| u16::try_from(n.first()?.checked_sub(1)?).ok();
    let (x, y) = (place(x)?, place(y)?);
    // Bits 2 to 4 are keys held, bit 5 is movement.
    match button.first()? & !0b1_1100 {
        0 => Some(TermEvent::Mouse(Mouse::Click { x, y })),
        64 => Some(TermEvent::Mouse(Mouse::WheelUp { x, y })),
        65 => Some(TermEvent::Mouse(Mouse::WheelDown { x, y })),
        _ => None,
    }
}

/// Bytes of one paste; what is beyond is dropped.
pub const PASTE_BYTES_MAX: usize = 1 << 20;
/// Bytes of one sequence that has not ended; it is dropped then.
pub const SEQUENCE_BYTES_MAX: usize = 4096;

const ESC: u8 = 0x1b;
const PASTE_END: &[u8] = b"\x1b[201~";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(bytes: &[u8]) -> Vec<TermEvent> {
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        decoder.push(bytes, &mut out);
        decoder.give_up(&mut out);
        out
    }

    fn keys(bytes: &[u8]) -> String {
        let name = |event| if let TermEvent::Key(key) = event { key.to_string() } else { format!("{event:?}") };
        events(bytes).into_iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn keys_are_the_same_in_every_protocol() {
        for (name, sent) in [
            ("ctrl-x", vec!["\x18", "\x1b[120;5u", "\x1b[27;5;120~"]),
            ("tab", vec!["\t", "\x1b[9u", "\x1b[105;5u"]),
            ("enter", vec!["\r", "\x1b[13u", "\x1bOM", "\x1b[57414u", "\x1b[109;5u"]),
            ("ctrl-j", vec!["\n", "\x1b[106;5u"]),
            ("shift-enter", vec!["\x1b[13;2u", "\x1b[27;2;13~"]),
            ("alt-enter", vec!["\x1b\r", "\x1b[13;3u"]),
            ("backspace", vec!["\x7f", "\x08", "\x1b[127u"]),
            ("alt-backspace", vec!["\x1b\x7f"]),
            ("shift-tab", vec!["\x1b[Z", "\x1b[9;2u", "\x1b[1;2Z"]),
            ("esc", vec!["\x1b", "\x1b[27u"]),
            ("up", vec!["\x1b[A", "\x1bOA", "\x1b[1;1A", "\x1b[57419u"]),
            ("ctrl-left", vec!["\x1b[1;5D"]),
            ("alt-up", vec!["\x1b[1;3A", "\x1b\x1b[A"]),
            ("f1", vec!["\x1bOP", "\x1b[11~", "\x1b[[A", "\x1b[P"]),
            ("f12", vec!["\x1b[24~"]),
            ("f20", vec!["\x1b[34~"]),
            ("pageup", vec!["\x1b[5~"]),
            ("alt-pagedown", vec!["\x1b[6;3~"]),
            ("delete", vec!["\x1b[3~"]),
            ("home", vec!["\x1b[H", "\x1b[1~", "\x1b[7~", "\x1bOH"]),
            ("alt-a", vec!["\x1ba", "\x1b[97;3u"]),
            ("alt-U", vec!["\x1bU", "\x1b[117:85;4u", "\x1b[117;4u"]),
            ("alt-<", vec!["\x1b<", "\x1b[44:60;4u"]),
            ("alt-[", vec!["\x1b["]),
            ("ctrl-space", vec!["\0", "\x1b[32;5u"]),
            ("ctrl-_", vec!["\x1f"]),
            ("ctrl-shift-k", vec!["\x1b[107;6u", "\x1b[107:75;6u"]),
            ("é", vec!["é", "\x1b[233u"]),
            ("alt-é", vec!["\x1bé"]),
            ("A", vec!["A"]),
        ] {
            for sent in sent {
                assert_eq!(keys(sent.as_bytes()), name, "{sent:?}");
            }
        }
    }

    #[test]
    fn what_was_not_typed_is_dropped() {
        for noise in [
            "\x1b[?62;4c",
            "\x1b[>41;354;0c",
            "\x1b]10;rgb:0000/0000/0000\x1b\\",
            "\x1b]11;rgb:0/0\x07",
            "\x1b]11;?\x07",
            "\x1b]11;rgb:00000/0/0\x07",
            "\x1b[?997;3n",
            "\x1bP1$r0m\x1b\\",
            "\x1b_Gi=1;OK\x1b\\",
            "\x1b[?2026;2$y",
            "\x1b[97;5:3u",
            "\x1b[57358u",
            "\x1b[99;9u",
            "\x1b[?1u",
            "\x1b[38;5",
        ] {
            assert_eq!(keys(noise.as_bytes()), "", "{noise:?}");
        }
        assert_eq!(keys(b"\xff\xfea"), "a");
        assert_eq!(keys(b"a\xc3"), "a");
    }

    #[test]
    fn the_beginning_of_an_answer_is_told_from_keys() {
        for (bytes, answer) in
            [("\x1b]11;rgb:ff", true), ("\x1b]1", true), ("\x1b]", false), ("\x1b", false), ("\x1b[1", false)]
        {
            let (mut decoder, mut out) = (Decoder::default(), Vec::new());
            decoder.push(bytes.as_bytes(), &mut out);
            assert_eq!((decoder.is_waiting(), decoder.is_in_answer(), out), (true, answer, vec![]), "{bytes:?}");
        }
    }

    #[test]
    fn the_ground_is_dark_or_light() {
        for (answer, ground) in [
            ("\x1b]11;rgb:0000/2b2b/3636\x1b\\", Ground::Dark),
            ("\x1b]11;rgb:fdfd/f6f6/e3e3\x07", Ground::Light),
            ("\x1b]11;rgba:ff/ff/ff/ff\x07", Ground::Light),
            ("\x1b]11;rgb:f/f/0\x1b\\", Ground::Light),
            ("\x1b[?997;1n", Ground::Dark),
            ("\x1b[?997;2n", Ground::Light),
        ] {
            assert_eq!(events(answer.as_bytes()), [TermEvent::Ground(ground)], "{answer:?}");
        }
    }

    #[test]
    fn a_paste_is_one_event_whatever_is_in_it() {
        let paste = |text: &str| vec![TermEvent::Paste(text.into())];
        assert_eq!(events(b"\x1b[200~one\rtwo\r\n\x1b[A\x1b[201~"), paste("one\ntwo\n\x1b[A"));
        let long = format!("\x1b[200~{}\x1b[201~", "x".repeat(PASTE_BYTES_MAX + 10));
        assert_eq!(events(long.as_bytes()), paste(&"x".repeat(PASTE_BYTES_MAX)));
    }

    #[test]
    fn the_mouse_clicks_and_turns() {
        assert_eq!(events(b"\x1b[<0;3;4M"), [TermEvent::Mouse(Mouse::Click { x: 2, y: 3 })]);
        assert_eq!(events(b"\x1b[<0;3;4m"), []);
        assert_eq!(events(b"\x1b[<64;1;1M"), [TermEvent::Mouse(Mouse::WheelUp { x: 0, y: 0 })]);
        assert_eq!(events(b"\x1b[<65;1;1M"), [TermEvent::Mouse(Mouse::WheelDown { x: 0, y: 0 })]);
        assert_eq!(events(b"\x1b[<0;0;99999999M"), []);
        assert_eq!(events(b"\x1b[I\x1b[O"), [TermEvent::Focus(true), TermEvent::Focus(false)]);
    }

    proptest! {
        #[test]
        fn events_do_not_depend_on_where_the_bytes_are_split(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "a", "é", "日", "\x1b[A", "\x1bOP", "\x1b[200~x\ry\x1b[201~", "\x1b[<0;1;1M", "\r", "\x1b[13;2u",
                "\x1b]11;x\x1b\\", "\x1ba", "\x1b[1;5D", "\x1b[?1u",
            ]), 0..12),
            splits in prop::collection::vec(1_usize..5, 0..60),
        ) {
            let bytes = pieces.concat().into_bytes();
            let (mut decoder, mut out) = (Decoder::default(), Vec::new());
            let mut rest = bytes.as_slice();
            for split in splits.into_iter().chain([usize::MAX]) {
                let (now, later) = rest.split_at(split.min(rest.len()));
                decoder.push(now, &mut out);
                rest = later;
            }
            decoder.give_up(&mut out);
            prop_assert_eq!(out, events(&bytes));
        }

        #[test]
        fn no_bytes_make_it_panic_or_remember_without_bound(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let (mut decoder, mut out) = (Decoder::default(), Vec::new());
            for _ in 0..20 {
                decoder.push(&bytes, &mut out);
                prop_assert!(decoder.pending.len() <= SEQUENCE_BYTES_MAX + bytes.len());
            }
        }
    }
}
