//! Which events a command is run for, and what it is told of each.

use std::collections::BTreeSet;
use std::str::FromStr;

use chat_proto::{AccountId, RoomId, Seq};
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use crate::bot::cursor::Place;
use crate::bot::line::user_id;

/// A kind of event that is stored in a room, by its `ev`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind(&'static str);

/// Every kind there is.
const KINDS: [&str; 16] = [
    "message", "join", "part", "edit", "delete", "react", "pin", "setting", "rename", "role", "list", "kick", "evict",
    "purge", "deleted", "erased",
];

/// What people write to each other.
pub const MESSAGE: Kind = Kind("message");

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = KINDS.into_iter().find(|kind| *kind == text);
        known.map(Self).ok_or_else(|| format!("one of {}", KINDS.join(", ")))
    }
}

/// A regular expression whose groups become variables.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(format!("a pattern has at most {PATTERN_BYTES_MAX} bytes"));
        }
        let regex = RegexBuilder::new(text).size_limit(COMPILED_BYTES_MAX).build().map_err(|e| e.to_string())?;
        if regex.captures_len() > GROUPS_MAX {
            return Err(format!("a pattern has at most {GROUPS_MAX} groups, counting all of it as one"));
        }
        let nameable = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if let Some(name) = regex.capture_names().flatten().find(|name| !nameable(name)) {
            return Err(format!("{name:?} cannot name a variable: a group's name is of a to z, 0 to 9 and _"));
        }
        Ok(Self(regex))
    }
}

impl Pattern {
    /// The variables of a text it matches. A group that took no part is a variable that is not set.
    fn variables(&self, text: &str) -> Option<Vec<Variable>> {
        let captures = self.0.captures(text)?;
        let mut variables = Vec::new();
        for (number, name) in self.0.capture_names().enumerate() {
            let value = captures.get(number).map(|found| found.as_str().to_owned());
            if let Some(name) = name {
                variables.push(Variable::new(format!("CHAT_MATCH_{name}"), value.clone()));
            }
            variables.push(Variable::new(format!("CHAT_MATCH_{number}"), value));
        }
        Some(variables)
    }
}

/// A variable of the environment; without a value it is not set, whatever it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: Option<String>,
}

impl Variable {
    /// A variable whose value is one that the system takes: no NUL in it, and not over [`VALUE_BYTES_MAX`].
    fn new(name: impl Into<String>, value: Option<String>) -> Self {
        let possible = |mut value: String| {
            value.truncate(value.floor_char_boundary(VALUE_BYTES_MAX));
            value.replace('\0', "\u{fffd}")
        };
        Self { name: name.into(), value: value.map(possible) }
    }
}

/// An event that a command is run for.
#[derive(Clone, Debug)]
pub(super) struct Handed {
    /// Room and number, for people.
    pub(super) what: String,
    /// The line, its end included.
    pub(super) line: String,
    /// What the environment says of it.
    pub(super) variables: Vec<Variable>,
    /// Where it stands.
    pub(super) place: Place,
    /// The message that is answered.
    pub(super) reply_to: Option<Seq>,
    /// Its author, if not everybody may see it.
    pub(super) confidant: Option<AccountId>,
}

/// Which events a command is run for.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// The account, as lines name it.
    pub(super) me: (String, String),
    /// The rooms; without one, all.
    pub(super) rooms: BTreeSet<RoomId>,
    pub(super) kinds: Vec<Kind>,
    pub(super) pattern: Option<Pattern>,
}

impl Filter {
    /// What is handed over of an event at a place; nothing, if no command is run for it.
    pub(super) fn take(&self, mut line: String, place: Place) -> Option<Handed> {
        let Ok(Value::Object(event)) = serde_json::from_str(&line) else { return None };
        let text_of = |field: &str| event.get(field).and_then(Value::as_str);
        let kind = text_of("ev").filter(|kind| self.kinds.iter().any(|wanted| wanted.0 == *kind))?;
        let in_room = self.rooms.is_empty() || self.rooms.contains(&place.room);
        if !in_room || self.is_own(&event) {
            return None;
        }
        let text = text_of("text");
        let matched = match (&self.pattern, text) {
            (Some(pattern), text) => pattern.variables(text?)?,
            (None, _) => Vec::new(),
        };
        let room = text_of("room").unwrap_or_default();
        let author = event.get("from").and_then(|from| from.get("name")).and_then(Value::as_str);
        let mut variables = vec![
            Variable::new("CHAT_EVENT", Some(kind.to_owned())),
            Variable::new("CHAT_ROOM", Some(room.to_owned())),
            Variable::new("CHAT_SEQ", Some(place.seq.to_string())),
            Variable::new("CHAT_FROM", author.or_else(|| text_of("user")).map(str::to_owned)),
            Variable::new("CHAT_TEXT", text.map(str::to_owned)),
        ];
        variables.extend(matched);
        let what = format!("{room} {}", place.seq);
        let reply_to = (kind == MESSAGE.0).then_some(place.seq);
        let confidant = event.get("visible_to").and_then(|_| account(&event));
        line.push('\n');
        Some(Handed { what, line, variables, place, reply_to, confidant })
    }

    /// Whether the account itself did it: a command that is run for what commands do would never end.
    fn is_own(&self, event: &Map<String, Value>) -> bool {
        match (event.get("from").and_then(|from| from.get("id")), event.get("user")) {
            (Some(id), _) => id.as_str() == Some(&self.me.0),
            (None, user) => user.and_then(Value::as_str) == Some(&self.me.1),
        }
    }
}

/// Whose event it is.
fn account(event: &Map<String, Value>) -> Option<AccountId> {
    let id = event.get("from")?.get("id")?.as_str()?;
    let number = id.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().ok().map(AccountId)?;
    (user_id(number) == id).then_some(number)
}

/// Bytes of a pattern.
const PATTERN_BYTES_MAX: usize = 1_024;

/// Bytes a compiled pattern takes at most: what it takes to compare a text grows with it.
const COMPILED_BYTES_MAX: usize = 256 * 1_024;

/// Groups of a pattern, counting all of it as one: with as many texts the environment is below what systems take.
const GROUPS_MAX: usize = 33;

/// Bytes of a variable's value; the rest is cut off. A message is shorter.
const VALUE_BYTES_MAX: usize = 16 * 1_024;

#[cfg(test)]
mod tests {
    use chat_proto::Epoch;
    use serde_json::json;

    use super::*;

    fn filter() -> Filter {
        let me = ("u_1".to_owned(), "ops".to_owned());
        Filter { me, rooms: BTreeSet::new(), kinds: vec![MESSAGE], pattern: None }
    }

    fn place(seq: u64) -> Place {
        Place { room: RoomId(7), epoch: Epoch(1), seq: Seq(seq) }
    }

    fn message(text: &str) -> Value {
        json!({"ev": "message", "room": "#ops", "seq": 5, "from": {"id": "u_2", "name": "bob"}, "text": text})
    }

    fn take(filter: &Filter, event: &Value) -> Option<Handed> {
        filter.take(event.to_string(), place(5))
    }

    fn value<'a>(handed: &'a Handed, name: &str) -> Option<&'a str> {
        handed.variables.iter().find(|variable| variable.name == name)?.value.as_deref()
    }

    #[test]
    fn groups_become_variables_and_one_that_took_no_part_is_unset() {
        let pattern = r"^!deploy (?<what>\w+)( to (\w+))?".parse().unwrap();
        let filter = Filter { pattern: Some(pattern), ..filter() };
        let handed = take(&filter, &message("!deploy web now")).unwrap();
        assert_eq!(value(&handed, "CHAT_MATCH_0"), Some("!deploy web"));
        assert_eq!((value(&handed, "CHAT_MATCH_1"), value(&handed, "CHAT_MATCH_what")), (Some("web"), Some("web")));
        assert_eq!((value(&handed, "CHAT_MATCH_2"), value(&handed, "CHAT_MATCH_3")), (None, None));
        assert_eq!((handed.what.as_str(), handed.reply_to), ("#ops 5", Some(Seq(5))));
        assert!(take(&filter, &message("deploy web")).is_none());
        assert!(take(&filter, &json!({"ev": "message", "room": "#ops"})).is_none());
    }

    #[test]
    fn what_the_account_does_itself_is_not_handed_over() {
        let all = Filter { kinds: KINDS.map(Kind).to_vec(), ..filter() };
        let own = json!({"ev": "react", "room": "#ops", "from": {"id": "u_1", "name": "ops"}});
        assert!(take(&all, &own).is_none());
        assert!(take(&all, &json!({"ev": "join", "room": "#ops", "user": "ops"})).is_none());
        assert!(take(&all, &json!({"ev": "join", "room": "#ops", "user": "bob"})).is_some());
        // Who is kicked is not who kicks.
        let kicked = json!({"ev": "kick", "room": "#ops", "from": {"id": "u_2", "name": "bob"}, "user": "ops"});
        assert!(take(&all, &kicked).is_some_and(|handed| handed.reply_to.is_none()));
        assert!(take(&filter(), &kicked).is_none());
        let elsewhere = Filter { rooms: [RoomId(8)].into(), ..filter() };
        assert!(take(&elsewhere, &message("hi")).is_none());
    }

    #[test]
    fn who_whispers_is_answered_alone() {
        let mut whispered = message("hi");
        assert_eq!(take(&filter(), &whispered).unwrap().confidant, None);
        whispered["visible_to"] = json!(["u_1"]);
        assert_eq!(take(&filter(), &whispered).unwrap().confidant, Some(AccountId(2)));
    }

    #[test]
    fn every_value_is_one_the_system_takes() {
        let handed = take(&filter(), &message("a\0b")).unwrap();
        assert_eq!(value(&handed, "CHAT_TEXT"), Some("a\u{fffd}b"));
        let handed = take(&filter(), &message(&"é".repeat(VALUE_BYTES_MAX))).unwrap();
        assert_eq!(value(&handed, "CHAT_TEXT").map(str::len), Some(VALUE_BYTES_MAX));
    }

    #[test]
    fn what_is_no_pattern_and_no_kind_is_refused() {
        for bad in
            ["(", &"a".repeat(PATTERN_BYTES_MAX + 1), r"\w{900}{90}", &"()".repeat(GROUPS_MAX), "(?<é>a)", "(?<a.b>a)"]
        {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
        assert!("presence".parse::<Kind>().unwrap_err().contains("message, join"));
        assert_eq!("message".parse(), Ok(MESSAGE));
    }
}
