//! `bot jsonl` as a program uses it: the real program against a real server.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bots;
mod program;
mod support;

use bots::Desk;
use chat_proto::bots::MakeBotToken;
use chat_proto::{MessageKey, Reply, RoomRef};
use chat_tui::client::ClientEvent;
use program::{Running, expect_code, program, run, stdout};
use serde_json::{Value, json};
use support::Person;

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_from_the_first_line_to_the_last() {
    let desk = Desk::new();
    let (mut bob, _files) = desk.person("bob").await;
    let room = bob.join("ci").await;
    let mut bot = desk.bot(&["--join", "#ci"]);
    let ready = bot.json();
    assert_eq!((&ready["ev"], &ready["v"]), (&json!("ready"), &json!(1)));
    assert_eq!((&ready["self"]["name"], &ready["server"]), (&json!("ci"), &json!("localhost")));
    assert_eq!(ready["rooms"][0]["room"], "#ci");
    let key = bob.say(room, "!ping @ci").await;
    bob.sent(key).await;
    let ping = bot.until("ev", "message");
    assert_eq!((&ping["text"], &ping["from"]["name"]), (&json!("!ping @ci"), &json!("bob")));
    assert_eq!((&ping["mention"], &ping["replay"]), (&json!(true), &json!(false)));
    bot.write(r##"{"id":"7","op":"send","room":"#ci","text":"pong bob","key":"ping-1"}"##);
    let pong = bot.until("re", "7");
    assert_eq!(pong["ok"], true);
    assert_eq!(pong["seq"].as_u64().unwrap(), ping["seq"].as_u64().unwrap() + 1);
    let again = bot.ask(json!({"op": "send", "room": "ci", "text": "pong bob", "key": "ping-1"}));
    assert_eq!((&again["seq"], &again["duplicate"]), (&pong["seq"], &json!(true)));
    bob.reads(room, "pong bob").await;
    let members = bot.ask(json!({"op": "members", "room": "ci"}));
    assert_eq!((&members["total"], &members["members"][0]["role"]), (&json!(2), &json!("owner")));
    assert_eq!(bot.ask(json!({"op": "rooms"}))["rooms"][0]["room"], "#ci");
    assert_eq!(bot.ask(json!({"op": "ping"}))["ok"], true);
    assert_eq!(bot.ask(json!({"op": "typing", "room": "ci"}))["ok"], true);
    let history = bot.ask(json!({"op": "history", "room": "ci", "limit": 2}));
    assert_eq!((&history["events"][1]["text"], &history["more_before"]), (&json!("pong bob"), &json!(true)));
    assert_eq!(bot.ask(json!({"op": "read", "room": "ci", "seq": pong["seq"]}))["ok"], true);
    assert_eq!(bot.until("ev", "read")["seq"], pong["seq"]);
    assert_eq!(bot.ask(json!({"op": "create", "room": "new", "topic": "t"}))["created"], true);
    assert_eq!(bot.ask(json!({"op": "create", "room": "new"}))["code"], "room_exists");
    assert_eq!(bot.ask(json!({"op": "join", "room": "nowhere"}))["code"], "no_such_room");
    assert_eq!(bot.ask(json!({"op": "part", "room": "new", "reason": "done"}))["ok"], true);
    assert_eq!(bot.ask(json!({"op": "send", "room": "new", "text": "x"}))["code"], "not_member");
    assert_eq!(bot.ask(json!({"op": "join", "room": "new"}))["ok"], true);
    let search = json!({"op": "search", "query": "from:ci pong", "room": "#ci"});
    while bot.ask(search.clone())["hits"] == json!([]) {}
    assert_eq!(bot.ask(search)["hits"][0]["seq"], pong["seq"]);
    assert_eq!(bot.ask(json!({"op": "search", "query": "who:me"}))["code"], "bad_query");
    bot.close_stdin();
    assert_eq!(bot.ended().code(), Some(0));
}

#[test]
fn what_a_program_gets_wrong_is_answered_and_nothing_hangs() {
    let desk = Desk::new();
    let long = format!(r##"{{"op":"send","room":"ci","text":"{}"}}"##, "a".repeat(300_000));
    let too_large = format!(r##"{{"id":6,"op":"send","room":"ci","text":"{}"}}"##, "a".repeat(9_000));
    let lines = [
        r#"{"id":1,"op":"send","#,
        r#"{"id":2,"op":"dance"}"#,
        r##"{"id":3,"op":"subscribe","room":"ci"}"##,
        r##"{"id":4,"op":"send","room":"ci","text":"x","colour":"red"}"##,
        &long,
        r##"{"id":5,"op":"send","room":"ci","text":"a\u001b[31m"}"##,
        &too_large,
        r##"{"id":7,"op":"send","room":"c\u001bi","text":"x"}"##,
        "\u{1}\u{2}",
        r##"{"id":8,"op":"send","room":"ci","text":"fine"}"##,
    ];
    let output = run(&mut desk.command(&["--join", "ci"]), lines.join("\n").as_bytes());
    expect_code(&output, 0, "");
    let answers: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codes: Vec<(Value, Value)> = answers
        .iter()
        .filter(|line| line.get("ok").is_some())
        .map(|line| (line["re"].clone(), line.get("code").cloned().unwrap_or(line["ok"].clone())))
        .collect();
    let expected = [
        (json!(null), "bad_request"),
        (json!(2), "bad_request"),
        (json!(3), "conflict"),
        (json!(4), "bad_request"),
        (json!(null), "bad_request"),
        (json!(5), "invalid_text"),
        (json!(6), "too_large"),
        (json!(7), "bad_request"),
        (json!(null), "bad_request"),
    ];
    for (re, code) in expected {
        assert!(codes.contains(&(re.clone(), json!(code))), "{re} {code}: {codes:#?}");
    }
    assert!(codes.contains(&(json!(8), json!(true))), "{codes:#?}");
    let column = answers.iter().any(|line| line["error"].as_str().is_some_and(|error| error.contains("column 20")));
    assert!(column, "{answers:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_killed_goes_on_behind_what_it_acknowledged() {
    let desk = Desk::new();
    let (mut bob, _files) = desk.person("bob").await;
    let room = bob.join("ci").await;
    let cursor = desk.data.path().join("ci.cur");
    let args = ["--join", "ci", "--from", "cursor", "--ack", "--cursor", cursor.to_str().unwrap()];
    let mut bot = desk.bot(&args);
    bot.until("ev", "ready");
    for round in 0..4 {
        for n in 0..5 {
            let key = bob.say(room, &format!("{round}.{n}")).await;
            bob.sent(key).await;
        }
        // Of the five, three are dealt with, and the program dies with two in its hands: they come again, in order.
        let (mut heard, mut acknowledged) = (0, false);
        while heard < 5 || !acknowledged {
            let line = bot.json();
            acknowledged |= line["re"] == "ack" && line["ok"] == true;
            if line["ev"] == "message" {
                assert_eq!(line["text"], format!("{round}.{heard}"));
                if heard == 2 {
                    let ack = json!({"id": "ack", "op": "ack", "room": "#ci", "seq": line["seq"]});
                    bot.write(&ack.to_string());
                }
                heard += 1;
            }
        }
        bot.child.kill().unwrap();
        bot.ended();
        bot = desk.bot(&args);
        bot.until("ev", "ready");
        for n in 3..5 {
            let message = bot.until("ev", "message");
            assert_eq!((&message["text"], &message["replay"]), (&json!(format!("{round}.{n}")), &json!(true)));
        }
    }
    let early = bot.ask(json!({"op": "ack", "room": "ci", "seq": 1_000_000}));
    assert_eq!(early["code"], "bad_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_does_not_read_stops_nobody_and_then_gets_everything() {
    const MESSAGES: usize = 10_000;
    let desk = Desk::new();
    let (mut bob, _files) = desk.person("bob").await;
    let (mut eve, _eves) = desk.person("eve").await;
    let room = bob.join("ci").await;
    eve.join("ci").await;
    let (mut bot, stdout) = Running::start_unread(&mut desk.command(&["--join", "ci"]));
    bob.until(|bob| bob.view.rooms[&room].members.values().any(|member| member.name == "ci")).await;
    let filler = "x".repeat(200);
    let saying = async {
        let post = |n: usize| {
            let post = chat_proto::request::Post {
                key: MessageKey(u128::try_from(n + 1).unwrap().to_le_bytes()),
                room,
                style: chat_proto::Style::Text,
                text: format!("{n} {filler}"),
            };
            bob.client.request(post)
        };
        for first in (0..MESSAGES).step_by(100) {
            for answer in futures_util::future::join_all((first..first + 100).map(post)).await {
                assert!(matches!(answer.unwrap(), Reply::Receipt(_)));
            }
        }
    };
    let hearing = async {
        eve.until(|eve| eve.log.iter().filter(|(_, event)| event.body.is_message()).count() == MESSAGES).await;
    };
    tokio::join!(saying, hearing);
    eve.check_log();
    bot.read(stdout);
    bot.until("ev", "ready");
    for text in eve.texts(room) {
        assert_eq!(bot.until("ev", "message")["text"], text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_begins_where_it_wants_to() {
    let desk = Desk::new();
    let (mut bob, _files) = desk.person("bob").await;
    let room = bob.join("ci").await;
    for n in 0..450 {
        let key = bob.say(room, &n.to_string()).await;
        bob.sent(key).await;
    }
    let mut start = desk.bot(&["--join", "ci", "--from", "start"]);
    for n in 0..450 {
        let message = start.until("ev", "message");
        assert_eq!((&message["text"], &message["replay"]), (&json!(n.to_string()), &json!(true)));
    }
    let mut middle = desk.bot(&["--join", "ci", "--from", "seq:400"]);
    assert_eq!(middle.until("ev", "message")["seq"], 400);
    let mut now = desk.bot(&["--join", "ci"]);
    now.until("ev", "ready");
    let key = bob.say(room, "new").await;
    bob.sent(key).await;
    let message = now.until("ev", "message");
    assert_eq!((&message["text"], &message["replay"]), (&json!("new"), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_may_go_and_come_back() {
    let desk = Desk::new();
    let (mut bob, _files) = desk.person("bob").await;
    let room = bob.join("ci").await;
    let mut bot = desk.bot(&["--join", "ci", "--echo"]);
    bot.until("ev", "ready");
    let remains = desk.server.kill();
    let away = bot.until("ev", "state");
    assert_eq!(away["net"], "reconnecting");
    assert!(away["in_ms"].is_u64() && away["reason"].is_string(), "{away}");
    bot.write(r##"{"id":"x","op":"send","room":"ci","text":"while away"}"##);
    let _server = remains.start();
    let key = bob.say(room, "back").await;
    bob.sent(key).await;
    let (mut answered, mut texts) = (false, Vec::new());
    while !answered || texts.len() < 2 {
        let line = bot.json();
        answered |= line["re"] == "x" && line["ok"] == true;
        texts.extend(line["text"].as_str().map(str::to_owned));
    }
    texts.sort();
    assert_eq!(texts, ["back", "while away"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_may_not_want_to_hear_programs() {
    let desk = Desk::new();
    let (mut bob, _files) = desk.person("bob").await;
    let room = bob.join("ci").await;
    let make = MakeBotToken { name: "robot".to_owned(), rooms: vec![RoomRef::Id(room)], for_s: None };
    let Reply::BotTokenMade(made) = bob.client.request(make).await.unwrap() else { panic!() };
    let token = desk.data.path().join("token");
    std::fs::write(&token, made.token).unwrap();
    let mut hears = desk.bot(&["--join", "ci"]);
    let mut ignores = desk.bot(&["--join", "ci", "--ignore-bots"]);
    hears.until("ev", "ready");
    ignores.until("ev", "ready");
    let send = ["send", &desk.host, "ci", "beep", "--token-file", token.to_str().unwrap()];
    expect_code(&run(&mut program(desk.data.path(), &send), b""), 0, "");
    let key = bob.say(room, "after").await;
    bob.sent(key).await;
    let beep = hears.until("ev", "message");
    assert_eq!((&beep["text"], &beep["bot"]), (&json!("beep"), &json!(true)));
    assert_eq!(ignores.until("ev", "message")["text"], "after");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_to_keep_up_is_given_up_when_it_does_not() {
    let desk = Desk::new();
    let (mut bob, _files) = desk.person("bob").await;
    let room = bob.join("ci").await;
    let text = "x".repeat(2_000);
    for _ in 0..3_000 {
        let post = chat_proto::request::Post {
            key: MessageKey(rand::random()),
            room,
            style: chat_proto::Style::Text,
            text: text.clone(),
        };
        bob.client.request(post).await.unwrap();
    }
    // Three thousand lines fit the queue, so what is read twice by two rooms' worth of them does not.
    let args = ["--join", "ci", "--from", "start", "--overflow", "exit"];
    let (mut bot, stdout) = Running::start_unread(&mut desk.command(&args));
    let more = async {
        for _ in 0..3_000 {
            let post = chat_proto::request::Post {
                key: MessageKey(rand::random()),
                room,
                style: chat_proto::Style::Text,
                text: text.clone(),
            };
            bob.client.request(post).await.unwrap();
        }
    };
    more.await;
    assert_eq!(bot.ended().code(), Some(1));
    drop(stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_and_who_is_writing_is_told() {
    let desk = Desk::new();
    let (mut bob, _files) = desk.person("bob").await;
    let room = bob.join("ci").await;
    let mut bot = desk.bot(&["--join", "ci"]);
    bot.until("ev", "ready");
    let (mut eve, _eves) = desk.person("eve").await;
    eve.join("ci").await;
    let (mut joined, mut there) = (false, false);
    while !(joined && there) {
        let line = bot.until("user", "eve");
        joined |= line["ev"] == "join";
        there |= line["ev"] == "presence" && line["state"] == "online";
    }
    bob.client.typing(room, true);
    let typing = bot.until("ev", "typing");
    assert_eq!((&typing["user"], &typing["room"], &typing["active"]), (&json!("bob"), &json!("#ci"), &json!(true)));
    bob.client.typing(room, false);
    assert_eq!(bot.until("ev", "typing")["active"], false);
    // His own typing is nothing to him, but it is to others.
    assert_eq!(bot.ask(json!({"op": "typing", "room": "ci"}))["ok"], true);
    let of_bot =
        |event: &ClientEvent| matches!(event, ClientEvent::Typing(typing) if typing.name == "ci").then_some(());
    bob.hears(of_bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_acknowledgements_the_cursor_follows_what_was_written() {
    let desk = Desk::new();
    let (mut bob, _files) = desk.person("bob").await;
    let room = bob.join("ci").await;
    let cursor = desk.data.path().join("ci.cur");
    let args = ["--join", "ci", "--from", "cursor", "--cursor", cursor.to_str().unwrap()];
    let mut bot = desk.bot(&args);
    bot.until("ev", "ready");
    let key = bob.say(room, "one").await;
    bob.sent(key).await;
    let seq = bot.until("ev", "message")["seq"].clone();
    let remembered = || {
        let saved: Value = serde_json::from_slice(&std::fs::read(&cursor).unwrap()).unwrap();
        saved["rooms"]["ci"]["seq"].clone()
    };
    while remembered() != seq {
        assert_eq!(bot.ask(json!({"op": "ping"}))["ok"], true);
    }
    bot.child.kill().unwrap();
    bot.ended();
    let key = bob.say(room, "two").await;
    bob.sent(key).await;
    let mut bot = desk.bot(&args);
    let message = bot.until("ev", "message");
    assert_eq!((&message["text"], &message["replay"]), (&json!("two"), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_program_sets_every_other_one_of_the_account_hears() {
    let desk = Desk::new();
    let (mut bob, _files) = desk.person("bob").await;
    bob.join("ci").await;
    let mut one = desk.bot(&["--join", "#ci"]);
    one.until("ev", "ready");
    let mut other = desk.bot(&[]);
    other.until("ev", "ready");
    for (op, line) in [
        (json!({"op": "draft", "room": "#ci", "text": "I"}), json!({"ev": "draft", "room": "#ci", "text": "I"})),
        (
            json!({"op": "notify", "room": "#ci", "rule": "mentions"}),
            json!({"ev": "notify", "room": "#ci", "rule": "mentions"}),
        ),
        (json!({"op": "favourite", "room": "#ci"}), json!({"ev": "favourite", "room": "#ci", "on": true})),
        (
            json!({"op": "setting", "name": "last", "value": "8"}),
            json!({"ev": "setting", "name": "last", "value": "8"}),
        ),
    ] {
        assert_eq!(one.ask(op)["ok"], true);
        assert_eq!(other.until("ev", line["ev"].as_str().unwrap()), line);
    }
    assert_eq!(one.ask(json!({"op": "ignore", "user": "bob"}))["ok"], true);
    assert_eq!(other.until("ev", "ignore")["user"]["name"], "bob");
    assert_eq!(one.ask(json!({"op": "ignore", "user": "ci"}))["code"], "bad_request");
    assert_eq!(one.ask(json!({"op": "notify", "room": "#ci", "rule": "loud"}))["code"], "bad_request");
    assert_eq!(one.ask(json!({"op": "setting", "name": "Last", "value": ""}))["code"], "invalid_text");
    assert_eq!(one.ask(json!({"op": "block", "user": "bob"}))["ok"], true);
    assert_eq!(other.until("ev", "block")["user"]["name"], "bob");
    assert_eq!(one.ask(json!({"op": "direct_policy", "policy": "contacts"}))["ok"], true);
    assert_eq!(other.until("ev", "direct_policy"), json!({"ev": "direct_policy", "policy": "contacts"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_program_shows_of_itself_others_hear_and_ask_for() {
    let desk = Desk::new();
    let (mut bob, _files) = desk.person("bob").await;
    let room = bob.join("ci").await;
    let mut bot = desk.bot(&["--join", "#ci"]);
    bot.until("ev", "ready");
    let mut other = desk.bot(&[]);
    other.until("ev", "ready");
    let until = "2030-01-01T00:00:00.000Z";
    assert_eq!(bot.ask(json!({"op": "status", "text": "building", "away": true, "until": until}))["ok"], true);
    let state = json!({"op": "state", "set": {"build": "7", "token": "x"}, "public": ["build"]});
    assert_eq!(bot.ask(state)["ok"], true);
    let shown = json!({"text": "building", "away": true, "until": until});
    assert_eq!(other.until("ev", "status"), json!({"ev": "status", "status": shown}));
    assert_eq!(other.until("ev", "own_state")["state"], json!({"build": "7", "token": "x"}));
    bob.until(|bob| bob.view.people.values().any(|shown| shown.state.len() == 1 && shown.status.away)).await;
    let profile = bot.ask(json!({"op": "profile", "user": "@ci"}));
    assert_eq!((&profile["status"], &profile["state"]), (&shown, &json!({"build": "7"})));
    assert_eq!(bot.ask(json!({"op": "status", "until": "noon"}))["code"], "bad_request");
    let key = bob.say(room, "@ci: look").await;
    bob.sent(key).await;
    bot.until("ev", "message");
    let listed = loop {
        let listed = bot.ask(json!({"op": "mentions"}));
        if listed["mentions"].as_array().is_some_and(|mentions| !mentions.is_empty()) {
            break listed;
        }
    };
    assert_eq!((&listed["mentions"][0]["room"], &listed["more"]), (&json!("#ci"), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_room_is_read_without_being_in_it() {
    let desk = Desk::new();
    let (mut bob, _files) = desk.person("bob").await;
    let room = bob.join("ops").await;
    let say = async |bob: &mut Person, text: &str| {
        let key = bob.say(room, text).await;
        bob.sent(key).await;
    };
    say(&mut bob, "before").await;
    let mut bot = desk.bot(&[]);
    assert_eq!(bot.json()["rooms"], json!([]));
    let begun = bot.ask(json!({"op": "subscribe", "room": "#ops", "from": 2}));
    assert_eq!((&begun["room"], &begun["head"]), (&json!("#ops"), &json!(2)));
    let before = bot.until("ev", "message");
    assert_eq!((&before["text"], &before["replay"]), (&json!("before"), &json!(true)));
    say(&mut bob, "live").await;
    let live = bot.until("ev", "message");
    assert_eq!((&live["text"], &live["replay"]), (&json!("live"), &json!(false)));
    let remains = desk.server.kill();
    bot.until("net", "reconnecting");
    let server = remains.start();
    bot.until("net", "online");
    say(&mut bob, "again").await;
    assert_eq!(bot.until("ev", "message")["text"], "again");
    assert_eq!(bot.ask(json!({"op": "members", "room": "ops"}))["total"], 1);
    assert_eq!(bot.ask(json!({"op": "unsubscribe", "room": "ops"}))["ok"], true);
    assert_eq!(bot.ask(json!({"op": "unsubscribe", "room": "ops"}))["code"], "bad_request");
    assert_eq!(bot.ask(json!({"op": "subscribe", "room": "nowhere"}))["code"], "no_such_room");
    say(&mut bob, "unheard").await;
    assert_eq!(bot.ask(json!({"op": "subscribe", "room": "ops"}))["ok"], true);
    say(&mut bob, "heard").await;
    assert_eq!(bot.until("ev", "message")["text"], "heard");
    drop(server);
}
