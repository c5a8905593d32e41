//! Messages: time and sender beside the text, or in it where columns are few.

use std::ops::Range;

use chat_proto::{AccountId, Event, Seq, Style as Said};
use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::paint::{Pen, Sheet, columns};
use super::theme::Sign;
use super::wrap::wrap;
use super::{Hits, Theme};
use crate::clean;
use crate::client::{LinkState, Outgoing};
use crate::tui::core::geometry::Area;
use crate::tui::core::markup::Kind;
use crate::tui::core::pointer::Spot;
use crate::tui::core::time::day_title;
use crate::tui::core::timeline::{Block, Decor, Line, Part, Scope, Timeline, Wrapped, Wraps};
use crate::tui::core::windows::Frame;
use crate::tui::core::{Model, RoomKey, RoomState};
use crate::tui::term::links::Links;

pub(super) fn draw(
    model: &Model,
    theme: &Theme,
    wraps: &mut Wraps,
    frame: &Frame,
    sheet: &mut Sheet<'_>,
    hits: &mut Hits,
) {
    let shown = frame.pane().and_then(|pane| Some((pane, model.state(pane.room)?)));
    let Some((pane, room)) = shown else { return nothing(model, theme, frame, sheet.buffer) };
    let scope = model.scope(pane.room);
    let layout = room.timeline.layout(pane, scope, wraps);
    let view = View { model, key: pane.room, room, theme, frame, scope };
    let mut last_row_of = None;
    for (row, line) in (0..).zip(&layout.lines) {
        view.line(line, row, last_row_of != Some(line.block), sheet);
        if let Some(seq) = view.message(line) {
            let area = Area { y: frame.area.y + row, height: 1, ..frame.area };
            hits.add(area, Spot::Message { window: frame.window, seq });
        }
        last_row_of = Some(line.block);
    }
}

fn nothing(model: &Model, theme: &Theme, frame: &Frame, buffer: &mut Buffer) {
    let area = frame.area;
    let awaited = model.windows().awaited().filter(|_| frame.front);
    let words = match &model.here().link.state {
        LinkState::Connecting => format!("connecting to {}", model.here().host),
        LinkState::Online => awaited.map_or_else(
            || "no room is open; /join #room goes to one, F1 helps".to_owned(),
            |name| format!("{name} is not here yet; /join #room goes to one"),
        ),
        LinkState::Waiting { reason, .. } => reason.clone(),
    };
    let words = clean::line(&words);
    let rows = wrap(words.as_str(), area.width.saturating_sub(2));
    let above = (usize::from(area.height) / 2).saturating_sub(rows.len() / 2);
    for (row, range) in (0..area.height).skip(above).zip(rows) {
        let mut pen = Pen::new(buffer, area, row);
        pen.skip(1);
        pen.foreign(&clean::line(&words.as_str()[range]), theme.dim);
    }
}

struct View<'a> {
    model: &'a Model,
    key: RoomKey,
    room: &'a RoomState,
    theme: &'a Theme,
    frame: &'a Frame,
    scope: Scope<'a>,
}

impl View<'_> {
    fn timeline(&self) -> &Timeline {
        &self.room.timeline
    }

    /// The message that a line shows part of.
    fn message(&self, line: &Line) -> Option<Seq> {
        match line.part {
            Part::Text { .. } => {}
            Part::Decor(_) => return None,
        }
        let event = self.timeline().block_events(line.block).next()?;
        event.body.message().map(|_| event.seq)
    }

    fn line(&self, line: &Line, row: u16, first: bool, sheet: &mut Sheet<'_>) {
        let buffer = &mut *sheet.buffer;
        match &line.part {
            Part::Decor(decor) => self.decor(*decor, line.block, row, buffer),
            Part::Text { row: text_row, wrapped } => match line.block {
                Block::Event { .. } => self.event(line.block, wrapped, *text_row, row, first, sheet),
                Block::Run { .. } => self.aside(Sign::Quiet, line.block, wrapped, row, buffer),
                Block::Pending(index) => self.pending(index, wrapped, *text_row, row, buffer),
                Block::Newer => self.between("newer messages", row, buffer),
            },
        }
    }

    fn decor(&self, decor: Decor, block: Block, row: u16, buffer: &mut Buffer) {
        let across = self.theme.sign(Sign::Across);
        let mut pen = Pen::new(buffer, self.frame.area, row);
        match decor {
            Decor::Gap => self.between("earlier messages", row, buffer),
            Decor::Trimmed => pen.centered("earlier messages are no longer kept", " ", self.theme.dim),
            Decor::Day(day) => pen.centered(&day_title(day), across, self.theme.day),
            Decor::Ruler => pen.centered(&self.new_since(block), across, self.theme.ruler),
        }
    }

    /// What lies between what is loaded.
    fn between(&self, what: &str, row: u16, buffer: &mut Buffer) {
        let dots = self.theme.words("…", "...");
        let words = if self.timeline().is_fetching() {
            format!("loading {what}{dots}")
        } else {
            format!("{what} are not loaded")
        };
        Pen::new(buffer, self.frame.area, row).centered(&words, " ", self.theme.dim);
    }

    fn new_since(&self, block: Block) -> String {
        let Some(first) = self.timeline().block_events(block).next() else { return "new".to_owned() };
        let before = first.ordinal.0.saturating_sub(u64::from(first.body.is_message()));
        let head = self.model.view(self.key).map_or(0, |room| room.head_ordinal.0);
        let count = head.saturating_sub(before);
        if self.frame.gutter.is_some() {
            format!("new since {} ({count})", self.scope.zone.minute(first.at))
        } else {
            format!("new ({count})")
        }
    }

    fn event(&self, block: Block, wrapped: &Wrapped, text_row: u16, row: u16, first: bool, sheet: &mut Sheet<'_>) {
        let Some(event) = self.timeline().block_events(block).next() else { return };
        let Sender { name, nick, text } = self.sender(event);
        let chosen = self.frame.front && self.model.is_chosen(event.seq);
        let text = if chosen { self.theme.selection } else { text };
        if self.frame.gutter.is_none() {
            return self.compact(wrapped, text_row, row, nick, text, sheet);
        }
        let shows_head = text_row == 0 && (self.timeline().heads_group(block, self.scope) || first && row == 0);
        let mut pen = self.gutter(shows_head.then_some((event, name)), nick, row, sheet.buffer);
        self.words(&mut pen, wrapped, rows(wrapped, text_row), text, sheet.links);
    }

    /// Draws part of a message: its words, and what was done to it afterwards.
    fn words(&self, pen: &mut Pen<'_>, wrapped: &Wrapped, part: Range<usize>, text: Style, links: &mut Links) {
        let begin = wrapped.words.clamp(part.start, part.end);
        let split = wrapped.tail.clamp(begin, part.end);
        pen.wrapped(wrapped, part.start..begin, self.theme.dim);
        let spans = &wrapped.marked.spans;
        let mut at = begin;
        for span in &spans[spans.partition_point(|span| span.range.end <= at)..] {
            let (from, to) = (span.range.start.clamp(at, split), span.range.end.clamp(at, split));
            if from >= to {
                break;
            }
            pen.wrapped(wrapped, at..from, text);
            let ((x, y), left) = (pen.at(), pen.left());
            pen.wrapped(wrapped, from..to, text.patch(self.theme.look(span.look)));
            if span.look.kind == Kind::Link {
                links.add(x, y, left - pen.left(), &wrapped.text[span.range.clone()]);
            }
            at = to;
        }
        pen.wrapped(wrapped, at..split, text);
        pen.wrapped(wrapped, split..part.end, self.theme.dim);
    }

    fn sender<'e>(&self, event: &'e Event) -> Sender<'e> {
        let theme = self.theme;
        let Some(message) = event.body.message() else {
            return Sender { name: "*", nick: theme.system, text: theme.system };
        };
        let me = self.model.at(self.key.server).account.me.account;
        let stands_out = || self.model.prefs.stands_out(message.text);
        let named = event.by != me && (message.mentions.contains(&me) || stands_out());
        let nick = if named { theme.mention } else { self.nick(event.by) };
        let text = if named { theme.strong } else { theme.text };
        match message.style {
            Said::Text => Sender { name: message.name, nick, text },
            Said::Action => Sender { name: "*", nick, text },
        }
    }

    fn nick(&self, account: AccountId) -> Style {
        if account == self.model.at(self.key.server).account.me.account {
            self.theme.own
        } else {
            self.theme.nick(account)
        }
    }

    fn time_columns(&self) -> u16 {
        self.scope.zone.clock.columns()
    }

    /// Draws time and sender, if they are shown, and gives the pen at the beginning of the text.
    fn gutter<'b>(&self, head: Option<(&Event, &str)>, nick: Style, row: u16, buffer: &'b mut Buffer) -> Pen<'b> {
        let gutter = self.frame.gutter.unwrap_or(0);
        let mut pen = Pen::new(buffer, self.frame.area, row);
        if let Some((event, name)) = head {
            pen.skip(1);
            pen.own(&self.scope.zone.minute(event.at), self.theme.time);
            pen.skip(1);
            pen.right_in(&clean::line(name), gutter.saturating_sub(5 + self.time_columns()), nick);
        }
        pen.until_left(self.frame.area.width.saturating_sub(gutter.saturating_sub(2)));
        pen.own(self.theme.sign(Sign::Down), self.theme.border);
        pen.skip(1);
        pen
    }

    fn compact(&self, wrapped: &Wrapped, text_row: u16, row: u16, nick: Style, text: Style, sheet: &mut Sheet<'_>) {
        let range = rows(wrapped, text_row);
        let mut pen = Pen::new(sheet.buffer, self.frame.area, row);
        if text_row > 0 {
            pen.skip(2);
        }
        let split = wrapped.prefix.clamp(range.start, range.end);
        pen.wrapped(wrapped, range.start..split, nick);
        self.words(&mut pen, wrapped, split..range.end, text, sheet.links);
    }

    /// One line about the room, cut to its width.
    fn aside(&self, sign: Sign, block: Block, wrapped: &Wrapped, row: u16, buffer: &mut Buffer) {
        let text = clean::line(&wrapped.text);
        let mut events = self.timeline().block_events(block);
        let chosen = self.frame.front && events.any(|event| self.model.is_chosen(event.seq));
        let style = if chosen { self.theme.selection } else { self.theme.dim };
        let mut pen = if self.frame.gutter.is_some() {
            let head = self.timeline().block_events(block).next().map(|event| (event, self.theme.sign(sign)));
            self.gutter(head, self.theme.dim, row, buffer)
        } else {
            Pen::new(buffer, self.frame.area, row)
        };
        let left = pen.left().min(self.frame.text.max(1));
        pen.fitted(&text, left, style);
    }

    fn pending(&self, index: usize, wrapped: &Wrapped, text_row: u16, row: u16, buffer: &mut Buffer) {
        let Some(message) = self.timeline().pending().get(index) else { return };
        let (state, style) = self.state(message);
        let mut pen = Pen::new(buffer, self.frame.area, row);
        if self.frame.gutter.is_some() {
            if text_row == 0 {
                pen.skip(2 + self.time_columns());
                pen.right_in(
                    &clean::line(&self.model.at(self.key.server).account.me.name),
                    self.frame.gutter.unwrap_or(0).saturating_sub(5 + self.time_columns()),
                    self.theme.own,
                );
            }
            pen = self.gutter(None, self.theme.own, row, buffer);
        } else if text_row > 0 {
            pen.skip(2);
        }
        pen.wrapped(wrapped, rows(wrapped, text_row), self.theme.pending);
        if usize::from(text_row) + 1 == wrapped.rows.len() {
            let state = clean::line(&state);
            let margin = u16::from(self.frame.gutter.is_some());
            if pen.left() > columns(&state) + margin {
                pen.until_left(columns(&state) + margin);
                pen.foreign(&state, style);
            }
        }
    }

    fn state(&self, message: &Outgoing) -> (String, Style) {
        if message.refused.is_some() {
            return (format!("{} failed", self.theme.sign(Sign::Failed)), self.theme.failed);
        }
        (format!("sending{}", self.theme.words("…", "...")), self.theme.pending)
    }
}

struct Sender<'e> {
    name: &'e str,
    nick: Style,
    text: Style,
}

fn rows(wrapped: &Wrapped, row: u16) -> Range<usize> {
    wrapped.rows.get(usize::from(row)).cloned().unwrap_or_default()
}
