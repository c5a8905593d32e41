//! What the arguments of commands are, read off their usage: what completion offers for each.

use super::Spec;

/// What may stand in a place behind a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A person.
    Name,
    /// A room.
    Room,
    /// A setting of the client.
    Setting,
    /// Its value.
    Value(String),
    /// A setting of the room.
    RoomSetting,
    /// Its value.
    RoomValue(String),
    /// One of these words.
    Word(Vec<&'static str>),
    /// An emoji.
    Emoji,
    /// A theme.
    Theme,
    /// A command.
    Command,
    /// A server that is known.
    Server,
    /// What a key can do.
    Action,
    /// Where keys are bound.
    Context,
    /// Something that may be done in a room.
    Right,
    /// Anything.
    Free,
}

/// Things that may be done in a room, by the names of the server's table.
const RIGHTS: [&str; 25] = [
    "find",
    "read",
    "join",
    "leave",
    "post",
    "react",
    "edit",
    "redact",
    "pin",
    "read_lists",
    "invite",
    "mute",
    "unmute",
    "ban",
    "unban",
    "kick",
    "purge",
    "make_member",
    "make_moderator",
    "make_admin",
    "transfer",
    "change",
    "rename",
    "archive",
    "delete",
];

/// Times that are often meant.
const TIMES: [&str; 5] = ["10m", "1h", "1d", "1w", "4w"];

impl Spec {
    /// What may stand behind these words, which are complete, where `typed` has begun.
    #[must_use]
    pub fn argument(&self, before: &[&str], typed: &str) -> Arg {
        let tokens: Vec<&str> = self.usage.split(' ').skip(1).collect();
        let flags: Vec<(&str, bool)> =
            tokens.iter().filter(|token| is_flag(token)).map(|token| (bare(token), !token.ends_with(']'))).collect();
        let valued = tokens.iter().enumerate().filter(|(at, _)| {
            at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|flag| is_flag(flag) && !flag.ends_with(']'))
        });
        let values: Vec<usize> = valued.map(|(at, _)| at).collect();
        let places = tokens.iter().enumerate().filter(|(at, token)| !is_flag(token) && !values.contains(at));
        let places: Vec<&str> = places.map(|(_, token)| *token).collect();
        let is_seq =
            |word: &str| word.strip_prefix('#').is_some_and(|seq| seq.starts_with(|c: char| c.is_ascii_digit()));
        let (mut at, mut timed) = (0, false);
        let skip = |at: usize, word: &str| {
            if places.get(at).is_some_and(|place| bare(place) == "#seq") && !is_seq(word) { at + 1 } else { at }
        };
        for word in before {
            if std::mem::take(&mut timed) {
                continue;
            }
            match flags.iter().find(|(flag, _)| flag == word) {
                Some((_, has_value)) => timed = *has_value,
                None => {
                    at = skip(at, word);
                    at += usize::from(!places.get(at).is_some_and(|place| place.contains('…')));
                }
            }
        }
        if timed {
            return Arg::Word(TIMES.to_vec());
        }
        if typed.starts_with('-') {
            return Arg::Word(flags.into_iter().map(|(flag, _)| flag).collect());
        }
        let place = places.get(skip(at, typed)).map_or("", |place| bare(place));
        self.named(place, before.last().copied().unwrap_or_default())
    }

    fn named(&self, place: &'static str, before: &str) -> Arg {
        let of_room = self.name == "room";
        match place {
            "name" => Arg::Name,
            "#room" => Arg::Room,
            "setting" if of_room => Arg::RoomSetting,
            "setting" => Arg::Setting,
            "value" if of_room => Arg::RoomValue(before.to_owned()),
            "value" => Arg::Value(before.to_owned()),
            "emoji" => Arg::Emoji,
            "theme" => Arg::Theme,
            "command" if self.name == "help" => Arg::Command,
            "server" => Arg::Server,
            "action" if self.name == "bind" => Arg::Action,
            "action" => Arg::Right,
            "context" => Arg::Context,
            words if words.contains('|') => {
                let word =
                    |word: &&str| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-') && *word != "text";
                Arg::Word(words.split('|').filter(word).collect())
            }
            _ => Arg::Free,
        }
    }
}

fn is_flag(token: &str) -> bool {
    bare(token).starts_with('-') && !token.contains('|')
}

/// A word of a usage without what says whether it may be left out or come again.
fn bare(token: &str) -> &str {
    token.trim_matches(['[', ']', '…'])
}

/// The names of what may be done in a room.
#[must_use]
pub fn rights() -> &'static [&'static str] {
    &RIGHTS
}

#[cfg(test)]
mod tests {
    use super::super::{COMMANDS, find};
    use super::*;

    /// Words of usages that stand for anything a person writes.
    const PLACEHOLDERS: &[&str] = &[
        "text",
        "reason",
        "message",
        "words",
        "file",
        "directory",
        "link",
        "label",
        "pattern",
        "topic",
        "keys",
        "does",
        "something",
        "connection",
        "device",
        "name@]host[:port",
        "command",
        "2h",
        "from:name",
        "in:#room",
        "after:7d",
    ];

    fn argument(line: &str) -> Arg {
        let (command, rest) = line.strip_prefix('/').unwrap().split_once(' ').unwrap();
        let mut words: Vec<&str> = rest.split(' ').collect();
        let typed = words.pop().unwrap();
        find(command).unwrap().argument(&words, typed)
    }

    #[test]
    fn what_stands_in_a_place_is_read_off_the_usage() {
        assert_eq!(argument("/ban b"), Arg::Name);
        assert_eq!(argument("/ban bob -t"), Arg::Word(vec!["-time"]));
        assert_eq!(argument("/ban bob -time 1"), Arg::Word(TIMES.to_vec()));
        assert_eq!(argument("/ban bob -time 1h lo"), Arg::Free);
        assert_eq!(argument("/join #a #b #"), Arg::Room);
        assert_eq!(argument("/forward #de"), Arg::Room);
        assert_eq!(argument("/forward #17 #de"), Arg::Room);
        assert_eq!(argument("/react :sm"), Arg::Emoji);
        assert_eq!(argument("/role bob m"), Arg::Word(vec!["member", "moderator", "admin"]));
        assert_eq!(argument("/set ui.h"), Arg::Setting);
        assert_eq!(argument("/set ui.hints o"), Arg::Value("ui.hints".to_owned()));
        assert_eq!(argument("/room jo"), Arg::RoomSetting);
        assert_eq!(argument("/room join i"), Arg::RoomValue("join".to_owned()));
        assert_eq!(argument("/export -f #d"), Arg::Room);
        assert_eq!(argument("/password -"), Arg::Word(vec!["-delete"]));
        assert_eq!(argument("/topic -d"), Arg::Word(vec![]), "it is one of two words there");
        assert_eq!(argument("/bind global x q"), Arg::Action);
        assert_eq!(argument("/why k"), Arg::Right);
    }

    #[test]
    fn every_word_of_every_usage_is_known() {
        let mut unknown = Vec::new();
        for spec in COMMANDS {
            for token in spec.usage.split(' ').skip(1).map(bare) {
                let known = spec.named(token, "") != Arg::Free
                    || is_flag(token)
                    || PLACEHOLDERS.contains(&token)
                    || ["#seq", "#name", "word", "end"].contains(&token);
                unknown.extend((!known).then(|| format!("/{}: {token}", spec.name)));
            }
        }
        assert_eq!(unknown, [""; 0]);
    }
}
