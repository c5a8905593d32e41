//! docs/reliability.md holds: every promise has a test named after it, and every test and mutant it names is there.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What is promised.
const PROMISES: [&str; 19] =
    ["D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9", "S1", "S2", "S3", "S4", "S5", "A1", "A2", "A3", "A4", "A5"];

const PAGE: &str = "docs/reliability.md";

const MUTANTS: &str = "chat-server/tests/simulation/mutant.rs";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of a file's tests.
fn tests(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if line == "#[test]" || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(rest) = line.trim_start_matches("async ").strip_prefix("fn ") {
            found.extend(rest.split('(').next().filter(|_| is_test).map(str::to_owned));
            is_test = false;
        }
    }
    found
}

/// What a promise's row in the tables of tests names; those have four cells.
fn tests_of<'a>(page: &'a str, promise: &str) -> &'a str {
    let row = page.lines().find(|line| line.starts_with(&format!("| {promise} |")) && line.split('|').count() == 6);
    let row = row.unwrap_or_else(|| panic!("{PAGE} has no row of {promise}"));
    row.split('|').nth(2).unwrap()
}

/// What stands between back quotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The tests a page names for a promise that are not there, and the promise itself if none is named after it.
fn lacking(page: &str, promise: &str) -> Vec<String> {
    let prefix = format!("{}_", promise.to_lowercase());
    let mut lacking = Vec::new();
    let mut own = 0;
    for place in quoted(tests_of(page, promise)) {
        let Some((path, name)) = place.split_once(": ") else {
            lacking.push(format!("{promise}: {place:?} is no `file: test`"));
            continue;
        };
        if !tests(&read(path)).contains(name) {
            lacking.push(format!("{promise}: {path} has no test {name}"));
        }
        own += usize::from(name.starts_with(&prefix));
    }
    if own == 0 {
        lacking.push(format!("{promise}: no test that begins with {prefix}"));
    }
    lacking
}

#[test]
fn every_promise_has_a_test_named_after_it() {
    let page = read(PAGE);
    let lacking: Vec<String> = PROMISES.iter().flat_map(|promise| lacking(&page, promise)).collect();
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

#[test]
fn a_test_that_is_not_there_is_missed() {
    let row = |place: &str| format!("| D1 | `{place}` | | |\n");
    let here = "chat-proto/tests/promises.rs";
    assert_eq!(lacking(&row(&format!("{here}: d1_nothing")), "D1").len(), 1);
    assert_eq!(lacking(&row(&format!("{here}: a_test_that_is_not_there_is_missed")), "D1").len(), 1);
    assert_eq!(lacking(&row("nowhere"), "D1").len(), 2);
}

#[test]
fn every_mutant_is_told_of_and_every_one_that_is_told_of_is_there() {
    let source = read(MUTANTS);
    let body = source.split_once("pub enum Mutant {").unwrap().1;
    let variants = body.lines().filter_map(|line| line.trim().strip_suffix(','));
    let mutants: BTreeSet<&str> = variants.filter(|name| name.chars().all(char::is_alphanumeric)).collect();
    assert!(mutants.len() >= 12, "{mutants:?}");
    let page = read("docs/simulator.md");
    let rows = page.lines().skip_while(|line| !line.starts_with("| Mutant |")).skip(2);
    let told: BTreeSet<&str> =
        rows.take_while(|line| line.starts_with('|')).filter_map(|row| row.split('`').nth(1)).collect();
    assert_eq!(told, mutants);
    let runs = read("chat-server/tests/simulation/mutants.rs");
    let tried: BTreeSet<&str> =
        runs.split("must_be_caught(Mutant::").skip(1).filter_map(|rest| rest.split(',').next()).collect();
    assert_eq!(tried, mutants);
}
