//! Who somebody is to a server, through the real program.
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod support;

use std::path::Path;
use std::process::Output;

use chat_server::server::Settings as ServerSettings;
use program::{PATIENCE, Running, expect_code, program, run};
use serde_json::json;
use support::TestServer;

/// Waits until somebody else has done something.
fn until(is_so: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "it never came");
        std::thread::yield_now();
    }
}

/// Runs the program in a directory of its own, with nothing on its standard input.
fn tool(data: &Path, args: &[&str]) -> Output {
    run(&mut program(data, args), b"")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_claimed_with_the_code_in_a_file_and_never_with_an_argument() {
    let place = tempfile::tempdir().unwrap();
    let (file, data) = (place.path().join("owner-claim"), place.path().join("client"));
    let server = TestServer::start_with(ServerSettings { claim: Some(file.clone()), ..ServerSettings::default() });
    let host = format!("localhost:{}", server.address.port());
    until(|| file.exists());
    let kept = place.path().join("kept");
    std::fs::copy(&file, &kept).unwrap();
    let claim = ["claim", &host, "--name", "alice"];
    expect_code(&tool(&data, &claim), 2, "--code-file FILE");
    expect_code(&tool(&data, &[&claim[..], &["--code", "01ZA-0ZJK-MNPQ"]].concat()), 2, "unexpected argument");
    expect_code(
        &tool(&data, &[&claim[..], &["--code-file", file.to_str().unwrap()]].concat()),
        0,
        "alice owns localhost",
    );
    until(|| !file.exists());
    expect_code(
        &tool(&data, &[&claim[..], &["--code-file", kept.to_str().unwrap()]].concat()),
        3,
        "has an owner already",
    );

    let mut bot = Running::start(&mut program(&data, &["bot", "jsonl", &host, "--name", "alice"]));
    let audit = bot.ask(json!({"op": "audit"}));
    assert_eq!(audit["entries"][1]["from"]["name"], "alice", "{audit}");
    assert_eq!(bot.ask(json!({"op": "claim", "code": "0000-0000-0000"}))["code"], "wrong_code");
}
