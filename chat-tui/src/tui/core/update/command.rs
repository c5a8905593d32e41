//! What a written line does: sends, or runs a command.

use chat_proto::nick::SetNick;
use chat_proto::request::Whois;
use chat_proto::seen::AskSeen;
use chat_proto::text::{Line as CheckedLine, Text};
use chat_proto::{Request, RoomId, RoomName, Style, UserRef};

use super::{notice, room};
use crate::tui::core::command::{self, COMMANDS, Command, Line, Spec};
use crate::tui::core::effect::{Effect, Effects, Tag};
use crate::tui::core::members::member_groups;
use crate::tui::core::model::{Model, Overlay};
use crate::tui::core::timeline::Scroll;

/// Takes the line: it is sent, or run, or stays where it is with a notice of what is wrong with it.
pub(super) fn run_line(model: &mut Model, effects: &mut Effects) {
    let line = model.composer().text().to_owned();
    let outcome = match command::read(&line) {
        Line::Say(text) => send(model, Style::Text, &text, effects),
        Line::Run(command) => run(model, command, effects),
        Line::Wrong(why) => Err(why),
    };
    match outcome {
        Ok(composer) => {
            if let Some(composer) = composer.and_then(|id| model.rooms.get_mut(&id)).map(|room| &mut room.composer) {
                composer.take();
            } else {
                model.nowhere.take();
            }
        }
        Err(why) => notice(model, effects, true, why),
    }
}

/// Runs a command. Returns the room the line was written in, which may not be the one looked at any more.
fn run(model: &mut Model, command: Command, effects: &mut Effects) -> Result<Option<RoomId>, String> {
    let written_in = model.current;
    match command {
        Command::Join(names) => {
            let names = names.iter().map(|name| room_name(name)).collect::<Result<Vec<_>, _>>()?;
            for name in names {
                let known = model.account.room_named(&name).filter(|(_, room)| room.member).map(|(id, _)| id);
                match known {
                    Some(id) => room::go(model, id, effects),
                    None => effects.push(Effect::Join { name, create: false }),
                }
            }
        }
        Command::Create { name, topic } => {
            let topic = CheckedLine::parse(&topic).map_err(|e| format!("the topic: {e}"))?.into_string();
            effects.push(Effect::Create { name: room_name(&name)?, topic });
        }
        Command::Part { room, reason } => {
            let reason = CheckedLine::parse(&reason).map_err(|e| format!("the reason: {e}"))?.into_string();
            let id = match room {
                Some(name) => named(model, &room_name(&name)?)?,
                None => model.current.ok_or("no room is open")?,
            };
            effects.push(Effect::Leave { room: id, reason });
        }
        Command::Me(text) => return send(model, Style::Action, &text, effects),
        Command::Names => model.overlay = Some(names(model)?),
        Command::Whois(name) => {
            let name = name.unwrap_or_else(|| model.account.me.name.clone());
            let name = name.trim_start_matches('@').to_owned();
            effects.push(Effect::Request(Tag::Whois(name.clone()), Request::from(Whois { name })));
        }
        Command::Seen(name) => {
            let name = name.trim_start_matches('@').to_owned();
            let user = UserRef::Name(name.clone());
            effects.push(Effect::Request(Tag::Seen(name), Request::from(AskSeen { user })));
        }
        Command::Nick(nick) => {
            let set = SetNick { nick: nick.unwrap_or_default() };
            effects.push(Effect::Request(Tag::Nick, Request::from(set)));
        }
        Command::Own(own) => effects.push(Effect::Request(Tag::Own(own), own.request())),
        Command::Configure(change) => effects.push(Effect::Configure(change)),
        Command::Help(None) => help(model),
        Command::Help(Some(name)) => {
            let spec = command::find(name.trim_start_matches('/'))?;
            model.overlay = Some(Overlay { title: format!("/{}", spec.name), lines: about(spec), scroll: 0 });
        }
        Command::Quit => effects.push(Effect::Quit),
    }
    Ok(written_in)
}

/// Opens the help: keys, then commands.
pub(super) fn help(model: &mut Model) {
    let mut lines = model.prefs.keys.lines(28);
    lines.push(String::new());
    lines.extend(COMMANDS.iter().map(|spec| format!("{:<28} {}", spec.usage, spec.help)));
    lines.push(format!("{:<28} say something that begins with a slash", "//text"));
    model.overlay = Some(Overlay { title: "keys and commands".to_owned(), lines, scroll: 0 });
}

fn about(spec: &Spec) -> Vec<String> {
    let mut lines = vec![spec.usage.to_owned(), spec.help.to_owned()];
    if !spec.aliases.is_empty() {
        lines.push(format!("also: {}", spec.aliases.join(", ")));
    }
    lines
}

fn send(model: &mut Model, style: Style, text: &str, effects: &mut Effects) -> Result<Option<RoomId>, String> {
    let id = model.current.ok_or("no room is open; /join #room")?;
    let text = Text::parse(text.trim_end()).map_err(|e| format!("not sent: {e}"))?.into_string();
    effects.push(Effect::Send { room: id, style, text });
    super::keys::typing_stops(model, effects);
    if let Some(room) = model.rooms.get_mut(&id) {
        room.ruler = None;
    }
    room::scroll(model, Scroll::Bottom, effects);
    Ok(Some(id))
}

fn names(model: &Model) -> Result<Overlay, String> {
    let room = model.room_view().ok_or("no room is open")?;
    let groups = member_groups(room).into_iter().map(|group| {
        let names: Vec<String> = group.members.iter().map(|member| model.called(&member.name)).collect();
        format!("{} {}: {}", group.title, names.len(), names.join(" "))
    });
    Ok(Overlay { title: format!("members of #{}", room.name), lines: groups.collect(), scroll: 0 })
}

fn room_name(name: &str) -> Result<String, String> {
    RoomName::parse(name).map(|name| name.as_str().to_owned()).map_err(|e| format!("{name}: {e}"))
}

fn named(model: &Model, name: &str) -> Result<RoomId, String> {
    model.account.room_named(name).map(|(id, _)| id).ok_or_else(|| format!("you are not in #{name}"))
}
