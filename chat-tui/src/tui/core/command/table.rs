//! The table of commands.

use chat_proto::event::List;
use chat_proto::profile::Status;
use chat_proto::setting::{Archived, SlowMode};
use chat_proto::{ConnId, DeviceId, Notify, Role};

use super::read::{
    filter, goto, here, layout, named_role, open_link, people, person, pin, put, said, tab, take, window,
};
use super::words::{duration, first, flag, name, one, optional, quoted, room_setting, target};
use super::{Ask, Command, Deed, Division, FileDeed, Here, Look, Person, Spec, Way};
use crate::bot::line::setting::role;
use crate::tui::core::effect::Change;
use crate::tui::core::identity::Own;

/// All commands, by name.
pub const COMMANDS: &[Spec] = &[
    spec("audit", "/audit", "show what was done in this room by those who may", |rest| {
        rest.is_empty().then_some(Command::Ask(Ask::Audit))
    }),
    spec("away", "/away [message]", "tell others that you are away; without a message, that you are back", |rest| {
        Some(Command::Ask(Ask::Status(Status { text: rest.to_owned(), away: !rest.is_empty(), until: None })))
    }),
    spec("back", "/back", "tell others that you are back", |rest| {
        rest.is_empty().then(|| Command::Ask(Ask::Status(Status::default())))
    }),
    Spec {
        aliases: &["kickban", "deny"],
        ..spec(
            "ban",
            "/ban [name [-time 2h] [reason]]",
            "put and keep somebody out of this room; without a name show whom",
            |rest| put(List::Banned, rest),
        )
    },
    spec("bind", "/bind context keys action", BIND_HELP, |rest| {
        let [context, keys, action] = rest.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
        let keys = if keys.len() > 1 { keys.replace('+', " ") } else { keys.to_owned() };
        let action = if action == "off" { String::new() } else { action.to_owned() };
        Some(Command::Configure(Change::Bind { context: context.to_owned(), keys, action }))
    }),
    spec("block", "/block name", "let somebody write to you no more", |rest| person(Person::Blocked, true, rest)),
    spec("connect", "/connect [name@]host[:port] [#room…]", "connect to a further server", |rest| {
        Some(if rest.is_empty() { Command::Servers } else { Command::Connect(rest.to_owned()) })
    }),
    spec("contact", "/contact name", "count somebody among your contacts", |rest| person(Person::Contact, true, rest)),
    spec("create", "/create #room [topic]", "begin a room and become its owner", |rest| {
        let (name, topic) = first(rest)?;
        Some(Command::Create { name: name.to_owned(), topic: topic.to_owned() })
    }),
    spec("delete", "/delete [#seq] [reason]", "remove a message: the chosen one, or your newest", |rest| {
        let (target, reason) = target(rest);
        Some(Command::Done(Deed::Delete(target, reason.to_owned())))
    }),
    spec("deop", "/deop name", "make a moderator a member like others", |rest| named_role(Role::Member, rest)),
    spec("destroy", "/destroy #room", "delete this room with all its history; its name makes sure", |rest| {
        one(rest).map(|name| Command::Ask(Ask::Delete(name)))
    }),
    spec("devices", "/devices", "show the devices that open your account", |rest| {
        rest.is_empty().then_some(Command::Ask(Ask::Own(Own::Devices)))
    }),
    spec("disconnect", "/disconnect [server]", "leave this server, or another one", |rest| {
        Some(Command::Disconnect(rest.to_owned()))
    }),
    spec("download", "/download [#seq] [directory]", "fetch the file of the chosen or newest message", |rest| {
        let (target, directory) = target(rest);
        let directory = (!directory.is_empty()).then(|| quoted(directory).map(|(path, _)| path));
        Some(Command::File(FileDeed::Download { target, directory: directory.flatten() }))
    }),
    spec("edit", "/edit [#seq] [text]", "change the words of your newest or the chosen message", |rest| {
        let (target, text) = target(rest);
        Some(Command::Done(Deed::Edit(target, (!text.is_empty()).then(|| text.to_owned()))))
    }),
    spec("exec", "/exec [-o] command", "run a program and show what it prints; with -o say it here", |rest| {
        let (say, line) = flag("-o", rest);
        (!line.is_empty()).then(|| Command::Here(Here::Run { say, line: line.to_owned() }))
    }),
    spec("export", "/export [-f] [#room] file", EXPORT_HELP, |rest| {
        let (force, rest) = flag("-f", rest);
        let named = first(rest).filter(|(word, _)| word.starts_with('#'));
        let (room, file) = named.map_or((None, rest), |(room, file)| (Some(room.to_owned()), file));
        (!file.is_empty()).then(|| Command::Here(Here::Export { force, room, file: file.to_owned() }))
    }),
    spec("favourite", "/favourite", "show this room first", |rest| {
        rest.is_empty().then_some(Command::Ask(Ask::Favourite(true)))
    }),
    spec("filter", "/filter [add|del|on|off] [label] [pattern]", FILTER_HELP, filter),
    Spec {
        aliases: &["lastlog"],
        ..spec("find", "/find [words]", "look for words in this room, first in what is loaded", |rest| {
            Some(Command::Look(Look::Find(rest.to_owned())))
        })
    },
    spec("forward", "/forward [#seq] #room", "copy the chosen or newest message to another room", |rest| {
        let (target, room) = target(rest);
        one(room).map(|room| Command::Done(Deed::Forward(target, room)))
    }),
    spec(
        "goto",
        "/goto #seq|2026-11-20|link|unread|start|end",
        "go to a message, a day, or the first unread one",
        |rest| {
            let link = one(rest).filter(|link| link.starts_with("chat://"));
            link.map(open_link).or_else(|| goto(rest).map(Command::Goto))
        },
    ),
    spec("help", "/help [command]", "show the keys and commands, or one command", |rest| {
        optional(rest).map(Command::Help)
    }),
    spec("highlight", "/highlight [word]", "make messages with a word stand out; without one show which do", |rest| {
        Some(Command::Configure(match one(rest) {
            Some(word) => Change::Add("highlight".to_owned(), word),
            None if rest.is_empty() => Change::Show("highlight".to_owned()),
            None => return None,
        }))
    }),
    spec("ignore", "/ignore name", "show nothing of somebody any more", |rest| person(Person::Ignored, true, rest)),
    Spec {
        aliases: &["allow"],
        ..spec(
            "invite",
            "/invite [name [-time 2h]]",
            "let somebody into this room; without a name show who may come",
            |rest| put(List::Invited, rest),
        )
    },
    Spec {
        aliases: &["j"],
        ..spec("join", "/join #room [#room…]", "become a member of a room, or go to it", |rest| {
            let rooms: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
            (!rooms.is_empty()).then_some(Command::Join(rooms))
        })
    },
    spec("keys", "/keys", "show which key does what", |rest| here(Here::Keys, rest)),
    spec("kick", "/kick name [reason]", "put somebody out of this room", |rest| {
        let (user, reason) = first(rest)?;
        Some(Command::Ask(Ask::Kick { user: name(user), reason: reason.to_owned() }))
    }),
    Spec {
        aliases: &["ping"],
        ..spec("lag", "/lag", "say how long the server takes to answer", |rest| here(Here::Lag, rest))
    },
    spec("layout", "/layout [save|load|delete] [label]", "show, keep or go to a division of the screen", |rest| {
        layout(rest).map(Division::Layout).map(Command::Divide)
    }),
    spec("link", "/link", "make a code that adds a device to your account", |rest| {
        rest.is_empty().then_some(Command::Ask(Ask::Own(Own::Link)))
    }),
    spec("me", "/me does something", "write what you do", |rest| {
        (!rest.trim().is_empty()).then(|| Command::Me(rest.to_owned()))
    }),
    Spec {
        aliases: &["inbox"],
        ..spec("mentions", "/mentions", "show unread messages that name you", |rest| {
            rest.is_empty().then_some(Command::Ask(Ask::Mentions))
        })
    },
    spec("mouse", "/mouse", "take the mouse, or leave it to the terminal", |rest| here(Here::Mouse, rest)),
    spec("move", "/move up|down|top|bottom", "put this room elsewhere in the list", |rest| {
        Some(Command::Divide(Division::Move(match rest {
            "up" => Way::Up,
            "down" => Way::Down,
            "top" => Way::Top,
            "bottom" => Way::Bottom,
            _ => return None,
        })))
    }),
    spec("msg", "/msg name text", "write to somebody directly, without going there", |rest| {
        let (user, text) = first(rest).filter(|(_, text)| !text.is_empty())?;
        Some(Command::Message { people: people(user), text: text.to_owned() })
    }),
    spec("mute", "/mute [name [-time 2h] [reason]]", "let somebody only read here; without a name show who", |rest| {
        put(List::Muted, rest)
    }),
    Spec {
        aliases: &["who"],
        ..spec("names", "/names", "show who is a member of this room", |rest| rest.is_empty().then_some(Command::Names))
    },
    spec("nick", "/nick [words]", "be called something beside your name, or by that alone", |rest| {
        optional(rest).map(Command::Nick)
    }),
    spec("notify", "/notify all|mentions|nothing", "choose what of this room counts as news", |rest| {
        let rule = match rest {
            "all" => Notify::All,
            "mentions" => Notify::Mentions,
            "nothing" | "none" => Notify::Nothing,
            _ => return None,
        };
        Some(Command::Ask(Ask::Notify(rule)))
    }),
    spec("op", "/op name", "make a member a moderator", |rest| named_role(Role::Moderator, rest)),
    spec("open", "/open link", "go where a link leads, or let your browser open it", |rest| one(rest).map(open_link)),
    spec("outbox", "/outbox", "show the messages that are not sent yet, to change, drop or send them again", |rest| {
        here(Here::Outbox, rest)
    }),
    Spec {
        aliases: &["leave"],
        ..spec("part", "/part [#room] [reason]", "stop being a member of a room", |rest| {
            Some(match first(rest).filter(|(word, _)| word.starts_with('#')) {
                Some((room, reason)) => Command::Part { room: Some(room.to_owned()), reason: reason.to_owned() },
                None => Command::Part { room: None, reason: rest.to_owned() },
            })
        })
    },
    spec(
        "password",
        "/password [-delete]",
        "set or take away the password that links new devices",
        |rest| match rest {
            "" => Some(Command::Password { remove: false }),
            "-delete" => Some(Command::Password { remove: true }),
            _ => None,
        },
    ),
    spec("pin", "/pin [#seq]", "pin the chosen or newest message to the room", |rest| pin(true, rest)),
    spec("pins", "/pins", "show the pinned messages", |rest| rest.is_empty().then_some(Command::Ask(Ask::Pins))),
    spec("profile", "/profile name", "show what somebody shows of himself", |rest| {
        one(rest).map(|user| Command::Ask(Ask::Profile(name(&user))))
    }),
    spec("purge", "/purge name [reason]", "remove everything somebody wrote here", |rest| {
        let (user, reason) = first(rest)?;
        Some(Command::Ask(Ask::Purge { user: name(user), reason: reason.to_owned() }))
    }),
    Spec {
        aliases: &["q"],
        ..spec("query", "/query name [text]", "go to the conversation with somebody, or with several: a,b", |rest| {
            let (users, text) = first(rest)?;
            Some(Command::Query { people: people(users), text: text.to_owned() })
        })
    },
    Spec { aliases: &["exit"], ..spec("quit", "/quit", "leave the program", |_| Some(Command::Quit)) },
    spec("react", "/react [#seq] emoji", "react to the chosen or newest message; again takes it back", |rest| {
        let (target, emoji) = target(rest);
        one(emoji).map(|emoji| Command::Done(Deed::React(target, emoji)))
    }),
    spec("reconnect", "/reconnect [server]", "try at once to connect again, or go back to a server", |rest| {
        Some(Command::Reconnect(rest.to_owned()))
    }),
    spec("recovery", "/recovery", "make a code for when all your devices are lost", |rest| {
        rest.is_empty().then_some(Command::Ask(Ask::Own(Own::Recovery)))
    }),
    spec("reload", "/reload", "read the settings again", |rest| {
        rest.is_empty().then_some(Command::Configure(Change::Reload))
    }),
    spec("rename", "/rename #name", "give this room another name", |rest| {
        one(rest).map(|name| Command::Ask(Ask::Rename(name)))
    }),
    spec("reply", "/reply [#seq] text", "answer the chosen or newest message", |rest| {
        let (target, text) = target(rest);
        (!text.is_empty()).then(|| Command::Done(Deed::Reply(target, text.to_owned())))
    }),
    spec("revoke", "/revoke device", "let a device of /devices open your account no more", |rest| {
        let number = rest.trim_start_matches("d_").parse().ok()?;
        Some(Command::Ask(Ask::Own(Own::Revoke(DeviceId(number)))))
    }),
    spec("role", "/role name member|moderator|admin", "give a member another role", |rest| {
        let (user, named) = first(rest)?;
        let role = role(named).ok()?;
        Some(Command::Ask(match role {
            Role::Owner => Ask::Transfer(name(user)),
            Role::Member | Role::Moderator | Role::Admin => Ask::Role { user: name(user), role },
        }))
    }),
    spec("room", "/room [setting value]", "show how this room is set, or change a setting of it", |rest| {
        let Some((key, value)) = first(rest) else { return Some(Command::Ask(Ask::Details)) };
        Some(room_setting(key, value).map_or_else(Command::Wrong, |setting| Command::Ask(Ask::Set(setting))))
    }),
    Spec {
        aliases: &["list"],
        ..spec("rooms", "/rooms", "show which rooms there are", |rest| {
            rest.is_empty().then_some(Command::Ask(Ask::Rooms))
        })
    },
    spec("search", "/search words [from:name] [in:#room] [after:7d]", "search on the server", |rest| {
        (!rest.is_empty()).then(|| Command::Look(Look::Search(rest.to_owned())))
    }),
    spec("seen", "/seen name", "show when somebody was last there", |rest| one(rest).map(Command::Seen)),
    spec("select", "/select", "choose among the messages", |rest| rest.is_empty().then_some(Command::Select)),
    spec("servers", "/servers", "show the servers and how they stand", |rest| {
        rest.is_empty().then_some(Command::Servers)
    }),
    spec("sessions", "/sessions [end connection]", "show or end your connections", |rest| match first(rest) {
        None => Some(Command::Ask(Ask::Sessions)),
        Some(("end", conn)) => {
            conn.trim_start_matches("c_").parse().ok().map(|conn| Command::Ask(Ask::EndSession(ConnId(conn))))
        }
        Some(_) => None,
    }),
    spec("set", "/set [setting [value]]", "show the settings, or give one another value and keep it", |rest| {
        Some(Command::Configure(match first(rest) {
            Some((key, value)) if !value.is_empty() => Change::Set(key.to_owned(), value.to_owned()),
            Some((key, _)) => Change::Show(key.to_owned()),
            None => Change::Show(String::new()),
        }))
    }),
    spec("shrug", "/shrug [text]", "say that you don't know", |rest| said(r"¯\_(ツ)_/¯", rest)),
    spec("slow", "/slow 30s|off", "set the least time between two messages of a person here", |rest| {
        let seconds = if rest == "off" { 0 } else { u32::try_from(duration(rest)?.as_secs()).ok()? };
        Some(Command::Ask(Ask::Set(SlowMode { seconds }.into())))
    }),
    spec("status", "/status [text]", "say something of yourself, or nothing any more", |rest| {
        Some(Command::Ask(Ask::Status(Status { text: rest.to_owned(), away: false, until: None })))
    }),
    spec("switch", "/switch", "choose a room, a person or a command", |rest| {
        rest.is_empty().then_some(Command::Switch)
    }),
    spec("tab", "/tab new|close|next|previous|number", "open, close or go to a tab", |rest| {
        tab(rest).map(Division::Tab).map(Command::Divide)
    }),
    spec("tableflip", "/tableflip [text]", "say that it is enough", |rest| said("(╯°□°)╯︵ ┻━┻", rest)),
    spec("theme", "/theme [theme]", "look otherwise, or show how it looks now", |rest| {
        let theme = "theme".to_owned();
        optional(rest)
            .map(|name| Command::Configure(name.map_or(Change::Show(theme.clone()), |name| Change::Set(theme, name))))
    }),
    spec("threads", "/threads", "show which messages of this room were answered", |rest| {
        rest.is_empty().then_some(Command::Look(Look::Threads))
    }),
    spec("topic", "/topic [text|-delete]", "show or set what this room is about", |rest| {
        Some(Command::Topic(match rest {
            "" => None,
            "-delete" => Some(String::new()),
            text => Some(text.to_owned()),
        }))
    }),
    spec("transfer", "/transfer name", "give this room to another member", |rest| {
        one(rest).map(|user| Command::Ask(Ask::Transfer(name(&user))))
    }),
    spec("transfers", "/transfers", "show the files that are on their way, to stop one", |rest| {
        rest.is_empty().then_some(Command::File(FileDeed::List))
    }),
    spec("unarchive", "/unarchive", "open an archived room again", |rest| {
        rest.is_empty().then(|| Command::Ask(Ask::Set(Archived { on: false }.into())))
    }),
    spec("unban", "/unban name", "keep somebody out no more", |rest| take(List::Banned, rest)),
    spec("unblock", "/unblock name", "let somebody write to you again", |rest| person(Person::Blocked, false, rest)),
    spec("uncontact", "/uncontact name", "count somebody among your contacts no more", |rest| {
        person(Person::Contact, false, rest)
    }),
    spec("unfavourite", "/unfavourite", "show this room where its name puts it", |rest| {
        rest.is_empty().then_some(Command::Ask(Ask::Favourite(false)))
    }),
    spec("unflip", "/unflip [text]", "say that it is well again", |rest| said("┬─┬ノ( º _ ºノ)", rest)),
    spec("unignore", "/unignore name", "show again what somebody writes", |rest| person(Person::Ignored, false, rest)),
    spec("uninvite", "/uninvite name", "take an invitation back", |rest| take(List::Invited, rest)),
    spec("unmute", "/unmute name", "let somebody write here again", |rest| take(List::Muted, rest)),
    spec("unpin", "/unpin [#seq]", "take a pinned message down", |rest| pin(false, rest)),
    spec("unset", "/unset setting", "take a setting back to what it is by itself", |rest| {
        one(rest).map(|key| Command::Configure(Change::Unset(key)))
    }),
    spec("upload", "/upload file [words]", "send a file; in quotes if its name has blanks", |rest| {
        let (path, caption) = quoted(rest)?;
        Some(Command::File(FileDeed::Upload { path, caption }))
    }),
    spec("version", "/version", "say which programs these are", |rest| here(Here::Version, rest)),
    spec("whois", "/whois [name]", "show who somebody is", |rest| optional(rest).map(Command::Whois)),
    spec("why", "/why action [name]", "ask whether you may do something here, and if not, why", |rest| {
        let (action, user) = first(rest)?;
        let user = (!user.is_empty()).then(|| name(user));
        Some(Command::Ask(Ask::Why { action: action.to_owned(), user }))
    }),
    spec("window", "/window split|vsplit|close|zoom|next|balance|left|right|up|down", "divide the screen", |rest| {
        window(rest).map(Division::Window).map(Command::Divide)
    }),
];

const EXPORT_HELP: &str =
    "write what is known here of a room into a file: text, .md or .jsonl; -f replaces one that is there";

const FILTER_HELP: &str = "hide messages that have words or a /regular expression/, or show what is hidden";

const BIND_HELP: &str = "give keys, with + between those of a sequence, an action, or none with off";

const fn spec(name: &'static str, usage: &'static str, help: &'static str, read: fn(&str) -> Option<Command>) -> Spec {
    Spec { name, aliases: &[], usage, help, read }
}
