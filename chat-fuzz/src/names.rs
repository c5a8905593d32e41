//! Names of people, rooms and files, codes that are typed, and texts that are valid if they exist.

use chat_proto::code::{LongCode, ShortCode};
use chat_proto::limits::{FILE_NAME_BYTES_MAX, NAME_BYTES_MAX};
use chat_proto::name::GUEST_MARK;
use chat_proto::text::{Label, StateText};
use chat_proto::{FileName, Line, MediaType, RoomName, Text, UserName};

/// The bytes are one text, and two names where a line feed parts them.
pub fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (first, second) = text.split_once('\n').unwrap_or((&text, ""));
    people(first, second);
    rooms(first);
    files(&text);
    codes(&text);
    texts(&text);
}

fn people(first: &str, second: &str) {
    let Ok(name) = UserName::parse(first) else { return };
    assert_eq!(name.as_str(), first, "as spelled");
    shown_as_it_is(first);
    assert!(RoomName::parse(first).is_ok(), "the rules of rooms are the same but for reserved words");
    if let Ok(guest) = UserName::guest(first) {
        assert!(guest.as_str().starts_with(GUEST_MARK) && UserName::parse(guest.as_str()).is_err());
        assert_eq!(UserName::shown(guest.as_str()), Ok(guest));
    }
    if let Ok(other) = UserName::parse(second)
        && name.as_str().to_lowercase() == other.as_str().to_lowercase()
    {
        assert_eq!(name.keys().folded, other.keys().folded, "{name:?} and {other:?} are one name");
    }
}

fn rooms(text: &str) {
    let Ok(name) = RoomName::parse(text) else { return };
    shown_as_it_is(name.as_str());
    assert_eq!(RoomName::parse(&format!("#{name}")), Ok(name));
}

/// A name is drawn as it is spelled: there is nothing in it that a terminal must not see.
fn shown_as_it_is(name: &str) {
    assert!((1..=NAME_BYTES_MAX).contains(&name.len()));
    assert!(!name.contains(|c: char| c.is_whitespace() || c.is_control() || "/\\@#~".contains(c)), "{name:?}");
    assert_eq!(chat_tui::clean::line(name).as_str(), name);
}

fn files(text: &str) {
    let nearest = FileName::of_path(text);
    assert_eq!(FileName::parse(nearest.as_str()).as_ref(), Ok(&nearest), "of {text:?}");
    assert_eq!(FileName::of_path(nearest.as_str()), nearest);
    if let Ok(name) = FileName::parse(text) {
        assert!(name.as_str().len() <= FILE_NAME_BYTES_MAX && !matches!(name.as_str(), "." | ".."));
        assert!(!text.contains(['/', '\\', '\0']), "{text:?} leaves its directory");
    }
    if let Ok(media_type) = MediaType::parse(text) {
        assert!(media_type.as_str().is_ascii() && media_type.as_str() == text);
    }
}

fn codes(text: &str) {
    if let Ok(code) = ShortCode::parse(text) {
        assert_eq!(ShortCode::parse(&code.to_string()), Ok(code));
    }
    if let Ok(code) = LongCode::parse(text) {
        assert_eq!(LongCode::parse(&code.to_string()), Ok(code));
    }
}

fn texts(text: &str) {
    let controls = |text: &str, allowed: &[char]| text.contains(|c: char| c.is_control() && !allowed.contains(&c));
    if let Ok(it) = Text::parse(text) {
        assert!(!it.as_str().is_empty() && !controls(it.as_str(), &['\n', '\t']), "{it:?}");
    }
    if let Ok(it) = Line::parse(text) {
        assert!(!controls(it.as_str(), &[]), "{it:?}");
    }
    if let Ok(it) = Label::parse(text) {
        assert!(it.as_str().is_ascii() && !it.as_str().is_empty());
    }
    if let Ok(it) = StateText::parse(text) {
        assert!(!controls(it.as_str(), &[]), "{it:?}");
    }
}
