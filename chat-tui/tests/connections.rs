//! Several connections of one person, as programs see them: the real program against a real server.
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod support;

use program::{Running, program};
use serde_json::json;
use support::TestServer;
use tempfile::TempDir;

fn bot(server: &TestServer, data: &TempDir) -> Running {
    let host = format!("localhost:{}", server.address.port());
    Running::start(&mut program(data.path(), &["bot", "jsonl", &host, "--name", "ci"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_of_one_person_hear_of_each_other_and_one_ends_the_other() {
    let (server, data) = (TestServer::start(), tempfile::tempdir().unwrap());
    let mut one = bot(&server, &data);
    one.until("ev", "ready");
    let mut two = bot(&server, &data);
    two.until("ev", "ready");
    let up = one.until("ev", "session");
    assert_eq!((&up["up"], &up["sessions"]), (&json!(true), &json!(2)));
    assert!(up["client"].as_str().unwrap().starts_with("chat-tui/"), "{up}");

    let told = two.ask(json!({"op": "device_message", "text": "draft:17"}));
    assert_eq!((&told["ok"], &told["connections"], &told["missed"]), (&json!(true), &json!(1), &json!(0)));
    let heard = one.until("ev", "device_message");
    assert_eq!((&heard["text"], &heard["conn"]), (&json!("draft:17"), &up["conn"]));
    two.ask(json!({"op": "device_message", "hex": "00ff"}));
    assert_eq!(one.until("ev", "device_message")["hex"], "00ff");

    let list = one.ask(json!({"op": "sessions"}));
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "{list}");
    assert_eq!((&sessions[1]["conn"], &sessions[1]["address"]), (&up["conn"], &json!("127.0.0.1")));
    let nobody = one.ask(json!({"op": "end_session", "conn": "c_999"}));
    assert_eq!((&nobody["ok"], &nobody["code"]), (&json!(false), &json!("no_such_session")));
    assert_eq!(one.ask(json!({"op": "end_session", "conn": up["conn"]}))["ok"], true);
    let down = one.until("ev", "session");
    assert_eq!((&down["up"], &down["sessions"]), (&json!(false), &json!(1)));
    two.rest();
    assert_eq!(two.ended().code(), Some(4), "it does not come back by itself");
}
