//! The table of settings: the one place a new one is added to.

use chat_proto::{RoomName, UserName};

use super::read::{flag, list, number, path, text, word};
use super::setting::Setting;
use super::value::{Kind, Value};
use super::{Clock, ColorDepth, KeyPreset, Notice, RoomOrder, Shown, SymbolSet};
use crate::client::{Beside, ServerAddress};

/// Every setting; those of a section stand together, and those without one stand first.
pub const SETTINGS: &[Setting] = &[
    Setting {
        key: "name",
        kind: Kind::Text,
        meaning: "Your name on the server; the name of the system's user without it.",
        live: false,
        read: |config, value| {
            let name = text(value)?;
            UserName::parse(&name).map_err(|e| format!("the name {name:?} is not possible: {e}"))?;
            config.name = Some(name);
            Ok(())
        },
        show: |config| config.name.clone().map(Value::Text),
    },
    Setting {
        key: "server",
        kind: Kind::Text,
        meaning: "The server that chat-tui connects to when none is named: HOST, HOST:PORT, [IPV6]:PORT or a chat:// link.",
        live: false,
        read: |config, value| {
            let address = text(value)?;
            let known: ServerAddress = address.parse().map_err(|e: crate::client::AddressError| e.to_string())?;
            if known.invite.is_some() {
                return Err("an invitation is used once, so it belongs on the command line".to_owned());
            }
            config.server = Some(address);
            Ok(())
        },
        show: |config| config.server.clone().map(Value::Text),
    },
    Setting {
        key: "rooms",
        kind: Kind::List,
        meaning: "Rooms to be in on that server; the first one is opened.",
        live: false,
        read: |config, value| {
            let names = list(value)?;
            let rooms = names.iter().map(|name| {
                RoomName::parse(name).map(|room| room.as_str().to_owned()).map_err(|e| format!("{name:?}: {e}"))
            });
            config.rooms = rooms.collect::<Result<_, _>>()?;
            Ok(())
        },
        show: |config| Some(Value::List(config.rooms.clone())),
    },
    Setting {
        key: "servers",
        kind: Kind::List,
        meaning: "Further servers to be connected to beside that one: [NAME@]HOST[:PORT][/ROOM] or a chat:// link.",
        live: false,
        read: |config, value| {
            config.servers = list(value)?;
            config.servers.iter().try_for_each(|server| server.parse::<Beside>().map(drop).map_err(|e| e.to_string()))
        },
        show: |config| Some(Value::List(config.servers.clone())),
    },
    Setting {
        key: "ca",
        kind: Kind::Text,
        meaning: "A PEM file of certificate authorities to trust besides the system's.",
        live: false,
        read: |config, value| path(value).map(|path| config.ca = Some(path)),
        show: |config| config.ca.as_ref().map(|path| Value::Text(path.to_string_lossy().into_owned())),
    },
    Setting {
        key: "data",
        kind: Kind::Text,
        meaning: "The directory of keys, outboxes and caches; made for its owner only.",
        live: false,
        read: |config, value| path(value).map(|path| config.data = Some(path)),
        show: |config| config.data.as_ref().map(|path| Value::Text(path.to_string_lossy().into_owned())),
    },
    Setting {
        key: "downloads",
        kind: Kind::Text,
        meaning: "The directory of files that are fetched; the system's own for that unless set.",
        live: true,
        read: |config, value| path(value).map(|path| config.downloads = Some(path)),
        show: |config| config.downloads.as_ref().map(|path| Value::Text(path.to_string_lossy().into_owned())),
    },
    Setting {
        key: "cache",
        kind: Kind::Flag,
        meaning: "Whether messages are kept on this machine, so that rooms are there before the connection is.",
        live: false,
        read: |config, value| flag(&value).map(|cache| config.cache = cache),
        show: |config| Some(Value::Flag(config.cache)),
    },
    Setting {
        key: "explore",
        kind: Kind::Flag,
        meaning: "Whether to look only: nothing is marked as read, nobody is told you are typing, and nothing is sent.",
        live: true,
        read: |config, value| flag(&value).map(|explore| config.explore = explore),
        show: |config| Some(Value::Flag(config.explore)),
    },
    Setting {
        key: "exec",
        kind: Kind::Flag,
        meaning: "Whether /exec may run programs on this machine.",
        live: true,
        read: |config, value| flag(&value).map(|exec| config.exec = exec),
        show: |config| Some(Value::Flag(config.exec)),
    },
    Setting {
        key: "ctl",
        kind: Kind::Flag,
        meaning: "Whether programs of your own may drive this client while it runs, through chat-tui ctl.",
        live: false,
        read: |config, value| flag(&value).map(|ctl| config.ctl = ctl),
        show: |config| Some(Value::Flag(config.ctl)),
    },
    Setting {
        key: "typing",
        kind: Kind::Flag,
        meaning: "Whether others are told while you are writing.",
        live: true,
        read: |config, value| flag(&value).map(|typing| config.typing = typing),
        show: |config| Some(Value::Flag(config.typing)),
    },
    Setting {
        key: "paste_lines",
        kind: Kind::Number(0, 1_000),
        meaning: "Lines pasted in one piece that Enter sends without asking, 0 to 1000; 0 for any number.",
        live: true,
        read: |config, value| number(&value).map(|lines| config.paste_lines = lines),
        show: |config| Some(Value::Number(config.paste_lines)),
    },
    Setting {
        key: "highlight",
        kind: Kind::List,
        meaning: "Words that make a message stand out as your name does, in any case, whole words only.",
        live: true,
        read: |config, value| list(value).map(|words| config.highlight = words),
        show: |config| Some(Value::List(config.highlight.clone())),
    },
    Setting {
        key: "browser",
        kind: Kind::List,
        meaning: "The program that opens links, with its arguments before the link; $BROWSER or the system's own without it.",
        live: true,
        read: |config, value| list(value).map(|words| config.browser = words),
        show: |config| Some(Value::List(config.browser.clone())),
    },
    Setting {
        key: "theme",
        kind: Kind::Text,
        meaning: "The theme, by its name or the path of a TOML file that has a slash in it or ends in .toml.",
        live: true,
        read: |config, value| text(value).map(|theme| config.theme = theme),
        show: |config| Some(Value::Text(config.theme.clone())),
    },
    Setting {
        key: "linear",
        kind: Kind::Flag,
        meaning: "Whether lines are printed one after the other instead of a screen, for screen readers.",
        live: false,
        read: |config, value| flag(&value).map(|linear| config.linear = linear),
        show: |config| Some(Value::Flag(config.linear)),
    },
    Setting {
        key: "notify",
        kind: Kind::Choice(Notice::WORDS),
        meaning: "How the terminal tells of a message you are not looking at: off, bell, osc9, osc99, osc777, or as it understands (auto).",
        live: true,
        read: |config, value| word(value).map(|notify| config.notify = notify),
        show: |config| Some(Value::Text(config.notify.to_string())),
    },
    Setting {
        key: "notify_command",
        kind: Kind::List,
        meaning: "A program that tells of it instead, with its arguments: [\"notify-send\", \"--\", \"{title}\", \"{text}\"].",
        live: true,
        read: |config, value| list(value).map(|words| config.notify_command = words),
        show: |config| Some(Value::List(config.notify_command.clone())),
    },
    Setting {
        key: "ui.symbols",
        kind: Kind::Choice(SymbolSet::WORDS),
        meaning: "The characters that frames and signs are drawn with: unicode, ascii, or as the locale says (auto).",
        live: true,
        read: |config, value| word(value).map(|symbols| config.ui.symbols = symbols),
        show: |config| Some(Value::Text(config.ui.symbols.to_string())),
    },
    Setting {
        key: "ui.colors",
        kind: Kind::Choice(ColorDepth::WORDS),
        meaning: "How many colours are used: none, 16, 256, truecolor, or as the terminal says (auto).",
        live: true,
        read: |config, value| word(value).map(|colors| config.ui.colors = colors),
        show: |config| Some(Value::Text(config.ui.colors.to_string())),
    },
    Setting {
        key: "ui.borders",
        kind: Kind::Flag,
        meaning: "Whether lines part the panes; without them a screen reader has less to read.",
        live: true,
        read: |config, value| flag(&value).map(|borders| config.ui.borders = borders),
        show: |config| Some(Value::Flag(config.ui.borders)),
    },
    Setting {
        key: "ui.hints",
        kind: Kind::Choice(Shown::WORDS),
        meaning: "Whether the bottom line shows a few keys: on, off, or in the first week only (auto).",
        live: true,
        read: |config, value| word(value).map(|hints| config.ui.hints = hints),
        show: |config| Some(Value::Text(config.ui.hints.to_string())),
    },
    Setting {
        key: "ui.max_width",
        kind: Kind::Number(20, 1_000),
        meaning: "Columns of a message's text at most, 20 to 1000.",
        live: true,
        read: |config, value| number(&value).map(|columns| config.ui.max_width = columns),
        show: |config| Some(Value::Number(config.ui.max_width)),
    },
    Setting {
        key: "ui.rooms",
        kind: Kind::Choice(Shown::WORDS),
        meaning: "Whether the list of rooms is shown: on, off, or from 80 columns on (auto); on needs 60.",
        live: true,
        read: |config, value| word(value).map(|rooms| config.ui.rooms = rooms),
        show: |config| Some(Value::Text(config.ui.rooms.to_string())),
    },
    Setting {
        key: "ui.order",
        kind: Kind::Choice(RoomOrder::WORDS),
        meaning: "How the rooms are ordered: by name, with what is new first (activity), or as /move put them (hand).",
        live: true,
        read: |config, value| word(value).map(|order| config.ui.order = order),
        show: |config| Some(Value::Text(config.ui.order.to_string())),
    },
    Setting {
        key: "ui.members",
        kind: Kind::Choice(Shown::WORDS),
        meaning: "Whether the list of members is shown: on, off, or from 110 columns on (auto); on needs 80.",
        live: true,
        read: |config, value| word(value).map(|members| config.ui.members = members),
        show: |config| Some(Value::Text(config.ui.members.to_string())),
    },
    Setting {
        key: "ui.clock",
        kind: Kind::Choice(Clock::WORDS),
        meaning: "How times are written: 24h (17:02) or 12h (5:02p).",
        live: true,
        read: |config, value| word(value).map(|clock| config.ui.clock = clock),
        show: |config| Some(Value::Text(config.ui.clock.to_string())),
    },
    Setting {
        key: "ui.mouse",
        kind: Kind::Flag,
        meaning: "Whether the mouse points here, rather than selecting text in the terminal.",
        live: true,
        read: |config, value| flag(&value).map(|mouse| config.ui.mouse = mouse),
        show: |config| Some(Value::Flag(config.ui.mouse)),
    },
    Setting {
        key: "ui.links",
        kind: Kind::Flag,
        meaning: "Whether links can be clicked on in terminals that know OSC 8.",
        live: true,
        read: |config, value| flag(&value).map(|links| config.ui.links = links),
        show: |config| Some(Value::Flag(config.ui.links)),
    },
    Setting {
        key: "ui.layout",
        kind: Kind::Text,
        meaning: "The layout to begin with, by its name in [layouts]; /layout save NAME keeps the present one there.",
        live: false,
        read: |config, value| text(value).map(|layout| config.ui.layout = Some(layout)),
        show: |config| config.ui.layout.clone().map(Value::Text),
    },
    Setting {
        key: "keys.preset",
        kind: Kind::Choice(KeyPreset::WORDS),
        meaning: "Which program's habits the keys follow where they differ: default, weechat, irssi, vim, emacs or slack.",
        live: true,
        read: |config, value| word(value).map(|preset| config.keys.preset = preset),
        show: |config| Some(Value::Text(config.keys.preset.to_string())),
    },
];
