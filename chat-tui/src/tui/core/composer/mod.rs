//! The line being written: text, cursor, and the editing keys of readline on grapheme clusters.
//!
//! Never: a cursor inside a cluster; more than [`POST_BYTES_MAX`] bytes; a control character but line feed and tab.

mod complete;
mod history;
mod kill;
mod rows;
#[cfg(test)]
mod tests;
mod undo;

use chat_proto::limits::POST_BYTES_MAX;
use unicode_segmentation::UnicodeSegmentation;

pub use complete::{Completion, Wanted, complete, said};
pub use history::History;
pub use kill::KillRing;
pub use rows::{Rows, Shown, shown};

use undo::{Snapshot, Undo};

/// What the last edit was, for those that go together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    #[default]
    Other,
    Typed,
    Killed,
    /// Bytes that were put back: where they begin and end.
    Yanked(usize, usize),
}

/// The line being written.
#[derive(Clone, Debug, Default)]
pub struct Composer {
    text: String,
    cursor: usize,
    /// The column vertical moves aim at.
    goal: Option<u16>,
    last: Last,
    undo: Undo,
    /// What was sent from here.
    pub history: History,
    /// The completion being cycled through.
    pub completion: Option<Completion>,
    /// Lines of the longest piece that was pasted.
    pub pasted_lines: usize,
}

/// Which part of the text, from the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// One cluster back.
    Back,
    /// One cluster on.
    On,
    /// To the beginning of the word.
    WordBack,
    /// To the end of the word.
    WordOn,
    /// Back to the last white space.
    BlankBack,
    /// To the beginning of the line.
    LineStart,
    /// To the end of the line.
    LineEnd,
}

impl Composer {
    /// What is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The cursor, as a byte offset on a cluster's edge.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Types or pastes. Control characters but line feed and tab are left out, and so is what is over the limit.
    ///
    /// Returns whether everything fitted.
    pub fn insert(&mut self, text: &str) -> bool {
        let kept: String = text
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .chars()
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
            .collect();
        let room = POST_BYTES_MAX - self.text.len();
        let end = kept.grapheme_indices(true).map(|(at, g)| at + g.len()).take_while(|end| *end <= room).last();
        let kept_len = kept.len();
        let kept = &kept[..end.unwrap_or(0)];
        if kept.is_empty() {
            return kept_len == 0;
        }
        let joins = self.last == Last::Typed && !kept.contains(char::is_whitespace);
        self.edit(joins);
        self.text.insert_str(self.cursor, kept);
        self.cursor = self.edge_from(self.cursor + kept.len());
        self.last = Last::Typed;
        kept.len() == kept_len
    }

    /// Whether there is something in that direction.
    #[must_use]
    pub fn reaches(&self, span: Span) -> bool {
        self.range(span).is_some()
    }

    /// Moves the cursor.
    pub fn go(&mut self, span: Span) {
        self.cursor = self.target(span);
        self.touched();
    }

    /// Puts the cursor at an offset, or at the nearest place behind it.
    pub fn place(&mut self, offset: usize) {
        self.cursor = self.edge_from(offset.min(self.text.len()));
        self.touched();
    }

    /// Takes text away, for good.
    pub fn delete(&mut self, span: Span) {
        if let Some(range) = self.range(span) {
            self.edit(false);
            self.text.drain(range.clone());
            self.cursor = self.edge_from(range.start);
        }
    }

    /// Takes text away, into the kill ring. Kills in a row become one.
    pub fn kill(&mut self, span: Span, ring: &mut KillRing) {
        let again = self.last == Last::Killed;
        if let Some(range) = self.range(span) {
            self.edit(false);
            let back = range.start < self.cursor;
            let killed: String = self.text.drain(range.clone()).collect();
            self.cursor = self.edge_from(range.start);
            ring.kill(killed, back, again);
        }
        self.last = Last::Killed;
    }

    /// Takes everything away, into the kill ring.
    pub fn kill_all(&mut self, ring: &mut KillRing) {
        if !self.text.is_empty() {
            self.edit(false);
            ring.kill(std::mem::take(&mut self.text), false, false);
            self.cursor = 0;
        }
    }

    /// Puts back what was killed last.
    pub fn yank(&mut self, ring: &mut KillRing) {
        if let Some(text) = ring.newest() {
            self.put(&text);
        }
    }

    /// Right behind a yank: puts back what was killed before that instead.
    pub fn yank_pop(&mut self, ring: &mut KillRing) {
        // Not what lies before the cursor: it may have gone on to the end of a cluster that what followed joined.
        let Last::Yanked(start, end) = self.last else { return };
        if let Some(text) = ring.rotate() {
            self.text.drain(start..end);
            self.cursor = start;
            self.put(&text);
        }
    }

    fn put(&mut self, text: &str) {
        let (start, before) = (self.cursor, self.text.len());
        self.last = Last::Other;
        self.insert(text);
        self.last = Last::Yanked(start, start + self.text.len() - before);
    }

    /// Swaps the two clusters around the cursor and goes behind them; at the end, the two before it.
    pub fn transpose(&mut self) {
        let at = if self.cursor == self.text.len() { self.prev_edge(self.cursor) } else { self.cursor };
        let (start, end) = (self.prev_edge(at), self.next_edge(at));
        if start == at || end == at {
            return;
        }
        self.edit(false);
        let swapped = [&self.text[at..end], &self.text[start..at]].concat();
        self.text.replace_range(start..end, &swapped);
        self.cursor = self.edge_from(end);
    }

    /// Goes back before the last edit.
    pub fn undo(&mut self) {
        let now = self.snapshot();
        if let Some(snapshot) = self.undo.back(now) {
            self.restore(snapshot);
        }
    }

    /// Takes an undo back.
    pub fn redo(&mut self) {
        let now = self.snapshot();
        if let Some(snapshot) = self.undo.forth(now) {
            self.restore(snapshot);
        }
    }

    /// Goes a row up or down of the text as it is shown at a width.
    ///
    /// Returns false, and moves nothing, if there is no such row.
    pub fn go_row(&mut self, down: bool, width: u16) -> bool {
        let rows = Rows::of(&self.text, width);
        let (row, column) = rows.position(&self.text, self.cursor);
        let to = if down { row.checked_add(1) } else { row.checked_sub(1) };
        let Some(to) = to.filter(|to| *to < rows.count()) else { return false };
        let goal = self.goal.unwrap_or(column);
        self.cursor = rows.offset(&self.text, to, goal);
        self.touched();
        self.goal = Some(goal);
        true
    }

    /// Replaces everything, with the cursor at the end. Can be undone.
    pub fn set(&mut self, text: &str) {
        self.edit(false);
        self.text.clear();
        self.cursor = 0;
        self.insert(text);
        self.last = Last::Other;
    }

    /// Takes everything away. Can be undone.
    pub fn clear(&mut self) {
        self.edit(false);
        self.text.clear();
        self.cursor = 0;
    }

    /// Replaces a range with a completion, and goes behind it.
    pub fn replace(&mut self, range: std::ops::Range<usize>, with: &str) {
        self.edit(false);
        self.text.replace_range(range.clone(), with);
        self.cursor = self.edge_from(range.start + with.len());
    }

    /// What is written is taken, remembered, and the line is empty.
    pub fn take(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        self.history.push(&text);
        self.cursor = 0;
        self.undo = Undo::default();
        self.pasted_lines = 0;
        self.touched();
        text
    }

    /// The older entry of the history.
    pub fn older(&mut self) {
        if let Some(text) = self.history.older(&self.text) {
            self.show(text);
        }
    }

    /// The newer entry of the history, at last what was being written.
    pub fn newer(&mut self) {
        if let Some(text) = self.history.newer() {
            self.show(text);
        }
    }

    /// The older or newer entry of a history that is not this line's own.
    pub fn browse(&mut self, history: &mut History, newer: bool) {
        history.leave_unless(&self.text);
        let entry = if newer { history.newer() } else { history.older(&self.text) };
        if let Some(text) = entry {
            self.history.leave();
            self.show(text);
        }
    }

    /// Shows a line in place of this one.
    pub fn show(&mut self, text: String) {
        self.cursor = text.len();
        self.text = text;
        self.undo = Undo::default();
        self.touched();
    }

    fn touched(&mut self) {
        self.goal = None;
        self.last = Last::Other;
        self.completion = None;
    }

    fn edit(&mut self, joins: bool) {
        let now = self.snapshot();
        self.undo.before_edit(now, joins);
        self.history.leave();
        self.touched();
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot { text: self.text.clone(), cursor: self.cursor }
    }

    fn restore(&mut self, snapshot: Snapshot) {
        self.text = snapshot.text;
        self.cursor = snapshot.cursor;
        self.touched();
    }

    fn range(&self, span: Span) -> Option<std::ops::Range<usize>> {
        let to = self.target(span);
        let range = self.cursor.min(to)..self.cursor.max(to);
        (!range.is_empty()).then_some(range)
    }

    fn target(&self, span: Span) -> usize {
        let (before, behind) = self.text.split_at(self.cursor);
        match span {
            Span::Back => self.prev_edge(self.cursor),
            Span::On => self.next_edge(self.cursor),
            Span::WordBack => {
                let word = before.trim_end_matches(|c: char| !c.is_alphanumeric());
                self.edge_before(word.trim_end_matches(char::is_alphanumeric).len())
            }
            Span::WordOn => {
                let word = behind.trim_start_matches(|c: char| !c.is_alphanumeric());
                self.edge_from(self.text.len() - word.trim_start_matches(char::is_alphanumeric).len())
            }
            Span::BlankBack => {
                let word = before.trim_end();
                self.edge_before(word.rfind(char::is_whitespace).map_or(0, |at| at + blank_len(&word[at..])))
            }
            Span::LineStart => before.rfind('\n').map_or(0, |at| at + 1),
            Span::LineEnd => behind.find('\n').map_or(self.text.len(), |at| self.cursor + at),
        }
    }

    fn prev_edge(&self, at: usize) -> usize {
        self.text[..at].grapheme_indices(true).next_back().map_or(0, |(start, _)| start)
    }

    fn next_edge(&self, at: usize) -> usize {
        self.text[at..].graphemes(true).next().map_or(at, |grapheme| at + grapheme.len())
    }

    /// The first edge of a cluster at or behind an offset.
    fn edge_from(&self, at: usize) -> usize {
        self.edges().find(|edge| *edge >= at).unwrap_or(self.text.len())
    }

    /// The last edge of a cluster at or before an offset.
    fn edge_before(&self, at: usize) -> usize {
        self.edges().take_while(|edge| *edge <= at).last().unwrap_or(0)
    }

    fn edges(&self) -> impl Iterator<Item = usize> {
        self.text.grapheme_indices(true).map(|(start, _)| start).chain([self.text.len()])
    }
}

fn blank_len(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}
