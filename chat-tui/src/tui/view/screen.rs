//! A frame: every part of the screen in its place.

use ratatui::Frame;

use super::{Theme, chrome, composer, overlay, panes, timeline};
use crate::tui::core::Model;
use crate::tui::core::timeline::Wraps;

/// What is kept from one frame to the next to save time, and what things look like.
#[derive(Debug)]
pub struct ViewCache {
    /// What things look like.
    pub theme: Theme,
    pub(super) wraps: Wraps,
}

impl ViewCache {
    /// Nothing kept yet.
    #[must_use]
    pub fn new(theme: Theme) -> Self {
        Self { theme, wraps: Wraps::default() }
    }
}

/// Draws the model. The frame may have another size than the model believes; what doesn't fit isn't drawn.
pub fn draw(model: &Model, cache: &mut ViewCache, frame: &mut Frame<'_>) {
    let area = frame.area();
    if (area.width, area.height) != model.size || area.is_empty() {
        return;
    }
    let g = model.geometry();
    let ViewCache { theme, wraps } = cache;
    let buffer = frame.buffer_mut();
    if let Some(area) = g.header {
        chrome::header(model, theme, area, buffer);
    }
    if let Some(area) = g.rooms {
        panes::rooms(model, theme, area, buffer);
    }
    if let Some(area) = g.members {
        panes::members(model, theme, area, buffer);
    }
    match &model.overlay {
        Some(overlay) => overlay::draw(overlay, theme, g.timeline, buffer),
        None => timeline::draw(model, theme, wraps, g, buffer),
    }
    if let Some(area) = g.status {
        chrome::status(model, theme, area, buffer);
    }
    if let Some(area) = g.rule {
        chrome::rule(model, theme, area, buffer);
    }
    if let Some(area) = g.hint {
        chrome::hint(model, theme, area, buffer);
    }
    let cursor = composer::draw(model, theme, g.composer, buffer);
    frame.set_cursor_position(cursor);
}
