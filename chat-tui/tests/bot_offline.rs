//! A program is tested without harm: told only, written down, and served from a file.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use program::{Running, code, expect_code, program, run, stdout};
use serde_json::{Value, json};
use support::TestServer;
use tempfile::TempDir;

struct Desk {
    server: TestServer,
    data: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { server: TestServer::start(), data: tempfile::tempdir().unwrap() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let host = format!("localhost:{}", self.server.address.port());
        program(self.data.path(), &[&["bot", "jsonl", &host, "--name", "ci"], args].concat())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }
}

/// A run on a file: nobody is dialled, for there is no such server.
fn replay(data: &Path, file: &Path) -> Command {
    program(data, &["bot", "jsonl", "localhost:1", "--name", "ci", "--replay-file", file.to_str().unwrap()])
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const ASKED: &str = r##"{"id":"a","op":"send","room":"#ci","text":"one","key":"k1"}
{"id":"b","op":"claim","code":"BADC-0DEX-XXXX"}
{"id":"c","op":"history","room":"#ci","limit":5}
"##;

#[test]
fn what_was_recorded_is_served_again_to_the_letter_and_without_secrets() {
    let desk = Desk::new();
    let file = desk.file("run.jsonl");
    let path = file.to_str().unwrap();
    let output = run(&mut desk.command(&["--join", "ci", "--echo", "--record", path]), ASKED.as_bytes());
    assert_eq!(code(&output).0, 0);
    let live = lines(&stdout(&output));
    let recorded = fs::read_to_string(&file).unwrap();
    assert!(recorded.contains(r#""code":"…""#) && !recorded.contains("BADC"), "{recorded}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    expect_code(&run(&mut desk.command(&["--record", path]), b""), 2, "run.jsonl");
    // The recorded claim is without its code, so what is asked has to be as well.
    let asked = ASKED.replace("BADC-0DEX-XXXX", "…");
    let again = run(&mut replay(desk.data.path(), &file), asked.replace("\"id\":\"a\"", "\"id\":77").as_bytes());
    assert_eq!(code(&again), (0, String::new()));
    let mut expected = live;
    for line in &mut expected {
        if line["re"] == "a" {
            line["re"] = 77.into();
        }
    }
    assert_eq!(lines(&stdout(&again)), expected);
}

#[test]
fn a_program_that_asks_something_else_than_the_file_says_has_failed() {
    let desk = Desk::new();
    let file = desk.file("run.jsonl");
    fs::write(&file, "{\"ev\":\"reset\",\"room\":\"#ci\"}\n{\"op\":\"ping\"}\n{\"re\":null,\"ok\":true,\"ms\":3}\n")
        .unwrap();
    let with = |input: &str| run(&mut replay(desk.data.path(), &file), input.as_bytes());
    let output = with("{\"id\":1,\"op\":\"ping\"}\n");
    assert_eq!(code(&output), (0, String::new()));
    assert_eq!(lines(&stdout(&output))[1], json!({"re": 1, "ok": true, "ms": 3}));
    expect_code(&with(""), 1, "line 2: the program did not ask {\"op\":\"ping\"}");
    expect_code(&with("{\"op\":\"rooms\"}\n"), 1, "it asked {\"op\":\"rooms\"}");
    expect_code(&with("{\"op\":\"ping\"}\n{\"op\":\"rooms\"}\n"), 1, "rooms was asked, and is not in the file");
    fs::write(&file, "{\"ev\":\"reset\"}\n").unwrap();
    expect_code(&with(""), 2, "line 1: without `room`");
    expect_code(&run(&mut replay(desk.data.path(), Path::new("/nowhere/run")), b""), 2, "/nowhere/run");
}

#[test]
fn events_written_by_hand_come_to_the_program_and_it_sees_their_end() {
    let desk = Desk::new();
    let file = desk.file("events.jsonl");
    let from = r#"{"id":"u_2","name":"bob"}"#;
    let ping = format!(
        r##"{{"ev":"message","room":"#ci","seq":2,"ts":"2026-11-20T12:19:03.412Z","from":{from},"text":"!ping","mention":false,"replay":false}}"##
    );
    fs::write(&file, format!("{ping}\n")).unwrap();
    let mut bot = Running::start(&mut replay(desk.data.path(), &file));
    assert_eq!(bot.json()["text"], "!ping");
    // The end of the events is seen although the program has not ended yet, and what it then says is still taken.
    assert_eq!(bot.rest(), [] as [String; 0]);
    bot.write(r##"{"op":"send","room":"#ci","text":"pong"}"##);
    bot.close_stdin();
    assert_eq!(bot.ended().code(), Some(0));
}

#[test]
fn a_dry_run_hears_everything_and_changes_nothing() {
    let desk = Desk::new();
    assert_eq!(code(&run(&mut desk.command(&["--join", "ci"]), b"")), (0, String::new()));
    let asked = [
        r##"{"id":1,"op":"send","room":"#ci","text":"hello"}"##,
        r##"{"id":2,"op":"create","room":"#new"}"##,
        r#"{"id":3,"op":"rooms"}"#,
        r##"{"id":4,"op":"part","room":"#ci"}"##,
    ];
    let output = run(&mut desk.command(&["--dry-run", "--join", "other"]), asked.join("\n").as_bytes());
    let (status, said) = code(&output);
    assert_eq!(status, 0);
    assert!(
        said.contains("not done for --dry-run: {\"id\":1") && said.contains("not joined for --dry-run: #other"),
        "{said}"
    );
    let answers = lines(&stdout(&output));
    let answer = |id: u64| answers.iter().find(|line| line["re"] == id).unwrap().clone();
    assert_eq!(answer(1), json!({"re": 1, "ok": true, "dry_run": true}));
    assert_eq!(answer(4), json!({"re": 4, "ok": true, "dry_run": true}));
    let rooms = answer(3);
    assert_eq!((&rooms["rooms"][0]["room"], &rooms["rooms"][1]), (&json!("#ci"), &Value::Null));
    let after = run(&mut desk.command(&["--from", "start"]), br##"{"id":1,"op":"history","room":"#ci"}"##);
    let events = lines(&stdout(&after)).iter().find(|line| line["re"] == 1).unwrap()["events"].clone();
    assert_eq!(events.as_array().unwrap().len(), 1, "{events}");
}
