//! Conversations between few, as a program has them: the real program against a real server.
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod support;

use std::time::Duration;

use chat_proto::MessageKey;
use chat_proto::reach::OpenDirect;
use chat_proto::request::UserRef;
use chat_tui::client::cache::Cache;
use chat_tui::client::view::{AccountView, RoomView};
use chat_tui::client::{Backlog, Settings};
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

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_called_by_its_people_before_anybody_looks_and_without_a_connection_too() {
    let server = TestServer::start();
    let data = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let named = |name: &str, at: usize| settings(server.named(), name, data[at].path());
    let bob = Person::connect(named("bob", 0)).await;
    let carol = Person::connect(named("carol", 1)).await;
    let mut alice = Person::connect(named("alice", 2)).await;
    let open = |with: &[&str]| OpenDirect {
        key: MessageKey(with.len().to_le_bytes().repeat(2).try_into().unwrap()),
        with: with.iter().map(|name| UserRef::Name((*name).to_owned())).collect(),
    };
    alice.client.request(open(&["carol", "bob"])).await.unwrap();
    alice.client.request(open(&["bob"])).await.unwrap();
    let labels = |view: &AccountView| view.rooms.values().map(RoomView::label).collect::<Vec<_>>();
    alice.until(|alice| labels(&alice.view) == ["@bob, carol", "@bob"]).await;
    alice.client.quit(Duration::from_secs(1)).await;
    // Where nobody has read of who is in them, it is asked.
    let fresh = Settings { use_cache: false, backlog: Backlog::AtMost(0), ..named("bob", 0) };
    let mut again = Person::connect(fresh).await;
    again.until(|again| labels(&again.view) == ["@alice, carol", "@alice"]).await;
    assert!(again.log.is_empty(), "{:?}", again.log);
    drop((bob, carol, again));
    let kept = Cache::open(&named("alice", 2)).unwrap().snapshot().unwrap().unwrap();
    assert_eq!(labels(&kept.account), ["@bob, carol", "@bob"]);
}
