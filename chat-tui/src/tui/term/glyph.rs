//! How a symbol is written, and where terminals may disagree about it.

use unicode_width::UnicodeWidthChar;

use crate::tui::view::width::grapheme_width;

/// How to draw a symbol.
pub(super) struct Glyph<'a> {
    pub(super) text: &'a str,
    /// The columns it was laid out in.
    pub(super) columns: u16,
    /// How far the widest terminal draws it, if terminals differ.
    pub(super) reach: Option<u16>,
}

impl<'a> Glyph<'a> {
    pub(super) fn of(symbol: &'a str, room: u16) -> Self {
        if let [byte] = symbol.as_bytes() {
            let printable = (0x20..0x7f).contains(byte);
            return if printable {
                Self { text: symbol, columns: 1, reach: None }
            } else {
                Self::of(UNPRINTABLE, room)
            };
        }
        if symbol.contains(char::is_control) {
            return Self::of(UNPRINTABLE, room);
        }
        let columns = grapheme_width(symbol);
        if columns == 0 || columns > room {
            return Self { text: " ", columns: 1, reach: None };
        }
        // A terminal that leaves the replacement character out would put its marks on the character before.
        if symbol.starts_with(UNPRINTABLE) {
            return Self { text: UNPRINTABLE, columns, reach: Some(columns) };
        }
        let (mut wide, mut sum, mut fits) = (0, 0, symbol.len());
        for (at, c) in symbol.char_indices() {
            // Emoji presentation may make its base one column wider.
            let width = if c == '\u{fe0f}' { 1 } else { u16::try_from(c.width().unwrap_or(1)).unwrap_or(2) };
            if sum + width > room {
                fits = fits.min(at);
            }
            sum += width;
            wide += u16::from(width > 0);
        }
        let disputed = |c: char| matches!(c, '\u{200d}' | '\u{fe0f}' | '\u{20e3}' | '\u{ff9e}' | '\u{ff9f}');
        let plain = wide == 1 && sum == columns && columns <= 2;
        if plain && !symbol.contains(|c| disputed(c) || c >= FIRST_EMOJI) {
            return Self { text: symbol, columns, reach: None };
        }
        Self { text: symbol[..fits].trim_end_matches('\u{200d}'), columns, reach: Some(sum.max(columns)) }
    }
}

/// Where the blocks begin whose characters terminals of different age measure differently.
const FIRST_EMOJI: char = '\u{1f000}';
const UNPRINTABLE: &str = "\u{fffd}";
