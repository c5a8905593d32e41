//! How the arguments of an op become its fields.

use serde_json::{Map, Value};

/// The fields arguments go to, in order. What has no row here, or no argument, is written `field=value`.
const ROWS: &[(&str, &[&str])] = &[
    ("send", &["room", "text"]),
    ("join", &["room"]),
    ("subscribe", &["room", "from"]),
    ("unsubscribe", &["room"]),
    ("part", &["room", "reason"]),
    ("create", &["room", "topic"]),
    ("read", &["room", "seq"]),
    ("typing", &["room", "active"]),
    ("history", &["room", "limit"]),
    ("members", &["room"]),
    ("search", &["query"]),
    ("profile", &["user"]),
    ("block", &["user", "on"]),
    ("contact", &["user", "on"]),
    ("ignore", &["user", "on"]),
    ("direct_policy", &["policy"]),
    ("seen", &["user"]),
    ("nick", &["nick"]),
    ("defence", &["level", "reason"]),
    ("seen_policy", &["policy"]),
    ("draft", &["room", "text"]),
    ("notify", &["room", "rule"]),
    ("favourite", &["room", "on"]),
    ("setting", &["name", "value"]),
    ("end_session", &["conn"]),
    ("device_message", &["text"]),
    ("edit", &["room", "seq", "text"]),
    ("delete", &["room", "seq", "reason"]),
    ("react", &["room", "seq", "emoji"]),
    ("topic", &["room", "text"]),
    ("set", &["room", "set"]),
    ("describe", &["room"]),
    ("announce", &["room", "text"]),
    ("batch", &["room", "texts"]),
    ("pin", &["room", "seq", "on"]),
    ("forward", &["room", "seq", "to"]),
    ("upload", &["room", "path", "text"]),
    ("download", &["room", "seq", "to"]),
    ("rename", &["room", "name"]),
    ("delete_room", &["room", "reason"]),
    ("purge", &["room", "user", "reason"]),
    ("transfer", &["room", "user"]),
    ("list", &["room", "list"]),
    ("explain", &["room", "action", "user"]),
    ("invite", &["room", "user"]),
    ("kick", &["room", "user", "reason"]),
    ("ban", &["room", "user", "reason"]),
    ("unban", &["room", "user"]),
    ("mute", &["room", "user", "reason"]),
    ("unmute", &["room", "user"]),
    ("uninvite", &["room", "user"]),
    ("role", &["room", "user", "role"]),
];

/// What an answer is compared by when no field is named.
const USUAL: &[(&str, &str)] =
    &[("members", "total"), ("rooms", "rooms.len"), ("history", "events.len"), ("search", "hits.len"), ("ping", "ok")];

/// The field of an op's answer that is meant when none is named.
pub(super) fn usual_field(op: &str) -> &'static str {
    USUAL.iter().find(|(name, _)| *name == op).map_or("seq", |(_, field)| field)
}

/// The fields of a request.
///
/// Where an op begins with a room and the first argument is none, the room is that of the message the argument stands for,
/// or the one `room` names.
///
/// # Errors
/// More arguments than the op has a row for.
pub(super) fn fields(
    op: &str,
    arguments: Vec<Value>,
    named: Vec<(String, Value)>,
    room: Option<&str>,
) -> Result<Map<String, Value>, String> {
    let mut fields: Map<String, Value> = named.into_iter().collect();
    let row = ROWS.iter().find(|(name, _)| *name == op).map(|(_, row)| *row);
    let row = match row {
        // To a person instead of into a room.
        Some(["room", rest @ ..]) if op == "send" && fields.contains_key("to") => rest,
        Some(row) => row,
        None if arguments.first().is_some_and(is_room) => &["room"],
        None => &[],
    };
    let mut free = row.iter().filter(|name| !fields.contains_key(**name)).copied().collect::<Vec<_>>().into_iter();
    if row.first() == Some(&"room") && !fields.contains_key("room") && !arguments.first().is_some_and(is_room) {
        free.next();
        let of_message = arguments.first().and_then(|value| value.get("room")).and_then(Value::as_str);
        let room = of_message.or(room).ok_or_else(|| format!("{op} needs a room: #name"))?;
        fields.insert("room".to_owned(), room.into());
    }
    for argument in arguments {
        let name = free
            .next()
            .ok_or_else(|| format!("{op} takes {} without a name: write field=value for others", listed(row)))?;
        fields.insert(name.to_owned(), scalar(argument));
    }
    Ok(fields)
}

fn listed(row: &[&str]) -> String {
    if row.is_empty() { "nothing".to_owned() } else { row.join(", ") }
}

fn is_room(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with('#'))
}

/// An answer or event stands for its number.
fn scalar(value: Value) -> Value {
    match value.get("seq") {
        Some(seq) => seq.clone(),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(op: &str, arguments: &Value, room: Option<&str>) -> Result<Value, String> {
        let arguments = arguments.as_array().unwrap().clone();
        fields(op, arguments, vec![("key".to_owned(), "k".into())], room).map(Value::Object)
    }

    #[test]
    fn arguments_find_their_fields() {
        assert_eq!(made("send", &json!(["#a", "hi"]), None), Ok(json!({"room": "#a", "text": "hi", "key": "k"})));
        assert_eq!(made("send", &json!(["hi"]), Some("#b")), Ok(json!({"room": "#b", "text": "hi", "key": "k"})));
        let message = json!({"room": "#c", "seq": 7});
        let reacted = json!({"room": "#c", "seq": 7, "emoji": "+1", "key": "k"});
        assert_eq!(made("react", &json!([message, "+1"]), Some("#b")), Ok(reacted));
        let to = vec![("to".to_owned(), "bob".into())];
        let said = fields("send", vec!["hi".into()], to, Some("#b"));
        assert_eq!(said.map(Value::Object), Ok(json!({"to": "bob", "text": "hi"})));
        assert_eq!(made("dance", &json!(["#a"]), None), Ok(json!({"room": "#a", "key": "k"})));
        assert_eq!(made("ping", &json!([]), None), Ok(json!({"key": "k"})));
    }

    #[test]
    fn an_argument_without_a_field_is_told() {
        assert!(made("dance", &json!(["#a", 5]), None).unwrap_err().contains("field=value"));
        assert!(made("join", &json!(["#a", "b"]), None).unwrap_err().contains("takes room without"));
        assert!(made("send", &json!(["hi"]), None).unwrap_err().contains("needs a room"));
    }
}
