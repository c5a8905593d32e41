//! Where everything of the model is on its screen: the panes, the windows, the line being written.

use super::composer::Rows;
use super::geometry::{Area, Geometry, Layout, geometry, prompt_columns, text_columns};
use super::model::Model;
use super::server::RoomKey;
use super::timeline::{Pane, Scope};
use super::windows::{Frame, Placed};
use crate::tui::view::width::width;

impl Model {
    /// Whether a room is on the screen.
    #[must_use]
    pub fn shows(&self, key: RoomKey) -> bool {
        match self.windows.holds(key) {
            (false, _) => false,
            (true, 1) => true,
            (true, _) => self.seen().contains(&key),
        }
    }

    /// Columns of the prompt and of the line being written beside it.
    #[must_use]
    pub fn composer_columns(&self) -> (u16, u16) {
        let prompt = prompt_columns(self.size.0, width(&self.prompt()));
        (prompt, (self.size.0 - prompt.min(self.size.0)).max(1))
    }

    /// Where everything is.
    #[must_use]
    pub fn geometry(&self) -> Geometry {
        let rows = Rows::of(self.composer().text(), self.composer_columns().1).count();
        geometry(self.size.0, self.size.1, self.layout(), rows)
    }

    fn layout(&self) -> Layout {
        Layout { tabs: self.windows.tabs().0 > 1, ..self.prefs.layout(self.panes) }
    }

    /// The windows that are seen.
    #[must_use]
    pub fn frames(&self) -> Vec<Frame> {
        let whole = self.geometry().timeline;
        let placed = self.windows.placed(whole);
        let several = placed.len() > 1;
        let frame = |Placed { window, room, mut area, front }: Placed| {
            let title = several.then_some(Area { height: 1, ..area });
            let outer = area.x + area.width >= whole.x + whole.width;
            let edge = (several && !outer).then(|| Area { x: area.x + area.width - 1, width: 1, ..area });
            if several {
                (area.y, area.height) = (area.y + 1, area.height - 1);
                area.width -= u16::from(!outer);
            }
            let (gutter, text) = text_columns(self.size.0, area.width, self.layout());
            Frame { window, room, front, title, edge, area, gutter, text }
        };
        placed.into_iter().map(frame).collect()
    }

    /// The window in front.
    #[must_use]
    pub fn front(&self) -> Frame {
        // One of them always is.
        self.frames().into_iter().find(|frame| frame.front).unwrap_or_default()
    }

    /// What a room that is seen is laid out for.
    #[must_use]
    pub fn pane_of(&self, key: RoomKey) -> Option<Pane> {
        self.frames().iter().find(|frame| frame.room == Some(key)).and_then(Frame::pane)
    }

    /// What the room being looked at is laid out for.
    #[must_use]
    pub fn pane(&self) -> Option<Pane> {
        self.front().pane()
    }

    /// The first line of the members that is shown.
    #[must_use]
    pub fn members_scrolled(&self) -> usize {
        if self.scrolled.room == self.current() { self.scrolled.members } else { 0 }
    }

    /// What cuts the timeline of a room.
    #[must_use]
    pub fn scope(&self, key: RoomKey) -> Scope<'_> {
        let ruler = self.state(key).and_then(|room| room.ruler);
        Scope { zone: &self.zone, ruler, me: self.at(key.server).account.me.account }
    }

    /// The rooms that are seen.
    pub(super) fn seen(&self) -> Vec<RoomKey> {
        self.windows.placed(self.geometry().timeline).iter().filter_map(|placed| placed.room).collect()
    }
}
