//! Finding, threads and links through the real program, a real server and a terminal.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]
#![cfg(all(unix, feature = "tui"))]

mod pty;
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use pty::Pty;
use support::TestServer;
use tempfile::TempDir;

#[test]
fn what_was_said_is_found_shown_as_a_thread_searched_on_the_server_and_its_link_opened() {
    let server = TestServer::start();
    let dir = TempDir::new().unwrap();
    let (browser, opened) = (dir.path().join("browser"), dir.path().join("opened"));
    let script = format!("#!/bin/sh\nprintf '%s|%s' \"$#\" \"$1\" >'{0}.new'\nmv '{0}.new' '{0}'\n", opened.display());
    fs::write(&browser, script).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = pty::program(env!("CARGO_BIN_EXE_chat-tui"));
    command.env("CHAT_CLIENT_DATA", dir.path().join("data"));
    command.env("BROWSER", &browser);
    command.args(["connect", &server.address.to_string(), "general", "--name", "alice", "--accept-new"]);
    let mut screen = Pty::spawn(command, 100, 24);
    screen.wait_for_text("alice created the room");
    screen.type_keys("the disk is full, see https://a.example/x?y=1&z=$(id);ls\r");
    screen.wait_for("the message, stored", |screen| {
        screen.contents().contains("full, see") && !screen.contents().contains("sending")
    });
    screen.type_keys("\x1b");
    screen.wait_for_text("react");
    screen.type_keys("rI look at it\r");
    screen.wait_for_text("reply)");
    // Ctrl-S, as one types.
    screen.type_keys("\x13DISK");
    screen.wait_for_text("find here: 1 found");
    screen.type_keys("\r");
    screen.wait_for_text("react");
    screen.type_keys("t");
    screen.wait_for_text("a thread, 1 reply");
    screen.type_keys("j\r");
    screen.wait_for("the answer, chosen", |screen| !screen.contents().contains("a thread"));
    screen.type_keys("k");
    screen.type_keys("o");
    screen.wait_for_text("opens https://a.example");
    let end = Instant::now() + pty::TIMEOUT;
    while !opened.exists() {
        assert!(Instant::now() < end, "nothing was opened");
        std::thread::yield_now();
    }
    assert_eq!(fs::read_to_string(&opened).unwrap(), "1|https://a.example/x?y=1&z=$(id);ls");
    // The server is asked when the typing pauses; its index may be a moment behind.
    let asked = Instant::now();
    loop {
        screen.type_keys("\x1b");
        screen.wait_for("writing again", |screen| !screen.contents().contains("react"));
        screen.type_keys("/search look from:alice\r");
        screen.wait_for("an answer", |screen| {
            let text = screen.contents();
            text.contains("find in all rooms: 1 found") || text.contains("find in all rooms: nothing")
        });
        if screen.contents().contains("1 found") {
            break;
        }
        assert!(asked.elapsed() < pty::TIMEOUT + Duration::from_secs(1), "{}", screen.contents());
        screen.type_keys("\x1b");
        screen.wait_for("the list, gone", |screen| !screen.contents().contains("find in all rooms"));
        screen.type_keys("\x1b");
        screen.wait_for_text("react");
    }
    screen.type_keys("\x11");
    assert!(screen.wait_for_exit().success(), "{}", screen.contents());
    screen.assert_restored();
}
