//! The settings of a room as a form, and who is on its lists.

use chat_proto::Role;
use chat_proto::event::List;
use chat_proto::reply::{ListEntries, RoomDetails};
use serde_json::Value;

use super::command::{Ask, room_setting};
use super::model::Model;
use super::picker::{Free, Goal, Item, Picker, Subject};
use super::server::RoomKey;
use super::time::{Zone, day_title};
use crate::bot::line::setting::{ROOM_SETTINGS, Takes, fields};

/// The settings of a room with their values, and its lists.
#[must_use]
pub(super) fn room(key: RoomKey, details: &RoomDetails) -> Picker {
    let may = |action: &str| details.rights.iter().any(|right| right == action);
    let values = fields(&details.settings);
    let mut items = Vec::new();
    for (name, takes, meaning) in ROOM_SETTINGS {
        let Some(value) = values.get(name) else { continue };
        let shown = plain(value);
        let right = if name == "archived" { "archive" } else { "change" };
        let (detail, goal) = if may(right) {
            (meaning.to_owned(), set(name, takes, value))
        } else {
            let why = Ask::Why { action: right.to_owned(), user: None };
            (format!("{meaning}; not yours to change, Enter asks why"), Goal::Ask(why))
        };
        items.push(Item { name: format!("{name:<14} {shown}"), detail, goal });
    }
    for (list, words) in LISTS {
        items.push(Item { name: list.name().to_owned(), detail: words.to_owned(), goal: Goal::Ask(Ask::List(list)) });
    }
    let roles = "who is more than a member; Enter shows them".to_owned();
    items.push(Item { name: "roles".to_owned(), detail: roles, goal: Goal::Roles });
    let mut head = Vec::new();
    head.extend(details.owner.iter().map(|owner| format!("owner    {}", owner.name)));
    head.extend(details.role.map(|role| format!("you are  {}", role.name())));
    head.push(format!("you may  {}", details.rights.join(" ")));
    Picker::new(format!("#{}", details.name), items, None).about(Subject::Room(key), head)
}

/// What Enter does on a setting.
fn set(name: &'static str, takes: Takes, value: &Value) -> Goal {
    match takes {
        Takes::Flag => {
            let other = (!value.as_bool().unwrap_or_default()).to_string();
            room_setting(name, &other).map_or_else(Goal::Denied, |setting| Goal::Ask(Ask::Set(setting)))
        }
        Takes::Word(_) => Goal::Choose(name, plain(value)),
        Takes::Text | Takes::Number | Takes::NumberOrNull | Takes::Json => Goal::Fill(name, plain(value)),
    }
}

/// The words a setting may be.
#[must_use]
pub(super) fn words(key: RoomKey, name: &'static str, present: &str) -> Picker {
    let (_, takes, meaning) = described(name);
    let words = if let Takes::Word(words) = takes { words } else { &[] };
    let items = words.iter().map(|word| Item {
        name: (*word).to_owned(),
        detail: if *word == present { "as it is".to_owned() } else { String::new() },
        goal: room_setting(name, word).map_or_else(Goal::Denied, |setting| Goal::Ask(Ask::Set(setting))),
    });
    let mut picker = Picker::new(format!("{name}: {meaning}"), items.collect(), None)
        .about(Subject::Value(key, name), Vec::new())
        .or_else(Goal::Ask(Ask::Details));
    picker.choose(words.iter().position(|word| *word == present).unwrap_or(0));
    picker
}

/// The value of a setting, to be typed.
#[must_use]
pub(super) fn value(key: RoomKey, name: &'static str, present: &str) -> Picker {
    let (_, _, meaning) = described(name);
    Picker::new(format!("{name}: {meaning}"), Vec::new(), Some(Free::Value(name)))
        .about(Subject::Value(key, name), Vec::new())
        .or_else(Goal::Ask(Ask::Details))
        .typed(present)
}

fn described(name: &str) -> (&'static str, Takes, &'static str) {
    ROOM_SETTINGS.into_iter().find(|(known, ..)| *known == name).unwrap_or(("", Takes::Text, ""))
}

/// Who is on a list; each can be taken off.
#[must_use]
pub(super) fn list(key: RoomKey, list: &ListEntries, zone: &Zone) -> Picker {
    let when = |at| format!("{} {}", day_title(zone.day(at)), zone.minute(at));
    let take = |name: &str| Goal::Ask(Ask::Take { list: list.list, user: name.to_owned() });
    let items = list.entries.iter().map(|entry| {
        let until = entry.until.map_or(String::new(), |until| format!(" until {}", when(until)));
        let reason = if entry.reason.is_empty() { String::new() } else { format!("({})  ", entry.reason) };
        Item {
            name: entry.who.name.clone(),
            detail: format!("{reason}since {}{until}", when(entry.since)),
            goal: Goal::Card(entry.who.name.clone()),
        }
    });
    let mut items: Vec<Item> = items.collect();
    let mut letters: Vec<_> = (0..).zip(&items).map(|(at, item)| ('d', at, take(&item.name))).collect();
    if items.is_empty() {
        let nobody = Goal::Denied("there is nobody to take off it".to_owned());
        letters.push(('d', 0, nobody.clone()));
        items.push(Item { name: "nobody".to_owned(), detail: String::new(), goal: nobody });
    }
    let more = if list.more { ", and others" } else { "" };
    let head = vec!["d takes somebody off it, Enter shows him".to_owned()];
    let title = format!("{}{more}", list.list.name());
    Picker::lettered(title, items, letters).about(Subject::List(key, list.list), head)
}

/// Members who are more than that.
#[must_use]
pub(super) fn roles(model: &Model) -> Picker {
    let members = model.room_view().into_iter().flat_map(|room| room.members.values());
    let mut led: Vec<_> = members.filter(|member| member.role != Role::Member).collect();
    led.sort_by_key(|member| (std::cmp::Reverse(member.role.rank()), member.name.to_lowercase()));
    let items: Vec<Item> = led
        .iter()
        .map(|member| Item {
            name: member.name.clone(),
            detail: member.role.name().to_owned(),
            goal: Goal::Card(member.name.clone()),
        })
        .collect();
    let take = |name: &str| Goal::Write(format!("/role {name} member"));
    let letters = (0..).zip(&items).map(|(at, item)| ('d', at, take(&item.name))).collect();
    let head = vec!["d takes somebody's role from him, Enter shows him".to_owned()];
    Picker::lettered("roles", items, letters).about(Subject::Fixed, head)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

const LISTS: [(List, &str); 3] = [
    (List::Banned, "who is kept out; Enter shows them"),
    (List::Muted, "who may only read; Enter shows them"),
    (List::Invited, "who may come; Enter shows them"),
];
