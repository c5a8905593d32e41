//! How well a name fits what was typed of it.

/// How well; the more the better, none if it doesn't fit. Every word typed must be there, its letters in order.
#[must_use]
pub(super) fn score(typed: &str, name: &str) -> Option<i32> {
    let name: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    let mut total = 0;
    for word in typed.split_whitespace() {
        let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
        total += score_word(&word, &name)?;
    }
    // Of names that fit alike the shorter one was meant.
    Some(total * 64 - i32::try_from(name.len()).unwrap_or(i32::MAX).min(63))
}

/// The best of all places the first letter can be at, going on greedily from there.
fn score_word(word: &[char], name: &[char]) -> Option<i32> {
    let first = word.first()?;
    let starts = name.iter().enumerate().filter(|(_, c)| *c == first).map(|(at, _)| at);
    starts.filter_map(|start| score_from(word, name, start)).max()
}

fn score_from(word: &[char], name: &[char], start: usize) -> Option<i32> {
    let mut score = 0;
    let mut at = start;
    let mut last = None;
    for letter in word {
        let found = at + name.get(at..)?.iter().position(|c| c == letter)?;
        score += match last {
            Some(last) if last + 1 == found => 3,
            _ if found == 0 => 4,
            _ if !name[found - 1].is_alphanumeric() => 2,
            _ => 0,
        };
        (last, at) = (Some(found), found + 1);
    }
    Some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'a>(typed: &str, names: &[&'a str]) -> Vec<&'a str> {
        let mut fits: Vec<_> = names.iter().filter_map(|name| Some((score(typed, name)?, *name))).collect();
        fits.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        fits.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn beginnings_come_before_middles_and_whole_words_before_scattered_letters() {
        assert_eq!(best("dev", &["#random", "#dev-ops", "#dev", "#indeva"]), ["#dev", "#dev-ops", "#indeva"]);
        assert_eq!(best("op", &["#shop", "#ops", "#dev-ops"]), ["#ops", "#dev-ops", "#shop"]);
        assert_eq!(best("do", &["#dev-ops", "#window"]), ["#dev-ops", "#window"]);
    }

    #[test]
    fn every_word_must_be_there_and_nothing_typed_fits_all() {
        assert_eq!(best("ops dev", &["#dev-ops", "#dev"]), ["#dev-ops"]);
        assert_eq!(best("", &["b", "aa"]).len(), 2);
        assert_eq!(best("ÖL", &["öl"]), ["öl"]);
    }
}
