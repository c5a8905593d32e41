//! Which passwords are taken: those that are not among the first to be guessed. No rule says which characters one has to have.

mod common;

use std::collections::BTreeSet;

use chat_proto::limits::PASSWORD_CHARS_MIN;
use chat_proto::password::Password;
use chat_proto::{Reject, RejectCode, UserName};

use common::COMMON;

/// Whether an account of this name may have the password.
///
/// # Errors
/// [`RejectCode::InvalidText`] with what is wrong with it, and never the password.
pub fn check(password: &Password, name: &UserName) -> Result<(), Reject> {
    let typed = fold(password.as_str());
    let own = fold(name.as_str());
    let refuse = |why: &str| {
        let message = format!("{why}; take a few words that don't belong together, or let a password manager make one");
        Err(Reject::new(RejectCode::InvalidText, message))
    };
    let has_name = own.len() >= NAME_CHARS_MIN && contains(&typed, &own);
    if has_name || typed == own {
        return refuse("this password has your name in it, which is tried first");
    }
    if typed.iter().collect::<BTreeSet<_>>().len() < DISTINCT_MIN || weight(&typed) < PASSWORD_CHARS_MIN {
        return refuse("this password is little more than characters that repeat or stand in a row on the keyboard");
    }
    if is_common(&typed) {
        return refuse("this password is one of those that are tried first");
    }
    Ok(())
}

fn fold(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn contains(text: &[char], part: &[char]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Whether a common word is all there is, but for digits and signs around it and in place of its letters.
fn is_common(typed: &[char]) -> bool {
    let is_letter = |c: &char| c.is_alphabetic();
    let first = typed.iter().position(is_letter).unwrap_or(0);
    let behind = typed.iter().rposition(is_letter).map_or(0, |last| last + 1);
    let core = typed.get(first..behind).unwrap_or_default();
    ['i', 'l'].iter().any(|one| {
        let word: String = core.iter().map(|c| letter(*c, *one)).collect();
        COMMON.contains(&word.as_str())
    })
}

/// The letter a digit or a sign is written for.
fn letter(c: char, one: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => one,
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// Characters, those of which a run goes on counted once.
fn weight(typed: &[char]) -> usize {
    let (mut at, mut weight) = (0, 0);
    while at < typed.len() {
        let run = (RUN_MIN..=typed.len() - at).take_while(|len| is_run(&typed[at..at + len])).last();
        at += run.unwrap_or(1);
        weight += 1;
    }
    weight
}

/// Whether characters are one again and again, or stand in a row, in either direction.
fn is_run(part: &[char]) -> bool {
    let same = part.windows(2).all(|pair| pair[0] == pair[1]);
    same || ROWS.iter().any(|row| {
        let row: Vec<char> = row.chars().collect();
        let back: Vec<char> = part.iter().rev().copied().collect();
        contains(&row, part) || contains(&row, &back)
    })
}

/// A name of fewer characters may be in it: they are in most.
const NAME_CHARS_MIN: usize = 3;

/// Different characters there are to be.
const DISTINCT_MIN: usize = 5;

/// Characters that make a run.
const RUN_MIN: usize = 3;

/// What stands in a row: in the alphabet, among the digits, on keyboards, along and across.
const ROWS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "qsdfghjklm",
    "zxcvbnm",
    "yxcvbnm",
    "wxcvbn",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "147",
    "258",
    "369",
    "159",
    "357",
    "!@#$%^&*()",
    "!\"§$%&/()=",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(password: &str, name: &str) -> bool {
        let refused = check(&Password::parse(password).unwrap(), &UserName::parse(name).unwrap()).err();
        if let Some(refused) = &refused {
            assert_eq!(refused.code, RejectCode::InvalidText);
        }
        refused.is_none()
    }

    #[test]
    fn words_that_do_not_belong_together_and_random_characters_are_taken() {
        let good = [
            "correct horse battery",
            "tR8#kq2!vZ",
            "vowel7tundra",
            "mein-kater-frisst-tofu",
            "пёс ест арбуз",
            "日本語日本酒猫犬鳥魚",
            "banana split",
            "word with 1234 in it",
            "monkeydragonlamp",
        ];
        for password in good {
            assert!(taken(password, "alice"), "{password}");
        }
        // A name of two letters is in many words.
        assert!(taken("glacier lamp", "la"));
    }

    #[test]
    fn what_is_tried_first_is_not_taken() {
        let bad = [
            "password",
            "Password1",
            "P@ssw0rd!",
            "passwort2024",
            "123letmein",
            "WELCOME!!",
            "adm1n1strator",
            "iloveyou2",
            "Football99",
            "dragon2024!",
            "we1come123",
            "chatchat1",
        ];
        for password in bad {
            assert!(!taken(password, "alice"), "{password}");
        }
    }

    #[test]
    fn rows_and_repetitions_are_not_taken() {
        let bad = [
            "aaaaaaaa",
            "12345678",
            "87654321",
            "1234567890",
            "qwertyuiop",
            "qwertz12345",
            "asdfghjkl;",
            "1qaz2wsx3edc",
            "abcabcabc",
            "12121212",
            "abcdefgh",
            "147258369",
            "zzzzzzzz9",
            "mypass12345",
            "!@#$%^&*",
        ];
        for password in bad {
            assert!(!taken(password, "alice"), "{password}");
        }
    }

    #[test]
    fn the_name_is_not_in_it_in_any_case() {
        for password in ["alice-tundra-vowel", "tundra ALICE vowel"] {
            assert!(!taken(password, "Alice"), "{password}");
            assert!(taken(password, "bob"), "{password}");
        }
        assert!(!taken("Tundra-Vowel", "tundra-vowel"));
    }

    #[test]
    fn every_common_word_is_as_it_is_compared_and_once() {
        let words: BTreeSet<_> = COMMON.iter().collect();
        assert_eq!(words.len(), COMMON.len());
        for word in COMMON {
            assert!(is_common(&fold(word)), "{word}");
            assert!(is_common(&fold(&format!("{word}123!"))), "{word}");
        }
    }
}
