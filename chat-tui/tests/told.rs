//! The table of `docs/scenarios.md` says which section of which file, or which test, shows a behaviour: all of them are there.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

const DOCUMENT: &str = "docs/scenarios.md";

/// References the table has at least.
const REFERENCES_MIN: usize = 80;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The rows of the tables below the heading.
fn rows() -> Vec<String> {
    let text = fs::read_to_string(root().join(DOCUMENT)).unwrap();
    let (_, told) = text.split_once("\n## What is told\n").unwrap();
    told.lines().filter(|line| line.starts_with('|')).map(str::to_owned).collect()
}

/// What stands between backticks.
fn spans(row: &str) -> Vec<&str> {
    row.split('`').skip(1).step_by(2).collect()
}

/// The sections of a scenario, if there is a file of that name.
fn sections(name: &str) -> Option<Vec<String>> {
    let path = root().join(format!("chat-tui/tests/scenarios/{name}.chat"));
    let text = fs::read_to_string(path).ok()?;
    let title = |line: &str| line.strip_prefix("section \"")?.strip_suffix('"').map(str::to_owned);
    Some(text.lines().filter_map(title).collect())
}

/// The tests of the files of a name.
fn tests(name: &str) -> Vec<String> {
    let files = ["chat-proto", "chat-server", "chat-tui"].map(|part| root().join(part).join("tests").join(name));
    let texts = files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect::<String>();
    let named = |line: &str| line.trim_start().trim_start_matches("async ").strip_prefix("fn ").map(str::to_owned);
    texts.lines().filter_map(named).map(|name| name.split('(').next().unwrap().to_owned()).collect()
}

/// Whether one of the titles is meant: as it is, or as it begins where it is cut short.
fn names_one(meant: &str, titles: &[String]) -> bool {
    let meant = meant.trim_end_matches(';');
    match meant.strip_suffix('…') {
        Some(begin) => titles.iter().any(|title| title.starts_with(begin.trim_end())),
        None => titles.iter().any(|title| title == meant),
    }
}

#[test]
fn every_section_and_test_the_table_names_is_there() {
    let (mut found, mut missing) = (0, Vec::new());
    for row in rows() {
        let mut last = None;
        for span in spans(&row) {
            let (file, meant) = match (span.strip_prefix("… "), span.split_once(": ")) {
                (Some(meant), _) => (last.clone(), meant),
                (None, Some((file, meant))) => (Some(file.to_owned()), meant),
                (None, None) if span.contains('/') => {
                    found += 1;
                    if !root().join(span).exists() {
                        missing.push(format!("{span}: no such file"));
                    }
                    continue;
                }
                (None, None) => continue,
            };
            let Some(file) = file else {
                missing.push(format!("{span}: of which file?"));
                continue;
            };
            found += 1;
            let titles = if file.ends_with(".rs") { tests(&file) } else { sections(&file).unwrap_or_default() };
            if !names_one(meant, &titles) {
                missing.push(format!("{file}: {meant}"));
            }
            last = Some(file);
        }
    }
    assert!(missing.is_empty(), "{DOCUMENT} names what is not there:\n{}", missing.join("\n"));
    assert!(found >= REFERENCES_MIN, "only {found} references");
}
