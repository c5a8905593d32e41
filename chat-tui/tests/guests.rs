//! Guests through the real program and the real screen: who they are to others, and that nothing of them is kept here.
#![cfg(feature = "tui")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod pty;
mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_server::hub::HubSettings;
use chat_server::server::Settings as ServerSettings;
use chat_tui::client::{ClientEvent, GuestKey, Random, Settings};
use program::{Running, expect_code, program, run, stdout};
use pty::Pty;
use serde_json::json;
use support::{Person, TestServer, settings};

/// A server that lets guests in, whose grace period is over in a moment.
fn server() -> TestServer {
    let presence_grace = Duration::from_millis(100);
    let hub = HubSettings { guests: 10, presence_grace, ..HubSettings::default() };
    TestServer::start_with(ServerSettings { hub, ..ServerSettings::default() })
}

/// Alice, who opens her lobby to guests.
fn host(data: &Path, host: &str) -> Running {
    let mut alice = Running::start(&mut program(data, &["bot", "jsonl", host, "--name", "alice", "--join", "#lobby"]));
    let open = json!({"list": "everyone", "read": "everyone", "join": "anyone"});
    assert_eq!(alice.ask(json!({"op": "set", "room": "#lobby", "set": open}))["ok"], true);
    alice
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Nothing but which servers are trusted is kept, and that a screen was ever opened.
fn assert_nothing_of_a_guest(data: &Path) {
    for path in files(data) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.starts_with("known_servers") || name == "first-start", "{} is kept", path.display());
    }
    assert!(!data.join("servers").exists(), "not even a directory for a name");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_takes_a_guest_and_keeps_nothing_of_him() {
    let server = server();
    let place = tempfile::tempdir().unwrap();
    let (home, data) = (place.path().join("alice"), place.path().join("guest"));
    let at = format!("localhost:{}", server.address.port());
    let mut alice = host(&home, &at);
    let guest = ["--guest", "--name", "eve"];
    let door = |words: &[&str]| program(&data, &[words, &guest[..]].concat());
    expect_code(&run(&mut door(&["send", &at, "#lobby", "passing by"]), b""), 0, "");
    let heard = alice.until("ev", "message");
    assert_eq!((&heard["from"]["name"], &heard["text"]), (&"~eve".into(), &"passing by".into()));
    let left = alice.until("ev", "part");
    assert_eq!((&left["user"], &left["reason"]), (&"~eve".into(), &"gone".into()));
    let read = run(&mut door(&["tail", &at, "#lobby", "--format", "{from}: {text}"]), b"");
    assert_eq!(stdout(&read), "~eve: passing by\n");
    let mut bot =
        Running::start(&mut program(&data, &["bot", "jsonl", &at, "--guest", "--name", "fay", "--join", "#lobby"]));
    assert_eq!(bot.until("ev", "ready")["self"]["name"], "~fay");
    assert_eq!(bot.ask(json!({"op": "send", "room": "#lobby", "text": "hello"}))["ok"], true);
    let refused = bot.ask(json!({"op": "create", "room": "#mine"}));
    assert_eq!(refused["code"], "forbidden", "{refused}");
    assert_nothing_of_a_guest(&data);
    drop(bot);
    assert_nothing_of_a_guest(&data);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_comes_in_by_one_way_and_is_told_where_guests_are_not_let_in() {
    let closed = TestServer::start();
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("guest");
    let at = format!("localhost:{}", closed.address.port());
    let tool = |words: &[&str]| run(&mut program(&data, &[words, &["--guest", "--name", "eve"]].concat()), b"");
    expect_code(&tool(&["send", &at, "#lobby", "x"]), 3, "take a name");
    let token = place.path().join("token");
    std::fs::write(&token, "cbot_x").unwrap();
    expect_code(&tool(&["send", &at, "#lobby", "x", "--token-file", token.to_str().unwrap()]), 2, "--guest");
    let code = place.path().join("code");
    std::fs::write(&code, "01ZA-0ZJK-MNPQ").unwrap();
    expect_code(&tool(&["link", &at, "--code-file", code.to_str().unwrap()]), 2, "--guest");
    let link = format!("chat://{at}/lobby#k={}&i=01ZA-0ZJK-MNPQ-01ZA-0ZJK-MNPQ-01", closed.fingerprint);
    expect_code(&tool(&["tail", &link, "#lobby"]), 2, "--guest");
    expect_code(&tool(&["send", &at, "#lobby", "x", "--name", "~eve"]), 2, "");
}

fn as_guest(server: &TestServer, name: &str, data: &Path) -> Settings {
    settings(server.named(), name, data).as_guest(GuestKey::new(&Random::system()).unwrap())
}

#[tokio::test]
async fn what_a_guest_had_not_sent_goes_with_him() {
    let server = server();
    let place = tempfile::tempdir().unwrap();
    let (home, data) = (place.path().join("alice"), place.path().join("guest"));
    let at = format!("localhost:{}", server.address.port());
    let alice = tokio::task::spawn_blocking(move || host(&home, &at)).await.unwrap();
    let mut eve = Person::connect(as_guest(&server, "eve", &data)).await;
    let room = eve.join("lobby").await;
    let sent = eve.say(room, "sent").await;
    eve.sent(sent).await;
    let remains = server.stop().await;
    eve.waits().await;
    eve.say(room, "never sent").await;
    assert_eq!(eve.client.outbox().await.len(), 1);
    eve.client.quit(Duration::ZERO).await;
    assert_nothing_of_a_guest(&data);
    let server = remains.start();
    let next = Person::connect(as_guest(&server, "eve", &data)).await;
    assert_eq!(next.client.outbox().await, []);
    assert!(!next.heard.iter().any(|event| matches!(event, ClientEvent::Queued(_))));
    drop(alice);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_shows_a_guest_as_one() {
    let server = server();
    let place = tempfile::tempdir().unwrap();
    let (home, data) = (place.path().join("alice"), place.path().join("guest"));
    let at = format!("localhost:{}", server.address.port());
    let mut alice = host(&home, &at);
    let mut command = pty::program(env!("CARGO_BIN_EXE_chat-tui"));
    command.args(["connect", &at, "lobby", "--guest", "--name", "eve", "--data"]);
    command.arg(&data);
    let mut screen = Pty::spawn(command, 100, 24);
    screen.wait_for_text("#lobby");
    screen.wait_for_text("~eve");
    screen.type_keys("hello from the screen\r");
    assert_eq!(alice.until("ev", "message")["from"]["name"], "~eve");
    assert_eq!(alice.ask(json!({"op": "send", "room": "#lobby", "text": "welcome, @~eve"}))["ok"], true);
    screen.wait_for_text("welcome, @~eve");
    screen.type_keys("/quit\r");
    assert!(screen.wait_for_exit().success());
    assert_nothing_of_a_guest(&data);
}
