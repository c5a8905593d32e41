//! The client without a screen: lines one after the other, as a screen reader reads them, in real terminals.
#![cfg(all(unix, feature = "tui"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pty;
mod support;

use pty::{Pty, program};
use support::TestServer;
use tempfile::TempDir;

fn device(server: &TestServer, homes: &TempDir, name: &str, term: &str, more: &[&str]) -> Pty {
    let mut command = program(env!("CARGO_BIN_EXE_chat-tui"));
    let host = format!("localhost:{}", server.address.port());
    command.args(["connect", &host, "general", "--name", name, "--accept-new", "--data"]);
    command.arg(homes.path().join(name));
    command.args(more);
    command.env("TZ", "UTC");
    command.env("TERM", term);
    let screen = Pty::spawn(command, 80, 24);
    screen.wait_for_text(&format!("[#general] {name}>"));
    screen
}

/// The row the cursor is in.
fn last(screen: &vt100::Screen) -> String {
    let row = screen.cursor_position().0;
    screen.contents().lines().nth(row.into()).unwrap_or_default().to_owned()
}

#[test]
fn two_people_talk_line_by_line_and_what_is_being_written_stays_below() {
    let (server, homes) = (TestServer::start(), tempfile::tempdir().unwrap());
    let mut alice = device(&server, &homes, "alice", "dumb", &[]);
    let mut bob = device(&server, &homes, "bob", "xterm-256color", &["--linear"]);
    bob.type_keys("hello \u{1b}[200~alice\u{1b}[201~\r");
    alice.wait_for_text("bob: hello alice");
    alice.type_keys("I was wri");
    alice.wait_for("what is being written", |screen| last(screen) == "[#general] alice> I was wri");
    bob.type_keys("are you there?\r");
    alice.wait_for_text("bob: are you there?");
    alice.wait_for("it again, below", |screen| last(screen) == "[#general] alice> I was wri");
    alice.type_keys("\x0c");
    alice.wait_for("it again, on a row of its own", |screen| {
        last(screen) == "[#general] alice> I was wri" && screen.contents().matches("I was wri").count() == 2
    });
    alice.type_keys("ting\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7fam writing\r");
    bob.wait_for_text("alice: I am writing");
    alice.wait_for_text("alice: I am writing");
    alice.type_keys("/help join\r");
    alice.wait_for_text("-- /join:");
    alice.wait_for("a line to write in", |screen| last(screen).starts_with("[#general] alice>"));
    alice.type_keys("\x0bgen");
    alice.wait_for_text("-- go to:");
    alice.wait_for("what is typed there", |screen| last(screen) == "go to> gen");
    alice.type_keys("\r");
    alice.wait_for("a line to write in again", |screen| last(screen).starts_with("[#general] alice>"));
    for (mut screen, allowed) in [(alice, vec![]), (bob, vec!["\x1b[?2004h", "\x1b[?2004l"])] {
        screen.type_keys("\x11");
        assert!(screen.wait_for_exit().success());
        let mut raw = String::from_utf8(screen.raw()).unwrap();
        assert!(allowed.iter().all(|sequence| raw.matches(sequence).count() == 1), "{raw:?}");
        allowed.iter().for_each(|sequence| raw = raw.replace(sequence, ""));
        let others: Vec<char> = raw.chars().filter(|c| c.is_control() && !"\r\n\x08".contains(*c)).collect();
        assert!(others.is_empty(), "{others:?} in {raw:?}");
        assert!(raw.ends_with("\r\n"));
    }
}
