//! The single lines around the timeline: header, status, rule, hint.

use std::time::Duration;

use ratatui::buffer::Buffer;

use super::Theme;
use super::paint::{Pen, columns};
use super::theme::Sign;
use crate::clean::{self, Clean};
use crate::client::LinkState;
use crate::tui::core::geometry::Area;
use crate::tui::core::{Model, hotlist};

/// Columns from which the header and the status say more.
const WIDE: u16 = 100;

/// Columns from which the header shows members and the own name.
const MEDIUM: u16 = 60;

pub(super) fn header(model: &Model, theme: &Theme, area: Area, buffer: &mut Buffer) {
    let (connection, broken) = connection(model, theme);
    let mut right = String::new();
    if let Some(room) = model.room().filter(|_| area.width >= MEDIUM) {
        let unit = match (area.width >= WIDE, room.members_total) {
            (false, _) => "",
            (true, 1) => " member",
            (true, _) => " members",
        };
        right.push_str(&format!("{}{unit}  ", room.members_total));
    }
    let name = if area.width >= MEDIUM { format!("  {}", model.account.me.name) } else { String::new() };
    let (members, name) = (clean::line(&right), clean::line(&name));
    let connection = clean::line(&connection);
    let wide = columns(&members) + columns(&connection) + columns(&name) + 1;
    let mut pen = Pen::new(buffer, area, 0);
    pen.skip(1);
    if model.current.is_some() {
        let room = format!("#{}", model.room_name());
        let room = clean::line(&room);
        let space = pen.left().saturating_sub(wide + 1);
        pen.fitted(&room, space, theme.strong);
        pen.skip(2);
        let topic = model.room().map_or("", |room| &room.topic);
        let space = pen.left().saturating_sub(wide + 1);
        pen.fitted(&clean::line(topic), space, theme.text);
    } else {
        let space = pen.left().saturating_sub(wide + 1);
        pen.fitted(&clean::line(model.server_name()), space, theme.strong);
    }
    pen.until_left(wide);
    pen.foreign(&members, theme.dim);
    pen.foreign(&connection, if broken { theme.error } else { theme.dim });
    pen.foreign(&name, theme.strong);
}

/// Where the connection stands, and whether that is bad.
fn connection(model: &Model, theme: &Theme) -> (String, bool) {
    let dots = theme.words("…", "...");
    match &model.link.state {
        LinkState::Connecting => (format!("connecting{dots}"), true),
        LinkState::Online => (model.round_trip.map_or_else(|| "online".to_owned(), milliseconds), false),
        LinkState::Waiting { .. } => {
            let left = model.link.retry_at.saturating_sub(model.now.mono);
            let seconds = left.as_millis().div_ceil(1_000);
            (if seconds == 0 { format!("offline, retrying{dots}") } else { format!("offline, retry {seconds}s") }, true)
        }
    }
}

fn milliseconds(time: Duration) -> String {
    match time.as_millis() {
        0 => "<1 ms".to_owned(),
        millis => format!("{millis} ms"),
    }
}

pub(super) fn status(model: &Model, theme: &Theme, area: Area, buffer: &mut Buffer) {
    let hot = active(model, area.width);
    let hot = clean::line(&hot);
    let wide = columns(&hot).min(area.width / 2 + area.width / 4);
    let mut pen = Pen::new(buffer, area, 0);
    pen.skip(1);
    let space = pen.left().saturating_sub(wide + 2);
    if model.composer().completion.is_some() {
        candidates(model, theme, &mut pen, space);
    } else {
        let (text, style) = left_words(model, theme);
        pen.fitted(&clean::line(&text), space, style);
    }
    if wide > 0 {
        pen.until_left(wide + 1);
        pen.fitted(&hot, wide, theme.unread);
    }
}

fn left_words(model: &Model, theme: &Theme) -> (String, ratatui::style::Style) {
    if let Some(notice) = &model.notice {
        return (notice.text.clone(), if notice.error { theme.error } else { theme.strong });
    }
    let Some(room) = model.room() else { return (String::new(), theme.dim) };
    let refused = room.timeline.pending().iter().filter(|message| message.refused.is_some()).count();
    if refused > 0 && room.composer.is_empty() {
        let sign = theme.sign(Sign::Failed);
        return (format!("{sign} {refused} not sent: Enter retries, Esc takes it back"), theme.error);
    }
    if let LinkState::Waiting { reason, .. } = &model.link.state {
        return (reason.clone(), theme.error);
    }
    if !room.timeline.follows() && !room.timeline.is_empty() {
        return (format!("{} Alt-End goes to the newest message", theme.sign(Sign::More)), theme.strong);
    }
    let names: Vec<&str> = model.typing().collect();
    let dots = theme.words("…", "...");
    let text = match names.as_slice() {
        [] => String::new(),
        [name] => format!("{name} is typing{dots}"),
        [first, second] => format!("{first}, {second} are typing{dots}"),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more are typing{dots}", rest.len()),
    };
    (text, theme.dim)
}

fn candidates(model: &Model, theme: &Theme, pen: &mut Pen<'_>, columns_max: u16) {
    let end = pen.left().saturating_sub(columns_max);
    for (candidate, chosen) in model.composer().completion.iter().flat_map(|going| going.candidates()) {
        let candidate: Clean<'_> = clean::line(candidate.trim_end());
        if pen.left() < end + columns(&candidate) + 1 {
            break;
        }
        pen.foreign(&candidate, if chosen { theme.selection } else { theme.text });
        pen.skip(1);
    }
}

/// Rooms with something new: `act 2:#dev @2,41 5:#random 3`, or shorter.
fn active(model: &Model, width: u16) -> String {
    let rooms: Vec<String> = hotlist(model)
        .iter()
        .map(|line| {
            let name = if width >= WIDE { format!("#{} ", line.name) } else { String::new() };
            let mentions = if line.mentions > 0 { format!("@{},", line.mentions) } else { String::new() };
            format!("{}:{name}{mentions}{}", line.number, line.unread)
        })
        .collect();
    if rooms.is_empty() || width < MEDIUM {
        return rooms.join(" ");
    }
    format!("act {}", rooms.join(" "))
}

pub(super) fn rule(model: &Model, theme: &Theme, area: Area, buffer: &mut Buffer) {
    let style = if model.focused { theme.text } else { theme.dim };
    Pen::new(buffer, area, 0).fill(theme.sign(Sign::Across), style);
}

pub(super) fn hint(_model: &Model, theme: &Theme, area: Area, buffer: &mut Buffer) {
    let mut pen = Pen::new(buffer, area, 0);
    pen.skip(1);
    for (key, what) in HINTS {
        let wide = u16::try_from(key.len() + what.len() + 3).unwrap_or(u16::MAX);
        if pen.left() < wide {
            break;
        }
        pen.own(key, theme.strong);
        pen.skip(1);
        pen.own(what, theme.dim);
        pen.skip(2);
    }
}

const HINTS: [(&str, &str); 7] = [
    ("Enter", "send"),
    ("Tab", "complete"),
    ("PgUp", "read back"),
    ("Ctrl-N", "next room"),
    ("Alt-A", "next active"),
    ("F1", "help"),
    ("Ctrl-Q", "leave"),
];
