//! How many columns a text takes, by the same rule the screen is laid out and the terminal is told.
//!
//! The width of a text is the sum of its grapheme clusters' widths, by the very function that places them in cells: 2 for East Asian wide and
//! for emoji presentation (`❤️`, `1️⃣`, flags, and a whole joined emoji such as `👩‍💻`, however many columns a terminal without
//! clusters would give it), 1 for an ambiguous or unknown character, 0 for what shows nothing. A terminal that disagrees
//! cannot shift a row: the backend puts the cursor where it belongs after every cluster that is drawn differently somewhere.

use std::borrow::Cow;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use crate::clean::Clean;

/// What stands for the part of a text that was cut off.
pub const ELLIPSIS: char = '…';

/// The columns of one grapheme cluster.
#[must_use]
pub fn grapheme_width(grapheme: &str) -> u16 {
    if let [byte] = grapheme.as_bytes() {
        return u16::from((0x20..0x7f).contains(byte));
    }
    if grapheme.contains(char::is_control) {
        return 0;
    }
    grapheme.cell_width()
}

/// The columns of a text on one row.
#[must_use]
pub fn width(text: &str) -> u16 {
    if is_plain(text) {
        return u16::try_from(text.len()).unwrap_or(u16::MAX);
    }
    text.graphemes(true).fold(0, |sum: u16, grapheme| sum.saturating_add(grapheme_width(grapheme)))
}

/// The longest beginning of a text, in whole clusters, that takes at most `columns`; and what it takes.
#[must_use]
pub fn prefix(text: &str, columns: u16) -> (&str, u16) {
    if is_plain(text) {
        let end = text.len().min(columns.into());
        return (&text[..end], u16::try_from(end).unwrap_or(columns));
    }
    let mut taken = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = grapheme_width(grapheme);
        if taken + wide > columns {
            return (&text[..at], taken);
        }
        taken += wide;
    }
    (text, taken)
}

/// A text cut to at most `columns`, ending in [`ELLIPSIS`] if something is missing; and the columns it takes.
#[must_use]
pub fn fit<'a>(text: &'a Clean<'_>, columns: u16) -> (Cow<'a, str>, u16) {
    let text = text.as_str();
    let (whole, taken) = prefix(text, columns);
    if whole.len() == text.len() {
        return (Cow::Borrowed(text), taken);
    }
    if columns == 0 {
        return (Cow::Borrowed(""), 0);
    }
    let (kept, taken) = prefix(text, columns - 1);
    (Cow::Owned(format!("{kept}{ELLIPSIS}")), taken + 1)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (0x20..0x7f).contains(&b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;
    use crate::clean;

    #[test]
    fn clusters_are_as_wide_as_the_documentation_says() {
        for (text, columns) in [
            ("a", 1),
            ("日", 2),
            ("❤️", 2),
            ("❤", 1),
            ("1️⃣", 2),
            ("👍🏽", 2),
            ("👩‍💻", 2),
            ("👨‍👩‍👧‍👦", 2),
            ("🇩🇪", 2),
            ("e\u{301}", 1),
            ("␛", 1),
            ("", 0),
        ] {
            assert_eq!(width(text), columns, "{text:?}");
        }
    }

    #[test]
    fn a_cut_text_ends_in_an_ellipsis_and_never_in_half_a_character() {
        assert_eq!(fit(&clean::line("general"), 7), ("general".into(), 7));
        assert_eq!(fit(&clean::line("general"), 4), ("gen…".into(), 4));
        assert_eq!(fit(&clean::line("日本語"), 4), ("日…".into(), 3));
        assert_eq!(fit(&clean::line("日本語"), 0), ("".into(), 0));
        assert_eq!(fit(&clean::line("日"), 1), ("…".into(), 1));
    }

    proptest! {
        #[test]
        fn widths_agree_with_the_cells_text_is_drawn_into(text in any::<String>()) {
            let text = clean::line(&text);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 1000, 1));
            let (end, _) = buffer.set_stringn(0, 0, text.as_str(), 1000, Style::new());
            prop_assert_eq!(width(text.as_str()), end);
        }

        #[test]
        fn a_fitted_text_fits(text in any::<String>(), columns in 0_u16..40) {
            let text = clean::line(&text);
            let (cut, taken) = fit(&text, columns);
            prop_assert!(taken <= columns);
            prop_assert_eq!(width(&cut), taken);
        }
    }
}
