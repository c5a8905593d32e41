//! `chat-tui demo` in a terminal: a server beside it, companions who answer, and nothing left of it.

#![allow(clippy::unwrap_used)]
#![cfg(all(unix, feature = "tui"))]

mod pty;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pty::Pty;
use tempfile::TempDir;

/// The server's program, made if this test runs without the rest of the workspace.
fn server() -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_chat-tui")).with_file_name("chat-server");
    if !path.exists() {
        let made =
            std::process::Command::new(env!("CARGO")).args(["build", "--quiet", "--package", "chat-server"]).status();
        assert!(made.unwrap().success());
    }
    path
}

#[test]
fn companions_answer_and_everything_ends_with_the_screen() {
    let (place, beside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    // The end of a terminal ends what runs in it: not this server, which only the program that began it can end.
    let deaf = beside.path().join("server");
    fs::write(&deaf, format!("#!/bin/sh\ntrap '' HUP\nexec '{}' \"$@\"\n", server().display())).unwrap();
    fs::set_permissions(&deaf, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = pty::program(env!("CARGO_BIN_EXE_chat-tui"));
    command.env("TMPDIR", place.path());
    command.env("USER", "ada");
    command.args(["demo", "--server"]);
    command.arg(&deaf);
    let mut screen = Pty::spawn(command, 100, 30);
    screen.wait_for_text("Say something, and we answer.");
    screen.wait_for_text("ada joined");
    screen.type_keys("hello\r");
    screen.wait_for_text("That arrived.");
    screen.wait_for_text("I saw it too.");
    screen.type_keys("\x11");
    assert!(screen.wait_for_exit().success(), "{}", screen.contents());
    screen.assert_restored();
    let left: Vec<_> = fs::read_dir(place.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let mentions = |entry: &fs::DirEntry| {
        fs::read(entry.path().join("cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&*place.path().to_string_lossy()))
    };
    // Where the system tells what runs in this way.
    let running = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok).filter(mentions).count();
    assert_eq!(running, 0, "the server has ended");
}
