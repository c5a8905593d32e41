//! The bots of `docs/bots`, as they are, with the real program and a real server.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod support;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use chat_proto::{Event, RoomId};
use program::{expect_code, program, run, stdout};
use support::{Person, TestServer, settings};
use tempfile::TempDir;

struct Desk {
    server: TestServer,
    place: TempDir,
    host: String,
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/bots").join(name)
}

/// An example with nobody's settings.
fn command(place: &Path, program: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("CHAT_")) {
        command.env_remove(variable);
    }
    command.args(args).env("CHAT_TUI", env!("CARGO_BIN_EXE_chat-tui")).env("CHAT_CLIENT_CONFIG", "/dev/null");
    command.env("CHAT_CLIENT_DATA", place.join("data")).current_dir(place);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Desk {
    fn new() -> Self {
        let server = TestServer::start();
        let host = format!("localhost:{}", server.address.port());
        Self { server, place: tempfile::tempdir().unwrap(), host }
    }

    async fn bob(&self) -> (Person, RoomId) {
        let data = self.place.path().join("bob");
        let mut bob = Person::connect(settings(self.server.named(), "bob", &data)).await;
        let room = bob.join("ci").await;
        (bob, room)
    }
}

/// What somebody said in a room, in order.
fn said(person: &Person, room: RoomId, name: &str) -> Vec<String> {
    let text = |event: &Event| {
        let message = event.body.message().filter(|message| message.name == name)?;
        Some(message.text.to_owned())
    };
    person.log.iter().filter(|(at, _)| *at == room).filter_map(|(_, event)| text(event)).collect()
}

async fn say(person: &mut Person, room: RoomId, text: &str) {
    let key = person.say(room, text).await;
    person.sent(key).await;
}

/// `ci-notify.sh` for a job, with a log where it failed.
fn notify(place: &Path, host: &str, job: &str, status: &str) -> Command {
    let mut command = command(place, &example("ci-notify.sh"), &[host, "#ci", job, status, "build.log"]);
    command.env("CHAT_NAME", "builder").env("NOTIFY_WAIT_S", "0");
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_is_told_of_once_and_with_the_end_of_its_log() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    fs::write(desk.place.path().join("build.log"), "one\n\u{1b}[31merror\u{1b}[0m: $(touch x) 'é'\n").unwrap();
    for _ in 0..2 {
        expect_code(&run(&mut notify(desk.place.path(), &desk.host, "build 7", "0"), b""), 0, "");
        expect_code(&run(&mut notify(desk.place.path(), &desk.host, "build 8", "2"), b""), 0, "");
    }
    say(&mut bob, room, "end").await;
    bob.reads(room, "end").await;
    let failed = "build 8 failed with 2\n```\none\n[31merror[0m: $(touch x) ''\n```";
    assert_eq!(said(&bob, room, "builder"), ["build 7 passed", failed]);
    assert!(!desk.place.path().join("x").exists());
    let usage = command(desk.place.path(), &example("ci-notify.sh"), &[&desk.host, "#ci"]).output().unwrap();
    expect_code(&usage, 2, "usage:");
}

fn tries(output: &Output) -> usize {
    String::from_utf8_lossy(&output.stderr).matches("ci-notify: again").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waiting_mends_is_tried_again_and_nothing_else_is() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let away = run(notify(desk.place.path(), "localhost:1", "build 7", "0").env("NOTIFY_TRIES", "3"), b"");
    expect_code(&away, 5, "");
    assert_eq!(tries(&away), 2);
    let taken = run(notify(desk.place.path(), &desk.host, "build 7", "0").env("CHAT_NAME", "bob"), b"");
    expect_code(&taken, 3, "name_taken");
    assert_eq!(tries(&taken), 0);
    // The server is away when it begins, and comes back.
    let remains = desk.server.kill();
    let mut waiting = notify(desk.place.path(), &desk.host, "build 9", "0");
    let waiting = waiting.env("NOTIFY_TRIES", "1000").spawn().unwrap();
    let _server = remains.start();
    let output = waiting.wait_with_output().unwrap();
    expect_code(&output, 0, "");
    say(&mut bob, room, "end").await;
    bob.reads(room, "end").await;
    assert_eq!(said(&bob, room, "builder"), ["build 9 passed"]);
}

/// Whether Python can be run; without it there is nothing to be seen.
fn has_python() -> bool {
    let has = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(has || std::env::var_os("CHAT_REQUIRE_TOOLS").is_none(), "python3 is required and cannot be run");
    if !has {
        writeln!(std::io::stderr().lock(), "SKIPPED: python3 cannot be run, so helper.py was not").unwrap();
    }
    has
}

/// The helper; it ends with the test.
struct Helper(Child);

impl Helper {
    fn start(desk: &Desk) -> Self {
        let mut command = command(desk.place.path(), &example("helper.py"), &[&desk.host, "#ci"]);
        Self(command.env("CHAT_NAME", "helper").stderr(Stdio::inherit()).spawn().unwrap())
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_helper_answers_and_is_killed_and_misses_and_repeats_nothing() {
    if !has_python() {
        return;
    }
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let mut helper = Helper::start(&desk);
    bob.until(|bob| bob.view.rooms[&room].members.values().any(|member| member.name == "helper")).await;
    say(&mut bob, room, "!ping").await;
    bob.until(|bob| said(bob, room, "helper") == ["pong"]).await;
    let mut expected = vec!["pong".to_owned()];
    for round in 1..=5 {
        for _ in 0..8 {
            bob.say(room, "!ping").await;
            bob.say(room, "nothing to it").await;
            expected.push("pong".to_owned());
        }
        // In the midst of it.
        bob.until(|bob| said(bob, room, "helper").len() >= (round - 1) * 8 + 1 + round).await;
        helper.kill();
        helper = Helper::start(&desk);
        bob.until(|bob| said(bob, room, "helper").len() >= expected.len()).await;
    }
    say(&mut bob, room, "!help").await;
    bob.until(|bob| said(bob, room, "helper").last().is_some_and(|text| text.starts_with("!ping"))).await;
    expected.push(said(&bob, room, "helper").pop().unwrap());
    assert_eq!(said(&bob, room, "helper"), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_helper_reminds_though_it_was_killed() {
    if !has_python() {
        return;
    }
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let mut helper = Helper::start(&desk);
    bob.until(|bob| bob.view.rooms[&room].members.values().any(|member| member.name == "helper")).await;
    say(&mut bob, room, "!remind 2s tea").await;
    say(&mut bob, room, "!remind 30d much later").await;
    bob.until(|bob| said(bob, room, "helper").iter().filter(|text| text.starts_with("I will")).count() == 2).await;
    helper.kill();
    let _helper = Helper::start(&desk);
    bob.until(|bob| said(bob, room, "helper").iter().any(|text| text == "bob: tea")).await;
    say(&mut bob, room, "!ping").await;
    bob.until(|bob| said(bob, room, "helper").iter().any(|text| text == "pong")).await;
    assert_eq!(said(&bob, room, "helper"), ["I will, in 2s", "I will, in 30d", "bob: tea", "pong"]);
}

#[test]
fn the_smoke_test_passes_and_leaves_no_room() {
    let desk = Desk::new();
    let file = example("smoke.chat").display().to_string();
    let output = run(&mut program(desk.place.path(), &["bot", "play", &desk.host, &file, "--repeat", "2"]), b"");
    expect_code(&output, 0, "");
    assert_eq!(stdout(&output).matches("passed").count(), 2, "{}", stdout(&output));
    let rooms =
        run(&mut program(desk.place.path(), &["bot", "jsonl", &desk.host, "--name", "ann"]), br#"{"op":"rooms"}"#);
    assert!(!stdout(&rooms).contains("smoke"), "{}", stdout(&rooms));
}

#[test]
fn every_example_is_told_of_and_can_be_run() {
    let readme = fs::read_to_string(example("README.md")).unwrap();
    for entry in fs::read_dir(example("")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        assert!(name == "README.md" || readme.contains(&format!("[`{name}`]({name})")), "{name}");
        let script = fs::read_to_string(entry.path()).unwrap().starts_with("#!");
        let executable = entry.metadata().unwrap().permissions().mode() & 0o111 != 0;
        assert_eq!(script, executable, "{name}");
    }
}
