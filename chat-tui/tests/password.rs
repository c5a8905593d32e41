//! Passwords as people type them: nothing of them is seen, and nothing of them stays.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![cfg(all(unix, feature = "tui"))]

mod harness;
mod program;
mod pty;
mod support;

use std::path::Path;

use chat_proto::Request;
use chat_proto::password::SetPassword;
use chat_server::hub::HubSettings;
use chat_server::hub::passwords::Hashing;
use chat_server::server::Settings as ServerSettings;
use chat_tui::tui::core::heard::Heard;
use chat_tui::tui::core::{Effect, Errand, Msg};
use harness::{GENERAL, SERVER, Screen, status};
use program::{expect_code, program, run};
use pty::Pty;
use support::TestServer;

fn screen() -> Screen {
    let mut screen = Screen::online(120, 24, status(GENERAL, "general", 0, 0));
    screen.taken();
    screen
}

/// Types, and looks at every step that nothing of it is seen.
fn hidden(screen: &mut Screen, typed: &str) {
    for c in typed.chars() {
        screen.keys(&c.to_string());
        let (shown, heard) = (screen.text(), Heard::default().news(&screen.model).join("\n"));
        let seen = |text: &str| text.contains(&typed[..4]) || text.contains('•') || text.contains("***");
        assert!(!seen(&shown) && !seen(&heard) && !format!("{:?}", screen.model).contains(&typed[..4]), "{shown}");
    }
}

fn asked(screen: &mut Screen) -> Vec<SetPassword> {
    let requests = screen.taken().into_iter().filter_map(|effect| match effect {
        Effect::At(SERVER, Errand::Request(_, Request::SetPassword(set))) => Some(set),
        _ => None,
    });
    requests.collect()
}

#[test]
fn what_is_typed_is_not_seen_and_is_sent_once_it_was_typed_twice() {
    let mut screen = screen();
    screen.keys("/password<enter>");
    assert!(screen.text().contains("new password (not shown)>"), "{}", screen.text());
    hidden(&mut screen, "quartz elk 9");
    screen.keys("<enter>");
    assert!(screen.text().contains("the same again (not shown)>"), "{}", screen.text());
    hidden(&mut screen, "quartz elk ");
    screen.msg(Msg::Paste("90\n".to_owned())).keys("<backspace><enter>");
    let set = SetPassword { password: Some("quartz elk 9".to_owned()), revoke_others: false };
    assert_eq!(asked(&mut screen), [set]);
    assert!(screen.text().contains("alice>"), "the line is one's own again");
    // Neither the line nor what was sent before has it.
    for _ in 0..3 {
        screen.keys("<up>");
        assert!(!screen.text().contains("quartz"), "{}", screen.text());
    }
}

#[test]
fn two_that_differ_and_one_that_is_too_short_set_nothing() {
    let mut screen = screen();
    screen.keys("/password<enter>short<enter>");
    assert!(screen.text().contains("at least 8 characters"), "{}", screen.text());
    screen.keys("quartz elk 9<enter>quartz elk 8<enter>");
    assert!(screen.text().contains("are not the same"), "{}", screen.text());
    screen.keys("quartz elk 9<enter><esc>");
    assert!(screen.text().contains("as it was"), "{}", screen.text());
    assert_eq!(asked(&mut screen), []);
    screen.keys("/password<enter><ctrl-c>/password -delete<enter>");
    assert_eq!(asked(&mut screen), [SetPassword { password: None, revoke_others: false }]);
}

fn at_terminal(data: &Path, args: &[&str]) -> Pty {
    let mut command = pty::program(env!("CARGO_BIN_EXE_chat-tui"));
    command.args(args);
    command.arg("--data");
    command.arg(data);
    Pty::spawn(command, 100, 24)
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_terminal_it_is_asked_for_without_being_shown_and_a_file_does_as_well() {
    let hub = HubSettings { password: Some(Hashing::default()), ..HubSettings::default() };
    let server = TestServer::start_with(ServerSettings { hub, ..ServerSettings::default() });
    let host = format!("localhost:{}", server.address.port());
    let place = tempfile::tempdir().unwrap();
    let machine = |name: &str| place.path().join(name);
    let mut phone = at_terminal(&machine("phone"), &["password", &host, "--name", "alice"]);
    phone.wait_for_text("The new password: ");
    phone.type_keys("quartz elk 8\x7f9\r");
    phone.wait_for_text("The same again: ");
    phone.type_keys("quartz elk 9\r");
    phone.wait_for_text("the password is set");
    assert!(phone.wait_for_exit().success());
    let raw = String::from_utf8_lossy(&phone.raw()).into_owned();
    assert!(!raw.contains("quartz") && !raw.contains("elk"), "{raw}");

    let mut laptop = at_terminal(&machine("laptop"), &["link", &host, "--name", "alice", "--password"]);
    laptop.wait_for_text("The password: ");
    laptop.type_keys("quartz elk 9\r");
    laptop.wait_for_text("this device is linked");
    assert!(laptop.wait_for_exit().success());
    assert!(!String::from_utf8_lossy(&laptop.raw()).contains("quartz"));

    let mut left = at_terminal(&machine("left"), &["password", &host, "--name", "alice"]);
    left.wait_for_text("The new password: ");
    left.type_keys("quartz\x03");
    left.wait_for_text("nothing was typed");
    assert!(!left.wait_for_exit().success());

    let file = machine("password");
    std::fs::write(&file, "quartz elk 9\n").unwrap();
    let tool = |data: &str, args: &[&str]| {
        run(&mut program(&machine(data), &[args, &[&host, "--name", "alice"]].concat()), b"")
    };
    let from_file = ["--code-file", file.to_str().unwrap()];
    expect_code(&tool("tablet", &[&["link", "--password"], &from_file[..]].concat()), 0, "this device is linked");
    expect_code(&tool("phone", &["password", "--remove"]), 0, "no password any more");
    expect_code(&tool("thief", &[&["link", "--password"], &from_file[..]].concat()), 3, "links no device");
    expect_code(&tool("phone", &["password"]), 2, "--code-file FILE");
}
