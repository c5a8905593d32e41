//! The core of the screen is pure: what it may not do is held here, because no compiler holds it.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// What only the world outside has.
const FORBIDDEN: [&str; 13] = [
    "tokio",
    "ratatui",
    "crossterm",
    "quinn",
    "rusqlite",
    "std::fs",
    "std::io",
    "std::net",
    "std::thread",
    "Instant",
    "SystemTime",
    "getrandom",
    "async ",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn the_core_of_the_screen_has_no_clock_no_io_and_no_terminal() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui/core"), &mut files);
    assert!(files.len() > 20);
    let mut broken = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
        for (number, line) in (1..).zip(code) {
            let view = line.contains("tui::view") && !line.contains("view::width") && !line.contains("view::wrap");
            if view || FORBIDDEN.iter().any(|word| line.contains(word)) {
                broken.push(format!("{}: code line {number}: {line}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
