//! The contract as a JSON Schema (draft 2020-12), for programs in other languages.

use serde_json::{Map, Value, json};

use super::{DRY_RUN, Object, Op, Shape, contract};
use crate::bot::line::VERSION;

/// The schema: a line is an `event`, a `request`, or an `answer`; what the answer to an op has is `answer-OP`.
#[must_use]
pub fn schema() -> Value {
    let contract = contract();
    let mut defs = Map::new();
    for (name, fields) in &contract.types {
        defs.insert(type_name(name), object(fields, &[]));
    }
    let events = contract.events.iter().map(|(kind, fields)| object(fields, &[("ev", json!({"const": kind}), true)]));
    defs.insert("event".to_owned(), json!({"oneOf": events.collect::<Vec<_>>()}));
    let id = json!({"type": ["string", "number", "null"]});
    let request = |op: &Op| {
        let named = json!({"const": op.name});
        object(&op.request, &[("id", id.clone(), false), ("op", named, true)])
    };
    defs.insert("request".to_owned(), json!({"oneOf": contract.ops.iter().map(request).collect::<Vec<_>>()}));
    for op in &contract.ops {
        let done = object(&op.answer, &[("re", id.clone(), true), ("ok", json!({"const": true}), true)]);
        defs.insert(format!("answer-{}", op.name), done);
    }
    let done = contract.ops.iter().map(|op| json!({"$ref": format!("#/$defs/answer-{}", op.name)}));
    let dry = [("re", id.clone(), true), ("ok", json!({"const": true}), true), (DRY_RUN, json!({"const": true}), true)];
    let answers: Vec<Value> = [refused(&id), object(&Object::new(), &dry)].into_iter().chain(done).collect();
    defs.insert("answer".to_owned(), json!({"anyOf": answers}));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Lines of chat-tui bot jsonl",
        "description": format!("Version {VERSION} of the contract. Fields, events and ops may be added to it."),
        "anyOf": [{"$ref": "#/$defs/event"}, {"$ref": "#/$defs/request"}, {"$ref": "#/$defs/answer"}],
        "$defs": defs,
    })
}

fn refused(id: &Value) -> Value {
    json!({
        "type": "object",
        "properties": {
            "re": id,
            "ok": {"const": false},
            "code": {"type": "string"},
            "error": {"type": "string"},
            "retry": {"type": "boolean"},
            "retry_after_ms": {"type": "integer", "minimum": 0},
        },
        "required": ["re", "ok", "code", "error", "retry"],
    })
}

fn type_name(name: &str) -> String {
    format!("type-{name}")
}

/// An object of these fields and some more: name, schema, whether it has to be there.
fn object(fields: &Object, more: &[(&str, Value, bool)]) -> Value {
    let mut properties: Map<String, Value> =
        more.iter().map(|(name, schema, _)| ((*name).to_owned(), schema.clone())).collect();
    properties.extend(fields.iter().map(|field| (field.name.to_owned(), shape(&field.shape))));
    let mut required: Vec<&str> = more.iter().filter(|(.., needed)| *needed).map(|(name, ..)| *name).collect();
    required.extend(fields.iter().filter(|field| !field.optional).map(|field| field.name));
    json!({"type": "object", "properties": properties, "required": required})
}

fn shape(known: &Shape) -> Value {
    match known {
        Shape::Any => json!(true),
        Shape::Text => json!({"type": "string"}),
        Shape::Secret => json!({"type": "string", "description": "for nobody else"}),
        Shape::Time => json!({"type": "string", "format": "date-time"}),
        Shape::Int => json!({"type": "integer", "minimum": 0}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Words(words) => json!({"enum": words}),
        Shape::Named(name) => json!({"$ref": format!("#/$defs/{}", type_name(name))}),
        Shape::List(inner) => json!({"type": "array", "items": shape(inner)}),
        Shape::Values(inner) => json!({"type": "object", "additionalProperties": shape(inner)}),
        Shape::Nullable(inner) => json!({"anyOf": [shape(inner), {"type": "null"}]}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_of_the_schema_leads_somewhere() {
        let schema = schema();
        let text = schema.to_string();
        let references: Vec<&str> =
            text.split("\"#/$defs/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(references.len() > 100);
        for name in references {
            assert!(schema["$defs"].get(name).is_some(), "{name}");
        }
        let has = |name: &str| !schema["$defs"][name]["properties"].is_null();
        assert!(has("answer-send") && has("answer-history") && has("type-who"));
    }
}
