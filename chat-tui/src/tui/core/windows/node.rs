//! How the windows of one tab divide its place: a tree of halves.

use super::Window;
use crate::tui::core::geometry::Area;

/// What the first of two windows gets of their place, in hundredths, unless it was moved.
pub(super) const HALF: u16 = 50;

/// What a window gets at least, in hundredths.
const SHARE_MIN: u16 = 10;

/// How two parts of a tab stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// One beside the other.
    Beside,
    /// One below the other.
    Below,
}

/// A window, or two parts and how they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tui::core) enum Node {
    Leaf(Window),
    /// `share` is what the first gets, in hundredths.
    Pair {
        split: Split,
        share: u16,
        parts: Box<(Self, Self)>,
    },
}

impl Node {
    pub(in crate::tui::core) fn pair(split: Split, share: u16, first: Self, second: Self) -> Self {
        Self::Pair { split, share: share.clamp(SHARE_MIN, 100 - SHARE_MIN), parts: Box::new((first, second)) }
    }

    /// The windows, in reading order.
    pub(in crate::tui::core) fn windows(&self) -> Vec<&Window> {
        match self {
            Self::Leaf(window) => vec![window],
            Self::Pair { parts, .. } => [parts.0.windows(), parts.1.windows()].concat(),
        }
    }

    pub(super) fn count(&self) -> usize {
        match self {
            Self::Leaf(_) => 1,
            Self::Pair { parts, .. } => parts.0.count() + parts.1.count(),
        }
    }

    /// A window by its place in reading order.
    pub(super) fn window(&self, window: usize) -> &Window {
        match self {
            Self::Leaf(leaf) => leaf,
            Self::Pair { parts, .. } => {
                let first = parts.0.count();
                if window < first { parts.0.window(window) } else { parts.1.window(window - first) }
            }
        }
    }

    /// Whether one of the windows is so.
    pub(super) fn any(&self, is: &impl Fn(&Window) -> bool) -> bool {
        match self {
            Self::Leaf(window) => is(window),
            Self::Pair { parts, .. } => parts.0.any(is) || parts.1.any(is),
        }
    }

    pub(super) fn each_mut(&mut self, work: &mut impl FnMut(&mut Window)) {
        match self {
            Self::Leaf(window) => work(window),
            Self::Pair { parts, .. } => {
                parts.0.each_mut(work);
                parts.1.each_mut(work);
            }
        }
    }

    pub(super) fn place<'a>(&'a self, area: Area, into: &mut Vec<(&'a Window, Area)>) {
        match self {
            Self::Leaf(window) => into.push((window, area)),
            Self::Pair { split, share, parts } => {
                let part = |whole: u16| u16::try_from(u32::from(whole) * u32::from(*share) / 100).unwrap_or(whole);
                let (first, second) = match split {
                    Split::Beside => {
                        let width = part(area.width);
                        (Area { width, ..area }, Area { x: area.x + width, width: area.width - width, ..area })
                    }
                    Split::Below => {
                        let height = part(area.height);
                        (Area { height, ..area }, Area { y: area.y + height, height: area.height - height, ..area })
                    }
                };
                parts.0.place(first, into);
                parts.1.place(second, into);
            }
        }
    }

    /// The leaf of a window.
    pub(super) fn node_mut(&mut self, window: usize) -> &mut Self {
        match self {
            Self::Leaf(_) => self,
            Self::Pair { parts, .. } => {
                let first = parts.0.count();
                if window < first { parts.0.node_mut(window) } else { parts.1.node_mut(window - first) }
            }
        }
    }

    pub(super) fn window_mut(&mut self, window: usize) -> &mut Window {
        match self {
            Self::Leaf(leaf) => leaf,
            Self::Pair { parts, .. } => {
                let first = parts.0.count();
                if window < first { parts.0.window_mut(window) } else { parts.1.window_mut(window - first) }
            }
        }
    }

    pub(super) fn remove(&mut self, window: usize) {
        let Self::Pair { parts, .. } = self else { return };
        let first = parts.0.count();
        let left = match (window < first, first, parts.1.count()) {
            (true, 1, _) => &mut parts.1,
            (false, _, 1) => &mut parts.0,
            (true, ..) => return parts.0.remove(window),
            (false, ..) => return parts.1.remove(window - first),
        };
        *self = std::mem::replace(left, Self::Leaf(Window::Nothing));
    }

    pub(super) fn grow(&mut self, window: usize, by: i16) {
        let Self::Pair { share, parts, .. } = self else { return };
        let first = parts.0.count();
        let (part, at, by_share) =
            if window < first { (&mut parts.0, window, by) } else { (&mut parts.1, window - first, -by) };
        match part {
            Self::Leaf(_) => *share = share.saturating_add_signed(by_share).clamp(SHARE_MIN, 100 - SHARE_MIN),
            Self::Pair { .. } => part.grow(at, by),
        }
    }

    pub(super) fn balance(&mut self) {
        if let Self::Pair { share, parts, .. } = self {
            *share = HALF;
            parts.0.balance();
            parts.1.balance();
        }
    }
}
