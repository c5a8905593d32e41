//! A frame: every part of the screen in its place.

use ratatui::Frame;

use super::paint::Sheet;
use super::{Hits, Theme, chrome, composer, overlay, panes, timeline, windows};
use crate::tui::core::Model;
use crate::tui::core::pointer::Spot;
use crate::tui::core::timeline::Wraps;
use crate::tui::term::links::Links;

/// What is kept from one frame to the next to save time, and what things look like.
#[derive(Debug)]
pub struct ViewCache {
    /// What things look like.
    pub theme: Theme,
    /// Of each window.
    pub(super) wraps: Vec<Wraps>,
}

impl ViewCache {
    /// Nothing kept yet.
    #[must_use]
    pub fn new(theme: Theme) -> Self {
        Self { theme, wraps: Vec::new() }
    }
}

/// What a frame shows beside its cells.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// Where they lead.
    pub links: Links,
    /// What they are, for the mouse.
    pub hits: Hits,
}

/// Draws the model. The frame may have another size than the model believes; what doesn't fit isn't drawn.
pub fn draw(model: &Model, cache: &mut ViewCache, frame: &mut Frame<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    let area = frame.area();
    if (area.width, area.height) != model.size || area.is_empty() {
        return drawn;
    }
    let Drawn { links, hits } = &mut drawn;
    let g = model.geometry();
    let ViewCache { theme, wraps } = cache;
    let buffer = frame.buffer_mut();
    if let Some(area) = g.header {
        hits.add(area, Spot::Header);
        chrome::header(model, theme, area, buffer, links);
    }
    if let Some(area) = g.tabs {
        windows::tabs(model, theme, area, buffer, hits);
    }
    if let Some(area) = g.rooms {
        panes::rooms(model, theme, area, buffer, hits);
    }
    if let Some(area) = g.members {
        panes::members(model, theme, area, buffer, hits);
    }
    let mut choosing = None;
    hits.add(g.timeline, Spot::Timeline);
    match (&model.picker, &model.overlay) {
        (Some(picker), _) => {
            choosing = Some(overlay::picker(picker, &model.front_keys(), theme, g.timeline, buffer, hits));
        }
        (None, Some(overlay)) => overlay::draw(overlay, theme, g.timeline, buffer),
        (None, None) => {
            let frames = model.frames();
            wraps.resize_with(frames.len(), Wraps::default);
            for (frame, wraps) in frames.iter().zip(wraps) {
                hits.add(frame.area, Spot::Window(frame.window));
                windows::chrome(model, frame, theme, buffer, hits);
                timeline::draw(model, theme, wraps, frame, &mut Sheet { buffer, links }, hits);
            }
        }
    }
    let listed = model.which_key().is_some_and(|known| overlay::following(&known, theme, g.timeline, buffer));
    if let Some(area) = g.status {
        chrome::status(model, theme, area, listed, buffer, hits);
    }
    if let Some(area) = g.rule {
        chrome::rule(model, theme, area, buffer);
    }
    if let Some(area) = g.hint {
        chrome::hint(model, theme, area, buffer);
    }
    let cursor = composer::draw(model, theme, g.composer, buffer, hits);
    if theme.is_ascii() {
        let cut = buffer.content.iter_mut().filter(|cell| cell.symbol() == ELLIPSIS);
        cut.for_each(|cell| _ = cell.set_symbol("."));
    }
    frame.set_cursor_position(choosing.unwrap_or(cursor));
    drawn
}

/// What stands for the part of a text that was cut off, where more than ASCII can be shown.
const ELLIPSIS: &str = "…";
