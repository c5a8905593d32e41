//! The markup of messages and the rows they are broken into.

use std::ops::Range;

use chat_tui::clean;
use chat_tui::tui::core::markup::read;
use chat_tui::tui::view::width::width;
use chat_tui::tui::view::wrap::{wrap, wrap_keeping};

use unicode_segmentation::UnicodeSegmentation;

use crate::input::Input;

/// The first byte is how many columns there are, the rest is a message.
pub fn markup(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let columns = u16::from(input.byte());
    let foreign = String::from_utf8_lossy(input.rest());
    let text = clean::text(&foreign);
    let text = text.as_str();
    let marked = read(text);
    ordered(text, marked.spans.iter().map(|span| span.range.clone()));
    ordered(text, marked.kept.iter().cloned());
    assert!(marked.kept.iter().all(|line| !text[line.clone()].contains('\n')), "a kept line is one line");
    rows(text, columns, &wrap(text, columns), &[]);
    rows(text, columns, &wrap_keeping(text, columns, &marked.kept), &marked.kept);
    assert_eq!(wrap_keeping(text, columns, &[]), wrap(text, columns));
}

/// Ranges of whole characters, one behind the other.
fn ordered(text: &str, ranges: impl Iterator<Item = Range<usize>>) {
    let mut end = 0;
    for range in ranges {
        assert!(end <= range.start && range.start <= range.end, "{range:?} behind {end}");
        assert!(text.get(range.clone()).is_some(), "{range:?} cuts a character");
        end = range.end;
    }
}

/// Rows in order that fit and leave out only line feeds and the spaces at which they were broken, and of kept lines not even those.
fn rows(text: &str, columns: u16, rows: &[Range<usize>], kept: &[Range<usize>]) {
    assert!(!rows.is_empty());
    ordered(text, rows.iter().cloned());
    let mut end = 0;
    let edges = rows.iter().cloned().chain(std::iter::once(text.len()..text.len()));
    for range in edges {
        let between = &text[end..range.start];
        assert!(between.bytes().all(|byte| matches!(byte, b' ' | b'\n')), "{between:?} is on no row");
        let lost = kept.iter().any(|line| line.start < range.start && end < line.end && between.contains(' '));
        assert!(!lost, "a space of code is on no row");
        end = range.end;
    }
    for row in rows {
        let row = &text[row.clone()];
        assert!(!row.contains('\n'));
        let fits = width(row) <= columns.max(1);
        assert!(fits || is_too_wide_alone(row), "{row:?} takes {} of {columns} columns", width(row));
    }
}

/// Whether no more than one cluster of a row takes columns: it has a row of its own however few columns there are. What shows
/// nothing may stand beside it, as where a cluster was broken behind a joiner.
fn is_too_wide_alone(row: &str) -> bool {
    let shown = row.graphemes(true).filter(|cluster| width(cluster) > 0);
    shown.count() <= 1
}
