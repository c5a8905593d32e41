//! Where cells of a frame lead (OSC 8): what people may click on in terminals that know links.
//!
//! Never: another scheme than [`SCHEMES`](crate::tui::core::markup::SCHEMES), or a byte in a target that isn't printable ASCII.

use crate::tui::core::markup::target;

/// The links of one frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    places: Vec<Place>,
    targets: Vec<String>,
}

/// Cells of one row that lead somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    x: u16,
    y: u16,
    columns: u16,
    target: usize,
}

impl Links {
    /// Lets cells of a row lead to where a text says. A text that is no link leads nowhere.
    pub fn add(&mut self, x: u16, y: u16, columns: u16, text: &str) {
        let Some(target) = target(text).filter(|_| columns > 0) else { return };
        let known = self.targets.iter().position(|known| *known == target);
        let target = known.unwrap_or_else(|| {
            self.targets.push(target);
            self.targets.len() - 1
        });
        self.places.push(Place { x, y, columns, target });
    }

    /// Where a cell leads.
    #[must_use]
    pub fn at(&self, x: u16, y: u16) -> Option<&str> {
        let on = |place: &&Place| place.y == y && (place.x..place.x + place.columns).contains(&x);
        self.places.iter().rfind(on).and_then(|place| self.targets.get(place.target)).map(String::as_str)
    }
}

/// The links on a screen: for every cell which one, by a number that stays the same from frame to frame.
#[derive(Debug, Default)]
pub(super) struct LinkTable {
    known: Vec<String>,
    cells: Vec<u16>,
    next: Vec<u16>,
    width: usize,
}

/// No link.
pub(super) const NONE: u16 = 0;

/// A link nobody remembers: drawn anew.
const FORGOTTEN: u16 = u16::MAX;

/// Different links remembered; beyond that they are forgotten and drawn anew.
const KNOWN_MAX: usize = 1_024;

impl LinkTable {
    /// A cleared screen of another size.
    pub(super) fn resize(&mut self, width: u16, cells: usize) {
        self.width = width.into();
        self.cells.clear();
        self.cells.resize(cells, NONE);
    }

    /// A cleared screen.
    pub(super) fn clear(&mut self) {
        self.cells.fill(NONE);
    }

    /// Takes the links of the next frame in. True if some cell leads elsewhere since.
    pub(super) fn set(&mut self, links: &Links) -> bool {
        if self.known.len() + links.targets.len() > KNOWN_MAX {
            self.known.clear();
            self.cells.iter_mut().filter(|cell| **cell != NONE).for_each(|cell| *cell = FORGOTTEN);
        }
        self.next.clear();
        self.next.resize(self.cells.len(), NONE);
        for place in &links.places {
            let Some(number) = links.targets.get(place.target).map(|target| self.number(target)) else { continue };
            let from = usize::from(place.y) * self.width + usize::from(place.x);
            let columns = usize::from(place.columns).min(self.width.saturating_sub(place.x.into()));
            if let Some(cells) = self.next.get_mut(from..from + columns) {
                cells.fill(number);
            }
        }
        std::mem::swap(&mut self.cells, &mut self.next);
        self.cells != self.next
    }

    fn number(&mut self, target: &str) -> u16 {
        let at = self.known.iter().position(|known| known == target).unwrap_or_else(|| {
            self.known.push(target.to_owned());
            self.known.len() - 1
        });
        u16::try_from(at + 1).unwrap_or(NONE)
    }

    /// Whether a cell leads elsewhere than in the frame before.
    pub(super) fn changed(&self, index: usize) -> bool {
        self.cells.get(index) != self.next.get(index)
    }

    /// Which link a cell leads to.
    pub(super) fn at(&self, index: usize) -> u16 {
        self.cells.get(index).copied().unwrap_or(NONE)
    }

    /// Appends what makes the next characters lead there. All parts of one link have one name, so that a terminal shows a
    /// link that goes over two rows as one.
    pub(super) fn begin(&self, number: u16, out: &mut Vec<u8>) {
        let target = usize::from(number).checked_sub(1).and_then(|at| self.known.get(at));
        let Some(target) = target else { return out.extend_from_slice(END) };
        let name = target
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        out.extend_from_slice(format!("\x1b]8;id={name:x};{target}\x1b\\").as_bytes());
    }
}

const END: &[u8] = b"\x1b]8;;\x1b\\";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::core::markup::LINK_BYTES_MAX;

    #[test]
    fn only_links_lead_somewhere_and_only_in_printable_bytes() {
        let mut links = Links::default();
        links.add(2, 1, 5, "https://a.example/日");
        links.add(0, 2, 5, "javascript:alert(1)");
        links.add(0, 3, 5, "file:///etc/passwd");
        links.add(0, 4, 5, "https://a.example/\x1b]0;x\x07\u{9c}");
        links.add(0, 5, 5, &format!("https://{}", "日".repeat(LINK_BYTES_MAX / 4)));
        links.add(0, 6, 0, "https://a.example");
        assert_eq!(links.at(2, 1), Some("https://a.example/%E6%97%A5"));
        assert_eq!((links.at(6, 1).is_some(), links.at(7, 1), links.at(1, 1)), (true, None, None));
        assert_eq!(links.at(0, 4), Some("https://a.example/%1B]0;x%07%C2%9C"));
        assert!([2, 3, 5, 6].iter().all(|y| links.at(0, *y).is_none()));
    }

    #[test]
    fn links_keep_their_numbers_until_there_are_too_many() {
        let mut table = LinkTable::default();
        table.resize(4, 8);
        let frame = |n: usize| {
            let mut links = Links::default();
            links.add(3, 0, 9, &format!("https://a.example/{n}"));
            links
        };
        assert!(table.set(&frame(0)));
        assert!(!table.set(&frame(0)), "nothing leads elsewhere");
        assert_eq!((table.at(2), table.at(3), table.at(4)), (NONE, 1, NONE), "cut at the row's end");
        for n in 1..KNOWN_MAX + 9 {
            assert!(table.set(&frame(n)), "{n}");
            assert!(table.changed(3));
        }
        assert!(table.known.len() <= KNOWN_MAX);
        assert!(table.set(&Links::default()));
        assert_eq!(table.at(3), NONE);
    }
}
