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

#[tokio::test(flavor = "multi_thread")]
async fn a_second_machine_is_linked_listed_and_revoked_and_recovery_opens_what_is_lost() {
    let server = TestServer::start();
    let host = format!("localhost:{}", server.address.port());
    let place = tempfile::tempdir().unwrap();
    let machine = |name: &str| place.path().join(name);
    let file = machine("code");
    let written = |code: &serde_json::Value| std::fs::write(&file, format!("{}\n", code.as_str().unwrap())).unwrap();
    let code_file = ["--code-file", file.to_str().unwrap()];
    let jsonl = ["bot", "jsonl", &host, "--name", "alice"];
    let mut phone = Running::start(&mut program(&machine("phone"), &jsonl));
    phone.until("ev", "ready");
    expect_code(&tool(&machine("laptop"), &[&["send", &host, "#a", "x", "--name", "alice"][..]].concat()), 3, "/link");

    written(&phone.ask(json!({"op": "link"}))["code"]);
    let link = [&["link", &host, "--name", "alice", "--label", "laptop"], &code_file[..]].concat();
    expect_code(&tool(&machine("laptop"), &link), 0, "this device is linked");
    expect_code(&tool(&machine("thief"), &link), 3, "adds no device");
    let mut laptop = Running::start(&mut program(&machine("laptop"), &jsonl));
    laptop.until("ev", "ready");

    let devices = phone.ask(json!({"op": "devices"}));
    assert_eq!((&devices["devices"][1]["label"], &devices["devices"][1]["online"]), (&json!("laptop"), &json!(true)));
    assert_eq!(phone.ask(json!({"op": "revoke", "device": "d_99"}))["code"], "no_such_device");
    assert_eq!(phone.ask(json!({"op": "revoke", "device": devices["devices"][1]["id"]}))["ok"], true);
    assert!(!laptop.ended().success(), "a revoked device goes on");
    expect_code(&tool(&machine("laptop"), &["send", &host, "#a", "x", "--name", "alice"]), 3, "revoked");

    written(&phone.ask(json!({"op": "recovery"}))["code"]);
    let recover = [&["recover", &host, "--name", "alice", "--revoke-others"], &code_file[..]].concat();
    expect_code(&tool(&machine("tablet"), &recover), 0, "opens your account");
    assert!(!phone.ended().success(), "a device that was to be revoked goes on");
    expect_code(&tool(&machine("thief"), &recover), 3, "works once");
    expect_code(&tool(&machine("tablet"), &["send", &host, "#a", "back", "--name", "alice"]), 0, "");
}

#[test]
fn a_token_is_never_an_argument() {
    let data = tempfile::tempdir().unwrap();
    for door in [&["send", "localhost", "#a", "x"][..], &["tail", "localhost", "#a"], &["bot", "jsonl", "localhost"]] {
        let refused = tool(data.path(), &[door, &["--name", "a", "--token", "secret-canary"]].concat());
        expect_code(&refused, 2, "never an argument");
        assert!(!String::from_utf8_lossy(&refused.stderr).contains("secret-canary"));
    }
    let none = tool(data.path(), &["send", "localhost", "#a", "x", "--name", "a", "--token-env", "NO_SUCH_VARIABLE"]);
    expect_code(&none, 2, "--token-env NO_SUCH_VARIABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_lets_in_and_its_secret_goes_to_the_server_of_its_key_only() {
    let place = tempfile::tempdir().unwrap();
    let server = TestServer::start();
    let host = format!("localhost:{}", server.address.port());
    let data = |who: &str| place.path().join(who);
    let mut alice = Running::start(&mut program(&data("alice"), &["bot", "jsonl", &host, "--name", "alice"]));
    assert_eq!(alice.ask(json!({"op": "create", "room": "#ops"}))["ok"], true);
    let made = alice.ask(json!({"op": "make_invite", "room": "#ops"}));
    let link = made["link"].as_str().unwrap();
    let (address, secret) = link.split_once("#k=").unwrap();
    let (key, secret) = secret.split_once("&i=").unwrap();
    let foreign = format!("{address}#k=SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU&i={secret}");
    let send = |link: &str| tool(&data("bob"), &["send", link, "#ops", "hello", "--name", "bob", "--pin", key]);
    // Even where somebody would trust the server, the secret is not sent.
    expect_code(&send(&foreign), 5, "SHA256:47DEQpj8HBSa");
    assert_eq!(alice.ask(json!({"op": "profile", "user": "bob"}))["code"], "no_such_user");
    assert_eq!(alice.ask(json!({"op": "invites"}))["invites"][0]["used"], 0);
    expect_code(&send(&format!("{address}#i={secret}")), 2, "incomplete");
    let file = place.path().join("link");
    std::fs::write(&file, format!("{link}\n")).unwrap();
    expect_code(&send(&format!("@{}", file.display())), 0, "");
    assert!(alice.ask(json!({"op": "invites"}))["invites"].as_array().unwrap().is_empty());
    // From then on the link is not needed, and does no harm.
    expect_code(&send(link), 0, "");
    expect_code(&tool(&data("bob"), &["send", &host, "#ops", "again", "--name", "bob"]), 0, "");
}
