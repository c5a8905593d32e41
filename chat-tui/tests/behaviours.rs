//! docs/behaviours.md holds: every behaviour has a row, and every place that a row names is there.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Behaviours chat-service has tests for.
const OF_THE_SUITE: usize = 156;

/// Those that it has for several processes.
const OF_THE_CLUSTER: usize = 5;

/// The group of [`OF_THE_CLUSTER`].
const CLUSTER: &str = "serviceCluster";

/// Defects of the seeds, B1 to B19.
const DEFECTS: usize = 19;

/// What a row says that is told nowhere, with why behind it.
const CANNOT: &str = "cannot exist here: ";

/// One table of the page.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    name: String,
    /// Rows it says it has.
    told: Option<usize>,
    /// Each with its line, what is so, and where.
    rows: Vec<(usize, String, String)>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The tables of a page, by their headings.
fn groups(page: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, line) in page.lines().enumerate() {
        if let Some(heading) = line.strip_prefix("## ") {
            let (name, told) = match heading.rsplit_once(" (") {
                Some((name, told)) => (name, told.strip_suffix(')').and_then(|told| told.parse().ok())),
                None => (heading, None),
            };
            groups.push(Group { name: name.to_owned(), told, rows: Vec::new() });
        } else if line.starts_with('|') && !line.starts_with("|---") && !line.ends_with("| where |") {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [what, place] = cells[..] else { panic!("line {}: not two cells: {line}", index + 1) };
            let group = groups.last_mut().unwrap_or_else(|| panic!("line {}: a row of no table", index + 1));
            group.rows.push((index + 1, what.to_owned(), place.to_owned()));
        }
    }
    groups
}

/// The sections of a scenario.
fn sections(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("section \"")?.strip_suffix('"')).collect()
}

/// Whether a file has a test of that name.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let begins = |line: &str| line.trim_start_matches("async ").starts_with(&format!("fn {name}("));
    let at = lines.iter().position(|line| begins(line)).unwrap_or_default();
    let attributes = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
    attributes.into_iter().any(|line| *line == "#[test]" || line.starts_with("#[tokio::test"))
}

/// What is wrong with a place.
fn lacks(root: &Path, place: &str) -> Option<String> {
    let Some((file, name)) = place.split_once(": ") else { return Some(format!("{place:?} is no place")) };
    let path = match file.ends_with(".chat") {
        true => root.join("chat-tui/tests/scenarios").join(file),
        false => root.join(file),
    };
    let Ok(text) = fs::read_to_string(&path) else { return Some(format!("there is no file {file}")) };
    let found = match file.ends_with(".chat") {
        true => sections(&text).contains(&name),
        false => has_test(&text, name),
    };
    (!found).then(|| format!("{file} has no {name:?}"))
}

/// What is wrong with where a row says that something is told.
fn troubles(root: &Path, places: &str) -> Vec<String> {
    if places.starts_with(CANNOT) {
        return Vec::new();
    }
    // `a`, `b`: between the quotes stand places, beside them commas and nothing else.
    let parts: Vec<&str> = places.split('`').collect();
    let between = parts.iter().step_by(2).enumerate();
    let last = parts.len() / 2;
    let quoted = parts.len() > 1
        && parts.len() % 2 == 1
        && between.into_iter().all(|(index, text)| *text == if index == 0 || index == last { "" } else { ", " });
    if !quoted {
        return vec![format!("no place: {places:?}")];
    }
    parts.iter().skip(1).step_by(2).filter_map(|place| lacks(root, place)).collect()
}

/// What is wrong with a page.
fn wrong(root: &Path, page: &str) -> Vec<String> {
    let groups = groups(page);
    let mut wrong = Vec::new();
    for Group { name, told, rows } in &groups {
        if told.is_some_and(|told| told != rows.len()) || rows.is_empty() {
            wrong.push(format!("{name} has {} rows", rows.len()));
        }
        let different: BTreeSet<&str> = rows.iter().map(|(_, what, _)| what.as_str()).collect();
        if different.len() < rows.len() || different.contains("") {
            wrong.push(format!("{name} says something twice, or nothing"));
        }
        for (line, _, places) in rows {
            wrong.extend(troubles(root, places).into_iter().map(|trouble| format!("line {line}: {trouble}")));
        }
    }
    let counted = |is_cluster: bool| -> usize {
        let of = groups.iter().filter(|group| group.told.is_some() && (group.name == CLUSTER) == is_cluster);
        of.map(|group| group.rows.len()).sum()
    };
    if (counted(false), counted(true)) != (OF_THE_SUITE, OF_THE_CLUSTER) {
        wrong.push(format!("{} and {} behaviours of the suite", counted(false), counted(true)));
    }
    let rows = groups.iter().flat_map(|group| &group.rows).filter_map(|(_, what, _)| what.split_once(": "));
    let defects: Vec<&str> = rows.map(|(number, _)| number).filter(|number| number.starts_with('B')).collect();
    if defects != (1..=DEFECTS).map(|number| format!("B{number}")).collect::<Vec<_>>() {
        wrong.push(format!("the defects are {defects:?}"));
    }
    wrong
}

#[test]
fn every_behaviour_is_told_where_the_page_says() {
    let page = fs::read_to_string(root().join("docs/behaviours.md")).unwrap();
    let wrong = wrong(&root(), &page);
    assert!(wrong.is_empty(), "docs/behaviours.md\n{}", wrong.join("\n"));
}

#[test]
fn a_section_is_named_by_its_words_alone() {
    for entry in fs::read_dir(root().join("chat-tui/tests/scenarios")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let sections = sections(&text);
        let different: BTreeSet<&&str> = sections.iter().collect();
        assert_eq!(different.len(), sections.len(), "{}: two sections of one name", path.display());
        assert!(!sections.iter().any(|name| name.contains(['`', '|'])), "{}", path.display());
    }
}

#[test]
fn a_page_that_says_what_is_not_so_is_found() {
    let page = fs::read_to_string(root().join("docs/behaviours.md")).unwrap();
    let lines: Vec<&str> = page.lines().collect();
    let row = lines.iter().position(|line| line.contains("`rooms.chat: a room is made once` |")).unwrap();
    let instead = |text: &str| {
        let changed = lines.iter().enumerate().map(|(at, line)| if at == row { text } else { line });
        wrong(&root(), &changed.collect::<Vec<_>>().join("\n")).join("\n")
    };
    assert_eq!(instead(lines[row]), "");
    for (text, said) in [
        ("", "initialization has 8 rows"),
        ("| x | |", "no place"),
        ("| x | somewhere |", "no place"),
        ("| x | `rooms.chat: a room is made once` and so on |", "no place"),
        ("| x | cannot exist here:  |", "no place"),
        ("| x | `rooms.chat` |", "is no place"),
        ("| x | `rooms.chat: a room is made twice` |", "rooms.chat has no"),
        ("| x | `nowhere.chat: a room is made once` |", "there is no file nowhere.chat"),
        ("| x | `chat-tui/tests/behaviours.rs: groups` |", "behaviours.rs has no"),
        ("| a server is started | `rooms.chat: a room is made once` |", "says something twice"),
        ("| B7: x | `rooms.chat: a room is made once` |", "the defects are"),
    ] {
        assert!(instead(text).contains(said), "{text}: {}", instead(text));
    }
}
