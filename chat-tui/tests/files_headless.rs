//! Files as scripts and programs send and fetch them: the real program against a real server.
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod support;

use std::fs;
use std::process::Output;

use chat_server::config::Files;
use chat_server::hub::HubSettings;
use chat_server::hub::files::FileSettings;
use chat_server::server::Settings as ServerSettings;
use program::{Running, code, expect_code, program, run, stdout};
use serde_json::json;
use support::TestServer;
use tempfile::TempDir;

/// A server that takes files, and a directory with one.
struct Desk {
    host: String,
    data: TempDir,
    _kept: TempDir,
    _server: TestServer,
}

impl Desk {
    fn new() -> Self {
        let kept = tempfile::tempdir().unwrap();
        let rules = Files { bytes_per_file: 2_000_000, ..Files::default() };
        let files = Some(FileSettings { directory: kept.path().to_owned(), rules });
        let hub = HubSettings { files, ..HubSettings::default() };
        let server = TestServer::start_with(ServerSettings { hub, ..ServerSettings::default() });
        let host = format!("localhost:{}", server.address.port());
        Self { host, data: tempfile::tempdir().unwrap(), _kept: kept, _server: server }
    }

    fn run(&self, command: &str, args: &[&str]) -> Output {
        let all = [&[command, &self.host, "--name", "ci"], args].concat();
        run(program(self.data.path(), &all).current_dir(self.data.path()), b"")
    }

    fn file(&self, name: &str, content: &[u8]) {
        fs::write(self.data.path().join(name), content).unwrap();
    }
}

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at * at % 251).unwrap()).collect()
}

#[test]
fn a_script_sends_a_file_and_fetches_it_again() {
    let desk = Desk::new();
    let content = content(1_500_000);
    desk.file("flame.svg", &content);
    let sent = desk.run("upload", &["#ops", "flame.svg", "--caption", "the profile", "--key", "job 7"]);
    assert_eq!(code(&sent), (0, String::new()));
    let seq = stdout(&sent).trim().to_owned();
    let as_send = desk.run("send", &["#ops", "the profile", "--file", "flame.svg", "--key", "job 7"]);
    assert_eq!((code(&as_send), stdout(&as_send).trim()), ((0, String::new()), seq.as_str()));
    let again = desk.run("upload", &["#ops", "flame.svg", "--caption", "the profile", "--key", "job 7"]);
    assert_eq!((code(&again).0, stdout(&again).trim()), (0, seq.as_str()), "the same key is the same message");
    let tail = desk.run("tail", &["ops", "--format", "{text}"]);
    assert_eq!(stdout(&tail), "the profile [file: flame.svg 1.4 MB]\n");
    let found = desk.run("search", &["flame has:file", "--json"]);
    assert!(stdout(&found).contains(r#""media_type":"image/svg+xml""#), "{}", stdout(&found));
    let fetched = desk.run("download", &["ops", &seq]);
    assert_eq!((code(&fetched).0, stdout(&fetched).trim()), (0, "./flame (1).svg"), "{fetched:?}");
    assert!(fs::read(desk.data.path().join("flame (1).svg")).unwrap() == content);
    let piped = desk.run("download", &["ops", &seq, "--to", "-"]);
    assert!(code(&piped) == (0, String::new()) && piped.stdout == content);
}

#[test]
fn what_does_not_work_ends_with_its_code_and_says_why() {
    let desk = Desk::new();
    desk.file("long", &content(2_000_001));
    desk.file("x", b"x");
    expect_code(&desk.run("upload", &["ops", "missing"]), 2, "missing");
    expect_code(&desk.run("upload", &["ops", "."]), 2, "is not a file");
    expect_code(&desk.run("upload", &["ops", "long"]), 2, "at most 2000000");
    expect_code(&desk.run("upload", &["ops", "x", "--caption", "a\u{1b}"]), 2, "the caption is not possible");
    let sent = desk.run("upload", &["ops", "x", "--as", "../y.txt"]);
    let seq = stdout(&sent).trim().to_owned();
    expect_code(&desk.run("download", &["nowhere", &seq]), 8, "no such room");
    expect_code(&desk.run("download", &["ops", "9999"]), 8, "there is no message 9999");
    expect_code(&desk.run("download", &["ops", &seq, "--to", "nowhere"]), 2, "nowhere");
    let fetched = desk.run("download", &["ops", &seq, "--to", "."]);
    assert_eq!(stdout(&fetched).trim(), "./y.txt");
}

#[test]
fn a_program_sends_and_fetches_files_and_is_told_of_them() {
    let desk = Desk::new();
    desk.file("notes.txt", b"hello");
    let all = ["bot", "jsonl", &desk.host, "--name", "ci", "--join", "#ops", "--echo"];
    let mut bot = Running::start(program(desk.data.path(), &all).current_dir(desk.data.path()));
    let first = bot.ask(json!({"op": "send", "room": "#ops", "text": "look"}));
    let upload =
        json!({"op": "upload", "room": "#ops", "path": "notes.txt", "text": "my notes", "reply_to": first["seq"]});
    let sent = bot.ask(upload);
    assert_eq!((&sent["ok"], &sent["name"], &sent["size"]), (&json!(true), &json!("notes.txt"), &json!(5)), "{sent}");
    let history = bot.ask(json!({"op": "history", "room": "#ops", "limit": 1}));
    let message = &history["events"][0];
    assert_eq!((&message["seq"], &message["text"]), (&sent["seq"], &json!("my notes")));
    assert_eq!(message["reply_to"], first["seq"]);
    let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let file = json!({"name": "notes.txt", "size": 5, "media_type": "text/plain", "sha256": hash});
    assert_eq!(message["file"], file);
    fs::create_dir(desk.data.path().join("in")).unwrap();
    let fetched = bot.ask(json!({"op": "download", "room": "#ops", "seq": sent["seq"], "to": "in"}));
    assert_eq!((&fetched["path"], &fetched["sha256"]), (&json!("in/notes.txt"), &json!(hash)), "{fetched}");
    assert_eq!(fs::read(desk.data.path().join("in/notes.txt")).unwrap(), b"hello");
    for (request, code) in [
        (json!({"op": "download", "room": "#ops", "seq": first["seq"]}), "no_such_file"),
        (json!({"op": "download", "room": "#ops", "seq": 9_999}), "no_such_message"),
        (json!({"op": "upload", "room": "#ops", "path": "missing"}), "bad_file"),
        (json!({"op": "upload", "room": "#ops", "path": "notes.txt", "text": "a\u{1b}"}), "invalid_text"),
        (json!({"op": "upload", "room": "#ops"}), "bad_request"),
    ] {
        assert_eq!(bot.ask(request.clone())["code"], code, "{request}");
    }
    bot.close_stdin();
    assert_eq!(bot.ended().code(), Some(0));
}
