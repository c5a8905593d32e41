//! A room's filters: words that are refused or replaced. Whole words, without case.

use chat_proto::limits::POST_BYTES_MAX;
use chat_proto::setting::{Filter, FilterAction};
use chat_proto::{Reject, RejectCode};

/// A text as the filters leave it.
///
/// # Errors
/// [`RejectCode::Filtered`] with the word, or [`RejectCode::TooLarge`] where the replacements make it too long.
pub fn filtered(filters: &[Filter], text: &str) -> Result<String, Reject> {
    let mut left = text.to_owned();
    for filter in filters {
        let places = places(&left, &filter.word);
        if places.is_empty() {
            continue;
        }
        match filter.action {
            FilterAction::Reject => {
                let message = format!("this room refuses the word {:?}; say it in other words", filter.word);
                return Err(Reject::new(RejectCode::Filtered, message));
            }
            FilterAction::Replace => {
                for (from, to) in places.into_iter().rev() {
                    left.replace_range(from..to, &filter.with);
                }
            }
        }
    }
    if left.trim().is_empty() {
        return Err(Reject::new(RejectCode::Filtered, "nothing is left of the message behind this room's filters"));
    }
    if left.len() > POST_BYTES_MAX {
        return Err(Reject::new(RejectCode::TooLarge, "the room's filters make this message too long; shorten it"));
    }
    Ok(left)
}

/// Where a word stands in a text, in bytes: as a whole word, whatever the case.
fn places(text: &str, word: &str) -> Vec<(usize, usize)> {
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let is_word = |at: Option<&(usize, char)>| at.is_some_and(|(_, c)| c.is_alphanumeric());
    let mut found = Vec::new();
    let mut start = 0;
    while start < chars.len() {
        match ends(&chars[start..], &word) {
            Some(len) if len > 0 => {
                let before = start.checked_sub(1).and_then(|before| chars.get(before));
                let (first, last) = (chars.get(start), chars.get(start + len - 1));
                let bounded = !(is_word(before) && is_word(first) || is_word(last) && is_word(chars.get(start + len)));
                if bounded {
                    let end = chars.get(start + len).map_or(text.len(), |(at, _)| *at);
                    found.push((chars[start].0, end));
                    start += len;
                    continue;
                }
                start += 1;
            }
            Some(_) | None => start += 1,
        }
    }
    found
}

/// How many characters of a text a lower-case word takes at its beginning.
fn ends(chars: &[(usize, char)], word: &[char]) -> Option<usize> {
    let mut left = word;
    for (count, (_, c)) in chars.iter().enumerate() {
        if left.is_empty() {
            return Some(count);
        }
        for lower in c.to_lowercase() {
            let (first, rest) = left.split_first()?;
            if *first != lower {
                return None;
            }
            left = rest;
        }
    }
    left.is_empty().then_some(chars.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filter(word: &str, action: FilterAction, with: &str) -> Filter {
        Filter { word: word.to_owned(), action, with: with.to_owned() }
    }

    #[test]
    fn whole_words_are_replaced_whatever_their_case() {
        let filters = [filter("bad", FilterAction::Replace, "***"), filter("a b", FilterAction::Replace, "")];
        let text = |text: &str| filtered(&filters, text).unwrap();
        assert_eq!(text("Bad, BAD and bad."), "***, *** and ***.");
        assert_eq!(text("badly, forbad"), "badly, forbad");
        assert_eq!(text("x a b y"), "x  y");
        assert_eq!(filtered(&filters, "a b").unwrap_err().code, RejectCode::Filtered);
    }

    #[test]
    fn a_refused_word_is_named() {
        let filters = [filter("Straße", FilterAction::Reject, "")];
        let reject = filtered(&filters, "die STRASSE, die straße").unwrap_err();
        assert_eq!(reject.code, RejectCode::Filtered);
        assert!(reject.message.contains("Straße"));
        assert!(filtered(&filters, "straßen").is_ok());
    }

    proptest! {
        #[test]
        fn no_text_and_no_word_make_it_panic(text in "\\PC{0,40}", word in "\\PC{0,4}", with in "\\PC{0,4}") {
            for action in [FilterAction::Reject, FilterAction::Replace] {
                let _ = filtered(&[filter(&word, action, &with)], &text);
            }
        }
    }
}
