//! A running screen driven by programs: the real one in a terminal, a real server, and `chat-tui ctl`.
#![cfg(all(unix, feature = "tui"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod program;
mod pty;
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Output};

use program::{PATIENCE, Running, expect_code, program, run, stdout};
use pty::Pty;
use rustix::process::Signal;
use serde_json::{Value, json};
use support::{Person, TestServer, settings};
use tempfile::TempDir;

/// A server, and where everybody's files are.
struct Desk {
    server: TestServer,
    homes: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { server: TestServer::start(), homes: tempfile::tempdir().unwrap() }
    }

    fn host(&self) -> String {
        format!("localhost:{}", self.server.address.port())
    }

    fn home(&self, name: &str) -> PathBuf {
        self.homes.path().join(name)
    }

    /// Where a person's screens have their sockets.
    fn sockets(&self, name: &str) -> Vec<PathBuf> {
        let folder = self.home(name).join("ctl");
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }

    fn screen_with(&self, name: &str, settings: &[(&str, &str)]) -> Pty {
        let mut command = pty::program(env!("CARGO_BIN_EXE_chat-tui"));
        command.args(["connect", &self.host(), "general", "--name", name, "--accept-new"]);
        command.env("CHAT_CLIENT_DATA", self.home(name));
        settings.iter().for_each(|(variable, value)| command.env(variable, value));
        let screen = Pty::spawn(command, 100, 24);
        screen.wait_for("a room", |screen| {
            let text = screen.contents();
            text.contains(" ms ") || text.contains(&format!("[#general] {name}>"))
        });
        screen
    }

    fn screen(&self, name: &str) -> Pty {
        self.screen_with(name, &[])
    }

    fn ctl(&self, name: &str, args: &[&str]) -> Command {
        program(&self.home(name), &[&["ctl"], args].concat())
    }

    fn ask(&self, name: &str, args: &[&str]) -> Output {
        run(&mut self.ctl(name, args), b"")
    }

    async fn person(&self, name: &str) -> Person {
        Person::connect(settings(self.server.named(), name, &self.home(name))).await
    }
}

/// How a screen is ended.
type Way = fn(&mut Pty);

/// The only line of an output.
fn answer(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_str(stdout(output).trim()).unwrap()
}

/// A socket without a program in front.
struct Raw(BufReader<UnixStream>);

impl Raw {
    fn open(desk: &Desk, name: &str) -> Self {
        let stream = UnixStream::connect(&desk.sockets(name)[0]).unwrap();
        // Who is not answered at all fails the test, and does not hang it.
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    fn write(&mut self, line: &str) {
        // Who is refused is not read any more.
        let _ = self.0.get_mut().write_all(format!("{line}\n").as_bytes());
    }

    fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        let _ = self.0.read_line(&mut line);
        (!line.is_empty()).then(|| serde_json::from_str(&line).unwrap())
    }

    /// Writes a request and reads its answer, or the first line of all.
    fn ask(&mut self, line: &str) -> Value {
        self.write(line);
        loop {
            let line = self.line().unwrap();
            if line.get("re").is_some() || line["ev"] == "ready" {
                return line;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_says_and_hears_on_the_one_session_there_is() {
    let desk = Desk::new();
    let alice = desk.screen("alice");
    let mut bob = desk.person("bob").await;
    let room = bob.join("general").await;
    let sent = answer(&desk.ask("alice", &[r##"{"id":7,"op":"send","room":"#general","text":"lunch?"}"##]));
    assert_eq!((&sent["re"], &sent["ok"]), (&json!(7), &json!(true)));
    bob.reads(room, "lunch?").await;
    alice.wait_for_text("lunch?");

    let mut ctl = Running::start(&mut desk.ctl("alice", &["--keep"]));
    let ready = ctl.json();
    assert_eq!((&ready["ev"], &ready["v"], &ready["self"]["name"]), (&json!("ready"), &json!(1), &json!("alice")));
    assert_eq!((&ready["server"], &ready["rooms"][0]["room"]), (&json!(desk.host()), &json!("#general")));
    assert_eq!(ready["rooms"][0]["head"], sent["seq"]);
    bob.say(room, "at noon, @alice").await;
    let heard = ctl.until("ev", "message");
    assert_eq!(
        (&heard["ev"], &heard["text"], &heard["mention"]),
        (&json!("message"), &json!("at noon, @alice"), &json!(true))
    );
    let history = ctl.ask(json!({"op": "history", "room": "general", "limit": 2}));
    assert_eq!(history["events"][0]["text"], "lunch?", "{history}");
    let sessions = ctl.ask(json!({"op": "sessions"}));
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{sessions}");
    // Its own are told to who asks for them, and to him alone.
    let mut echo = Running::start(&mut desk.ctl("alice", &["--echo", "-"]));
    echo.until("ev", "ready");
    ctl.ask(json!({"op": "send", "room": "general", "text": "see you"}));
    assert_eq!(echo.until("ev", "message")["text"], "see you");
    echo.close_stdin();
    assert_eq!(echo.ended().code(), Some(0));
    ctl.close_stdin();
    bob.say(room, "and then?").await;
    assert_eq!(ctl.until("ev", "message")["text"], "and then?", "with --keep it stays");
}

#[test]
fn the_socket_is_its_owners_and_goes_with_the_screen() {
    let desk = Desk::new();
    let ways: [Way; 3] =
        [|screen| screen.type_keys("\x11"), |screen| screen.signal(Signal::TERM), |screen| screen.type_keys("/quit\r")];
    for ((name, linear), end) in [("alice", "off"), ("bob", "off"), ("eve", "on")].into_iter().zip(ways) {
        let mut screen = desk.screen_with(name, &[("CHAT_LINEAR", linear)]);
        let sockets = desk.sockets(name);
        let mode = |path: &PathBuf| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((sockets.len(), mode(&sockets[0]), mode(&desk.home(name).join("ctl"))), (1, 0o600, 0o700));
        end(&mut screen);
        screen.wait_for_exit();
        assert_eq!(desk.sockets(name).len(), 0, "{name}");
    }
}

#[test]
fn a_killed_screen_is_no_screen_and_its_socket_is_removed() {
    let desk = Desk::new();
    let nobody = desk.ask("alice", &[r#"{"op":"ping"}"#]);
    expect_code(&nobody, 5, "no client runs here");
    let mut screen = desk.screen("alice");
    let mut ctl = Running::start(&mut desk.ctl("alice", &[]));
    ctl.until("ev", "ready");
    // One that is stopped runs, but does not answer.
    screen.signal(Signal::STOP);
    expect_code(&desk.ask("alice", &["--timeout", "500ms", r#"{"op":"ping"}"#]), 6, "does not answer");
    assert!(stdout(&desk.ask("alice", &["--timeout", "500ms", "--list"])).contains("does not answer"));
    screen.signal(Signal::KILL);
    screen.wait_for_exit();
    assert_eq!(ctl.ended().code(), Some(5));
    assert_eq!(desk.sockets("alice").len(), 1, "it was killed");
    expect_code(&desk.ask("alice", &[r#"{"op":"ping"}"#]), 5, "no client runs here");
    assert_eq!(desk.sockets("alice").len(), 0);
}

#[test]
fn of_several_screens_one_is_chosen_and_words_say_which_there_are() {
    let desk = Desk::new();
    let runtime = desk.home("runtime");
    fs::create_dir(&runtime).unwrap();
    let runtime = runtime.to_str().unwrap();
    let _screens = ["alice", "bob"].map(|name| desk.screen_with(name, &[("XDG_RUNTIME_DIR", runtime)]));
    let ctl = |args: &[&str]| {
        let mut command = desk.ctl("nobody", args);
        run(command.env("XDG_RUNTIME_DIR", runtime), b"")
    };
    let list = ctl(&["--list"]);
    let lines: Vec<String> = stdout(&list).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    let pid = |name: &str| {
        let line = lines.iter().find(|line| line.ends_with(&format!(" {name}@{} in front", desk.host()))).unwrap();
        line.split(' ').next().unwrap().to_owned()
    };
    let who = r#"{"op":"whois","user":"alice"}"#;
    let unclear = ctl(&[who]);
    expect_code(&unclear, 2, "choose one with --pid or --server");
    expect_code(&unclear, 2, &format!("{} bob@{}", pid("bob"), desk.host()));
    let sent = |args: &[&str], text: &str| {
        let request = json!({"op": "send", "room": "general", "text": text}).to_string();
        answer(&ctl(&[args, &[&request]].concat()))["ok"] == true
    };
    assert!(sent(&["--pid", &pid("bob")], "by bob"));
    assert!(sent(&["--server", &format!("alice@{}", desk.host())], "by alice"));
    _screens[0].wait_for("both, each by whom it is", |screen| {
        let text = screen.contents();
        let said = |name: &str| text.lines().any(|line| line.contains(name) && line.contains(&format!("by {name}")));
        said("alice") && said("bob")
    });
    expect_code(&ctl(&["--server", &desk.host(), who]), 2, "choose one");
    expect_code(&ctl(&["--server", "other.example", who]), 5, "there is no such client");
    expect_code(&ctl(&["--pid", "1", who]), 5, "there is no such client");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_request_ended_is_the_exit_code() {
    let desk = Desk::new();
    let mut screen = desk.screen("alice");
    let ask = |requests: &[&str]| desk.ask("alice", requests);
    expect_code(&ask(&[r#"{"op":"send","room":"nowhere","text":"x"}"#]), 8, "");
    expect_code(&ask(&[r#"{"op":"dance"}"#]), 2, "");
    expect_code(&ask(&["{\"op\":"]), 2, "not a request in JSON");
    expect_code(&ask(&[r#"{"op":"set_password","password":"correct horse"}"#]), 2, "standard input");
    expect_code(&ask(&["--keep", r#"{"op":"ping"}"#]), 2, "standard input");
    let two = ask(&[r#"{"id":1,"op":"part","room":"nowhere"}"#, r#"{"id":2,"op":"ping"}"#]);
    expect_code(&two, 8, "");
    assert_eq!(stdout(&two).lines().count(), 2, "each is answered");
    // Of two pipes the program sees the answers itself.
    let piped = run(&mut desk.ctl("alice", &[]), b"{\"id\":1,\"op\":\"dance\"}\n\nnothing\n");
    expect_code(&piped, 0, "");
    let lines = stdout(&piped);
    assert_eq!(lines.matches("bad_request").count(), 2, "{lines}");

    // A server that is away: the request waits, until the time is over, or the screen.
    let send = r#"{"op":"send","room":"general","text":"wait"}"#;
    let Desk { server, homes } = desk;
    let remains = server.stop().await;
    screen.wait_for("that the server is away", |screen| !screen.contents().contains(" ms "));
    let late = run(&mut program(&homes.path().join("alice"), &["ctl", "--timeout", "300ms", send]), b"");
    expect_code(&late, 6, "in the time given");
    let mut waits = program(&homes.path().join("alice"), &["ctl", "-"]);
    let mut waits = Running::start(&mut waits);
    waits.until("ev", "ready");
    waits.write(send);
    screen.type_keys("\x11");
    let last = waits.until("ev", "end");
    assert_eq!((&last["code"], &last["error"]), (&json!("shutting_down"), &json!("the client ends")));
    assert_eq!(waits.ended().code(), Some(5));
    drop(remains);
}

#[test]
fn a_line_is_taken_as_if_it_was_typed_and_what_is_being_written_stays() {
    let desk = Desk::new();
    let mut screen = desk.screen("alice");
    let input = |text: &str| desk.ask("alice", &[&json!({"op": "input", "text": text}).to_string()]);
    assert_eq!(answer(&input("/create #dev all of it"))["ok"], true);
    screen.wait_for_text("#dev  all of it");
    screen.type_keys("half a thou");
    screen.wait_for_text("half a thou");
    assert_eq!(answer(&input("a whole one"))["ok"], true);
    assert_eq!(answer(&input("/me waves"))["ok"], true);
    screen.wait_for("both messages and the line", |screen| {
        let text = screen.contents();
        text.contains("a whole one")
            && text.contains("alice waves")
            && text.contains("half a thou")
            && !text.contains("sending")
    });
    expect_code(&input("/edit"), 2, "");
    assert!(stdout(&input("/edit")).contains("it stays"));
    assert!(stdout(&input("/jion #x")).contains("jion"), "it says what is wrong");
    expect_code(&input(" "), 2, "");
    assert_eq!(answer(&input("/join #general"))["ok"], true);
    screen.wait_for("the other room", |screen| screen.contents().starts_with(" #general "));
    assert_eq!(answer(&input("/join #dev"))["ok"], true);
    screen.wait_for("the line, where it was", |screen| screen.contents().contains("half a thou"));
    screen.type_keys("ght\r");
    screen.wait_for_text("half a thought");
    // Only a screen has a line.
    let bot = ["bot", "jsonl", &desk.host(), "--name", "ci", "--accept-new"];
    let said = stdout(&run(&mut program(&desk.home("ci"), &bot), b"{\"op\":\"input\",\"text\":\"x\"}\n"));
    assert!(said.contains("bad_request") && said.contains("input"), "{said}");
    // The answer is there before the screen is gone.
    assert_eq!(answer(&input("/quit"))["ok"], true);
    assert!(screen.wait_for_exit().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_does_not_read_holds_up_nobody_and_misses_nothing_it_has_place_for() {
    const MESSAGES: usize = 150;
    let desk = Desk::new();
    let mut bob = desk.person("bob").await;
    let room = bob.join("general").await;
    let alice = desk.screen("alice");
    let mut deaf = Raw::open(&desk, "alice");
    deaf.write(r#"{"op":"open"}"#);
    assert_eq!(deaf.line().unwrap()["ev"], "ready");
    // More than the socket holds, by far.
    let long = "x".repeat(7_000);
    let mut last = None;
    for number in 0..MESSAGES {
        last = Some(bob.say(room, &format!("{long} {number}")).await);
    }
    bob.sent(last.unwrap()).await;
    bob.say(room, "that was all").await;
    alice.wait_for_text("that was all");
    let other = answer(&desk.ask("alice", &[r#"{"op":"ping"}"#]));
    assert_eq!(other["ok"], true, "others are served");
    let mut heard = Vec::new();
    while heard.len() <= MESSAGES {
        let line = deaf.line().unwrap();
        if line["ev"] == "message" {
            heard.push(line["text"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned());
        }
    }
    let expected: Vec<String> = (0..MESSAGES).map(|number| number.to_string()).chain(["all".to_owned()]).collect();
    assert_eq!(heard, expected);
}

#[test]
fn what_is_no_request_is_answered_and_the_conversation_goes_on() {
    let desk = Desk::new();
    let _screen = desk.screen("alice");
    let mut raw = Raw::open(&desk, "alice");
    assert_eq!(raw.ask(r#"{"id":1,"op":"ping"}"#)["error"], "the first op is `open`, or `servers` before it");
    assert_eq!(raw.ask("{")["code"], "bad_request");
    let servers = raw.ask(r#"{"id":2,"op":"servers"}"#);
    assert_eq!((&servers["re"], &servers["servers"][0]["server"]), (&json!(2), &json!(desk.host())));
    assert_eq!(servers["servers"][0], json!({"server": desk.host(), "name": "alice", "front": true, "online": true}));
    assert_eq!(raw.ask(r#"{"op":"open","server":"b.example"}"#)["code"], "bad_request");
    assert_eq!(raw.ask(r#"{"op":"open","colour":"red"}"#)["code"], "bad_request");
    assert_eq!(raw.ask(r#"{"op":"open"}"#)["ev"], "ready");
    assert_eq!(raw.ask(&format!("{{\"op\":\"{}\"}}", "x".repeat(300_000)))["code"], "bad_request");
    assert_eq!(raw.ask(r#"{"id":3,"op":"input"}"#)["error"], "missing field `text`");
    assert_eq!(raw.ask(r#"{"id":4,"op":"dance"}"#)["re"], 4);
    assert_eq!(raw.ask(r#"{"id":5,"op":"subscribe","room":"general"}"#)["code"], "bad_request");
    assert_eq!(raw.ask(r#"{"id":6,"op":"ping"}"#)["ok"], true);

    // The first of those who are let in is there already; those who go make place.
    let mut others: Vec<Raw> = (1..16).map(|_| Raw::open(&desk, "alice")).collect();
    for other in &mut others {
        assert_eq!(other.ask(r#"{"op":"servers"}"#)["ok"], true);
    }
    let mut late = Raw::open(&desk, "alice");
    assert_eq!(late.line().unwrap()["code"], "limit_exceeded");
    assert!(late.line().is_none());
    drop(others);
    while Raw::open(&desk, "alice").ask(r#"{"op":"servers"}"#)["ok"] != true {}
    raw.0.get_mut().shutdown(std::net::Shutdown::Write).unwrap();
    assert!(raw.line().is_none(), "the end of the one is the end of the other");
}

#[test]
fn a_screen_that_is_not_to_be_driven_has_no_socket_and_one_that_cannot_says_why() {
    let desk = Desk::new();
    let _off = desk.screen_with("alice", &[("CHAT_CLIENT_CTL", "off")]);
    assert_eq!(desk.sockets("alice").len(), 0);
    expect_code(&desk.ask("alice", &["--timeout", "1s", r#"{"op":"ping"}"#]), 5, "`ctl` off");
    let far = desk.home(&"x".repeat(100));
    let screen = desk.screen_with("bob", &[("CHAT_CLIENT_DATA", far.to_str().unwrap())]);
    screen.wait_for_text("ctl: ");
}
