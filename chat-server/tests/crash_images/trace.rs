//! What strace saw, as changes to files.

use std::collections::HashMap;

/// One system call that matters.
#[derive(Debug)]
pub(crate) enum Call {
    /// A file came to be.
    Create(String),
    /// Bytes at an offset; none is behind those written before.
    Write(String, Option<usize>, Vec<u8>),
    Truncate(String, usize),
    Sync(String),
    Rename(String, String),
    Unlink(String),
    /// A line on standard output.
    Say(String),
}

/// The calls in the order in which they took effect: writing when it began, all else when it was over. Files are named as in the
/// directory `dir`, which itself is the empty name; others are left out.
pub(crate) fn calls(trace: &str, dir: &str) -> Vec<Call> {
    let mut unfinished = HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            unfinished.insert(process, begun);
            if is_writing(begun) {
                calls.extend(call(begun, dir));
            }
        } else if let Some((_, end)) = rest.split_once(" resumed>") {
            let begun = unfinished.remove(process).unwrap_or_default();
            if !is_writing(begun) && has_succeeded(end) {
                calls.extend(call(&format!("{begun}{end}"), dir));
            }
        } else if has_succeeded(rest) {
            calls.extend(call(rest, dir));
        }
    }
    calls
}

fn is_writing(call: &str) -> bool {
    call.starts_with("pwrite64(") || call.starts_with("write(")
}

fn has_succeeded(line: &str) -> bool {
    line.rsplit_once(" = ").is_some_and(|(_, result)| !result.starts_with('-'))
}

fn call(line: &str, dir: &str) -> Option<Call> {
    let (name, arguments) = line.split_once('(')?;
    let strings: Vec<Vec<u8>> = arguments.split('"').skip(1).step_by(2).map(unescape).collect();
    let path = |index: usize| inside(&String::from_utf8_lossy(strings.get(index)?), dir);
    let behind = arguments.rsplit_once('"').map_or("", |(_, behind)| behind);
    match name {
        "openat" if arguments.contains("O_CREAT") => Some(Call::Create(path(0)?)),
        "unlink" | "unlinkat" => Some(Call::Unlink(path(0)?)),
        "rename" | "renameat" | "renameat2" => Some(Call::Rename(path(0)?, path(1)?)),
        "write" if arguments.starts_with("1<") => {
            Some(Call::Say(String::from_utf8_lossy(strings.first()?).trim_end().to_owned()))
        }
        "write" => Some(Call::Write(open_file(arguments, dir)?, None, strings.first()?.clone())),
        "pwrite64" => {
            let offset = number(behind.split(',').nth(2)?)?;
            Some(Call::Write(open_file(arguments, dir)?, Some(offset), strings.first()?.clone()))
        }
        "ftruncate" => Some(Call::Truncate(open_file(arguments, dir)?, number(arguments.split(',').nth(1)?)?)),
        "fsync" | "fdatasync" => Some(Call::Sync(open_file(arguments, dir)?)),
        _ => None,
    }
}

/// The path of the descriptor that is a call's first argument.
fn open_file(arguments: &str, dir: &str) -> Option<String> {
    let (_, rest) = arguments.split_once('<')?;
    let (path, _) = rest.split_once('>')?;
    inside(&String::from_utf8_lossy(&unescape(path)), dir)
}

fn inside(path: &str, dir: &str) -> Option<String> {
    let name = path.strip_prefix(dir)?.trim_start_matches('/');
    (!name.ends_with("-shm") && name != "lock").then(|| name.to_owned())
}

fn number(text: &str) -> Option<usize> {
    let digits = |c: char| !c.is_ascii_digit();
    text.trim().split(digits).next()?.parse().ok()
}

/// `\x` and two digits for each byte.
fn unescape(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).filter_map(|byte| u8::from_str_radix(byte.get(..2)?, 16).ok()).collect()
}
