//! Emoji by their names.

/// Emoji offered for the beginning of a name.
const OFFERED_MAX: usize = 50;

/// Every emoji with its names, what people react with most first.
pub(super) fn named() -> impl Iterator<Item = (&'static str, String)> {
    let frequent = FREQUENT.iter().map(|(emoji, name)| {
        let known = emojis::get(emoji).map(names).filter(|names| !names.is_empty());
        (*emoji, known.map_or_else(|| (*name).to_owned(), |known| format!("{name} {known}")))
    });
    let others = emojis::iter().filter(|emoji| FREQUENT.iter().all(|(known, _)| *known != emoji.as_str()));
    frequent.chain(others.map(|emoji| (emoji.as_str(), names(emoji))))
}

fn names(emoji: &emojis::Emoji) -> String {
    emoji.shortcodes().collect::<Vec<_>>().join(" ")
}

/// The emoji whose names begin so: what people react with most first, then by the length of the name.
pub(super) fn beginning(typed: &str) -> Vec<&'static str> {
    let typed = typed.to_lowercase();
    let mut found: Vec<(usize, usize, &str)> = Vec::new();
    for emoji in emojis::iter() {
        let fitting = emoji.shortcodes().filter(|name| name.starts_with(&typed)).map(str::len).min();
        let often = FREQUENT.iter().position(|(known, _)| *known == emoji.as_str()).unwrap_or(FREQUENT.len());
        found.extend(fitting.map(|long| (often, long, emoji.as_str())));
    }
    found.sort();
    // A name that is written in full was meant.
    if let Some(whole) = emojis::get_by_shortcode(&typed) {
        found.retain(|(.., emoji)| *emoji != whole.as_str());
        found.insert(0, (0, 0, whole.as_str()));
    }
    found.into_iter().take(OFFERED_MAX).map(|(.., emoji)| emoji).collect()
}

/// What people react with most, and what it is called.
const FREQUENT: [(&str, &str); 28] = [
    ("👍", "thumbs up yes"),
    ("👎", "thumbs down no"),
    ("❤️", "heart love"),
    ("😂", "joy laugh"),
    ("🎉", "tada party"),
    ("😮", "surprised wow"),
    ("😢", "sad cry"),
    ("🙏", "thanks pray"),
    ("👀", "eyes looking"),
    ("✅", "check done"),
    ("❌", "cross no"),
    ("🔥", "fire"),
    ("🚀", "rocket ship"),
    ("💯", "hundred"),
    ("👏", "clap"),
    ("🤔", "thinking"),
    ("😀", "smile grin"),
    ("😉", "wink"),
    ("😎", "cool"),
    ("😡", "angry"),
    ("🤷", "shrug"),
    ("💡", "idea bulb"),
    ("🐛", "bug"),
    ("⏳", "wait hourglass"),
    ("❓", "question"),
    ("⚠️", "warning"),
    ("☕", "coffee"),
    ("+1", "plus one"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_are_found_by_the_beginnings_of_their_names() {
        assert_eq!(beginning("smi")[0], "😄");
        assert_eq!(beginning("heart")[0], "❤️");
        assert_eq!(beginning("rocket"), ["🚀"]);
        assert_eq!(beginning("nosuchname"), [""; 0]);
        assert!(beginning("").len() <= OFFERED_MAX);
        let all: Vec<_> = named().collect();
        assert!(all.len() > 1_500 && all[0].0 == "👍" && all[0].1.contains("+1"), "{:?}", all[0]);
        let mut once: Vec<_> = all.iter().map(|(emoji, _)| *emoji).collect();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), all.len(), "each once");
    }
}
