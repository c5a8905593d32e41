//! Slash commands: one table of names, usage, help and how the arguments are read. What they do is `update/command.rs`.

use super::effect::Change;
use super::identity::Own;

/// What a slash command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Become a member of rooms, or go to them.
    Join(Vec<String>),
    /// Begin a room.
    Create {
        /// Its name.
        name: String,
        /// What it is about; may be empty.
        topic: String,
    },
    /// Stop being a member of a room; this one without a name.
    Part {
        /// Which.
        room: Option<String>,
        /// Why.
        reason: String,
    },
    /// Write what one does.
    Me(String),
    /// Show who is a member.
    Names,
    /// Show who somebody is; without a name oneself.
    Whois(Option<String>),
    /// Show when somebody was last there.
    Seen(String),
    /// Be called something beside one's name; nothing for the name alone.
    Nick(Option<String>),
    /// Something about one's own devices.
    Own(Own),
    /// Something about the configuration.
    Configure(Change),
    /// Show all commands, or one.
    Help(Option<String>),
    /// Leave.
    Quit,
}

/// One entry of the table.
#[derive(Debug)]
pub struct Spec {
    /// Its name, without the slash.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// How it is written.
    pub usage: &'static str,
    /// What it does, in a line.
    pub help: &'static str,
    read: fn(&str) -> Option<Command>,
}

/// All commands, by name.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "bind",
        aliases: &[],
        usage: "/bind context keys action",
        help: "give keys, with + between those of a sequence, an action, or none with off",
        read: |rest| {
            let [context, keys, action] = rest.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
            let keys = if keys.len() > 1 { keys.replace('+', " ") } else { keys.to_owned() };
            let action = if action == "off" { String::new() } else { action.to_owned() };
            Some(Command::Configure(Change::Bind { context: context.to_owned(), keys, action }))
        },
    },
    Spec {
        name: "create",
        aliases: &[],
        usage: "/create #room [topic]",
        help: "begin a room and become its owner",
        read: |rest| {
            let (name, topic) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let create = || Command::Create { name: name.to_owned(), topic: topic.trim().to_owned() };
            (!name.is_empty()).then(create)
        },
    },
    Spec {
        name: "devices",
        aliases: &[],
        usage: "/devices",
        help: "show the devices that open your account",
        read: |rest| rest.is_empty().then_some(Command::Own(Own::Devices)),
    },
    Spec {
        name: "help",
        aliases: &[],
        usage: "/help [command]",
        help: "show the keys and commands, or one command",
        read: |rest| optional(rest).map(Command::Help),
    },
    Spec {
        name: "join",
        aliases: &["j"],
        usage: "/join #room [#room…]",
        help: "become a member of a room, or go to it",
        read: |rest| {
            let rooms: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
            (!rooms.is_empty()).then_some(Command::Join(rooms))
        },
    },
    Spec {
        name: "link",
        aliases: &[],
        usage: "/link",
        help: "make a code that adds a device to your account",
        read: |rest| rest.is_empty().then_some(Command::Own(Own::Link)),
    },
    Spec {
        name: "me",
        aliases: &[],
        usage: "/me does something",
        help: "write what you do",
        read: |rest| (!rest.trim().is_empty()).then(|| Command::Me(rest.to_owned())),
    },
    Spec {
        name: "names",
        aliases: &[],
        usage: "/names",
        help: "show who is a member of this room",
        read: |rest| rest.is_empty().then_some(Command::Names),
    },
    Spec {
        name: "nick",
        aliases: &[],
        usage: "/nick [words]",
        help: "be called something beside your name, or by that alone",
        read: |rest| optional(rest).map(Command::Nick),
    },
    Spec {
        name: "part",
        aliases: &["leave"],
        usage: "/part [#room] [reason]",
        help: "stop being a member of a room",
        read: |rest| {
            let (first, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            Some(if first.starts_with('#') {
                Command::Part { room: Some(first.to_owned()), reason: behind.trim().to_owned() }
            } else {
                Command::Part { room: None, reason: rest.to_owned() }
            })
        },
    },
    Spec { name: "quit", aliases: &["exit"], usage: "/quit", help: "leave the program", read: |_| Some(Command::Quit) },
    Spec {
        name: "recovery",
        aliases: &[],
        usage: "/recovery",
        help: "make a code for when all your devices are lost",
        read: |rest| rest.is_empty().then_some(Command::Own(Own::Recovery)),
    },
    Spec {
        name: "reload",
        aliases: &[],
        usage: "/reload",
        help: "read the settings again",
        read: |rest| rest.is_empty().then_some(Command::Configure(Change::Reload)),
    },
    Spec {
        name: "revoke",
        aliases: &[],
        usage: "/revoke device",
        help: "let a device of /devices open your account no more",
        read: |rest| rest.parse().ok().map(|number| Command::Own(Own::Revoke(chat_proto::DeviceId(number)))),
    },
    Spec {
        name: "seen",
        aliases: &[],
        usage: "/seen name",
        help: "show when somebody was last there",
        read: |rest| one(rest).map(Command::Seen),
    },
    Spec {
        name: "set",
        aliases: &[],
        usage: "/set [setting [value]]",
        help: "show the settings, or give one another value and keep it",
        read: |rest| {
            let (key, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let change = match value.trim() {
                "" => Change::Show(key.to_owned()),
                value => Change::Set(key.to_owned(), value.to_owned()),
            };
            Some(Command::Configure(change))
        },
    },
    Spec {
        name: "unset",
        aliases: &[],
        usage: "/unset setting",
        help: "take a setting back to what it is by itself",
        read: |rest| one(rest).map(|key| Command::Configure(Change::Unset(key))),
    },
    Spec {
        name: "whois",
        aliases: &[],
        usage: "/whois [name]",
        help: "show who somebody is",
        read: |rest| optional(rest).map(Command::Whois),
    },
];

/// What a written line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Said.
    Say(String),
    /// A command.
    Run(Command),
    /// Neither; why not, for people. Never sent.
    Wrong(String),
}

/// Reads a line. `//` at its beginning is a slash to be said.
#[must_use]
pub fn read(line: &str) -> Line {
    let Some(rest) = line.strip_prefix('/') else { return Line::Say(line.to_owned()) };
    if let Some(said) = rest.strip_prefix('/').or_else(|| rest.strip_prefix(" /")) {
        return Line::Say(["/", said].concat());
    }
    let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    match find(name) {
        Ok(spec) => match (spec.read)(rest.trim()) {
            Some(command) => Line::Run(command),
            None => Line::Wrong(format!("usage: {}", spec.usage)),
        },
        Err(why) => Line::Wrong(why),
    }
}

/// The command of a name, or of the beginning of one if there is only one such.
///
/// # Errors
/// Why there is none, for people.
pub fn find(name: &str) -> Result<&'static Spec, String> {
    let name = name.to_lowercase();
    let exact = COMMANDS.iter().find(|spec| spec.name == name || spec.aliases.contains(&name.as_str()));
    if let Some(spec) = exact {
        return Ok(spec);
    }
    let near: Vec<&Spec> = COMMANDS.iter().filter(|spec| !name.is_empty() && spec.name.starts_with(&name)).collect();
    match near.as_slice() {
        [spec] => Ok(spec),
        [] => Err(format!("there is no command /{name}; /help lists them, // sends a slash")),
        several => {
            let names: Vec<String> = several.iter().map(|spec| format!("/{}", spec.name)).collect();
            Err(format!("/{name} could be {}", names.join(" or ")))
        }
    }
}

fn one(rest: &str) -> Option<String> {
    let mut words = rest.split_whitespace();
    words.next().filter(|_| words.next().is_none()).map(str::to_owned)
}

fn optional(rest: &str) -> Option<Option<String>> {
    if rest.is_empty() { Some(None) } else { one(rest).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_known_by_its_name_an_alias_or_a_beginning_of_its_own() {
        let join = || Line::Run(Command::Join(vec!["#dev".to_owned()]));
        assert_eq!(read("/join #dev"), join());
        assert_eq!(read("/J  #dev "), join());
        assert_eq!(read("/jo #dev"), join());
        assert_eq!(read("/q"), Line::Run(Command::Quit));
    }

    #[test]
    fn what_is_no_command_is_an_error_and_never_said() {
        assert!(matches!(read("/jion #dev"), Line::Wrong(_)));
        assert!(matches!(read("/"), Line::Wrong(_)));
        assert!(matches!(read("/join"), Line::Wrong(why) if why.contains("/join #room")));
        assert!(matches!(read("/usr/bin/env\nx"), Line::Wrong(_)));
    }

    #[test]
    fn settings_are_shown_changed_and_bound() {
        let change =
            |line: &str| if let Line::Run(Command::Configure(change)) = read(line) { Some(change) } else { None };
        assert_eq!(change("/set"), Some(Change::Show(String::new())));
        assert_eq!(change("/set ui."), Some(Change::Show("ui.".to_owned())));
        assert_eq!(change("/set highlight a b"), Some(Change::Set("highlight".to_owned(), "a b".to_owned())));
        let bind = |keys: &str, action: &str| {
            Some(Change::Bind { context: "global".to_owned(), keys: keys.to_owned(), action: action.to_owned() })
        };
        assert_eq!(change("/bind global ctrl-x+q quit"), bind("ctrl-x q", "quit"));
        assert_eq!(change("/bind global + off"), bind("+", ""));
        assert_eq!(change("/bind global q"), None);
    }

    #[test]
    fn two_slashes_say_one() {
        assert_eq!(read("//shrug"), Line::Say("/shrug".to_owned()));
        assert_eq!(read("/ /shrug"), Line::Say("/shrug".to_owned()));
        assert_eq!(read("a /b"), Line::Say("a /b".to_owned()));
    }

    #[test]
    fn a_part_takes_a_room_and_a_reason_or_only_a_reason() {
        let part = |room: Option<&str>, reason: &str| {
            Line::Run(Command::Part { room: room.map(str::to_owned), reason: reason.to_owned() })
        };
        assert_eq!(read("/part"), part(None, ""));
        assert_eq!(read("/part #a good bye"), part(Some("#a"), "good bye"));
        assert_eq!(read("/part good bye"), part(None, "good bye"));
    }

    #[test]
    fn whatever_follows_the_name_of_a_new_room_is_its_topic() {
        let create = |topic: &str| Line::Run(Command::Create { name: "#ops".to_owned(), topic: topic.to_owned() });
        assert_eq!(read("/create #ops"), create(""));
        assert_eq!(read("/create #ops  on call, and releases "), create("on call, and releases"));
        assert!(matches!(read("/create"), Line::Wrong(why) if why.contains("/create #room [topic]")));
    }

    #[test]
    fn the_table_is_in_order_and_every_usage_begins_with_the_name() {
        assert!(COMMANDS.is_sorted_by_key(|spec| spec.name));
        for spec in COMMANDS {
            assert!(spec.usage.starts_with(&format!("/{}", spec.name)));
        }
    }
}
