//! Values as they are written: how each is read, and shown.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use chat_proto::RoomName;

use super::AUTO_JOIN_MAX;

pub(super) fn not_an_address(text: &str) -> String {
    format!("{text:?} is not ADDRESS:PORT, such as 0.0.0.0:4433 or [::1]:4433")
}

pub(super) fn some_text(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("the text is empty".to_owned()) } else { Ok(text.to_owned()) }
}

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("the path is empty".to_owned()) } else { Ok(PathBuf::from(text)) }
}

/// Names of rooms with commas between, with or without `#`; none in an empty text.
pub(super) fn room_names(text: &str) -> Result<Vec<RoomName>, String> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    let parse = |name: &str| {
        RoomName::parse(name.strip_prefix('#').unwrap_or(name)).map_err(|error| format!("{name:?} is no room: {error}"))
    };
    let names = names.map(parse).collect::<Result<Vec<_>, _>>()?;
    if names.len() > AUTO_JOIN_MAX {
        return Err(format!("{} rooms; at most {AUTO_JOIN_MAX} can be named", names.len()));
    }
    Ok(names)
}

pub(super) fn word<T: FromStr<Err: ToString>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

pub(super) fn number<T: FromStr + PartialOrd + ToString>(text: &str, allowed: RangeInclusive<T>) -> Result<T, String> {
    text.parse().ok().filter(|number| allowed.contains(number)).ok_or_else(|| {
        let (least, most) = (allowed.start().to_string(), allowed.end().to_string());
        format!("{text:?} is not a whole number from {least} to {most}")
    })
}

/// A TOML basic string; none for an empty text.
pub(super) fn some_quoted(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| quoted(text))
}

/// A TOML basic string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
