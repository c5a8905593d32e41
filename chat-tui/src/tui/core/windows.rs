//! How the middle of the screen is divided: tabs of windows, each of which shows a room.
//!
//! Never: a tab without a window; one room in two windows of a tab, for a room is read at one place.

mod node;
#[cfg(test)]
mod tests;

use super::geometry::Area;
use super::server::RoomKey;
use super::timeline::Pane;
use node::HALF;
pub(super) use node::Node;
pub use node::Split;

/// Tabs at once.
pub const TABS_MAX: usize = 20;

/// Windows of one tab.
pub const WINDOWS_MAX: usize = 16;

/// The least a window has; where that cannot be, only the one in front is shown.
const COLUMNS_MIN: u16 = 20;
/// Its title among them.
const ROWS_MIN: u16 = 4;

/// Where a neighbour is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Side {
    Left,
    Right,
    Above,
    Below,
}

/// What a window shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// Nothing yet.
    #[default]
    Nothing,
    /// A room.
    Room(RoomKey),
    /// A room that isn't known yet, as a layout names it.
    Awaited(String),
}

/// Windows that are seen together. They are counted in reading order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tab {
    pub(super) root: Node,
    pub(super) front: usize,
    zoomed: bool,
}

/// One window on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Which of its tab.
    pub window: usize,
    /// The room it shows.
    pub room: Option<RoomKey>,
    /// Where it is.
    pub area: Area,
    /// Whether it is the one in front.
    pub front: bool,
}

/// How a window is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Which of its tab.
    pub window: usize,
    /// The room it shows.
    pub room: Option<RoomKey>,
    /// Whether it is the one in front.
    pub front: bool,
    /// What it is called, where there are several.
    pub title: Option<Area>,
    /// What parts it from the one at its right.
    pub edge: Option<Area>,
    /// Messages.
    pub area: Area,
    /// Columns of time and sender beside the messages; without them both stand in the text.
    pub gutter: Option<u16>,
    /// Columns of a message's text.
    pub text: u16,
}

impl Frame {
    /// What its room is laid out for.
    #[must_use]
    pub fn pane(&self) -> Option<Pane> {
        Some(Pane { room: self.room?, height: self.area.height, width: self.text, compact: self.gutter.is_none() })
    }
}

/// The tabs, and which of them is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    tabs: Vec<Tab>,
    seen: usize,
}

impl Default for Windows {
    fn default() -> Self {
        Self { tabs: vec![Tab::of(Node::Leaf(Window::Nothing))], seen: 0 }
    }
}

impl Windows {
    /// These tabs, the first of them seen. None if there are none, or more than there may be.
    pub(super) fn of(roots: Vec<Node>) -> Option<Self> {
        let fits = !roots.is_empty() && roots.len() <= TABS_MAX;
        let fits = fits && roots.iter().all(|root| root.count() <= WINDOWS_MAX);
        fits.then(|| Self { tabs: roots.into_iter().map(Tab::of).collect(), seen: 0 })
    }

    pub(super) fn roots(&self) -> impl Iterator<Item = &Node> {
        self.tabs.iter().map(|tab| &tab.root)
    }

    /// The room of the window in front.
    #[must_use]
    pub fn current(&self) -> Option<RoomKey> {
        self.front().room()
    }

    /// Tabs, and which of them is seen.
    #[must_use]
    pub fn tabs(&self) -> (usize, usize) {
        (self.tabs.len(), self.seen)
    }

    /// The rooms of a tab, in reading order.
    #[must_use]
    pub fn rooms_of(&self, tab: usize) -> Vec<RoomKey> {
        self.tabs
            .get(tab)
            .map(|tab| tab.root.windows().iter().filter_map(|window| window.room()).collect())
            .unwrap_or_default()
    }

    /// Whether a room stands in a window of the tab that is seen, and how many windows that has.
    #[must_use]
    pub fn holds(&self, room: RoomKey) -> (bool, usize) {
        let tab = self.tab();
        (tab.root.any(&|window| window.room() == Some(room)), tab.root.count())
    }

    /// The rooms of all tabs.
    #[must_use]
    pub fn rooms(&self) -> Vec<RoomKey> {
        (0..self.tabs.len()).flat_map(|tab| self.rooms_of(tab)).collect()
    }

    /// Whether only the window in front is shown, of several.
    #[must_use]
    pub fn is_zoomed(&self) -> bool {
        self.tab().zoomed
    }

    /// Where the windows of the tab that is seen are, in an area: all of them if each has place enough, else the one in front.
    /// Where there are several, a window's first row is its title, and its last column parts it from the one at its right.
    #[must_use]
    pub fn placed(&self, area: Area) -> Vec<Placed> {
        let tab = self.tab();
        let alone = || vec![Placed { window: tab.front, room: self.front().room(), area, front: true }];
        if tab.zoomed || tab.root.count() == 1 {
            return alone();
        }
        let mut places = Vec::new();
        tab.root.place(area, &mut places);
        if places.iter().any(|(_, area)| area.width < COLUMNS_MIN || area.height < ROWS_MIN) {
            return alone();
        }
        let numbered = places.into_iter().enumerate();
        numbered
            .map(|(at, (window, area))| Placed { window: at, room: window.room(), area, front: at == tab.front })
            .collect()
    }

    /// Shows a room in the window in front; if another one of the tab shows it already, that one comes to the front instead.
    pub(super) fn show(&mut self, room: RoomKey) {
        let tab = self.tab_mut();
        match tab.root.windows().iter().position(|window| window.room() == Some(room)) {
            Some(at) => tab.front = at,
            None => *self.front_mut() = Window::Room(room),
        }
    }

    /// Divides the window in front in two; the new one shows another room and is in front.
    pub(super) fn split(&mut self, split: Split, room: RoomKey) -> Result<(), String> {
        let tab = self.tab_mut();
        if tab.root.count() >= WINDOWS_MAX {
            return Err(format!("a tab has at most {WINDOWS_MAX} windows"));
        }
        let leaf = tab.root.node_mut(tab.front);
        let before = std::mem::replace(leaf, Node::Leaf(Window::Nothing));
        *leaf = Node::pair(split, HALF, before, Node::Leaf(Window::Room(room)));
        (tab.front, tab.zoomed) = (tab.front + 1, false);
        Ok(())
    }

    /// Closes the window in front; the tab goes with its last one.
    pub(super) fn close(&mut self) -> Result<(), String> {
        let (alone, seen) = (self.tabs.len() == 1, self.seen);
        let tab = self.tab_mut();
        if tab.root.count() > 1 {
            let front = tab.front;
            tab.remove(front);
        } else if alone {
            return Err("this is the only window".to_owned());
        } else {
            self.close_tab(seen);
        }
        Ok(())
    }

    /// Brings a window of the tab to the front.
    pub(super) fn focus(&mut self, window: usize) {
        let tab = self.tab_mut();
        tab.front = window.min(tab.root.count() - 1);
    }

    /// Brings the next window to the front, around the end.
    pub(super) fn focus_next(&mut self) {
        let tab = self.tab_mut();
        tab.front = (tab.front + 1) % tab.root.count();
    }

    /// Brings the neighbour at a side to the front, if there is one.
    pub(super) fn focus_side(&mut self, side: Side) {
        let tab = self.tab_mut();
        // Large enough that every window has cells of its own.
        let mut places = Vec::new();
        tab.root.place(Area { x: 0, y: 0, width: 16_384, height: 16_384 }, &mut places);
        let Area { x, y, width, height } = places[tab.front].1;
        let (right, bottom) = (x + width, y + height);
        let middle = |area: &Area| match side {
            Side::Left | Side::Right => area.y + area.height / 2,
            Side::Above | Side::Below => area.x + area.width / 2,
        };
        let from = middle(&places[tab.front].1);
        let touches = |area: &Area| match side {
            Side::Left => area.x + area.width == x,
            Side::Right => area.x == right,
            Side::Above => area.y + area.height == y,
            Side::Below => area.y == bottom,
        };
        let neighbours = places.iter().enumerate().filter(|(_, (_, area))| touches(area));
        if let Some((at, _)) = neighbours.min_by_key(|(_, (_, area))| middle(area).abs_diff(from)) {
            tab.front = at;
        }
    }

    /// Gives the window in front more or less of what it shares with its neighbour.
    pub(super) fn grow(&mut self, by: i16) {
        let tab = self.tab_mut();
        tab.root.grow(tab.front, by);
    }

    /// Gives all windows of the tab the halves of what they share.
    pub(super) fn balance(&mut self) {
        self.tab_mut().root.balance();
    }

    /// Shows the window in front alone, or all of the tab again.
    pub(super) fn zoom(&mut self) {
        let tab = self.tab_mut();
        tab.zoomed = !tab.zoomed && tab.root.count() > 1;
    }

    /// A new tab that shows a room.
    pub(super) fn open_tab(&mut self, room: Option<RoomKey>) -> Result<(), String> {
        if self.tabs.len() >= TABS_MAX {
            return Err(format!("there are at most {TABS_MAX} tabs"));
        }
        self.seen += 1;
        self.tabs.insert(self.seen, Tab::of(Node::Leaf(room.map_or(Window::Nothing, Window::Room))));
        Ok(())
    }

    /// Closes a tab, unless it is the only one.
    pub(super) fn close_tab(&mut self, tab: usize) {
        if self.tabs.len() > 1 && tab < self.tabs.len() {
            self.tabs.remove(tab);
            self.seen = if self.seen > tab { self.seen - 1 } else { self.seen.min(self.tabs.len() - 1) };
        }
    }

    /// The next tab, or the one before, around the ends.
    pub(super) fn step_tab(&mut self, back: bool) {
        let tabs = self.tabs.len();
        self.seen = (self.seen + if back { tabs - 1 } else { 1 }) % tabs;
    }

    /// The tab of a number, from 0. False if there is none.
    pub(super) fn see_tab(&mut self, tab: usize) -> bool {
        let there = tab < self.tabs.len();
        if there {
            self.seen = tab;
        }
        there
    }

    /// A room is one's own no more: its windows close, but for the last there is, which shows nothing then.
    pub(super) fn forget(&mut self, room: RoomKey) {
        for index in (0..self.tabs.len()).rev() {
            let alone = self.tabs.len() == 1;
            let tab = &mut self.tabs[index];
            let Some(at) = tab.root.windows().iter().position(|window| window.room() == Some(room)) else { continue };
            if tab.root.count() > 1 {
                tab.remove(at);
            } else if alone {
                tab.root = Node::Leaf(Window::Nothing);
            } else {
                self.close_tab(index);
            }
        }
    }

    /// Shows in every window that waits for a room the one it means, once it is known.
    pub(super) fn resolve(&mut self, find: impl Fn(&str) -> Option<RoomKey>) -> bool {
        let mut found = false;
        for tab in &mut self.tabs {
            let mut shown: Vec<RoomKey> = tab.root.windows().iter().filter_map(|window| window.room()).collect();
            tab.root.each_mut(&mut |window| {
                if let Window::Awaited(name) = window
                    && let Some(room) = find(name)
                {
                    *window = if shown.contains(&room) { Window::Nothing } else { Window::Room(room) };
                    shown.push(room);
                    found = true;
                }
            });
        }
        found
    }

    /// Whether any window waits for a room.
    pub(super) fn awaits(&self) -> bool {
        self.tabs.iter().any(|tab| tab.root.any(&|window| matches!(window, Window::Awaited(_))))
    }

    /// The room that the window in front waits for, as a layout names it.
    #[must_use]
    pub fn awaited(&self) -> Option<&str> {
        match self.front() {
            Window::Awaited(name) => Some(name),
            Window::Nothing | Window::Room(_) => None,
        }
    }

    fn tab(&self) -> &Tab {
        &self.tabs[self.seen]
    }

    fn tab_mut(&mut self) -> &mut Tab {
        &mut self.tabs[self.seen]
    }

    fn front(&self) -> &Window {
        let tab = self.tab();
        tab.root.window(tab.front)
    }

    fn front_mut(&mut self) -> &mut Window {
        let tab = self.tab_mut();
        tab.root.window_mut(tab.front)
    }
}

impl Window {
    pub(super) fn room(&self) -> Option<RoomKey> {
        match self {
            Self::Room(room) => Some(*room),
            Self::Nothing | Self::Awaited(_) => None,
        }
    }
}

impl Tab {
    fn of(root: Node) -> Self {
        Self { root, front: 0, zoomed: false }
    }

    /// Takes a window of several away; its neighbour gets its place.
    fn remove(&mut self, window: usize) {
        self.root.remove(window);
        if self.front > window || self.front >= self.root.count() {
            self.front -= 1;
        }
        self.zoomed &= self.root.count() > 1;
    }
}
