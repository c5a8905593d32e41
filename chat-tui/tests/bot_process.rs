//! `bot jsonl` as a process: signals, how it ends, and who watches over it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bots;
mod program;
mod support;

use bots::Desk;
use chat_proto::request::Kick;
use chat_proto::{MessageKey, UserRef};
use program::{Running, expect_code, program, run, stdout};
use serde_json::{Value, json};

#[test]
fn the_end_of_the_input_waits_for_what_was_asked() {
    let desk = Desk::new();
    let lines: Vec<String> =
        (0..50).map(|n| json!({"id": n, "op": "send", "room": "ci", "text": n.to_string()}).to_string()).collect();
    let output = run(&mut desk.command(&["--join", "ci"]), lines.join("\n").as_bytes());
    expect_code(&output, 0, "");
    let out = stdout(&output);
    let answers: Vec<Value> = out.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    let stored: Vec<&Value> = answers.iter().filter(|line| line["ok"] == true).collect();
    assert_eq!(stored.len(), 50, "{out}");
    // In the order asked.
    assert!(stored.windows(2).all(|pair| pair[0]["seq"].as_u64() < pair[1]["seq"].as_u64()), "{out}");
    assert!(!out.contains("\"message\""), "{out}");
}

#[cfg(unix)]
#[test]
fn the_first_signal_drains_and_the_second_ends_at_once() {
    use rustix::process::Signal;
    let desk = Desk::new();
    for (signal, _) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let mut bot = desk.bot(&["--join", "ci", "--keep"]);
        bot.until("ev", "ready");
        bot.close_stdin();
        bot.signal(signal);
        assert_eq!(bot.ended().code(), Some(0));
    }
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        // A request that waits an hour for its turn holds the first signal up.
        let mut bot = desk.bot(&["--join", "ci", "--rate", "1/h", "--grace", "1h"]);
        bot.until("ev", "ready");
        assert_eq!(bot.ask(json!({"op": "send", "room": "ci", "text": "first"}))["ok"], true);
        bot.write(r##"{"id":"late","op":"send","room":"ci","text":"second"}"##);
        bot.ask(json!({"op": "ping"}));
        bot.signal(signal);
        // Both are seen as two only once the first was.
        while bot.child.try_wait().unwrap().is_none() {
            bot.signal(signal);
            std::thread::yield_now();
        }
        assert_eq!(bot.ended().code(), Some(code));
    }
    let mut bot = desk.bot(&["--join", "ci", "--rate", "1/h", "--grace", "100ms"]);
    bot.until("ev", "ready");
    assert_eq!(bot.ask(json!({"op": "send", "room": "ci", "text": "third"}))["ok"], true);
    bot.write(r##"{"id":"late","op":"send","room":"ci","text":"fourth"}"##);
    bot.ask(json!({"op": "ping"}));
    bot.signal(Signal::TERM);
    let late = bot.until("re", "late");
    assert_eq!((&late["code"], &late["retry"]), (&json!("unavailable"), &json!(true)));
    assert_eq!(bot.ended().code(), Some(0));
}

#[test]
fn a_closed_output_is_a_quiet_end() {
    let desk = Desk::new();
    let mut bot = desk.command(&["--join", "ci", "--keep"]).spawn().unwrap();
    drop(bot.stdout.take());
    let output = bot.wait_with_output().unwrap();
    expect_code(&output, 0, "");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn each_way_to_end_has_its_exit_code() {
    let desk = Desk::new();
    expect_code(&run(&mut desk.command(&["--join", "ci"]), b""), 0, "");
    expect_code(&run(&mut desk.command(&["--ack"]), b""), 2, "--cursor");
    expect_code(&run(&mut desk.command(&["--from", "cursor"]), b""), 2, "--cursor");
    expect_code(&run(&mut desk.command(&["--from", "yesterday"]), b""), 2, "seq:N");
    expect_code(&run(&mut desk.command(&["--rate", "0/s"]), b""), 2, "rate");
    expect_code(&run(&mut desk.command(&["--token", "secret"]), b""), 2, "--token");
    let other = tempfile::tempdir().unwrap();
    let taken = run(&mut program(other.path(), &["bot", "jsonl", &desk.host, "--name", "ci"]), b"");
    expect_code(&taken, 3, "name_taken");
    let away = ["bot", "jsonl", "localhost:1", "--name", "ci", "--max-offline", "100ms"];
    expect_code(&run(&mut program(desk.data.path(), &away), b""), 5, "localhost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_put_out_may_want_to_end() {
    let desk = Desk::new();
    let (mut bob, _files) = desk.person("bob").await;
    let room = bob.join("ci").await;
    let mut stays = desk.bot(&["--join", "ci"]);
    let mut ends = desk.bot(&["--join", "ci", "--exit-on-kick"]);
    stays.until("ev", "ready");
    ends.until("ev", "ready");
    let (key, user) = (MessageKey([7; 16]), UserRef::Name("ci".to_owned()));
    bob.client.request(Kick { key, room, user, reason: String::new() }).await.unwrap();
    assert_eq!(ends.until("ev", "kick")["user"], "ci");
    assert_eq!(ends.ended().code(), Some(4));
    assert_eq!(stays.until("ev", "kick")["user"], "ci");
    stays.close_stdin();
    assert_eq!(stays.ended().code(), Some(0));
}

#[test]
fn whoever_watches_over_the_process_is_told_that_it_lives() {
    let desk = Desk::new();
    let socket = desk.data.path().join("notify");
    let told = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    let mut command = desk.command(&["--keep"]);
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "100000");
    let mut bot = Running::start(&mut command);
    let next = || {
        let mut bytes = [0; 64];
        let len = told.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..len]).trim().to_owned()
    };
    assert_eq!((next(), next(), next()), ("READY=1".to_owned(), "WATCHDOG=1".to_owned(), "WATCHDOG=1".to_owned()));
    bot.signal(rustix::process::Signal::TERM);
    assert!((0..100).any(|_| next() == "STOPPING=1"));
    assert_eq!(bot.ended().code(), Some(0));
}

#[test]
fn how_things_stand_is_said_when_asked_for() {
    let desk = Desk::new();
    let mut command = desk.command(&["--join", "ci"]);
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut first).unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::USR1).unwrap();
    let mut said = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stderr.as_mut().unwrap()), &mut said).unwrap();
    assert!(said.contains("localhost is online; 0 requests") && said.contains("#ci goes on with"), "{said}");
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
