//! Tab: what the word before the cursor may become, here and now.

use crate::bot::line::setting::{ROOM_SETTINGS, Takes};
use crate::config::{Kind, SETTINGS};
use crate::tui::core::command::{Arg, COMMANDS, find, rights};
use crate::tui::core::composer::{Wanted, complete, said};
use crate::tui::core::emoji;
use crate::tui::core::keymap::{ACTIONS, Context};
use crate::tui::core::model::Model;
use crate::tui::core::rooms::room_lines;

pub(super) fn tab(model: &mut Model, back: bool) {
    if model.composer().is_empty() {
        if let Some(name) = last_speaker(model) {
            model.composer_mut().0.insert(&format!("{name}: "));
        }
        return;
    }
    let known = Known::of(model);
    let (composer, _) = model.composer_mut();
    complete(composer, back, |wanted| known.candidates(wanted));
}

/// What there is to complete with.
struct Known {
    rooms: Vec<String>,
    names: Vec<String>,
    servers: Vec<String>,
    themes: Vec<&'static str>,
}

impl Known {
    fn of(model: &Model) -> Self {
        let lines = room_lines(model);
        let rooms = lines.iter().filter(|line| !line.direct && line.key.server == model.server);
        Self {
            rooms: rooms.map(|line| line.name.to_owned()).collect(),
            names: names(model),
            servers: model.servers.iter().map(|server| server.host.clone()).collect(),
            themes: model.prefs.themes.clone(),
        }
    }

    fn candidates(&self, wanted: Wanted<'_>) -> Vec<String> {
        match wanted {
            Wanted::Command(typed) => words(COMMANDS.iter().map(|spec| spec.name), typed, "/"),
            Wanted::Argument { before, typed } => self.arguments(before, typed),
            Wanted::Emoji(typed) => emoji::beginning(typed).into_iter().map(|emoji| format!("{emoji} ")).collect(),
            Wanted::Room(typed) => words(self.rooms.iter().map(String::as_str), typed, "#"),
            Wanted::Name { typed, first, at } => {
                let sign = if at { "@" } else { "" };
                let behind = if first { ": " } else { " " };
                fitting(self.names.iter().map(String::as_str), typed, |name| format!("{sign}{name}{behind}"))
            }
        }
    }

    /// What an argument of a command may become; of one that can be anything, what a word that is said can.
    fn arguments(&self, before: &str, typed: &str) -> Vec<String> {
        let mut before: Vec<&str> = before.split_whitespace().collect();
        let command = before.remove(0);
        let arg = find(command.trim_start_matches('/')).map_or(Arg::Free, |spec| spec.argument(&before, typed));
        match arg {
            Arg::Free => self.candidates(said(typed, false)),
            Arg::Name => self.candidates(said(typed, false)),
            Arg::Room => self.candidates(Wanted::Room(typed.trim_start_matches('#'))),
            Arg::Setting => words(SETTINGS.iter().map(|setting| setting.key), typed, ""),
            Arg::Value(key) if key == "theme" => words(self.themes.iter().copied(), typed, ""),
            Arg::Value(key) => {
                let kind = SETTINGS.iter().find(|setting| setting.key == key).map(|setting| setting.kind);
                match kind {
                    Some(Kind::Choice(known)) => words(known.iter().copied(), typed, ""),
                    Some(Kind::Flag) => words(["on", "off"], typed, ""),
                    Some(Kind::Text | Kind::Number(..) | Kind::List) | None => Vec::new(),
                }
            }
            Arg::RoomSetting => words(ROOM_SETTINGS.map(|(name, ..)| name), typed, ""),
            Arg::RoomValue(name) => match ROOM_SETTINGS.iter().find(|(known, ..)| *known == name) {
                Some((_, Takes::Word(known), _)) => words(known.iter().copied(), typed, ""),
                Some((_, Takes::Flag, _)) => words(["true", "false"], typed, ""),
                Some((_, Takes::NumberOrNull, _)) => words(["null"], typed, ""),
                Some((_, Takes::Text | Takes::Number | Takes::Json, _)) | None => Vec::new(),
            },
            Arg::Word(known) => words(known, typed, ""),
            Arg::Emoji => self.candidates(Wanted::Emoji(typed.trim_start_matches(':'))),
            Arg::Theme => words(self.themes.iter().copied(), typed, ""),
            Arg::Command => words(COMMANDS.iter().map(|spec| spec.name), typed, ""),
            Arg::Server => words(self.servers.iter().map(String::as_str), typed, ""),
            Arg::Action => words(ACTIONS.iter().map(|(_, name, _)| *name), typed, ""),
            Arg::Context => words(Context::ALL.map(|(_, name, _)| name), typed, ""),
            Arg::Right => words(rights().iter().copied(), typed, ""),
        }
    }
}

/// Those that begin so, with a sign before them.
fn words<'a>(all: impl IntoIterator<Item = &'a str>, typed: &str, sign: &str) -> Vec<String> {
    fitting(all.into_iter(), typed, |word| format!("{sign}{word} "))
}

fn fitting<'a>(all: impl Iterator<Item = &'a str>, typed: &str, whole: impl Fn(&str) -> String) -> Vec<String> {
    let typed = typed.to_lowercase();
    all.filter(|name| name.to_lowercase().starts_with(&typed)).map(whole).collect()
}

fn last_speaker(model: &Model) -> Option<String> {
    speakers(model).next()
}

/// Names of who wrote here, the latest first, then of all members.
fn names(model: &Model) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let members = model.room_view().into_iter().flat_map(|room| room.members.values()).map(|m| m.name.clone());
    for name in speakers(model).chain(members) {
        if name != model.here().account.me.name && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn speakers(model: &Model) -> impl Iterator<Item = String> {
    let me = model.here().account.me.account;
    let events = model.room().into_iter().flat_map(|room| room.timeline.events().rev().take(SPEAKERS_WITHIN));
    events
        .filter(move |event| event.by != me)
        .filter_map(|event| event.body.message().map(|message| message.name.to_owned()))
}

/// Events looked through for who spoke last.
const SPEAKERS_WITHIN: usize = 200;
