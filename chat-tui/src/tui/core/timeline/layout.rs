//! The rows of a timeline that fill a pane, found outward from the anchor: what it costs depends on the pane, not on the history.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::text::{Head, afterwards, event_text, lead, run_text};
use super::walk::{Block, Decor, Scope};
use super::{Anchor, Place, Timeline};
use crate::clean;
use crate::tui::core::markup::{self, Marked};
use crate::tui::core::server::RoomKey;
use crate::tui::view::width::width as columns;
use crate::tui::view::wrap::wrap_keeping;

/// Wrapped texts kept; about four screens of them.
const WRAPS_MAX: usize = 512;

/// Columns kept free at the right of an own message on its way, for its state.
const STATE_COLUMNS: u16 = 12;

/// The pane a timeline is laid out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pane {
    /// Whose timeline it is.
    pub room: RoomKey,
    /// Rows.
    pub height: u16,
    /// Columns of text.
    pub width: u16,
    /// Whether time and sender stand in the text, for want of columns beside it.
    pub compact: bool,
}

/// A text and its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// The text, clean.
    pub text: String,
    /// Bytes at its beginning that say when and who, in a compact pane.
    pub prefix: usize,
    /// Where in it its words begin: before them stands what it answers.
    pub words: usize,
    /// Where in it what was done to the message afterwards begins.
    pub tail: usize,
    /// What is marked in the words of a message.
    pub marked: Marked,
    /// Its rows, as ranges of bytes; at least one.
    pub rows: Vec<Range<usize>>,
}

/// Wrapped texts of one pane, to be kept from one layout to the next. Only saves time: dropping it changes nothing.
#[derive(Debug, Default)]
pub struct Wraps {
    /// For which room, columns, compactness, and which state of its messages.
    shape: Option<(RoomKey, u16, bool, u64)>,
    known: HashMap<Place, Rc<Wrapped>>,
}

/// What one line of the pane shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A line above the block.
    Decor(Decor),
    /// A row of the block's text.
    Text {
        /// Which, from 0.
        row: u16,
        /// The text.
        wrapped: Rc<Wrapped>,
    },
}

/// One line of the pane.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it belongs to.
    pub block: Block,
    /// What it shows.
    pub part: Part,
}

/// The lines that fill a pane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// From the top; fewer than the pane's rows only if there is no more.
    pub lines: Vec<Line>,
    /// Whether nothing loaded lies above.
    pub top: bool,
    /// Whether nothing loaded lies below.
    pub end: bool,
}

impl Timeline {
    /// What fills a pane.
    #[must_use]
    pub fn layout(&self, pane: Pane, scope: Scope<'_>, wraps: &mut Wraps) -> Layout {
        let (start, line) = match self.anchor {
            Anchor::Follow => (self.last_block(scope).map(|block| (block, usize::MAX)), usize::from(pane.height)),
            Anchor::Pinned { place, row, line } => {
                let start = self.block_of(place, scope).map(|block| {
                    // A message that a filter hides, a wider pane, or other words may leave fewer rows.
                    let last = self.lines(block, pane, scope, wraps).len().saturating_sub(1);
                    (block, (self.decors(block, scope).len() + usize::from(row)).min(last))
                });
                (start, usize::from(line))
            }
        };
        let Some((block, at)) = start else { return Layout { top: true, end: true, ..Layout::default() } };
        self.layout_from(block, at, line, pane, scope, wraps)
    }

    /// What fills a pane with line `at` of a block on line `line` of the pane, as far as there is enough on both sides.
    pub(super) fn layout_from(
        &self,
        block: Block,
        at: usize,
        line: usize,
        pane: Pane,
        scope: Scope<'_>,
        wraps: &mut Wraps,
    ) -> Layout {
        let height = usize::from(pane.height);
        let mut up = Upward::new(self, block, at, pane, scope, wraps);
        let mut down = Downward::new(self, block, at, pane, scope, wraps);
        let mut below = Vec::new();
        while below.len() + line < height.max(line + 1) {
            let Some(line) = down.next(wraps) else { break };
            below.push(line);
        }
        let mut above = Vec::new();
        while above.len() < line.max(height.saturating_sub(below.len())) {
            let Some(line) = up.next(wraps) else { break };
            above.push(line);
        }
        while above.len() + below.len() < height {
            let Some(line) = down.next(wraps) else { break };
            below.push(line);
        }
        let mut end = down.next(wraps).is_none();
        let top = up.next(wraps).is_none();
        above.reverse();
        above.append(&mut below);
        end &= above.len() <= height;
        above.truncate(height);
        Layout { lines: above, top, end }
    }

    /// All lines of a block.
    pub(super) fn lines(&self, block: Block, pane: Pane, scope: Scope<'_>, wraps: &mut Wraps) -> Vec<Line> {
        let wrapped = wraps.of(self, block, pane, scope);
        let decors = self.decors(block, scope).into_iter().map(|decor| Line { block, part: Part::Decor(decor) });
        let rows = (0..u16::try_from(wrapped.rows.len()).unwrap_or(u16::MAX))
            .map(|row| Line { block, part: Part::Text { row, wrapped: Rc::clone(&wrapped) } });
        decors.chain(rows).collect()
    }
}

/// Lines upward from a place, nearest first.
pub(super) struct Upward<'a> {
    timeline: &'a Timeline,
    pane: Pane,
    scope: Scope<'a>,
    block: Block,
    lines: Vec<Line>,
}

impl<'a> Upward<'a> {
    pub(super) fn new(
        timeline: &'a Timeline,
        block: Block,
        at: usize,
        pane: Pane,
        scope: Scope<'a>,
        wraps: &mut Wraps,
    ) -> Self {
        let mut lines = timeline.lines(block, pane, scope, wraps);
        lines.truncate(at);
        Self { timeline, pane, scope, block, lines }
    }

    pub(super) fn next(&mut self, wraps: &mut Wraps) -> Option<Line> {
        while self.lines.is_empty() {
            self.block = self.timeline.prev(self.block, self.scope)?;
            self.lines = self.timeline.lines(self.block, self.pane, self.scope, wraps);
        }
        self.lines.pop()
    }
}

/// Lines downward from a place, nearest first.
pub(super) struct Downward<'a> {
    timeline: &'a Timeline,
    pane: Pane,
    scope: Scope<'a>,
    block: Block,
    lines: std::vec::IntoIter<Line>,
}

impl<'a> Downward<'a> {
    pub(super) fn new(
        timeline: &'a Timeline,
        block: Block,
        at: usize,
        pane: Pane,
        scope: Scope<'a>,
        wraps: &mut Wraps,
    ) -> Self {
        let mut lines = timeline.lines(block, pane, scope, wraps);
        let lines = lines.split_off(at.min(lines.len())).into_iter();
        Self { timeline, pane, scope, block, lines }
    }

    pub(super) fn next(&mut self, wraps: &mut Wraps) -> Option<Line> {
        loop {
            if let Some(line) = self.lines.next() {
                return Some(line);
            }
            self.block = self.timeline.next(self.block, self.scope)?;
            self.lines = self.timeline.lines(self.block, self.pane, self.scope, wraps).into_iter();
        }
    }
}

impl Wraps {
    fn of(&mut self, timeline: &Timeline, block: Block, pane: Pane, scope: Scope<'_>) -> Rc<Wrapped> {
        let shape = Some((pane.room, pane.width, pane.compact, timeline.changes));
        if self.shape != shape || self.known.len() >= WRAPS_MAX {
            self.shape = shape;
            self.known.clear();
        }
        let single = match block {
            Block::Event { .. } | Block::Pending(_) => timeline.place(block),
            Block::Run { .. } | Block::Newer => None,
        };
        if let Some(known) = single.and_then(|place| self.known.get(&place)) {
            return Rc::clone(known);
        }
        let wrapped = Rc::new(wrapped(timeline, block, pane, scope));
        if let Some(place) = single {
            self.known.insert(place, Rc::clone(&wrapped));
        }
        wrapped
    }
}

fn wrapped(timeline: &Timeline, block: Block, pane: Pane, scope: Scope<'_>) -> Wrapped {
    let (head, words, width) = match block {
        Block::Event { .. } => {
            let (head, words) = event_text(timeline, block, pane, scope);
            (head, words, pane.width)
        }
        Block::Pending(index) => {
            let message = &timeline.pending[index];
            let width = if pane.width > 3 * STATE_COLUMNS { pane.width - STATE_COLUMNS } else { pane.width };
            let before = if pane.compact { "… ".to_owned() } else { String::new() };
            (Head { prefix: before.len(), before, marks: true }, message.text.clone(), width)
        }
        Block::Run { .. } => (Head::default(), run_text(timeline, block), u16::MAX),
        Block::Newer => (Head::default(), "… newer messages …".to_owned(), u16::MAX),
    };
    // An action's name belongs to its words, and so stands behind what it answers.
    let (prefix, name) = head.before.split_at(head.prefix);
    let hang = if pane.compact { 2 } else { 0 };
    let lead = lead(timeline, block, width.saturating_sub(hang).saturating_sub(columns(prefix)));
    let words_at = prefix.len() + lead.len();
    let before = [prefix, &lead, name].concat();
    let begin = before.len();
    let mut text = clean::text(&[before.as_str(), &words].concat()).into_string();
    let marked = text.get(begin..).filter(|_| head.marks).map(markup::read).unwrap_or_default();
    let marked = marked.behind(begin);
    let tail = text.len();
    text.push_str(&afterwards(timeline, block, scope));
    let mut rows = wrap_keeping(&text, width.saturating_sub(hang).max(1), &marked.kept);
    if rows.is_empty() {
        rows.push(0..0);
    }
    Wrapped { text, prefix: head.prefix, words: words_at, tail, marked, rows }
}
