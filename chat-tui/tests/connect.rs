//! The real program in a terminal, in front of a real server.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]
#![cfg(all(unix, feature = "tui"))]

mod pty;
mod support;

use std::net::SocketAddr;
use std::path::Path;

use pty::{Pty, assert_only_allowed_sequences, program};
use rustix::process::Signal;
use support::TestServer;
use tempfile::TempDir;

fn connect(address: SocketAddr, name: &str, data: &Path, columns: u16, rows: u16) -> Pty {
    let mut command = program(env!("CARGO_BIN_EXE_chat-tui"));
    let address = address.to_string();
    command.args(["connect", &address, "general", "--name", name, "--accept-new"]);
    command.env("CHAT_CLIENT_DATA", data);
    command.env("TZ", "UTC");
    Pty::spawn(command, columns, rows)
}

fn leave(person: &mut Pty, keys: &str) {
    person.type_keys(keys);
    assert!(person.wait_for_exit().success());
    person.assert_restored();
    assert_only_allowed_sequences(&person.raw());
}

#[test]
fn two_people_talk_and_an_own_message_survives_a_server_that_was_killed() {
    let server = TestServer::start();
    let address = server.address;
    let homes = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let mut alice = connect(address, "alice", homes[0].path(), 100, 24);
    alice.wait_for_text("alice created the room");
    let mut bob = connect(address, "bob", homes[1].path(), 50, 15);
    alice.wait_for_text("bob joined");
    alice.type_keys("hello\r");
    bob.wait_for_text("alice: hello");
    bob.type_keys("al\thi there\r");
    alice.wait_for("bob's answer, bold because it is a mention", |screen| {
        let line = |row: u16| (0..100).map(|column| screen.cell(row, column).unwrap().contents()).collect::<String>();
        let bold = |row: u16| (0..100).filter(|column| screen.cell(row, *column).unwrap().bold()).count();
        (0..20).any(|row| line(row).contains("alice: hi there") && bold(row) >= "alice: hi there".len())
    });

    let remains = server.kill();
    alice.type_keys("typed offline\r");
    alice.wait_for_text("sending…");
    let server = remains.start();
    bob.type_keys("me too\r");
    for person in [&alice, &bob] {
        person.wait_for("both messages, none on its way", |screen| {
            let text = screen.contents();
            text.contains("typed offline") && text.contains("me too") && !text.contains("sending…")
        });
    }

    bob.resize(120, 40);
    bob.wait_for_text("Ctrl-Q leave");
    leave(&mut bob, "\x03\x03");
    drop(server.kill());
    leave(&mut alice, "\x11");

    let mut again = connect(address, "alice", homes[0].path(), 80, 24);
    again.wait_for_text("typed offline");
    leave(&mut again, "\x11");
}

#[test]
fn the_screen_survives_every_size_a_stop_and_a_termination() {
    let server = TestServer::start();
    let home = TempDir::new().unwrap();
    let mut alice = connect(server.address, "alice", home.path(), 80, 24);
    alice.wait_for_text("alice created the room");
    alice.type_keys("a message of some words\r");
    for (columns, rows) in [(20, 3), (1, 1), (200, 60), (59, 5), (2, 40), (110, 9), (100, 24)] {
        alice.resize(columns, rows);
    }
    alice.wait_for("the last of the sizes", |screen| {
        screen.contents().contains("a message of some words") && screen.contents().contains("Alt-A next active")
    });

    alice.type_keys("\x1a");
    alice.wait_until_stopped();
    alice.wait_for_raw("the terminal given back", 0, |raw| raw.ends_with(b"\x1b[23;2t\x1b[m\x1b[?25h"));
    alice.assert_restored();
    alice.signal(Signal::CONT);
    alice.wait_for("the screen again", |screen| {
        screen.alternate_screen() && screen.contents().contains("a message of some words")
    });

    alice.signal(Signal::TERM);
    assert!(alice.wait_for_exit().success());
    alice.assert_restored();
}
