//! What a value has to be where it is put into a configuration.

use std::path::PathBuf;
use std::str::FromStr;

use super::Value;

pub(super) fn text(value: Value) -> Result<String, String> {
    match value {
        Value::Text(text) if text.is_empty() => Err("the text is empty".to_owned()),
        Value::Text(text) => Ok(text),
        Value::Flag(_) | Value::Number(_) | Value::List(_) => Err("it takes a string".to_owned()),
    }
}

pub(super) fn path(value: Value) -> Result<PathBuf, String> {
    let path = text(value)?;
    // A tilde means what it means to a shell.
    let home =
        path.strip_prefix("~/").and_then(|rest| directories::BaseDirs::new().map(|dirs| dirs.home_dir().join(rest)));
    Ok(home.unwrap_or_else(|| PathBuf::from(path)))
}

pub(super) fn word<T: FromStr<Err: ToString>>(value: Value) -> Result<T, String> {
    text(value)?.parse().map_err(|error: T::Err| error.to_string())
}

pub(super) fn list(value: Value) -> Result<Vec<String>, String> {
    match value {
        Value::List(words) => Ok(words),
        Value::Text(word) => Ok(vec![word]),
        Value::Flag(_) | Value::Number(_) => Err("it takes strings in brackets".to_owned()),
    }
}

pub(super) fn flag(value: &Value) -> Result<bool, String> {
    if let Value::Flag(flag) = value { Ok(*flag) } else { Err("it takes true or false".to_owned()) }
}

pub(super) fn number(value: &Value) -> Result<u64, String> {
    if let Value::Number(number) = value { Ok(*number) } else { Err("it takes a whole number".to_owned()) }
}
