//! Holds lines against the contract.

use serde_json::{Map, Value};

use super::{DRY_RUN, Object, Shape, contract};

/// Whether a line is an event of the contract.
///
/// # Errors
/// What is not as it should be.
pub fn event(line: &Value) -> Result<(), String> {
    let Value::Object(fields) = line else { return Err("not an object".to_owned()) };
    let mut fields = fields.clone();
    let Some(Value::String(kind)) = fields.remove("ev") else { return Err("without `ev`".to_owned()) };
    let forms = contract().events.iter().filter(|(known, _)| *known == kind).map(|(_, object)| object);
    one_of(forms, &fields).unwrap_or_else(|| Err(format!("there is no event {kind:?}")))
}

/// Whether a line is a request of the contract.
///
/// # Errors
/// What is not as it should be.
pub fn request(line: &Value) -> Result<(), String> {
    let Value::Object(fields) = line else { return Err("not an object".to_owned()) };
    let mut fields = fields.clone();
    fields.remove("id");
    let Some(Value::String(op)) = fields.remove("op") else { return Err("without `op`".to_owned()) };
    let forms = contract().forms(&op).map(|form| &form.request);
    one_of(forms, &fields).unwrap_or_else(|| Err(format!("there is no op {op:?}")))
}

/// Whether these are the fields of an answer to an op, without `re` and `ok`, if it was done.
///
/// # Errors
/// What is not as it should be.
pub fn answer(op: &str, fields: &Map<String, Value>) -> Result<(), String> {
    if fields.len() == 1 && fields.contains_key(DRY_RUN) {
        return Ok(());
    }
    let forms = contract().forms(op).map(|form| &form.answer);
    one_of(forms, fields).unwrap_or_else(|| Err(format!("there is no op {op:?}")))
}

/// Puts `…` in place of every text of a request that nobody else may read.
pub fn hide_in_request(op: &str, fields: &mut Map<String, Value>) {
    contract().forms(op).for_each(|form| hide(&form.request, fields));
}

/// Puts `…` in place of every text of the answer to what was done that nobody else may read.
pub fn hide_in_answer(op: &str, fields: &mut Map<String, Value>) {
    contract().forms(op).for_each(|form| hide(&form.answer, fields));
}

fn hide(known: &Object, fields: &mut Map<String, Value>) {
    for field in known.iter().filter(|field| field.shape == Shape::Secret) {
        if let Some(value) = fields.get_mut(field.name) {
            *value = "…".into();
        }
    }
}

/// Whether the fields are those of one of the forms; nothing, if there are none.
fn one_of<'a>(forms: impl Iterator<Item = &'a Object>, fields: &Map<String, Value>) -> Option<Result<(), String>> {
    let mut worst = None;
    for form in forms {
        match object(form, fields) {
            Ok(()) => return Some(Ok(())),
            Err(error) => worst = worst.or(Some(Err(error))),
        }
    }
    worst
}

fn object(known: &Object, fields: &Map<String, Value>) -> Result<(), String> {
    for field in known {
        match fields.get(field.name) {
            None if field.optional => {}
            None => return Err(format!("without `{}`", field.name)),
            Some(value) => shape(&field.shape, value).map_err(|what| format!("`{}` is {what}", field.name))?,
        }
    }
    let other = fields.keys().find(|name| known.iter().all(|field| field.name != name.as_str()));
    other.map_or(Ok(()), |name| Err(format!("there is no field `{name}`")))
}

fn shape(known: &Shape, value: &Value) -> Result<(), String> {
    let holds = |it: bool, what: &str| if it { Ok(()) } else { Err(format!("not {what} but {value}")) };
    match known {
        Shape::Any => Ok(()),
        Shape::Text | Shape::Secret => holds(value.is_string(), "a text"),
        Shape::Time => {
            let time = value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
            holds(time.is_some(), "a time")
        }
        Shape::Int => holds(value.is_u64(), "a number from 0 on"),
        Shape::Bool => holds(value.is_boolean(), "true or false"),
        Shape::Words(words) => {
            holds(value.as_str().is_some_and(|word| words.contains(&word)), &format!("one of {}", words.join(", ")))
        }
        Shape::Named(name) => match (contract().types.get(name), value) {
            (Some(known), Value::Object(fields)) => object(known, fields),
            (_, _) => holds(false, name),
        },
        Shape::List(inner) => {
            let list = value.as_array().ok_or_else(|| format!("not a list but {value}"))?;
            list.iter().try_for_each(|value| shape(inner, value))
        }
        Shape::Values(inner) => {
            let values = value.as_object().ok_or_else(|| format!("not an object but {value}"))?;
            values.values().try_for_each(|value| shape(inner, value))
        }
        Shape::Nullable(inner) => {
            if value.is_null() {
                Ok(())
            } else {
                shape(inner, value)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_of_the_contract_is_said() {
        let typing = json!({"ev": "typing", "room": "#a", "user": "bob", "active": true});
        assert_eq!(event(&typing), Ok(()));
        let said = |name: &str, value: Value| {
            let mut line = typing.clone();
            line[name] = value;
            event(&line).unwrap_err()
        };
        assert_eq!(said("room", 7.into()), "`room` is not a text but 7");
        assert_eq!(said("more", 7.into()), "there is no field `more`");
        assert_eq!(said("ev", "tipping".into()), "there is no event \"tipping\"");
        assert_eq!(event(&json!({"ev": "read", "room": "#a"})), Err("without `seq`".to_owned()));
        assert_eq!(event(&json!({"ev": "read", "room": "#a", "seq": -1})).unwrap_err().len(), 38);
        let presence = json!({"ev": "presence", "user": "bob", "state": "asleep"});
        assert!(event(&presence).unwrap_err().contains("one of online, away, offline"));
    }

    #[test]
    fn either_form_of_an_op_does_and_both_at_once_do_not() {
        assert_eq!(request(&json!({"id": 1, "op": "send", "room": "a", "text": "x"})), Ok(()));
        assert_eq!(request(&json!({"op": "send", "to": "bob", "text": "x"})), Ok(()));
        assert!(request(&json!({"op": "send", "to": "bob", "room": "a", "text": "x"})).is_err());
        assert!(request(&json!({"op": "dance"})).is_err());
    }

    #[test]
    fn secrets_are_hidden_and_nothing_else_is() {
        let mut fields = Map::from_iter([("code".to_owned(), "abc".into()), ("expires_ms".to_owned(), 7.into())]);
        hide_in_answer("link", &mut fields);
        assert_eq!(Value::Object(fields), json!({"code": "…", "expires_ms": 7}));
        let mut fields = Map::from_iter([("text".to_owned(), "abc".into())]);
        hide_in_request("send", &mut fields);
        assert_eq!(Value::Object(fields), json!({"text": "abc"}));
    }
}
