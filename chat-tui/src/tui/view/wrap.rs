//! Rows of a text: where it is broken to fit a width.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::width::grapheme_width;

/// Breaks a clean text into rows of at most `columns`, as byte ranges into it, at least one.
///
/// A line feed ends a row and belongs to none. A row is broken at a run of spaces, which then belongs to no row, else
/// beside a wide character, else (in a long word or a URL) between two clusters; spaces at the start of a line stay.
/// Spaces that hang over the end of a line belong to no row either. Whatever else is in the text is in exactly one row.
///
/// A cluster wider than the row is broken between its characters. A wide cluster in one column, and one of the few
/// characters that take three columns in two, has a row of its own, and drawing leaves it out.
/// `columns` of 0 counts as 1.
#[must_use]
pub fn wrap(text: &str, columns: u16) -> Vec<Range<usize>> {
    wrap_keeping(text, columns, &[])
}

/// The same, with lines that begin in one of these ranges, which are in order, broken only where a row is full: every
/// space of them is on a row.
#[must_use]
pub fn wrap_keeping(text: &str, columns: u16, kept: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let mut start = 0;
    let mut kept = kept.iter();
    for line in text.split('\n') {
        if line.len() <= usize::from(columns) && line.is_ascii() {
            rows.push(start..start + line.len());
        } else if kept_from(&mut kept, start) {
            cut(line, start, columns.max(1), &mut rows);
        } else {
            Wrapper::new(start, columns.max(1)).line(line, &mut rows);
        }
        start += line.len() + 1;
    }
    rows
}

/// Whether the line that begins at `start` is one of those that are kept; those before it are left behind.
fn kept_from(kept: &mut std::slice::Iter<'_, Range<usize>>, start: usize) -> bool {
    while kept.as_slice().first().is_some_and(|range| range.start < start) {
        kept.next();
    }
    kept.as_slice().first().is_some_and(|range| range.start == start)
}

/// Breaks a line where its rows are full.
fn cut(line: &str, start: usize, columns: u16, rows: &mut Vec<Range<usize>>) {
    let (mut row, mut used) = (start, 0);
    for (at, cluster) in line.grapheme_indices(true) {
        let wide = grapheme_width(cluster);
        if used > 0 && used + wide > columns {
            rows.push(row..start + at);
            (row, used) = (start + at, 0);
        }
        used += wide;
    }
    rows.push(row..start + line.len());
}

/// Where a row may end and the next begin.
#[derive(Clone, Copy)]
struct Break {
    end: usize,
    next: usize,
    /// Columns of the row up to `next`.
    used: u32,
}

struct Wrapper {
    columns: u32,
    row: usize,
    used: u32,
    /// The first space that does not fit, if the row ends in such.
    over: Option<usize>,
    at: Option<Break>,
    /// Where the run of spaces began that the text is in.
    spaces: Option<usize>,
    after_wide: bool,
}

impl Wrapper {
    fn new(start: usize, columns: u16) -> Self {
        Self { columns: columns.into(), row: start, used: 0, over: None, at: None, spaces: None, after_wide: false }
    }

    fn line(mut self, line: &str, rows: &mut Vec<Range<usize>>) {
        let mut at = self.row;
        for cluster in line.graphemes(true) {
            let wide = u32::from(grapheme_width(cluster));
            if wide <= self.columns.max(2) {
                self.unit(cluster, wide, at, rows);
                at += cluster.len();
                continue;
            }
            for (offset, c) in cluster.char_indices() {
                let unit = &cluster[offset..offset + c.len_utf8()];
                self.unit(unit, grapheme_width(unit).into(), at, rows);
                at += unit.len();
            }
        }
        rows.push(self.row..self.over.unwrap_or(at));
    }

    fn unit(&mut self, unit: &str, wide: u32, at: usize, rows: &mut Vec<Range<usize>>) {
        if unit == " " {
            self.spaces.get_or_insert(at);
            if self.used + 1 > self.columns {
                self.over.get_or_insert(at);
            }
            self.used += 1;
            self.after_wide = false;
            return;
        }
        if let Some(end) = self.spaces.take() {
            if end > self.row {
                self.at = Some(Break { end, next: at, used: self.used });
            }
        } else if (wide > 1 || self.after_wide) && at > self.row && !unit.starts_with(CLOSING) {
            self.at = Some(Break { end: at, next: at, used: self.used });
        }
        while self.used > 0 && self.used + wide > self.columns {
            let cut = self.at.take().unwrap_or(Break { end: self.over.unwrap_or(at), next: at, used: self.used });
            rows.push(self.row..cut.end);
            self.row = cut.next;
            self.used -= cut.used;
            self.over = None;
        }
        self.used += wide;
        self.after_wide = wide > 1;
    }
}

/// Punctuation that does not begin a row in East Asian text.
const CLOSING: [char; 14] = ['、', '。', '，', '．', '！', '？', '：', '；', '）', '」', '』', '】', '〉', '》'];

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use proptest::prelude::*;

    use super::super::width::width;
    use super::*;
    use crate::clean;

    fn rows(text: &str, columns: u16) -> Vec<&str> {
        wrap(text, columns).into_iter().map(|row| &text[row]).collect()
    }

    #[test]
    fn words_are_kept_whole_and_the_spaces_between_rows_vanish() {
        assert_eq!(rows("the quick brown  fox", 10), ["the quick", "brown  fox"]);
        assert_eq!(rows("the quick   brown", 9), ["the quick", "brown"]);
        assert_eq!(rows("", 9), [""]);
    }

    #[test]
    fn a_line_feed_starts_a_row_and_indentation_stays() {
        assert_eq!(rows("a\n\n    b c", 6), ["a", "", "    b", "c"]);
        assert_eq!(rows("a\n", 6), ["a", ""]);
    }

    #[test]
    fn a_long_word_is_broken_between_clusters() {
        assert_eq!(rows("see https://a.example/long", 10), ["see", "https://a.", "example/lo", "ng"]);
        assert_eq!(rows("xx👩‍💻❤️y", 4), ["xx👩‍💻", "❤️y"]);
    }

    #[test]
    fn wide_characters_break_anywhere_but_before_closing_punctuation() {
        assert_eq!(rows("ab 日本語日本", 7), ["ab 日本", "語日本"]);
        assert_eq!(rows("日本語。日", 6), ["日本", "語。日"]);
    }

    #[test]
    fn a_wide_character_in_one_column_has_a_row_of_its_own() {
        assert_eq!(rows("a日b", 1), ["a", "日", "b"]);
        assert_eq!(rows("ab", 0), ["a", "b"]);
    }

    #[test]
    fn overhanging_spaces_belong_to_no_row() {
        assert_eq!(rows("abc    ", 4), ["abc "]);
        assert_eq!(rows("       ab", 4), ["    ", "ab"]);
    }

    #[test]
    fn a_kept_line_loses_no_space_and_is_cut_where_it_is_full() {
        let text = "so it goes\n    if a  b {\nand on";
        let rows: Vec<&str> = wrap_keeping(text, 7, from_ref(&(11..24))).into_iter().map(|row| &text[row]).collect();
        assert_eq!(rows, ["so it", "goes", "    if ", "a  b {", "and on"]);
        assert_eq!(wrap_keeping("日本", 1, from_ref(&(0..6))), [0..3, 3..6]);
    }

    proptest! {
        #[test]
        fn rows_give_the_text_back_and_none_is_too_wide(
            text in "([a-z日é👩❤️\u{200d}🏽🇩🇪\u{ff9e}\u{301}가\u{1100}\u{0600}\u{0930}\u{094d} \n]|\\PC){0,60}",
            columns in 1_u16..20,
        ) {
            let text = clean::text(&text).into_string();
            let mut end = 0;
            for row in wrap(&text, columns) {
                let gap = &text[end..row.start];
                prop_assert!(gap.trim_matches(' ').is_empty() || gap.trim_matches(' ') == "\n", "{gap:?} lost");
                let narrow = columns == 1 && text[row.clone()].graphemes(true).count() == 1;
                let alone = narrow || text[row.clone()].chars().count() == 1;
                prop_assert!(width(&text[row.clone()]) <= columns || alone, "{:?}", &text[row]);
                end = row.end;
            }
            prop_assert!(text[end..].trim_matches(' ').is_empty());
        }
    }
}
