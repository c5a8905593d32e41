//! A line that a program gives, taken as if the person had typed it, whatever he is writing and reading himself.

use chat_proto::Style;
use chat_proto::text::Text;

use super::command;
use crate::tui::core::command::{self as commands, Command, Here, Line};
use crate::tui::core::composer::Composer;
use crate::tui::core::effect::{Effects, Errand};
use crate::tui::core::model::Model;
use crate::tui::core::server::RoomKey;

/// Takes it, or says what is wrong with it. What is being written stays, with what it is meant for.
pub(super) fn input(model: &mut Model, text: &str, effects: &mut Effects) -> Result<(), String> {
    let mut line = Composer::default();
    if !line.insert(text) {
        return Err("this is too long for a line".to_owned());
    }
    if line.text().trim().is_empty() {
        return Err("there is nothing in this line".to_owned());
    }
    match commands::read(line.text()) {
        Line::Say(text) => say(model, Style::Text, &text, effects),
        Line::Run(Command::Here(Here::Said(text))) => say(model, Style::Text, &text, effects),
        Line::Run(Command::Me(text)) => say(model, Style::Action, &text, effects),
        Line::Run(command) => run(model, command, effects),
        Line::Wrong(why) => Err(why),
    }
}

/// Says something where the person is. He goes on reading where he does.
fn say(model: &mut Model, style: Style, text: &str, effects: &mut Effects) -> Result<(), String> {
    let RoomKey { server, room } = model.current().ok_or("no room is open; /join #room")?;
    let text = Text::parse(text.trim_end()).map_err(|e| format!("not sent: {e}"))?.into_string();
    effects.send(server, Errand::Send { room, style, text, reply_to: None });
    Ok(())
}

/// Runs a command that may use the line itself, which is not free while something is written there.
fn run(model: &mut Model, command: Command, effects: &mut Effects) -> Result<(), String> {
    let here = model.current();
    let writing = composer(model, here).clone();
    let meant = here.and_then(|key| model.state_mut(key)).map(|room| std::mem::take(&mut room.intent));
    let outcome = command::run(model, command, effects).map(drop);
    effects.dirty = true;
    let used = composer(model, here).text() != writing.text();
    if used && writing.is_empty() {
        return outcome;
    }
    if used {
        *composer(model, here) = writing;
    }
    if let Some((room, meant)) = here.and_then(|key| model.state_mut(key)).zip(meant) {
        room.intent = meant;
    }
    if used && outcome.is_ok() { Err("something is being written there; it stays".to_owned()) } else { outcome }
}

fn composer(model: &mut Model, at: Option<RoomKey>) -> &mut Composer {
    let Model { servers, nowhere, .. } = model;
    let room = at.and_then(|key| servers.get_mut(usize::from(key.server.0))?.rooms.get_mut(&key.room));
    room.map_or(nowhere, |room| &mut room.composer)
}
