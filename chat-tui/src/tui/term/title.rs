//! The title of the terminal's window.

use unicode_segmentation::UnicodeSegmentation;

use crate::clean::Clean;
use crate::tui::view::width;

/// The sequence that sets the title (OSC 2), cut to [`TITLE_COLUMNS_MAX`].
///
/// What a terminal reports when asked for its title is typed into the next program, so nothing enters it but clean text on
/// one line.
#[must_use]
pub fn title(text: &Clean<'_>) -> Vec<u8> {
    let (cut, _) = width::fit(text, TITLE_COLUMNS_MAX);
    let mut sequence = b"\x1b]2;".to_vec();
    for cluster in cut.graphemes(true) {
        sequence.extend_from_slice(if cluster.contains(char::is_control) { b" " } else { cluster.as_bytes() });
    }
    sequence.extend_from_slice(b"\x1b\\");
    sequence
}

/// Columns of a title; window managers show fewer.
pub const TITLE_COLUMNS_MAX: u16 = 120;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clean;

    #[test]
    fn a_title_ends_where_it_should_whatever_is_in_it() {
        assert_eq!(title(&clean::line("(3) #general")), b"\x1b]2;(3) #general\x1b\\");
        for hostile in ["x\x07\x1b]52;c;ZXZpbA==\x07", "a\u{9c}b", "two\nlines", "\x1b\\"] {
            for clean in [clean::line(hostile), clean::text(hostile)] {
                let sequence = String::from_utf8(title(&clean)).unwrap();
                let body = sequence.strip_prefix("\x1b]2;").unwrap().strip_suffix("\x1b\\").unwrap();
                assert!(!body.contains(char::is_control), "{body:?}");
            }
        }
        assert!(title(&clean::line(&"x".repeat(4000))).len() < 200);
    }
}
