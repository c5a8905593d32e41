//! The rooms on the left, the members on the right.

use chat_proto::Presence;
use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::paint::{Pen, columns};
use super::theme::Sign;
use super::{Hits, Theme};
use crate::clean;
use crate::client::LinkState;
use crate::client::view::MemberView;
use crate::tui::core::geometry::Area;
use crate::tui::core::pointer::Spot;
use crate::tui::core::{ListRow, MemberGroup, Model, RoomLine, Server, first_room_row, member_groups, room_list};

/// Columns of the list from which it says more.
const WIDE: u16 = 20;

pub(super) fn rooms(model: &Model, theme: &Theme, area: Area, buffer: &mut Buffer, hits: &mut Hits) {
    hits.add(area, Spot::Rooms);
    border(theme, Area { x: area.x + area.width - 1, width: 1, ..area }, buffer);
    let area = Area { width: area.width - 1, ..area };
    let list = room_list(model);
    let first = first_room_row(model, &list, usize::from(area.height));
    for (row, entry) in (0..area.height).zip(&list[first..]) {
        match entry {
            ListRow::Server(id, name) => title(name, away(model.at(*id)), theme, area, row, buffer),
            ListRow::Direct => title("direct", "", theme, area, row, buffer),
            ListRow::Room(line) => {
                hits.add(Area { y: area.y + row, height: 1, ..area }, Spot::Room(line.key));
                room(line, theme, area, row, buffer);
            }
        }
    }
}

/// What the rooms below have in common.
fn title(text: &str, state: &str, theme: &Theme, area: Area, row: u16, buffer: &mut Buffer) {
    let mut pen = Pen::new(buffer, area, row);
    pen.own(theme.sign(Sign::Open), theme.dim);
    pen.own(" ", theme.dim);
    let state = clean::line(state);
    let wide = columns(&state);
    let left = pen.left().saturating_sub(wide + u16::from(wide > 0));
    pen.fitted(&clean::line(text), left, theme.dim);
    pen.until_left(wide);
    pen.foreign(&state, theme.error);
}

/// Why nothing comes from a server.
fn away(server: &Server) -> &'static str {
    match server.link.state {
        LinkState::Online => "",
        LinkState::Connecting => "…",
        LinkState::Waiting { .. } => "offline",
    }
}

fn room(line: &RoomLine<'_>, theme: &Theme, area: Area, row: u16, buffer: &mut Buffer) {
    let mut counts = String::new();
    if line.draft && !line.current {
        counts.push_str(theme.sign(Sign::Draft));
        counts.push(' ');
    }
    if line.mentions > 0 {
        counts.push_str(&format!("@{} ", line.mentions));
    }
    if line.unread > 0 {
        counts.push_str(&line.unread.to_string());
    } else if line.muted && area.width >= WIDE {
        counts.push_str("muted");
    }
    let counts = clean::line(&counts);
    let style = match (line.current, line.is_hot(), line.mentions > 0) {
        (true, _, _) => theme.selection,
        (false, true, true) => theme.mention,
        (false, true, false) => theme.unread,
        (false, false, _) if line.muted => theme.dim,
        (false, false, _) => theme.text,
    };
    let mut pen = Pen::new(buffer, area, row);
    if line.current {
        pen.fill(" ", style);
    }
    let mut pen = Pen::new(buffer, area, row);
    let number = if line.number < 100 { format!("{:2} ", line.number) } else { " · ".to_owned() };
    pen.own(&number, if line.current { style } else { theme.index });
    let wide = columns(&counts);
    if let Some(presence) = line.lamp {
        let (sign, lamp) = lamp(presence, theme);
        pen.own(theme.sign(sign), if line.current { style } else { lamp });
        pen.own(" ", style);
    }
    let name = if line.lamp.is_some() { line.label.trim_start_matches('@') } else { &line.label };
    let room = pen.left().saturating_sub(wide + u16::from(wide > 0) + 1);
    pen.fitted(&clean::line(name), room, style);
    pen.until_left(wide + 1);
    pen.foreign(&counts, style);
}

pub(super) fn members(model: &Model, theme: &Theme, area: Area, buffer: &mut Buffer, hits: &mut Hits) {
    hits.add(area, Spot::Members);
    border(theme, Area { width: 1, ..area }, buffer);
    let area = Area { x: area.x + 2, width: area.width.saturating_sub(2), ..area };
    let Some((room, state)) = model.room_view().zip(model.room()) else { return };
    let known: usize = room.members.len();
    let total = usize::try_from(state.members_total).unwrap_or(0).max(known);
    let groups = member_groups(room);
    let mut row = 0;
    let mut shown = 0;
    for (index, entry) in groups.iter().flat_map(entries).enumerate() {
        let last = row + 1 >= area.height;
        match entry {
            Entry::Member(_) if index < model.members_scrolled() => shown += 1,
            Entry::Title(_) if index < model.members_scrolled() => {}
            Entry::Title(_) if last => break,
            Entry::Member(_) if last && shown + 1 < total => break,
            Entry::Title(group) => {
                let title = format!("{} {}", group.title, group.members.len());
                Pen::new(buffer, area, row).own(&title, theme.dim);
                row += 1;
            }
            Entry::Member(view) => {
                hits.add(Area { y: area.y + row, height: 1, ..area }, Spot::Member(view.name.clone()));
                member(view, &model.here().called(&view.name), theme, area, row, buffer);
                (row, shown) = (row + 1, shown + 1);
            }
        }
    }
    if shown < total && area.height > 0 {
        let more = format!("{}+{}", theme.words("…", "..."), total - shown);
        Pen::new(buffer, area, row.min(area.height - 1)).own(&more, theme.dim);
    }
}

/// One line of the list.
enum Entry<'a> {
    Title(&'a MemberGroup<'a>),
    Member(&'a MemberView),
}

fn entries<'a>(group: &'a MemberGroup<'a>) -> impl Iterator<Item = Entry<'a>> {
    std::iter::once(Entry::Title(group)).chain(group.members.iter().map(|view| Entry::Member(view)))
}

fn member(view: &MemberView, called: &str, theme: &Theme, area: Area, row: u16, buffer: &mut Buffer) {
    let (sign, lamp) = lamp(view.presence, theme);
    let style = if view.presence == Presence::Offline { theme.offline } else { theme.text };
    let mut pen = Pen::new(buffer, area, row);
    pen.own(theme.sign(sign), lamp);
    pen.skip(1);
    let left = pen.left();
    pen.fitted(&clean::line(called), left, style);
}

fn lamp(presence: Presence, theme: &Theme) -> (Sign, Style) {
    match presence {
        Presence::Online => (Sign::Online, theme.online),
        Presence::Away => (Sign::Away, theme.away),
        Presence::Offline => (Sign::Offline, theme.offline),
    }
}

fn border(theme: &Theme, area: Area, buffer: &mut Buffer) {
    for row in 0..area.height {
        Pen::new(buffer, area, row).own(theme.sign(Sign::Down), theme.border);
    }
}
