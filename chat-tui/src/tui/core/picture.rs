//! A picture that is looked at: few enough points that any screen is finer or as fine.

/// Points of a picture's longer side that are kept.
pub const SIDE_MAX: u32 = 400;

/// Bytes of a file that is looked at as a picture.
pub const PICTURE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A picture, row by row from its upper left corner.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    points: Vec<[u8; 3]>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}x{})", self.width, self.height)
    }
}

impl Picture {
    /// A picture of red, green and blue points; none if there are not as many as its sides say, or none at all.
    #[must_use]
    pub fn new(width: u32, height: u32, points: Vec<[u8; 3]>) -> Option<Self> {
        let count = usize::try_from(u64::from(width) * u64::from(height)).ok()?;
        (count > 0 && points.len() == count).then_some(Self { width, height, points })
    }

    /// The largest place it fills of so many columns and rows, as it is drawn: two points to a cell, one above the other.
    #[must_use]
    pub fn fit(&self, columns: u16, rows: u16) -> (u16, u16) {
        let (width, height) = (u64::from(self.width), u64::from(self.height));
        let (most_wide, most_high) = (u64::from(columns), 2 * u64::from(rows));
        let (wide, high) = if width * most_high > height * most_wide {
            (most_wide, (height * most_wide / width).max(1))
        } else {
            ((width * most_high / height).max(1), most_high)
        };
        let cells = |value: u64, most: u16| u16::try_from(value).unwrap_or(most).min(most);
        (cells(wide, columns), cells(high.div_ceil(2), rows))
    }

    /// The mean colour of a part of it: of so many parts across and down, the one at a place.
    #[must_use]
    pub fn mean(&self, (column, columns): (u16, u16), (row, rows): (u16, u16)) -> [u8; 3] {
        let part = |at: u16, of: u16, whole: u32| {
            let edge = |at: u64| u32::try_from(at * u64::from(whole) / u64::from(of.max(1))).unwrap_or(whole);
            let from = edge(u64::from(at)).min(whole - 1);
            (from, edge(u64::from(at) + 1).clamp(from + 1, whole))
        };
        let (left, right) = part(column, columns, self.width);
        let (top, bottom) = part(row, rows, self.height);
        let mut sum = [0_u64; 3];
        for y in top..bottom {
            for x in left..right {
                let at = usize::try_from(u64::from(y) * u64::from(self.width) + u64::from(x)).unwrap_or(usize::MAX);
                let point = self.points.get(at).copied().unwrap_or_default();
                sum.iter_mut().zip(point).for_each(|(sum, value)| *sum += u64::from(value));
            }
        }
        let count = u64::from(bottom - top) * u64::from(right - left);
        sum.map(|sum| u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fits_with_its_sides_in_proportion_and_into_anything() {
        let picture = |width, height| Picture::new(width, height, vec![[0; 3]; (width * height) as usize]).unwrap();
        assert_eq!(picture(400, 200).fit(80, 40), (80, 20));
        assert_eq!(picture(100, 400).fit(80, 20), (10, 20));
        for (width, height) in [(1, 400), (400, 1), (3, 7)] {
            for (columns, rows) in [(1, 1), (1, 100), (300, 1), (80, 24)] {
                let (wide, high) = picture(width, height).fit(columns, rows);
                assert!(
                    (1..=columns).contains(&wide) && (1..=rows).contains(&high),
                    "{width}x{height} in {columns}x{rows}"
                );
            }
        }
        assert_eq!(Picture::new(2, 2, vec![[0; 3]; 3]), None);
        assert_eq!(Picture::new(0, 0, Vec::new()), None);
    }

    #[test]
    fn a_part_is_the_mean_of_its_points_and_every_point_is_in_one() {
        let points = (0..16_u8).map(|at| [at * 10, 0, 255]).collect();
        let picture = Picture::new(4, 4, points).unwrap();
        assert_eq!(picture.mean((0, 4), (0, 4)), [0, 0, 255]);
        assert_eq!(picture.mean((3, 4), (3, 4)), [150, 0, 255]);
        assert_eq!(picture.mean((0, 2), (0, 2)), [25, 0, 255], "of 0, 10, 40 and 50");
        assert_eq!(picture.mean((0, 1), (0, 1)), [75, 0, 255]);
        let _ = picture.mean((299, 300), (99, 100));
    }
}
