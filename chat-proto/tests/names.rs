//! Names that look alike: all of the table of confusables that the rules are made of, and what else deceives an eye.
#![allow(clippy::unwrap_used)]

use chat_proto::limits::NAME_GRAPHEMES_MAX;
use chat_proto::name::{NameError, NameKeys, RESERVED};
use chat_proto::{RoomName, UserName};
use unicode_security::skeleton;

/// Whether only one of two names may be taken.
fn collide(one: &NameKeys, other: &NameKeys) -> bool {
    one.look == other.look || one.folded == other.folded
}

fn user(name: &str) -> Option<NameKeys> {
    UserName::parse(name).ok().map(|name| name.keys())
}

fn room(name: &str) -> Option<NameKeys> {
    RoomName::parse(name).ok().map(|name| name.keys())
}

/// Every character that the table says looks like ASCII letters and digits, with those.
fn confusables() -> Vec<(char, String)> {
    let alike = |c: char| {
        let prototype: String = skeleton(&c.to_string()).collect();
        let is_plain = !prototype.is_empty() && prototype.chars().all(|c| c.is_ascii_alphanumeric());
        (is_plain && prototype != c.to_string()).then_some((c, prototype))
    };
    ('\0'..=char::MAX).filter_map(alike).collect()
}

#[test]
fn a3_whatever_looks_like_letters_or_digits_is_refused_or_collides_with_them() {
    let table = confusables();
    assert!(table.len() > 1_000, "{} confusables", table.len());
    let mut met = 0;
    for (c, prototype) in &table {
        // Alone, as a word of its own kind, and among letters and digits of the kind it imitates.
        for frame in ["*", "***", "x*y", "*0", "a*", "*-*"] {
            for (kind, keys) in [("user", user as fn(&str) -> Option<NameKeys>), ("room", room)] {
                let (strange, plain) = (frame.replace('*', &c.to_string()), frame.replace('*', prototype));
                let (Some(strange_keys), Some(plain_keys)) = (keys(&strange), keys(&plain)) else { continue };
                met += 1;
                assert!(collide(&strange_keys, &plain_keys), "{kind}s {strange:?} (U+{:04X}) and {plain:?}", *c as u32);
            }
        }
    }
    assert!(met > 500, "only {met} pairs of names are possible at all");
}

#[test]
fn whatever_looks_alike_among_the_look_alikes_collides_too() {
    let table = confusables();
    let mut met = 0;
    for (one, prototype) in &table {
        for (other, _) in table.iter().filter(|(_, other)| other == prototype) {
            let (Some(first), Some(second)) = (user(&one.to_string()), user(&other.to_string())) else { continue };
            met += 1;
            assert!(collide(&first, &second), "{one:?} and {other:?}");
        }
    }
    assert!(met > 500, "{met}");
}

#[test]
fn names_that_differ_in_case_alone_are_one() {
    let pairs = [
        ("straße", "strasse"),
        ("STRASSE", "straße"),
        ("straẞe", "strasse"),
        ("İzmir", "i\u{307}zmir"),
        ("ızgara", "IZGARA"),
        ("σοφος", "ΣΟΦΟΣ"),
        ("σοφός", "σοφόσ"),
        ("Ольга", "ОЛЬГА"),
        ("ŽIŽKA", "žižka"),
    ];
    for (one, other) in pairs {
        let (first, second) = (room(one), room(other));
        let (Some(first), Some(second)) = (&first, &second) else { panic!("{one}: {first:?}, {other}: {second:?}") };
        assert!(collide(first, second), "{one} and {other}");
    }
    for c in '\0'..=char::MAX {
        let Some(keys) = room(&c.to_string()) else { continue };
        for other in [c.to_lowercase().to_string(), c.to_uppercase().to_string()] {
            assert!(room(&other).is_none_or(|other| collide(&keys, &other)), "{c} and {other}");
        }
    }
    // Those that another spelling stands for in NFC never come in: the Kelvin and the Angstrom sign, and ligatures.
    for sign in ["\u{212a}elvin", "\u{212b}ngstrom", "\u{fb01}sh"] {
        assert!(user(sign).is_none() && room(sign).is_none(), "{sign}");
    }
}

#[test]
fn two_scripts_in_one_name_are_refused_unless_people_write_so() {
    for deceives in ["pаypal", "gοogle", "ΑЛ", "аbс", "latinκαι", "раypal"] {
        assert_eq!(UserName::parse(deceives), Err(NameError::MixedScripts), "{deceives}");
        assert_eq!(RoomName::parse(deceives), Err(NameError::MixedScripts), "{deceives}");
    }
    for usual in ["東京tower", "ひらがなカタカナ漢字abc", "한국abc漢字"] {
        assert!(user(usual).is_some(), "{usual}");
    }
}

/// What is not seen, or turns round what is: direction marks, joiners, fillers, selectors, tags, controls.
#[test]
fn what_an_eye_does_not_see_is_in_no_name() {
    let ranges = [
        '\0'..=' ',
        '\u{7f}'..='\u{a0}',
        '\u{ad}'..='\u{ad}',
        '\u{34f}'..='\u{34f}',
        '\u{61c}'..='\u{61c}',
        '\u{115f}'..='\u{1160}',
        '\u{1680}'..='\u{1680}',
        '\u{17b4}'..='\u{17b5}',
        '\u{180b}'..='\u{180f}',
        '\u{2000}'..='\u{200f}',
        '\u{2028}'..='\u{202f}',
        '\u{205f}'..='\u{206f}',
        '\u{3000}'..='\u{3000}',
        '\u{3164}'..='\u{3164}',
        '\u{e000}'..='\u{f8ff}',
        '\u{fe00}'..='\u{fe0f}',
        '\u{feff}'..='\u{feff}',
        '\u{ffa0}'..='\u{ffa0}',
        '\u{fff0}'..='\u{fffd}',
        '\u{1bca0}'..='\u{1bca3}',
        '\u{1d173}'..='\u{1d17a}',
        '\u{e0000}'..='\u{e0fff}',
        '\u{f0000}'..='\u{10ffff}',
    ];
    for c in ranges.into_iter().flatten() {
        // Where a joiner joins something, too.
        for name in [format!("a{c}b"), format!("क्{c}ष"), format!("{c}ab"), format!("ab{c}")] {
            assert!(user(&name).is_none() && room(&name).is_none(), "U+{:04X} in {name:?}", c as u32);
        }
    }
}

#[test]
fn reserved_names_are_nobodys_however_they_are_spelled() {
    for reserved in RESERVED {
        let upper = reserved.to_uppercase();
        let (first, rest) = reserved.split_at(1);
        for spelled in [reserved.to_owned(), upper, format!("{}{rest}", first.to_uppercase())] {
            assert_eq!(UserName::parse(&spelled), Err(NameError::Reserved), "{spelled}");
        }
    }
    // Cyrillic through and through, and digits.
    for alike in ["һеге", "al1", "aII", "AL1"] {
        assert_eq!(UserName::parse(alike), Err(NameError::Reserved), "{alike}");
    }
    for near in ["roots", "allison", "hero", "adm"] {
        assert!(user(near).is_some(), "{near}");
    }
}

#[test]
fn a_name_has_no_more_graphemes_than_fit() {
    let long = "x".repeat(NAME_GRAPHEMES_MAX);
    assert!(user(&long).is_some() && room(&long).is_some());
    let longer = format!("{long}x");
    assert_eq!(UserName::parse(&longer), Err(NameError::TooManyCharacters(NAME_GRAPHEMES_MAX + 1)));
    assert_eq!(RoomName::parse(&longer), Err(NameError::TooManyCharacters(NAME_GRAPHEMES_MAX + 1)));
}

#[test]
fn no_name_that_can_be_taken_looks_like_a_guests() {
    let mut met = 0;
    for c in '\0'..=char::MAX {
        let name = format!("x{c}x");
        let Some(keys) = user(&name).or_else(|| room(&name)) else { continue };
        met += 1;
        assert!(
            !keys.look.contains('~') && !keys.folded.contains('~'),
            "U+{:04X} looks like the mark of guests",
            c as u32
        );
    }
    assert!(met > 1_000, "only {met} characters are possible at all");
}
