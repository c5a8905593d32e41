//! Foreign text on its way to a terminal.

use chat_tui::clean::{self, MARKS_MAX};
use unicode_width::UnicodeWidthChar;

/// Whatever came in, what comes out holds nothing that a terminal obeys, and cleaning it again changes nothing.
pub fn sanitiser(bytes: &[u8]) {
    let foreign = String::from_utf8_lossy(bytes);
    let line = clean::line(&foreign);
    allowed(line.as_str(), false, foreign.len());
    assert_eq!(clean::line(line.as_str()), line, "cleaned twice, one row");
    let text = clean::text(&foreign);
    allowed(text.as_str(), true, foreign.len());
    assert_eq!(clean::text(text.as_str()), text, "cleaned twice, several rows");
    if !foreign.contains(['\n', '\r']) {
        assert_eq!(line, text);
    }
}

/// What a row or a text may hold. A character becomes a sign of three bytes at most, a tab four spaces, and a mark that stands
/// alone gets a base.
fn allowed(clean: &str, lines: bool, bytes: usize) {
    assert!(clean.len() <= 4 * bytes, "{bytes} bytes became {}", clean.len());
    let mut marks = 0;
    for c in clean.chars() {
        assert!(!is_obeyed(c) || (c == '\n' && lines), "U+{:04X} comes through", u32::from(c));
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        assert!(marks <= MARKS_MAX + 1, "{marks} marks on one base");
    }
}

/// Whether a character moves, reorders, hides or ends something: the list of UAX 9 and UAX 31, and what ISO 6429 calls controls.
/// The joiners and VS16 are left to where they stand.
fn is_obeyed(c: char) -> bool {
    let number = u32::from(c);
    c.is_control()
        || matches!(number,
            0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x180b..=0x180f | 0x200b | 0x200e | 0x200f | 0x2028..=0x202e
            | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0e | 0xfeff | 0xffa0 | 0xfff9..=0xfffb | 0xe0000..=0xe0fff)
        || number & 0xfffe == 0xfffe
}
