//! How the arguments of commands are read.

use std::time::Duration;

use chat_proto::{RoomSetting, Seq};
use serde_json::Value;

use super::Target;
use crate::bot::line::setting::setting;

/// Exactly one word.
pub(super) fn one(rest: &str) -> Option<String> {
    let mut words = rest.split_whitespace();
    words.next().filter(|_| words.next().is_none()).map(str::to_owned)
}

/// No word or one.
pub(super) fn optional(rest: &str) -> Option<Option<String>> {
    if rest.is_empty() { Some(None) } else { one(rest).map(Some) }
}

/// The first word, and what is behind it.
pub(super) fn first(rest: &str) -> Option<(&str, &str)> {
    let rest = rest.trim_start();
    let (word, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    (!word.is_empty()).then(|| (word, behind.trim()))
}

/// Whether a flag stands first, and what is behind it.
pub(super) fn flag<'a>(flag: &str, rest: &'a str) -> (bool, &'a str) {
    first(rest).filter(|(word, _)| *word == flag).map_or((false, rest), |(_, behind)| (true, behind))
}

/// A name, without the sign before it.
pub(super) fn name(word: &str) -> String {
    word.trim_start_matches('@').to_owned()
}

/// Something done to a person, as `NAME [-time 2h] [reason]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Aimed {
    pub(super) user: String,
    pub(super) time: Option<Duration>,
    pub(super) reason: String,
}

pub(super) fn aimed(rest: &str) -> Option<Aimed> {
    let (word, behind) = first(rest)?;
    let user = name(word);
    let Some((_, timed)) = first(behind).filter(|(word, _)| *word == "-time") else {
        return Some(Aimed { user, time: None, reason: behind.to_owned() });
    };
    let (time, reason) = first(timed)?;
    Some(Aimed { user, time: Some(duration(time)?), reason: reason.to_owned() })
}

/// `90s`, `30m`, `2h`, `7d`, `2w`.
pub(super) fn duration(word: &str) -> Option<Duration> {
    let unit = word.chars().next_back()?;
    let number: u64 = word.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// How long something lasts, for people.
pub(super) fn lasting(time: Duration) -> String {
    let seconds = time.as_secs();
    for (length, unit) in [(7 * 86_400, "w"), (86_400, "d"), (3_600, "h"), (60, "m")] {
        if seconds >= length && seconds.is_multiple_of(length) {
            return format!("{}{unit}", seconds / length);
        }
    }
    format!("{seconds}s")
}

/// A first word that may stand in quotes, and what is behind it.
pub(super) fn quoted(rest: &str) -> Option<(String, String)> {
    let rest = rest.trim_start();
    let (word, behind) = match rest.strip_prefix('"') {
        Some(inside) => inside.split_once('"')?,
        None => first(rest)?,
    };
    (!word.is_empty()).then(|| (word.to_owned(), behind.trim().to_owned()))
}

/// A message by its number, `#17`, before the rest; without one the message that is chosen.
pub(super) fn target(rest: &str) -> (Target, &str) {
    let found = first(rest).and_then(|(word, behind)| seq(word).map(|seq| (Target::Seq(seq), behind)));
    found.unwrap_or((Target::Here, rest))
}

/// A setting of a room by its name, its value a word, a number, or JSON.
///
/// # Errors
/// What is wrong, for people.
pub fn room_setting(key: &str, value: &str) -> Result<RoomSetting, String> {
    let word = Value::String(value.to_owned());
    let json = serde_json::from_str(value).unwrap_or_else(|_| word.clone());
    setting(key, &json).or_else(|why| setting(key, &word).map_err(|_| why))
}

/// `#17`.
pub(super) fn seq(word: &str) -> Option<Seq> {
    word.strip_prefix('#')?.parse().ok().map(Seq)
}

/// `s/old/new/`, the last slash may be missing; another sign than a slash would be words somebody says.
pub(super) fn substitution(line: &str) -> Option<(String, String)> {
    let rest = line.strip_prefix("s/")?;
    let (old, new) = rest.split_once('/')?;
    let new = new.strip_suffix('/').unwrap_or(new);
    let plain = !old.is_empty() && !new.contains('/') && !line.contains('\n');
    plain.then(|| (old.to_owned(), new.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_done_to_a_person_takes_a_time_and_a_reason() {
        let read = |rest: &str| aimed(rest).map(|it| (it.user, it.time.map(|time| time.as_secs()), it.reason));
        let bob = |time, reason: &str| Some(("bob".to_owned(), time, reason.to_owned()));
        assert_eq!(read("@bob"), bob(None, ""));
        assert_eq!(read("bob  too loud"), bob(None, "too loud"));
        assert_eq!(read("bob -time 2h too loud"), bob(Some(7_200), "too loud"));
        assert_eq!(read("bob -time"), None);
        assert_eq!(read("bob -time soon"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn durations_are_read_as_they_are_told() {
        for text in ["90s", "30m", "2h", "3d", "2w"] {
            assert_eq!(lasting(duration(text).unwrap()), text);
        }
        for bad in ["", "h", "1", "-1h", "1y", "99999999999999999999s", "9999999999999999w"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_substitution_has_words_to_replace() {
        let words = |old: &str, new: &str| Some((old.to_owned(), new.to_owned()));
        assert_eq!(substitution("s/teh/the/"), words("teh", "the"));
        assert_eq!(substitution("s/teh"), None);
        assert_eq!(substitution("s/teh/the"), words("teh", "the"));
        assert_eq!(substitution("s/ gone//"), words(" gone", ""));
        for said in ["s//x/", "so / what", "s/usr/bin/env x", "a s/b/c/"] {
            assert_eq!(substitution(said), None, "{said}");
        }
    }

    #[test]
    fn a_target_is_a_number_or_the_chosen_one() {
        assert_eq!(target("#17 yes"), (Target::Seq(Seq(17)), "yes"));
        assert_eq!(target("#dev yes"), (Target::Here, "#dev yes"));
        assert_eq!(target(""), (Target::Here, ""));
    }
}
