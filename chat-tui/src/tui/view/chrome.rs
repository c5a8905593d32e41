//! The single lines around the timeline: header, status, rule, hint.

use std::time::Duration;

use ratatui::buffer::Buffer;

use super::paint::{Pen, columns};
use super::theme::Sign;
use super::width::{fit, width};
use super::{Hits, Theme};
use crate::clean::{self, Clean};
use crate::client::LinkState;
use crate::tui::core::Reverse;
use crate::tui::core::geometry::Area;
use crate::tui::core::keymap::{Action, Deed};
use crate::tui::core::markup;
use crate::tui::core::pointer::Spot;
use crate::tui::core::{Intent, Model, RoomKey, RoomState, hotlist};
use crate::tui::term::links::Links;

/// Columns from which the header and the status say more.
const WIDE: u16 = 100;

/// Columns from which the header shows members and the own name.
const MEDIUM: u16 = 60;

pub(super) fn header(model: &Model, theme: &Theme, area: Area, buffer: &mut Buffer, links: &mut Links) {
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
    let name = if area.width >= MEDIUM { format!("  {}", model.here().account.me.name) } else { String::new() };
    let (members, name) = (clean::line(&right), clean::line(&name));
    let connection = clean::line(&connection);
    let wide = columns(&members) + columns(&connection) + columns(&name) + 1;
    let mut pen = Pen::new(buffer, area, 0);
    pen.skip(1);
    if model.current().is_some() {
        let room = model.room_label();
        let room = clean::line(&room);
        let space = pen.left().saturating_sub(wide + 1);
        pen.fitted(&room, space, theme.room);
        pen.skip(2);
        let topic = model.room().map_or("", |room| &room.topic);
        let (topic, space) = (clean::line(topic), pen.left().saturating_sub(wide + 1));
        let (x, y) = pen.at();
        pen.fitted(&topic, space, theme.topic);
        for link in markup::links(topic.as_str()) {
            let before = width(&topic.as_str()[..link.start]);
            let link = &topic.as_str()[link];
            links.add(x.saturating_add(before), y, width(link).min(space.saturating_sub(before)), link);
        }
    } else {
        let space = pen.left().saturating_sub(wide + 1);
        pen.fitted(&clean::line(model.here().name()), space, theme.room);
    }
    pen.until_left(wide);
    pen.foreign(&members, theme.connection);
    pen.foreign(&connection, if broken { theme.error } else { theme.connection });
    pen.foreign(&name, theme.own);
}

/// Where the connection stands, and whether that is bad.
fn connection(model: &Model, theme: &Theme) -> (String, bool) {
    let dots = theme.words("…", "...");
    let link = &model.here().link;
    match &link.state {
        LinkState::Connecting => (format!("connecting{dots}"), true),
        LinkState::Online => (model.here().round_trip.map_or_else(|| "online".to_owned(), milliseconds), false),
        LinkState::Waiting { .. } if model.here().ended.is_some() => ("offline".to_owned(), true),
        LinkState::Waiting { .. } => {
            let left = link.retry_at.saturating_sub(model.now.mono);
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

pub(super) fn status(model: &Model, theme: &Theme, area: Area, listed: bool, buffer: &mut Buffer, hits: &mut Hits) {
    let hot = active(model, area.width);
    let wide: u16 = hot.iter().map(|(_, piece)| columns(piece)).sum();
    let wide = wide.min(area.width / 2 + area.width / 4);
    let mut pen = Pen::new(buffer, area, 0);
    pen.skip(1);
    let space = pen.left().saturating_sub(wide + 2);
    if !listed && model.geometry().hint.is_none() && model.which_key().is_some() {
        let left = pen.left() - space;
        which_key(model, theme, &mut pen, left);
    } else if model.composer().completion.is_some() {
        candidates(model, theme, &mut pen, space);
    } else {
        let (text, style) = left_words(model, theme);
        pen.fitted(&clean::line(&text), space, style);
    }
    if wide > 0 {
        pen.until_left(wide + 1);
        let mut left = wide;
        for (room, piece) in &hot {
            let (shown, columns) = fit(piece, left);
            if let Some(room) = room {
                hits.add_from(&pen, columns, Spot::Room(*room));
            }
            pen.foreign(&clean::line(&shown), theme.activity);
            left -= columns;
        }
    }
}

fn left_words(model: &Model, theme: &Theme) -> (String, ratatui::style::Style) {
    if let Some(Reverse { words, found, .. }) = &model.reverse {
        let what = if *found { "a line sent before with" } else { "no line sent before has" };
        return (format!("{what}: {words}"), if *found { theme.strong } else { theme.error });
    }
    if let Some(notice) = &model.notice {
        return (notice.text.clone(), if notice.error { theme.error } else { theme.notice });
    }
    let Some(room) = model.room() else { return (String::new(), theme.dim) };
    if let Some(words) = answering(room) {
        return (words, theme.strong);
    }
    if let Some(words) = transfers(model, theme) {
        return (words, theme.strong);
    }
    let refused = room.timeline.pending().iter().filter(|message| message.refused.is_some()).count();
    if refused > 0 && room.composer.is_empty() {
        let sign = theme.sign(Sign::Failed);
        return (format!("{sign} {refused} not sent: Enter retries, Esc takes it back"), theme.failed);
    }
    if let LinkState::Waiting { reason, .. } = &model.here().link.state {
        return (reason.clone(), theme.error);
    }
    if !room.timeline.follows() && !room.timeline.is_empty() {
        let key = model.prefs.keys.shown(model.contexts(), Action::Newest);
        let how = key.map(|key| format!("{key} goes to the newest message"));
        let how = how.unwrap_or_else(|| "newer messages are below".to_owned());
        return (format!("{} {how}", theme.sign(Sign::More)), theme.strong);
    }
    let names: Vec<&str> = model.typing().collect();
    let dots = theme.words("…", "...");
    let text = match names.as_slice() {
        [] => String::new(),
        [name] => format!("{name} is typing{dots}"),
        [first, second] => format!("{first}, {second} are typing{dots}"),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more are typing{dots}", rest.len()),
    };
    (text, theme.typing)
}

/// The file that was begun last, how far it is, and how many others are on their way.
fn transfers(model: &Model, theme: &Theme) -> Option<String> {
    let moving = model.transfers.last()?;
    let more = match model.transfers.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let Some(percent) = moving.percent() else { return Some(format!("{}{more}", moving.words())) };
    let done = usize::from(percent) * BAR / 100;
    let (full, rest) = (theme.words("━", "=").repeat(done), theme.words("┄", "-").repeat(BAR - done));
    Some(format!("{full}{rest} {percent} % {}{more}", moving.words()))
}

/// Columns of a bar of progress.
const BAR: usize = 20;

/// What is answered or edited.
fn answering(room: &RoomState) -> Option<String> {
    let (what, seq) = match room.intent {
        Intent::Say => return None,
        Intent::Reply(seq) => ("answering", seq),
        Intent::Edit(seq) => ("editing", seq),
    };
    let name = room.timeline.event(seq).and_then(|event| event.body.message()).map_or("", |message| message.name);
    let words = room.timeline.words(seq).unwrap_or_default();
    Some(format!("{what} {name}: {} (Esc: no)", words.lines().next().unwrap_or_default()))
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

/// Rooms with something new: `act 2:#dev @2,41 5:#random 3`, or shorter; each with what it leads to.
fn active(model: &Model, width: u16) -> Vec<(Option<RoomKey>, Clean<'static>)> {
    let mut pieces = Vec::new();
    for line in hotlist(model) {
        let before = match (pieces.is_empty(), width >= MEDIUM) {
            (true, true) => "act ",
            (true, false) => "",
            (false, _) => " ",
        };
        let name = if width >= WIDE { format!("{} ", line.label) } else { String::new() };
        let mentions = if line.mentions > 0 { format!("@{},", line.mentions) } else { String::new() };
        let piece = format!("{}:{name}{mentions}{}", line.number, line.unread);
        pieces.extend([(None, clean::line(before)), (Some(line.key), clean::line(&piece).into_owned())]);
    }
    pieces
}

pub(super) fn rule(model: &Model, theme: &Theme, area: Area, buffer: &mut Buffer) {
    let style = if model.focused { theme.rule } else { theme.rule_idle };
    Pen::new(buffer, area, 0).fill(theme.sign(Sign::Across), style);
}

pub(super) fn hint(model: &Model, theme: &Theme, area: Area, buffer: &mut Buffer) {
    let mut pen = Pen::new(buffer, area, 0);
    pen.skip(1);
    if model.which_key().is_some() {
        return which_key(model, theme, &mut pen, 0);
    }
    let keys = &model.prefs.keys;
    let hints: &[(Action, &str)] = if model.selected.is_some() { &SELECTING } else { &HINTS };
    for (action, what) in hints {
        if let Some(key) = keys.shown(model.contexts(), *action)
            && !pair(&mut pen, &key, what, theme, 0)
        {
            break;
        }
    }
}

/// What may follow the keys typed so far; at least `left` columns stay free.
fn which_key(model: &Model, theme: &Theme, pen: &mut Pen<'_>, left: u16) {
    let Some(known) = model.which_key() else { return };
    pen.foreign(&clean::line(&known.typed), theme.strong);
    pen.own(theme.words("…", "..."), theme.strong);
    pen.skip(2);
    for (keys, action) in known.next {
        if !pair(pen, &keys, action.described().1, theme, left) {
            break;
        }
    }
}

/// A key and what it does, if there is room for both.
fn pair(pen: &mut Pen<'_>, key: &str, what: &str, theme: &Theme, left: u16) -> bool {
    let key = clean::line(key);
    let wide = columns(&key) + columns(&clean::line(what)) + 3;
    if pen.left() < left + wide {
        return false;
    }
    pen.foreign(&key, theme.key);
    pen.skip(1);
    pen.own(what, theme.hint);
    pen.skip(2);
    true
}

const SELECTING: [(Action, &str); 8] = [
    (Action::Chosen(Deed::Before), "before"),
    (Action::Chosen(Deed::Reply), "answer"),
    (Action::Chosen(Deed::React), "react"),
    (Action::Chosen(Deed::Edit), "edit"),
    (Action::Chosen(Deed::Delete), "remove"),
    (Action::Chosen(Deed::Pin), "pin"),
    (Action::Chosen(Deed::Info), "more"),
    (Action::Escape, "write"),
];

const HINTS: [(Action, &str); 8] = [
    (Action::Enter, "send"),
    (Action::Complete { back: false }, "complete"),
    (Action::Help, "help"),
    (Action::PageUp, "read back"),
    (Action::Step { back: false }, "next room"),
    (Action::NextActive, "next active"),
    (Action::Escape, "select"),
    (Action::Quit, "leave"),
];
