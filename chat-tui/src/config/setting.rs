//! The table of settings: the one place a new one is added to.

use std::fmt;

use chat_proto::{RoomName, UserName};

use super::read::{flag, list, number, path, text, word};
use super::{Clock, ColorDepth, Config, KeyPreset, Notice, Shown, SymbolSet};
use crate::client::{Beside, ServerAddress};

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(String),
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(u64),
    /// Strings.
    List(Vec<String>),
}

impl fmt::Display for Value {
    /// As TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &String| toml::Value::String(text.clone()).to_string();
        match self {
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::List(words) => write!(f, "[{}]", words.iter().map(quoted).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// What a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A string.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number between these, both included.
    Number(u64, u64),
    /// Strings.
    List,
}

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the file, a dot between section and name.
    pub key: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// Whether a change takes effect at once, and not at the next start.
    pub live: bool,
    read: fn(&mut Config, Value) -> Result<(), String>,
    show: fn(&Config) -> Option<Value>,
}

impl Setting {
    /// Its name in the environment.
    #[must_use]
    pub fn variable(&self) -> String {
        match self.key {
            "name" | "ca" | "theme" | "linear" => format!("CHAT_{}", self.key.to_uppercase()),
            key => format!("CHAT_CLIENT_{}", key.replace('.', "_").to_uppercase()),
        }
    }

    /// Its default as it is written; `(none)` where there is none.
    #[must_use]
    pub fn default(&self) -> String {
        (self.show)(&Config::default()).map_or_else(|| "(none)".to_owned(), |value| value.to_string())
    }

    /// The value it has, if it has one.
    #[must_use]
    pub fn value(&self, config: &Config) -> Option<Value> {
        (self.show)(config)
    }

    /// Puts a value into a configuration.
    ///
    /// # Errors
    /// What is wrong with the value; the configuration is as before.
    pub fn set(&self, config: &mut Config, value: Value) -> Result<(), String> {
        if let (Kind::Number(least, most), Value::Number(number)) = (self.kind, &value)
            && !(least..=most).contains(number)
        {
            return Err(format!("{number} is not from {least} to {most}"));
        }
        (self.read)(config, value)
    }

    /// Reads a value from text without quotes, as in a variable or behind `/set`; words of a list are parted by spaces.
    ///
    /// # Errors
    /// What it takes.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        match self.kind {
            Kind::Text | Kind::Choice(_) => Ok(Value::Text(text.to_owned())),
            Kind::Flag => match text {
                "true" | "on" | "yes" => Ok(Value::Flag(true)),
                "false" | "off" | "no" => Ok(Value::Flag(false)),
                _ => Err(format!("{text:?} is neither true nor false")),
            },
            Kind::Number(..) => text.parse().map(Value::Number).map_err(|_| format!("{text:?} is not a whole number")),
            Kind::List => {
                let words = text.split([' ', ',']).map(|word| word.trim_matches(['[', ']', '"', '\'']));
                Ok(Value::List(words.filter(|word| !word.is_empty()).map(str::to_owned).collect()))
            }
        }
    }
}

/// The setting of a key.
///
/// # Errors
/// That there is none, for people, with the nearest key there is.
pub fn find(key: &str) -> Result<&'static Setting, String> {
    SETTINGS.iter().find(|setting| setting.key == key).ok_or_else(|| {
        let near = chat_proto::nearest::nearest(key, SETTINGS.iter().map(|setting| setting.key));
        let near = near.map(|near| format!(", did you mean {near:?}?")).unwrap_or_default();
        format!("there is no setting {key:?}{near}")
    })
}

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
        key: "keys.preset",
        kind: Kind::Choice(KeyPreset::WORDS),
        meaning: "Which program's habits the keys follow where they differ: default, weechat, irssi, vim, emacs or slack.",
        live: true,
        read: |config, value| word(value).map(|preset| config.keys.preset = preset),
        show: |config| Some(Value::Text(config.keys.preset.to_string())),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_shows_what_it_read() {
        for setting in SETTINGS {
            let mut config = Config::default();
            let sample = match (setting.kind, setting.key) {
                (Kind::Text, _) => Value::Text("a.example".to_owned()),
                (Kind::Choice(words), _) => Value::Text((*words.last().unwrap()).to_owned()),
                (Kind::Flag, key) => Value::Flag(matches!(key, "explore" | "linear")),
                (Kind::Number(least, _), _) => Value::Number(least),
                (Kind::List, _) => Value::List(vec!["dev".to_owned()]),
            };
            assert_ne!(setting.value(&config).as_ref(), Some(&sample), "{}", setting.key);
            setting.set(&mut config, sample.clone()).unwrap();
            assert_eq!(setting.value(&config), Some(sample), "{}", setting.key);
            assert_ne!(config, Config::default(), "{}", setting.key);
        }
    }

    #[test]
    fn a_value_of_another_kind_or_out_of_range_changes_nothing() {
        let mut config = Config::default();
        for (key, value) in [
            ("ui.max_width", Value::Number(19)),
            ("ui.max_width", Value::Text("90".to_owned())),
            ("ui.hints", Value::Flag(true)),
            ("typing", Value::Text("on".to_owned())),
            ("rooms", Value::List(vec!["no room".to_owned()])),
            ("server", Value::Text("a b".to_owned())),
            ("name", Value::Text(String::new())),
        ] {
            assert!(find(key).unwrap().set(&mut config, value).is_err(), "{key}");
        }
        assert_eq!(config, Config::default());
    }

    #[test]
    fn what_is_written_without_quotes_is_read_as_the_setting_takes_it() {
        let parse = |key: &str, text: &str| find(key).unwrap().parse(text);
        assert_eq!(parse("typing", "off"), Ok(Value::Flag(false)));
        assert_eq!(parse("ui.max_width", "80"), Ok(Value::Number(80)));
        assert_eq!(parse("highlight", "a, b c"), Ok(Value::List(["a", "b", "c"].map(str::to_owned).to_vec())));
        assert!(parse("typing", "perhaps").is_err() && parse("ui.max_width", "-1").is_err());
        assert!(find("ui.hint").unwrap_err().contains("did you mean \"ui.hints\"?"));
    }
}
