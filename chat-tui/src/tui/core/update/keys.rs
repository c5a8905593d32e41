//! Keys and pasted text.

use std::time::Duration;

use chat_proto::limits::POST_BYTES_MAX;

use super::{
    command, complete, copy, filters, find, message, notice, order, outbox, picker, reverse, room, select, travel,
    windows,
};
use crate::tui::core::command::{Ask, Way};
use crate::tui::core::effect::{Effect, Effects, Errand};
use crate::tui::core::find::Reach;
use crate::tui::core::geometry::Panes;
use crate::tui::core::keymap::{Action, Toggle};
use crate::tui::core::model::Model;
use crate::tui::core::room_state::Intent;
use crate::tui::core::server::RoomKey;
use crate::tui::core::timeline::Scroll;
use crate::tui::term::key::Key;

/// How long the first Ctrl-C waits for the second.
const QUIT_ARMED: Duration = Duration::from_secs(3);

/// How long leaving with messages that are not sent waits to be told so again.
const LEAVE_ASKED: Duration = Duration::from_secs(10);

/// How often it is told that the person is writing.
const TYPING_EVERY: Duration = Duration::from_secs(2);

/// Does what a key does, or types it.
pub(super) fn press(model: &mut Model, key: Key, action: Option<Action>, effects: &mut Effects) {
    effects.dirty = true;
    model.notice = model.notice.take().filter(|notice| notice.holds > model.now.mono);
    let armed = std::mem::take(&mut model.quit_until) > model.now.mono;
    let asked = std::mem::take(&mut model.send_asked);
    if model.reading.digits.is_some() && travel::press_number(model, key, action, effects) {
        return;
    }
    if model.picker.is_some() && picker::press(model, key, action, effects) {
        return;
    }
    if model.reverse.is_some() && reverse::press(model, key, action) {
        return;
    }
    if model.overlay.is_some() && overlay(model, action) {
        return;
    }
    if model.selected.is_some() && select::press(model, key, action, effects) {
        return;
    }
    match action {
        Some(Action::Interrupt) => interrupt(model, armed, effects),
        Some(Action::Enter) if !asked && many_lines(model, effects) => {}
        Some(action) => act(model, action, effects),
        None => {
            if let Some(c) = key.typed() {
                write(model, c.encode_utf8(&mut [0; 4]), effects);
            }
        }
    }
}

pub(super) fn paste(model: &mut Model, text: &str, effects: &mut Effects) {
    effects.dirty = true;
    model.overlay = None;
    if let Some(secret) = &mut model.secret {
        return secret.insert(text);
    }
    if let Some(picker) = &mut model.picker {
        picker.insert(text);
        return find::changed(model);
    }
    write(model, text, effects);
    let lines = text.lines().count();
    let (composer, _) = model.composer_mut();
    composer.pasted_lines = composer.pasted_lines.max(lines);
}

/// What came back from the editor takes the place of what was written.
pub(super) fn edited(model: &mut Model, text: &str, effects: &mut Effects) {
    effects.dirty = true;
    model.composer_mut().0.set("");
    write(model, text, effects);
}

/// Asks before a piece of many lines that was pasted is sent. Returns whether it did.
fn many_lines(model: &mut Model, effects: &mut Effects) -> bool {
    let (composer, most) = (model.composer(), model.prefs.paste_lines);
    let lines = composer.text().lines().count();
    if composer.pasted_lines <= most || lines <= most || most == 0 {
        return false;
    }
    model.send_asked = true;
    let key = model.prefs.keys.shown(model.contexts(), Action::Enter).unwrap_or_default();
    notice(model, effects, false, format!("{lines} lines were pasted; {key} again sends them as one message"));
    true
}

/// The person stopped writing in the room being looked at.
pub(super) fn typing_stops(model: &mut Model, effects: &mut Effects) {
    if let Some((RoomKey { server, room }, _)) = model.typing_sent.take() {
        effects.send(server, Errand::Typing { room, active: false });
    }
}

fn write(model: &mut Model, text: &str, effects: &mut Effects) {
    let (composer, _) = model.composer_mut();
    if !composer.insert(text) {
        notice(model, effects, true, format!("a message has at most {POST_BYTES_MAX} bytes; the rest was left out"));
    }
    let silent = !model.prefs.typing || model.composer().text().starts_with('/');
    let Some(key) = model.current().filter(|_| !silent) else { return };
    let recent = model.typing_sent.is_some_and(|(where_, at)| where_ == key && model.now.mono < at + TYPING_EVERY);
    if !recent {
        model.typing_sent = Some((key, model.now.mono));
        effects.send(key.server, Errand::Typing { room: key.room, active: true });
    }
}

/// Keys of what is in front. Returns whether the key was one; any other closes it and does what it does.
fn overlay(model: &mut Model, action: Option<Action>) -> bool {
    let page = usize::from(model.geometry().timeline.height.saturating_sub(3)).max(1);
    let Some(overlay) = &mut model.overlay else { return false };
    let last = overlay.lines.len().saturating_sub(page);
    match action {
        Some(Action::Up) => overlay.scroll = overlay.scroll.saturating_sub(1),
        Some(Action::Down) => overlay.scroll = (overlay.scroll + 1).min(last),
        Some(Action::PageUp) => overlay.scroll = overlay.scroll.saturating_sub(page),
        Some(Action::PageDown) => overlay.scroll = (overlay.scroll + page).min(last),
        Some(Action::Redraw) => return false,
        Some(Action::Escape | Action::Enter | Action::Help | Action::Interrupt) => model.overlay = None,
        Some(_) | None => {
            model.overlay = None;
            return false;
        }
    }
    true
}

pub(super) fn act(model: &mut Model, action: Action, effects: &mut Effects) {
    let width = model.composer_columns().1;
    let page = model.front().area.height.saturating_sub(1).max(1);
    let (composer, kills) = model.composer_mut();
    match action {
        Action::Enter => enter(model, effects),
        Action::Newline => write(model, "\n", effects),
        Action::Go(span) => composer.go(span),
        Action::Delete(span) => composer.delete(span),
        Action::Kill(span) => composer.kill(span, kills),
        Action::Yank => composer.yank(kills),
        Action::YankPop => composer.yank_pop(kills),
        Action::Transpose => composer.transpose(),
        Action::Undo => composer.undo(),
        Action::Redo => composer.redo(),
        Action::SearchSent => reverse::begin(model),
        Action::Sent { newer } => reverse::browse(model, newer),
        Action::Edit => effects.push(Effect::Edit(composer.text().to_owned())),
        Action::Complete { back } => complete::tab(model, back),
        Action::Up if !composer.go_row(false, width) => composer.older(),
        Action::Down if !composer.go_row(true, width) => composer.newer(),
        Action::Up | Action::Down => {}
        Action::Interrupt => {}
        Action::Escape => escape(model, effects),
        Action::Step { back } => room::step(model, back, effects),
        Action::Room(number) => room::number(model, number, effects),
        Action::NextActive => room::next_active(model, effects),
        Action::LastRoom => room::last(model, effects),
        Action::PageUp => room::scroll(model, Scroll::Up(page), effects),
        Action::PageDown => room::scroll(model, Scroll::Down(page), effects),
        Action::HalfUp => room::scroll(model, Scroll::Up((page / 2).max(1)), effects),
        Action::HalfDown => room::scroll(model, Scroll::Down((page / 2).max(1)), effects),
        Action::ScrollUp => room::scroll(model, Scroll::Up(3), effects),
        Action::ScrollDown => room::scroll(model, Scroll::Down(3), effects),
        Action::Oldest => room::scroll(model, Scroll::Top, effects),
        Action::Newest => room::scroll(model, Scroll::Bottom, effects),
        Action::FirstUnread => room::first_unread(model, effects),
        Action::Toggle(what) => toggle(model, what, effects),
        Action::Copy => copy::newest_shown(model, effects),
        // Without a chosen message, or something that is looked for, there is nothing to do it with.
        Action::Chosen(_) | Action::FindRegex | Action::FindCase => {}
        Action::Move { up } => order::act(model, if up { Way::Up } else { Way::Down }, effects),
        Action::Window(deed) => windows::act(model, deed, effects),
        Action::Switch => picker::switcher(model),
        Action::Select => select::begin(model, effects),
        Action::Mentions => {
            if let Err(why) = command::ask(model, Ask::Mentions, effects) {
                notice(model, effects, true, why);
            }
        }
        Action::Outbox => outbox::show(model, effects),
        Action::RoomForm => picker::ask_form(model, effects),
        Action::Find => find::begin(model, "", Reach::Loaded, effects),
        Action::Travel(to) => travel::travel(model, to, effects),
        Action::Help => command::help(model),
        Action::Redraw => effects.push(Effect::Redraw),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Quit => quit(model, effects),
    }
    if model.composer().is_empty() {
        typing_stops(model, effects);
    }
}

/// Shows something, or hides it again.
pub(super) fn toggle(model: &mut Model, what: Toggle, effects: &mut Effects) {
    match what {
        Toggle::Rooms => {
            let shown = model.geometry().rooms.is_some();
            model.panes = Panes { rooms: Some(!shown), ..model.panes };
        }
        Toggle::Members => {
            let shown = model.geometry().members.is_some();
            model.panes = Panes { members: Some(!shown), ..model.panes };
        }
        Toggle::Mouse => {
            model.mouse = !model.mouse;
            let whose = if model.mouse { "the mouse points here" } else { "the mouse is the terminal's" };
            notice(model, effects, false, whose);
        }
        Toggle::Bare => model.panes.bare = !model.panes.bare,
        Toggle::Filters => filters::switch(model, model.reading.unfiltered, effects),
    }
}

fn interrupt(model: &mut Model, armed: bool, effects: &mut Effects) {
    if armed {
        return effects.push(Effect::Quit);
    }
    let unsent = unsent(model).map_or(String::new(), |unsent| format!("; {unsent}"));
    let (composer, kills) = model.composer_mut();
    if composer.is_empty() {
        model.quit_until = model.now.mono + QUIT_ARMED;
        let key = model.prefs.keys.shown(model.contexts(), Action::Interrupt).unwrap_or_default();
        notice(model, effects, false, format!("press {key} again to leave{unsent}"));
    } else {
        composer.kill_all(kills);
        typing_stops(model, effects);
    }
}

/// Leaves; with messages that are not sent only when it is said again.
pub(super) fn quit(model: &mut Model, effects: &mut Effects) {
    let asked = std::mem::take(&mut model.leave_until) > model.now.mono;
    match unsent(model).filter(|_| !asked) {
        None => effects.push(Effect::Quit),
        Some(unsent) => {
            model.leave_until = model.now.mono + LEAVE_ASKED;
            notice(model, effects, false, format!("{unsent}; the same again leaves"));
        }
    }
}

/// What becomes of messages that are not sent yet; nothing if there are none.
fn unsent(model: &Model) -> Option<String> {
    let (waiting, refused) = outbox::unsent_everywhere(model);
    let waiting = match waiting {
        0 => None,
        1 => Some("1 message is not sent yet and will be next time".to_owned()),
        many => Some(format!("{many} messages are not sent yet and will be next time")),
    };
    let refused = (refused > 0).then(|| format!("{refused} refused by the server will be kept"));
    let words: Vec<String> = waiting.into_iter().chain(refused).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn enter(model: &mut Model, effects: &mut Effects) {
    if model.composer().text().trim().is_empty() {
        return retry(model, effects);
    }
    command::run_line(model, effects);
}

/// Sends what was refused in this room again.
fn retry(model: &mut Model, effects: &mut Effects) {
    let refused = model.room().into_iter().flat_map(|room| room.timeline.pending());
    let keys: Vec<_> = refused.filter(|message| message.refused.is_some()).map(|message| message.key).collect();
    keys.into_iter().for_each(|key| effects.send(model.server, Errand::Retry(key)));
}

/// Ends answering or editing; else takes the newest refused message of this room back into the empty line, or begins to choose
/// among messages.
fn escape(model: &mut Model, effects: &mut Effects) {
    let server = model.server;
    let greeting = message::greeting(model);
    let Some(room) = model.room_mut() else { return };
    match std::mem::take(&mut room.intent) {
        Intent::Edit(_) => return room.composer.clear(),
        Intent::Reply(_) if greeting.is_some_and(|words| words == room.composer.text()) => {
            return room.composer.clear();
        }
        Intent::Reply(_) => return,
        Intent::Say if !room.composer.is_empty() => return,
        Intent::Say => {}
    }
    let Some(message) = room.timeline.pending().iter().rfind(|message| message.refused.is_some()).cloned() else {
        return select::begin(model, effects);
    };
    room.timeline.unqueue(message.key, None);
    room.composer.set(&outbox::rewritten(&message));
    room.intent = message.reply_to.map_or(Intent::Say, Intent::Reply);
    effects.send(server, Errand::Discard(message.key));
}
