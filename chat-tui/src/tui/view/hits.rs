//! What is where on a frame, for whoever points at it.

use super::paint::Pen;
use crate::tui::core::geometry::Area;
use crate::tui::core::pointer::Spot;

/// What a frame shows where.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    places: Vec<(Area, Spot)>,
    composer: Option<Writing>,
}

/// Where the line being written is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writing {
    /// Its cells, without the prompt.
    pub(super) area: Area,
    /// The row of the text on the first of them.
    pub(super) first: usize,
}

impl Hits {
    pub(super) fn add(&mut self, area: Area, spot: Spot) {
        self.places.push((area, spot));
    }

    /// So many columns from where a pen is.
    pub(super) fn add_from(&mut self, pen: &Pen<'_>, columns: u16, spot: Spot) {
        let (x, y) = pen.at();
        self.add(Area { x, y, width: columns.min(pen.left()), height: 1 }, spot);
    }

    pub(super) fn set_composer(&mut self, writing: Writing) {
        self.composer = Some(writing);
    }

    /// What is at a cell: what was drawn there last.
    #[must_use]
    pub fn at(&self, x: u16, y: u16) -> Option<Spot> {
        let inside = |area: &Area| {
            (area.x..area.x.saturating_add(area.width)).contains(&x)
                && (area.y..area.y.saturating_add(area.height)).contains(&y)
        };
        if let Some(Writing { area, first }) = self.composer
            && (area.y..area.y + area.height).contains(&y)
        {
            return Some(Spot::Composer { row: first + usize::from(y - area.y), column: x.saturating_sub(area.x) });
        }
        self.places.iter().rfind(|(area, _)| inside(area)).map(|(_, spot)| spot.clone())
    }
}
