//! Words or a regular expression, and where in a text they are.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

/// Bytes a pattern has at most.
pub(super) const PATTERN_BYTES_MAX: usize = 256;

/// Bytes a compiled regular expression takes at most: what it takes to compare a text grows with it.
const COMPILED_BYTES_MAX: usize = 128 * 1_024;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Matcher {
    source: String,
    case: bool,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    /// These characters one after the other, in lower case unless the case counts.
    Words(Vec<char>),
    Regex(Box<Regex>),
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        let is_regex = |it: &Self| matches!(it.how, How::Regex(_));
        self.source == other.source && self.case == other.case && is_regex(self) == is_regex(other)
    }
}

impl Eq for Matcher {}

impl Matcher {
    /// Looks for `pattern`, as it is or as a regular expression; with `case` a capital letter is another one.
    ///
    /// # Errors
    /// Why it cannot be looked for, for people, in one line.
    pub fn new(pattern: &str, regex: bool, case: bool) -> Result<Self, String> {
        if pattern.len() > PATTERN_BYTES_MAX {
            return Err(format!("a pattern has at most {PATTERN_BYTES_MAX} bytes"));
        }
        let how = if regex {
            let mut builder = RegexBuilder::new(pattern);
            let built = builder.case_insensitive(!case).size_limit(COMPILED_BYTES_MAX).build();
            How::Regex(Box::new(built.map_err(|error| told(&error))?))
        } else {
            How::Words(pattern.chars().flat_map(|c| folded(c, case)).collect())
        };
        Ok(Self { source: pattern.to_owned(), case, how })
    }

    /// The same written as one word of a setting: what stands between slashes is a regular expression. The case never counts.
    ///
    /// # Errors
    /// As [`Matcher::new`].
    pub fn written(pattern: &str) -> Result<Self, String> {
        if pattern.trim().is_empty() {
            return Err("the pattern is empty".to_owned());
        }
        match pattern.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(regex) if !regex.is_empty() => Self::new(regex, true, false),
            Some(_) | None => Self::new(pattern, false, false),
        }
    }

    /// Whether looking for it takes long: a regular expression is followed along many ways at once.
    #[must_use]
    pub(super) fn is_slow(&self) -> bool {
        matches!(self.how, How::Regex(_))
    }

    /// Where in a text it first is; nothing is found of a pattern that is empty.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        match &self.how {
            How::Regex(regex) if !self.source.is_empty() => regex.find(text).map(|found| found.range()),
            How::Words(words) if !words.is_empty() => {
                text.char_indices().find_map(|(at, _)| begins(&text[at..], words, self.case).map(|len| at..at + len))
            }
            How::Regex(_) | How::Words(_) => None,
        }
    }
}

/// How many bytes of a text are the words, if it begins with them.
fn begins(text: &str, words: &[char], case: bool) -> Option<usize> {
    let mut wanted = words;
    for (at, c) in text.char_indices() {
        for c in folded(c, case) {
            match wanted.split_first() {
                Some((first, rest)) if *first == c => wanted = rest,
                Some(_) => return None,
                // Part of a character that is several in lower case.
                None => {}
            }
        }
        if wanted.is_empty() {
            return Some(at + c.len_utf8());
        }
    }
    None
}

fn folded(c: char, case: bool) -> impl Iterator<Item = char> {
    case.then_some(c).into_iter().chain(c.to_lowercase().filter(move |_| !case))
}

fn told(error: &regex::Error) -> String {
    if let regex::Error::CompiledTooBig(_) = error {
        return "this regular expression is too large".to_owned();
    }
    // The last line says what; those before it draw where.
    let text = error.to_string();
    let what = text.lines().last().unwrap_or_default();
    what.strip_prefix("error: ").unwrap_or(what).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, regex: bool, case: bool, text: &str) -> Option<String> {
        Matcher::new(pattern, regex, case).unwrap().find(text).map(|range| text[range].to_owned())
    }

    #[test]
    fn words_are_found_as_they_are_in_any_case_unless_it_counts() {
        assert_eq!(found("DISK f", false, false, "the Disk full"), Some("Disk f".to_owned()));
        assert_eq!(found("DISK", false, true, "the Disk full"), None);
        assert_eq!(found("über", false, false, "ganz ÜBER"), Some("ÜBER".to_owned()));
        assert_eq!(found("a.c", false, false, "abc a.c"), Some("a.c".to_owned()));
        assert_eq!(found("i", false, false, "İx"), Some("İ".to_owned()), "one that is two in lower case");
        assert_eq!(found("", false, false, "anything"), None);
    }

    #[test]
    fn a_regular_expression_is_bounded_and_told_in_a_line_when_it_is_none() {
        assert_eq!(found(r"\bv?\d+\.\d+", true, false, "from V0.3 on"), Some("V0.3".to_owned()));
        assert_eq!(found(r"\w+", true, false, "été"), Some("été".to_owned()));
        let why = |pattern: &str| Matcher::new(pattern, true, false).unwrap_err();
        assert_eq!(why("a("), "unclosed group");
        assert_eq!(why(r"\w{99}"), "this regular expression is too large", "though the crate would take it");
        assert_eq!(why(r"(\w{99}){99}"), "this regular expression is too large");
        assert!(why(&"a".repeat(PATTERN_BYTES_MAX + 1)).contains("256"));
    }

    #[test]
    fn a_written_pattern_is_words_or_between_slashes_a_regular_expression() {
        let is = |pattern: &str, text: &str| Matcher::written(pattern).unwrap().find(text).is_some();
        assert!(is("a.c", "A.C") && !is("a.c", "abc"));
        assert!(is("/a.c/", "ABC") && !is("/a.c/", "/a-"));
        assert!(is("//", "https://") && is("/", "a/b"));
        assert!(Matcher::written(" ").is_err() && Matcher::written("/a(/").is_err());
    }
}
