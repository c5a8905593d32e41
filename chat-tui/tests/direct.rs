//! Conversations between few, as a program has them: the real program against a real server.
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod support;

use program::{Running, program};
use serde_json::json;
use support::{Person, TestServer, settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_program_writes_to_a_person_and_hears_his_answer() {
    let server = TestServer::start();
    let (files, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut bob = Person::connect(settings(server.named(), "bob", data.path())).await;
    let host = format!("localhost:{}", server.address.port());
    let mut bot = Running::start(&mut program(files.path(), &["bot", "jsonl", &host, "--name", "ci"]));
    bot.until("ev", "ready");
    let said = json!({"op": "send", "to": "bob", "text": "psst", "key": "once"});
    let first = bot.ask(said.clone());
    let again = bot.ask(said);
    assert_eq!((&first["ok"], &again["seq"], &again["duplicate"]), (&json!(true), &first["seq"], &json!(true)));
    bob.until(|bob| !bob.view.rooms.is_empty()).await;
    let room = *bob.view.rooms.keys().next().unwrap();
    bob.reads(room, "psst").await;
    let key = bob.say(room, "yes?").await;
    bob.sent(key).await;
    let answer = bot.until("ev", "message");
    assert_eq!((&answer["text"], &answer["from"]["name"]), (&json!("yes?"), &json!("bob")));
    let opened = bot.ask(json!({"op": "direct", "with": ["Bob"]}));
    assert_eq!(opened["room"], answer["room"]);
    assert_eq!(bot.ask(json!({"op": "send", "to": "nobody", "text": "x"}))["code"], "no_such_user");
    assert_eq!(bot.ask(json!({"op": "send", "to": "bob", "room": "#ci", "text": "x"}))["code"], "bad_request");
    assert_eq!(bot.ask(json!({"op": "read_marks", "room": answer["room"]}))["code"], "forbidden");
}
