//! `send` and `tail` as scripts use them: the real program against a real server.
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod support;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use program::{PATIENCE, Running, code, expect_code, program, run, stdout};
use serde_json::Value;
use support::{Person, TestServer, settings};
use tempfile::TempDir;

struct Desk {
    server: TestServer,
    data: TempDir,
    host: String,
}

impl Desk {
    fn new() -> Self {
        let server = TestServer::start();
        let host = format!("localhost:{}", server.address.port());
        Self { server, data: tempfile::tempdir().unwrap(), host }
    }

    fn data(&self) -> &Path {
        self.data.path()
    }

    fn send(&self, name: &str, args: &[&str], input: &[u8]) -> std::process::Output {
        let mut all = vec!["send", &self.host];
        all.extend(args);
        all.extend(["--name", name]);
        run(&mut program(self.data(), &all), input)
    }

    #[track_caller]
    fn sent(&self, name: &str, args: &[&str], input: &[u8]) {
        let output = self.send(name, args, input);
        assert_eq!(code(&output), (0, String::new()), "{args:?}");
        assert_eq!(stdout(&output), "");
    }

    fn tail(&self, args: &[&str]) -> std::process::Output {
        let mut all = vec!["tail", &self.host];
        all.extend(args);
        all.extend(["--name", "reader"]);
        run(&mut program(self.data(), &all), b"")
    }

    #[track_caller]
    fn texts(&self, args: &[&str]) -> Vec<String> {
        let output = self.tail(&[args, &["--format", "{from}: {text}"]].concat());
        assert_eq!(code(&output), (0, String::new()), "{args:?}");
        stdout(&output).lines().map(str::to_owned).collect()
    }
}

#[test]
fn a_message_is_stored_when_send_ends_and_tail_shows_it() {
    let desk = Desk::new();
    desk.sent("ci", &["#ops", "build green"], b"");
    desk.sent("ci", &["ops", "waves", "--action"], b"");
    desk.sent("bob", &["ops", "-"], "two\nlines\n".as_bytes());
    desk.sent("bob", &["ops", "-n is no option here"], b"");
    assert_eq!(
        desk.texts(&["ops"]),
        ["ci: build green", "ci: /me waves", "bob: two␊lines", "bob: -n is no option here"]
    );
    assert_eq!(desk.texts(&["#ops", "-n", "1"]), ["bob: -n is no option here"]);
    assert_eq!(desk.texts(&["#ops", "-n", "0"]), [] as [&str; 0]);
}

#[test]
fn a_repeated_key_stores_nothing_again_and_parts_have_keys_of_their_own() {
    let desk = Desk::new();
    for _ in 0..2 {
        desk.sent("ci", &["ops", "once", "--idempotency", "job 7"], b"");
        let long = format!("{}\n{}\n{}", "a".repeat(60), "b".repeat(60), "c".repeat(60));
        desk.sent("ci", &["ops", "-", "--split", "64", "--key", "job 8"], long.as_bytes());
    }
    let texts = desk.texts(&["ops", "-n", "100"]);
    let expected = ["once".to_owned(), "a".repeat(60), "b".repeat(60), "c".repeat(60)];
    assert_eq!(texts, expected.map(|text| format!("ci: {text}")));
}

#[test]
fn tail_reads_without_joining_and_never_makes_a_room() {
    let desk = Desk::new();
    desk.sent("ci", &["ops", "hello"], b"");
    assert_eq!(desk.texts(&["ops"]), ["ci: hello"]);
    expect_code(&desk.tail(&["nowhere"]), 8, "there is no such room");
    expect_code(&desk.tail(&["nowhere", "--follow"]), 8, "there is no such room");
    let json = desk.tail(&["ops", "--json", "-n", "5"]);
    let lines: Vec<Value> = stdout(&json).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["text"], &lines[0]["room"]), (&"hello".into(), &"#ops".into()));
    assert_eq!(lines[0]["from"]["name"], "ci");
}

#[test]
fn search_finds_without_joining_newest_first_and_never_makes_a_room() {
    let desk = Desk::new();
    desk.sent("ci", &["ops", "build 1 is red"], b"");
    desk.sent("ci", &["dev", "build 2 is green"], b"");
    let search = |args: &[&str]| {
        let all = [&["search", &desk.host], args, &["--name", "reader"]].concat();
        run(&mut program(desk.data(), &all), b"")
    };
    let begun = std::time::Instant::now();
    while stdout(&search(&["build"])).lines().count() < 2 {
        assert!(begun.elapsed() < PATIENCE, "never found");
    }
    let lines = stdout(&search(&["build"]));
    let texts: Vec<&str> = lines.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(texts, ["#dev ci: build 2 is green", "#ops ci: build 1 is red"]);
    assert_eq!(stdout(&search(&["build", "-n", "1"])).lines().count(), 1);
    let json = stdout(&search(&["-green from:ci", "--room", "#ops", "--json"]));
    let line: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&line["ev"], &line["room"], &line["text"]),
        (&"message".into(), &"#ops".into(), &"build 1 is red".into())
    );
    expect_code(&search(&["nothing like it"]), 0, "");
    expect_code(&search(&["x", "--room", "nowhere"]), 8, "there is no such room");
    expect_code(&search(&["in:nowhere"]), 8, "there is no such room");
    expect_code(&search(&["from:nobody"]), 8, "nobody is called nobody");
    expect_code(&search(&["what:ever"]), 2, "from: in: before:");
}

#[test]
fn who_and_rooms_list_without_joining_or_making_anything() {
    let desk = Desk::new();
    let ask = |args: &[&str]| {
        let (command, more) = args.split_first().unwrap();
        let args = [&[*command, &desk.host], more, &["--name", "reader"]].concat();
        run(&mut program(desk.data(), &args), b"")
    };
    let lines = |args: &[&str]| {
        let output = ask(args);
        assert_eq!(code(&output), (0, String::new()), "{args:?}");
        stdout(&output).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines(&["rooms"]), [] as [&str; 0]);
    desk.sent("bob", &["ops", "one"], b"");
    desk.sent("ann", &["ops", "two"], b"");
    // Whoever was there a moment ago counts as there for a while.
    let members = lines(&["who", "ops"]);
    let told: Vec<String> = members.iter().map(|line| line.split_whitespace().skip(1).collect()).collect();
    assert_eq!(told, ["ownerbob", "memberann"]);
    assert!(lines(&["who", "#ops", "--online"]).iter().all(|line| !line.starts_with("offline")));
    assert_eq!(lines(&["rooms"]), ["-          2 #ops"]);
    assert_eq!(lines(&["rooms", "--joined"]), [] as [&str; 0]);
    let json: Value = serde_json::from_str(&lines(&["who", "ops", "--json"])[0]).unwrap();
    assert_eq!((&json["name"], &json["role"]), (&"bob".into(), &"owner".into()));
    let json: Value = serde_json::from_str(&lines(&["rooms", "--json"])[0]).unwrap();
    assert_eq!((&json["room"], &json["members"], &json["member"]), (&"#ops".into(), &2.into(), &false.into()));
    expect_code(&ask(&["who", "nowhere"]), 8, "no_such_room");
    assert_eq!(lines(&["rooms"]).len(), 1);
}

#[test]
fn code_and_answers_are_sent_and_a_dry_run_only_says_so() {
    let desk = Desk::new();
    desk.sent("ci", &["ops", "--code", "log", "--split", "64", "-"], &[b'x'; 100]);
    desk.sent("ci", &["ops", "look", "--reply-to", "2"], b"");
    let output = desk.tail(&["ops", "--json"]);
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let texts: Vec<&str> = lines.iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(
        texts,
        [&format!("```log\n{}\n```", "x".repeat(53)), &format!("```log\n{}\n```", "x".repeat(47)), "look"]
    );
    assert_eq!((&lines[2]["reply_to"], lines[1].get("reply_to")), (&2.into(), None));
    expect_code(&desk.send("ci", &["ops", "x", "--code", "a b"], b""), 2, "--code");
    expect_code(&desk.send("ci", &["ops", "x", "--reply-to", "99"], b""), 8, "no_such_message");
    let dry = |args: &[&str]| {
        // Where there is no server, a run that dialled would fail.
        let args = [&["send", "localhost:1", "--dry-run", "--name", "ci"], args].concat();
        let output = run(&mut program(desk.data(), &args), b"");
        assert_eq!(code(&output), (0, String::new()));
        stdout(&output).trim().parse::<Value>().unwrap()
    };
    let would = dry(&["ops", "hi", "--key", "7", "--reply-to", "3", "--action"]);
    let request =
        serde_json::json!({"op": "send", "room": "#ops", "text": "hi", "key": "7", "reply_to": 3, "action": true});
    assert_eq!(would, request);
    assert_eq!(dry(&["ops", "--file", "flame.svg"])["op"], "upload");
}

#[test]
fn the_schema_is_one_and_names_every_line() {
    let output = run(&mut program(tempfile::tempdir().unwrap().path(), &["bot", "schema"]), b"");
    let schema: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let kinds = schema["$defs"]["event"]["oneOf"].as_array().unwrap().iter();
    let kinds: Vec<&Value> = kinds.map(|event| &event["properties"]["ev"]["const"]).collect();
    assert!(kinds.contains(&&"ready".into()) && kinds.len() > 40, "{kinds:?}");
    assert!(schema["$schema"].as_str().unwrap().starts_with("https://json-schema.org/"));
}

#[test]
fn what_no_server_would_take_is_refused_before_anything_is_dialled() {
    let data = tempfile::tempdir().unwrap();
    // Nothing listens there: reaching for it would end with another code.
    let send = |args: &[&str], input: &[u8]| {
        let args = [&["send", "localhost:1", "--name", "ci"], args].concat();
        run(&mut program(data.path(), &args), input)
    };
    expect_code(&send(&["ops", "-"], &vec![b'a'; 1_000_000]), 2, "1000000 bytes long; at most 8192");
    expect_code(&send(&["ops", "-", "--split", "4k"], &vec![b'a'; 5_000_000]), 2, "more than 4194304 bytes");
    expect_code(&send(&["ops", "a\u{1b}[31mb"], b""), 2, "U+001B");
    expect_code(&send(&["ops", "-"], b"a\xffb"), 2, "not UTF-8");
    expect_code(&send(&["ops", " "], b""), 2, "nothing in it");
    expect_code(&send(&["o\u{1b}]0;x\u{7}ps", "hi"], b""), 2, "U+001B");
    expect_code(&send(&["ops", "hi", "--split", "3"], b""), 2, "--split takes");
    expect_code(&send(&["ops", "hi", "--token", "secret"], b""), 2, "--token");
    expect_code(&send(&["ops", "hi", "--pin", "SHA256:short"], b""), 2, "fingerprint");
    let bad_name = run(&mut program(data.path(), &["send", "localhost:1", "ops", "hi", "--name", "a\u{1b}b"]), b"");
    expect_code(&bad_name, 2, "U+001B");
    let output = send(&["o\u{1b}ps", "hi"], b"");
    assert!(!output.stderr.contains(&0x1b), "{}", code(&output).1);
}

#[test]
fn each_way_to_fail_has_its_exit_code() {
    let desk = Desk::new();
    desk.sent("ci", &["ops", "mine"], b"");
    let other = tempfile::tempdir().unwrap();
    let taken = run(&mut program(other.path(), &["send", &desk.host, "ops", "hi", "--name", "ci"]), b"");
    expect_code(&taken, 3, "name_taken");
    let wrong = format!("SHA256:{}", "A".repeat(43));
    expect_code(&desk.send("ci", &["ops", "hi", "--pin", &wrong], b""), 5, "SHA256:");
    expect_code(&desk.send("ci", &["ops", "hi", "--timeout", "0s"], b""), 6, "time");
    let unreachable = run(&mut program(desk.data(), &["send", "localhost:1", "ops", "hi", "--name", "ci"]), b"");
    expect_code(&unreachable, 5, "UDP port 1");
    assert_eq!(desk.texts(&["ops"]), ["ci: mine"]);
    let pin = desk.server.fingerprint.clone();
    desk.sent("ci", &["ops", "pinned", "--pin", &pin], b"");
}

#[test]
fn flags_come_before_variables() {
    let desk = Desk::new();
    let mut command = program(desk.data(), &["send", &desk.host, "ops", "hi", "--name", "flag"]);
    let output = run(command.env("CHAT_NAME", "variable"), b"");
    assert_eq!(code(&output), (0, String::new()));
    let mut command = program(desk.data(), &["send", &desk.host, "ops", "hi"]);
    let output = run(command.env("CHAT_NAME", "variable").env("USER", "carol"), b"");
    assert_eq!(code(&output), (0, String::new()));
    let mut command = program(desk.data(), &["send", &desk.host, "ops", "hi"]);
    let output = run(command.env("USER", "carol"), b"");
    assert_eq!(code(&output), (0, String::new()));
    assert_eq!(desk.texts(&["ops"]), ["flag: hi", "variable: hi", "carol: hi"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_sees_what_is_said_from_then_on_and_survives_the_server() {
    let desk = Desk::new();
    let bob = tempfile::tempdir().unwrap();
    let mut bob = Person::connect(settings(desk.server.named(), "bob", bob.path())).await;
    let room = bob.join("ops").await;
    let key = bob.say(room, "before").await;
    bob.sent(key).await;
    let args = ["tail", &desk.host, "ops", "--follow", "--format", "{text}", "--name", "reader"];
    let mut tail = Running::start(&mut program(desk.data(), &args));
    assert_eq!(tail.line(), "before");
    let key = bob.say(room, "after").await;
    bob.sent(key).await;
    assert_eq!(tail.line(), "after");
    let _server = desk.server.kill().start();
    let key = bob.say(room, "again").await;
    bob.sent(key).await;
    assert_eq!(tail.line(), "again");
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let desk = Desk::new();
    let lines: Vec<String> = (0..300).map(|n| format!("{n:0>63}")).collect();
    desk.sent("ci", &["ops", "-", "--split", "64", "--timeout", "30s"], lines.join("\n").as_bytes());
    for args in [&["--format", "{text}"][..], &["--json"], &["--follow"]] {
        let args = [&["tail", &desk.host, "ops", "-n", "1000", "--name", "reader"], args].concat();
        let mut command = program(desk.data(), &args);
        let mut child = command.spawn().unwrap();
        let mut first = String::new();
        BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.contains(&lines[0]), "{first}");
        if args.contains(&"--follow") {
            desk.sent("ci", &["ops", "one more line for a pipe that is closed"], b"");
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), (0, String::new()), "{args:?}");
    }
}

#[test]
fn a_cursor_file_goes_on_where_the_last_run_ended() {
    let desk = Desk::new();
    let cursor = desk.data().join("ops.cur");
    let cursor = cursor.to_str().unwrap();
    desk.sent("ci", &["ops", "one"], b"");
    assert_eq!(desk.texts(&["ops", "--from-cursor", cursor]), ["ci: one"]);
    assert_eq!(desk.texts(&["ops", "--from-cursor", cursor]), [] as [&str; 0]);
    desk.sent("ci", &["ops", "two"], b"");
    desk.sent("ci", &["ops", "three"], b"");
    assert_eq!(desk.texts(&["ops", "--from-cursor", cursor]), ["ci: two", "ci: three"]);
    std::fs::write(cursor, b"{}").unwrap();
    expect_code(&desk.tail(&["ops", "--from-cursor", cursor]), 2, "no cursor file");
}

#[test]
fn help_survives_a_closed_pipe() {
    let data = tempfile::tempdir().unwrap();
    let mut child = program(data.path(), &["--help"]).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success() && said.is_empty(), "{said}");
}
