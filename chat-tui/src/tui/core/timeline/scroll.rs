//! The one place that moves what is being read: scrolling and jumping.

use chat_proto::Seq;

use super::layout::{Downward, Layout, Line, Pane, Part, Upward, Wraps};
use super::walk::{Block, Scope};
use super::{Anchor, Place, Timeline};

/// Where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scroll {
    /// Rows back.
    Up(u16),
    /// Rows on.
    Down(u16),
    /// The oldest loaded row.
    Top,
    /// The newest row, and whatever comes behind it.
    Bottom,
}

fn is_text(line: &Line) -> bool {
    matches!(line.part, Part::Text { .. })
}

impl Timeline {
    /// Moves what is read.
    pub fn scroll(&mut self, to: Scroll, pane: Pane, scope: Scope<'_>, wraps: &mut Wraps) {
        match to {
            Scroll::Bottom => self.set_anchor(Anchor::Follow),
            Scroll::Top => {
                if let Some(block) = self.first_block(scope) {
                    self.begin_at(block, 0, pane, scope, wraps);
                }
            }
            Scroll::Up(rows) => {
                let layout = self.layout(pane, scope, wraps);
                let Some((block, at)) = self.top_of(&layout, scope) else { return };
                let mut up = Upward::new(self, block, at, pane, scope, wraps);
                let reached = (0..rows).map_while(|_| up.next(wraps)).last();
                if let Some(line) = reached {
                    let at = self.line_index(&line, scope);
                    self.begin_at(line.block, at, pane, scope, wraps);
                }
            }
            Scroll::Down(rows) => {
                let layout = self.layout(pane, scope, wraps);
                if layout.end {
                    return self.settle_at_end();
                }
                let Some((block, at)) = self.top_of(&layout, scope) else { return };
                let mut down = Downward::new(self, block, at, pane, scope, wraps);
                let reached = (0..=rows).map_while(|_| down.next(wraps)).last();
                if let Some(line) = reached {
                    let at = self.line_index(&line, scope);
                    self.begin_at(line.block, at, pane, scope, wraps);
                }
            }
        }
    }

    /// Puts an event on a line of the pane; one that isn't loaded is left alone.
    ///
    /// Returns whether it is loaded.
    pub fn jump(&mut self, seq: Seq, line: u16, pane: Pane, scope: Scope<'_>, wraps: &mut Wraps) -> bool {
        let Some(block) = self.locate(seq).and_then(|_| self.block_of(Place::Event(seq), scope)) else { return false };
        let Some(place) = self.place(block) else { return false };
        self.set_anchor(Anchor::Pinned { place, row: 0, line });
        let layout = self.layout(pane, scope, wraps);
        if layout.end && self.at_head() {
            self.set_anchor(Anchor::Follow);
        }
        true
    }

    /// Moves what is read only as far as it takes to show a whole message.
    pub fn reveal(&mut self, seq: Seq, pane: Pane, scope: Scope<'_>, wraps: &mut Wraps) {
        let Some(block) = self.block_of(Place::Event(seq), scope) else { return };
        let rows = self.lines(block, pane, scope, wraps).iter().filter(|line| is_text(line)).count();
        let layout = self.layout(pane, scope, wraps);
        let shown = layout.lines.iter().filter(|line| line.block == block && is_text(line)).count();
        if shown >= rows.min(usize::from(pane.height)) {
            return;
        }
        let top = layout.lines.iter().find_map(|line| self.block_events(line.block).next().map(|event| event.seq));
        let below = top.is_some_and(|top| top < seq);
        let rows = u16::try_from(rows).unwrap_or(u16::MAX);
        let line = if below { pane.height.saturating_sub(rows) } else { 1.min(pane.height.saturating_sub(1)) };
        self.jump(seq, line, pane, scope, wraps);
    }

    /// Keeps the anchor on a pane of another size, on the line where that shows it: what lies above or below may leave it no
    /// other, and what comes later is not to move it back.
    pub fn fit(&mut self, pane: Pane, scope: Scope<'_>, wraps: &mut Wraps) {
        if self.fitted.replace(pane) == Some(pane) {
            return;
        }
        let Anchor::Pinned { place, row, line } = self.anchor() else { return };
        self.set_anchor(Anchor::Pinned { place, row, line: line.min(pane.height.saturating_sub(1)) });
        let layout = self.layout(pane, scope, wraps);
        let of_place = (0..).zip(&layout.lines).filter(|(_, shown)| self.place(shown.block) == Some(place));
        let up_to = of_place.filter(|(_, shown)| matches!(shown.part, Part::Text { row: at, .. } if at <= row));
        if let Some((line, _)) = up_to.last() {
            self.set_anchor(Anchor::Pinned { place, row, line });
        }
    }

    /// Lets a pane begin with a line of a block, or end with the last one if there isn't enough behind it.
    fn begin_at(&mut self, block: Block, at: usize, pane: Pane, scope: Scope<'_>, wraps: &mut Wraps) {
        let layout = self.layout_from(block, at, 0, pane, scope, wraps);
        if layout.end && self.at_head() {
            return self.set_anchor(Anchor::Follow);
        }
        self.pin(&layout);
        if !self.pinned_within(&layout) {
            self.pin_behind(block, at, pane, scope, wraps);
        }
    }

    fn settle_at_end(&mut self) {
        if self.at_head() {
            self.set_anchor(Anchor::Follow);
        }
    }

    /// Pins the first row of text of a layout to the line it is on.
    fn pin(&mut self, layout: &Layout) {
        for (line, shown) in (0..).zip(&layout.lines) {
            if let (Part::Text { row, .. }, Some(place)) = (&shown.part, self.place(shown.block)) {
                return self.set_anchor(Anchor::Pinned { place, row: *row, line });
            }
        }
    }

    fn pinned_within(&self, layout: &Layout) -> bool {
        layout.lines.iter().any(|line| matches!(line.part, Part::Text { .. }) && self.place(line.block).is_some())
    }

    /// Pins the first row of text behind a pane too low to show any below the lines above it.
    fn pin_behind(&mut self, block: Block, at: usize, pane: Pane, scope: Scope<'_>, wraps: &mut Wraps) {
        let mut down = Downward::new(self, block, at, pane, scope, wraps);
        let mut line = 0;
        while let Some(shown) = down.next(wraps) {
            if let (Part::Text { row, .. }, Some(place)) = (&shown.part, self.place(shown.block)) {
                let row = *row;
                return self.set_anchor(Anchor::Pinned { place, row, line });
            }
            line += 1;
        }
    }

    fn top_of(&self, layout: &Layout, scope: Scope<'_>) -> Option<(Block, usize)> {
        layout.lines.first().map(|line| (line.block, self.line_index(line, scope)))
    }

    /// Which line of its block a line is, from the first one above the text.
    fn line_index(&self, line: &Line, scope: Scope<'_>) -> usize {
        let decors = self.decors(line.block, scope);
        match &line.part {
            Part::Decor(decor) => decors.iter().position(|other| other == decor).unwrap_or(0),
            Part::Text { row, .. } => decors.len() + usize::from(*row),
        }
    }
}
