//! Mentions: whom a text names.

use std::collections::BTreeSet;

use chat_proto::name::GUEST_MARK;

/// The lower-case names a text calls: every `@name`, and the first word if a colon or comma follows it (`bob: look`).
pub(in crate::core) fn named(text: &str) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = text
        .match_indices('@')
        .filter(|(at, _)| !text[..*at].ends_with(is_name))
        .map(|(at, _)| leading_name(&text[at + 1..]).0)
        .collect();
    let (first, rest) = leading_name(text);
    if rest.starts_with([':', ',']) {
        names.insert(first);
    }
    names.remove("");
    names
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// The name a text begins with, in lower case, and what follows it.
fn leading_name(text: &str) -> (String, &str) {
    let mark = if text.starts_with(GUEST_MARK) { GUEST_MARK.len_utf8() } else { 0 };
    let end = text[mark..].find(|c: char| !is_name(c)).map_or(text.len(), |end| mark + end);
    let (name, rest) = text.split_at(end);
    (name.trim_end_matches('.').to_lowercase(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_called_by_at_or_at_the_start() {
        let names = |text: &str| named(text).into_iter().collect::<Vec<_>>();
        assert_eq!(names("bob: look"), ["bob"]);
        assert_eq!(names("Bob, look @Carol."), ["bob", "carol"]);
        assert_eq!(names("mail me@example.org or bob"), Vec::<String>::new());
        assert_eq!(names("(@Ольга)"), ["ольга"]);
        assert_eq!(names("~Eve: look, @~bob."), ["~bob", "~eve"]);
        assert_eq!(names("@"), Vec::<String>::new());
        assert_eq!(names(""), Vec::<String>::new());
        assert_eq!(names("İx: y"), ["i̇x"]);
    }
}
