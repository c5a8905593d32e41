//! Every file that fuzzing kept, through its target; and a little of what nobody kept.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::fs;
use std::path::{Path, PathBuf};

use chat_fuzz::TARGETS;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Files of one target that are kept.
const FILES_MAX: usize = 60;

/// Bytes of all files that are kept.
const BYTES_MAX: usize = 300 * 1_024;

/// Inputs that nobody kept, for each target: the same ones on every machine, however fast it is.
const RANDOM_INPUTS: u32 = 300;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("fuzz/corpus")
}

/// What is kept for a target, in order.
fn kept(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(corpus().join(target)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

/// Tells which input it was, where a target panics.
struct Tried<'a>(&'a str, &'a [u8]);

impl Drop for Tried<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}: {}", self.0, self.1.escape_ascii());
        }
    }
}

fn try_it(name: &str, run: fn(&[u8]), bytes: &[u8]) {
    let _tried = Tried(name, bytes);
    run(bytes);
}

#[test]
fn whatever_was_kept_keeps_the_promises() {
    for (name, run) in TARGETS {
        let files = kept(name);
        assert!(!files.is_empty(), "nothing is kept for {name}");
        for (path, bytes) in files {
            try_it(&path.to_string_lossy(), *run, &bytes);
        }
    }
}

#[test]
fn changed_and_random_bytes_keep_the_promises() {
    for (name, run) in TARGETS {
        let files = kept(name);
        let mut random = StdRng::seed_from_u64(5);
        for _ in 0..RANDOM_INPUTS {
            let mut bytes = files[random.random_range(0..files.len())].1.clone();
            match random.random_range(0..4) {
                0 => bytes = (0..random.random_range(0..64)).map(|_| random.random()).collect(),
                1 => bytes.truncate(random.random_range(0..=bytes.len())),
                2 => bytes.extend_from_slice(&files[random.random_range(0..files.len())].1),
                _ => {
                    for _ in 0..random.random_range(1..4) {
                        let at = random.random_range(0..bytes.len().max(1));
                        bytes.get_mut(at).into_iter().for_each(|byte| *byte = random.random());
                    }
                }
            }
            try_it(name, *run, &bytes);
        }
    }
}

#[test]
fn what_is_kept_is_small_and_of_a_target_there_is() {
    let mut total = 0;
    for entry in fs::read_dir(corpus()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(TARGETS.iter().any(|(target, _)| *target == name), "{name} is no target");
        let files = kept(&name);
        assert!(files.len() <= FILES_MAX, "{name}: {} files", files.len());
        total += files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    }
    assert!(total <= BYTES_MAX, "{total} bytes");
}

#[test]
fn every_target_is_one_of_the_fuzzer_and_the_other_way_round() {
    let manifest = fs::read_to_string(corpus().parent().unwrap().join("Cargo.toml")).unwrap();
    let named: Vec<&str> = manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")).collect();
    let expected: Vec<String> = TARGETS.iter().map(|(name, _)| format!("{name}.rs\"")).collect();
    assert_eq!(named, expected);
}
