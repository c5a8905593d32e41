//! Where everything is on a screen of a size: one function for those who draw and those who page.

/// What the person switched; `None` goes by the width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// The list of rooms.
    pub rooms: Option<bool>,
    /// The list of members.
    pub members: Option<bool>,
    /// Only messages and the line being written: nothing stands beside the text, so that the terminal can select it.
    pub bare: bool,
}

/// How the screen is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Which lists are shown.
    pub panes: Panes,
    /// Whether there is a line of keys.
    pub hint: bool,
    /// Whether there is a line above what is being written.
    pub rule: bool,
    /// Columns of a message's text at most.
    pub text_max: u16,
    /// Whether there are several tabs, which are listed then.
    pub tabs: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self { panes: Panes::default(), hint: true, rule: true, text_max: TEXT_COLUMNS_MAX, tabs: false }
    }
}

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Columns from the left.
    pub x: u16,
    /// Rows from the top.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// Where everything is. What has no area isn't shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Geometry {
    /// Room, topic, connection, own name.
    pub header: Option<Area>,
    /// The list of rooms; its last column parts it from the timeline.
    pub rooms: Option<Area>,
    /// The tabs.
    pub tabs: Option<Area>,
    /// Messages: the windows, or what is in front of them.
    pub timeline: Area,
    /// The list of members; its first column parts it from the timeline.
    pub members: Option<Area>,
    /// Who is typing, where something is new.
    pub status: Option<Area>,
    /// The line above the composer.
    pub rule: Option<Area>,
    /// What is being written.
    pub composer: Area,
    /// A few keys.
    pub hint: Option<Area>,
}

/// Where everything is on a screen of `columns` and `rows`, with a composer that would like to have so many rows.
#[must_use]
pub fn geometry(columns: u16, rows: u16, layout: Layout, composer_rows: usize) -> Geometry {
    let panes = layout.panes;
    let composer_max = COMPOSER_ROWS_MAX.min(rows / 2).max(1);
    let composer_rows = u16::try_from(composer_rows).unwrap_or(u16::MAX).clamp(1, composer_max);
    let mut bottom = rows;
    let mut take = |shown: bool, height: u16| {
        let height = if shown { height.min(bottom) } else { 0 };
        bottom -= height;
        (height > 0).then_some(Area { x: 0, y: bottom, width: columns, height })
    };
    let hint = take(layout.hint && rows >= ROWS_FULL && !panes.bare, 1);
    let composer = take(true, composer_rows).unwrap_or_default();
    let rule = take(layout.rule && rows >= ROWS_FULL && !panes.bare, 1);
    let status = take(rows >= ROWS_STATUS, 1);
    let header = (rows >= ROWS_HEADER && !panes.bare).then_some(Area { x: 0, y: 0, width: columns, height: 1 });
    let below = u16::from(header.is_some());
    let tabs = (layout.tabs && header.is_some()).then_some(Area { x: 0, y: below, width: columns, height: 1 });
    let top = below + u16::from(tabs.is_some());
    let middle = bottom.saturating_sub(top);

    let rooms_width = if columns >= COLUMNS_WIDE { 22 } else { 16 };
    let shows_rooms = columns >= COLUMNS_GUTTER && !panes.bare && panes.rooms.unwrap_or(columns >= COLUMNS_ROOMS);
    let shows_members = columns >= COLUMNS_ROOMS && !panes.bare && panes.members.unwrap_or(columns >= COLUMNS_WIDE);
    let rooms = shows_rooms.then_some(Area { x: 0, y: top, width: rooms_width, height: middle });
    let members =
        shows_members.then(|| Area { x: columns - MEMBERS_WIDTH, y: top, width: MEMBERS_WIDTH, height: middle });
    let x = rooms.map_or(0, |area| area.width);
    let width = columns - x - members.map_or(0, |area| area.width);
    let timeline = Area { x, y: top, width, height: middle };
    Geometry { header, tabs, rooms, timeline, members, status, rule, composer, hint }
}

/// How messages are written in a window of a width, on a screen of so many columns: the columns of time and sender beside them,
/// without which both stand in the text, and the columns of the text.
#[must_use]
pub fn text_columns(columns: u16, width: u16, layout: Layout) -> (Option<u16>, u16) {
    let bare = layout.panes.bare;
    let gutter = (columns >= COLUMNS_GUTTER && width >= WINDOW_GUTTER && !bare)
        .then_some(if columns >= COLUMNS_WIDE && width >= COLUMNS_GUTTER { 20 } else { 18 });
    let margin = u16::from(gutter.is_some());
    let most = if bare { u16::MAX } else { layout.text_max.max(1) };
    (gutter, width.saturating_sub(gutter.unwrap_or(0) + margin).clamp(1, most))
}

/// The columns a prompt gets: all of its own, if the line being written has enough beside it.
#[must_use]
pub fn prompt_columns(columns: u16, prompt: u16) -> u16 {
    if columns >= COLUMNS_GUTTER && prompt <= columns / 3 { prompt } else { 2.min(columns.saturating_sub(1)) }
}

const COLUMNS_WIDE: u16 = 110;
const COLUMNS_ROOMS: u16 = 80;
const COLUMNS_GUTTER: u16 = 60;
/// Columns of a window from which time and sender stand beside the messages.
const WINDOW_GUTTER: u16 = 40;
const ROWS_FULL: u16 = 18;
const ROWS_HEADER: u16 = 10;
const ROWS_STATUS: u16 = 5;
const MEMBERS_WIDTH: u16 = 18;
/// Columns of a message's text at most, unless the person says otherwise.
pub const TEXT_COLUMNS_MAX: u16 = 100;
const COMPOSER_ROWS_MAX: u16 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_gives_areas_inside_the_screen() {
        for columns in 1..=300 {
            for rows in 1..=100 {
                for composer in [1, 5, 50] {
                    let all = Panes { rooms: Some(true), members: Some(true), bare: false };
                    for panes in [Panes::default(), all, Panes { bare: true, ..all }] {
                        let layout = Layout {
                            panes,
                            hint: composer > 1,
                            rule: composer < 50,
                            tabs: composer == 5,
                            ..Layout::default()
                        };
                        let g = geometry(columns, rows, layout, composer);
                        let areas = [g.header, g.tabs, g.rooms, Some(g.timeline), g.members, g.status, g.rule, g.hint];
                        for area in areas.into_iter().flatten().chain([g.composer]) {
                            assert!(area.x + area.width <= columns && area.y + area.height <= rows, "{columns}x{rows}");
                        }
                        let (gutter, text) = text_columns(columns, g.timeline.width, layout);
                        assert!(text >= 1 && g.composer.height >= 1, "{columns}x{rows}");
                        assert!(gutter.is_none_or(|gutter| gutter < g.timeline.width), "{columns}x{rows}");
                    }
                }
            }
        }
    }
}
