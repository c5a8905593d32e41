//! `bot play` as a script sees it: files, exit codes, reports.
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod support;

use program::{expect_code, program, run, stdout};
use support::TestServer;
use tempfile::TempDir;

/// Plays a text against a server, with more arguments.
fn play(host: &str, text: &str, args: &[&str], folder: &TempDir) -> std::process::Output {
    let file = folder.path().join("t.chat");
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    run(&mut program(folder.path(), &[&["bot", "play", host, &file], args].concat()), b"")
}

#[test]
fn what_came_of_it_is_told_by_the_exit_code_and_the_report() {
    let server = TestServer::start();
    let host = format!("localhost:{}", server.address.port());
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("junit.xml").display().to_string();
    let text = "actor a as \"a-${run}\"\nsection \"greeting\"\na: create #r-${run}\na: send \"${greeting}\" -> m\nassert $m.seq > 0";
    let args = ["--var", "greeting=hi", "--repeat", "3", "--parallel", "2", "--report", &report];
    let output = play(&host, text, &args, &folder);
    expect_code(&output, 0, "");
    let lines = stdout(&output);
    assert!(lines.lines().count() == 3 && lines.lines().all(|line| line.starts_with("passed ")), "{lines}");
    let junit = std::fs::read_to_string(&report).unwrap();
    assert_eq!(junit.matches("<testcase").count(), 3, "{junit}");
    assert!(junit.contains("name=\"greeting\""), "{junit}");

    let json = folder.path().join("report.json").display().to_string();
    let output = play(&host, "actor a as \"b-${run}\"\n\na: join #nowhere", &["--report", &json], &folder);
    expect_code(&output, 1, "t.chat:3:1: a: join #nowhere");
    expect_code(&output, 1, "refused with no_such_room");
    assert!(stdout(&output).starts_with("failed "));
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(json["runs"][0]["trouble"]["line"], 3);
}

#[test]
fn what_cannot_be_played_is_told_apart_from_what_failed() {
    let server = TestServer::start();
    let host = format!("localhost:{}", server.address.port());
    let folder = tempfile::tempdir().unwrap();
    expect_code(&play(&host, "actor a\na: send \"x", &[], &folder), 2, "t.chat:2:9: this text has no");
    let nowhere = run(&mut program(folder.path(), &["bot", "play", &host, "/nowhere.chat"]), b"");
    expect_code(&nowhere, 2, "/nowhere.chat: No such file");
    expect_code(&play(&host, "exit 0", &["--var", "x"], &folder), 2, "NAME=VALUE");
    expect_code(&play("localhost:1", "actor a", &["--timeout", "300ms"], &folder), 5, "t.chat:1:1: actor a");
    let lasting = folder.path().join("keys").display().to_string();
    for _ in 0..2 {
        expect_code(&play(&host, "actor a\na: ping", &["--data", &lasting, "--seed", "7"], &folder), 0, "");
    }
    expect_code(&play(&host, "actor a", &["--seed", "7"], &folder), 3, "name_taken");
}
