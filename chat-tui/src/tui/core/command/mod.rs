//! Slash commands: one table of names, usage, help and how the arguments are read. What they do is `update/command.rs`; what
//! they ask of the server `ask.rs`.

mod args;
mod ask;
mod read;
mod table;
mod words;

use chat_proto::Seq;

use super::effect::Change;
use super::keymap::WindowDeed;

pub use args::{Arg, rights};
pub use ask::{Ask, Person};
pub use table::COMMANDS;
pub use words::room_setting;

/// What a slash command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Nothing: what was written can't be done, and why.
    Wrong(String),
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
    /// Ask the server for something.
    Ask(Ask),
    /// Show when somebody was last there.
    Seen(String),
    /// Be called something beside one's name; nothing for the name alone.
    Nick(Option<String>),
    /// Something about the configuration.
    Configure(Change),
    /// Show or set what the room is about.
    Topic(Option<String>),
    /// Write to people directly, without going there.
    Message {
        /// To whom.
        people: Vec<String>,
        /// What.
        text: String,
    },
    /// Go to the conversation with some people.
    Query {
        /// With whom.
        people: Vec<String>,
        /// What is sent there; may be empty.
        text: String,
    },
    /// Look for something, or at less.
    Look(Look),
    /// Go to a message, a day, or the first unread one.
    Goto(Goto),
    /// Do something with a message.
    Done(Deed),
    /// Connect to a further server: where, and what is wanted there.
    Connect(String),
    /// Leave a server; the one being looked at if none is named.
    Disconnect(String),
    /// Try a server again at once, or go back to it.
    Reconnect(String),
    /// Show the servers.
    Servers,
    /// Send or fetch a file.
    File(FileDeed),
    /// Divide the screen otherwise.
    Divide(Division),
    /// Begin choosing among messages.
    Select,
    /// Show rooms, people and commands to choose from.
    Switch,
    /// Show all commands, or one.
    Help(Option<String>),
    /// Ask for a new password that links devices, or take it away.
    Password {
        /// Whether it is taken away.
        remove: bool,
    },
    /// Do something on this machine.
    Here(Here),
    /// Leave.
    Quit,
}

/// What a command does on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Here {
    /// Show what is on its way.
    Outbox,
    /// Show the keys.
    Keys,
    /// Say which programs these are.
    Version,
    /// Say how long the server takes to answer.
    Lag,
    /// Take the mouse, or leave it to the terminal.
    Mouse,
    /// Say words that have a command of their own.
    Said(String),
    /// Run a program and show what it prints.
    Run {
        /// Whether that is said, instead.
        say: bool,
        /// As the shell takes it.
        line: String,
    },
    /// Write what is known here of a room into a file.
    Export {
        /// Whether a file that is there may be replaced.
        force: bool,
        /// Which; the one being looked at if none is named.
        room: Option<String>,
        /// Where to.
        file: String,
    },
}

/// What is looked for, and what is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Search on the server.
    Search(String),
    /// Look for words in what is loaded of this room.
    Find(String),
    /// Show the threads of this room.
    Threads,
    /// Show the filters.
    Filters,
    /// Let the filters hold, or do without them.
    Filter(bool),
    /// Go where a link leads, or let a program open it.
    Open(String),
}

/// What a command does with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Answer a message.
    Reply(Target, String),
    /// Change the words of an own message.
    Edit(Target, Option<String>),
    /// Replace words in one's newest message.
    Substitute {
        /// Which.
        old: String,
        /// By which.
        new: String,
    },
    /// Remove a message.
    Delete(Target, String),
    /// React to a message, or take it back.
    React(Target, String),
    /// Pin a message, or no more.
    Pin(Target, bool),
    /// Copy a message to another room.
    Forward(Target, String),
}

/// Which message a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The chosen one; else one's own newest, or for what is done to others' messages the newest of all.
    Here,
    /// The one of this number.
    Seq(Seq),
}

/// Where a room is put in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Way {
    Up,
    Down,
    Top,
    Bottom,
}

/// What is done with files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileDeed {
    /// Send one.
    Upload {
        /// Which, as the person wrote it.
        path: String,
        /// The words beside it.
        caption: String,
    },
    /// Fetch the one of a message.
    Download {
        /// The message.
        target: Target,
        /// Where to.
        directory: Option<String>,
    },
    /// Show those on their way.
    List,
}

/// How the screen is divided otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Division {
    /// Put the room elsewhere in the list that is ordered by hand.
    Move(Way),
    /// Do something with the window in front.
    Window(WindowDeed),
    /// Do something with the tabs.
    Tab(TabDeed),
    /// Keep a layout, or go to one.
    Layout(LayoutDeed),
}

/// What is done with tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TabDeed {
    /// Open one.
    New,
    /// Close the one that is seen.
    Close,
    /// Go to the next one, or to the one before.
    Step {
        /// The one before.
        back: bool,
    },
    /// Go to the one of this number, from 1.
    Number(usize),
}

/// What is done with layouts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutDeed {
    /// Show them.
    List,
    /// Keep the present one under a name.
    Save(String),
    /// Go to one.
    Load(String),
    /// Keep one no more.
    Delete(String),
}

/// Where to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goto {
    /// A message by its number.
    Seq(Seq),
    /// The beginning of a day.
    Day(jiff::civil::Date),
    /// The first unread message.
    Unread,
    /// The oldest message.
    Start,
    /// The newest message.
    End,
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

/// Reads a line. `//` at its beginning is a slash to be said; `s/old/new/` is a command too.
#[must_use]
pub fn read(line: &str) -> Line {
    if let Some((old, new)) = words::substitution(line) {
        return Line::Run(Command::Done(Deed::Substitute { old, new }));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_known_by_its_name_an_alias_or_a_beginning_of_its_own() {
        let join = || Line::Run(Command::Join(vec!["#dev".to_owned()]));
        assert_eq!(read("/join #dev"), join());
        assert_eq!(read("/J  #dev "), join());
        assert_eq!(read("/jo #dev"), join());
        assert_eq!(read("/qui"), Line::Run(Command::Quit));
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
