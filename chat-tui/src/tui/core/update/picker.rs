//! Choosing from what is in front.

use std::collections::BTreeSet;

use chat_proto::reach::MentionList;
use chat_proto::reply::{PinList, RoomDetails, RoomList};

use super::{card, command, files, find, link, message, notice, outbox, room, servers, thread};
use crate::config::SETTINGS;
use crate::tui::core::command::{Ask, COMMANDS};
use crate::tui::core::effect::{Effects, Tag};
use crate::tui::core::find::Reach;
use crate::tui::core::form;
use crate::tui::core::keymap::Action;
use crate::tui::core::model::Model;
use crate::tui::core::picker::{Free, Goal, Item, Picker, Subject};
use crate::tui::core::rooms::{hotlist, room_lines};
use crate::tui::core::server::{RoomKey, ServerId};
use crate::tui::core::time::day_title;
use crate::tui::term::key::Key;

/// Takes a key. Returns false if it does nothing here, and so closes the picker and does what it does then.
pub(super) fn press(model: &mut Model, key: Key, action: Option<Action>, effects: &mut Effects) -> bool {
    let page = isize::try_from(model.geometry().timeline.height.saturating_sub(4).max(1)).unwrap_or(1);
    if find::press(model, action, effects) {
        return true;
    }
    let thread = thread::root(model).map(|(key, root)| (model.current() == Some(key), root));
    let Some(picker) = &mut model.picker else { return false };
    let typed = picker.typed.len();
    match action {
        Some(Action::Enter) => {
            if let Some(goal) = picker.goal() {
                reach(model, goal, effects);
            }
        }
        Some(Action::Escape | Action::Interrupt) => close(model, effects),
        Some(Action::Up | Action::Step { back: true } | Action::Complete { back: true }) => picker.step(-1),
        Some(Action::Down | Action::Step { back: false } | Action::Complete { back: false }) => picker.step(1),
        Some(Action::PageUp) => picker.step(-page),
        Some(Action::PageDown) => picker.step(page),
        Some(Action::Delete(_)) => {
            if !picker.erase() {
                close(model, effects);
            }
        }
        Some(Action::Kill(_)) => picker.clear(),
        Some(Action::Redraw | Action::Suspend | Action::Quit) => return false,
        Some(_) => {}
        None if picker.has_letters() => {
            if let Some(goal) = key.typed().and_then(|letter| picker.letter(letter)) {
                reach(model, goal, effects);
            }
        }
        None => match (key.typed(), thread) {
            (Some('j'), Some(_)) => picker.step(1),
            (Some('k'), Some(_)) => picker.step(-1),
            (Some('r'), Some((true, root))) => {
                model.picker = None;
                message::answer(model, root, true);
            }
            (Some(_), Some(_)) | (None, _) => {}
            (Some(c), None) if picker.numbered => {
                let number = c.to_digit(10).and_then(|digit| usize::try_from(digit).ok());
                if number.is_some_and(|number| number > 0 && picker.choose(number - 1)) {
                    return press(model, key, Some(Action::Enter), effects);
                }
            }
            (Some(c), None) => picker.insert(c.encode_utf8(&mut [0; 4])),
        },
    }
    if model.picker.as_ref().is_some_and(|picker| picker.find().is_some() && picker.typed.len() != typed) {
        find::changed(model);
    }
    true
}

/// Nothing is chosen.
fn close(model: &mut Model, effects: &mut Effects) {
    if let Some(goal) = model.picker.take().and_then(|picker| picker.otherwise()) {
        reach(model, goal, effects);
    }
}

/// Something of what there is to choose from was pointed at.
pub(super) fn click(model: &mut Model, place: usize, effects: &mut Effects) {
    let Some(picker) = &mut model.picker else { return };
    if picker.choose(place)
        && let Some(goal) = picker.goal()
    {
        reach(model, goal, effects);
    }
}

/// Asks how the room is set.
pub(super) fn ask_form(model: &mut Model, effects: &mut Effects) {
    if let Err(why) = command::ask(model, Ask::Details, effects) {
        notice(model, effects, true, why);
    }
}

/// Whether what there is to choose from stays in front when something is chosen: what comes of it is shown there.
fn stays(picker: &Picker, goal: &Goal) -> bool {
    match goal {
        Goal::Denied(_) | Goal::Outgoing(..) => true,
        Goal::Ask(Ask::Set(_) | Ask::Take { .. }) => picker.subject != Subject::Fixed,
        Goal::Room(_)
        | Goal::Message(..)
        | Goal::Join(_)
        | Goal::Person(..)
        | Goal::Write(_)
        | Goal::Search(_)
        | Goal::Trust(..)
        | Goal::React(..)
        | Goal::Ask(_)
        | Goal::Fill(..)
        | Goal::Choose(..)
        | Goal::Card(_)
        | Goal::Roles
        | Goal::Open(_)
        | Goal::Thread(..)
        | Goal::StopFile(_)
        | Goal::Mention(_) => false,
    }
}

/// What was asked for was done: what shows how things stand shows it as it is now.
pub(super) fn done(model: &Model, asked: &Ask, effects: &mut Effects) {
    let again = match (model.picker.as_ref().map(|picker| &picker.subject), asked) {
        (Some(Subject::Room(_) | Subject::Value(..)), Ask::Set(_)) => Ask::Details,
        (Some(Subject::List(_, list)), Ask::Take { .. }) => Ask::List(*list),
        (Some(_) | None, _) => return,
    };
    // What was asked about this room a moment ago can be asked again.
    let _ = command::ask(model, again, effects);
}

/// The settings of a room; the one that was looked at before is chosen.
pub(super) fn form(model: &Model, at: ServerId, details: &RoomDetails) -> Picker {
    let mut picker = form::room(RoomKey::new(at, details.room), details);
    match model.picker.as_ref().map(|before| (before, &before.subject)) {
        Some((before, Subject::Room(_))) => return picker.in_place_of(before),
        Some((_, Subject::Value(_, name))) => {
            picker.choose_goal(|goal| matches!(goal, Goal::Fill(known, _) | Goal::Choose(known, _) if known == name))
        }
        Some(_) | None => {}
    }
    picker
}

/// Does what was chosen.
fn reach(model: &mut Model, goal: Goal, effects: &mut Effects) {
    if model.picker.as_ref().is_none_or(|picker| !stays(picker, &goal)) {
        model.picker = None;
    }
    if let Err(why) = fulfil(model, goal, effects) {
        notice(model, effects, true, why);
    }
}

fn fulfil(model: &mut Model, goal: Goal, effects: &mut Effects) -> Result<(), String> {
    match goal {
        Goal::Room(key) => room::go(model, key, effects),
        Goal::Message(key, seq) => visit(model, key, seq, effects)?,
        Goal::Join(name) => command::join(model.server, name, false, effects),
        Goal::Person(at, name) => {
            let asked = Ask::Direct { people: vec![name], text: String::new(), go: true };
            let request = asked.request(model)?;
            effects.ask(at, Tag::Ask(asked), request);
        }
        Goal::Write(text) => {
            let (composer, kills) = model.composer_mut();
            // What was being written can be yanked back.
            composer.kill_all(kills);
            composer.set(&text);
        }
        Goal::Mention(name) => {
            let (composer, _) = model.composer_mut();
            let words = if composer.is_empty() { format!("{name}: ") } else { format!("@{name} ") };
            composer.insert(&words);
        }
        Goal::Outgoing(key, message, handling) => outbox::handle(model, key, message, handling, effects)?,
        Goal::Ask(asked) => command::ask(model, asked, effects)?,
        Goal::Fill(name, present) => model.picker = model.current().map(|key| form::value(key, name, &present)),
        Goal::Choose(name, present) => model.picker = model.current().map(|key| form::words(key, name, &present)),
        Goal::Card(name) => card::ask(model.server, &name, effects),
        Goal::Roles => model.picker = Some(form::roles(model)),
        Goal::Denied(why) => return Err(why),
        Goal::Search(query) => find::begin(model, &query, Reach::Server, effects),
        Goal::Open(link) => link::open(model, &link, effects)?,
        Goal::Thread(key, root) => thread::begin(model, key, root, effects),
        Goal::StopFile(number) => files::stop(model, number, effects),
        Goal::Trust(server, yes) => servers::answer(model, server, yes, effects),
        Goal::React(key, seq, emoji) => message::react(model, key, seq, &emoji, effects),
    }
    Ok(())
}

/// Goes to a message of any room.
fn visit(model: &mut Model, key: RoomKey, seq: chat_proto::Seq, effects: &mut Effects) -> Result<(), String> {
    if !model.is_member(key) {
        return Err("you are not in that room; /join goes there".to_owned());
    }
    room::go(model, key, effects);
    room::goto(model, seq, effects);
    Ok(())
}

/// Rooms, what is new first; then people, commands and settings.
pub(super) fn switcher(model: &mut Model) {
    let lines = room_lines(model);
    let hot = hotlist(model);
    let last = model.last;
    let mut order: Vec<_> = hot.iter().map(|line| line.key).collect();
    order.extend(last.filter(|last| !order.contains(last)));
    let rest = lines.iter().filter(|line| !line.current).map(|line| line.key);
    order.extend(rest.filter(|key| !order.contains(key)).collect::<Vec<_>>());
    order.extend(lines.iter().filter(|line| line.current).map(|line| line.key));
    let item = |line: &crate::tui::core::rooms::RoomLine<'_>| {
        let news = match (line.mentions, line.unread) {
            (0, 0) => String::new(),
            (0, unread) => format!("{unread} new"),
            (mentions, unread) => format!("{unread} new, {mentions} for you"),
        };
        Item { name: line.label.clone(), detail: model.beside(line.key.server, &news), goal: Goal::Room(line.key) }
    };
    let found = order.iter().filter_map(|key| lines.iter().find(|line| line.key == *key));
    let mut items: Vec<Item> = found.map(item).collect();
    for (at, server) in model.numbered() {
        let members = server.account.rooms.values().flat_map(|room| room.members.values());
        let others = members.map(|member| member.name.as_str()).filter(|name| *name != server.account.me.name);
        let people: BTreeSet<&str> = others.collect();
        items.extend(people.into_iter().take(PEOPLE_MAX).map(|name| Item {
            name: format!("@{name}"),
            detail: model.beside(at, "write directly"),
            goal: Goal::Person(at, name.to_owned()),
        }));
    }
    items.extend(COMMANDS.iter().map(|spec| Item {
        name: format!(">{}", spec.name),
        detail: spec.help.to_owned(),
        goal: Goal::Write(format!("/{} ", spec.name)),
    }));
    items.extend(SETTINGS.iter().map(|setting| Item {
        name: format!(":{}", setting.key),
        detail: setting.meaning.to_owned(),
        goal: Goal::Write(format!("/set {} ", setting.key)),
    }));
    model.picker = Some(Picker::new("go to", items, Some(Free::Search)));
}

impl Model {
    /// What there is to say of something, and at which server it is where there are several.
    fn beside(&self, at: ServerId, words: &str) -> String {
        match (self.servers.len(), words) {
            (0 | 1, words) => words.to_owned(),
            (_, "") => self.at(at).name().to_owned(),
            (_, words) => format!("{words}  {}", self.at(at).name()),
        }
    }
}

/// Unread messages that name the person.
pub(super) fn mentions(model: &Model, at: ServerId, list: &MentionList) -> Picker {
    let items = list.mentions.iter().map(|entry| {
        let key = RoomKey::new(at, entry.room);
        let room = model.state(key);
        let words = room.and_then(|room| room.timeline.words(entry.seq)).unwrap_or("…").replace('\n', " ");
        let name = room.and_then(|room| room.timeline.event(entry.seq)).and_then(|event| event.body.message());
        let who = name.map_or(String::new(), |message| format!("{}: ", message.name));
        let when = format!("{} {}", day_title(model.zone.day(entry.at)), model.zone.minute(entry.at));
        Item { name: format!("#{} {who}{words}", entry.name), detail: when, goal: Goal::Message(key, entry.seq) }
    });
    Picker::new("unread messages that name you", items.collect(), None)
}

/// Pinned messages.
pub(super) fn pins(model: &Model, at: ServerId, list: &PinList) -> Picker {
    let key = RoomKey::new(at, list.room);
    let items = list.events.iter().filter_map(|event| {
        let message = event.body.message()?;
        let words = model.state(key).and_then(|room| room.timeline.words(event.seq)).unwrap_or(message.text);
        Some(find::item(&model.zone, key, event, message.name, words))
    });
    Picker::new("pinned messages", items.collect(), None)
}

/// Rooms there are.
pub(super) fn rooms(at: ServerId, list: &RoomList) -> Picker {
    let items = list.rooms.iter().map(|room| {
        let state = if room.member { ", joined" } else { "" };
        let members = if room.members == 1 { "1 member".to_owned() } else { format!("{} members", room.members) };
        let goal = if room.member { Goal::Room(RoomKey::new(at, room.room)) } else { Goal::Join(room.name.clone()) };
        Item { name: format!("#{}", room.name), detail: format!("{members}{state}  {}", room.topic), goal }
    });
    Picker::new("rooms", items.collect(), None)
}

/// People of a server offered at once.
const PEOPLE_MAX: usize = 500;
