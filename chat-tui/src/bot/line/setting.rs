//! Settings of a room as a program reads and writes them: a name and a plain value each.

use chat_proto::RoomSetting;
use chat_proto::event::List;
use chat_proto::setting::{
    Archived, EditWindow, EditsKept, Filter, FilterAction, Filters, ForwardTo, HistoryFrom, HistoryShown, JoinPolicy,
    Joining, Lifetime, Listing, MembersMax, Posting, PresenceMode, PresenceShown, ReadReceipts, Reading, Redaction,
    Redactors, Retention, SlowMode, Title, Topic, Who,
};
use chat_proto::{Role, RoomId};
use serde_json::{Map, Value, json};

/// Settings by name.
#[must_use]
pub fn fields(settings: &[RoomSetting]) -> Map<String, Value> {
    settings.iter().filter_map(field).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn field(setting: &RoomSetting) -> Option<(&'static str, Value)> {
    Some(match setting {
        RoomSetting::Topic(it) => ("topic", it.text.clone().into()),
        RoomSetting::Title(it) => ("title", it.text.clone().into()),
        RoomSetting::Joining(it) => ("join", word(&JOIN, it.policy)),
        RoomSetting::Reading(it) => ("read", word(&WHO, it.who)),
        RoomSetting::Posting(it) => ("post", word(&WHO, it.who)),
        RoomSetting::Listing(it) => ("list", word(&WHO, it.who)),
        RoomSetting::SlowMode(it) => ("slow_mode_s", it.seconds.into()),
        RoomSetting::Lifetime(it) => ("empty_for_s", it.empty_for_s.into()),
        RoomSetting::Retention(it) => {
            ("retention", json!({"messages": it.messages, "age_s": it.age_s, "bytes": it.bytes}))
        }
        RoomSetting::PresenceShown(it) => ("presence", word(&PRESENCE, it.mode)),
        RoomSetting::HistoryShown(it) => ("history", word(&HISTORY, it.from)),
        RoomSetting::EditWindow(it) => ("edit_window_s", it.seconds.into()),
        RoomSetting::EditsKept(it) => ("edits_kept", it.on.into()),
        RoomSetting::Redaction(it) => ("redact", word(&REDACT, it.who)),
        RoomSetting::ReadReceipts(it) => ("read_receipts", it.on.into()),
        RoomSetting::MembersMax(it) => ("members_max", it.count.into()),
        RoomSetting::Filters(it) => ("filters", it.rules.iter().map(filter).collect()),
        RoomSetting::ForwardTo(it) => ("forward_to", it.rooms.iter().map(|room| room_id(*room)).collect()),
        RoomSetting::Archived(it) => ("archived", it.on.into()),
        RoomSetting::Unknown { .. } => return None,
    })
}

/// The setting of a name and a value.
///
/// # Errors
/// What is wrong, and which there are.
pub fn setting(name: &str, value: &Value) -> Result<RoomSetting, String> {
    let parsed = match name {
        "topic" => text(value).map(|text| Topic { text }.into()),
        "title" => text(value).map(|text| Title { text }.into()),
        "join" => choice(&JOIN, value).map(|policy| Joining { policy }.into()),
        "read" => choice(&WHO, value).map(|who| Reading { who }.into()),
        "post" => choice(&WHO, value).map(|who| Posting { who }.into()),
        "list" => choice(&WHO, value).map(|who| Listing { who }.into()),
        "slow_mode_s" => number(value).map(|seconds| SlowMode { seconds }.into()),
        "empty_for_s" => optional(value).map(|empty_for_s| Lifetime { empty_for_s }.into()),
        "retention" => retention(value).map(Into::into),
        "presence" => choice(&PRESENCE, value).map(|mode| PresenceShown { mode }.into()),
        "history" => choice(&HISTORY, value).map(|from| HistoryShown { from }.into()),
        "edit_window_s" => optional(value).map(|seconds| EditWindow { seconds }.into()),
        "edits_kept" => flag(value).map(|on| EditsKept { on }.into()),
        "redact" => choice(&REDACT, value).map(|who| Redaction { who }.into()),
        "read_receipts" => flag(value).map(|on| ReadReceipts { on }.into()),
        "members_max" => number(value).map(|count| MembersMax { count }.into()),
        "filters" => list(value, parse_filter).map(|rules| Filters { rules }.into()),
        "forward_to" => list(value, parse_room_id).map(|rooms| ForwardTo { rooms }.into()),
        "archived" => flag(value).map(|on| Archived { on }.into()),
        _ => {
            return Err(format!(
                "there is no setting {name:?}; there are {}",
                ROOM_SETTINGS.map(|(name, ..)| name).join(", ")
            ));
        }
    };
    parsed.map_err(|what| format!("{name} is {what}"))
}

fn filter(filter: &Filter) -> Value {
    json!({"word": filter.word, "action": word(&FILTER, filter.action), "with": filter.with})
}

fn parse_filter(value: &Value) -> Result<Filter, String> {
    let field = |name: &str| value.get(name).unwrap_or(&Value::Null);
    let with = value.get("with").map_or(Ok(String::new()), text)?;
    Ok(Filter { word: text(field("word"))?, action: choice(&FILTER, field("action"))?, with })
}

fn retention(value: &Value) -> Result<Retention, String> {
    let field = |name: &str| match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(number) => number.as_u64().map(Some).ok_or_else(|| "an object of messages, age_s and bytes".to_owned()),
    };
    if !value.is_object() {
        return Err("an object of messages, age_s and bytes".to_owned());
    }
    Ok(Retention { messages: field("messages")?, age_s: field("age_s")?, bytes: field("bytes")? })
}

/// A room's number as programs are told it.
pub fn room_id(room: RoomId) -> Value {
    format!("r_{room}").into()
}

fn parse_room_id(value: &Value) -> Result<RoomId, String> {
    let number = value.as_str().and_then(|id| id.strip_prefix("r_")).and_then(|number| number.parse().ok());
    number.map(RoomId).ok_or_else(|| "a list of room ids such as r_17, or for programs names such as #team".to_owned())
}

fn list<T>(value: &Value, parse: impl Fn(&Value) -> Result<T, String>) -> Result<Vec<T>, String> {
    value.as_array().ok_or_else(|| "a list".to_owned())?.iter().map(parse).collect()
}

fn text(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| "a text".to_owned())
}

fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "true or false".to_owned())
}

fn number(value: &Value) -> Result<u32, String> {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).ok_or_else(|| "a whole number".to_owned())
}

fn optional(value: &Value) -> Result<Option<u32>, String> {
    if value.is_null() { Ok(None) } else { number(value).map(Some).map_err(|what| format!("{what}, or null")) }
}

type Words<T, const N: usize> = [(&'static str, T); N];

fn word<T: Copy + PartialEq, const N: usize>(words: &Words<T, N>, value: T) -> Value {
    words.iter().find(|(_, known)| *known == value).map_or(Value::Null, |(word, _)| (*word).into())
}

fn choice<T: Copy, const N: usize>(words: &Words<T, N>, value: &Value) -> Result<T, String> {
    let found = value.as_str().and_then(|text| words.iter().find(|(word, _)| *word == text));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("one of {}", known.join(", "))
    })
}

/// The role of a name.
///
/// # Errors
/// Which there are.
pub fn role(name: &str) -> Result<Role, String> {
    choice(&ROLES, &name.into())
}

/// The list of a name.
///
/// # Errors
/// Which there are.
pub fn list_named(name: &str) -> Result<List, String> {
    choice(&LISTS, &name.into())
}

/// What a setting takes, for those who choose or type it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// A whole number, or `null`.
    NumberOrNull,
    /// JSON of its own.
    Json,
}

/// Every setting of a room: its name, what it takes, and what it means.
pub const ROOM_SETTINGS: [(&str, Takes, &str); 19] = [
    ("topic", Takes::Text, "what the room is about"),
    ("title", Takes::Text, "a longer name, for people"),
    ("join", Takes::Word(&["anyone", "users", "invited"]), "who may become a member"),
    ("read", Takes::Word(&WHO_WORDS), "who may read, besides the members"),
    ("post", Takes::Word(&WHO_WORDS), "who may write"),
    ("list", Takes::Word(&WHO_WORDS), "who finds it in lists"),
    ("slow_mode_s", Takes::Number, "seconds between two messages of a person; 0 for none"),
    ("empty_for_s", Takes::NumberOrNull, "seconds it lives without members; null for ever"),
    ("retention", Takes::Json, "how much history is kept: messages, age_s, bytes"),
    ("presence", Takes::Word(&["off", "counts", "full"]), "what is shown of who is there"),
    ("history", Takes::Word(&["beginning", "joining"]), "from where on a member may read"),
    ("edit_window_s", Takes::NumberOrNull, "seconds a message may be edited; 0 never, null for ever"),
    ("edits_kept", Takes::Flag, "whether earlier words of an edited message stay"),
    ("redact", Takes::Word(&["author", "moderators", "nobody"]), "who may remove a message"),
    ("read_receipts", Takes::Flag, "whether members see how far others have read"),
    ("members_max", Takes::Number, "how many members it may have"),
    ("filters", Takes::Json, "words that are refused or replaced: [{word, action, with}]"),
    ("forward_to", Takes::Json, "rooms its messages are copied to: [\"r_17\"]"),
    ("archived", Takes::Flag, "whether it is closed, and only read"),
];

const WHO_WORDS: [&str; 5] = ["everyone", "users", "members", "moderators", "admins"];

const ROLES: Words<Role, 4> =
    [("member", Role::Member), ("moderator", Role::Moderator), ("admin", Role::Admin), ("owner", Role::Owner)];

const LISTS: Words<List, 3> = [("banned", List::Banned), ("muted", List::Muted), ("invited", List::Invited)];

const JOIN: Words<JoinPolicy, 3> =
    [("anyone", JoinPolicy::Anyone), ("users", JoinPolicy::Users), ("invited", JoinPolicy::Invited)];

const WHO: Words<Who, 5> = [
    ("everyone", Who::Everyone),
    ("users", Who::Users),
    ("members", Who::Members),
    ("moderators", Who::Moderators),
    ("admins", Who::Admins),
];

const PRESENCE: Words<PresenceMode, 3> =
    [("off", PresenceMode::Off), ("counts", PresenceMode::Counts), ("full", PresenceMode::Full)];

const HISTORY: Words<HistoryFrom, 2> = [("beginning", HistoryFrom::Beginning), ("joining", HistoryFrom::Joining)];

const REDACT: Words<Redactors, 3> =
    [("author", Redactors::AuthorAndModerators), ("moderators", Redactors::Moderators), ("nobody", Redactors::Nobody)];

const FILTER: Words<FilterAction, 2> = [("reject", FilterAction::Reject), ("replace", FilterAction::Replace)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_read_as_it_is_written() {
        let values = [
            ("topic", json!("what we build")),
            ("title", json!("Development")),
            ("join", json!("invited")),
            ("read", json!("everyone")),
            ("post", json!("moderators")),
            ("list", json!("members")),
            ("slow_mode_s", json!(30)),
            ("empty_for_s", json!(null)),
            ("retention", json!({"messages": 10, "age_s": null, "bytes": 4096})),
            ("presence", json!("counts")),
            ("history", json!("joining")),
            ("edit_window_s", json!(300)),
            ("edits_kept", json!(false)),
            ("redact", json!("nobody")),
            ("read_receipts", json!(true)),
            ("members_max", json!(5)),
            ("filters", json!([{"word": "spam", "action": "replace", "with": "***"}])),
            ("forward_to", json!(["r_17"])),
            ("archived", json!(true)),
        ];
        assert_eq!(values.len(), ROOM_SETTINGS.len());
        for ((name, value), (known, takes, _)) in values.into_iter().zip(ROOM_SETTINGS) {
            assert_eq!(name, known);
            let words = if let Takes::Word(words) = takes { words } else { &[] };
            assert!(words.iter().all(|word| setting(name, &json!(word)).is_ok()), "{name}");
            assert_eq!(value.is_boolean(), takes == Takes::Flag, "{name}");
            let parsed = setting(name, &value).unwrap();
            assert_eq!(Value::Object(fields(&[parsed])), json!({name: value}));
        }
        assert!(setting("colour", &json!(1)).unwrap_err().contains("slow_mode_s"));
        assert!(setting("join", &json!("all")).unwrap_err().contains("anyone, users, invited"));
    }
}
