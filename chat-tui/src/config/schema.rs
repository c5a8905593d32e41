//! The JSON schema of the file, for editors that complete and check while one writes.

use serde_json::{Map, Value as Json, json};

use super::edit::words;
use super::setting::Setting;
use super::table::SETTINGS;
use super::value::Kind;
use super::{FILTERS, LAYOUTS};

/// The schema (draft 2020-12).
#[must_use]
pub fn schema() -> Json {
    let mut root = Map::new();
    for setting in SETTINGS {
        let (section, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
        let properties = if section.is_empty() {
            &mut root
        } else {
            let empty = || json!({"type": "object", "additionalProperties": false, "properties": {}});
            let section = root.entry(section).or_insert_with(empty);
            let Some(properties) = section.get_mut("properties").and_then(Json::as_object_mut) else { continue };
            properties
        };
        properties.insert(name.to_owned(), one(setting));
    }
    if let Some(keys) = root.get_mut("keys").and_then(|keys| keys.get_mut("properties")).and_then(Json::as_object_mut) {
        for context in CONTEXTS {
            let action = json!({"anyOf": [{"type": "string"}, {"const": false}]});
            let meaning = "Keys, parted by spaces if they are a sequence, and the action's name; false unbinds.";
            keys.insert(
                context.to_owned(),
                json!({"type": "object", "description": meaning, "additionalProperties": action}),
            );
        }
    }
    let named = [
        (LAYOUTS, "Layouts by their names, as `/layout save` writes them: `#general |60 (#dev / @bob); #ops`."),
        (FILTERS, "Messages that are hidden: a name, and words or a regular expression between slashes."),
    ];
    for (section, meaning) in named {
        let text = json!({"type": "string", "minLength": 1});
        root.insert(
            section.to_owned(),
            json!({"type": "object", "description": meaning, "additionalProperties": text}),
        );
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of chat-tui",
        "type": "object",
        "additionalProperties": false,
        "properties": root,
    })
}

fn one(setting: &Setting) -> Json {
    let mut schema = match setting.kind {
        Kind::Text => json!({"type": "string", "minLength": 1}),
        Kind::Choice(_) => json!({"enum": words(setting.kind)}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Number(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::List => json!({"type": "array", "items": {"type": "string"}}),
    };
    schema["description"] = setting.meaning.into();
    if let Some(default) = setting.value(&super::Config::default()) {
        schema["default"] = match default {
            super::Value::Text(text) => text.into(),
            super::Value::Flag(flag) => flag.into(),
            super::Value::Number(number) => number.into(),
            super::Value::List(words) => words.into(),
        };
    }
    schema
}

/// Where bindings of keys hold.
const CONTEXTS: [&str; 5] = ["composer", "timeline", "select", "overlay", "global"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_every_setting_with_its_default_and_range() {
        let schema = schema();
        let of = |path: &str| schema.pointer(&format!("/properties/{path}")).cloned().unwrap_or_default();
        for setting in SETTINGS {
            assert_eq!(
                of(&setting.key.replace('.', "/properties/"))["description"],
                setting.meaning,
                "{}",
                setting.key
            );
        }
        assert_eq!(of("ui/properties/max_width")["maximum"], 1_000);
        assert_eq!(of("ui/properties/hints")["default"], "auto");
        assert!(of("keys/properties/global").is_object() && of("filters").is_object());
        assert_eq!(schema["additionalProperties"], false);
    }

    #[cfg(feature = "tui")]
    #[test]
    fn the_schema_knows_every_context_of_keys() {
        assert_eq!(CONTEXTS, crate::tui::core::keymap::Context::ALL.map(|(_, name, _)| name));
    }
}
