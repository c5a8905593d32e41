//! What `docs/protocol.md` defines, as whoever knows nothing else reads it.

use std::collections::BTreeMap;

pub(crate) const DOCUMENT: &str = include_str!("../../../docs/protocol.md");

/// The fenced blocks whose info string begins with a word: the rest of that string, and the lines without comments.
pub(crate) fn blocks(language: &str) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    let mut inside = None;
    for line in DOCUMENT.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(_), Some(_)) => inside = None,
            (Some(info), None) => {
                let ours = info.split(' ').next() == Some(language);
                inside = Some(ours);
                if ours {
                    all.push((info[language.len()..].trim().to_owned(), Vec::new()));
                }
            }
            (None, Some(true)) => {
                let code = line.split_once('#').map_or(line, |(code, _)| code).trim_end();
                all.last_mut().unwrap().1.push(code.to_owned());
            }
            (None, _) => {}
        }
    }
    all
}

/// What the `schema` blocks define, by name.
pub(crate) fn documented() -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in blocks("schema").into_iter().flat_map(|(_, lines)| lines).filter(|line| !line.is_empty()) {
        if let Some(member) = line.strip_prefix("  ") {
            all.get_mut(&current).unwrap().push(member.trim().to_owned());
            continue;
        }
        let (name, what) = line.split_once(" = ").unwrap();
        let (key, lines) = match what {
            "struct" | "enum" | "kinds" => (format!("{name} {what}"), Vec::new()),
            alias => (name.to_owned(), vec![alias.to_owned()]),
        };
        assert!(all.insert(key.clone(), lines).is_none(), "{name} is defined twice");
        current = key;
    }
    all
}
