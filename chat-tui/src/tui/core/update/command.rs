//! What a written line does: sends, or runs a command.

use chat_proto::nick::SetNick;
use chat_proto::request::{CreateRoom, JoinRoom, LeaveRoom};
use chat_proto::seen::AskSeen;
use chat_proto::setting::Topic;
use chat_proto::text::Line as CheckedLine;
use chat_proto::{MessageKey, RoomName, RoomRef, Style, UserRef};

use super::keys::quit;
use super::message::{self, Meant};
use super::{card, files, filters, find, here, link, notice, picker, room, secret, select, servers, thread, windows};
use crate::tui::core::command::{self, Ask, COMMANDS, Command, Deed, Goto, Line, Look, Spec};
use crate::tui::core::effect::{Effect, Effects, Tag};
use crate::tui::core::find::Reach;
use crate::tui::core::members::member_groups;
use crate::tui::core::model::{Model, Overlay};
use crate::tui::core::room_state::Intent;
use crate::tui::core::server::{RoomKey, ServerId};
use crate::tui::core::timeline::Scroll;

/// Takes the line: it is sent, or run, or stays where it is with a notice of what is wrong with it.
pub(super) fn run_line(model: &mut Model, effects: &mut Effects) {
    let line = model.composer().text().to_owned();
    let intent = model.room().map(|room| room.intent).unwrap_or_default();
    let outcome = match (intent, command::read(&line)) {
        // Somebody's words may begin like a command.
        (Intent::Edit(_), _) => message::say(model, Style::Text, &line, intent, effects),
        (Intent::Say | Intent::Reply(_), Line::Say(text)) => message::say(model, Style::Text, &text, intent, effects),
        (Intent::Say | Intent::Reply(_), Line::Run(command)) => run(model, command, effects),
        (Intent::Say | Intent::Reply(_), Line::Wrong(why)) => Err(why),
    };
    match outcome {
        Ok(composer) => {
            let line = match composer.and_then(|key| model.state_mut(key)) {
                Some(room) => room.composer.take(),
                None => model.nowhere.take(),
            };
            model.sent.push(&line);
        }
        Err(why) => notice(model, effects, true, why),
    }
}

/// Goes to rooms, and becomes a member where one is none.
fn enter(model: &mut Model, names: &[String], effects: &mut Effects) -> Result<(), String> {
    let names = names.iter().map(|name| room_name(name)).collect::<Result<Vec<_>, _>>()?;
    for name in names {
        match model.here().joined_as(&name) {
            Some(room) => room::go(model, RoomKey::new(model.server, room), effects),
            None => join(model.server, name, false, effects),
        }
    }
    Ok(())
}

/// Runs a command. Returns the room the line was written in, which may not be the one looked at any more.
pub(super) fn run(model: &mut Model, command: Command, effects: &mut Effects) -> Result<Option<RoomKey>, String> {
    let (written_in, at) = (model.current(), model.server);
    match command {
        Command::Join(names) => enter(model, &names, effects)?,
        Command::Create { name, topic } => create(at, &name, &topic, effects)?,
        Command::Part { room, reason } => part(model, room.as_deref(), &reason, effects)?,
        Command::Me(text) => {
            let intent = model.room().map(|room| room.intent).unwrap_or_default();
            return message::say(model, Style::Action, &text, intent, effects);
        }
        Command::Names => model.overlay = Some(names(model)?),
        Command::Whois(name) => {
            let name = name.unwrap_or_else(|| model.here().account.me.name.clone());
            card::ask(at, &name, effects);
        }
        Command::Seen(name) => {
            let name = name.trim_start_matches('@').to_owned();
            let user = UserRef::Name(name.clone());
            effects.ask(at, Tag::Seen(name), AskSeen { user });
        }
        Command::Nick(nick) => {
            let set = SetNick { nick: nick.unwrap_or_default() };
            effects.ask(at, Tag::Nick, set);
        }
        Command::Configure(change) => effects.push(Effect::Configure(change)),
        Command::Ask(asked) => ask(model, asked, effects)?,
        Command::Topic(None) => topic(model, effects)?,
        Command::Topic(Some(text)) => {
            let text = CheckedLine::parse(&text).map_err(|e| format!("the topic: {e}"))?.into_string();
            ask(model, Ask::Set(Topic { text }.into()), effects)?;
        }
        Command::Message { people, text } => ask(model, Ask::Direct { people, text, go: false }, effects)?,
        Command::Query { people, text } => ask(model, Ask::Direct { people, text, go: true }, effects)?,
        Command::Look(what) => return look(model, what, effects),
        Command::Goto(place) => goto(model, place, effects)?,
        Command::Done(deed) => return done(model, deed, effects),
        Command::Connect(words) => servers::connect(model, &words, effects)?,
        Command::Disconnect(name) => servers::disconnect(model, &name, effects)?,
        Command::Reconnect(name) => servers::reconnect(model, servers::meant(model, &name)?, effects)?,
        Command::Servers => model.overlay = Some(servers::list(model)),
        Command::File(deed) => files::run(model, deed, effects)?,
        Command::Divide(division) => windows::divide(model, division, effects)?,
        Command::Select => select::begin(model, effects),
        Command::Switch => picker::switcher(model),
        Command::Help(None) => help(model),
        Command::Help(Some(name)) => {
            let spec = command::find(name.trim_start_matches('/'))?;
            model.overlay =
                Some(Overlay { title: format!("/{}", spec.name), lines: about(spec), ..Overlay::default() });
        }
        Command::Password { remove: false } => secret::begin(model, effects),
        Command::Password { remove: true } => secret::remove(at, effects),
        Command::Wrong(why) => return Err(why),
        Command::Quit => quit(model, effects),
        Command::Here(here) => return here::run(model, here, effects),
    }
    Ok(written_in)
}

/// Begins a room.
fn create(at: ServerId, name: &str, topic: &str, effects: &mut Effects) -> Result<(), String> {
    let topic = CheckedLine::parse(topic).map_err(|e| format!("the topic: {e}"))?.into_string();
    let name = room_name(name)?;
    let create = CreateRoom { key: MessageKey::default(), name: name.clone(), topic };
    effects.ask(at, Tag::Join(name), create);
    Ok(())
}

/// Leaves a room.
fn part(model: &Model, room: Option<&str>, reason: &str, effects: &mut Effects) -> Result<(), String> {
    let reason = CheckedLine::parse(reason).map_err(|e| format!("the reason: {e}"))?.into_string();
    let room = match room {
        Some(name) => named(model, &room_name(name)?)?,
        None => model.current().ok_or("no room is open")?.room,
    };
    effects.ask(model.server, Tag::Leave(room), LeaveRoom { key: MessageKey::default(), room, reason });
    Ok(())
}

/// Does something with a message. Returns the room the line was written in, unless the line is in use already.
fn done(model: &mut Model, deed: Deed, effects: &mut Effects) -> Result<Option<RoomKey>, String> {
    let written_in = model.current();
    match deed {
        Deed::Reply(target, text) => {
            let (_, seq) = message::target(model, target, Meant::Newest)?;
            return message::say(model, Style::Text, &text, Intent::Reply(seq), effects);
        }
        Deed::Edit(target, text) => {
            let (key, seq) = message::target(model, target, Meant::Own)?;
            match text {
                Some(text) => message::edit(key, seq, &text, effects)?,
                None => {
                    // The line it was asked in makes place for the words.
                    model.composer_mut().0.take();
                    message::begin_edit(model, seq)?;
                    return Ok(None);
                }
            }
        }
        Deed::Substitute { old, new } => message::substitute(model, &old, &new, effects)?,
        Deed::Delete(target, reason) => {
            let (key, seq) = message::target(model, target, Meant::Own)?;
            message::remove(key, seq, &reason, effects)?;
        }
        Deed::React(target, emoji) => {
            let (key, seq) = message::target(model, target, Meant::Newest)?;
            message::react(model, key, seq, &emoji, effects);
        }
        Deed::Pin(target, on) => {
            let (key, seq) = message::target(model, target, Meant::Newest)?;
            message::pin(key, seq, on, effects);
        }
        Deed::Forward(target, to) => {
            let (key, seq) = message::target(model, target, Meant::Newest)?;
            message::forward(model, key, seq, &to, effects)?;
        }
    }
    Ok(written_in)
}

/// Asks the server for something.
pub(super) fn ask(model: &Model, asked: Ask, effects: &mut Effects) -> Result<(), String> {
    let request = asked.request(model)?;
    effects.ask(model.server, Tag::Ask(asked), request);
    Ok(())
}

/// Becoming a member of a room.
pub(super) fn join(at: ServerId, name: String, create: bool, effects: &mut Effects) {
    let room = RoomRef::Name(name.clone());
    effects.ask(at, Tag::Join(name), JoinRoom { key: MessageKey::default(), room, create });
}

/// Looks for something, or at less.
fn look(model: &mut Model, what: Look, effects: &mut Effects) -> Result<Option<RoomKey>, String> {
    let written_in = model.current();
    match what {
        Look::Search(query) => find::begin(model, &query, Reach::Server, effects),
        Look::Find(words) => {
            model.current().ok_or("no room is open")?;
            find::begin(model, &words, Reach::Loaded, effects);
        }
        Look::Threads => thread::list(model, effects)?,
        Look::Filters => model.overlay = Some(filters::list(model)),
        Look::Filter(on) => filters::switch(model, on, effects),
        Look::Open(link) => return opened(model, &link, effects),
    }
    Ok(written_in)
}

/// Goes where a link leads; the line it was asked in makes place for what may be proposed there.
fn opened(model: &mut Model, link: &str, effects: &mut Effects) -> Result<Option<RoomKey>, String> {
    let line = model.composer_mut().0.take();
    match link::open(model, link, effects) {
        Ok(()) => Ok(None),
        Err(why) => {
            model.composer_mut().0.set(&line);
            Err(why)
        }
    }
}

fn goto(model: &mut Model, place: Goto, effects: &mut Effects) -> Result<(), String> {
    model.current().ok_or("no room is open")?;
    match place {
        Goto::Seq(seq) => room::goto(model, seq, effects),
        Goto::Unread => room::first_unread(model, effects),
        Goto::Start => room::goto(model, model.room_view().map_or(chat_proto::Seq(1), |room| room.oldest), effects),
        Goto::End => room::scroll(model, Scroll::Bottom, effects),
        Goto::Day(day) => ask(model, Ask::Day(day), effects)?,
    }
    Ok(())
}

/// Says what the room is about.
fn topic(model: &mut Model, effects: &mut Effects) -> Result<(), String> {
    let topic = model.room().map(|room| room.topic.clone()).ok_or("no room is open")?;
    let words = if topic.is_empty() { "this room has no topic; /topic TEXT sets one".to_owned() } else { topic };
    notice(model, effects, false, words);
    Ok(())
}

/// Opens the help: keys, then commands.
pub(super) fn help(model: &mut Model) {
    let mut lines = model.prefs.keys.lines(28);
    lines.push(String::new());
    for spec in COMMANDS {
        if spec.usage.chars().count() < 28 {
            lines.push(format!("{:<28} {}", spec.usage, spec.help));
        } else {
            lines.push(spec.usage.to_owned());
            lines.push(format!("{:<28} {}", "", spec.help));
        }
    }
    lines.push(format!("{:<28} say something that begins with a slash", "//text"));
    lines.push(format!("{:<28} replace words in your last message", "s/old/new/"));
    model.overlay = Some(Overlay { title: "keys and commands".to_owned(), lines, ..Overlay::default() });
}

fn about(spec: &Spec) -> Vec<String> {
    let mut lines = vec![spec.usage.to_owned(), spec.help.to_owned()];
    if !spec.aliases.is_empty() {
        lines.push(format!("also: {}", spec.aliases.join(", ")));
    }
    lines
}

fn names(model: &Model) -> Result<Overlay, String> {
    let room = model.room_view().ok_or("no room is open")?;
    let groups = member_groups(room).into_iter().map(|group| {
        let names: Vec<String> = group.members.iter().map(|member| model.here().called(&member.name)).collect();
        format!("{} {}: {}", group.title, names.len(), names.join(" "))
    });
    Ok(Overlay { title: format!("members of {}", room.label()), lines: groups.collect(), ..Overlay::default() })
}

pub(super) fn room_name(name: &str) -> Result<String, String> {
    RoomName::parse(name).map(|name| name.as_str().to_owned()).map_err(|e| format!("{name}: {e}"))
}

pub(super) fn named(model: &Model, name: &str) -> Result<chat_proto::RoomId, String> {
    model.here().account.room_named(name).map(|(id, _)| id).ok_or_else(|| format!("you are not in #{name}"))
}
