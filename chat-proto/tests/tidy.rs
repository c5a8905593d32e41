//! Rules of the whole repository that no compiler holds: sizes, who may import what, and that documents point somewhere.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// Lines of code in one source file, its tests not counted.
const CODE_LINES_MAX: usize = 400;

/// Lines in one file, tests and all.
const FILE_LINES_MAX: usize = 520;

/// Files that were over the limit when it came, with their lines then: each may only shrink, and none may be added.
const TOO_LONG: [(&str, usize); 0] = [];

/// One text file of the repository.
struct File {
    /// From the repository's root, with slashes.
    path: String,
    text: String,
}

impl File {
    fn under(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }

    /// Everything up to the tests at the bottom.
    fn code(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod ").next().unwrap_or_default()
    }

    /// The numbered lines of the code that are not comments.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.code().lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        lines.filter(|(_, line)| !line.starts_with("//"))
    }

    /// Whether it is a file of tests only.
    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("tests.rs") || self.path.contains("/testing")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != ".git" {
            walk(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

fn files(extension: &str) -> Vec<File> {
    let mut paths = Vec::new();
    walk(&root(), &mut paths);
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    let relative = |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    paths.iter().map(|path| File { path: relative(path), text: fs::read_to_string(path).unwrap() }).collect()
}

/// The sources of all crates, without their tests.
fn sources() -> Vec<File> {
    let mut files = files("rs");
    files.retain(|file| file.path.contains("/src/") && !file.is_test());
    assert!(files.len() > 20, "{}", files.len());
    files
}

/// Fails with every place a rule is broken.
fn expect_none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

/// The lines of files that hold one of some words.
fn mentions<'a>(files: impl IntoIterator<Item = &'a File>, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (number, line) in file.lines() {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{number}: {line}", file.path));
            }
        }
    }
    found
}

#[test]
fn no_source_file_is_too_long_to_read() {
    let mut broken = Vec::new();
    for file in files("rs") {
        let code = if file.is_test() { 0 } else { file.code().lines().count() };
        let all = file.text.lines().count();
        let code_max = TOO_LONG.iter().find(|(path, _)| *path == file.path).map_or(CODE_LINES_MAX, |(_, lines)| *lines);
        if code > code_max || all > FILE_LINES_MAX {
            broken.push(format!("{}: {code} lines of code, {all} in all", file.path));
        }
    }
    expect_none(
        &format!("at most {CODE_LINES_MAX} lines of code and {FILE_LINES_MAX} in all; split by what is owned"),
        &broken,
    );
}

#[test]
fn nothing_is_left_for_later_in_a_comment() {
    let words = [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X")];
    let mut broken = Vec::new();
    for file in files("rs") {
        for (index, line) in file.text.lines().enumerate() {
            if words.iter().any(|word| line.split(|c: char| !c.is_alphanumeric()).any(|found| found == *word)) {
                broken.push(format!("{}:{}: {}", file.path, index + 1, line.trim()));
            }
        }
    }
    expect_none("do it or leave it", &broken);
}

#[test]
fn only_one_file_names_the_codec_crate() {
    let sources = sources();
    let others = sources.iter().filter(|file| file.path != "chat-proto/src/codec.rs");
    expect_none("only chat-proto/src/codec.rs names bincode", &mentions(others, &["bincode"]));
    for manifest in files("toml").iter().filter(|file| file.under("chat-server/") || file.under("chat-tui/")) {
        assert!(!manifest.text.contains("bincode"), "{}", manifest.path);
    }
}

#[test]
fn the_protocol_crate_does_no_io_and_waits_for_nothing() {
    let sources = sources();
    let proto = sources.iter().filter(|file| file.under("chat-proto/src/"));
    let words = ["async ", "tokio", "quinn", "std::fs", "std::net", "std::io", "std::time", "std::thread"];
    expect_none("chat-proto has no IO, no clock and no tasks", &mentions(proto, &words));
}

#[test]
fn the_core_imports_only_std_and_the_protocol() {
    let sources = sources();
    let core: Vec<&File> = sources.iter().filter(|file| file.under("chat-server/src/core/")).collect();
    assert!(!core.is_empty());
    let mut broken = Vec::new();
    for file in &core {
        for (number, line) in file.lines() {
            let Some(path) = line.strip_prefix("use ").or_else(|| line.strip_prefix("pub use ")) else { continue };
            let allowed = ["std::", "chat_proto::", "crate::core::", "super::", "self::"];
            let own = path.split("::").next().is_some_and(|first| file.text.contains(&format!("mod {first};")));
            if !own && !allowed.iter().any(|prefix| path.starts_with(prefix)) {
                broken.push(format!("{}:{number}: {line}", file.path));
            }
        }
    }
    let words = [
        "tokio",
        "quinn",
        "rusqlite",
        "crate::store",
        "crate::hub",
        "crate::session",
        "std::fs",
        // Addresses are values; what opens a socket is not.
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "ToSocketAddrs",
        "std::thread",
        "Instant::now",
        "SystemTime",
        "getrandom",
        "HashMap",
        "HashSet",
        "async ",
    ];
    broken.extend(mentions(core, &words));
    expect_none("core: std and chat-proto only, no clock, IO, tasks, randomness, hash order", &broken);
}

#[test]
fn a_session_never_touches_a_store() {
    let sources = sources();
    let session = sources.iter().filter(|file| file.path.starts_with("chat-server/src/session"));
    expect_none(
        "sessions ask the hub",
        &mentions(session, &["dyn Store", "store::Store", ".store()", "store::memory", "store::sqlite", "rusqlite"]),
    );
}

#[test]
fn only_the_feeds_loop_appends() {
    let sources = sources();
    let others = sources.iter().filter(|file| {
        file.under("chat-server/src/")
            && !file.under("chat-server/src/store/")
            && file.path != "chat-server/src/hub/feed.rs"
    });
    let appends = mentions(others, &[".append("]);
    // A vector's append takes what it empties by `&mut`.
    let appends: Vec<String> = appends.into_iter().filter(|line| !line.contains(".append(&mut ")).collect();
    expect_none("only chat-server/src/hub/feed.rs appends to a store", &appends);
}

#[test]
fn only_the_terminal_backend_writes_escape_codes() {
    let sources = sources();
    let others = sources.iter().filter(|file| !file.under("chat-tui/src/tui/term/"));
    let words = ["\\x1b", "\\u{1b}", "\\x9b", "\\u{9b}", "\\u{1B}", "\\x1B", "\\033"];
    expect_none("only chat-tui/src/tui/term writes escape codes", &mentions(others, &words));
}

#[test]
fn no_key_lies_in_the_repository() {
    for extension in ["pem", "key", "p12", "pfx"] {
        let mut paths = Vec::new();
        for folder in
            ["certs", "docs", "fuzz", "chat-fuzz", "chat-proto", "chat-server", "chat-torture", "chat-tui", ".ci"]
        {
            let folder = root().join(folder);
            if folder.is_dir() && folder != root().join("certs") {
                walk(&folder, &mut paths);
            }
        }
        paths.retain(|path| path.extension().is_some_and(|found| found == extension));
        assert!(paths.is_empty(), "{paths:?}");
    }
}

/// The anchor a heading gets: lower case, spaces as hyphens, punctuation dropped.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// The targets of a document's links, code left out.
fn links(text: &str) -> Vec<String> {
    let prose: String = text.split("```").step_by(2).collect();
    let mut found = Vec::new();
    for rest in prose.split("](").skip(1) {
        found.extend(rest.split_once(')').map(|(target, _)| target.to_owned()));
    }
    found
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut broken = Vec::new();
    for file in files("md") {
        let folder = root().join(&file.path).parent().unwrap().to_owned();
        for link in links(&file.text).into_iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (path, fragment) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { root().join(&file.path) } else { folder.join(path) };
            let text = fs::read_to_string(&target).unwrap_or_default();
            let headed = fragment.is_empty()
                || text
                    .lines()
                    .filter(|line| line.starts_with('#'))
                    .any(|line| anchor(line.trim_start_matches('#')) == fragment);
            if !target.exists() || !headed {
                broken.push(format!("{}: {link}", file.path));
            }
        }
    }
    expect_none("links that lead nowhere", &broken);
}
