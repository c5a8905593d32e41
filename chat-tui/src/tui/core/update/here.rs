//! What commands do on this machine.

use chat_proto::{Event, Style};

use super::{command, keys, message, notice, outbox};
use crate::tui::core::command::Here;
use crate::tui::core::effect::{Effect, Effects, Errand, Export};
use crate::tui::core::keymap::Toggle;
use crate::tui::core::model::{Model, Overlay};
use crate::tui::core::msg::Ran;
use crate::tui::core::room_state::Intent;
use crate::tui::core::server::RoomKey;

/// Does it. Returns the room the line was written in.
pub(super) fn run(model: &mut Model, here: Here, effects: &mut Effects) -> Result<Option<RoomKey>, String> {
    let written_in = model.current();
    match here {
        Here::Outbox => outbox::show(model, effects),
        Here::Keys => {
            let lines = model.prefs.keys.lines(28);
            model.overlay = Some(Overlay { title: "keys".to_owned(), lines, ..Overlay::default() });
        }
        Here::Version => notice(model, effects, false, format!("chat-tui {}", env!("CARGO_PKG_VERSION"))),
        Here::Lag => {
            let server = model.here();
            let words = match server.round_trip.filter(|_| server.is_online()) {
                Some(time) => format!("{} answers within {:.1} ms", server.name(), time.as_secs_f64() * 1_000.0),
                None => format!("{} is not connected, or has not been measured yet", server.name()),
            };
            notice(model, effects, false, words);
        }
        Here::Mouse => keys::toggle(model, Toggle::Mouse, effects),
        Here::Said(text) => {
            let intent = model.room().map(|room| room.intent).unwrap_or_default();
            return message::say(model, Style::Text, &text, intent, effects);
        }
        Here::Run { .. } if !model.prefs.exec => {
            return Err("programs are not run from here unless /set exec on allows it".to_owned());
        }
        Here::Run { say, line } => {
            let say = if say { Some(model.current().ok_or("no room is open")?) } else { None };
            effects.push(Effect::Run { line, say });
        }
        Here::Export { force, room, file } => {
            let room = match room {
                Some(name) => command::named(model, &command::room_name(&name)?)?,
                None => model.current().ok_or("no room is open")?.room,
            };
            let key = RoomKey::new(model.server, room);
            let label = model.view(key).map(crate::client::view::RoomView::label).unwrap_or_default();
            let loaded: Vec<Event> =
                model.state(key).into_iter().flat_map(|room| room.timeline.events()).cloned().collect();
            let export = Export { room, label, loaded, file, force };
            effects.send(key.server, Errand::Export(export));
        }
    }
    Ok(written_in)
}

/// A program has ended: what it printed is shown, or said where that was asked for; many lines only when Enter says so.
pub(super) fn ran(model: &mut Model, ran: Ran, effects: &mut Effects) {
    let Ran { line, say, output, wrong } = ran;
    let output = output.trim_end();
    let here = say.is_some() && say == model.current() && wrong.is_none() && !output.is_empty();
    if here && model.secret.is_none() && model.picker.is_none() && model.composer().is_empty() {
        let (lines, most) = (output.lines().count(), model.prefs.paste_lines);
        if most > 0 && lines > most {
            return keys::paste(model, output, effects);
        }
        match message::say(model, Style::Text, output, Intent::Say, effects) {
            Ok(_) => return,
            Err(why) => notice(model, effects, true, why),
        }
    }
    let mut lines: Vec<String> = output.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        lines.push("it printed nothing".to_owned());
    }
    lines.extend(wrong);
    model.overlay = Some(Overlay { title: line, lines, ..Overlay::default() });
    effects.dirty = true;
}
