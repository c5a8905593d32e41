//! The line being written on a terminal that can only print, go back a column, and go to the beginning of the row.

use unicode_segmentation::UnicodeSegmentation;

use crate::clean;
use crate::tui::view::width::{prefix, width};

/// What of the line is on the terminal.
#[derive(Debug, Default)]
pub(super) struct PromptLine {
    shown: String,
    /// The column the cursor is in.
    at: u16,
}

impl PromptLine {
    /// Takes the line away, so that something else can be printed in its place.
    pub(super) fn clear(&mut self, out: &mut Vec<u8>) {
        let columns = width(&self.shown);
        if columns > 0 {
            out.push(b'\r');
            out.extend(std::iter::repeat_n(b' ', columns.into()));
            out.push(b'\r');
        }
        *self = Self::default();
    }

    /// Shows the line with its cursor, with as little as possible: what is added at the end is only printed, so that a
    /// screen reader says no more than that. A line too long for the row shows what is around the cursor.
    pub(super) fn show(&mut self, prompt: &str, text: &str, cursor: usize, columns: u16, out: &mut Vec<u8>) {
        // In the last column the cursor would wrap.
        let most = columns.saturating_sub(1).max(1);
        let (before, behind) = text.split_at_checked(cursor).unwrap_or((text, ""));
        let before = format!("{}{}", clean::line(prompt), clean::line(before));
        let mut left = before.as_str();
        while width(left) > most {
            let first = left.graphemes(true).next().map_or(1, str::len);
            left = &left[first..];
        }
        let at = width(left);
        let behind = clean::line(behind);
        let shown = format!("{left}{}", prefix(behind.as_str(), most - at).0);
        if let Some(added) = shown.strip_prefix(self.shown.as_str()).filter(|_| self.at == width(&self.shown)) {
            out.extend_from_slice(added.as_bytes());
        } else {
            out.push(b'\r');
            out.extend_from_slice(shown.as_bytes());
            let gone = width(&self.shown).saturating_sub(width(&shown));
            out.extend(std::iter::repeat_n(b' ', gone.into()));
            out.extend(std::iter::repeat_n(0x08, gone.into()));
        }
        let end = width(&shown);
        if at < end {
            out.push(b'\r');
            out.extend_from_slice(left.as_bytes());
        }
        (self.shown, self.at) = (shown, at);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(line: &mut PromptLine, text: &str, cursor: usize) -> String {
        let mut out = Vec::new();
        line.show("> ", text, cursor, 20, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_typed_at_the_end_is_printed_and_nothing_else() {
        let mut line = PromptLine::default();
        assert_eq!(bytes(&mut line, "", 0), "> ");
        assert_eq!(bytes(&mut line, "h", 1), "h");
        assert_eq!(bytes(&mut line, "hé", 3), "é");
        assert_eq!(bytes(&mut line, "hé", 3), "");
        assert_eq!(bytes(&mut line, "h", 1), "\r> h \x08");
        assert_eq!(bytes(&mut line, "h", 0), "\r> ");
        let mut out = Vec::new();
        line.clear(&mut out);
        assert_eq!(out, b"\r   \r");
        assert_eq!(bytes(&mut line, "h", 1), "> h");
    }

    proptest! {
        #[test]
        fn a_terminal_shows_the_line_and_its_cursor(
            edits in prop::collection::vec(("[a-z é日\x1b\n]{0,30}", 0_usize..30, any::<bool>()), 1..12),
        ) {
            let mut line = PromptLine::default();
            let mut emulator = vt100::Parser::new(3.try_into().unwrap(), 20.try_into().unwrap(), 0);
            for (text, at, clears) in edits {
                let cursor = text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(at).unwrap_or(text.len());
                let mut out = Vec::new();
                if clears {
                    line.clear(&mut out);
                }
                line.show("> ", &text, cursor, 20, &mut out);
                prop_assert!(!out.contains(&0x1b) && !out.contains(&b'\n'));
                emulator.process(&out);
                let screen = emulator.screen();
                prop_assert_eq!(screen.contents().trim_end().to_owned(), line.shown.trim_end());
                prop_assert_eq!(screen.cursor_position(), (0, line.at));
                let before = clean::line(&text[..cursor]).into_string();
                let whole = format!("> {before}");
                prop_assert!(whole.ends_with(prefix(&line.shown, line.at).0), "{:?} {:?}", line.shown, whole);
            }
        }
    }
}
