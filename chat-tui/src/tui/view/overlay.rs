//! What is in front of the timeline: help, a person, a list of members; something to choose from.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier, Style};

use super::paint::{Pen, columns};
use super::theme::Sign;
use super::{Hits, Theme};
use crate::clean::{self, Clean};
use crate::tui::core::geometry::Area;
use crate::tui::core::picker::{Goal, Picker};
use crate::tui::core::picture::Picture;
use crate::tui::core::pointer::Spot;
use crate::tui::core::{Overlay, WhichKey};
use crate::tui::view::wrap::wrap;

pub(super) fn draw(overlay: &Overlay, theme: &Theme, area: Area, buffer: &mut Buffer) {
    let title = clean::line(&overlay.title);
    Pen::new(buffer, area, 0).centered(title.as_str(), theme.sign(Sign::Across), theme.strong);
    if let Some(picture) = &overlay.picture {
        let inside = Area { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
        self::picture(picture, theme, inside, buffer);
    }
    let mut row = 1;
    for line in overlay.lines.iter().skip(overlay.scroll) {
        let line = clean::line(line);
        for range in wrap(line.as_str(), area.width.saturating_sub(2)) {
            if row + 1 >= area.height {
                break;
            }
            let mut pen = Pen::new(buffer, area, row);
            pen.skip(1);
            pen.foreign(&clean::line(&line.as_str()[range]), theme.text);
            row += 1;
        }
    }
    if area.height > 1 {
        Pen::new(buffer, area, area.height - 1).centered("Esc closes", theme.sign(Sign::Across), theme.dim);
    }
}

/// Draws a picture: half blocks, an upper and a lower point in each cell; without colours, signs from dark to light.
fn picture(picture: &Picture, theme: &Theme, area: Area, buffer: &mut Buffer) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let (columns, rows) = picture.fit(area.width, area.height);
    let left = (area.width - columns) / 2;
    for row in 0..rows {
        let mut pen = Pen::new(buffer, area, row);
        pen.skip(left);
        for column in 0..columns {
            let point = |half: u16| picture.mean((column, columns), (2 * row + half, 2 * rows));
            let color = |[red, green, blue]: [u8; 3]| Color::Rgb(red, green, blue);
            if theme.has_colors() && !theme.is_ascii() {
                pen.own("▀", Style::new().fg(color(point(0))).bg(color(point(1))));
            } else {
                let [red, green, blue] = picture.mean((column, columns), (row, rows)).map(usize::from);
                // What an eye makes of the three: ITU-R BT.601.
                let light = (299 * red + 587 * green + 114 * blue) / 1_000;
                let sign = SHADES[light * SHADES.len() / 256];
                pen.own(sign, theme.text);
            }
        }
    }
}

/// Signs from dark to light.
const SHADES: [&str; 10] = [" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"];

/// Draws what may follow the keys typed so far, at the bottom of an area. False if there is no place for it.
pub(super) fn following(known: &WhichKey, theme: &Theme, area: Area, buffer: &mut Buffer) -> bool {
    let words: Vec<(Clean<'_>, &str)> =
        known.next.iter().map(|(keys, action)| (clean::line(keys), action.described().1)).collect();
    let wide = |(keys, what): &(Clean<'_>, &str)| columns(keys) + columns(&clean::line(what)) + 1;
    let column = words.iter().map(wide).max().unwrap_or(0) + 3;
    let beside = (area.width / column).max(1);
    let rows = u16::try_from(words.len()).unwrap_or(u16::MAX).div_ceil(beside);
    if rows + 2 > area.height || column > area.width {
        return false;
    }
    let area = Area { y: area.y + area.height - rows - 1, height: rows + 1, ..area };
    let title = format!(" {}{} ", known.typed, theme.words("…", "..."));
    Pen::new(buffer, area, 0).fill(theme.sign(Sign::Across), theme.border);
    Pen::new(buffer, area, 0).centered(clean::line(&title).as_str(), theme.sign(Sign::Across), theme.strong);
    for row in 1..=rows {
        Pen::new(buffer, area, row).fill(" ", theme.text);
        let mut pen = Pen::new(buffer, area, row);
        let from = usize::from((row - 1) * beside);
        for (nth, (keys, what)) in (1..).zip(words.iter().skip(from).take(usize::from(beside))) {
            pen.skip(1);
            pen.foreign(keys, theme.key);
            pen.own(" ", theme.hint);
            pen.own(what, theme.hint);
            pen.until_left(area.width.saturating_sub(column * nth));
        }
    }
    true
}

/// Draws something to choose from, and says where the cursor of what is typed is.
pub(super) fn picker(
    picker: &Picker,
    keys: &str,
    theme: &Theme,
    area: Area,
    buffer: &mut Buffer,
    hits: &mut Hits,
) -> Position {
    Pen::new(buffer, area, 0).centered(clean::line(&picker.title).as_str(), theme.sign(Sign::Across), theme.strong);
    let mut top = 1;
    let mut cursor = area.x + 1;
    if !picker.has_letters() {
        let mut pen = Pen::new(buffer, area, top);
        pen.own(" > ", theme.strong);
        let typed = clean::line(&picker.typed);
        let left = pen.left().saturating_sub(1);
        pen.fitted(&typed, left, theme.text);
        cursor = area.x + 3 + columns(&typed).min(left);
        top += 1;
    }
    // What is said of all of it leaves half of the place to what is chosen from.
    for line in &picker.head {
        let line = clean::line(line);
        for range in wrap(line.as_str(), area.width.saturating_sub(2)) {
            if top >= area.height / 2 {
                break;
            }
            let mut pen = Pen::new(buffer, area, top);
            pen.skip(1);
            pen.foreign(&clean::line(&line.as_str()[range]), theme.text);
            top += 1;
        }
    }
    let rows = usize::from(area.height.saturating_sub(top + 1));
    let first = (picker.chosen() + 1).saturating_sub(rows);
    let places = picker.shown().enumerate().skip(first);
    let mut at = top.min(area.height);
    for (row, (place, (item, chosen))) in (top..area.height.saturating_sub(1)).zip(places) {
        hits.add(Area { y: area.y + row, height: 1, ..area }, Spot::Item(place));
        let denied = matches!(item.goal, Goal::Denied(_));
        let style = match (chosen, denied) {
            (true, _) => theme.selection,
            (false, true) => theme.dim,
            (false, false) => theme.text,
        };
        let mut pen = Pen::new(buffer, area, row);
        if chosen {
            at = row;
            pen.fill(" ", style);
        }
        let mut pen = Pen::new(buffer, area, row);
        pen.skip(1);
        let detail = clean::line(&item.detail);
        let name = clean::line(&item.name);
        // What there is to say stands at the right: what the name leaves, and of a long name a third of the row.
        let free = pen.left().saturating_sub(columns(&name) + 3).max(pen.left() / 3);
        let beside = columns(&detail).min(free);
        let left = pen.left().saturating_sub(beside + 3);
        let end = pen.left().saturating_sub(left);
        let text = name.as_str();
        let marked = picker.find().and_then(|find| find.marked(text)).unwrap_or(text.len()..text.len());
        let found = style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        for (part, style) in [(0..marked.start, style), (marked.clone(), found), (marked.end..text.len(), style)] {
            let left = pen.left().saturating_sub(end);
            pen.fitted(&clean::line(&text[part]), left, style);
        }
        pen.until_left(beside + 1);
        pen.fitted(&detail, beside, if chosen { style } else { theme.dim });
    }
    if area.height > 1 {
        Pen::new(buffer, area, area.height - 1).centered(keys, theme.sign(Sign::Across), theme.dim);
    }
    let row = if picker.has_letters() { at } else { 1 };
    let last = (buffer.area.width.saturating_sub(1), buffer.area.height.saturating_sub(1));
    Position { x: cursor.min(last.0), y: (area.y + row).min(last.1) }
}
